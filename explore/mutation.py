"""Would the catalogue notice? Every single fault of an aspect's rules, tried against its properties.

A mutant is *killed* when some property's verdict changes in some setting, *idle* when it makes no difference to
the reachable states and steps of any setting that was tried, and otherwise it has *survived*: a survivor is a
promise that no property states, or a difference that no promise is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from ..model.flows import FLOWS
from ..model.language import Model, System, Value
from ..model.language.mutate import Mutant, mutants, mutated
from ..model.world import ASPECTS
from ..properties.catalogue import of_aspect
from ..properties.property import Property
from .check import check
from .engine import Limits
from .explicit import ReachableSet, reachable
from .explicit.vectorise import Program
from .layout import Words
from .verdict import Verdict


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    IDLE = "idle"
    SURVIVED = "survived"


@dataclass(frozen=True)
class Setting:
    """A flow with knobs set otherwise, at a topology."""

    flow: str
    knobs: Mapping[str, Value] = field(default_factory=dict)
    topology: Mapping[str, int] = field(default_factory=dict)

    def system(self, aspect: str, model: Model | None = None) -> System:
        return FLOWS[self.flow].system(self.topology, self.knobs, model, aspect=aspect, check=False)

    def __str__(self) -> str:
        given = [f"{k}={str(v).lower()}" for k, v in (*self.topology.items(), *self.knobs.items())]
        return self.flow + (f" ({', '.join(given)})" if given else "")


@dataclass(frozen=True)
class Trial:
    """A mutant and its fate; for one that was killed, by which property in which setting."""

    mutant: Mutant
    machine: str
    fate: Fate
    by: str = ""
    setting: str = ""


def settings(aspect: str) -> list[Setting]:
    """The different flows, with a hostile and with an honest host, and every setting in which the catalogue looks for a witness or a kill."""
    found: dict[object, Setting] = {}

    def add(flow: str, knobs: Mapping[str, Value], topology: Mapping[str, int]) -> None:
        values = FLOWS[flow].knobs(knobs)
        mine = tuple(values[k] for k in sorted(ASPECTS[aspect].knobs))
        found.setdefault((mine, tuple(sorted(topology.items()))), Setting(flow, dict(knobs), dict(topology)))

    for trust in ({}, {"host": "honest"}):
        for flow in FLOWS.values():
            if aspect in flow.aspects:
                add(flow.name, trust, {})
    for p in of_aspect(aspect):
        if p.kill is not None:
            add(p.kill.flow, p.kill.knobs, p.kill.topology)
        if p.witness is not None and (p.witness.knobs or p.witness.topology):
            add(next(f.name for f in FLOWS.values() if aspect in f.aspects), p.witness.knobs, p.witness.topology)
    return list(found.values())


def trials(
    aspect: str,
    chosen: Iterable[Mutant] | None = None,
    *,
    where: Sequence[Setting] | None = None,
    most_states: int = 200_000,
    done: Callable[[str], None] = lambda _: None,
) -> Iterator[Trial]:
    """Try the mutants of an aspect (default: all), one after the other.

    Settings with more than ``most_states`` states are left out. A mutant with an error at definition time (an update
    twice in one step, say) counts as killed by the language.
    """
    model, properties = ASPECTS[aspect].model, of_aspect(aspect)
    benches = [
        b for b in (_Bench.of(s, aspect, properties, most_states) for s in where or settings(aspect)) if b is not None
    ]
    every = list(mutants(model) if chosen is None else chosen)
    for i, mutant in enumerate(every):
        done(f"{aspect}: {i} of {len(every)} mutants")
        yield _try(mutant, mutated(model, mutant), benches)


def _try(mutant: Mutant, model: Model, benches: Sequence[_Bench]) -> Trial:
    from ..model.language import ModelError

    idle = True
    for bench in benches:
        if not bench.touches(mutant):
            continue
        try:
            system = bench.setting.system(bench.aspect, model)
            if bench.same(system):
                continue
            idle = False
            by = bench.changed(system)
        except ModelError:
            by = "the language"
            idle = False
        if by:
            return Trial(mutant, mutant.machine, Fate.KILLED, by, str(bench.setting))
    return Trial(mutant, mutant.machine, Fate.IDLE if idle else Fate.SURVIVED)


@dataclass(frozen=True)
class _Bench:
    """A setting with what is known of the model as it should be."""

    setting: Setting
    aspect: str
    properties: tuple[Property, ...]
    explored: ReachableSet
    graph: tuple[int, dict[str, tuple[int, int]]]
    verdicts: Mapping[str, Verdict]
    events: frozenset[str]
    """Those in which something happens in this setting, or is refused."""

    @classmethod
    def of(cls, setting: Setting, aspect: str, properties: tuple[Property, ...], most: int) -> _Bench | None:
        system = setting.system(aspect)
        explored = reachable(system, Limits(states=most))
        if explored.stopped:
            return None
        verdicts = {r.prop.id: r.verdict for r in check(system, properties)}
        return cls(
            setting, aspect, properties, explored, _graph(explored), verdicts, frozenset(a.event for a in system.actions)
        )

    def touches(self, mutant: Mutant) -> bool:
        """Whether the mutant's event can happen here at all (a rule that does not apply may have become one that does)."""
        rule = getattr(mutant, "rule", None)
        model = ASPECTS[self.aspect].model
        return not isinstance(rule, str) or model.rule(mutant.machine, rule).event.name in self.events

    def same(self, system: System) -> bool:
        """Whether the mutant has the same reachable states, and the same steps between them."""
        found = reachable(system, Limits(states=self.explored.statistics.states + 1))
        return not found.stopped and _graph(found) == self.graph

    def changed(self, system: System) -> str:
        """A property whose verdict is another one than it should be, or nothing."""
        limits = Limits(states=20 * self.explored.statistics.states + 10_000)
        for r in check(system, self.properties, limits=limits):
            if r.verdict is not self.verdicts[r.prop.id] and r.verdict is not Verdict.UNKNOWN:
                return r.prop.id
        return ""


_ODD = np.uint64(0x9E3779B97F4A7C15)


def _graph(found: ReachableSet) -> tuple[int, dict[str, tuple[int, int]]]:
    """A fingerprint of a state graph: the states, and per label how many steps there are and from where to where.

    Fingerprints of 64 bits that are sums over states and steps: equal graphs have equal ones, and different graphs
    do but once in some 10^18.
    """
    program = Program(found.layout)
    program.predicates("guards", [a.guard for a in found.system.actions])
    for i, a in enumerate(found.system.actions):
        program.step(f"step{i}", a)
    functions = program.compile()
    packed = found.packed
    keys = _mixed(packed)
    steps: dict[str, tuple[int, int]] = {}
    for i, (a, enabled) in enumerate(zip(found.system.actions, functions["guards"](*packed), strict=True)):
        at = np.flatnonzero(np.broadcast_to(enabled, packed.shape[1]))
        if at.size:
            words = np.stack([np.broadcast_to(w, at.size) for w in functions[f"step{i}"](*packed[:, at])])
            pairs = _mixed(np.stack([keys[at], _mixed(words)]))
            count, total = steps.get(a.label, (0, 0))
            steps[a.label] = count + int(at.size), (total + int(pairs.sum(dtype=np.uint64))) % 2**64
    return int(keys.sum(dtype=np.uint64)), steps


def _mixed(rows: Words) -> NDArray[np.uint64]:
    """A hash of each column."""
    key = np.zeros(rows.shape[1], np.uint64)
    for w in rows:
        key = (key ^ w ^ (key >> np.uint64(29))) * _ODD
        key ^= key >> np.uint64(32)
    return key
