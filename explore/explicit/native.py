"""Exhaustive search with the compiled kernel, which works on the system's tables."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ...model.language import Action, State, System
from ...properties.compile import Obligation
from ..engine import Limits
from ..evaluate import evaluate, named, successor
from ..layout import Words
from ..reduction.symmetry import Automorphism
from .canonical import canonical, encoded
from .checkpoint import Kept, find, forget, identity, keep
from .exploration import Exploration, Violation
from .tables import tables
from .vectorise import initial_words

_SECONDS = 0.1
"""The kernel comes back so often, so that limits, progress and Ctrl-C are looked after."""

_NOWHERE = (1 << 64) - 1


def threads_of_this_machine() -> int:
    """The processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


class NativeExploration(Exploration):
    """One exploration with the kernel.

    Raises `ImportError` where the kernel was not built, and `tables.NotTabular` for a system that tables cannot hold.
    """

    def __init__(
        self,
        system: System,
        obligations: Sequence[Obligation],
        limits: Limits,
        *,
        stop_early: bool,
        symmetry: Sequence[Automorphism] = (),
        threads: int | None = None,
        pext: bool = True,
        sleep_sets: bool = True,
    ) -> None:
        from ._kernel import Search

        super().__init__(system, obligations, limits, stop_early=stop_early, symmetry=symmetry)
        t = tables(self.layout, obligations, sleep_sets=sleep_sets and not self.exchanges)
        self.search = Search(t.words, t.actions, t.columns, t.obligations, pext, *t.arrays, *encoded(self.exchanges))
        self.threads = threads or threads_of_this_machine()
        self.backend = "native"
        self.expanded = 0
        self.judged = 0
        self._origins: dict[int, tuple[State, int, int]] = {}

    @property
    def count(self) -> int:
        return self.search.count

    @property
    def memory(self) -> int:
        """The bytes that the states take: themselves, their parents and the hash table."""
        return self.search.found()[8]

    def packed(self) -> Words:
        states = np.empty((self.count, self.layout.words), np.uint64)
        self.search.copy(states, None)
        return states.T

    def counted(self) -> tuple[int, frozenset[int], int]:
        _, transitions, deadlocks, fired, *_ = self.search.found()
        bits = np.unpackbits(np.frombuffer(fired, np.uint8), bitorder="little")
        return transitions, frozenset(map(int, bits.nonzero()[0])), deadlocks

    # --- the search -------------------------------------------------------------------------------------------------

    def run(self) -> None:
        super().run()
        folder = self.limits.checkpoint
        if folder is not None and self.given_up:
            return
        if folder is not None and self.stopped:
            keep(folder, self._identity, self._kept())
        elif folder is not None:
            forget(folder, self._identity)

    @cached_property
    def _identity(self) -> str:
        return identity(self.system, self.obligations, len(self.symmetry))

    def _kept(self) -> Kept:
        states, parents = np.empty((self.count, self.layout.words), np.uint64), np.empty(self.count, np.uint32)
        self.search.copy(states, parents)
        _, transitions, deadlocks, fired, bad_states, bad_steps, actions, *_ = self.search.found()
        return Kept(
            states, parents, np.array([transitions, deadlocks], np.uint64), np.frombuffer(fired, np.uint64),
            np.frombuffer(bad_states, np.uint64), np.frombuffer(bad_steps, np.uint64), np.frombuffer(actions, np.uint32),
            np.array(self.levels, np.int64), np.array([self.expanded], np.int64),
        )  # fmt: skip

    def _go_on(self, kept: Kept) -> None:
        """Take over what an earlier search had found, and finish the level at which it stopped."""
        *found, levels, expanded = kept
        self.search.restore(*found)
        self.levels, self.expanded = [int(x) for x in levels], int(expanded[0])
        self._take()
        if self.expanded < self.levels[-1]:
            self.covered = len(self.levels) - 2
            self.expand(self.levels[-2], self.levels[-1])

    def begin(self) -> None:
        kept = find(self.limits.checkpoint, self._identity) if self.limits.checkpoint is not None else None
        if kept is not None:
            self._go_on(kept)
            return
        for block in initial_words(self.layout):
            self.search.add(np.ascontiguousarray(canonical(block, self.exchanges).T))
            self.watch(0)
            if self.stopped:
                break

    def expand(self, first: int, last: int) -> None:
        while self.expanded < last:
            self.watch(last - first)
            if self.stopped:
                break
            if not self._work(last, judge_only=False):
                break

    def judge(self) -> None:
        self.judged = max(self.judged, self.expanded)
        while self.judged < self.count:
            if not self._work(self.count, judge_only=True):
                break

    def _work(self, last: int, *, judge_only: bool) -> bool:
        """Let the kernel work for a while; whether it could."""
        begin = self.judged if judge_only else self.expanded
        try:
            reached = self.search.expand(begin, last, self.threads, _SECONDS, judge_only)
        except MemoryError:
            self.stopped = "the machine's memory ended"
            return False
        if judge_only:
            self.judged = reached
        else:
            self.expanded = reached
        self._take()
        return True

    def _take(self) -> None:
        """Take over the violations that the kernel has found."""
        *_, bad_states, bad_steps, actions, fault, _ = self.search.found()
        if fault is not None:
            number, action = fault
            # The reference says what is wrong with the update.
            successor(self.system, self.system.actions[action], self._state(number))
            raise AssertionError(
                f"the kernel sees {self.system.actions[action].label} leave a domain, the reference does not"
            )
        states, steps, by = (np.frombuffer(b, t) for b, t in ((bad_states, "u8"), (bad_steps, "u8"), (actions, "u4")))
        for k in np.flatnonzero((states != _NOWHERE) | (steps != _NOWHERE)):
            if int(k) not in self.violations or self.violations[int(k)].state > min(states[k], steps[k]):
                found = []
                if steps[k] != _NOWHERE:
                    found.append(Violation(self.level_of(int(steps[k])) + 1, int(k), int(steps[k]), int(by[k])))
                if states[k] != _NOWHERE:
                    found.append(Violation(self.level_of(int(states[k])), int(k), int(states[k])))
                self.violations[int(k)] = min(found, key=lambda v: v.depth)

    # --- what was found ---------------------------------------------------------------------------------------------

    def _state(self, number: int) -> State:
        return self.layout.unpack(self.search.state(number)[0])

    def origin(self, state: int) -> tuple[State, int, int]:
        """See `Exploration`. The kernel remembers the parent only; the action is the first that leads from there, and the
        reference says which that is.
        """
        found = self._origins.get(state)
        if found is None:
            words, parent = self.search.state(state)
            there, action = self.layout.unpack(words), -1
            if parent >= 0:
                before = self._state(parent)
                now = named(self.system, before)
                # An action leads there only if it sets all that differs; where a state represents others, any of them may be meant.
                differ = enumerate(zip(before, there, strict=True)) if not self.exchanges else ()
                changed = {i for i, (x, y) in differ if x != y}
                action = next(
                    i
                    for i, a in enumerate(self.system.actions)
                    if a.updates and changed <= self._sets[i] and evaluate(a.guard, now) and self._leads(before, a, there)
                )
            found = self._origins[state] = (there, parent, action)
        return found

    @cached_property
    def _sets(self) -> tuple[frozenset[int], ...]:
        """The positions of the variables that each action sets."""
        return tuple(frozenset(self.system.index[t.name] for t, _ in a.updates) for a in self.system.actions)

    def _leads(self, before: State, action: Action, there: State) -> bool:
        """Whether an action leads to a state, or to one that it represents."""
        after = successor(self.system, action, before)
        if self.exchanges:
            after = self.layout.unpack(canonical(self.layout.pack([after]), self.exchanges)[:, 0])
        return after == there
