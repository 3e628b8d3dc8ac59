"""Mermaid tells the same story, and no text in it ends a message."""

from __future__ import annotations

import re

from ports import (
    EXAMPLE,
    blocked_trace,
    explored,
    nasty_trace,
)
from tdisprove.reports.graph import (
    trace_graph,
)
from tdisprove.reports.mermaid import state_mermaid, trace_mermaid


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
