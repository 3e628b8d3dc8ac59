"""State graphs: the path of a run, projections, and what nobody could read is refused."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from ports import (
    EXAMPLE,
    every_trace,
    explored,
    forbidden_step_trace,
    walks,
)
from tdisprove.explore.evaluate import named
from tdisprove.explore.verdict import Trace
from tdisprove.reports.graph import (
    TooLarge,
    project,
    state_dot,
    state_svg,
    trace_graph,
    trace_svg,
)
from tdisprove.reports.mermaid import state_mermaid


@settings(max_examples=30, deadline=None)
@given(walks())
def test_the_graph_of_a_trace_is_its_path(trace: Trace) -> None:
    graph = trace_graph(trace)
    assert len(graph) == len(set(trace.states))
    at = {state: i for i, state in reversed(list(enumerate(trace.states)))}
    labels: dict[tuple[int, int], list[str]] = {}
    for i, action in enumerate(trace.actions):
        labels.setdefault((at[trace.states[i]], at[trace.states[i + 1]]), []).append(f"({i + 1}) {action.label}")
    assert {(a, b): d["label"].split("\n") for a, b, d in graph.edges(data=True)} == labels
    broken = [n for n, d in graph.nodes(data=True) if d.get("broken")]
    assert broken == [at[trace.states[-1]]]
    for node, data in graph.nodes(data=True):
        assert data["values"].items() <= named(trace.system, trace.states[node]).items()


@every_trace
def test_a_graph_shows_the_values_and_what_broke(trace: Trace) -> None:
    svg = trace_svg(trace, title="The title")
    root = ElementTree.fromstring(svg)
    lines = ["".join(t.itertext()) for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert lines[0] == "The title"
    for i in range(len(trace)):
        for name, (_, value) in trace.changed(i).items():
            name = name.replace("\x01", "\N{REPLACEMENT CHARACTER}")
            assert any(x.startswith(f"▸ {name}") and str(value).lower() in x.lower() for x in lines), name
    assert any(x.startswith("✗ ") for x in lines)
    assert "<!--" not in svg


def test_a_forbidden_step_is_a_red_edge_from_a_red_state() -> None:
    graph = trace_graph(forbidden_step_trace())
    (edge,) = [(a, b) for a, b, d in graph.edges(data=True) if d.get("broken")]
    (node,) = [n for n, d in graph.nodes(data=True) if d.get("broken")]
    assert edge == (node, 3)
    assert graph.nodes[node]["broken"][0] == "Step 3, dma(port0) → BLOCKED, must not happen here."


def test_a_hairball_is_refused_and_a_projection_offered() -> None:
    graph = explored(EXAMPLE["two_phase_commit"](4))
    with pytest.raises(TooLarge) as refusal:
        state_dot(graph)
    said = re.search(r"has (\d+) states.*such as (.*) \((\d+) states\)", str(refusal.value))
    assert said is not None
    assert int(said[1]) == len(graph) > 60
    quotient = project(graph, said[2].split(", "))
    assert len(quotient) == int(said[3]) <= 60
    ElementTree.fromstring(state_svg(quotient))
    with pytest.raises(TooLarge, match="more than the 3"):
        state_mermaid(quotient, limit=3)


def test_a_quotient_keeps_every_step_that_shows() -> None:
    graph = explored(EXAMPLE["two_phase_commit"](2))
    names = ("tm.decision", "rm0.state")
    quotient = project(graph, names)
    for a, b, data in graph.edges(data=True):
        image = tuple(tuple(graph.nodes[n]["values"][v] for v in names) for n in (a, b))
        labels = {d["label"] for d in quotient.get_edge_data(*image, default={}).values()}
        assert image[0] == image[1] or data["label"] in labels
    assert [n for n, d in quotient.nodes(data=True) if d["initial"]] == [("open", "working")]
