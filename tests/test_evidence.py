"""The aspect `evidence`: state spaces, the attacks it exists for and what repairs each, and what every check buys."""

from __future__ import annotations

import naive
import pytest
from tdisprove.explore import Result, check, dropped_checks
from tdisprove.explore.explicit import reachable
from tdisprove.model.flows import FLOWS
from tdisprove.model.world import ASPECTS, KNOBS
from tdisprove.model.world.choices.evidence import GUEST_CHECKS
from tdisprove.properties.catalogue import find, of_aspect

Knobs = dict[str, str | bool]

BOUND: Knobs = {"epoch_bind": "tsm"}
HONEST: Knobs = {"host": "honest"}

# flow, topology, knobs -> states, depth
COUNTS: dict[tuple[str, tuple[tuple[str, int], ...], tuple[tuple[str, str | bool], ...]], tuple[int, int]] = {
    ("sev-tio-host-run", (), ()): (8051, 20),
    ("sev-tio-guest-run", (), ()): (10488, 16),
    ("cove-io", (), ()): (1959, 13),
    ("tdx-connect", (), ()): (7299, 17),
    ("arm-cca", (), ()): (8939, 17),
    ("arm-cca-rsi", (), ()): (4209, 17),
    ("linux-tsm", (), ()): (37445, 17),
    ("hyperv", (), ()): (37445, 17),
    ("cma-only", (), ()): (53, 4),
    ("cma-only", (("tdi", 2),), ()): (53**2, 8),
    ("cove-io", (), (("host", "honest"),)): (88, 11),
    ("cove-io", (("tdi", 2),), (("host", "honest"),)): (88**2, 22),
    ("arm-cca", (), (("host", "honest"),)): (528, 16),
    ("arm-cca", (("tdi", 2),), (("host", "honest"),)): (528**2, 32),
}


def result(flow: str, prop: str, **knobs: str | bool) -> Result:
    (found,) = check(FLOWS[flow].system(changed=knobs, aspect="evidence"), [find(prop)])
    return found


def verdict(flow: str, prop: str, **knobs: str | bool) -> str:
    r = result(flow, prop, **knobs)
    return r.verdict.value if r.trace is None else f"{r.verdict.value}@{r.depth}"


def run(flow: str, prop: str, **knobs: str | bool) -> list[str]:
    """The events of the shortest run, with what is not as it should be."""
    r = result(flow, prop, **knobs)
    assert r.trace is not None
    plain = ("none", "right", "false", "tdi0")
    return [" ".join([a.event, *(str(v) for _, v in a.args if str(v).lower() not in plain)]) for a in r.trace.actions]


def violated(flow: str, **knobs: str | bool) -> set[str]:
    found = check(FLOWS[flow].system(changed=knobs, aspect="evidence"), of_aspect("evidence"))
    return {r.prop.id for r in found if r.verdict.value == "violated"}


# --- State spaces -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flow", "topology", "knobs"), COUNTS)
def test_exhaustive_exploration_finds_exactly_these_states(
    flow: str, topology: tuple[tuple[str, int], ...], knobs: tuple[tuple[str, str | bool], ...]
) -> None:
    statistics = reachable(FLOWS[flow].system(dict(topology), dict(knobs), aspect="evidence")).statistics
    assert statistics.complete
    assert (statistics.states, statistics.depth) == COUNTS[flow, topology, knobs]
    assert statistics.deadlocks == 0


@pytest.mark.parametrize(("flow", "topology", "knobs"), [c for c in COUNTS if COUNTS[c][0] < 20_000])
def test_a_second_explorer_finds_exactly_these_states(
    flow: str, topology: tuple[tuple[str, int], ...], knobs: tuple[tuple[str, str | bool], ...]
) -> None:
    system = FLOWS[flow].system(dict(topology), dict(knobs), aspect="evidence")
    assert naive.count(system) == COUNTS[flow, topology, knobs]


