"""Sets of settings of some knobs: as conditions that cannot be widened, and the least changes that lead into them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import permutations, product
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...model.language import ModelError, Value, word

Setting: TypeAlias = tuple[Value, ...]
Block: TypeAlias = tuple[frozenset[Value], ...]
"""SettingSet in which each knob has one of certain values."""
Domains: TypeAlias = tuple[tuple[Value, ...], ...]

_ALL_ORDERS = 4
"""Up to so many knobs a block is widened in every order of them."""


class SettingSet(Set[Setting]):
    """A set of settings, as a table with an axis for each knob, in the order of its domain."""

    def __init__(self, domains: Domains, table: NDArray[np.bool_]) -> None:
        self.domains = domains
        self.table = np.broadcast_to(table, tuple(map(len, domains)))

    @classmethod
    def of(cls, domains: Domains, settings: Iterable[Setting]) -> SettingSet:
        """The set of these settings."""
        found = cls(domains, np.zeros(tuple(map(len, domains)), bool))
        table = found.table.copy()
        for s in settings:
            table[found.place(s)] = True
        return cls(domains, table)

    @classmethod
    def of_blocks(cls, domains: Domains, blocks: Iterable[Block]) -> SettingSet:
        """All settings of the blocks."""
        table = np.zeros(tuple(map(len, domains)), bool)
        for b in blocks:
            table[_where(domains, b)] = True
        return cls(domains, table)

    def place(self, setting: Setting) -> tuple[int, ...]:
        """Where the table says whether a setting is in the set."""
        return tuple(d.index(v) for d, v in zip(self.domains, setting, strict=True))

    def __contains__(self, setting: object) -> bool:
        assert isinstance(setting, tuple)
        return bool(self.table[self.place(setting)])

    def __iter__(self) -> Iterator[Setting]:
        for codes in np.argwhere(self.table):
            yield tuple(d[int(c)] for d, c in zip(self.domains, codes, strict=True))

    def __len__(self) -> int:
        return int(np.count_nonzero(self.table))

    def __and__(self, other: Set[object]) -> SettingSet:
        assert isinstance(other, SettingSet)
        return SettingSet(self.domains, self.table & other.table)

    def __or__(self, other: object) -> SettingSet:
        assert isinstance(other, SettingSet)
        return SettingSet(self.domains, self.table | other.table)

    def __sub__(self, other: Set[object]) -> SettingSet:
        assert isinstance(other, SettingSet)
        return SettingSet(self.domains, self.table & ~other.table)

    # --- conditions -------------------------------------------------------------------------------------------------

    def blocks(self) -> tuple[Block, ...]:
        """Few blocks that cannot be widened and together are the settings: the largest that covers most of what is left, and so on."""
        matter = [i for i, t in enumerate(self._along()) if (t != t[:1]).any()]
        if len(matter) < self.table.ndim:
            # What does not matter stays out of the search, and is added whole.
            table = self.table[tuple(slice(None) if i in matter else 0 for i in range(self.table.ndim))]
            small = SettingSet(tuple(self.domains[i] for i in matter), table)
            return tuple(
                tuple(b[matter.index(i)] if i in matter else frozenset(d) for i, d in enumerate(self.domains))
                for b in small.blocks()
            )
        n = self.table.ndim
        orders = (
            list(permutations(range(n))) if n <= _ALL_ORDERS else [tuple((i + j) % n for j in range(n)) for i in range(n)]
        )
        left = self.table.copy()
        covered = np.zeros(left.shape, np.int32)
        chosen: list[Block] = []
        while left.any():
            point = np.unravel_index(int(np.argmax(left)), left.shape)
            grown = dict.fromkeys(self._grown([int(c) for c in point], order) for order in orders)
            best = max(grown, key=lambda b: (np.count_nonzero(left[_where(self.domains, b)]), prod(map(len, b))))
            chosen.append(best)
            left[_where(self.domains, best)] = False
            covered[_where(self.domains, best)] += 1
        for b in list(chosen):
            here = _where(self.domains, b)
            if (covered[here] > 1).all():
                chosen.remove(b)
                covered[here] -= 1
        return tuple(sorted(chosen, key=lambda b: -prod(map(len, b))))

    def _along(self) -> Iterator[NDArray[np.bool_]]:
        """The table once for each axis, with that axis first."""
        return (np.moveaxis(self.table, i, 0) for i in range(self.table.ndim))

    def _grown(self, point: Sequence[int], order: Sequence[int]) -> Block:
        """The block around a setting, with every value added that goes, knob after knob."""
        kept = [[c] for c in point]
        for i in order:
            others = self.table[np.ix_(*(range(len(d)) if j == i else kept[j] for j, d in enumerate(self.domains)))]
            whole = others.all(axis=tuple(j for j in range(others.ndim) if j != i))
            kept[i] = [int(c) for c in np.flatnonzero(whole)]
        return tuple(frozenset(d[c] for c in codes) for d, codes in zip(self.domains, kept, strict=True))

    # --- changes ----------------------------------------------------------------------------------------------------

    def fewest_changes(self, base: Setting) -> SettingSet:
        """The settings that differ from ``base`` in no more than they must: with fewer of their differences they are none of the set."""
        within = self._within(base)
        less = np.zeros(self.table.shape, bool)
        for i, code in enumerate(self.place(base)):
            back = np.take(within, [code], axis=i)
            changed = np.ones(self.table.shape[i], bool)
            changed[code] = False
            less |= back & changed.reshape([-1 if j == i else 1 for j in range(less.ndim)])
        return SettingSet(self.domains, self.table & ~less)

    def upwards(self, base: Setting) -> bool:
        """Whether every setting with further changes is in the set as well."""
        return bool((self._within(base) == self.table).all())

    def _within(self, base: Setting) -> NDArray[np.bool_]:
        """The settings of which some of the differences from ``base`` suffice to be in the set."""
        found = self.table.copy()
        for i, code in enumerate(self.place(base)):
            found |= np.take(found, [code], axis=i)
        return found

    def nearest(self, base: Setting, most: int) -> list[tuple[int, Setting]]:
        """At most so many of the settings, those with the fewest differences first, each with their number."""
        ranked = sorted((distance(s, base), str(s), s) for s in self)
        return [(n, s) for n, _, s in ranked[:most]]


def few_enough(knobs: Sequence[str], domains: Domains, most: int) -> None:
    """Raises `ModelError` where the knobs have more settings than ``most``."""
    count = prod(map(len, domains))
    if count > most:
        raise ModelError(f"{count:,} settings of {', '.join(knobs)} are too many: name fewer with --over")


def distance(a: Setting, b: Setting) -> int:
    """In how many knobs two settings differ."""
    return sum(x != y for x, y in zip(a, b, strict=True))


def every(domains: Domains) -> Iterator[Setting]:
    """All settings."""
    return product(*domains)


def _where(domains: Domains, block: Block) -> tuple[NDArray[np.intp], ...]:
    """The place of a block in a table."""
    return np.ix_(*([i for i, v in enumerate(d) if v in values] for d, values in zip(domains, block, strict=True)))


def words(knobs: Sequence[str], domains: Domains, block: Block) -> str:
    """A block as a condition on the knobs."""
    parts = []
    for knob, domain, values in zip(knobs, domains, block, strict=True):
        if len(values) == len(domain):
            continue
        named = [word(v) for v in domain if v in values]
        parts.append(f"{knob} = {named[0]}" if len(named) == 1 else f"{knob} in {{{', '.join(named)}}}")
    return " and ".join(parts) or "in every setting"
