"""The IDE stream in full: its state spaces, the attacks that it exists for, and what repairs them."""

from __future__ import annotations

import naive
import pytest
from tdisprove.explore import Verdict, check
from tdisprove.explore.explicit import reachable
from tdisprove.explore.smt.engine import Z3Engine
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import after
from tdisprove.model.world import ASPECTS
from tdisprove.model.world.ide import events as e
from tdisprove.model.world.ide.state import ENDPOINT
from tdisprove.model.world.vocabulary import d
from tdisprove.properties import Never, Property, occurs
from tdisprove.properties.catalogue import find, of_aspect

MODEL = ASPECTS["ide"].model
Setting = dict[str, str | bool]

COUNTS = {
    ("sev-tio-host-run", 1): (7007, 35),
    ("sev-tio-host-run", 2): (26451, 55),
    ("cove-io", 1): (3889, 38),
    ("cove-io", 2): (14287, 59),
    ("cove-io", 3): (50005, 80),
    ("tdx-connect", 1): (3354, 33),
    ("arm-cca", 1): (4930, 43),
    ("linux-tsm", 1): (8163, 42),
    ("ide-only", 1): (3829, 38),
}
"""Flow, sub-streams -> states, depth."""


def verdict(prop: str, flow: str = "cove-io", substreams: int = 1, **knobs: str | bool) -> str:
    (r,) = check(FLOWS[flow].system({"substream": substreams}, knobs, aspect="ide"), [find(prop)])
    return r.verdict.value if r.trace is None else f"{r.verdict.value}@{r.depth}"


def run(prop: str, flow: str = "cove-io", **knobs: str | bool) -> list[str]:
    """The events of the shortest violation; the reply after the last where it is refused."""
    (r,) = check(FLOWS[flow].system(changed=knobs, aspect="ide"), [find(prop)])
    assert r.trace is not None
    assert r.verdict is Verdict.VIOLATED
    return [a.event for a in r.trace.actions] + [r.trace.actions[-1].reply] * (r.trace.actions[-1].reply != "ok")


# --- State spaces -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flow", "substreams"), COUNTS)
def test_two_explorers_find_exactly_these_states(flow: str, substreams: int) -> None:
    system = FLOWS[flow].system({"substream": substreams}, aspect="ide")
    statistics = reachable(system).statistics
    assert statistics.complete
    assert statistics.deadlocks == 0
    assert (statistics.states, statistics.depth) == COUNTS[flow, substreams]
    assert naive.count(system) == COUNTS[flow, substreams]


def test_without_memory_of_the_keying_session_the_stream_is_as_large_as_its_keys() -> None:
    statistics = reachable(
        FLOWS["cove-io"].system({"substream": 1}, {"stream_owned_until": "keys_gone"}, aspect="ide")
    ).statistics
    assert (statistics.states, statistics.depth) == (3536, 38)


def test_every_rule_is_reached_in_some_flow_and_setting() -> None:
    fired: set[tuple[str, str]] = set()
    settings: tuple[Setting, ...] = (
        {}, {"multi_session": True}, {"rp_keys_by": "host", "rp_enable_by": "host"}, {"stream_kind": "link"}, {"stream_kind": "link", "tsm": "hostile"}, {"device": "hostile"},
        {"ide_km_binding": "none"}, {"session_loss": "next_keying"}, {"stop_on_other_session": "taken"},
    )  # fmt: skip
    for flow in ("cove-io", "tdx-connect", "sev-tio-host-run"):
        for knobs in settings:
            system = FLOWS[flow].system(changed=knobs, aspect="ide")
            for number in reachable(system).statistics.fired:
                fired |= {(r.machine, r.name) for r in system.actions[number].rules}
    assert {(r.machine, r.name) for r in MODEL.rules} - fired == set()


def test_every_variable_is_read_by_some_rule_and_changes() -> None:
    system = FLOWS["cove-io"].system(changed={"session_loss": "next_keying", "multi_session": True}, aspect="ide")
    changed = {t.name for a in system.actions for t, _ in a.updates}
    assert changed == {v.name for v in system.variables}