def test_no_rule_of_the_aspect_is_dead_under_every_flow_and_knob() -> None:
    fired: set[tuple[str, str]] = set()
    settings: tuple[Knobs, ...] = ({}, {"meas_fresh": False}, {"driver_kept": True, **HONEST})
    for flow in FLOWS.values():
        for knobs in settings if "evidence" in flow.aspects else ():
            system = flow.system(changed=knobs, aspect="evidence")
            for number in reachable(system).statistics.fired:
                fired |= {(r.machine, r.name) for r in system.actions[number].rules}
    assert {(r.machine, r.name) for r in ASPECTS["evidence"].model.rules} == fired


def test_every_check_of_the_guest_is_a_switch_that_is_on_unless_a_flow_says_otherwise() -> None:
    defaults = {k.name: k.default for k in KNOBS}
    assert len(GUEST_CHECKS) == len(set(GUEST_CHECKS)) == 19
    assert all(defaults[name] is True for name in GUEST_CHECKS)
    assert set(GUEST_CHECKS) <= ASPECTS["evidence"].knobs
    for flow in ("hyperv", "linux-tsm"):
        assert not any(FLOWS[flow].knobs()[name] for name in GUEST_CHECKS)


# --- Relock between evidence and acceptance ------------------------------------------------------------------------------


def test_a_relock_between_verdict_and_acceptance_slips_another_device_in_where_start_names_no_epoch() -> None:
    events = run("cove-io", "accepted-device-is-genuine")
    assert len(events) == 7
    assert [x for x in events if x != "verify"] == [
        "tdi_bind", "report", "tdi_info", "tdi_unbind", "tdi_bind fake", "tdi_validate",
    ]  # fmt: skip
    # The verdict may come before the relock or during it: the verifier takes its time.
    assert events.index("tdi_info") < events.index("verify") < events.index("tdi_validate")
    assert verdict("cove-io", "accepted-device-is-genuine", **BOUND) == "holds"
    assert verdict("cove-io", "accepted-device-is-genuine", **HONEST) == "holds"


def test_reading_the_counter_again_keeps_the_verdict_to_its_epoch_but_not_the_gates() -> None:
    accepted, opened = "accepts-only-what-was-approved-in-this-epoch", "private-mapping-only-for-acceptance-of-this-epoch"
    assert verdict("sev-tio-guest-run", accepted) == "violated@7"
    assert verdict("sev-tio-guest-run", accepted, check_epoch=True) == "holds"
    # Between the guest's look and the gate message there is time for another relock: the TSM has to refuse.
    assert verdict("sev-tio-guest-run", opened, check_epoch=True).startswith("violated")
    assert verdict("sev-tio-guest-run", opened, **BOUND) == "holds"


def test_a_session_id_that_is_read_just_before_the_start_binds_nothing() -> None:
    for prop in ("accepted-device-is-genuine", "accepts-only-what-was-approved-in-this-epoch"):
        assert verdict("tdx-connect", prop) == "holds"
        assert verdict("tdx-connect", prop, token_read="at_acceptance") == "violated@7"


# --- Stale evidence ---------------------------------------------------------------------------------------------------


def test_a_report_that_survives_the_lock_is_accepted_under_the_new_lock_nonce() -> None:
    prop = "accepts-only-a-report-of-this-lock"
    events = run("arm-cca", prop)
    assert len(events) == 8
    assert events.count("report") == 1
    assert events.index("report") < events.index("tdi_unbind") < events.index("tdi_info")
    assert not any(part in " ".join(events) for part in ("chain", "measurements"))  # every part is handed over as it is
    assert verdict("arm-cca", prop, report_digest_at_lock="cleared") == "holds"


def test_measurements_from_before_the_lock_pass_unless_they_are_cleared_marked_or_asked_for() -> None:
    prop, firmware = "accepts-only-measurements-since-the-lock", "firmware-that-runs-is-the-one-measured"
    assert verdict("arm-cca", prop) == "violated@6"
    assert run("arm-cca", firmware)[:2] == ["measure", "firmware_update"]
    repairs: tuple[Knobs, ...] = (
        {"meas_digest_at_lock": "cleared"}, {"check_meas_fresh": True}, {"meas_nonce": "verifier", "check_meas_nonce": True},
    )  # fmt: skip
    for repair in repairs:
        assert verdict("arm-cca", prop, **repair) == verdict("arm-cca", firmware, **repair) == "holds"


