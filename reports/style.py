"""Colours, fonts and the width of text: the one place that decides how diagrams look.

Widths are estimated from tables, since nobody knows which fonts the reader has. They are upper bounds for
the fonts named here, so that text which fits by estimate fits on every screen.
"""

from __future__ import annotations

import unicodedata

MONO = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
"""Identifiers and values. One advance width for all, which is what makes the estimates safe."""
SANS = "'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif"
"""Prose: titles, names of lanes."""

INK = "#1f2328"
MUTED = "#5d6670"
FAINT = "#8b949e"
RULE = "#d5dae0"
"""Hairlines and lifelines."""
PAPER = "#ffffff"
PANEL = "#f4f6f8"
"""Boxes that hold names."""
ACCENT = "#1558a8"
ACCENT_PAPER = "#e6eff9"
"""A state that was entered, a value that changed."""
BROKEN = "#b3261e"
BROKEN_PAPER = "#fdeceb"
"""What must not be, and nothing else."""
REFUSED = "#8f5a00"
"""A request that was turned down, which is often just what should happen."""

TITLE, BODY, SMALL, TINY = 15.0, 12.0, 10.5, 9.5
"""Sizes of type in pixels."""

_MONO_ADVANCE = 0.602
_NARROW, _WIDE = frozenset("iljtfrI.,:;'|![]() /\\-"), frozenset("mwMW@%")


def text_width(text: str, size: float, *, mono: bool = True, bold: bool = False) -> float:
    """An upper bound on the width of ``text`` in pixels."""
    return size * sum(_advance(c, mono, bold) for c in text)


def _advance(c: str, mono: bool, bold: bool) -> float:
    """The width of a character, in units of the size of type."""
    if unicodedata.combining(c):
        return 0.0
    if unicodedata.east_asian_width(c) in "WF":
        return 1.25
    if mono:
        # Signs beyond Latin may come from another font, in which they are wider.
        return _MONO_ADVANCE if ord(c) < 0x250 else 0.85
    advance = 0.42 if c in _NARROW else 1.02 if c in _WIDE else 0.80 if c.isupper() else 0.66
    return advance * (1.1 if bold else 1.0)


def wrap(text: str, width: float, size: float, *, mono: bool = True, bold: bool = False) -> list[str]:
    """``text`` in lines of at most ``width`` pixels, broken at spaces; a longer word is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if text_width(longer, size, mono=mono, bold=bold) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _cut(word, width, size, mono, bold)
        lines += full
    return [*lines, line] if line else lines


def _cut(word: str, width: float, size: float, mono: bool, bold: bool) -> list[str]:
    """A word in pieces that fit, at least one character each."""
    pieces: list[str] = []
    piece = ""
    for c in word:
        if piece and text_width(piece + c, size, mono=mono, bold=bold) > width:
            pieces.append(piece)
            piece = ""
        piece += c
    return [*pieces, piece]
