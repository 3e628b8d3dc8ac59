"""Pictures are the same on every run, and show no monitor. Timelines say each value as long as it stays; on machines, what is drawn as taken is what some reachable step takes."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pytest
from hypothesis import given, settings
from ports import SYSTEM, WORLD, every_trace, play, walks
from tdisprove.cli import main
from tdisprove.explore.evaluate import enabled, initial_states, successor
from tdisprove.explore.explicit import reachable
from tdisprove.explore.verdict import Trace
from tdisprove.model.language import Event, Machine, Model, enum, neg
from tdisprove.reports.graph import TooLarge, project, state_dot, suggestion, trace_dot, trace_svg
from tdisprove.reports.machines import covered_graph, covered_svg, machine_graph
from tdisprove.reports.mermaid import trace_mermaid
from tdisprove.reports.sequence import sequence_svg
from tdisprove.reports.story import Story
from tdisprove.reports.style import text_width
from tdisprove.reports.svg import Box
from tdisprove.reports.table import trace_markdown, trace_table
from tdisprove.reports.timeline import timeline_svg

SVG = "{http://www.w3.org/2000/svg}"


@settings(max_examples=25, deadline=None)
@given(walks())
def test_a_timeline_says_every_value_once_for_as_long_as_it_stays(trace: Trace) -> None:
    story = Story(trace)
    shown = [t.text or "" for t in ElementTree.fromstring(timeline_svg(trace)).iter(f"{SVG}text")]
    index = trace.system.index
    for name in story.relevant:
        at = shown.index(name)
        values = [s[index[name]] for s in trace.states]
        if isinstance(values[0], bool):
            continue
        stays = [str(v) for v, _ in groupby(values)]
        assert shown[at + 1 : at + 1 + len(stays)] == stays


@every_trace
def test_a_timeline_names_every_step_and_its_texts_do_not_touch(trace: Trace) -> None:
    text = timeline_svg(trace, title="A title", subtitle="words " * 40)
    root = ElementTree.fromstring(text)
    steps = [g.get("data-step") for g in root.iter(f"{SVG}g") if g.get("data-step")]
    assert steps == [str(i) for i in range(len(trace.states))]
    assert text == timeline_svg(trace, title="A title", subtitle="words " * 40)
    boxes = []
    for t in root.iter(f"{SVG}text"):
        size, content = float(t.get("font-size", 0)), "".join(t.itertext())
        width = text_width(content, size, mono="Mono" in t.get("font-family", ""), bold=t.get("font-weight") == "bold")
        x = float(t.get("x", 0)) - (width / 2 if t.get("text-anchor") == "middle" else 0)
        boxes.append((Box(x, float(t.get("y", 0)) - 0.7 * size, width, 0.8 * size), content))
    width = float(root.get("width", 0))
    for i, (box, content) in enumerate(boxes):
        assert box.x >= 0, content
        assert box.x + box.width <= width, content
        assert not any(box.overlaps(other) for other, _ in boxes[:i]), content


def walked(
    model: Model, machine: str, family: str, sizes: dict[str, int], knobs: dict[str, str]
) -> set[tuple[str, str, str]]:
    """(before, after, rule) of every change that a reachable step makes, by the reference evaluator."""
    system = model.instantiate(sizes, knobs, check=False)
    todo = list(initial_states(system))
    seen, found = set(todo), set()
    names = [n for n in system.index if re.fullmatch(family, n)]
    while todo:
        state = todo.pop()
        for a in system.actions:
            if not enabled(system, a, state):
                continue
            after = successor(system, a, state)
            for n in names:
                i = system.index[n]
                if state[i] != after[i]:
                    found |= {(str(state[i]), str(after[i]), r.name) for r in a.rules if r.machine == machine}
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return found


def test_an_edge_is_set_back_exactly_when_no_reachable_step_takes_it() -> None:
    sizes, knobs = {"port": 2}, {"device": "honest"}
    graph = covered_graph(WORLD, "port", reachable(WORLD.instantiate(sizes, knobs, check=False)))
    expected = walked(WORLD, "port", r"port\d\.state", sizes, knobs)
    drawn = {(a, b, r.partition(".")[2]) for a, b, d in graph.edges(data=True) for r in d["rules"] if not d["faint"]}
    assert drawn == expected
    assert graph.graph["taken"] == len(expected)
    assert {n for n, faint in graph.nodes(data="faint") if faint} == {"ERROR"}


def test_what_another_machine_never_lets_happen_is_drawn_and_set_back() -> None:
    """The lamp could be switched on, were it not for a key that nobody turns."""
    key, lamp = Machine("key"), Machine("lamp")
    turned = key.var("turned", enum("Turned", "no", "yes"), init="no")
    light = lamp.var("light", enum("Light", "off", "on"), init="off")
    switch = Event("switch")
    key.rule(switch, when=[turned == "yes"])
    lamp.rule(switch, when=[light == "off"], set={light: "on"})
    model = Model.of("room", key, lamp)
    assert machine_graph(model, "lamp").number_of_edges() == 1
    found = reachable(model.instantiate({}, check=False))
    graph = covered_graph(model, "lamp", found)
    assert [d["faint"] for _, _, d in graph.edges(data=True)] == [True]
    assert "0 of 1 transitions are taken" in re.sub(r"\s+", " ", re.sub("<[^>]*>", "", covered_svg(model, "lamp", found)))
    assert "dotted" in covered_svg(model, "lamp", found) or "stroke-dasharray" in covered_svg(model, "lamp", found)


def test_the_command_paints_every_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "cove-io", "--coverage", "-q", "-o", str(tmp_path)]) == 0
    names = {p.stem for p in (tmp_path / "cove-io" / "coverage").glob("*.svg")}
    assert {"tdi", "tsm", "gate", "guest", "stream"} <= names
    assert main(["explore", "cove-io", "-o", str(tmp_path)]) == 2
    assert "-o needs --project or --coverage" in capsys.readouterr().err


def test_few_states_with_too_many_transitions_are_refused_with_a_projection_that_can_be_read() -> None:
    graph = nx.DiGraph()
    for i in range(12):
        graph.add_node(i, values={"low": i % 3, "high": i // 3})
    graph.add_edges_from((a, b) for a in range(12) for b in range(12) if a != b)
    with pytest.raises(TooLarge) as refusal:
        state_dot(graph)
    assert "132 transitions between its 12 states, more than the 60 that can be read" in str(refusal.value)
    assert "such as high (4 states)" in str(refusal.value)
    assert suggestion(graph) == ("high",)
    state_dot(project(graph, ("high",)))
    state_dot(graph, limit=132)


def test_a_witness_is_reached_and_not_broken() -> None:
    trace = play(SYSTEM, ["lock(port0)", "run(port0)"], neg(SYSTEM["port0.state"] == "RUN"))
    assert "After step 2 the target is reached.\n  reached: port0.state = RUN" in trace_table(trace, witness=True)
    assert "#b3261e" not in sequence_svg(trace, witness=True)
    assert "#b3261e" not in trace_dot(trace, witness=True)
    assert "253, 236" not in trace_mermaid(trace, witness=True)


@every_trace
def test_pictures_are_the_same_on_every_run(trace: Trace) -> None:
    assert sequence_svg(trace, title="t") == sequence_svg(trace, title="t")
    assert trace_svg(trace, title="t") == trace_svg(trace, title="t")
    assert trace_mermaid(trace) == trace_mermaid(trace)


@every_trace
def test_monitors_are_nowhere(trace: Trace) -> None:
    for text in (trace_table(trace), trace_markdown(trace), sequence_svg(trace), trace_dot(trace), trace_mermaid(trace)):
        assert "monitor." not in text
