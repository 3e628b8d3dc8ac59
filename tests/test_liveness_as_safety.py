"""Liveness as safety: the larger system breaks its obligation exactly when a fair run breaks the promise, whichever engine looks."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import naive
import pytest
from counters import COUNTER, DOOR, ENDING, ENTER, FLIP, MANY, SOME, UP, result, run, x
from hypothesis import given
from hypothesis import strategies as st
from random_systems import promises
from tdisprove.explore import Evidence, Limits, Verdict, check, targets
from tdisprove.explore.bdd import BddEngine
from tdisprove.explore.certificate import Refused, certificate, verify_document, verify_file
from tdisprove.explore.certificate.text import digest
from tdisprove.explore.engine import Engine
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.explore.liveness.as_safety import as_safety
from tdisprove.explore.liveness.by_safety import decide_by_safety
from tdisprove.explore.replay import replay_lasso
from tdisprove.explore.sat import SatEngine
from tdisprove.explore.smt.engine import Z3Engine
from tdisprove.explore.verdict import Outcome, Report
from tdisprove.model.language import System
from tdisprove.properties import Fair, LeadsTo, Property, Recurs, compile_liveness
from tdisprove.properties.catalogue import find
from tdisprove.properties.steps import Step

# --- The same answers -----------------------------------------------------------------------------------------------------


def _agrees(case: tuple[System, Property], engine: Engine) -> None:
    system, p = case
    found = compile_liveness(system, [p])
    (stem,) = naive.breaks(system, found)
    for slicing in (True, False):
        ((outcome, _),) = decide_by_safety(system, found, engine, slicing=slicing)
        assert outcome.verdict is (Verdict.HOLDS if stem is None else Verdict.VIOLATED)
        if outcome.path is not None:
            assert stem is not None
            assert outcome.depth >= stem
            assert len(replay_lasso(system, found[0], outcome.path, outcome.loop)) == len(outcome.path[1])


@MANY
@given(promises())
def test_a_checker_that_shares_no_code_finds_the_same_in_the_graph_of_the_larger_system(
    case: tuple[System, Property],
) -> None:
    _agrees(case, ExplicitEngine())


@MANY
@given(promises())
def test_so_does_sat(case: tuple[System, Property]) -> None:
    _agrees(case, SatEngine())


@SOME
@given(promises())
def test_so_do_decision_diagrams(case: tuple[System, Property]) -> None:
    _agrees(case, BddEngine())


@SOME
@given(promises())
def test_so_does_z3(case: tuple[System, Property]) -> None:
    _agrees(case, Z3Engine())


@SOME
@given(promises(), st.data())
def test_several_promises_in_one_system_are_what_each_is_alone(case: tuple[System, Property], data: st.DataObject) -> None:
    system, p = case
    (one,) = compile_liveness(system, [p])
    few = one.fairness[: data.draw(st.integers(0, len(one.fairness)))]
    several = [one, replace(one, when=one.then, then=one.when), replace(one, fairness=few)]
    form = as_safety(system, several)
    together = ExplicitEngine().check(form.system, form.obligations).outcomes
    stems = naive.breaks(system, several)
    assert [o.verdict is Verdict.VIOLATED for o in together] == [stem is not None for stem in stems]


@pytest.mark.parametrize(
    ("flow", "engine"),
    [("sev-tio-guest-run", SatEngine()), ("cove-io", SatEngine()), ("cove-io", Z3Engine())],
    ids=lambda x: getattr(x, "name", x),
)
def test_flows_are_answered_alike(flow: str, engine: Engine) -> None:
    (target,) = (t for t in targets([flow]) if t.aspect == "lifecycle")
    wanted = [p for p in target.properties if isinstance(p.formula, LeadsTo | Recurs)]
    assert len(wanted) > 3
    for mine, other in zip(check(target.system, wanted, engine), check(target.system, wanted), strict=True):
        assert mine.verdict is other.verdict
        assert (mine.engine, other.engine) == (engine.name, "liveness")


# --- Runs -----------------------------------------------------------------------------------------------------------------


def test_the_run_that_is_shown_has_the_fewest_steps_with_its_loop_counted() -> None:
    assert run(result(COUNTER, Recurs(x == 3), engine=SatEngine())) == (["idle"], 0)
    assert run(result(COUNTER, LeadsTo(x == 2, x == 3), engine=SatEngine())) == (["up", "up", "idle"], 2)
    assert run(result(ENDING, LeadsTo(x == 1, x == 0), engine=SatEngine())) == (["up", "up", "up"], None)
    assert run(result(DOOR, LeadsTo(x == 0, x == 1, (Fair(Step(FLIP)),)), engine=SatEngine())) == (["flip", "flip"], 0)


def test_fairness_counts() -> None:
    """To enter is possible every other step: what is strongly fair enters, what is weakly fair need not."""
    strong, weak = (LeadsTo(x == 0, x == 1, (Fair(Step(ENTER), strong=s),)) for s in (True, False))
    assert result(DOOR, strong, engine=SatEngine()).verdict is Verdict.HOLDS
    assert result(DOOR, weak, engine=SatEngine()).verdict is Verdict.VIOLATED
    assert result(COUNTER, Recurs(x == 3, (Fair(Step(UP)),)), engine=SatEngine()).verdict is Verdict.HOLDS


def test_a_limit_never_makes_a_promise_kept() -> None:
    formula = Recurs(x == 3, (Fair(Step(UP)),))
    r = result(COUNTER, formula, engine=SatEngine(), limits=Limits(seconds=0.0))
    assert r.verdict is Verdict.UNKNOWN
    assert any("time limit" in n for n in r.notes)


def test_a_limit_of_depth_counts_the_systems_own_steps() -> None:
    broken = LeadsTo(x == 2, x == 3)  # up, up, idle
    for depth, verdict in ((2, Verdict.UNKNOWN), (3, Verdict.VIOLATED)):
        r = result(COUNTER, broken, engine=SatEngine(), limits=Limits(depth=depth))
        assert (r.verdict, r.depth) == (verdict, 2)


def test_an_interruption_leaves_the_rest_open() -> None:
    class Interrupted(SatEngine):
        calls = 0

        def check(self, *_: object) -> Report:  # type: ignore[override]
            self.calls += 1
            return Report((Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, 0, note="interrupted"),), None, "sat")

    engine = Interrupted()
    kept = compile_liveness(COUNTER, [Property("p", "P.", Recurs(x == 3, (Fair(Step(UP)),)))])
    found = decide_by_safety(COUNTER, [*kept, *kept], engine)
    assert [o.note for o, _ in found] == ["interrupted"] * 2
    assert engine.calls == 1


# --- Certificates ---------------------------------------------------------------------------------------------------------

KEPT, BROKEN = "a-rejected-tdi-is-given-back", "a-rejected-tdi-ends-unlocked"


def _made(name: str) -> dict[str, Any]:
    (target,) = targets(["cove-io"], [name])
    document, _ = certificate(target, find(name), SatEngine())
    assert document is not None
    return document


def _file(folder: Path, document: dict[str, Any]) -> Path:
    file = folder / "certificate.json"
    file.write_text(json.dumps({**document, "hash": digest(document["system"])}))
    return file


@pytest.mark.parametrize(("name", "verdict"), [(KEPT, "holds"), (BROKEN, "violated")])
def test_promises_have_certificates(name: str, verdict: str, tmp_path: Path) -> None:
    document = _made(name)
    assert document["verdict"] == verdict
    assert document["made from"].get("part", False) is (verdict == "holds")
    assert verify_file(_file(tmp_path, document)).verdict == verdict


def _less_fair(document: dict[str, Any]) -> None:
    """The promise under more fairness than it says: every step counts as one that is asked for."""
    (o,) = document["system"]["obligations"]
    o["state"] = o["state"].replace("loop.taken0", "loop.copied")


def _never_copied(document: dict[str, Any]) -> None:
    document["system"]["actions"][-1]["when"] = "false"


def _never_pending(document: dict[str, Any]) -> None:
    document["system"]["actions"][-2]["when"] = "false"


@pytest.mark.parametrize("tamper", [_less_fair, _never_copied, _never_pending])
def test_another_promise_is_refused(tamper: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    document = copy.deepcopy(_made(KEPT))
    tamper(document)
    with pytest.raises(Refused):
        verify_file(_file(tmp_path, document))


def test_a_run_of_a_part_of_the_system_shows_nothing(tmp_path: Path) -> None:
    document = _made(BROKEN)
    with pytest.raises(Refused, match="a part of the system"):
        verify_file(_file(tmp_path, {**document, "made from": {**document["made from"], "part": True}}))


def test_each_lemma_is_needed() -> None:
    """The checker notices each that is left out, so that the lemmas are more than decoration."""
    document = _made(KEPT)
    (evidence,) = document["evidence"]
    assert len(evidence["invariant"]) > 1
    for n in range(len(evidence["invariant"])):
        fewer = copy.deepcopy(document)
        del fewer["evidence"][0]["invariant"][n]
        with pytest.raises(Refused):
            verify_document(fewer, ("z3",))
