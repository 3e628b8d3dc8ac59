"""Results as JUnit XML: a suite per flow, a case per property. UNKNOWN is an error, never a skip."""

from __future__ import annotations

from collections.abc import Sequence

from ...explore.verdict import Verdict
from ...model.language import word
from ..svg import escape
from ..table import trace_table
from .judged import Columns, Judged, Unexpected, judged


def junit(columns: Columns, *, notes: Sequence[str] = (), unexpected: Unexpected | None = None) -> str:
    """The XML document. ``notes`` say what is missing, each of which is an error of the run itself.

    With ``unexpected``, what is violated as recorded passes, and says so in its output. Without running times, so that equal
    results are equal bytes.
    """
    by_flow: dict[str, list[Judged]] = {name: [] for name in columns}
    for j in judged(columns, unexpected):
        by_flow[j.flow].append(j)
    every = [j for js in by_flow.values() for j in js]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="tdisprove" {_counts(every, len(notes))}>']
    for name, mine in by_flow.items():
        lines.append(f'  <testsuite name="{escape(name)}" {_counts(mine)} skipped="0">')
        lines += _properties(mine)
        for j in mine:
            lines += _case(j)
        lines.append("  </testsuite>")
    if notes:
        lines.append(f'  <testsuite name="tdisprove" tests="{len(notes)}" failures="0" errors="{len(notes)}" skipped="0">')
        for i, note in enumerate(notes, 1):
            lines += [
                f'    <testcase classname="tdisprove" name="complete ({i})">',
                f'      <error type="incomplete" message="{escape(note)}">{escape(note)}</error>',
                "    </testcase>",
            ]
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _counts(found: Sequence[Judged], more_errors: int = 0) -> str:
    failures = sum(j.outcome == "failed" for j in found)
    errors = sum(j.outcome == "error" for j in found) + more_errors
    return f'tests="{len(found) + more_errors}" failures="{failures}" errors="{errors}"'


def _properties(found: Sequence[Judged]) -> list[str]:
    """The setting, once per suite: sizes and knobs of all its aspects."""
    values: dict[str, str] = {}
    for j in found:
        for kind, setting in (("topology", j.result.system.topology), ("knob", j.result.system.knobs)):
            for name, value in setting.items():
                text = values.setdefault(f"{kind}.{name}", word(value))
                if word(value) not in text.split(" | "):
                    values[f"{kind}.{name}"] = f"{text} | {word(value)}"
    if not values:
        return []
    rows = [f'      <property name="{escape(k)}" value="{escape(v)}"/>' for k, v in sorted(values.items())]
    return ["    <properties>", *rows, "    </properties>"]


def _case(j: Judged) -> list[str]:
    r = j.result
    head = f'    <testcase classname="{escape(j.flow)}" name="{escape(r.prop.id)}"'
    run = trace_table(r.trace, witness=r.verdict is Verdict.HOLDS) if r.trace is not None else ""
    if j.outcome == "failed":
        body = f'      <failure type="{r.verdict.value}" message="{escape(j.says)}">{escape(run or j.says)}</failure>'
    elif j.outcome == "error":
        body = f'      <error type="unknown" message="{escape(j.says)}">{escape(j.says)}</error>'
    elif j.accepted or r.vacuous:
        said = f"as recorded: {j.says}" if j.accepted else j.says
        body = f"      <system-out>{escape(chr(10).join([said, run]).rstrip())}</system-out>"
    else:
        return [f"{head}/>"]
    return [f"{head}>", body, "    </testcase>"]
