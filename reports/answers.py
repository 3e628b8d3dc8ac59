"""Answers to the thread's questions: as text, as a table, as Markdown and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from ..explore.answers import Answer, Change, FlowAnswer, Reply
from ..explore.equivalence.likeness import Likeness
from ..explore.verdict import Verdict
from ..properties.questions import Alike
from .comparison import comparison_document, parted_in_words
from .json_report import trace_steps
from .prose import WIDTH, Prose
from .verdicts import cell, run_in_words

MARKS = {Reply.YES: "yes", Reply.NO: "NO", Reply.VACUOUS: "·", Reply.UNKNOWN: "?", Reply.NOT_THERE: "–"}
ROLES = {
    Reply.YES: "holds",
    Reply.NO: "violated",
    Reply.VACUOUS: "vacuous",
    Reply.UNKNOWN: "unknown",
    Reply.NOT_THERE: "faint",
}
"""How answers are set off: as the verdicts that they come from."""
LEGEND = "yes: the claim holds   NO: it does not, there is a run   ·: it cannot arise   ?: unknown   –: does not apply"


def answer_text(a: Answer, *, width: int = WIDTH) -> Prose:
    """One question in full: the answer in each flow, the run that refutes it, and what would change it."""
    q = a.question
    text = Prose(width).line((q.id, "title"), " ", (f"({q.raised_by})", "faint"))
    text.wrapped(q.asks, "  ")
    for title, meaning in (("yes means: ", q.yes), ("no means: ", q.no), ("beyond this model: ", q.beyond)):
        if meaning:
            text.wrapped(meaning, f"  {title}", "    ")
    if q.decided:
        text.wrapped(f"decided by: {', '.join(q.grounds)}", "  ", "    ", hyphens=False)
    for flows, f in _merged(a):
        text.line("  ", (", ".join(flows), "title"), ": ", (f.reply.value, ROLES[f.reply]))
        for probe, r in f.results:
            if len(f.results) > 1 or r.trace is not None:
                text.line(f"    {probe}: {cell(r)}")
            if r.trace is not None and r.verdict is Verdict.VIOLATED:
                text.wrapped(run_in_words(r), "      ", "        ")
        for flow, alike, x in _compared(flows, f):
            text.line(f"    {alike}: {likeness_cell(x)}")
            if x.verdict is Verdict.VIOLATED:
                text.wrapped(parted_in_words((flow, alike.flow), x.comparison), "      ", "        ")
        if f.changes:
            text.wrapped(f"changed by: {'; '.join(_change(c) for c in f.changes)}", "    ", "      ")
        elif q.turns_on and f.verdicts:
            text.line(f"    changed by no single one of {', '.join(q.turns_on)}")
    return text


def _change(c: Change) -> str:
    return f"{c.knob}={str(c.value).lower()} → {c.reply.value}"


def _merged(a: Answer) -> list[tuple[list[str], FlowAnswer]]:
    """Flows with the same answer (verdicts, depths and changes) together."""
    groups: dict[object, tuple[list[str], FlowAnswer]] = {}
    for name, f in a.flows.items():
        compared = tuple(
            (alike, likeness_cell(x), parted_in_words(("it", alike.flow), x.comparison)) for alike, x in f.likenesses
        )
        key = (tuple((str(p), cell(r), run_in_words(r)) for p, r in f.results), compared, f.changes)
        groups.setdefault(key, ([], f))[0].append(name)
    return list(groups.values())


def _compared(flows: list[str], f: FlowAnswer) -> list[tuple[str, Alike, Likeness]]:
    """The comparisons of flows with the same answer, each with what these flows are called."""
    return [(flows[0] if len(flows) == 1 else "it", alike, x) for alike, x in f.likenesses]


def likeness_cell(x: Likeness) -> str:
    """A comparison's verdict in a few characters."""
    if x.vacuous:
        return "nothing is ever seen"
    return {Verdict.HOLDS: "holds", Verdict.VIOLATED: "DIFFERS", Verdict.UNKNOWN: "UNKNOWN"}[x.verdict]


def headline(a: Answer) -> str:
    """What is asked, for a line of a table."""
    q = a.question
    return q.asks if q.decided else f"[not for a finite model] {q.asks}"


