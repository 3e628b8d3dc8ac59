"""Diagrams as files: every picture of a trace and of the machines, in every format, under names that can be guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..explore.check import Result
from ..explore.equivalence import Comparison
from ..explore.explain.parting import Nearest
from ..explore.explicit import ReachableSet
from ..explore.quotient import Quotient
from ..explore.verdict import Verdict
from ..model.language import Model, System
from .comparison import comparison_text
from .formats.choice import caption, run
from .formats.plantuml import state_plantuml
from .graph import graph_svg, state_dot, state_svg, trace_svg
from .machines import composition_dot, covered_dot, covered_svg, drawable, machine_dot
from .mermaid import state_mermaid
from .render import RenderError
from .sequence import sequence_svg
from .sequence.aside import setting
from .side_by_side import parted_svg
from .table import trace_markdown, trace_table
from .timeline import timeline_svg

if TYPE_CHECKING:
    import networkx as nx

_SUFFIXES = {"itf": ".itf.json", "vcd": ".vcd", "plantuml": ".puml", "dot": ".dot"}


def write_traces(
    folder: Path, name: str, results: Sequence[Result], summary: str = "", nearest: Mapping[str, Nearest] | None = None
) -> list[Path]:
    """The trace of each result that has one, in ``folder/name/``: table, graph, sequence chart, timeline.

    ``summary``: what the flow is; ``nearest``: by property, the flow that the sequence chart shows beside the run.
    """
    written: list[Path] = []
    for r in results:
        if r.trace is None:
            continue
        title, says, witness = caption(name, r)
        shown = {"title": title, "subtitle": says, "witness": witness}
        stem = folder / name / r.prop.id
        trace = r.trace
        written += [
            _write(stem, ".txt", trace_table(trace, **shown) + "\n"),  # type: ignore[arg-type]
            _write(stem, ".md", trace_markdown(trace, **shown) + "\n"),  # type: ignore[arg-type]
            _write(stem, ".mmd", run("mermaid", name, r) + "\n"),
            *(_write(stem, suffix, run(form, name, r)) for form, suffix in _SUFFIXES.items()),
            _write(stem, ".sequence.svg", _told(r, title, summary, (nearest or {}).get(r.prop.id))),
            _write(stem, ".timeline.svg", timeline_svg(trace, **shown)),  # type: ignore[arg-type]
            *_drawn(stem, ".graph.svg", lambda t=trace, c=shown: trace_svg(t, **c)),  # type: ignore[misc]
        ]
    return written


def _told(r: Result, title: str, summary: str, nearest: Nearest | None) -> str:
    """The sequence chart with all that a reader needs who has nothing but the picture."""
    assert r.trace is not None
    witness = r.verdict is Verdict.HOLDS
    return sequence_svg(
        r.trace, title=title, subtitle=r.prop.says, setting=setting(summary, r.system), witness=witness, nearest=nearest,
        meaning="" if witness else r.prop.if_violated,
    )  # fmt: skip


def write_comparison(folder: Path, names: tuple[str, str], c: Comparison) -> list[Path]:
    """The runs in which two systems part, in ``folder/comparison/``: side by side as a picture, and each as a chart of its own."""
    stem = folder / "comparison" / _safe(" ".join(names))
    written = [_write(stem, ".txt", str(comparison_text(names, c)) + "\n")]
    for i in c.inclusions:
        if i.parted is not None:
            seen_of = f".seen-of-{_safe(names[i.of])}"
            title = f"{names[i.of]}: not seen of {names[1 - i.of]}"
            written.append(_write(stem, f"{seen_of}.svg", parted_svg(names, i.of, i.parted)))
            written.append(_write(stem, f"{seen_of}.md", trace_markdown(i.parted.run, title=title) + "\n"))
    return written


def write_machines(folder: Path, model: Model, name: str) -> list[Path]:
    """The machine of each part, and who takes part in events with whom, in ``folder/machines/name/``."""
    written: list[Path] = []
    for machine in drawable(model):
        stem = folder / "machines" / name / machine
        dot = machine_dot(model, machine)
        written.append(_write(stem, ".dot", dot))
        written += _drawn(stem, ".svg", lambda d=dot: graph_svg(d))  # type: ignore[misc]
    stem = folder / "machines" / name / "composition"
    dot = composition_dot(model)
    written.append(_write(stem, ".dot", dot))
    return written + _drawn(stem, ".svg", lambda: graph_svg(dot))


def write_coverage(folder: Path, name: str, model: Model, found: ReachableSet) -> list[Path]:
    """The machine of each part with what the reachable steps use of it, in ``folder/name/coverage/``."""
    written: list[Path] = []
    for machine in drawable(model):
        stem = folder / name / "coverage" / machine
        written.append(_write(stem, ".dot", covered_dot(model, machine, found)))
        written += _drawn(stem, ".svg", lambda m=machine: covered_svg(model, m, found))  # type: ignore[misc]
    return written


def quotient_graph(system: System, q: Quotient) -> nx.DiGraph:
    """A projection of a state graph, to be drawn (see `graph`). Events are named once, without their arguments."""
    import networkx as nx  # a check that draws nothing need not wait for it

    graph = nx.DiGraph(name=system.name)
    for i, (values, size) in enumerate(zip(q.nodes, q.sizes, strict=True)):
        lines = [f"{size:,} state{'s' if size > 1 else ''}"]
        graph.add_node(i, values=dict(zip(q.names, values, strict=True)), lines=lines, initial=i in q.initial)
    for (a, b), actions in q.edges.items():
        names = list(dict.fromkeys(system.actions[i].event for i in actions))
        label = ", ".join(names[:4]) + (f", {len(names) - 4} more" if len(names) > 4 else "")
        graph.add_edge(a, b, label=label, tooltip=", ".join(names))
    return graph


def write_quotient(folder: Path, name: str, system: System, q: Quotient) -> list[Path]:
    """The projected state graph in ``folder/name/``. Raises `TooLarge` when nobody could read it."""
    graph = quotient_graph(system, q)
    stem = folder / f"{name}.states"
    title, subtitle = f"{name}: states", f"projected on {', '.join(q.names)}"
    dot = state_dot(graph, title=title, subtitle=subtitle)
    return [
        _write(stem, ".dot", dot),
        _write(stem, ".mmd", state_mermaid(graph, title=title) + "\n"),
        _write(stem, ".puml", state_plantuml(graph, title=title)),
        *_drawn(stem, ".svg", lambda: state_svg(graph, title=title, subtitle=subtitle)),
    ]


def _drawn(stem: Path, suffix: str, draw: Callable[[], str]) -> list[Path]:
    """A picture that needs a Graphviz; without one its DOT file, which is there anyway, must do."""
    try:
        return [_write(stem, suffix, draw())]
    except RenderError:
        return []


def _safe(text: str) -> str:
    """The text as a part of a file's name."""
    return re.sub(r"[^\w.@-]+", "-", text)


def _write(stem: Path, suffix: str, text: str) -> Path:
    path = stem.with_name(stem.name + suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path
