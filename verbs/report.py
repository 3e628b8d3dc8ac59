"""``report``: everything on one HTML page."""

from __future__ import annotations

import argparse

from .. import __version__
from ..explore import targets
from ..explore.explain.violations import reasons
from ..explore.survey import survey
from ..properties.catalogue import Group, groups
from ..reports.explorer.page import explorer
from . import options
from .board import BOARD
from .exits import HOLDS, UNKNOWN


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Decide properties and write one HTML page that needs nothing else: the matrix, each verdict with its evidence, "
        "and each run with a stepper. The exit code is 0 when the page is complete, whatever the verdicts are; 3 when a "
        "limit or an interruption left a gap."
    )
    options.add_target(p, several=True)
    options.add_engine(p)
    options.add_jobs(p)
    options.add_why(p, "also the settings and steps that would mend each violation (takes long)")
    p.add_argument("-o", "--output", metavar="DIR", default="report", help="where to (default: %(default)s)")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    topology, knobs = options.setting(args)
    found = targets(args.flows, args.property, topology, knobs)
    folder = options.folder(args.output)
    assert folder is not None
    limits = options.limits(args)
    BOARD.begin(args, len(found))
    surveyed = survey(
        found, options.engine(args), limits, slicing=not args.unsliced, done=lambda t: BOARD.finished(f"{t.name}: {t.aspect}"),
        processes=args.jobs,
    )  # fmt: skip
    BOARD.begin(args)
    why = reasons(found, surveyed.results, options.engine(args), limits, BOARD.doing, args.cuts) if args.why else ()
    own = [Group(t.name, t.summary, t.properties) for t in found if t.flow is None]
    page = explorer(
        __version__, [*groups(), *own], {t.name: t.summary for t in found}, surveyed.results, notes=surveyed.notes,
        title="tdisprove: " + (", ".join(surveyed.results) if len(surveyed.results) <= 3 else "flows and properties"),
        why={(x.flow, x.result.prop.id): x.blame for x in why}, done=lambda name: BOARD.doing(f"{name}: drawn"),
    )  # fmt: skip
    BOARD.clear()
    path = folder / "index.html"
    path.write_text(page, encoding="utf-8")
    size = path.stat().st_size
    unknown = any(r.verdict.value == "unknown" for rs in surveyed.results.values() for r in rs)
    if args.format == "json":
        options.dump(
            {"tool": "tdisprove", "version": __version__, "files": [str(path)], "bytes": size, "notes": surveyed.notes}
        )
    else:
        for line in surveyed.notes:
            print(line)
        print(f"{path}: {size / 1e6:.1f} MB. Open it in a browser; it needs no network.")
    return UNKNOWN if surveyed.interrupted or unknown else HOLDS
