"""A model for any number of instances: its rules composed into actions, with the indices left as they are.

`Model.instantiate` makes a system at one topology. `parametric` composes the same rules by the same code and leaves the
parameters that range over an index in place, so that one action stands for all its instances, at every size. What an
action does is written as functions: after it, ``family[x]`` has the value ``value(x)``, for all ``x``.

`Parametric.at` gives the system at a topology. It is the one that `Model.instantiate` gives, which the tests hold it to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from itertools import product

from .compose import Composition, Model
from .errors import ModelError
from .ground import Grounding
from .machine import OK, Event, Family, IndexMap, Rule
from .machine import Update as RuleUpdate
from .sorts import Index, Maybe, Sort, Value
from .system import Action, System, Variable
from .terms import (
    FALSE,
    TRUE,
    Op,
    Term,
    after,
    conj,
    conjuncts,
    const,
    disj,
    equal,
    exists,
    forall,
    ite,
    lift,
    make,
    neg,
    param,
    rebuild,
    subterms,
)


class NotParametric(ModelError):
    """The model has something that cannot be said for any number of instances; the message names it."""


# --- Terms with parameters ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 16)
def parameters(t: Term) -> frozenset[Term]:
    """The free parameters of a term."""
    if t.op is Op.PARAM:
        return frozenset((t,))
    found = frozenset(p for a in t.args for p in parameters(a))
    return found - {t.args[0]} if t.op in (Op.FORALL, Op.EXISTS) else found


Select = Callable[[Family, tuple[Term, ...], bool], Term]
"""What becomes of a variable of a family; with ``True``, of the one after the step."""


def read(family: Family, at: tuple[Term, ...]) -> Term:
    """The variable of a family, as it is now."""
    return make(Op.SELECT, at, family.sort, family)


def _unchanged(family: Family, at: tuple[Term, ...], later: bool) -> Term:
    return after(read(family, at)) if later else read(family, at)


def bind(t: Term, env: Mapping[str, Term], select: Select = _unchanged, taken: Iterable[str] = ()) -> Term:
    """``t`` with its free parameters replaced, and its variables as ``select`` says.

    ``taken`` are the names of parameters that ``select`` brings in. Quantifiers whose variable has a name that
    something which is put under them has as well get another one.
    """
    return _Binding(select, frozenset(taken)).term(t, env, False)


@dataclass
class _Binding:
    select: Select
    taken: frozenset[str]
    memo: dict[tuple[object, ...], tuple[Term, Term, tuple[Term | None, ...]]] = field(default_factory=dict)

    def term(self, t: Term, env: Mapping[str, Term], later: bool) -> Term:
        names = sorted(p.name for p in parameters(t))
        mine = tuple(env.get(n) for n in names)
        key = (id(t), later, *map(id, mine))
        found = self.memo.get(key)
        if found is None:
            # Kept with what the ids in the key are those of.
            found = self.memo[key] = (
                self._term(t, {n: v for n, v in zip(names, mine, strict=True) if v is not None}, later),
                t,
                mine,
            )
        return found[0]

    def _term(self, t: Term, env: Mapping[str, Term], later: bool) -> Term:
        match t.op:
            case Op.PARAM:
                return env.get(t.name, t)
            case Op.SELECT:
                assert isinstance(t.data, Family)
                return self.select(t.data, tuple(self.term(a, env, later) for a in t.args), later)
            case Op.AFTER:
                return self.term(t.args[0], env, True)
            case Op.FORALL | Op.EXISTS:
                p, body = t.args
                quantify = forall if t.op is Op.FORALL else exists
                if not isinstance(p.sort, Index):
                    cases = [self.term(body, {**env, p.name: const(v, p.sort)}, later) for v in _domain(p.sort)]
                    return conj(*cases) if t.op is Op.FORALL else disj(*cases)
                free = {q.name: q for q in parameters(t)}
                inside = self.taken | {q.name for n, q in free.items() for q in parameters(env.get(n, q))}
                own = param(fresh(p.name, inside), p.sort)
                return quantify(own, self.term(body, {**env, p.name: own}, later))
            case _ if not t.args:
                return t
            case _:
                return rebuild(t, tuple(self.term(a, env, later) for a in t.args))


def fresh(name: str, taken: Iterable[str]) -> str:
    """The name, with a number where it is taken (and never like the name of an instance)."""
    names = set(taken)
    if name not in names:
        return name
    return next(n for n in (f"{name}_{i}" for i in range(1, len(names) + 2)) if n not in names)


def _domain(sort: Sort) -> tuple[Value, ...]:
    assert not isinstance(sort, Index | Maybe)
    return sort.domain


class Symbolic:
    """Terms of rules and properties, with what ranges over an index left in place; knobs have their values."""

    def __init__(self, families: Iterable[Family], knobs: Mapping[str, Value]) -> None:
        self.families = {str(f): f for f in families}
        self.knobs = knobs
        self.sizes: Mapping[str, int] = {}

    def sort(self, t: Term) -> Sort:
        return t.sort

    def values(self, p: Term) -> tuple[Term, ...]:
        """A parameter that ranges over an index stands for itself; another one for each of its values."""
        return (p,) if isinstance(p.sort, Index) else tuple(const(v, p.sort) for v in _domain(p.sort))

    def arguments(self, params: tuple[Term, ...], args: tuple[tuple[str, Value | Term], ...]) -> Mapping[str, Term]:
        """The parameters of an event by name, with what they are. Raises `KeyError` for one that is nothing."""
        given = dict(args)
        return {p.name: lift(given[p.name], p.sort) for p in params}

    def term(self, t: Term, env: Mapping[str, Term], where: str) -> Term:
        def select(family: Family, at: tuple[Term, ...], later: bool) -> Term:
            if family.rigid and not family.over and family.name in self.knobs:
                return const(self.knobs[family.name], family.sort)
            if self.families.get(str(family)) is not family:
                raise ModelError(
                    f"{where}: unknown variable {family}: machine {family.machine!r} is not part of this model: add it, or remove the reference"
                )
            return _unchanged(family, at, later)

        return bind(t, env, select)


# --- Systems ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Assignment:
    """After the step, ``family[at]`` is ``value``, for all values of the parameters ``at``."""

    family: Family
    at: tuple[Term, ...]
    value: Term

    def of(self, args: tuple[Term, ...]) -> Term:
        """The value of one variable of the family."""
        return bind(self.value, {p.name: a for p, a in zip(self.at, args, strict=True)})


@dataclass(frozen=True, eq=False)
class ParametricAction:
    """A guarded action for all values of its ``params``, one ``Assignment`` for each family that it may change."""

    event: str
    args: tuple[tuple[str, Term], ...]
    """The event's parameters with what they are: a parameter of the action, or a value."""
    guard: Term
    updates: tuple[Assignment, ...]
    actor: str = "environment"
    reply: str = OK
    rules: tuple[Rule, ...] = ()
    refused_by: Rule | None = None

    @property
    def params(self) -> tuple[Term, ...]:
        """What may be any instance of its index."""
        return tuple(v for _, v in self.args if v.op is Op.PARAM)

    @property
    def label(self) -> str:
        """``tdi_bind(t, v)``, with ``→ REPLY`` when it is refused."""
        parts = [str(v) if isinstance(v.sort, Index) else f"{k}={v}" for k, v in self.args]
        return f"{self.event}({', '.join(parts)})" + ("" if self.reply == OK else f" → {self.reply}")

    @cached_property
    def update_of(self) -> Mapping[Family, Assignment]:
        return {u.family: u for u in self.updates}

    @cached_property
    def _brings(self) -> frozenset[str]:
        return frozenset(p.name for u in self.updates for p in parameters(u.value) - set(u.at))

    def before(self, t: Term) -> Term:
        """A term about the step, with what it says of the state after the step said of the state before."""

        def select(family: Family, at: tuple[Term, ...], later: bool) -> Term:
            return self.update_of[family].of(at) if later and family in self.update_of else read(family, at)

        return bind(t, {}, select, self._brings)


