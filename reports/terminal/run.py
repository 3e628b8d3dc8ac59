"""A run on a terminal: the table of its steps, with what changes set off, and what it leads to."""

from __future__ import annotations

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ...explore.verdict import Trace
from ...model.language import word
from ..story import Story, repeated
from ..table import NOTHING, back, initially
from .tables import ruled
from .theme import ink


def run_table(trace: Trace, *, title: str = "", subtitle: str = "", witness: bool = False) -> RenderableType:
    """The same as `table.trace_table`, as wide as the terminal is."""
    story = Story(trace, witness=witness)
    parts: list[RenderableType] = [ink(title, "title")] if title else []
    parts += [ink(subtitle), Text()] if subtitle else []
    parts += [ink("initially", "faint"), Padding(Columns(map(ink, initially(story)), padding=(0, 3)), (0, 0, 0, 2))]
    if trace.actions:
        parts += [Text(), _steps(story)]
    if story.ending is not None:
        tone = "title" if witness else "violated"
        parts += [Text(), ink(story.ending.headline, tone)]
        parts += [Padding(ink(text), (0, 0, 0, 2)) for text in story.ending.lines()]
    return Group(*parts)


def _steps(story: Story) -> RenderableType:
    trace = story.trace
    table = ruled("#", "event", "actor", "variable", "change")
    table.columns[0].justify = "right"
    # Where the terminal is narrow, a change is broken at its arrow before any name is.
    table.columns[3].no_wrap = True
    for i, action in enumerate(trace.actions):
        if i == trace.loop:
            table.add_row("↻", ink(f"loop: {repeated(trace)} for ever", "unknown"))
        last = trace.at_step and i == len(trace.actions) - 1 and story.ending is not None and not story.ending.witness
        head = [ink(str(i + 1), "faint"), ink(action.label, "violated" if last else "title"), ink(action.actor)]
        for c in story.changes[i]:
            role = "violated" if story.culprit(c.name) == i else "changed"
            value = Text.assemble(ink(word(c.before), "faint"), " → ", ink(word(c.after), role))
            table.add_row(*head, ink(c.name), value)
            head = [Text(), Text(), Text()]
        if not story.changes[i]:
            table.add_row(*head, ink(NOTHING, "faint"))
    if trace.loop is not None:
        table.add_row("↻", ink(f"{back(trace)}, and so on for ever", "unknown"))
    return table
