"""Inductive invariants: checked afresh, and made small."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from .circuit import Literal
from .encoding import Encoding, Target
from .ic3 import Literals
from .solver import Budget, OutOfBudgetError, Solver

GOAL = -1
"""Stands for the obligation among the numbers of the lemmas."""


class Induction:
    """Cubes that may be excluded, each by its number, and whether a step keeps them so."""

    def __init__(self, encoding: Encoding, target: Target, cubes: Sequence[Literals], budget: Budget) -> None:
        self.encoding = encoding
        self.target = target
        self.cubes = list(cubes)
        self.used: set[Literal] = set()
        e = encoding
        self._after = e.pairs
        self._solver = Solver(e.circuit.clauses, budget)
        self._uses = [e.circuit.variables + 1 + i for i in range(len(cubes))]
        self._number = {x: i for i, x in enumerate(self._uses)}
        for x, cube in zip(self._uses, cubes, strict=True):
            self._solver.add([-x, *(-y for y in cube)])
        self._initial = Solver([*e.circuit.clauses, [-e.go], [e.init]], budget)

    def initially(self, cube: Literals) -> bool:
        """Whether an initial state is in the cube."""
        return self._initial.satisfiable(list(cube))

    def core(self, number: int, among: Collection[int], given: Collection[Literal] = ()) -> set[int] | None:
        """Which of the lemmas see to it that nothing is broken, or that no step enters the cube; None: not all of them together.

        What of ``given`` (literals of the state now) that takes as well is added to `used`.
        """
        e, t = self.encoding, self.target
        asked = [[t.step], [t.after]]
        if number != GOAL:
            asked = [[self._after[x] for x in self.cubes[number]]]
        found: set[int] = set()
        for entered in asked:
            if self._solver.satisfiable([e.go, -t.state, *entered, *given, *(self._uses[i] for i in among)]):
                return None
            core = self._solver.core()
            found |= {self._number[x] for x in core if x in self._number}
            self.used |= core.intersection(given)
        return found

    def closure(self, known: Mapping[int, set[int]], among: Collection[int]) -> dict[int, set[int]]:
        """The core of the obligation, those of the lemmas in it, and so on; the lemmas ``among`` are inductive."""
        cores: dict[int, set[int]] = {}
        todo = [GOAL]
        while todo:
            number = todo.pop()
            if number not in cores:
                found = known[number] if number in known else self.core(number, among)
                assert found is not None, "lemmas that make an obligation inductive stay so"
                cores[number] = found
                todo.extend(found)
        return cores


def flaw(encoding: Encoding, target: Target, cubes: Sequence[Literals], budget: Budget) -> str | None:
    """Whether the obligation, and that no state is in one of the cubes, are inductive together: None, or what fails.

    Asked of fresh solvers, once for all that IC3 asked for bit by bit.
    """
    induction = Induction(encoding, target, cubes, budget)
    everything = range(len(cubes))
    if induction.initially(frozenset((target.state,))):
        return "initiation: an initial state breaks it"
    for number in everything:
        if induction.initially(cubes[number]):
            return f"initiation: an initial state is in cube {number}"
        if induction.core(number, everything) is None:
            return f"consecution: a step leads into cube {number}"
    return None if induction.core(GOAL, everything) is not None else "safety: a step breaks it"


def needed(encoding: Encoding, target: Target, cubes: Sequence[Literals], budget: Budget) -> tuple[Literals, ...]:
    """Of cubes that make the obligation inductive, those that suffice for it; none of them can be left out alone.

    First those that unsatisfiable cores name, then one after the other is left out as long as that goes well.
    When the budget runs out, the result has more of them than it must.
    """
    induction = Induction(encoding, target, cubes, budget)
    kept: Collection[int] = range(len(cubes))
    try:
        cores = induction.closure({}, kept)
        kept = cores.keys() - {GOAL}
        for i in sorted(kept, key=lambda i: -len(cubes[i])):
            if i not in kept:
                continue
            rest = kept - {i}
            changed: dict[int, set[int]] = {}
            for number in [n for n, used in cores.items() if i in used and n != i]:
                found = induction.core(number, rest)
                if found is None:
                    break
                changed[number] = found
            else:
                cores = induction.closure({**{n: c for n, c in cores.items() if n != i}, **changed}, rest)
                kept = cores.keys() - {GOAL}
    except OutOfBudgetError:
        pass  # what is kept so far is inductive
    return tuple(cubes[i] for i in sorted(kept))


def checks_needed(
    encoding: Encoding, target: Target, cubes: Sequence[Literals], given: Sequence[Literal], budget: Budget
) -> tuple[Literal, ...]:
    """Of literals under which the cubes make the obligation inductive, those that this takes; none can be left out alone.

    Empty as well when they do not. When the budget runs out, the result has more of them than it must.
    """
    induction = Induction(encoding, target, cubes, budget)
    everything = range(len(cubes))

    def enough(some: Collection[Literal]) -> bool:
        induction.used.clear()
        return all(induction.core(n, everything, some) is not None for n in (GOAL, *everything))

    if not enough(given):
        return ()
    kept = [x for x in given if x in induction.used]
    try:
        for x in tuple(kept):
            if x in kept and enough([y for y in kept if y != x]):
                kept = [y for y in kept if y in induction.used]
    except OutOfBudgetError:
        pass  # what is kept so far suffices
    return tuple(kept)
