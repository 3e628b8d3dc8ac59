"""SPDM connections and sessions: state spaces, what each choice decides, and the attacks that the aspect exists for."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import naive
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tdisprove.explore import Result, check
from tdisprove.explore.explicit import reachable
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import Bool, Enum, Value, after, implies, neg
from tdisprove.model.world import ASPECTS
from tdisprove.model.world.spdm import events as e
from tdisprove.model.world.spdm.endings import ENDINGS
from tdisprove.model.world.spdm.state import Responder, Stream, Tdi
from tdisprove.model.world.vocabulary import t
from tdisprove.properties import Invariant, Never, Property, StepLaw, compile_properties, occurs
from tdisprove.properties.catalogue import find, of_aspect

MODEL = ASPECTS["spdm"].model

RICH: dict[str, Value] = {
    "multi_session": True, "connection_ids": True, "heartbeats": True, "end_told_by": "callback", "session_ids": "reused",
    "reconnect": True, "guest_cma": True,
}  # fmt: skip
"""A device that serves much and tells little."""

DIFFERENT = ("sev-tio-host-run", "cove-io", "arm-cca", "arm-cca-rsi", "linux-tsm", "ide-only", "cma-only")
"""The flows that differ in this aspect."""

SETTINGS: dict[str, dict[str, Value]] = {"": {}, "rich": RICH}

# flow, setting, TDIs -> states, depth
COUNTS = {
    ("sev-tio-host-run", "", 1): (328, 13),
    ("cove-io", "", 1): (416, 15),
    ("arm-cca", "", 1): (364, 15),
    ("arm-cca-rsi", "", 1): (356, 15),
    ("linux-tsm", "", 1): (364, 15),
    ("ide-only", "", 1): (284, 12),
    ("cma-only", "", 1): (164, 10),
    ("cove-io", "", 2): (1596, 18),
    ("linux-tsm", "", 2): (1456, 17),
    ("linux-tsm", "rich", 1): (15968, 22),
    ("ide-only", "rich", 1): (2998, 15),
    ("cma-only", "rich", 1): (968, 12),
    ("linux-tsm", "rich", 2): (176624, 25),
}


def result(prop: str, flow: str = "linux-tsm", tdis: int = 1, **knobs: Value) -> Result:
    (r,) = check(FLOWS[flow].system({"tdi": tdis}, knobs, aspect="spdm"), [find(prop)])
    return r


def verdict(prop: str, flow: str = "linux-tsm", **knobs: Value) -> str:
    r = result(prop, flow, **knobs)
    return r.verdict.value if r.trace is None else f"{r.verdict.value}@{r.depth}"


def events(prop: str, flow: str = "linux-tsm", **knobs: Value) -> list[str]:
    r = result(prop, flow, **knobs)
    assert r.trace is not None
    return [a.event for a in r.trace.actions]


# --- State spaces -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flow", "setting", "tdis"), COUNTS)
def test_exhaustive_exploration_finds_exactly_these_states(flow: str, setting: str, tdis: int) -> None:
    statistics = reachable(FLOWS[flow].system({"tdi": tdis}, SETTINGS[setting], aspect="spdm")).statistics
    assert statistics.complete
    assert (statistics.states, statistics.depth) == COUNTS[flow, setting, tdis]
    assert statistics.deadlocks == 0


@pytest.mark.parametrize(("flow", "setting", "tdis"), COUNTS)
def test_a_second_explorer_finds_exactly_these_states(flow: str, setting: str, tdis: int) -> None:
    system = FLOWS[flow].system({"tdi": tdis}, SETTINGS[setting], aspect="spdm")
    assert naive.count(system) == COUNTS[flow, setting, tdis]


DECISIVE: tuple[Mapping[str, Value], ...] = (
    {}, RICH, {"device_caps": "ide_only", **RICH}, {"session_loss": "next_keying", **RICH}, {"ide_km_binding": "none"},
    {"session_authenticated": False}, {"slots": "each", "measure_over": "clear", "requester_nonce": "constant"},
    {"claim": "passthrough"}, {"claim": "delayed", "host": "honest"}, {"device": "hostile"}, {"heartbeats": True, "watchdog": False},
    {"connect_again": "ok"}, {"connection_ids": True},
)  # fmt: skip


def test_every_rule_takes_part_in_some_step_of_some_setting() -> None:
    fired: set[tuple[str, str]] = set()
    for flow, knobs in product(("linux-tsm", "cma-only"), DECISIVE):
        system = FLOWS[flow].system(changed=knobs, aspect="spdm")
        for number in reachable(system).statistics.fired:
            fired |= {(r.machine, r.name) for r in system.actions[number].rules}
    assert {(r.machine, r.name) for r in MODEL.rules} - fired == set()


# --- Laws of the model ------------------------------------------------------------------------------------------------


def test_sessions_end_only_in_events_of_which_streams_and_tdis_take_note() -> None:
    system = FLOWS["linux-tsm"].system(changed=RICH, aspect="spdm")
    listed = {event.name for event in ENDINGS} | {"conventional_reset"}
    opening = {"key_exchange", "finish", "host_session"}
    for action in system.actions:
        touched = {v.name for v, _ in action.updates}
        if touched & {"responder.tsm_session", "responder.host_session"}:
            assert action.event in listed | opening
        if action.event in listed and action.reply == "ok":
            assert {"responder", "stream", "tdi"} <= {r.machine for r in action.rules}


RECORDS_ARE_TRUE = Property(
    "records-are-true",
    "A record that names a session as alive names one that is.",
    Invariant(
        implies((Stream.keyed_over == "tsm") | (Tdi.locked_over[t] == "tsm"), Responder.established)
        & implies((Stream.keyed_over == "host") | (Tdi.locked_over[t] == "host"), Responder.host_session)
        & implies(Stream.state.in_("NONE", "INSECURE"), Stream.keyed_over == "none")
        & implies(Tdi.locked_over[t] != "none", Tdi.locked())
    ),
    (t,),
)


@pytest.mark.parametrize(
    "knobs", [k for k in DECISIVE if k.get("device") != "hostile" and k.get("ide_km_binding") != "none"]
)
def test_the_models_own_records_of_sessions_are_true(knobs: dict[str, Value]) -> None:
    (r,) = check(FLOWS["linux-tsm"].system(changed=knobs, aspect="spdm"), [RECORDS_ARE_TRUE])
    assert r.verdict.value == "holds"


# --- Ownership of the mailbox -----------------------------------------------------------------------------------------

NO_GET_VERSION = "no-get-version-by-others-while-the-tsms-session-lives"


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [
        ({}, "violated@4"),
        ({"claim": "connect"}, "violated@4"),
        ({"host": "honest"}, "violated@4"),
        ({"host": "honest", "claim": "passthrough"}, "violated@4"),
        ({"host": "honest", "claim": "connect"}, "holds"),
        ({"host": "honest", "claim": "delayed"}, "holds"),
        ({"host": "honest", "connection_ids": True, "multi_session": True}, "holds"),
        # An id in the clear keeps nobody out who wants in.
        ({"connection_ids": True, "multi_session": True}, "violated@4"),
    ],
)
def test_an_honest_host_resets_the_tsm_unless_it_gives_the_mailbox_up_at_connect(
    knobs: dict[str, Value], expected: str
) -> None:
    assert verdict(NO_GET_VERSION, **knobs) == expected


def test_an_honest_host_that_does_not_claim_does_it_by_authenticating_again() -> None:
    assert events(NO_GET_VERSION, host="honest") == ["device_connect", "key_exchange", "finish", "cma_authenticate"]


GUEST_KEEPS_OFF = Property(
    "guest-keeps-off",
    "No guest's own CMA resets the TSM's connection.",
    Never(occurs(e.guest_authenticate, source="device", where=Responder.established)),
)


@pytest.mark.parametrize(
    ("claim", "expected"), [("none", "violated"), ("passthrough", "violated"), ("connect", "holds"), ("delayed", "holds")]
)
def test_a_guests_own_cma_resets_the_tsm_as_well_unless_the_host_withholds_the_mailbox(claim: str, expected: str) -> None:
    knobs: dict[str, Value] = {"host": "honest", "guest_cma": True, "claim": claim}
    (r,) = check(FLOWS["linux-tsm"].system(changed=knobs, aspect="spdm"), [GUEST_KEEPS_OFF])
    assert r.verdict.value == expected


def test_ownership_during_passthrough_alone_is_not_ownership_from_connect_to_disconnect() -> None:
    p = "ownership-from-connect-to-disconnect"
    assert verdict(p, claim="none") == "violated@1"
    assert verdict(p, claim="passthrough") == "violated@1"
    assert verdict(p, claim="connect") == "holds"
    assert verdict(p, claim="delayed", host="honest") == "holds"
    # The hostile host does not even claim.
    assert verdict(p, claim="delayed", host="hostile") == "violated@1"


def test_in_native_cma_a_claim_is_only_as_good_as_the_host() -> None:
    assert verdict("claimed-means-hands-off", "cma-only") == "violated@2"
    assert verdict("claimed-means-hands-off", "cma-only", host="honest") == "holds"


def test_a_second_connect_is_refused_or_does_nothing_whichever_the_tsm_chose() -> None:
    for again in ("busy", "ok"):
        assert verdict("second-connect-touches-no-session", connect_again=again) == "holds"


def test_two_sessions_are_never_served_by_a_device_that_serves_one_with_or_without_connection_ids() -> None:
    for ids, claim in product((False, True), ("none", "connect", "delayed")):
        assert verdict("one-session-where-one-is-served", connection_ids=ids, claim=claim) == "holds"


def test_what_sysfs_says_follows_connect_and_not_the_session() -> None:
    for knobs in SETTINGS.values():
        assert verdict("sysfs-authenticated-iff-connected", **knobs) == "holds"
    assert events("authenticated-means-a-live-session")[-1] == "cma_authenticate"


def test_only_tf_rmm_leaves_no_negotiated_connection_behind() -> None:
    p = "disconnect-resets-the-connection"
    assert {flow for flow in DIFFERENT if verdict(p, flow) == "holds"} == {
        "arm-cca",
        "cma-only",
    }
    assert verdict(p, "arm-cca", reset_after_end=False).startswith("violated")


# --- What ends with a session -----------------------------------------------------------------------------------------

STREAM_ENDS, TDI_ENDS = "no-secure-stream-without-its-session", "no-tdi-locked-without-its-session"
SAFE = "run-only-over-keys-the-host-does-not-know"


def test_get_version_is_denial_of_service_when_stream_and_tdis_are_told() -> None:
    for flow in DIFFERENT:
        for r in check(FLOWS[flow].system(aspect="spdm"), [find(SAFE), find("ending-a-session-only-takes-away")]):
            assert r.verdict.value == "holds"


def test_a_tdi_that_is_not_told_runs_on_without_a_session() -> None:
    untold: dict[str, Value] = {"end_told_by": "callback"}
    assert verdict(STREAM_ENDS, **untold) == "violated@5"
    assert events(TDI_ENDS, **untold)[-1] in ("cma_authenticate", "get_version", "garbled")
    # With ids that never come again nobody can make use of it; but nobody can key the stream any more either.
    assert verdict(SAFE, **untold) == "holds"
    assert verdict("tsm-can-key-again-after-a-loss", **untold).startswith("violated")
    assert verdict("tsm-can-key-again-after-a-loss").startswith("holds")


def test_get_version_hands_a_running_tdi_to_the_host_where_nobody_is_told_and_session_ids_come_again() -> None:
    assert verdict(SAFE, end_told_by="callback", session_ids="reused") == "violated@10"
    assert events(SAFE, end_told_by="callback", session_ids="reused") == [
        "device_connect", "key_exchange", "finish", "ide_key_prog", "ide_enable", "tdi_bind", "tdi_run",
        "cma_authenticate", "host_session", "host_key_prog",
    ]  # fmt: skip
    # Either repair is enough: a callback for every end, or ids that are not used again.
    assert verdict(SAFE, end_told_by="every_end", session_ids="reused") == "holds"
    assert verdict(SAFE, end_told_by="callback", session_ids="fresh") == "holds"
    # Asking for the session of the lock does not help: the id is the lock's.
    assert verdict(SAFE, end_told_by="callback", session_ids="reused", other_session="refused") == "violated@10"
    # Without a host that makes use of it, it is a loss of service as before.
    assert verdict(SAFE, end_told_by="callback", session_ids="reused", host="honest") == "holds"


def test_without_tee_io_the_stream_outlives_its_session_until_the_next_ide_km() -> None:
    assert verdict(STREAM_ENDS, "ide-only") == "violated@5"
    assert verdict(STREAM_ENDS, "ide-only", device_caps="tee_io") == "holds"
    assert verdict(STREAM_ENDS, session_loss="next_keying") == "violated@5"
    # The lock ends at once under either reading.
    assert verdict(TDI_ENDS, session_loss="next_keying") == "holds"
    assert verdict("a-new-session-finds-no-secure-stream", "ide-only") == "holds"
    assert not result("a-new-session-finds-no-secure-stream", "ide-only").vacuous


def test_end_session_before_the_enable_bits_leaves_a_secure_stream_only_where_the_session_does_not_take_it_along() -> None:
    p = "no-stream-outlives-a-disconnect"
    assert verdict(p, "sev-tio-host-run") == "holds"
    assert verdict(p, "sev-tio-host-run", session_loss="next_keying") == "violated@6"
    assert events(p, "sev-tio-host-run", session_loss="next_keying")[-2:] == ["ide_enable", "device_disconnect"]
    # Stopping first helps as long as there is a session in which to stop.
    assert verdict(p, "linux-tsm", session_loss="next_keying") == "violated@7"
    assert events(p, "linux-tsm", session_loss="next_keying")[-2:] == ["cma_authenticate", "device_disconnect"]


def test_missed_heartbeats_end_the_session_unless_the_watchdog_is_a_stub() -> None:
    p = "missed-heartbeats-end-the-session"
    for flow in ("cove-io", "tdx-connect"):
        assert verdict(p, flow) == "holds"
        assert not result(p, flow).vacuous
        assert verdict(p, flow, watchdog=False) == "violated@5"
    assert result(p, "linux-tsm").vacuous


def test_where_the_host_has_heartbeats_sent_it_kills_by_doing_nothing() -> None:
    p = "inaction-of-the-host-ends-no-session"
    assert events(p, "cove-io") == ["device_connect", "key_exchange", "finish", "silence", "silence"]
    assert verdict(p, "cove-io", host="honest") == "holds"
    assert verdict(p, "cove-io", heartbeats=False) == "holds"
    assert verdict(p, "cove-io", watchdog=False) == "holds"


def test_a_garbled_message_ends_the_session_unless_it_is_dropped_and_a_key_update_forgives_one() -> None:
    ends = Property(
        "ends",
        "A garbled message ends no session.",
        Never(occurs(e.garbled, where=after(Responder.tsm_session) == "NOT_STARTED")),
    )
    forgiven = Property(
        "forgiven", "A pending update forgives.",
        StepLaw(occurs(e.garbled, where=Responder.update_pending), after(Responder.established) & neg(after(Responder.update_pending))),
    )  # fmt: skip
    for drops in (False, True):
        system = FLOWS["linux-tsm"].system(changed={"decrypt_error_ends": not drops}, aspect="spdm")
        found = [r.verdict.value for r in check(system, [ends])]
        assert found == ["holds" if drops else "violated"]
    (r,) = check(FLOWS["linux-tsm"].system(aspect="spdm"), [forgiven])
    assert r.verdict.value == "holds"


def test_a_firmware_update_ends_the_session_only_under_its_termination_policy() -> None:
    p = "no-session-outlives-a-firmware-update"
    assert verdict(p, "arm-cca") == "holds"
    assert verdict(p, "linux-tsm") == "violated@4"
    assert verdict(p, "linux-tsm", update_ends_session=True) == "holds"


# --- Whose keys -------------------------------------------------------------------------------------------------------


def test_a_second_session_takes_the_stream_over_when_ide_km_is_bound_to_none() -> None:
    two: dict[str, Value] = {"multi_session": True}
    for p in ("ide-km-of-a-second-session-is-discarded", "keys-change-hands-only-when-the-session-is-over", SAFE):
        assert verdict(p, **two) == "holds"
        assert not result(p, **two).vacuous
        assert verdict(p, **two, ide_km_binding="any_session").startswith("violated")
    # With one session at a time there is no second one to bind against.
    assert verdict(SAFE, ide_km_binding="any_session") == "holds"


def test_a_responder_that_serves_ide_km_in_clear_needs_no_session_to_be_taken_over() -> None:
    assert verdict("key-prog-outside-a-session-changes-nothing", ide_km_binding="none") == "violated@1"
    assert events(SAFE, ide_km_binding="none")[-1] == "key_prog_in_clear"


def test_start_needs_the_session_of_the_lock_only_if_the_device_asks_for_it() -> None:
    p = "run-only-over-the-session-of-the-lock"
    lost: dict[str, Value] = {"end_told_by": "callback", "reconnect": True}
    assert verdict(p) == "holds"
    assert verdict(p, **lost) == "violated@11"
    assert verdict(p, **lost, other_session="refused") == "holds"
    # The price: what nobody was told of can no longer be stopped, short of a reset.
    assert verdict(p, reconnect=True) == "holds"


def test_a_second_session_of_the_host_stops_what_the_tsm_locked_unless_the_device_asks_for_the_session() -> None:
    p = "no-stop-from-another-session"
    assert verdict(p) == "holds"
    assert verdict(p, multi_session=True) == "violated@7"
    assert verdict(p, multi_session=True, other_session="refused") == "holds"
    # An untold loss lets the host stop it with one session at a time, and a used id even where the device asks.
    assert verdict(p, end_told_by="callback") == "violated@8"
    assert verdict(p, end_told_by="callback", other_session="refused") == "holds"
    assert verdict(p, end_told_by="callback", other_session="refused", session_ids="reused") == "violated@8"


def test_nobody_is_in_the_middle_as_long_as_key_exchange_authenticates() -> None:
    for p in ("the-tsms-session-is-with-the-device", "keys-of-the-tsm-stay-unknown-to-the-host"):
        for flow in DIFFERENT:
            assert verdict(p, flow) == "holds"
        assert verdict(p, session_authenticated=False).startswith("violated")
    assert "key_exchange_in_the_middle" in events("keys-of-the-tsm-stay-unknown-to-the-host", session_authenticated=False)


# --- Evidence, and devices without TEE-IO -----------------------------------------------------------------------------


def test_slots_agree_where_one_is_chosen_at_connect() -> None:
    p = "one-slot-for-certificates-session-and-measurements"
    assert verdict(p) == "holds"
    assert verdict(p, slots="each") == "violated@4"


def test_session_or_nonce_keeps_an_old_answer_from_passing_for_a_new_one() -> None:
    p = "the-tsms-measurements-are-not-replayed"
    found = {
        (over, nonce): verdict(p, measure_over=over, requester_nonce=nonce).partition("@")[0]
        for over in ("session", "clear")
        for nonce in ("fresh", "constant")
    }
    assert found == {
        ("session", "fresh"): "holds",
        ("session", "constant"): "holds",  # TF-RMM's all-zero nonce
        ("clear", "fresh"): "holds",
        ("clear", "constant"): "violated",
    }


def test_proxied_cma_of_a_guest_can_be_replayed_without_a_nonce_and_relayed_with_one() -> None:
    replayed, relayed = "proxied-cma-is-not-replayed", "proxied-cma-is-of-the-assigned-device"
    assert verdict(replayed, "cma-only") == "holds"
    assert verdict(replayed, "cma-only", requester_nonce="constant") == "violated@3"
    assert events(replayed, "cma-only", requester_nonce="constant") == [
        "cma_authenticate",
        "fw_update",
        "guest_authenticate",
    ]
    assert verdict(relayed, "cma-only") == "violated@1"
    assert verdict(relayed, "cma-only", host="honest") == "holds"


def test_a_device_without_tee_io_is_connected_and_never_bound() -> None:
    assert verdict("connect-without-bind", "ide-only") == "holds@5"
    assert verdict("no-lock-without-tee-io", "ide-only") == "holds"
    assert not result("no-lock-without-tee-io", "ide-only").vacuous


# --- Any setting ------------------------------------------------------------------------------------------------------


KNOB_SETTINGS = st.fixed_dictionaries(
    {f.name: st.sampled_from(f.sort.domain) for f in MODEL.knobs if isinstance(f.sort, Bool | Enum)}
)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(KNOB_SETTINGS)
def test_in_any_setting_two_explorers_agree(knobs: dict[str, Value]) -> None:
    system = FLOWS["linux-tsm"].system(changed=knobs, aspect="spdm")
    statistics = reachable(system).statistics
    assert naive.count(system) == (statistics.states, statistics.depth)
    if statistics.states > 600:
        return
    watched, obligations = compile_properties(system, of_aspect("spdm"))
    counted = naive.explore(watched, obligations)
    results = {r.prop.id: r for r in check(system, of_aspect("spdm"))}
    for o, fails_at in zip(obligations, counted.fails_at, strict=True):
        r = results[o.prop.id]
        assert (r.depth if r.trace is not None else None) == fails_at, o.prop.id
