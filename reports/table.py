"""A trace as a table that prints only what changed: as plain text, and as Markdown."""

from __future__ import annotations

import textwrap
from itertools import zip_longest

from ..explore.verdict import Trace
from ..model.language import word
from .story import Story, repeated, request
from .svg import printable

NOTHING = "–"


def trace_table(trace: Trace, *, title: str = "", subtitle: str = "", width: int = 100, witness: bool = False) -> str:
    """The steps of a trace in aligned columns, one row each, at most ``width`` characters wide.

    First the initial values of what the trace changes, last what is broken and by which values, or
    for a ``witness``, a trace that was looked for, what is reached.
    """
    story = Story(trace, witness=witness)
    lines = [part for text in (title, subtitle) if text for part in _wrapped(text, width)]
    lines += [""] if lines else []
    # No break inside an equation.
    start = ", ".join(initially(story)).replace(" = ", "\xa0=\xa0")
    lines += [text.replace("\xa0", " ") for text in _hanging("initially  ", start, width)]
    if trace.actions:
        lines += ["", *_steps(story, width)]
    if story.ending is not None:
        lines += ["", *_wrapped(story.ending.headline, width)]
        for text in story.ending.lines():
            lines += _hanging("  ", text, width)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def initially(story: Story) -> list[str]:
    """The initial values of what the trace changes, as equations."""
    start = story.trace.states[0]
    index = story.trace.system.index
    return [f"{name} = {word(start[index[name]])}" for name in story.changing] or ["nothing that changes later"]


def _steps(story: Story, width: int) -> list[str]:
    actions = story.trace.actions
    number = max(2, len(str(len(actions))))
    actor = max(len("actor"), *(len(a.actor) for a in actions))
    event = min(max(len("event"), *(len(a.label) for a in actions)), max(16, (width - number - actor) * 2 // 5))
    changed = max(16, width - number - event - actor - 6)

    def row(*cells: str) -> str:
        return "  ".join(c.ljust(w) for c, w in zip(cells, (number, event, actor, changed), strict=True))

    lines = [
        row("#".rjust(number), "event", "actor", "changes"),
        "  ".join("─" * w for w in (number, event, actor, changed)),
    ]
    for i, (action, changes) in enumerate(zip(actions, story.changes, strict=True), 1):
        if i - 1 == story.trace.loop:
            lines.append(_rule(f"loop from step {i}", width))
        right = [part for c in changes for part in _wrapped(str(c), changed, "  ")] or [NOTHING]
        left = _wrapped(action.label, event, "  ")
        for k, (label, change) in enumerate(zip_longest(left, right, fillvalue="")):
            first = k == 0
            lines.append(row(str(i).rjust(number) if first else "", label, action.actor if first else "", change))
    if story.trace.loop is not None:
        lines.append(_rule(f"{back(story.trace)}, and so on for ever", width))
    return lines


def _rule(text: str, width: int) -> str:
    return f"── {text} ".ljust(min(width, 60), "─")


def back(trace: Trace) -> str:
    """Where the end of a loop leads."""
    return f"back to {f'where step {trace.loop} led' if trace.loop else 'the initial state'}"


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(text, max(width, 8), subsequent_indent=indent, break_on_hyphens=False)


def _hanging(prefix: str, text: str, width: int) -> list[str]:
    """``text`` behind a prefix, its further lines indented to the same column."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=prefix,
        subsequent_indent=" " * (len(prefix) + 2 * prefix.isspace()),
        break_on_hyphens=False,
    )


def trace_markdown(trace: Trace, *, title: str = "", subtitle: str = "", witness: bool = False) -> str:
    """The same as a Markdown table (GitHub's dialect), with the source of each rule."""
    story = Story(trace, witness=witness)
    blocks = [f"### {prose(title)}"] if title else []
    blocks += [prose(subtitle)] if subtitle else []
    start = ", ".join(initially(story))
    blocks.append(f"Initially: {code(start) if story.changing else start}")
    if trace.actions:
        rows = ["| # | event | actor | changes | source |", "|--:|---|---|---|---|"]
        for i, (action, changes) in enumerate(zip(trace.actions, story.changes, strict=True), 1):
            if i - 1 == trace.loop:
                rows.append(f"| ↻ | **loop from step {i}**: {repeated(trace)} for ever | | | |")
            event = code(request(action)) + (f" → **{prose(action.reply)}**" if action.reply != "ok" else "")
            changed = "<br>".join(code(str(c)) for c in changes) or NOTHING
            source = "<br>".join(prose(c) for c in action.citations) or NOTHING
            rows.append(f"| {i} | {event} | {prose(action.actor)} | {changed} | {source} |")
        blocks.append("\n".join(rows))
    if story.ending is not None:
        reasons = "".join(f"\n- {prose(text)}" for text in story.ending.lines())
        blocks.append(f"**{prose(story.ending.headline)}**\n{reasons}".rstrip())
    return "\n\n".join(blocks) + "\n"


def code(text: str) -> str:
    """A code span that survives in a table cell, whatever it contains."""
    fence = "`" * (1 + max((len(run) for run in "".join(c if c == "`" else " " for c in text).split()), default=0))
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{' '.join(printable(text).split())}{pad}{fence}".replace("|", "\\|")


def prose(text: str) -> str:
    """Text in which nothing is taken for markup."""
    text = " ".join(printable(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for c in "\\`*_[]|#":
        text = text.replace(c, f"\\{c}")
    return text
