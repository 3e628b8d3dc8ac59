"""One setting of an aspect with all that is known of the model as it should be, to hold mutants against.

A mutant differs from the model in the actions of one event. Whether it differs at all is decided on the states that the
model reaches: where no action of the event does anything else in any of them, the mutant reaches the same states by the same
steps. The same is asked of the slices on which the properties depend.

Where there is a difference, the mutant can reach no more than what the model reaches and what follows, by whatever
steps, from where the changed actions lead. An obligation that holds in all of that holds in the mutant; so
only what follows needs to be explored. An obligation that the model breaks is broken by the mutant too where the
same run is one of the mutant. Whatever looks changed after that is decided like any other property.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...model.language import TRUE, Action, Event, Model, ModelError, State, System, support
from ...model.world import ASPECTS
from ...properties.compile import Compilation, Obligation, compile_liveness
from ...properties.formulas import LeadsTo, Recurs
from ...properties.property import Property
from ..check import check
from ..engine import Limits
from ..evaluate import enabled, evaluate, named, successor
from ..explicit import ExplicitEngine, ReachableSet, reachable
from ..explicit.vectorise import Compiled, Program
from ..explicit.visited import StateSet
from ..layout import Layout, Words
from ..liveness.decide import decide
from ..slice import Cones, Slice, batches, sliced
from ..verdict import Verdict
from .look import Eye, Laws, Seen, differ, key, of_event, seen
from .setting import Setting

_ROOM = 20
"""A mutant may reach so many times the states of the model before it is given up."""
_PROMISES = 1_000
"""Promises of progress are decided in settings with at most so many states: each takes as long as all of safety."""
_LOOKS = 8
"""So many suspects are decided one by one; if there are more, all are decided together."""


@dataclass(frozen=True, eq=False)
class Mutation:
    """What becomes of a system when the rules of one event change: other actions for that event, in the same place."""

    system: System
    event: str

    @classmethod
    def of(cls, base: System, model: Model, event: Event, order: Sequence[str]) -> Mutation | None:
        """The mutation, or None when there is none here. Raises `ModelError` for a model that cannot be.

        ``model`` has the rules of the event, changed, and no others; ``order`` is that of the events in the whole model.
        """
        new = model.instantiate(base.topology, base.knobs, check=False).actions
        old = of_event(base, event.name)
        if len(new) == len(old) and all(_same(a, b) for a, b in zip(old, new, strict=True)):
            return None
        if old:
            first = base.actions.index(old[0])
        else:
            later = set(order[order.index(event.name) :])
            first = next((i for i, a in enumerate(base.actions) if a.event in later), len(base.actions))
        actions = (*base.actions[:first], *new, *base.actions[first + len(old) :])
        return cls(replace(base, actions=actions), event.name)


@dataclass(frozen=True, eq=False)
class _Part:
    """Some obligations, the slice on which they depend, and what the model does in it."""

    numbers: tuple[int, ...]
    slice: Slice
    explored: ReachableSet
    runs: tuple[tuple[State, tuple[int, ...]] | None, ...]
    """Per obligation: a shortest run that breaks it, in the slice."""

    @property
    def layout(self) -> Layout:
        return self.explored.layout

    @cached_property
    def eye(self) -> Eye:
        """All actions, with the laws of all obligations."""
        s = self.slice
        laws = [{k: o.steps[i] for k, o in enumerate(s.obligations) if i in o.steps} for i in range(len(s.system.actions))]
        return Eye(self.layout, s.system.actions, laws)

    @cached_property
    def judged(self) -> tuple[int, ...]:
        """The obligations that say something of states."""
        return tuple(k for k, o in enumerate(self.slice.obligations) if o.state is not TRUE)

    @cached_property
    def states(self) -> Compiled:
        """The truth of what these say."""
        return _predicates(self.layout, [self.slice.obligations[k] for k in self.judged])


class Bench:
    """A setting, and what the model does in it."""

    def __init__(self, setting: Setting, aspect: str, properties: Sequence[Property], most_states: int) -> None:
        self.setting, self.aspect = setting, aspect
        self.system = setting.system(aspect)
        self.order = tuple(ASPECTS[aspect].model.events)
        self.explored = reachable(self.system, Limits(states=most_states))
        self.safety = [p for p in properties if not isinstance(p.formula, LeadsTo | Recurs)]
        self.liveness = [p for p in properties if isinstance(p.formula, LeadsTo | Recurs)]
        self._seen: dict[str, Seen] = {}
        self._seen_in: dict[tuple[int, str], Seen] = {}

    @property
    def too_large(self) -> bool:
        """Whether this setting has more states than are wanted."""
        return bool(self.explored.stopped)

    # --- the model as it should be ------------------------------------------------------------------------------------

    @cached_property
    def _compiled(self) -> Compilation:
        return Compilation.of(self.system, self.safety)

    @cached_property
    def _parts(self) -> list[_Part]:
        """The obligations in groups that depend on nearly the same variables."""
        watched, obligations = self._compiled.watched, self._compiled.obligations
        cones = Cones(watched)
        found = []
        for b in batches(watched, obligations, cones):
            part = sliced(watched, [obligations[n] for n in b.numbers], cones)
            report = ExplicitEngine().check(part.system, part.obligations)
            runs = tuple(o.path if o.verdict is Verdict.VIOLATED else None for o in report.outcomes)
            found.append(_Part(b.numbers, part, reachable(part.system), runs))
        return found

    @cached_property
    def verdicts(self) -> Mapping[str, Verdict]:
        """Per property of safety."""
        failed: dict[str, list[bool]] = {}
        reach: dict[str, bool] = {}
        for part in self._parts:
            for o, run in zip(part.slice.obligations, part.runs, strict=True):
                failed.setdefault(o.prop.id, []).append(run is not None)
                reach[o.prop.id] = o.reach
        return {
            name: Verdict.HOLDS if (all(fails) if reach[name] else not any(fails)) else Verdict.VIOLATED
            for name, fails in failed.items()
        }

    @cached_property
    def _kept(self) -> Mapping[str, Verdict]:
        """Per property of liveness."""
        return _promised(self.system, self.liveness)

    # --- a mutant -----------------------------------------------------------------------------------------------------

    def mutation(self, model: Model, event: Event) -> Mutation | None:
        """A mutant in this setting; None where it is no different, step by step, from the model. May raise `ModelError`.

        ``model`` has the rules of the event, changed, and no others.
        """
        found = Mutation.of(self.system, model, event, self.order)
        if found is None:
            return None
        layout, packed = self.explored.layout, self.explored.packed
        if event.name not in self._seen:
            self._seen[event.name] = seen(_bare(layout, of_event(self.system, event.name)), packed)
        try:
            now = seen(_bare(layout, of_event(found.system, event.name)), packed)
        except ModelError:
            # An update leaves its domain in a state that the model reaches; whether the mutant does is to be seen.
            return found
        return found if differ(self._seen[event.name], now) else None

    def broken(self, m: Mutation) -> str:
        """A property of safety whose verdict is another one than it should be, or nothing. May raise `ModelError`."""
        compiled = self._compiled.changed(m.system, m.event)
        if compiled.watched.variables != self._compiled.watched.variables:
            return self._changed(m.system, self.safety)
        cones = Cones(compiled.watched)
        left: dict[str, Property] = {}
        tried: set[str] = set()
        for part in self._parts:
            mine = [compiled.obligations[n] for n in part.numbers]
            if cones.of(mine) <= {v.term for v in part.slice.system.variables}:
                found = self._suspects(part, compiled.watched, mine, m.event)
            else:
                found = {o.prop.id: o.prop for o in mine}
            for name, p in found.items():
                if name in tried:
                    continue
                if len(tried) == _LOOKS:
                    left[name] = p
                    continue
                tried.add(name)
                if self._changed(m.system, [p]):
                    return name
        return self._changed(m.system, list(left.values()))

    def unkept(self, m: Mutation) -> str:
        """A property of liveness whose verdict is another one than it should be, or nothing."""
        if not self.liveness or self.explored.statistics.states > _PROMISES:
            return ""
        found = _promised(m.system, self.liveness)
        return next((name for name, v in self._kept.items() if found[name] is not v), "")

    def _suspects(self, part: _Part, watched: System, obligations: Sequence[Obligation], event: str) -> dict[str, Property]:
        """The properties of a part whose verdict may be another one in the mutant: all whose verdict is."""
        s, packed = part.slice, part.explored.packed
        everything = {o.prop.id: o.prop for o in obligations}
        old = frozenset(i for i, a in enumerate(s.system.actions) if a.event == event)
        actions, laws = _within(watched, obligations, event, s.system.index)
        if any(
            v.name not in s.system.index for a in actions for t in (a.guard, *(u for _, u in a.updates)) for v in support(t)
        ):
            return everything
        altered = tuple(
            k for k, (o, was) in enumerate(zip(obligations, s.obligations, strict=True)) if o.state is not was.state
        )
        states = _predicates(part.layout, [obligations[k] for k in altered]) if altered else None
        try:
            eye = Eye(part.layout, actions, laws)
            now = seen(eye, packed)
            if (id(part), event) not in self._seen_in:
                mine = [s.system.actions[i] for i in old]
                self._seen_in[id(part), event] = seen(Eye(part.layout, mine, [part.eye.laws[i] for i in old]), packed)
            if states is None and not differ(self._seen_in[id(part), event], now):
                return {}
            broken = _broken(altered, states, packed)
            for steps in now.values():
                broken |= {k for k, holds in steps.laws.items() if not holds.all()}
            broken |= self._beyond(part, eye, old, [steps.after for steps in now.values()], altered, states)
        except (ModelError, _TooMany):
            return everything
        found = {obligations[k].prop.id: obligations[k].prop for k in sorted(broken) if part.runs[k] is None}
        for k, run in enumerate(part.runs):
            if run is None or (k not in altered and old.isdisjoint(run[1])):
                continue
            if not _breaks(s.lift(run), self._compiled.watched, watched, obligations[k]):
                found[obligations[k].prop.id] = obligations[k].prop
        return found

    def _beyond(
        self,
        part: _Part,
        eye: Eye,
        old: frozenset[int],
        first: Sequence[Words],
        altered: Sequence[int],
        states: Compiled | None,
    ) -> set[int]:
        """The obligations that are broken in what follows from the given states, and is not reached by the model."""
        visited = StateSet(part.layout.words)
        visited.add(part.explored.packed)
        room = _ROOM * visited.count + 10_000
        broken: set[int] = set()
        frontier = list(first)
        while frontier:
            rows = np.concatenate(frontier, axis=1)
            rows = rows[:, visited.add(rows)]
            if not rows.size:
                break
            if visited.count > room:
                raise _TooMany
            broken |= {k for k in _broken(part.judged, part.states, rows) if k not in altered} | _broken(
                altered, states, rows
            )
            frontier = []
            for _, steps in (*part.eye.steps(rows, old), *eye.steps(rows)):
                broken |= {k for k, holds in steps.laws.items() if not holds.all()}
                frontier.append(steps.after)
        return broken

    def _changed(self, system: System, properties: Sequence[Property]) -> str:
        """A property with another verdict than it should have, decided (and its run replayed) as any check is."""
        bare = [replace(p, witness=None) for p in properties]
        limits = Limits(states=_ROOM * self.explored.statistics.states + 10_000)
        for r in check(system, bare, limits=limits):
            if r.verdict is not Verdict.UNKNOWN and r.verdict is not self.verdicts[r.prop.id]:
                return r.prop.id
        return ""


class _TooMany(Exception):
    """The mutant reaches so much that its properties are better decided one by one."""


def _broken(numbers: Iterable[int], states: Compiled | None, rows: Words) -> set[int]:
    """Of the obligations whose terms were compiled, those that do not hold in all of the states."""
    if states is None:
        return set()
    return {k for k, holds in zip(numbers, states(*rows), strict=True) if not bool(np.all(holds))}


def _predicates(layout: Layout, obligations: Sequence[Obligation]) -> Compiled:
    program = Program(layout)
    program.predicates("states", [o.state for o in obligations])
    return program.compile()["states"]


def _bare(layout: Layout, actions: Sequence[Action]) -> Eye:
    return Eye(layout, actions, [{}] * len(actions))


def _breaks(run: tuple[State, tuple[int, ...]], base: System, mutant: System, o: Obligation) -> bool:
    """Whether a run of the model is a run of the mutant as well, step by step, and breaks the mutant's obligation."""
    state, numbers = run
    place = {key(a): i for i, a in enumerate(mutant.actions)}
    for position, n in enumerate(numbers):
        mine = place.get(key(base.actions[n]))
        if mine is None or not enabled(mutant, mutant.actions[mine], state):
            return False
        last = position == len(numbers) - 1
        if last and mine in o.steps and not evaluate(o.steps[mine], named(mutant, state)):
            return True
        state = successor(mutant, mutant.actions[mine], state)
    return not evaluate(o.state, named(mutant, state))


