"""What decides a verdict: the same property under every combination of a few knobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from ...model.flows import Flow
from ...model.language import Value
from ...model.world import KNOBS
from ...properties.catalogue import aspect_of
from ...properties.property import Property
from ..check import EarlierChecks, Result, check
from ..engine import NO_LIMITS, Engine, Limits
from ..verdict import Verdict


@dataclass(frozen=True)
class Contrast:
    """A property's result for every combination of the ``knobs``."""

    prop: Property
    knobs: tuple[str, ...]
    results: tuple[tuple[Mapping[str, Value], Result], ...]

    def holds_iff(self) -> tuple[Mapping[str, Value], ...] | None:
        """The least settings that make the property hold, as alternatives; None when some verdict is UNKNOWN.

        Each alternative is a prime implicant: in every combination that agrees with it the property holds,
        and leaving out one of its knobs loses that. ``({},)``: it always holds; ``()``: it never does.
        """
        if any(r.verdict is Verdict.UNKNOWN for _, r in self.results):
            return None
        implicants: list[dict[str, Value]] = []
        for size in range(len(self.knobs) + 1):
            for chosen in combinations(self.knobs, size):
                settings = {tuple(s[k] for k in chosen) for s, _ in self.results}
                for values in sorted(settings, key=str):
                    partial = dict(zip(chosen, values, strict=True))
                    covered = [r for s, r in self.results if partial.items() <= dict(s).items()]
                    is_prime = not any(i.items() <= partial.items() for i in implicants)
                    if is_prime and all(r.verdict is Verdict.HOLDS for r in covered):
                        implicants.append(partial)
        return tuple(implicants)


def _domain(knob: str) -> tuple[Value, ...]:
    """The values of a knob of the world."""
    return next(k for k in KNOBS if k.name == knob).sort.domain


def contrast(
    flow: Flow,
    properties: Iterable[Property],
    knobs: Sequence[str],
    *,
    topology: Mapping[str, int] | None = None,
    changed: Mapping[str, Value] | None = None,
    engine: Engine | None = None,
    limits: Limits = NO_LIMITS,
) -> list[Contrast]:
    """Check the properties for every combination of the knobs, the flow's other choices being as they are."""
    wanted = list(properties)
    rows: dict[str, list[tuple[Mapping[str, Value], Result]]] = {p.id: [] for p in wanted}
    earlier = EarlierChecks()
    for values in product(*(_domain(k) for k in knobs)):
        setting = dict(zip(knobs, values, strict=True))
        for aspect in dict.fromkeys(aspect_of(p) for p in wanted):
            system = flow.system(topology, {**(changed or {}), **setting}, aspect=aspect)
            for r in check(system, [p for p in wanted if aspect_of(p) == aspect], engine, limits, earlier=earlier):
                rows[r.prop.id].append((setting, r))
    return [Contrast(p, tuple(knobs), tuple(rows[p.id])) for p in wanted]
