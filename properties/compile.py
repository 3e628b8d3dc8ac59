"""From properties to obligations: what an engine has to decide about a system.

Every safety property becomes a state term that must hold in all reachable states, and, per action, a term
that must hold before each step by that action. What a formula must remember of the past is kept in
*monitors*: observing variables that are added to the system and never restrain it.

A liveness property becomes a `Promise`, which is another kind of obligation and no engine for safety takes it: two
state terms and assumptions of fairness, each as the steps of which it speaks. It needs no monitor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from ..model.language import (
    BOOL,
    FALSE,
    TRUE,
    ModelError,
    Op,
    System,
    Term,
    Variable,
    conj,
    const,
    disj,
    implies,
    neg,
    substitute,
)
from ..model.language.ground import Grounding
from ..model.language.terms import subterms, variable
from .formulas import (
    After,
    AlwaysPossible,
    Before,
    Between,
    Fair,
    Globally,
    Invariant,
    LeadsTo,
    Liveness,
    Never,
    Precedence,
    Recurs,
    Refines,
    Scope,
    Sometimes,
    StepLaw,
)
from .property import Property
from .refinement import image, refinement
from .steps import Step, Steps, any_of, before_step


@dataclass(frozen=True, eq=False)
class Obligation:
    """What must be decided for one property and one choice of its parameters.

    ``state`` must hold in every reachable state; ``steps[i]`` must hold in every reachable state in which
    action ``i`` is enabled. For a `Sometimes` property (``reach``) the obligation is the negation: the
    property holds exactly when the obligation fails, and the failing trace is its witness.
    """

    prop: Property
    instance: str
    """The values of the property's parameters, such as ``tdi0``; empty when it has none."""
    state: Term
    steps: Mapping[int, Term]
    reach: bool = False
    env: Mapping[str, Term] = field(default_factory=dict)
    """The values of the property's parameters."""

    @property
    def terms(self) -> tuple[Term, ...]:
        return (self.state, *self.steps.values())

    def __str__(self) -> str:
        return f"{self.prop.id}[{self.instance}]" if self.instance else self.prop.id


@dataclass(frozen=True, eq=False)
class Fairness:
    """A ground fairness assumption (see `Fair`): a step by action ``i`` is meant where ``steps[i]`` holds before it."""

    steps: Mapping[int, Term]
    strong: bool
    text: str
    """In words."""


@dataclass(frozen=True, eq=False)
class Promise:
    """What must be decided for one liveness property and one choice of its parameters.

    In every maximal run that is fair, each state in which ``when`` holds is, or is followed by, one in which ``then`` does.
    """

    prop: Property
    instance: str
    when: Term
    then: Term
    fairness: tuple[Fairness, ...]

    def __str__(self) -> str:
        return f"{self.prop.id}[{self.instance}]" if self.instance else self.prop.id


class _Disagreement(Exception):
    """Two formulas that shared a monitor need one each."""


