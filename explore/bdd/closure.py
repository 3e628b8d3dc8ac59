"""All reachable states at once, in whatever order is cheapest: saturation over the parts of the transition relation.

Parts that touch only bits near the leaves are exhausted before those that touch bits further up, and a part is tried
again when one that it may depend on has added states. Diagrams stay about as small as that of the result, where the
levels of a breadth-first search, which mix how far each of many components has come, may be many times larger. What is
lost is how far a state is from the initial ones: for that, see the rings of `search`.
"""

from __future__ import annotations

from collections.abc import Callable

from .encoding import before
from .manager import Function
from .relation import Relation

_LARGE = 2_000
"""Nodes of the set of states beyond which the order of the bits is improved; and again whenever it has doubled."""


class Closure:
    """The states that are reachable from some states; ``states`` grows from these until it is closed under every step."""

    def __init__(self, relation: Relation) -> None:
        self._relation = relation
        self._manager = relation.encoding.manager
        self._large = _LARGE
        self.states: Function = relation.encoding.initial
        reads = [frozenset(map(before, self._manager.support(p.relation))) for p in relation.parts]
        writes = [frozenset(p.changed) for p in relation.parts]
        self._touched = [r | w for r, w in zip(reads, writes, strict=True)]
        numbers = range(len(relation.parts))
        self._wakes = [
            [j for j in numbers if j == i or writes[i] & self._touched[j] or reads[i] & writes[j]] for i in numbers
        ]
        """Per part: those that may lead on from where it led. What commutes with it is left to the last pass over all."""

    def run(self, stop: Callable[[Function], bool]) -> bool:
        """Grow the set until it is closed; whether it is. ``stop`` is asked between steps, with the states so far."""
        parts, m = self._relation.parts, self._manager
        while True:
            todo = set(range(len(parts)))
            place = self._places()
            grown = False
            while todo:
                if stop(self.states):
                    return False
                i = min(todo, key=place.__getitem__)
                todo.discard(i)
                added = parts[i].image(m, self.states) & ~self.states
                if added != m.false:
                    grown = True
                    self.states |= added
                    todo.update(self._wakes[i])
                    if self._improved():
                        place = self._places()
            if not grown:
                return True  # every part was tried on the whole set, and none led out of it

    def _places(self) -> list[int]:
        """Per part: when it is its turn, the parts near the leaves first."""
        level = {name: i for i, name in enumerate(self._manager.order())}
        last = len(level)
        tops = [min((level[name] for name in touched), default=last) for touched in self._touched]
        ranked = sorted(range(len(tops)), key=lambda i: (-tops[i], i))
        places = [0] * len(tops)
        for place, i in enumerate(ranked):
            places[i] = place
        return places

    def _improved(self) -> bool:
        """Improve the order of the bits, if that is due."""
        if self._manager.size(self.states) <= self._large or not self._manager.improve():
            return False
        self._large = max(_LARGE, 2 * self._manager.size(self.states))
        return True
