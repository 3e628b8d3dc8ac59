"""Lemmas from reachable states that are held as one Boolean function. See `lemmas`, which does the same with a list of states."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from ..bdd import SymbolicSet
from ..bdd.manager import Function
from ..cubes import Cube
from ..layout import size
from .encoding import Codes


class SymbolicOracle:
    """The reachable states of a system; which cubes they match is a conjunction of diagrams."""

    def __init__(self, reached: SymbolicSet) -> None:
        self._set = reached
        self._encoding = reached.encoding
        self._false = self._encoding.manager.false
        self._sizes = [size(v.sort) for v in self._encoding.system.variables]
        self._apart: dict[tuple[int, int, int, int], bool] = {}

    def __contains__(self, state: Codes) -> bool:
        return not self._missed(dict(enumerate(state)))

    def _missed(self, codes: dict[int, int]) -> bool:
        """Whether the variables have these values at once in no reachable state."""
        return bool(self._set.function & self._encoding.codes(codes) == self._false)

    def cubes(self, state: Codes, distance: list[int]) -> Iterator[Cube]:
        """See `lemmas.Reached`: those with one or two variables first, nearest to the property; else few variables that suffice."""
        yielded = set()
        for variables in self._small(state, distance) or [self._cover(state, distance)]:
            cube = self._widened(state, variables, distance)
            if cube not in yielded:
                yielded.add(cube)
                yield cube

    def _small(self, state: Codes, distance: list[int]) -> list[tuple[int, ...]]:
        single = [j for j, c in enumerate(state) if self._missed({j: c})]
        if single:
            return [(j,) for j in sorted(single, key=lambda j: distance[j])]
        pairs = [(j, k) for j, k in combinations(range(len(state)), 2) if self._never(j, state[j], k, state[k])]
        return sorted(pairs, key=lambda p: (distance[p[0]] + distance[p[1]], p))

    def _never(self, j: int, a: int, k: int, b: int) -> bool:
        key = (j, a, k, b)
        if key not in self._apart:
            self._apart[key] = self._missed({j: a, k: b})
        return self._apart[key]

    def _cover(self, state: Codes, distance: list[int]) -> tuple[int, ...]:
        """Variables whose values in the state are never found together, none of them in vain; those far from the property go first."""
        kept = dict(enumerate(state))
        for j in sorted(kept, key=lambda j: -distance[j]):
            rest = {k: c for k, c in kept.items() if k != j}
            if rest and self._missed(rest):
                kept = rest
        return tuple(kept)

    def _widened(self, state: Codes, variables: tuple[int, ...], distance: list[int]) -> Cube:
        """The cube of some of the state's values, with every value added that keeps reachable states out, as in `lemmas`."""
        literals = {j: frozenset((state[j],)) for j in variables}
        for j in sorted(variables, key=lambda j: -distance[j]):
            others = self._set.function
            for k, codes in literals.items():
                if k != j:
                    others &= self._any(k, codes)
            literals[j] = frozenset(c for c in range(self._sizes[j]) if others & self._encoding.codes({j: c}) == self._false)
        return Cube(tuple(sorted(literals.items())))

    def _any(self, j: int, codes: frozenset[int]) -> Function:
        return self._encoding.manager.any(self._encoding.codes({j: c}) for c in sorted(codes))
