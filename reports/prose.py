"""Running text in which parts are set off: lines whose parts have roles, such as ``title`` or ``violated``.

As a string it is plain; on a terminal (`reports.terminal`) every role has a colour.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TypeAlias

WIDTH = 110
"""Columns of running text where nobody says how wide the reader's window is."""

Part: TypeAlias = "str | tuple[str, str]"
"""A text, or a text and its role."""


class Prose:
    """Lines of text, at most ``width`` columns wide where they are wrapped."""

    def __init__(self, width: int = WIDTH) -> None:
        self.width = width
        self.lines: list[tuple[tuple[str, str], ...]] = []
        """Each line as (text, role); the role of ordinary text is empty."""

    def line(self, *parts: Part) -> Prose:
        """One line, as it is."""
        self.lines.append(tuple((p, "") if isinstance(p, str) else p for p in parts))
        return self

    def wrapped(self, text: str, first: str = "", rest: str | None = None, *, role: str = "", hyphens: bool = True) -> Prose:
        """A paragraph with indents for its first and its other lines (None: as deep as the first); nothing for no text."""
        indent = " " * len(first) if rest is None else rest
        width = max(self.width, len(first) + 16, len(indent) + 16)
        for text_line in textwrap.wrap(
            text, width, initial_indent=first, subsequent_indent=indent, break_on_hyphens=hyphens
        ):
            self.line((text_line, role))
        return self

    def add(self, other: Prose) -> Prose:
        """The lines of another text."""
        self.lines += other.lines
        return self

    def __str__(self) -> str:
        return "\n".join("".join(text for text, _ in line) for line in self.lines)


def joined(texts: Iterable[Prose]) -> Prose:
    """Several texts with an empty line between them."""
    found = Prose()
    for i, text in enumerate(texts):
        if i:
            found.line()
        found.add(text)
    return found
