"""Graphs of states: a trace as the path through its states, and state graphs that somebody else explored.

A graph is a networkx graph whose nodes carry what is to be written on them; from it come DOT and SVG. The
labels are plain text in one font, since not every Graphviz reads HTML labels; what a label only marks in DOT
(``*`` changed, ``!`` broken, ``+`` reached) is set off in colour in the SVG.

Attributes of a node, all optional: ``title`` (str), ``values`` (variable name -> value), ``changed`` (names to
set off), ``lines`` (further text), ``broken`` and ``reached`` (what makes the node a bad one, or one that was
looked for), ``initial``, ``faint`` (bool: nothing of the kind is ever there), ``tooltip`` (str). Of an edge: ``label``, ``actor`` (str),
``refused``, ``broken``, ``reached``, ``faint`` (bool), ``tooltip`` (str).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from html import unescape
from typing import TYPE_CHECKING, Any

import graphviz

from ..explore.verdict import Trace
from ..model.language import OK, ModelError, Value, word
from . import style
from .render import FONT, dot_to_svg
from .story import Story, shortened, tooltip
from .svg import Box, escape, printable, rect

if TYPE_CHECKING:
    import networkx as nx

LIMIT = 60
"""The number of nodes, and of pairs of nodes with edges between them, beyond which nobody can read a graph."""

_SIZE = 10
_ADVANCE = 0.6
"""The width of a character of `FONT`, in units of its size: with this, Graphviz placed the lines."""
_TEXT = 46
"""Columns of running text on a node or an edge."""
_CAPTION = 90
LABELS_PER_EDGE = 6
"""How many labels one edge may carry; of the others it says how many there are."""
_GAP = "  "
"""Between an edge and its label, which would touch."""
_BY = f"{_GAP}   by "
_CHANGED, _BROKEN, _REACHED, _PLAIN = "* ", "! ", "+ ", "- "
"""How the lines of a node begin in DOT. Not with a space, which Graphviz drops, and in ASCII, for it counts bytes."""
_SIGNS = {_CHANGED: "▸ ", _BROKEN: "✗ ", _REACHED: "✓ ", _PLAIN: "  "}
"""How they begin in SVG."""


class TooLarge(ModelError):
    """A graph that nobody could read. The message offers a projection that can be drawn."""


def trace_graph(trace: Trace, *, witness: bool = False) -> nx.DiGraph:
    """The path of a trace through its states. A state to which the trace returns is one node.

    The nodes carry the variables that the trace changes or the broken condition mentions. ``witness``: the
    trace was looked for, and nothing in it is broken.
    """
    import networkx as nx  # a check that draws nothing need not wait for it

    story = Story(trace, witness=witness)
    index = trace.system.index
    graph = nx.DiGraph(name=trace.system.name)
    at = trace_nodes(trace)
    for i, node in enumerate(at):
        if node != i:
            continue
        values = {name: trace.states[i][index[name]] for name in story.relevant}
        changed = frozenset(c.name for c in story.changes[i - 1]) if i else frozenset()
        title = "initially" if i == 0 else f"after step {i}"
        if trace.loop is not None and node == at[trace.loop]:
            title += f" and again after step {len(trace)}"
        graph.add_node(node, title=title, values=values, changed=changed)
        if trace.pending is not None and node == at[trace.pending]:
            graph.nodes[node]["lines"] = ["due from here on"]
    role = "reached" if witness else "broken"
    if story.ending is not None:
        headline = [story.ending.headline] if trace.at_step else []
        graph.nodes[at[story.ending.position]][role] = [*headline, *(c.sentence for c in story.ending.causes)]
    for i, action in enumerate(trace.actions):
        a, b = at[i], at[i + 1]
        label = f"({i + 1}) {action.label}"
        if graph.has_edge(a, b):
            label = f"{graph.edges[a, b]['label']}\n{label}"
        graph.add_edge(a, b, label=label, actor=action.actor, refused=action.reply != OK, tooltip=tooltip(action))
        looping = trace.loop is not None and i >= trace.loop
        if looping or (trace.at_step and story.ending is not None and i == len(trace.actions) - 1):
            graph.edges[a, b][role] = True
    return graph


def trace_nodes(trace: Trace) -> list[int]:
    """The node of each state: the number of the first state that looks the same."""
    numbers: dict[tuple[Value, ...], int] = {}
    return [numbers.setdefault(_visible(trace, s), i) for i, s in enumerate(trace.states)]


def _visible(trace: Trace, state: tuple[Value, ...]) -> tuple[Value, ...]:
    """A state without the variables that only observe it."""
    return tuple(x for v, x in zip(trace.system.variables, state, strict=True) if not v.name.startswith("monitor."))


def trace_dot(trace: Trace, *, title: str = "", subtitle: str = "", witness: bool = False) -> str:
    """The path of a trace through its states, as DOT."""
    return state_dot(trace_graph(trace, witness=witness), title=title or trace.system.name, subtitle=subtitle, limit=None)


def trace_svg(trace: Trace, *, title: str = "", subtitle: str = "", witness: bool = False) -> str:
    """The path of a trace through its states, as SVG. Raises `RenderError` without a Graphviz."""
    return graph_svg(trace_dot(trace, title=title, subtitle=subtitle, witness=witness))


def state_svg(
    graph: nx.DiGraph, *, title: str = "", subtitle: str = "", limit: int | None = LIMIT, rankdir: str = "TB"
) -> str:
    """A graph of states as SVG. Raises `TooLarge` beyond ``limit`` nodes, `RenderError` without a Graphviz."""
    return graph_svg(state_dot(graph, title=title, subtitle=subtitle, limit=limit, rankdir=rankdir))


def state_dot(
    graph: nx.DiGraph, *, title: str = "", subtitle: str = "", limit: int | None = LIMIT, rankdir: str = "TB"
) -> str:
    """A graph of states as DOT; parallel edges become one edge with several labels (refusals and faint ones apart).

    Raises `TooLarge` when the graph has more than ``limit`` nodes (None: no limit).
    """
    refuse_hairball(graph, limit)
    dot = _canvas(title, subtitle, rankdir)
    names = {node: f"s{i}" for i, node in enumerate(graph)}
    columns = _columns(graph)
    marked = any(changed for _, changed in graph.nodes(data="changed", default=()))
    for node, name in names.items():
        _add_node(dot, name, graph.nodes[node], columns, marked)
        if graph.nodes[node].get("initial"):
            dot.node(f"to_{name}", "", shape="point", width="0.12", color=style.INK, fillcolor=style.INK)
            dot.edge(f"to_{name}", name, color=style.INK)
    merged: dict[tuple[str, str, bool, bool], list[Mapping[str, Any]]] = {}
    for a, b, data in graph.edges(data=True):
        key = (names[a], names[b], bool(data.get("refused")), bool(data.get("faint")))
        merged.setdefault(key, []).append(data)
    for (a, b, _, _), edges in merged.items():
        _add_edge(dot, a, b, edges)
    return str(dot.source)


def refuse_hairball(graph: nx.DiGraph, limit: int | None) -> None:
    """Raise `TooLarge` when the graph has more than ``limit`` nodes or edges, with a projection that has not."""
    if limit is None:
        return
    edges = len({(a, b) for a, b, *_ in graph.edges})
    if len(graph) <= limit and edges <= limit:
        return
    names = suggestion(graph, limit)
    advice = (
        f"project it on fewer variables, such as {', '.join(names)} ({_projected(graph, names)[0]} states)"
        if names
        else ("look at a part of it")
    )
    what = f"{len(graph)} states" if len(graph) > limit else f"{edges} transitions between its {len(graph)} states"
    raise TooLarge(f"the graph has {what}, more than the {limit} that can be read: {advice}, or raise the limit")


def suggestion(graph: nx.DiGraph, limit: int = LIMIT) -> tuple[str, ...]:
    """Variables on which the graph can be projected within the limit: as many as fit, the telling ones first.

    A variable tells the more the more values it takes; where two tell as much, the first in the state goes first.
    """
    taken: dict[str, set[Value]] = {}
    for _, values in graph.nodes(data="values", default={}):
        for name, value in values.items():
            taken.setdefault(name, set()).add(value)
    chosen: tuple[str, ...] = ()
    for name in sorted((n for n in taken if len(taken[n]) > 1), key=lambda n: -len(taken[n])):
        if max(_projected(graph, (*chosen, name))) <= limit:
            chosen = (*chosen, name)
    return tuple(n for n in taken if n in chosen)


def _projected(graph: nx.DiGraph, names: Iterable[str]) -> tuple[int, int]:
    """How many nodes and edges the projection on some variables has."""
    names = tuple(names)
    image = {node: tuple(values.get(n) for n in names) for node, values in graph.nodes(data="values", default={})}
    edges = {(image[a], image[b]) for a, b, *_ in graph.edges}
    return len(set(image.values())), sum(a != b for a, b in edges)


def project(graph: nx.DiGraph, names: Iterable[str]) -> nx.MultiDiGraph:
    """The quotient of a graph of states: states that agree on the named variables become one node.

    A node is initial, broken or reached when one of its states is. Equal edges are kept once; edges inside one node
    are left out, since they change nothing that is looked at.
    """
    import networkx as nx  # a check that draws nothing need not wait for it

    names = tuple(names)
    quotient = nx.MultiDiGraph(**graph.graph)
    image: dict[object, tuple[Value | None, ...]] = {}
    for node, data in graph.nodes(data=True):
        values = data.get("values", {})
        image[node] = key = tuple(values.get(n) for n in names)
        quotient.add_node(key, values={n: values[n] for n in names if n in values})
        merged = quotient.nodes[key]
        merged["initial"] = bool(merged.get("initial") or data.get("initial"))
        for role in ("broken", "reached"):
            if data.get(role):
                merged[role] = list(dict.fromkeys([*merged.get(role, []), *data[role]]))
    seen: set[tuple[object, ...]] = set()
    for a, b, data in graph.edges(data=True):
        edge = (image[a], image[b], data.get("label"), data.get("actor"), bool(data.get("refused")))
        if image[a] != image[b] and edge not in seen:
            seen.add(edge)
            quotient.add_edge(image[a], image[b], **data)
    return quotient


# Drawing.


def _canvas(title: str, subtitle: str, rankdir: str) -> graphviz.Digraph:
    """An empty graph with its caption."""
    lines = [*textwrap.wrap(title, _CAPTION), *textwrap.wrap(subtitle, _CAPTION)]
    dot = graphviz.Digraph(printable(title or "states"))
    dot.attr(
        rankdir=rankdir, pad="0.25", nodesep="0.45", ranksep="0.35", bgcolor=style.PAPER, fontname=FONT,
        fontsize=str(_SIZE + 1), fontcolor=style.INK, labelloc="t", labeljust="l",
        label=_left([*lines, ""]) if lines else "", tooltip=_escaped(title or "states"),
    )  # fmt: skip
    dot.attr("node", shape="record", style="rounded,filled", fontname=FONT, fontsize=str(_SIZE), margin="0.14,0.06")
    dot.attr("node", color=style.FAINT, fillcolor=style.PANEL, fontcolor=style.INK, penwidth="1")
    dot.attr("edge", fontname=FONT, fontsize=str(_SIZE), color=style.INK, fontcolor=style.INK, arrowsize="0.7")
    return dot


def _columns(graph: nx.DiGraph) -> tuple[int, int]:
    """The width of the names and of the values, in characters, so that all nodes are aligned alike."""
    rows = [(name, word(value)) for _, values in graph.nodes(data="values", default={}) for name, value in values.items()]
    return max((len(name) for name, _ in rows), default=0), max((len(value) for _, value in rows), default=0)


def _add_node(dot: graphviz.Digraph, name: str, data: Mapping[str, Any], columns: tuple[int, int], marked: bool) -> None:
    """A node; ``marked``: its graph tells changed values from others."""
    values: Mapping[str, Value] = data.get("values", {})
    changed = data.get("changed", frozenset())
    left, right = columns
    marks = {n: (_CHANGED if n in changed else _PLAIN) if marked else "" for n in values}
    rows = [f"{marks[n]}{n.ljust(left)}  {word(v).ljust(right)}" for n, v in values.items()]
    rows += [part for text in data.get("lines", ()) for part in textwrap.wrap(text, _TEXT)]
    endings = [
        (_PLAIN if k else mark) + part
        for mark, role in ((_BROKEN, "broken"), (_REACHED, "reached"))
        for text in data.get(role, ())
        for k, part in enumerate(textwrap.wrap(shortened(text, 400), max(_TEXT, left + right), break_on_hyphens=False))
    ]
    title = data.get("title", "")
    fields = [_escaped(title, record=True)] if title else []
    fields += [_left(block, record=True) for block in (rows, endings) if block]
    tone = _tone(data)
    colours = {"color": tone[0], "fillcolor": tone[1], "penwidth": "1.6"} if tone else {}
    if data.get("faint"):
        colours |= {"style": "rounded,filled,dotted", "fillcolor": style.PAPER, "fontcolor": style.MUTED}
    upright = dot.graph_attr.get("rankdir", "TB") in ("TB", "BT")
    label = "|".join(fields) or " "
    # Fields of a record run across the direction of the ranks; braces turn them.
    dot.node(
        name,
        f"{{{label}}}" if upright else label,
        tooltip=_escaped(data.get("tooltip") or title or name),
        **{"class": "state"},
        **colours,
    )


def _tone(data: Mapping[str, Any]) -> tuple[str, str] | None:
    """Ink and paper of what is broken or reached."""
    if data.get("broken"):
        return style.BROKEN, style.BROKEN_PAPER
    return (style.ACCENT, style.ACCENT_PAPER) if data.get("reached") else None


def _add_edge(dot: graphviz.Digraph, a: str, b: str, edges: list[Mapping[str, Any]]) -> None:
    lines: list[str] = []
    entries = list(dict.fromkeys((e.get("label", ""), e.get("actor", "")) for e in edges))
    for label, actor in entries[:LABELS_PER_EDGE]:
        for text in label.split("\n"):
            lines += textwrap.wrap(text, _TEXT, subsequent_indent="   ", break_on_hyphens=False)
        if actor:
            lines.append(f"{_BY.removeprefix(_GAP)}{actor}")
    if len(entries) > LABELS_PER_EDGE:
        lines.append(f"… {len(entries) - LABELS_PER_EDGE} more")
    refused = all(e.get("refused") for e in edges)
    tone = next(filter(None, map(_tone, edges)), None)
    faint = all(e.get("faint") for e in edges)
    colour = tone[0] if tone else style.FAINT if faint else style.REFUSED if refused else style.INK
    tip = "\n".join(dict.fromkeys(e.get("tooltip") or e.get("label", "") for e in edges))
    dot.edge(
        a, b,
        _left([f"{_GAP}{text}" for text in lines]),
        tooltip=_escaped(tip), labeltooltip=_escaped(tip), color=colour,
        fontcolor=style.MUTED if colour == style.FAINT else colour, style="dotted" if faint else "dashed" if refused else "solid", penwidth="1.8" if tone else "1",
    )  # fmt: skip


def _left(lines: Iterable[str], *, record: bool = False) -> str:
    r"""Lines of a label, each set flush left (``\l``)."""
    return "".join(_escaped(text, record=record) + "\\l" for text in lines)


def _escaped(text: str, *, record: bool = False) -> str:
    """Text for a label, in which nothing is a command to Graphviz."""
    text = printable(text).replace("\\", "\\\\").replace("&", "&amp;").replace("\n", "\\n")
    if record:
        for c in "{}|<> ":
            text = text.replace(c, f"\\{c}")
    elif text.startswith("<") and text.endswith(">"):
        # Not an HTML label.
        text = f"&lt;{text[1:]}"
    return text


_PART = re.compile(r'(?=<g id="[^"]*" class="(?:node|edge)[^"]*">)')
_LABEL = re.compile(r'<g id="[^"]*label">.*?</g>\n', re.DOTALL)
_TEXT_ELEMENT = re.compile(r"<text ([^>]*)>([^<]*)</text>")


def graph_svg(dot: str) -> str:
    """The picture of a DOT graph of this module, with what its labels mark set off in colour."""
    caption, *parts = _PART.split(dot_to_svg(dot))
    svg = "".join([_caption(caption), *(_node(p) if 'class="node state' in p[:200] else _edge(p) for p in parts)])
    # Labels go on top of all lines: Graphviz lets an edge run through the label of another.
    labels = _LABEL.findall(svg)
    body, end, tail = _LABEL.sub("", svg).rpartition("</g>")
    return "".join([body, *labels, end, tail])


def _caption(svg: str) -> str:
    """The first line is the title."""
    first = svg.find("<text ")

    def styled(attributes: str, text: str, start: int) -> str:
        return _text(attributes, text, style.INK, bold=True) if start == first else _text(attributes, text, style.MUTED)

    return _restyled(svg, styled)


def _node(svg: str) -> str:
    """A title, then variables of which the changed ones stand out, then perhaps what is broken or reached."""
    endings = [at for at in (svg.find(f">{_BROKEN}"), svg.find(f">{_REACHED}")) if at >= 0]

    def styled(attributes: str, text: str, start: int) -> str:
        kind, rest = text[:2], text[2:]
        if 'text-anchor="middle"' in attributes:
            return _text(attributes, text, style.INK, bold=True)
        if kind not in _SIGNS:
            return _text(attributes, text, style.INK)
        signed = _SIGNS[kind] + rest
        if kind in (_BROKEN, _REACHED) or (endings and min(endings) < start):
            # Nothing comes after these, so a plain line is where one goes on.
            colour = style.BROKEN if f">{_BROKEN}" in svg else style.ACCENT
            return _text(attributes, signed, colour, bold=True)
        if kind == _PLAIN:
            return _text(attributes, signed, style.MUTED)
        return f"{_behind(attributes, text, style.ACCENT_PAPER)}\n{_text(attributes, signed, style.ACCENT, bold=True)}"

    return _restyled(svg, styled)


def _edge(svg: str) -> str:
    """The actor steps back behind the action."""

    def styled(attributes: str, text: str, start: int) -> str:
        found = re.search(r' fill="([^"]*)"', attributes)
        colour = found[1] if found else style.INK
        if colour == style.INK and text.startswith(_BY):
            colour = style.MUTED
        # Not quite opaque: a line that is led below a label is still one line.
        paper = _behind(attributes, text, style.PAPER).replace("<rect ", '<rect fill-opacity="0.75" ')
        return f"{paper}\n{_text(attributes, text, colour)}"

    return _restyled(svg, styled)


def _restyled(svg: str, styled: Callable[[str, str, int], str]) -> str:
    """The picture with each text replaced by what ``styled`` makes of its attributes, its text and its position."""
    return _TEXT_ELEMENT.sub(lambda m: styled(m[1], unescape(m[2]).replace("\N{NO-BREAK SPACE}", " "), m.start()), svg)


def _behind(attributes: str, text: str, fill: str) -> str:
    """A rectangle behind a text that is set flush left, without its indentation."""
    x, y = (float(re.search(rf'\b{k}="([^"]*)"', attributes)[1]) for k in "xy")  # type: ignore[index]
    indent = len(text) - len(text.lstrip())
    advance = _ADVANCE * _SIZE
    # No higher than the capitals, or it would hide what hangs below the line above.
    box = Box(x + indent * advance - 3, y - 0.75 * _SIZE, (len(text) - indent) * advance + 6, 1.05 * _SIZE)
    return rect(box, fill, radius=2)


def _text(attributes: str, text: str, colour: str, *, bold: bool = False) -> str:
    """A text element in a colour and weight."""
    # Older Graphviz does not say that spaces count.
    kept = re.sub(r'\s*\b(?:fill|font-weight|xml:space)="[^"]*"', "", attributes)
    weight = ' font-weight="bold"' if bold else ""
    return f'<text xml:space="preserve" {kept.strip()}{weight} fill="{colour}">{escape(text)}</text>'
