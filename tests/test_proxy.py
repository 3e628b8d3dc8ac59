"""The message level: exact state spaces, what the host's carrying breaks, and what repairs it."""

from __future__ import annotations

from collections.abc import Iterator

import naive
import pytest
from tdisprove.explore import Trace, check
from tdisprove.explore.explicit import reachable
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import System, Value
from tdisprove.model.world import ASPECTS
from tdisprove.properties.catalogue import find
from tdisprove.properties.catalogue.registry import expectation

WORLD = ASPECTS["proxy"].model
FLOWS_WITH_MESSAGES = [f.name for f in FLOWS.values() if "proxy" in f.aspects]

# flow -> states, depth. (Two TDIs do not meet here, so that a larger topology is the product and says nothing new.)
COUNTS = {
    "sev-tio-host-run": (4548, 24),
    "sev-tio-guest-run": (4548, 24),
    "cove-io": (1322, 28),
    "tdx-connect": (40542, 41),
    "arm-cca": (3600, 31),
    "arm-cca-rsi": (4751, 35),
    "linux-tsm": (4548, 24),
    "hyperv": (6653, 25),
}


def system(flow: str, **knobs: Value) -> System:
    return FLOWS[flow].system(changed=knobs, aspect="proxy")


def verdict(flow: str, prop: str, **knobs: Value) -> str:
    (result,) = check(system(flow, **knobs), [find(prop)])
    return result.verdict.value if result.trace is None else f"{result.verdict.value}@{result.depth}"


def trace(flow: str, prop: str, **knobs: Value) -> Trace:
    (result,) = check(system(flow, **knobs), [find(prop)])
    assert result.trace is not None
    return result.trace


def events(t: Trace) -> list[str]:
    return [a.event for a in t.actions]


def test_every_flow_is_counted() -> None:
    assert list(COUNTS) == FLOWS_WITH_MESSAGES


@pytest.mark.parametrize("flow", COUNTS)
def test_exhaustive_exploration_finds_exactly_these_states(flow: str) -> None:
    statistics = reachable(system(flow)).statistics
    assert statistics.complete
    assert (statistics.states, statistics.depth) == COUNTS[flow]
    assert statistics.deadlocks == 0
    assert naive.count(system(flow)) == COUNTS[flow]


def test_no_rule_is_dead_under_every_flow_and_knob() -> None:
    settings: list[tuple[str, dict[str, Value]]] = [(flow, {}) for flow in FLOWS_WITH_MESSAGES]
    settings += [
        ("cove-io", {"tsm": "hostile"}),
        ("cove-io", {"replay_protection": False}),
        ("cove-io", {"error_recovery": "automatic"}),
        ("cove-io", {"guest_answer": "on_collection"}),
        ("sev-tio-guest-run", {"failure_undone": False, "tsm_consent": True}),
        ("tdx-connect", {"run_by": "guest_call"}),
    ]
    fired: set[tuple[str, str]] = set()
    for flow, knobs in settings:
        seen = system(flow, **knobs)
        for number in reachable(seen).statistics.fired:
            fired |= {(r.machine, r.name) for r in seen.actions[number].rules}
    assert {(r.machine, r.name) for r in WORLD.rules} - fired == set()


# --- One call or many messages ----------------------------------------------------------------------------------------

THE_SAME_OF_MESSAGES = {
    "run-only-after-accept": "carried-run-only-after-accept",
    "no-tbit-dma-emitted-before-accept": "carried-dma-emitted-only-after-accept",
    "no-tbit-dma-effective-before-accept": "carried-dma-effective-only-after-accept",
    "dma-gate-opens-only-after-accept": "carried-dma-gate-only-after-accept",
    "mmio-gate-opens-only-after-accept": "carried-mmio-gate-only-after-accept",
    "no-private-mmio-before-accept": "carried-mmio-reaches-only-after-accept",
    "accepted-evidence-is-of-this-epoch": "carried-evidence-is-of-the-devices-epoch",
    "gate-open-only-for-who-accepted": "no-gate-is-open-for-a-guest-that-has-not-accepted",
    "gates-closed-before-reuse": "no-gate-outlives-the-binding",
    "no-open-gate-on-an-unlocked-tdi": "gates-are-shut-on-an-unlocked-device",
    "tsm-knows-every-run": "every-run-is-on-record-at-rest",
    "tsm-record-is-never-stale": "record-at-rest-is-the-devices-state",
}
"""Of the lifecycle, where a call is one step -> of the message level, where it is many."""