def test_a_constant_nonce_is_no_nonce_of_the_verifier_whatever_else_is_repaired() -> None:
    prop = "measurements-carry-a-nonce-of-the-verifier"
    repaired: Knobs = {"meas_digest_at_lock": "cleared", "report_digest_at_lock": "cleared"}
    assert verdict("arm-cca", prop, **repaired) == "violated@6"
    # The TSM's digest does the work that a nonce would do for somebody who does not believe the TSM.
    assert verdict("arm-cca", "accepted-measurements-are-not-replayed") == "holds"
    assert verdict("arm-cca", prop, meas_nonce="verifier") == "holds"


@pytest.mark.parametrize("knob", ["meas_fresh", "meas_complete"])
def test_firmware_that_the_measurements_do_not_show_is_accepted(knob: str) -> None:
    prop = "firmware-that-runs-is-the-one-measured"
    assert verdict("cove-io", prop, **BOUND) == "holds"
    assert verdict("cove-io", prop, **BOUND, **{knob: False}) == "violated@6"


def test_what_was_configured_before_the_lock_is_attested_only_if_the_report_tells_of_it_and_the_guest_looks() -> None:
    prop = "configuration-before-the-lock-is-attested"
    found = {
        (told, looked): verdict("cove-io", prop, **BOUND, config_reported=told, check_config=looked)
        for told in (False, True)
        for looked in (False, True)
    }
    assert {k for k, v in found.items() if v == "holds"} == {(True, True)}


# --- Whose verdict ------------------------------------------------------------------------------------------------------


def test_policies_over_several_sources_are_ordered_and_only_the_tsms_evidence_withstands_a_hostile_host() -> None:
    by_policy = {p: violated("cove-io", **BOUND, policy=p) for p in ("all", "tsm", "any", "none", "host_cma", "vf_cma")}
    assert by_policy["all"] <= by_policy["tsm"] <= by_policy["any"] <= by_policy["none"]
    assert by_policy["all"] == by_policy["tsm"]
    for weak in ("any", "host_cma", "vf_cma"):
        assert {"approval-rests-on-evidence-by-way-of-the-tsm", "accepted-device-is-genuine"} <= by_policy[weak] - by_policy[
            "tsm"
        ]


def test_a_second_source_can_refuse_but_not_permit() -> None:
    # Under `all` no approval is possible without the host's consent; with it, the TSM's evidence still has to be sound.
    system = FLOWS["cove-io"].system(changed={"policy": "all"}, aspect="evidence")
    approvals = [a for a in system.actions if a.event == "verify"]
    assert [(dict(a.args)["host_cma"], dict(a.args)["vf_cma"]) for a in approvals] == [(True, True)]
    assert "guest.tdi0.finds" in str(approvals[0].guard)
    assert verdict("cove-io", "approval-rests-on-evidence-by-way-of-the-tsm", policy="all") == "holds"


def test_without_a_tsm_no_gate_opens_whoever_approves() -> None:
    for policy in ("host_cma", "vf_cma", "any", "none"):
        assert verdict("cma-only", "gate-open-only-for-a-bound-tdi", policy=policy) == "holds"
        system = FLOWS["cma-only"].system(changed={"policy": policy}, aspect="evidence")
        happens = {system.actions[n].event for n in reachable(system).statistics.fired if system.actions[n].reply == "ok"}
        assert {"verify", "tdi_accept"} <= happens
        assert not {"sdte_write", "mmio_validate", "driver_private"} & happens


# --- Failure, drivers, secrets ------------------------------------------------------------------------------------------


def test_a_root_device_is_accepted_first_and_secrets_wait_for_the_verdict() -> None:
    early: Knobs = {**BOUND, "check_verdict": False}
    waits, late = "secret-only-to-a-device-verified-in-this-epoch", "rejected-device-has-had-no-secret"
    assert verdict("cove-io", waits, **early) == "holds"
    assert verdict("cove-io", waits, **early, secret_gate="accepted") == "violated@5"
    assert verdict("cove-io", late, **early, secret_gate="accepted") == "violated@6"
    # A device that is judged again later can still be found bad after it was found good.
    assert run("cove-io", late, **early).count("tdi_info") == 2