# --- The order of key messages ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["receivers_first", "root_port_first"])
def test_both_batched_orders_let_a_refresh_pass_unnoticed(order: str) -> None:
    for prop in (
        "endpoint-sends-only-what-the-root-port-expects",
        "a-refresh-fails-no-tlp",
        "key-messages-leave-a-secure-port-secure",
    ):
        assert verdict(prop, go_order=order) == "holds"
        assert verdict(prop, substreams=2, go_order=order) == "holds"


def test_the_interleaved_order_lets_the_endpoint_send_what_the_root_port_does_not_take() -> None:
    assert verdict("endpoint-sends-only-what-the-root-port-expects", go_order="interleaved") == "violated@4"
    assert run("a-refresh-fails-no-tlp", go_order="interleaved", host="honest")[-4:] == [
        "ep_rx_go", "ep_tx_go", "tlp_up", "CHECK_FAILED",
    ]  # fmt: skip
    assert verdict("root-port-sends-only-what-the-endpoint-expects", go_order="interleaved") == "holds"


def test_one_key_for_three_substreams_is_used_twice_from_the_first_iv_on() -> None:
    assert verdict("no-key-starts-twice", "arm-cca") == "violated@6"
    assert verdict("no-key-starts-twice", "arm-cca", ide_keys="distinct") == "holds"


# --- Whose keys -------------------------------------------------------------------------------------------------------


def test_a_device_that_binds_no_session_encrypts_a_guests_data_for_the_host() -> None:
    prop = "tvm-data-leaves-only-under-the-tsms-keys"
    for binding in ("any_session", "none"):
        assert verdict(prop, ide_km_binding=binding, multi_session=True).startswith("violated")
        assert {"tdi_start", "host_key_prog"} <= set(run(prop, ide_km_binding=binding, multi_session=True))
        assert verdict(prop, ide_km_binding=binding, multi_session=True, live_key_prog="overwrite").startswith("violated")
    assert verdict(prop, multi_session=True) == "holds"


def test_a_stop_that_is_taken_from_any_session_reaches_a_running_tdi() -> None:
    prop = "no-set-is-stopped-under-a-running-tdi"
    assert verdict(prop, multi_session=True, stop_on_other_session="taken").startswith("violated")
    assert verdict(prop, multi_session=True) == "holds"


def test_a_session_keeps_the_stream_it_has_keyed_after_k_set_stop_and_loss_or_not_by_reading() -> None:
    kept, gap = "a-session-that-keyed-the-stream-keeps-it-until-it-ends", "no-gap-in-a-refresh"
    assert verdict(kept, multi_session=True) == "holds"
    assert verdict(gap, multi_session=True) == "holds"
    # FLR of Function 0 takes the keys, not the session: another session keys the stream if the endpoint forgets whose it was.
    assert run(kept, multi_session=True, stream_owned_until="stream_lost") == [
        "device_connect", "ep_key_prog", "host_connect", "function0_reset", "host_key_prog",
    ]  # fmt: skip
    assert verdict(kept, multi_session=True, stream_owned_until="keys_gone") == "violated@5"
    # And where it does, the host's key takes the place of the TSM's, so that a refresh stops the transmitter.
    assert verdict(gap, multi_session=True, stream_owned_until="keys_gone") == "violated@14"
    # All this needs a device with two sessions at once.
    for reading in ("stream_lost", "keys_gone"):
        assert verdict(kept, stream_owned_until=reading) == "holds"
        assert verdict(gap, stream_owned_until=reading) == "holds"


def test_a_secure_stream_whose_keys_were_stopped_ends_with_the_session_that_keyed_it_or_not_by_reading() -> None:
    left = Never(occurs(e.get_version, d=d, where=ENDPOINT.secure & after(ENDPOINT.secure)))
    prop = Property("left", "GET_VERSION, which ends all sessions, leaves no Secure stream behind.", left, over=(d,))

    def found(reading: str) -> tuple[Verdict, list[str]]:
        (r,) = check(FLOWS["cove-io"].system({"substream": 1}, {"stream_owned_until": reading}, aspect="ide"), [prop])
        return r.verdict, [a.event for a in r.trace.actions] if r.trace else []

    assert found("session_ends") == found("stream_lost") == (Verdict.HOLDS, [])
    assert found("keys_gone") == (
        Verdict.VIOLATED,
        ["ep_enable", "host_connect", "host_key_prog", "host_set_stop", "get_version"],
    )


