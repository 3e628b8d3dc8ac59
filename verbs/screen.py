"""Standard output: rich tables and colours on a terminal, plain text everywhere else, so that what is piped is always the same."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TextIO

from ..explore import Result
from ..explore.verdict import Trace
from ..properties.property import Property
from ..reports import table, verdicts
from ..reports.prose import WIDTH, Part, Prose

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from ..explore.answers import Answer
    from ..reports.matrix import Matrix


def console(stream: TextIO) -> Console:
    """A terminal as rich sees it. With ``NO_COLOR`` (https://no-color.org) it gets no colour and nothing bold."""
    from rich.console import Console

    from ..reports.terminal.theme import THEME

    return Console(
        file=stream, force_terminal=True, color_system=None if os.environ.get("NO_COLOR") else "auto", theme=THEME,
        highlight=False, markup=False, emoji=False,
    )  # fmt: skip


def line(*parts: Part) -> None:
    """One line, parts of which have a role."""
    say(lambda width: Prose(width).line(*parts))


class Writer(Protocol):
    """Makes a text for a width in columns."""

    def __call__(self, *, width: int) -> Prose: ...


def say(make: Writer) -> None:
    """Running text, made for a width in columns."""
    if not sys.stdout.isatty():
        print(make(width=WIDTH))
        return
    from ..reports.terminal.theme import coloured

    terminal = console(sys.stdout)
    terminal.print(coloured(make(width=min(WIDTH, terminal.width))))


def _show(plain: Callable[[], str], rich: Callable[[Console], RenderableType]) -> None:
    if not sys.stdout.isatty():
        print(plain())
        return
    terminal = console(sys.stdout)
    terminal.print(rich(terminal))


# rich is imported only where there is a terminal, and what is of one verb by that verb only, so that nobody else waits for it.


def results(groups: Mapping[str, Sequence[Property]], columns: Mapping[str, Sequence[Result]]) -> None:
    """Properties and a few systems, with verdicts in words."""

    def rich(terminal: Console) -> RenderableType:
        from ..reports.terminal.tables import results

        return results(groups, columns, terminal)

    _show(lambda: verdicts.matrix(groups, columns), rich)


def overview(counted: Mapping[str, Mapping[str, Sequence[Result]]]) -> None:
    """Systems and aspects, with how many properties hold."""

    def rich(terminal: Console) -> RenderableType:
        from ..reports.terminal.tables import overview

        return overview(counted, terminal)

    _show(lambda: verdicts.overview(counted), rich)


def matrix(found: Matrix) -> None:
    """All flows and properties, in marks."""

    def rich(_: Console) -> RenderableType:
        from ..reports.terminal.tables import matrix

        return matrix(found)

    _show(found.text, rich)


def questions(found: Sequence[Answer]) -> None:
    """The questions with an answer per flow."""

    def rich(_: Console) -> RenderableType:
        from ..reports.terminal.tables import questions

        return questions(found)

    def plain() -> str:
        from ..reports import answers

        return answers.table(found)

    _show(plain, rich)


def listing(rows: Sequence[tuple[str, str]]) -> None:
    """Names with what they are."""

    def plain() -> str:
        width = max(len(name) for name, _ in rows) + 2
        lines = []
        for name, summary in rows:
            first, *rest = textwrap.wrap(summary, max(40, shutil.get_terminal_size().columns - width)) or [""]
            lines += [f"{name:<{width}}{first}", *(" " * width + x for x in rest)]
        return "\n".join(lines)

    def rich(_: Console) -> RenderableType:
        from ..reports.terminal.tables import listing

        return listing(rows)

    _show(plain, rich)


def run(trace: Trace, *, title: str = "", subtitle: str = "", witness: bool = False, indent: str = "") -> None:
    """The table of a run."""

    def rich(_: Console) -> RenderableType:
        from ..reports.terminal.run import run_table

        return run_table(trace, title=title, subtitle=subtitle, witness=witness)

    text = table.trace_table
    _show(lambda: textwrap.indent(text(trace, title=title, subtitle=subtitle, witness=witness).rstrip(), indent), rich)