HOLDS_FOR_CALLS_ONLY = {
    # tdi_validate is one call there, so that no relock can come between its parts.
    "sev-tio-host-run": {
        "no-tbit-dma-effective-before-accept",
        "dma-gate-opens-only-after-accept",
        "mmio-gate-opens-only-after-accept",
        "no-private-mmio-before-accept",
    },
    # The record follows the device there, the TSM shuts the gates by itself, and no guest leaves with a gate open.
    "tdx-connect": {
        "dma-gate-opens-only-after-accept",
        "mmio-gate-opens-only-after-accept",
        "accepted-evidence-is-of-this-epoch",
        "gate-open-only-for-who-accepted",
        "tsm-knows-every-run",
    },
}
"""Flow -> properties that hold where a call is one step, and fail where it is many messages."""


HOLDS_FOR_MESSAGES_ONLY = {
    # There the host relocks over a session of its own, which the message level leaves to the lifecycle; the TSM itself locks
    # only for a guest that asked anew, and such a guest reads anew.
    "arm-cca-rsi": {"accepted-evidence-is-of-this-epoch"},
}


def both_verdicts(flow: str) -> Iterator[tuple[str, str, str]]:
    for one, many in THE_SAME_OF_MESSAGES.items():
        of_calls, of_messages = expectation(flow, one), expectation(flow, many)
        assert of_calls is not None
        assert of_messages is not None
        yield one, of_calls.verdict, of_messages.verdict


@pytest.mark.parametrize("flow", FLOWS_WITH_MESSAGES)
def test_what_holds_for_calls_and_fails_for_messages(flow: str) -> None:
    lost = {one for one, calls, messages in both_verdicts(flow) if (calls, messages) == ("holds", "violated")}
    assert lost == HOLDS_FOR_CALLS_ONLY.get(flow, set())


@pytest.mark.parametrize("flow", FLOWS_WITH_MESSAGES)
def test_what_fails_for_calls_fails_for_messages_too(flow: str) -> None:
    # Otherwise the message level would lack runs that the lifecycle has.
    gained = {one for one, calls, messages in both_verdicts(flow) if (calls, messages) == ("violated", "holds")}
    assert gained == HOLDS_FOR_MESSAGES_ONLY.get(flow, set())


AT_REST = {"exchange.tdi0.stage": "idle", "message.tdi0.stage": "idle", "queue.tdi0.state": "AVAILABLE"}

Seen = tuple[Value, Value, bool, bool]
"""State of the TDI, the TSM's record of it, DMA gate open, MMIO gate open."""


def states(system: System) -> Iterator[dict[str, Value]]:
    found = reachable(system)
    for code in found.codes:
        yield {v.name: v.sort.domain[int(c)] for v, c in zip(system.variables, code, strict=True)}


def seen_of_messages_at_rest(flow: str) -> set[Seen]:
    return {
        (s["device.tdi0.state"], s["tsm.tdi0.view"], bool(s["gate.tdi0.dma"]), bool(s["gate.tdi0.mmio"]))
        for s in states(system(flow))
        if s["tsm.tdi0.bound"] and all(s[k] == v for k, v in AT_REST.items())
    }


def seen_of_calls(flow: str) -> set[Seen]:
    return {
        (s["tdi0.state"], s["tsm.tdi0.view"], s["gate.tdi0.dma"] != "none", s["gate.tdi0.mmio"] != "none")
        for s in states(FLOWS[flow].system())
        if s["tsm.tdi0.bound"] != "none"
    }