def _promised(system: System, properties: Sequence[Property]) -> dict[str, Verdict]:
    promises = compile_liveness(system, properties)
    found: dict[str, Verdict] = {}
    for promise, (outcome, _) in zip(promises, decide(system, promises), strict=True):
        if found.get(promise.prop.id) is not Verdict.VIOLATED:
            found[promise.prop.id] = outcome.verdict
    return found


def _within(
    system: System, obligations: Sequence[Obligation], event: str, kept: Mapping[str, int]
) -> tuple[list[Action], list[Laws]]:
    """The actions of an event with their updates of some variables only, and the laws on their steps."""
    actions: list[Action] = []
    laws: list[Laws] = []
    for i, a in enumerate(system.actions):
        if a.event == event:
            updates = tuple((t, u) for t, u in a.updates if t.name in kept)
            law = {k: o.steps[i] for k, o in enumerate(obligations) if i in o.steps}
            if updates or law:
                actions.append(replace(a, updates=updates))
                laws.append(law)
    return actions, laws


def _same(a: Action, b: Action) -> bool:
    """Whether two actions are the same, whatever the state."""
    return (
        key(a) == key(b)
        and a.guard is b.guard
        and len(a.updates) == len(b.updates)
        and all(t is t2 and u is u2 for (t, u), (t2, u2) in zip(a.updates, b.updates, strict=True))
    )
