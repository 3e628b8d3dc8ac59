"""``prove``: properties decided by Z3, with the lemmas of each proof."""

from __future__ import annotations

import argparse
import textwrap

from .. import __version__
from ..explore import targets
from ..explore.survey import survey
from ..reports.json_report import check_document
from ..reports.verdicts import cell
from . import options
from .exits import code


def add(verbs: options.Verbs) -> None:
    p = verbs.add_parser(
        "prove", help="prove properties with Z3, by induction", description="Prove properties with Z3: bounded search for a "
        "violation, and induction with lemmas that the tool finds. The lemmas are printed."
    )  # fmt: skip
    options.add_target(p, several=True)
    options.add_limits(p)
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from ..explore.smt.engine import Z3Engine

    topology, knobs = options.setting(args)
    found = targets(args.flows, args.property, topology, knobs)
    surveyed = survey(found, Z3Engine(), options.limits(args))
    if args.format == "json":
        options.dump(check_document(__version__, surveyed.results, surveyed.notes))
    else:
        summaries = {t.name: t.summary for t in found}
        for name, results in surveyed.results.items():
            print(f"{name}: {summaries[name]}")
            for r in results:
                print(f"  {r.prop.id}: {cell(r)} ({r.evidence.value})")
                if not args.quiet:
                    for line in (*r.notes, *(f"lemma: {x}" for x in r.lemmas), *(f"assumes {x}" for x in r.fairness)):
                        print(textwrap.fill(line, 110, initial_indent="      ", subsequent_indent="        "))
        for line in surveyed.notes:
            print(line)
    return code((r for rs in surveyed.results.values() for r in rs), partial=surveyed.interrupted)
