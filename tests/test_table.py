"""Runs as tables: each step and its changes, within the width, as text and as Markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from ports import (
    blocked_trace,
    changes_of,
    every_trace,
    forbidden_step_trace,
    two_phase_trace,
    walks,
)
from tdisprove.explore.verdict import Trace
from tdisprove.reports.table import trace_markdown, trace_table


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


@every_trace
def test_markdown_has_a_row_for_each_step(trace: Trace) -> None:
    text = trace_markdown(trace, title="Title", subtitle="what *is* said")
    rows = [line for line in text.split("\n") if re.match(r"\| \d", line)]
    assert len(rows) == len(trace)
    for row, step in zip(rows, changes_of(trace), strict=True):
        assert len(re.findall(r"(?<!\\)\|", row)) == 6
        assert row.count("→") - row.count("→ **") == len(step)
    assert "what \\*is\\* said" in text
