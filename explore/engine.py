"""The contract that every engine keeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ..model.language import System
from ..properties.compile import Obligation
from .memory import resident_memory
from .verdict import Evidence, Outcome, Report, Verdict


@dataclass(frozen=True)
class Progress:
    """How far a run has come: states seen, states of the frontier, depth, seconds since the start."""

    states: int
    frontier: int
    depth: int
    seconds: float


@dataclass(frozen=True)
class Limits:
    """What a run may use. None: no limit. A limit that is reached makes verdicts UNKNOWN, never HOLDS.

    The clock starts when the limits are `begun`; whoever is given them later shares what is left of the seconds.
    """

    states: int | None = None
    depth: int | None = None
    seconds: float | None = None
    memory: int | None = None
    """Bytes of the whole process."""
    progress: Callable[[Progress], None] | None = None
    """Called now and then on long runs; may raise KeyboardInterrupt."""
    checkpoint: Path | None = None
    """A folder: an exhaustive search that does not come to its end is kept there, and one that is there is gone on with."""
    until: float | None = None
    """When ``seconds`` are over, by `time.perf_counter`; None: the clock has not been started."""

    def begun(self) -> Limits:
        """The limits with the clock running. It is started once: runs that share the limits share the seconds."""
        if self.seconds is None or self.until is not None:
            return self
        return replace(self, until=time.perf_counter() + self.seconds)

    def within(self, seconds: float) -> Limits:
        """The limits, begun, with no more than so many seconds from now."""
        left = self.left
        return self.begun() if left is not None and left <= seconds else replace(self, seconds=seconds, until=None).begun()

    @property
    def left(self) -> float | None:
        """The seconds that are left, at least 0; None: no end."""
        return self.seconds if self.until is None else max(self.until - time.perf_counter(), 0.0)

    @property
    def late(self) -> bool:
        """Whether the seconds are over."""
        return self.until is not None and time.perf_counter() > self.until

    @property
    def out_of_time(self) -> str:
        """What to say when the seconds are over."""
        return "" if self.seconds is None else f"the time limit of {self.seconds:g} s was reached"

    def out_of_memory(self) -> str:
        """What to say when the process occupies more memory than it may; empty while it does not."""
        if self.memory is None or resident_memory() <= self.memory:
            return ""
        return f"the memory limit of {self.memory:,} bytes was reached"


NO_LIMITS = Limits()


class Engine(Protocol):
    """A way of finding out. Engines must agree on verdicts and on the depth of violations (shortest traces)."""

    @property
    def name(self) -> str: ...

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        """Decide the obligations about ``system``, which already carries their monitors.

        The report has one outcome per obligation, in order. A violated obligation comes with a shortest path:
        shortest counting the action in which a step obligation fails, and counting none for an initial state.
        An interrupted run (Ctrl-C, a limit) reports what it has, with UNKNOWN for what is open.
        """
        ...


def one_by_one(
    obligations: Sequence[Obligation], decide: Callable[[Obligation], Outcome], depth: Callable[[], int] = lambda: 0
) -> tuple[Outcome, ...]:
    """The outcomes of obligations that are decided one after the other, so that an interruption keeps those before it.

    ``depth``: how deep the search for the one at hand has come, which is said of it when it is interrupted.
    """
    found: list[Outcome] = []
    try:
        for o in obligations:
            found.append(decide(o))  # noqa: PERF401
    except KeyboardInterrupt:
        begun = Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, depth(), note="interrupted")
        open_still = Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, 0, note="interrupted")
        found += [begun, *[open_still] * len(obligations)][: len(obligations) - len(found)]
    return tuple(found)
