"""Sequence charts: legible, complete, and each change on the lane of the party that made it."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from ports import (
    blocked_trace,
    every_trace,
    forbidden_step_trace,
    walks,
)
from tdisprove.explore import check
from tdisprove.explore.explain.parting import Nearest, Parting
from tdisprove.explore.explain.violations import Nearby
from tdisprove.explore.verdict import Trace
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import (
    BOOL,
    TRUE,
    Action,
    System,
    Variable,
    neg,
)
from tdisprove.model.world.sources import key
from tdisprove.properties.catalogue import find
from tdisprove.reports.sequence import Chart, lane_order, sequence_chart
from tdisprove.reports.sequence.aside import setting


def legible(chart: Chart) -> None:
    boxes = [(t.text, t.box) for t in chart.texts]
    for i, (text, box) in enumerate(boxes):
        assert box.x >= 0 and box.y >= 0, text
        assert box.x + box.width <= chart.width and box.y + box.height <= chart.height, text
        for other, b in boxes[:i]:
            assert not box.overlaps(b), (text, other)


@settings(max_examples=60, deadline=None)
@given(walks())
def test_no_text_of_a_chart_overlaps_another_or_is_cut(trace: Trace) -> None:
    chart = sequence_chart(trace, title="A title of some length " * 4, subtitle="words " * 60)
    legible(chart)
    ElementTree.fromstring(chart.svg())


@every_trace
def test_charts_are_legible_and_well_formed(trace: Trace) -> None:
    chart = sequence_chart(trace)
    legible(chart)
    root = ElementTree.fromstring(chart.svg())
    shown = {"".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text")}
    assert shown == {t.text.replace("\x01", "\N{REPLACEMENT CHARACTER}") for t in chart.texts}


def test_long_names_are_wrapped_and_push_lanes_apart() -> None:
    v = Variable("a_variable_with_quite_a_name." * 3 + "state", BOOL)
    action = Action(
        "an_event_with_a_name", tuple((f"argument_{i}", i) for i in range(30)), TRUE, ((v.term, TRUE),), "x" * 60
    )
    system = System("long", (v,), neg(v.term), (action,))
    chart = sequence_chart(Trace(system, ((False,), (True,)), (action,)))
    legible(chart)
    assert chart.width < 1000


def test_changes_stand_on_the_lane_of_the_party_that_made_them() -> None:
    trace = blocked_trace()
    chart = sequence_chart(trace)
    lanes = lane_order(trace)
    assert lanes == ("host", "tsm", "root_complex", "device")
    centre = {p: next(t.x for t in chart.texts if t.text == p.replace("_", " ")) for p in lanes}
    assert sorted(centre, key=lambda p: centre[p]) == list(lanes)
    steps = {g.tooltip.split(" – ")[0]: g for g in chart.groups if g.tooltip and g.tooltip != "initially"}
    assert list(steps) == [a.label for a in trace.actions]

    def middle(step: str, *texts: str) -> float:
        found = [t.box for t in steps[step].texts if t.text in texts]
        assert len(found) == len(texts)
        return (min(b.x for b in found) + max(b.x + b.width for b in found)) / 2

    # The main variable of a machine is a badge: name and value are two texts.
    assert middle("lock(port0)", "port0.state", "LOCKED") == pytest.approx(centre["device"], abs=5)
    assert middle("lock(port0)", "tsm.port0.owned → true") == pytest.approx(centre["tsm"])
    assert middle("dma(port0) → BLOCKED", "port0.sent → true") == pytest.approx(centre["device"])
    assert [t.text for t in steps["lock(port0) → BUSY"].texts] == ["lock(port0)", "2", "BUSY", "T 1"]
    assert "stroke-dasharray" in "".join(steps["lock(port0) → BUSY"].shapes)
    # What the broken condition mentions is red in the step that made it so.
    assert {t.text for t in steps["dma(port0) → BLOCKED"].texts if t.colour == "#b3261e"} == {"port0.sent → true"}


def test_the_order_of_lanes_is_a_parameter() -> None:
    trace = blocked_trace()
    assert lane_order(trace, ("device", "tsm")) == ("device", "tsm", "host", "root_complex")
    chart = sequence_chart(trace, lanes=("device", "tsm"))
    legible(chart)
    assert [t.text for t in chart.groups[3].texts] == ["device", "tsm", "host", "root complex"]


def test_the_step_that_had_to_come_first_is_drawn_where_it_is_missing() -> None:
    trace = forbidden_step_trace()
    chart = sequence_chart(trace)
    legible(chart)
    # The guest takes part in no step; it has a lane for what it did not do.
    assert "guest" not in lane_order(trace)
    texts = {t.text: t for t in chart.texts}
    assert texts["guest"].x < texts["host"].x
    (ghost,) = [t for t in chart.texts if t.text == "agree(port0): did not happen"]
    (last,) = [t for t in chart.texts if t.text == "3"]
    assert ghost.colour == "#b3261e" and ghost.y < last.y
    assert any("dotted: what had to come first" in t for t in texts)
    assert not any("did not happen" in t.text or "dotted" in t.text for t in sequence_chart(blocked_trace()).texts)


@pytest.mark.parametrize(
    ("parting", "beside", "said"),
    [
        (Parting(1, ("BUSY", "LATE"), ("a = b, but a = c",)), ["the same", "BUSY or LATE"], "step 2, which is answered BUSY or LATE"),
        (Parting(0), ["not possible"], "step 1, which is not possible"),
        (Parting(None), ["the same"] * 3, "the whole run is possible"),
    ],
)  # fmt: skip
def test_the_nearest_flow_goes_along_up_to_where_it_parts(parting: Parting, beside: list[str], said: str) -> None:
    near = Nearest("elsewhere", {"knob": (False, True)}, parting)
    chart = sequence_chart(forbidden_step_trace(), nearest=near, setting="A world. Hostile: host.", meaning="It is bad.")
    legible(chart)
    column = next(t.x for t in chart.texts if t.text == "in elsewhere")
    steps = [g for g in chart.groups if g.step]
    assert [t.text for g in steps for t in g.texts if t.centred and t.x == column] == beside
    text = " ".join(t.text for t in chart.texts)
    assert said in text and "knob=true (here false)" in text and "A world. Hostile: host." in text
    assert ("missing there: a = b, but a = c" in text) == bool(parting.why)


def test_what_steps_are_and_what_abbreviations_mean_stands_beside_the_world_s_own_runs() -> None:
    flow = FLOWS["sev-tio-host-run"]
    (r,) = check(flow.system(), [find("no-tbit-dma-emitted-before-accept")])
    assert r.trace is not None
    near = Nearby().of(flow, r)
    assert near is not None and near.flow == "cove-io"
    chart = sequence_chart(r.trace, nearest=near, setting=setting(flow.summary, r.system))
    legible(chart)
    text = " ".join(t.text for t in chart.texts)
    assert "the TSM binds the TDI to the TVM and sends LOCK_INTERFACE" in text
    assert "tdi_validate(tvm0, tdi0): did not happen" in text
    assert "Hostile: host." in text
    assert "P63: PCI Express Base Specification 6.3" in text and "TDX:" not in text


@pytest.mark.parametrize(
    ("cite", "expected"),
    [("M1, M17: verify", ["M1 …"]), ("RMM1", []), ("P63 §11.2; [D] so", ["P63", "[D]"]), ("P631 AMDX", []), ("", [])],
)
def test_only_abbreviations_that_are_used_are_explained(cite: str, expected: list[str]) -> None:
    assert [short for short, _ in key([cite])] == expected
