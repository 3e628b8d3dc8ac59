"""Liveness by an engine for safety: each promise as an obligation (see `as_safety`), first of the part of the system on which it depends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...model.language import System
from ...properties.compile import Promise
from ..engine import NO_LIMITS, Engine, Limits
from ..slice import Cones, abstracted
from ..verdict import Evidence, Outcome, Statistics, Verdict
from .as_safety import FURTHER, as_safety

ENGINES = ("sat", "z3")
"""The engines that decide liveness so. The graph of all states is quicker wherever it is there, so the others leave it to `decide`."""


def decide_by_safety(
    system: System, promises: Sequence[Promise], engine: Engine, limits: Limits = NO_LIMITS, *, slicing: bool = True
) -> list[tuple[Outcome, Statistics | None]]:
    """Decide the promises about the system, in order. ``limits.seconds`` is for all of them together.

    The run of a broken promise is the shortest with its loop counted. An interruption, or a limit, leaves UNKNOWN what is still open.
    """
    limits = limits.begun()
    cones = Cones(system)
    found: list[tuple[Outcome, Statistics | None]] = []
    for p in promises:
        if any(o.note == "interrupted" for o, _ in found):
            found.append((Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, 0, note="interrupted"), None))
            continue
        part = abstracted(system, [p], cones) if slicing else None
        answer = _decided(part[0], part[1][0], engine, limits) if part is not None else None
        if answer is None or (answer[0].verdict is not Verdict.HOLDS and answer[0].note != "interrupted"):
            answer = _decided(system, p, engine, limits)
        found.append(answer)
    return found


def _decided(system: System, promise: Promise, engine: Engine, limits: Limits) -> tuple[Outcome, Statistics | None]:
    form = as_safety(system, [promise])
    if limits.depth is not None:
        limits = replace(limits, depth=limits.depth + FURTHER)
    report = engine.check(form.system, form.obligations, limits)
    (outcome,) = report.outcomes
    outcome = replace(outcome, engine=outcome.engine or report.engine)
    if outcome.verdict is Verdict.UNKNOWN:
        outcome = replace(outcome, depth=max(outcome.depth - FURTHER, 0))
    if outcome.path is not None:
        path, loop = form.run(outcome.path)
        depth = len(path[1]) if loop is None else loop
        outcome = replace(outcome, path=path, loop=loop, depth=depth)
    return outcome, report.statistics
