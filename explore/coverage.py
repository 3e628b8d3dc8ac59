"""What an exploration never used: rules that do not apply, refusals that nobody gives."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.language import Rule, System
from .verdict import Statistics


def unused(system: System, statistics: Statistics, rules: Sequence[Rule] | None = None) -> tuple[list[str], list[str]]:
    """Rules that took part in no reachable step, and replies of the other rules that are never given.

    ``rules`` are the rules of the whole model, so that those which the knobs switch off are named too; without
    them, those are considered that some action of the system was composed of.
    """
    fired = [system.actions[i] for i in statistics.fired]
    applied = {(r.machine, r.name) for a in fired for r in a.rules}
    given = {(a.refused_by.machine, a.refused_by.name, a.reply) for a in fired if a.refused_by is not None}
    considered = rules if rules is not None else tuple(dict.fromkeys(r for a in system.actions for r in a.rules))
    dead = [f"{r.machine}.{r.name}" for r in considered if (r.machine, r.name) not in applied]
    never = [
        f"{r.machine}.{r.name}: {reply}"
        for r in considered
        if (r.machine, r.name) in applied
        for reply in dict.fromkeys(c.reply for c in r.checks if c.reply is not None)
        if (r.machine, r.name, reply) not in given
    ]
    return dead, never
