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
from functools import lru_cache
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
from ..model.language.ground import Grounding, grounding
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
from .per_action import PerAction, pointwise
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

    def at(self, steps: Mapping[int, Term]) -> Obligation:
        """The obligation with its steps under other numbers. (Slices ask for it so often that `replace` would be felt.)"""
        return Obligation(self.prop, self.instance, self.state, steps, self.reach, self.env)

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
    monitors: dict[tuple[object, ...], tuple[Term, PerAction]] = field(default_factory=dict)
    """By identity: the monitor, and the updates whose ids are in the key (kept alive, so that no id is used again)."""
    variables: list[Variable] = field(default_factory=list)
    init: list[Term] = field(default_factory=list)
    updates: dict[int, dict[Term, Term]] = field(default_factory=dict)
    watched: dict[Term, PerAction] = field(default_factory=dict)
    """Monitor -> its value after each action."""
    understood: dict[Term, Term] = field(default_factory=dict)
    """Terms that were looked through already, with the knobs replaced."""
    by_event: dict[str, list[int]] = field(default_factory=dict)
    """The numbers of the actions of each event."""

    def __post_init__(self) -> None:
        self.prepare()
        for i, a in enumerate(self.system.actions):
            self.by_event.setdefault(a.event, []).append(i)

    def prepare(self) -> None:
        self.ground = grounding(self.system.topology)

    def term(self, t: Term, env: Mapping[str, Term], where: str) -> Term:
        return self.known(self.ground.term(t, env, where), where)

    def known(self, t: Term, where: str) -> Term:
        """``t`` with fixed knobs replaced; an error when it mentions a variable that the system has not."""
        found = self.understood.get(t)
        if found is not None:
            return found
        replacement: dict[Term, Term] = {}
        for v in _variables(t):
            if v.name not in self.system.index:
                if v.name in self.system.knobs:
                    replacement[v] = const(self.system.knobs[v.name], v.sort)
                elif all(v.name != m.name for m in self.variables):
                    self.system[v.name]  # raises, with the nearest names
                    raise ModelError(where)
        found = self.understood[t] = substitute(t, replacement) if replacement else t
        return found

    def matching(self, step: Step, env: Mapping[str, Term], where: str) -> Iterator[tuple[int, Term]]:
        """The actions a step by which may be such a step, each with when it is."""
        for numbers in self.by_event.values() if step.event is None else (self.by_event.get(step.event.name, ()),):
            for k, matches in self.among(step, numbers, env):
                yield numbers[k], self.known(matches, where)

    def among(self, step: Step, numbers: Sequence[int], env: Mapping[str, Term]) -> Sequence[tuple[int, Term]]:
        """The places in ``numbers`` of the actions a step by which may be such a step, each with when it is."""
        if not numbers:
            return ()
        actions = self.system.actions
        # Flows share most of their actions, so most of this has been asked before. The grounding is that of the topology.
        known = actions[numbers[0]].known
        key = ("among", id(step), id(self.ground), *(id(actions[i]) for i in numbers), *env, *map(id, env.values()))
        found = known.get(key)
        if found is None:
            kept = step, self.ground, [actions[i] for i in numbers], dict(env)
            found = known[key] = self.compared(step, numbers, env), kept
        result: Sequence[tuple[int, Term]] = found[0]
        return result

    def compared(self, step: Step, numbers: Sequence[int], env: Mapping[str, Term]) -> Sequence[tuple[int, Term]]:
        """The same, worked out."""
        on = ((k, step.on(self.system.actions[i], self.ground, env)) for k, i in enumerate(numbers))
        return [(k, matches) for k, matches in on if matches is not FALSE]

    def steps(self, patterns: Steps, env: Mapping[str, Term], where: str) -> PerAction:
        """When a step by an action matches one of the patterns."""
        found: dict[int, list[Term]] = {}
        for p in any_of(patterns):
            for i, matches in self.matching(p, env, where):
                found.setdefault(i, []).append(matches)
        return PerAction.of(FALSE, ((i, terms[0] if len(terms) == 1 else disj(*terms)) for i, terms in found.items()))

    def monitor(self, kind: str, observes: str, initially: bool, update: PerAction) -> Term:
        """An observing truth value with its value after each action; equal monitors are shared.

        ``observes`` says in words what the value stands for, and becomes the variable's documentation.
        """
        if self.given is not None:
            return self._watch(next(self.given), update)
        identity = (kind, initially, id(update.rest), *((i, id(u)) for i, u in update.others.items()))
        if identity not in self.monitors:
            v = Variable(f"monitor.{kind}.{len(self.variables)}", BOOL, doc=observes)
            self.monitors[identity] = self._watch(v.term, update), update
            self.variables.append(v)
            self.init.append(v.term if initially else neg(v.term))
        term = self.monitors[identity][0]
        self.asked.append(term)
        return term

    def _watch(self, term: Term, update: PerAction) -> Term:
        """Let a monitor have its value after each action."""
        new = _its_own(update, term)
        known = self.watched.setdefault(term, new)
        for i in range(len(self.system.actions)):
            if known[i] is not new[i]:
                raise _Disagreement
            if new[i] is not term:
                self.updates.setdefault(i, {})[term] = new[i]
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

    def scope(self, scope: Scope, env: Mapping[str, Term], where: str) -> tuple[Term, PerAction, PerAction]:
        """Whether the scope is open now; whether a step by an action lies in the scope, and whether it closes it."""
        if isinstance(scope, Globally):
            return TRUE, PerAction(TRUE), PerAction(FALSE)
        closes = self.steps(scope.closes, env, where)
        if isinstance(scope, Before):
            opens, initially = PerAction(FALSE), True
        else:
            opens = self.steps(scope.opens, env, where)
            initially = isinstance(scope, After) and scope.initially
        inside = pointwise(lambda o, c: disj(o, conj(_SELF, neg(c))), opens, closes)
        is_open = self.monitor("scope", self.scope_in_words(scope, env), initially, inside)
        return is_open, _its_own(inside, is_open), pointwise(lambda c: conj(is_open, c), closes)

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
        steps = self.steps(fair.steps, env, where).others
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
        state: Term = TRUE
        steps = PerAction(TRUE)
        if isinstance(f, Sometimes):
            is_open, inside, _ = self.scope(f.scope, env, where)
            if isinstance(f.target, Term):
                state = neg(conj(is_open, self.term(f.target, env, where)))
            else:
                steps = pointwise(lambda i, s: neg(conj(i, s)), inside, self.steps(f.target, env, where))
        elif isinstance(f, AlwaysPossible):
            state = self.possible(p, f, env)
        elif isinstance(f, StepLaw):
            laws: dict[int, list[Term]] = {}
            for step in any_of(f.on):
                for i, on in self.matching(step, env, where):
                    a = self.system.actions[i]
                    must = before_step(self.term(f.must, step.scope(a, self.ground, env), where), a)
                    laws.setdefault(i, []).append(implies(on, must))
            steps = PerAction.of(TRUE, ((i, conj(*terms)) for i, terms in laws.items()))
        elif isinstance(f, Refines):
            state, each = refinement(f, self.system, lambda t, given: self.term(t, {**env, **given}, where), where)
            steps = PerAction.of(TRUE, enumerate(each))
        elif isinstance(f, LeadsTo | Recurs):
            raise ModelError(f"{where}: a liveness property is no obligation of safety: compile it with compile_liveness")
        else:
            state, steps = self.scoped(f, env, where)
        assert steps.rest is TRUE, "no kind of property says something of every step"
        return Obligation(p, instance, state, steps.others, isinstance(f, Sometimes), env)

    def possible(self, p: Property, f: AlwaysPossible, env: Mapping[str, Term]) -> Term:
        """That a step is possible where it has to be."""
        where = f"property {p.id}"
        steps = self.steps(f.step, env, where)
        possible = disj(*(conj(self.system.actions[i].guard, m) for i, m in steps.others.items()))
        return implies(self.term(f.when, env, where), possible)

    def scoped(self, f: Invariant | Never | Precedence, env: Mapping[str, Term], where: str) -> tuple[Term, PerAction]:
        is_open, inside, closing = self.scope(f.scope, env, where)
        late = isinstance(f.scope, Before | Between)
        if isinstance(f, Invariant):
            if isinstance(f.scope, Before):
                # The initial state, which no step produces, lies in this scope.
                raise ModelError(f"{where}: write an invariant before a step as Never(that step, where=not the invariant)")
            holds = self.term(f.holds, env, where)
            if not late:
                return implies(is_open, holds), PerAction(TRUE)
            # Judged after each step that stays inside; the latch remembers a broken state until the scope closes.
            every = range(len(self.system.actions))
            bad = PerAction.of(FALSE, ((k, conj(inside[k], neg(self._after(holds, k)))) for k in every))
        else:
            then = self.steps(f.step if isinstance(f, Never) else f.then, env, where)
            bad = pointwise(conj, inside, then)
            if isinstance(f, Precedence):
                first = self.steps(f.first, env, where)
                opening = pointwise(lambda i: conj(i, neg(is_open)), inside)
                if isinstance(f.scope, After | Between):
                    # A step that opens the scope again starts it afresh.
                    opening = self.steps(f.scope.opens, env, where)
                kept = pointwise(lambda o: conj(_SELF, neg(o)), opening)
                seen = self.monitor("seen", self.in_words(f.first, env), False, pointwise(disj, first, kept))
                earlier = _its_own(kept, seen)
                bad = pointwise(lambda b, a, e: conj(b, neg(a), neg(e)), bad, first, earlier)
            if not late:
                return TRUE, pointwise(neg, bad)
        latched = self.monitor(
            "broken",
            f"{f} was broken in the scope",
            False,
            pointwise(lambda i, b: conj(i, disj(_SELF, b)), inside, bad),
        )
        return TRUE, pointwise(lambda c: neg(conj(c, latched)), closing)

    def _after(self, t: Term, action: int) -> Term:
        return substitute(t, dict(self.system.actions[action].updates))