LOCKED_ON_RECORD = {
    ("CONFIG_LOCKED", "CONFIG_LOCKED"), ("RUN", "RUN"), ("ERROR", "CONFIG_LOCKED"), ("ERROR", "RUN"), ("ERROR", "ERROR"),
}  # fmt: skip
RUNNING_ON_RECORD = {("RUN", "RUN"), ("ERROR", "RUN"), ("ERROR", "ERROR")}
DMA_ALONE, MMIO_ALONE = (True, False), (False, True)


def with_gates(seen: set[tuple[str, str]], *gates: tuple[bool, bool]) -> set[Seen]:
    return {(state, record, dma, mmio) for state, record in seen for dma, mmio in gates}


UNLOCKED_AND_SHUT = ("CONFIG_UNLOCKED", "CONFIG_UNLOCKED", False, False)
SEEN_BETWEEN_MESSAGES_ONLY = {
    # tdi_validate opens both gates in one call; one of them alone is what a relock needs.
    "sev-tio-host-run": with_gates(LOCKED_ON_RECORD, DMA_ALONE, MMIO_ALONE),
    # For calls the gates open in the flow's order and shut both at once: the one that opens last is never open alone.
    "sev-tio-guest-run": with_gates(LOCKED_ON_RECORD, MMIO_ALONE),
    "linux-tsm": with_gates(LOCKED_ON_RECORD, MMIO_ALONE),
    "hyperv": with_gates(LOCKED_ON_RECORD, MMIO_ALONE),
    "arm-cca-rsi": with_gates(RUNNING_ON_RECORD, DMA_ALONE),
    # The object for the TDI is there before the lock and after it; for calls bound is locked.
    "arm-cca": with_gates(RUNNING_ON_RECORD, DMA_ALONE) | {UNLOCKED_AND_SHUT},
    # Responses that were lost on the way, and gates that nothing shuts.
    "tdx-connect": with_gates(
        {(state, "CONFIG_UNLOCKED") for state in ("CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR")},
        (False, False), DMA_ALONE, MMIO_ALONE, (True, True),
    )
    | with_gates(
        LOCKED_ON_RECORD | {("CONFIG_LOCKED", "RUN"), ("CONFIG_LOCKED", "ERROR"), ("RUN", "CONFIG_LOCKED"), ("RUN", "ERROR")},
        DMA_ALONE,
    ),
}  # fmt: skip
"""Flow -> how a bound TDI can look while no message is under way, and cannot after calls."""


@pytest.mark.parametrize("flow", FLOWS_WITH_MESSAGES)
def test_whenever_no_message_is_under_way_a_bound_tdi_looks_as_it_can_after_calls(flow: str) -> None:
    assert seen_of_messages_at_rest(flow) - seen_of_calls(flow) == SEEN_BETWEEN_MESSAGES_ONLY.get(flow, set())


# --- tdi_validate, message by message -----------------------------------------------------------------------------------


def test_a_relock_between_the_messages_of_tdi_validate_opens_the_next_epochs_gates() -> None:
    t = trace("sev-tio-host-run", "carried-dma-effective-only-after-accept")
    happened = events(t)
    accepted = happened.index("accept")
    relocked = [i for i, a in enumerate(t.actions) if a.event == "response" and i > accepted]
    assert relocked, happened
    assert happened.count("ask_lock") == 2
    assert happened[-1] == "dma"
    assert expectation("sev-tio-host-run", "no-tbit-dma-effective-before-accept").verdict == "holds"  # type: ignore[union-attr]


@pytest.mark.parametrize("flow", ["sev-tio-host-run", "sev-tio-guest-run"])
def test_messages_that_name_the_epoch_open_no_other_epochs_gates(flow: str) -> None:
    for prop in (
        "carried-dma-gate-only-after-accept",
        "carried-mmio-gate-only-after-accept",
        "carried-dma-effective-only-after-accept",
        "carried-mmio-reaches-only-after-accept",
    ):
        assert verdict(flow, prop).startswith("violated")
        assert verdict(flow, prop, epoch_bind="tsm") == "holds"


