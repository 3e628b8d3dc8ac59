"""Symbolic exploration as an engine: sets of states as binary decision diagrams."""

from __future__ import annotations

from collections.abc import Sequence

from ...model.language import ModelError, System
from ...properties.compile import Obligation
from ..engine import NO_LIMITS, Limits
from ..verdict import Evidence, Outcome, Report, Verdict
from .manager import chosen
from .reached import SymbolicSet
from .search import Search


class BddEngine:
    """Visits every reachable state, many at once. With ``stop_early``, only until every obligation has been violated.

    ``backend``: ``"cudd"`` or ``"python"``; None: what the environment variable ``TDISPROVE_BDD`` names, else the better
    one of those that are installed. ``depth``: whether the statistics must have the greatest distance of a state from
    an initial one (None: where that costs little); the depths of violations are always found.
    """

    def __init__(self, backend: str | None = None, *, stop_early: bool = False, depth: bool | None = None) -> None:
        self.backend = chosen(backend)
        self.stop_early = stop_early
        self.depth = depth

    @property
    def name(self) -> str:
        return "bdd"

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        """Decide all obligations in one exploration (see `Engine`)."""
        if limits.checkpoint is not None:
            raise ModelError("decision diagrams keep no checkpoint: leave --checkpoint out, or take --engine explicit")
        search = Search(system, obligations, limits, self.backend, self.stop_early, self.depth)
        search.run()
        interrupted = search.stopped if search.interrupted else ""
        outcomes = []
        for k in range(len(obligations)):
            found = search.violations.get(k)
            if found is not None:
                outcomes.append(Outcome(Verdict.VIOLATED, Evidence.TRACE, found.depth, search.path(found), note=interrupted))
            elif search.closed and k not in search.failing:
                outcomes.append(Outcome(Verdict.HOLDS, Evidence.EXHAUSTIVE, search.greatest, note=interrupted))
            else:
                outcomes.append(Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, search.covered, note=_why(search, k)))
        return Report(tuple(outcomes), search.statistics, self.name, (f"decision diagrams by {self.backend}",))


def _why(search: Search, k: int) -> str:
    """Why an obligation is undecided."""
    if k in search.failing and not search.interrupted:
        return f"{search.stopped}: it fails in a reachable state, but no run to one was found yet"
    return search.stopped


def reachable(system: System, limits: Limits = NO_LIMITS, backend: str | None = None) -> SymbolicSet:
    """The reachable states of a system, as one Boolean function."""
    search = Search(system, (), limits, backend)
    search.run()
    return SymbolicSet(search.encoding, search.reached, search.statistics, search.stopped)
