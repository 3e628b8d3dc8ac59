"""What flows share is worked out once, and nobody can tell by the answers."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_systems import systems, systems_with_properties
from tdisprove.explore import NO_LIMITS, Limits, Report, Result, targets
from tdisprove.explore.asked import Asked
from tdisprove.explore.check import EarlierChecks, check
from tdisprove.explore.evaluate import enabled, initial_states, successor
from tdisprove.explore.explicit import ExplicitEngine, all_values, tables
from tdisprove.explore.layout import Layout
from tdisprove.explore.processes import next_task
from tdisprove.explore.replay import ReplayError, Walker
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import (
    BOOL,
    FALSE,
    TRUE,
    Action,
    Bool,
    Enum,
    Event,
    Index,
    Int,
    System,
    Term,
    Variable,
    conj,
    forall,
    neg,
    param,
)
from tdisprove.properties import (
    Invariant,
    LeadsTo,
    Never,
    Obligation,
    Promise,
    Property,
    Recurs,
    Step,
    compile_liveness,
    compile_properties,
)
from tdisprove.properties.per_action import PerAction, pointwise

MANY = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))

X, Y = Variable("x", BOOL), Variable("y", BOOL)
UP = Action("up", (), neg(X.term), ((X.term, TRUE),))
DOWN = Action("down", (), X.term, ((X.term, FALSE), (Y.term, TRUE)))
ASKED = System("asked", (X, Y), conj(neg(X.term), neg(Y.term)), (UP, DOWN), {"tdi": 1})


# --- Questions --------------------------------------------------------------------------------------------------------------


def _answers(asked: Asked[int], system: System, holds: Term, *, final: bool = True) -> int:
    """The number of the answer to whether something always holds: equal for questions that are taken for the same."""
    _, about = compile_properties(system, [Property("p", "P.", Invariant(holds))])
    return asked.answer(system, about, lambda: next(_NUMBERS), lambda _: final)


_NUMBERS = iter(range(1_000_000))


def test_the_same_question_has_the_same_answer_whatever_the_system_is_called() -> None:
    asked: Asked[int] = Asked()
    first = _answers(asked, ASKED, X.term)
    same = replace(ASKED, name="another", actions=(UP, replace(DOWN, rules=())))
    assert _answers(asked, same, X.term) == first


@pytest.mark.parametrize(
    "other",
    [
        replace(ASKED, init=neg(X.term)),
        replace(ASKED, actions=(DOWN, UP)),
        replace(ASKED, actions=(UP,)),
        replace(ASKED, actions=(replace(UP, guard=TRUE), DOWN)),
        replace(ASKED, actions=(replace(UP, updates=((X.term, Y.term),)), DOWN)),
        replace(ASKED, actions=(replace(UP, updates=(*UP.updates, (Y.term, TRUE))), DOWN)),
        replace(ASKED, actions=(replace(UP, event="raise"), DOWN)),
        replace(ASKED, actions=(replace(UP, args=(("n", 1),)), DOWN)),
        replace(ASKED, variables=(Y, X)),
        replace(ASKED, variables=(X, Y, Variable("z", BOOL))),
        replace(ASKED, topology={"tdi": 2}),
    ],
)
def test_whatever_is_changed_in_a_system_makes_another_question(other: System) -> None:
    asked: Asked[int] = Asked()
    assert _answers(asked, ASKED, X.term) != _answers(asked, other, X.term)


def test_what_is_asked_makes_another_question() -> None:
    asked: Asked[int] = Asked()
    assert len({_answers(asked, ASKED, t) for t in (X.term, Y.term, X.term & Y.term)}) == 3
    promised = [Property("q", "Q.", f) for f in (LeadsTo(X.term, Y.term), LeadsTo(Y.term, X.term))]
    for p in compile_liveness(ASKED, promised):
        asked.answer(ASKED, p, lambda: 7, lambda _: True)
        assert asked.answer(ASKED, p, lambda: 8, lambda _: True) == 7
        other = replace(p, when=TRUE)
        assert asked.answer(ASKED, other, lambda: 9, lambda _: True) == 9


def test_an_answer_that_a_limit_cut_short_is_asked_for_again() -> None:
    asked: Asked[int] = Asked()
    assert _answers(asked, ASKED, X.term, final=False) != _answers(asked, ASKED, X.term, final=False)


def test_only_so_many_answers_are_kept() -> None:
    asked: Asked[int] = Asked(2)
    first = _answers(asked, ASKED, X.term)
    assert _answers(asked, ASKED, X.term) == first
    for t in (Y.term, X.term & Y.term):
        _answers(asked, ASKED, t)
    assert len(asked) == 2
    assert _answers(asked, ASKED, X.term) != first


# --- Checks -----------------------------------------------------------------------------------------------------------------


def _told(results: Sequence[Result]) -> list[object]:
    return [
        (
            r.prop.id, r.instance, r.verdict, r.depth, r.evidence, r.vacuous, r.notes, r.fairness,
            None if r.trace is None else (r.trace.states, [a.label for a in r.trace.actions], r.trace.loop, r.trace.pending),
            r.statistics and replace(r.statistics, seconds=0.0),
        )
        for r in results
    ]  # fmt: skip


class Counting(ExplicitEngine):
    """Counts how often it is asked."""

    asked = 0

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        self.asked += 1
        return super().check(system, obligations, limits)


@pytest.mark.parametrize("aspect", ["lifecycle", "channel", "resources"])
def test_flows_that_are_checked_together_are_told_the_same_as_alone(aspect: str) -> None:
    earlier, together, alone = EarlierChecks(), Counting(), Counting()
    for t in targets(list(FLOWS)):
        if t.aspect == aspect:
            results = check(t.system, t.properties, together, earlier=earlier)
            assert _told(results) == _told(check(t.system, t.properties, alone))
            assert all(r.system is t.system for r in results)
            assert all(r.trace is None or set(r.trace.actions) <= _actions(r) for r in results)
    assert together.asked < alone.asked


def _actions(r: Result) -> set[Action]:
    """Those of the system that the trace is one of: the flow's own, with monitors or without."""
    assert r.trace is not None
    own = {a.label for a in r.system.actions}
    assert {a.label for a in r.trace.system.actions} == own
    return set(r.trace.system.actions)


