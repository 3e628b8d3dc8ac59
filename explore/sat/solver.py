"""A SAT solver that keeps to a budget: incremental, under assumptions, with unsatisfiable cores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pysat.solvers import Minisat22

from .circuit import Clause, Literal

_CONFLICTS = 2_000
"""After so many conflicts the solver comes back, so that limits and Ctrl-C are seen to."""


class OutOfBudgetError(Exception):
    """A limit was reached before there was an answer; the message says which."""


@dataclass(frozen=True)
class Budget:
    """What a search may use. ``until``: a point in time (`time.perf_counter`); None: as long as it takes.

    ``watch`` is called before each question to a solver, and may raise `OutOfBudgetError` or `KeyboardInterrupt`.
    """

    until: float | None = None
    watch: Callable[[], None] = lambda: None

    def spend(self) -> None:
        """Raises `OutOfBudgetError` when there is nothing left."""
        self.watch()
        if self.until is not None and time.perf_counter() > self.until:
            raise OutOfBudgetError("the time limit was reached")


class Solver:
    """Clauses that only ever grow, and questions about them."""

    def __init__(self, clauses: Iterable[Clause], budget: Budget) -> None:
        self.budget = budget
        self._solver = Minisat22(bootstrap_with=clauses)

    def add(self, clause: Sequence[Literal]) -> None:
        """One clause more."""
        self._solver.add_clause(clause)

    def extend(self, clauses: Iterable[Clause]) -> None:
        """More clauses."""
        self._solver.append_formula(clauses)

    def satisfiable(self, assumptions: Sequence[Literal] = ()) -> bool:
        """Whether the clauses have a model under the assumptions. Raises `OutOfBudgetError`."""
        while True:
            answer = self.attempt(assumptions)
            if answer is not None:
                return answer

    def attempt(self, assumptions: Sequence[Literal] = ()) -> bool | None:
        """Some work on the same question: None when there is no answer yet, and what was learned is kept."""
        self.budget.spend()
        self._solver.conf_budget(_CONFLICTS)
        # The interpreter handles signals as soon as the solver is back, which is soon.
        answer = self._solver.solve_limited(assumptions, expect_interrupt=True)
        return None if answer is None else bool(answer)

    def model(self) -> list[Literal]:
        """The model of the last question: variable ``x`` or its negation at position ``x - 1``."""
        return list(self._solver.get_model())

    def core(self) -> set[Literal]:
        """The assumptions of the last question that together are impossible."""
        return set(self._solver.get_core() or ())

    def close(self) -> None:
        """Give the memory back."""
        self._solver.delete()
