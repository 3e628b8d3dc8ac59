"""The catalogue: recorded verdicts, no hollow green, and what the central argument comes to."""

from __future__ import annotations

import naive
import pytest
from tdisprove.explore import Verdict, check
from tdisprove.model.flows import FLOWS
from tdisprove.model.language.mutate import mutated
from tdisprove.model.world import ASPECTS
from tdisprove.properties import LeadsTo, Property, Recurs, Sometimes, compile_liveness, compile_properties
from tdisprove.properties.catalogue import CENTRAL, PROPERTIES, aspect_of, expectation, find, groups, of_aspect
from tdisprove.properties.catalogue.registry import EVERY, recorded

TDISP = [f for f in FLOWS.values() if "lifecycle" in f.aspects and f.knobs()["tdisp"]]

EMITTED, EFFECTIVE = (find(p) for p in CENTRAL)


def verdict(flow: str, prop: Property, **knobs: str | bool) -> str:
    (result,) = check(FLOWS[flow].system(changed=knobs), [prop])
    return result.verdict.value if result.trace is None else f"{result.verdict.value}@{result.depth}"


def different(aspect: str) -> list[str]:
    """The flows that have the aspect; of those that are the same in it, the first."""
    found: dict[tuple[object, ...], str] = {}
    for flow in FLOWS.values():
        if aspect in flow.aspects:
            knobs = flow.knobs()
            found.setdefault(tuple(knobs[k] for k in sorted(ASPECTS[aspect].knobs)), flow.name)
    return list(found.values())


SYSTEMS = [(aspect, flow) for aspect in ASPECTS for flow in different(aspect)]


@pytest.mark.parametrize(("aspect", "flow"), SYSTEMS)
def test_every_verdict_is_as_recorded(aspect: str, flow: str) -> None:
    for r in check(FLOWS[flow].system(aspect=aspect), of_aspect(aspect)):
        entry = expectation(flow, r.prop.id)
        assert entry is not None, r.prop.id
        assert (r.verdict.value, r.depth) == (entry.verdict, entry.depth), r.prop.id


SECOND_OPINION = [
    (aspect, flow)
    for aspect, flow in SYSTEMS
    if aspect == "lifecycle" or flow in (different(aspect)[0], different(aspect)[-1])
]
"""All flows of the lifecycle, and two of each other aspect."""


@pytest.mark.parametrize(("aspect", "flow"), SECOND_OPINION)
def test_an_explorer_that_shares_no_code_says_the_same_of_every_property(aspect: str, flow: str) -> None:
    found = of_aspect(aspect)
    system = FLOWS[flow].system(aspect=aspect)
    watched, obligations = compile_properties(system, [p for p in found if not isinstance(p.formula, LeadsTo | Recurs)])
    fails: dict[str, list[int | None]] = {}
    for o, fails_at in zip(obligations, naive.explore(watched, obligations).fails_at, strict=True):
        fails.setdefault(o.prop.id, []).append(fails_at)
    for o in obligations:
        entry = expectation(flow, o.prop.id)
        assert entry is not None
        depths = [at for at in fails[o.prop.id] if at is not None]
        failed = len(depths) == len(fails[o.prop.id]) if o.reach else bool(depths)
        assert entry.verdict == ("holds" if failed == o.reach else "violated"), o.prop.id
        if entry.depth is not None:
            assert entry.depth == (max(depths) if o.reach else min(depths)), o.prop.id


@pytest.mark.parametrize("flow", different("lifecycle"))
def test_a_checker_that_shares_no_code_says_the_same_of_every_promise(flow: str) -> None:
    aspect = "lifecycle"
    system = FLOWS[flow].system(aspect=aspect)
    promises = compile_liveness(system, [p for p in of_aspect(aspect) if isinstance(p.formula, LeadsTo | Recurs)])
    stems: dict[str, list[int | None]] = {}
    for promise, stem in zip(promises, naive.breaks(system, promises) if promises else (), strict=True):
        stems.setdefault(promise.prop.id, []).append(stem)
    for name, found in stems.items():
        broken = [n for n in found if n is not None]
        entry = expectation(flow, name)
        assert entry is not None
        assert (entry.verdict, entry.depth) == (("violated", min(broken)) if broken else ("holds", None)), name


@pytest.mark.parametrize(
    ("preempt", "streams", "verdict"),
    [("never", 1, "violated"), ("unbound", 1, "violated"), ("bound", 1, "holds"), ("never", 2, "holds")],
)
def test_who_waits_for_a_stream_gets_it_in_the_end_under_some_policies_only(
    preempt: str, streams: int, verdict: str
) -> None:
    p = find("a-waiting-bind-is-granted-in-the-end")
    knobs = {"host": "honest", "stream_preempt": preempt}
    system = FLOWS["linux-tsm"].system({"tvm": 1, "stream": streams}, knobs, aspect="resources")
    (r,) = check(system, [p])
    assert r.verdict.value == verdict


def test_nothing_is_recorded_that_does_not_exist() -> None:
    for aspect in ASPECTS:
        entries = recorded(aspect)
        assert set(entries) == {p.id for p in of_aspect(aspect)}
        for flows in entries.values():
            assert set(flows) - {EVERY} <= {f.name for f in FLOWS.values() if aspect in f.aspects}