@MANY
@given(st.lists(systems_with_properties(), min_size=2, max_size=3))
def test_random_systems_that_are_checked_together_are_told_the_same_as_alone(
    drawn: list[tuple[System, list[Property]]],
) -> None:
    earlier = EarlierChecks()
    for system, properties in (*drawn, *drawn):
        mine = [replace(p, id=f"{p.id}{i}") for i, p in enumerate(properties)]
        assert _told(check(system, mine, earlier=earlier)) == _told(check(system, mine))


TDI = Index("tdi")
tdi, other = param("t", TDI), param("u", TDI)
TOUCH = Event("touch", (tdi,))


def test_what_a_step_comes_to_at_one_topology_is_not_taken_for_another() -> None:
    action = Action("touch", (("t", "tdi0"),), TRUE, ())
    alone = Property("alone", "There is no other TDI.", Never(Step(TOUCH, where=forall(other, tdi == other))))
    for tdis, breaks in ((1, True), (2, False), (1, True)):
        system = System("tdis", (X,), neg(X.term), (action,), {"tdi": tdis})
        _, (obligation,) = compile_properties(system, [alone])
        assert list(obligation.steps.values()) == ([FALSE] if breaks else [])


# --- Systems ----------------------------------------------------------------------------------------------------------------


@MANY
@given(systems(), st.data())
def test_a_system_is_the_same_whatever_settings_it_was_fixed_to_before(system: System, data: st.DataObject) -> None:
    rigid = [v for v in system.variables if v.rigid and isinstance(v.sort, Bool | Int | Enum)]
    for _ in range(4):
        chosen = data.draw(st.sets(st.sampled_from(rigid))) if rigid else set()
        setting = {v.name: data.draw(st.sampled_from(v.sort.domain)) for v in rigid if v in chosen}
        gc.collect()  # what nothing refers to any more must not be taken for something else
        again, afresh = system.fixed(setting), replace(system).fixed(setting)
        assert again.init is afresh.init and again.knobs == afresh.knobs and again.variables == afresh.variables
        assert [(a.label, id(a.guard), [tuple(map(id, u)) for u in a.updates]) for a in again.actions] == [
            (a.label, id(a.guard), [tuple(map(id, u)) for u in a.updates]) for a in afresh.actions
        ]


# --- Tables -----------------------------------------------------------------------------------------------------------------


@MANY
@given(st.lists(systems_with_properties(), min_size=2, max_size=4))
def test_shared_values_make_the_same_tables(drawn: list[tuple[System, list[Property]]]) -> None:
    for system, properties in drawn:
        watched, obligations = compile_properties(system, properties)
        shared = tables.tables(Layout(watched), obligations)
        all_values._of_layout.clear()
        fresh = tables.tables(Layout(watched), obligations)
        assert len(shared.arrays) == len(fresh.arrays)
        for a, b in zip(shared.arrays, fresh.arrays, strict=True):
            np.testing.assert_array_equal(a, b)


