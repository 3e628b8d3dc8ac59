"""The explicit engine: exact counts, wide states, limits, interruptions, and the choice among shortest traces."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import naive
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_systems import systems, systems_with_properties
from tdisprove.explore import Evidence, Limits, Verdict
from tdisprove.explore.engine import Progress
from tdisprove.explore.evaluate import initial_states
from tdisprove.explore.explicit import ExplicitEngine, exploration, reachable, search, vectorised
from tdisprove.explore.explicit.vectorise import initial_words
from tdisprove.explore.explicit.visited import StateSet
from tdisprove.explore.layout import Layout
from tdisprove.model.language import (
    BOOL,
    FALSE,
    TRUE,
    Action,
    Event,
    Int,
    ModelError,
    System,
    Term,
    Variable,
    conj,
    const,
    enum,
    ite,
)
from tdisprove.properties import Invariant, Never, Property, Sometimes, Step, compile_properties

RANDOM = settings(
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.fixture(autouse=True, params=["native", "numpy"])
def _backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test of this file is for each back end."""
    if request.param == "native":
        pytest.importorskip("tdisprove.explore.explicit._kernel", reason="the compiled kernel was not built")
    monkeypatch.setattr(search, "DEFAULT", request.param)


def _example(name: str) -> ModuleType:
    path = Path(__file__).parent.parent / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def _counter(most: int) -> System:
    n = Variable("n", Int(0, most))
    step = Action("count", (), n.term < most, ((n.term, ite(n.term < most, n.term + 1, n.term)),))
    return System("counter", (n,), n.term == 0, (step,))


def _never(t: Term, name: str = "p") -> Property:
    return Property(name, "It never happens.", Invariant(~t))


def _bits(n: int, moving: tuple[int, ...]) -> System:
    """``n`` bits, all clear; those that move are flipped one at a time, and the first two are swapped."""
    bits = tuple(Variable(f"b{i}", BOOL) for i in range(n))
    flips = [Action("flip", (("bit", i),), TRUE, ((bits[i].term, ~bits[i].term),)) for i in moving]
    a, b = (bits[i].term for i in moving[:2])
    swap = Action("swap", (), TRUE, ((a, b), (b, a)))
    return System("bits", bits, conj(*(~v.term for v in bits)), (*flips, swap))


# --- Counts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("managers", range(1, 6))
def test_two_phase_commit_has_exactly_these_states(managers: int) -> None:
    system = _example("two_phase_commit").two_phase_commit(managers)
    s = reachable(system).statistics
    # Undecided or committing, each manager is in one of two states; aborting, in one of three.
    assert s.states == 2 * 2**managers + 3**managers
    assert s.depth == 2 * managers + 1
    assert s.deadlocks == 2
    assert s.fired == frozenset(range(len(system.actions)))
    counted = naive.explore(system)
    assert (s.states, s.transitions, s.depth, s.deadlocks) == (
        counted.states, counted.transitions, counted.depth, counted.deadlocks,
    )  # fmt: skip


def test_a_larger_two_phase_commit_and_its_property() -> None:
    example = _example("two_phase_commit")
    watched, obligations = compile_properties(example.two_phase_commit(9), [example.CONSISTENT])
    report = ExplicitEngine().check(watched, obligations)
    assert report.statistics is not None
    assert report.statistics.states == 2 * 2**9 + 3**9
    (outcome,) = report.outcomes
    assert (outcome.verdict, outcome.evidence, outcome.depth) == (Verdict.HOLDS, Evidence.EXHAUSTIVE, 19)


def test_an_action_that_is_never_enabled_has_not_fired() -> None:
    n = Variable("n", Int(0, 3))
    never = Action("never", (), n.term == 3, ((n.term, n.term - 3),))
    stay = Action("stay", (), n.term == 1, ())
    step = Action("step", (), n.term == 0, ((n.term, n.term + 1),))
    s = reachable(System("s", (n,), n.term == 0, (never, stay, step))).statistics
    assert s.fired == {1, 2}
    assert (s.states, s.transitions, s.deadlocks) == (2, 2, 0)


