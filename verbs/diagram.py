"""``diagram``: pictures of machines and of traces."""

from __future__ import annotations

import argparse

from .. import __version__
from ..explore import targets
from ..explore.survey import survey
from ..model.world import ASPECTS
from ..reports.files import write_machines, write_traces
from . import options
from .exits import HOLDS


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Pictures of the machines, or of the shortest violations (or witnesses) of properties of a flow, as SVG, DOT, "
        "Mermaid, text and Markdown."
    )
    p.add_argument("what", metavar="machines|FLOW", help="the word machines, a flow, or a system file")
    options.add_properties(p)
    options.add_setting(p)
    options.add_limits(p)
    p.add_argument("--aspect", choices=tuple(ASPECTS), default="lifecycle", help="whose machines (default: %(default)s)")
    p.add_argument("-o", "--output", metavar="DIR", default="diagrams", help="where to (default: %(default)s)")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    topology, knobs = options.setting(args)
    notes: list[str] = []
    found = [] if args.what == "machines" else targets([args.what], args.property, topology, knobs)
    folder = options.folder(args.output)
    assert folder is not None
    if args.what == "machines":
        written = write_machines(folder, ASPECTS[args.aspect].model, args.aspect)
    else:
        surveyed = survey(found, None, options.limits(args))
        notes += surveyed.notes
        written = [f for name, results in surveyed.results.items() for f in write_traces(folder, name, results)]
        if not written:
            notes.append("nothing to draw: no property has a trace (all hold)")
    if args.format == "json":
        options.dump({"tool": "tdisprove", "version": __version__, "files": [str(f) for f in written], "notes": notes})
    else:
        for line in (*notes, options.written(written, folder)):
            print(line)
    return HOLDS
