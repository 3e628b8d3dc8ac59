"""Liveness: what must come, in every maximal run that is fair; and the runs in which it never does."""

from __future__ import annotations

from dataclasses import replace

import naive
import pytest
from counters import (
    COUNTER,
    DOOR,
    ENDING,
    ENTER,
    ENTERS,
    FLIP,
    FLIPS,
    IDLE,
    MANY,
    SOME,
    STANDS,
    UP,
    result,
    run,
    x,
    y,
)
from hypothesis import given
from hypothesis import strategies as st
from random_systems import conditions, fair, promises, systems
from tdisprove.explore import Evidence, Limits, Verdict, check
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.explore.smt.engine import Z3Engine
from tdisprove.model.language import (
    BOOL,
    FALSE,
    TRUE,
    Event,
    Index,
    Machine,
    Model,
    ModelError,
    System,
    Term,
    forall,
    param,
)
from tdisprove.properties import (
    Fair,
    Invariant,
    LeadsTo,
    Precedence,
    Property,
    Recurs,
    Step,
    Witness,
    compile_liveness,
    compile_properties,
    occurs,
)

# --- What a run is -------------------------------------------------------------------------------------------------------


def test_a_run_may_idle_for_ever_where_idling_is_a_step() -> None:
    r = result(COUNTER, LeadsTo(x == 0, x == 3))
    assert (r.verdict, r.evidence, r.engine, r.depth) == (Verdict.VIOLATED, Evidence.TRACE, "liveness", 0)
    assert run(r) == (["idle"], 0)


def test_a_run_does_not_stop_where_a_step_is_possible() -> None:
    r = result(ENDING, LeadsTo(x == 0, x == 3))
    assert (r.verdict, r.evidence, r.depth) == (Verdict.HOLDS, Evidence.EXHAUSTIVE, None)
    assert r.statistics is not None
    assert r.statistics.states == 4


def test_a_run_that_ends_stays_in_its_last_state() -> None:
    r = result(ENDING, LeadsTo(x == 3, x == 0))
    assert run(r) == (["up", "up", "up"], None)
    assert r.trace is not None
    assert (r.depth, r.trace.pending, r.trace.stem) == (3, 3, 3)
    assert result(ENDING, Recurs(x == 3)).verdict is Verdict.HOLDS
    assert result(ENDING, Recurs(x == 2)).verdict is Verdict.VIOLATED


def test_no_fairness_is_broken_where_a_run_ends() -> None:
    r = result(ENDING, Recurs(x == 2, (Fair(Step(UP), strong=True, why="it goes up"),)))
    assert run(r) == (["up", "up", "up"], None)
    assert r.trace is not None
    assert r.trace.fairness == ("it goes up (strong fairness of up()); no step is possible at the end",)


def test_what_is_due_may_have_come_at_once() -> None:
    assert result(COUNTER, LeadsTo(x == 0, x == 0)).verdict is Verdict.HOLDS
    assert result(COUNTER, LeadsTo(FALSE, FALSE)).verdict is Verdict.HOLDS
    assert result(COUNTER, LeadsTo(x == 3, FALSE)).depth == 3


def test_without_initial_states_everything_holds() -> None:
    assert result(replace(COUNTER, init=FALSE), Recurs(FALSE)).verdict is Verdict.HOLDS


# --- Fairness ------------------------------------------------------------------------------------------------------------


def test_weak_fairness_is_enough_for_what_stays_possible() -> None:
    r = result(COUNTER, LeadsTo(x == 0, x == 3, (Fair(Step(UP), why="it goes up"),)))
    assert r.verdict is Verdict.HOLDS
    assert r.fairness == ("it goes up (weak fairness of up())",)


def test_weak_fairness_does_not_prove_what_is_possible_only_now_and_then_and_strong_fairness_does() -> None:
    weak = result(DOOR, LeadsTo(x == 0, x == 1, (Fair(Step(ENTER)),)))
    assert run(weak) == (["flip", "flip"], 0)
    assert weak.trace is not None
    assert weak.trace.fairness == ("weak fairness of enter(); no such step is possible in the initial state",)
    assert result(DOOR, LeadsTo(x == 0, x == 1, (Fair(Step(ENTER), strong=True),))).verdict is Verdict.HOLDS


def test_a_strongly_fair_run_may_avoid_that_the_step_is_ever_possible() -> None:
    # Standing still, y is false all the time.
    r = result(replace(DOOR, actions=(STANDS, FLIPS, ENTERS)), LeadsTo(x == 0, x == 1, (Fair(Step(ENTER), strong=True),)))
    assert run(r) == (["idle"], 0)
    assert r.trace is not None
    assert r.trace.fairness == ("strong fairness of enter(); no such step is possible in the loop",)