@dataclass(frozen=True, eq=False)
class Parametric:
    """A transition system for each number of instances of each index."""

    name: str
    families: tuple[Family, ...]
    actions: tuple[ParametricAction, ...]
    knobs: Mapping[str, Value]

    @cached_property
    def indices(self) -> tuple[Index, ...]:
        """The indices over which something ranges."""
        found: dict[Index, None] = {}
        for f in self.families:
            found |= dict.fromkeys(f.over)
            if isinstance(f.sort, Maybe):
                found[f.sort.index] = None
        for a in self.actions:
            found |= {p.sort: None for p in a.params if isinstance(p.sort, Index)}
        for m in self.maps:
            found |= {m.source: None, m.target: None}
        return tuple(found)

    @cached_property
    def maps(self) -> tuple[IndexMap, ...]:
        """The functions between instances that are applied somewhere."""
        terms = [t for a in self.actions for t in (a.guard, *(u.value for u in a.updates))]
        return tuple(dict.fromkeys(x.data for t in terms for x in subterms(t) if isinstance(x.data, IndexMap)))

    def extended(self, families: Iterable[Family], updates: Mapping[int, tuple[Assignment, ...]]) -> Parametric:
        """The system with observing families added: ``updates`` maps action numbers to further updates."""
        actions = tuple(replace(a, updates=(*a.updates, *updates.get(i, ()))) for i, a in enumerate(self.actions))
        return replace(self, families=(*self.families, *families), actions=actions)

    def at(self, sizes: Mapping[str, int]) -> tuple[System, tuple[int, ...]]:
        """The system at a topology (index name -> how many), and of which action of ours each of its actions is one."""
        ground = Grounding(sizes)
        variables, init = [], []
        for f in self.families:
            for instances in product(*(i.instances(sizes) for i in f.over)):
                term = ground.variable(f, instances)
                variables.append(Variable(term.name, ground.sort(term), f.rigid, f.doc))
                if f.init is not None:
                    init.append(equal(term, const(f.init, ground.sort(term))))
        actions, origin = [], []
        for number, a in enumerate(self.actions):
            for values in product(*(ground.values(p) for p in a.params)):
                env = {p.name: v for p, v in zip(a.params, values, strict=True)}
                guard = ground.term(a.guard, env, a.label)
                if guard is FALSE:
                    continue
                args = tuple((k, ground.term(v, env, a.label).value) for k, v in a.args)
                updates = tuple(self._updates(a, ground, env, sizes))
                actions.append(Action(a.event, args, guard, updates, a.actor, a.reply, a.rules, a.refused_by))
                origin.append(number)
        return System(self.name, tuple(variables), conj(*init), tuple(actions), dict(sizes), self.knobs), tuple(origin)

    def _updates(
        self, a: ParametricAction, ground: Grounding, env: Mapping[str, Term], sizes: Mapping[str, int]
    ) -> Iterator[tuple[Term, Term]]:
        for u in a.updates:
            for instances in product(*(i.instances(sizes) for i in u.family.over)):
                target = ground.variable(u.family, instances)
                at = {p.name: const(x, ground.sort(p)) for p, x in zip(u.at, instances, strict=True)}
                value = ground.term(u.value, {**env, **at}, a.label)
                if value is not target:
                    yield target, value


