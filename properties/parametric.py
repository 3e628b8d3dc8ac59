"""From properties to what has to be shown of a model for any number of instances.

The formulas are compiled by the same code as for a system (`properties.compile`); only what a term, a step and a
monitor are differs. The parameters of a property stay in place: an obligation is meant for all their values, and a monitor is
a family with one variable for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from ..model.language import BOOL, Family, Term, after, param
from ..model.language.parametric import Assignment, NotParametric, Parametric, Symbolic, fresh, read
from ..model.language.sorts import Index
from .compile import Compiler, Obligation
from .formulas import Invariant, Never, Precedence, StepLaw
from .per_action import PerAction
from .property import Property
from .steps import Step


@dataclass
class _Parametric(Compiler):
    """Compiles one property."""

    system: Any
    """A `Parametric`, which looks like a `System` as far as formulas need it to."""
    ground: Any = field(default_factory=lambda: Symbolic((), {}))
    over: tuple[Term, ...] = ()
    """The property's parameters that range over an index, under names that no action uses."""
    families: list[Family] = field(default_factory=list)

    def prepare(self) -> None:
        self.ground = Symbolic(self.system.families, self.system.knobs)

    def known(self, t: Term, where: str) -> Term:
        return t

    def among(self, step: Step, numbers: Sequence[int], env: Mapping[str, Term]) -> Sequence[tuple[int, Term]]:
        return self.compared(step, numbers, env)

    def monitor(self, kind: str, observes: str, initially: bool, update: PerAction) -> Term:
        indices = tuple(p.sort for p in self.over if isinstance(p.sort, Index))
        family = Family("monitor", f"{kind}_{len(self.families)}", indices, BOOL, initially, doc=observes)
        self.families.append(family)
        return self._watch(read(family, self.over), update)

    def _after(self, t: Term, action: int) -> Term:
        result: Term = self.system.actions[action].before(after(t))
        return result


def compile_parametric(system: Parametric, prop: Property) -> tuple[Parametric, tuple[Obligation, ...]]:
    """The model with the monitors of the property, and what is to be shown, for all values of free parameters.

    There is one obligation for each choice of those parameters of the property that range over no index.
    Raises `NotParametric` for a kind of property that this is not done for, and `ModelError`.
    """
    if not isinstance(prop.formula, Invariant | Never | Precedence | StepLaw):
        kind = type(prop.formula).__name__
        raise NotParametric(
            f"{prop.id}: a property of the kind {kind} is not proved for any number of instances: "
            "choose an Invariant, Never, Precedence or StepLaw"
        )
    taken = {p.name for a in system.actions for p in a.params} | {
        x.name for a in system.actions for u in a.updates for x in u.at
    }
    over: dict[str, Term] = {}
    for p in prop.over:
        if isinstance(p.sort, Index):
            own = fresh(p.name, taken)
            taken.add(own)
            over[p.name] = param(own, p.sort)
    compiler = _Parametric(system, over=tuple(over.values()))
    obligations = tuple(compiler.obligation(prop, env) for env in _choices(prop, over, compiler.ground))
    updates = {
        i: tuple(Assignment(_family(target), target.args, value) for target, value in own.items())
        for i, own in compiler.updates.items()
    }
    return system.extended(compiler.families, updates), obligations


def _choices(prop: Property, over: Mapping[str, Term], ground: Symbolic) -> Iterator[Mapping[str, Term]]:
    values = [(over[p.name],) if p.name in over else ground.values(p) for p in prop.over]
    for chosen in product(*values):
        yield {p.name: v for p, v in zip(prop.over, chosen, strict=True)}


def _family(target: Term) -> Family:
    assert isinstance(target.data, Family)
    return target.data
