"""Cubes of states and the clauses that exclude them, in words that people can read."""

from __future__ import annotations

from dataclasses import dataclass

from ..model.language import FALSE, TRUE, Bool, Int, System, Term, conj, implies, neg, one_of
from .layout import size, value_of


@dataclass(frozen=True)
class Cube:
    """The states in which each of the variables (by number) has one of the values (by their codes)."""

    literals: tuple[tuple[int, frozenset[int]], ...]

    def lemma(self, system: System) -> Term:
        """The clause that excludes the cube, as an implication whose conclusion says most."""
        if not self.literals:
            return FALSE
        sizes = {j: size(system.variables[j].sort) for j, _ in self.literals}
        last = min(self.literals, key=lambda literal: sizes[literal[0]] - len(literal[1]))
        premises = [_member(system, j, values) for j, values in self.literals if j != last[0]]
        rest = frozenset(range(sizes[last[0]])) - last[1]
        return implies(conj(*premises), _member(system, last[0], rest))


def _member(system: System, j: int, values: frozenset[int]) -> Term:
    """That variable ``j`` has one of the values (given by their codes), in the shortest way to say so."""
    v = system.variables[j]
    inside = sorted(values)
    if len(inside) == size(v.sort):
        return TRUE
    if isinstance(v.sort, Bool):
        return FALSE if not inside else v.term if inside == [1] else neg(v.term)
    if isinstance(v.sort, Int) and len(inside) > 2 and inside[-1] - inside[0] == len(inside) - 1:
        lo, hi = v.sort.lo + inside[0], v.sort.lo + inside[-1]
        return conj(v.term >= lo, v.term <= hi)
    if 2 * len(inside) > size(v.sort):
        return neg(one_of(v.term, *(value_of(c, v.sort) for c in range(size(v.sort)) if c not in values)))
    return one_of(v.term, *(value_of(c, v.sort) for c in inside))
