"""Policies: for which settings of some knobs do properties hold? All settings at once, with the knobs as rigid variables.

Of decision diagrams (`bdd.rigid`) the answer is exact at once: the reachable states of all settings, projected. With SAT it
comes from both sides. Each violation is a run; the settings in which the very same run is possible and breaks the
property too are taken out together. When the SAT engine proves that what is left holds, the proof is one inductive
invariant for all the settings that are left. So every setting is either shown to fail by a run, or covered by the proof.

A property says nothing of knobs that its aspect does not have: it holds for all of their values or for none. A knob of several aspects
is one knob: a setting gives it one value, and a set of properties holds where each does, in its own aspect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import prod

import numpy as np

from ...model.flows import Flow
from ...model.language import ModelError, State, System, Term, Value, conj, disj, nearest, neg
from ...model.world import ASPECTS, KNOBS
from ...model.world.choices.evidence import GUEST_CHECKS
from ...properties.catalogue import aspect_of
from ...properties.compile import Obligation, compile_properties
from ...properties.formulas import LeadsTo, Recurs
from ...properties.property import Property
from ..bdd.manager import CUDD, available
from ..bdd.rigid import broken
from ..check import check, witness_of
from ..engine import NO_LIMITS, Engine, Limits
from ..replay import ReplayError, replay
from ..sat import SatEngine
from ..verdict import Verdict
from .settings import Block, Domains, Setting, SettingSet, few_enough, words

MOST_SETTINGS = 1 << 20
"""More settings are not told apart one by one."""

MOST_REPAIRS = 8
"""So many repairs are tried by a normal run."""

ENGINES = ("auto", "bdd", "sat")

_MOST_REPLAYS = 256
"""A run is tried in at most so many settings."""


@dataclass(frozen=True)
class Repair:
    """Knobs to set otherwise for the properties to hold, none of them in vain, and what a normal run says of each property."""

    changes: Mapping[str, Value]
    verdicts: Mapping[str, Verdict]
    vacuous: tuple[str, ...] = ()
    """The properties that then hold only because what they speak of cannot happen."""

    @property
    def verdict(self) -> Verdict:
        """That of all properties together."""
        return next((v for v in (Verdict.VIOLATED, Verdict.UNKNOWN) if v in self.verdicts.values()), Verdict.HOLDS)


@dataclass(frozen=True)
class Answer:
    """The settings in which one property holds; ``open``: those of which it is not known, for the reason ``stopped``.

    ``hollow``: of those in which it holds, the ones in which it is vacuous, as what it speaks of cannot happen there.
    """

    prop: Property
    holds: SettingSet
    open: SettingSet
    hollow: SettingSet
    stopped: str = ""


@dataclass(frozen=True)
class Policy:
    """The settings of the knobs in which properties hold, each by itself (``each``) and all of them together."""

    knobs: tuple[str, ...]
    domains: Domains
    each: tuple[Answer, ...]
    current: Setting
    repairs: tuple[Repair, ...]
    """Where the flow's own setting violates some property: what repairs them all, the fewest changes first."""
    rest: Policy | None = None
    """Where some of several properties are `hopeless`: what is to be said of the others."""

    @cached_property
    def holds(self) -> SettingSet:
        """The settings in which all of the properties hold."""
        return SettingSet(self.domains, np.logical_and.reduce([a.holds.table for a in self.each]))

    @cached_property
    def open(self) -> SettingSet:
        """Settings in which none is known to fail, and some is not known to hold."""
        not_broken = np.logical_and.reduce([a.holds.table | a.open.table for a in self.each])
        return SettingSet(self.domains, not_broken & ~self.holds.table)

    @cached_property
    def hollow(self) -> SettingSet:
        """Of the settings in which all hold, those in which some property holds only because nothing of the kind can happen.

        Of several properties, one that is vacuous wherever it holds is no matter of the setting, and does not count.
        """
        mine = [a.hollow for a in self.each if len(self.each) == 1 or len(a.hollow) < len(a.holds)]
        return SettingSet(self.domains, self.holds.table & np.logical_or.reduce([h.table for h in mine], initial=False))

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Together they are the settings in which all hold; none can be widened, and none is superfluous."""
        return self.holds.blocks()

    @property
    def stopped(self) -> str:
        """Why some setting is open."""
        return next((a.stopped for a in self.each if a.stopped), "")

    @property
    def hopeless(self) -> tuple[Property, ...]:
        """The properties that hold in no setting, or only where they are vacuous, which is not everywhere.

        They ask for what no setting brings about, and of the others often for nothing to happen.
        """
        return tuple(a.prop for a in self.each if not (a.open or len(a.holds) == self.size or a.holds - a.hollow))

    @property
    def size(self) -> int:
        """The number of settings."""
        return prod(map(len, self.domains))

    def words(self, block: Block) -> str:
        """A block as a condition on the knobs."""
        return words(self.knobs, self.domains, block)

    def breaks(self, setting: Setting) -> tuple[Property, ...]:
        """The properties that forbid a setting."""
        return tuple(a.prop for a in self.each if setting not in a.holds and setting not in a.open)

    def forbidden(self) -> dict[tuple[str, Value], tuple[Property, ...]]:
        """The values of knobs that no setting has in which all hold, and the properties that forbid them by themselves."""
        found = {}
        for i, (knob, domain) in enumerate(zip(self.knobs, self.domains, strict=True)):
            for code, value in enumerate(domain):
                if not np.take(self.holds.table | self.open.table, code, axis=i).any():
                    by = (a.prop for a in self.each if not np.take(a.holds.table | a.open.table, code, axis=i).any())
                    found[knob, value] = tuple(by)
        return found

    @property
    def of_checks(self) -> bool:
        """Whether what varies are checks of the guest, so that it makes sense to ask for the fewest."""
        return set(self.knobs) <= set(GUEST_CHECKS)

    @cached_property
    def weakest(self) -> tuple[tuple[str, ...], ...]:
        """The least sets of checks that suffice for all of the properties: all that are minimal by inclusion, the small ones first.

        A set with which some property is vacuous does not count: whoever accepts nothing accepts nothing bad.
        """
        nothing = (False,) * len(self.knobs)
        least = (tuple(k for k, v in zip(self.knobs, s, strict=True) if v) for s in self.sound.fewest_changes(nothing))
        return tuple(sorted(least, key=lambda c: (len(c), c)))

    @property
    def sound(self) -> SettingSet:
        """The settings in which all hold, and none is vacuous."""
        return self.holds - self.hollow

    @property
    def more_is_better(self) -> bool:
        """Whether every set of checks that has one of `weakest` in it suffices too."""
        return self.sound.upwards((False,) * len(self.knobs))


def policy(
    flow: Flow,
    properties: Sequence[Property],
    over: Sequence[str] = (),
    topology: Mapping[str, int] | None = None,
    changed: Mapping[str, Value] | None = None,
    limits: Limits = NO_LIMITS,
    *,
    engine: str = "auto",
    run: Engine | None = None,
    done: Callable[[str], None] = lambda _: None,
) -> Policy:
    """For which settings of the knobs ``over`` the properties hold in the flow (default: those on which its argument turns).

    ``engine``: one of `ENGINES`; auto: decision diagrams where there are fast ones, and no limit of states or depth. ``run``: what
    checks the repairs. ``done`` hears what is under way. Raises `ModelError` for a knob that no property's aspect has, for too
    many settings, and for a promise of progress.
    """
    aspects = tuple(dict.fromkeys(map(aspect_of, properties)))
    known = {k for a in aspects for k in ASPECTS[a].knobs}
    knobs = tuple(dict.fromkeys(over)) or tuple(k for k in flow.decided_by if k in known)
    for p in properties:
        if isinstance(p.formula, LeadsTo | Recurs):
            raise ModelError(f"{p.id} is a promise of progress: policies are for safety and reachability")
    where = f"the aspect {aspects[0]}" if len(aspects) == 1 else f"the aspects {', '.join(aspects)}"
    if not knobs:
        raise ModelError(f"flow {flow.name} says of no knob of {where} that its argument turns on it: name some with --over")
    for k in knobs:
        if k not in known:
            what = properties[0].id if len(properties) == 1 else "the properties"
            verb = "speaks" if len(properties) == 1 else "speak"
            raise ModelError(f"{where}, of which {what} {verb}, has no knob {k!r}{nearest(k, known)}")
    sorts = {k.name: k.sort for k in KNOBS}
    domains = tuple(sorts[k].domain for k in knobs)
    few_enough(knobs, domains, MOST_SETTINGS)
    if engine == "bdd" and (limits.states is not None or limits.depth is not None):
        raise ModelError("--engine bdd finds all settings at once, in no order: leave --max-states and --max-depth out")
    if engine == "auto":
        engine = "sat" if CUDD not in available() or limits.states or limits.depth else "bdd"
    limits = limits.begun()
    answers: dict[str, Answer] = {}
    interrupted = False
    for aspect in aspects:
        mine = [p for p in properties if aspect_of(p) == aspect]
        left_open = [k for k in knobs if k in ASPECTS[aspect].knobs]
        system = flow.system(topology, changed, aspect=aspect, left_open=left_open, check=False)
        witnesses = {p.id: w for p in mine if (w := witness_of(p)) is not None}
        watched, obligations = compile_properties(system, [*mine, *witnesses.values()])
        decide = _untried if interrupted else _by_diagrams if engine == "bdd" else _by_runs
        found = dict(decide(watched, obligations, left_open, knobs, domains, limits, done))
        answers |= {p.id: _answer(p, witnesses.get(p.id), obligations, found) for p in mine}
        interrupted = interrupted or any(why == _INTERRUPTED for _, _, why in found.values())
    current = tuple(flow.knobs(changed)[k] for k in knobs)
    result = Policy(knobs, domains, tuple(answers[p.id] for p in properties), current, ())
    if interrupted:
        return result

    def repaired(p: Policy) -> Policy:
        return replace(p, repairs=tuple(_repairs(flow, p, topology, changed or {}, limits, run, done)))

    possible = tuple(a for a in result.each if a.prop not in result.hopeless)
    if result.hopeless and possible:
        return replace(result, rest=repaired(replace(result, each=possible)))
    return repaired(result)


def _answer(
    p: Property,
    witness: Property | None,
    obligations: Sequence[Obligation],
    found: Mapping[int, tuple[SettingSet, SettingSet, str]],
) -> Answer:
    """What the settings in which the property's obligations fail, and those of which it is not known, say of the property."""
    mine = [n for n, o in enumerate(obligations) if o.prop is p]
    fails, unknown = [found[n][0].table for n in mine], [found[n][1].table for n in mine]
    if obligations[mine[0]].reach:
        # What is to be reached must be reached for all values of the parameters.
        holds = np.logical_and.reduce(fails)
        undecided = np.logical_and.reduce([f | u for f, u in zip(fails, unknown, strict=True)]) & ~holds
    else:
        some = np.logical_or.reduce(fails)
        undecided = np.logical_or.reduce(unknown) & ~some
        holds = ~some & ~undecided
    hollow = np.zeros(holds.shape, bool)
    if witness is not None:
        # A witness is reached if it is for one value of the parameters.
        seen = [found[n][0].table | found[n][1].table for n, o in enumerate(obligations) if o.prop is witness]
        hollow = holds & ~np.logical_or.reduce(seen)
    domains = found[mine[0]][0].domains
    stopped = next((found[n][2] for n in mine if found[n][2]), "") if undecided.any() else ""
    return Answer(p, SettingSet(domains, holds), SettingSet(domains, undecided), SettingSet(domains, hollow), stopped)


