"""Exhaustive exploration: breadth first over packed states, a level at a time, with NumPy.

Each new state is remembered with the number of its parent and of the action that led to it, so that every
trace is shortest. Of equally short traces the one is shown whose states were found first and whose actions
come first. Deduplication is exact: states of one word are their own keys; of several words the key is a hash,
and states with one key are compared word for word (should two different states ever share a key, the
exploration starts again with another hash).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..model.language import TRUE, ModelError, System, Term
from ..properties.compile import Obligation
from .engine import NO_LIMITS, Limits, Progress
from .layout import Layout, Words
from .vectorise import Compiled, Program, initial_words
from .verdict import Evidence, Outcome, Report, Statistics, Verdict

_CHUNK = 1 << 16
"""States that are expanded together: enough to make NumPy's overhead small, few enough to stay in the cache."""

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
    stopped: str = ""
    """Why the exploration ended early; empty when it did not."""

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
        search = _explored(system, obligations, limits, self.stop_early)
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
    search = _explored(system, (), limits, stop_early=False)
    return ReachableSet(system, search.layout, search.packed[:, : search.count], search.statistics(), search.stopped)


class _CollisionError(Exception):
    """Two different states have the same key."""


@dataclass(frozen=True)
class _Violation:
    """Where an obligation fails: in a state, or in a step by ``action`` from it."""

    depth: int
    state: int
    action: int | None = None


def _explored(system: System, obligations: Sequence[Obligation], limits: Limits, stop_early: bool) -> _Search:
    seed = 1
    while True:
        search = _Search(system, obligations, limits, stop_early, seed)
        try:
            search.run()
        except _CollisionError:
            seed += 1
            continue
        return search


