"""What is to blame for a violation is what mends it, and nothing else."""

from __future__ import annotations

import json
import re
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from random_systems import systems_with_properties
from tdisprove.cli import main
from tdisprove.explore import Limits, Result, Verdict, check, contrast
from tdisprove.explore.explain.blame import blame
from tdisprove.explore.explain.causes import without
from tdisprove.explore.explain.cutsets import Cuts, cut_sets
from tdisprove.explore.explain.parting import nearest_holding, parting
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import BOOL, Event, Machine, Model, System
from tdisprove.properties import Invariant, Property
from tdisprove.properties.catalogue import find
from tdisprove.reports.json_report import schema
from tdisprove.reports.why import why_text

SENT, EFFECTIVE = "no-tbit-dma-emitted-before-accept", "no-tbit-dma-effective-before-accept"


def world(*ways: str, between: bool = False) -> tuple[System, Property]:
    """A world that can go wrong in each of these ways, all after one step when there is something ``between``."""
    machine = Machine("world")
    ready = machine.var("ready", BOOL, init=not between)
    wrong = machine.var("wrong", BOOL, init=False)
    machine.rule(Event("prepare"), set={ready: True})
    for way in ways:
        machine.rule(Event(way), when=[ready], set={wrong: True})
    system = Model.of("world", machine).instantiate({}, check=False)
    return system, Property("right", "Nothing goes wrong.", Invariant(~system["world.wrong"]))


def test_a_step_that_another_can_stand_in_for_is_not_to_blame() -> None:
    for ways, between, expected in (
        (("a",), False, ["a"]),
        (("a", "b"), False, []),
        (("a",), True, ["prepare", "a"]),
        (("a", "b"), True, ["prepare"]),
    ):
        system, prop = world(*ways, between=between)
        (r,) = check(system, [prop])
        assert [s.event for s in blame(r).steps] == expected
        assert blame(r).settings == ()


def test_what_holds_has_nothing_to_blame() -> None:
    (r,) = check(FLOWS["cove-io"].system(), [find(SENT)])
    with pytest.raises(ValueError, match="nothing is to blame"):
        blame(r)


def test_the_settings_to_blame_are_those_on_which_the_verdict_rests() -> None:
    flow = FLOWS["sev-tio-guest-run"]
    (r,) = check(flow.system(), [find(SENT)])
    found = {s.knob: s.there for s in blame(r, flow).settings if not s.vacuous}
    (row,) = contrast(flow, [find(SENT)], ("host", "tsm_consent"))
    alternatives = row.holds_iff()
    assert alternatives is not None
    assert {k: v for a in alternatives for k, v in a.items()} == {k: found[k] for k in ("host", "tsm_consent")}
    for knob, value in found.items():
        (changed,) = check(flow.system(changed={knob: value}), [find(SENT)])
        assert changed.verdict is Verdict.HOLDS


# --- Minimal cut sets -------------------------------------------------------------------------------------------------


def names(cuts: Cuts) -> set[frozenset[str]]:
    return {
        frozenset([*(f"{s.knob}={s.there}" for s in c.settings), *(f"{s.event}/{s.reply}" for s in c.steps)])
        for c in cuts.sets
    }


def test_two_ways_to_go_wrong_have_to_be_cut_together() -> None:
    for ways, between, expected in (
        (("a",), False, []),
        (("a", "b"), False, ["ab"]),
        (("a", "b"), True, ["ab"]),  # what both need is a cut alone, and in no set of two
        (("a", "b", "c"), False, ["abc"]),
    ):
        system, prop = world(*ways, between=between)
        (r,) = check(system, [prop])
        found = cut_sets(r, most=3)
        assert names(found) == {frozenset(f"{x}/ok" for x in text) for text in expected}
        assert (found.complete, found.stopped) == (3, "")


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(systems_with_properties())
def test_cut_sets_are_all_pairs_of_steps_that_mend_it_and_of_which_neither_does(case: tuple[System, list[Property]]) -> None:
    system, properties = case
    for r in check(system, properties[:2]):
        if r.verdict is not Verdict.VIOLATED or r.trace is None:
            continue
        found = cut_sets(r)
        steps = sorted({(a.event, a.reply) for a in system.actions})

        def holds(*gone: tuple[str, str], r: Result = r) -> bool:
            return check(without(r.system, gone), [r.prop])[0].verdict is Verdict.HOLDS

        alone = {s for s in steps if holds(s)}
        expected = {frozenset((a, b)) for a, b in combinations([s for s in steps if s not in alone], 2) if holds(a, b)}
        assert names(found) == {frozenset(f"{e}/{reply}" for e, reply in pair) for pair in expected}
        assert found.complete == 2