def _repairs(
    flow: Flow,
    found: Policy,
    topology: Mapping[str, int] | None,
    changed: Mapping[str, Value],
    limits: Limits,
    run: Engine | None,
    done: Callable[[str], None],
) -> Iterator[Repair]:
    """Where the flow's own setting is forbidden: the ways to set fewer and fewer knobs otherwise, each tried by normal runs."""
    if found.current in found.holds or found.current in found.open:
        return
    wanted = found.sound or found.holds
    for _, setting in wanted.fewest_changes(found.current).nearest(found.current, MOST_REPAIRS):
        changes = {k: v for k, v, was in zip(found.knobs, setting, found.current, strict=True) if v != was}
        done(f"a run with {', '.join(changes)} changed")
        verdicts: dict[str, Verdict] = {}
        vacuous: list[str] = []
        for aspect in dict.fromkeys(aspect_of(a.prop) for a in found.each):
            system = flow.system(topology, {**changed, **changes}, aspect=aspect, check=False)
            mine = [a.prop for a in found.each if aspect_of(a.prop) == aspect]
            results = check(system, mine, run, limits)
            verdicts |= {r.prop.id: r.verdict for r in results}
            vacuous += [r.prop.id for r in results if r.vacuous]
        yield Repair(changes, verdicts, tuple(vacuous))


