"""Exhaustive exploration: breadth first over packed states, a level at a time, with NumPy.

Each new state is remembered with the number of its parent and of the action that led to it, so that every
trace is shortest. Of equally short traces the one is shown whose states were found first and whose actions
come first.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...model.language import TRUE, ModelError, State, System, Term
from ...properties.compile import Obligation
from ..engine import NO_LIMITS, Limits, Progress
from ..layout import Layout, Words
from ..verdict import Evidence, Outcome, Report, Statistics, Verdict
from .vectorise import Compiled, Program, initial_words
from .visited import StateSet

_CHUNK = 1 << 16
"""States that are expanded together: enough to make NumPy's overhead small, few enough to be numbered by 16 bits."""

_BATCH = 1 << 17
"""Successors that are looked up together: enough to make NumPy's overhead small, few enough to stay in the cache."""

_PROGRESS_EVERY = 0.5
"""Seconds."""


@dataclass(frozen=True)
class ReachableSet:
    """All states that were reached, in order of discovery.

    ``codes`` has shape (states, variables): the position of each value in its variable's domain. Whether these
    are all reachable states, ``statistics.complete`` says.
    """

    system: System
    layout: Layout
    packed: Words
    statistics: Statistics
    ranks: NDArray[np.int64]
    """For each state: the number of its parent times the number of actions, plus the action; -1 initially."""
    levels: tuple[int, ...]
    """The number of the first state of each level: ``levels[i]`` and those after it are ``i`` steps from an initial state."""
    stopped: str = ""
    """Why the exploration ended early; empty when it did not."""

    def path(self, state: int) -> tuple[State, tuple[int, ...]]:
        """A shortest run to a state: the initial state, and the numbers of the actions."""
        return _path(self.layout, self.packed, self.ranks, state)

    @property
    def codes(self) -> NDArray[np.unsignedinteger]:
        return self.layout.codes(self.packed)


class ExplicitEngine:
    """Visits every reachable state. With ``stop_early``, only until every obligation has been violated."""

    def __init__(self, *, stop_early: bool = False) -> None:
        self.stop_early = stop_early

    @property
    def name(self) -> str:
        return "explicit"

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        """Decide all obligations in one exploration (see `Engine`)."""
        search = _Search(system, obligations, limits, self.stop_early)
        search.run()
        outcomes = []
        for k in range(len(obligations)):
            found = search.violations.get(k)
            if found is not None:
                outcomes.append(Outcome(Verdict.VIOLATED, Evidence.TRACE, found.depth, search.path(found)))
            elif search.stopped:
                outcomes.append(Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, search.covered, note=search.stopped))
            else:
                outcomes.append(Outcome(Verdict.HOLDS, Evidence.EXHAUSTIVE, search.depth))
        return Report(tuple(outcomes), search.statistics(), self.name)


def reachable(system: System, limits: Limits = NO_LIMITS) -> ReachableSet:
    """The reachable states of a system."""
    search = _Search(system, (), limits, stop_early=False)
    search.run()
    count = search.visited.count
    return ReachableSet(
        system, search.layout, search.visited.packed, search.statistics(), search.rank[:count], tuple(search.levels), search.stopped
    )  # fmt: skip


def _path(layout: Layout, packed: Words, ranks: NDArray[np.int64], state: int) -> tuple[State, tuple[int, ...]]:
    """Back to the initial state, from parent to parent."""
    numbers, n = [], len(layout.system.actions)
    while ranks[state] >= 0:
        numbers.append(int(ranks[state]) % n)
        state = int(ranks[state]) // n
    return layout.unpack(packed[:, state]), tuple(reversed(numbers))


@dataclass(frozen=True)
class _Violation:
    """Where an obligation fails: in a state, or in a step by ``action`` from it."""

    depth: int
    state: int
    action: int | None = None


