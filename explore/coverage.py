"""What an exploration never used: rules, refusals, values of variables, checks that decide nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model.language import FALSE, OK, Action, Model, Rule, System, Value, conj, neg
from ..model.language.mutate import DropCheck, mutated
from .explicit import ReachableSet
from .explicit.vectorise import Program
from .layout import value_of
from .verdict import Statistics


@dataclass(frozen=True)
class Coverage:
    """What a system has and its reachable states do not use.

    ``rules`` took part in no step; ``refusals`` of rules that did were never given; ``values`` are those that a
    variable never takes; ``checks`` of rules that did apply never made a difference: whenever one of them failed,
    something else forbade the step as well, so the rule without it would have done the same.
    """

    rules: tuple[str, ...]
    refusals: tuple[str, ...]
    values: tuple[tuple[str, tuple[Value, ...]], ...]
    checks: tuple[str, ...]


def coverage(found: ReachableSet, model: Model) -> Coverage:
    """The coverage of a model by the reachable states of a system that was made from it."""
    rules, refusals = unused(found.system, found.statistics, model.rules)
    return Coverage(tuple(rules), tuple(refusals), _values(found), _idle_checks(found, model, set(rules)))


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


def _values(found: ReachableSet) -> tuple[tuple[str, tuple[Value, ...]], ...]:
    codes = found.codes
    never = []
    for i, v in enumerate(found.system.variables):
        taken = {int(c) for c in np.unique(codes[:, i])}
        missing = tuple(value_of(c, v.sort) for c in range(len(v.sort.domain)) if c not in taken)
        if missing and not v.rigid:
            never.append((v.name, missing))
    return tuple(never)


def _idle_checks(found: ReachableSet, model: Model, dead: set[str]) -> tuple[str, ...]:
    """Checks without which the same steps would have been possible in every reachable state."""
    candidates = [
        (r, c.name) for r in model.rules if f"{r.machine}.{r.name}" not in dead and r.reply == OK for c in r.checks
    ]
    program = Program(found.layout)
    names: list[str] = []
    for r, check in candidates:
        # Only this event's actions can differ, so the mutant is made of the rules of this event alone.
        mutant = mutated(model, DropCheck(r.machine, r.name, check))
        mutant = mutant.with_rules(x for x in mutant.rules if x.event is r.event)
        allowed = {_composed(a): a.guard for a in found.system.actions if a.event == r.event.name and a.reply == OK}
        gained = [
            conj(a.guard, neg(allowed.get(_composed(a), FALSE)))
            for a in mutant.instantiate(found.system.topology, found.system.knobs, check=False).actions
            if a.reply == OK and any((x.machine, x.name) == (r.machine, r.name) for x in a.rules)
        ]
        name = f"check{len(names)}"
        names.append(f"{r.machine}.{r.name}: {check}")
        program.predicates(name, gained)
    functions = program.compile()
    idle = []
    for i, text in enumerate(names):
        if not any(bool(np.any(result)) for result in functions[f"check{i}"](*found.packed)):
            idle.append(text)
    return tuple(idle)


def _composed(a: Action) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What tells an action from all others: its label, and the rules of which it was composed."""
    return a.label, tuple((r.machine, r.name) for r in a.rules)
