"""What every exhaustive search does alike: level by level, within limits, and what it has found by then.

How a level is expanded is the business of the searches themselves: `vectorised` with NumPy, `native` with the
compiled kernel. They number states alike: in order of discovery, which is by the first parent and then by the action.
So they give the same counts, the same verdicts and the very same traces.
"""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...model.language import ModelError, State, System
from ...properties.compile import Obligation
from ..engine import Limits, Progress
from ..layout import Layout, Words
from ..verdict import Statistics

PROGRESS_EVERY = 0.5
"""Seconds."""


@dataclass(frozen=True)
class Violation:
    """Where an obligation fails: in a state, or in a step by ``action`` from it."""

    depth: int
    state: int
    action: int | None = None


class Exploration(ABC):
    """One exploration. What it has found so far is sound at any moment, so an interruption may come at any."""

    backend: str
    """Which search it is, for people."""

    def __init__(self, system: System, obligations: Sequence[Obligation], limits: Limits, *, stop_early: bool) -> None:
        self.system = system
        self.obligations = obligations
        self.limits = limits
        self.stop_early = stop_early
        self.stopped = ""
        """Why the exploration ended before all states were visited; empty if it did not."""
        self.covered = 0
        """All runs of at most so many steps were judged."""
        self.levels: list[int] = []
        """The number of the first state of each level."""
        self.violations: dict[int, Violation] = {}
        self.start = time.perf_counter()
        self.reported = self.start
        self.layout = Layout(system)

    # --- what a search must do --------------------------------------------------------------------------------------

    @property
    @abstractmethod
    def count(self) -> int:
        """The number of states."""

    @abstractmethod
    def begin(self) -> None:
        """Enter the initial states; stop at a limit."""

    @abstractmethod
    def expand(self, first: int, last: int) -> None:
        """Expand the states of a level, which are judged, and judge their steps; stop at a limit."""

    @abstractmethod
    def judge(self) -> None:
        """Judge all states that have not been judged yet."""

    @abstractmethod
    def packed(self) -> Words:
        """All states, in order of discovery."""

    @abstractmethod
    def path(self, state: int) -> tuple[State, tuple[int, ...]]:
        """A shortest run to a state: the initial state, and the numbers of the actions."""

    @abstractmethod
    def counted(self) -> tuple[int, frozenset[int], int]:
        """Transitions, the numbers of the actions that were enabled somewhere, and states in which none is."""

    # --- the search -------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Visit all states, or as many as the limits allow."""
        try:
            self._run()
        except KeyboardInterrupt:
            self.stopped = "interrupted"
        if self.stopped:
            self.judge()

    def _run(self) -> None:
        self.levels.append(0)
        self.begin()
        self._judge_level()
        while not self.stopped and self.levels[-1] < self.count:
            self.covered = len(self.levels) - 1
            if self.covered == self.limits.depth:
                self.stopped = f"the depth limit {self.limits.depth} was reached"
                return
            first, last = self.levels[-1], self.count
            self.levels.append(last)
            self.expand(first, last)
            self._judge_level()

    def _judge_level(self) -> None:
        """Judge a new level at once where that may end the search."""
        if self.stop_early:
            self.judge()

    def watch(self, frontier: int) -> None:
        """Report progress, and stop at a limit, or when there is nothing left to decide."""
        now = time.perf_counter()
        limits = self.limits
        if self.stop_early and self.obligations and len(self.violations) == len(self.obligations):
            self.stopped = "every property was decided"
        elif limits.states is not None and self.count > limits.states:
            self.stopped = f"the state limit {limits.states} was reached"
        elif limits.seconds is not None and now - self.start > limits.seconds:
            self.stopped = f"the time limit of {limits.seconds:g} s was reached"
        elif limits.memory is not None and resident_memory() > limits.memory:
            self.stopped = f"the memory limit of {limits.memory:,} bytes was reached"
        if limits.progress is not None and now - self.reported > PROGRESS_EVERY:
            self.reported = now
            limits.progress(Progress(self.count, frontier, len(self.levels) - 1, now - self.start))

    # --- what was found ---------------------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """The greatest distance of a state from an initial one."""
        return max((i for i, first in enumerate(self.levels) if first < self.count), default=0)

    def level_of(self, state: int) -> int:
        """The distance of a state from an initial one."""
        return bisect_right(self.levels, state) - 1

    def path_to(self, v: Violation) -> tuple[State, tuple[int, ...]]:
        """From an initial state to the violation: the state, and the numbers of the actions."""
        initial, numbers = self.path(v.state)
        return initial, numbers if v.action is None else (*numbers, v.action)

    def statistics(self) -> Statistics:
        transitions, fired, deadlocks = self.counted()
        return Statistics(
            self.count, transitions, self.depth, not self.stopped, fired, deadlocks,
            time.perf_counter() - self.start, self.backend,
        )  # fmt: skip


def resident_memory() -> int:
    """The bytes of memory that this process occupies (the most it ever did, where the system tells only that).

    Raises `ModelError` on systems that tell neither.
    """
    try:
        import resource
    except ImportError:
        raise ModelError("a memory limit cannot be kept on this system; leave --memory out") from None
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