_INTERRUPTED = "interrupted"
_Decided = Iterator[tuple[int, tuple[SettingSet, SettingSet, str]]]
"""Per obligation, by its number: the settings in which it is broken, those of which it is not known, and why."""


def _by_diagrams(
    system: System,
    obligations: Sequence[Obligation],
    mine: Sequence[str],
    knobs: Sequence[str],
    domains: Domains,
    limits: Limits,
    done: Callable[[str], None],
) -> _Decided:
    every = np.ones(tuple(map(len, domains)), bool)
    said = lambda n, of: done(f"{n} of {of} obligations")  # noqa: E731
    for b in broken(system, obligations, mine, limits, done=said):
        table = b.table().reshape([len(d) if k in b.names else 1 for k, d in zip(knobs, domains, strict=True)])
        fails = SettingSet(domains, table)
        yield b.number, (fails, SettingSet(domains, every & ~fails.table & bool(b.stopped)), b.stopped)


def _untried(
    system: System,
    obligations: Sequence[Obligation],
    mine: Sequence[str],
    knobs: Sequence[str],
    domains: Domains,
    *_: object,
) -> _Decided:
    """After Ctrl-C: all is left open."""
    yield from ((n, _open(domains)) for n in range(len(obligations)))


def _open(domains: Domains) -> tuple[SettingSet, SettingSet, str]:
    nothing = np.zeros(tuple(map(len, domains)), bool)
    return SettingSet(domains, nothing), SettingSet(domains, ~nothing), _INTERRUPTED


