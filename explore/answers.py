"""Answering the questions of the thread by deciding the properties and comparisons that they come down to, flow by flow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

from ..model.flows import FLOWS, Flow
from ..model.language import Value
from ..model.world import ASPECTS, KNOBS
from ..properties.catalogue import aspect_of, find
from ..properties.property import Property
from ..properties.questions import Alike, Probe, Question
from .check import EarlierChecks, Result, check
from .engine import NO_LIMITS, Engine, Limits
from .equivalence.likeness import Likeness, likeness
from .verdict import Verdict


class Reply(Enum):
    """What the verdicts of a question's properties come to in one flow."""

    YES = "yes"
    NO = "no"
    VACUOUS = "cannot arise"
    """All hold, but what they speak of cannot happen in this flow."""
    UNKNOWN = "unknown"
    NOT_THERE = "does not apply"
    """The flow has none of the aspects of which the question speaks."""


@dataclass(frozen=True)
class Change:
    """A knob set otherwise, and the reply that this gives."""

    knob: str
    value: Value
    reply: Reply


@dataclass(frozen=True)
class FlowAnswer:
    """The verdicts in one flow, the single changes of a knob that give another reply, and how it compares with other flows."""

    results: tuple[tuple[Probe, Result], ...]
    changes: tuple[Change, ...] = ()
    likenesses: tuple[tuple[Alike, Likeness], ...] = ()

    @property
    def verdicts(self) -> tuple[Result | Likeness, ...]:
        """All that the reply rests on."""
        return (*(r for _, r in self.results), *(x for _, x in self.likenesses))

    @property
    def reply(self) -> Reply:
        return reply(self.verdicts)


@dataclass(frozen=True)
class Answer:
    """A question with its answer in every flow; without probes there are none, and the question says why."""

    question: Question
    flows: Mapping[str, FlowAnswer] = field(default_factory=dict)


def reply(results: Iterable[Result | Likeness]) -> Reply:
    """What verdicts come to: no before unknown before yes."""
    found = list(results)
    if not found:
        return Reply.NOT_THERE
    # That the other flow shows something where this one shows nothing is no difference in how they do it.
    unseen = [r for r in found if isinstance(r, Likeness) and r.vacuous]
    verdicts = {r.verdict for r in found if r not in unseen}
    if Verdict.VIOLATED in verdicts:
        return Reply.NO
    if Verdict.UNKNOWN in verdicts:
        return Reply.UNKNOWN
    return Reply.VACUOUS if unseen or all(r.vacuous for r in found) else Reply.YES


def answers(
    questions: Sequence[Question],
    flows: Sequence[Flow] = tuple(FLOWS.values()),
    *,
    changes: bool = True,
    engine: Engine | None = None,
    limits: Limits = NO_LIMITS,
    done: Callable[[str], None] = lambda _: None,
) -> list[Answer]:
    """Answer the questions, in order; with ``changes``, also say which single knob would change each answer."""
    bench = Bench(engine, limits, done)
    plain = [(q, f, p) for q in questions for p in q.probes for f in flows]
    bench.prepare((f, p, {}) for _, f, p in plain)
    others = {k.name: k for k in KNOBS}
    tried: list[tuple[Question, Flow, str, Value]] = []
    if changes:
        for q in questions:
            for f in flows:
                current = f.knobs()
                for name in q.turns_on:
                    aspects = {aspect_of(find(p.property)) for p in q.probes} | {a.aspect for a in q.alike}
                    relevant = any(name in ASPECTS[aspect].knobs for aspect in aspects)
                    values = [v for v in others[name].sort.domain if v != current[name]] if relevant else []
                    tried += [(q, f, name, v) for v in values]
        bench.prepare((f, p, {name: v}) for q, f, name, v in tried for p in q.probes)
    found = []
    for q in questions:
        per_flow = {}
        for f in flows if q.decided else ():
            here = bench.answer(f, q, {})
            switched = []
            for tq, tf, name, v in tried:
                if tq is q and tf is f and here.verdicts:
                    after = bench.answer(f, q, {name: v}).reply
                    if after is not here.reply:
                        switched.append(Change(name, v, after))
            per_flow[f.name] = replace(here, changes=tuple(switched))
        found.append(Answer(q, per_flow))
    return found