def parametric(model: Model, knobs: Mapping[str, Value], name: str = "") -> Parametric:
    """The model with its knobs fixed, for any number of instances. Raises `NotParametric`."""
    families = tuple(f for f in model.families if not (f.rigid and not f.over and f.name in knobs))
    composer = _Composer(model, Symbolic(families, knobs))
    actions = [a for e in model.events.values() for a in composer.actions(e)]
    for f in families:
        if isinstance(f.sort, Maybe) and f.init not in (None, "none"):
            raise NotParametric(f"{f} is {f.init} in the beginning: of any number of instances, none can be named")
    return Parametric(name or model.name, families, tuple(a for a in actions if a.guard is not FALSE), dict(knobs))


class _Composer(Composition[Symbolic, ParametricAction]):
    def action(
        self, event: Event, env: Mapping[str, Term], guard: Term, rules: list[Rule], reply: str, refused_by: Rule | None
    ) -> ParametricAction:
        where = self.ground.term(event.where, env, f"event {event.name}")
        guard = conj(where, guard)
        written: dict[Family, _Written] = {}
        for r in rules:
            for u in r.updates:
                if u.family not in written:
                    idle = _idle(u.family, {v.name for v in env.values() if v.op is Op.PARAM})
                    written[u.family] = _Written(idle, frozenset(conjuncts(where)))
                self.update(r, u, env, written[u.family])
        updates = {family: w.result for family, w in written.items()}
        changes = tuple(u for u in updates.values() if u.value is not read(u.family, u.at))
        return ParametricAction(
            event.name, tuple(env.items()), guard, changes, event.actor.name, reply, tuple(rules), refused_by
        )

    def update(self, r: Rule, u: RuleUpdate, env: Mapping[str, Term], written: _Written) -> None:
        """One more update of the variables of a family.

        Raises `NotParametric` where two updates may give one variable different values: at some topologies the model would be refused.
        """
        where = f"machine {r.machine}, rule {r.name}"
        repeated = {p.name: p for p in u.each}
        inner = {k: v for k, v in env.items() if k not in repeated}
        every = set()
        for i, (x, target) in enumerate(zip(written.result.at, u.target.args, strict=True)):
            if target.op is Op.PARAM and target.name in repeated and target.name not in inner:
                inner[target.name] = x
                every.add(i)
        choices: list[dict[str, Term]] = [{}]
        for name, p in repeated.items():
            if name not in inner:
                if isinstance(p.sort, Index):
                    raise NotParametric(
                        f"{where}: the update of {u.target} is repeated over {name}, which does not say which variable is meant"
                    )
                choices = [{**c, name: v} for c in choices for v in self.ground.values(p)]
        for choice in choices:
            names = {**inner, **choice}
            place = tuple(
                None if i in every else self.ground.term(target, names, where) for i, target in enumerate(u.target.args)
            )
            if not written.add(place, self.ground.term(u.value, names, where)):
                raise NotParametric(
                    f"{where}: {u.target} is updated more than once in one step, and some of these targets might be the same one"
                )


