"""Representatives of symmetric states, on packed words.

An exchange moves fields of a state to other places and exchanges values that name instances. A state is exchanged as long as
that makes it smaller (as a number of several words, the first being the highest). Where a state is no more than its instances'
own variables, this sorts them, and all symmetric states have one representative; where variables name instances there may be
several, which costs some of the reduction and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...model.language import Enum
from ..layout import Layout, Words, code_of, size, value_of
from ..reduction.symmetry import Automorphism


@dataclass(frozen=True)
class Exchange:
    """An automorphism on packed words.

    ``swaps`` are (word, shift, other word, other shift, mask): the bits ``mask << shift`` and ``mask << other shift``
    change places. ``values`` are (word, shift, mask, table): then the field's code becomes the table's.
    """

    swaps: tuple[tuple[int, int, int, int, int], ...]
    values: tuple[tuple[int, int, int, tuple[int, ...]], ...]

    def apply(self, rows: Words) -> Words:
        """The exchanged states, shape (words, states)."""
        out = rows.copy()
        for w, s, v, t, mask in self.swaps:
            m = np.uint64(mask)
            differ = ((out[w] >> np.uint64(s)) ^ (out[v] >> np.uint64(t))) & m
            out[w] ^= differ << np.uint64(s)
            out[v] ^= differ << np.uint64(t)
        for w, s, mask, table in self.values:
            codes = (out[w] >> np.uint64(s)) & np.uint64(mask)
            new = np.array(table, np.uint64)[codes.astype(np.intp)]
            out[w] ^= (codes ^ new) << np.uint64(s)
        return out


def exchanges(layout: Layout, found: Sequence[Automorphism]) -> tuple[Exchange, ...]:
    """The automorphisms on the words of a layout; those that move no bits are left out."""
    return tuple(_exchange(layout, a) for a in found)


def _exchange(layout: Layout, a: Automorphism) -> Exchange:
    apart: dict[tuple[int, int], int] = {}
    across: list[tuple[int, int, int, int, int]] = []
    values = []
    for v in layout.system.variables:
        f, other = layout.field[v.name], layout.field[a.variables[v.name]]
        if (f.word, f.shift) < (other.word, other.shift) and f.bits:
            if f.word == other.word:
                # Fields of one word that are as far apart change places together.
                key = (f.word, other.shift - f.shift)
                apart[key] = apart.get(key, 0) | f.mask
            else:
                across.append((f.word, f.shift, other.word, other.shift, (1 << f.bits) - 1))
        if isinstance(f.sort, Enum):
            table = [code_of(a.value(value_of(c, f.sort)), f.sort) for c in range(size(f.sort))]
            if table != list(range(len(table))):
                full = (*table, *range(len(table), 1 << f.bits))
                values.append((f.word, f.shift, (1 << f.bits) - 1, full))
    swaps = [(word, 0, word, distance, mask) for (word, distance), mask in apart.items()]
    return Exchange((*swaps, *across), tuple(values))


def encoded(every: Sequence[Exchange]) -> tuple[NDArray[np.int64], ...]:
    """The exchanges as the kernel takes them: where each one's swaps and replacements lie, these, and the tables of codes."""
    heads: list[int] = []
    swaps: list[int] = []
    replaces: list[int] = []
    codes: list[int] = []
    for e in every:
        heads += [len(swaps) // 5, len(e.swaps), len(replaces) // 4, len(e.values)]
        swaps += [x for row in e.swaps for x in row]
        for word, shift, mask, table in e.values:
            replaces += [word, shift, mask, len(codes)]
            codes += table
    return tuple(np.array(x, np.int64) for x in (heads, swaps, replaces, [*codes, 0]))


def canonical(rows: Words, every: Sequence[Exchange]) -> Words:
    """The representatives of states."""
    return _canonical(rows, every)[0]


def canonical_by(column: NDArray[np.uint64], every: Sequence[Exchange]) -> tuple[NDArray[np.uint64], list[int]]:
    """The representative of one state, and the numbers of the exchanges that lead to it."""
    rows, taken = _canonical(column.reshape(-1, 1), every)
    return rows[:, 0], [i for i, one in taken if one[0]]


def _canonical(rows: Words, every: Sequence[Exchange]) -> tuple[Words, list[tuple[int, NDArray[np.bool_]]]]:
    out = rows
    taken: list[tuple[int, NDArray[np.bool_]]] = []
    changed = True
    while changed:
        changed = False
        for i, e in enumerate(every):
            other = e.apply(out)
            less = _less(other, out)
            if less.any():
                out = np.where(less, other, out)
                taken.append((i, less))
                changed = True
    return out, taken


def _less(a: Words, b: Words) -> NDArray[np.bool_]:
    """Whether the first is smaller: in the first word in which they differ."""
    less = np.zeros(a.shape[1], bool)
    for x, y in zip(a[::-1], b[::-1], strict=True):
        less = (x < y) | ((x == y) & less)
    return less
