"""The sorts of finite-domain terms.

A *ground* sort has a domain of its own (booleans, enumerations, bounded integers). The instances of a
part of the world ("the TDIs") are an `Index`; how many there are is a parameter of the topology, so an
`Index` and its `Maybe` ("one of the TVMs, or none") become enumerations when a model is instantiated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from .errors import ModelError, nearest

Value: TypeAlias = bool | int | str


def word(value: Value) -> str:
    """A value as people write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


"""A value of a ground sort: ``bool``, ``int`` (bounded integers) or ``str`` (enumerations)."""

NONE = "none"
"""The value of a `Maybe` that names no instance."""


@dataclass(frozen=True)
class Bool:
    """The two truth values."""

    @property
    def domain(self) -> tuple[Value, ...]:
        return (False, True)

    def __str__(self) -> str:
        return "bool"


@dataclass(frozen=True)
class Int:
    """The integers ``lo`` to ``hi``, both included."""

    lo: int
    hi: int

    def __post_init__(self) -> None:
        if self.lo > self.hi:
            raise ModelError(f"Int({self.lo}, {self.hi}) is empty: give lo <= hi")

    @property
    def domain(self) -> tuple[Value, ...]:
        return tuple(range(self.lo, self.hi + 1))

    def __str__(self) -> str:
        return f"{self.lo}..{self.hi}"


@dataclass(frozen=True)
class Enum:
    """An enumeration: a name and its values, in order."""

    name: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise ModelError(f"enumeration {self.name} has no values: give it at least one")
        if len(set(self.values)) != len(self.values):
            raise ModelError(f"enumeration {self.name} names a value twice: {', '.join(self.values)}")

    # Terms are looked up by their sorts all the time, and few enumerations have the same name.
    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def domain(self) -> tuple[Value, ...]:
        return self.values

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Index:
    """The instances of a part of the world, named ``<name>0``, ``<name>1``, …"""

    name: str

    def instances(self, sizes: Mapping[str, int]) -> tuple[str, ...]:
        """The instance names at a topology (index name -> how many)."""
        if self.name not in sizes:
            raise ModelError(
                f"the topology does not say how many instances of {self.name!r} there are: "
                f"give {self.name}=N{nearest(self.name, sizes)}"
            )
        return tuple(f"{self.name}{i}" for i in range(sizes[self.name]))

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Maybe:
    """One instance of an index, or ``"none"``."""

    index: Index

    def __str__(self) -> str:
        return f"{self.index.name}?"


Ground: TypeAlias = Bool | Int | Enum
Sort: TypeAlias = Bool | Int | Enum | Index | Maybe

BOOL = Bool()


def enum(name: str, *values: str) -> Enum:
    """An enumeration of the given values."""
    return Enum(name, values)


def ground_sort(sort: Sort, sizes: Mapping[str, int]) -> Ground:
    """The finite sort that ``sort`` stands for at a topology.

    An index and its `Maybe` share one ground sort (whose first value is ``"none"``), so that the two can be
    compared; variables are never of a bare index sort, and parameters range over `instances` only.
    """
    if isinstance(sort, Index | Maybe):
        index = sort.index if isinstance(sort, Maybe) else sort
        return _instance_or_none(index.name, index.instances(sizes))
    return sort


@lru_cache(maxsize=256)
def _instance_or_none(index: str, instances: tuple[str, ...]) -> Enum:
    return Enum(index, (NONE, *instances))


def comparable(a: Sort, b: Sort) -> bool:
    """Whether values of the two sorts may be compared or assigned (an instance fits a `Maybe` of its index)."""
    if isinstance(a, Int) and isinstance(b, Int):
        return True
    ia = a.index if isinstance(a, Maybe) else a
    ib = b.index if isinstance(b, Maybe) else b
    return ia == ib