def test_the_codes_of_the_reachable_states_are_positions_in_the_domains() -> None:
    n, e, b = Variable("n", Int(-2, 0)), Variable("e", enum("E", "x", "y", "z")), Variable("b", BOOL)
    act = Action("act", (), n.term < 0, ((n.term, n.term + 1), (e.term, ite(b.term, e.term, "z")), (b.term, ~b.term)))
    found = reachable(System("s", (n, e, b), (n.term == -2) & (e.term == "y") & ~b.term, (act,)))
    assert found.codes.dtype == np.uint8
    assert found.codes.tolist() == [[0, 1, 0], [1, 2, 1], [2, 2, 0]]


def test_a_system_without_initial_states_has_no_states_and_breaks_nothing() -> None:
    system = replace(_counter(3), init=FALSE)
    report = ExplicitEngine().check(*compile_properties(system, [_never(TRUE)]))
    assert report.statistics is not None
    assert (report.statistics.states, report.statistics.complete) == (0, True)
    assert report.outcomes[0].verdict is Verdict.HOLDS


def test_a_system_without_actions_has_only_its_initial_states() -> None:
    n = Variable("n", Int(3, 7), rigid=True)
    s = reachable(System("s", (n,), n.term > 4, ())).statistics
    assert (s.states, s.depth, s.deadlocks, s.transitions) == (3, 0, 3, 0)


@RANDOM
@given(systems())
def test_initial_states_come_as_the_reference_evaluator_gives_them(system: System) -> None:
    layout = Layout(system)
    found = [layout.unpack(block[:, i]) for block in initial_words(layout) for i in range(block.shape[1])]
    assert found == list(initial_states(system))


def test_a_condition_on_many_free_variables_does_not_multiply_what_it_rules_out() -> None:
    bits = tuple(Variable(f"k{i}", BOOL, rigid=True) for i in range(60))
    same = conj(*(a.term == b.term for a, b in pairwise(bits)))
    assert reachable(System("s", bits, same, ())).statistics.states == 2


def test_a_long_run_takes_time_proportional_to_its_length() -> None:
    s = reachable(_counter(10_000), Limits(seconds=60)).statistics
    assert (s.states, s.depth, s.complete) == (10_001, 10_000, True)


