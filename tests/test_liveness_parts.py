"""How liveness is decided: fair components, loops, slices, and the replay of what was found."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from counters import (
    COUNTER,
    DOOR,
    ENTER,
    FLIPS,
    GOES_UP,
    SOME,
    UP,
    result,
    x,
    y,
)
from hypothesis import given
from hypothesis import strategies as st
from random_systems import promises, systems
from tdisprove.explore import ReplayError, Verdict, check
from tdisprove.explore.explicit import reachable
from tdisprove.explore.explicit.numbering import Positions
from tdisprove.explore.layout import Layout
from tdisprove.explore.liveness.decide import decide
from tdisprove.explore.liveness.fair import Steps, fair_components
from tdisprove.explore.liveness.lasso import shortest_loop
from tdisprove.explore.replay import replay_lasso
from tdisprove.explore.slice import ELSEWHERE, abstracted
from tdisprove.model.language import (
    BOOL,
    TRUE,
    Action,
    System,
    Variable,
)
from tdisprove.properties import (
    Fair,
    LeadsTo,
    Property,
    Step,
    compile_liveness,
)

# --- The parts -----------------------------------------------------------------------------------------------------------


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


# --- Slicing -------------------------------------------------------------------------------------------------------------


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
    part = abstracted(system, [promise])
    assert part is not None
    assert [v.name for v in part[0].variables] == ["x"]
    assert part[0].actions[-1] is ELSEWHERE
    (alone,) = decide(*part)
    assert alone.outcome.verdict is Verdict.VIOLATED
    assert result(system, LeadsTo(x == 0, x == 3)).verdict is Verdict.HOLDS


def test_what_fairness_reads_is_kept() -> None:
    (promise,) = compile_liveness(DOOR, [Property("p", "P.", LeadsTo(x == 0, x == 1, (Fair(Step(ENTER)),)))])
    assert abstracted(DOOR, [promise]) is None
    wider = replace(DOOR, variables=(*DOOR.variables, Variable("z", BOOL)))
    part = abstracted(wider, [promise])
    assert part is not None
    assert [v.name for v in part[0].variables] == ["x", "y"]


# --- Replay --------------------------------------------------------------------------------------------------------------


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