def test_the_loop_does_what_fairness_asks_of_it() -> None:
    r = result(
        replace(DOOR, actions=(STANDS, FLIPS)), Recurs(x == 1, (Fair(Step(FLIP, where=y)), Fair(Step(FLIP, where=~y))))
    )
    assert run(r) == (["flip", "flip"], 0)
    r = result(
        replace(DOOR, actions=(STANDS, FLIPS)), Recurs(x == 1, (Fair(Step(IDLE, where=y), strong=True), Fair(Step(FLIP))))
    )
    assert run(r) == (["flip", "idle", "flip"], 0)


def test_two_kinds_of_step_in_one_assumption_are_less_than_an_assumption_for_each() -> None:
    one = Fair((Step(UP), Step(IDLE)))
    assert result(COUNTER, LeadsTo(x == 0, x == 3, (one,))).verdict is Verdict.VIOLATED
    assert result(COUNTER, LeadsTo(x == 0, x == 3, (Fair(Step(UP)), Fair(Step(IDLE))))).verdict is Verdict.HOLDS


def test_an_assumption_for_each_instance_is_more_than_one_for_some() -> None:
    child = Index("child")
    c = param("c", child)
    children = Machine("child", over=(child,))
    grown = children.array("grown", BOOL, init=False)
    grow = Event("grow", (c,))
    children.rule(grow, set={grown[c]: True})
    system = Model.of("family", children).instantiate({"child": 3})
    for fairness, verdict in ((Fair(occurs(grow, c=c), each=(c,)), "holds"), (Fair(occurs(grow)), "violated")):
        p = Property("p", "P.", LeadsTo(TRUE, forall(c, grown[c]), (fairness,)))
        (r,) = check(system, [p])
        assert r.verdict.value == verdict
        assert len(r.fairness) == (3 if verdict == "holds" else 1)


def test_steps_that_a_system_cannot_take_are_nothing_to_assume() -> None:
    assert result(COUNTER, LeadsTo(x == 0, x == 3, (Fair(Step(FLIP)), Fair(Step(UP))))).fairness == (
        "weak fairness of up()",
    )


def test_more_assumptions_than_can_be_told_apart_are_refused() -> None:
    with pytest.raises(ModelError, match="65 fairness assumptions, at most 64"):
        result(COUNTER, Recurs(x == 3, (Fair(Step(UP)),) * 65))
    assert result(COUNTER, Recurs(x == 3, (Fair(Step(UP)),) * 64)).verdict is Verdict.HOLDS


# --- A second opinion ----------------------------------------------------------------------------------------------------


@MANY
@given(promises())
def test_a_checker_that_shares_no_code_finds_the_same_and_slicing_changes_nothing(case: tuple[System, Property]) -> None:
    system, p = case
    (stem,) = naive.breaks(system, compile_liveness(system, [p]))
    for slicing in (True, False):
        (r,) = check(system, [p], slicing=slicing)
        assert r.verdict is (Verdict.HOLDS if stem is None else Verdict.VIOLATED)
        assert r.depth == stem


@SOME
@given(promises(), st.data())
def test_fewer_or_weaker_assumptions_never_turn_violated_into_holds(
    case: tuple[System, Property], data: st.DataObject
) -> None:
    system, p = case
    assert isinstance(p.formula, LeadsTo | Recurs)
    fewer = []
    for f in p.formula.fairness:
        chosen = data.draw(st.sampled_from(["keep", "weaken", "drop"]))
        fewer += [] if chosen == "drop" else [replace(f, strong=False) if chosen == "weaken" else f]
    (before,) = check(system, [p])
    (after,) = check(system, [replace(p, formula=replace(p.formula, fairness=tuple(fewer)))])
    if before.verdict is Verdict.VIOLATED:
        assert after.verdict is Verdict.VIOLATED
        assert (after.depth or 0) <= (before.depth or 0)


@SOME
@given(
    systems().flatmap(
        lambda s: st.tuples(st.just(s), *[conditions(s.variables)] * 3, st.lists(fair(s.variables), max_size=2))
    )
)
def test_leads_to_is_transitive_and_closed_under_more_that_may_come(
    case: tuple[System, Term, Term, Term, list[Fair]],
) -> None:
    system, a, b, c, assumed = case
    fairness = tuple(assumed)

    def holds(when: Term, then: Term) -> bool:
        return result(system, LeadsTo(when, then, fairness)).verdict is Verdict.HOLDS

    if holds(a, b):
        assert holds(a, b | c)
        assert holds(a & c, b)
        if holds(b, c):
            assert holds(a, c)
    assert holds(TRUE, b) == (result(system, Recurs(b, fairness)).verdict is Verdict.HOLDS)


