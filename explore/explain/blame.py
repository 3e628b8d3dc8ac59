"""Why a property fails: the single things without which it would hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...model.flows import Flow
from ...model.world import ASPECTS, KNOBS
from ...properties.catalogue import aspect_of
from ..check import Result, check
from ..engine import NO_LIMITS, Engine, Limits
from ..verdict import Verdict
from .causes import Setting, Step, step_name, without
from .cutsets import Cuts, cut_sets


@dataclass(frozen=True)
class Blame:
    """Each of these alone mends it: were the step never possible, or the knob set so, the property would hold.

    ``open``: what could not be decided within the limits. ``cuts``: what mends it only together; None: that was not asked.
    """

    steps: tuple[Step, ...]
    settings: tuple[Setting, ...]
    open: tuple[str, ...] = ()
    cuts: Cuts | None = None


def blame(
    broken: Result,
    flow: Flow | None = None,
    engine: Engine | None = None,
    limits: Limits = NO_LIMITS,
    done: Callable[[str], None] = lambda _: None,
    most: int = 1,
) -> Blame:
    """What is to blame for a violation that has a run. Without a ``flow`` there are no knobs to try.

    Only events of the run can be necessary, for without any other event the run is still there. ``most``: sets of at most so many
    causes are looked for.
    """
    if broken.verdict is not Verdict.VIOLATED or broken.trace is None:
        raise ValueError(f"{broken}: no run breaks it, so nothing is to blame")
    steps, settings, left = [], [], []
    for event, reply in dict.fromkeys((a.event, a.reply) for a in broken.trace.actions):
        name = step_name(event, reply)
        done(name)
        (r,) = check(without(broken.system, [(event, reply)]), [broken.prop], engine, limits)
        if r.verdict is Verdict.HOLDS:
            rules = [x for a in broken.trace.actions if (a.event, a.reply) == (event, reply) for x in a.rules if x.updates]
            steps.append(Step(event, reply, tuple(dict.fromkeys(rules)), r.vacuous))
        elif r.verdict is Verdict.UNKNOWN:
            left.append(f"without {name}")
    if flow is not None:
        aspect = aspect_of(broken.prop)
        changed = {k: v for k, v in broken.system.knobs.items() if flow.knobs()[k] != v}
        for knob in KNOBS:
            if knob.name not in ASPECTS[aspect].knobs:
                continue
            here = broken.system.knobs[knob.name]
            for value in knob.sort.domain:
                if value == here:
                    continue
                done(f"{knob.name}={value}")
                system = flow.system(broken.system.topology, {**changed, knob.name: value}, aspect=aspect)
                (r,) = check(system, [broken.prop], engine, limits)
                if r.verdict is Verdict.HOLDS:
                    settings.append(Setting(knob.name, here, value, r.vacuous))
                elif r.verdict is Verdict.UNKNOWN:
                    left.append(f"{knob.name}={str(value).lower()}")
    cuts = cut_sets(broken, flow, most, engine, limits, done) if most > 1 else None
    return Blame(tuple(steps), tuple(settings), tuple(left), cuts)
