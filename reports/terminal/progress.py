"""Progress, as a terminal shows it."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ...explore import Progress
from .theme import ink

_BAR = 30


def progress(doing: str, done: int, total: int, search: Progress | None, memory: float) -> RenderableType:
    """What is under way, ``done`` of ``total`` (0: nobody knows) parts, and the numbers of a search; ``memory`` in MiB."""
    lines: list[RenderableType] = []
    if doing or total:
        head = Table.grid(padding=(0, 2))
        cells: list[RenderableType] = []
        if total:
            cells += [ProgressBar(total=total, completed=done, width=_BAR), ink(f"{done} of {total}")]
        head.add_row(*cells, ink(doing, "faint"))
        lines.append(head)
    if search is not None:
        lines.append(_numbers(search, memory))
    return Group(*lines)


def _numbers(search: Progress, memory: float) -> Table:
    """A name above each number, in columns that do not jump."""
    rate = search.states / search.seconds if search.seconds > 0 else 0
    columns = {
        "states": f"{search.states:,}",
        "frontier": f"{search.frontier:,}",
        "depth": f"{search.depth:,}",
        "states/s": f"{rate:,.0f}",
        "memory": f"{memory:,.0f} MiB",
        "time": f"{search.seconds:,.0f} s",
    }
    if not search.states:
        # Bounded search knows of no states.
        columns = {k: v for k, v in columns.items() if k in ("depth", "memory", "time")}
    table = Table.grid(padding=(0, 3, 0, 0))
    for _ in columns:
        table.add_column(justify="right", min_width=9)
    table.add_row(*(ink(name, "faint") for name in columns))
    table.add_row(*(Text(number, style="title") for number in columns.values()))
    return table