def test_cut_sets_of_a_flow_mend_it_and_no_part_of_them_does() -> None:
    flow = FLOWS["sev-tio-host-run"]
    (r,) = check(flow.system(), [find(SENT)])
    found = cut_sets(r, flow)
    # As found by deciding each of the 1,884 pairs by itself, too.
    assert {n for c in found.sets if not c.vacuous for n in names(Cuts((c,), 2))} == {
        frozenset({"host=honest", "run_by=guest_request"}),
        frozenset({"run_by=guest_call", "accept_by=start"}),
        frozenset({"autonomous_dma=False", "lock_by=guest_call"}),
        frozenset({"run_by=guest_call", "start_interface/ok"}),
        frozenset({"lock_by=guest_call", "tdi_request_lock/ok"}),
    }
    assert (len(found.sets), found.complete, found.stopped) == (11, 2, "")
    for c in found.sets:
        knobs = {s.knob: s.there for s in c.settings}
        gone = [(s.event, s.reply) for s in c.steps]
        (whole,) = check(without(flow.system(changed=knobs), gone), [find(SENT)])
        assert (whole.verdict, whole.vacuous) == (Verdict.HOLDS, c.vacuous)
        parts = [({k: v for k, v in knobs.items() if k != left}, gone) for left in knobs]
        parts += [(knobs, [g for g in gone if g != left]) for left in gone]
        for some, others in parts:
            (part,) = check(without(flow.system(changed=some), others), [find(SENT)])
            assert part.verdict is Verdict.VIOLATED


def test_a_search_for_cut_sets_that_is_ended_says_what_it_covered() -> None:
    flow = FLOWS["sev-tio-host-run"]
    (r,) = check(flow.system(), [find(SENT)])
    found = cut_sets(r, flow, limits=Limits(seconds=1e-9))
    assert (found.sets, found.complete) == ((), 0)
    assert found.stopped

    def interrupt(what: str) -> None:
        if ", " in what:
            raise KeyboardInterrupt

    found = cut_sets(r, flow, done=interrupt)
    assert (found.complete, found.stopped) == (1, "interrupted")
    (lasso,) = check(flow.system(), [find("error-is-left-in-the-end")])
    assert "progress" in cut_sets(lasso, flow).stopped


def test_a_run_parts_where_the_other_flow_binds_the_decision_to_the_epoch() -> None:
    (r,) = check(FLOWS["sev-tio-guest-run"].system(), [find(EFFECTIVE)])
    assert r.trace is not None
    found = parting(r.trace, FLOWS["sev-tio-guest-run"].system(changed={"epoch_bind": "tsm"}))
    assert found.step is not None
    assert r.trace.actions[found.step].event == "sdte_write"
    assert any("accepted" in text and "stale" in text for text in found.why)


def test_why_as_text_has_both_runs_side_by_side() -> None:
    flows = {name: FLOWS[name].system() for name in ("sev-tio-host-run", "cove-io")}
    results = {name: {SENT: check(system, [find(SENT)])[0]} for name, system in flows.items()}
    r = results["sev-tio-host-run"][SENT]
    text = str(why_text("sev-tio-host-run", r, blame(r), nearest_holding("sev-tio-host-run", r, results)))
    assert f"why {SENT} fails in sev-tio-host-run" in text
    assert "if any one of these steps were never possible: device_connect" in text
    assert "could happen: without ide_enable" in text
    assert re.search(r"3  tdi_bind\(tdi0, tvm0\) +the same\n +4  tdi_bind_run\(tdi0\) +NOT_SUPPORTED or NO_CONSENT\n", text)
    assert max(map(len, text.splitlines())) <= 120


def test_the_command_tells_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "sev-tio-host-run", "-p", SENT, "--why", "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema()).validate(document)
    why = document["results"][0]["why"]
    assert (why["nearest"]["flow"], why["nearest"]["parting"]) == ("cove-io", 3)
    assert {"knob": "tsm_consent", "here": False, "there": True, "vacuous": False} in why["settings"]
    cuts = why["cut_sets"]
    assert (cuts["complete"], cuts["stopped"]) == (2, "")
    pair = [
        {"knob": "run_by", "here": "host", "there": "guest_call"},
        {"knob": "accept_by", "here": "validate", "there": "start"},
    ]
    assert {"settings": pair, "steps": [], "vacuous": False} in cuts["sets"]
