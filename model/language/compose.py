"""Composition of machines into a `Model`, and of a model at a topology into a `System`.

An event is taken by all machines that have a rule for it, in one step: the guard of the composed action
is the conjunction of theirs, its updates the union. Machines stand in the model in the order in which a
request passes them, from the requester to the responder; a check with a reply that fails makes a
*refusal*, an action of its own, which needs only the parties upstream of the one that refuses. The order
of the checks of one rule is left open: each failing check may give the reply.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Generic, Protocol, TypeVar

from .errors import ModelError, nearest
from .ground import Grounding
from .machine import ANY_REFUSAL, OK, Event, Family, IndexMap, Machine, Rule
from .parse import Scope
from .satisfy import Satisfier, in_domain, satisfying
from .sorts import Bool, Enum, Index, Int, Value
from .system import Action, System, Variable
from .terms import FALSE, TRUE, Op, Term, conj, const, disj, implies, neg, show, subterms


@dataclass(frozen=True, eq=False)
class Model:
    """Machines composed over their common events: what the world is, at every topology and knob setting."""

    name: str
    families: tuple[Family, ...]
    rules: tuple[Rule, ...]
    machines: tuple[str, ...]
    order: tuple[Event, ...] = ()

    @classmethod
    def of(cls, name: str, *machines: Machine, events: Iterable[Event] = ()) -> Model:
        """Compose machines, listed from the requester's side to the responder's.

        ``events`` may say in which order the events come (in listings, and among equally short runs); those that
        it leaves out follow in order of first use.
        """
        names = [m.name for m in machines]
        if len(set(names)) != len(names):
            raise ModelError(
                f"model {name}: two machines are called {next(n for n in names if names.count(n) > 1)}; rename one"
            )
        return cls(
            name,
            tuple(f for m in machines for f in m.families),
            tuple(r for m in machines for r in m.rules),
            tuple(names),
            tuple(events),
        )

    @cached_property
    def events(self) -> Mapping[str, Event]:
        """The events that some rule takes part in, by name, in order."""
        used = {r.event.name for r in self.rules}
        found: dict[str, Event] = {e.name: e for e in self.order if e.name in used}
        for r in self.rules:
            if found.setdefault(r.event.name, r.event) is not r.event:
                raise ModelError(
                    f"model {self.name}: machine {r.machine}, rule {r.name}: another event is also called "
                    f"{r.event.name}; share one Event object, or rename one"
                )
        return found

    @property
    def knobs(self) -> tuple[Family, ...]:
        """The rigid variables."""
        return tuple(f for f in self.families if f.rigid)

    def without_idle_knobs(self) -> Model:
        """The model without the rigid variables that make no difference, since no rule reads them."""
        read: set[object] = set()
        for r in self.rules:
            honest = r.binds.honest if r.binds is not None else TRUE
            terms = (r.event.where, r.when, honest, *(c.term for c in r.checks), *(u.value for u in r.updates))
            read |= {x.data for term in terms for x in subterms(term) if x.op is Op.SELECT}
        return replace(self, families=tuple(f for f in self.families if not f.rigid or f in read))

    def rule(self, machine: str, name: str) -> Rule:
        """A rule by machine and name; an error that suggests the nearest."""
        for r in self.rules:
            if r.machine == machine and r.name == name:
                return r
        known = [f"{r.machine}.{r.name}" for r in self.rules]
        raise ModelError(f"model {self.name} has no rule {machine}.{name}{nearest(f'{machine}.{name}', known)}")

    @cached_property
    def _quantifiable(self) -> tuple[tuple[Term, ...], tuple[IndexMap, ...]]:
        """Over what some rule quantifies, and the maps that some rule applies; the first of each name."""
        params: dict[str, Term] = {}
        maps: dict[str, IndexMap] = {}
        for r in self.rules:
            terms = (
                r.event.where,
                r.when,
                *(c.term for c in r.checks),
                *(t for u in r.updates for t in (u.target, u.value)),
            )
            for x in (*r.event.params, *(p for u in r.updates for p in u.each), *(x for t in terms for x in subterms(t))):
                if x.op is Op.PARAM and isinstance(x.sort, Index):
                    params.setdefault(x.name, x)
                elif isinstance(x.data, IndexMap):
                    maps.setdefault(x.data.name, x.data)
        return tuple(params.values()), tuple(maps.values())

    def scope(self, event: Event, quantified: Iterable[Term] = (), maps: Iterable[IndexMap] = ()) -> Scope:
        """What names mean in a condition of a rule for ``event`` (see `parse`).

        It may quantify over whatever some rule quantifies over, and over ``quantified``.
        """
        own, own_maps = self._quantifiable
        return Scope(self.families, event.params, (*quantified, *own), (*maps, *own_maps))

    def with_rules(self, rules: Iterable[Rule]) -> Model:
        """The model with other rules (mutants, switched-off rules)."""
        return Model(self.name, self.families, tuple(rules), self.machines, self.order)

    def instantiate(
        self,
        sizes: Mapping[str, int] | None = None,
        knobs: Mapping[str, Value] | None = None,
        *,
        name: str = "",
        check: bool = True,
    ) -> System:
        """The system at a topology (index name -> instances), with the given knobs fixed and the others free.

        Raises `ModelError` for unknown variables, simultaneous updates, updates outside a domain and rules
        that can never be enabled; ``check=False`` skips the last (for mutants, which may have dead rules).
        """
        sizes = dict(sizes or {})
        for k, n in sizes.items():
            if n < 1:
                raise ModelError(f"topology: {k}={n} makes no sense: give at least 1")
            if n > MOST_INSTANCES:
                raise ModelError(f"topology: {k}={n} is more than can be written out: give at most {MOST_INSTANCES}")
        return self._composed(tuple(sizes.items()), check=check).fixed(knobs or {}, name)

    def _composed(self, sizes: tuple[tuple[str, int], ...], *, check: bool) -> System:
        """The system with all knobs free. Flows differ in their knobs only, so it is composed once for all of them."""
        found = self._systems.get((sizes, check))
        if found is None:
            found = self._systems[sizes, check] = _Composer(self, dict(sizes)).system(self.name, check=check)
        return found

    @cached_property
    def _systems(self) -> dict[tuple[tuple[tuple[str, int], ...], bool], System]:
        return {}


MOST_INSTANCES = 1000
"""Of an index. A system is written out instance by instance, long before any engine can give up on it."""


class Terms(Protocol):
    """What becomes of the terms of rules, under values of the parameters."""

    def values(self, p: Term) -> tuple[Term, ...]:
        """Over what a parameter ranges."""
        ...

    def term(self, t: Term, env: Mapping[str, Term], where: str) -> Term:
        """The term under the parameter values ``env``; ``where`` names the place for error messages."""
        ...


_Terms = TypeVar("_Terms", bound=Terms)
_Taken = TypeVar("_Taken")


@dataclass
class _Part:
    """A rule under given arguments: its conditions as ground terms."""

    rule: Rule
    when: Term
    checks: tuple[tuple[Term, str | None], ...]

    @property
    def granted(self) -> Term:
        return conj(self.when, *(c for c, _ in self.checks))


class Composition(ABC, Generic[_Terms, _Taken]):
    """How rules become actions, whatever terms and actions are: at a topology, or for any number of instances."""

    def __init__(self, model: Model, ground: _Terms) -> None:
        self.model = model
        self.ground = ground

    def actions(self, event: Event) -> Iterator[_Taken]:
        for values in product(*(self.ground.values(p) for p in event.params)):
            env = {p.name: v for p, v in zip(event.params, values, strict=True)}
            if self.ground.term(event.where, env, f"event {event.name}") is FALSE:
                continue
            yield from self.granted(event, env)
            yield from self.refused(event, env)

    def parts(self, event: Event, env: Mapping[str, Term], replies: frozenset[str]) -> list[list[_Part]]:
        """Per machine that has rules for the event and one of the replies: its alternatives, in machine order."""
        by_machine: dict[str, list[_Part]] = {}
        for r in self.model.rules:
            if r.event is event and r.reply in replies:
                by_machine.setdefault(r.machine, []).append(self.part(r, env))
        order = (*event.route, *(m for m in self.model.machines if m not in event.route))
        return [by_machine[m] for m in order if m in by_machine]

    def part(self, r: Rule, env: Mapping[str, Term]) -> _Part:
        where = f"machine {r.machine}, rule {r.name}"
        honest = self.ground.term(r.binds.honest, env, where) if r.binds else TRUE
        checks = tuple((implies(honest, self.ground.term(c.term, env, where)), c.reply) for c in r.checks)
        return _Part(r, self.ground.term(r.when, env, where), checks)

    def granted(self, event: Event, env: Mapping[str, Term]) -> Iterator[_Taken]:
        for parts in product(*self.parts(event, env, frozenset((OK,)))):
            guard = conj(*(p.granted for p in parts))
            yield self.action(event, env, guard, [p.rule for p in parts], OK, None)

    def refused(self, event: Event, env: Mapping[str, Term]) -> Iterator[_Taken]:
        alternatives = self.parts(event, env, frozenset((OK,)))
        for position, mine in enumerate(alternatives):
            for part in mine:
                replies = dict.fromkeys(reply for _, reply in part.checks if reply is not None)
                for reply in replies:
                    failing = disj(*(neg(c) for c, r in part.checks if r == reply))
                    reactions = self.parts(event, env, frozenset((reply, ANY_REFUSAL)))
                    for upstream in product(*alternatives[:position]):
                        for reacting in product(*reactions):
                            guard = conj(*(p.granted for p in upstream), part.when, failing, *(p.granted for p in reacting))
                            yield self.action(event, env, guard, [p.rule for p in reacting], reply, part.rule)

    @abstractmethod
    def action(
        self, event: Event, env: Mapping[str, Term], guard: Term, rules: list[Rule], reply: str, refused_by: Rule | None
    ) -> _Taken:
        """The action by which all these rules are taken in one step."""


class _Composer(Composition[Grounding, Action]):
    def __init__(self, model: Model, sizes: Mapping[str, int]) -> None:
        super().__init__(model, Grounding(sizes, {str(f): f for f in model.families}))
        self.sizes = sizes
        self.domain: dict[str, Variable] = {}

    def system(self, name: str, *, check: bool) -> System:
        variables: list[Variable] = []
        init: list[Term] = []
        for f in self.model.families:
            for instances in product(*(i.instances(self.sizes) for i in f.over)):
                term = self.ground.variable(f, instances)
                sort = self.ground.sort(term)
                variables.append(Variable(term.name, sort, f.rigid, f.doc))
                if f.init is not None:
                    init.append(term == const(f.init, sort))
        self.domain = {v.name: v for v in variables}
        actions = [a for e in self.model.events.values() for a in self.actions(e)]
        if check:
            self.refuse_dead_rules(actions)
        return System(
            name, tuple(variables), conj(*init), tuple(a for a in actions if a.guard is not FALSE), dict(self.sizes)
        )

    def action(
        self, event: Event, env: Mapping[str, Term], guard: Term, rules: list[Rule], reply: str, refused_by: Rule | None
    ) -> Action:
        updates: dict[Term, tuple[Term, Rule]] = {}
        for r in rules:
            where = f"machine {r.machine}, rule {r.name}"
            for u in r.updates:
                for values in product(*(self.ground.values(p) for p in u.each)):
                    inner = {**env, **{p.name: v for p, v in zip(u.each, values, strict=True)}}
                    target = self.ground.term(u.target, inner, where)
                    value = self.ground.term(u.value, inner, where)
                    if target in updates and updates[target][0] is not value:
                        other = updates[target][1]
                        also = "itself" if other is r else f"rule {other.name}"
                        raise ModelError(
                            f"{where}: {target} is updated twice in one step, to {show(value)} and, by {also}, to "
                            f"{show(updates[target][0])} (event {event.name}, {_arguments(env)}): merge the two into one ite"
                        )
                    updates[target] = (value, r)
        if guard is not FALSE:
            for target, (value, r) in updates.items():
                self.refuse_escape(target, value, guard, r)
        args = tuple((k, v.value) for k, v in env.items())
        changes = tuple((t, v) for t, (v, _) in updates.items() if t is not v)
        return Action(event.name, args, guard, changes, event.actor.name, reply, tuple(rules), refused_by)

    def refuse_escape(self, target: Term, value: Term, guard: Term, r: Rule) -> None:
        sort = self.domain[target.name].sort
        if in_domain(value, sort):
            return
        assert isinstance(sort, Int)
        outside = satisfying(guard & ((value < sort.lo) | (value > sort.hi)))
        if outside is not None:
            state = ", ".join(f"{k}={v}" for k, v in outside.items())
            raise ModelError(
                f"machine {r.machine}, rule {r.name}: the update {target} := {show(value)} leaves the domain {sort} "
                f"(for example when {state or 'always'}): guard it, or clamp it with ite"
            )

    def refuse_dead_rules(self, actions: list[Action]) -> None:
        """Refuse rules all of whose actions have an unsatisfiable guard, whatever the state and the knobs."""
        composed: dict[tuple[str, str], list[Action]] = {}
        for a in actions:
            for r in a.rules:
                composed.setdefault((r.machine, r.name), []).append(a)
        satisfier = Satisfier()
        alive: set[tuple[str, str]] = set()
        for (machine, name), found in composed.items():
            if (machine, name) in alive:
                continue
            possible = next((a for a in found if satisfier.values(a.guard) is not None), None)
            if possible is None:
                raise ModelError(
                    f"machine {machine}, rule {name}: can never be enabled: its guard, with those of the machines that "
                    f"take part in {found[0].event}, has no solution; correct one of the guards, or remove the rule"
                )
            alive |= {(r.machine, r.name) for r in possible.rules}


def _arguments(env: Mapping[str, Term]) -> str:
    return ", ".join(f"{k}={v.data}" for k, v in env.items()) or "no arguments"


def knob_value(text: str, sort: Bool | Int | Enum, name: str) -> Value:
    """A knob's value from text, as given on a command line."""
    for value in sort.domain:
        if str(value).lower() == text.lower():
            return value
    options = [str(v).lower() for v in sort.domain]
    raise ModelError(
        f"knob {name} cannot be {text!r}: it is one of {', '.join(options)}{nearest(text, options) if len(options) > 8 else ''}"
    )
