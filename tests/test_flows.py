"""The flows' state spaces: exact counts, at several topologies, from several engines."""

from __future__ import annotations

import naive
import pytest
from tdisprove.explore.coverage import unused
from tdisprove.explore.explicit import reachable
from tdisprove.model.flows import FLOWS
from tdisprove.model.flows.flow import parse_knob
from tdisprove.model.language import ModelError
from tdisprove.model.world import ASPECTS, KNOBS

WORLD = ASPECTS["lifecycle"].model

# flow, topology -> states, depth
COUNTS = {
    ("sev-tio-host-run", ()): (2208, 17),
    ("sev-tio-guest-run", ()): (3848, 20),
    ("cove-io", ()): (1392, 17),
    ("tdx-connect", ()): (2228, 19),
    ("arm-cca", ()): (2256, 21),
    ("arm-cca-rsi", ()): (2412, 21),
    ("ide-only", ()): (80, 7),
    ("sev-tio-host-run", (("tvm", 2),)): (32768, 23),
    ("sev-tio-guest-run", (("tvm", 2),)): (60224, 28),
    ("cove-io", (("tvm", 2),)): (19712, 23),
    ("tdx-connect", (("tvm", 2),)): (33856, 27),
    ("arm-cca", (("tvm", 2),)): (33536, 30),
    ("arm-cca-rsi", (("tvm", 2),)): (37120, 30),
    ("ide-only", (("tvm", 2),)): (160, 8),
    ("sev-tio-host-run", (("tdi", 2),)): (467776, 28),
    ("sev-tio-guest-run", (("tdi", 2),)): (1546048, 34),
    ("cove-io", (("tdi", 2),)): (172032, 27),
}

DIFFERENT = [flow for flow, topology in COUNTS if not topology]
"""The flows that differ in this aspect."""


@pytest.mark.parametrize(("flow", "topology"), COUNTS)
def test_exhaustive_exploration_finds_exactly_these_states(flow: str, topology: tuple[tuple[str, int], ...]) -> None:
    statistics = reachable(FLOWS[flow].system(dict(topology))).statistics
    assert statistics.complete
    assert (statistics.states, statistics.depth) == COUNTS[flow, topology]
    assert statistics.deadlocks == 0


@pytest.mark.parametrize("flow", DIFFERENT)
def test_an_explorer_that_shares_no_code_finds_the_same(flow: str) -> None:
    counted = naive.explore(FLOWS[flow].system())
    statistics = reachable(FLOWS[flow].system()).statistics
    assert (counted.states, counted.transitions, counted.depth) == (
        statistics.states,
        statistics.transitions,
        statistics.depth,
    )


@pytest.mark.parametrize(("flow", "topology"), [at for at, (states, _) in COUNTS.items() if states < 1_000_000])
def test_a_second_explorer_finds_exactly_these_states(flow: str, topology: tuple[tuple[str, int], ...]) -> None:
    assert naive.count(FLOWS[flow].system(dict(topology))) == COUNTS[flow, topology]


def test_rules_of_other_flows_are_named_as_unused() -> None:
    system = FLOWS["cove-io"].system()
    dead, never = unused(system, reachable(system).statistics, WORLD.rules)
    assert "guest.tdi_accept" in dead
    assert "tdi.start_interface" not in dead
    assert "tdi.stop: INVALID_INTERFACE_STATE" in never
    assert "tdi.tdi_bind: INVALID_INTERFACE_STATE" not in never


def test_every_rule_has_an_actor_somebody_it_binds_and_a_citation() -> None:
    for aspect in ASPECTS.values():
        for r in aspect.model.rules:
            assert r.event.actor.name != "environment", r.name
            assert r.cite, f"{r.machine}.{r.name}"
            for c in r.checks:
                assert c.name, f"{r.machine}.{r.name}"


@pytest.mark.parametrize("aspect", ASPECTS)
def test_every_rule_of_the_world_can_apply_under_some_setting(aspect: str) -> None:
    seen = ASPECTS[aspect]
    rules = {r for a in seen.model.instantiate(seen.topology).actions for r in a.rules}  # refuses a guard without a solution
    assert rules == set(seen.model.rules)


def test_no_rule_of_the_world_is_dead_under_every_flow_and_knob() -> None:
    # This asks that they are reached in some setting.
    fired: set[tuple[str, str]] = set()
    settings: tuple[dict[str, str | bool], ...] = (
        {}, {"p2p": True}, {"multi_session": True}, {"error_recovery": "automatic"}, {"tsm_consent": True}, {"device": "hostile"},
    )  # fmt: skip
    for flow in DIFFERENT:
        for knobs in settings:
            system = FLOWS[flow].system(changed=knobs)
            for number in reachable(system).statistics.fired:
                fired |= {(r.machine, r.name) for r in system.actions[number].rules}
    assert {(r.machine, r.name) for r in WORLD.rules} - fired == set()


def test_every_knob_has_a_default_in_its_domain_and_every_flow_sets_known_knobs() -> None:
    # A knob that no aspect reads decides nothing.
    assert {k.name for k in KNOBS} == {name for a in ASPECTS.values() for name in a.knobs}
    for k in KNOBS:
        assert k.default in k.sort.domain
    for flow in FLOWS.values():
        assert set(flow.knobs()) == {k.name for k in KNOBS}
        for aspect in flow.aspects:
            assert flow.system(aspect=aspect).knobs.items() <= flow.knobs().items()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("p2p", "write it as KNOB=VALUE"),
        ("p2q=true", "there is no knob 'p2q'; did you mean p2p"),
        ("host=friendly", "knob host cannot be 'friendly': it is one of honest, hostile"),
    ],
)
def test_a_wrong_knob_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(ModelError) as e:
        parse_knob(text)
    assert words in str(e.value)
    assert "\n" not in str(e.value)


def test_tdis_that_cannot_be_dealt_out_are_refused() -> None:
    with pytest.raises(ModelError, match="3 TDIs cannot be dealt out evenly to 2 devices"):
        FLOWS["cove-io"].system({"device": 2, "tdi": 3})
