"""Terms for all values of the variables on which they depend, as arrays; and the bits of a state that those are."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...model.language import Bool, Enum, Ground, Int, ModelError, Op, Term
from ...model.language.terms import support
from ..layout import Field, Layout, code_of, size

_EXACT = 1 << 62
"""Whole numbers beyond this might overflow 64 bits on the way."""


@dataclass(frozen=True)
class _Value:
    """A term for all values of the variables that it depends on: one axis a variable, in order of ``axes``."""

    axes: tuple[int, ...]
    array: NDArray[Any]


Place: TypeAlias = int
"""Some of the bits of a state, as a number whose bits they are: those of the first word are the lowest 64, and so on."""


def _place(f: Field) -> Place:
    """The bits of a field."""
    return f.mask << (64 * f.word)


class Bits:
    """Some fields of a state, in the order in which the kernel puts their bits together: the first has the lowest."""

    def __init__(self, layout: Layout, ordered: Sequence[Field], place: Place) -> None:
        self.fields = tuple(f for f in ordered if _place(f) & place)
        self.bits = sum(f.bits for f in self.fields)
        count = len(ordered)
        self.axes = tuple(count - 1 - i for i in reversed(range(count)) if _place(ordered[i]) & place)
        """Of the values that depend on all the fields (see `AllValues`)."""
        self.shape = [1 << f.bits for f in reversed(self.fields)]
        self.masks = [0] * layout.words
        for f in self.fields:
            self.masks[f.word] |= f.mask

    def runs(self) -> list[tuple[int, int, int, int]]:
        """How to gather the bits without the processor's help: (word, shift, position, mask) of each run of neighbours."""
        found: list[list[int]] = []
        at = 0
        for f in self.fields:
            if found and found[-1][0] == f.word and found[-1][1] + found[-1][3] == f.shift:
                found[-1][3] += f.bits
            else:
                found.append([f.word, f.shift, at, f.bits])
            at += f.bits
        return [(w, s, a, (1 << b) - 1) for w, s, a, b in found]


def _every(*truths: NDArray[Any]) -> NDArray[Any]:
    return functools.reduce(np.logical_and, truths)


def _some(*truths: NDArray[Any]) -> NDArray[Any]:
    return functools.reduce(np.logical_or, truths)


_FUNCTIONS: Mapping[Op, Callable[..., NDArray[Any]]] = {
    Op.NOT: np.logical_not,
    Op.AND: _every,
    Op.OR: _some,
    Op.IMPLIES: lambda a, b: np.logical_or(np.logical_not(a), b),
    Op.EQ: np.equal,
    Op.LT: np.less,
    Op.LE: np.less_equal,
    Op.ADD: np.add,
    Op.SUB: np.subtract,
    Op.ITE: np.where,
}


class AllValues:
    """The values of a layout's terms, each worked out once. See `all_values`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.bytes = 0
        """The memory of the values, and of what was made of them."""
        self._made: dict[tuple[object, ...], tuple[tuple[NDArray[Any], ...], object]] = {}
        self._supports: dict[Term, Place] = {}
        self._bits: dict[Place, Bits] = {}
        self._values: dict[Term, _Value] = {}
        # The axes of values, the highest bits first, so that a flat array is in order of the kernel's index.
        order = sorted((n for n, f in layout.field.items() if f.bits), key=lambda n: _place(layout.field[n]))
        self._ordered = [layout.field[n] for n in order]
        self._axis = {n: i for i, n in enumerate(reversed(order))}
        self._place = {n: _place(f) for n, f in layout.field.items()}

    def support(self, t: Term) -> Place:
        """The bits of the variables that the term mentions."""
        found = self._supports.get(t)
        if found is None:
            found = 0
            for v in support(t):
                found |= self._place[v.name]
            self._supports[t] = found
        return found

    def bits(self, place: Place) -> Bits:
        found = self._bits.get(place)
        if found is None:
            found = self._bits[place] = Bits(self._layout, self._ordered, place)
        return found

    def _value(self, t: Term) -> _Value:
        """The term for all values of its variables: truth values, whole numbers, or codes of an enumeration."""
        found = self._values.get(t)
        if found is None:
            found = self._values[t] = self._evaluate(t)
            self.bytes += found.array.nbytes
        return found

    def _evaluate(self, t: Term) -> _Value:
        if isinstance(t.sort, Int) and (t.sort.lo < -_EXACT or t.sort.hi > _EXACT):
            raise ModelError(f"`{t}` may be beyond ±2^62: use smaller numbers")
        if t.op is Op.CONST:
            return _Value((), np.array(t.value if isinstance(t.sort, Bool | Int) else code_of(t.value, _enum(t))))
        if t.op is Op.VAR:
            f = self._layout.field[t.name]
            # Bits that are no code count as the last one: no state has them.
            codes = np.minimum(np.arange(1 << f.bits), size(f.sort) - 1)
            array = codes != 0 if isinstance(f.sort, Bool) else codes + f.sort.lo if isinstance(f.sort, Int) else codes
            return _Value((self._axis[t.name],), array) if f.bits else _Value((), array[0])
        if t.op not in _FUNCTIONS:
            raise ModelError(f"`{t}` is not ground, so it has no value in a state")
        parts = [self._value(a) for a in t.args]
        axes = tuple(sorted({x for p in parts for x in p.axes}))
        return _Value(axes, _FUNCTIONS[t.op](*(self._spread(p, axes) for p in parts)))

    def _spread(self, v: _Value, axes: tuple[int, ...]) -> NDArray[Any]:
        """The array with an axis (of length 1 where it does not matter) for each of the axes."""
        if v.axes == axes:
            return v.array
        own = dict(zip(v.axes, v.array.shape, strict=True))
        return v.array.reshape([own.get(x, 1) for x in axes])

    def once(
        self, key: tuple[object, ...], about: object, make: Callable[[], tuple[NDArray[Any], ...]]
    ) -> tuple[NDArray[Any], ...]:
        """Arrays that are made of the values, each made once. ``about``: all whose ids are in the key, the first part of which
        says what is made. Nobody may write to them.
        """
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = make(), about
            self.bytes += sum(a.nbytes for a in found[0])
        return found[0]

    def flat(self, t: Term, bits: Bits) -> NDArray[Any]:
        """The term for every index of some fields, which are all that it depends on and maybe more."""
        return np.broadcast_to(self._spread(self._value(t), bits.axes), bits.shape).reshape(-1)


_SHARED = 24
"""Layouts whose values are kept."""

_SMALL = 1 << 23
"""Values of more bytes are not kept when others are asked for."""


def all_values(layout: Layout) -> AllValues:
    """The values of terms over variables that lie like this. Flows that share variables share what is worked out."""
    key = tuple((name, f.sort) for name, f in layout.field.items())
    found = _of_layout.pop(key, None) or AllValues(layout)
    for other in [k for k, v in _of_layout.items() if v.bytes > _SMALL]:
        del _of_layout[other]
    if len(_of_layout) == _SHARED:
        del _of_layout[next(iter(_of_layout))]
    _of_layout[key] = found
    return found


_of_layout: dict[tuple[tuple[str, Ground], ...], AllValues] = {}
"""By the variables and their sorts in order, which decide where they lie; last the one that was asked for last."""


def _enum(t: Term) -> Enum:
    assert isinstance(t.sort, Enum)
    return t.sort
