"""Liveness: what must come, in every maximal run that is fair; and the runs in which it never does."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import naive
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_systems import conditions, fair, promises, systems
from tdisprove.explore import Evidence, Limits, ReplayError, Result, Trace, Verdict, check
from tdisprove.explore.explicit import ExplicitEngine, reachable
from tdisprove.explore.explicit.numbering import Positions
from tdisprove.explore.layout import Layout
from tdisprove.explore.liveness.decide import decide
from tdisprove.explore.liveness.fair import Steps, fair_components
from tdisprove.explore.liveness.lasso import shortest_loop
from tdisprove.explore.replay import replay_lasso
from tdisprove.explore.slice import ELSEWHERE, abstracted
from tdisprove.explore.smt.engine import Z3Engine
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import (
    BOOL,
    FALSE,
    TRUE,
    Action,
    Event,
    Index,
    Int,
    Machine,
    Model,
    ModelError,
    System,
    Term,
    Variable,
    forall,
    ite,
    param,
)
from tdisprove.properties import (
    Fair,
    Formula,
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
from tdisprove.properties.catalogue import find
from tdisprove.reports.files import write_traces
from tdisprove.reports.graph import trace_dot, trace_graph
from tdisprove.reports.json_report import check_document
from tdisprove.reports.mermaid import trace_mermaid
from tdisprove.reports.sequence import sequence_chart
from tdisprove.reports.table import trace_markdown, trace_table
from tdisprove.reports.verdicts import cell, run_in_words

MANY = settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
SOME = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))

X, Y = Variable("x", Int(0, 3)), Variable("y", BOOL)
x, y = X.term, Y.term
UP, IDLE, FLIP, ENTER = Event("up"), Event("idle"), Event("flip"), Event("enter")
GOES_UP = Action("up", (), x < 3, ((x, ite(x < 3, x + 1, x)),))
STANDS = Action("idle", (), TRUE, ())
FLIPS = Action("flip", (), TRUE, ((y, ~y),))
ENTERS = Action("enter", (), y & (x == 0), ((x, ite(x == 0, 1, x)),))
"""Possible only every other step: y comes and goes."""

COUNTER = System("counter", (X,), x == 0, (GOES_UP, STANDS))
ENDING = System("ending", (X,), x == 0, (GOES_UP,))
DOOR = System("door", (X, Y), (x == 0) & ~y, (FLIPS, ENTERS))


def result(system: System, formula: Formula, **kwargs: object) -> Result:
    (r,) = check(system, [Property("p", "P.", formula)], **kwargs)  # type: ignore[arg-type]
    return r


def run(r: Result) -> tuple[list[str], int | None]:
    assert r.trace is not None
    return [a.event for a in r.trace.actions], r.trace.loop


# --- What a run is ----------------------------------------------------------------------------------------------------


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


# --- Fairness ---------------------------------------------------------------------------------------------------------


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


# --- A second opinion -------------------------------------------------------------------------------------------------


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


# --- The parts --------------------------------------------------------------------------------------------------------


def _graph(states: int, *steps: tuple[int, int, int]) -> Steps:
    source, target, taken = (np.array(column) for column in zip(*steps, strict=True))
    return Steps.of(states, source, target, np.arange(len(steps)), taken.astype(np.uint64))


def test_a_component_is_taken_apart_where_a_strong_assumption_starves() -> None:
    # 0 ⇄ 1 ⇄ 2, and 2 alone; assumption 0 is possible in 1, but its only step leaves.
    steps = _graph(4, (0, 1, 0), (1, 0, 0), (1, 2, 0), (2, 1, 0), (2, 2, 0), (1, 3, 1))
    possible = np.array([0, 1, 0, 0], np.uint64)
    assert fair_components(steps, possible, strong=1).tolist() == [-1, -1, 0, -1]
    assert len(set(fair_components(steps, possible, strong=0).tolist()[:3])) == 1  # 0 is a state without it
    assert fair_components(steps, np.array([1, 1, 1, 0], np.uint64), strong=0).tolist() == [-1] * 4


def test_the_shortest_loop_is_found_and_a_longer_one_where_there_is_too_much_to_look_at() -> None:
    # A ring of six in which assumption k is satisfied by step k, with a way back to 0 from everywhere.
    n = 6
    steps = _graph(n, *((i, (i + 1) % n, 1 << i) for i in range(n)), *((i, 0, 0) for i in range(n)))
    everything = np.full(n, (1 << n) - 1, np.uint64)
    none = np.zeros(n, np.uint64)
    assert len(shortest_loop(steps, none, 0, 0)) == 1
    for most in (1 << 23, 0):
        loop = shortest_loop(steps, everything, 0b101010, 0, most=most)
        assert steps.source[loop[0]] == 0
        assert steps.target[loop[-1]] == 0
        assert all(steps.target[a] == steps.source[b] for a, b in pairwise(loop))
        assert np.bitwise_or.reduce(steps.taken[loop]) == (1 << n) - 1
    assert len(shortest_loop(steps, everything, 0b101010, 0)) == n


@SOME
@given(promises(), st.integers(0, 64))
def test_a_loop_that_is_not_the_shortest_is_fair_as_well(case: tuple[System, Property], most: int) -> None:
    from tdisprove.explore.liveness import decide as liveness

    system, p = case
    original = liveness.shortest_loop
    (best,) = check(system, [p])
    liveness.shortest_loop = lambda *args: original(*args, most=most)  # type: ignore[assignment]
    try:
        (r,) = check(system, [p])  # replayed
    finally:
        liveness.shortest_loop = original
    assert (r.verdict, r.depth) == (best.verdict, best.depth)
    if r.trace is not None and best.trace is not None:
        assert len(r.trace) >= len(best.trace) or best.trace.loop is None


@SOME
@given(systems())
def test_positions_are_those_of_the_states_and_minus_one_for_others(system: System) -> None:
    found = reachable(system)
    if not found.packed.shape[1]:
        return
    wide = np.concatenate([found.packed, found.packed * np.uint64(7), found.packed ^ np.uint64(5)])
    for packed in (found.packed, wide):
        positions = Positions(packed)
        assert positions.find(packed).tolist() == list(range(packed.shape[1]))
        other = packed.copy()
        other[-1] += np.uint64(1)
        known = {tuple(c): i for i, c in enumerate(packed.T.tolist())}
        assert positions.find(other).tolist() == [known.get(tuple(c), -1) for c in other.T.tolist()]


@SOME
@given(systems())
def test_the_path_to_a_state_is_as_long_as_the_state_is_deep(system: System) -> None:
    from tdisprove.explore.evaluate import successor

    found = reachable(system)
    for i in range(min(found.packed.shape[1], 20)):
        state, numbers = found.path(i)
        for n in numbers:
            state = successor(system, system.actions[n], state)
        assert state == Layout(system).unpack(found.packed[:, i])
        assert found.levels[len(numbers)] <= i


# --- Slicing ----------------------------------------------------------------------------------------------------------

NOISE = Action("noise", (), x < 3, ((y, ~y),))


def test_a_promise_that_the_abstraction_keeps_needs_no_more() -> None:
    r = result(replace(DOOR, actions=(GOES_UP, FLIPS)), LeadsTo(x == 0, x == 3, (Fair(Step(UP)),)))
    assert r.verdict is Verdict.HOLDS
    assert r.statistics is not None
    assert r.statistics.states == 4  # without y
    whole = result(replace(DOOR, actions=(GOES_UP, FLIPS)), LeadsTo(x == 0, x == 3, (Fair(Step(UP)),)), slicing=False)
    assert whole.statistics is not None
    assert whole.statistics.states == 8


def test_a_dropped_step_that_runs_out_is_no_excuse() -> None:
    # In the abstraction something else may happen for ever; in the system it happens once, and then x goes up.
    once = Action("once", (), ~y, ((y, TRUE),))
    system = replace(DOOR, actions=(GOES_UP, once))
    (promise,) = compile_liveness(system, [Property("p", "P.", LeadsTo(x == 0, x == 3))])
    part = abstracted(system, promise)
    assert part is not None
    assert [v.name for v in part[0].variables] == ["x"]
    assert part[0].actions[-1] is ELSEWHERE
    (alone,) = decide(part[0], [part[1]])
    assert alone.outcome.verdict is Verdict.VIOLATED
    assert result(system, LeadsTo(x == 0, x == 3)).verdict is Verdict.HOLDS


def test_what_fairness_reads_is_kept() -> None:
    (promise,) = compile_liveness(DOOR, [Property("p", "P.", LeadsTo(x == 0, x == 1, (Fair(Step(ENTER)),)))])
    assert abstracted(DOOR, promise) is None
    wider = replace(DOOR, variables=(*DOOR.variables, Variable("z", BOOL)))
    part = abstracted(wider, promise)
    assert part is not None
    assert [v.name for v in part[0].variables] == ["x", "y"]


# --- Beside other properties, engines and limits ----------------------------------------------------------------------


@pytest.mark.parametrize("engine", [ExplicitEngine(), Z3Engine()], ids=lambda e: e.name)
def test_it_is_decided_beside_properties_with_monitors_whatever_the_engine(engine: ExplicitEngine | Z3Engine) -> None:
    wanted = [
        Property("first", "P.", Precedence((Step(FLIP),), Step(ENTER))),
        Property("later", "P.", LeadsTo(x == 0, x == 1, (Fair(Step(ENTER)),)), witness=Witness(x == 0)),
        Property("bound", "P.", Invariant(x < 2)),
        Property("vacuous", "P.", LeadsTo(x == 3, x == 0), witness=Witness(x == 3)),
    ]
    first, later, bound, vacuous = check(DOOR, wanted, engine)
    assert (first.engine, later.engine, bound.engine, vacuous.engine) == (engine.name, "liveness", engine.name, "liveness")
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


# --- Replay -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "formula", "numbers", "loop", "words"),
    [
        (COUNTER, LeadsTo(x == 0, x == 3), (0, 1), 0, "the loop does not close: step 2 does not lead back to step 0"),
        (COUNTER, LeadsTo(x == 0, x == 3), (1,), 1, "there is no step in the loop"),
        (COUNTER, LeadsTo(x == 0, x == 3), (), None, r"the run is said to end, but up\(\) is possible"),
        (COUNTER, LeadsTo(x == 1, x == 3), (1,), 0, "breaks nothing"),
        (COUNTER, LeadsTo(x == 0, x == 1), (0, 0, 1), 2, "breaks nothing"),
        (COUNTER, LeadsTo(x == 0, x == 3, (Fair(Step(UP)),)), (1,), 0, r"the loop breaks weak fairness of up\(\)"),
        (DOOR, LeadsTo(x == 0, x == 1, (Fair(Step(ENTER), strong=True),)), (0, 0), 0, "the loop breaks strong fairness of enter"),
        (DOOR, LeadsTo(x == 0, x == 1), (1, 1), 0, r"step 1, enter\(\), is not enabled"),
    ],
)  # fmt: skip
def test_a_run_that_proves_nothing_is_refused(
    system: System, formula: LeadsTo, numbers: tuple[int, ...], loop: int | None, words: str
) -> None:
    (promise,) = compile_liveness(system, [Property("p", "P.", formula)])
    initial = (0,) if system is COUNTER else (0, False)
    with pytest.raises(ReplayError, match=words):
        replay_lasso(system, promise, (initial, numbers), loop)


# --- Reports ----------------------------------------------------------------------------------------------------------


def _lasso() -> Result:
    r = result(COUNTER, LeadsTo(x == 1, x == 3, (Fair(Step(IDLE), why="it may idle"),)))
    assert run(r) == (["up", "idle"], 1)
    return r


def test_the_table_says_where_the_loop_begins_and_where_it_leads_back() -> None:
    r = _lasso()
    assert r.trace is not None
    lines = trace_table(r.trace).splitlines()
    begin = next(i for i, t in enumerate(lines) if t.startswith("── loop from step 2 ─"))
    assert lines[begin - 1].startswith(" 1  up()")
    assert lines[begin + 1].startswith(" 2  idle()")
    assert lines[begin + 2].startswith("── back to where step 1 led, and so on for ever ─")
    assert "From step 1 on it is due, and it never comes: step 2 is repeated for ever." in lines
    assert "  awaited: x = 3" in lines
    assert "  fair: it may idle (weak fairness of idle()); such a step is taken in step 2" in lines
    assert "| ↻ | **loop from step 2**: step 2 is repeated for ever | | | |" in trace_markdown(r.trace)
    assert cell(r) == "VIOLATED (loop at 1)"
    assert run_in_words(r) == "up() → (idle(), for ever)"


def test_the_graph_closes_the_loop_with_a_red_edge() -> None:
    r = _lasso()
    assert r.trace is not None
    graph = trace_graph(r.trace)
    assert list(graph.nodes) == [0, 1]
    assert graph.nodes[1]["title"] == "after step 1 and again after step 2"
    assert graph.nodes[1]["lines"] == ["due from here on"]
    assert graph.nodes[1]["broken"] == ["awaited: x = 3"]
    assert graph.edges[1, 1]["broken"] is True
    assert "broken" not in graph.edges[0, 1]
    assert "s1 -> s1" in trace_dot(r.trace)


def test_the_sequence_chart_and_mermaid_frame_the_steps_that_are_repeated() -> None:
    r = _lasso()
    assert r.trace is not None
    texts = {t.text: t for t in sequence_chart(r.trace).texts}
    head = texts["loop: step 2 is repeated for ever"]
    assert texts["up()"].y < head.y < texts["idle()"].y
    lines = trace_mermaid(r.trace).splitlines()
    begin = lines.index("  loop from step 2#58; step 2 is repeated for ever")
    assert "(1) up()" in lines[begin - 2] + lines[begin - 1]
    assert "(2) idle()" in lines[begin + 1]
    assert lines[begin + 2] == "  end"


def test_json_says_where_the_run_comes_back_to() -> None:
    r = _lasso()
    (entry,) = check_document("0", {"f": [r]})["results"]
    assert (entry["loop"], entry["pending"], entry["depth"], len(entry["trace"])) == (1, 1, 1, 2)
    assert entry["fairness"] == ["it may idle (weak fairness of idle())"]
    (ending,) = check_document("0", {"f": [result(ENDING, LeadsTo(x == 3, x == 0))]})["results"]
    assert (ending["loop"], ending["pending"], ending["depth"]) == (None, 3, 3)


def test_every_picture_of_a_run_that_ends_or_begins_with_its_loop_is_drawn(tmp_path: Path) -> None:
    found = [
        replace(result(ENDING, LeadsTo(x == 3, x == 0)), prop=Property("ends", "P.", Recurs(x == 0))),
        replace(result(COUNTER, LeadsTo(x == 0, x == 3)), prop=Property("begins", "P.", Recurs(x == 0))),
        replace(result(replace(ENDING, actions=()), Recurs(x == 3)), prop=Property("nothing", "P.", Recurs(x == 0))),
    ]
    write_traces(tmp_path, "f", found)
    assert "after step 3 no step is possible" in (tmp_path / "f" / "ends.txt").read_text()
    assert "From the initial state on it is due" in (tmp_path / "f" / "begins.txt").read_text()
    assert "back to the initial state" in (tmp_path / "f" / "begins.txt").read_text()
    assert "never comes: no step is possible." in (tmp_path / "f" / "nothing.txt").read_text()


# --- The lifecycle ----------------------------------------------------------------------------------------------------


def _verdict(flow: str, name: str, *, fairness: bool = True, **knobs: str | bool) -> tuple[str, Trace | None]:
    p = find(name)
    assert isinstance(p.formula, LeadsTo)
    if not fairness:
        p = replace(p, formula=replace(p.formula, fairness=()))
    (r,) = check(FLOWS[flow].system(changed=knobs), [p])
    return r.verdict.value, r.trace


WITH_TDISP = ("sev-tio-host-run", "cove-io", "tdx-connect", "arm-cca-rsi")


WITHOUT_A_STOP = {
    "sev-tio-host-run": ["get_version", "device_disconnect"],
    "cove-io": ["host_connect", "device_disconnect"],
    "tdx-connect": ["get_version", "tdi_unbind"],
    "arm-cca-rsi": ["host_connect", "tdi_unbind"],
}


@pytest.mark.parametrize("flow", WITH_TDISP)
def test_a_rejected_tdi_ends_unlocked_when_the_host_keeps_to_the_flow_and_not_otherwise(flow: str) -> None:
    assert _verdict(flow, "a-rejected-tdi-ends-unlocked", host="honest") == ("holds", None)
    verdict, trace = _verdict(flow, "a-rejected-tdi-ends-unlocked", host="hostile")
    assert verdict == "violated"
    assert trace is not None
    events = [a.event for a in trace.actions[: trace.loop]]
    # The TSM's session ends first, so that no STOP_INTERFACE is sent.
    assert events[-2:] == WITHOUT_A_STOP[flow]
    assert trace.value(len(trace), "tdi0.state") == "ERROR"
    assert trace.value(len(trace), "tsm.tdi0.bound") == "none"


@pytest.mark.parametrize(
    "name", ["a-rejected-tdi-is-given-back", "a-rejected-tdi-ends-unlocked", "error-is-left-in-the-end"]
)
def test_nothing_is_given_back_by_a_host_that_does_not_want_to(name: str) -> None:
    assert _verdict("cove-io", name, host="honest")[0] == "holds"
    verdict, trace = _verdict("cove-io", name, fairness=False, host="honest")
    assert verdict == "violated"
    assert trace is not None
    assert trace.loop is not None


def test_gates_open_only_for_a_guest_that_asks_for_them() -> None:
    for flow in ("sev-tio-guest-run", "hyperv"):
        assert _verdict(flow, "an-accepted-tdi-gets-its-gates")[0] == "holds"
        assert _verdict(flow, "an-accepted-tdi-gets-its-gates", fairness=False)[0] == "violated"
    # Where the TSM asks for a state on its record, a host that never lets the TDI get there keeps the gates shut.
    for flow in ("tdx-connect", "arm-cca"):
        assert _verdict(flow, "an-accepted-tdi-gets-its-gates")[0] == "violated"
    # Where acceptance opens the gates itself, there is nothing to ask for.
    assert _verdict("cove-io", "an-accepted-tdi-gets-its-gates", fairness=False)[0] == "holds"


def test_a_host_that_locked_the_tdi_itself_keeps_an_accepted_one_from_running_unless_acceptance_names_the_epoch() -> None:
    verdict, trace = _verdict("sev-tio-guest-run", "an-accepted-tdi-comes-to-run")
    assert verdict == "violated"
    assert trace is not None
    assert "host_lock" in [a.event for a in trace.actions]
    assert _verdict("sev-tio-guest-run", "an-accepted-tdi-comes-to-run", host="honest")[0] == "holds"
    assert _verdict("tdx-connect", "an-accepted-tdi-comes-to-run")[0] == "holds"