def test_ids_are_unique_and_sentences_are_sentences() -> None:
    every = [p for g in groups() for p in g.properties]
    assert len(every) == len(PROPERTIES) >= 20
    assert len({g.title for g in groups()}) == len(groups())
    for p in every:
        assert p.says[0].isupper(), p.id
        assert p.says.endswith("."), p.id
        assert p.cite, p.id
        assert p.protects, p.id


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_has_a_positive_witness(name: str) -> None:
    p = find(name)
    if isinstance(p.formula, Sometimes):
        return  # is one
    assert p.witness is not None
    for flow in different(aspect_of(p)):
        system = FLOWS[flow].system(p.witness.topology, p.witness.knobs, aspect=aspect_of(p))
        witness = Property(f"{p.id} (witness)", p.says, Sometimes(p.witness.target), p.over)
        # For some value of the parameters is enough: check() asks for all of them.
        results = check(system, [p, witness])
        reached = results[1].verdict is Verdict.HOLDS
        if results[0].verdict is Verdict.HOLDS:
            assert results[0].vacuous == (results[1].verdict is Verdict.VIOLATED)
        if reached:
            return
    pytest.fail("no flow reaches the witness")


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_is_killed_by_a_mutant_or_violated_by_a_flow_as_it_is(name: str) -> None:
    p = find(name)
    if p.kill is None:
        assert any(e.verdict == "violated" for e in recorded(aspect_of(p))[name].values())
        return
    flow, aspect = FLOWS[p.kill.flow], aspect_of(p)
    (sound,) = check(flow.system(p.kill.topology, p.kill.knobs, aspect=aspect), [p])
    assert sound.verdict is Verdict.HOLDS
    world = mutated(ASPECTS[aspect].model, *p.kill.mutants)
    (mutant,) = check(flow.system(p.kill.topology, p.kill.knobs, world, aspect=aspect), [p])
    assert mutant.verdict is Verdict.VIOLATED


# --- The central argument ---------------------------------------------------------------------------------------------


def test_with_the_hosts_run_the_device_sends_before_anybody_accepts() -> None:
    (r,) = check(FLOWS["sev-tio-host-run"].system(), [EMITTED])
    assert r.trace is not None
    events = [a.event for a in r.trace.actions]
    assert events == ["device_connect", "ide_enable", "tdi_bind", "tdi_bind_run", "dma"]
    assert not {"tdi_accept", "tdi_validate", "start_interface"} & set(events)
    assert r.trace.actions[-1].reply == "BLOCKED"


def test_with_the_hosts_run_the_gates_keep_it_out_unless_it_goes_to_a_peer() -> None:
    assert verdict("sev-tio-host-run", EFFECTIVE, p2p=False) == "holds"
    assert verdict("sev-tio-host-run", EFFECTIVE, p2p=True) == "violated@7"
    (r,) = check(FLOWS["sev-tio-host-run"].system(changed={"p2p": True}), [EFFECTIVE])
    assert r.trace is not None
    assert r.trace.actions[-1].event == "dma_peer"


def test_a_guest_that_asks_the_host_for_run_needs_an_honest_host_or_a_tsm_that_insists() -> None:
    found = {
        (host, consent): verdict("sev-tio-guest-run", EMITTED, host=host, tsm_consent=consent)
        for host in ("honest", "hostile")
        for consent in (False, True)
    }
    assert found == {
        ("honest", False): "holds",
        ("honest", True): "holds",
        ("hostile", False): "violated@5",
        ("hostile", True): "holds",
    }


def test_a_decision_taken_before_a_relock_is_spent_on_the_next_epoch_unless_messages_name_the_epoch() -> None:
    assert verdict("sev-tio-guest-run", EFFECTIVE) == "violated@11"
    (r,) = check(FLOWS["sev-tio-guest-run"].system(), [EFFECTIVE])
    assert r.trace is not None
    events = [a.event for a in r.trace.actions]
    assert events.count("tdi_bind") == 2
    accepted = events.index("tdi_accept")
    assert "tdi_bind" in events[:accepted]
    assert "tdi_bind" in events[accepted:]
    assert verdict("sev-tio-guest-run", EFFECTIVE, epoch_bind="tsm") == "holds"


def test_cove_io_sends_nothing_before_acceptance_whatever_the_host_does() -> None:
    assert verdict("cove-io", EMITTED, host="hostile") == "holds"


def test_acceptance_of_old_evidence_is_open_in_every_flow_until_the_tsm_binds_the_epoch() -> None:
    p = find("accepted-evidence-is-of-this-epoch")
    assert {f.name for f in TDISP if not verdict(f.name, p).startswith("violated")} == {"tdx-connect"}
    assert verdict("tdx-connect", p) == "holds"
    assert verdict("tdx-connect", p, epoch_bind="none").startswith("violated")
    assert verdict("sev-tio-host-run", p, epoch_bind="tsm") == "holds"
    assert verdict("cove-io", p, epoch_bind="tsm") == "holds"


def test_a_hostile_device_never_reaches_memory_through_a_guest_that_verifies() -> None:
    for flow in TDISP:
        assert verdict(flow.name, EFFECTIVE, device="hostile") == "holds"
        assert verdict(flow.name, EMITTED, device="hostile").startswith("violated")
    assert verdict("cove-io", EFFECTIVE, device="hostile", guest="hostile").startswith("holds")
    assert verdict("cove-io", find("accept-only-after-verification"), guest="hostile").startswith("violated")
