"""Grounding: from parameterised terms to terms over the variables of one topology."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from .errors import ModelError
from .machine import Family, IndexMap
from .sorts import Ground, Index, Value, ground_sort
from .terms import Op, Term, conj, const, disj, lift, next_of, rebuild, show, variable


@dataclass
class Grounding:
    """Turns terms into ground terms at one topology (index name -> number of instances)."""

    sizes: Mapping[str, int]
    families: Mapping[str, Family] | None = None
    """The families that exist in the model, by ``machine.name``; None: whoever grounds checks that they do."""
    _memo: dict[tuple[object, ...], tuple[Term, tuple[Term | None, ...]]] = field(default_factory=dict)
    _parameters: dict[int, tuple[tuple[str, ...], Term]] = field(default_factory=dict)
    """By id, and with the term, so that the id stays valid."""
    _arguments: dict[tuple[object, ...], Mapping[str, Term]] = field(default_factory=dict)

    def sort(self, t: Term) -> Ground:
        return ground_sort(t.sort, self.sizes)

    def values(self, p: Term) -> tuple[Term, ...]:
        """The constants over which a parameter ranges."""
        sort = self.sort(p)
        domain = p.sort.instances(self.sizes) if isinstance(p.sort, Index) else sort.domain
        return tuple(const(v, sort) for v in domain)

    def arguments(self, params: tuple[Term, ...], args: tuple[tuple[str, Value], ...]) -> Mapping[str, Term]:
        """The parameters of an event by name, with the values that they have. Raises `KeyError` for one that has none."""
        found = self._arguments.get((params, args))
        if found is None:
            given = dict(args)
            found = self._arguments[params, args] = {p.name: lift(given[p.name], self.sort(p)) for p in params}
        return found

    def variable(self, family: Family, instances: tuple[str, ...]) -> Term:
        return variable(family.ground_name(instances), ground_sort(family.sort, self.sizes))

    def term(self, t: Term, env: Mapping[str, Term], where: str, *, next_state: bool = False) -> Term:
        """Ground ``t`` under the parameter values ``env``; ``where`` names the place for error messages."""
        if t.op is Op.VAR or t.op is Op.NEXT:
            return t
        # Only the parameters that occur in the term decide what becomes of it.
        values = tuple(map(env.get, self.parameters(t)))
        key = (id(t), next_state, *map(id, values))
        found = self._memo.get(key)
        if found is None:
            # The ids in the key stay valid as long as the memo lives.
            found = self._memo[key] = self._term(t, env, where, next_state), values
        return found[0]

    def parameters(self, t: Term) -> tuple[str, ...]:
        """The names of the free parameters of a term."""
        known = self._parameters.get(id(t))
        if known is None:
            if t.op is Op.PARAM:
                free: tuple[str, ...] = (t.name,)
            else:
                inner = dict.fromkeys(name for a in t.args for name in self.parameters(a))
                free = tuple(n for n in inner if t.op not in (Op.FORALL, Op.EXISTS) or n != t.args[0].name)
            known = self._parameters[id(t)] = free, t
        return known[0]

    def _term(self, t: Term, env: Mapping[str, Term], where: str, nxt: bool) -> Term:
        match t.op:
            case Op.CONST:
                return const(t.value, ground_sort(t.sort, self.sizes))
            case Op.PARAM:
                if t.name not in env:
                    raise ModelError(f"{where}: the parameter {t.name} is bound by no event and no quantifier")
                return env[t.name]
            case Op.SELECT:
                family = t.data
                assert isinstance(family, Family)
                if self.families is not None and self.families.get(str(family)) is not family:
                    raise ModelError(
                        f"{where}: unknown variable {show(t)}: machine {family.machine!r} is not part of this "
                        "model; add that machine to the Model, or remove the reference"
                    )
                instances = []
                for a, index in zip(t.args, family.over, strict=True):
                    instance = self.term(a, env, where, next_state=nxt)
                    known = index.instances(self.sizes)
                    if instance.data not in known:
                        raise ModelError(
                            f"{where}: {show(t)}: there is no {instance.data} in a topology with {', '.join(known)}"
                        )
                    instances.append(str(instance.data))
                v = self.variable(family, tuple(instances))
                return next_of(v) if nxt else v
            case Op.APPLY:
                image = t.data
                assert isinstance(image, IndexMap)
                source = self.term(t.args[0], env, where, next_state=nxt)
                number = image.source.instances(self.sizes).index(str(source.data))
                target = image.target.instances(self.sizes)[image.position(number, self.sizes)]
                return const(target, ground_sort(image.target, self.sizes))
            case Op.FORALL | Op.EXISTS:
                p, body = t.args
                cases = [self.term(body, {**env, p.name: v}, where, next_state=nxt) for v in self.values(p)]
                return conj(*cases) if t.op is Op.FORALL else disj(*cases)
            case Op.AFTER:
                return self.term(t.args[0], env, where, next_state=True)
            case _:
                return rebuild(t, tuple(self.term(a, env, where, next_state=nxt) for a in t.args))


def grounding(sizes: Mapping[str, int]) -> Grounding:
    """The one grounding at a topology of terms whose families are known to exist: what it has worked out is there for all."""
    return _grounding(tuple(sizes.items()))


@lru_cache(maxsize=16)
def _grounding(sizes: tuple[tuple[str, int], ...]) -> Grounding:
    return Grounding(dict(sizes))
