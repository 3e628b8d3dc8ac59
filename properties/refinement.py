"""Refinement as an obligation: a state term and, per action, a term over the state before it.

Nothing is added to the system. What an abstract variable is in a state is its mapping, and what it is after a
step is its mapping with the updates of the step's action put in; so an abstract action is taken by a step exactly
when its guard and its updates hold of these, which is one term over the state before the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import product

from ..model.language import (
    TRUE,
    Action,
    Int,
    Model,
    ModelError,
    Op,
    System,
    Term,
    Value,
    conj,
    const,
    disj,
    implies,
    nearest,
    substitute,
    support,
)
from ..model.language.ground import Grounding
from ..model.language.machine import Family
from ..model.language.sorts import comparable
from ..model.language.terms import conjuncts, equal, lift
from .formulas import Abstraction, Refines

Grounded = Callable[[Term, Mapping[str, Term]], Term]
"""A term over the refining system, grounded under values of parameters."""


def refinement(f: Refines, system: System, ground: Grounded, where: str) -> tuple[Term, list[Term]]:
    """The state term and the terms of the actions that say that ``system`` refines the abstraction."""
    abstract = abstract_system(f.abstract, system)
    seen = image(f, system, ground, where)
    read = {v for target in f.inputs for v, _ in _instances(target, Grounding(abstract.topology), where)}
    image_of = _image(tuple(seen.items()), frozenset(read))
    allowed = _allowed(f, abstract, where)
    steps = []
    for c in system.actions:
        may_be = (a for a in abstract.actions if allowed is None or a.event in allowed.get(c.event, ()))
        steps.append(disj(image_of.taken(c, None), *(image_of.taken(c, a) for a in may_be)))
    initially = conj(*(c for c in conjuncts(abstract.init) if not read & set(support(c))))
    return conj(_initially(initially, system, seen), *_in_domain(seen)), steps


class _Image:
    """How the abstraction's variables, and its actions, look in the system. Flows that see them alike share what is worked out."""

    def __init__(self, seen: Mapping[Term, Term], read: frozenset[Term]) -> None:
        self.seen = seen
        self.own = {v: t for v, t in seen.items() if v not in read}
        self._substituted: dict[Term, Term] = {}

    def taken(self, c: Action, a: Action | None) -> Term:
        """Whether a step by ``c`` takes the abstract action ``a``; None: whether it changes nothing."""
        key = ("takes", id(self), id(a))
        found = c.known.get(key)
        if found is None:
            found = c.known[key] = self._taken(c, a), self, a
        result: Term = found[0]
        return result

    def _taken(self, c: Action, a: Action | None) -> Term:
        guard, changes = (TRUE, {}) if a is None else (self._of(a.guard), {v: self._of(new) for v, new in a.updates})
        return conj(guard, *(equal(later, changes.get(v, self.own[v])) for v, later in self._after(c).items()))

    def _of(self, t: Term) -> Term:
        """A term of the abstraction as one over the system's variables."""
        return substitute(t, self.seen, self._substituted)

    def _after(self, c: Action) -> Mapping[Term, Term]:
        """What the abstract variables are after a step by ``c``."""
        key = ("becomes", id(self))
        found = c.known.get(key)
        if found is None:
            memo: dict[Term, Term] = {}
            found = c.known[key] = {v: substitute(t, c.update_of, memo) for v, t in self.own.items()}, self
        result: Mapping[Term, Term] = found[0]
        return result


@lru_cache(maxsize=32)
def _image(seen: tuple[tuple[Term, Term], ...], read: frozenset[Term]) -> _Image:
    return _Image(dict(seen), read)


def abstract_system(abstraction: Abstraction, system: System) -> System:
    """The abstraction as a system, at the topology and the knobs of the one that is to refine it."""
    if isinstance(abstraction.of, System):
        return abstraction.of.fixed(abstraction.knobs)
    model: Model = abstraction.of
    shared = {f.name for f in model.knobs if f.name in system.knobs}
    knobs = {**{name: system.knobs[name] for name in shared}, **abstraction.knobs}
    sizes = {**abstraction.topology, **system.topology}
    return _instantiated(model, tuple(sizes.items()), tuple(sorted(knobs.items())))


