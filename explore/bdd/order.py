"""A static order of a system's variables: those that occur together stand together.

The heuristic is FORCE: every variable is drawn to the mean of the centres of the groups in which it occurs, again and
again, until the groups span no less. It needs no diagrams, so it takes no time to speak of.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...model.language import System, support
from ...model.language.terms import conjuncts

_ROUNDS = 60
"""Groups settle well within so many."""


def static_order(system: System) -> tuple[int, ...]:
    """The numbers of the variables, in an order in which to lay them from the root downwards."""
    groups = _groups(system)
    order = list(range(len(system.variables)))
    best, least = order, _span(order, groups)
    for _ in range(_ROUNDS):
        order = _drawn(order, groups)
        span = _span(order, groups)
        if span >= least:
            break
        best, least = order, span
    return tuple(best)


def _groups(system: System) -> list[tuple[frozenset[int], int]]:
    """Sets of variables that occur together, and how often: in a conjunct of a guard, in an update, in an action."""
    found: dict[frozenset[int], int] = {}

    def add(names: set[str], weight: int) -> None:
        group = frozenset(system.index[n] for n in names)
        if len(group) > 1:
            found[group] = found.get(group, 0) + weight

    for a in system.actions:
        guard: set[str] = set()
        for c in conjuncts(a.guard):
            names = {v.name for v in support(c)}
            guard |= names
            add(names, 1)
        for target, value in a.updates:
            add({target.name, *(v.name for v in support(value))}, 1)
        add(guard | {target.name for target, _ in a.updates}, 1)
    for c in conjuncts(system.init):
        add({v.name for v in support(c)}, 1)
    return list(found.items())


def _drawn(order: Sequence[int], groups: Sequence[tuple[frozenset[int], int]]) -> list[int]:
    place = {v: i for i, v in enumerate(order)}
    pull: dict[int, list[float]] = {v: [0.0, 0.0] for v in order}
    for group, weight in groups:
        centre = sum(place[v] for v in group) / len(group)
        for v in group:
            pull[v][0] += weight * centre
            pull[v][1] += weight
    return sorted(order, key=lambda v: (pull[v][0] / pull[v][1] if pull[v][1] else place[v], place[v]))


def _span(order: Sequence[int], groups: Sequence[tuple[frozenset[int], int]]) -> int:
    place = {v: i for i, v in enumerate(order)}
    return sum(weight * (max(places) - min(places)) for group, weight in groups if (places := [place[v] for v in group]))
