"""Bounded model checking with one incremental solver: is there a run of exactly so many steps that breaks an obligation?

Asked for 0, 1, 2, … steps in turn, the first answer is a shortest run. Each step adds a copy of the system's clauses,
moved to variables of its own; what does not change is shared by all copies.
"""

from __future__ import annotations

from ...model.language import State
from .circuit import Literal
from .encoding import Encoding, Target
from .solver import Budget, Solver


class BoundedSearch:
    """The runs of a system from its initial states, one step more at each call."""

    def __init__(self, encoding: Encoding, target: Target, budget: Budget) -> None:
        self.encoding = encoding
        self.target = target
        self.depth = -1
        """All runs of at most so many steps keep the obligation."""
        self.solver = Solver((), budget)
        self._used = 0
        self._frames: list[list[Literal]] = []
        self._frame()
        self.solver.add([self._at(encoding.init, 0)])

    def _frame(self) -> None:
        """One state more, with the step that may be taken from it."""
        e, c = self.encoding, self.encoding.circuit
        place = [0] * (c.variables + 1)
        if self._frames:
            before = self._frames[-1]
            for now, after, steady in zip(e.now, e.after, e.steady, strict=True):
                for x, y in zip(now, after, strict=True):
                    place[abs(x)] = before[abs(x)] if steady else before[abs(y)]
            place[c.true] = before[c.true]
        for x in range(1, c.variables + 1):
            if not place[x]:
                self._used += 1
                place[x] = self._used
        self._frames.append(place)
        self.solver.extend([place[x] if x > 0 else -place[-x] for x in clause] for clause in c.clauses)

    def _at(self, x: Literal, k: int) -> Literal:
        return self._frames[k][x] if x > 0 else -self._frames[k][-x]

    def attempt(self) -> tuple[State, tuple[int, ...]] | None:
        """Some work on the runs of exactly ``depth + 1`` steps: one that breaks the obligation, if it is found.

        A state is broken after the run's last action, a step in it. When there is none, ``depth`` is one more afterwards;
        where it is not, there is no answer yet. Raises `OutOfBudgetError`.
        """
        d = self._begun()
        for x in self._broken(d):
            answer = self.solver.attempt([x])
            if answer:
                return self._run(self.solver.model(), d)
            if answer is None:
                return None
        self._cover(d)
        return None

    def skip(self, depth: int) -> None:
        """It is known from elsewhere that all runs of at most so many steps keep the obligation."""
        while self.depth < depth:
            self._cover(self._begun())

    def _begun(self) -> int:
        """The depth that is next, for which there is a copy of the clauses."""
        d = self.depth + 1
        if d == len(self._frames):
            self.solver.add([self._at(self.encoding.go, d - 1)])
            self._frame()
        return d

    def _broken(self, d: int) -> list[Literal]:
        return [self._at(self.target.state, d)] + ([self._at(self.target.step, d - 1)] if d else [])

    def _cover(self, d: int) -> None:
        # That it is impossible helps the solver at greater depths.
        for x in self._broken(d):
            self.solver.add([-x])
        self.depth = d

    def _run(self, model: list[Literal], steps: int) -> tuple[State, tuple[int, ...]]:
        e = self.encoding

        def frame(k: int) -> list[Literal]:
            place = self._frames[k]
            return [x if model[place[x] - 1] > 0 else -x for x in range(1, len(place))]

        return e.state(e.codes(frame(0), e.now)), tuple(e.action(frame(k)) for k in range(steps))
