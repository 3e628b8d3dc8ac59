"""A trace as a timeline: one row per variable that matters, one column per state, in the manner of a waveform viewer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from ..explore.verdict import Trace
from ..model.language import OK, Bool, Value, word
from . import style
from .story import Story, repeated, request
from .svg import Box, Group, Text, document, line, path, rect

_MARGIN = 16.0
_ROW, _BAR = 24.0, 16.0
_NARROW, _WIDE = 64.0, 132.0
"""The least and the greatest width of a column."""
_PAD = 12.0
_LINES = 4
"""Lines of an event's name at the head of its column."""


@dataclass(frozen=True)
class _Segment:
    """A value that stays for some states, from ``first`` to ``last``."""

    value: Value
    first: int
    last: int


def timeline_svg(trace: Trace, *, title: str = "", subtitle: str = "", witness: bool = False) -> str:
    """The timeline as an SVG file. Truth values are drawn high and low, other values as bars with their names.

    A bar is set off where it begins with a change. The column of what is broken (or reached) is tinted, a loop is framed.
    """
    return _Layout(Story(trace, witness=witness), title or trace.system.name, subtitle).svg()


class _Layout:
    def __init__(self, story: Story, title: str, subtitle: str) -> None:
        self.story = story
        self.trace = story.trace
        self.title, self.subtitle = title, subtitle
        self.count = len(self.trace.states)
        index = self.trace.system.index
        self.rows = {n: list(_segments([s[index[n]] for s in self.trace.states])) for n in story.relevant}
        self.sorts = {v.name: v.sort for v in self.trace.system.variables}
        self.left = _MARGIN + max([style.text_width(n, style.SMALL) for n in self.rows], default=40.0) + 14
        needed = [
            (style.text_width(word(s.value), style.TINY) + _PAD) / (s.last - s.first + 1)
            for n, segments in self.rows.items()
            if not isinstance(self.sorts[n], Bool)
            for s in segments
        ]
        names = [
            style.text_width(part, style.TINY) + 8 for a in self.trace.actions for part in request(a).split("(")[0].split()
        ]
        self.column = float(round(min(max([_NARROW, *needed, *names]), _WIDE)))
        self.width = max(self.left + self.count * self.column + _MARGIN, 420.0)

    def x(self, position: int) -> float:
        return self.left + position * self.column

    def svg(self) -> str:
        caption, y = self.caption()
        head, y = self.head(y)
        top = y
        bars = Group()
        for name, segments in self.rows.items():
            bars.texts.append(Text(_MARGIN, y + 15, name, style.SMALL, style.INK))
            self.row(bars, name, segments, y)
            bars.shapes.append(line(_MARGIN, y + _ROW, self.width - _MARGIN, y + _ROW, style.RULE, width=0.6))
            y += _ROW
        tints, bottom = Group(), y
        self.tint(tints, caption_bottom=top, bottom=y)
        ending, y = self.ending(y + 6)
        groups = [caption, tints, *head, bars, ending]
        data = {"column": self.column, "bottom": bottom}
        return document(self.width, y + _MARGIN, self.title, self.subtitle, groups, data)

    def caption(self) -> tuple[Group, float]:
        group, y = Group(), _MARGIN
        for text, size, bold in ((self.title, style.TITLE, True), (self.subtitle, style.BODY, False)):
            for part in style.wrap(text, self.width - 2 * _MARGIN, size, mono=False, bold=bold):
                y += size * 1.35
                colour = style.INK if bold else style.MUTED
                group.texts.append(Text(_MARGIN, y, part, size, colour, mono=False, bold=len(part) if bold else 0))
        return group, y + 12

    def head(self, y: float) -> tuple[list[Group], float]:
        """The events, each over the column of the state to which it leads."""
        groups: list[Group] = []
        lowest = y
        for i in range(self.count):
            group = Group("initially" if i == 0 else self.trace.actions[i - 1].label, i)
            number = Text(self.x(i) + self.column / 2, y + 10, str(i), style.TINY, style.MUTED, centred=True)
            group.texts.append(number)
            at = y + 12
            for text, colour in self.event(i):
                at += 11
                group.texts.append(Text(self.x(i) + self.column / 2, at, text, style.TINY, colour, centred=True))
            lowest = max(lowest, at)
            groups.append(group)
        return groups, lowest + 8

    def event(self, i: int) -> Iterator[tuple[str, str]]:
        if i == 0:
            yield "initially", style.MUTED
            return
        action = self.trace.actions[i - 1]
        broken = i == self.broken_at
        colour = self.tone[0] if broken else style.INK
        lines = style.wrap(action.event, self.column - 6, style.TINY)
        yield from ((text, colour) for text in lines[:_LINES])
        yield f"by {action.actor}", style.MUTED
        if action.reply != OK:
            yield from ((text, style.REFUSED) for text in style.wrap(action.reply, self.column - 6, style.TINY)[:_LINES])

    @property
    def tone(self) -> tuple[str, str]:
        witness = self.story.ending is not None and self.story.ending.witness
        return (style.ACCENT, style.ACCENT_PAPER) if witness else (style.BROKEN, style.BROKEN_PAPER)

    @property
    def broken_at(self) -> int | None:
        """The column in which what the trace leads to shows."""
        if self.story.ending is None:
            return None
        return self.count - 1 if self.trace.at_step else self.story.ending.position

    def row(self, group: Group, name: str, segments: list[_Segment], y: float) -> None:
        top, bottom = y + (_ROW - _BAR) / 2, y + (_ROW + _BAR) / 2
        if isinstance(self.sorts[name], Bool):
            steps: list[str] = []
            for s in segments:
                level = top if s.value else bottom
                steps.append(
                    f"{'M' if not steps else 'L'}{self.x(s.first):.1f} {level:.1f} L{self.x(s.last + 1):.1f} {level:.1f}"
                )
                if s.value:
                    box = Box(self.x(s.first), top, (s.last - s.first + 1) * self.column, _BAR)
                    group.shapes.append(rect(box, self.fill(name, s)[1]))
            group.shapes.append(path(" ".join(steps), style.ACCENT, width=1.4))
            return
        for s in segments:
            ink, paper = self.fill(name, s)
            box = Box(self.x(s.first) + 1.5, top, (s.last - s.first + 1) * self.column - 3, _BAR)
            group.shapes.append(rect(box, paper, stroke=ink, radius=5))
            text = word(s.value)
            while style.text_width(text, style.TINY) > box.width - 6 and len(text) > 2:
                text = f"{text[:-2]}…"
            bold = len(text) if s.first and ink != style.FAINT else 0
            group.texts.append(Text(box.x + box.width / 2, top + 11.5, text, style.TINY, ink, bold=bold, centred=True))

    def fill(self, name: str, s: _Segment) -> tuple[str, str]:
        """Ink and paper of a value: initial, changed, or changed by the step that is to blame."""
        if s.first == 0:
            return style.MUTED, style.PANEL
        culprit = self.story.culprit(name)
        if culprit is not None and culprit == s.first - 1:
            return style.BROKEN, style.BROKEN_PAPER
        return style.ACCENT, style.ACCENT_PAPER

    def tint(self, group: Group, *, caption_bottom: float, bottom: float) -> None:
        if self.broken_at is not None:
            box = Box(self.x(self.broken_at), caption_bottom - 4, self.column, bottom - caption_bottom + 4)
            group.shapes.append(rect(box, self.tone[1]))
        for i in range(self.count + 1):
            group.shapes.append(line(self.x(i), caption_bottom, self.x(i), bottom, style.RULE, width=0.6))
        if self.trace.loop is not None:
            first = self.trace.loop + 1
            frame = Box(self.x(first), caption_bottom - 4, (self.count - first) * self.column, bottom - caption_bottom + 8)
            group.shapes.append(rect(frame, "none", stroke=self.tone[0]))

    def ending(self, y: float) -> tuple[Group, float]:
        """What the trace leads to, and the loop, in words."""
        group = Group()
        texts = [f"framed: {repeated(self.trace)} for ever"] if self.trace.loop is not None else []
        if self.story.ending is not None:
            texts = [self.story.ending.headline, *self.story.ending.lines()[:4], *texts]
        for i, text in enumerate(texts):
            bold = i == 0 and self.story.ending is not None
            size = style.BODY if bold else style.SMALL
            for part in style.wrap(text, self.width - 2 * _MARGIN, size, mono=not bold, bold=bold):
                y += size * 1.35
                group.texts.append(Text(_MARGIN, y, part, size, self.tone[0], mono=not bold, bold=len(part) if bold else 0))
        return group, y


def _segments(values: list[Value]) -> Iterator[_Segment]:
    at = 0
    for value, same in groupby(values):
        length = sum(1 for _ in same)
        yield _Segment(value, at, at + length - 1)
        at += length