@dataclass
class Compiler:
    system: System
    asked: list[Term] = field(default_factory=list)
    """The monitor that each request for one was given."""
    given: Iterator[Term] | None = None
    """The monitors to give to the requests, where they are there already."""
    ground: Grounding = field(default_factory=lambda: Grounding({}))
    monitors: dict[tuple[object, ...], tuple[Term, tuple[Term, ...]]] = field(default_factory=dict)
    """By identity: the monitor, and the updates whose ids are in the key (kept alive, so that no id is used again)."""
    variables: list[Variable] = field(default_factory=list)
    init: list[Term] = field(default_factory=list)
    updates: dict[int, dict[Term, Term]] = field(default_factory=dict)
    watched: dict[tuple[Term, int], Term] = field(default_factory=dict)
    """Monitor and action -> the monitor's value after the action."""
    understood: dict[Term, Term] = field(default_factory=dict)
    """Terms that were looked through already, with the knobs replaced."""
    by_event: dict[str, list[int]] = field(default_factory=dict)
    """The numbers of the actions of each event."""

    def __post_init__(self) -> None:
        self.prepare()
        for i, a in enumerate(self.system.actions):
            self.by_event.setdefault(a.event, []).append(i)

    def prepare(self) -> None:
        if self.ground.sizes != self.system.topology:
            self.ground = Grounding(self.system.topology)

    def term(self, t: Term, env: Mapping[str, Term], where: str) -> Term:
        return self.known(self.ground.term(t, env, where), where)

    def known(self, t: Term, where: str) -> Term:
        """``t`` with fixed knobs replaced; an error when it mentions a variable that the system has not."""
        found = self.understood.get(t)
        if found is not None:
            return found
        replacement: dict[Term, Term] = {}
        for v in subterms(t):
            if v.op in (Op.VAR, Op.NEXT) and v.name not in self.system.index:
                if v.name in self.system.knobs:
                    replacement[v] = const(self.system.knobs[v.name], v.sort)
                elif all(v.name != m.name for m in self.variables):
                    self.system[v.name]  # raises, with the nearest names
                    raise ModelError(where)
        found = self.understood[t] = substitute(t, replacement) if replacement else t
        return found

    def actions_of(self, step: Step) -> Sequence[int]:
        """The numbers of the actions of which a step may be."""
        return range(len(self.system.actions)) if step.event is None else self.by_event.get(step.event.name, ())

    def steps(self, patterns: Steps, env: Mapping[str, Term], where: str) -> list[Term]:
        """Per action: when a step by it matches one of the patterns."""
        found: list[list[Term]] = [[] for _ in self.system.actions]
        for p in any_of(patterns):
            for i in self.actions_of(p):
                found[i].append(self.known(p.on(self.system.actions[i], self.ground, env), where))
        return [FALSE if not terms else terms[0] if len(terms) == 1 else disj(*terms) for terms in found]

    def monitor(self, kind: str, observes: str, initially: bool, update: Sequence[Term]) -> Term:
        """An observing truth value with its value after each action; equal monitors are shared.

        ``observes`` says in words what the value stands for, and becomes the variable's documentation.
        """
        if self.given is not None:
            return self._watch(next(self.given), update)
        identity = (kind, initially, *(id(u) for u in update))
        if identity not in self.monitors:
            v = Variable(f"monitor.{kind}.{len(self.variables)}", BOOL, doc=observes)
            self.monitors[identity] = self._watch(v.term, update), tuple(update)
            self.variables.append(v)
            self.init.append(v.term if initially else neg(v.term))
        term = self.monitors[identity][0]
        self.asked.append(term)
        return term

    def _watch(self, term: Term, update: Sequence[Term]) -> Term:
        """Let a monitor have its value after each action."""
        memo: dict[Term, Term] = {}
        for i, u in enumerate(update):
            new = substitute(u, {_SELF: term}, memo)
            known = self.watched.setdefault((term, i), new)
            if known is not new:
                raise _Disagreement
            if new is not term:
                self.updates.setdefault(i, {})[term] = new
        return term

    def in_words(self, patterns: Steps, env: Mapping[str, Term]) -> str:
        """The kinds of step in words, under the property's parameters; those that this system cannot take left out."""
        possible = {a.event for a in self.system.actions}
        words = []
        for p in any_of(patterns):
            if p.event is None:
                words.append(f"a step where {p.where}")
            elif p.event.name in possible:
                given = [str(self.ground.term(v, env, "step")) for v in p.args.values()]
                words.append(f"{p.event.name}({', '.join(given)})")
        return " or ".join(words) or " or ".join(map(str, any_of(patterns))) or "nothing"

    def scope_in_words(self, scope: Scope, env: Mapping[str, Term]) -> str:
        """A scope in words."""
        if isinstance(scope, Before):
            return f"before {self.in_words(scope.closes, env)}"
        if isinstance(scope, Between):
            return f"between {self.in_words(scope.opens, env)} and {self.in_words(scope.closes, env)}"
        assert isinstance(scope, After)
        until = f", until {self.in_words(scope.closes, env)}" if scope.closes else ""
        return f"{'initially and ' if scope.initially else ''}after {self.in_words(scope.opens, env)}{until}"

    def scope(self, scope: Scope, env: Mapping[str, Term], where: str) -> tuple[Term, list[Term], list[Term]]:
        """Whether the scope is open now; per action, whether its step lies in the scope, and whether it closes it."""
        n = len(self.system.actions)
        if isinstance(scope, Globally):
            return TRUE, [TRUE] * n, [FALSE] * n
        closes = self.steps(scope.closes, env, where)
        if isinstance(scope, Before):
            opens, initially = [FALSE] * n, True
        else:
            opens = self.steps(scope.opens, env, where)
            initially = isinstance(scope, After) and scope.initially
        inside = [
            _SELF if o is FALSE and c is FALSE else disj(o, conj(_SELF, neg(c))) for o, c in zip(opens, closes, strict=True)
        ]
        is_open = self.monitor("scope", self.scope_in_words(scope, env), initially, inside)
        memo: dict[Term, Term] = {}
        own = {_SELF: is_open}
        return is_open, [substitute(t, own, memo) for t in inside], [conj(is_open, c) for c in closes]

    def promise(self, p: Property, f: Liveness, env: Mapping[str, Term]) -> Promise:
        where = f"property {p.id}"
        when, then = (TRUE, f.goal) if isinstance(f, Recurs) else (f.when, f.then)
        every = [
            self.fairness(fair, {**env, **{v.name: x for v, x in zip(fair.each, values, strict=True)}}, where)
            for fair in f.fairness
            for values in product(*(self.ground.values(v) for v in fair.each))
        ]
        # Of steps that this system cannot take there is nothing to assume.
        fairness = tuple(x for x in every if x.steps)
        return Promise(p, _instance(env), self.term(when, env, where), self.term(then, env, where), fairness)

    def fairness(self, fair: Fair, env: Mapping[str, Term], where: str) -> Fairness:
        steps = {i: s for i, s in enumerate(self.steps(fair.steps, env, where)) if s is not FALSE}
        words = []
        for step in any_of(fair.steps):
            # What restricts the steps is left to the words of whoever wrote the assumption, where there are any.
            restricted = step.event is not None and step.where is not TRUE and not fair.why
            words.append(self.in_words(step, env) + (f" where {step.where}" if restricted else ""))
        text = f"{'strong' if fair.strong else 'weak'} fairness of {' or '.join(words)}"
        return Fairness(steps, fair.strong, f"{fair.why} ({text})" if fair.why else text)

    def obligation(self, p: Property, env: Mapping[str, Term]) -> Obligation:
        where = f"property {p.id}"
        f = p.formula
        instance = _instance(env)
        n = len(self.system.actions)
        state: Term = TRUE
        steps = [TRUE] * n
        if isinstance(f, Sometimes):
            is_open, inside, _ = self.scope(f.scope, env, where)
            if isinstance(f.target, Term):
                state = neg(conj(is_open, self.term(f.target, env, where)))
            else:
                steps = [neg(conj(i, s)) for i, s in zip(inside, self.steps(f.target, env, where), strict=True)]
        elif isinstance(f, AlwaysPossible):
            state = self.possible(p, f, env)
        elif isinstance(f, StepLaw):
            laws: list[list[Term]] = [[] for _ in self.system.actions]
            for step in any_of(f.on):
                for i in self.actions_of(step):
                    a = self.system.actions[i]
                    on = self.known(step.on(a, self.ground, env), where)
                    if on is not FALSE:
                        laws[i].append(
                            implies(on, before_step(self.term(f.must, step.scope(a, self.ground, env), where), a))
                        )
            steps = [conj(*terms) if terms else TRUE for terms in laws]
        elif isinstance(f, Refines):
            state, steps = refinement(f, self.system, lambda t, given: self.term(t, {**env, **given}, where), where)
        elif isinstance(f, LeadsTo | Recurs):
            raise ModelError(f"{where}: a liveness property is no obligation of safety: compile it with compile_liveness")
        else:
            state, steps = self.scoped(f, env, where)
        return Obligation(
            p, instance, state, {i: s for i, s in enumerate(steps) if s is not TRUE}, isinstance(f, Sometimes), env
        )

    def possible(self, p: Property, f: AlwaysPossible, env: Mapping[str, Term]) -> Term:
        """That a step is possible where it has to be."""
        where = f"property {p.id}"
        steps = self.steps(f.step, env, where)
        possible = disj(*(conj(a.guard, m) for a, m in zip(self.system.actions, steps, strict=True)))
        return implies(self.term(f.when, env, where), possible)

    def scoped(self, f: Invariant | Never | Precedence, env: Mapping[str, Term], where: str) -> tuple[Term, list[Term]]:
        is_open, inside, closing = self.scope(f.scope, env, where)
        late = isinstance(f.scope, Before | Between)
        n = len(self.system.actions)
        state: Term = TRUE
        if isinstance(f, Invariant):
            if isinstance(f.scope, Before):
                # The initial state, which no step produces, lies in this scope.
                raise ModelError(f"{where}: write an invariant before a step as Never(that step, where=not the invariant)")
            holds = self.term(f.holds, env, where)
            if not late:
                return implies(is_open, holds), [TRUE] * n
            # Judged after each step that stays inside; the latch remembers a broken state until the scope closes.
            bad = [conj(i, neg(self._after(holds, k))) for k, i in enumerate(inside)]
        else:
            then = self.steps(f.step if isinstance(f, Never) else f.then, env, where)
            bad = [conj(i, t) for i, t in zip(inside, then, strict=True)]
            if isinstance(f, Precedence):
                first = self.steps(f.first, env, where)
                opening = [conj(i, neg(is_open)) for i in inside]
                if isinstance(f.scope, After | Between):
                    # A step that opens the scope again starts it afresh.
                    opening = self.steps(f.scope.opens, env, where)
                kept = [conj(_SELF, neg(o)) for o in opening]
                seen = self.monitor(
                    "seen", self.in_words(f.first, env), False, [disj(a, k) for a, k in zip(first, kept, strict=True)]
                )
                earlier = [substitute(k, {_SELF: seen}) for k in kept]
                bad = [conj(b, neg(a), neg(e)) for b, a, e in zip(bad, first, earlier, strict=True)]
            if not late:
                return state, [neg(b) for b in bad]
        latched = self.monitor(
            "broken",
            f"{f} was broken in the scope",
            False,
            [conj(i, disj(_SELF, b)) for i, b in zip(inside, bad, strict=True)],
        )
        return state, [neg(conj(c, latched)) for c in closing]

    def _after(self, t: Term, action: int) -> Term:
        return substitute(t, dict(self.system.actions[action].updates))


