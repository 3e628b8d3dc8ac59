"""For which settings of some knobs do two systems look the same? Every setting is compared by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from ...model.language import Value
from ..engine import NO_LIMITS, Limits
from ..policies.settings import Block, Setting, SettingSet, few_enough, words
from ..verdict import Verdict
from .compare import compare
from .comparison import RELATIONS
from .sides import Chosen, Side

MOST_SETTINGS = 4096
"""Each is a comparison of its own."""


@dataclass(frozen=True)
class Settings:
    """The verdict of every relation in every setting of the knobs."""

    knobs: tuple[Chosen, ...]
    domains: tuple[tuple[Value, ...], ...]
    verdicts: Mapping[Setting, Mapping[str, Verdict]]
    stopped: str = ""

    def having(self, relation: str, verdict: Verdict) -> frozenset[Setting]:
        """The settings in which the relation has the verdict."""
        return frozenset(s for s, v in self.verdicts.items() if v[relation] is verdict)

    def blocks(self, relation: str) -> tuple[Block, ...]:
        """Together they are the settings in which the relation holds; none can be widened, and none is superfluous."""
        return SettingSet.of(self.domains, self.having(relation, Verdict.HOLDS)).blocks()

    def words(self, block: Block) -> str:
        """A block as a condition on the knobs."""
        return words([str(k) for k in self.knobs], self.domains, block)


def compare_over(
    sides: tuple[Side, Side],
    items: Sequence[str],
    knobs: Sequence[Chosen],
    topology: Mapping[str, int] | None = None,
    changed: tuple[Mapping[str, Value], Mapping[str, Value]] = ({}, {}),
    limits: Limits = NO_LIMITS,
    *,
    divergence: bool = False,
    done: Callable[[str], None] = lambda _: None,
) -> Settings:
    """Compare the sides in all settings of the knobs. ``changed``: what is set otherwise in each; ``limits.seconds`` is for all together.

    Raises `ModelError` for too many settings.
    """
    domains = tuple(k.sort.domain for k in knobs)
    few_enough([str(k) for k in knobs], domains, MOST_SETTINGS)
    limits = limits.begun()
    verdicts: dict[Setting, Mapping[str, Verdict]] = {}
    stopped = ""
    every = list(product(*domains))
    for n, setting in enumerate(every):
        done(f"{n} of {len(every)} settings")
        systems = []
        for i, side in enumerate(sides):
            mine = {k.knob: v for k, v in zip(knobs, setting, strict=True) if k.of_side(i) and k.knob in side.knobs}
            systems.append(side.system(topology, {**changed[i], **mine}))
        shown = tuple(side.alphabet(items, s) for side, s in zip(sides, systems, strict=True))
        found = compare(systems[0], systems[1], (shown[0], shown[1]), limits, divergence=divergence)
        verdicts[setting] = found.verdicts
        stopped = stopped or found.stopped
        if found.stopped == "interrupted":
            break
    unknown = dict.fromkeys(RELATIONS, Verdict.UNKNOWN)
    return Settings(tuple(knobs), domains, {s: verdicts.get(s, unknown) for s in every}, stopped)