@dataclass
class _Search:
    system: System
    obligations: Sequence[Obligation]
    limits: Limits
    stop_early: bool
    seed: int

    stopped: str = ""
    """Why the exploration ended before all states were visited; empty if it did not."""
    count: int = 0
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
        self.packed: Words = np.empty((self.layout.words, 1024), np.uint64)
        self.rank = np.empty(1024, np.int64)
        """For each state: the number of its parent times the number of actions, plus the action; -1 initially."""
        self.keys = np.empty(0, np.uint64)
        """The keys of the states of finished levels, sorted; ``owners`` are the numbers of these states."""
        self.owners = np.empty(0, np.int64)
        self._compile()

    def _compile(self) -> None:
        program = Program(self.layout)
        program.predicates("guards", [a.guard for a in self.system.actions])
        self.judged_states = [k for k, o in enumerate(self.obligations) if o.state is not TRUE]
        program.predicates("states", [self.obligations[k].state for k in self.judged_states])
        # Per action: the distinct laws on its steps, and which obligations each of them is of.
        self.laws: list[dict[Term, list[int]]] = []
        for i, a in enumerate(self.system.actions):
            laws: dict[Term, list[int]] = {}
            for k, o in enumerate(self.obligations):
                if i in o.steps:
                    laws.setdefault(o.steps[i], []).append(k)
            self.laws.append(laws)
            program.step(f"step{i}", a, tuple(laws))
        compiled = program.compile()
        self.guards, self.states = compiled["guards"], compiled["states"]
        self.steps: list[Compiled] = [compiled[f"step{i}"] for i in range(len(self.system.actions))]
        self.moves = [bool(a.updates) for a in self.system.actions]

    # --- the search -----------------------------------------------------------------------------------------------

    def run(self) -> None:
        try:
            self._run()
        except KeyboardInterrupt:
            self.stopped = "interrupted"

    def _run(self) -> None:
        initial = np.concatenate([np.empty((self.layout.words, 0), np.uint64), *initial_words(self.layout)], axis=1)
        self._add_level(initial, np.full(initial.shape[1], -1, np.int64))
        while self.levels[-1] < self.count:
            if self.limits.depth is not None and len(self.levels) > self.limits.depth:
                self.stopped = f"the depth limit {self.limits.depth} was reached"
                return
            if self.stop_early and self.obligations and len(self.violations) == len(self.obligations):
                self.stopped = "every property was decided"
                return
            self._expand()
            if self.stopped:
                return
            self.covered += 1

    def _expand(self) -> None:
        """Expand the last level into the next one."""
        first, last = self.levels[-1], self.count
        level = len(self.levels)
        fresh: list[tuple[NDArray[np.uint64], NDArray[np.int64], Words]] = []
        judged: dict[int, int] = {}
        found = np.empty(0, np.uint64)
        found_at = np.empty((self.layout.words, 0), np.uint64)
        total = self.count
        for begin in range(first, last, _CHUNK):
            chunk = slice(begin, min(begin + _CHUNK, last))
            keys, ranks, words = self._successors(chunk, judged)
            keys, ranks, words = self._unseen(keys, ranks, words)
            if fresh:
                # Earlier chunks of this level found theirs first.
                keep = ~self._known(keys, words, found, found_at)
                keys, ranks, words = keys[keep], ranks[keep], words[:, keep]
            fresh.append((keys, ranks, words))
            total += len(keys)
            if last - first > _CHUNK:
                order = np.argsort(merged := np.concatenate([found, keys]), kind="stable")
                found, found_at = merged[order], np.concatenate([found_at, words], axis=1)[:, order]
            self._watch(total, last - first, level)
            if self.stopped:
                break
        n = len(self.system.actions)
        for k, rank in judged.items():
            self.violations.setdefault(k, _Violation(level, rank // n, rank % n))
        # In order of discovery: parents first found first, then actions.
        ranks = np.concatenate([r for _, r, _ in fresh])
        words = np.concatenate([w for _, _, w in fresh], axis=1)
        order = np.argsort(ranks, kind="stable")
        self._add_level(words[:, order], ranks[order])

    def _successors(self, chunk: slice, judged: dict[int, int]) -> tuple[NDArray[np.uint64], NDArray[np.int64], Words]:
        """Distinct successors of a chunk of states: keys (sorted), least ranks, words. Judges the steps as well."""
        here = self.packed[:, chunk]
        size = here.shape[1]
        n = len(self.system.actions)
        stuck = np.ones(size, bool)
        ranks: list[NDArray[np.int64]] = []
        successors: list[Words] = []
        for i, enabled in enumerate(self.guards(*here)):
            at = np.flatnonzero(enabled)
            if not len(at):
                continue
            self.transitions += len(at)
            self.fired.add(i)
            stuck[at] = False
            laws = self.laws[i]
            if not self.moves[i] and all(k in self.violations for ks in laws.values() for k in ks):
                continue
            results = self.steps[i](*here[:, at])
            rank = (at + chunk.start) * n + i
            for holds, ks in zip(results[self.layout.words :], laws.values(), strict=True):
                broken = np.flatnonzero(~np.broadcast_to(holds, len(at)))
                if len(broken):
                    for k in ks:
                        if k not in self.violations:
                            judged[k] = min(int(rank[broken[0]]), judged.get(k, sys.maxsize))
            if self.moves[i]:
                ranks.append(rank)
                successors.append(np.stack([np.broadcast_to(w, len(at)) for w in results[: self.layout.words]]))
        self.deadlocks += int(stuck.sum())
        if not successors:
            return np.empty(0, np.uint64), np.empty(0, np.int64), np.empty((self.layout.words, 0), np.uint64)
        words, rank = np.concatenate(successors, axis=1), np.concatenate(ranks)
        keys = self._key(words)
        order = np.lexsort((rank, keys))
        keys, rank, words = keys[order], rank[order], words[:, order]
        new = np.ones(len(keys), bool)
        new[1:] = keys[1:] != keys[:-1]
        if self.layout.words > 1 and (words[:, 1:] != words[:, :-1])[:, ~new[1:]].any():
            raise _CollisionError
        return keys[new], rank[new], words[:, new]

    def _unseen(
        self, keys: NDArray[np.uint64], ranks: NDArray[np.int64], words: Words
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64], Words]:
        """Those that no finished level has."""
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = self.keys[at] == keys
        if self.layout.words > 1 and (self.packed[:, self.owners[at[known]]] != words[:, known]).any():
            raise _CollisionError
        return keys[~known], ranks[~known], words[:, ~known]

    def _known(
        self, keys: NDArray[np.uint64], words: Words, among: NDArray[np.uint64], at_words: Words
    ) -> NDArray[np.bool_]:
        """Which of the keys are among sorted others (whose words are given as well)."""
        if not len(among):
            return np.zeros(len(keys), bool)
        at = np.minimum(np.searchsorted(among, keys), len(among) - 1)
        known: NDArray[np.bool_] = among[at] == keys
        if self.layout.words > 1 and (at_words[:, at[known]] != words[:, known]).any():
            raise _CollisionError
        return known

    def _add_level(self, words: Words, ranks: NDArray[np.int64]) -> None:
        """Number the states of a new level, judge them, and count them among the known."""
        first, added = self.count, words.shape[1]
        self.levels.append(first)
        while first + added > self.packed.shape[1]:
            self.packed = np.concatenate([self.packed, np.empty_like(self.packed)], axis=1)
            self.rank = np.concatenate([self.rank, np.empty_like(self.rank)])
        self.packed[:, first : first + added] = words
        self.rank[first : first + added] = ranks
        self.count += added
        for begin in range(first, self.count, _CHUNK):
            part = self.packed[:, begin : min(begin + _CHUNK, self.count)]
            for k, holds in zip(self.judged_states, self.states(*part), strict=True):
                if k not in self.violations:
                    broken = np.flatnonzero(~np.broadcast_to(holds, part.shape[1]))
                    if len(broken):
                        self.violations[k] = _Violation(len(self.levels) - 1, begin + int(broken[0]))
        keys = np.concatenate([self.keys, self._key(words)])
        order = np.argsort(keys, kind="stable")
        self.keys = keys[order]
        self.owners = np.concatenate([self.owners, np.arange(first, self.count)])[order]

    def _key(self, words: Words) -> NDArray[np.uint64]:
        """The states' keys: the word itself, or a hash of several words (multiply and mix, wrapping around)."""
        if self.layout.words == 1:
            return np.array(words[0])
        key: NDArray[np.uint64] = np.full(words.shape[1], self.seed, np.uint64)
        for w in words:
            key = (key ^ w) * np.uint64(0x9E3779B97F4A7C15)
            key ^= key >> np.uint64(29)
        return key

    def _watch(self, total: int, frontier: int, depth: int) -> None:
        """Report progress, and stop at a limit."""
        now = time.perf_counter()
        limits = self.limits
        if limits.states is not None and total > limits.states:
            self.stopped = f"the state limit {limits.states} was reached"
        elif limits.seconds is not None and now - self.start > limits.seconds:
            self.stopped = f"the time limit of {limits.seconds:g} s was reached"
        elif limits.memory is not None and _resident() > limits.memory:
            self.stopped = f"the memory limit of {limits.memory:,} bytes was reached"
        if limits.progress is not None and now - self.reported > _PROGRESS_EVERY:
            self.reported = now
            limits.progress(Progress(total, frontier, depth, now - self.start))

    # --- what was found -------------------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """The greatest distance of a state from an initial one."""
        return max(i for i, first in enumerate(self.levels) if first < self.count) if self.count else 0

    def path(self, v: _Violation) -> tuple[tuple[bool | int | str, ...], tuple[int, ...]]:
        """From an initial state to the violation: the state, and the numbers of the actions."""
        numbers = [] if v.action is None else [v.action]
        state, n = v.state, len(self.system.actions)
        while self.rank[state] >= 0:
            numbers.append(int(self.rank[state]) % n)
            state = int(self.rank[state]) // n
        return self.layout.unpack(self.packed[:, state]), tuple(reversed(numbers))

    def statistics(self) -> Statistics:
        return Statistics(
            self.count, self.transitions, self.depth, not self.stopped, frozenset(self.fired), self.deadlocks,
            time.perf_counter() - self.start,
        )  # fmt: skip


def _resident() -> int:
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
