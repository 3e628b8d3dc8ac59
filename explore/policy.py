"""Policies: for which settings of some knobs does a property hold? All settings at once, with the knobs as rigid variables.

The answer comes from both sides. Each violation is a run; the settings in which the very same run is possible and breaks the
property too are taken out together. When the SAT engine proves that what is left holds, the proof is one inductive
invariant for all the settings that are left. So every setting is either shown to fail by a run, or covered by the proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from ..model.flows import Flow
from ..model.language import Ground, ModelError, State, System, Term, Value, conj, disj, nearest, neg
from ..model.world import ASPECTS
from ..properties.catalogue import aspect_of
from ..properties.compile import Obligation, compile_properties
from ..properties.formulas import LeadsTo, Recurs
from ..properties.property import Property
from .check import check
from .engine import NO_LIMITS, Limits
from .replay import ReplayError, replay
from .sat import SatEngine
from .settings import Block, Setting, blocks_of, few_enough, nearest_settings, words
from .verdict import Verdict

MOST_SETTINGS = 50_000
"""More settings are not told apart one by one."""

_MOST_REPLAYS = 256
"""A run is tried in at most so many settings."""


@dataclass(frozen=True)
class Repair:
    """The fewest knobs to set otherwise for the property to hold, and what a normal run says of it."""

    changes: Mapping[str, Value]
    verdict: Verdict


@dataclass(frozen=True)
class Policy:
    """The settings of the knobs in which the property holds."""

    knobs: tuple[str, ...]
    domains: tuple[tuple[Value, ...], ...]
    holds: frozenset[Setting]
    open: frozenset[Setting]
    """Settings of which it is not known, for the reason ``stopped``."""
    blocks: tuple[Block, ...]
    """Together they are the settings in which it holds; none can be widened, and none is superfluous."""
    current: Setting
    repairs: tuple[Repair, ...]
    """Where the flow's own setting violates the property."""
    stopped: str = ""

    def words(self, block: Block) -> str:
        """A block as a condition on the knobs."""
        return words(self.knobs, self.domains, block)


def policy(
    flow: Flow,
    prop: Property,
    over: Sequence[str] = (),
    topology: Mapping[str, int] | None = None,
    changed: Mapping[str, Value] | None = None,
    limits: Limits = NO_LIMITS,
) -> Policy:
    """For which settings of the knobs ``over`` the property holds in the flow (default: those on which its argument turns).

    Raises `ModelError` for a knob that the property's aspect does not have, for too many settings, and for a promise of progress.
    """
    aspect = aspect_of(prop)
    knobs = tuple(dict.fromkeys(over)) or tuple(k for k in flow.decided_by if k in ASPECTS[aspect].knobs)
    if isinstance(prop.formula, LeadsTo | Recurs):
        raise ModelError(f"{prop.id} is a promise of progress: policies are for safety and reachability")
    if not knobs:
        raise ModelError(
            f"flow {flow.name} says of no knob of the aspect {aspect} that its argument turns on it: name some with --over"
        )
    for k in knobs:
        if k not in ASPECTS[aspect].knobs:
            raise ModelError(
                f"the aspect {aspect}, of which {prop.id} speaks, has no knob {k!r}{nearest(k, ASPECTS[aspect].knobs)}"
            )
    system, obligations = compile_properties(flow.system(topology, changed, aspect=aspect, left_open=knobs), [prop])
    sorts: list[Ground] = [system.variables[system.index[k]].sort for k in knobs]
    domains = tuple(s.domain for s in sorts)
    few_enough(knobs, domains, MOST_SETTINGS)
    every = frozenset(product(*domains))
    reach = any(o.reach for o in obligations)
    fails: frozenset[Setting] = frozenset()
    reached, unknown, stopped = every, frozenset[Setting](), ""
    for o in obligations:
        broken, rest, why = _broken(system, o, knobs, domains, limits)
        fails |= broken
        reached &= broken | rest
        unknown |= rest
        stopped = stopped or why
    holds, unknown = (reached - unknown, reached & unknown) if reach else (every - fails - unknown, unknown - fails)
    current = tuple(flow.knobs(changed)[k] for k in knobs)
    repairs: list[Repair] = []
    if current not in holds and current not in unknown:
        for setting in nearest_settings(current, holds):
            changes = {k: v for k, v, was in zip(knobs, setting, current, strict=True) if v != was}
            (r,) = check(
                flow.system(topology, {**(changed or {}), **changes}, aspect=aspect, check=False), [prop], limits=limits
            )
            repairs.append(Repair(changes, r.verdict))
    return Policy(knobs, domains, holds, unknown, blocks_of(holds, domains), current, tuple(repairs), stopped)


def _broken(
    system: System, o: Obligation, knobs: Sequence[str], domains: Sequence[Sequence[Value]], limits: Limits
) -> tuple[frozenset[Setting], frozenset[Setting], str]:
    """The settings in which the obligation is broken, those of which it is not known, and why."""
    found: list[Block] = []
    while True:
        left = conj(system.init, *(neg(_term(system, knobs, b)) for b in found))
        (outcome,) = SatEngine().check(replace(system, init=left), [o], limits).outcomes
        if outcome.path is not None:
            found.append(_same_run(system, o, knobs, domains, outcome.path))
            continue
        settings = frozenset(s for b in found for s in product(*b))
        if outcome.verdict is Verdict.HOLDS:
            return settings, frozenset(), ""
        return settings, frozenset(product(*domains)) - settings, outcome.note


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
