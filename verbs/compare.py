"""``compare``: do two flows look the same to an observer, in which settings, and does a detailed aspect refine an abstract one?"""

from __future__ import annotations

import argparse
from typing import Any

from ..explore import Verdict
from ..explore.equivalence import RELATIONS, Chosen, Side, compare, compare_over
from ..model.flows.flow import parse_knob
from ..model.language import ModelError, Value
from ..model.world import ASPECTS
from ..reports.comparison import comparison_document, comparison_text, settings_document, settings_text
from ..reports.files import write_comparison
from . import options, refines, screen
from .board import BOARD
from .exits import HOLDS, UNKNOWN, VIOLATED


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Compare what an observer sees of two flows: the traces of both, in either direction, and whether at every point "
        "of a run the same can be seen next (branching bisimulation). Where they differ: a shortest distinguishing "
        "trace, with a run of the one and where the other is stuck. With --over: for which settings of knobs they look "
        "the same. With --refines and one flow: whether its detailed aspect refines an abstraction. Exit codes: 0 the "
        "relation holds (--over: in some setting), 1 it does not (in none), 3 not decided."
    )
    p.add_argument(
        "flows",
        nargs="+",
        metavar="FLOW",
        help="two flows, scenario files or system files; FLOW@ASPECT for an aspect of its own",
    )
    p.add_argument("--aspect", choices=tuple(ASPECTS), help="the aspect of both (default: the first of each)")
    p.add_argument(
        "--observe",
        nargs="+",
        default=[],
        metavar="WHAT",
        help="what is seen: alphabets (see tdisprove list alphabets), parties, events (mmio, mmio:FAULT), variables (gate.dma); "
        "default: effects",
    )
    p.add_argument(
        "--relation",
        choices=tuple(RELATIONS),
        default="traces",
        help="the relation of which the exit code speaks; all are decided (default: %(default)s)",
    )
    p.add_argument("--divergence", action="store_true", help="that silence can go on for ever is seen as well")
    p.add_argument(
        "--over",
        nargs="+",
        default=[],
        metavar="KNOB",
        help="in all settings of these knobs, of both flows or of one (left:KNOB, right:KNOB)",
    )
    p.add_argument("--refines", metavar="REFINEMENT", help="instead, of one flow: see tdisprove list refinements")
    options.add_setting(p, "set a knob otherwise than the flows do, in both or in one (left:KNOB=VALUE, right:KNOB=VALUE)")
    options.add_limits(p)
    p.add_argument("-o", "--output", metavar="DIR", help="write the runs in which they part into DIR, drawn side by side")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.refines is not None:
        return refines.run(args)
    if len(args.flows) != 2:
        raise ModelError(f"compare needs two flows, and {len(args.flows)} were named: name two, or one with --refines")
    sides = Side.of(args.flows[0], args.aspect or ""), Side.of(args.flows[1], args.aspect or "")
    changed = _changed(args, sides)
    over = [Chosen.of(k, sides) for k in dict.fromkeys(args.over)]
    for k in over:
        for i in (0, 1):
            if k.of_side(i) and k.knob in changed[i]:
                raise ModelError(f"--set and --over both name {k.knob}: a knob is either set or varied")
        if any(k is not other and k.knob == other.knob and None in (k.side, other.side) for other in over):
            raise ModelError(
                f"--over names {k.knob} both for one flow and for both: name it for left and right, or for both"
            )
    names = _names(sides)
    items = args.observe or ["effects"]
    topology = options.sizes(args)
    limits = options.limits(args)
    BOARD.begin(args)
    if over:
        if args.output is not None:
            raise ModelError("-o draws one comparison, and --over makes many: leave one of them out")
        return _over(args, sides, items, over, topology, changed, names)
    folder = options.folder(args.output)
    systems = sides[0].system(topology, changed[0]), sides[1].system(topology, changed[1])
    alphabets = sides[0].alphabet(items, systems[0]), sides[1].alphabet(items, systems[1])
    found = compare(*systems, alphabets, limits, divergence=args.divergence)
    BOARD.clear()
    written = write_comparison(folder, names, found) if folder is not None else []
    if args.format == "json":
        options.dump(comparison_document(names, found))
    else:
        screen.say(lambda width: comparison_text(names, found, brief=args.quiet, width=width))
        if folder is not None:
            print(f"{len(written)} files written to {folder}.")
    return {Verdict.HOLDS: HOLDS, Verdict.VIOLATED: VIOLATED, Verdict.UNKNOWN: UNKNOWN}[found.verdicts[args.relation]]


def _over(
    args: argparse.Namespace,
    sides: tuple[Side, Side],
    items: list[str],
    over: list[Chosen],
    topology: dict[str, int],
    changed: tuple[dict[str, Value], dict[str, Value]],
    names: tuple[str, str],
) -> int:
    found = compare_over(
        sides, items, over, topology, changed, options.limits(args), divergence=args.divergence, done=BOARD.doing
    )
    BOARD.clear()
    if args.format == "json":
        options.dump(settings_document(names, " + ".join(items), found))
    else:
        screen.say(lambda width: settings_text(names, " + ".join(items), found, width=width))
    if found.having(args.relation, Verdict.UNKNOWN):
        return UNKNOWN
    return HOLDS if found.having(args.relation, Verdict.HOLDS) else VIOLATED


def _changed(args: argparse.Namespace, sides: tuple[Side, Side]) -> tuple[dict[str, Value], dict[str, Value]]:
    """What is set otherwise in each: ``KNOB=VALUE`` in both, ``left:KNOB=VALUE`` and ``right:KNOB=VALUE`` in one."""
    changed: tuple[dict[str, Value], dict[str, Value]] = ({}, {})
    for text in args.set:
        where, colon, plain = text.partition(":")
        knob, value = parse_knob(plain if colon else text)
        chosen = Chosen.of(f"{where}:{knob}" if colon else knob, sides)
        for i in (0, 1):
            if chosen.of_side(i):
                changed[i][knob] = value
    return changed


def _names(sides: tuple[Side, Side]) -> tuple[str, str]:
    """What the two are called, so that they can be told apart."""
    names: list[Any] = [s.name for s in sides]
    if names[0] == names[1]:
        names = [str(s) for s in sides]
    if names[0] == names[1]:
        names = [f"{names[0]} (left)", f"{names[1]} (right)"]
    return names[0], names[1]
