"""Truth values as literals of a SAT solver, and the clauses that define them (Tseitin's encoding).

A literal is a whole number other than 0: a variable, or with a minus its negation. Equal gates are one literal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Literal: TypeAlias = int
Clause: TypeAlias = list[Literal]


class Circuit:
    """Gates over variables. ``clauses`` define every gate in both directions, and constrain nothing else."""

    def __init__(self) -> None:
        self.true: Literal = 1
        self.clauses: list[Clause] = [[self.true]]
        self.variables = 1
        """The variables are 1 to this number."""
        self._gates: dict[tuple[object, ...], Literal] = {}

    @property
    def false(self) -> Literal:
        return -self.true

    def variable(self) -> Literal:
        """A new variable."""
        self.variables += 1
        return self.variables

    def all(self, literals: Iterable[Literal]) -> Literal:
        """Whether all of the literals are true."""
        parts: dict[Literal, None] = {}
        for x in literals:
            if x == self.false or -x in parts:
                return self.false
            if x != self.true:
                parts[x] = None
        if len(parts) < 2:
            return next(iter(parts), self.true)
        key = ("all", *sorted(parts))
        found = self._gates.get(key)
        if found is None:
            found = self._gates[key] = self.variable()
            self.clauses += [[-found, x] for x in parts]
            self.clauses.append([found, *(-x for x in parts)])
        return found

    def any(self, literals: Iterable[Literal]) -> Literal:
        """Whether one of the literals is true."""
        return -self.all(-x for x in literals)

    def same(self, a: Literal, b: Literal) -> Literal:
        """Whether both are true or both are false."""
        return self.either(a, b, -b)

    def either(self, condition: Literal, then: Literal, otherwise: Literal) -> Literal:
        """``then`` where the condition is true, else ``otherwise``."""
        if condition < 0:
            condition, then, otherwise = -condition, otherwise, then
        if condition == self.true or then == otherwise:
            return then
        if (
            then in (self.true, self.false)
            or otherwise in (self.true, self.false)
            or condition in map(abs, (then, otherwise))
        ):
            return self.all((self.any((-condition, then)), self.any((condition, otherwise))))
        key = ("either", condition, then, otherwise)
        found = self._gates.get(key)
        if found is None:
            found = self._gates[key] = self.variable()
            self.clauses += [
                [-condition, -then, found],
                [-condition, then, -found],
                [condition, -otherwise, found],
                [condition, otherwise, -found],
                # Implied by the others, and not found by unit propagation without.
                [-then, -otherwise, found],
                [then, otherwise, -found],
            ]
        return found
