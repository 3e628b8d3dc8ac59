"""Exhaustive search with NumPy, a level at a time: needs no compiler, and takes any system."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...model.language import TRUE, State, System, Term
from ...properties.compile import Obligation
from ..engine import Limits
from ..layout import Words
from ..reduction.symmetry import Automorphism
from .canonical import canonical
from .exploration import Exploration, Violation
from .vectorise import Compiled, Program, initial_words
from .visited import StateSet

_CHUNK = 1 << 16
"""States that are expanded together: enough to make NumPy's overhead small, few enough to be numbered by 16 bits."""

_BATCH = 1 << 17
"""Successors that are looked up together: enough to make NumPy's overhead small, few enough to stay in the cache."""


class VectorisedExploration(Exploration):
    """One exploration with NumPy."""

    backend = "NumPy"

    def __init__(
        self,
        system: System,
        obligations: Sequence[Obligation],
        limits: Limits,
        *,
        stop_early: bool,
        symmetry: Sequence[Automorphism] = (),
    ) -> None:
        super().__init__(system, obligations, limits, stop_early=stop_early, symmetry=symmetry)
        self.transitions = self.deadlocks = self.judged = 0
        self.fired: set[int] = set()
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

    @property
    def count(self) -> int:
        return self.visited.count

    def packed(self) -> Words:
        return self.visited.packed

    def counted(self) -> tuple[int, frozenset[int], int]:
        return self.transitions, frozenset(self.fired), self.deadlocks

    def origin(self, state: int) -> tuple[State, int, int]:
        rank, n = int(self.rank[state]), len(self.system.actions)
        return self.layout.unpack(self.visited.packed[:, state]), *(divmod(rank, n) if rank >= 0 else (-1, -1))

    # --- the search -------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        for block in initial_words(self.layout):
            new = self.visited.add(canonical(block, self.exchanges))
            self._remember(np.full(len(new), -1, np.int64))
            self.watch(0)
            if self.stopped:
                break
        self.judge()

    def expand(self, first: int, last: int) -> None:
        for begin in range(first, last, _CHUNK):
            self.watch(last - first)
            if self.stopped:
                break
            rows, at, action = self._successors(begin, min(begin + _CHUNK, last))
            # They come action by action; this puts them in order of their parents first. (A stable sort of
            # 16-bit numbers takes linear time.)
            order = at.argsort(kind="stable")
            new = order[self.visited.add(rows[:, order])]
            self._remember((at[new].astype(np.int64) + begin) * len(self.system.actions) + action[new])
        self.judge()

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
        rows = canonical(rows, self.exchanges)
        new = self.visited.unknown(rows)
        parents = np.concatenate([at for _, at, _ in batch])[new].astype(np.uint16)
        actions = np.repeat([i for i, _, _ in batch], [at.size for _, at, _ in batch])[new]
        return rows[:, new], parents, actions

    def _judge_step(self, obligations: Iterable[int], state: int, action: int) -> None:
        """A step breaks obligations, which no earlier chunk did."""
        for k in obligations:
            known = self.violations.get(k)
            if known is None or state < known.state:
                self.violations[k] = Violation(len(self.levels) - 1, k, state, action)

    def judge(self) -> None:
        while self.judged < self.visited.count:
            begin = self.judged
            part = self.visited.packed[:, begin : begin + _CHUNK]
            for k, holds in zip(self.judged_states, self.states(*part), strict=True):
                broken = int(holds.argmin())
                if not holds[broken] and k not in self.violations:
                    self.violations[k] = Violation(self.level_of(begin + broken), k, begin + broken)
            self.judged = min(begin + _CHUNK, self.visited.count)

    def _remember(self, ranks: NDArray[np.int64]) -> None:
        """Remember where the newest states come from."""
        count = self.visited.count
        if count > len(self.rank):
            rank = np.empty(2 * count, np.int64)
            rank[: count - len(ranks)] = self.rank[: count - len(ranks)]
            self.rank = rank
        self.rank[count - len(ranks) : count] = ranks
