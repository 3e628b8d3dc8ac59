"""Runs that go on for ever, as tables, graphs, charts and data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from counters import (
    COUNTER,
    ENDING,
    IDLE,
    result,
    run,
    x,
)
from tdisprove.explore import Result
from tdisprove.properties import (
    Fair,
    LeadsTo,
    Property,
    Recurs,
    Step,
)
from tdisprove.reports.files import write_traces
from tdisprove.reports.graph import trace_dot, trace_graph
from tdisprove.reports.json_report import check_document
from tdisprove.reports.mermaid import trace_mermaid
from tdisprove.reports.sequence import sequence_chart
from tdisprove.reports.table import trace_markdown, trace_table
from tdisprove.reports.verdicts import cell, run_in_words


def _lasso() -> Result:
    r = result(COUNTER, LeadsTo(x == 1, x == 3, (Fair(Step(IDLE), why="it may idle"),)))
    assert run(r) == (["up", "idle"], 1)
    return r


def test_the_table_says_where_the_loop_begins_and_where_it_leads_back() -> None:
    r = _lasso()
    assert r.trace is not None
    lines = trace_table(r.trace).splitlines()
    begin = next(i for i, t in enumerate(lines) if t.startswith("── loop from step 2 ─"))
    assert lines[begin - 1].startswith(" 1  up()")
    assert lines[begin + 1].startswith(" 2  idle()")
    assert lines[begin + 2].startswith("── back to where step 1 led, and so on for ever ─")
    assert "From step 1 on it is due, and it never comes: step 2 is repeated for ever." in lines
    assert "  awaited: x = 3" in lines
    assert "  fair: it may idle (weak fairness of idle()); such a step is taken in step 2" in lines
    assert "| ↻ | **loop from step 2**: step 2 is repeated for ever | | | |" in trace_markdown(r.trace)
    assert cell(r) == "VIOLATED (loop at 1)"
    assert run_in_words(r) == "up() → (idle(), for ever)"


def test_the_graph_closes_the_loop_with_a_red_edge() -> None:
    r = _lasso()
    assert r.trace is not None
    graph = trace_graph(r.trace)
    assert list(graph.nodes) == [0, 1]
    assert graph.nodes[1]["title"] == "after step 1 and again after step 2"
    assert graph.nodes[1]["lines"] == ["due from here on"]
    assert graph.nodes[1]["broken"] == ["awaited: x = 3"]
    assert graph.edges[1, 1]["broken"] is True
    assert "broken" not in graph.edges[0, 1]
    assert "s1 -> s1" in trace_dot(r.trace)


def test_the_sequence_chart_and_mermaid_frame_the_steps_that_are_repeated() -> None:
    r = _lasso()
    assert r.trace is not None
    texts = {t.text: t for t in sequence_chart(r.trace).texts}
    head = texts["loop: step 2 is repeated for ever"]
    assert texts["up()"].y < head.y < texts["idle()"].y
    lines = trace_mermaid(r.trace).splitlines()
    begin = lines.index("  loop from step 2#58; step 2 is repeated for ever")
    assert "(1) up()" in lines[begin - 2] + lines[begin - 1]
    assert "(2) idle()" in lines[begin + 1]
    assert lines[begin + 2] == "  end"


def test_json_says_where_the_run_comes_back_to() -> None:
    r = _lasso()
    (entry,) = check_document("0", {"f": [r]})["results"]
    assert (entry["loop"], entry["pending"], entry["depth"], len(entry["trace"])) == (1, 1, 1, 2)
    assert entry["fairness"] == ["it may idle (weak fairness of idle())"]
    (ending,) = check_document("0", {"f": [result(ENDING, LeadsTo(x == 3, x == 0))]})["results"]
    assert (ending["loop"], ending["pending"], ending["depth"]) == (None, 3, 3)


def test_every_picture_of_a_run_that_ends_or_begins_with_its_loop_is_drawn(tmp_path: Path) -> None:
    found = [
        replace(result(ENDING, LeadsTo(x == 3, x == 0)), prop=Property("ends", "P.", Recurs(x == 0))),
        replace(result(COUNTER, LeadsTo(x == 0, x == 3)), prop=Property("begins", "P.", Recurs(x == 0))),
        replace(result(replace(ENDING, actions=()), Recurs(x == 3)), prop=Property("nothing", "P.", Recurs(x == 0))),
    ]
    write_traces(tmp_path, "f", found)
    assert "after step 3 no step is possible" in (tmp_path / "f" / "ends.txt").read_text()
    assert "From the initial state on it is due" in (tmp_path / "f" / "begins.txt").read_text()
    assert "back to the initial state" in (tmp_path / "f" / "begins.txt").read_text()
    assert "never comes: no step is possible." in (tmp_path / "f" / "nothing.txt").read_text()
