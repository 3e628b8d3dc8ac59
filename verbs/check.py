"""``check``: properties of flows, decided."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from .. import __version__
from ..explore import Result, Target, Verdict, contrast, targets
from ..explore.explain.parting import Nearest, nearest_holding
from ..explore.explain.violations import Nearby, Reason, reasons
from ..explore.survey import survey
from ..model.language import ModelError
from ..model.world import ASPECTS
from ..properties import Property
from ..properties.catalogue import CENTRAL, Expectation, groups, groups_of
from ..reports.files import write_machines, write_traces
from ..reports.formats.choice import DOCUMENTS, RUNS, document, only_run
from ..reports.json_report import check_document
from ..reports.prose import Prose
from ..reports.verdicts import argument, cell, tally
from ..reports.why import why_document, why_text
from . import options, screen
from .board import BOARD
from .exits import HOLDS, UNKNOWN, VIOLATED, code

_SIDE_BY_SIDE = 3
"""Beyond so many columns the verdicts are counted, not listed (``matrix`` lists them)."""


def add(p: argparse.ArgumentParser) -> None:
    p.description = "Decide properties of flows."
    options.add_target(p, several=True)
    options.add_engine(p, *DOCUMENTS, *RUNS)
    options.add_jobs(p)
    p.add_argument("--reproducible", action="store_true", help="leave out what differs from run to run (seconds)")
    options.add_why(
        p, "of each violation: the settings and steps that would mend it, alone or together, and where the nearest flow in which it "
        "holds parts from the run (takes a check for each)"
    )  # fmt: skip
    p.add_argument("--expect", action="store_true", help="hold the verdicts against the recorded ones; 0: all as recorded")
    p.add_argument("-o", "--output", metavar="DIR", help="write a diagram of every trace, and of the machines, into DIR")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    topology, knobs = options.setting(args)
    found = targets(args.flows, args.property, topology, knobs)
    if args.expect and (topology or knobs or any(t.flow is None for t in found)):
        raise ModelError(
            "--expect: verdicts are recorded for the flows at default topology and knobs; leave --set, --tdis and so on out"
        )
    folder = options.folder(args.output)
    limits = options.limits(args)
    start = time.perf_counter()
    BOARD.begin(args, len(found))
    surveyed = survey(
        found, options.engine(args), limits, slicing=not args.unsliced, done=lambda t: BOARD.finished(f"{t.name}: {t.aspect}"),
        processes=args.jobs,
    )  # fmt: skip
    BOARD.clear()
    seconds = time.perf_counter() - start
    columns, notes = surveyed.results, surveyed.notes
    unexpected = _unexpected(found, columns) if args.expect else None
    differences = [
        f"NOT AS RECORDED: {name}: {r.prop.id}: {Expectation(r.verdict.value, r.depth)}, {unexpected[name, r.prop.id]}"
        for name, results in (columns.items() if unexpected else ())
        for r in results
        if unexpected and (name, r.prop.id) in unexpected
    ]
    if args.format == "json":
        content = check_document(__version__, columns, [*notes, *differences], times=not args.reproducible)
        why = {(x.flow, x.result.prop.id): why_document(x.blame, x.nearest) for x in _why(args, found, columns)}
        for result in content["results"]:
            result["why"] = why.get((result["flow"], result["property"]))
        options.dump(content)
    elif args.format in DOCUMENTS:
        print(document(args.format, __version__, columns, notes, unexpected), end="")
    elif args.format in RUNS:
        print(only_run(args.format, columns), end="")
    else:
        _print(args, found, columns, seconds)
        for x in _why(args, found, columns):
            print()
            screen.say(partial(why_text, x.flow, x.result, x.blame, x.nearest))
        for line in (*notes, *differences):
            print(line)
        if args.expect and not differences:
            print(f"All {sum(map(len, columns.values()))} verdicts are as recorded.")
    if folder is not None:
        drawn = columns
        if _crowded(columns, args):
            # Thousands of pictures are none: of many flows those of the central argument.
            wanted = {p.id for p in groups()[0].properties}
            drawn = {name: [r for r in results if r.prop.id in wanted] for name, results in columns.items()}
        near = _nearest(args, found, drawn, columns)
        says = {t.name: t.summary for t in found}
        files = [
            f for name, results in drawn.items() for f in write_traces(folder, name, results, says[name], near.get(name))
        ]
        for aspect in dict.fromkeys(t.aspect for t in found if t.flow is not None):
            files += write_machines(folder, ASPECTS[aspect].model, aspect)
        if args.format == "text":
            print(options.written(files, folder))
            if drawn is not columns:
                print(f'Drawn are the runs of "{groups()[0].title}"; tdisprove check FLOW -o DIR draws all of a flow\'s.')
    every = [r for results in columns.values() for r in results]
    if args.expect:
        return VIOLATED if differences else UNKNOWN if notes else HOLDS
    return code(every, partial=bool(notes))


def _unexpected(found: Sequence[Target], columns: Mapping[str, Sequence[Result]]) -> dict[tuple[str, str], str]:
    """What was expected where verdicts are not as recorded, or not as a scenario file expects."""
    by_name = {t.name: t for t in found}
    why = {
        (name, r.prop.id): by_name[name].unexpected(r.prop, r.verdict.value, r.depth)
        for name, results in columns.items()
        for r in results
    }
    return {key: text for key, text in why.items() if text}


def _why(args: argparse.Namespace, found: Sequence[Target], columns: Mapping[str, Sequence[Result]]) -> Iterator[Reason]:
    """Of each violation why it is one, when that was asked for."""
    if args.why:
        BOARD.begin(args)
        yield from reasons(found, columns, options.engine(args), options.limits(args), BOARD.doing, args.cuts)


def _nearest(
    args: argparse.Namespace,
    found: Sequence[Target],
    drawn: Mapping[str, Sequence[Result]],
    columns: Mapping[str, Sequence[Result]],
) -> dict[str, dict[str, Nearest]]:
    """For the pictures: flow -> property -> the nearest flow in which it holds, of those that were checked.

    Where properties were named, or reasons asked for, it is looked for in all flows: that takes a check in each.
    """
    nearby = Nearby(options.engine(args), options.limits(args)) if args.property or args.why else None
    known = {name: {r.prop.id: r for r in results} for name, results in columns.items()}
    near: dict[str, dict[str, Nearest]] = {}
    BOARD.begin(args)
    for t in (t for t in found if t.flow is not None):
        ids = {p.id for p in t.properties}
        for r in (r for r in drawn.get(t.name, ()) if r.prop.id in ids):
            n = nearby.of(t.flow, r, t.aspect, BOARD.doing) if nearby and t.flow else nearest_holding(t.name, r, known)
            if n is not None:
                near.setdefault(t.name, {})[r.prop.id] = n
    BOARD.clear()
    return near


def _print(args: argparse.Namespace, found: list[Target], columns: Mapping[str, list[Result]], seconds: float) -> None:
    given = f"{'; '.join(f'{k} {n}' for k, n in options.setting(args)[0].items()) or 'default'}"
    screen.line((f"topology: {given}{'; set: ' + ', '.join(args.set) if args.set else ''}", "faint"))
    aspects = [a for a in ASPECTS if any(t.aspect == a for t in found)]
    shown: dict[str, tuple[Property, ...]] = {g.title: g.properties for a in aspects for g in groups_of(a)}
    for t in found:
        if t.flow is None:
            shown[t.name] = t.properties
    if _crowded(columns, args):
        screen.overview(_by_aspect(found, columns))
    else:
        screen.results(shown, columns)
        for name, results in columns.items():
            searches = [r.statistics for r in results if r.statistics is not None and r.statistics.states]
            engines = ", ".join(dict.fromkeys(_how(r) for r in results))
            largest = max(searches, key=lambda s: s.states, default=None)
            screen.line(
                (name, "title"), f": {tally(results)}" + (f"; {largest.states:,} states{largest.reduced}" if largest else "")
                + f" ({engines})"
            )  # fmt: skip
    assumed = {r.prop.id: r.fairness for results in columns.values() for r in results if r.fairness}
    for name, fairness in assumed.items() if not _crowded(columns, args) else ():
        assumes = f"{name} assumes {'; '.join(fairness)}"
        screen.say(lambda width, text=assumes: Prose(width).wrapped(text, "", "  ", hyphens=False))
    open_ones: dict[tuple[int | None, str], list[str]] = {}
    for r in (r for results in columns.values() for r in results):
        if r.verdict is Verdict.UNKNOWN:
            open_ones.setdefault((r.depth, "; ".join(r.notes) or "no reason given"), []).append(r.prop.id)
    for (depth, why), names in open_ones.items():
        which = names[0] if len(names) == 1 else f"{len(names)} properties"
        screen.line(("UNKNOWN", "unknown"), f": covered to depth {depth}; {why}: {which}")
    if not args.reproducible:
        screen.line((f"{seconds:.1f} s", "faint"))
    if args.quiet:
        return
    _print_argument(args, found)
    every = [r for results in columns.values() for r in results]
    if len(every) <= 2 * len(columns):
        for r in every:
            if r.trace is not None:
                witness = r.verdict is Verdict.HOLDS
                print()
                screen.run(r.trace, title=f"{r.prop.id}: {cell(r)}", subtitle=r.prop.says, witness=witness)
                print()


def _how(r: Result) -> str:
    """The engine, and which of its searches it was."""
    backend = r.statistics.backend if r.statistics is not None else ""
    return f"{r.engine}: {backend}" if backend else r.engine


def _crowded(columns: Mapping[str, list[Result]], args: argparse.Namespace) -> bool:
    """Whether there is too much to show it all."""
    return len(columns) > _SIDE_BY_SIDE and not args.property


def _by_aspect(found: list[Target], columns: Mapping[str, list[Result]]) -> dict[str, dict[str, list[Result]]]:
    """The results of each flow (or system file), by aspect."""
    table: dict[str, dict[str, list[Result]]] = {}
    for t in found:
        ids = {p.id for p in t.properties}
        mine = [r for r in columns.get(t.name, ()) if r.prop.id in ids]
        if mine:
            table.setdefault(t.name, {})[t.aspect or "its own"] = mine
    return table


def _print_argument(args: argparse.Namespace, found: list[Target]) -> None:
    """On which choices of a flow its central properties rest."""
    topology, knobs = options.setting(args)
    shown = [
        (t, central)
        for t in found
        if t.flow is not None and t.flow.decided_by and (central := [p for p in t.properties if p.id in CENTRAL])
    ]
    several = len(dict.fromkeys(t.name for t in found)) > 1
    for i, (t, central) in enumerate(shown):
        assert t.flow is not None
        rows = contrast(
            t.flow, central, t.flow.decided_by, topology=topology, changed=knobs, engine=options.engine(args),
            limits=options.limits(args),
        )  # fmt: skip
        if i == 0 or not several:
            print()
        screen.say(partial(argument, t.flow.name, t.flow.summary, rows, brief=several))
    if several:
        screen.line(
            (
                "tdisprove check FLOW shows runs and what verdicts mean, -o DIR draws them; tdisprove matrix shows every property.",
                "faint",
            )
        )
