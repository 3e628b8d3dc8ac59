"""``explore``: statistics of a state space, what it never uses, and its graph, projected."""

from __future__ import annotations

import argparse
from functools import partial

from .. import __version__
from ..explore import targets
from ..explore.coverage import coverage, unused
from ..explore.explicit import reachable
from ..explore.quotient import quotient
from ..model.language import ModelError, word
from ..model.world import ASPECTS
from ..reports.files import write_coverage, write_quotient
from ..reports.prose import Prose
from . import mutation, options, screen
from .board import BOARD
from .exits import HOLDS, UNKNOWN


def add(p: argparse.ArgumentParser) -> None:
    p.description = (
        "Explore all reachable states of a flow: how many, how deep, deadlocks, rules that never apply, refusals that "
        "are never given."
    )
    options.add_target(p, several=False, needed=False)
    options.add_backend(p)
    options.add_limits(p)
    p.add_argument("--aspect", choices=tuple(ASPECTS), help="which aspect of the flow (default: its first)")
    p.add_argument(
        "--project", metavar="VAR[,VAR…]", help="also the state graph, with states that agree on these variables merged"
    )
    p.add_argument(
        "--coverage",
        action="store_true",
        help="also values that no variable ever takes, and checks that never decide anything",
    )
    p.add_argument(
        "--drop-checks",
        action="store_true",
        help="instead: leave out each check of the aspect's rules, one at a time, and say which properties are lost",
    )
    p.add_argument(
        "--mutation",
        action="store_true",
        help="instead: try every single fault of the aspect's rules, and say which no property notices (FLOW: in its settings only)",
    )
    p.add_argument(
        "--jobs", type=options.count, default=1, metavar="N", help="with --mutation: in so many processes (default: 1)"
    )
    p.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="write into DIR the state graph (--project), the machines with what is used of them (--coverage)",
    )
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.mutation:
        return mutation.run(args)
    if not args.flows:
        raise ModelError("explore needs a FLOW: name one (see tdisprove list flows), or ask for --mutation")
    if args.drop_checks:
        return _drop_checks(args)
    topology, knobs = options.setting(args)
    target = options.one(targets(args.flows, args.property, topology, knobs), args.aspect)
    folder = options.folder(args.output)
    if folder is not None and not (args.project or args.coverage):
        raise ModelError(
            "-o needs --project or --coverage: name the variables that the state graph shall show, such as --project tdi0.state"
        )
    limits = options.limits(args)
    BOARD.begin(args)
    system = target.system
    projection = quotient(system, [n.strip() for n in args.project.split(",")], limits) if args.project else None
    found = reachable(system, limits, args.backend) if projection is None or args.coverage else None
    explored = projection or found
    assert explored is not None
    statistics = explored.statistics
    BOARD.clear()
    if args.coverage and target.flow is None:
        raise ModelError("--coverage is for flows: of a system file the rules are not known")
    covered = coverage(found, ASPECTS[target.aspect].model) if found is not None and args.coverage else None
    dead, never = unused(system, statistics, ASPECTS[target.aspect].model.rules if target.flow is not None else None)
    written = (
        write_quotient(folder, target.name, system, projection) if folder is not None and projection is not None else []
    )
    if folder is not None and covered is not None and found is not None:
        written += write_coverage(folder, target.name, ASPECTS[target.aspect].model, found)
    if args.format == "json":
        document: dict[str, object] = {
            "tool": "tdisprove", "version": __version__, "flow": target.name, "states": statistics.states,
            "transitions": statistics.transitions, "depth": statistics.depth, "deadlocks": statistics.deadlocks,
            "complete": statistics.complete, "stopped": explored.stopped, "seconds": round(statistics.seconds, 3), "topology": dict(system.topology),
            "knobs": dict(system.knobs), "rules_never_applied": dead, "refusals_never_given": never,
        }  # fmt: skip
        if covered is not None:
            document["values_never_taken"] = {name: list(values) for name, values in covered.values}
            document["checks_never_decisive"] = list(covered.checks)
        if projection is not None:
            document["projection"] = {
                "variables": list(projection.names),
                "nodes": [dict(zip(projection.names, n, strict=True)) for n in projection.nodes],
                "edges": [[a, b, sorted({system.actions[i].event for i in e})] for (a, b), e in projection.edges.items()],
            }
        options.dump(document)
        return HOLDS if statistics.complete else UNKNOWN
    screen.line((target.name, "title"), f": {target.summary}")
    screen.line(
        f"  {statistics.states:,} states, {statistics.transitions:,} transitions, depth {statistics.depth}, "
        f"{statistics.deadlocks:,} deadlocks, {statistics.seconds:.2f} s"
        f"{f' ({statistics.backend} search)' if statistics.backend else ''}"
    )  # fmt: skip
    if not statistics.complete:
        screen.line(("  INCOMPLETE", "unknown"), f": {explored.stopped}")
    if not args.quiet:
        _print_names("rules that never apply here", dead)
        _print_names("refusals that are never given here", never)
        if covered is not None:
            never_taken = [f"{name} ∌ {', '.join(map(word, values))}" for name, values in covered.values]
            _print_names("values that are never taken", never_taken)
            _print_names("checks that never decide anything here", list(covered.checks))
    if projection is not None:
        print(f"  projected on {', '.join(projection.names)}: {len(projection.nodes)} nodes, {len(projection.edges)} edges")
    if written and folder is not None:
        print(options.written(written, folder))
    return HOLDS if statistics.complete else UNKNOWN


def _drop_checks(args: argparse.Namespace) -> int:
    """``--drop-checks``: what each check buys."""
    if args.project or args.coverage or args.output or args.max_states or args.max_depth:
        raise ModelError(
            "--drop-checks decides all of it at once: leave --project, --coverage, -o, --max-states and --max-depth out"
        )
    topology, knobs = options.setting(args)
    target = options.one(targets(args.flows, args.property, topology, knobs), args.aspect)
    if target.flow is None:
        raise ModelError("--drop-checks is for flows: the rules of a system file have no checks to leave out")
    BOARD.begin(args)
    # Here, since nobody else waits for a solver.
    from ..explore.explain.guards import guards
    from ..reports.guard_tables import guards_document, guards_text

    found = guards(target, limits=options.limits(args), done=BOARD.doing)
    BOARD.clear()
    if args.format == "json":
        options.dump({"tool": "tdisprove", "version": __version__, **guards_document(target.name, target.aspect, found)})
    else:
        screen.say(partial(guards_text, target.name, target.aspect, found))
    return UNKNOWN if any(g.stopped for g in found) else HOLDS


def _print_names(title: str, names: list[str]) -> None:
    if names:
        screen.line((f"  {title} ({len(names)}):", "title"))
        screen.say(lambda width: Prose(width).wrapped(", ".join(names), "    ", hyphens=False))
