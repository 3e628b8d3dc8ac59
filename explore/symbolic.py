"""Z3 as an engine: bounded model checking finds violations, induction with found lemmas proves that there are none."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ..model.language import System
from ..properties.compile import Obligation
from .bounded import BoundedSearch, SolverGaveUp
from .encoding import Encoding
from .engine import NO_LIMITS, Limits
from .explicit import reachable
from .induction import NotProved, Proof, prove
from .replay import replay
from .slice import Cones, sliced
from .verdict import Evidence, Outcome, Report, Verdict


class Z3Engine:
    """Decides each obligation on its own slice. The verdicts are Z3's.

    A violation is a model of the bounded formulas, of the least depth that has one, and is replayed. A proof is
    an inductive strengthening that a fresh solver accepted; exploration suggests the lemmas, and tells whether
    it is worth looking for any, but no verdict rests on it.
    """

    def __init__(self) -> None:
        self.proofs: dict[str, Proof] = {}
        """The proofs that were found, by obligation."""

    @property
    def name(self) -> str:
        return "z3"

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        """Decide the obligations one after the other (see `Engine`). ``limits.seconds`` is for all of them together."""
        until = None if limits.seconds is None else time.perf_counter() + limits.seconds
        outcomes: list[Outcome] = []
        cones = Cones(system)
        try:
            for o in obligations:  # one by one, so that an interruption keeps those before it
                outcomes.append(self._decide(system, o, cones, limits, until))  # noqa: PERF401
        except KeyboardInterrupt:
            left = len(obligations) - len(outcomes)
            outcomes += [Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, 0, note="interrupted")] * left
        return Report(tuple(outcomes), None, self.name)

    def _decide(self, system: System, obligation: Obligation, cones: Cones, limits: Limits, until: float | None) -> Outcome:
        part = sliced(system, [obligation], cones)
        (mine,) = part.obligations
        search = BoundedSearch(Encoding(part.system), mine)
        try:
            hint = reachable(part.system, Limits(states=limits.states, seconds=_left(until), memory=limits.memory))
            if "interrupted" in hint.stopped:
                raise KeyboardInterrupt
            if hint.statistics.complete:
                try:
                    proof = prove(part.system, mine, hint.codes, _left(until))
                except NotProved:
                    pass  # a violation is there to be found
                else:
                    self.proofs[str(obligation)] = proof
                    return Outcome(Verdict.HOLDS, Evidence.INDUCTIVE, 1, lemmas=proof.lemmas)
            while limits.depth is None or search.depth < limits.depth:
                path = search.deeper(_left(until))
                if path is not None:
                    replay(part.system, mine, path)
                    initial, numbers = part.lift(path)
                    return Outcome(Verdict.VIOLATED, Evidence.TRACE, len(numbers), (initial, numbers))
            note = f"the depth limit {limits.depth} was reached"
        except SolverGaveUp as e:
            note = f"the time limit was reached, or Z3 gave up ({e})"
        return Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, max(search.depth, 0), note=note)


def _left(until: float | None) -> float | None:
    """The seconds that are left. Raises `SolverGaveUp` when there are none."""
    if until is None:
        return None
    left = until - time.perf_counter()
    if left <= 0:
        raise SolverGaveUp("the time is over")
    return left
