"""What a trace says, before anybody draws it: what changed and who changed it, and what it leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product

from ..explore.evaluate import evaluate, named
from ..explore.verdict import Trace
from ..model.language import (
    FALSE,
    OK,
    TRUE,
    Action,
    Enum,
    Family,
    Op,
    Rule,
    System,
    Term,
    Value,
    conj,
    neg,
    show,
    substitute,
    support,
    word,
)
from ..model.language.terms import conjuncts, variable

MONITOR = "monitor."
"""How the names of observing variables begin; they are not part of the world that a reader knows."""

_VALUES = 12
"""How many variables an explanation lists; more say nothing to anybody."""

_TEXT = 600
"""Characters of a condition; some are of the size of a world."""

_MONITORS = {
    "seen": "‹the step that must come first has come›",
    "scope": "‹the scope of the property is open›",
    "broken": "‹a step inside the scope broke the property›",
}
"""What monitors observe, for where it cannot be told from their documentation."""


def request(action: Action) -> str:
    """The event with its arguments, without the reply."""
    return action.label if action.reply == OK else action.label.removesuffix(f" → {action.reply}")


def tooltip(action: Action) -> str:
    """The action, who takes part and by which authority."""
    parties = f"{action.label} – {', '.join(action.parties)}"
    return f"{parties} – {'; '.join(action.citations)}" if action.citations else parties


@dataclass(frozen=True)
class Change:
    """A variable that a step changed. ``party`` is whom the updating rule binds, else who caused the event."""

    name: str
    before: Value
    after: Value
    party: str
    main: bool
    """Whether it is the main variable of its machine: the first one of an enumerated sort."""

    def __str__(self) -> str:
        return f"{self.name}: {word(self.before)} → {word(self.after)}"


class Story:
    """A trace as a sequence of changes, with an explanation of what it leads to.

    ``witness``: the trace was looked for (it shows that something can be reached), so that nothing is broken.
    """

    def __init__(self, trace: Trace, *, witness: bool = False) -> None:
        self.trace = trace
        self._families = _families(trace.system)
        self._main = _main_families(trace.system, self._families)
        self.changes: tuple[tuple[Change, ...], ...] = tuple(tuple(self._changes(i)) for i in range(len(trace.actions)))
        """Per step."""
        self.ending = _ending(trace, witness)
        changing = {c.name for step in self.changes for c in step}
        self.changing = tuple(v.name for v in trace.system.variables if v.name in changing)
        """The variables that some step changes, in the order of the system."""
        mentioned = {name for cause in self.causes for name, _ in cause.values}
        self.relevant = tuple(v.name for v in trace.system.variables if v.name in changing | mentioned)
        """The variables that change, or that the explanation mentions."""

    @property
    def causes(self) -> tuple[Cause, ...]:
        return self.ending.causes if self.ending else ()

    def is_main(self, name: str) -> bool:
        """Whether the variable is the main one of its machine."""
        return self._families.get(name) in self._main

    def culprit(self, name: str) -> int | None:
        """The step that last changed a variable which the explanation mentions, up to where it is judged."""
        if self.ending is None or self.ending.witness or all(name != n for cause in self.causes for n, _ in cause.values):
            return None
        steps = [i for i, step in enumerate(self.changes[: self.ending.position]) if any(c.name == name for c in step)]
        return steps[-1] if steps else None

    def rule(self, step: int, name: str) -> Rule | None:
        """The rule by which a step updates a variable."""
        family = self._families.get(name)
        rules = self.trace.actions[step].rules
        return next((r for r in rules if any(u.family is family for u in r.updates)), None)

    def _changes(self, step: int) -> Iterator[Change]:
        action = self.trace.actions[step]
        by_family: dict[Family, Rule] = {u.family: r for r in reversed(action.rules) for u in r.updates}
        for name, (before, after) in self.trace.changed(step).items():
            family = self._families.get(name)
            rule = by_family.get(family) if family is not None else None
            party = rule.binds.name if rule is not None and rule.binds is not None else action.actor
            yield Change(name, before, after, party, self.is_main(name))


def _families(system: System) -> Mapping[str, Family]:
    """The family of each variable that some rule updates."""
    families = dict.fromkeys(u.family for a in system.actions for r in a.rules for u in r.updates)
    return {
        f.ground_name(instances): f
        for f in families
        for instances in product(*(i.instances(system.topology) for i in f.over))
    }


def _main_families(system: System, families: Mapping[str, Family]) -> frozenset[Family]:
    """Per machine, the first family of an enumerated sort."""
    main: dict[str, Family] = {}
    for v in system.variables:
        family = families.get(v.name)
        if family is not None and isinstance(family.sort, Enum):
            main.setdefault(family.machine, family)
    return frozenset(main.values())


@dataclass(frozen=True)
class Cause:
    """A smallest part of the broken condition that does not hold."""

    text: str
    role: str
    """``required``: what must be, but is not; ``required first``: the step that must have come, but has not;
    ``forbidden``: what must not be, but is; ``reached``: what was looked for; ``awaited``: what must come, but never does."""
    given: tuple[Term, ...]
    """What had to hold for the part to matter, and does."""
    scope: str
    """The scope of the property that is open, if it has one."""
    values: tuple[tuple[str, Value], ...]
    """The values of the variables that the part and its conditions mention."""

    @property
    def sentence(self) -> str:
        when = f" when {_readable(conj(*self.given))}" if self.given else ""
        scope = f" ({self.scope})" if self.scope else ""
        return f"{self.role}{when}{scope}: {self.text}"

    @property
    def actual(self) -> str:
        """The values, as a list of equations; empty when the part mentions no variable of the world."""
        return ", ".join(f"{name} = {word(value)}" for name, value in self.values)


@dataclass(frozen=True)
class Ending:
    """What a trace leads to, and why that is so: what breaks the property, or what was to be reached."""

    position: int
    """The state in which the condition is judged."""
    headline: str
    causes: tuple[Cause, ...]
    witness: bool
    fairness: tuple[str, ...] = ()
    """How a run that breaks a promise keeps to each of the fairness assumptions."""

    def lines(self) -> list[str]:
        """One cause after the other, each with the values that make it so."""
        lines = []
        for c in self.causes:
            lines.append(c.sentence)
            # A conjunction of equations is its own list of values.
            if c.actual and c.actual.replace(", ", " and ") not in c.text:
                lines.append(f"here: {c.actual}")
        return [*lines, *self.fairness]


def _ending(trace: Trace, witness: bool) -> Ending | None:
    if trace.broken is None:
        return None
    steps = len(trace.actions)
    position = steps - 1 if trace.at_step else steps
    state = named(trace.system, trace.states[position])
    if evaluate(trace.broken, state):
        raise ValueError(f"`{_readable(trace.broken)}` holds where the trace says that it is broken")
    explanation = _Explanation(trace.system, state)
    if trace.pending is not None:
        due = "From the initial state" if trace.pending == 0 else f"From step {trace.pending}"
        headline = f"{due} on it is due, and it never comes: {_for_ever(trace)}."
        fairness = tuple(shortened(f"fair: {text}", _TEXT) for text in trace.fairness)
        return Ending(position, headline, (explanation.cause("awaited", trace.broken),), False, fairness)
    if not witness:
        causes = tuple(dict.fromkeys(explanation.causes(trace.broken)))
    elif trace.broken is FALSE:
        # The step itself is what was looked for.
        causes = ()
    else:
        causes = (explanation.cause("reached", neg(trace.broken)),)
    if trace.at_step:
        step = f"Step {steps}, {trace.actions[-1].label},"
        headline = f"{step} is what was to be reached." if witness else f"{step} must not happen here."
    else:
        where = f"After step {steps}" if steps else "In the initial state"
        headline = f"{where} the target is reached." if witness else f"{where} the property does not hold."
    return Ending(position, headline, causes, witness)


def _for_ever(trace: Trace) -> str:
    if trace.loop is None:
        return f"after step {len(trace)} no step is possible" if trace.actions else "no step is possible"
    return f"{repeated(trace)} for ever"


def repeated(trace: Trace) -> str:
    """Which steps go round and round: ``step 5 is repeated``, ``steps 5 to 7 are repeated``."""
    assert trace.loop is not None
    first, last = trace.loop + 1, len(trace)
    return f"step {first} is repeated" if first == last else f"steps {first} to {last} are repeated"


@dataclass(frozen=True)
class _Explanation:
    """Why terms do not hold in a state."""

    system: System
    state: Mapping[str, Value]

    def holds(self, t: Term) -> bool:
        return bool(evaluate(t, self.state))

    def causes(self, t: Term, given: tuple[Term, ...] = ()) -> Iterator[Cause]:
        """The smallest parts that make ``t`` false, each under what has to hold for it to matter."""
        match t.op:
            case Op.AND:
                for part in t.args:
                    if not self.holds(part):
                        yield from self.causes(part, given)
            case Op.IMPLIES:
                yield from self.causes(t.args[1], (*given, t.args[0]))
            case Op.ITE:
                condition, then, otherwise = t.args
                if self.holds(condition):
                    yield from self.causes(then, (*given, condition))
                else:
                    yield from self.causes(otherwise, (*given, neg(condition)))
            case Op.NOT if t.args[0].op is Op.OR:
                for part in t.args[0].args:
                    if self.holds(part):
                        yield from self.causes(neg(part), given)
            case Op.NOT if t.args[0].op in (Op.AND, Op.VAR):
                parts = conjuncts(t.args[0])
                missing = [p.args[0] for p in parts if p.op is Op.NOT and _kind(p.args[0]) == "seen"]
                others = tuple(p for p in parts if not (p.op is Op.NOT and _kind(p.args[0]) == "seen"))
                if missing:
                    for m in missing:
                        yield self.cause("required first", m, (*given, *others))
                else:
                    yield self.cause("forbidden", t.args[0], given)
            case _ if _kind(t) == "seen":
                yield self.cause("required first", t, given)
            case Op.CONST:
                yield Cause("such a step, whatever the state", "forbidden", given, "", ())
            case _:
                yield self.cause("required", t, given)

    def cause(self, role: str, t: Term, given: tuple[Term, ...] = ()) -> Cause:
        """A cause, with the open scope told apart from the other conditions."""
        scopes = [self.observed(g) for g in given if _kind(g) == "scope"]
        given = tuple(g for g in given if _kind(g) != "scope")
        if role == "forbidden":
            scopes += [self.observed(p) for p in conjuncts(t) if _kind(p) == "scope"]
            t = conj(*(p for p in conjuncts(t) if _kind(p) != "scope"))
        text = self.observed(t) if role == "required first" else _readable(t)
        if t is TRUE:
            text = "such a step"
        names = dict.fromkeys(name for x in (*given, t) for name in _mentioned(x))
        values = tuple((name, self.state[name]) for name in islice(names, _VALUES))
        return Cause(text, role, given, ", ".join(scopes), values)

    def observed(self, monitor: Term) -> str:
        """What a monitor observes: a scope, or the step that must come first."""
        doc = self.system.variables[self.system.index[monitor.name]].doc
        return shortened(doc, _TEXT) if doc else _readable(monitor)


def _kind(t: Term) -> str:
    """What kind of monitor a term is; empty when it is none."""
    if t.op is not Op.VAR or not t.name.startswith(MONITOR):
        return ""
    return t.name.removeprefix(MONITOR).split(".")[0]


def _mentioned(t: Term) -> tuple[str, ...]:
    return tuple(v.name for v in support(t) if not v.name.startswith(MONITOR))


def _readable(t: Term) -> str:
    """A term as text, with monitors by what they observe."""
    replacement: dict[Term, Term] = {}
    for v in support(t):
        kind = _kind(v)
        if kind:
            replacement[v] = variable(_MONITORS.get(kind, f"‹{kind}›"), v.sort)
    return shortened(show(substitute(t, replacement)), _TEXT)


def shortened(text: str, limit: int) -> str:
    """``text``, or its beginning and an ellipsis."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
