"""Sets of settings of some knobs, in words: as few conditions as say it, none of which can be widened (prime implicants)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations, product
from math import prod
from typing import TypeAlias

from ..model.language import ModelError, Value

Setting: TypeAlias = tuple[Value, ...]
Block: TypeAlias = tuple[frozenset[Value], ...]
"""Settings in which each knob has one of certain values."""


def few_enough(knobs: Sequence[str], domains: Sequence[Sequence[Value]], most: int) -> None:
    """Raises `ModelError` where the knobs have more settings than ``most``."""
    count = prod(map(len, domains))
    if count > most:
        raise ModelError(f"{count:,} settings of {', '.join(knobs)} are too many: name fewer with --over")


def nearest_settings(current: Setting, holds: Iterable[Setting]) -> list[Setting]:
    """The settings that differ in the fewest knobs."""
    by_distance: dict[int, list[Setting]] = {}
    for s in holds:
        by_distance.setdefault(sum(a != b for a, b in zip(s, current, strict=True)), []).append(s)
    return sorted(by_distance[min(by_distance)], key=str) if by_distance else []


def blocks_of(holds: frozenset[Setting], domains: Sequence[Sequence[Value]]) -> tuple[Block, ...]:
    """Few blocks that cannot be widened and together are the settings: the largest that covers most of what is left, and so on."""
    n = len(domains)
    orders = list(permutations(range(n))) if n <= 4 else [tuple((i + j) % n for j in range(n)) for i in range(n)]
    left, chosen = set(holds), list[Block]()
    while left:
        point = min(left, key=str)
        grown = [_grown(point, order, holds, domains) for order in orders]
        best = max(grown, key=lambda b: (sum(s in left for s in product(*b)), prod(map(len, b))))
        chosen.append(best)
        left.difference_update(product(*best))
    for b in list(chosen):
        rest = {s for c in chosen if c != b for s in product(*c)}
        if all(s in rest for s in product(*b)):
            chosen.remove(b)
    return tuple(sorted(chosen, key=lambda b: -prod(map(len, b))))


def _grown(point: Setting, order: Sequence[int], holds: frozenset[Setting], domains: Sequence[Sequence[Value]]) -> Block:
    block = [frozenset((v,)) for v in point]
    for i in order:
        for value in domains[i]:
            further = [*block[:i], frozenset((value,)), *block[i + 1 :]]
            if value not in block[i] and all(s in holds for s in product(*further)):
                block[i] |= {value}
    return tuple(block)


def words(knobs: Sequence[str], domains: Sequence[Sequence[Value]], block: Block) -> str:
    """A block as a condition on the knobs."""
    parts = []
    for knob, domain, values in zip(knobs, domains, block, strict=True):
        if len(values) == len(domain):
            continue
        said = [str(v).lower() if isinstance(v, bool) else str(v) for v in domain if v in values]
        parts.append(f"{knob} = {said[0]}" if len(said) == 1 else f"{knob} in {{{', '.join(said)}}}")
    return " and ".join(parts) or "in every setting"
