"""Why a property fails, when no single thing is to blame: the minimal cut sets of a violation.

A *cut set* is a set of causes without which the property holds: steps that are never possible, knobs that are set otherwise. It is *minimal*
when the property still fails with any part of it left as it is. So a cut set hits every counterexample, and counterexamples are what rules out candidates:
a run that was found without some causes is tried, step by step, without others as well, in the one system in which all knobs are open. What
no known run breaks is decided by a normal run. It holds, and is a cut set; or it gives another counterexample.

Candidates are all sets of causes, the small ones first, that contain no cut set. Knobs do not act one by one (a run may be possible with each of two
changed, and not with both), so nothing is inferred from a set to a larger one but that it is not minimal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice

from ...model.flows import Flow
from ...model.language import Action, Rule, State, System, Value, conj
from ...model.world import ASPECTS, KNOBS
from ...properties.catalogue import aspect_of
from ...properties.compile import Obligation, compile_properties
from ...properties.formulas import LeadsTo, Recurs
from ..check import Result, check
from ..engine import NO_LIMITS, Engine, Limits
from ..evaluate import enabled, evaluate, initial_states, named, successor
from ..verdict import Trace, Verdict
from .causes import Setting, Step, step_name, without

SECONDS = 60.0
"""For the search, where no limit is given."""

_STARTS = 64
"""Initial states from which a run is tried at most."""

Cause = tuple[str, str | Value]
"""A step, as event and reply, or a knob with the value that it gets."""


@dataclass(frozen=True)
class CutSet:
    """Causes that have to go together for the property to hold."""

    steps: tuple[Step, ...]
    settings: tuple[Setting, ...]
    vacuous: bool
    """Whether the property then holds only because what it speaks of cannot happen any more."""


@dataclass(frozen=True)
class Cuts:
    """The minimal cut sets of more than one cause. All of at most ``complete`` causes were found; ``stopped``: why not more."""

    sets: tuple[CutSet, ...]
    complete: int
    stopped: str = ""


def cut_sets(
    violation: Result,
    flow: Flow | None = None,
    most: int = 2,
    engine: Engine | None = None,
    limits: Limits = NO_LIMITS,
    done: Callable[[str], None] = lambda _: None,
) -> Cuts:
    """The minimal cut sets of two to ``most`` causes of a violation that has a run. Without a ``flow`` there are no knobs to try.

    Every set that is given was confirmed by a normal run, in which the property holds, and each of its parts with one cause less by another, in which
    it fails. The search ends at ``limits.seconds``, or after `SECONDS`, with what was found so far.
    """
    if violation.trace is None or violation.verdict is not Verdict.VIOLATED:
        raise ValueError(f"{violation}: no run breaks it, so there is nothing to cut")
    if isinstance(violation.prop.formula, LeadsTo | Recurs):
        return Cuts((), 1, "of a promise of progress, only single causes are looked for")
    search = _Search(violation, flow, engine, limits, done)
    found: list[frozenset[Cause]] = []
    complete = 0
    stopped = ""
    try:
        for size in range(1, most + 1):
            smaller = tuple(found)
            for causes in combinations(search.causes, size):
                some = frozenset(causes)
                if len({search.place(c) for c in causes}) < size or any(c <= some for c in smaller):
                    continue
                # The parts are tried by runs of their own too, even if a known counterexample has them covered.
                if search.holds(some) and (size == 1 or not any(search.tried(some - {c}) for c in causes)):
                    found.append(some)
            complete = size
    except _Stopped as e:
        stopped = str(e)
    except KeyboardInterrupt:
        stopped = "interrupted"
    order = {cause: i for i, cause in enumerate(search.causes)}
    sets = [search.cut_set(sorted(c, key=order.__getitem__)) for c in found if len(c) > 1]
    sets.sort(key=lambda c: (c.vacuous, len(c.steps) + len(c.settings), len(c.steps)))
    return Cuts(tuple(sets), complete, stopped)


class _Stopped(Exception):
    """A limit was reached."""


class _Search:
    """What is known of the violated system without some causes."""

    def __init__(
        self, violation: Result, flow: Flow | None, engine: Engine | None, limits: Limits, done: Callable[[str], None]
    ) -> None:
        assert violation.trace is not None
        self._violation, self._flow, self._engine, self._done = violation, flow, engine, done
        self._limits = limits.begun() if limits.seconds is not None else limits.within(SECONDS)
        self._runs: list[Trace] = [violation.trace]
        """Counterexamples, each found without some causes; the one that served last comes first."""
        self._results: dict[frozenset[Cause], Result] = {frozenset(): violation}
        """What normal runs say without these causes."""
        self._breaks: dict[tuple[int, frozenset[Cause]], bool] = {}
        system = violation.system
        self._aspect = aspect_of(violation.prop) if flow is not None else ""
        self._here: dict[str, Value] = {}
        if flow is not None:
            self._here = {k: v for k, v in system.knobs.items() if k in ASPECTS[self._aspect].knobs}
            system = flow.system(system.topology, self._here, aspect=self._aspect, left_open=tuple(self._here))
        self._open = _Open.of(system, violation, self._here)
        effective = {i for o in self._open.obligations for i in o.steps}
        # With monitors: a step that changes nothing else may still be one that the property remembers.
        watched = self._open.system.actions
        pairs = dict.fromkeys((a.event, a.reply) for i, a in enumerate(watched) if a.updates or i in effective)
        domains = {k.name: k.sort.domain for k in KNOBS}
        self.causes: list[Cause] = [(k, v) for k, was in self._here.items() for v in domains[k] if v != was]
        self.causes += pairs

    def place(self, cause: Cause) -> str | Cause:
        """What two causes of one set cannot both be about: a knob, or a step."""
        return cause[0] if cause[0] in self._here else cause

    def holds(self, causes: frozenset[Cause]) -> bool:
        """Whether the property holds without the causes. Raises `_Stopped` when that is not found out in time."""
        if self._limits.late:
            raise _Stopped("the time was used up")
        if causes in self._results:
            return self.tried(causes)
        settings = frozenset(c for c in causes if c[0] in self._here)
        steps = causes - settings
        for i, run in enumerate(self._runs):
            if any((a.event, a.reply) in steps for a in run.actions):
                continue
            key = (id(run), settings)
            if key not in self._breaks:
                self._breaks[key] = self._open.breaks(run, dict(settings))
            if self._breaks[key]:
                if i:
                    self._runs.insert(0, self._runs.pop(i))
                return False
        return self.tried(causes)

    def tried(self, causes: frozenset[Cause]) -> bool:
        """What a normal run says, whatever is known. Raises `_Stopped` when it does not say."""
        result = self._results.get(causes)
        if result is None:
            self._done(", ".join(sorted(self._named(c) for c in causes)))
            (result,) = check(self._system(causes), [self._violation.prop], self._engine, self._limits)
            if result.verdict is Verdict.UNKNOWN:
                raise _Stopped("; ".join(result.notes) or "a verdict is unknown")
            self._results[causes] = result
            if result.trace is not None and result.verdict is Verdict.VIOLATED:
                self._runs.insert(0, result.trace)
        return result.verdict is Verdict.HOLDS

    def _system(self, causes: frozenset[Cause]) -> System:
        knobs = {c[0]: c[1] for c in causes if c[0] in self._here}
        system = self._violation.system
        if knobs:
            assert self._flow is not None
            system = self._flow.system(system.topology, {**self._here, **knobs}, aspect=self._aspect)
        return without(system, [(c[0], str(c[1])) for c in causes if c[0] not in self._here])

    def _named(self, cause: Cause) -> str:
        return f"{cause[0]}={cause[1]}" if cause[0] in self._here else f"without {step_name(cause[0], str(cause[1]))}"

    def cut_set(self, causes: Sequence[Cause]) -> CutSet:
        """A set for people."""
        vacuous = self._results[frozenset(causes)].vacuous
        pairs = [(c[0], str(c[1])) for c in causes if c[0] not in self._here]
        steps = [Step(event, reply, self._rules(event, reply), vacuous) for event, reply in pairs]
        settings = [Setting(c[0], self._here[c[0]], c[1], vacuous) for c in causes if c[0] in self._here]
        return CutSet(tuple(steps), tuple(settings), vacuous)

    def _rules(self, event: str, reply: str) -> tuple[Rule, ...]:
        """The rules by which the event takes effect in the violated system."""
        mine = (a for a in self._violation.system.actions if (a.event, a.reply) == (event, reply))
        return tuple(dict.fromkeys(r for a in mine for r in a.rules if r.updates))


@dataclass(frozen=True, eq=False)
class _Open:
    """The system with all knobs left open, and the property's obligations about it."""

    system: System
    obligations: tuple[Obligation, ...]
    starts: tuple[State, ...]
    """Initial states, with the knobs as they are here."""
    by_event: Mapping[tuple[object, ...], tuple[int, ...]]

    @classmethod
    def of(cls, system: System, violation: Result, here: Mapping[str, Value]) -> _Open:
        watched, obligations = compile_properties(system, [violation.prop])
        by_event: dict[tuple[object, ...], tuple[int, ...]] = {}
        for i, a in enumerate(watched.actions):
            by_event[_asked(a)] = (*by_event.get(_asked(a), ()), i)
        pinned = conj(watched.init, *(watched[k] == v for k, v in here.items()))
        return cls(
            watched, tuple(obligations), tuple(islice(initial_states(replace(watched, init=pinned)), _STARTS)), by_event
        )

    def breaks(self, run: Trace, knobs: Mapping[str, Value]) -> bool:
        """Whether the same events, with the same replies, break the property under these knobs too. False: not that is known."""
        states = list(self._begun(knobs))
        if not run.actions:
            return any(self._broken(s) for s in states)
        for step, action in enumerate(run.actions, 1):
            mine = [(i, self.system.actions[i]) for i in self.by_event.get(_asked(action), ())]
            taken = [(s, i, a) for s in states for i, a in mine if enabled(self.system, a, s)]
            states = list(dict.fromkeys(successor(self.system, a, s) for s, _, a in taken))
            if step == len(run.actions):
                return any(self._broken(s) for s in states) or any(
                    not evaluate(o.steps[i], named(self.system, s))
                    for o in self.obligations
                    for s, i, _ in taken
                    if i in o.steps
                )
        return False

    def _begun(self, knobs: Mapping[str, Value]) -> Iterator[State]:
        places = {self.system.index[k]: v for k, v in knobs.items()}
        for start in self.starts:
            state = tuple(places.get(i, v) for i, v in enumerate(start))
            if evaluate(self.system.init, named(self.system, state)):
                yield state

    def _broken(self, state: State) -> bool:
        return any(not evaluate(o.state, named(self.system, state)) for o in self.obligations)


def _asked(a: Action) -> tuple[object, ...]:
    return a.event, a.args, a.reply
