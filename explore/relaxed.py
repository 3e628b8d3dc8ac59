"""A model in which each check may be left out: one rigid variable per check says whether it is.

What is found for such a system holds for every choice of checks at once. A party without a check grants where it would
have refused, as in the mutant that drops it; parties that are not honest make no checks anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..model.language import BOOL, Model, Op, System
from ..model.language.machine import Family, Rule
from ..model.language.terms import make
from ..model.world import ASPECTS
from .target import Target

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
    system = target.flow.system(target.system.topology, target.system.knobs, loose, aspect=target.aspect, check=False)
    return Relaxed(system, checks)
