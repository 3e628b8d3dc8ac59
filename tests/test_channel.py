"""The link between root port and device: the published attacks, what stops them, and what does not."""

from __future__ import annotations

from functools import cache

import naive
import pytest
from tdisprove.explore import Verdict, check
from tdisprove.explore.explicit import reachable
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import Value
from tdisprove.model.world import ASPECTS
from tdisprove.model.world.channel import events as e
from tdisprove.model.world.channel.state import DMA, MMIO, Stream
from tdisprove.properties import Property, Sometimes, occurs
from tdisprove.properties.catalogue import find, of_aspect

FLOW = FLOWS["cove-io"]
"""All flows are the same here, but for the host's driver at connect."""

READS = ("mmio-read-never-overtakes-a-write", "dma-read-never-overtakes-a-write")
INSTANCE = ("mmio-completion-answers-its-own-request", "dma-completion-answers-its-own-request")
CONTEXT = ("mmio-completion-stays-in-its-context", "dma-completion-stays-in-its-context")
WRITES = ("dma-write-takes-effect-for-its-sender-only", "mmio-write-takes-effect-for-its-sender-only")
FOREIGN_READ = "read-takes-effect-for-its-sender-only"
REPAIRABLE = (*READS, *INSTANCE, *CONTEXT, *WRITES, FOREIGN_READ)

Knobs = tuple[tuple[str, Value], ...]


@cache
def verdicts(knobs: Knobs = ()) -> dict[str, str]:
    results = check(FLOW.system(changed=dict(knobs), aspect="channel"), of_aspect("channel"))
    return {r.prop.id: "holds" if r.verdict is Verdict.HOLDS else f"violated@{r.depth}" for r in results}


def repaired(**knobs: Value) -> set[str]:
    """Which of the attacks a setting stops."""
    found = verdicts(tuple(knobs.items()))
    return {p for p in REPAIRABLE if found[p] == "holds"}


def attack(prop: str, **knobs: Value) -> list[str]:
    (r,) = check(FLOW.system(changed=knobs, aspect="channel"), [find(prop)])
    assert r.trace is not None
    return [a.event if a.reply == "ok" else f"{a.event}: {a.reply}" for a in r.trace.actions]


CONNECTED = ["enable_device", "enable_root_port", "tdi_bind"]


# --- The state space --------------------------------------------------------------------------------------------------

COUNTS: dict[tuple[str, Knobs, tuple[tuple[str, int], ...]], tuple[int, int]] = {
    ("cove-io", (), ()): (4028, 16),
    ("linux-tsm", (), ()): (5850, 16),
    ("cove-io", (), (("tvm", 3),)): (6033, 16),
    ("cove-io", (("rekey_on_rebind", "refresh"), ("flush_on_rebind", "both")), ()): (5104, 16),
    ("cove-io", (("ide_type", "link"),), ()): (10470, 30),
    ("cove-io", (("fabric_capacity", 3),), ()): (21096, 18),
}


@pytest.mark.parametrize(("flow", "knobs", "topology"), COUNTS)
def test_the_state_space_has_exactly_this_size(flow: str, knobs: Knobs, topology: tuple[tuple[str, int], ...]) -> None:
    system = FLOWS[flow].system(dict(topology), dict(knobs), aspect="channel")
    statistics = reachable(system).statistics
    assert statistics.complete
    assert statistics.deadlocks == 0
    assert (statistics.states, statistics.depth) == COUNTS[flow, knobs, topology]
    assert naive.count(system) == COUNTS[flow, knobs, topology]


def test_every_rule_is_reached_in_some_setting() -> None:
    fired: set[tuple[str, str]] = set()
    settings: tuple[dict[str, Value], ...] = (
        {}, {"quiet_connect": False}, {"ide_type": "link"}, {"rekey_on_rebind": "refresh_stop"}, {"rekey_on_rebind": "refresh"},
        {"device": "hostile", "quiet_connect": False},
    )  # fmt: skip
    for knobs in settings:
        system = FLOW.system(changed=knobs, aspect="channel")
        for number in reachable(system).statistics.fired:
            fired |= {(r.machine, r.name) for r in system.actions[number].rules}
    assert {(r.machine, r.name) for r in ASPECTS["channel"].model.rules} - fired == set()


def test_a_third_tlp_under_way_changes_no_verdict() -> None:
    assert verdicts((("fabric_capacity", 3),)) == verdicts()