def test_keys_that_the_host_left_in_the_root_port_survive_its_lock_when_the_host_enables_it() -> None:
    prop = "a-locked-stream-has-no-key-of-the-host"
    assert verdict(prop, rp_keys_by="host") == "holds"
    assert run(prop, rp_keys_by="host", rp_enable_by="host") == ["host_rp_keys", "device_connect", "rp_enable"]


# --- Ports that lag ---------------------------------------------------------------------------------------------------


def test_a_dropped_fail_message_leaves_the_partner_secure() -> None:
    events = run("a-failed-endpoint-takes-the-root-port-down")
    assert events[-1] == "get_version"
    assert "fail_reaches_rp" not in events


def test_what_the_root_port_sends_to_a_failed_endpoint_is_discarded() -> None:
    for prop in ("tlps-are-taken-only-under-a-key-that-both-hold", "nothing-in-the-clear-while-enabled"):
        assert verdict(prop) == "holds"


def test_connected_is_true_only_where_both_ports_were_looked_at() -> None:
    prop = "connected-means-both-ports-secure"
    assert verdict(prop, connect_checks="both") == "holds"
    assert run(prop)[-3:] == ["rp_enable", "ep_disable", "connect_done"]
    assert run(prop, host="honest")[-2:] == ["ep_fails", "connect_done"]
    assert verdict(prop, "sev-tio-host-run") == "violated@8"


def test_a_stream_whose_session_closed_stays_up_where_only_the_next_keying_wipes_it() -> None:
    prop = "no-secure-endpoint-without-its-session"
    assert verdict(prop) == "holds"
    assert verdict(prop, session_loss="next_keying").startswith("violated")


def test_a_link_stream_through_a_switch_is_refused_by_the_tsm_and_fine_without_a_switch() -> None:
    assert verdict("a-stream-in-use-can-be-refreshed", stream_kind="link") == "violated"
    assert verdict("a-stream-in-use-can-be-refreshed", stream_kind="link", switch_between=False).startswith("holds")
    for prop in ("no-switch-reads-a-running-tdi", "no-tbit-from-a-switch"):
        assert verdict(prop, stream_kind="link") == "holds"
        assert verdict(prop, stream_kind="link", tsm="hostile").startswith("violated")


def test_a_host_that_never_refreshes_ends_the_stream_and_nothing_leaves_in_the_clear() -> None:
    for flow in FLOWS.values():
        if "ide" in flow.aspects:
            assert verdict("nothing-in-the-clear-while-enabled", flow.name, tee_limited="none") == "holds"
            assert verdict("no-tbit-in-the-clear", flow.name) == "holds"


# --- Refinement -------------------------------------------------------------------------------------------------------


def test_the_lifecycles_stream_is_refined_by_the_full_one_and_lacks_one_step_of_several_sub_streams() -> None:
    prop = "the-full-stream-refines-that-of-the-lifecycle"
    assert verdict(prop) == "holds"
    assert verdict(prop, substreams=2).startswith("violated")
    assert verdict("the-full-stream-refines-one-that-can-forget") == "holds"
    assert verdict("the-full-stream-refines-one-that-can-forget", substreams=2) == "holds"


@pytest.mark.parametrize(
    "prop",
    ["a-failed-endpoint-takes-the-root-port-down", "no-key-starts-twice"],
)
def test_z3_finds_the_same_shortest_run(prop: str) -> None:
    system = FLOWS["arm-cca"].system(aspect="ide")
    explicit, symbolic = check(system, [find(prop)]), check(system, [find(prop)], Z3Engine())
    assert [(r.verdict, r.depth) for r in explicit] == [(r.verdict, r.depth) for r in symbolic]


def test_the_aspect_has_a_full_catalogue() -> None:
    assert len(of_aspect("ide")) >= 30
