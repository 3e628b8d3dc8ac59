"""A static order of a system's variables: those that occur together stand together.

The variables that an action reads and writes are a group, and so are the target of an update and what its value depends
on. A good order makes the weighted sum of the groups' spans small; how large the diagrams become follows it closely (unlike
other groupings that were tried, such as the conjuncts of guards). It is found without making any diagram, by FORCE, in
which each variable is drawn to the centres of its groups, from several orders; then by moving one variable at a time to
where it costs least.
"""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from ...model.language import System, support

_STARTS = 8
"""Orders to start from: the one in which the system has its variables, and shuffled ones (always the same)."""

_ROUNDS = 40
"""FORCE settles well within so many."""

_LOCAL_ROUNDS = 10
"""And moving single variables within these."""


def static_order(system: System) -> tuple[int, ...]:
    """The numbers of the variables, in an order in which to lay them from the root downwards."""
    groups = _Groups(system)
    shuffle = random.Random(0)
    best = np.arange(len(system.variables))
    least = groups.span(best)
    for start in range(_STARTS if groups.weights.size else 0):
        numbers = list(range(len(system.variables)))
        if start:
            shuffle.shuffle(numbers)
        order = np.array(numbers)
        for _ in range(_ROUNDS):
            span = groups.span(order)
            if span < least:
                best, least = order, span
            drawn = groups.drawn(order)
            if (drawn == order).all():
                break
            order = drawn
    return tuple(int(v) for v in groups.improved(best))


class _Groups:
    """Sets of variables that occur together, each with a weight: the number of its occurrences over its size."""

    def __init__(self, system: System) -> None:
        found: dict[frozenset[int], float] = {}
        for group in _occurrences(system):
            if len(group) > 1:
                found[group] = found.get(group, 0.0) + 1 / (len(group) - 1)
        self.members: NDArray[np.bool_] = np.zeros((len(found), len(system.variables)), bool)
        """Shape (groups, variables)."""
        for row, group in zip(self.members, found, strict=True):
            row[list(group)] = True
        self.weights = np.array(list(found.values()))
        self.sizes = self.members.sum(axis=1)
        self.pull = self.weights @ self.members

    def ends(self, order: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """For each group, the places of the first and of the last of its members that are in the order."""
        there = self.members[:, order]
        return there.argmax(axis=1), len(order) - 1 - there[:, ::-1].argmax(axis=1)

    def span(self, order: NDArray[np.intp]) -> float:
        """What an order costs."""
        if not self.weights.size:
            return 0.0
        first, last = self.ends(order)
        return float(self.weights @ (last - first))

    def drawn(self, order: NDArray[np.intp]) -> NDArray[np.intp]:
        """The variables sorted by where the centres of their groups draw them."""
        place = np.empty(len(order))
        place[order] = np.arange(len(order))
        centre = (self.members @ place) / self.sizes
        drawn_to = np.where(
            self.pull > 0, (self.weights * centre) @ self.members / np.where(self.pull > 0, self.pull, 1), place
        )
        return np.lexsort((place, drawn_to))

    def improved(self, order: NDArray[np.intp]) -> NDArray[np.intp]:
        """The order after each variable was moved to where it costs least, until that is where it is."""
        for _ in range(_LOCAL_ROUNDS if self.weights.size else 0):
            before = self.span(order)
            for v in order.copy():
                rest = order[order != v]
                order = np.insert(rest, self._cheapest(rest, v), v)
            if self.span(order) >= before:
                break
        return order

    def _cheapest(self, rest: NDArray[np.intp], v: int) -> int:
        """Where to insert a variable into an order of the others."""
        places = np.arange(len(rest) + 1)
        first, last = (ends[:, None] for ends in self.ends(rest)) if len(rest) else (np.zeros((1, 1)),) * 2
        mine = self.members[:, v]
        # A group that the variable is in grows up to it; another one by one place, if the variable comes in between.
        grown = np.maximum(last + (places <= last), places) - np.minimum(first + (places <= first), places)
        parted = (first < places) & (places <= last)
        cost = (self.weights * mine) @ grown + (self.weights * ~mine) @ parted
        return int(cost.argmin())


def _occurrences(system: System) -> list[frozenset[int]]:
    found: list[frozenset[int]] = []
    for a in system.actions:
        together = {v.name for v in support(a.guard)}
        for target, value in a.updates:
            own = {target.name, *(v.name for v in support(value))}
            found.append(_numbers(system, own))
            together.add(target.name)
        found.append(_numbers(system, together))
    return found


def _numbers(system: System, names: set[str]) -> frozenset[int]:
    return frozenset(system.index[n] for n in names)