@dataclass
class _Written:
    """What a step writes to the variables of a family."""

    result: Assignment
    known: frozenset[Term]
    """What is so of the step's instances."""
    taken: list[tuple[tuple[Term | None, ...], Term]] = field(default_factory=list)
    """Where, with what; ``None`` is at every instance."""

    def add(self, place: tuple[Term | None, ...], value: Term) -> bool:
        """One more value, if what is there stays what it is."""
        if any(value is not other and not self.apart(place, there) for there, other in self.taken):
            return False
        self.taken.append((place, value))
        here = conj(*(equal(x, target) for x, target in zip(self.result.at, place, strict=True) if target is not None))
        otherwise = self.result.value
        self.result = replace(
            self.result, value=value if here is TRUE else otherwise if here is FALSE else ite(here, value, otherwise)
        )
        return True

    def apart(self, one: tuple[Term | None, ...], other: tuple[Term | None, ...]) -> bool:
        """Whether two places are surely not the same: somewhere they are known to differ."""
        pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
        return any(
            equal(a, b) is FALSE or neg(equal(a, b)) in self.known or neg(equal(b, a)) in self.known for a, b in pairs
        )


def _idle(family: Family, taken: set[str]) -> Assignment:
    """The update that changes nothing."""
    at: list[Term] = []
    for index in family.over:
        at.append(param(fresh(f"a_{index}", {*taken, *(p.name for p in at)}), index))
    return Assignment(family, tuple(at), read(family, tuple(at)))