def test_asking_the_host_for_run_changes_nothing_that_a_hostile_host_can_do() -> None:
    first, second = (reachable(system(f)).statistics for f in ("sev-tio-host-run", "sev-tio-guest-run"))
    assert (first.states, first.depth) == (second.states, second.depth)


def test_a_call_that_the_host_fails_falsely_opens_its_gate_after_the_guest_gave_up() -> None:
    happened = events(trace("sev-tio-guest-run", "gates-open-only-while-the-guest-wants-them"))
    assert happened[-3:] == ["gate_send", "host_answer", "message_deliver"]
    assert verdict("sev-tio-guest-run", "gates-open-only-while-the-guest-wants-them", guest_calls="direct") == "holds"


def test_a_guest_that_ignores_the_status_believes_in_a_gate_that_was_refused() -> None:
    prop = "a-gate-that-the-guest-takes-for-open-was-opened"
    assert verdict("sev-tio-guest-run", prop) == "holds"
    assert verdict("sev-tio-guest-run", prop, gate_status="ignored") == "violated@9"


def test_half_an_acceptance_stays_unless_the_guest_undoes_it() -> None:
    prop = "a-guest-that-gave-up-has-shut-gates"
    assert verdict("sev-tio-guest-run", prop) == "holds"
    assert verdict("sev-tio-guest-run", prop, failure_undone=False) == "violated@9"


@pytest.mark.parametrize(
    "prop", ["guest-accepts-only-what-the-record-says-is-locked", "guest-uses-only-what-the-record-says-runs"]
)
def test_a_state_that_the_host_fills_in_is_no_state(prop: str) -> None:
    assert verdict("sev-tio-guest-run", prop).startswith("violated")
    assert verdict("sev-tio-guest-run", prop, state_source="tsm") == "holds"


def test_forced_reclaim_gives_a_locked_tdi_back() -> None:
    assert verdict("sev-tio-host-run", "taken-back-only-when-stopped") == "violated@4"
    assert verdict("sev-tio-host-run", "taken-back-only-when-stopped", force_reclaim=False) == "holds"


# --- td_flag ------------------------------------------------------------------------------------------------------------


def test_one_way_routing_loses_a_lock_and_jams_the_guests_queue() -> None:
    assert events(trace("tdx-connect", "record-lags-only-by-the-devices-own-moves")) == [
        "ask_lock",
        "deliver_request",
        "misroute",
    ]
    assert events(trace("tdx-connect", "taken-back-only-when-stopped"))[-2:] == ["misroute", "take_back"]
    assert verdict("tdx-connect", "guests-queue-is-never-stuck") == "violated@8"
    assert verdict("tdx-connect", "guests-queue-is-never-stuck", response_routing="checked") == "holds"
    assert verdict("tdx-connect", "no-request-answered-by-anothers-response", response_routing="checked") == "holds"


def test_checked_routing_is_not_enough_while_answers_take_effect_when_the_guest_collects_them() -> None:
    prop = "record-lags-only-by-the-devices-own-moves"
    assert verdict("tdx-connect", prop, response_routing="checked") == "violated@13"
    happened = events(trace("tdx-connect", prop, response_routing="checked"))
    assert happened[-1] == "collect"
    assert verdict("tdx-connect", prop, response_routing="checked", guest_answer="on_arrival") == "holds"
    # With START_INTERFACE as the guest's own message, as in 2023, a TDI that was stopped since is RUN in the record.
    assert (
        verdict("tdx-connect", "every-run-is-on-record-at-rest", response_routing="checked", run_by="guest_call")
        == "violated@9"
    )


def test_a_session_id_that_is_renewed_with_the_response_misses_the_locks_whose_response_is_lost() -> None:
    prop = "carried-evidence-is-of-the-devices-epoch"
    assert verdict("tdx-connect", prop) == "violated@10"
    assert "misroute" in events(trace("tdx-connect", prop))
    assert verdict("tdx-connect", prop, epoch_begins="request") == "holds"
    assert verdict("tdx-connect", prop, response_routing="checked") == "holds"


