"""Traces and graphs of states as PlantUML text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ...explore.verdict import Trace
from ...model.language import OK, word
from .. import style
from ..graph import LABELS_PER_EDGE, LIMIT, refuse_hairball
from ..sequence import LANES, lane_order, lane_title, refuser
from ..story import Story, repeated, request, shortened
from ..svg import printable

if TYPE_CHECKING:
    import networkx as nx


def trace_plantuml(
    trace: Trace, *, title: str = "", subtitle: str = "", lanes: Sequence[str] = LANES, witness: bool = False
) -> str:
    """The sequence chart of a trace."""
    story = Story(trace, witness=witness)
    order = lane_order(trace, lanes)
    ids = {p: f"p{i}" for i, p in enumerate(order)}
    band = style.ACCENT_PAPER if witness else style.BROKEN_PAPER
    lines = ["@startuml", f"title {_escaped(title or trace.system.name)}"]
    if subtitle:
        lines.append(f"header {_escaped(subtitle)}")
    lines += ["hide footbox"] + [f'participant "{_escaped(lane_title(p))}" as {ids[p]}' for p in order]
    for i, action in enumerate(trace.actions):
        if i == trace.loop:
            lines.append(f"loop {_escaped(f'{repeated(trace)} for ever')}")
        text = _escaped(f"({i + 1}) {request(action)}")
        last = trace.at_step and i == len(trace.actions) - 1
        colour = f"[{style.ACCENT if witness else style.BROKEN}]" if last else ""
        if action.reply == OK:
            route = action.parties if len(action.parties) > 1 else action.parties * 2
            for k, (a, b) in enumerate(pairwise(route)):
                lines.append(f"{ids[a]} -{colour}> {ids[b]}" + (f" : {text}" if k == 0 else ""))
        else:
            by = refuser(action)
            lines.append(f"{ids[action.actor]} -{colour}>x {ids[by]} : {text}")
            lines.append(f"{ids[by]} --> {ids[action.actor]} : {_escaped(action.reply)}")
        changes: dict[str, list[str]] = {}
        for c in story.changes[i]:
            mark = "**" if story.culprit(c.name) == i else ""
            changes.setdefault(c.party, []).append(f"{mark}{_escaped(f'{c.name} → {word(c.after)}')}{mark}")
        for party, texts in changes.items():
            lines.append(f"rnote over {ids[party]} : " + "\\n".join(texts))
    if trace.loop is not None:
        lines.append("end")
    if story.ending is not None and order:
        ends = ", ".join(dict.fromkeys((ids[order[0]], ids[order[-1]])))
        texts = [story.ending.headline, *story.ending.lines()]
        lines.append(f"note over {ends} {band} : " + "\\n".join(_escaped(shortened(t, 200)) for t in texts))
    return "\n".join([*lines, "@enduml", ""])


def state_plantuml(graph: nx.DiGraph, *, title: str = "", limit: int | None = LIMIT) -> str:
    """A graph of states (see `graph`). Raises `TooLarge` beyond ``limit`` nodes."""
    refuse_hairball(graph, limit)
    ids = {node: f"s{i}" for i, node in enumerate(graph)}
    lines = ["@startuml", *([f"title {_escaped(title)}"] if title else []), "hide empty description"]
    for node, name in ids.items():
        data = graph.nodes[node]
        head = data.get("title") or ", ".join(word(v) for v in data.get("values", {}).values()) or name
        tone = f" {style.BROKEN_PAPER}" if data.get("broken") else ""
        lines.append(f'state "{_escaped(head)}" as {name}{tone}')
        texts = [f"{k} = {word(v)}" for k, v in data.get("values", {}).items()] if data.get("title") else []
        lines += [f"{name} : {_escaped(t)}" for t in (*texts, *data.get("lines", ()), *data.get("broken", ()))]
        if data.get("initial"):
            lines.append(f"[*] --> {name}")
    merged: dict[tuple[str, str], dict[str, None]] = {}
    for a, b, data in graph.edges(data=True):
        merged.setdefault((ids[a], ids[b]), {})[data.get("label", "")] = None
    for (a, b), found in merged.items():
        labels = [text for text in found if text]
        more = [f"… {len(labels) - LABELS_PER_EDGE} more"] if len(labels) > LABELS_PER_EDGE else []
        text = "\\n".join(map(_escaped, labels[:LABELS_PER_EDGE] + more))
        lines.append(f"{a} --> {b}" + (f" : {text}" if text else ""))
    return "\n".join([*lines, "@enduml", ""])


_ALWAYS = re.compile(r"""["<>&#%!\\~@\[\]{}|`^;]|([-_*/=.])(?=\1)|(?<=([-_*/=.]))\2""")
"""Signs that PlantUML takes for a command, and those that are markup when they are doubled."""


def _escaped(text: str) -> str:
    """Text in which PlantUML finds neither markup nor a command; it knows the codes of HTML."""
    return _ALWAYS.sub(lambda m: f"&#{ord(m[0])};", " ".join(printable(text).split()))
