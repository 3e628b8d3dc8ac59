"""Where a packed state stands in a collection of them: exact look-ups of many states at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..layout import Words


class Positions:
    """The positions of the columns of ``packed``, which must be different from each other and at least one.

    States are numbered word by word: the number so far and the rank of the next word make a pair, and pairs are
    ranked again, so that numbers stay small and no two states ever share one.
    """

    def __init__(self, packed: Words) -> None:
        self._ranks: list[tuple[NDArray[np.uint64], NDArray[np.uint64] | None]] = []
        key = np.zeros(packed.shape[1], np.uint64)
        for i, word in enumerate(packed):
            values, rank = np.unique(word, return_inverse=True)
            key = key * np.uint64(len(values)) + rank.astype(np.uint64)
            pairs = None
            if i:
                pairs, rank = np.unique(key, return_inverse=True)
                key = rank.astype(np.uint64)
            self._ranks.append((values, pairs))
        self._position = key.argsort()

    def find(self, rows: Words) -> NDArray[np.int64]:
        """The position of each state; -1 for one that is not there."""
        key = np.zeros(rows.shape[1], np.uint64)
        known = np.ones(rows.shape[1], bool)
        for word, (values, pairs) in zip(rows, self._ranks, strict=True):
            rank, there = _rank(values, word)
            known &= there
            key = key * np.uint64(len(values)) + rank
            if pairs is not None:
                key, there = _rank(pairs, key)
                known &= there
        return np.where(known, self._position[key.astype(np.int64)], -1)


def _rank(values: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[Any]]:
    """The rank of each among the ascending values, and whether it is one of them (if not, the rank means nothing)."""
    rank = np.searchsorted(values, wanted)
    rank[rank == len(values)] = 0
    return rank.astype(np.uint64), values[rank] == wanted
