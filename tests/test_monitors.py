"""Monitors mean what the formulas' documentation says: compared with a direct reading of runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import naive
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import lists
from random_systems import properties, systems
from tdisprove.explore import Verdict
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.model.language import BOOL, TRUE, Action, System, Term, Variable, conj
from tdisprove.properties import (
    After,
    AlwaysPossible,
    Before,
    Between,
    Globally,
    Invariant,
    Never,
    Precedence,
    Property,
    Step,
    StepLaw,
    compile_properties,
)

LONGEST = 4
Named = dict[str, Any]
Run = tuple[list[Named], list[Action]]


def runs(system: System) -> Iterator[Run]:
    """All runs of at most `LONGEST` steps, shortest first."""
    names = [v.name for v in system.variables]
    level: list[Run] = []
    for values in product(*(v.sort.domain for v in system.variables)):
        state = dict(zip(names, values, strict=True))
        if naive.value(system.init, state):
            level.append(([state], []))
    for _ in range(LONGEST + 1):
        yield from level
        longer: list[Run] = []
        for states, actions in level:
            for a in system.actions:
                if naive.value(a.guard, states[-1]):
                    changed = {str(t.data): naive.value(u, states[-1]) for t, u in a.updates}
                    longer.append(([*states, {**states[-1], **changed}], [*actions, a]))
        level = longer[:400]
        if len(longer) > len(level):
            return


def two_state(t: Term, before: Mapping[str, Any], after: Mapping[str, Any], args: Mapping[str, Any]) -> Any:
    if t.op.name == "NEXT":
        return after[str(t.data)]
    if t.op.name == "PARAM":
        return args[str(t.data)]
    if t.op.name in ("CONST", "VAR"):
        return naive.value(t, before)
    return naive.OPERATORS[t.op.name](*(two_state(a, before, after, args) for a in t.args))


def matches(steps: Any, run: Run, i: int) -> bool:
    """Whether step ``i`` (the one into state ``i``) is such a step."""
    alternatives: tuple[Step, ...] = steps if isinstance(steps, tuple) else (steps,)
    before, after, action = run[0][i - 1], run[0][i], run[1][i - 1]
    given = dict(action.args)

    def is_such(s: Step) -> bool:
        return (
            (s.event is None or s.event.name == action.event)
            and (s.reply in (None, action.reply) or (s.reply == "refused" and action.reply != "ok"))
            and all(given[name] == wanted.data for name, wanted in s.args.items())
            and bool(two_state(s.where, before, after, given))
        )

    return any(map(is_such, alternatives))


def intervals(scope: Any, run: Run) -> Iterator[tuple[int, int, bool]]:
    """The stretches of the run in which the formula is judged: first and last position, and whether it was closed."""
    n = len(run[1])
    if isinstance(scope, Globally):
        yield 0, n, False
        return
    starts = [i for i in range(1, n + 1) if not isinstance(scope, Before) and matches(scope.opens, run, i)]
    if isinstance(scope, Before) or getattr(scope, "initially", False):
        starts.insert(0, 0)
    for start in starts:
        closing = [i for i in range(start + 1, n + 1) if scope.closes != () and matches(scope.closes, run, i)]
        yield start, (closing[0] - 1 if closing else n), bool(closing)


def breaks(formula: Any, run: Run) -> bool:
    """Whether the run breaks the formula, read off the run as a whole."""
    states, actions = run
    n = len(actions)
    if isinstance(formula, StepLaw):
        return any(
            matches(formula.on, run, i) and not two_state(formula.must, states[i - 1], states[i], {})
            for i in range(1, n + 1)
        )
    for start, end, closed in intervals(formula.scope, run):
        if isinstance(formula.scope, Before | Between) and not closed:
            continue
        steps = range(max(start, 1), end + 1)
        if isinstance(formula, Invariant):
            if any(not naive.value(formula.holds, states[i]) for i in range(start, end + 1)):
                return True
        elif isinstance(formula, Never):
            if any(matches(formula.step, run, i) for i in steps):
                return True
        else:
            assert isinstance(formula, Precedence)
            for i in steps:
                if matches(formula.first, run, i):
                    break
                if matches(formula.then, run, i):
                    return True
    return False


@settings(deadline=None, max_examples=500, suppress_health_check=list(HealthCheck))
@given(systems(most=3).flatmap(lambda s: properties(s.variables).map(lambda p: (s, p))))
def test_a_formula_fails_first_where_a_direct_reading_of_the_runs_says(case: tuple[System, Property]) -> None:
    system, prop = case
    if not isinstance(prop.formula, Invariant | Never | Precedence | StepLaw):
        return
    watched, obligations = compile_properties(system, [prop])
    (outcome,) = ExplicitEngine().check(watched, obligations).outcomes
    covered, found = -1, None
    for run in runs(system):
        covered = max(covered, len(run[1]))
        if breaks(prop.formula, run):
            found = len(run[1])
            break
    if found is not None:
        assert outcome.verdict is Verdict.VIOLATED
        assert outcome.depth == found
    elif outcome.verdict is Verdict.VIOLATED:
        # Only beyond the runs that were looked at.
        assert outcome.depth >= covered


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(systems(most=3))
def test_monitors_never_restrain_the_system(system: System) -> None:
    everything = Property("p", "P.", Precedence(Step(None, {}, None), Step(None, {}, None), After(Step(None, {}, None))))
    possible = Property("q", "Q.", AlwaysPossible(Step(None, {}, None)))
    watched, _ = compile_properties(system, [everything, possible])
    assert all(a.guard is b.guard for a, b in zip(watched.actions, system.actions, strict=True))
    assert naive.explore(watched).depth >= naive.explore(system).depth


def test_only_equal_monitors_are_shared() -> None:
    bits = tuple(Variable(f"x{i}", BOOL) for i in range(8))
    flips = tuple(Action("flip", (), TRUE, ((v.term, ~v.term),)) for v in bits)
    system = System("bits", bits, conj(*(~v.term for v in bits)), flips)
    steps = [Step(None, {}, None, t) for v in bits for t in (v.term, ~v.term)]
    pairs = [(opens, closes) for opens in steps for closes in steps if opens is not closes]
    # Scopes that open and close at different steps, each of them twice.
    twice = [Property(f"p{i}", "P.", Never(steps[0], After(*pair))) for i, pair in enumerate([*pairs, *pairs])]
    watched, obligations = compile_properties(system, twice)
    assert len(watched.variables) == len(bits) + len(pairs)
    for o, o_again in zip(obligations[: len(pairs)], obligations[len(pairs) :], strict=True):
        assert all(o.steps[i] is o_again.steps[i] for i in o.steps)


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(systems(most=3).flatmap(lambda s: lists(properties(s.variables), min_size=2, max_size=6).map(lambda p: (s, p))))
def test_a_property_compiled_with_others_means_what_it_means_alone(case: tuple[System, list[Property]]) -> None:
    system, found = case
    together = ExplicitEngine().check(*compile_properties(system, found))
    for p, among in zip(found, together.outcomes, strict=True):
        (alone,) = ExplicitEngine().check(*compile_properties(system, [p])).outcomes
        assert (among.verdict, among.path and among.depth) == (alone.verdict, alone.path and alone.depth)
