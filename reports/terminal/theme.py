"""The colours of a terminal: one for each role that a text can have."""

from __future__ import annotations

import re

from rich.box import Box
from rich.style import Style
from rich.text import Text
from rich.theme import Theme

from ..prose import Prose

THEME = Theme(
    {
        "holds": Style(color="green"),
        "vacuous": Style(color="green", dim=True),
        "violated": Style(color="red", bold=True),
        "unknown": Style(color="yellow", bold=True),
        "title": Style(bold=True),
        "faint": Style(dim=True),
        "changed": Style(color="cyan"),
        "rule": Style(dim=True),
    }
)
"""The 16 colours of every terminal, so that they suit dark and light ones; no meaning is in a colour alone."""

RULED = Box("    \n    \n ── \n    \n    \n    \n    \n    \n")
"""A line below the head of a table, and no other."""

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def ink(text: str, role: str = "") -> Text:
    """A text in its role. What would steer the terminal (escapes in a name, say) is shown as a sign of its own."""
    return Text(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text), style=role)


def coloured(prose: Prose) -> Text:
    """Running text with its roles."""
    return Text("\n").join([Text.assemble(*(ink(text, role) for text, role in line)) for line in prose.lines])
