"""Checking properties of a system: compile, slice, hand to an engine, replay, sum up."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from ..model.language import System, Term, Variable, substitute
from ..model.language.terms import variable
from ..properties.compile import Obligation, Promise, compile_liveness, compile_properties
from ..properties.formulas import LeadsTo, Recurs, Sometimes
from ..properties.property import Property
from .asked import Asked
from .engine import NO_LIMITS, Engine, Limits
from .interruption import Interruption, remembered
from .liveness.by_safety import ENGINES, decide_by_safety
from .liveness.decide import NAME, EarlierPromises, decide
from .replay import ReplayError, Walker, replay, replay_lasso
from .slice import batches, joined, sliced
from .verdict import Evidence, Outcome, Report, Statistics, Trace, Verdict


@dataclass(frozen=True)
class Result:
    """The verdict on one property of one system.

    ``depth``: the length of the trace, where there is one; for a bounded answer, the depth that was covered. Of a run that
    goes on for ever: the number of steps before its loop.
    ``trace``: the shortest counterexample; for a reachability property that holds, the shortest witness.
    ``vacuous``: the property holds, but what it speaks of cannot happen in this system.
    """

    system: System
    prop: Property
    instance: str
    verdict: Verdict
    evidence: Evidence
    engine: str
    depth: int | None
    statistics: Statistics | None
    seconds: float
    trace: Trace | None = None
    vacuous: bool = False
    notes: tuple[str, ...] = field(default_factory=tuple)
    lemmas: tuple[str, ...] = ()
    """What an inductive proof rests on, besides the property itself, in words."""
    fairness: tuple[str, ...] = ()
    """The fairness assumptions under which the verdict is given, in words."""

    def __str__(self) -> str:
        at = f" in {self.depth} steps" if self.trace is not None else ""
        return f"{self.prop.id}: {self.verdict.value}{at} ({self.evidence.value}, {self.engine})"


@dataclass(frozen=True)
class EarlierChecks:
    """What was found in earlier checks with the same engine, limits and slicing."""

    reports: Asked[Report] = field(default_factory=Asked)
    promises: EarlierPromises = field(default_factory=EarlierPromises)


def _is_final(report: Report) -> bool:
    return all(o.verdict is not Verdict.UNKNOWN for o in report.outcomes)


def check(
    system: System,
    properties: Iterable[Property],
    engine: Engine | None = None,
    limits: Limits = NO_LIMITS,
    *,
    slicing: bool = True,
    earlier: EarlierChecks | None = None,
) -> list[Result]:
    """Decide the properties of the system, one result per property, in order.

    A property with parameters is violated when it fails for some of their values, and the result is that of
    the shortest violation. With ``slicing``, each run covers only the variables on which its properties
    depend, which changes neither verdicts nor depths. Without an engine, exhaustive exploration is used. Liveness is decided by
    Z3 and SAT as safety (see `liveness.as_safety`), else by a search of its own (`liveness.decide`); witnesses by the engine.
    ``earlier``: what was found in other checks with the same engine and limits; what is found here is added.
    """
    if engine is None:
        from .explicit import ExplicitEngine

        engine = ExplicitEngine()
    with remembered() as interruption:
        return _check(system, list(properties), engine, limits, slicing, earlier or EarlierChecks(), interruption)


def _check(
    system: System,
    wanted: Sequence[Property],
    engine: Engine,
    limits: Limits,
    slicing: bool,
    earlier: EarlierChecks,
    interruption: Interruption,
) -> list[Result]:
    witnesses = [witness_of(p) for p in wanted]
    watched, obligations = compile_properties(
        system, [*(p for p in wanted if not _is_liveness(p)), *(w for w in witnesses if w is not None)]
    )
    promises = compile_liveness(system, filter(_is_liveness, wanted))
    found: dict[int, _Answer] = {}
    limits = limits.begun()  # for the whole check; what has no time left is said to be UNKNOWN at once
    interrupted = interruption.pressed
    walker = Walker(watched)
    left = batches(watched, obligations, slicing=slicing)
    while left:
        batch, *left = left
        start = time.perf_counter()
        mine = [obligations[n] for n in batch.numbers]
        if interrupted:
            open_still = Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, 0, note="interrupted")
            found |= dict.fromkeys(batch.numbers, (open_still, None, None, (), 0.0))
            continue
        if slicing:
            part = sliced(watched, mine)
            find = partial(engine.check, part.system, part.obligations, limits)
            report = earlier.reports.answer(part.system, part.obligations, find, _is_final)
            paths = [o.path and part.lift(o.path) for o in report.outcomes]
        else:
            report = engine.check(watched, mine, limits)
            paths = [o.path for o in report.outcomes]
        if report.statistics is not None and report.statistics.complete:
            left = joined(watched, batch, report.statistics.states, left, limits.states)
        seconds = time.perf_counter() - start
        interrupted = interruption.pressed or any(o.note == "interrupted" for o in report.outcomes)
        for number, obligation, outcome, path in zip(batch.numbers, mine, report.outcomes, paths, strict=True):
            trace = replay(watched, obligation, path, walker) if path is not None else None
            if trace is not None and len(trace) != outcome.depth:
                raise ReplayError(f"{obligation}: {engine.name} says depth {outcome.depth}, its path has {len(trace)} steps")
            statistics = report.statistics
            if statistics is not None and outcome.engine not in ("", report.engine):
                statistics = replace(statistics, backend="")  # it is the other engine's
            outcome = replace(outcome, engine=outcome.engine or report.engine)
            found[number] = (outcome, trace, statistics, report.notes, seconds)
    by_property: dict[str, list[_Found]] = {}
    for n, o in enumerate(obligations):
        by_property.setdefault(o.prop.id, []).append((o, *found[n]))
    if promises:
        for promise, answer in zip(
            promises, _kept(system, promises, engine, limits, interrupted, earlier, slicing=slicing), strict=True
        ):
            by_property.setdefault(promise.prop.id, []).append((promise, *answer))
    results = []
    for p, w in zip(wanted, witnesses, strict=True):
        result = _sum_up(system, watched, p, NAME if _is_liveness(p) else engine.name, by_property[p.id])
        if w is not None and result.verdict is Verdict.HOLDS:
            reached = _sum_up(system, watched, w, engine.name, by_property[w.id], some=True)
            result = replace(result, vacuous=reached.verdict is Verdict.VIOLATED)
        results.append(result)
    return results


def _kept(
    system: System,
    promises: Sequence[Promise],
    engine: Engine,
    limits: Limits,
    interrupted: bool,
    earlier: EarlierChecks,
    *,
    slicing: bool,
) -> list[_Answer]:
    """The answers about promises of liveness, each broken one with its replayed run."""
    if interrupted:
        open_still = Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, 0, note="interrupted")
        return [(open_still, None, None, (), 0.0)] * len(promises)
    start = time.perf_counter()
    decided: Sequence[tuple[Outcome, Statistics | None]]
    if engine.name in ENGINES:
        decided = decide_by_safety(system, promises, engine, limits, slicing=slicing)
    else:
        decided = decide(system, promises, limits, earlier.promises, slicing=slicing)
    seconds = (time.perf_counter() - start) / len(promises)
    answers: list[_Answer] = []
    walker = Walker(system)
    for promise, (outcome, statistics) in zip(promises, decided, strict=True):
        trace = None if outcome.path is None else replay_lasso(system, promise, outcome.path, outcome.loop, walker)
        answers.append((outcome, trace, statistics, (), seconds))
    return answers


def _is_liveness(p: Property) -> bool:
    return isinstance(p.formula, LeadsTo | Recurs)


def witness_of(p: Property) -> Property | None:
    """The property's antecedent, as a reachability property of its own."""
    if p.witness is None:
        return None
    return Property(f"{p.id} (witness)", p.says, Sometimes(p.witness.target), p.over)