def table(found: Sequence[Answer]) -> str:
    """All questions, a line each, with a column per flow."""
    flows = list(dict.fromkeys(f for a in found for f in a.flows))
    lines = [f"{i:>3}  {f}" for i, f in enumerate(flows, 1)]
    lines += ["", " " * 5 + "".join(f"{i:<5}" for i in range(1, len(flows) + 1)).rstrip()]
    for a in found:
        cells = "".join(f"{MARKS[f.reply]:<5}" for f in a.flows.values())
        text = textwrap.shorten(headline(a), 100, placeholder=" …")
        lines.append(f"{a.question.id:<5}{cells or ' ' * (5 * len(flows))}{text}")
    return "\n".join([*lines, "", LEGEND])


def document(found: Sequence[Answer], version: str) -> dict[str, Any]:
    """As JSON, with the trace of every refutation."""
    return {
        "tool": "tdisprove",
        "version": version,
        "questions": [
            {
                "id": a.question.id, "summary": a.question.asks, "raised_by": a.question.raised_by,
                "beyond": a.question.beyond or None,
                "flows": {
                    name: {
                        "reply": f.reply.value,
                        "properties": [
                            {
                                "property": p.property, "knobs": dict(p.knobs), "topology": dict(p.topology),
                                "verdict": r.verdict.value, "depth": r.depth, "vacuous": r.vacuous,
                                "trace": trace_steps(r.trace) if r.trace is not None else None,
                            }
                            for p, r in f.results
                        ],
                        "comparisons": [
                            {
                                "flow": alike.flow, "observed": list(alike.observe), "relation": alike.relation,
                                "verdict": x.verdict.value, "vacuous": x.vacuous, "comparison": comparison_document((name, alike.flow), x.comparison),
                            }
                            for alike, x in f.likenesses
                        ],
                        "changed_by": [{"knob": c.knob, "value": c.value, "reply": c.reply.value} for c in f.changes],
                    }
                    for name, f in a.flows.items()
                },
            }
            for a in found
        ],
    }  # fmt: skip


def markdown(found: Sequence[Answer]) -> str:
    """The page of the documentation."""
    flows = list(dict.fromkeys(f for a in found for f in a.flows))
    lines = [
        "# The questions of the thread, answered", "",
        "Generated by `tdisprove ask --format markdown`; the tests hold it against what the tool says. `tdisprove ask Q3` "
        "answers one question with its runs. Each answer is a verdict of the model: [model.md](model.md) says what is left out.",
        "", LEGEND, "", f"| | {' | '.join(flows)} |", "|---" * (len(flows) + 1) + "|",
    ]  # fmt: skip
    for a in found:
        cells = [MARKS[a.flows[f].reply] if f in a.flows else "" for f in flows]
        lines.append(f"| [{a.question.id}](#{a.question.id.lower()}) | {' | '.join(cells)} |")
    for a in found:
        q = a.question
        lines += ["", f"## {q.id}", "", f"*{q.raised_by}*: {q.asks}", ""]
        if q.yes:
            lines.append(f"- **yes** means: {q.yes}")
        if q.no:
            lines.append(f"- **no** means: {q.no}")
        if q.beyond:
            lines.append(f"- **Beyond this model:** {q.beyond}")
        if q.decided:
            lines += [f"- Decided by {', '.join(f'`{p}`' for p in q.grounds)}.", ""]
        for names, f in _merged(a):
            changed = ""
            if f.changes:
                changed = (
                    " Changed by "
                    + "; ".join(f"`{c.knob}={str(c.value).lower()}` ({c.reply.value})" for c in f.changes)
                    + "."
                )
            lines.append(f"**{f.reply.value}** in {', '.join(f'`{n}`' for n in names)}.{changed}")
            for p, r in f.results:
                if r.trace is not None and r.verdict is Verdict.VIOLATED:
                    lines += ["", f"> `{p}`, {cell(r)}: {run_in_words(r)}"]
            for flow, alike, x in _compared(names, f):
                if x.verdict is Verdict.VIOLATED:
                    lines += ["", f"> `{alike}`, {likeness_cell(x)}: {parted_in_words((flow, alike.flow), x.comparison)}"]
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"
