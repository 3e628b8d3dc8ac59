"""Proofs by induction, strengthened with lemmas that are found automatically.

An obligation that holds is seldom inductive by itself: Z3 finds a *counterexample to induction* (CTI), a state
that keeps the obligation and every lemma so far, from which one step breaks one of them. Such a state is
unreachable; `lemmas` says, from the reachable states as exploration gives them, how to exclude it and many
like it in few words. That is repeated until no step breaks anything, which must come: the conjunction of all
true lemmas is the set of reachable states.

Exploration only guides the search. A proof counts when `verify` accepts it, with fresh solvers, action by action,
and with the updates substituted into what must be kept, where the search used one transition relation.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import z3
from numpy.typing import NDArray

from ...model.language import TRUE, Action, System, Term, conj, substitute, support
from ...properties.compile import Obligation
from ..cubes import Cube
from ..evaluate import enabled, evaluate, named, successor
from .encoding import Budget, Codes, Encoding, OutOfBudgetError, inside
from .lemmas import Oracle, Reached, distances

_CANDIDATES = 5
"""So many cubes around the state of a CTI are compared."""

_NO_LIMIT = Budget()


@dataclass(frozen=True)
class Proof:
    """``lemmas`` and the obligation together are inductive. ``ctis``: how many counterexamples it took."""

    obligation: Obligation
    lemmas: tuple[Term, ...]
    ctis: int
    seconds: float


class Disagreement(Exception):
    """Z3 and exploration do not agree on what is reachable. An internal error, never a verdict."""


class NotProved(Exception):
    """There is no proof of this kind: a reachable state, or step from one, breaks the obligation."""


def prove(
    system: System,
    obligation: Obligation,
    reached: NDArray[Any] | Reached,
    budget: Budget = _NO_LIMIT,
    *,
    encoding: Encoding | None = None,
    verified: bool = True,
    most: int | None = None,
) -> Proof:
    """Find lemmas under which the obligation is inductive.

    ``reached``: the reachable states as domain codes, shape (states, variables), or what can be asked about them. ``encoding``: that of the
    system, where there is one already. ``most``: more lemmas are not looked for. Raises `NotProved` when a reachable state breaks the obligation, `Disagreement`
    when Z3 takes a step from one of them to none of them, and `OutOfBudgetError`. The result has passed `verify`,
    unless the caller sees to that (for the whole system, say, of which this one is a slice).
    """
    start = time.perf_counter()
    oracle = Oracle(system, reached) if isinstance(reached, np.ndarray) else reached
    search = _LemmaSearch(encoding or Encoding(system), obligation, oracle, budget, most)
    lemmas = search.run()
    if verified:
        flaw = verify(system, obligation, lemmas, budget)
        if flaw is not None:
            raise Disagreement(f"{obligation}: the lemmas that were found are refused: {flaw}")
    return Proof(obligation, lemmas, search.ctis, time.perf_counter() - start)


# --- verification -----------------------------------------------------------------------------------------------------


def verify(system: System, obligation: Obligation, lemmas: Sequence[Term], budget: Budget = _NO_LIMIT) -> str | None:
    """Whether the obligation and the lemmas together are inductive, asked of fresh solvers: None, or what fails.

    Checked are initiation (initial states keep all), consecution (steps from states that keep all lead to such)
    and safety (no step from such a state breaks the obligation, or moves a variable that matters out of its domain).
    An action that changes nothing of what is to be kept is passed over, so a proof of a slice is checked on the
    whole system at little cost, and slicing has not to be believed. Raises `OutOfBudgetError`.
    """
    e = Encoding(system)
    facts = (obligation.state, *lemmas)
    initial, keeping = e.solver(), e.solver()
    initial.add(e.init)
    keeping.add(e.domain, *(e.term(f) for f in facts))
    for f in facts:
        if _solvable(initial, z3.Not(e.term(f)), budget):
            return f"initiation: an initial state breaks `{f}`"
    touched = [_touched(a, facts) for a in system.actions]
    read = _read(system, obligation, facts, touched)
    for i, a in enumerate(system.actions):
        wanted = {
            "safety": conj(
                obligation.steps.get(i, TRUE), *(inside(system, t, value) for t, value in a.updates if t.name in read)
            ),
            "consecution": conj(*(after for _, after in touched[i])),
        }
        if conj(*wanted.values()) is TRUE or not _breaks(e, keeping, a, conj(*wanted.values()), budget):
            continue
        for name, term in wanted.items():
            if _breaks(e, keeping, a, term, budget):
                return f"{name}: {a.label} from a state that keeps everything breaks it"
    return None


def _breaks(e: Encoding, solver: Any, a: Action, wanted: Term, budget: Budget) -> bool:
    return _solvable(solver, z3.And(e.term(a.guard), z3.Not(e.term(wanted))), budget)


def _solvable(solver: Any, expression: Any, budget: Budget) -> bool:
    """Whether the expression can be true beside what the solver has; which it does not keep."""
    solver.push()
    solver.add(expression)
    answer = budget.satisfiable(solver)
    solver.pop()
    return answer


def _touched(a: Action, facts: Iterable[Term]) -> list[tuple[Term, Term]]:
    """The facts that the action may change, each with what must hold before the step for it to hold after."""
    changed = a.update_of
    memo: dict[Term, Term] = {}
    return [(f, substitute(f, changed, memo)) for f in facts if any(v in changed for v in support(f))]


def _read(
    system: System, obligation: Obligation, facts: Iterable[Term], touched: Sequence[list[tuple[Term, Term]]]
) -> set[str]:
    """The variables on whose values the argument rests."""
    terms = [*facts, *obligation.terms, *(after for found in touched for _, after in found)]
    terms += [a.guard for i, a in enumerate(system.actions) if touched[i] or i in obligation.steps]
    return {v.name for t in terms for v in support(t)}


# --- k-induction ------------------------------------------------------------------------------------------------------


def k_induction(
    system: System, obligation: Obligation, k: int, budget: Budget = _NO_LIMIT, *, simple_path: bool = False
) -> str | None:
    """Whether the obligation holds by k-induction: None, or what fails.

    Base: no run of fewer than ``k`` steps breaks it. Step: after any ``k - 1`` steps that keep it, through
    states that keep it, neither the next step nor the state after it breaks it. With ``simple_path`` the states
    before that step must differ; a shortest violation is such a path, so some ``k`` then decides. Raises
    `OutOfBudgetError`.
    """
    e = Encoding(system)
    broken_state, broken_step = e.broken_state(obligation), e.broken_step(obligation)
    base, step = e.solver(), e.solver()
    base.add(e.init)
    step.add(e.domain)
    for i in range(k):
        broken = e.any([e.at(broken_state, i)] + ([e.at(broken_step, i - 1)] if i else []))
        if _solvable(base, broken, budget):
            return f"base: a run of {i} steps breaks it"
        base.add(z3.Not(broken), e.leaving(i))
        step.add(z3.Not(broken), e.leaving(i))
        if simple_path:
            step.add(*(z3.Not(e.same(j, i)) for j in range(i)))
    fails = _solvable(step, z3.Or(e.at(broken_state, k), e.at(broken_step, k - 1)), budget)
    return "consecution: a step after states that keep it breaks it" if fails else None


# --- the search for lemmas --------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Fact:
    """Something that every step must keep. ``broken`` asks for a step that breaks it; ``alone`` as well, from a state that keeps it."""

    term: Term
    broken: Any
    alone: Any


class _LemmaSearch:
    def __init__(
        self, encoding: Encoding, obligation: Obligation, oracle: Reached, budget: Budget, most: int | None = None
    ) -> None:
        self.encoding = encoding
        self.most = most
        self.obligation = obligation
        self.oracle = oracle
        self.budget = budget
        self.ctis = 0
        self.distance = distances(encoding.system, obligation)
        self.solver: Any = encoding.solver()
        self.solver.add(encoding.domain, encoding.leaving(0), encoding.term(obligation.state))
        self.tried: dict[Cube, _Fact] = {}
        self.lemmas: list[_Fact] = []
        self.goal = _goal(encoding, self.solver, obligation)

    def run(self) -> tuple[Term, ...]:
        e = self.encoding
        initial = e.solver()
        initial.add(e.init, e.broken_state(self.obligation))
        if self.budget.satisfiable(initial):
            raise NotProved(f"{self.obligation}: an initial state breaks it")
        # A fact that no step breaks stays so: lemmas are only added.
        self._settle(self.goal, None)
        done = 0
        while done < len(self.lemmas):
            self._settle(self.lemmas[done].broken, self.lemmas[done].term)
            done += 1
        return _needed(e, self.obligation, [f.term for f in self.lemmas], self.budget)

    def _settle(self, broken: Any, lemma: Term | None) -> None:
        """Add lemmas until no step breaks the lemma (None: the obligation)."""
        while self.budget.satisfiable(self.solver, broken):
            model = self.solver.model()
            codes, number = self.encoding.codes(model), self.encoding.action(model)
            if codes in self.oracle:
                self._judge(codes, number, lemma)
            self.ctis += 1
            self._exclude(codes)

    def _judge(self, codes: Codes, number: int, lemma: Term | None) -> None:
        """A CTI in a reachable state: the obligation is violated, or somebody is wrong about what a step does."""
        system = self.encoding.system
        state, action = self.encoding.state(codes), system.actions[number]
        if lemma is None and enabled(system, action, state):
            law = evaluate(self.obligation.steps.get(number, TRUE), named(system, state))
            # Where an update leaves its domain, `successor` says so: that is a fault of the system.
            after = named(system, successor(system, action, state))
            if not (law and evaluate(self.obligation.state, after)):
                raise NotProved(f"{self.obligation}: a step from a reachable state breaks it")
        what = self.obligation if lemma is None else f"`{lemma}`"
        raise Disagreement(
            f"{self.obligation}: Z3 breaks {what} by {action.label} from a reachable state; exploration does not"
        )

    def _exclude(self, codes: Codes) -> None:
        """Add a lemma that excludes the state: one that no step breaks as things are, if there is one at hand."""
        if len(self.lemmas) == self.most:
            raise OutOfBudgetError(f"more than {self.most} lemmas would be needed")
        candidates = [self._candidate(c) for c in islice(self.oracle.cubes(codes, self.distance), _CANDIDATES)]
        inductive = (f for f in candidates if not self.budget.satisfiable(self.solver, f.alone))
        fact = next(inductive, candidates[0])
        self.lemmas.append(fact)
        self.solver.add(self.encoding.term(fact.term))

    def _candidate(self, cube: Cube) -> _Fact:
        if cube not in self.tried:
            e, n = self.encoding, len(self.tried)
            term = cube.lemma(e.system)
            fact = _Fact(term, e.literal(f"broken {n}"), e.literal(f"broken alone {n}"))
            self.solver.add(
                z3.Implies(fact.broken, z3.Not(e.at_next(e.term(term)))),
                z3.Implies(fact.alone, z3.And(e.term(term), fact.broken)),
            )
            self.tried[cube] = fact
        return self.tried[cube]


def _goal(e: Encoding, solver: Any, obligation: Obligation) -> Any:
    """A literal that asks for a step that breaks the obligation."""
    goal = e.literal("broken goal")
    solver.add(z3.Implies(goal, z3.Or(z3.Not(e.at_next(e.term(obligation.state))), e.broken_step(obligation))))
    return goal


def _needed(e: Encoding, obligation: Obligation, lemmas: Sequence[Term], budget: Budget) -> tuple[Term, ...]:
    """Of lemmas that make the obligation inductive, those that suffice for it.

    First those that unsatisfiable cores name, then one after the other is left out as long as that goes well.
    When the budget runs out, the result has more of them than it must.
    """
    solver = e.solver()
    solver.add(e.domain, e.leaving(0), e.term(obligation.state))
    broken = {-1: _goal(e, solver, obligation)}  # -1 stands for the obligation
    uses: list[Any] = []
    for i, lemma in enumerate(lemmas):
        now = e.term(lemma)
        uses.append(e.literal(f"use {i}"))
        broken[i] = e.literal(f"broken {i}")
        solver.add(z3.Implies(uses[i], now), z3.Implies(broken[i], z3.Not(e.at_next(now))))
    number = {use.get_id(): i for i, use in enumerate(uses)}

    def core(fact: int, among: Collection[int]) -> set[int] | None:
        """Which of the lemmas suffice for every step to keep the fact; None: not all of them together."""
        if budget.satisfiable(solver, broken[fact], *(uses[i] for i in among)):
            return None
        return {number[c.get_id()] for c in solver.unsat_core() if c.get_id() in number}

    def closure(known: Mapping[int, set[int]], among: Collection[int]) -> dict[int, set[int]]:
        """The core of the obligation, those of the lemmas in it, and so on; the lemmas ``among`` are inductive."""
        cores: dict[int, set[int]] = {}
        todo = [-1]
        while todo:
            fact = todo.pop()
            if fact not in cores:
                found = known[fact] if fact in known else core(fact, among)
                assert found is not None, "lemmas that make an obligation inductive stay so"
                cores[fact] = found
                todo.extend(found)
        return cores

    kept: Collection[int] = range(len(lemmas))
    try:
        cores = closure({}, kept)
        kept = cores.keys() - {-1}
        for i in sorted(kept):
            if i not in kept:
                continue
            rest = kept - {i}
            changed: dict[int, set[int]] = {}
            for fact in (f for f, used in cores.items() if i in used and f != i):
                found = core(fact, rest)
                if found is None:
                    break
                changed[fact] = found
            else:
                cores = closure({**cores, **changed}, rest)
                kept = cores.keys() - {-1}
    except OutOfBudgetError:
        pass  # what is kept so far is inductive
    return tuple(lemmas[i] for i in sorted(kept))