def test_a_rejection_closes_what_was_open_unless_it_is_only_a_warning() -> None:
    early: Knobs = {**BOUND, "check_verdict": False}
    prop, lives = "rejected-tdi-has-no-open-gate", "guest-lives-on-after-a-rejection"
    assert verdict("cove-io", prop, **early) == verdict("cove-io", prop, **early, on_failure="panic") == "holds"
    assert verdict("cove-io", prop, **early, on_failure="warn") == "violated@4"
    assert verdict("cove-io", prop, **early, check_undo=False) == "violated@4"
    assert verdict("cove-io", lives, **early) == "holds@3"
    assert verdict("cove-io", lives, **early, on_failure="panic") == "violated"


def test_an_acceptance_that_fails_halfway_leaves_the_dma_gate_open_in_the_guest_driver_of_2026() -> None:
    prop = "failed-acceptance-leaves-nothing-open"
    assert run("sev-tio-guest-run", prop)[-1] == "mmio_validate last_wrong"
    assert verdict("sev-tio-guest-run", prop, check_undo=True) == "holds"


def test_a_refused_range_goes_unnoticed_unless_every_answer_is_looked_at() -> None:
    prop = "mmio-in-private-use-is-mapped-as-reported"
    assert "mmio_validate first_wrong" in run("sev-tio-guest-run", prop)
    assert verdict("sev-tio-guest-run", prop, check_mmio_every_range=True) == "holds"


def test_a_driver_that_is_kept_carries_taint_and_shared_mappings_over_unless_it_is_probed_anew() -> None:
    tainted = "driver-in-private-use-was-not-fed-by-an-unverified-device"
    mapped = "no-shared-mapping-survives-the-switch"
    flow = "sev-tio-host-run"
    assert (verdict(flow, tainted), verdict(flow, mapped)) == ("violated@8", "violated@9")
    assert (verdict(flow, tainted, drains_shared=True), verdict(flow, mapped, drains_shared=True)) == ("violated@8", "holds")
    assert (verdict(flow, tainted, reprobe=True), verdict(flow, mapped, reprobe=True)) == ("holds", "holds")
    assert verdict(flow, "device-in-use-can-become-private", reprobe=True) == "holds@8"


def test_a_root_device_either_stalls_at_the_lock_or_cannot_become_private_in_use() -> None:
    for flow in ("sev-tio-host-run", "arm-cca"):
        for kept in (False, True):
            stalls = verdict(flow, "no-lock-under-a-driver", host="honest", driver_kept=kept) != "holds"
            private = verdict(flow, "device-in-use-can-become-private", driver_kept=kept).startswith("holds")
            again = verdict(flow, "acceptance-returns-without-a-new-driver", driver_kept=kept).startswith("holds")
            assert stalls == private == again == kept


# --- What each check buys -----------------------------------------------------------------------------------------------

_BYTES = {
    "accepted-measurements-are-not-replayed",
    "accepted-report-has-the-tsms-digest",
    "accepted-chain-is-that-of-the-session",
}
_ARM_UNTIED = {
    *_BYTES, "accepts-only-what-was-approved-in-this-epoch", "accepted-device-is-genuine", "accepted-device-is-the-promised-one",
}  # fmt: skip
_COVE_BOUND_UNTIED = {
    *_BYTES, "accepts-only-a-report-of-this-lock", "accepts-only-measurements-since-the-lock",
    "measurements-carry-a-nonce-of-the-verifier", "verdict-is-used-only-in-its-epoch",
    "accepts-only-what-was-approved-in-this-epoch", "accepted-device-is-genuine", "accepted-device-is-the-promised-one",
    "accepted-lock-flags-are-those-wanted", "accepted-link-is-the-one-wanted", "configuration-before-the-lock-is-attested",
    "firmware-that-runs-is-the-one-measured", "firmware-stays-as-it-was-measured",
}  # fmt: skip
_MMIO = {"mmio-in-private-use-is-mapped-as-reported"}
_UNDO = {"failed-acceptance-leaves-nothing-open", "rejected-tdi-has-no-open-gate"}
_OTHER_CHAIN = {"accepted-chain-is-that-of-the-session", "accepted-device-is-genuine", "accepted-device-is-the-promised-one"}

