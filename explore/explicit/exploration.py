"""What every exhaustive search does alike: level by level, within limits, and what it has found by then.

How a level is expanded is the business of the searches themselves: `vectorised` with NumPy, `native` with the
compiled kernel. They number states alike: in order of discovery, which is by the first parent and then by the action.
So they give the same counts, the same verdicts and the very same traces.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ...model.language import State, System
from ...properties.compile import Obligation
from ..engine import Limits, Progress
from ..evaluate import successor
from ..layout import Layout, Words
from ..reduction.symmetry import Automorphism
from ..verdict import Statistics
from .canonical import canonical_by, exchanges

PROGRESS_EVERY = 0.5
"""Seconds."""


@dataclass(frozen=True)
class Violation:
    """Where an obligation fails: in a state, or in a step by ``action`` from it."""

    depth: int
    obligation: int
    state: int
    action: int | None = None


class Exploration(ABC):
    """One exploration. What it has found so far is sound at any moment, so an interruption may come at any."""

    backend: str
    """Which search it is, for people."""

    def __init__(
        self,
        system: System,
        obligations: Sequence[Obligation],
        limits: Limits,
        *,
        stop_early: bool,
        symmetry: Sequence[Automorphism] = (),
    ) -> None:
        self.system = system
        self.obligations = obligations
        self.limits = limits.begun()
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
        self.symmetry = symmetry
        """Of symmetric states one is visited."""
        self.given_up = False
        self.reconsider: tuple[int, Callable[[], bool]] | None = None
        """Beyond so many states somebody is asked, once, whether to give up for a better search."""
        self.exchanges = exchanges(self.layout, symmetry)
        self._real: dict[int, tuple[State, tuple[int, ...], tuple[int, ...]]] = {}

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
    def origin(self, state: int) -> tuple[State, int, int]:
        """A state, its parent's number, and the number of the action that led from there (both -1 for an initial state).

        With symmetry, the action leads to a state that the given one represents.
        """

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
        elif limits.late:
            self.stopped = limits.out_of_time
        elif why := limits.out_of_memory():
            self.stopped = why
        if self.reconsider is not None and self.count > self.reconsider[0] and not self.stopped:
            give_up, self.reconsider = self.reconsider[1], None
            if give_up():
                self.stopped = "a search with fewer states takes over"
                self.given_up = True
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

    def path(self, state: int) -> tuple[State, tuple[int, ...]]:
        """A shortest run to a state (with symmetry, to one that it represents): the initial state, and the numbers of the actions."""
        initial, actions, _ = self._run_to(state)
        return initial, actions

    def path_to(self, obligation: int, v: Violation) -> tuple[State, tuple[int, ...]]:
        """A run from an initial state to a violation of the obligation: the state, and the numbers of the actions."""
        initial, actions, exchanged = self._run_to(v.state)
        broken = v.obligation
        if v.action is not None:
            actions = (*actions, self._exchanged(exchanged, v.action))
        for e in reversed(exchanged):
            broken = self.symmetry[e].obligations[broken]
        # The run breaks one of the obligations that are alike; exchanging instances makes it break the one that is meant.
        for e in self._between(broken, obligation):
            a = self.symmetry[e]
            initial, actions = a.state(initial), tuple(a.actions[i] for i in actions)
        return initial, actions

    def _run_to(self, number: int) -> tuple[State, tuple[int, ...], tuple[int, ...]]:
        """A run to a state that the given one represents, and the exchanges, last first, that lead from the latter to the former."""
        chain = []
        while number not in self._real:
            origin = self.origin(number)
            chain.append((number, origin))
            if origin[1] < 0:
                break
            number = origin[1]
        for at, (state, parent, action) in reversed(chain):
            if parent < 0:
                self._real[at] = (state, (), ())
                continue
            initial, actions, exchanged = self._real[parent]
            taken: list[int] = []
            if self.exchanges:
                before = self.origin(parent)[0]
                after = successor(self.system, self.system.actions[action], before)
                _, taken = canonical_by(self.layout.pack([after])[:, 0], self.exchanges)
            # The exchanges of the run so far come after those that lead from the representative to the state before it.
            self._real[at] = (initial, (*actions, self._exchanged(exchanged, action)), (*exchanged, *taken))
        return self._real[chain[0][0] if chain else number]

    def _exchanged(self, exchanged: Sequence[int], action: int) -> int:
        """The action after exchanges, of which the last in the sequence is done first."""
        for e in reversed(exchanged):
            action = self.symmetry[e].actions[action]
        return action

    def _between(self, one: int, other: int) -> tuple[int, ...]:
        """Exchanges, in their order, that lead from an obligation to one that is alike."""
        before: dict[int, tuple[int, int] | None] = {one: None}
        todo = [one]
        for k in todo:
            for i, j in self._neighbours(k):
                if j not in before:
                    before[j] = (k, i)
                    todo.append(j)
        steps = []
        at = before[other]
        while at is not None:
            steps.append(at[1])
            at = before[at[0]]
        return tuple(reversed(steps))

    def _neighbours(self, obligation: int) -> Iterator[tuple[int, int]]:
        """Each exchange, by number, with an obligation that it leads to or comes from."""
        for i, a in enumerate(self.symmetry):
            yield i, a.obligations[obligation]
            for j, image in enumerate(a.obligations):
                if image == obligation:
                    yield i, j

    def found(self, obligation: int) -> Violation | None:
        """The first violation of an obligation, or of one that is alike by symmetry."""
        if not self.symmetry:
            return self.violations.get(obligation)
        alike = {obligation}
        todo = [obligation]
        for k in todo:
            for _, j in self._neighbours(k):
                if j not in alike:
                    alike.add(j)
                    todo.append(j)
        known = [self.violations[k] for k in sorted(alike) if k in self.violations]
        return min(known, key=lambda v: (v.depth, v.state), default=None)

    def statistics(self) -> Statistics:
        transitions, fired, deadlocks = self.counted()
        return Statistics(
            self.count, transitions, self.depth, not self.stopped, fired, deadlocks,
            time.perf_counter() - self.start, self.backend, len(self.symmetry),
        )  # fmt: skip