# --- States of several words ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [62, 63, 64, 126, 127, 200])
def test_wide_states_are_counted_right(n: int) -> None:
    system = _bits(n, (0, n // 2, n - 1, 60, 59, n // 3, 5))
    counted, s = naive.explore(system), reachable(system).statistics
    assert (s.states, s.transitions, s.depth) == (counted.states, counted.transitions, counted.depth)
    assert s.states == 2**7


@RANDOM
@given(systems_with_properties(), st.booleans())
def test_padding_changes_nothing(case: tuple[System, list[Property]], colliding: bool) -> None:
    system, properties = case
    # 66 bits before each variable, so that no two lie in one word.
    padding = [
        [Variable(f"pad{i}.{k}", enum("Pad", *"abcde"), rigid=True) for k in range(22)] for i in range(len(system.variables))
    ]
    wide = [v for pads, x in zip(padding, system.variables, strict=True) for v in (*pads, x)]
    init = conj(system.init, *(v.term == "d" for pads in padding for v in pads))
    padded = replace(system, variables=tuple(wide), init=init)
    watched, obligations = compile_properties(padded, properties)
    counted = naive.explore(*compile_properties(system, properties))
    with pytest.MonkeyPatch.context() as patch:
        if colliding:
            # A hash that says little: different states have to be told apart by their words.
            patch.setattr(StateSet, "_keys", lambda self, rows: rows.sum(axis=0, dtype=np.uint64) % np.uint64(3))
        report = ExplicitEngine().check(watched, obligations)
    s = report.statistics
    assert s is not None
    assert (s.states, s.transitions, s.depth, s.deadlocks) == (
        counted.states, counted.transitions, counted.depth, counted.deadlocks,
    )  # fmt: skip
    assert [o.depth if o.path else None for o in report.outcomes] == counted.fails_at


@RANDOM
@given(
    st.integers(1, 3),
    st.booleans(),
    st.lists(st.lists(st.integers(0, 40), max_size=60), max_size=8),
)
def test_the_set_of_visited_states_is_a_set(words: int, colliding: bool, batches: list[list[int]]) -> None:
    visited = StateSet(words)
    known: dict[tuple[int, ...], None] = {}
    with pytest.MonkeyPatch.context() as patch:
        if colliding and words > 1:
            patch.setattr(StateSet, "_keys", lambda self, rows: rows[0] & np.uint64(1))
        for batch in batches:
            rows = [tuple((x * 0x1234567) >> (9 * i) & ((1 << 63) - 1) for i in range(words)) for x in batch]
            packed = np.array(rows, np.uint64).reshape(len(rows), words).T.copy()
            assert visited.unknown(packed).tolist() == [i for i, row in enumerate(rows) if row not in known]
            new = [i for i, row in enumerate(rows) if row not in known and row not in rows[:i]]
            assert visited.add(packed).tolist() == new
            known |= dict.fromkeys(rows)
    assert [tuple(map(int, column)) for column in visited.packed.T] == list(known)


@pytest.mark.parametrize("words", [1, 2])
def test_the_set_of_visited_states_grows(words: int) -> None:
    visited = StateSet(words)
    numbers = np.arange(100_000, dtype=np.uint64) % np.uint64(30_011)
    for part in np.array_split(numbers, 7):
        visited.add(np.stack([part * np.uint64(977), part >> np.uint64(3)][:words]))
    assert visited.count == 30_011
    assert np.array_equal(visited.packed[0], np.arange(30_011, dtype=np.uint64) * np.uint64(977))


# --- Shortest traces --------------------------------------------------------------------------------------------------


def test_of_equally_short_traces_the_first_found_is_shown() -> None:
    n, m = Variable("n", Int(0, 4)), Variable("m", Int(0, 4))
    to = {i: Action("to", (("i", i),), n.term == 0, ((n.term, const(i, Int(0, 4))),)) for i in (2, 1)}
    bad = Event("bad")
    fail = [Action("bad", (("by", k),), (n.term == k) & (m.term == 0), ((m.term, n.term),)) for k in (1, 2)]
    system = System("s", (n, m), (n.term == 0) & (m.term == 0), (*to.values(), *fail))
    watched, obligations = compile_properties(
        system,
        [Property("step", "S.", Never(Step(bad))), _never(m.term > 0, "state"), Property("r", "R.", Sometimes(m.term == 1))],
    )
    step, state, reach = ExplicitEngine().check(watched, obligations).outcomes
    # Action 0 leads to n = 2, the state that is found first; there it is action 3 that breaks the properties.
    assert step.path is not None
    assert state.path is not None
    assert step.path[1] == state.path[1] == (0, 3)
    assert reach.path is not None
    assert (reach.verdict, reach.path[1]) == (Verdict.VIOLATED, (1, 2))


@RANDOM
@given(systems_with_properties())
def test_neither_chance_nor_the_size_of_the_chunks_matters(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    first = ExplicitEngine().check(watched, obligations)
    again = ExplicitEngine().check(watched, obligations)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vectorised, "_CHUNK", 3)
        patch.setattr(vectorised, "_BATCH", 2)
        small = ExplicitEngine().check(watched, obligations)
    assert first.outcomes == again.outcomes == small.outcomes
    assert len({replace(r.statistics, seconds=0.0) for r in (first, again, small) if r.statistics is not None}) == 1


def test_an_update_that_leaves_its_domain_names_the_action() -> None:
    n = Variable("n", Int(0, 3))
    system = System("s", (n,), n.term == 0, (Action("up", (("by", 1),), TRUE, ((n.term, n.term + 1),)),))
    with pytest.raises(ModelError, match=r"action up\(by=1\): n := 4 leaves the domain 0\.\.3"):
        reachable(system)


# --- Limits and interruptions -----------------------------------------------------------------------------------------


def test_a_depth_limit_covers_exactly_that_depth() -> None:
    system, wanted = compile_properties(_counter(20), [_never(_counter(20)["n"] == 7)])
    (short,) = ExplicitEngine().check(system, wanted, Limits(depth=6)).outcomes
    assert (short.verdict, short.evidence, short.depth) == (Verdict.UNKNOWN, Evidence.BOUNDED, 6)
    assert "depth limit 6" in short.note
    (enough,) = ExplicitEngine().check(system, wanted, Limits(depth=7)).outcomes
    assert (enough.verdict, enough.depth) == (Verdict.VIOLATED, 7)


def test_a_step_that_breaks_a_property_counts_for_the_depth() -> None:
    base = _counter(20)
    system, wanted = compile_properties(base, [Property("p", "P.", Never(Step(None, {}, None, base["n"] == 7)))])
    (short,) = ExplicitEngine().check(system, wanted, Limits(depth=7)).outcomes
    assert (short.verdict, short.depth) == (Verdict.UNKNOWN, 7)
    (enough,) = ExplicitEngine().check(system, wanted, Limits(depth=8)).outcomes
    assert (enough.verdict, enough.depth) == (Verdict.VIOLATED, 8)


def test_a_state_limit_stops_and_what_was_found_before_stays() -> None:
    base = _counter(20)
    system, wanted = compile_properties(base, [_never(base["n"] == 3, "a"), _never(base["n"] == 15, "b")])
    report = ExplicitEngine().check(system, wanted, Limits(states=10))
    found, open_still = report.outcomes
    assert (found.verdict, found.depth) == (Verdict.VIOLATED, 3)
    assert (open_still.verdict, open_still.depth) == (Verdict.UNKNOWN, 10)
    assert "state limit 10" in open_still.note
    assert report.statistics is not None
    assert not report.statistics.complete


def test_a_state_limit_that_is_just_enough_is_enough() -> None:
    assert reachable(_counter(20), Limits(states=21)).statistics.complete
    assert not reachable(_counter(20), Limits(states=20)).statistics.complete


def test_limits_hold_for_initial_states_as_well() -> None:
    bits = tuple(Variable(f"k{i}", BOOL, rigid=True) for i in range(40))
    found = reachable(System("s", bits, TRUE, ()), Limits(states=1000))
    assert found.stopped == "the state limit 1000 was reached"


@pytest.mark.parametrize(
    ("limits", "words"), [(Limits(seconds=0.0), "time limit"), (Limits(memory=1), "memory limit of 1 bytes")]
)
def test_time_and_memory_are_limited(limits: Limits, words: str) -> None:
    base = _counter(20)
    (outcome,) = ExplicitEngine().check(*compile_properties(base, [_never(base["n"] == 9)]), limits).outcomes
    assert outcome.verdict is Verdict.UNKNOWN
    assert words in outcome.note


def test_an_interruption_keeps_what_was_found_and_says_how_far_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exploration, "PROGRESS_EVERY", -1.0)
    seen: list[Progress] = []

    def interrupt(p: Progress) -> None:
        seen.append(p)
        if p.states > 12:
            raise KeyboardInterrupt

    base = _counter(20)
    system, wanted = compile_properties(base, [_never(base["n"] == 3, "a"), _never(base["n"] == 15, "b")])
    report = ExplicitEngine().check(system, wanted, Limits(progress=interrupt))
    found, open_still = report.outcomes
    assert (found.verdict, found.depth) == (Verdict.VIOLATED, 3)
    assert (open_still.verdict, open_still.evidence, open_still.note) == (Verdict.UNKNOWN, Evidence.BOUNDED, "interrupted")
    assert open_still.depth == 12
    assert report.statistics is not None
    assert (report.statistics.states, report.statistics.complete) == (13, False)
    assert [p.states for p in seen[1:]] == sorted(p.states for p in seen[1:])
    assert all(p.frontier == 1 for p in seen[1:])


def test_progress_is_not_reported_on_short_runs() -> None:
    calls: list[Progress] = []
    reachable(_counter(5), Limits(progress=calls.append))
    assert not calls


def test_stopping_early_is_an_option() -> None:
    base = _counter(20)
    both = [_never(base["n"] == 3, "a"), _never(base["n"] == 5, "b")]
    whole = ExplicitEngine().check(*compile_properties(base, both))
    early = ExplicitEngine(stop_early=True).check(*compile_properties(base, both))
    assert whole.outcomes == early.outcomes
    assert whole.statistics is not None
    assert early.statistics is not None
    assert (whole.statistics.states, whole.statistics.complete) == (21, True)
    assert (early.statistics.states, early.statistics.complete) == (6, False)
    undecided = ExplicitEngine(stop_early=True).check(*compile_properties(base, [*both, _never(FALSE, "c")]))
    assert undecided.statistics is not None
    assert undecided.statistics.complete
    nothing = ExplicitEngine(stop_early=True).check(base, ())
    assert nothing.statistics is not None
    assert nothing.statistics.complete
