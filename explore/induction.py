"""Proofs by induction, strengthened with lemmas that are found automatically.

An obligation that holds is seldom inductive by itself: Z3 finds a *counterexample to induction* (CTI), a state
that keeps the obligation and every lemma so far, from which one step breaks one of them. Such a state is
unreachable. The set of reachable states, as exploration gives it, tells how to say so in few words: variables
are dropped from the description of the state, and values added to it, as long as no reachable state fits. The
negation is a new lemma. The reachable states only guide the search; a proof counts when `verify`, with a fresh
solver and without them, finds it inductive.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import z3
from numpy.typing import NDArray

from ..model.language import System, Term, disj, one_of, support
from ..properties.compile import Obligation
from .bounded import SolverGaveUp
from .encoding import Encoding
from .layout import size, value_of


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


def prove(system: System, obligation: Obligation, reached: NDArray[Any], seconds: float | None = None) -> Proof:
    """Find lemmas under which the obligation is inductive.

    ``reached``: the reachable states as domain codes, shape (states, variables). Raises `NotProved` when one of
    them breaks the obligation, `Disagreement` when Z3 takes a step from one of them to none of them, and
    `SolverGaveUp` when the time is over. The result has passed `verify`.
    """
    start = time.perf_counter()
    search = _LemmaSearch(system, obligation, reached, None if seconds is None else start + seconds)
    lemmas = search.run()
    flaw = verify(system, obligation, lemmas, seconds)
    if flaw is not None:
        raise Disagreement(f"{obligation}: the lemmas that were found are refused: {flaw}")
    return Proof(obligation, lemmas, search.ctis, time.perf_counter() - start)


def verify(system: System, obligation: Obligation, lemmas: Sequence[Term], seconds: float | None = None) -> str | None:
    """Whether the obligation and the lemmas together are inductive, asked of a fresh solver: None, or what fails.

    Checked are initiation (initial states keep all), consecution (steps from states that keep all lead to such)
    and safety (no step from such a state breaks the obligation).
    """
    return k_induction(system, obligation, 1, lemmas, seconds=seconds)


def k_induction(
    system: System,
    obligation: Obligation,
    k: int,
    lemmas: Sequence[Term] = (),
    *,
    simple_path: bool = False,
    seconds: float | None = None,
) -> str | None:
    """Whether the obligation holds by k-induction with the lemmas: None, or what fails.

    Base: no run of fewer than ``k`` steps breaks anything. Step: after any ``k - 1`` steps through states that
    keep everything, the next step breaks nothing. With ``simple_path`` the states of these must differ, which
    makes the method complete on finite systems. Raises `SolverGaveUp` when the time is over.
    """
    e = Encoding(system)
    good = e.all([z3.Not(e.broken_state(obligation)), *(e.term(t) for t in lemmas)])
    broken_step = e.broken_step(obligation)

    def fails(solver: Any, k: int) -> bool:
        """Whether the step from frame k - 1, or the state of frame k, can break something."""
        solver.push()
        solver.add(e.any([e.at(broken_step, k - 1), z3.Not(e.at(good, k))]))
        answer = _ask(solver, seconds)
        solver.pop()
        return answer

    base = e.solver()
    base.add(e.init)
    base.push()
    base.add(z3.Not(good))
    if _ask(base, seconds):
        return "initiation: an initial state breaks it"
    base.pop()
    for i in range(1, k):
        base.add(e.leaving(i - 1))
        if fails(base, i):
            return f"base: a run of {i} steps breaks it"
    step = e.solver()
    for i in range(k):
        step.add(e.at(e.domain, i), e.at(good, i), e.leaving(i))
        if i:
            step.add(z3.Not(e.at(broken_step, i - 1)))
    if simple_path:
        frames = [e.frame(i) for i in range(k)]
        step.add(*(e.any([x != y for x, y in zip(a, b, strict=True)]) for n, b in enumerate(frames) for a in frames[:n]))
    return "consecution: a step from a state that keeps it breaks it" if fails(step, k) else None


def _ask(solver: Any, seconds: float | None, *assumptions: Any) -> bool:
    if seconds is not None:
        solver.set("timeout", max(1, int(seconds * 1000)))
    answer = solver.check(*assumptions)
    if answer == z3.unknown:
        raise SolverGaveUp(solver.reason_unknown())
    return bool(answer == z3.sat)


class _LemmaSearch:
    def __init__(self, system: System, obligation: Obligation, reached: NDArray[Any], until: float | None) -> None:
        self.system = system
        self.obligation = obligation
        self.reached = reached
        self.until = until
        self.ctis = 0
        self.encoding = Encoding(system)
        e = self.encoding
        self.solver: Any = e.solver()
        # Every step from a state that is not known to be unreachable.
        self.solver.add(e.domain, z3.Not(e.broken_state(obligation)), e.leaving(0))
        self.lemmas: list[Term] = []
        self.cores: list[set[int]] = []
        """For each lemma: the lemmas from which it follows."""
        named = {v.name for t in obligation.terms for v in support(t)}
        # What the obligation does not mention is dropped first, and of that what has most values.
        order = sorted(range(len(system.variables)), key=lambda j: -size(system.variables[j].sort))
        self.order = sorted(order, key=lambda j: system.variables[j].name in named)

    def run(self) -> tuple[Term, ...]:
        e = self.encoding
        initial = e.solver()
        initial.add(e.init, e.broken_state(self.obligation))
        if _ask(initial, None):
            raise NotProved(f"{self.obligation}: an initial state breaks it")
        needed = self._settle(e.any([e.broken_step(self.obligation), e.at(e.broken_state(self.obligation), 1)]))
        done = 0
        while done < len(self.lemmas):
            # A lemma that is asserted stays so: what was settled before remains settled.
            self.cores.append(self._settle(z3.Not(e.at(e.term(self.lemmas[done]), 1)), of_lemma=True))
            done += 1
        # Of the lemmas only those that the obligation rests on, and those on which these rest in turn.
        kept: set[int] = set()
        while needed:
            i = needed.pop()
            kept.add(i)
            needed |= self.cores[i] - kept
        return tuple(self.lemmas[i] for i in sorted(kept))

    def _settle(self, target: Any, *, of_lemma: bool = False) -> set[int]:
        """Add lemmas until no step reaches the target; returns the numbers of those that are needed for that."""
        e = self.encoding
        goal = e.literal(f"goal {len(self.cores)} {of_lemma}")
        self.solver.add(z3.Implies(goal, target))
        while True:
            names = [e.literal(f"lemma {i}") for i in range(len(self.lemmas))]
            seconds = None if self.until is None else self.until - time.perf_counter()
            if seconds is not None and seconds <= 0:
                raise SolverGaveUp("the time is over")
            if not _ask(self.solver, seconds, goal, *names):
                core = {str(c) for c in self.solver.unsat_core()}
                return {i for i in range(len(self.lemmas)) if f"lemma {i}" in core}
            codes = np.array(e.codes(self.solver.model(), 0))
            self.ctis += 1
            matches = self.reached == codes
            if matches.all(axis=1).any():
                if of_lemma:
                    raise Disagreement(
                        f"{self.obligation}: Z3 steps from a reachable state to one that exploration never reached"
                    )
                raise NotProved(f"{self.obligation}: a step from a reachable state breaks it")
            lemma = self._generalised(codes, matches)
            self.solver.add(z3.Implies(e.literal(f"lemma {len(self.lemmas)}"), e.term(lemma)))
            self.lemmas.append(lemma)

    def _generalised(self, codes: NDArray[Any], matches: NDArray[np.bool_]) -> Term:
        """A clause that excludes the state and no reachable one: as few variables, and as few values, as may be."""
        differing = (~matches).sum(axis=1)
        kept = set(range(len(codes)))
        for j in self.order:
            # The variable may go unless it alone tells some reachable state from this one.
            if not ((differing == 1) & ~matches[:, j]).any():
                kept.discard(j)
                differing = differing - ~matches[:, j]
        allowed: dict[int, list[int]] = {}
        fits = {j: matches[:, j] for j in kept}
        for j in sorted(kept):
            # What reachable states that fit all the rest have in this variable; everything else is excluded.
            others = np.ones(len(matches), bool)
            for i in kept - {j}:
                others &= fits[i]
            allowed[j] = sorted({int(c) for c in np.unique(self.reached[others, j])})
            fits[j] = ~np.isin(self.reached[:, j], allowed[j])
        variables = self.system.variables
        return disj(
            *(one_of(variables[j].term, *(value_of(c, variables[j].sort) for c in allowed[j])) for j in sorted(kept))
        )
