"""Policies: the settings in which a property holds are exactly those in which exploration finds that it does."""

from __future__ import annotations

import json
import runpy
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tdisprove.cli import main
from tdisprove.explore import NO_LIMITS, Evidence, Limits, Outcome, Report, Result, Verdict, check
from tdisprove.explore.policies.answer import Policy
from tdisprove.explore.policies.policy import policy
from tdisprove.explore.policies.settings import SettingSet, distance
from tdisprove.explore.sat import SatEngine
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import ModelError, System, Value
from tdisprove.properties import Obligation
from tdisprove.properties.catalogue import CENTRAL, aspect_of, expectation, find, group
from tdisprove.properties.formulas import LeadsTo, Recurs
from tdisprove.reports.policy_tables import evidence_properties, points, safe_settings, together, weakest_checks

BOTH = pytest.mark.parametrize("engine", ["bdd", "sat"])


def of(flow: str, *names: str, over: tuple[str, ...] = (), engine: str = "auto", **changed: Value) -> Policy:
    return policy(FLOWS[flow], [find(n) for n in names], over, changed=changed, engine=engine)


def outcomes(flow: str, names: tuple[str, ...], knobs: tuple[str, ...], setting: tuple[Value, ...]) -> dict[str, Result]:
    """What exploration says of each property in one setting."""
    found: dict[str, Result] = {}
    for aspect in {aspect_of(find(n)) for n in names}:
        system = FLOWS[flow].system(changed=dict(zip(knobs, setting, strict=True)), aspect=aspect)
        found |= {r.prop.id: r for r in check(system, [find(n) for n in names if aspect_of(find(n)) == aspect])}
    return found


EMITTED, EFFECTIVE = CENTRAL
APPROVED = "accepts-only-what-was-approved-in-this-epoch"


@BOTH
@pytest.mark.parametrize(
    ("flow", "names", "over"),
    [
        ("sev-tio-guest-run", (EMITTED,), ()),
        ("sev-tio-host-run", (EFFECTIVE,), ("run_by", "host", "tsm_consent")),
        ("cove-io", ("a-tdi-can-come-into-use",), ("bind_requires", "run_by")),
        # A set of two aspects, with a knob of both (host), one of the lifecycle only, and one of the evidence only.
        ("sev-tio-guest-run", (EMITTED, EFFECTIVE, APPROVED), ("host", "tsm_consent", "check_epoch")),
        ("linux-tsm", ("accepts-only-a-report-of-this-lock",), ("check_meas_nonce", "check_verdict", "check_epoch")),
    ],
)
def test_each_setting_is_as_exploration_says(flow: str, names: tuple[str, ...], over: tuple[str, ...], engine: str) -> None:
    found = of(flow, *names, over=over, engine=engine)
    assert not found.open
    for setting in product(*found.domains):
        one_by_one = outcomes(flow, names, found.knobs, setting)
        for a in found.each:
            r = one_by_one[a.prop.id]
            assert (r.verdict is Verdict.HOLDS) == (setting in a.holds), (a.prop.id, setting)
            assert (r.verdict is Verdict.HOLDS and r.vacuous) == (setting in a.hollow), (a.prop.id, setting)
        assert (setting in found.holds) == all(r.verdict is Verdict.HOLDS for r in one_by_one.values())
        assert {p.id for p in found.breaks(setting)} == {n for n, r in one_by_one.items() if r.verdict is Verdict.VIOLATED}
    assert {s for b in found.blocks for s in product(*b)} == set(found.holds)


@BOTH
def test_repairs_are_the_nearest_and_hold(engine: str) -> None:
    found = of("sev-tio-guest-run", EMITTED, engine=engine)
    assert found.current not in found.holds
    assert [r.changes for r in found.repairs] == [{"host": "honest"}, {"tsm_consent": True}]
    assert {r.verdict for r in found.repairs} == {Verdict.HOLDS}
    assert sorted(map(found.words, found.blocks)) == ["host = honest", "tsm_consent = true"]


def test_a_set_is_repaired_as_a_whole() -> None:
    found = of("sev-tio-guest-run", EMITTED, EFFECTIVE, APPROVED, over=("host", "tsm_consent", "epoch_bind"))
    assert [r.changes for r in found.repairs] == [{"tsm_consent": True, "epoch_bind": "tsm"}]
    assert found.repairs[0].verdicts == dict.fromkeys((EMITTED, EFFECTIVE, APPROVED), Verdict.HOLDS)
    assert found.forbidden() == {
        ("tsm_consent", False): (find(APPROVED),),
        ("epoch_bind", "none"): (find(APPROVED),),
    }