@dataclass
class _Search:
    """One exploration. What it has found so far is sound at any moment, so an interruption may come at any."""

    system: System
    obligations: Sequence[Obligation]
    limits: Limits
    stop_early: bool

    stopped: str = ""
    """Why the exploration ended before all states were visited; empty if it did not."""
    transitions: int = 0
    deadlocks: int = 0
    covered: int = 0
    """All runs of at most so many steps were judged."""
    fired: set[int] = field(default_factory=set)
    levels: list[int] = field(default_factory=list)
    """The number of the first state of each level."""
    violations: dict[int, _Violation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.start = time.perf_counter()
        self.reported = self.start
        self.layout = Layout(self.system)
        self.visited = StateSet(self.layout.words)
        self.rank = np.empty(1024, np.int64)
        """For each state: the number of its parent times the number of actions, plus the action; -1 initially."""
        program = Program(self.layout)
        program.predicates("guards", [a.guard for a in self.system.actions])
        self.judged_states = [k for k, o in enumerate(self.obligations) if o.state is not TRUE]
        program.predicates("states", [self.obligations[k].state for k in self.judged_states])
        # Per action: the distinct laws on its steps, and which obligations each of them is of.
        self.laws: list[dict[Term, list[int]]] = [{} for _ in self.system.actions]
        for k, o in enumerate(self.obligations):
            for i, law in o.steps.items():
                self.laws[i].setdefault(law, []).append(k)
        for i, a in enumerate(self.system.actions):
            program.step(f"step{i}", a, tuple(self.laws[i]))
        compiled = program.compile()
        self.guards, self.states = compiled["guards"], compiled["states"]
        self.steps: list[Compiled] = [compiled[f"step{i}"] for i in range(len(self.system.actions))]
        self.moves = [bool(a.updates) for a in self.system.actions]

    # --- the search -----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Visit all states, or as many as the limits allow."""
        try:
            self._run()
        except KeyboardInterrupt:
            self.stopped = "interrupted"

    def _run(self) -> None:
        self.levels.append(0)
        for block in initial_words(self.layout):
            self.visited.add(block)
            self._remember(np.full(block.shape[1], -1, np.int64))
            self._watch(0)
            if self.stopped:
                break
        self._judge_states(0)
        while not self.stopped and self.levels[-1] < self.visited.count:
            self.covered = len(self.levels) - 1
            if self.covered == self.limits.depth:
                self.stopped = f"the depth limit {self.limits.depth} was reached"
                return
            self._expand()

    def _expand(self) -> None:
        """Expand the last level into the next one, which is judged as far as it was found."""
        first, last = self.levels[-1], self.visited.count
        self.levels.append(last)
        for begin in range(first, last, _CHUNK):
            self._watch(last - first)
            if self.stopped:
                break
            rows, at, action = self._successors(begin, min(begin + _CHUNK, last))
            # They come action by action; this puts them in order of their parents first. (A stable sort of
            # 16-bit numbers takes linear time.)
            order = at.argsort(kind="stable")
            new = order[self.visited.add(rows[:, order])]
            self._remember((at[new].astype(np.int64) + begin) * len(self.system.actions) + action[new])
        self._judge_states(last)

    def _successors(self, begin: int, end: int) -> tuple[Words, NDArray[np.uint16], NDArray[np.intp]]:
        """The unvisited successors of some states, with repeats: their words, their parents (counted from
        ``begin``) and the actions, in order of the actions. The steps are judged as well.
        """
        here = self.visited.packed[:, begin:end]
        stuck = np.ones(end - begin, bool)
        undecided = {k for k in range(len(self.obligations)) if k not in self.violations}
        batch: list[tuple[int, NDArray[np.intp], Sequence[NDArray[np.uint64]]]] = []
        size = 0
        found: list[tuple[Words, NDArray[np.uint16], NDArray[np.intp]]] = []
        for i, enabled in enumerate(self.guards(*here)):
            at = enabled.nonzero()[0]
            if not at.size:
                continue
            self.transitions += at.size
            self.fired.add(i)
            stuck[at] = False
            laws = self.laws[i]
            if not self.moves[i] and undecided.isdisjoint(k for ks in laws.values() for k in ks):
                continue
            results = self.steps[i](*(w[at] for w in here))
            for holds, ks in zip(results[self.layout.words :], laws.values(), strict=True):
                broken = int(holds.argmin())
                if not holds[broken]:
                    self._judge_step(undecided.intersection(ks), begin + int(at[broken]), i)
            if self.moves[i]:
                batch.append((i, at, results[: self.layout.words]))
                size += at.size
                if size > _BATCH:
                    found.append(self._unvisited(batch))
                    batch, size = [], 0
        self.deadlocks += int(np.count_nonzero(stuck))
        found.append(self._unvisited(batch))
        words, parents, actions = zip(*found, strict=True)
        return np.concatenate(words, axis=1), np.concatenate(parents), np.concatenate(actions)

    def _unvisited(
        self, batch: Sequence[tuple[int, NDArray[np.intp], Sequence[NDArray[np.uint64]]]]
    ) -> tuple[Words, NDArray[np.uint16], NDArray[np.intp]]:
        """Those of the successors that have not been visited: words, parents, actions (see `_successors`)."""
        if not batch:
            return np.empty((self.layout.words, 0), np.uint64), np.empty(0, np.uint16), np.empty(0, np.intp)
        rows = np.stack([np.concatenate(parts) for parts in zip(*(words for _, _, words in batch), strict=True)])
        new = self.visited.unknown(rows)
        parents = np.concatenate([at for _, at, _ in batch])[new].astype(np.uint16)
        actions = np.repeat([i for i, _, _ in batch], [at.size for _, at, _ in batch])[new]
        return rows[:, new], parents, actions

    def _judge_step(self, obligations: Iterable[int], state: int, action: int) -> None:
        """A step breaks obligations, which no earlier chunk did."""
        for k in obligations:
            known = self.violations.get(k)
            if known is None or state < known.state:
                self.violations[k] = _Violation(len(self.levels) - 1, state, action)

    def _judge_states(self, first: int) -> None:
        """Judge the states of a new level, from number ``first`` on."""
        for begin in range(first, self.visited.count, _CHUNK):
            part = self.visited.packed[:, begin : begin + _CHUNK]
            for k, holds in zip(self.judged_states, self.states(*part), strict=True):
                broken = int(holds.argmin())
                if not holds[broken] and k not in self.violations:
                    self.violations[k] = _Violation(len(self.levels) - 1, begin + broken)

    def _remember(self, ranks: NDArray[np.int64]) -> None:
        """Remember where the newest states come from."""
        count = self.visited.count
        if count > len(self.rank):
            rank = np.empty(2 * count, np.int64)
            rank[: count - len(ranks)] = self.rank[: count - len(ranks)]
            self.rank = rank
        self.rank[count - len(ranks) : count] = ranks

    def _watch(self, frontier: int) -> None:
        """Report progress, and stop at a limit, or when there is nothing left to decide."""
        now = time.perf_counter()
        limits = self.limits
        if self.stop_early and self.obligations and len(self.violations) == len(self.obligations):
            self.stopped = "every property was decided"
        elif limits.states is not None and self.visited.count > limits.states:
            self.stopped = f"the state limit {limits.states} was reached"
        elif limits.seconds is not None and now - self.start > limits.seconds:
            self.stopped = f"the time limit of {limits.seconds:g} s was reached"
        elif limits.memory is not None and resident_memory() > limits.memory:
            self.stopped = f"the memory limit of {limits.memory:,} bytes was reached"
        if limits.progress is not None and now - self.reported > _PROGRESS_EVERY:
            self.reported = now
            limits.progress(Progress(self.visited.count, frontier, len(self.levels) - 1, now - self.start))

    # --- what was found -------------------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """The greatest distance of a state from an initial one."""
        return max((i for i, first in enumerate(self.levels) if first < self.visited.count), default=0)

    def path(self, v: _Violation) -> tuple[State, tuple[int, ...]]:
        """From an initial state to the violation: the state, and the numbers of the actions."""
        initial, numbers = _path(self.layout, self.visited.packed, self.rank, v.state)
        return initial, numbers if v.action is None else (*numbers, v.action)

    def statistics(self) -> Statistics:
        return Statistics(
            self.visited.count, self.transitions, self.depth, not self.stopped, frozenset(self.fired), self.deadlocks,
            time.perf_counter() - self.start,
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
