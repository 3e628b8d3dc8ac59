"""Where the lanes of a sequence chart go, and what stands on them: everything before anything is drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ...explore.verdict import Trace
from ...model.language import OK, Action, word
from .. import style
from ..story import Change, Story, request

LANES = ("verifier", "guest", "host", "tsm", "root_complex", "fabric", "device", "peer")
"""The order of the lanes; parties that are not named follow in the order in which they first take part."""

MARGIN = 20.0
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
CITE, CITE_MAX = 220.0, 260.0
"""The column of what steps are and their sources: as wide as its longest word, within these limits."""
_GHOSTS = 2
"""Of more missing steps none is drawn."""
LEADING = 1.35
LOOP = 30.0
"""How far an arrow from a lane to itself reaches."""


def lane_order(trace: Trace, lanes: Sequence[str] = LANES) -> tuple[str, ...]:
    """The parties that take part in some step, in the order of ``lanes``, then in that of their appearance."""
    return in_order([p for a in trace.actions for p in a.parties], lanes)


def in_order(parties: Sequence[str], lanes: Sequence[str]) -> tuple[str, ...]:
    """Parties without repeats, in the order of ``lanes``, then in that of their appearance."""
    return tuple(sorted(dict.fromkeys(parties), key=lambda p: lanes.index(p) if p in lanes else len(lanes)))


def lane_title(party: str) -> str:
    """What stands at the head of a lane."""
    return party.replace("_", " ")


def refuser(action: Action) -> str:
    """The party that turns a request down; the actor itself when no rule says which."""
    by = action.refused_by
    return by.binds.name if by is not None and by.binds is not None else action.actor


def missing_steps(story: Story) -> list[Action]:
    """What had to come before the last step, where that is an event or two: the steps that the reader looks for in vain."""
    if story.ending is None or not story.trace.at_step:
        return []
    found: dict[str, Action] = {}
    for cause in story.causes:
        if cause.role != "required first":
            continue
        for event, arguments in re.findall(r"(\w+)\(([^()]*)\)", cause.text):
            wanted = {a.strip() for a in arguments.split(",") if a.strip()}
            fitting = (a for a in story.trace.system.actions if a.event == event and a.reply == OK)
            action = next((a for a in fitting if wanted <= {word(v) for _, v in a.args}), None)
            if action is not None:
                found.setdefault(event, action)
    return list(found.values()) if len(found) <= _GHOSTS else []


@dataclass(frozen=True)
class Note:
    """What stands on a lane: a badge with a name and a value, or lines of text."""

    lines: tuple[str, ...]
    badge: bool
    broken: bool = False
    faint: bool = False

    @property
    def width(self) -> float:
        if self.badge:
            name, value = self.lines
            return measure(name, style.TINY) + measure(value, style.TINY, bold=True) + 24
        return max(measure(text, style.SMALL) for text in self.lines) + 6

    @property
    def height(self) -> float:
        return 18.0 if self.badge else len(self.lines) * style.SMALL * LEADING


def measure(text: str, size: float, *, bold: bool = False) -> float:
    return style.text_width(text, size, bold=bold)


@dataclass
class Row:
    """A step before it has a place."""

    action: Action
    number: int
    notes: dict[str, list[Note]] = field(default_factory=dict)

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


class Lanes:
    """The parties of a story, the steps between them, and their places from left to right."""

    def __init__(self, story: Story, lanes: Sequence[str]) -> None:
        self.story = story
        self.trace = story.trace
        self.missing = missing_steps(story)
        """Steps that should have come before the last one, and have not."""
        taking_part = [*lane_order(story.trace, lanes), *(p for a in self.missing for p in a.parties)]
        self.lanes = in_order(taking_part, lanes)
        self.rows = [self.row(i) for i in range(len(story.trace.actions))]
        self.ghosts = [Row(a, 0) for a in self.missing]
        self.start = self.initial_notes()
        self.x = self.lane_positions()
        self.right = max([self.x[p] + self.extent(p) for p in self.lanes], default=MARGIN + 360)

    # What is to be placed.

    def row(self, i: int) -> Row:
        row = Row(self.trace.actions[i], i + 1)
        for c in self.story.changes[i]:
            row.notes.setdefault(c.party, []).append(self.note(c, i))
        for notes in row.notes.values():
            notes.sort(key=lambda n: not n.badge)
        return row

    def note(self, c: Change, step: int) -> Note:
        broken = self.story.culprit(c.name) == step
        if c.main:
            return Note((c.name, word(c.after)), True, broken)
        whole = f"{c.name} → {word(c.after)}"
        lines = [whole]
        if measure(whole, style.SMALL) > _NOTE:
            lines = [*style.wrap(c.name, _NOTE, style.SMALL), *style.wrap(f"→ {word(c.after)}", _NOTE, style.SMALL)]
        return Note(tuple(lines), False, broken)

    def initial_notes(self) -> dict[str, list[Note]]:
        """The main variables that the trace changes, as they are at first, on the lane that first changes them."""
        notes: dict[str, list[Note]] = {}
        first: dict[str, Change] = {}
        for step in self.story.changes:
            for c in step:
                first.setdefault(c.name, c)
        for name in self.story.changing:
            c = first[name]
            if c.main:
                notes.setdefault(c.party, []).append(Note((name, word(c.before)), True, faint=True))
        return notes

    # Where the lanes go.

    def lane_positions(self) -> dict[str, float]:
        """The lanes as close as their notes and names allow: notes of one row must not touch."""
        rows = [r.notes for r in self.rows] + [self.start]
        half: list[dict[str, float]] = [{p: max(n.width for n in notes) / 2 for p, notes in r.items()} for r in rows]
        half.append({p: self.header_width(p) / 2 for p in self.lanes})
        x: dict[str, float] = {}
        for i, p in enumerate(self.lanes):
            place = MARGIN + _GUTTER + max(h.get(p, 0) for h in half)
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
            measure(text, style.BODY, bold=True) + 24
            for row in (*self.rows, *self.ghosts)
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
        for row in (*self.rows, *self.ghosts):
            for text, left in self.label(row):
                if left == self.x[party]:
                    reach = max(reach, measure(text, style.BODY, bold=True) + 20)
            if row.route == (party,):
                reach = max(
                    reach, LOOP + 16 + (measure(row.action.reply, style.SMALL, bold=True) if row.action.reply != OK else 0)
                )
        return reach + 8

    def label(self, row: Row) -> list[tuple[str, float]]:
        """The lines of a step's label, each with the lane position from which it starts."""
        ends = [self.x[p] for p in row.route]
        span = max(ends) - min(ends)
        lines = style.wrap(request(row.action), max(_LABEL, span - 20), style.BODY, bold=True)
        return [(text, min(ends)) for text in lines]
