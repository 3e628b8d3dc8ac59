"""Certificates of promises of progress, read a second time: what says too little of the promise is refused, whoever made it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import naive
import pytest
from counters import MANY, SOME
from hypothesis import given
from hypothesis import strategies as st
from random_systems import promises
from tdisprove.explore import Verdict, targets
from tdisprove.explore.certificate import Refused, certificate, verify_file
from tdisprove.explore.certificate.form import System as Form
from tdisprove.explore.certificate.progress import check_broken, check_kept
from tdisprove.explore.certificate.subject import is_progress, subject
from tdisprove.explore.certificate.text import canonical
from tdisprove.explore.evaluate import enabled, initial_states, successor
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.explore.liveness.as_safety import AsSafety, as_safety
from tdisprove.explore.replay import ReplayError, replay_lasso
from tdisprove.explore.sat import SatEngine
from tdisprove.explore.slice import abstracted
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import FALSE, TRUE, Action, State, System, Term, disj
from tdisprove.properties import Property, compile_liveness
from tdisprove.properties.catalogue import find, of_aspect
from tdisprove.properties.compile import Promise

ROOT = Path(__file__).resolve().parents[1]
Z3 = ("z3",)


def _form(larger: AsSafety) -> Form:
    return Form.read(canonical(larger.system, larger.obligations))


@SOME
@given(promises())
def test_what_the_generator_makes_says_the_promise_of_the_whole_and_of_a_part(case: tuple[System, Property]) -> None:
    system, p = case
    found = compile_liveness(system, [p])
    for of in (abstracted(system, found), (system, found)):
        if of is not None:
            assert check_kept(system, found, _form(as_safety(*of)), Z3)["z3"] > 0


def _evidence(larger: AsSafety, initial: State, numbers: Sequence[int]) -> dict[str, Any]:
    steps = [{"action": n, "label": larger.system.actions[n].label} for n in numbers]
    return {"obligation": 0, "initial": dict(zip(larger.system.index, initial, strict=True)), "steps": steps}


def _broken(case: tuple[System, Property], larger: AsSafety, form: Form, initial: State, numbers: Sequence[int]) -> bool:
    """Whether the run is taken for one that breaks the promise; then it must, for all who look at it."""
    system, p = case
    found = compile_liveness(system, [p])
    try:
        check_broken(system, found, form, _evidence(larger, initial, numbers))
    except Refused:
        return False
    path, loop = larger.run((initial, tuple(numbers)))
    try:
        replay_lasso(system, found[0], path, loop)
    except ReplayError:
        # A state was copied, and the run ends for good after all.
        replay_lasso(system, found[0], path, None)
    assert naive.breaks(system, found) != [None]
    return True


@MANY
@given(promises())
def test_a_run_that_breaks_the_obligation_breaks_the_promise(case: tuple[System, Property]) -> None:
    system, p = case
    larger = as_safety(system, compile_liveness(system, [p]))
    (outcome,) = SatEngine().check(larger.system, larger.obligations).outcomes
    if outcome.path is not None:
        form, (initial, numbers) = _form(larger), outcome.path
        assert _broken(case, larger, form, initial, numbers)
        for k in range(len(numbers)):
            _broken(case, larger, form, initial, [*numbers[:k], *numbers[k + 1 :]])


@MANY
@given(promises(), st.randoms(use_true_random=False))
def test_no_other_run_is_taken_for_one_that_does(case: tuple[System, Property], chance: Random) -> None:
    system, p = case
    larger = as_safety(system, compile_liveness(system, [p]))
    own = len(system.actions)
    starts = list(initial_states(larger.system))
    if not starts:
        return
    first = state = chance.choice(starts)
    form, numbers = _form(larger), list[int]()
    for _ in range(8):
        possible = [i for i, a in enumerate(larger.system.actions) if enabled(larger.system, a, state)]
        if not possible:
            break
        # What was added comes soon, or there would be nothing to judge.
        numbers.append(chance.choice([i for i in possible if i >= own] or possible))
        state = successor(larger.system, larger.system.actions[numbers[-1]], state)
        _broken(case, larger, form, first, numbers)


# --- Larger systems that say something else -------------------------------------------------------------------------------


def _weaker(larger: AsSafety, data: st.DataObject) -> AsSafety:
    """With something changed that may make the obligation hold more often."""
    s, (o,) = larger.system, larger.obligations
    at = data.draw(st.integers(0, len(s.actions) - 1))
    a = s.actions[at]
    changes: list[Callable[[], AsSafety]] = [
        lambda: _with(larger, at, replace(a, guard=FALSE)),
        lambda: replace(larger, obligations=(replace(o, state=disj(o.state, data.draw(_facts(s)))),)),
        lambda: replace(larger, system=replace(s, init=s.init & data.draw(_facts(s)))),
        lambda: _with(larger, at, replace(a, guard=a.guard & data.draw(_facts(s)))),
    ]
    if a.updates:
        which = data.draw(st.integers(0, len(a.updates) - 1))
        changes.append(lambda: _with(larger, at, replace(a, updates=(*a.updates[:which], *a.updates[which + 1 :]))))
        target = a.updates[which][0]
        if target.sort == TRUE.sort:
            for value in (FALSE, TRUE):
                changed = (*a.updates[:which], (target, value), *a.updates[which + 1 :])
                changes.append(lambda c=changed: _with(larger, at, replace(a, updates=c)))  # type: ignore[misc]
    return data.draw(st.sampled_from(changes))()


def _with(larger: AsSafety, at: int, a: Action) -> AsSafety:
    s = larger.system
    return replace(larger, system=replace(s, actions=(*s.actions[:at], a, *s.actions[at + 1 :])))


def _facts(s: System) -> st.SearchStrategy[Term]:
    """A variable has a value."""
    return st.sampled_from([(v, x) for v in s.variables for x in v.sort.domain]).map(lambda p: p[0].term == p[1])


@MANY
@given(promises(), st.data())
def test_what_holds_where_the_promise_is_broken_is_refused(case: tuple[System, Property], data: st.DataObject) -> None:
    system, p = case
    found = compile_liveness(system, [p])
    other = _weaker(as_safety(system, found), data)
    (outcome,) = ExplicitEngine().check(other.system, other.obligations).outcomes
    if outcome.verdict is Verdict.HOLDS and naive.breaks(system, found) != [None]:
        with pytest.raises(Refused):
            check_kept(system, found, _form(other), Z3)


@lru_cache
def _shipped() -> tuple[System, tuple[Promise, ...], dict[str, Any]]:
    (target,) = targets(["cove-io"], ["a-rejected-tdi-is-given-back"])
    p = find("a-rejected-tdi-is-given-back")
    document, verdict = certificate(target, p, SatEngine())
    assert document is not None and verdict == "holds"
    return target.system, tuple(compile_liveness(target.system, [p])), document["system"]


def _own(form: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(a for a in form["actions"] if "loop.taken0" in a["set"])
    return found


def _drop(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda form: _own(form)["set"].pop(name)


def _never(which: int) -> Callable[[dict[str, Any]], None]:
    return lambda form: form["actions"][which].update(when="false")


def _pays_less(form: dict[str, Any]) -> None:
    form["actions"][-1]["set"].pop(next(n for n in form["actions"][-1]["set"] if n.startswith("copy.")))


def _left_out(form: dict[str, Any]) -> None:
    form["actions"].remove(_own(form))


def _more_fair(form: dict[str, Any]) -> None:
    form["obligations"][0]["state"] = f"not loop.taken0 or ({form['obligations'][0]['state']})"


def _pending_at_once(form: dict[str, Any]) -> None:
    form["initially"] += " and loop.copied"


DECEITS = {
    "a step is never possible": lambda form: _own(form).update(when="false"),
    "a step is left out": _left_out,
    "a promise is never pending": _never(-2),
    "a state is never copied": _never(-1),
    "not all of a state is copied": _pays_less,
    "that a step was taken is not noted": _drop("loop.taken0"),
    "that none was possible is not noted": _drop("loop.idle0"),
    "a step after the copy is not noted": _drop("loop.moved"),
    "more is asked of the loop": _more_fair,
    "something is copied before the run begins": _pending_at_once,
    "the obligation is always kept": lambda form: form["obligations"][0].update(state="true"),
}


@pytest.mark.parametrize("deceit", DECEITS.values(), ids=DECEITS)
def test_a_deceit_is_refused_without_comparing_it_with_what_the_generator_makes(
    deceit: Callable[[dict[str, Any]], None],
) -> None:
    system, found, form = _shipped()
    other = copy.deepcopy(form)
    deceit(other)
    assert other != form
    with pytest.raises(Refused):
        check_kept(system, found, Form.read(other), Z3)


def test_all_promises_of_a_flow_pass_of_the_whole_and_of_a_part() -> None:
    passed = 0
    for target in targets(["arm-cca-rsi"]):
        for p in filter(is_progress, target.properties):
            found = compile_liveness(target.system, [p])
            for part in (False, True):
                form = Form.read(canonical(*subject(target.system, p, part=part)))
                assert check_kept(target.system, found, form, Z3)["z3"] > 0
            passed += 1
    assert passed == 7
    every = [p for f in FLOWS.values() for a in f.aspects for p in of_aspect(a) if is_progress(p)]
    assert f"All {len(every)} promises of the flows pass" in (ROOT / "docs" / "proofs.md").read_text(encoding="utf-8")


def test_the_promise_itself_is_found_in_its_certificate_by_both_solvers() -> None:
    system, found, form = _shipped()
    asked = check_kept(system, found, Form.read(form))
    assert asked["z3"] > len(form["actions"]) - 2
    assert set(asked.values()) == {asked["z3"]}


def test_a_generator_that_is_wrong_is_found_out_though_maker_and_checker_use_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def too_little(system: System, found: Sequence[Promise]) -> AsSafety:
        larger = as_safety(system, found)
        return replace(larger, obligations=tuple(replace(o, state=TRUE) for o in larger.obligations))

    monkeypatch.setattr("tdisprove.explore.certificate.subject.as_safety", too_little)
    (target,) = targets(["cove-io"], ["a-rejected-tdi-ends-unlocked"])
    document, verdict = certificate(target, find("a-rejected-tdi-ends-unlocked"), SatEngine())
    assert verdict == "holds"  # and that is wrong
    (tmp_path / "c.json").write_text(json.dumps(document))
    with pytest.raises(Refused, match="is broken, and its obligation is not"):
        verify_file(tmp_path / "c.json")