def test_values_are_kept_by_where_variables_lie_and_only_while_they_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    first = all_values.all_values(Layout(ASKED))
    assert all_values.all_values(Layout(replace(ASKED, name="another", actions=()))) is first
    assert all_values.all_values(Layout(replace(ASKED, variables=(Y, X)))) is not first
    first.flat(X.term, first.bits(first.support(X.term)))
    assert first.bytes > 0
    values = first.bytes
    table = first.once(("table",), None, lambda: (np.zeros(4, np.uint64),))
    assert first.once(("table",), None, lambda: (np.ones(4, np.uint64),)) is table
    assert first.bytes == values + 32
    monkeypatch.setattr(all_values, "_SMALL", 0)
    all_values.all_values(Layout(replace(ASKED, variables=(X, Y, Variable("z", BOOL)))))
    assert all_values.all_values(Layout(ASKED)) is not first


# --- Steps ------------------------------------------------------------------------------------------------------------------


@MANY
@given(systems(), st.data())
def test_a_walker_knows_steps_and_still_refuses_what_is_none(system: System, data: st.DataObject) -> None:
    walker = Walker(system)
    initial = next(initial_states(system), None)
    if initial is None:
        return
    for _ in range(3):
        states, numbers = [initial], []
        for _ in range(data.draw(st.integers(0, 5))):
            possible = [i for i, a in enumerate(system.actions) if enabled(system, a, states[-1])]
            if not possible:
                break
            numbers.append(data.draw(st.sampled_from(possible)))
            states.append(successor(system, system.actions[numbers[-1]], states[-1]))
        assert walker.walked("run", (initial, tuple(numbers))) == tuple(states)
        for i, a in enumerate(system.actions):
            if not enabled(system, a, states[-1]):
                with pytest.raises(ReplayError, match="not enabled"):
                    walker.walked("run", (initial, (*numbers, i)))


def test_a_walker_refuses_a_start_that_is_no_initial_state_each_time() -> None:
    walker = Walker(ASKED)
    assert walker.walked("run", ((False, False), (0, 1))) == ((False, False), (True, False), (False, True))
    for _ in range(2):
        with pytest.raises(ReplayError, match="does not start"):
            walker.walked("run", ((True, False), (1,)))


# --- Terms of actions -------------------------------------------------------------------------------------------------------

_TERMS = st.sampled_from([TRUE, FALSE, X.term, Y.term, neg(X.term)])
_PER_ACTION = st.builds(
    lambda rest, others: PerAction.of(rest, others.items()), _TERMS, st.dictionaries(st.integers(0, 6), _TERMS)
)


@given(_PER_ACTION, _PER_ACTION)
def test_a_pointwise_function_is_that_of_the_terms_of_each_action(a: PerAction, b: PerAction) -> None:
    both = pointwise(conj, a, b)
    for i in range(8):
        assert both[i] is conj(a[i], b[i])
    assert list(both.others) == sorted(both.others)
    assert all(t is not both.rest for t in both.others.values())


# --- Who does what ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from("abcd"), max_size=20), st.integers(1, 4), st.randoms())
def test_each_task_is_begun_once_and_kin_stay_together(kin: list[str], processes: int, random: object) -> None:
    choose: Callable[[list[int]], int] = random.choice  # type: ignore[attr-defined]
    begun, last = [0] * len(kin), [None] * processes  # type: list[int], list[int | None]
    working = list(range(processes))
    while working:
        mine = choose(working)
        before = last[mine]
        number = next_task(kin, begun, before)
        if number is None:
            working.remove(mine)
            continue
        assert not begun[number]
        left = {k for k, b in zip(kin, begun, strict=True) if not b}
        if before is not None and kin[before] in left:
            assert kin[number] == kin[before]
        elif untouched := left - {k for k, b in zip(kin, begun, strict=True) if b}:
            assert kin[number] in untouched
        begun[number] = 1
        last[mine] = number
    assert all(begun)


# --- The documentation ------------------------------------------------------------------------------------------------------


class Tallied(Asked[Report]):
    """Counts the questions."""

    questions = 0

    def answer(
        self,
        system: System,
        about: Sequence[Obligation] | Promise,
        find: Callable[[], Report],
        final: Callable[[Report], bool],
    ) -> Report:
        self.questions += 1
        return super().answer(system, about, find, final)


def test_the_documentation_says_how_much_flows_share() -> None:
    asked = Tallied()
    actions: list[Action] = []
    for t in targets(list(FLOWS)):
        actions += t.system.actions
        check(
            t.system, [p for p in t.properties if not isinstance(p.formula, LeadsTo | Recurs)], earlier=EarlierChecks(asked)
        )
    text = " ".join((Path(__file__).parents[1] / "docs/engines.md").read_text().split())
    said = f"Of {len(actions):,} actions of the ten flows {len(set(actions)):,} differ, and of the {asked.questions} slices that are searched {len(asked)}."
    assert said in text
