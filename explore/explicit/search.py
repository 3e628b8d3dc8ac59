"""Exhaustive exploration: breadth first over packed states.

Each new state is remembered with its parent, so that every trace is shortest. Of equally short traces the one is shown
whose states were found first and whose actions come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...model.language import ModelError, State, System
from ...properties.compile import Obligation
from ..engine import NO_LIMITS, Limits
from ..layout import Layout, Words
from ..reduction.dead import dead_variables, reset
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

DEAD_VARIABLES = ("auto", "on", "off")
"""``auto``: dead variables are looked for, and the search begun anew with them reset, when there are many states and it pays."""

MANY = 500_000
"""So many states make it worth while to look for symmetries and dead variables."""

PAYS = 0.95
"""Resetting dead variables pays when at most such a share of the first `MANY` states is left: it becomes less with depth."""

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


@dataclass(frozen=True)
class _Reduced:
    """What is searched in place of a system: with which symmetries, and how many of its variables reset where they are dead."""

    system: System
    symmetry: tuple[Automorphism, ...] = ()
    dead: int = 0
    notes: tuple[str, ...] = ()


class ExplicitEngine:
    """Visits every reachable state. With ``stop_early``, only until every obligation has been violated."""

    def __init__(
        self,
        *,
        stop_early: bool = False,
        backend: str | None = None,
        symmetry: str = "auto",
        dead_variables: str = "auto",
        sleep_sets: bool = True,
        threads: int | None = None,
    ) -> None:
        if backend is not None and backend not in BACKENDS:
            raise ModelError(f"{backend!r} is no back end of exhaustive search: give one of {', '.join(BACKENDS)}")
        if symmetry not in SYMMETRY:
            raise ModelError(f"{symmetry!r} is no way to use symmetry: give one of {', '.join(SYMMETRY)}")
        if dead_variables not in DEAD_VARIABLES:
            raise ModelError(f"{dead_variables!r} is no way to use dead variables: give one of {', '.join(DEAD_VARIABLES)}")
        self.stop_early = stop_early
        self.backend = backend
        self.symmetry = symmetry
        self.dead_variables = dead_variables
        self.sleep_sets = sleep_sets
        """Whether the compiled kernel leaves out looking up where steps lead that it knows to lead to known states."""
        self.threads = threads
        """Of the compiled kernel; None: as many as this process may use. They change no answer."""

    @property
    def name(self) -> str:
        return "explicit"

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        """Decide all obligations in one exploration (see `Engine`)."""
        search, reduced, notes = self._search(system, obligations, limits)
        outcomes = []
        for k in range(len(obligations)):
            found = search.found(k)
            if found is not None:
                outcomes.append(Outcome(Verdict.VIOLATED, Evidence.TRACE, found.depth, search.path_to(k, found)))
            elif search.stopped:
                outcomes.append(Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, search.covered, note=search.stopped))
            else:
                outcomes.append(Outcome(Verdict.HOLDS, Evidence.EXHAUSTIVE, search.depth))
        return Report(tuple(outcomes), replace(search.statistics(), dead=reduced.dead), self.name, notes)

    def _search(
        self, system: System, obligations: Sequence[Obligation], limits: Limits
    ) -> tuple[Exploration, _Reduced, tuple[str, ...]]:
        """The finished search, what was searched, and what must be said about it."""

        def begun(what: _Reduced, limits: Limits) -> tuple[Exploration, tuple[str, ...]]:
            new, notes = _exploration(
                what.system,
                obligations,
                limits,
                self.backend,
                stop_early=self.stop_early,
                symmetry=what.symmetry,
                sleep_sets=self.sleep_sets,
                threads=self.threads,
            )
            return new, (*notes, *what.notes)

        limits = limits.begun()
        first = self._reduced(system, obligations, None)
        search, notes = begun(first, limits)
        better: list[_Reduced] = []

        def reconsider() -> bool:
            new = self._reduced(system, obligations, search)
            if (len(new.symmetry), new.dead) != (len(first.symmetry), first.dead):
                better.append(new)
            return bool(better)

        if "auto" in (self.symmetry, self.dead_variables):
            search.reconsider = (MANY, reconsider)
        search.run()
        if not better or "interrupted" in search.stopped:
            return search, first, notes
        search, notes = begun(better[0], limits)
        search.run()
        return search, better[0], notes

    def _reduced(self, system: System, obligations: Sequence[Obligation], so_far: Exploration | None) -> _Reduced:
        """The reductions that were asked for; and, in a search that has many states so far, those that are automatic."""
        wanted = ("on",) if so_far is None else ("on", "auto")
        instances = self.symmetry == "on" or any(n > 1 for n in system.topology.values())
        symmetric = symmetries(system, obligations) if self.symmetry in wanted and instances else ()
        if self.dead_variables in wanted:
            dead = dead_variables(system, obligations)
            # Those that are automatic must be seen to pay.
            measured = so_far if self.dead_variables == "auto" else None
            if dead and (measured is None or dead.share(measured.layout, measured.packed()[:, :MANY]) <= PAYS):
                fewer = reset(system, dead)
                left = symmetries(fewer, obligations) if symmetric else ()
                if len(left) == len(symmetric):
                    return _Reduced(fewer, left, len(dead))
                return _Reduced(system, symmetric, notes=("dead variables are not reset: symmetries would be lost",))
        return _Reduced(system, symmetric)


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
