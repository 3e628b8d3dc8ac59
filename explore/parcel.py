"""What a forked process sends back to the one that it was forked from.

Terms, rules and whatever else is told apart by identity must be the very same objects on both sides. Those that
existed when the process was forked have the same address in both, and are sent as that; other terms are built anew, which
gives the term of that shape; the rest is sent by its fields, without what was worked out and kept beside them.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import Any

from ..model.language import Event, Family, Rule, Term
from ..model.language.terms import every_term, make
from ..properties.property import Property

_BY_IDENTITY = (Event, Family, Property, Rule)
"""A copy of one of these would be another one."""


class Shared:
    """Objects that are the same in a process and in those forked from it. They are kept alive, so that no address is used again."""

    def __init__(self, objects: Iterable[object]) -> None:
        self.objects: dict[int, object] = {id(x): x for x in (*objects, *every_term())}

    def packed(self, what: object) -> bytes:
        """For the other side."""
        out = io.BytesIO()
        _Pickler(out, self.objects).dump(what)
        return out.getvalue()

    def unpacked(self, parcel: bytes) -> Any:
        """What the other side packed."""
        return _Unpickler(io.BytesIO(parcel), self.objects).load()


def _shared(address: int) -> object:
    raise pickle.UnpicklingError(f"{address}: nothing is known to be there")


class _Pickler(pickle.Pickler):
    def __init__(self, out: io.BytesIO, objects: dict[int, object]) -> None:
        super().__init__(out, pickle.HIGHEST_PROTOCOL)
        self.objects = objects

    def reducer_override(self, what: Any) -> Any:
        if id(what) in self.objects:
            return _shared, (id(what),)
        if isinstance(what, _BY_IDENTITY):
            raise pickle.PicklingError(f"{type(what).__name__} {what} is not known on the other side")
        if isinstance(what, Term):
            return make, (what.op, what.args, what.sort, what.data)
        if is_dataclass(what) and not isinstance(what, type):
            return _rebuilt, (type(what), *(getattr(what, f.name) for f in fields(what)))
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, parcel: io.BytesIO, objects: dict[int, object]) -> None:
        super().__init__(parcel)
        self.objects = objects

    def find_class(self, module: str, name: str) -> Any:
        found = super().find_class(module, name)
        return self.objects.__getitem__ if found is _shared else found


def _rebuilt(kind: type[Any], *values: Any) -> Any:
    """A dataclass of these values; frozen ones are not made anew, so that what they checked is not checked again."""
    made = object.__new__(kind)
    for f, value in zip(fields(made), values, strict=True):
        object.__setattr__(made, f.name, value)
    return made
