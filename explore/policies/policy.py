"""Policies: for which settings of some knobs do properties hold? All settings at once, with the knobs as rigid variables.

A property says nothing of knobs that its aspect does not have: it holds for all of their values or for none. A knob of several aspects
is one knob: a setting gives it one value, and a set of properties holds where each does, in its own aspect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ...model.flows import Flow
from ...model.language import ModelError, Value, nearest
from ...model.world import ASPECTS, KNOBS
from ...properties.catalogue import aspect_of
from ...properties.compile import Obligation, compile_properties
from ...properties.formulas import LeadsTo, Recurs
from ...properties.property import Property
from ..bdd.manager import CUDD, available
from ..check import check, witness_of
from ..engine import NO_LIMITS, Engine, Limits
from ..verdict import Verdict
from .answer import Answer, Policy, Repair
from .deciding import INTERRUPTED, by_diagrams, by_runs, untried
from .settings import SettingSet, few_enough

MOST_SETTINGS = 1 << 20
"""More settings are not told apart one by one."""

MOST_REPAIRS = 8
"""So many repairs are tried by a normal run."""

ENGINES = ("auto", "bdd", "sat")


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
        system = flow.system(topology, changed, aspect=aspect, left_open=left_open)
        witnesses = {p.id: w for p in mine if (w := witness_of(p)) is not None}
        watched, obligations = compile_properties(system, [*mine, *witnesses.values()])
        decide = untried if interrupted else by_diagrams if engine == "bdd" else by_runs
        found = dict(decide(watched, obligations, left_open, knobs, domains, limits, done))
        answers |= {p.id: _answer(p, witnesses.get(p.id), obligations, found) for p in mine}
        interrupted = interrupted or any(why == INTERRUPTED for _, _, why in found.values())
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
            system = flow.system(topology, {**changed, **changes}, aspect=aspect)
            mine = [a.prop for a in found.each if aspect_of(a.prop) == aspect]
            results = check(system, mine, run, limits)
            verdicts |= {r.prop.id: r.verdict for r in results}
            vacuous += [r.prop.id for r in results if r.vacuous]
        yield Repair(changes, verdicts, tuple(vacuous))
