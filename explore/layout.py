"""Bit-packed states: where each variable of a system lies in machine words.

A variable is stored as a *code*, the position of its value in the domain of its sort, in as many bits as the
domain needs (none when there is only one value). No field crosses a word boundary. The top bit of every word
stays free, so that a word never equals the marks that the set of visited states puts into its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..model.language import Bool, Enum, Ground, Int, ModelError, State, System, Value

Words: TypeAlias = NDArray[np.uint64]
"""Packed states, shape (words, states): word ``i`` of all states lies together, column ``j`` is one state."""

WORD_BITS = 63
"""The bits of a word that fields may use."""


def size(sort: Ground) -> int:
    """The number of values of a sort."""
    if isinstance(sort, Int):
        return sort.hi - sort.lo + 1
    return 2 if isinstance(sort, Bool) else len(sort.values)


def code_of(value: Value, sort: Ground) -> int:
    """The position of a value in the domain of its sort. Raises `ModelError` when it is not in the domain."""
    if isinstance(sort, Int):
        if isinstance(value, int) and not isinstance(value, bool) and sort.lo <= value <= sort.hi:
            return value - sort.lo
    elif isinstance(sort, Enum):
        if isinstance(value, str) and value in sort.values:
            return sort.values.index(value)
    elif isinstance(value, bool):
        return int(value)
    raise ModelError(f"{value!r} is not a value of {sort}")


def value_of(code: int, sort: Ground) -> Value:
    """The value at a position of the domain of a sort."""
    if isinstance(sort, Int):
        return sort.lo + code
    return bool(code) if isinstance(sort, Bool) else sort.values[code]


@dataclass(frozen=True)
class Field:
    """The bits of one variable: ``bits`` bits of word ``word``, from bit ``shift`` upwards."""

    word: int
    shift: int
    bits: int
    sort: Ground

    @property
    def mask(self) -> int:
        """The field's bits within its word."""
        return ((1 << self.bits) - 1) << self.shift


class Layout:
    """Where the variables of a system lie. Raises `ModelError` for a domain of more than 2^63 values."""

    def __init__(self, system: System) -> None:
        self.system = system
        fields: list[Field] = []
        word = shift = 0
        for v in system.variables:
            bits = (size(v.sort) - 1).bit_length()
            if bits > WORD_BITS:
                raise ModelError(f"system {system.name}: the domain {v.sort} of {v.name} has more than 2^{WORD_BITS} values")
            if shift + bits > WORD_BITS:
                word, shift = word + 1, 0
            fields.append(Field(word, shift, bits, v.sort))
            shift += bits
        self.fields = tuple(fields)
        """One field per variable, in the system's order."""
        self.field = {v.name: f for v, f in zip(system.variables, fields, strict=True)}
        """The field of a variable, by name."""
        self.words = word + 1

    def pack(self, states: Iterable[State]) -> Words:
        """States as columns of words. Raises `ModelError` when a value is not in its variable's domain."""
        columns: list[list[int]] = []
        for state in states:
            column = [0] * self.words
            for value, f in zip(state, self.fields, strict=True):
                column[f.word] |= code_of(value, f.sort) << f.shift
            columns.append(column)
        return np.array(columns, np.uint64).reshape(len(columns), self.words).T.copy()

    def unpack(self, column: Sequence[int] | NDArray[np.uint64]) -> State:
        """The state in one column of words."""
        words = [int(w) for w in column]
        return tuple(value_of((words[f.word] & f.mask) >> f.shift, f.sort) for f in self.fields)

    def codes(self, packed: Words) -> NDArray[np.unsignedinteger]:
        """The domain codes of packed states, shape (states, variables), in the smallest unsigned type that fits all."""
        most = max((size(f.sort) for f in self.fields), default=1)
        codes = np.empty((packed.shape[1], len(self.fields)), np.min_scalar_type(most - 1))
        for i, f in enumerate(self.fields):
            codes[:, i] = (packed[f.word] & np.uint64(f.mask)) >> np.uint64(f.shift)
        return codes
