"""Weak trace inclusion: can all that is seen of one state be seen of another? On the fly, with antichains.

A node is a state of the one side with the set of states in which the other may be after the same trace. Of two nodes with
the same state, the one with the larger set need not be looked at: whatever tells it apart tells apart the other as well (De Wulf, Doyen,
Henzinger, Raskin 2006); nor one whose set contains the state itself. Nodes are visited by the length of their traces, so the
first trace that the other side has not is a shortest one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from .lts import SILENT, Lts, Numbers

_OFTEN = 256
"""Nodes between two looks at the limits."""

_MANY = 64
"""So many shortest traces are enough to choose from."""


class Quotient:
    """The classes of a labelled transition system, with sets of them as bits of whole numbers."""

    def __init__(self, lts: Lts, classes: Numbers) -> None:
        source, target = classes[lts.source], classes[lts.target]
        kept = (lts.label != SILENT) | (source != target)
        rows = np.unique(np.column_stack([source[kept], lts.label[kept], target[kept]]), axis=0)
        count = int(classes.max(initial=-1)) + 1
        self.silent: list[list[int]] = [[] for _ in range(count)]
        self.seen: list[dict[int, list[int]]] = [{} for _ in range(count)]
        for a, label, b in rows.tolist():
            if label == SILENT:
                self.silent[a].append(b)
            else:
                self.seen[a].setdefault(label, []).append(b)
        self._closures: dict[int, int] = {}
        self._after: dict[tuple[int, int], int] = {}

    def closure(self, state: int) -> int:
        """The classes that silent steps lead to, with this one."""
        if state not in self._closures:
            inside, todo = {state}, [state]
            while todo:
                for t in self.silent[todo.pop()]:
                    if t not in inside:
                        inside.add(t)
                        todo.append(t)
            self._closures[state] = sum(1 << s for s in inside)
        return self._closures[state]

    def after(self, states: int, label: int) -> int:
        """The classes to which a step with the label leads from one of the set, and silent steps after it."""
        key = (states, label)
        if key not in self._after:
            found = 0
            for s in members(states):
                for t in self.seen[s].get(label, ()):
                    found |= self.closure(t)
            self._after[key] = found
        return self._after[key]


def members(states: int) -> list[int]:
    """The bits of a set, ascending."""
    found = []
    while states:
        lowest = states & -states
        found.append(lowest.bit_length() - 1)
        states ^= lowest
    return found


def not_included(q: Quotient, one: int, other: int, watch: Callable[[], None] = lambda: None) -> list[tuple[int, ...]]:
    """Shortest traces of class ``one`` that ``other`` does not have, some of them; none when it has all of them."""
    antichain: dict[int, list[int]] = {}
    todo: deque[tuple[int, int, tuple[int, ...]]] = deque([(one, q.closure(other), ())])
    visited = 0
    found: dict[tuple[int, ...], None] = {}
    while todo:
        state, others, trace = todo.popleft()
        if found and (len(trace) >= len(next(iter(found))) or len(found) >= _MANY):
            break
        known = antichain.setdefault(state, [])
        if others >> state & 1 or any(k & others == k for k in known):
            continue
        known[:] = [k for k in known if k & others != others]
        known.append(others)
        visited += 1
        if visited % _OFTEN == 0:
            watch()
        for t in q.silent[state]:
            todo.appendleft((t, others, trace))
        for label, targets in sorted(q.seen[state].items()):
            following = q.after(others, label)
            if not following:
                found[*trace, label] = None
            elif not found:
                for t in targets:
                    todo.append((t, following, (*trace, label)))
    return list(found)