BUYS: dict[str, tuple[str, Knobs, dict[str, set[str]]]] = {
    # As it is, TF-RMM's stale digests have lost what reference values and epochs of the evidence could buy, and the lock
    # flags and the stream are not the host's to choose.
    "arm-cca": (
        "arm-cca",
        {},
        {
            "check_state": {"accepts-only-while-locked"},
            "check_chain": {"accepted-device-is-genuine"},
            "check_slot": _OTHER_CHAIN,
            "check_identity": {"accepted-device-is-the-promised-one"},
            "check_reference": set(),
            "check_meas_digest": {"accepted-measurements-are-not-replayed"},
            "check_report_digest": {"accepted-report-has-the-tsms-digest"},
            "check_flags": set(),
            "check_config": set(),
            "check_link": set(),
            "check_verdict": {
                *_ARM_UNTIED, "private-mapping-only-for-acceptance-of-this-epoch", "rejected-device-has-had-no-secret",
                "unaccepted-device-gets-no-private-dma",
            },
            "check_verdict_evidence": _ARM_UNTIED,
            "check_epoch": _ARM_UNTIED - _BYTES,
            "check_mmio": _MMIO,
            "check_mmio_every_range": _MMIO,
            "check_run": {"private-use-only-of-a-running-tdi"},
        },
    ),
    # With the epoch named in start_interface and configuration in the report: state is checked by the device and the epoch
    # as well, nonce and digest of measurements stand in for one another, and what is measured on request is fresh anyway.
    "cove-io with the epoch bound": (
        "cove-io",
        {**BOUND, "config_reported": True},
        {
            "check_state": set(),
            "check_chain": {"accepted-device-is-genuine"},
            "check_slot": _OTHER_CHAIN,
            "check_identity": {"accepted-device-is-the-promised-one"},
            "check_reference": {"firmware-that-runs-is-the-one-measured"},
            "check_meas_digest": set(),
            "check_meas_nonce": set(),
            "check_meas_fresh": set(),
            "check_report_digest": {
                "accepts-only-a-report-of-this-lock", "accepted-report-has-the-tsms-digest", "verdict-is-used-only-in-its-epoch",
                "accepted-lock-flags-are-those-wanted", "configuration-before-the-lock-is-attested",
                "firmware-that-runs-is-the-one-measured", "firmware-stays-as-it-was-measured",
                "secret-only-to-a-device-verified-in-this-epoch",
            },
            "check_flags": {
                "accepted-lock-flags-are-those-wanted", "firmware-that-runs-is-the-one-measured", "firmware-stays-as-it-was-measured",
            },
            "check_config": {"configuration-before-the-lock-is-attested"},
            "check_link": {"accepted-link-is-the-one-wanted"},
            "check_verdict": {*_COVE_BOUND_UNTIED, "rejected-device-has-had-no-secret"},
            "check_verdict_evidence": {*_COVE_BOUND_UNTIED, "secret-only-to-a-device-verified-in-this-epoch"},
            "check_mmio": _MMIO,
            "check_mmio_every_range": _MMIO,
            "check_run": {"private-use-only-of-a-running-tdi"},
            "check_undo": _UNDO,
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BUYS)
def test_each_check_buys_exactly_these_properties(name: str) -> None:
    flow, knobs, expected = BUYS[name]
    found = dropped_checks(FLOWS[flow], knobs)
    assert list(found) == [c for c in GUEST_CHECKS if c in expected]
    assert {c: set(lost or ()) for c, lost in found.items()} == expected
    assert None not in found.values()


def test_checks_that_stand_in_for_one_another_are_not_redundant_together() -> None:
    prop = "accepted-measurements-are-not-replayed"
    found = {
        (nonce, digest): verdict("cove-io", prop, check_meas_nonce=nonce, check_meas_digest=digest)
        for nonce in (False, True)
        for digest in (False, True)
    }
    assert {k for k, v in found.items() if v != "holds"} == {(False, False)}