def _by_runs(
    system: System,
    obligations: Sequence[Obligation],
    mine: Sequence[str],
    knobs: Sequence[str],
    domains: Domains,
    limits: Limits,
    done: Callable[[str], None],
) -> _Decided:
    of = dict(zip(knobs, domains, strict=True))
    why = ""
    for n, o in enumerate(obligations):
        if why == _INTERRUPTED:
            yield n, _open(domains)
            continue
        done(str(o))
        blocks, why = _broken_in(system, o, mine, [of[k] for k in mine], limits)
        whole = [tuple(b[mine.index(k)] if k in mine else frozenset(of[k]) for k in knobs) for b in blocks]
        fails = SettingSet.of_blocks(domains, whole)
        every = np.ones(fails.table.shape, bool)
        yield n, (fails, SettingSet(domains, every & ~fails.table & bool(why)), why)


def _broken_in(
    system: System, o: Obligation, knobs: Sequence[str], domains: Sequence[Sequence[Value]], limits: Limits
) -> tuple[list[Block], str]:
    """The settings in which the obligation is broken, and why there may be more of them; empty when these are all."""
    found: list[Block] = []
    while True:
        rest = conj(system.init, *(neg(_term(system, knobs, b)) for b in found))
        (outcome,) = SatEngine().check(replace(system, init=rest), [o], limits).outcomes
        if outcome.path is not None:
            found.append(_same_run(system, o, knobs, domains, outcome.path))
            continue
        return found, "" if outcome.verdict is Verdict.HOLDS else outcome.note


def _term(system: System, knobs: Sequence[str], block: Block) -> Term:
    return conj(*(disj(*(system[k] == v for v in values)) for k, values in zip(knobs, block, strict=True)))


def _same_run(
    system: System,
    o: Obligation,
    knobs: Sequence[str],
    domains: Sequence[Sequence[Value]],
    path: tuple[State, tuple[int, ...]],
) -> Block:
    """The settings in which the run breaks the obligation as well, widened value by value."""
    initial, actions = path
    places = [system.index[k] for k in knobs]

    def breaks(setting: Setting) -> bool:
        state = list(initial)
        for place, value in zip(places, setting, strict=True):
            state[place] = value
        try:
            return len(replay(system, o, (tuple(state), actions))) == len(actions)
        except (ReplayError, ModelError):
            return False

    block = [frozenset((initial[p],)) for p in places]
    for i, domain in enumerate(domains):
        for value in domain:
            further = [*block[:i], frozenset((value,)), *block[i + 1 :]]
            if value not in block[i] and prod(map(len, further)) <= _MOST_REPLAYS and all(map(breaks, product(*further))):
                block[i] |= {value}
    return tuple(block)
