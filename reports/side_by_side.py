"""The runs in which two systems part, drawn side by side: the one that the other cannot follow, and how far the other comes."""

from __future__ import annotations

from ..explore.equivalence import Parted
from . import style
from .sequence import Chart, sequence_chart
from .svg import Box, Group, Text, document, line, rect

_MARGIN = 24.0
_GAP = 24.0
_LEADING = 1.5


def parted_svg(names: tuple[str, str], of: int, p: Parted) -> str:
    """Both runs as sequence charts under one caption that says what is seen of the one and never of the other."""
    mine, other = names[of], names[1 - of]
    left = sequence_chart(p.run, title=mine, subtitle=f"a shortest run that is seen as {_trace(p)}")
    right = None
    if p.other is not None:
        so_far = p.trace[bool(p.begins) : -1]
        subtitle = (
            f"a run that is seen as {' · '.join(so_far)}" if so_far else "nothing is seen yet, whatever it has done silently"
        )
        right = sequence_chart(p.other, title=other, subtitle=subtitle)
    charts = [left] if right is None else [left, right]
    width = sum(c.width for c in charts) + _GAP * (len(charts) - 1)
    caption, top = _caption(f"Seen of {mine}, never of {other}: {_trace(p)}", _stuck(other, p), width)
    shapes: list[str] = []
    x = 0.0
    for c in charts:
        shapes.append(_placed(c, x, top))
        if c is not charts[-1]:
            shapes.append(
                line(x + c.width + _GAP / 2, top, x + c.width + _GAP / 2, top + max(d.height for d in charts), style.FAINT)
            )
        x += c.width + _GAP
    height = top + max(c.height for c in charts)
    description = f"{left.description} {right.description if right is not None else ''}"
    return document(width, height, f"{mine} against {other}", description, [caption, Group(shapes=shapes)])


def _trace(p: Parted) -> str:
    """What is seen, one after the other; the initial values only where they are all that there is."""
    return " · ".join(p.trace[bool(p.begins) and len(p.trace) > 1 :])


def _stuck(other: str, p: Parted) -> str:
    states = f"{p.stuck:,} state{'' if p.stuck == 1 else 's'}"
    instead = f"; seen is only: {'; '.join(p.instead)}" if p.instead else ""
    return f"{other} may be in {states} before the last of it, and in none of them can that be seen{instead}."


def _caption(headline: str, text: str, width: float) -> tuple[Group, float]:
    """The caption, and where it ends."""
    group = Group()
    y = _MARGIN
    for words, size, bold in ((headline, style.TITLE, True), (text, style.BODY, False)):
        for part in style.wrap(words, width - 2 * _MARGIN, size, mono=False, bold=bold):
            y += size * _LEADING
            colour = style.BROKEN if bold else style.MUTED
            group.texts.append(Text(_MARGIN, y, part, size, colour, mono=False, bold=len(part) if bold else 0))
    group.shapes.append(rect(Box(0, 0, width, y + 14), style.BROKEN_PAPER))
    return group, y + 14


def _placed(c: Chart, x: float, y: float) -> str:
    """A chart as a part of another picture."""
    return c.svg().replace("<svg ", f'<svg x="{x:.1f}" y="{y:.1f}" ', 1)
