"""Checking many targets: flows that are the same in an aspect are decided once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..model.flows import FLOWS
from .check import EarlierChecks, Result, check
from .engine import NO_LIMITS, Engine, Limits
from .parcel import Shared
from .processes import Tell, Workers, can_fork
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
    processes: int = 1,
) -> Survey:
    """Decide the properties of all targets, in several processes where there may be any.

    After an interruption the results that there are, said to be partial.
    """
    # All of them before any work, since a topology that cannot be is said here.
    systems = [t.system for t in found]
    first: dict[object, int] = {}
    same_as = [first.setdefault(_identity(t), i) for i, t in enumerate(found)]
    # What is of one aspect together: there flows have most in common.
    aspects = list(dict.fromkeys(t.aspect for t in found))
    different = sorted(first.values(), key=lambda n: aspects.index(found[n].aspect))
    earlier = EarlierChecks()

    def decide(number: int, limits: Limits) -> list[Result]:
        return check(systems[number], found[number].properties, engine, limits, slicing=slicing, earlier=earlier)

    def finished(number: int) -> None:
        for t, same in zip(found, same_as, strict=True):
            if same == number:
                done(t)

    known: dict[int, list[Result]] = {}
    interrupted = False
    if min(processes, len(different)) > 1 and can_fork() and limits.checkpoint is None:
        memory = limits.memory and max(limits.memory // processes, 1)

        def work(n: int, tell: Tell) -> list[Result]:
            return decide(different[n], replace(limits, progress=limits.progress and tell, memory=memory))

        kin = [found[n].aspect for n in different]
        workers = Workers(work, len(different), processes, _shared(found), kin)
        answers = workers.results(lambda n: finished(different[n]), limits.progress or (lambda _: None))
        known = {different[n]: x for n, x in answers.items()}
        interrupted = workers.interrupted
    for number in different:
        if number not in known and not interrupted:
            known[number] = decide(number, limits)
            finished(number)
            interrupted = any("interrupted" in n for r in known[number] for n in r.notes)
    results: dict[str, list[Result]] = {}
    for i, target in enumerate(found):
        if same_as[i] in known:
            results.setdefault(target.name, []).extend(known[same_as[i]])
    return Survey(results, tuple(t.name for i, t in enumerate(found) if same_as[i] not in known), interrupted)


def _shared(found: Sequence[Target]) -> Shared:
    """What results speak of and is told apart by identity."""
    actions = [a for t in found for a in t.system.actions]
    rules = [r for a in actions for r in (*a.rules, a.refused_by) if r is not None]
    return Shared([*(t.system for t in found), *(p for t in found for p in t.properties), *actions, *rules])


def _identity(target: Target) -> object:
    """Equal for targets of which the same will be found. A system or scenario file is like no other."""
    if target.flow is None or FLOWS.get(target.flow.name) is not target.flow:
        return id(target)
    knobs = tuple(sorted(target.system.knobs.items(), key=str))
    return target.aspect, knobs, tuple(target.system.topology.items()), tuple(p.id for p in target.properties)
