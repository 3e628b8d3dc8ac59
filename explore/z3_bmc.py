"""Bounded model checking: the shortest run that breaks an obligation, found by unrolling one step at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import z3

from ..model.language import State
from ..properties.compile import Obligation
from .z3_encoding import Budget, Encoding

Path: TypeAlias = tuple[State, tuple[int, ...]]
"""An initial state and the numbers of the actions taken from it."""


@dataclass
class BoundedSearch:
    """Looks for a run that breaks the obligation, by increasing length.

    ``covered`` is the length up to which there is none; -1 before the first call of `deepen`.
    """

    encoding: Encoding
    obligation: Obligation
    covered: int = -1
    _solver: Any = field(init=False)
    _broken_state: Any = field(init=False)
    _broken_step: Any = field(init=False)

    def __post_init__(self) -> None:
        self._solver = self.encoding.solver()
        self._solver.add(self.encoding.init)
        self._broken_state = self.encoding.broken_state(self.obligation)
        self._broken_step = self.encoding.broken_step(self.obligation)

    def deepen(self, budget: Budget) -> Path | None:
        """Cover the next length: a run that breaks the obligation with exactly so many steps, or None.

        Raises `OutOfBudgetError`; the length is then still open, and may be tried again.
        """
        e, depth = self.encoding, self.covered + 1
        name = e.literal(f"broken!{depth}")
        broken = e.at(self._broken_state, depth)
        if depth > 0:
            broken = z3.Or(broken, e.at(self._broken_step, depth - 1))
            self._solver.add(e.leaving(depth - 1))
        self._solver.add(z3.Implies(name, broken))
        if budget.satisfiable(self._solver, name):
            model = self._solver.model()
            return e.state(e.codes(model)), tuple(e.action(model, k) for k in range(depth))
        # What was found impossible helps the solver at greater depths.
        self._solver.add(z3.Not(broken), z3.Not(name))
        self.covered = depth
        return None
