"""A trace as a sequence chart: one lane per party, one row per step, drawn as SVG by hand.

A step is an arrow from its actor through the parties that take part. What it changed stands on the lane of
the party that changed it, right below: the main variable of a machine as a badge, the others as a line of
text. A refusal is a dashed arrow back. What is broken is red, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ..explore.verdict import Trace
from ..model.language import OK, Action
from . import style
from .story import Change, Story, repeated, request, shortened, tooltip, word
from .svg import Box, Group, Text, arrowhead, document, dot, line, path, rect

LANES = ("verifier", "guest", "host", "tsm", "root_complex", "fabric", "device", "peer")
"""The order of the lanes; parties that are not named follow in the order in which they first take part."""

_MARGIN = 20.0
_GUTTER = 30.0
"""For the numbers of the steps."""
_LANE_GAP = 130.0
_HOP = 240.0
"""The distance of two lanes up to which a label pushes them apart."""
_NOTE_GAP = 14.0
"""Between the notes of two lanes."""
_LABEL = 330.0
"""The width up to which the label of an arrow may grow beyond the arrow."""
_NOTE = 190.0
"""The width at which notes are broken."""
_CITE, _CITE_MAX = 170.0, 260.0
"""The column of citations: as wide as its longest word, within these limits."""
_LEADING = 1.35
_LONG = 900.0
"""A chart longer than this repeats the names of the lanes at its end."""
_LOOP = 30.0
_CAUSES = 6


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
    lanes: Sequence[str] = LANES,
    witness: bool = False,
) -> str:
    """The sequence chart of a trace as an SVG file; see `sequence_chart`."""
    return sequence_chart(trace, title=title, subtitle=subtitle, meaning=meaning, lanes=lanes, witness=witness).svg()


def sequence_chart(
    trace: Trace,
    *,
    title: str = "",
    subtitle: str = "",
    meaning: str = "",
    lanes: Sequence[str] = LANES,
    witness: bool = False,
) -> Chart:
    """The sequence chart of a trace, laid out.

    ``meaning`` stands below all, for readers who have nothing but the picture: what it means that such a run exists.
    ``witness``: the trace was looked for, and shows what can be reached; nothing in it is broken.
    """
    return _Layout(Story(trace, witness=witness), title, subtitle, lanes, meaning).chart()


def lane_order(trace: Trace, lanes: Sequence[str] = LANES) -> tuple[str, ...]:
    """The parties that take part in some step, in the order of ``lanes``, then in that of their appearance."""
    parties = list(dict.fromkeys(p for a in trace.actions for p in a.parties))
    return tuple(sorted(parties, key=lambda p: lanes.index(p) if p in lanes else len(lanes)))


def lane_title(party: str) -> str:
    """What stands at the head of a lane."""
    return party.replace("_", " ")


def refuser(action: Action) -> str:
    """The party that turns a request down; the actor itself when no rule says which."""
    by = action.refused_by
    return by.binds.name if by is not None and by.binds is not None else action.actor


@dataclass(frozen=True)
class _Note:
    """What stands on a lane: a badge with a name and a value, or lines of text."""

    lines: tuple[str, ...]
    badge: bool
    broken: bool = False
    faint: bool = False

    @property
    def width(self) -> float:
        if self.badge:
            name, value = self.lines
            return _measure(name, style.TINY) + _measure(value, style.TINY, bold=True) + 24
        return max(_measure(text, style.SMALL) for text in self.lines) + 6

    @property
    def height(self) -> float:
        return 18.0 if self.badge else len(self.lines) * style.SMALL * _LEADING


def _measure(text: str, size: float, *, bold: bool = False) -> float:
    return style.text_width(text, size, bold=bold)


@dataclass
class _Row:
    """A step before it has a place."""

    action: Action
    number: int
    notes: dict[str, list[_Note]] = field(default_factory=dict)

    @property
    def route(self) -> tuple[str, ...]:
        """Whom the request passes. A refused one ends with the party that refuses it."""
        if self.action.reply == OK:
            return self.action.parties
        return tuple(dict.fromkeys((self.action.actor, refuser(self.action))))

    @property
    def witnesses(self) -> tuple[str, ...]:
        """Who takes part without being on the route: parties that react to a refusal."""
        return tuple(p for p in self.action.parties if p not in self.route)


class _Layout:
    def __init__(self, story: Story, title: str, subtitle: str, lanes: Sequence[str], meaning: str = "") -> None:
        self.meaning = meaning
        self.story = story
        self.trace = story.trace
        self.title = title or story.trace.system.name
        self.subtitle = subtitle
        self.lanes = lane_order(story.trace, lanes)
        self.rows = [self.row(i) for i in range(len(story.trace.actions))]
        self.start = self.initial_notes()
        self.x = self.lane_positions()
        self.right = max([self.x[p] + self.extent(p) for p in self.lanes], default=_MARGIN + 360)
        self.groups: list[Group] = []
        self.tints = Group()
        """What lies below the lifelines."""
        self.paper = style.PAPER
        """What lies behind the texts of the current row."""
        witness = story.ending is not None and story.ending.witness
        self.tone = (style.ACCENT, style.ACCENT_PAPER) if witness else (style.BROKEN, style.BROKEN_PAPER)
        """Ink and paper of what the trace leads to."""

    # What is to be placed.

    def row(self, i: int) -> _Row:
        row = _Row(self.trace.actions[i], i + 1)
        for c in self.story.changes[i]:
            row.notes.setdefault(c.party, []).append(self.note(c, i))
        for notes in row.notes.values():
            notes.sort(key=lambda n: not n.badge)
        return row

    def note(self, c: Change, step: int) -> _Note:
        broken = self.story.culprit(c.name) == step
        if c.main:
            return _Note((c.name, word(c.after)), True, broken)
        whole = f"{c.name} → {word(c.after)}"
        lines = [whole]
        if _measure(whole, style.SMALL) > _NOTE:
            lines = [*style.wrap(c.name, _NOTE, style.SMALL), *style.wrap(f"→ {word(c.after)}", _NOTE, style.SMALL)]
        return _Note(tuple(lines), False, broken)

    def initial_notes(self) -> dict[str, list[_Note]]:
        """The main variables that the trace changes, as they are at first, on the lane that first changes them."""
        notes: dict[str, list[_Note]] = {}
        first: dict[str, Change] = {}
        for step in self.story.changes:
            for c in step:
                first.setdefault(c.name, c)
        for name in self.story.changing:
            c = first[name]
            if c.main:
                notes.setdefault(c.party, []).append(_Note((name, word(c.before)), True, faint=True))
        return notes

    # Where the lanes go.

    def lane_positions(self) -> dict[str, float]:
        """The lanes as close as their notes and names allow: notes of one row must not touch."""
        rows = [r.notes for r in self.rows] + [self.start]
        half: list[dict[str, float]] = [{p: max(n.width for n in notes) / 2 for p, notes in r.items()} for r in rows]
        half.append({p: self.header_width(p) / 2 for p in self.lanes})
        x: dict[str, float] = {}
        for i, p in enumerate(self.lanes):
            place = _MARGIN + _GUTTER + max(h.get(p, 0) for h in half)
            if i:
                place = max(place, x[self.lanes[i - 1]] + self.hop(self.lanes[i - 1], p))
            for h in half:
                for q in self.lanes[:i]:
                    if p in h and q in h:
                        place = max(place, x[q] + h[q] + h[p] + _NOTE_GAP)
            x[p] = float(round(place))
        return x

    def hop(self, left: str, right: str) -> float:
        """The distance of two neighbouring lanes at which the labels of arrows between them fit, within reason."""
        labels = [
            _measure(text, style.BODY, bold=True) + 24
            for row in self.rows
            if set(row.route) == {left, right}
            for text in (request(row.action), row.action.reply)
        ]
        return max([_LANE_GAP, *(min(width, _HOP) for width in labels)])

    def header_width(self, party: str) -> float:
        return style.text_width(lane_title(party), style.BODY, mono=False, bold=True) + 28

    def extent(self, party: str) -> float:
        """How far the things on a lane reach to its right."""
        notes = [n for r in (*(row.notes for row in self.rows), self.start) for n in r.get(party, [])]
        reach = max([n.width / 2 for n in notes] + [self.header_width(party) / 2])
        for row in self.rows:
            for text, left in self.label(row):
                if left == self.x[party]:
                    reach = max(reach, _measure(text, style.BODY, bold=True) + 20)
            if row.route == (party,):
                reach = max(
                    reach, _LOOP + 16 + (_measure(row.action.reply, style.SMALL, bold=True) if row.action.reply != OK else 0)
                )
        return reach + 8

    def label(self, row: _Row) -> list[tuple[str, float]]:
        """The lines of a step's label, each with the lane position from which it starts."""
        ends = [self.x[p] for p in row.route]
        span = max(ends) - min(ends)
        lines = style.wrap(request(row.action), max(_LABEL, span - 20), style.BODY, bold=True)
        return [(text, min(ends)) for text in lines]

    # Drawing, from top to bottom.

    def chart(self) -> Chart:
        words = [w for a in self.trace.actions for cite in a.citations for w in cite.split()]
        widest = max((style.text_width(w, style.TINY, mono=False) for w in words), default=0.0)
        self.cite_x, self.cite_width = self.right + 16, min(max(_CITE, widest), _CITE_MAX)
        width = max((self.cite_x + self.cite_width if words else self.right) + _MARGIN, 560.0)
        y = self.caption(_MARGIN, width)
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
        y = self.said(self.band(y + 12, width), width)
        return Chart(float(round(width)), float(round(y + _MARGIN)), self.title, self.description(), self.groups)

    def description(self) -> str:
        steps = [f"{i}. {a.actor}: {a.label}" for i, a in enumerate(self.trace.actions, 1)]
        ending = [self.story.ending.headline] if self.story.ending else []
        return " ".join([*([self.subtitle] if self.subtitle else []), *steps, *ending])

    def caption(self, y: float, width: float) -> float:
        group = Group()
        for text, size, bold in ((self.title, style.TITLE, True), (self.subtitle, style.BODY, False)):
            for part in style.wrap(text, width - 2 * _MARGIN, size, mono=False, bold=bold):
                y += size * _LEADING
                colour = style.INK if bold else style.MUTED
                group.texts.append(
                    Text(_MARGIN, y, part, size, colour, mono=False, bold=len(part) if bold else 0),
                )
        self.groups.append(group)
        return y + 18

    def header(self, group: Group, y: float) -> None:
        for p in self.lanes:
            width = self.header_width(p)
            group.shapes.append(rect(Box(self.x[p] - width / 2, y, width, 28), style.PANEL, stroke=style.FAINT, radius=4))
            self.centred(group, self.x[p], y + 18.5, lane_title(p), style.BODY, style.INK, mono=False, bold=True)

    def starts(self, y: float) -> float:
        group = Group("initially", 0)
        self.groups.append(group)
        return self.notes(group, self.start, y)

    def step(self, row: _Row, y: float, width: float) -> float:
        """Draw a step from ``y`` on; the position below it."""
        top = y
        group = Group(tooltip(row.action), row.number)
        self.groups.append(group)
        refused = row.action.reply != OK
        last = self.trace.at_step and row.number == len(self.rows) and self.story.ending is not None
        colour, self.paper = self.tone if last else (style.INK, style.PAPER)
        y += 8
        for text, size_x in self.label(row):
            y += style.BODY * _LEADING
            self.event(group, row, text, size_x, y, colour)
        number = str(row.number)
        group.texts.append(
            Text(_MARGIN, top + 8 + style.BODY * _LEADING, number, style.SMALL, colour if last else style.FAINT)
        )
        y += 11
        y = self.arrows(group, row, y, colour)
        if refused:
            y = self.reply(group, row, y)
        for p in row.witnesses:
            group.shapes.append(dot(self.x[p], y, style.REFUSED if refused else colour, hollow=True))
        y = self.notes(group, row.notes, y + 9)
        y = max(y, self.citations(group, row.action, top + 8)) + 6
        if last:
            self.tints.shapes.append(rect(Box(_MARGIN - 8, top + 4, width - 2 * _MARGIN + 16, y - top - 4), self.paper))
        return y

    def loop_begins(self, y: float) -> float:
        """The head of the frame round the steps that are repeated; the position below it."""
        words = f"loop: {repeated(self.trace)} for ever"
        tab = Box(_MARGIN - 8, y + 4, style.text_width(words, style.SMALL, mono=False, bold=True) + 16, 19)
        group = Group()
        group.shapes.append(rect(tab, self.tone[1], stroke=self.tone[0]))
        group.texts.append(Text(tab.x + 8, tab.y + 13, words, style.SMALL, self.tone[0], mono=False, bold=len(words)))
        self.groups.append(group)
        return y + 24

    def loop_ends(self, top: float, y: float, width: float) -> float:
        """The frame itself, below the lifelines; the position below it."""
        frame = Box(_MARGIN - 8, top - 20, width - 2 * _MARGIN + 16, y + 2 - (top - 20))
        self.tints.shapes.append(rect(frame, style.PAPER, stroke=self.tone[0]))
        return y + 10

    def event(self, group: Group, row: _Row, text: str, x: float, y: float, colour: str) -> None:
        """A line of a step's label, over the arrow where it fits, on paper that interrupts the lifelines."""
        ends = [self.x[p] for p in row.route]
        bold = len(row.action.event) if text.startswith(row.action.event) else 0
        span = max(ends) - min(ends)
        fits = _measure(text, style.BODY, bold=True) < span - 16
        label = Text(x + span / 2 if fits else x + 10, y, text, style.BODY, colour, bold=bold, centred=fits)
        box = label.box
        group.shapes.append(rect(Box(box.x - 3, box.y - 1, box.width + 6, box.height + 2), self.paper))
        group.texts.append(label)

    def arrows(self, group: Group, row: _Row, y: float, colour: str) -> float:
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
                f"M{x:.1f} {y:.1f} h{_LOOP - 4:.1f} q4 0 4 4 v6 q0 4 -4 4 h{-_LOOP + 11:.1f}",
                colour,
                width=1.4,
                dashes=dashes,
            )
        )
        group.shapes.append(arrowhead(x + 1, y + 14, -1, colour))

    def reply(self, group: Group, row: _Row, y: float) -> float:
        """The refusal: a dashed arrow back to the actor, or a dashed loop when the actor refuses itself."""
        colour = style.REFUSED
        reply = row.action.reply
        first, last = self.x[row.route[0]], self.x[row.route[-1]]
        if first == last:
            self.loop(group, first, y, colour, dashes="4 3")
            group.texts.append(Text(first + _LOOP + 8, y + 11, reply, style.SMALL, colour, bold=len(reply)))
            return y + 14
        towards = 1 if first > last else -1
        # The cross where the request ends, then the way back below it.
        for dx in (-4, 4):
            group.shapes.append(line(last - dx, y - 4, last + dx, y + 4, colour, width=2))
        y += 22
        group.shapes.append(line(last, y, first - 7 * towards, y, colour, width=1.4, dashes="5 3"))
        group.shapes.append(arrowhead(first - towards, y, towards, colour))
        fits = _measure(reply, style.SMALL, bold=True) < abs(first - last) - 16
        x = (first + last) / 2 if fits else min(first, last) + 10
        label = Text(x, y - 5, reply, style.SMALL, colour, bold=len(reply), centred=fits)
        box = label.box
        group.shapes.append(rect(Box(box.x - 3, box.y, box.width + 6, box.height), self.paper))
        group.texts.append(label)
        return y

    def notes(self, group: Group, notes: dict[str, list[_Note]], y: float) -> float:
        """Notes on their lanes, from ``y`` down; the position below the lowest."""
        lowest = y
        for party, stack in notes.items():
            at = y
            for note in stack:
                (self.badge if note.badge else self.lines)(group, self.x[party], at, note)
                at += note.height + 4
            lowest = max(lowest, at)
        return lowest

    def badge(self, group: Group, x: float, y: float, note: _Note) -> None:
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

    def lines(self, group: Group, x: float, y: float, note: _Note) -> None:
        group.shapes.append(rect(Box(x - note.width / 2, y, note.width, note.height), self.paper))
        for k, text in enumerate(note.lines):
            baseline = y + k * style.SMALL * _LEADING + style.SMALL
            self.centred(group, x, baseline, text, style.SMALL, style.BROKEN if note.broken else style.MUTED)

    def centred(
        self, group: Group, x: float, y: float, text: str, size: float, colour: str, *, mono: bool = True, bold: bool = False
    ) -> None:
        group.texts.append(Text(x, y, text, size, colour, mono=mono, bold=len(text) if bold else 0, centred=True))

    def citations(self, group: Group, action: Action, y: float) -> float:
        """The sources of a step, at the right of the chart; the position below them."""
        for cite in action.citations:
            for part in style.wrap(cite, self.cite_width, style.TINY, mono=False):
                y += style.TINY * _LEADING
                group.texts.append(Text(self.cite_x, y, part, style.TINY, style.MUTED, mono=False))
        return y

    def band(self, y: float, width: float) -> float:
        """The band at the end: what is broken (or reached), and by which values."""
        if self.story.ending is None:
            return y
        group = Group()
        self.groups.append(group)
        ink, paper = self.tone
        inner = width - 2 * _MARGIN - 20
        top = y
        y += 6
        for text, bold in self.findings():
            size = style.BODY if bold else style.SMALL
            for part in style.wrap(text, inner, size, mono=not bold, bold=bold):
                y += size * _LEADING
                group.texts.append(Text(_MARGIN + 14, y, part, size, ink, mono=not bold, bold=len(part) if bold else 0))
        y += 10
        group.shapes.append(rect(Box(_MARGIN - 8, top, width - 2 * _MARGIN + 16, y - top), paper))
        group.shapes.append(rect(Box(_MARGIN - 8, top, 4, y - top), ink))
        return y

    def said(self, y: float, width: float) -> float:
        """What such a run means, in prose; the position below it."""
        if not self.meaning:
            return y
        group = Group()
        self.groups.append(group)
        y += 8
        for part in style.wrap(self.meaning, width - 2 * _MARGIN, style.BODY, mono=False):
            y += style.BODY * _LEADING
            group.texts.append(Text(_MARGIN, y, part, style.BODY, style.INK, mono=False))
        return y + 4

    def findings(self) -> Iterator[tuple[str, bool]]:
        assert self.story.ending is not None
        yield self.story.ending.headline, True
        lines = self.story.ending.lines()
        yield from ((shortened(text, 300), False) for text in lines[:_CAUSES])
        if len(lines) > _CAUSES:
            yield f"… and {len(lines) - _CAUSES} more", False
