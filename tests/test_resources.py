"""What the host hands out: exact state spaces, who gets hurt under which policy, and what no policy touches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import product
from typing import TypeAlias

import naive
import pytest
from tdisprove.cli import main
from tdisprove.explore import Verdict, check
from tdisprove.explore.explicit import reachable
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import Term, after, exists, neg
from tdisprove.model.language.mutate import DropUpdate, mutated
from tdisprove.model.world import ASPECTS, KNOBS
from tdisprove.model.world.lifecycle import events as life
from tdisprove.model.world.lifecycle.state import Tdi as LifeTdi
from tdisprove.model.world.resources import events as e
from tdisprove.model.world.resources.state import Device, Gate, Host, Tdi, Tsm
from tdisprove.model.world.vocabulary import d, device_of, t, v
from tdisprove.properties import After, Never, Property, Sometimes, occurs
from tdisprove.properties.catalogue import find
from tdisprove.properties.steps import becomes

WORLD = ASPECTS["resources"].model
Knobs: TypeAlias = Mapping[str, str | bool]
HONEST: Knobs = {"host": "honest"}

PF_AND_VF = (("device", 1), ("tdi", 2))
SMALL = {"device": 2, "tdi": 2, "tvm": 1, "stream": 1}

# flow, topology -> states, depth
COUNTS = {
    ("sev-tio-host-run", ()): (13539, 16),
    ("sev-tio-guest-run", ()): (13539, 16),
    ("cove-io", ()): (8871, 15),
    ("tdx-connect", ()): (8871, 15),
    ("arm-cca", ()): (12483, 16),
    ("linux-tsm", ()): (15147, 17),
    ("ide-only", ()): (1647, 12),
    ("cove-io", PF_AND_VF): (21586, 18),
    ("linux-tsm", PF_AND_VF): (57330, 20),
    ("ide-only", (("stream", 2),)): (6723, 15),
    ("tdx-connect", (("stream", 2),)): (173683, 21),
}

POLICIES = (
    "connect_policy", "stream_release", "stream_preempt", "ide_on_fail", "probe_order", "connect_in_use", "close_order", "bind_by",
    "host_check", "driver_over_lock",
)  # fmt: skip
"""What is up to an honest host, or guest."""

SAFETY = tuple(
    find(p)
    for p in (
        "streams-are-not-overcommitted", "stream-is-freed-exactly-with-its-device", "register-blocks-go-with-the-stream",
        "secure-stream-ends-in-its-device", "connecting-twice-changes-nothing", "bind-needs-connect",
        "private-dma-only-bound-and-over-a-secure-stream", "assignment-is-exclusive", "no-handover-without-unbind",
        "binding-twice-changes-nothing", "allocation-is-the-gate", "disconnect-leaves-nothing-behind",
        "no-gate-into-freed-memory", "memory-goes-back-only-when-all-is-unbound", "a-new-tvm-starts-with-nothing",
        "ide-off-stops-every-tdi", "a-reset-physical-function-takes-its-virtual-ones",
    )
)  # fmt: skip
"""What must not depend on the host at all."""


def verdict(
    flow: str,
    prop: str | Property,
    topology: Mapping[str, int] | None = None,
    changed: Knobs | None = None,
    **knobs: str | bool,
) -> str:
    p = find(prop) if isinstance(prop, str) else prop
    (result,) = check(FLOWS[flow].system(topology, {**(changed or {}), **knobs}, aspect="resources"), [p])
    return result.verdict.value if result.trace is None else f"{result.verdict.value}@{result.depth}"


def sometimes(target: Term, *over: Term) -> Property:
    return Property("test", "Some state can be reached.", Sometimes(target), over)


# --- State spaces -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flow", "topology"), COUNTS)
def test_exhaustive_exploration_finds_exactly_these_states(flow: str, topology: tuple[tuple[str, int], ...]) -> None:
    statistics = reachable(FLOWS[flow].system(dict(topology), aspect="resources")).statistics
    assert statistics.complete
    assert (statistics.states, statistics.depth) == COUNTS[flow, topology]
    assert statistics.deadlocks == 0


@pytest.mark.parametrize(("flow", "topology"), COUNTS)
def test_a_second_explorer_finds_exactly_these_states(flow: str, topology: tuple[tuple[str, int], ...]) -> None:
    assert naive.count(FLOWS[flow].system(dict(topology), aspect="resources")) == COUNTS[flow, topology]


def test_every_rule_is_reached_under_some_flow_and_policy() -> None:
    fired: set[tuple[str, str]] = set()
    for flow, knobs in product(("cove-io", "tdx-connect", "linux-tsm"), ({}, HONEST)):
        system = FLOWS[flow].system(changed=knobs, aspect="resources")
        for number in reachable(system).statistics.fired:
            fired |= {(r.machine, r.name) for r in system.actions[number].rules}
    assert {(r.machine, r.name) for r in WORLD.rules} - fired == set()


def test_every_check_with_a_reply_is_given_as_a_reason_under_some_flow_and_knob() -> None:
    settings: tuple[tuple[str, Knobs], ...] = (
        ("cove-io", {}), ("tdx-connect", {}), ("sev-tio-guest-run", {}), ("ide-only", {}), ("cove-io", {"unbind_from_run": "refused"}),
        ("cove-io", {"disconnect_bound": "force"}),
    )  # fmt: skip
    given: set[tuple[str, str, str]] = set()
    for flow, knobs in settings:
        system = FLOWS[flow].system(changed=knobs, aspect="resources")
        for number in reachable(system).statistics.fired:
            action = system.actions[number]
            if action.refused_by is not None:
                given.add((action.refused_by.machine, action.refused_by.name, action.reply))
    for pf_vf in ("exclusive",):
        system = FLOWS["linux-tsm"].system(dict(PF_AND_VF), {"pf_vf": pf_vf}, aspect="resources")
        for number in reachable(system).statistics.fired:
            action = system.actions[number]
            if action.refused_by is not None:
                given.add((action.refused_by.machine, action.refused_by.name, action.reply))
    wanted = {(r.machine, r.name, c.reply) for r in WORLD.rules for c in r.checks if c.reply is not None}
    assert wanted - given == set()


# --- Safety does not depend on the host -------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", ["cove-io", "arm-cca"])
def test_no_policy_of_the_host_touches_safety(flow: str) -> None:
    # All policies at once: they are left open, so that one exploration answers for every combination.
    knobs = {k: x for k, x in FLOWS[flow].knobs(HONEST).items() if k in ASPECTS["resources"].knobs and k not in POLICIES}
    system = WORLD.instantiate(SMALL, knobs)
    for r in check(system, SAFETY):
        assert r.verdict is Verdict.HOLDS, r.prop.id


@pytest.mark.parametrize("flow", ["cove-io", "tdx-connect", "arm-cca"])
def test_a_hostile_host_does_no_harm_to_safety_either(flow: str) -> None:
    for r in check(FLOWS[flow].system(aspect="resources"), SAFETY):
        assert r.verdict is Verdict.HOLDS, r.prop.id


def test_a_hostile_host_is_not_bound_by_any_policy() -> None:
    # Policies are checks of an honest host: with a hostile one, they make no difference to what can happen.
    policies = [p for p in POLICIES if p not in ("driver_over_lock",)]
    counts = set()
    for values in ({}, *({p: x} for p in policies for k in KNOBS if k.name == p for x in k.sort.domain)):
        found = reachable(FLOWS["cove-io"].system(SMALL, values, aspect="resources")).statistics
        counts.add((found.states, found.transitions, found.depth))
    assert len(counts) == 1


def test_only_what_the_tsm_leaves_unchecked_can_hurt_safety() -> None:
    # Of all that platforms decide differently, one choice alone decides about memory of a dead TVM.
    choices = ("disconnect_bound", "reclaim_bound", "unbind_from_run", "rebind_same", "connect_again", "pf_vf")
    for reuse, wrong in (
        ("refcount", set()),
        ("fence", {"memory-goes-back-only-when-all-is-unbound"}),
        (
            "unchecked",
            {"memory-goes-back-only-when-all-is-unbound", "no-gate-into-freed-memory", "a-new-tvm-starts-with-nothing"},
        ),
    ):
        knobs = FLOWS["linux-tsm"].knobs({"memory_reuse": reuse})
        kept = {k: x for k, x in knobs.items() if k in ASPECTS["resources"].knobs and k not in choices}
        failed = {r.prop.id for r in check(WORLD.instantiate(SMALL, kept), SAFETY) if r.verdict is Verdict.VIOLATED}
        assert failed == wrong


# --- Death of a TVM ---------------------------------------------------------------------------------------------------


def test_memory_of_a_dead_tvm_is_safe_by_reference_or_fence_or_by_the_order_of_an_honest_host() -> None:
    p = "no-gate-into-freed-memory"
    assert verdict("linux-tsm", p) == "violated@8"
    assert verdict("linux-tsm", p, memory_reuse="refcount") == "holds"
    assert verdict("linux-tsm", p, memory_reuse="fence") == "holds"
    assert verdict("linux-tsm", p, host="honest", close_order="unbind_first") == "holds"
    assert verdict("linux-tsm", p, host="honest", close_order="device_first") == "holds"
    assert verdict("linux-tsm", p, host="honest", close_order="memory_first") == "violated@8"


def test_a_crash_of_the_vmm_resets_a_bound_device_unless_unbinding_comes_first() -> None:
    p = "unbind-precedes-reset-disable-and-unmap"
    assert verdict("linux-tsm", p, host="honest", close_order="unbind_first") == "holds"
    assert verdict("linux-tsm", p, host="honest", close_order="memory_first") == "holds"
    assert verdict("linux-tsm", p, host="honest", close_order="device_first") == "violated@6"


# --- Streams ----------------------------------------------------------------------------------------------------------


def test_preemption_takes_a_device_in_use_only_where_policy_and_tsm_let_it() -> None:
    p = "preemption-spares-bound-tdis"
    found = {
        (preempt, disconnect): verdict("cove-io", p, host="honest", stream_preempt=preempt, disconnect_bound=disconnect)
        for preempt in ("unbound", "bound")
        for disconnect in ("unbind", "reject", "force")
    }
    assert found == {
        ("unbound", "unbind"): "holds",
        ("unbound", "reject"): "holds",
        ("unbound", "force"): "holds",
        ("bound", "unbind"): "violated@8",
        ("bound", "reject"): "holds",
        ("bound", "force"): "violated@8",
    }


def test_a_pool_of_one_stream_serves_one_tvm_and_a_pool_of_two_serves_two() -> None:
    p = "two-tvms-can-each-have-a-device"
    assert verdict("linux-tsm", p) == "violated"
    assert verdict("linux-tsm", p, {"stream": 2}) == "holds@12"
    # Two functions of one device share its stream.
    assert verdict("linux-tsm", p, dict(PF_AND_VF)) == "holds@10"


def test_a_host_that_connects_eagerly_and_panics_is_stopped_by_a_device_too_many() -> None:
    out_of_streams = Property(
        "test",
        "The host stops for want of a stream.",
        Sometimes(occurs(e.device_connect, reply="NO_STREAM", where=after(Host.halted))),
    )
    eager: Knobs = {**HONEST, "connect_policy": "eager", "ide_on_fail": "panic"}
    assert verdict("linux-tsm", out_of_streams, changed=eager) == "holds@4"
    assert verdict("linux-tsm", out_of_streams, {"stream": 2}, changed=eager) == "violated"
    assert verdict("linux-tsm", out_of_streams, changed={**eager, "ide_on_fail": "warn"}) == "violated"


def test_ide_is_there_on_request_only_under_the_lazy_policy() -> None:
    assert verdict("linux-tsm", "ide-only-on-request", host="honest", connect_policy="lazy") == "holds"
    assert verdict("linux-tsm", "ide-only-on-request", host="honest", connect_policy="eager") == "violated@2"


def test_connecting_under_a_driver_of_the_host_is_the_policys_to_forbid() -> None:
    p = "connect-spares-drivers-of-the-host"
    assert verdict("sev-tio-host-run", p, host="honest") == "violated@4"
    assert verdict("sev-tio-host-run", p, host="honest", connect_in_use="refused") == "holds"


@pytest.mark.parametrize(
    ("on_fail", "order", "expected"),
    [
        ("warn", "any", "violated@2"),
        ("warn", "after_connect", "violated@3"),
        ("block", "any", "holds"),
        ("block", "after_connect", "holds"),
        ("panic", "any", "violated@2"),
        ("panic", "after_connect", "holds"),
    ],
)
def test_when_an_unprotected_device_is_probed(on_fail: str, order: str, expected: str) -> None:
    p = "unprotected-devices-are-not-probed"
    assert verdict("linux-tsm", p, host="honest", connect_policy="eager", ide_on_fail=on_fail, probe_order=order) == expected


# --- Who has a device -------------------------------------------------------------------------------------------------


def test_a_virtual_function_goes_to_another_tvm_than_its_physical_one_unless_the_tsm_refuses() -> None:
    p = "physical-and-virtual-functions-are-one-tvms"
    for flow in ("sev-tio-guest-run", "cove-io", "tdx-connect", "arm-cca", "linux-tsm"):
        assert verdict(flow, p, dict(PF_AND_VF)) == "violated@6"
        assert verdict(flow, p, dict(PF_AND_VF), pf_vf="exclusive") == "holds"


def test_the_owner_of_the_physical_function_breaks_the_others_virtual_one_and_reads_nothing() -> None:
    foreign = sometimes(
        exists(t, exists(v, (Tsm.bound[t] == v) & (Tdi.state[t] == "ERROR") & (Gate.dma[t] == v) & Host.visible(v, t)))
    )
    assert verdict("tdx-connect", foreign, dict(PF_AND_VF)).startswith("holds")
    assert verdict("tdx-connect", "private-dma-only-bound-and-over-a-secure-stream", dict(PF_AND_VF)) == "holds"
    assert verdict("tdx-connect", "assignment-is-exclusive", dict(PF_AND_VF)) == "holds"


def test_the_guest_sees_bound_devices_only_where_the_host_binds_first_and_preempts_nobody() -> None:
    p = "what-the-guest-sees-is-bound"
    assert verdict("cove-io", p, host="honest") == "holds"
    assert verdict("cove-io", p, host="honest", bind_by="guest") == "violated@3"
    assert verdict("cove-io", p, host="honest", stream_preempt="bound").startswith("violated")
    assert verdict("tdx-connect", p, host="honest") == "violated@3"


def test_a_tsm_that_does_not_unbind_from_run_leaves_the_host_to_break_the_tdi_first() -> None:
    p = "a-running-tdi-can-be-unbound"
    assert verdict("cove-io", p) == "holds"
    assert verdict("cove-io", p, unbind_from_run="refused") == "violated@6"
    broken_first = Property(
        "test",
        "A TDI can be unbound after an error.",
        Sometimes(occurs(e.tdi_unbind, t=t, where=Tdi.state[t] == "ERROR")),
        (t,),
    )
    assert verdict("cove-io", broken_first, unbind_from_run="refused").startswith("holds")


def test_what_taking_mmio_back_does_to_a_bound_tdi() -> None:
    p = "mmio-does-not-go-without-dma"
    assert verdict("cove-io", p, reclaim_bound="error") == "holds"
    assert verdict("cove-io", p, reclaim_bound="autounbind") == "holds"
    assert verdict("cove-io", p, reclaim_bound="force") == "violated@7"


def test_a_forced_disconnect_leaves_a_tdi_in_error_that_nobody_can_lock_before_a_reset() -> None:
    stuck = Property(
        "test",
        "An unbound TDI cannot be locked.",
        Never(occurs(e.tdi_bind, reply="INVALID_INTERFACE_STATE", t=t, where=Tsm.bound[t] == "none")),
        (t,),
    )
    assert verdict("cove-io", stuck) == "holds"
    assert verdict("cove-io", stuck, disconnect_bound="reject") == "holds"
    assert verdict("cove-io", stuck, disconnect_bound="force") == "violated@7"
    (life_of_it,) = check(
        FLOWS["cove-io"].system(changed={"disconnect_bound": "force"}),
        [
            Property(
                "test",
                "A forced disconnect unlocks a running TDI.",
                Sometimes(
                    occurs(
                        life.device_disconnect,
                        d=d,
                        where=(LifeTdi.state[t] == "RUN")
                        & (LifeTdi.lock_session[t] == "tsm")
                        & (after(LifeTdi.state[t]) != "ERROR"),
                    )
                ),
                (d, t),
            )
        ],
    )
    assert life_of_it.verdict is Verdict.VIOLATED


def test_a_guests_driver_stays_over_the_lock_only_where_the_flow_lets_it() -> None:
    for flow, expected in (("sev-tio-host-run", "holds@7"), ("sev-tio-guest-run", "violated"), ("linux-tsm", "violated")):
        assert verdict(flow, "a-driver-can-stay-over-the-lock") == expected
    assert verdict("linux-tsm", "a-driver-can-stay-over-the-lock", driver_over_lock="kept") == "holds@7"


# --- The host's own judgement -----------------------------------------------------------------------------------------


def test_the_hosts_own_judgement_denies_and_does_nothing_else() -> None:
    fake: Knobs = {**HONEST, "device": "hostile"}
    given = sometimes(Tsm.connected[device_of(t)] | Host.driver[t] | (Host.owner[t] != "none"), t)
    assert verdict("cove-io", given, changed=fake).startswith("holds")
    assert verdict("cove-io", given, changed=fake, host_check=True) == "violated"
    # With a genuine device the check changes nothing.
    for name in ("ide-only-on-request", "what-the-guest-sees-is-bound", "error-is-left-without-ending-the-tvm"):
        assert verdict("cove-io", name, changed=HONEST) == verdict("cove-io", name, changed=HONEST, host_check=True)


def test_against_a_hostile_device_the_guests_judgement_is_enough() -> None:
    opened = sometimes(Gate.dma[t] == v, t, v)
    for host, checked in product(("honest", "hostile"), (False, True)):
        assert verdict("cove-io", opened, device="hostile", host=host, host_check=checked) == "violated"
    # Where neither judges, the gate opens for it.
    assert verdict("cove-io", opened, device="hostile", guest="hostile").startswith("holds")
    assert verdict("cove-io", opened, device="hostile", guest="hostile", host="honest", host_check=True) == "violated"


# --- Removal ----------------------------------------------------------------------------------------------------------


def test_after_a_surprise_removal_everything_can_be_let_go_of() -> None:
    for flow in ("cove-io", "tdx-connect", "linux-tsm"):
        for knobs in ({}, HONEST, {"unbind_from_run": "refused"}, {"disconnect_bound": "force"}):
            assert verdict(flow, "a-removed-device-can-be-unbound", SMALL, knobs) == "holds"
            assert verdict(flow, "a-removed-device-can-be-disconnected", SMALL, knobs) == "holds"


def test_a_device_in_a_removed_ones_place_has_to_be_connected_for_itself() -> None:
    newcomer = Property(
        "test",
        "What is plugged in after a removal is not locked, and reaches nothing, before it was connected.",
        Never(
            (becomes(Tdi.locked()), occurs(e.dma, t=t, v=v), occurs(e.mmio, v=v, t=t)),
            After(occurs(e.surprise_removal, d=device_of(t)), occurs(e.device_connect, d=device_of(t))),
        ),
        (t, v),
    )
    reached = sometimes(Device.present[d] & Tsm.connected[d] & neg(Device.block[d]), d)
    for flow in ("cove-io", "tdx-connect", "linux-tsm"):
        assert verdict(flow, reached) == "holds@4"
        assert verdict(flow, newcomer) == "holds"
    # A root port that does not see the link go down would take it for its predecessor.
    world = mutated(WORLD, DropUpdate("port", "surprise_removal", "port.link"))
    (blind,) = check(FLOWS["linux-tsm"].system(model=world, aspect="resources"), [newcomer])
    assert blind.trace is not None
    events = [a.event for a in blind.trace.actions]
    assert events[-1] == "tdi_bind"
    assert "hot_plug" in events[events.index("surprise_removal") :]
    assert events.count("device_connect") == 1


# --- The command line -------------------------------------------------------------------------------------------------


def test_the_command_line_offers_streams(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "ide-only", "--aspect", "resources", "--streams", "2", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["states"] == COUNTS["ide-only", (("stream", 2),)][0]
    assert document["topology"] == {"device": 2, "tdi": 2, "tvm": 2, "stream": 2}
    with pytest.raises(SystemExit) as stopped:
        main(["explore", "ide-only", "--streams", "0"])
    assert stopped.value.code == 2
    assert "is not a whole number of at least 1" in capsys.readouterr().err


def test_fewer_tdis_than_devices_are_put_on_fewer_devices() -> None:
    assert FLOWS["cove-io"].system({"tdi": 1}, aspect="resources").topology["device"] == 1
    assert FLOWS["cove-io"].system({"tdi": 3}, aspect="resources").topology["device"] == 1
    assert FLOWS["cove-io"].system({"tdi": 4}, aspect="resources").topology["device"] == 2
