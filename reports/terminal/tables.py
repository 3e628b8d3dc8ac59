"""The tables of a terminal: as wide as it is, and laid out otherwise where they would not fit."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ...explore.answers import Answer
from ...explore.check import Result
from ...properties.property import Property
from .. import answers
from ..matrix import LEGEND, Matrix, mark
from ..verdicts import OVERVIEW, Section, cell, counts, role, sections, worst
from .theme import RULED, ink

_HEAD = 24
"""Columns of a property's name at the head of a column."""


def ruled(*heads: str, **options: object) -> Table:
    """An empty table with a line below its head."""
    table = Table(
        box=RULED, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="title", border_style="rule"
    )
    for head in heads:
        table.add_column(ink(head), overflow="fold", **options)  # type: ignore[arg-type]
    return table


def fits(console: Console, table: RenderableType) -> bool:
    """Whether nothing of a table has to be broken for this terminal."""
    return Measurement.get(console, console.options.update(width=10_000), table).maximum <= console.width


def results(
    groups: Mapping[str, Sequence[Property]], columns: Mapping[str, Sequence[Result]], console: Console
) -> RenderableType:
    """Properties down and systems across; where that is too wide the other way round, or in short marks."""
    shown = sections(groups, columns)
    if not shown:
        return Text()
    layouts = [_properties_down] if len(columns) == 1 else [_properties_down, _systems_down, _marks_down]
    tables = [layout([s for s in shown if s.rows], list(columns)) for layout in layouts]
    table = next((t for t in tables if fits(console, t)), tables[-1])
    return Group(_holding(shown), table)


def _properties_down(shown: Sequence[Section], names: Sequence[str]) -> RenderableType:
    table = ruled("property", *names)
    for s in shown:
        table.add_row(_title(s))
        for name, cells in s.rows:
            table.add_row(ink(f"  {name}"), *(ink(cell(r), role(r)) if r else Text() for r in cells))
    return table


def _systems_down(shown: Sequence[Section], names: Sequence[str]) -> RenderableType:
    rows = [row for s in shown for row in s.rows]
    table = ruled("")
    for name, _ in rows:
        table.add_column(ink("\n".join(textwrap.wrap(name, _HEAD))), vertical="bottom")
    for i, system in enumerate(names):
        cells = (row[i] for _, row in rows)
        table.add_row(ink(system), *(ink(cell(r), role(r)) if r else ink("–", "faint") for r in cells))
    return table


def _marks_down(shown: Sequence[Section], names: Sequence[str]) -> RenderableType:
    table = ruled("property", *(str(i) for i, _ in enumerate(names, 1)))
    for s in shown:
        table.add_row(_title(s))
        for name, cells in s.rows:
            table.add_row(ink(f"  {name}"), *map(_mark, cells))
    return Group(_numbers(names), Text(), table, Text(), _legend(LEGEND))


def _legend(text: str) -> Columns:
    """What marks mean; nothing that belongs together is broken."""
    return Columns((ink(part, "faint") for part in text.split("   ")), padding=(0, 3))


def _mark(r: Result | None) -> Text:
    return ink(mark(r), role(r) if r else "faint")


def _numbers(names: Iterable[str], summaries: Mapping[str, str] | None = None) -> Table:
    """What the numbers at the heads of columns stand for."""
    table = Table.grid(padding=(0, 2))
    for i, name in enumerate(names, 1):
        table.add_row(ink(f"{i:>3}"), ink(name, "title"), ink((summaries or {}).get(name, "")))
    return table


def _holding(shown: Sequence[Section]) -> RenderableType:
    """How many hold everywhere, in the groups in which all do; plain text and ``matrix`` name them."""
    whole = [f"{s.title} ({len(s.holding)})" for s in shown if not s.rows]
    if not whole:
        return Group()
    return Group(Text.assemble(ink("all hold: ", "holds"), ink("; ".join(whole), "faint")), Text())


def _title(s: Section) -> Text:
    more = f"  {len(s.holding)} more hold" if s.holding else ""
    return Text.assemble(ink(s.title, "title"), ink(more, "faint"))


def overview(table: Mapping[str, Mapping[str, Sequence[Result]]], console: Console) -> RenderableType:
    """Systems down, aspects across, with how many properties hold and how many do not; on a narrow terminal by system."""
    aspects = list(dict.fromkeys(a for row in table.values() for a in row))
    shown, narrow = ruled(OVERVIEW, *aspects), Table.grid(padding=(0, 2))
    for name, row in table.items():
        cells = {a: ink(counts(row[a]), worst(row[a])) for a in row}
        shown.add_row(ink(name, "title"), *(cells.get(a, ink("–", "faint")) for a in aspects))
        each = (Text.assemble(ink(a, "faint"), " ", cell) for a, cell in cells.items())
        narrow.add_row(ink(name, "title"), Columns(each, padding=(0, 3)))
    return shown if fits(console, shown) else Group(ink(OVERVIEW, "faint"), narrow)


def matrix(found: Matrix) -> RenderableType:
    """Flows and properties, in marks."""
    flows = list(found.results)
    table = ruled("property", *(str(i) for i, _ in enumerate(flows, 1)))
    for g in found.groups:
        table.add_row(Text.assemble(ink(g.title, "title"), ink(f" ({g.aspect})", "faint")))
        for p in g.properties:
            table.add_row(ink(f"  {p.id}"), *(_mark(found.results[f].get(p.id)) for f in flows))
    return Group(_numbers(flows, found.summaries), Text(), table, Text(), _legend(LEGEND))


def questions(found: Sequence[Answer]) -> RenderableType:
    """The questions with an answer per flow."""
    flows = list(dict.fromkeys(f for a in found for f in a.flows))
    table = ruled("", *(str(i) for i, _ in enumerate(flows, 1)), "asked")
    for a in found:
        replies = [a.flows[f].reply if f in a.flows else None for f in flows]
        cells = (ink(answers.MARKS[r], answers.ROLES[r]) if r else Text() for r in replies)
        table.add_row(ink(a.question.id, "title"), *cells, ink(answers.headline(a)))
    return Group(_numbers(flows), Text(), table, Text(), _legend(answers.LEGEND))


def listing(rows: Iterable[tuple[str, str]]) -> RenderableType:
    """Names with what they are."""
    table = Table.grid(padding=(0, 2))
    for name, summary in rows:
        table.add_row(ink(name, "title"), ink(summary))
    return table
