"""Results as Markdown (GitHub's dialect), for job summaries, issues and mails."""

from __future__ import annotations

from collections.abc import Sequence

from ...explore.verdict import Verdict
from ..table import code, prose, trace_markdown
from ..verdicts import cell, tally
from .judged import Columns, Unexpected, judged

_SIGNS = {"passed": "✅", "failed": "❌", "error": "⚠️"}


def markdown(columns: Columns, *, notes: Sequence[str] = (), unexpected: Unexpected | None = None) -> str:
    """A table per flow, and below it the runs of what does not hold, folded."""
    blocks: list[str] = []
    found = list(judged(columns, unexpected))
    for flow, results in columns.items():
        mine = [j for j in found if j.flow == flow]
        rows = ["| | property | verdict | |", "|---|---|---|---|"]
        rows += [
            f"| {_SIGNS[j.outcome]} | {code(j.result.prop.id)} | {prose(cell(j.result))} | {prose(j.result.prop.says)} |"
            for j in mine
        ]
        blocks += [f"## {prose(flow)}", prose(tally(list(results))) + ".", "\n".join(rows)]
        for j in mine:
            if j.result.trace is None or j.result.verdict is not Verdict.VIOLATED:
                continue
            title = f"<details><summary>{prose(j.result.prop.id)}: {prose(cell(j.result))}</summary>"
            blocks += [title, trace_markdown(j.result.trace).rstrip(), "</details>"]
    blocks += [f"**{prose(note)}**" for note in notes]
    return "\n\n".join(blocks) + "\n"
