"""Symbolic exploration as an engine: sets of states as binary decision diagrams."""

from __future__ import annotations

from collections.abc import Sequence

from ...model.language import System
from ...properties.compile import Obligation
from ..engine import NO_LIMITS, Limits
from ..verdict import Evidence, Outcome, Report, Verdict
from .manager import chosen
from .search import Search


class BddEngine:
    """Visits every reachable state, many at once. With ``stop_early``, only until every obligation has been violated."""

    def __init__(self, backend: str | None = None, *, stop_early: bool = False) -> None:
        self.backend = chosen(backend)
        self.stop_early = stop_early

    @property
    def name(self) -> str:
        return "bdd"

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        """Decide all obligations in one exploration (see `Engine`)."""
        search = Search(system, obligations, limits, self.backend, self.stop_early)
        search.run()
        outcomes = []
        for k in range(len(obligations)):
            found = search.violations.get(k)
            if found is not None:
                outcomes.append(Outcome(Verdict.VIOLATED, Evidence.TRACE, found.depth, search.path(found)))
            elif search.stopped:
                outcomes.append(Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, search.covered, note=search.stopped))
            else:
                outcomes.append(Outcome(Verdict.HOLDS, Evidence.EXHAUSTIVE, search.depth))
        return Report(tuple(outcomes), search.statistics, self.name, (f"decision diagrams by {self.backend}",))