@SOME
@given(systems().flatmap(lambda s: st.tuples(st.just(s), conditions(s.variables))))
def test_what_never_leads_anywhere_is_an_invariant(case: tuple[System, Term]) -> None:
    system, t = case
    leads, invariant = result(system, LeadsTo(t, FALSE)), result(system, Invariant(~t))
    # Every finite run goes on to a maximal one.
    assert leads.verdict is invariant.verdict


# --- Beside other properties, engines and limits -------------------------------------------------------------------------


@pytest.mark.parametrize("engine", [ExplicitEngine(), Z3Engine()], ids=lambda e: e.name)
def test_it_is_decided_beside_properties_with_monitors_whatever_the_engine(engine: ExplicitEngine | Z3Engine) -> None:
    wanted = [
        Property("first", "P.", Precedence((Step(FLIP),), Step(ENTER))),
        Property("later", "P.", LeadsTo(x == 0, x == 1, (Fair(Step(ENTER)),)), witness=Witness(x == 0)),
        Property("bound", "P.", Invariant(x < 2)),
        Property("vacuous", "P.", LeadsTo(x == 3, x == 0), witness=Witness(x == 3)),
    ]
    first, later, bound, vacuous = check(DOOR, wanted, engine)
    progress = "z3" if engine.name == "z3" else "liveness"
    assert (first.engine, later.engine, bound.engine, vacuous.engine) == (engine.name, progress, engine.name, progress)
    assert [r.verdict.value for r in (first, later, bound, vacuous)] == ["holds", "violated", "holds", "holds"]
    assert (later.vacuous, vacuous.vacuous) == (False, True)
    assert later.trace is not None
    assert later.trace.system is DOOR  # no monitor hinders the loop from closing


def test_no_engine_for_safety_is_given_a_promise() -> None:
    p = Property("p", "P.", LeadsTo(x == 0, x == 3))
    with pytest.raises(ModelError, match="liveness property is no obligation of safety"):
        compile_properties(COUNTER, [p])
    with pytest.raises(ModelError, match="is no liveness property"):
        compile_liveness(COUNTER, [Property("p", "P.", Invariant(x < 4))])
    with pytest.raises(ModelError, match="has no variable 'y'"):
        compile_liveness(COUNTER, [Property("p", "P.", LeadsTo(y, x == 3))])


@pytest.mark.parametrize("limits", [Limits(states=2), Limits(depth=1), Limits(seconds=0.0), Limits(memory=1)])
def test_a_limit_never_makes_a_promise_kept(limits: Limits) -> None:
    for formula in (LeadsTo(x == 0, x == 3, (Fair(Step(UP)),)), LeadsTo(x == 3, x == 0)):
        r = result(COUNTER, formula, limits=limits)
        assert r.verdict is Verdict.UNKNOWN
        assert r.notes


def test_a_broken_promise_within_the_limits_is_broken() -> None:
    r = result(COUNTER, LeadsTo(x == 1, x == 3), limits=Limits(depth=1))
    assert (r.verdict, r.depth) == (Verdict.VIOLATED, 1)
    assert r.notes == ("the depth limit 1 was reached; a shorter run may exist",)


@SOME
@given(promises(), st.integers(1, 6))
def test_what_is_found_within_limits_is_what_is_found_without(case: tuple[System, Property], states: int) -> None:
    system, p = case
    (whole,) = check(system, [p])
    (part,) = check(system, [p], limits=Limits(states=states))
    assert part.verdict in (whole.verdict, Verdict.UNKNOWN)
    if part.trace is not None:
        assert part.trace.stem >= (whole.depth or 0)


def test_an_interruption_leaves_the_rest_open() -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    from tdisprove.explore.explicit import exploration

    every = exploration.PROGRESS_EVERY
    exploration.PROGRESS_EVERY = -1.0
    try:
        found = check(
            COUNTER, [Property(f"p{i}", "P.", Recurs(x == 3)) for i in range(2)], limits=Limits(progress=interrupt)
        )
    finally:
        exploration.PROGRESS_EVERY = every
    assert [(r.verdict, r.notes) for r in found] == [(Verdict.UNKNOWN, ("interrupted",))] * 2
