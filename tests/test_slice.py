"""Slicing: what is kept, what is dropped, and that the answers and their traces stay the same.

That verdicts and depths stay the same on random systems is tested where the engines are compared.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from random_systems import systems_with_properties
from tdisprove.explore import NO_LIMITS, Limits, Report, Verdict, check
from tdisprove.explore import slice as slicing
from tdisprove.explore.evaluate import enabled, evaluate, initial_states, named, successor
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.explore.slice import Cones, batches, joined, part_of, sliced
from tdisprove.model.language import BOOL, TRUE, Action, Event, Int, System, Term, Variable, conj, ite
from tdisprove.model.language.terms import lift
from tdisprove.properties import Invariant, Never, Obligation, Property, Sometimes, Step, compile_properties

X, Y, Z, K = Variable("x", BOOL), Variable("y", Int(0, 3)), Variable("z", BOOL), Variable("k", BOOL, rigid=True)
x, y, z, k = X.term, Y.term, Z.term, K.term
SET_X = Action("set_x", (), (y == 2) & k, ((x, TRUE), (z, ~z)))
COUNT = Action("count", (), y < 3, ((y, ite(y < 3, y + 1, y)),))
FLIP_Z = Action("flip_z", (), x, ((z, ~z),))
REST = Action("rest", (), ~z, ())
START = (~x, y == 0, ~z)


def _system(*init: Term) -> System:
    return System("s", (X, Y, Z, K), conj(*init), (FLIP_Z, SET_X, REST, COUNT))


def _of(t: Term) -> Property:
    return Property("p", "P.", Invariant(t))


def _names(system: System) -> list[str]:
    return [v.name for v in system.variables]


def test_the_cone_holds_what_the_property_reads_and_what_that_depends_on() -> None:
    part = sliced(*compile_properties(_system(*START), [_of(~x)]))
    assert _names(part.system) == ["x", "y", "k"]
    assert part.action_of == (1, 3)
    assert part.system.actions[0].updates == ((x, TRUE),)
    assert part.system.actions[0].label == "set_x()"
    only_y = sliced(*compile_properties(_system(*START), [_of(y < 3)]))
    assert (_names(only_y.system), only_y.action_of) == (["y"], (3,))


def test_an_action_that_is_judged_is_kept_with_its_guard() -> None:
    watched, obligations = compile_properties(_system(*START), [Property("p", "P.", Never(Step(Event("rest"))))])
    part = sliced(watched, obligations)
    assert part.action_of == (0, 1, 2, 3)  # whether rest is enabled depends on z, and all that on everything
    assert [dict(o.steps) for o in part.obligations] == [dict(o.steps) for o in obligations]
    watched, obligations = compile_properties(_system(*START), [Property("p", "P.", Never(Step(Event("count"))))])
    part = sliced(watched, obligations)
    assert (_names(part.system), part.action_of) == (["y"], (3,))
    assert list(part.obligations[0].steps) == [0]


def test_an_initial_condition_ties_variables_together() -> None:
    part = sliced(*compile_properties(_system(~x, y == 0, z == k), [_of(k)]))
    assert "z" in _names(part.system)
    assert "y" in _names(part.system)  # what changes z reads it


def test_an_initial_condition_that_cannot_hold_on_dropped_variables_leaves_no_run() -> None:
    impossible = _system(y == 0, x == z, x == ~z)
    watched, obligations = compile_properties(impossible, [_of(y < 3)])
    part = sliced(watched, obligations)
    assert _names(part.system) == ["y"]
    assert not list(initial_states(impossible))
    assert not list(initial_states(part.system))
    assert ExplicitEngine().check(part.system, part.obligations).outcomes[0].verdict is Verdict.HOLDS


def test_a_lifted_path_begins_in_the_first_initial_state_that_agrees() -> None:
    watched, obligations = compile_properties(_system(y == 0, ~x | ~z, x | z), [_of(y < 2)])
    part = sliced(watched, obligations)
    assert _names(part.system) == ["y"]
    (outcome,) = ExplicitEngine().check(part.system, part.obligations).outcomes
    assert outcome.path == ((0,), (0, 0))
    assert part.lift(outcome.path) == ((False, 0, True, False), (3, 3))


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(systems_with_properties())
def test_lifted_paths_replay_on_the_whole_system(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    for chosen in (obligations, obligations[:1]):
        part = sliced(watched, chosen)
        assert len(part.obligations) == len(chosen)
        for o, outcome in zip(chosen, ExplicitEngine().check(part.system, part.obligations).outcomes, strict=True):
            if outcome.path is None:
                continue
            state, numbers = part.lift(outcome.path)
            assert bool(evaluate(watched.init, named(watched, state)))
            law: object = True
            for n in numbers:
                assert enabled(watched, watched.actions[n], state)
                law = evaluate(o.steps.get(n, TRUE), named(watched, state))
                state = successor(watched, watched.actions[n], state)
            assert not law or not evaluate(o.state, named(watched, state))


def test_a_reachability_property_is_sliced_like_any_other() -> None:
    part = sliced(*compile_properties(_system(*START), [Property("p", "P.", Sometimes(y == 3))]))
    assert _names(part.system) == ["y"]
    assert ExplicitEngine().check(part.system, part.obligations).outcomes[0].depth == 3


# --- Runs that are shared ----------------------------------------------------------------------------------------------------


@st.composite
def observed_cores(draw: DrawFn) -> tuple[System, list[Property]]:
    """A system whose properties are about variables that watch a core, and maybe one another."""
    count, flag = Variable("count", Int(0, 3)), Variable("flag", BOOL)
    most = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    observers = [Variable(f"seen{i}", Int(0, n)) for i, n in enumerate(most)]
    conditions = [flag.term, ~flag.term, count.term == 0, count.term < 2, TRUE]
    actions = []
    for step in range(draw(st.integers(2, 4))):
        stepped = ite(count.term < 3, count.term + 1, 0) if draw(st.booleans()) else draw(st.sampled_from([count.term, 0]))
        updates = [(count.term, lift(stepped, count.sort)), (flag.term, draw(st.sampled_from(conditions)))]
        for i, (v, n) in enumerate(zip(observers, most, strict=True)):
            others = [o.term == 1 for o in observers[:i] if draw(st.integers(0, 3)) == 0]
            when = conj(draw(st.sampled_from(conditions)), *others)
            updates.append((v.term, ite(when & (v.term < n), v.term + 1, v.term)))
        actions.append(Action(f"step{step}", (), draw(st.sampled_from(conditions)), tuple(updates)))
    init = conj(*(v.term == 0 for v in (count, *observers)), flag.term)
    properties = []
    for v in observers:
        below = v.term < draw(st.integers(1, 3))
        properties.append(Property(v.name, "P.", Sometimes(below) if draw(st.booleans()) else Invariant(below)))
    return System("observed", (count, flag, *observers), init, tuple(actions)), properties


def _states(system: System, base: frozenset[Term]) -> int:
    """How many states there are of a cone of influence and nothing else."""
    cones = Cones(system)
    assert cones.closure(base) == base
    part = part_of(cones, base, ())
    _, obligations = compile_properties(part.system, [Property("p", "P.", Invariant(TRUE))])
    statistics = ExplicitEngine().check(part.system, obligations).statistics
    assert statistics is not None and statistics.complete
    return statistics.states


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(observed_cores(), st.integers(1, 6))
def test_runs_are_shared_where_the_states_found_bound_those_to_come(case: tuple[System, list[Property]], times: int) -> None:
    watched, obligations = compile_properties(*case)
    first, *rest = batches(watched, obligations)
    states = _states(watched, first.base)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slicing, "FEW", states * times)
        left = joined(watched, first, states, rest)
    assert sorted(n for b in left for n in b.numbers) == sorted(n for b in rest for n in b.numbers)
    for b in left:
        assert b.base == frozenset().union(*(r.base for r in rest if set(r.numbers) <= set(b.numbers)))
        if b not in rest:
            assert _states(watched, b.base) <= states * times


def _counters() -> tuple[System, list[Property]]:
    """Four counters that do not know of each other, each with a property, all of which speak of one more variable."""
    counters = [Variable(f"n{i}", Int(0, 9)) for i in range(4)]
    both = Variable("both", BOOL)
    flip = Action("flip", (), TRUE, ((both.term, ~both.term),))
    up = [Action(f"up{i}", (), v.term < 9, ((v.term, v.term + 1),)) for i, v in enumerate(counters)]
    system = System("counters", (both, *counters), conj(both.term, *(v.term == 0 for v in counters)), (flip, *up))
    properties = [Property(v.name, "P.", Invariant((v.term < 9) | both.term)) for v in counters]
    return system, properties


def test_runs_are_shared_as_far_as_the_bound_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    system, properties = _counters()
    watched, obligations = compile_properties(system, properties)
    first, *rest = batches(watched, obligations)
    assert len(rest) == 3
    for few, runs in ((0, 3), (1_999, 3), (2_000, 2), (19_999, 2), (20_000, 1)):
        monkeypatch.setattr(slicing, "FEW", few)
        assert len(joined(watched, first, 20, rest)) == runs


def test_runs_that_a_limit_of_states_lets_end_alone_are_not_shared_beyond_it() -> None:
    results = check(*_counters(), limits=Limits(states=25))
    assert [(r.verdict, r.depth) for r in results] == [(Verdict.VIOLATED, 10)] * 4


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(observed_cores())
def test_the_answers_are_the_same_whether_runs_are_shared_or_not(case: tuple[System, list[Property]]) -> None:
    told, runs = [], []
    for few in (0, 1 << 17):
        engine = Counting()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(slicing, "FEW", few)
            told.append([(r.verdict, r.depth, r.evidence, r.vacuous, r.notes) for r in check(*case, engine)])
        runs.append(engine.asked)
    assert told[0] == told[1]
    assert runs[1] <= min(runs[0], 2)


class Counting(ExplicitEngine):
    """Counts how often it is asked."""

    asked = 0

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        self.asked += 1
        return super().check(system, obligations, limits)
