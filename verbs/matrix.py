"""``matrix``: every flow and every property on one page."""

from __future__ import annotations

import argparse

from .. import __version__
from ..explore import targets
from ..explore.survey import survey
from ..properties.catalogue import groups
from ..reports.matrix import Matrix
from . import options, screen
from .board import BOARD
from .exits import HOLDS, UNKNOWN


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "All flows against all properties, as text, Markdown, HTML or JSON. The exit code is 0 when the table is "
        "complete, whatever the verdicts are; 3 when a limit or an interruption left a gap."
    )
    p.add_argument("flows", metavar="FLOW", nargs="*", help="a flow (see tdisprove list flows); default: all flows")
    options.add_properties(p)
    options.add_setting(p)
    options.add_engine(p, "markdown", "html")
    options.add_jobs(p)
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    topology, knobs = options.setting(args)
    found = targets(args.flows, args.property, topology, knobs)
    limits = options.limits(args)
    BOARD.begin(args, len(found))
    surveyed = survey(
        found, options.engine(args), limits, slicing=not args.unsliced, done=lambda t: BOARD.finished(f"{t.name}: {t.aspect}"),
        processes=args.jobs,
    )  # fmt: skip
    BOARD.clear()
    matrix = Matrix.of(groups(), {t.name: t.summary for t in found}, surveyed.results)
    match args.format:
        case "json":
            options.dump({**matrix.document(__version__), "notes": surveyed.notes})
        case "markdown":
            print(matrix.markdown())
        case "html":
            print(matrix.html(__version__))
        case _:
            screen.matrix(matrix)
            for line in surveyed.notes:
                print(line)
    unknown = any(r.verdict.value == "unknown" for rs in surveyed.results.values() for r in rs)
    return UNKNOWN if surveyed.interrupted or unknown else HOLDS
