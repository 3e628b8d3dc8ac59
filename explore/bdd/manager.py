"""Binary decision diagrams by the package `dd`: with the C library CUDD where its wheel brings it, else in pure Python.

A function is an opaque value with ``&``, ``|``, ``~`` and ``==``; equal functions are the same node, so ``==`` costs nothing.
What is done here and nowhere else is what the two back ends do in different ways.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import Any, TypeAlias

from ...model.language import ModelError

Function: TypeAlias = Any
"""A Boolean function over the bits of a manager."""

CUDD = "cudd"
PYTHON = "python"
BACKENDS = (CUDD, PYTHON)

VARIABLE = "TDISPROVE_BDD"
"""The environment variable that forces a back end."""

_EXACT_BITS = 53
"""CUDD counts in floating point: exact as long as the number of all assignments fits the significand."""

_FLOAT_BITS = 1_000
"""Beyond these the number of all assignments may be none in floating point."""

_TABLES = 1 << 28
"""Bytes from which CUDD sizes its tables at first; they grow with what they have to hold."""


class OutOfNodesError(Exception):
    """A back end could not make a node, for want of memory."""


def installed() -> tuple[str, ...]:
    """The back ends that there are files of, the better one first. Whether they can be loaded, which takes its time, says `available`."""
    package = find_spec("dd")
    there = package is not None and PathFinder.find_spec(CUDD, package.submodule_search_locations) is not None
    return BACKENDS if there else (PYTHON,)


def available() -> tuple[str, ...]:
    """The back ends that can be loaded, the better one first."""
    try:
        import dd.cudd  # noqa: F401
    except ImportError:
        return (PYTHON,)
    return BACKENDS


def chosen(backend: str | None = None) -> str:
    """The back end to use: the one that is asked for, else the one that `VARIABLE` names, else the best there is.

    Raises `ModelError` for one that is unknown or not installed.
    """
    wanted = backend or os.environ.get(VARIABLE) or None
    if wanted is None:
        return available()[0]
    if wanted not in BACKENDS:
        raise ModelError(f"there is no BDD back end {wanted!r} ({VARIABLE}): it is one of {', '.join(BACKENDS)}")
    if wanted not in available():
        raise ModelError(f"the BDD back end {wanted} is not installed: use {PYTHON}, or a wheel of dd that brings CUDD")
    return wanted


class Manager:
    """The owner of functions over named bits, which are declared once, in order from the root downwards."""

    def __init__(self, bits: Sequence[str], backend: str | None = None, memory: int | None = None) -> None:
        self.backend = chosen(backend)
        self._bdd: Any
        if self.backend == CUDD:
            import dd.cudd as module

            self._bdd = module.BDD(memory_estimate=_TABLES)
            # When to improve the order is for those to say who know which diagrams last.
            self._bdd.configure(reordering=False)
            if memory is not None:
                self._bdd.configure(max_memory=memory)
        else:
            import dd.autoref as module

            self._bdd = module.BDD()
            # At its end it would complain of functions that outlive it by a moment, as they may when Python exits.
            self._bdd._bdd.__class__ = _quiet(type(self._bdd._bdd))
            # It recurses once or twice per level.
            sys.setrecursionlimit(max(sys.getrecursionlimit(), 1000 + 8 * len(bits)))
        self._module: Any = module
        self._bdd.declare(*bits)
        self.true: Function = self._bdd.true
        self.false: Function = self._bdd.false

    def bit(self, name: str) -> Function:
        """The function that is the value of a bit."""
        return self._bdd.var(name)

    def cube(self, values: Mapping[str, bool]) -> Function:
        """The bits have these values."""
        return self._bdd.cube(values) if values else self.true

    def ite(self, condition: Function, then: Function, otherwise: Function) -> Function:
        """The one where the condition holds, the other where it does not."""
        return self._bdd.ite(condition, then, otherwise)

    def same(self, u: Function, v: Function) -> Function:
        """Both hold or neither does."""
        return self._bdd.apply("<=>", u, v)

    def and_exists(self, u: Function, v: Function, names: Sequence[str]) -> Function:
        """For some values of the bits, both hold."""
        if not names:
            return u & v
        if self.backend == CUDD:
            return self._module.and_exists(u, v, names)
        return self._bdd.exist(names, u & v)

    def rename(self, u: Function, names: Mapping[str, str]) -> Function:
        """Other bits in the place of bits."""
        return self._bdd.let(names, u) if names else u

    def cofactor(self, u: Function, values: Mapping[str, bool]) -> Function:
        """The function where the bits have these values; it depends on them no more."""
        return self._bdd.let(values, u) if values else u

    def any(self, functions: Iterable[Function]) -> Function:
        """Disjunction, pairwise: intermediate results stay small."""
        found = list(functions)
        while len(found) > 1:
            found = [found[i] | found[i + 1] if i + 1 < len(found) else found[i] for i in range(0, len(found), 2)]
        return found[0] if found else self.false

    def size(self, u: Function) -> int:
        """The number of nodes."""
        return int(u.dag_size)

    def improve(self) -> bool:
        """Improve the order of the bits by sifting; whether there is a way to (in pure Python it takes longer than it saves)."""
        if self.backend == PYTHON:
            return False
        self._module.reorder(self._bdd)
        return True

    def support(self, u: Function) -> set[str]:
        """The bits on which the function depends."""
        return set(self._bdd.support(u))

    def order(self) -> tuple[str, ...]:
        """The bits, from the root downwards."""
        return tuple(sorted(self._bdd.vars, key=self._bdd.level_of_var))

    def counter(self, bits: int) -> Counter:
        """Counts assignments to so many bits, on which all the functions that are counted depend at most."""
        return Counter(self._bdd, bits, by_package=self.backend == PYTHON or bits <= _EXACT_BITS)

    def estimate(self, u: Function, bits: int) -> int:
        """About the number of assignments to so many bits in which the function holds."""
        if bits > _FLOAT_BITS:
            return self.counter(bits)(u)
        return int(self._bdd.count(u, bits))

    def unbound(self) -> None:
        """Lift the limit of memory: to say what was found takes little."""
        if self.backend == CUDD:
            self._bdd.configure(max_memory=(1 << 64) - 1)

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """Raises `OutOfNodesError` where CUDD runs out of memory, which it says in several ways."""
        try:
            yield
        except MemoryError as e:
            raise OutOfNodesError from e
        except (RuntimeError, ValueError) as e:
            if self.backend != CUDD or not any(
                sign in str(e) for sign in ("is `NULL`", "failed", "out of memory", "run out")
            ):
                raise
            raise OutOfNodesError from e


def _quiet(manager: type) -> type:
    """The class of a manager in pure Python, without the check at its end that nothing is used any more."""
    return type(manager.__name__, (manager,), {"__del__": lambda _: None})


class Counter:
    """Counts satisfying assignments exactly, whatever their number.

    Where the package would count in floating point with loss, the nodes are counted one by one. What is known of a node
    serves the functions that are counted later: they are kept, so that no node is freed and its number used again.
    """

    def __init__(self, bdd: Any, bits: int, *, by_package: bool) -> None:
        self._bdd = bdd
        self._bits = bits
        self._by_package = by_package
        self._all = 1 << bits
        self._known: dict[int, int] = {}
        self._kept: list[Function] = []

    def __call__(self, u: Function) -> int:
        """The number of assignments in which the function holds."""
        if self._by_package:
            return int(self._bdd.count(u, self._bits))
        self._kept.append(u)
        # Each node's count is over all the bits. It does not depend on the bit of the node above it, so the sum is even.
        known, stack = self._known, [u]
        while stack:
            node = stack[-1]
            number = int(node) >> 1  # of the node without the complement
            if number in known:
                stack.pop()
                continue
            if node.var is None:
                known[number] = self._all
                continue
            low, high = node.low, node.high
            below, above = known.get(int(low) >> 1), known.get(int(high) >> 1)
            if below is None:
                stack.append(low)
            if above is None:
                stack.append(high)
            if below is not None and above is not None:
                known[number] = ((self._all - below if low.negated else below) + above) >> 1
        count = known[int(u) >> 1]
        return self._all - count if u.negated else count
