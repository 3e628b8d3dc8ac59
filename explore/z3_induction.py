"""Proofs by induction: k-induction, and 1-induction with lemmas that are found from counterexamples.

A *counterexample to induction* (CTI) is a state that satisfies what is to be proved, with a step after which
something of it fails. Where the set of reachable states is known, the state of a CTI is not among them, and a
lemma that excludes it, with many others like it, is added to what is to be proved, until nothing fails any
more. This ends, since the conjunction of all true lemmas is the set of reachable states itself.

How lemmas are found is of no weight for the proof: `verify` proves them again, with new solvers, and with the
updates substituted into the lemmas, where the search used a transition relation.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import z3

from ..model.language import TRUE, Action, System, Term, conj, show, substitute, support
from ..properties.compile import Obligation
from .evaluate import enabled, evaluate, named, successor
from .lemmas import Codes, Cube, Oracle, distances
from .z3_bmc import BoundedSearch
from .z3_encoding import Budget, Encoding

_CANDIDATES = 5
"""Cubes around the state of a CTI of which the lemmas are compared."""


@dataclass(frozen=True, eq=False)
class Proof:
    """Why an obligation holds in every run of a system.

    With ``k == 1``: the obligation's state term and the lemmas hold initially, and after each step when they
    held before it; they imply the obligation's step terms. With a greater ``k``, there are no lemmas: no run of
    fewer steps breaks the obligation, and no path of ``k`` steps between any states (of which all but the last
    are distinct, with ``distinct``) breaks it in its last step only.
    """

    system: System
    obligation: Obligation
    lemmas: tuple[Term, ...] = ()
    k: int = 1
    distinct: bool = False
    ctis: int = 0
    """The counterexamples to induction that were met in finding it."""
    seconds: float = 0.0

    def __str__(self) -> str:
        if self.k > 1:
            return f"{self.k}-induction" + (" on paths of distinct states" if self.distinct else "")
        if not self.lemmas:
            return "inductive as it is"
        numbered = (f"({i}) {show(lemma)}" for i, lemma in enumerate(self.lemmas, 1))
        return f"inductive with {len(self.lemmas)} lemma{'s' if len(self.lemmas) > 1 else ''}: {'; '.join(numbered)}"


class ProofError(Exception):
    """What is given as a proof does not prove its obligation; the message says where it fails."""


class OracleError(Exception):
    """The reachable states as given and the system as encoded contradict each other. An internal error, never a verdict."""


# --- k-induction ------------------------------------------------------------------------------------------------------


@dataclass
class InductionStep:
    """Whether an obligation that was kept for ``k`` steps is kept in the next, for increasing ``k``.

    With ``distinct``, only paths are looked at on which all states but the last differ. A shortest violation is
    one, and they have at most as many steps as there are states, so some ``k`` then decides; without, perhaps none.
    """

    encoding: Encoding
    obligation: Obligation
    distinct: bool = True
    k: int = 0
    _solver: Any = field(init=False)
    _broken_state: Any = field(init=False)
    _broken_step: Any = field(init=False)

    def __post_init__(self) -> None:
        self._solver = self.encoding.solver()
        self._solver.add(self.encoding.domain)
        self._broken_state = self.encoding.broken_state(self.obligation)
        self._broken_step = self.encoding.broken_step(self.obligation)

    def advance(self, budget: Budget) -> bool:
        """Whether the step holds for the next ``k``. Raises `OutOfBudgetError`; the same ``k`` may be tried again."""
        e, last = self.encoding, self.k
        self._solver.add(z3.Not(e.at(self._broken_state, last)), e.leaving(last))
        if last > 0:
            self._solver.add(z3.Not(e.at(self._broken_step, last - 1)))
        if self.distinct:
            self._solver.add(*(z3.Not(e.same(k, last)) for k in range(last)))
        name = e.literal(f"broken!{last}")
        self._solver.add(
            z3.Implies(name, z3.Or(e.at(self._broken_state, last + 1), e.at(self._broken_step, last)))
        )
        holds = not budget.satisfiable(self._solver, name)
        self.k += 1
        return holds


def verify_k_induction(proof: Proof, budget: Budget) -> None:
    """Check a proof by k-induction with new solvers. Raises `ProofError` or `OutOfBudgetError`."""
    base = BoundedSearch(Encoding(proof.system), proof.obligation)
    for depth in range(proof.k):
        if base.deepen(budget) is not None:
            raise ProofError(f"{proof.obligation} fails in a run of {depth} steps, so {proof.k}-induction has no base")
    step = InductionStep(Encoding(proof.system), proof.obligation, proof.distinct)
    holds = False
    while step.k < proof.k:
        holds = step.advance(budget)
    if not holds:
        raise ProofError(f"{proof.obligation} is not {proof.k}-inductive")


# --- the search for lemmas --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Fact:
    """Something to be kept by every step: that it holds now is asserted; ``broken`` asks for a step that breaks it."""

    term: Term
    now: Any
    broken: Any


class LemmaSearch:
    """Finds lemmas with which an obligation is inductive, or that it is violated. May be stopped and resumed.

    ``oracle`` has the reachable states of the encoding's system.
    """

    def __init__(self, encoding: Encoding, obligation: Obligation, oracle: Oracle) -> None:
        self.encoding = encoding
        self.obligation = obligation
        self.oracle = oracle
        self.ctis = 0
        self._distance = distances(encoding.system, obligation)
        self._solver = encoding.solver()
        self._solver.add(encoding.domain, encoding.leaving(0))
        self._tried: dict[Cube, tuple[_Fact, Any]] = {}
        goal = encoding.literal("broken!goal")
        now = encoding.term(obligation.state)
        self._solver.add(
            now, z3.Implies(goal, z3.Or(z3.Not(encoding.at_next(now)), encoding.broken_step(obligation)))
        )
        self._goal = _Fact(obligation.state, now, goal)
        self._lemmas: list[_Fact] = []
        self._open = [self._goal]

    def run(self, budget: Budget) -> tuple[Term, ...] | None:
        """The lemmas, reduced to those that are needed; None when a reachable state breaks the obligation.

        Raises `OutOfBudgetError` (call again to resume) and `OracleError`.
        """
        while self._open:
            fact = self._open[0]
            if not budget.satisfiable(self._solver, fact.broken):
                # It stays so: lemmas are only added.
                self._open.pop(0)
                continue
            model = self._solver.model()
            state, action = self.encoding.codes(model), self.encoding.action(model)
            if state in self.oracle:
                self._judge(state, action, fact)
                return None
            self.ctis += 1
            self._exclude(state, budget)
        return _needed(self.encoding, self.obligation, [f.term for f in self._lemmas], budget)

    def _judge(self, codes: Codes, number: int, fact: _Fact) -> None:
        """Raise `OracleError` unless a step from a reachable state breaks the obligation itself."""
        system = self.encoding.system
        state, action = self.encoding.state(codes), system.actions[number]
        values = named(system, state)
        if enabled(system, action, state) and fact is self._goal:
            law = self.obligation.steps.get(number, TRUE)
            # A step that leaves a domain makes `successor` raise a `ModelError`, as it would on replay.
            after = named(system, successor(system, action, state))
            if not (evaluate(law, values) and evaluate(self.obligation.state, after)):
                return
        raise OracleError(
            f"{self.obligation}: Z3 finds that {action.label} in the state {values} breaks `{fact.term}`, which all "
            "reachable states satisfy, but the state is among them"
        )

    def _exclude(self, state: Codes, budget: Budget) -> None:
        """Add a lemma that excludes the state: one that is inductive as things are, if there is one."""
        first: _Fact | None = None
        for cube, _ in zip(self.oracle.cubes(state, self._distance), range(_CANDIDATES), strict=False):
            fact, kept = self._candidate(cube)
            if first is None:
                first = fact
            if not budget.satisfiable(self._solver, kept):
                self._add(fact)
                return
        assert first is not None, "there is always a cube around an unreachable state"
        self._add(first)
        self._open.append(first)

    def _candidate(self, cube: Cube) -> tuple[_Fact, Any]:
        """The lemma of a cube, and a literal that asks for a step that breaks it from a state where it holds."""
        if cube not in self._tried:
            n = len(self._tried)
            term = cube.lemma(self.encoding.system)
            now = self.encoding.term(term)
            fact = _Fact(term, now, self.encoding.literal(f"broken!{n}"))
            relative = self.encoding.literal(f"broken!{n}!alone")
            self._solver.add(
                z3.Implies(fact.broken, z3.Not(self.encoding.at_next(now))),
                z3.Implies(relative, z3.And(now, fact.broken)),
            )
            self._tried[cube] = fact, relative
        return self._tried[cube]

    def _add(self, fact: _Fact) -> None:
        self._lemmas.append(fact)
        self._solver.add(fact.now)


def _needed(encoding: Encoding, obligation: Obligation, lemmas: list[Term], budget: Budget) -> tuple[Term, ...]:
    """The lemmas that the induction needs: by unsatisfiable cores first, then by leaving out one at a time.

    The lemmas and the obligation must be inductive. When the budget runs out, what was reached is returned,
    which is inductive as well.
    """
    solver = encoding.solver()
    goal = encoding.literal("broken!goal")
    state = encoding.term(obligation.state)
    solver.add(encoding.domain, encoding.leaving(0), state)
    solver.add(z3.Implies(goal, z3.Or(z3.Not(encoding.at_next(state)), encoding.broken_step(obligation))))
    uses, broken = [], [goal]
    for i, term in enumerate(lemmas):
        now = encoding.term(term)
        uses.append(encoding.literal(f"use!{i}"))
        broken.append(encoding.literal(f"broken!{i}"))
        solver.add(z3.Implies(uses[i], now), z3.Implies(broken[-1], z3.Not(encoding.at_next(now))))
    number = {use.get_id(): i for i, use in enumerate(uses)}

    def core(fact: int, among: Iterable[int]) -> set[int] | None:
        """Lemmas that suffice for ``fact`` (-1: the goal) to be kept, of those given; None when they do not."""
        if budget.satisfiable(solver, broken[fact + 1], *(uses[i] for i in among)):
            return None
        return {number[c.get_id()] for c in solver.unsat_core() if c.get_id() in number}

    def closure(cores: dict[int, set[int]], among: Collection[int]) -> dict[int, set[int]]:
        """The cores of the goal and of what it needs; those not known are computed."""
        result: dict[int, set[int]] = {}
        todo = [-1]
        while todo:
            fact = todo.pop()
            if fact not in result:
                found = cores.get(fact)
                if found is None:
                    found = core(fact, among)
                    assert found is not None, "the lemmas are inductive"
                result[fact] = found
                todo.extend(found)
        return result

    cores: dict[int, set[int]] = {}
    try:
        cores = closure({}, range(len(lemmas)))
        for i in sorted(cores.keys() - {-1}):
            if i not in cores:
                continue
            rest = cores.keys() - {-1, i}
            changed: dict[int, set[int]] | None = {}
            for fact in [f for f, used in cores.items() if i in used and f != i]:
                found = core(fact, rest)
                if found is None:
                    changed = None
                    break
                changed[fact] = found
            if changed is not None:
                cores = closure({**cores, **changed}, rest)
    except OutOfBudgetError:
        if not cores:
            return tuple(lemmas)
    return tuple(lemmas[i] for i in sorted(cores) if i >= 0)


# --- verification -----------------------------------------------------------------------------------------------------