def _instance(env: Mapping[str, Term]) -> str:
    return ",".join(str(v.data) for v in env.values())


_SELF = variable("monitor.self", BOOL)
"""Stands for the monitor's own value in its update."""


@dataclass(frozen=True, eq=False)
class Compilation:
    """What properties come to in one system; see `compile_properties`."""

    watched: System
    obligations: tuple[Obligation, ...]
    properties: tuple[Property, ...]
    asked: tuple[Term, ...]
    ground: Grounding

    @classmethod
    def of(cls, system: System, properties: Iterable[Property]) -> Compilation:
        found = tuple(properties)
        c = Compiler(system)
        obligations = tuple(c.obligation(p, env) for p in found for env in _choices(c, p))
        updates = {i: tuple(u.items()) for i, u in c.updates.items()}
        return cls(system.extended(c.variables, conj(*c.init), updates), obligations, found, tuple(c.asked), c.ground)

    def changed(self, system: System, event: str) -> Compilation:
        """What they come to in a system that has other actions for one event, and is otherwise the same.

        Only the actions of that event are worked on.
        """
        mine = [i for i, a in enumerate(system.actions) if a.event == event]
        mine_only = replace(system, actions=tuple(system.actions[i] for i in mine))
        c = Compiler(mine_only, given=iter(self.asked), ground=self.ground)
        c.variables = [v for v in self.watched.variables if v.name not in system.index]
        try:
            parts = [c.obligation(p, env) for p in self.properties for env in _choices(c, p)]
        except _Disagreement:
            return Compilation.of(system, self.properties)
        old = [i for i, a in enumerate(self.watched.actions) if a.event == event]
        rest = [i for i, a in enumerate(self.watched.actions) if a.event != event]
        # What is not of the event stands in the same order in both.
        place = dict(zip(rest, (i for i, a in enumerate(system.actions) if a.event != event), strict=True))
        actions = list(system.actions)
        for i, j in place.items():
            actions[j] = self.watched.actions[i]
        for k, j in enumerate(mine):
            a = system.actions[j]
            actions[j] = replace(a, updates=(*a.updates, *c.updates.get(k, {}).items()))
        watched = replace(self.watched, actions=tuple(actions))
        whole = Compiler(system, ground=self.ground)
        whole.variables = c.variables
        obligations = []
        for was, part in zip(self.obligations, parts, strict=True):
            steps = {place[i]: t for i, t in was.steps.items() if i in place}
            steps |= {mine[k]: t for k, t in part.steps.items()}
            state = part.state
            if isinstance(was.prop.formula, AlwaysPossible) and (old or mine):
                # Whether some step is possible is a question about all actions.
                state = whole.possible(was.prop, was.prop.formula, was.env)
            obligations.append(replace(was, state=state, steps=dict(sorted(steps.items()))))
        return Compilation(watched, tuple(obligations), self.properties, self.asked, self.ground)