@lru_cache(maxsize=1 << 14)
def _variables(t: Term) -> tuple[Term, ...]:
    """The variables that a ground term mentions, before and after the step."""
    return tuple(v for v in subterms(t) if v.op in (Op.VAR, Op.NEXT))


def _instance(env: Mapping[str, Term]) -> str:
    return ",".join(str(v.data) for v in env.values())


_SELF = variable("monitor.self", BOOL)
"""Stands for the monitor's own value in its update."""


def _its_own(update: PerAction, monitor: Term) -> PerAction:
    """The update with the monitor in the place of what stands for it."""
    memo: dict[Term, Term] = {}
    return pointwise(lambda t: substitute(t, {_SELF: monitor}, memo), update)


@dataclass(frozen=True, eq=False)
class Compilation:
    """What properties come to in one system; see `compile_properties`."""

    watched: System
    obligations: tuple[Obligation, ...]
    properties: tuple[Property, ...]
    asked: tuple[Term, ...]

    @classmethod
    def of(cls, system: System, properties: Iterable[Property]) -> Compilation:
        found = tuple(properties)
        c = Compiler(system)
        obligations = tuple(c.obligation(p, env) for p in found for env in _choices(c, p))
        updates = {i: tuple(u.items()) for i, u in c.updates.items()}
        return cls(system.extended(c.variables, conj(*c.init), updates), obligations, found, tuple(c.asked))

    def changed(self, system: System, event: str) -> Compilation:
        """What they come to in a system that has other actions for one event, and is otherwise the same.

        Only the actions of that event are worked on.
        """
        mine = [i for i, a in enumerate(system.actions) if a.event == event]
        mine_only = replace(system, actions=tuple(system.actions[i] for i in mine))
        c = Compiler(mine_only, given=iter(self.asked))
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
        whole = Compiler(system)
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
        return Compilation(watched, tuple(obligations), self.properties, self.asked)


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
    return [c.steps(p, {}, where).others for p in patterns]


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
