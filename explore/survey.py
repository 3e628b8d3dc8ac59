"""Checking many targets: flows that are the same in an aspect are decided once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..model.flows import FLOWS
from .check import Result, check
from .engine import NO_LIMITS, Engine, Limits
from .target import Target


@dataclass(frozen=True)
class Survey:
    """Results by the target's name, in order. ``missing``: targets that an interruption left undecided."""

    results: Mapping[str, list[Result]]
    missing: tuple[str, ...] = field(default_factory=tuple)
    interrupted: bool = False

    @property
    def notes(self) -> list[str]:
        """What a reader must know about what is not there."""
        if not self.interrupted:
            return []
        left = f"; not begun: {', '.join(dict.fromkeys(self.missing))}" if self.missing else ""
        return [f"interrupted: the results are partial{left}"]


def survey(
    found: Sequence[Target],
    engine: Engine | None = None,
    limits: Limits = NO_LIMITS,
    *,
    slicing: bool = True,
    done: Callable[[Target], None] = lambda _: None,
) -> Survey:
    """Decide the properties of all targets. After an interruption the results that there are, said to be partial."""
    results: dict[str, list[Result]] = {}
    known: dict[object, list[Result]] = {}
    for i, target in enumerate(found):
        key = _identity(target)
        mine = known.get(key)
        if mine is None:
            mine = known[key] = check(target.system, target.properties, engine, limits, slicing=slicing)
        results.setdefault(target.name, []).extend(mine)
        done(target)
        if any("interrupted" in n for r in mine for n in r.notes):
            return Survey(results, tuple(t.name for t in found[i + 1 :]), interrupted=True)
    return Survey(results)


def _identity(target: Target) -> object:
    """Equal for targets of which the same will be found. A system or scenario file is like no other."""
    if target.flow is None or FLOWS.get(target.flow.name) is not target.flow:
        return id(target)
    knobs = tuple(sorted(target.system.knobs.items(), key=str))
    return target.aspect, knobs, tuple(target.system.topology.items()), tuple(p.id for p in target.properties)
