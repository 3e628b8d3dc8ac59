"""Z3 as an engine: bounded model checking finds violations, induction with found lemmas proves that there are none."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from ...model.language import State, System
from ...properties.compile import Obligation
from ..engine import NO_LIMITS, Limits, Progress, one_by_one
from ..explicit import ReachableSet, reachable
from ..interruption import Interruption, remembered
from ..replay import replay
from ..sat import SatEngine
from ..slice import Cones, Slice, sliced
from ..verdict import Evidence, Outcome, Report, Verdict
from .bounded import BoundedSearch
from .encoding import Budget, Encoding, OutOfBudgetError
from .induction import Disagreement, NotProved, Proof, k_induction, prove, verify
from .lemmas import Oracle

_FIRST_DEPTH = 6
"""Runs of so many steps are covered before anything else: most violations are that near, and cheap to find."""

_HINT_STATES = 2_000_000
"""More reachable states than these are not asked for, where no other limit is given."""

_BLIND_DEPTH = 16
"""Without the reachable states and without a time limit, the search ends at this depth."""

_KEPT = 4
"""Slices whose formulas and reachable states are kept for obligations to come."""

_PROGRESS_EVERY = 0.5
"""Seconds."""

Key = TypeVar("Key")
Made = TypeVar("Made")


class Z3Engine:
    """Decides each obligation on its own slice. The verdicts are Z3's.

    A violation is a model of the bounded formulas, of the least depth that has one, and is replayed. A proof is
    an inductive strengthening that fresh solvers accepted for the whole system; exploration suggests the lemmas,
    and tells whether it is worth looking for any, but no verdict rests on it. Where there are too many states to explore, IC3
    is asked for lemmas; and where a limit of states was given, k-induction is tried beside the bounded search.
    """

    def __init__(self) -> None:
        self.proofs: dict[str, Proof] = {}
        """The proofs that were found, by obligation."""

    @property
    def name(self) -> str:
        return "z3"

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        """Decide the obligations one after the other (see `Engine`). ``limits.seconds`` is for all of them together."""
        with remembered() as interruption:
            run = _Run(system, limits, interruption)
            return Report(one_by_one(obligations, partial(self._decide, run)), None, self.name)

    def _decide(self, run: _Run, obligation: Obligation) -> Outcome:
        part = sliced(run.system, [obligation], run.cones)
        (mine,) = part.obligations
        encoding = run.encoding(part)
        search = BoundedSearch(encoding, mine)

        def violation(depth: int | None) -> Outcome | None:
            """A shortest violation, if there is one of at most so many steps (None: the search ends with the budget)."""
            while depth is None or search.depth < depth:
                run.depth = search.depth
                path = search.deeper(run.budget)
                if path is not None:
                    return _violated(part, mine, path)
            return None

        try:
            found = violation(_least(_FIRST_DEPTH, run.limits.depth))
            if found is not None:
                return found
            if verify(run.system, obligation, (), run.budget) is None:
                return self._proved(obligation, Proof(obligation, (), 0, 0.0))
            hint = run.hint(part.system)
            if hint.oracle is None:
                found = self._decide_by_ic3(run, obligation, violation) if run.limits.states is None else None
                return found or self._decide_blindly(run, part, violation, hint.stopped)
            try:
                # Proved in the slice, and verified in the whole.
                proof = prove(part.system, mine, hint.oracle, run.budget, encoding=encoding, verified=False)
            except NotProved:
                found = violation(_least(hint.depth + 1, run.limits.depth))
                if found is not None:
                    return found
                if run.limits.depth is None or run.limits.depth > hint.depth:
                    raise Disagreement(f"{obligation}: broken, says exploration, but Z3 finds no run that does") from None
                return _unknown(search.depth, f"the depth limit {run.limits.depth} was reached")
            flaw = verify(run.system, obligation, proof.lemmas, run.budget)
            if flaw is not None:
                raise Disagreement(f"{obligation}: the lemmas that were found are refused: {flaw}")
            return self._proved(obligation, proof)
        except OutOfBudgetError as e:
            return _unknown(search.depth, str(e))

    def _decide_by_ic3(
        self, run: _Run, obligation: Obligation, violation: Callable[[int | None], Outcome | None]
    ) -> Outcome | None:
        """What Z3 says of IC3's answer: its lemmas are verified, its run is looked for. None when there is no answer."""
        (answer,) = SatEngine().check(run.system, [obligation], run.limits).outcomes
        if answer.note == "interrupted":
            raise KeyboardInterrupt
        if answer.verdict is Verdict.HOLDS:
            flaw = verify(run.system, obligation, answer.lemmas, run.budget)
            if flaw is not None:
                raise Disagreement(f"{obligation}: the lemmas of IC3 are refused: {flaw}")
            return self._proved(obligation, Proof(obligation, answer.lemmas, 0, 0.0))
        if answer.verdict is Verdict.VIOLATED:
            found = violation(answer.depth)
            if found is None or found.depth != answer.depth:
                raise Disagreement(f"{obligation}: broken in {answer.depth} steps, says SAT; Z3 finds no run of that length")
            return found
        return None

    def _decide_blindly(
        self, run: _Run, part: Slice, violation: Callable[[int | None], Outcome | None], why: str
    ) -> Outcome:
        """Bounded search and k-induction by turns, each time twice as deep."""
        (mine,) = part.obligations
        last = run.limits.depth
        if last is None and run.limits.seconds is None:
            last = _BLIND_DEPTH
        k = 2
        while True:
            depth = k if last is None else min(k, last)
            found = violation(depth)
            if found is not None:
                return found
            if depth > 0 and k_induction(part.system, mine, depth, run.budget, simple_path=True) is None:
                return Outcome(
                    Verdict.HOLDS, Evidence.INDUCTIVE, depth, note=f"by {depth}-induction over paths of distinct states"
                )
            if depth == last:
                limit = (
                    f"the depth limit {last} was reached" if run.limits.depth is not None else f"depth {last} was reached"
                )
                return _unknown(depth, f"{why}, so there are no lemmas; {limit}")
            k *= 2

    def _proved(self, obligation: Obligation, proof: Proof) -> Outcome:
        self.proofs[str(obligation)] = proof
        return Outcome(Verdict.HOLDS, Evidence.INDUCTIVE, 1, lemmas=proof.lemmas)