def test_one_tlp_under_way_is_too_few_for_the_attacks_that_need_two() -> None:
    # Late for a request of the neighbour, whose own TLPs are not followed, one is enough.
    assert repaired(fabric_capacity=1) == {*READS, INSTANCE[1], CONTEXT[1]}


# --- The attacks ------------------------------------------------------------------------------------------------------


def test_forbidden_reordering_is_a_read_that_passes_a_write_unseen() -> None:
    assert attack(READS[0]) == [*CONNECTED, "mmio_write", "mmio_read", "mmio_read_arrives"]
    assert attack(READS[1]) == [*CONNECTED, "dma_write", "dma_read", "dma_read_arrives"]
    (r,) = check(FLOW.system(aspect="channel"), [find(READS[0])])
    assert r.trace is not None
    assert dict(r.trace.actions[-1].args) == {"evades": True}


def test_outside_the_gap_the_count_catches_the_read_and_costs_the_stream() -> None:
    system = FLOW.system(changed={"reorder_check": "enhanced"}, aspect="channel")
    caught = {
        system.actions[n].event
        for n in reachable(system).statistics.fired
        if system.actions[n].reply == "IDE_CHECK_FAILED" and system.actions[n].event.endswith("_read_arrives")
    }
    assert caught == {"mmio_read_arrives", "dma_read_arrives"}


def test_completion_timeout_redirection_needs_no_change_of_owner_while_root_port_tags_serve_two_tvms() -> None:
    assert attack(CONTEXT[0]) == [
        *CONNECTED, "neighbour_starts", "mmio_read", "mmio_timeout", "neighbour_read", "mmio_read_arrives",
        "mmio_completion_arrives",
    ]  # fmt: skip


def test_completion_timeout_redirection_takes_the_former_owners_memory_past_an_honest_stop() -> None:
    assert attack(CONTEXT[1]) == [
        *CONNECTED, "dma_read", "dma_timeout", "dma_read_arrives", "tdi_unbind", "tdi_bind", "dma_read",
        "dma_completion_arrives",
    ]  # fmt: skip


def test_a_device_that_answers_stop_at_once_needs_no_timeout_to_be_redirected() -> None:
    run = attack(CONTEXT[1], stop_waits=False)
    assert "dma_timeout" not in run
    assert len(run) == 8


def test_a_timeout_that_ends_the_lock_epoch_leaves_the_redirection_to_the_next_one() -> None:
    found = verdicts((("dma_timeout", "error"),))
    assert found[INSTANCE[1]] == "violated@10"
    assert "tdi_unbind" in attack(INSTANCE[1], dma_timeout="error")
    assert "tdi_unbind" not in attack(INSTANCE[1])


@pytest.mark.parametrize(("prop", "lane"), [(WRITES[0], "dma"), (WRITES[1], "mmio")])
def test_delayed_posted_redirection_lands_with_the_next_owner(prop: str, lane: str) -> None:
    assert attack(prop) == [*CONNECTED, f"{lane}_write", "tdi_unbind", "tdi_bind", f"{lane}_write_arrives"]


# --- What stops them --------------------------------------------------------------------------------------------------

SINGLE: tuple[tuple[str, Value, set[str]], ...] = (
    ("programmable_switch", False, set(REPAIRABLE)),
    ("reorder_check", "enhanced", set(READS)),
    ("tag_quarantine", "context_seen", set()),
    ("tag_quarantine", "context", set(CONTEXT)),
    ("tag_quarantine", "always", {*INSTANCE, *CONTEXT}),
    ("rekey_on_rebind", "refresh", set()),
    ("rekey_on_rebind", "refresh_stop", {CONTEXT[1], *WRITES, FOREIGN_READ}),
    ("rekey_on_rebind", "restart", {CONTEXT[1], *WRITES, FOREIGN_READ}),
    ("flush_on_rebind", "root_port", {WRITES[0]}),
    ("flush_on_rebind", "both", {CONTEXT[1], *WRITES, FOREIGN_READ}),
    ("stream_shared", False, set()),
    ("stop_waits", False, set()),
    ("dma_timeout", "error", set()),
    ("quiet_connect", False, set()),
)


@pytest.mark.parametrize(("name", "value", "stops"), SINGLE)
def test_each_measure_alone_stops_exactly_these_attacks(name: str, value: Value, stops: set[str]) -> None:
    assert repaired(**{name: value}) == stops


