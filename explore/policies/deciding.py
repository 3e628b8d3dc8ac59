"""In which settings of the knobs obligations of one system are broken: by decision diagrams at once, or by SAT from both sides.

Of decision diagrams (`bdd.rigid`) the answer is exact at once: the reachable states of all settings, projected. With SAT each violation
is a run; the settings in which the very same run is possible and breaks the obligation too are taken out together. When the SAT engine
proves that what is left holds, the proof is one inductive invariant for all the settings that are left. So every setting is either shown
to fail by a run, or covered by the proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from math import prod

import numpy as np

from ...model.language import ModelError, State, System, Term, Value, conj, disj, neg
from ...properties.compile import Obligation
from ..bdd.rigid import broken
from ..engine import Limits
from ..replay import ReplayError, replay
from ..sat import SatEngine
from ..verdict import Verdict
from .settings import Block, Domains, Setting, SettingSet

_MOST_REPLAYS = 256
"""A run is tried in at most so many settings."""

INTERRUPTED = "interrupted"
Decided = Iterator[tuple[int, tuple[SettingSet, SettingSet, str]]]
"""Per obligation, by its number: the settings in which it is broken, those of which it is not known, and why."""


def by_diagrams(
    system: System,
    obligations: Sequence[Obligation],
    mine: Sequence[str],
    knobs: Sequence[str],
    domains: Domains,
    limits: Limits,
    done: Callable[[str], None],
) -> Decided:
    every = np.ones(tuple(map(len, domains)), bool)
    said = lambda n, of: done(f"{n} of {of} obligations")  # noqa: E731
    for b in broken(system, obligations, mine, limits, done=said):
        table = b.table().reshape([len(d) if k in b.names else 1 for k, d in zip(knobs, domains, strict=True)])
        fails = SettingSet(domains, table)
        yield b.number, (fails, SettingSet(domains, every & ~fails.table & bool(b.stopped)), b.stopped)


def untried(
    system: System,
    obligations: Sequence[Obligation],
    mine: Sequence[str],
    knobs: Sequence[str],
    domains: Domains,
    *_: object,
) -> Decided:
    """After Ctrl-C: all is left open."""
    yield from ((n, _open(domains)) for n in range(len(obligations)))


def _open(domains: Domains) -> tuple[SettingSet, SettingSet, str]:
    nothing = np.zeros(tuple(map(len, domains)), bool)
    return SettingSet(domains, nothing), SettingSet(domains, ~nothing), INTERRUPTED


def by_runs(
    system: System,
    obligations: Sequence[Obligation],
    mine: Sequence[str],
    knobs: Sequence[str],
    domains: Domains,
    limits: Limits,
    done: Callable[[str], None],
) -> Decided:
    of = dict(zip(knobs, domains, strict=True))
    why = ""
    for n, o in enumerate(obligations):
        if why == INTERRUPTED:
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
