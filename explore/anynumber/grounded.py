"""A model for any number of instances at one topology, with what is to be shown of it, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

from ...model.language import Family, Op, System, Term, conj
from ...model.language.ground import Grounding
from ...model.language.parametric import Parametric, parameters
from ...properties.compile import Obligation
from ..slice import Slice, sliced


@dataclass(frozen=True, eq=False)
class Grounded:
    """The model at a topology (index name -> how many)."""

    model: Parametric
    sizes: Mapping[str, int]
    obligations: tuple[Obligation, ...]
    """What is to be shown for any number of instances."""

    @cached_property
    def _made(self) -> tuple[System, tuple[int, ...]]:
        return self.model.at(self.sizes)

    @property
    def system(self) -> System:
        """The whole system."""
        return self._made[0]

    @cached_property
    def ground(self) -> Grounding:
        return Grounding(self.sizes)

    @cached_property
    def places(self) -> Mapping[str, tuple[Family, tuple[str, ...]]]:
        """Of which family and which instances a variable is."""
        found = {}
        for f in self.model.families:
            for instances in product(*(i.instances(self.sizes) for i in f.over)):
                found[f.ground_name(instances)] = f, instances
        return found

    @cached_property
    def instances(self) -> tuple[Obligation, ...]:
        """The obligations for all values of their parameters."""
        return tuple(x for o in self.obligations for x in self._instances(o))

    def _instances(self, o: Obligation) -> Iterator[Obligation]:
        system, origin = self._made
        own = [p for p in o.env.values() if p.op is Op.PARAM]
        for values in product(*(self.ground.values(p) for p in own)):
            env = {p.name: v for p, v in zip(own, values, strict=True)}
            steps = {}
            for i, (a, number) in enumerate(zip(system.actions, origin, strict=True)):
                if number in o.steps:
                    args = zip(self.model.actions[number].args, a.args, strict=True)
                    taken = {p.name: self._value(p, v) for (_, p), (_, v) in args if p.op is Op.PARAM}
                    steps[i] = self.ground.term(o.steps[number], {**taken, **env}, str(o))
            text = ",".join(str(v.data) for v in values)
            yield Obligation(o.prop, text, self.ground.term(o.state, env, str(o)), steps, env=env)

    def _value(self, p: Term, value: object) -> Term:
        return next(v for v in self.ground.values(p) if v.data == value)

    @cached_property
    def together(self) -> Obligation:
        """All of them as one obligation."""
        steps: dict[int, Term] = {}
        for o in self.instances:
            for i, t in o.steps.items():
                steps[i] = conj(steps[i], t) if i in steps else t
        first = self.obligations[0]
        return Obligation(first.prop, "", conj(*(o.state for o in self.instances)), steps)

    @cached_property
    def part(self) -> Slice:
        """The slice on which they depend."""
        return sliced(self.system, [self.together])

    def count(self, lemma: Term) -> int:
        """How many instances the lemma has."""
        return prod(len(self.ground.values(p)) for p in parameters(lemma))

    def of(self, lemma: Term) -> Iterator[Term]:
        """The lemma for all values of its parameters, where it says something."""
        own = sorted(parameters(lemma), key=str)
        for values in product(*(self.ground.values(p) for p in own)):
            t = self.ground.term(lemma, {p.name: v for p, v in zip(own, values, strict=True)}, str(lemma))
            if t.op is not Op.CONST:
                yield t