def compile_properties(system: System, properties: Iterable[Property]) -> tuple[System, tuple[Obligation, ...]]:
    """The system with the monitors that the properties need, and one obligation per property and instance.

    Raises `ModelError` when a property speaks of variables that the system does not have, and for a liveness property.
    """
    found = Compilation.of(system, properties)
    return found.watched, found.obligations


def compile_liveness(system: System, properties: Iterable[Property]) -> tuple[Promise, ...]:
    """One promise per liveness property and instance, about the system as it is.

    Raises `ModelError` when a property speaks of variables that the system does not have, and for other kinds.
    """
    c = Compiler(system)
    promises = []
    for p in properties:
        if not isinstance(p.formula, LeadsTo | Recurs):
            raise ModelError(f"property {p.id}: is no liveness property: compile it with compile_properties")
        promises += [c.promise(p, p.formula, env) for env in _choices(c, p)]
    return tuple(promises)


def compile_steps(system: System, patterns: Sequence[Steps], where: str) -> list[dict[int, Term]]:
    """Per pattern, the actions a step by which may be such a step, each with when it is: a term over the state before it.

    ``where`` names the place for error messages. Raises `ModelError` for variables that the system does not have.
    """
    c = Compiler(system)
    return [{i: t for i, t in enumerate(c.steps(p, {}, where)) if t is not FALSE} for p in patterns]


def compile_values(
    system: System, values: Sequence[tuple[Term, tuple[Term, ...]]], where: str
) -> list[list[tuple[Mapping[str, Term], Term]]]:
    """Per term with its parameters, all values of these, each with what the term comes to over the system's variables."""
    c = Compiler(system)
    found: list[list[tuple[Mapping[str, Term], Term]]] = []
    for value, over in values:
        choices = [dict(zip((p.name for p in over), x, strict=True)) for x in product(*(c.ground.values(p) for p in over))]
        found.append([(env, c.term(value, env, where)) for env in choices])
    return found


def compile_image(system: System, f: Refines, where: str) -> Mapping[Term, Term]:
    """Every variable of the abstraction that is refined, as a term over the system's own."""
    c = Compiler(system)
    return image(f, system, lambda t, given: c.term(t, given, where), where)


def _choices(c: Compiler, p: Property) -> Iterator[Mapping[str, Term]]:
    """All values of the property's parameters."""
    for values in product(*(c.ground.values(v) for v in p.over)):
        yield {v.name: x for v, x in zip(p.over, values, strict=True)}