_Answer = tuple[Outcome, Trace | None, Statistics | None, tuple[str, ...], float]
_Found = tuple[Obligation | Promise, Outcome, Trace | None, Statistics | None, tuple[str, ...], float]


def _sum_up(system: System, watched: System, p: Property, engine: str, parts: list[_Found], *, some: bool = False) -> Result:
    """One result from the outcomes for the values of the property's parameters.

    A reachability property that holds must be reachable for all of them; a witness (``some``) for one.
    """
    reach = isinstance(p.formula, Sometimes)
    violated = [x for x in parts if x[1].verdict is Verdict.VIOLATED]
    unknown = [x for x in parts if x[1].verdict is Verdict.UNKNOWN]
    holds = [x for x in parts if x[1].verdict is Verdict.HOLDS]
    if reach:
        # The obligation is the negation: what it violates is what was to be reached.
        violated, holds = holds, violated
        if some and holds:
            violated, unknown = [], []
    if violated:
        chosen, verdict = min(violated, key=lambda x: x[1].depth if x[2] is not None else 0), Verdict.VIOLATED
    elif unknown:
        chosen, verdict = min(unknown, key=lambda x: x[1].depth), Verdict.UNKNOWN
    else:
        # The witness that takes longest is the depth at which all have been reached.
        chosen, verdict = max(holds, key=lambda x: x[1].depth if x[2] is not None else 0), Verdict.HOLDS
    obligation, outcome, trace, statistics, notes, _ = chosen
    evidence = outcome.evidence
    depth = trace.stem if trace is not None else outcome.depth if verdict is Verdict.UNKNOWN else None
    return Result(
        system, p, obligation.instance, verdict, evidence, outcome.engine or engine, depth, statistics,
        sum(x[5] for x in parts) / max(len(parts), 1), trace,
        notes=tuple(n for n in (outcome.note, *notes) if n),
        lemmas=in_words(dict.fromkeys(t for x in parts for t in x[1].lemmas), watched),
        fairness=tuple(dict.fromkeys(f.text for x in parts if isinstance(x[0], Promise) for f in x[0].fairness)),
    )  # fmt: skip


def in_words(lemmas: Iterable[Term], system: System) -> tuple[str, ...]:
    """The lemmas as people write them, the short ones first; what a monitor observes stands in its place."""
    lemmas = list(lemmas)
    if not lemmas:
        return ()  # as of most results
    observed = {
        v.term: variable(f"[{_OBSERVED.get(v.name.split('.')[1], '')}{v.doc}]", v.sort)
        for v in system.variables
        if _is_monitor(v)
    }
    return tuple(sorted((str(substitute(t, observed)) for t in lemmas), key=lambda s: (len(s), s)))


_OBSERVED = {"seen": "happened: ", "scope": "now: "}


def _is_monitor(v: Variable) -> bool:
    return v.name.startswith("monitor.") and bool(v.doc)