_Setting = tuple[str, tuple[tuple[str, Value], ...], tuple[tuple[str, int], ...]]
"""An aspect, the knobs that it reads, and a topology: flows that agree on these are one system."""


class Bench:
    """Decides each property once in each different system, many properties of a system together."""

    def __init__(self, engine: Engine | None, limits: Limits, done: Callable[[str], None]) -> None:
        self.engine, self.limits, self.done = engine, limits, done
        self.known: dict[tuple[_Setting, str], Result] = {}
        self.earlier = EarlierChecks()
        self.compared: dict[tuple[_Setting, Alike], Likeness] = {}

    def prepare(self, wanted: Iterable[tuple[Flow, Probe, Mapping[str, Value]]]) -> None:
        todo: dict[_Setting, dict[str, Property]] = {}
        at: dict[_Setting, tuple[Flow, Mapping[str, Value], Mapping[str, int]]] = {}
        for flow, probe, changed in wanted:
            setting = self.setting(flow, probe, changed)
            if setting is not None and (setting, probe.property) not in self.known:
                todo.setdefault(setting, {})[probe.property] = find(probe.property)
                at.setdefault(setting, (flow, {**probe.knobs, **changed}, probe.topology))
        for i, (setting, properties) in enumerate(todo.items()):
            flow, changed, topology = at[setting]
            self.done(f"{i} of {len(todo)} settings: {flow.name}, {setting[0]}")
            system = flow.system(topology, changed, aspect=setting[0])
            for r in check(system, properties.values(), self.engine, self.limits, earlier=self.earlier):
                self.known[setting, r.prop.id] = r
                if "interrupted" in r.notes:
                    raise KeyboardInterrupt

    def setting(self, flow: Flow, probe: Probe, changed: Mapping[str, Value]) -> _Setting | None:
        aspect = aspect_of(find(probe.property))
        return _setting(flow, aspect, {**probe.knobs, **changed}, probe.topology)

    def result(self, flow: Flow, probe: Probe, changed: Mapping[str, Value] = MappingProxyType({})) -> Result | None:
        """The result of what was prepared; None where the flow has no such aspect."""
        setting = self.setting(flow, probe, changed)
        return None if setting is None else self.known[setting, probe.property]

    def answer(self, flow: Flow, q: Question, changed: Mapping[str, Value]) -> FlowAnswer:
        results = [(p, r) for p in q.probes if (r := self.result(flow, p, changed)) is not None]
        alike = [(a, found) for a in q.alike if (found := self.likeness(flow, a, changed)) is not None]
        return FlowAnswer(tuple(results), likenesses=tuple(alike))

    def likeness(self, flow: Flow, alike: Alike, changed: Mapping[str, Value]) -> Likeness | None:
        """How the flow compares; None where it has no such aspect."""
        setting = _setting(flow, alike.aspect, changed, {})
        if setting is None:
            return None
        if (setting, alike) not in self.compared:
            self.done(f"{flow.name} against {alike.flow}")
            found = likeness(flow, alike, None, changed, self.limits)
            if found.comparison.stopped == "interrupted":
                raise KeyboardInterrupt
            self.compared[setting, alike] = found
        return self.compared[setting, alike]


def _setting(flow: Flow, aspect: str, changed: Mapping[str, Value], topology: Mapping[str, int]) -> _Setting | None:
    """The setting of a flow in an aspect; None where it has no such aspect."""
    if aspect not in flow.aspects:
        return None
    knobs = flow.knobs(changed)
    mine = tuple((k, knobs[k]) for k in sorted(ASPECTS[aspect].knobs))
    return aspect, mine, tuple(sorted(topology.items()))