def test_the_smallest_sets_of_measures_that_stop_everything_without_banning_the_switch() -> None:
    everything = set(REPAIRABLE)
    for owners in ({"rekey_on_rebind": "refresh_stop"}, {"rekey_on_rebind": "restart"}, {"flush_on_rebind": "both"}):
        assert repaired(reorder_check="enhanced", tag_quarantine="always", **owners) == everything
        assert repaired(tag_quarantine="always", **owners) == everything - set(READS)
        assert repaired(reorder_check="enhanced", **owners) == everything - {*INSTANCE, CONTEXT[0]}
        assert repaired(reorder_check="enhanced", tag_quarantine="context", **owners) == everything - set(INSTANCE)
    assert repaired(reorder_check="enhanced", tag_quarantine="always") == everything - {*WRITES, FOREIGN_READ}


def test_a_flush_from_the_root_port_proves_mmio_writes_only_with_a_sound_count() -> None:
    assert repaired(flush_on_rebind="root_port", reorder_check="enhanced") >= set(WRITES)
    # Whatever the TDI itself had asked is not flushed by the root port's read.
    assert FOREIGN_READ not in repaired(flush_on_rebind="root_port", reorder_check="enhanced")


def test_a_refresh_ends_the_old_keys_only_where_something_follows_under_the_new_ones() -> None:
    # The held write is the last of its sub-stream: the receiver still takes the old set.
    assert attack(WRITES[0], rekey_on_rebind="refresh") == attack(WRITES[0])
    assert repaired(rekey_on_rebind="refresh", flush_on_rebind="both") == {FOREIGN_READ, CONTEXT[1]}


def test_a_seen_completion_does_not_say_of_which_request_it_was() -> None:
    run = attack(CONTEXT[0], tag_quarantine="context_seen")
    assert run.count("mmio_timeout") == 2
    assert "mmio_completion_arrives: UNEXPECTED" in run


def test_rekeying_at_rebind_stops_the_redirection_of_mmio_completions_only_where_no_neighbour_shares_the_stream() -> None:
    for keys in ("refresh_stop", "restart"):
        assert CONTEXT[0] not in repaired(rekey_on_rebind=keys)
        assert CONTEXT[0] in repaired(rekey_on_rebind=keys, stream_shared=False)


def test_restarting_a_shared_stream_makes_one_owner_wait_for_another_and_stopping_the_old_keys_does_not() -> None:
    waits = "next-owner-need-not-wait-for-the-neighbour"
    assert verdicts((("rekey_on_rebind", "restart"),))[waits] == "violated@3"
    for keys in ("no", "refresh", "refresh_stop"):
        assert verdicts((("rekey_on_rebind", keys),))[waits] == "holds"
    assert verdicts((("flush_on_rebind", "both"),))[waits] == "holds"


# --- What the fabric cannot do, and where it can ----------------------------------------------------------------------


def test_a_switch_between_two_links_can_forge_and_reorder_what_selective_ide_would_catch() -> None:
    found = verdicts((("ide_type", "link"),))
    for p in ("what-is-delivered-was-sent", "no-tlp-overtakes-in-its-sub-stream", "completion-never-overtakes-a-write"):
        assert verdicts()[p] == "holds"
        assert found[p].startswith("violated")
    # Keys have no hold on what the switch keeps in the clear.
    assert repaired(ide_type="link", rekey_on_rebind="restart") == set()
    assert repaired(ide_type="link", programmable_switch=False) == set(REPAIRABLE)


def test_enabling_ide_under_a_driver_at_work_loses_a_write_even_in_an_honest_fabric() -> None:
    for switch in (True, False):
        found = verdicts((("quiet_connect", False), ("programmable_switch", switch)))
        assert found["enabling-ide-loses-nothing"] == "violated@3"
    assert attack("enabling-ide-loses-nothing", quiet_connect=False)[-1].endswith("MISROUTED")
    assert verdicts()["enabling-ide-loses-nothing"] == "holds"


def test_a_write_that_was_sent_without_ide_is_taken_after_enabling() -> None:
    for lane, events in ((MMIO, e.MMIO), (DMA, e.DMA)):
        late = occurs(events.writes.arrives, where=(lane.write == "plain") & Stream.secure())
        taken = Property("taken", "A plain write is taken at an enabled port.", Sometimes(late))
        (r,) = check(FLOW.system(changed={"quiet_connect": False}, aspect="channel"), [taken])
        assert r.verdict is Verdict.HOLDS


def test_a_hostile_device_gets_nothing_past_a_closed_gate() -> None:
    assert verdicts((("device", "hostile"),))["no-dma-takes-effect-between-owners"] == "holds"
    assert verdicts((("device", "hostile"), ("root_complex", "hostile")))["no-dma-takes-effect-between-owners"] != "holds"
