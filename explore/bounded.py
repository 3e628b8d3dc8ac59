"""Bounded model checking: is there a run of exactly so many steps that breaks an obligation?

Asked for 0, 1, 2, … steps in turn, the first answer is a shortest run. The encoding knows no stuttering, so a
run that cannot go on is not continued.
"""

from __future__ import annotations

from typing import Any

import z3

from ..model.language import State
from ..properties.compile import Obligation
from .encoding import Encoding


class SolverGaveUp(Exception):
    """Z3 answered neither sat nor unsat, mostly because its time was over."""


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

    def deeper(self, seconds: float | None = None) -> tuple[State, tuple[int, ...]] | None:
        """A run that breaks the obligation in exactly ``depth + 1`` steps, or None; then ``depth`` is one more.

        A state is broken after the run's last action, a step in it. Raises `SolverGaveUp` beyond the time.
        """
        e, d = self.encoding, self.depth + 1
        if d:
            self.solver.add(e.leaving(d - 1))
        broken = [e.at(self._state, d)] + ([e.at(self._step, d - 1)] if d else [])
        self.solver.push()
        self.solver.add(e.any(broken))
        if seconds is not None:
            self.solver.set("timeout", max(1, int(seconds * 1000)))
        answer = self.solver.check()
        if answer == z3.unknown:
            raise SolverGaveUp(self.solver.reason_unknown())
        if answer == z3.sat:
            model = self.solver.model()
            return e.state(e.codes(model, 0)), tuple(e.action(model, k) for k in range(d))
        self.solver.pop()
        self.depth = d
        return None
