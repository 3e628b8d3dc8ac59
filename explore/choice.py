"""The choice between exhaustive search and decision diagrams, by what a trial shows.

How many states a system has is hard to tell from its text, and easy to find out where there are few: so exhaustive search goes first,
within a budget of states. What it leaves open goes to decision diagrams, which are the better the more regular a
system is, such as a composition of many equal parts. Where their patience ends as well, exhaustive search has the rest.
All three give the same verdicts and the same depths; only the time that it takes is at stake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from ..model.language import System
from ..properties.compile import Obligation
from .bdd import BddEngine
from .bdd.manager import CUDD, available, installed
from .engine import NO_LIMITS, Engine, Limits
from .explicit import ExplicitEngine
from .layout import size
from .verdict import Outcome, Report, Verdict

BUDGET = 1_000_000
"""States that exhaustive search visits before decision diagrams are tried: seconds."""

PATIENCE = 120.0
"""Seconds that decision diagrams have without a limit of time; with one, half of what is left."""


@dataclass(frozen=True)
class Estimate:
    """Which engine to begin with, and the reason."""

    engine: str
    reason: str


def estimate(system: System, limits: Limits = NO_LIMITS, budget: int = BUDGET) -> Estimate:
    """Whether exhaustive search is the right engine from the start; "trial" when only a trial can tell."""
    states = prod(size(v.sort) for v in system.variables)
    if states <= budget:
        return Estimate("explicit", f"at most {states:,} states")
    if limits.states is not None and limits.states <= budget:
        return Estimate("explicit", f"no more than {limits.states:,} states are to be visited")
    if limits.checkpoint is not None:
        return Estimate("explicit", "only exhaustive search can be kept and gone on with")
    if limits.depth is not None:
        return Estimate("explicit", "a limit of depth asks for levels, which diagrams are no better at")
    if installed()[0] != CUDD:
        return Estimate("explicit", "decision diagrams in pure Python are not made for many states")
    return Estimate("trial", f"up to {float(states):.0e} states")


class AutoEngine:
    """Takes the engine that fits the system (see `estimate`), and says in the notes which and why it changed."""

    def __init__(self, exhaustive: Engine | None = None, budget: int = BUDGET, patience: float = PATIENCE) -> None:
        self.exhaustive = exhaustive or ExplicitEngine()
        self.budget = budget
        self.patience = patience

    @property
    def name(self) -> str:
        return "auto"

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        """Decide the obligations (see `Engine`). The report names the engine that decided most, an outcome any other."""
        if estimate(system, limits, self.budget).engine == "explicit":
            return self.exhaustive.check(system, obligations, limits)
        limits = limits.begun()
        trial = self.exhaustive.check(system, obligations, replace(limits, states=self.budget))
        if trial.statistics is None or trial.statistics.complete or trial.statistics.states <= self.budget:
            return trial  # all states were visited, or another limit ended it
        open_ones = [k for k, o in enumerate(trial.outcomes) if o.verdict is Verdict.UNKNOWN]
        if not open_ones or any(trial.outcomes[k].note == "interrupted" for k in open_ones):
            return replace(trial, notes=(*trial.notes, f"no more than {trial.statistics.states:,} states were needed"))
        report, note = trial, f"more than {self.budget:,} states"
        diagrams = [(BddEngine(), True)] if CUDD in available() else []
        for engine, share in (*diagrams, (self.exhaustive, False)):
            mine = limits.within(self.patience if limits.left is None else limits.left / 2) if share else limits
            report = _with(report, open_ones, engine, system, obligations, mine)
            report = replace(report, notes=(note, *report.notes))
            open_ones = [k for k in open_ones if report.outcomes[k].verdict is Verdict.UNKNOWN]
            if not open_ones or any(report.outcomes[k].note == "interrupted" for k in open_ones):
                break
            note = "too many for decision diagrams in the time they were given"
        return report


def _with(
    report: Report,
    open_ones: Sequence[int],
    engine: Engine,
    system: System,
    obligations: Sequence[Obligation],
    limits: Limits,
) -> Report:
    """The report after the engine has had what is open; the others keep their outcomes, and whose they are."""
    more = engine.check(system, [obligations[k] for k in open_ones], limits)
    outcomes: list[Outcome] = [replace(o, engine=o.engine or report.engine) for o in report.outcomes]
    for k, outcome in zip(open_ones, more.outcomes, strict=True):
        outcomes[k] = outcome
    return replace(more, outcomes=tuple(outcomes))
