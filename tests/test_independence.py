"""Independent actions commute, and a search that does not take their steps twice is the same search, to the last number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_systems import conditions, systems_with_properties
from tdisprove.explore import NO_LIMITS
from tdisprove.explore.evaluate import enabled, successor
from tdisprove.explore.explicit import ExplicitEngine, reachable
from tdisprove.explore.explicit.native import NativeExploration
from tdisprove.explore.reduction.independence import asleep, independent
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import TRUE, Action, Int, System, Variable, conj, ite
from tdisprove.model.language.terms import lift
from tdisprove.properties import Property, compile_properties

MANY = settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))


@st.composite
def loose_systems(draw: st.DrawFn) -> System:
    """Counters that mostly mind their own business, so that many actions are independent, and some are nearly so."""
    n = draw(st.integers(2, 5))
    xs = tuple(Variable(f"x{i}", Int(0, draw(st.integers(1, 3)))) for i in range(n))
    actions = []
    for k in range(draw(st.integers(2, 8))):
        x = draw(st.sampled_from(xs))
        others = tuple(draw(st.lists(st.sampled_from(xs), max_size=1)))
        guard = draw(conditions((x, *others), 1)) if draw(st.booleans()) else TRUE
        y = draw(st.sampled_from((x, *others)))
        high = x.sort.hi if isinstance(x.sort, Int) else 0
        low = y.sort.hi if isinstance(y.sort, Int) else 0
        new = draw(
            st.sampled_from(
                [
                    ite(x.term < high, x.term + 1, 0),
                    ite(y.term < min(high, low), y.term, 0),
                    ite(x.term > 0, x.term - 1, 0),
                    lift(0, x.sort),
                    lift(high, x.sort),
                ]
            )
        )
        actions.append(Action("a", (("k", k),), guard, ((x.term, new),)))
    return System("loose", xs, conj(*(v.term == 0 for v in xs)), tuple(actions))


@MANY
@given(loose_systems())
def test_independent_actions_leave_each_other_enabled_and_commute(system: System) -> None:
    pairs = np.argwhere(independent(system))
    found = reachable(system, backend="numpy")
    for k in range(min(found.packed.shape[1], 30)):
        state = found.layout.unpack(found.packed[:, k])
        for i, j in pairs:
            a, b = system.actions[i], system.actions[j]
            if enabled(system, a, state) and enabled(system, b, state):
                one, other = successor(system, a, state), successor(system, b, state)
                assert enabled(system, b, one)
                assert enabled(system, a, other)
                assert successor(system, b, one) == successor(system, a, other)


def test_an_action_sleeps_only_after_a_later_one() -> None:
    for flow in FLOWS.values():
        rows = asleep(flow.system(aspect=flow.aspects[0]))
        assert rows.any(), "nothing would be spared"
        assert not np.triu(rows).any()


@pytest.fixture
def _kernel() -> None:
    pytest.importorskip("tdisprove.explore.explicit._kernel", reason="the compiled kernel was not built")


def _same(system: System, properties: list[Property], threads: int) -> None:
    watched, obligations = compile_properties(system, properties)
    plain, sparing = (
        NativeExploration(watched, obligations, NO_LIMITS, stop_early=False, threads=threads, sleep_sets=s)
        for s in (False, True)
    )
    for search in (plain, sparing):
        search.run()
    assert np.array_equal(plain.packed(), sparing.packed())
    assert plain.counted() == sparing.counted()
    assert plain.levels == sparing.levels
    parents = []
    for search in (plain, sparing):
        into = np.empty(search.count, np.uint32)
        search.search.copy(None, into)
        parents.append(into)
    assert np.array_equal(*parents)
    for k in range(len(obligations)):
        assert plain.found(k) == sparing.found(k)
    numpy = reachable(watched, backend="numpy")
    assert np.array_equal(numpy.packed, sparing.packed())


@pytest.mark.usefixtures("_kernel")
@MANY
@given(loose_systems(), st.integers(1, 3))
def test_loose_systems_have_the_same_states_numbers_and_parents(system: System, threads: int) -> None:
    _same(system, [], threads)


@pytest.mark.usefixtures("_kernel")
@MANY
@given(systems_with_properties(), st.integers(1, 2))
def test_and_so_have_systems_with_properties(case: tuple[System, list[Property]], threads: int) -> None:
    _same(*case, threads)


@pytest.mark.usefixtures("_kernel")
@pytest.mark.parametrize("aspect", ["lifecycle", "ide", "proxy", "resources"])
def test_and_so_have_the_flows(aspect: str) -> None:
    system = FLOWS["sev-tio-guest-run"].system(aspect=aspect)
    _same(system, [], 2)


@pytest.mark.usefixtures("_kernel")
def test_the_comparison_would_notice_steps_left_out_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were actions to sleep after earlier ones instead of later ones, states would be found late or not at all."""
    right = asleep

    def wrong(system: System) -> np.ndarray:  # type: ignore[type-arg]
        return right(system).T

    monkeypatch.setattr("tdisprove.explore.explicit.tables.asleep", wrong)
    with pytest.raises(AssertionError):
        _same(FLOWS["sev-tio-guest-run"].system(), [], 1)


@pytest.mark.usefixtures("_kernel")
def test_more_different_sets_than_the_kernel_takes_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdisprove.explore.explicit.tables._SETS", 3)
    _same(FLOWS["sev-tio-guest-run"].system(), [], 1)


def test_switched_off_the_answers_are_the_same() -> None:
    system = FLOWS["sev-tio-guest-run"].system()
    on, off = (ExplicitEngine(sleep_sets=s).check(system, ()) for s in (True, False))
    assert on.statistics is not None
    assert off.statistics is not None
    assert (on.statistics.states, on.statistics.transitions) == (off.statistics.states, off.statistics.transitions)
