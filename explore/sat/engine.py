"""SAT as an engine: IC3 and bounded search race each other on each obligation."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from ...model.language import State, System, Term
from ...properties.compile import Obligation
from ..cubes import Cube
from ..engine import NO_LIMITS, Limits, Progress, one_by_one
from ..interruption import Interruption, remembered
from ..replay import replay
from ..slice import Cones, Slice, sliced
from ..verdict import Evidence, Outcome, Report, Verdict
from .bounded import BoundedSearch
from .encoding import Encoding, TooLargeError
from .ic3 import Invariant, Literals, Run, Search, as_cube
from .invariant import checks_needed, flaw, needed
from .solver import Budget, OutOfBudgetError

_HEAD_START = 0.05
"""Seconds that IC3 has for itself: most proofs are done in less, and less than it takes to unroll the steps for bounded search."""

_FIRST_DEPTH = 4
"""Then runs of so many steps are covered by bounded search: most violations are that near."""

_SHARE = 0.5
"""After that, bounded search may take as much of the time that IC3 takes: it finds deep violations sooner, and proves nothing."""

_LATER = 1.0
"""Seconds. What IC3 has not decided by then mostly holds …"""

_SHARE_LATER = 0.2
"""… so that bounded search may take less of what follows."""

_KEPT = 4
"""Slices whose clauses are kept for obligations to come."""

_PROGRESS_EVERY = 0.5
"""Seconds."""

_MEMORY_EVERY = 0.1
"""Seconds."""


class UnsoundError(Exception):
    """An invariant was found that is none. An internal error, never a verdict."""


class SatEngine:
    """Decides each obligation on its own slice: whichever of the two comes first decides.

    Bounded search finds shortest violations. IC3 finds an inductive invariant, or a violation that is as short. An
    invariant counts when `flaw` finds none in it, with fresh solvers; a violation is replayed.
    """

    def __init__(self) -> None:
        self.proofs: dict[str, tuple[Term, ...]] = {}
        """The lemmas of the proofs that were found, by obligation."""
        self.clauses: dict[str, tuple[System, tuple[Cube, ...]]] = {}
        """All that IC3 had found when it came to a proof, superfluous or not: cubes of unreachable states of a slice, by obligation."""
        self.seconds: dict[str, float] = {}
        """What the search for each proof took, without slicing, encoding, and what is made of the invariant."""

    @property
    def name(self) -> str:
        return "sat"

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        """Decide the obligations one after the other (see `Engine`). ``limits.seconds`` is for all of them together."""
        with remembered() as interruption:
            run = _Run(system, limits, interruption)
            outcomes = one_by_one(obligations, partial(self._decide, run), lambda: max(run.depth, 0))
        return Report(outcomes, None, self.name)

    def _decide(self, run: _Run, obligation: Obligation) -> Outcome:
        run.depth = -1
        part = sliced(run.system, [obligation], run.cones)
        (mine,) = part.obligations
        try:
            run.budget.spend()
            encoding = run.encoding(part)
            race = _Race(run, encoding, mine)
            found = race.run()
        except (OutOfBudgetError, TooLargeError) as e:
            return _unknown(run.depth, str(e))
        if isinstance(found, Invariant):
            lemmas = tuple(as_cube(encoding, c).lemma(part.system) for c in found.cubes)
            self.seconds[str(obligation)] = race.seconds
            self.clauses[str(obligation)] = part.system, tuple(as_cube(encoding, c) for c in race.learnt)
            self.proofs[str(obligation)] = lemmas
            return Outcome(Verdict.HOLDS, Evidence.INDUCTIVE, 1, lemmas=lemmas)
        if found is None:
            return _unknown(run.depth, f"the depth limit {run.limits.depth} was reached")
        path = (found.initial, found.actions)
        replay(part.system, mine, path)
        initial, numbers = part.lift(path)
        return Outcome(Verdict.VIOLATED, Evidence.TRACE, len(numbers), (initial, numbers))


def core_of_checks(
    system: System, obligation: Obligation, lemmas: Sequence[Term], names: Sequence[str], limits: Limits = NO_LIMITS
) -> tuple[str, ...]:
    """Which of the truth values ``names`` must be false for the lemmas to make the obligation inductive."""
    run = _Run(system, limits)
    part = sliced(system, [obligation], run.cones)
    encoding = Encoding(part.system)
    target = encoding.target(part.obligations[0])
    cubes = [frozenset((encoding.denial(t),)) for t in lemmas]
    given = {-encoding.truth(part.system[n]): n for n in names if n in part.system.index}
    return tuple(given[x] for x in checks_needed(encoding, target, cubes, list(given), run.budget))


def _unknown(depth: int, note: str) -> Outcome:
    return Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, max(depth, 0), note=note)


class _Race:
    """Both ways of finding out about one obligation, in turn."""

    def __init__(self, run: _Run, encoding: Encoding, obligation: Obligation) -> None:
        self.run_, self.encoding = run, encoding
        self.target = encoding.target(obligation)
        self.learnt: tuple[Literals, ...] = ()
        """The cubes of the invariant, with those that are not needed."""
        self.seconds = 0.0
        """From the first question to the invariant."""

    @cached_property
    def bounded(self) -> BoundedSearch:
        return BoundedSearch(self.encoding, self.target, self.run_.budget)

    def run(self) -> Run | Invariant | None:
        """The answer; None when the depth limit comes first. Raises `OutOfBudgetError`."""
        limit, began = self.run_.limits.depth, time.perf_counter()
        search = Search(self.encoding, self.target, self.run_.budget)
        steps: Iterator[Run | Invariant | None] = search.advance()
        spent = {"bounded": 0.0, "ic3": 0.0}
        while limit is None or search.depth < limit:
            start = time.perf_counter()
            if self._goes_deeper(search.depth, spent["bounded"], spent["ic3"]):
                found = self._deeper()
                spent["bounded"] += time.perf_counter() - start
                if found is not None:
                    return found
                continue
            answer = next(steps)
            spent["ic3"] += time.perf_counter() - start
            self._covered(search.depth)
            if isinstance(answer, Invariant):
                self.seconds = time.perf_counter() - began
                return self._proved(answer)
            if answer is not None:
                return answer
        return None

    def _goes_deeper(self, covered: int, bounded: float, ic3: float) -> bool:
        """Whether it is bounded search's turn, when each took so many seconds and IC3 has covered that depth."""
        if ic3 < _HEAD_START:
            return False
        self.bounded.skip(covered)
        if self.bounded.depth == self.run_.limits.depth:
            return False
        return self.bounded.depth < _FIRST_DEPTH or bounded < max(_SHARE * min(ic3, _LATER), _SHARE_LATER * ic3)

    def _deeper(self) -> Run | None:
        path: tuple[State, tuple[int, ...]] | None = self.bounded.attempt()
        self._covered(self.bounded.depth)
        return None if path is None else Run(*path)

    def _covered(self, depth: int) -> None:
        self.run_.depth = max(self.run_.depth, depth)

    def _proved(self, found: Invariant) -> Invariant:
        self.learnt = found.cubes
        cubes = needed(self.encoding, self.target, found.cubes, self.run_.budget)
        wrong = flaw(self.encoding, self.target, cubes, self.run_.budget)
        if wrong is not None:
            raise UnsoundError(f"the invariant that was found is refused: {wrong}")
        return Invariant(cubes)


