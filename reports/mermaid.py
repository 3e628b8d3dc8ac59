"""Traces and graphs as Mermaid text, for places that render it (issue trackers, wikis, READMEs)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from ..explore.verdict import Trace
from ..model.language import OK, word
from .graph import LABELS_PER_EDGE, LIMIT, refuse_hairball
from .sequence import LANES, lane_order, lane_title, refuser
from .story import Story, repeated, request, shortened
from .svg import printable

if TYPE_CHECKING:
    import networkx as nx


def trace_mermaid(
    trace: Trace, *, title: str = "", subtitle: str = "", lanes: Sequence[str] = LANES, witness: bool = False
) -> str:
    """The sequence chart of a trace as a Mermaid ``sequenceDiagram``."""
    story = Story(trace, witness=witness)
    order = lane_order(trace, lanes)
    band = "rgb(230, 239, 249)" if witness else "rgb(253, 236, 235)"
    ids = {p: f"p{i}" for i, p in enumerate(order)}
    lines = _front_matter(title or trace.system.name)
    lines += ["sequenceDiagram", "  accTitle: " + _flat(title or trace.system.name)]
    if subtitle:
        lines.append("  accDescr: " + _flat(subtitle))
    lines += [f"  participant {ids[p]} as {_escaped(lane_title(p))}" for p in order]
    for i, action in enumerate(trace.actions):
        last = trace.at_step and i == len(trace.actions) - 1
        if i == trace.loop:
            lines.append(f"  loop {_escaped(f'from step {i + 1}: {repeated(trace)} for ever')}")
        if last:
            lines.append(f"  rect {band}")
        text = f"({i + 1}) {request(action)}"
        if action.reply == OK:
            route = action.parties if len(action.parties) > 1 else action.parties * 2
            for k, (a, b) in enumerate(pairwise(route)):
                # Every arrow needs a text, and the step is told once.
                lines.append(f"  {ids[a]}->>{ids[b]}: {_escaped(text) if k == 0 else '…'}")
        else:
            by = refuser(action)
            lines.append(f"  {ids[action.actor]}-x{ids[by]}: {_escaped(text)}")
            lines.append(f"  {ids[by]}-->>{ids[action.actor]}: {_escaped(action.reply)}")
        changes: dict[str, list[str]] = {}
        for c in story.changes[i]:
            changes.setdefault(c.party, []).append(_escaped(f"{c.name} → {word(c.after)}"))
        lines += [f"  Note over {ids[p]}: {'<br/>'.join(texts)}" for p, texts in changes.items()]
        if last:
            lines.append("  end")
    if trace.loop is not None:
        lines.append("  end")
    if story.ending is not None and order:
        ends = ",".join(dict.fromkeys((ids[order[0]], ids[order[-1]])))
        texts = [story.ending.headline, *story.ending.lines()]
        lines += [
            f"  rect {band}",
            f"  Note over {ends}: {'<br/>'.join(_escaped(shortened(t, 200)) for t in texts)}",
            "  end",
        ]
    return "\n".join(lines) + "\n"


def state_mermaid(graph: nx.DiGraph, *, title: str = "", limit: int | None = LIMIT) -> str:
    """A graph of states (see `graph`) as a Mermaid ``stateDiagram-v2``. Raises `TooLarge` beyond ``limit`` nodes."""
    refuse_hairball(graph, limit)
    ids = {node: f"s{i}" for i, node in enumerate(graph)}
    lines = [*(_front_matter(title) if title else []), "stateDiagram-v2"]
    for node, name in ids.items():
        data = graph.nodes[node]
        parts = [data["title"]] if data.get("title") else []
        parts += [f"{n} = {word(v)}" for n, v in data.get("values", {}).items()]
        parts += [*data.get("lines", ()), *data.get("broken", ())]
        lines.append(f'  state "{"<br/>".join(map(_escaped, parts)) or name}" as {name}')
        if data.get("initial"):
            lines.append(f"  [*] --> {name}")
    merged: dict[tuple[str, str], dict[str, None]] = {}
    for a, b, data in graph.edges(data=True):
        by = f" by {data['actor']}" if data.get("actor") else ""
        merged.setdefault((ids[a], ids[b]), {})[data.get("label", "") + by] = None
    for (a, b), found in merged.items():
        labels = [text for text in found if text]
        more = [f"… {len(labels) - LABELS_PER_EDGE} more"] if len(labels) > LABELS_PER_EDGE else []
        text = "<br/>".join(map(_escaped, labels[:LABELS_PER_EDGE] + more))
        lines.append(f"  {a} --> {b}" + (f" : {text}" if text else ""))
    broken = [name for node, name in ids.items() if graph.nodes[node].get("broken")]
    if broken:
        lines.append("  classDef broken fill:#fdeceb,stroke:#b3261e,color:#b3261e")
        lines += [f"  class {name} broken" for name in broken]
    return "\n".join(lines) + "\n"


def _front_matter(title: str) -> list[str]:
    """The title, quoted as YAML wants it."""
    quoted = _flat(title).replace("\\", "\\\\").replace('"', '\\"')
    return ["---", f'title: "{quoted}"', "---"]


def _flat(text: str) -> str:
    return " ".join(printable(text).split())


def _escaped(text: str) -> str:
    """Text in which Mermaid finds neither the end of a message nor markup; entity codes it knows."""
    codes = {c: f"#{ord(c)};" for c in '#;:<>"&%{}\\`'}
    return "".join(codes.get(c, c) for c in _flat(text))
