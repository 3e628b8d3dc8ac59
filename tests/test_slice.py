"""Slicing: what is kept, what is dropped, and that the answers and their traces stay the same.

That verdicts and depths stay the same on random systems is tested where the engines are compared.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from random_systems import systems_with_properties
from tdisprove.explore import Verdict
from tdisprove.explore.evaluate import enabled, evaluate, initial_states, named, successor
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.explore.slice import sliced
from tdisprove.model.language import BOOL, TRUE, Action, Event, Int, System, Term, Variable, conj, ite
from tdisprove.properties import Invariant, Never, Property, Sometimes, Step, compile_properties

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
