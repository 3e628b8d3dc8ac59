"""The set of visited states: an open-addressing hash table, worked on for many states at once with NumPy.

A state of one word is its own key. The key of several words is a hash of them, and wherever two keys are
equal the states are compared word for word, so the set is exact: a collision costs time, never a state.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..layout import WORD_BITS, Words

_EMPTY = np.uint64((1 << 64) - 1)
"""Marks a slot that holds no state. Keys leave the top bit free, so no key looks like a mark."""

_CLAIMED = np.uint64(1 << 63)
"""With a position in its lower bits: a slot that a state is about to take."""

_KEY = np.uint64((1 << WORD_BITS) - 1)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_BLOCK = 1 << 18
"""Slots that move together when the table grows."""


class StateSet:
    """An exact set of packed states, which keeps the order in which they were added."""

    def __init__(self, words: int) -> None:
        self.count = 0
        self._words = words
        self._packed: Words = np.empty((words, 1024), np.uint64)
        self._bits = 12
        self._table = np.full(1 << self._bits, _EMPTY)
        self._owner = np.empty(len(self._table) if words > 1 else 0, np.int64)
        """For each taken slot: the number of its state. Not needed where a key is the state."""

    @property
    def packed(self) -> Words:
        """The states, shape (words, states), in the order in which they were added."""
        return self._packed[:, : self.count]

    def unknown(self, rows: Words) -> NDArray[np.intp]:
        """The positions of the states that are not in the set, ascending."""
        keys = self._keys(rows)
        slots = self._slots(keys)
        rest = np.arange(rows.shape[1])
        empty, same = self._look(keys, slots, rows, rest)
        unknown = [rest[empty]]
        rest = rest[~(empty | same)]
        while rest.size:
            slots[rest] = at = (slots[rest] + 1) & (len(self._table) - 1)
            empty, same = self._look(keys[rest], at, rows, rest)
            unknown.append(rest[empty])
            rest = rest[~(empty | same)]
        return np.sort(np.concatenate(unknown))

    def add(self, rows: Words) -> NDArray[np.intp]:
        """Add the states; the positions, ascending, of those that are new. Of equal ones the first is."""
        self._reserve(self.count + rows.shape[1])
        table = self._table
        keys = self._keys(rows)
        slots = self._slots(keys)
        rest = np.arange(rows.shape[1])
        fresh: list[NDArray[np.intp]] = [rest[:0]]
        while rest.size:
            at = slots[rest]
            empty, same = self._look(keys[rest], at, rows, rest)
            # All that met an empty slot claim it. Who claims last gets it, so the first are told to go last. (It is
            # NumPy's choice who is last; exactly one wins, whoever it is.)
            claimants, claimed = rest[empty], at[empty]
            marks = claimants.astype(np.uint64) | _CLAIMED
            table[claimed[::-1]] = marks[::-1]
            won = table[claimed] == marks
            winners = claimants[won]
            table[claimed[won]] = keys[winners]
            if self._words > 1:
                self._owner[claimed[won]] = self.count + winners
            fresh.append(winners)
            # Those that met another state go on to the next slot; those that lost look again at who has won.
            on = ~(empty | same)
            slots[rest[on]] = (at[on] + 1) & (len(table) - 1)
            rest = np.concatenate([rest[on], claimants[~won]])
        new = np.sort(np.concatenate(fresh))
        if self._words > 1:
            self._owner[slots[new]] = np.arange(self.count, self.count + len(new))
        self._packed[:, self.count : self.count + len(new)] = rows[:, new]
        self.count += len(new)
        return new

    def _look(
        self, keys: NDArray[np.uint64], slots: NDArray[np.int64], rows: Words, positions: NDArray[np.intp]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which of the slots are empty, and which hold the state that is looked for, the row at the same place of
        ``positions``.

        While states are added, the owner of a slot may be another of the rows: its number is then the count of
        states plus its position.
        """
        found = self._table[slots]
        empty: NDArray[np.bool_] = found == _EMPTY
        same: NDArray[np.bool_] = found == keys
        if self._words > 1:
            alike = same.nonzero()[0]
            owner = self._owner[slots[alike]]
            pending = owner >= self.count
            there = np.empty((self._words, len(alike)), np.uint64)
            there[:, ~pending] = self._packed[:, owner[~pending]]
            there[:, pending] = rows[:, owner[pending] - self.count]
            same[alike] = (there == rows[:, positions[alike]]).all(axis=0)
        return empty, same

    def _keys(self, rows: Words) -> NDArray[np.uint64]:
        key: NDArray[np.uint64] = rows[0]
        if self._words == 1:
            return key
        key = key * _FACTOR
        for w in rows[1:]:
            key = ((key ^ (key >> np.uint64(32))) + w) * _FACTOR
        return (key ^ (key >> np.uint64(29))) & _KEY

    def _slots(self, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Where the search for a key begins."""
        mixed: NDArray[np.uint64] = keys ^ (keys >> np.uint64(32))
        mixed *= _FACTOR
        mixed >>= np.uint64(64 - self._bits)
        return mixed.view(np.int64)

    def _reserve(self, count: int) -> None:
        """Make room: the table stays at most half full."""
        if count > self._packed.shape[1]:
            packed = np.empty((self._words, max(count, 2 * self._packed.shape[1])), np.uint64)
            packed[:, : self.count] = self.packed
            self._packed = packed
        if 2 * count <= len(self._table):
            return
        old, owner = self._table, self._owner
        self._bits = (2 * count - 1).bit_length()
        self._table = np.full(1 << self._bits, _EMPTY)
        self._owner = np.empty(len(self._table) if self._words > 1 else 0, np.int64)
        for start in range(0, len(old), _BLOCK):
            taken = start + (old[start : start + _BLOCK] != _EMPTY).nonzero()[0]
            self._move(old[taken], owner[taken] if self._words > 1 else owner)

    def _move(self, keys: NDArray[np.uint64], owners: NDArray[np.int64]) -> None:
        """Give slots to states that are known to be different (their keys may be equal)."""
        table = self._table
        slots = self._slots(keys)
        rest = np.arange(len(keys))
        while rest.size:
            at = slots[rest]
            empty = table[at] == _EMPTY
            claimants, claimed = rest[empty], at[empty]
            marks = claimants.astype(np.uint64) | _CLAIMED
            table[claimed] = marks
            won = table[claimed] == marks
            table[claimed[won]] = keys[claimants[won]]
            if self._words > 1:
                self._owner[claimed[won]] = owners[claimants[won]]
            rest = np.concatenate([rest[~empty], claimants[~won]])
            slots[rest] = (slots[rest] + 1) & (len(table) - 1)
