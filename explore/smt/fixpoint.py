"""Exhaustive exploration as a prover: the reachable states, written as an inductive invariant that others can check.

The set of all reachable states is inductive, but seldom worth reading, and often too large to write down. So lemmas are taken from it as they are
needed: where the lemmas so far do not suffice, Z3 finds a state from which a step breaks something; that state is unreachable, says the set, and
a clause that no reachable state breaks excludes it and many like it. What comes of it is an over-approximation of the set, in words; it counts when
fresh solvers have found it inductive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...model.language import System
from ...properties.compile import Obligation
from ..bdd import BddEngine
from ..bdd import reachable as symbolically
from ..engine import NO_LIMITS, Engine, Limits, one_by_one
from ..explicit import ExplicitEngine, reachable
from ..interruption import remembered
from ..slice import Cones, Slice, sliced
from ..verdict import Evidence, Outcome, Report, Verdict
from .encoding import Budget, OutOfBudgetError
from .induction import prove
from .lemmas import Oracle, Reached
from .symbolic import SymbolicOracle

MOST_LEMMAS = 400
"""Lemmas beyond which an invariant is not written down."""


class FixpointEngine:
    """Decides each obligation on its own slice by exhaustive exploration, and gives the lemmas of an inductive invariant for what holds.

    ``engine``: ``"bdd"`` or ``"explicit"``. Where there would be more than ``most`` lemmas, or no time is left for them, what holds still
    holds (the evidence is exhaustive), without lemmas, and the note says why.
    """

    def __init__(self, engine: str, most: int = MOST_LEMMAS) -> None:
        self._engine: Engine = BddEngine() if engine == "bdd" else ExplicitEngine()
        self._most = most
        self._kept: tuple[tuple[str, ...], Reached] | None = None

    @property
    def name(self) -> str:
        return self._engine.name

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        """Decide the obligations one after the other (see `Engine`). ``limits.seconds`` is for all of them together."""
        limits = limits.begun()
        cones = Cones(system)
        self._kept = None  # the same names may mean something else in another system
        with remembered() as interruption:
            budget = Budget(limits.until, interruption.watch)
            outcomes = one_by_one(obligations, lambda o: self._decide(sliced(system, [o], cones), limits, budget))
        return Report(outcomes, None, self.name)

    def _decide(self, part: Slice, limits: Limits, budget: Budget) -> Outcome:
        (mine,) = part.obligations
        (outcome,) = self._engine.check(part.system, [mine], limits).outcomes
        if outcome.note == "interrupted":
            raise KeyboardInterrupt
        if outcome.path is not None:
            return replace(outcome, path=part.lift(outcome.path))
        if outcome.verdict is not Verdict.HOLDS:
            return outcome
        try:
            proof = prove(part.system, mine, self._reached(part.system, limits), budget, most=self._most)
        except OutOfBudgetError as e:
            return replace(outcome, note=f"no invariant was written: {e}")
        return replace(outcome, evidence=Evidence.INDUCTIVE, lemmas=proof.lemmas)

    def _reached(self, system: System, limits: Limits) -> Reached:
        """The reachable states of a slice. Those of the last one are kept, since many obligations have the same."""
        names = tuple(v.name for v in system.variables)
        if self._kept is None or self._kept[0] != names:
            left = replace(limits, checkpoint=None)
            oracle: Reached
            if isinstance(self._engine, BddEngine):
                symbolic = symbolically(system, left)
                stopped, oracle = symbolic.stopped, SymbolicOracle(symbolic)
            else:
                found = reachable(system, left)
                stopped, oracle = found.stopped, Oracle(system, found.codes)
            if stopped:
                raise OutOfBudgetError(stopped)
            self._kept = names, oracle
        return self._kept[1]