def test_what_holds_nowhere_does_not_hide_the_others() -> None:
    found = of("cove-io", APPROVED, "no-lock-under-a-driver", over=("check_epoch", "check_run"))
    assert not found.holds
    assert [p.id for p in found.hopeless] == ["no-lock-under-a-driver"]
    assert found.rest is not None
    assert [p.prop.id for p in found.rest.each] == [APPROVED]
    assert [r.changes for r in found.rest.repairs] == [{"check_epoch": True}]


# --- The guest's checks -----------------------------------------------------------------------------------------------

FEW = ("check_report_digest", "check_verdict", "check_verdict_evidence", "check_epoch", "check_meas_nonce", "check_mmio")


@pytest.mark.parametrize("flow", ["cove-io", "linux-tsm"])
def test_the_weakest_checks_are_all_sets_that_suffice_and_no_smaller_one_does(flow: str) -> None:
    names = ("accepts-only-a-report-of-this-lock", APPROVED)
    found = of(flow, *names, over=FEW)
    enough = []
    for setting in product((False, True), repeat=len(FEW)):
        one_by_one = outcomes(flow, names, FEW, setting).values()
        if all(r.verdict is Verdict.HOLDS and not r.vacuous for r in one_by_one):
            enough.append({k for k, v in zip(FEW, setting, strict=True) if v})
    assert {frozenset(c) for c in found.weakest} == {frozenset(c) for c in enough if not any(d < c for d in enough)}
    every_subset = [set(FEW) - {k for i, k in enumerate(FEW) if n >> i & 1} for n in range(1 << len(FEW))]
    assert found.more_is_better == all(s in enough for s in every_subset if any(c <= s for c in enough))


def test_a_guest_that_can_accept_nothing_does_not_count_as_safe() -> None:
    # The nonce that is signed in this flow is not the verifier's, so whoever insists on it never approves.
    found = of("linux-tsm", "accepts-only-a-report-of-this-lock", over=FEW)
    assert (False, True, False, False, True, False) in found.hollow
    assert not any("check_meas_nonce" in c for c in found.weakest)
    assert not found.more_is_better


# --- Sets of settings -------------------------------------------------------------------------------------------------

DOMAINS = ((False, True), ("a", "b", "c"), (0, 1, 2))
EVERY = sorted(product(*DOMAINS), key=str)


@settings(deadline=None, max_examples=100)
@given(st.frozensets(st.sampled_from(EVERY)))
def test_blocks_cover_exactly_and_cannot_be_widened(holds: frozenset[tuple[Value, ...]]) -> None:
    found = SettingSet.of(DOMAINS, holds)
    assert set(found) == holds
    assert len(found) == len(holds)
    blocks = found.blocks()
    assert {s for b in blocks for s in product(*b)} == holds
    for b in blocks:
        assert any(all(s not in product(*c) for c in blocks if c != b) for s in product(*b))
        for i, domain in enumerate(DOMAINS):
            for v in set(domain) - b[i]:
                assert not set(product(*(*b[:i], {v}, *b[i + 1 :]))) <= holds


@settings(deadline=None, max_examples=100)
@given(st.frozensets(st.sampled_from(EVERY)), st.sampled_from(EVERY))
def test_changes_are_the_fewest(holds: frozenset[tuple[Value, ...]], here: tuple[Value, ...]) -> None:
    def changes(s: tuple[Value, ...]) -> set[tuple[int, Value]]:
        return {(i, v) for i, (v, was) in enumerate(zip(s, here, strict=True)) if v != was}

    found = SettingSet.of(DOMAINS, holds)
    assert set(found.fewest_changes(here)) == {s for s in holds if not any(changes(t) < changes(s) for t in holds)}
    assert found.upwards(here) == all(s in holds for s in EVERY if any(changes(t) <= changes(s) for t in holds))
    ranked = found.nearest(here, 5)
    assert [n for n, _ in ranked] == sorted(distance(s, here) for s in holds)[:5]


# --- The command ------------------------------------------------------------------------------------------------------


@BOTH
def test_no_time_is_no_policy(engine: str) -> None:
    p = find("gates-closed-before-reuse")
    found = policy(FLOWS["cove-io"], [p], ("host", "p2p"), limits=Limits(seconds=1e-9), engine=engine)
    assert not found.holds
    assert len(found.open) == 4
    assert found.stopped


def test_a_violation_that_is_known_stays_one_when_time_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    found = of("sev-tio-guest-run", EMITTED, APPROVED, over=("host",), check_epoch=True)
    (broken, undecided) = found.each
    half = replace(undecided, holds=undecided.holds - undecided.holds, open=undecided.holds, stopped="no time")
    partial = replace(found, each=(broken, half))
    assert ("hostile",) not in partial.open
    assert ("honest",) in partial.open
    assert not partial.holds


