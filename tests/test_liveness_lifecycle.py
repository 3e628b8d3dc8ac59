"""What comes in the end in the lifecycle, and on whose behaviour that rests."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tdisprove.explore import Trace, check
from tdisprove.model.flows import FLOWS
from tdisprove.properties import (
    LeadsTo,
)
from tdisprove.properties.catalogue import find


def _verdict(flow: str, name: str, *, fairness: bool = True, **knobs: str | bool) -> tuple[str, Trace | None]:
    p = find(name)
    assert isinstance(p.formula, LeadsTo)
    if not fairness:
        p = replace(p, formula=replace(p.formula, fairness=()))
    (r,) = check(FLOWS[flow].system(changed=knobs), [p])
    return r.verdict.value, r.trace


WITH_TDISP = ("sev-tio-host-run", "cove-io", "tdx-connect", "arm-cca-rsi")


WITHOUT_A_STOP = {
    "sev-tio-host-run": ["get_version", "device_disconnect"],
    "cove-io": ["host_connect", "device_disconnect"],
    "tdx-connect": ["get_version", "tdi_unbind"],
    "arm-cca-rsi": ["host_connect", "tdi_unbind"],
}


@pytest.mark.parametrize("flow", WITH_TDISP)
def test_a_rejected_tdi_ends_unlocked_when_the_host_keeps_to_the_flow_and_not_otherwise(flow: str) -> None:
    assert _verdict(flow, "a-rejected-tdi-ends-unlocked", host="honest") == ("holds", None)
    verdict, trace = _verdict(flow, "a-rejected-tdi-ends-unlocked", host="hostile")
    assert verdict == "violated"
    assert trace is not None
    events = [a.event for a in trace.actions[: trace.loop]]
    # The TSM's session ends first, so that no STOP_INTERFACE is sent.
    assert events[-2:] == WITHOUT_A_STOP[flow]
    assert trace.value(len(trace), "tdi0.state") == "ERROR"
    assert trace.value(len(trace), "tsm.tdi0.bound") == "none"


@pytest.mark.parametrize(
    "name", ["a-rejected-tdi-is-given-back", "a-rejected-tdi-ends-unlocked", "error-is-left-in-the-end"]
)
def test_nothing_is_given_back_by_a_host_that_does_not_want_to(name: str) -> None:
    assert _verdict("cove-io", name, host="honest")[0] == "holds"
    verdict, trace = _verdict("cove-io", name, fairness=False, host="honest")
    assert verdict == "violated"
    assert trace is not None
    assert trace.loop is not None


def test_gates_open_only_for_a_guest_that_asks_for_them() -> None:
    for flow in ("sev-tio-guest-run", "hyperv"):
        assert _verdict(flow, "an-accepted-tdi-gets-its-gates")[0] == "holds"
        assert _verdict(flow, "an-accepted-tdi-gets-its-gates", fairness=False)[0] == "violated"
    # Where the TSM asks for a state on its record, a host that never lets the TDI get there keeps the gates shut.
    for flow in ("tdx-connect", "arm-cca"):
        assert _verdict(flow, "an-accepted-tdi-gets-its-gates")[0] == "violated"
    # Where acceptance opens the gates itself, there is nothing to ask for.
    assert _verdict("cove-io", "an-accepted-tdi-gets-its-gates", fairness=False)[0] == "holds"


def test_a_host_that_locked_the_tdi_itself_keeps_an_accepted_one_from_running_unless_acceptance_names_the_epoch() -> None:
    verdict, trace = _verdict("sev-tio-guest-run", "an-accepted-tdi-comes-to-run")
    assert verdict == "violated"
    assert trace is not None
    assert "host_lock" in [a.event for a in trace.actions]
    assert _verdict("sev-tio-guest-run", "an-accepted-tdi-comes-to-run", host="honest")[0] == "holds"
    assert _verdict("tdx-connect", "an-accepted-tdi-comes-to-run")[0] == "holds"
