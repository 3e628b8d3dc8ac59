"""Which of many candidate lemmas are inductive together, at one topology, and what steps break the obligation all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ...model.language import State, Term, support
from ..sat.circuit import Literal
from ..sat.encoding import Encoding
from ..sat.solver import Budget, OutOfBudgetError, Solver
from .grounded import Grounded

_GOAL = -1
"""Stands for the obligation among the numbers of the lemmas."""

_MOST_INSTANCES = 4096
"""A lemma that has more of them at the topology is left out: it speaks of too many things at once to be told again."""


@dataclass(frozen=True)
class Cti:
    """A counterexample to induction: a state that keeps the obligation and all lemmas, from which a step breaks the obligation.

    State and action are those of the slice `Grounded.part`.
    """

    state: State
    action: int


class Houdini:
    """Lemmas at a topology: each is kept in all its instances, or not at all."""

    def __init__(self, at: Grounded, candidates: Iterable[Term], budget: Budget) -> None:
        self.at = at
        self.budget = budget
        self.encoding = e = Encoding(at.part.system)
        self.target = e.target(at.part.obligations[0])
        self.lemmas = list(dict.fromkeys(candidates))
        now: list[list[Literal]] = []
        after: list[list[Literal]] = []
        for t in self.lemmas:
            budget.spend()
            if at.count(t) > _MOST_INSTANCES:
                now.append([])
                after.append([])
                continue
            # What is said of variables on which the obligation does not depend is of no use here.
            cases = [c for c in at.of(t) if all(v.name in at.part.system.index for v in support(c))]
            now.append([e.truth(c) for c in cases])
            after.append([e.truth_after(c) for c in cases])
        c = e.circuit
        self._uses = [c.variable() for _ in self.lemmas]
        self._breaks = [c.variable() for _ in self.lemmas]
        self._after = after
        self._number = {x: i for i, x in enumerate(self._uses)}
        initial = Solver([*c.clauses, [-e.go], [e.init]], budget)
        self._solver = Solver(c.clauses, budget)
        for i, (mine, later) in enumerate(zip(now, after, strict=True)):
            for x in mine:
                self._solver.add([-self._uses[i], x])
            self._solver.add([-self._breaks[i], *(-x for x in later)])
        self.begun = not initial.satisfiable([self.target.state])
        """Whether the initial states keep the obligation."""
        self.alive = {i for i, mine in enumerate(now) if mine and not any(initial.satisfiable([-x]) for x in mine)}
        self._reduce()

    def _reduce(self) -> None:
        """Drop what a step breaks, until no step breaks what is left."""
        e = self.encoding
        settled: set[int] = set()
        while settled != self.alive:
            for i in sorted(self.alive - settled):
                uses = [self._uses[k] for k in self.alive]
                if not self._solver.satisfiable(
                    [e.go, -self.target.state, -self.target.after, -self.target.step, self._breaks[i], *uses]
                ):
                    settled.add(i)
                    continue
                model = self._solver.model()
                broken = {k for k in self.alive if any(model[abs(x) - 1] != x for x in self._after[k])}
                assert i in broken
                self.alive -= broken
                settled = set()
                break

    def cti(self) -> Cti | None:
        """A step that breaks the obligation from a state that keeps everything; None: there is none."""
        e, t = self.encoding, self.target
        for broken in (t.step, t.after):
            if self._solver.satisfiable([e.go, -t.state, broken, *(self._uses[k] for k in self.alive)]):
                model = self._solver.model()
                return Cti(e.state(e.codes(model, e.now)), e.action(model))
        return None

    def needed(self) -> tuple[Term, ...]:
        """Of the lemmas that are left, those that suffice; when the budget runs out, more of them than that."""
        kept: Collection[int] = set(self.alive)
        try:
            cores = self._closure({}, kept)
            kept = cores.keys() - {_GOAL}
            for i in sorted(kept, key=lambda i: -len(str(self.lemmas[i]))):
                if i not in kept:
                    continue
                rest = kept - {i}
                changed: dict[int, set[int]] = {}
                for n in [n for n, used in cores.items() if i in used and n != i]:
                    found = self._core(n, rest)
                    if found is None:
                        break
                    changed[n] = found
                else:
                    cores = self._closure({**{n: c for n, c in cores.items() if n != i}, **changed}, rest)
                    kept = cores.keys() - {_GOAL}
        except OutOfBudgetError:
            pass  # what is kept so far is inductive
        return tuple(self.lemmas[i] for i in sorted(kept))

    def _core(self, number: int, among: Collection[int]) -> set[int] | None:
        """Which of the lemmas see to it that no step breaks one of them, or the obligation; None: not all of them together."""
        e, t = self.encoding, self.target
        asked = [[t.step], [t.after]] if number == _GOAL else [[-t.after, -t.step, self._breaks[number]]]
        found: set[int] = set()
        for broken in asked:
            if self._solver.satisfiable([e.go, -t.state, *broken, *(self._uses[i] for i in among)]):
                return None
            found |= {self._number[x] for x in self._solver.core() if x in self._number}
        return found

    def _closure(self, known: Mapping[int, set[int]], among: Collection[int]) -> dict[int, set[int]]:
        cores: dict[int, set[int]] = {}
        todo = [_GOAL]
        while todo:
            n = todo.pop()
            if n not in cores:
                found = known[n] if n in known else self._core(n, among)
                assert found is not None, "lemmas that make an obligation inductive stay so"
                cores[n] = found
                todo.extend(found)
        return cores