def test_what_cannot_be_asked_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError, match="no knob 'hots'"):
        policy(FLOWS["cove-io"], [find(EMITTED)], ("hots",))
    with pytest.raises(ModelError, match="progress"):
        policy(FLOWS["cove-io"], [find("error-is-left-in-the-end")], ("host",))
    assert main(["policy", "cove-io", "-p", EMITTED, "--over", "host", "--set", "host=honest"]) == 2
    for args, said in (
        (["cove-io"], "-p PROPERTY"),
        (["cove-io", "-g", "evidense"], "did you mean evidence"),
        (["cma-only", "-p", EMITTED], "no aspect lifecycle"),
        (["cma-only", "-g", "lifecycle"], "no aspect lifecycle"),
        (["cove-io", "-p", EMITTED, "--over", "guest-checks"], "aspect evidence"),
        (["cove-io", "-p", EMITTED, "--engine", "bdd", "--max-depth", "3"], "--max-depth"),
        (["cove-io", "-g", "progress", "--over", "host"], "progress"),
    ):
        capsys.readouterr()
        assert main(["policy", *args]) == 2, args
        err = capsys.readouterr().err
        assert len(err.splitlines()) == 1
        assert said in err


def test_the_command_says_it_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "sev-tio-guest-run", "-p", EMITTED]) == 0
    out = capsys.readouterr().out
    assert "holds in 3 of 4 settings" in out
    assert "repaired by tsm_consent = true (a run of its own: holds)" in out
    assert (
        main(["policy", "sev-tio-guest-run", "-p", EMITTED, "-p", APPROVED, "--over", "host", "epoch_bind", "check_epoch"])
        == 0
    )
    out = " ".join(capsys.readouterr().out.split())
    assert "2 properties over host, epoch_bind, check_epoch: all hold in 2 of 8 settings" in out
    assert "who forbids which setting: host = honest, epoch_bind = none, check_epoch = false: " + APPROVED in out
    assert main(["policy", "cove-io", "-p", "accepts-only-a-report-of-this-lock", "--over", "guest-checks"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "minimal by inclusion): check_report_digest, check_verdict, check_verdict_evidence, check_epoch" in out


def test_a_group_leaves_out_its_promises_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "cove-io", "-g", "resources", "--over", "connect_policy", "--format", "json"]) in (0, 1)
    document = json.loads(capsys.readouterr().out)
    progress = [p.id for p in group("resources") if isinstance(p.formula, LeadsTo | Recurs)]
    assert progress
    assert document["left_out"] == progress
    assert set(document["properties"]) == {p.id for p in group("resources")} - set(progress)


# --- The page of the documentation ------------------------------------------------------------------------------------

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    return runpy.run_path(str(DOCS / "policies.py"))


def test_the_safe_settings_of_the_documentation_are_computed(page: dict[str, Any]) -> None:
    assert page["thread"]() in (DOCS / "policies.md").read_text(encoding="utf-8")


def test_the_flows_are_points_of_the_safe_settings_with_their_recorded_verdicts() -> None:
    found = safe_settings([find(p) for p in CENTRAL])
    for name, setting in points(found).items():
        for a in found.each:
            recorded = expectation(name, a.prop.id)
            assert recorded is not None
            assert (setting in a.holds) == (recorded.verdict == "holds"), (name, a.prop.id)
        assert setting not in found.open


def test_the_weakest_checks_of_the_documentation_are_computed() -> None:
    found = weakest_checks(FLOWS["cove-io"], evidence_properties())
    text = (DOCS / "policies.md").read_text(encoding="utf-8")
    assert f"| {' | '.join(together('cove-io', found))} |" in text
    for a in found.each:
        recorded = expectation("cove-io", a.prop.id)
        assert recorded is not None
        assert (found.current in a.holds) == (recorded.verdict == "holds"), a.prop.id


def test_an_interruption_ends_the_search_for_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not decided is open, nothing more is tried, and no repairs are."""
    asked = []

    class Interrupted(SatEngine):
        def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
            asked.append(obligations)
            return Report((Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, 0, note="interrupted"),), None, "sat")

    monkeypatch.setattr("tdisprove.explore.policies.deciding.SatEngine", Interrupted)
    monkeypatch.setattr("tdisprove.explore.policies.policy.check", lambda *_: pytest.fail("a repair is tried"))
    wanted = [
        find("no-tbit-dma-emitted-before-accept"),
        find("gates-closed-before-reuse"),
        find("accepted-device-is-genuine"),
    ]
    found = policy(FLOWS["sev-tio-guest-run"], wanted, ["host", "epoch_bind"], engine="sat")
    assert len(asked) == 1
    assert found.repairs == ()
    assert all(a.stopped == "interrupted" and len(a.open) == found.size for a in found.each)
