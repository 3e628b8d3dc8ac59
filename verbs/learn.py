"""``learn``: the machine that a responder is, and where it differs from the model."""

from __future__ import annotations

import argparse

import networkx as nx

from .. import __version__
from ..explore.conformance.learn import Learned, NotDeterministic, learn
from ..reports.graph import TooLarge, state_dot, state_svg
from ..reports.mermaid import state_mermaid
from ..reports.render import RenderError
from . import implementation, options
from .exits import HOLDS, VIOLATED


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Learn a responder's Mealy machine by active learning, over requests without flaws, and compare it with the "
        "model. Exit code 0: no difference; 1: differences, or not deterministic."
    )
    implementation.add(p)
    p.add_argument("--walks", type=options.count, default=25, metavar="N", help="random walks per state (default: 25)")
    p.add_argument("--seed", type=int, default=0, help="of what is random (default: 0)")
    p.add_argument("--input", action="append", default=[], metavar="STIMULUS", help="only this input (may be repeated)")
    p.add_argument("-o", "--output", metavar="DIR", help="write the machine into DIR, as DOT, SVG and Mermaid")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    folder = options.folder(args.output)
    with implementation.reached(args) as (setup, adapter):
        alphabet = implementation.alphabet(args, setup, adapter)
        try:
            found = learn(alphabet, adapter, walks=args.walks, seed=args.seed, inputs=args.input)
        except NotDeterministic as e:
            if args.format == "json":
                options.dump(
                    {
                        "tool": "tdisprove",
                        "version": __version__,
                        "deterministic": False,
                        "inputs": e.inputs,
                        "outputs": [e.one, e.other],
                    }
                )
            else:
                print(f"Not deterministic: {e}.")
            return VIOLATED
    notes = []
    if folder is not None:
        graph = machine_graph(found)
        title = f"{args.protocol}: the learned machine"
        (folder / "learned.mmd").write_text(state_mermaid(graph, title=title, limit=None), encoding="utf-8")
        (folder / "learned.dot").write_text(state_dot(graph, title=title, limit=None), encoding="utf-8")
        notes.append(f"Written: {folder}/learned.dot, learned.mmd")
        try:
            (folder / "learned.svg").write_text(state_svg(graph, title=title), encoding="utf-8")
            notes[-1] += ", learned.svg."
        except (TooLarge, RenderError) as e:
            notes.append(f"No picture: {e}")
    if args.format == "json":
        options.dump(_document(found, args.protocol))
    else:
        print(
            f"{args.protocol}: {found.states} states over {len(found.inputs)} inputs, {found.queries:,} queries, {found.steps:,} steps"
        )
        print(f"  that there are no more states rests on {found.checked}")
        for d in found.differences:
            print(f"DIFFERENCE after {', '.join(d.steps)}:\n  allowed: {' or '.join(d.allowed)}\n  learned: {d.learned}")
        print(
            f"{len(found.differences)} difference(s) from the model."
            if found.differences
            else "No difference from the model."
        )
        for note in notes:
            print(note)
    return VIOLATED if found.differences else HOLDS


def machine_graph(found: Learned) -> nx.DiGraph:
    """The machine as a graph: what leads out of a state, loops left out; states beyond a difference are marked."""
    graph = nx.MultiDiGraph()
    for q in range(found.states):
        loops = sorted({out for (a, _), (out, b) in found.transitions.items() if a == b == q and out.startswith("state ")})
        graph.add_node(
            q, title=f"S{q}", lines=loops, initial=q == 0, broken=["not in the model"] if q in found.outside else []
        )
    for (a, x), (out, b) in found.transitions.items():
        if a != b:
            graph.add_edge(a, b, label=f"{x} / {out}")
    return graph


def _document(found: Learned, protocol: str) -> dict[str, object]:
    return {
        "tool": "tdisprove", "version": __version__, "protocol": protocol, "deterministic": True, "states": found.states,
        "inputs": list(found.inputs), "queries": found.queries, "steps": found.steps, "checked": found.checked,
        "transitions": [{"from": a, "input": x, "output": out, "to": b} for (a, x), (out, b) in found.transitions.items()],
        "differences": [{"steps": list(d.steps), "allowed": list(d.allowed), "learned": d.learned} for d in found.differences],
    }  # fmt: skip
