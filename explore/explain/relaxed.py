"""A model in which each check may be left out: one rigid variable per check says whether it is.

What is found for such a system holds for every choice of checks at once. A party without a check grants where it would
have refused, as in the mutant that drops it; parties that are not honest make no checks anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from ...model.language import BOOL, Model, Op, System, Term, conj, disj, neg
from ...model.language.machine import Family, Rule
from ...model.language.terms import make
from ...model.world import ASPECTS
from ..target import Target

_PREFIX = "without"


@dataclass(frozen=True)
class Relaxed:
    """``system``: the target's, with its checks optional. ``checks``: variable -> the check, as ``machine.rule/check``."""

    system: System
    checks: Mapping[str, str]


def relaxed(target: Target) -> Relaxed:
    """The target's system (of a flow) with a variable for each check that is made somewhere in it."""
    assert target.flow is not None
    model = target.flow.models.get(target.aspect) or ASPECTS[target.aspect].model
    checks: dict[str, str] = {}
    families: list[Family] = []
    rules: list[Rule] = []
    for r in model.rules:
        optional = []
        for c in r.checks:
            family = Family(_PREFIX, f"{_PREFIX}.check{len(families)}", (), BOOL, None, rigid=True, doc=c.name)
            families.append(family)
            checks[family.name] = f"{r.machine}.{r.name}/{c.name}"
            optional.append(replace(c, term=c.term | make(Op.SELECT, (), BOOL, family)))
        rules.append(replace(r, checks=tuple(optional)))
    loose = Model(model.name, (*model.families, *families), tuple(rules), (*model.machines, _PREFIX), model.order)
    system = target.flow.system(target.system.topology, target.system.knobs, loose, aspect=target.aspect)
    return Relaxed(system, checks)


def at_most(terms: Sequence[Term], n: int) -> Term:
    """At most ``n`` of the terms are true."""
    if n >= len(terms):
        return conj()
    # Of any n + 1, one is false. Written as a count where that would be too many.
    if n == 1:
        return conj(*(disj(neg(a), neg(b)) for a, b in combinations(terms, 2)))
    counts: list[Term] = [conj()] + [disj()] * (n + 1)
    for t in terms:
        counts = (
            [conj(counts[0], neg(t))]
            + [disj(conj(counts[k], neg(t)), conj(counts[k - 1], t)) for k in range(1, n + 1)]
            + [disj(counts[n + 1], conj(counts[n], t))]
        )
    return neg(counts[n + 1])