@lru_cache(maxsize=32)
def _instantiated(model: Model, topology: tuple[tuple[str, int], ...], knobs: tuple[tuple[str, Value], ...]) -> System:
    """The same abstraction is asked for again and again, by flows that agree in it and by the mutants of one."""
    return model.instantiate(dict(topology), dict(knobs), check=False)


def image(f: Refines, system: System, ground: Grounded, where: str) -> dict[Term, Term]:
    """Every variable of the abstraction as a term over the system's."""
    abstract = abstract_system(f.abstract, system)
    given: dict[str, Term] = {}
    families = Grounding(abstract.topology)
    for target, value in (*f.mapping.items(), *f.inputs.items()):
        for variable, env in _instances(target, families, where):
            if variable.name not in abstract.index:
                raise ModelError(
                    f"{where}: {abstract.name} has no variable {variable.name!r}{nearest(variable.name, abstract.index)}"
                )
            try:
                given[variable.name] = ground(lift(value, target.sort), env)
            except ModelError as e:
                raise ModelError(f"{where}: the mapping of {variable.name}: {e}") from None
    found = {}
    for v in abstract.variables:
        if v.name in given:
            term = given[v.name]
        elif v.rigid and v.name in system.index:
            term = system[v.name]
        else:
            raise ModelError(f"{where}: the mapping does not say what {abstract.name}'s {v.name} is: add it")
        if not comparable(term.sort, v.sort):
            raise ModelError(f"{where}: {v.name} is of sort {v.sort}, but is mapped to `{term}` of sort {term.sort}")
        found[v.term] = term
    return found


def _instances(target: Term, families: Grounding, where: str) -> list[tuple[Term, Mapping[str, Term]]]:
    """The ground variables that one entry of the mapping is about, each with the values of its parameters."""
    if target.op is Op.VAR:
        return [(target, {})]
    if target.op is not Op.SELECT or not isinstance(target.data, Family) or any(a.op is Op.APPLY for a in target.args):
        raise ModelError(f"{where}: `{target}` is not a variable of the abstraction: write state[p] with parameters p")
    params = [a for a in target.args if a.op is Op.PARAM]
    found: list[tuple[Term, Mapping[str, Term]]] = []
    for values in product(*(families.values(p) for p in params)):
        env = {p.name: value for p, value in zip(params, values, strict=True)}
        found.append((families.term(target, env, where), env))
    return found


def _allowed(f: Refines, abstract: System, where: str) -> Mapping[str, frozenset[str]] | None:
    """Per event of the system, the abstract events that a step by it may be; None: any."""
    if f.events is None:
        return None
    of = f.abstract.of
    known = set(of.events) if isinstance(of, Model) else {a.event for a in of.actions}
    for a in (a for named in f.events.values() for a in named):
        if a.name not in known:
            raise ModelError(f"{where}: {abstract.name} has no event {a.name!r}{nearest(a.name, known)}")
    return {event.name: frozenset(a.name for a in named) for event, named in f.events.items()}


def _initially(abstract: Term, system: System, image: Mapping[Term, Term]) -> Term:
    """Every initial state is mapped to an initial one.

    A state that satisfies the initial predicate *is* an initial state, so nothing needs to remember that no step was
    taken. Where the pinned values alone decide it, the term is gone, and slices stay small.
    """
    mapped = substitute(abstract, image)
    pinned: dict[Term, Term] = {}
    for c in conjuncts(system.init):
        if c.op is Op.EQ and c.args[0].op is Op.VAR and c.args[1].op is Op.CONST:
            pinned[c.args[0]] = c.args[1]
        elif c.op is Op.VAR:
            pinned[c] = TRUE
        elif c.op is Op.NOT and c.args[0].op is Op.VAR:
            pinned[c.args[0]] = ~TRUE
    return TRUE if substitute(mapped, pinned) is TRUE else implies(system.init, mapped)


def _in_domain(image: Mapping[Term, Term]) -> list[Term]:
    """That mapped numbers are values of the variables that they stand for."""
    found = []
    for v, t in image.items():
        if isinstance(v.sort, Int) and isinstance(t.sort, Int) and not (v.sort.lo <= t.sort.lo and t.sort.hi <= v.sort.hi):
            found.append((t >= const(v.sort.lo, v.sort)) & (t <= const(v.sort.hi, v.sort)))
    return found