def _violated(part: Slice, obligation: Obligation, path: tuple[State, tuple[int, ...]]) -> Outcome:
    replay(part.system, obligation, path)
    initial, numbers = part.lift(path)
    return Outcome(Verdict.VIOLATED, Evidence.TRACE, len(numbers), (initial, numbers))


def _unknown(depth: int, note: str) -> Outcome:
    return Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, max(depth, 0), note=note)


def _least(*depths: int | None) -> int:
    return min(d for d in depths if d is not None)


@dataclass(frozen=True)
class _Hint:
    """What exploration knows of a slice. ``oracle``: None where it was stopped, for the reason ``stopped``."""

    oracle: Oracle | None
    depth: int
    stopped: str


@dataclass
class _Run:
    """One call of the engine: its limits, and what its obligations share."""

    system: System
    limits: Limits
    interruption: Interruption = field(default_factory=Interruption)
    depth: int = 0
    """How deep the bounded search is, for progress."""
    _hints: dict[tuple[str, ...], _Hint] = field(default_factory=dict)
    _encodings: dict[tuple[tuple[str, ...], tuple[int, ...]], Encoding] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.start = self.reported = time.perf_counter()
        self.limits = self.limits.begun()
        self.budget = Budget(self.limits.until, self.watch)
        self.cones = Cones(self.system)

    def watch(self) -> None:
        """Report progress, and stop at the memory limit or after Ctrl-C (before each question to a solver)."""
        self.interruption.watch()
        now = time.perf_counter()
        if why := self.limits.out_of_memory():
            raise OutOfBudgetError(why)
        if self.limits.progress is not None and now - self.reported > _PROGRESS_EVERY:
            self.reported = now
            self.limits.progress(Progress(0, 0, max(self.depth, 0), now - self.start))

    def encoding(self, part: Slice) -> Encoding:
        """A slice as formulas. Slices of the same variables and actions are the same."""
        return _recent(self._encodings, (_names(part.system), part.action_of), lambda: Encoding(part.system))

    def hint(self, part: System) -> _Hint:
        """The reachable states of a slice of the system. Slices of the same variables have the same."""
        return _recent(self._hints, _names(part), lambda: self._explored(part))

    def _explored(self, part: System) -> _Hint:
        if self.limits.late:
            raise OutOfBudgetError(self.limits.out_of_time)
        states = _HINT_STATES if self.limits.states is None else min(self.limits.states, _HINT_STATES)
        found: ReachableSet = reachable(part, replace(self.limits, states=states, depth=None, checkpoint=None))
        if "interrupted" in found.stopped:
            raise KeyboardInterrupt
        complete = found.statistics.complete
        return _Hint(Oracle(part, found.codes) if complete else None, found.statistics.depth, found.stopped)


def _names(system: System) -> tuple[str, ...]:
    return tuple(v.name for v in system.variables)


def _recent(kept: dict[Key, Made], key: Key, make: Callable[[], Made]) -> Made:
    """What was made for the key, or is made now. Only the last few are kept, since they are large."""
    found = kept.pop(key) if key in kept else make()
    kept[key] = found
    if len(kept) > _KEPT:
        del kept[next(iter(kept))]
    return found
