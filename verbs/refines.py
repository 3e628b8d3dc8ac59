"""``compare --refines``: whether a detailed aspect of a flow refines an abstraction, and the shortest run that does not."""

from __future__ import annotations

import argparse
import textwrap

from ..explore import Result, Verdict, check
from ..model.flows import flow
from ..model.language import ModelError, word
from ..properties.refinements import Refinement, refinement_named
from ..reports.files import write_traces
from ..reports.json_report import trace_steps
from ..reports.refinement import last_step
from . import options, screen
from .board import BOARD
from .exits import code


def run(args: argparse.Namespace) -> int:
    asked = refinement_named(args.refines)
    if len(args.flows) != 1:
        raise ModelError(f"--refines is about one flow, and {len(args.flows)} were named: name one")
    unwanted = [name for name, given in (("--observe", args.observe), ("--over", args.over)) if given]
    if unwanted:
        raise ModelError(f"{unwanted[0]} is about two flows: leave it out, or --refines")
    if args.aspect not in (None, asked.aspect):
        raise ModelError(f"the refinement {asked.id} is about the aspect {asked.aspect}: leave --aspect out")
    topology, knobs = options.setting(args)
    f = flow(args.flows[0])
    system = f.system(topology, knobs, aspect=asked.aspect)
    folder = options.folder(args.output)
    limits = options.limits(args)
    BOARD.begin(args)
    (found,) = check(system, [asked.property], limits=limits)
    BOARD.clear()
    written = write_traces(folder, f.name, [found]) if folder is not None else []
    if args.format == "json":
        options.dump(_document(f.name, asked, found))
    else:
        _print(f.name, asked, found, quiet=args.quiet)
        if folder is not None:
            print(options.written(written, folder))
    return code([found])


def _print(name: str, asked: Refinement, found: Result, *, quiet: bool) -> None:
    verdict = {Verdict.HOLDS: "holds", Verdict.VIOLATED: f"FAILS in {found.depth} steps", Verdict.UNKNOWN: "UNKNOWN"}
    print(f"{name}@{asked.aspect} refines {asked.formula.abstract} ({asked.id}): {verdict[found.verdict]}")
    if quiet:
        return
    for text in (
        f"simulation with stuttering, under a mapping: {asked.says}",
        f"it says nothing more: {asked.beyond}",
        *found.notes,
    ):
        print(textwrap.fill(text, 116, initial_indent="  ", subsequent_indent="    "))
    if found.statistics is not None:
        print(f"  {found.statistics.states:,} states of what it depends on")
    if found.trace is not None:
        print()
        screen.run(found.trace, title=f"{name}: {asked.id}", subtitle=asked.says)
        print()
        for line in last_step(asked, found.trace):
            print(textwrap.fill(line, 116, initial_indent="  ", subsequent_indent="    "))


def _document(name: str, asked: Refinement, found: Result) -> dict[str, object]:
    return {
        "flow": name,
        "refinement": asked.id,
        "aspect": asked.aspect,
        "abstraction": str(asked.formula.abstract),
        "relation": "simulation with stuttering, under a mapping",
        "says": asked.says,
        "beyond": asked.beyond,
        "verdict": found.verdict.value,
        "depth": found.depth,
        "knobs": {k: word(v) for k, v in found.system.knobs.items()},
        "trace": None if found.trace is None else trace_steps(found.trace),
        "last_step": [] if found.trace is None else list(last_step(asked, found.trace)),
        "notes": list(found.notes),
    }
