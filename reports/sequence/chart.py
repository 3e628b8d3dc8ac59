"""A trace as a sequence chart: one lane per party, one row per step, drawn as SVG by hand.

A step is an arrow from its actor through the parties that take part. What it changed stands on the lane of
the party that changed it, right below: the main variable of a machine as a badge, the others as a line of
text. A refusal is a dashed arrow back. What is broken is red, and nothing else is; a step that had to come
first and never came is a dotted arrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...explore.explain.parting import Nearest
from ...explore.verdict import Trace
from ...model.language import OK, Action
from .. import style
from ..story import Story, repeated, request, shortened, tooltip
from ..svg import Box, Group, Text, arrowhead, document, dot, line, path, rect
from . import aside
from .lanes import CITE, CITE_MAX, LANES, LEADING, LOOP, MARGIN, Lanes, Note, Row, lane_title, measure

_LONG = 900.0
"""A chart longer than this repeats the names of the lanes at its end."""
_CAUSES = 6
_BESIDE = 150.0
"""The column in which another flow goes along."""


@dataclass
class Chart:
    """A drawn chart. ``groups`` hold its parts from top to bottom: caption, lanes, one per step, what is broken."""

    width: float
    height: float
    title: str
    description: str
    groups: list[Group]

    @property
    def texts(self) -> tuple[Text, ...]:
        """All texts, with their boxes."""
        return tuple(t for g in self.groups for t in g.texts)

    def svg(self) -> str:
        """The chart as an SVG file."""
        return document(self.width, self.height, self.title, self.description, self.groups)


def sequence_svg(
    trace: Trace,
    *,
    title: str = "",
    subtitle: str = "",
    meaning: str = "",
    setting: str = "",
    nearest: Nearest | None = None,
    lanes: Sequence[str] = LANES,
    witness: bool = False,
) -> str:
    """The sequence chart of a trace as an SVG file; see `sequence_chart`."""
    return sequence_chart(
        trace,
        title=title,
        subtitle=subtitle,
        meaning=meaning,
        setting=setting,
        nearest=nearest,
        lanes=lanes,
        witness=witness,
    ).svg()


def sequence_chart(
    trace: Trace,
    *,
    title: str = "",
    subtitle: str = "",
    meaning: str = "",
    setting: str = "",
    nearest: Nearest | None = None,
    lanes: Sequence[str] = LANES,
    witness: bool = False,
) -> Chart:
    """The sequence chart of a trace, laid out.

    ``setting`` stands above and ``meaning`` below all, for readers who have nothing but the picture: in what world the
    run happens, and what it means that such a run exists. ``nearest``: the flow that goes along beside it, up to where
    they part. ``witness``: the trace was looked for, and shows what can be reached; nothing in it is broken.
    """
    return _Drawing(Story(trace, witness=witness), title, subtitle, lanes, meaning, setting, nearest).chart()


class _Drawing(Lanes):
    def __init__(
        self,
        story: Story,
        title: str,
        subtitle: str,
        lanes: Sequence[str],
        meaning: str,
        setting: str,
        nearest: Nearest | None,
    ) -> None:
        super().__init__(story, lanes)
        self.title = title or story.trace.system.name
        self.subtitle, self.meaning, self.setting = subtitle, meaning, setting
        self.nearest = nearest
        self.groups: list[Group] = []
        self.tints = Group()
        """What lies below the lifelines."""
        self.paper = style.PAPER
        """What lies behind the texts of the current row."""
        witness = story.ending is not None and story.ending.witness
        self.tone = (style.ACCENT, style.ACCENT_PAPER) if witness else (style.BROKEN, style.BROKEN_PAPER)
        """Ink and paper of what the trace leads to."""

    def chart(self) -> Chart:
        words = [w for a in self.trace.actions for said in (aside.doc(a), *a.citations) for w in said.split()]
        widest = max((style.text_width(w, style.SMALL, mono=False) for w in words), default=0.0)
        self.beside_x = self.right + 12 + _BESIDE / 2
        self.cite_x = self.right + 16 + (_BESIDE + 12 if self.nearest is not None else 0)
        self.cite_width = min(max(CITE, widest), CITE_MAX)
        width = max((self.cite_x + self.cite_width if words else self.cite_x) + MARGIN, 560.0)
        y = self.caption(MARGIN, width)
        lanes, names = Group(), Group()
        self.groups += [self.tints, lanes, names]
        top = y + 28
        if self.lanes:
            self.header(names, y)
            y = self.starts(top + 10)
        loop_top = y
        for row in self.rows:
            if row.number - 1 == self.trace.loop:
                y = loop_top = self.loop_begins(y)
            y = self.step(row, y, width)
        if self.trace.loop is not None:
            y = self.loop_ends(loop_top, y, width)
        y += 6
        for p in self.lanes:
            lanes.shapes.append(line(self.x[p], top, self.x[p], y, style.RULE, width=1.2))
        if y - top > _LONG:
            self.header(names, y)
            y += 28
        y = self.said(self.band(y + 12, width), width, self.meaning, style.BODY, style.INK)
        y = self.compared(y, width)
        signs = aside.legend(self.trace, ghosts=bool(self.ghosts)) if self.trace.actions else ""
        y = self.said(y, width, signs, style.TINY, style.MUTED)
        return Chart(float(round(width)), float(round(y + MARGIN)), self.title, self.description(), self.groups)

    def description(self) -> str:
        steps = [f"{i}. {a.actor}: {a.label}" for i, a in enumerate(self.trace.actions, 1)]
        ending = [self.story.ending.headline] if self.story.ending else []
        return " ".join([*([self.subtitle] if self.subtitle else []), *steps, *ending])

    def caption(self, y: float, width: float) -> float:
        group = Group()
        for text, size, bold, colour in (
            (self.title, style.TITLE, True, style.INK), (self.subtitle, style.BODY, False, style.INK),
            (self.setting, style.SMALL, False, style.MUTED),
        ):  # fmt: skip
            for part in style.wrap(text, width - 2 * MARGIN, size, mono=False, bold=bold):
                y += size * LEADING
                group.texts.append(
                    Text(MARGIN, y, part, size, colour, mono=False, bold=len(part) if bold else 0),
                )
        self.groups.append(group)
        return y + 18

    def header(self, group: Group, y: float) -> None:
        for p in self.lanes:
            width = self.header_width(p)
            group.shapes.append(rect(Box(self.x[p] - width / 2, y, width, 28), style.PANEL, stroke=style.FAINT, radius=4))
            self.centred(group, self.x[p], y + 18.5, lane_title(p), style.BODY, style.INK, mono=False, bold=True)
        if self.nearest is not None:
            box = Box(self.beside_x - _BESIDE / 2, y, _BESIDE, 28)
            group.shapes.append(rect(box, style.PAPER, stroke=style.ACCENT, radius=4))
            name = shortened(f"in {self.nearest.flow}", 24)
            self.centred(group, self.beside_x, y + 18.5, name, style.BODY, style.ACCENT, mono=False, bold=True)

    def starts(self, y: float) -> float:
        group = Group("initially", 0)
        self.groups.append(group)
        return self.notes(group, self.start, y)

    def step(self, row: Row, y: float, width: float) -> float:
        """Draw a step from ``y`` on; the position below it."""
        top = y
        group = Group(tooltip(row.action), row.number)
        self.groups.append(group)
        refused = row.action.reply != OK
        last = self.trace.at_step and row.number == len(self.rows) and self.story.ending is not None
        colour, self.paper = self.tone if last else (style.INK, style.PAPER)
        if last:
            for ghost in self.ghosts:
                y = self.ghost(group, ghost, y)
        y += 8
        first = y
        for text, size_x in self.label(row):
            y += style.BODY * LEADING
            self.event(group, row, text, size_x, y, colour)
        number = Text(MARGIN, first + style.BODY * LEADING, str(row.number), style.SMALL, colour if last else style.MUTED)
        group.texts.append(number)
        y += 11
        y = self.arrows(group, row, y, colour)
        if refused:
            y = self.reply(group, row, y)
        for p in row.witnesses:
            group.shapes.append(dot(self.x[p], y, style.REFUSED if refused else colour, hollow=True))
        y = self.notes(group, row.notes, y + 9)
        y = max(y, self.beside(group, row, first), self.citations(group, row.action, first)) + 6
        if last:
            self.tints.shapes.append(rect(Box(MARGIN - 8, top + 4, width - 2 * MARGIN + 16, y - top - 4), self.paper))
        return y

    def ghost(self, group: Group, row: Row, y: float) -> float:
        """A step that had to come first and did not: a dotted arrow; the position below it."""
        y += 6 + style.SMALL * LEADING
        earlier = [
            i for i, a in enumerate(self.trace.actions, 1) if (a.event, a.args) == (row.action.event, row.action.args)
        ]
        when = f" after step {earlier[-1]}" if earlier else ""
        label = f"{request(row.action)}: did not happen{when}"
        at = Text(min(self.x[p] for p in row.route) + 10, y, label, style.SMALL, self.tone[0])
        box = at.box
        group.shapes.append(rect(Box(box.x - 3, box.y - 1, box.width + 6, box.height + 2), self.paper))
        group.texts.append(at)
        bottom = self.explained(group, aside.doc(row.action), y - style.SMALL * LEADING)
        y += 8
        ends = [self.x[p] for p in row.route]
        if len(ends) > 1:
            group.shapes.append(dot(ends[0], y, self.tone[0], hollow=True))
            for a, b in pairwise(ends):
                towards = 1 if b > a else -1
                group.shapes.append(line(a + 3 * towards, y, b - 7 * towards, y, self.tone[0], width=1.4, dashes="1.5 3.5"))
                group.shapes.append(arrowhead(b - towards, y, towards, self.tone[0]))
        return max(y + 4, bottom)

    def beside(self, group: Group, row: Row, y: float) -> float:
        """What becomes of the step in the nearest flow; the position below it."""
        if self.nearest is None:
            return y
        text = aside.instead(self.nearest, row.number - 1)
        parts = row.number - 1 == self.nearest.parting.step
        if not text:
            return y
        if parts:
            lines = style.wrap(text, _BESIDE - 16, style.SMALL, mono=False, bold=True)
            box = Box(self.beside_x - _BESIDE / 2, y + 2, _BESIDE, len(lines) * style.SMALL * LEADING + 10)
            group.shapes.append(rect(box, style.ACCENT_PAPER, stroke=style.ACCENT, radius=4))
            y += 4
        else:
            lines = [text]
        for part in lines:
            y += style.SMALL * LEADING
            colour = style.ACCENT if parts else style.MUTED
            self.centred(group, self.beside_x, y, part, style.SMALL, colour, mono=False, bold=parts)
        return y + 6

    def loop_begins(self, y: float) -> float:
        """The head of the frame round the steps that are repeated; the position below it."""
        words = f"loop: {repeated(self.trace)} for ever"
        tab = Box(MARGIN - 8, y + 4, style.text_width(words, style.SMALL, mono=False, bold=True) + 16, 19)
        group = Group()
        group.shapes.append(rect(tab, self.tone[1], stroke=self.tone[0]))
        group.texts.append(Text(tab.x + 8, tab.y + 13, words, style.SMALL, self.tone[0], mono=False, bold=len(words)))
        self.groups.append(group)
        return y + 24

    def loop_ends(self, top: float, y: float, width: float) -> float:
        """The frame itself, below the lifelines; the position below it."""
        frame = Box(MARGIN - 8, top - 20, width - 2 * MARGIN + 16, y + 2 - (top - 20))
        self.tints.shapes.append(rect(frame, style.PAPER, stroke=self.tone[0]))
        return y + 10

    def event(self, group: Group, row: Row, text: str, x: float, y: float, colour: str) -> None:
        """A line of a step's label, over the arrow where it fits, on paper that interrupts the lifelines."""
        ends = [self.x[p] for p in row.route]
        bold = len(row.action.event) if text.startswith(row.action.event) else 0
        span = max(ends) - min(ends)
        fits = measure(text, style.BODY, bold=True) < span - 16
        label = Text(x + span / 2 if fits else x + 10, y, text, style.BODY, colour, bold=bold, centred=fits)
        box = label.box
        group.shapes.append(rect(Box(box.x - 3, box.y - 1, box.width + 6, box.height + 2), self.paper))
        group.texts.append(label)

    def arrows(self, group: Group, row: Row, y: float, colour: str) -> float:
        """The request along its route; a new line where it turns round. The position of the last line."""
        route = [self.x[p] for p in row.route]
        refused = row.action.reply != OK
        if len(route) == 1:
            if not refused:
                self.loop(group, route[0], y, colour)
                y += 14
            return y
        group.shapes.append(dot(route[0], y, colour))
        before = 0
        for a, b in pairwise(route):
            towards = 1 if b > a else -1
            if before and towards != before:
                group.shapes.append(line(a, y, a, y + 14, colour, width=1.4))
                y += 14
            before = towards
            tip = b - (9 if refused else 1) * towards
            group.shapes.append(line(a, y, tip - 6 * towards, y, colour, width=1.4))
            group.shapes.append(arrowhead(tip, y, towards, colour))
        return y

    def loop(self, group: Group, x: float, y: float, colour: str, dashes: str = "") -> None:
        """An arrow from a lane to itself."""
        group.shapes.append(dot(x, y, colour))
        group.shapes.append(
            path(
                f"M{x:.1f} {y:.1f} h{LOOP - 4:.1f} q4 0 4 4 v6 q0 4 -4 4 h{-LOOP + 11:.1f}",
                colour,
                width=1.4,
                dashes=dashes,
            )
        )
        group.shapes.append(arrowhead(x + 1, y + 14, -1, colour))

    def reply(self, group: Group, row: Row, y: float) -> float:
        """The refusal: a dashed arrow back to the actor, or a dashed loop when the actor refuses itself."""
        colour = style.REFUSED
        reply = row.action.reply
        first, last = self.x[row.route[0]], self.x[row.route[-1]]
        if first == last:
            self.loop(group, first, y, colour, dashes="4 3")
            group.texts.append(Text(first + LOOP + 8, y + 11, reply, style.SMALL, colour, bold=len(reply)))
            return y + 14
        towards = 1 if first > last else -1
        # The cross where the request ends, then the way back below it.
        for dx in (-4, 4):
            group.shapes.append(line(last - dx, y - 4, last + dx, y + 4, colour, width=2))
        y += 22
        group.shapes.append(line(last, y, first - 7 * towards, y, colour, width=1.4, dashes="5 3"))
        group.shapes.append(arrowhead(first - towards, y, towards, colour))
        fits = measure(reply, style.SMALL, bold=True) < abs(first - last) - 16
        x = (first + last) / 2 if fits else min(first, last) + 10
        label = Text(x, y - 5, reply, style.SMALL, colour, bold=len(reply), centred=fits)
        box = label.box
        group.shapes.append(rect(Box(box.x - 3, box.y, box.width + 6, box.height), self.paper))
        group.texts.append(label)
        return y

    def notes(self, group: Group, notes: dict[str, list[Note]], y: float) -> float:
        """Notes on their lanes, from ``y`` down; the position below the lowest."""
        lowest = y
        for party, stack in notes.items():
            at = y
            for note in stack:
                (self.badge if note.badge else self.lines)(group, self.x[party], at, note)
                at += note.height + 4
            lowest = max(lowest, at)
        return lowest

    def badge(self, group: Group, x: float, y: float, note: Note) -> None:
        name, value = note.lines
        ink, paper = (
            (style.BROKEN, style.BROKEN_PAPER)
            if note.broken
            else (style.MUTED, style.PANEL)
            if note.faint
            else (style.ACCENT, style.ACCENT_PAPER)
        )
        box = Box(x - note.width / 2, y, note.width, note.height)
        group.shapes.append(rect(box, paper, stroke=ink, radius=9))
        left = Text(box.x + 9, y + 12.5, name, style.TINY, style.MUTED)
        group.texts.append(left)
        group.texts.append(Text(box.x + 15 + left.width, y + 12.5, value, style.TINY, ink, bold=len(value)))

    def lines(self, group: Group, x: float, y: float, note: Note) -> None:
        group.shapes.append(rect(Box(x - note.width / 2, y, note.width, note.height), self.paper))
        for k, text in enumerate(note.lines):
            baseline = y + k * style.SMALL * LEADING + style.SMALL
            self.centred(group, x, baseline, text, style.SMALL, style.BROKEN if note.broken else style.MUTED)

    def centred(
        self, group: Group, x: float, y: float, text: str, size: float, colour: str, *, mono: bool = True, bold: bool = False
    ) -> None:
        group.texts.append(Text(x, y, text, size, colour, mono=mono, bold=len(text) if bold else 0, centred=True))

    def citations(self, group: Group, action: Action, y: float) -> float:
        """What a step is, and its sources, at the right of the chart; the position below them."""
        y = self.explained(group, aside.doc(action), y)
        for cite in action.citations:
            for part in style.wrap(cite, self.cite_width, style.TINY, mono=False):
                y += style.TINY * LEADING
                group.texts.append(Text(self.cite_x, y, part, style.TINY, style.MUTED, mono=False))
        return y

    def explained(self, group: Group, text: str, y: float) -> float:
        """Words of the model at the right of the chart; the position below them."""
        for part in style.wrap(text, self.cite_width, style.SMALL, mono=False):
            y += style.SMALL * LEADING
            group.texts.append(Text(self.cite_x, y, part, style.SMALL, style.INK, mono=False))
        return y + (2 if text else 0)

    def band(self, y: float, width: float) -> float:
        """The band at the end: what is broken (or reached), and by which values."""
        if self.story.ending is None:
            return y
        return self.banded(y, width, self.findings(), self.tone)

    def compared(self, y: float, width: float) -> float:
        """The band that says where the nearest flow parts from the run; the position below it."""
        if self.nearest is None:
            return y
        return self.banded(y + 8, width, aside.comparison(self.nearest), (style.ACCENT, style.ACCENT_PAPER))

    def banded(self, y: float, width: float, texts: Iterable[tuple[str, bool]], tone: tuple[str, str]) -> float:
        """Lines in a band of colour, some of them headlines; the position below it."""
        group = Group()
        self.groups.append(group)
        ink, paper = tone
        inner = width - 2 * MARGIN - 20
        top = y
        y += 6
        for text, bold in texts:
            size = style.BODY if bold else style.SMALL
            for part in style.wrap(text, inner, size, mono=not bold, bold=bold):
                y += size * LEADING
                group.texts.append(Text(MARGIN + 14, y, part, size, ink, mono=not bold, bold=len(part) if bold else 0))
        y += 10
        group.shapes.append(rect(Box(MARGIN - 8, top, width - 2 * MARGIN + 16, y - top), paper))
        group.shapes.append(rect(Box(MARGIN - 8, top, 4, y - top), ink))
        return y

    def said(self, y: float, width: float, text: str, size: float, colour: str) -> float:
        """Prose over the whole width, such as what a run means; the position below it."""
        if not text:
            return y
        group = Group()
        self.groups.append(group)
        y += 8
        for part in style.wrap(text, width - 2 * MARGIN, size, mono=False):
            y += size * LEADING
            group.texts.append(Text(MARGIN, y, part, size, colour, mono=False))
        return y + 4

    def findings(self) -> Iterator[tuple[str, bool]]:
        assert self.story.ending is not None
        yield self.story.ending.headline, True
        lines = self.story.ending.lines()
        yield from ((shortened(text, 300), False) for text in lines[:_CAUSES])
        if len(lines) > _CAUSES:
            yield f"… and {len(lines) - _CAUSES} more", False
