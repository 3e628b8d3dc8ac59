"""Exhaustive exploration: breadth first over packed states.

Each new state is remembered with its parent, so that every trace is shortest. Of equally short traces the one is shown
whose states were found first and whose actions come first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...model.language import ModelError, State, System
from ...properties.compile import Obligation
from ..engine import NO_LIMITS, Limits
from ..layout import Layout, Words
from ..reduction.symmetry import Automorphism, symmetries
from ..verdict import Evidence, Outcome, Report, Statistics, Verdict
from .exploration import Exploration
from .native import NativeExploration
from .tables import NotTabular
from .vectorised import VectorisedExploration

BACKENDS = ("auto", "native", "numpy")
"""``native``: the compiled kernel; ``numpy``: without; ``auto``: the kernel where it was built and takes the system."""


SYMMETRY = ("auto", "on", "off")
"""``auto``: symmetry is looked for, and the search begun anew with it, when there are many states."""

MANY = 500_000
"""So many states make it worth while to look for symmetries."""

DEFAULT = "auto"
"""The back end where none is asked for."""


@dataclass(frozen=True)
class ReachableSet:
    """All states that were reached, in order of discovery. Whether these are all reachable ones, ``statistics.complete`` says."""

    system: System
    layout: Layout
    statistics: Statistics
    levels: tuple[int, ...]
    """The number of the first state of each level: ``levels[i]`` and those after it are ``i`` steps from an initial state."""
    exploration: Exploration = field(repr=False)
    stopped: str = ""
    """Why the exploration ended early; empty when it did not."""

    def path(self, state: int) -> tuple[State, tuple[int, ...]]:
        """A shortest run to a state: the initial state, and the numbers of the actions."""
        return self.exploration.path(state)

    @cached_property
    def packed(self) -> Words:
        """The states, shape (words, states)."""
        return self.exploration.packed()

    @property
    def codes(self) -> NDArray[np.unsignedinteger]:
        """Shape (states, variables): the position of each value in its variable's domain."""
        return self.layout.codes(self.packed)


class ExplicitEngine:
    """Visits every reachable state. With ``stop_early``, only until every obligation has been violated."""

    def __init__(
        self,
        *,
        stop_early: bool = False,
        backend: str | None = None,
        symmetry: str = "auto",
        sleep_sets: bool = True,
        threads: int | None = None,
    ) -> None:
        if backend is not None and backend not in BACKENDS:
            raise ModelError(f"{backend!r} is no back end of exhaustive search: give one of {', '.join(BACKENDS)}")
        if symmetry not in SYMMETRY:
            raise ModelError(f"{symmetry!r} is no way to use symmetry: give one of {', '.join(SYMMETRY)}")
        self.stop_early = stop_early
        self.backend = backend
        self.symmetry = symmetry
        self.sleep_sets = sleep_sets
        """Whether the compiled kernel leaves out looking up where steps lead that it knows to lead to known states."""
        self.threads = threads
        """Of the compiled kernel; None: as many as this process may use. They change no answer."""

    @property
    def name(self) -> str:
        return "explicit"

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        """Decide all obligations in one exploration (see `Engine`)."""
        search, notes = self._search(system, obligations, limits)
        outcomes = []
        for k in range(len(obligations)):
            found = search.found(k)
            if found is not None:
                outcomes.append(Outcome(Verdict.VIOLATED, Evidence.TRACE, found.depth, search.path_to(k, found)))
            elif search.stopped:
                outcomes.append(Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, search.covered, note=search.stopped))
            else:
                outcomes.append(Outcome(Verdict.HOLDS, Evidence.EXHAUSTIVE, search.depth))
        return Report(tuple(outcomes), search.statistics(), self.name, notes)

    def _search(
        self, system: System, obligations: Sequence[Obligation], limits: Limits
    ) -> tuple[Exploration, tuple[str, ...]]:
        """The finished search, with symmetry or without."""

        def search(
            symmetry: Sequence[Automorphism], limits: Limits, reconsider: Callable[[], bool] | None = None
        ) -> tuple[Exploration, tuple[str, ...]]:
            new, notes = _exploration(
                system,
                obligations,
                limits,
                self.backend,
                stop_early=self.stop_early,
                symmetry=symmetry,
                sleep_sets=self.sleep_sets,
                threads=self.threads,
            )
            if reconsider is not None:
                new.reconsider = (MANY, reconsider)
            new.run()
            return new, notes

        if self.symmetry == "on":
            return search(symmetries(system, obligations), limits)
        if self.symmetry == "off" or all(n < 2 for n in system.topology.values()):
            return search((), limits)
        symmetric: list[Automorphism] = []

        def reconsider() -> bool:
            symmetric.extend(symmetries(system, obligations))
            return bool(symmetric)

        start = time.perf_counter()
        done, notes = search((), limits, reconsider)
        if not symmetric or "interrupted" in done.stopped:
            return done, notes
        if limits.seconds is not None:
            limits = replace(limits, seconds=max(limits.seconds - (time.perf_counter() - start), 0.0))
        return search(symmetric, limits)


def reachable(system: System, limits: Limits = NO_LIMITS, backend: str | None = None) -> ReachableSet:
    """The reachable states of a system."""
    search, _ = _exploration(system, (), limits, backend, stop_early=False)
    search.run()
    return ReachableSet(system, search.layout, search.statistics(), tuple(search.levels), search, search.stopped)


def _exploration(
    system: System,
    obligations: Sequence[Obligation],
    limits: Limits,
    backend: str | None,
    *,
    stop_early: bool,
    symmetry: Sequence[Automorphism] = (),
    sleep_sets: bool = True,
    threads: int | None = None,
) -> tuple[Exploration, tuple[str, ...]]:
    """The search that is asked for or, for ``auto``, that can be had; and what must be said about that.

    Raises `ModelError` when the native search is asked for and cannot be had.
    """
    backend = backend or DEFAULT
    if backend == "numpy":
        if limits.checkpoint is not None:
            raise ModelError("a checkpoint needs the compiled kernel: leave --backend numpy out, or --checkpoint")
        return VectorisedExploration(system, obligations, limits, stop_early=stop_early, symmetry=symmetry), ()
    try:
        native = NativeExploration(
            system, obligations, limits, stop_early=stop_early, symmetry=symmetry, sleep_sets=sleep_sets, threads=threads
        )
        return native, ()
    except ImportError:
        why = "the compiled kernel is not there; install tdisprove where a C compiler is, or take NumPy"
        note = ("searched with NumPy: the compiled kernel was not built",)
    except NotTabular as e:
        why = f"system {system.name} is not for the compiled kernel: {e}; take NumPy"
        note = (f"searched with NumPy: {e}",)
    if limits.checkpoint is not None:
        raise ModelError(f"a checkpoint needs the compiled kernel: {why}; or leave --checkpoint out")
    if backend == "native":
        raise ModelError(why)
    return VectorisedExploration(system, obligations, limits, stop_early=stop_early, symmetry=symmetry), note