def test_gates_that_stop_leaves_open_are_open_in_the_next_epoch_but_no_start_follows() -> None:
    assert verdict("tdx-connect", "carried-dma-gate-only-after-accept") == "violated@12"
    assert verdict("tdx-connect", "carried-dma-effective-only-after-accept") == "holds"
    closed: dict[str, Value] = {"response_routing": "checked", "gate_close": "after_stop"}
    assert verdict("tdx-connect", "carried-dma-gate-only-after-accept", **closed) == "holds"


def test_validity_that_outlives_an_unlock_starts_the_next_epoch_unless_start_names_the_epoch() -> None:
    of_2023: dict[str, Value] = {"run_by": "guest_call", "response_routing": "checked", "error_recovery": "automatic"}
    prop = "carried-dma-effective-only-after-accept"
    assert verdict("tdx-connect", prop, epoch_bind="none", **of_2023) == "violated@16"
    assert verdict("tdx-connect", prop, epoch_bind="none", validity="cleared", **of_2023) == "holds"
    assert verdict("tdx-connect", prop, epoch_bind="tsm", **of_2023) == "holds"
    # A device that leaves ERROR by STOP_INTERFACE only gives no occasion: that response clears validity.
    assert verdict("tdx-connect", prop, epoch_bind="none", **{**of_2023, "error_recovery": "stop"}) == "holds"


# --- Arm ----------------------------------------------------------------------------------------------------------------


def test_a_failed_stop_that_counts_as_done_gives_a_running_tdi_back() -> None:
    for prop in ("stopped-in-the-record-is-stopped", "taken-back-only-when-stopped", "every-run-is-on-record-at-rest"):
        assert verdict("arm-cca", prop) == "holds"
        assert verdict("arm-cca", prop, stop_failure="ignored").startswith("violated")
    assert events(trace("arm-cca", "stopped-in-the-record-is-stopped", stop_failure="ignored"))[-2:] == ["ask_stop", "abort"]


def test_a_gate_that_is_not_checked_again_opens_in_the_next_epoch() -> None:
    for prop in (
        "carried-mmio-gate-only-after-accept",
        "carried-dma-effective-only-after-accept",
        "no-gate-outlives-the-binding",
    ):
        assert verdict("arm-cca", prop) == "holds"
        assert verdict("arm-cca", prop, gate_completion="trusts").startswith("violated")


def test_a_gate_opened_while_stop_is_pending_outlives_it_where_gates_close_before_stop() -> None:
    prop = "carried-dma-effective-only-after-accept"
    assert verdict("arm-cca", prop, gate_while_busy="allowed") == "violated@22"
    happened = events(trace("arm-cca", prop, gate_while_busy="allowed"))
    stop = happened.index("ask_stop")
    assert "gate_complete" in happened[stop : happened.index("ask_lock", stop)]
    # Where they close with the response, what was opened meanwhile is shut again.
    assert verdict("arm-cca", prop, gate_while_busy="allowed", gate_close="after_stop") == "holds"


# --- What keeps the host out ----------------------------------------------------------------------------------------------


def test_in_cove_io_no_message_opens_anything_in_an_epoch_that_was_not_accepted() -> None:
    for prop in THE_SAME_OF_MESSAGES.values():
        if prop.startswith("carried") and "evidence" not in prop:
            assert verdict("cove-io", prop) == "holds"


def test_without_sequence_numbers_everything_falls() -> None:
    for prop in ("stopped-in-the-record-is-stopped", "carried-run-only-after-accept", "taken-back-only-when-stopped"):
        assert verdict("cove-io", prop) == "holds"
        assert verdict("cove-io", prop, replay_protection=False).startswith("violated")


def test_the_guest_alone_has_a_way_back_only_where_it_calls_the_tsm_to_shut_gates() -> None:
    alone = {f for f in FLOWS_WITH_MESSAGES if verdict(f, "a-failed-guest-can-undo-by-itself") == "holds"}
    stop = {f for f in FLOWS_WITH_MESSAGES if verdict(f, "a-guest-has-a-stop-of-its-own").startswith("holds")}
    assert alone == {"arm-cca"}
    assert stop == {"cove-io", "arm-cca-rsi"}
