"""Would the catalogue notice? Every single fault of an aspect's rules, tried against its properties.

A mutant is *killed* when some property's verdict changes in some setting, *idle* when it makes no difference to
the reachable states and steps of any setting that was tried, and otherwise it has *survived*: a survivor is a
promise that no property states, or a difference that no promise is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import Enum

from ...model.language import Event, Model, ModelError
from ...model.language.mutate import AddRule, Mutant, mutants, mutated
from ...model.world import ASPECTS
from ...properties.catalogue import of_aspect
from .bench import Bench
from .setting import Setting, settings

MOST_STATES = 200_000
"""Settings with more states are left out."""

_LANGUAGE = "the language"
"""What kills a mutant that is no model at all."""


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    IDLE = "idle"
    SURVIVED = "survived"


@dataclass(frozen=True)
class Trial:
    """A mutant and its fate; for one that was killed, by which property in which setting.

    For a survivor the setting is the first in which it makes a difference.
    """

    mutant: Mutant
    machine: str
    fate: Fate
    by: str = ""
    setting: str = ""


class Trials:
    """The settings of an aspect, with what is known of the model in them; mutants are tried one by one."""

    def __init__(
        self,
        aspect: str,
        where: Sequence[Setting] | None = None,
        properties: Sequence[str] | None = None,
        most_states: int = MOST_STATES,
    ) -> None:
        self.aspect, self.model = aspect, ASPECTS[aspect].model
        chosen = [p for p in of_aspect(aspect) if properties is None or p.id in properties]
        every = [Bench(s, aspect, chosen, most_states) for s in (settings(aspect) if where is None else where)]
        self.benches = [b for b in every if not b.too_large]
        self.left_out = [b.setting for b in every if b.too_large]
        self._hint: dict[tuple[str, str], Bench] = {}

    def of(self, mutant: Mutant) -> Trial:
        """What becomes of a mutant."""
        rule = (mutant.machine, mutant.event.name if isinstance(mutant, AddRule) else mutant.rule)
        event = _event(self.model, mutant)
        try:
            # Nothing else can be different, and what is composed once serves all settings.
            whole = mutated(self.model, mutant)
            model = whole.with_rules(r for r in whole.rules if r.event is event)
        except ModelError:
            return Trial(mutant, mutant.machine, Fate.KILLED, _LANGUAGE)
        hint = self._hint.get(rule)
        order = [b for b in self.benches if b is hint] + [b for b in self.benches if b is not hint]
        different: list[Bench] = []
        for bench in order:
            by, differs = _safety(bench, model, event)
            if by:
                self._hint[rule] = bench
                return Trial(mutant, mutant.machine, Fate.KILLED, by, str(bench.setting))
            if differs:
                different.append(bench)
        for bench in different:
            m = bench.mutation(model, event)
            by = bench.unkept(m) if m is not None else ""
            if by:
                return Trial(mutant, mutant.machine, Fate.KILLED, by, str(bench.setting))
        if different:
            first = next(b for b in self.benches if b in different)
            return Trial(mutant, mutant.machine, Fate.SURVIVED, setting=str(first.setting))
        return Trial(mutant, mutant.machine, Fate.IDLE)


def _safety(bench: Bench, model: Model, event: Event) -> tuple[str, bool]:
    """What property kills the mutant here, and whether it makes a difference at all."""
    try:
        m = bench.mutation(model, event)
        if m is None:
            return "", False
        return bench.broken(m), True
    except ModelError:
        return _LANGUAGE, True


def _event(model: Model, mutant: Mutant) -> Event:
    return mutant.event if isinstance(mutant, AddRule) else model.rule(mutant.machine, mutant.rule).event


def trials(
    aspect: str,
    chosen: Iterable[Mutant] | None = None,
    *,
    where: Sequence[Setting] | None = None,
    most_states: int = MOST_STATES,
    done: Callable[[str], None] = lambda _: None,
) -> Iterator[Trial]:
    """Try mutants of an aspect (default: all), one after the other.

    A mutant with an error at definition time (an update twice in one step, say) counts as killed by the language.
    """
    every = list(mutants(ASPECTS[aspect].model) if chosen is None else chosen)
    run = Trials(aspect, where, most_states=most_states)
    for i, mutant in enumerate(every):
        done(f"{aspect}: {i} of {len(every)} mutants")
        yield run.of(mutant)


# --- Several processes --------------------------------------------------------------------------------------------------


_worker: list[Trials] = []
"""In a worker process: what it works with."""


def _begin(aspect: str, where: Sequence[Setting] | None, most_states: int) -> None:
    _worker.append(Trials(aspect, where, most_states=most_states))


def _some(numbers: Sequence[int]) -> list[tuple[int, Fate, str, str]]:
    """The fates of mutants by number: terms keep their identity only within a process."""
    (mine,) = _worker
    every = list(mutants(mine.model))
    found = []
    for n in numbers:
        t = mine.of(every[n])
        found.append((n, t.fate, t.by, t.setting))
    return found


def all_trials(
    aspect: str,
    *,
    where: Sequence[Setting] | None = None,
    most_states: int = MOST_STATES,
    jobs: int = 1,
    done: Callable[[str], None] = lambda _: None,
) -> Iterator[Trial]:
    """Try all mutants of an aspect, in ``jobs`` processes, in the order in which they finish."""
    if jobs == 1:
        yield from trials(aspect, where=where, most_states=most_states, done=done)
        return
    every = list(mutants(ASPECTS[aspect].model))
    by_event: dict[str, list[int]] = {}
    for n, mutant in enumerate(every):
        by_event.setdefault(_event(ASPECTS[aspect].model, mutant).name, []).append(n)
    count = 0
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(aspect, where, most_states)) as pool:
        try:
            for found in pool.map(_some, by_event.values()):
                for n, fate, by, setting in found:
                    count += 1
                    yield Trial(every[n], every[n].machine, fate, by, setting)
                done(f"{aspect}: {count} of {len(every)} mutants")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
