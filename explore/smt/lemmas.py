"""Lemmas from reachable states: the strongest readable clauses that exclude a given unreachable state.

A *cube* says of a few variables that each has one of certain values. A cube that no reachable state matches
gives a *lemma*, the clause that is its negation. The reachable states are an oracle: they make good guesses.
That a lemma is true is for a solver to prove.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...model.language import System, support
from ...properties.compile import Obligation
from ..cubes import Cube
from ..layout import size
from .encoding import Codes


class Reached(Protocol):
    """The reachable states, as far as the search for lemmas asks about them."""

    def __contains__(self, state: Codes) -> bool: ...

    def cubes(self, state: Codes, distance: list[int]) -> Iterator[Cube]:
        """Cubes around an unreachable state that no reachable state matches, the best guess first. There is at least one."""
        ...


class Oracle:
    """The reachable states, indexed so that cubes are matched against all of them at once.

    ``codes`` has shape (states, variables). For each value of each variable there is a bit per state; a cube
    is matched by and-ing a few such rows. Rows are made when they are first needed.
    """

    def __init__(self, system: System, codes: NDArray[np.unsignedinteger]) -> None:
        self.system = system
        self.states = codes.shape[0]
        self.sizes = [size(v.sort) for v in system.variables]
        self._columns = np.ascontiguousarray(codes.T)
        self._rows: dict[tuple[int, int], NDArray[np.uint8]] = {}
        self._pairs: dict[tuple[int, int, int, int], bool] = {}

    def _row(self, j: int, code: int) -> NDArray[np.uint8]:
        """A bit per state, packed: whether variable ``j`` has that value in it."""
        if (j, code) not in self._rows:
            self._rows[j, code] = np.packbits(self._columns[j] == code)
        return self._rows[j, code]

    def _matching(self, literals: dict[int, frozenset[int]]) -> NDArray[np.uint8]:
        """A bit per state, packed: whether it is in the cube."""
        result = np.packbits(np.ones(self.states, bool))
        for j, codes in literals.items():
            if len(codes) == 1:
                result = result & self._row(j, next(iter(codes)))
            else:
                table = np.zeros(self.sizes[j], bool)
                table[list(codes)] = True
                result = result & np.packbits(table[self._columns[j]])
        return result

    def __contains__(self, state: Codes) -> bool:
        return bool(self._matching({j: frozenset((c,)) for j, c in enumerate(state)}).any())

    def matches(self, cube: Cube) -> bool:
        """Whether some reachable state is in the cube."""
        return bool(self._matching(dict(cube.literals)).any())

    def cubes(self, state: Codes, distance: list[int]) -> Iterator[Cube]:
        """Cubes around an unreachable state that no reachable state matches, the best guess first.

        Those with the fewest variables come first, and of these the nearest to the property (``distance`` per
        variable). Each is widened as far as it goes. There is at least one.
        """
        yielded = set()
        for variables in self._small(state, distance) or [self._cover(state, distance)]:
            cube = self._widened(state, variables, distance)
            if cube not in yielded:
                yielded.add(cube)
                yield cube

    def _small(self, state: Codes, distance: list[int]) -> list[tuple[int, ...]]:
        """The variables, one or two, whose values in the state are never found in a reachable state."""
        single = [j for j, c in enumerate(state) if not self._row(j, c).any()]
        if single:
            return [(j,) for j in sorted(single, key=lambda j: distance[j])]
        pairs = [(j, k) for j, k in combinations(range(len(state)), 2) if not self._together(j, state[j], k, state[k])]
        return sorted(pairs, key=lambda p: (distance[p[0]] + distance[p[1]], p))

    def _together(self, j: int, a: int, k: int, b: int) -> bool:
        """Whether two variables ever have these values at once."""
        key = (j, a, k, b)
        if key not in self._pairs:
            self._pairs[key] = bool((self._row(j, a) & self._row(k, b)).any())
        return self._pairs[key]

    def _cover(self, state: Codes, distance: list[int]) -> tuple[int, ...]:
        """Few variables whose values in the state are never found together: greedy, then without what is superfluous."""
        left = np.arange(self.states)
        chosen: list[int] = []
        while len(left):
            agree = [np.count_nonzero(self._columns[j, left] == c) for j, c in enumerate(state)]
            best = min((j for j in range(len(state)) if j not in chosen), key=lambda j: (agree[j], distance[j]))
            chosen.append(best)
            left = left[self._columns[best, left] == state[best]]
        for j in sorted(chosen, key=lambda j: -distance[j]):
            rest = {k: frozenset((state[k],)) for k in chosen if k != j}
            if not self._matching(rest).any():
                chosen.remove(j)
        return tuple(chosen)

    def _widened(self, state: Codes, variables: tuple[int, ...], distance: list[int]) -> Cube:
        """The cube of some of the state's values, with every value added that keeps reachable states out.

        Values of variables far from the property are added first; each variable then has all the values that
        it never has in the reachable states in which the others match.
        """
        literals = {j: frozenset((state[j],)) for j in variables}
        for j in sorted(variables, key=lambda j: -distance[j]):
            others = self._matching({k: codes for k, codes in literals.items() if k != j})
            at = np.unpackbits(others, count=self.states).astype(bool)
            found = np.bincount(self._columns[j, at], minlength=self.sizes[j])
            literals[j] = frozenset(np.flatnonzero(found == 0).tolist())
        return Cube(tuple(sorted(literals.items())))


def distances(system: System, obligation: Obligation) -> list[int]:
    """Per variable: through how many updates, at least, it influences what the obligation speaks of."""
    reads: dict[str, set[str]] = {}
    for a in system.actions:
        guard = {v.name for v in support(a.guard)}
        for target, value in a.updates:
            reads.setdefault(target.name, set()).update(guard, (v.name for v in support(value)))
    spoken = [*obligation.terms, *(system.actions[i].guard for i in obligation.steps)]
    layer = {v.name for t in spoken for v in support(t)}
    found: dict[str, int] = {}
    while layer:
        step = len(set(found.values()))
        found.update(dict.fromkeys(layer, step))
        layer = {name for source in layer for name in reads.get(source, ())} - found.keys()
    return [found.get(v.name, len(system.variables)) for v in system.variables]
