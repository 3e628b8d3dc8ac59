"""Bounded model checking: is there a run of exactly so many steps that breaks an obligation?

Asked for 0, 1, 2, … steps in turn, the first answer is a shortest run. The encoding knows no stuttering, so a
run that cannot go on is not continued.
"""

from __future__ import annotations

from typing import Any

import z3

from ...model.language import State
from ...properties.compile import Obligation
from .encoding import Budget, Encoding


class BoundedSearch:
    """The runs of a system from its initial states, one step more at each call."""

    def __init__(self, encoding: Encoding, obligation: Obligation) -> None:
        self.encoding = encoding
        self.solver: Any = encoding.solver()
        self.solver.add(encoding.init)
        self.depth = -1
        """All runs of at most so many steps keep the obligation."""
        self._state = encoding.broken_state(obligation)
        self._step = encoding.broken_step(obligation)

    def deeper(self, budget: Budget) -> tuple[State, tuple[int, ...]] | None:
        """A run that breaks the obligation in exactly ``depth + 1`` steps, or None; then ``depth`` is one more.

        A state is broken after the run's last action, a step in it. Raises `OutOfBudgetError`; that depth is
        then still open, and may be tried again.
        """
        e, d = self.encoding, self.depth + 1
        broken = e.at(self._state, d)
        if d:
            self.solver.add(e.leaving(d - 1))
            broken = z3.Or(broken, e.at(self._step, d - 1))
        name = e.literal(f"broken {d}")
        self.solver.add(z3.Implies(name, broken))
        if budget.satisfiable(self.solver, name):
            model = self.solver.model()
            return e.state(e.codes(model, 0)), tuple(e.action(model, k) for k in range(d))
        # That it is impossible helps the solver at greater depths.
        self.solver.add(z3.Not(name), z3.Not(broken))
        self.depth = d
        return None