@dataclass
class _Run:
    """One call of the engine: its limits, and what its obligations share."""

    system: System
    limits: Limits
    interruption: Interruption = field(default_factory=Interruption)
    depth: int = -1
    """All runs of at most so many steps keep the obligation at hand."""
    _encodings: dict[tuple[tuple[str, ...], tuple[int, ...]], Encoding] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.start = self.reported = self.measured = time.perf_counter()
        self.limits = self.limits.begun()
        self.budget = Budget(self.limits.until, self.watch)
        self.cones = Cones(self.system)

    def watch(self) -> None:
        """Report progress, and stop at the memory limit or after Ctrl-C (before each question to a solver)."""
        self.interruption.watch()
        now = time.perf_counter()
        if now - self.measured > _MEMORY_EVERY:
            self.measured = now
            if why := self.limits.out_of_memory():
                raise OutOfBudgetError(why)
        if self.limits.progress is not None and now - self.reported > _PROGRESS_EVERY:
            self.reported = now
            self.limits.progress(Progress(0, 0, max(self.depth, 0), now - self.start))

    def encoding(self, part: Slice) -> Encoding:
        """A slice as clauses. Slices of the same variables and actions are the same."""
        key = tuple(v.name for v in part.system.variables), part.action_of
        found = self._encodings.pop(key) if key in self._encodings else Encoding(part.system)
        self._encodings[key] = found
        if len(self._encodings) > _KEPT:
            del self._encodings[next(iter(self._encodings))]
        return found
