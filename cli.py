"""The command line: reads arguments, hands on, prints, and gives the exit code.

Exit codes: 0 all hold (with ``--expect``: all as recorded) · 1 something violated (not as recorded) · 2 usage
or bad model · 3 unknown, a limit was reached · 4 internal error.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import textwrap
import time
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from . import __version__
from .explore import Engine, Limits, Progress, Result, Target, Verdict, check, contrast, targets
from .explore.contrast import domain
from .explore.coverage import unused
from .explore.explicit import ExplicitEngine, reachable
from .explore.quotient import quotient
from .model.flows import FLOWS
from .model.flows.flow import parse_knob
from .model.language import ModelError, Value
from .model.world import ASPECTS, KNOBS
from .properties import Property
from .properties.catalogue import CENTRAL, GROUPS, Expectation, expectation
from .reports.files import write_machines, write_quotient, write_traces
from .reports.graph import TooLarge
from .reports.json_report import check_document
from .reports.render import renderer
from .reports.table import trace_table
from .reports.verdicts import COLOURED, PLAIN, Style, argument, cell, matrix, tally

HOLDS, VIOLATED, USAGE, UNKNOWN, INTERNAL = 0, 1, 2, 3, 4


class _Parser(argparse.ArgumentParser):
    """Errors in one line that says where help is."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except ModelError as e:
        print(f"tdisprove: {e}", file=sys.stderr)
        return USAGE
    except TooLarge as e:
        print(f"tdisprove: {e}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        # The reader has gone (a pager that was left): nothing is lost that anybody wants.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return HOLDS
    except KeyboardInterrupt:
        print("tdisprove: interrupted before there was anything to show", file=sys.stderr)
        return UNKNOWN
    except Exception:
        traceback.print_exc()
        print("tdisprove: internal error; please report it with the lines above", file=sys.stderr)
        return INTERNAL


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="tdisprove",
        description="A formal state-machine checker for TDISP and IDE lifecycles.",
        epilog="Exit codes: 0 all hold (with --expect: all as recorded), 1 something violated, 2 usage or bad model, "
        "3 unknown (a limit was reached), 4 internal error.",
    )
    parser.add_argument("--version", action="version", version=f"tdisprove {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)

    check = verbs.add_parser("check", help="decide properties of flows", description="Decide properties of flows.")
    _add_target(check, several=True)
    _add_engine(check)
    check.add_argument(
        "--expect", action="store_true", help="hold the verdicts against the recorded ones; 0: all as recorded"
    )
    check.add_argument("-o", "--output", metavar="DIR", help="write a diagram of every trace, and of the machines, into DIR")
    check.set_defaults(run=_check)

    prove = verbs.add_parser(
        "prove", help="prove properties with Z3, by induction", description="Prove properties with Z3: bounded search for a "
        "violation, and induction with lemmas that the tool finds. The lemmas are printed."
    )  # fmt: skip
    _add_target(prove, several=True)
    _add_limits(prove)
    prove.set_defaults(run=_prove)

    explore = verbs.add_parser(
        "explore", help="statistics of a flow's state space", description="Explore all reachable states of a flow: how many, "
        "how deep, deadlocks, rules that never apply, refusals that are never given."
    )  # fmt: skip
    _add_target(explore, several=False)
    _add_limits(explore)
    explore.add_argument(
        "--project", metavar="VAR[,VAR…]", help="also the state graph, with states that agree on these variables merged"
    )
    explore.add_argument("-o", "--output", metavar="DIR", help="write the state graph into DIR (with --project)")
    explore.add_argument("--aspect", choices=tuple(ASPECTS), default="lifecycle", help="of the flow (default: %(default)s)")
    explore.set_defaults(run=_explore)

    diagram = verbs.add_parser(
        "diagram", help="pictures of machines and of traces", description="Pictures of the machines, or of the shortest "
        "violations (or witnesses) of properties of a flow, as SVG, DOT, Mermaid, text and Markdown."
    )  # fmt: skip
    diagram.add_argument("what", metavar="machines|FLOW", help="the word machines, a flow, or a system file")
    _add_setting(diagram)
    _add_limits(diagram)
    diagram.add_argument("-o", "--output", metavar="DIR", default="diagrams", help="where to (default: %(default)s)")
    diagram.set_defaults(run=_diagram)

    listing = verbs.add_parser("list", help="what there is", description="List flows, properties or knobs.")
    listing.add_argument("what", choices=("flows", "properties", "knobs"))
    _add_format(listing)
    listing.set_defaults(run=_list)
    return parser


def _add_target(p: argparse.ArgumentParser, *, several: bool) -> None:
    text = "a flow (see tdisprove list flows), or a Python file that defines SYSTEM and PROPERTIES"
    if several:
        p.add_argument("flows", metavar="FLOW", nargs="*", help=f"{text}; default: all flows")
    else:
        p.add_argument("flows", metavar="FLOW", nargs=1, help=text)
    _add_setting(p)


def _add_setting(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "-p", "--property", action="append", default=[], metavar="PROPERTY", help="only this property (may be repeated)"
    )
    p.add_argument(
        "--set", action="append", default=[], metavar="KNOB=VALUE", help="set a knob otherwise than the flow does"
    )
    for name, of in (("devices", "device"), ("tdis", "tdi"), ("tvms", "tvm")):
        p.add_argument(
            f"--{name}", type=_count, metavar="N", help=f"number of {name} (default: {ASPECTS['lifecycle'].topology[of]})"
        )


def _add_engine(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--engine", choices=("auto", "explicit", "z3"), default="auto", help="how to find out (default: %(default)s)"
    )
    p.add_argument("--unsliced", action="store_true", help="keep variables on which the properties do not depend")
    _add_limits(p)


def _add_limits(p: argparse.ArgumentParser) -> None:
    p.add_argument("--max-states", type=_count, metavar="N", help="give up (UNKNOWN) after so many states")
    p.add_argument("--max-depth", type=_count, metavar="N", help="give up (UNKNOWN) beyond so many steps")
    p.add_argument("--timeout", type=_count, metavar="SECONDS", help="give up (UNKNOWN) after so long")
    p.add_argument("--memory", type=_bytes, metavar="SIZE", help="give up (UNKNOWN) at so much memory, such as 800M or 4G")
    p.add_argument("-q", "--quiet", action="store_true", help="no progress, no explanations")
    _add_format(p)


def _add_format(p: argparse.ArgumentParser) -> None:
    p.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")


def _count(text: str) -> int:
    try:
        n = int(text)
    except ValueError:
        n = 0
    if n < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return n


def _bytes(text: str) -> int:
    units = {"K": 2**10, "M": 2**20, "G": 2**30}
    number, unit = (text[:-1], text[-1].upper()) if text[-1:].upper() in units else (text, "")
    try:
        size = float(number) * units.get(unit, 1)
    except ValueError:
        size = 0
    if not 0 < size < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size: write bytes, or a number with K, M or G")
    return int(size)


# --- What the verbs share ---------------------------------------------------------------------------------------------


def _setting(args: argparse.Namespace) -> tuple[dict[str, int], dict[str, Value]]:
    """The topology and the knobs that were given."""
    topology = {of: n for of, n in (("device", args.devices), ("tdi", args.tdis), ("tvm", args.tvms)) if n is not None}
    if "tdi" not in topology and topology.get("device", 1) > 1:
        topology["tdi"] = topology["device"]
    return topology, dict(parse_knob(s) for s in args.set)


def _folder(path: str | None) -> Path | None:
    """The output folder, made and tried out before any work is done."""
    if path is None:
        return None
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".tdisprove"
        probe.write_text("")
        probe.unlink()
    except OSError as e:
        raise ModelError(f"cannot write into {folder}: {e.strerror}; give another folder with -o") from None
    return folder


def _limits(args: argparse.Namespace) -> Limits:
    show = sys.stderr.isatty() and not args.quiet and args.format == "text"
    return Limits(args.max_states, args.max_depth, args.timeout, args.memory, _progress if show else None)


def _progress(p: Progress) -> None:
    rate = p.states / p.seconds if p.seconds > 0 else 0
    print(
        f"\r\033[K{p.states:,} states, {p.frontier:,} in the frontier, depth {p.depth}, {rate:,.0f} states/s",
        end="", file=sys.stderr, flush=True,
    )  # fmt: skip


def _style() -> Style:
    return COLOURED if sys.stdout.isatty() and "NO_COLOR" not in os.environ else PLAIN


def _engine(name: str) -> Engine:
    """``auto`` is exhaustive exploration: complete on finite systems, and the fastest here at the sizes of the flows."""
    if name == "z3":
        from .explore.symbolic import Z3Engine

        return Z3Engine()
    return ExplicitEngine()


def _code(results: Iterable[Result]) -> int:
    verdicts = {r.verdict for r in results}
    if Verdict.VIOLATED in verdicts:
        return VIOLATED
    return UNKNOWN if Verdict.UNKNOWN in verdicts else HOLDS


def _dump(document: object) -> None:
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    print()


def _decide(
    found: list[Target], engine: Engine, limits: Limits, *, slicing: bool = True
) -> tuple[dict[str, list[Result]], list[str]]:
    """The results per target; on an interruption, those that there are, and a note that says so."""
    columns: dict[str, list[Result]] = {}
    for target in found:
        results = check(target.system, target.properties, engine, limits, slicing=slicing)
        columns.setdefault(target.name, []).extend(results)
        if limits.progress is not None:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
        if any("interrupted" in n for r in results for n in r.notes):
            left = [t.name for t in found if t.name not in columns]
            return columns, ["interrupted: the results are partial" + (f"; not begun: {', '.join(left)}" if left else "")]
    return columns, []


# --- check ------------------------------------------------------------------------------------------------------------


def _check(args: argparse.Namespace) -> int:
    topology, knobs = _setting(args)
    found = targets(args.flows, args.property, topology, knobs)
    if args.expect and (topology or knobs or any(t.flow is None for t in found)):
        raise ModelError(
            "--expect: verdicts are recorded for the flows at default topology and knobs; leave --set, --tdis and so on out"
        )
    folder = _folder(args.output)
    start = time.perf_counter()
    columns, notes = _decide(found, _engine(args.engine), _limits(args), slicing=not args.unsliced)
    seconds = time.perf_counter() - start
    differences = _differences(columns) if args.expect else []
    if args.format == "json":
        _dump(check_document(__version__, columns, [*notes, *differences]))
    else:
        _print_check(args, found, columns, seconds)
        for line in (*notes, *differences):
            print(line)
        if args.expect and not differences:
            print(f"All {sum(map(len, columns.values()))} verdicts are as recorded.")
    if folder is not None:
        written = [f for name, results in columns.items() for f in write_traces(folder, name, results)]
        if any(t.flow is not None for t in found):
            written += [f for a in ASPECTS.values() for f in write_machines(folder, a.model, a.name)]
        if args.format == "text":
            print(_written(written, folder))
    every = [r for results in columns.values() for r in results]
    if args.expect:
        if differences:
            return VIOLATED
        return UNKNOWN if notes else HOLDS
    return max(_code(every), UNKNOWN if notes and _code(every) == HOLDS else HOLDS)


def _differences(columns: Mapping[str, list[Result]]) -> list[str]:
    """Where verdicts are not as recorded."""
    lines = []
    for name, results in columns.items():
        for r in results:
            recorded = expectation(name, r.prop.id)
            actual = Expectation(r.verdict.value, r.depth)
            if recorded is None:
                lines.append(f"NOT AS RECORDED: {name}: {r.prop.id}: {actual}, and nothing is recorded")
            elif recorded != actual:
                lines.append(f"NOT AS RECORDED: {name}: {r.prop.id}: {actual}, recorded is {recorded}")
    return lines


def _print_check(args: argparse.Namespace, found: list[Target], columns: Mapping[str, list[Result]], seconds: float) -> None:
    style = _style()
    groups: dict[str, tuple[Property, ...]] = {g.title: g.properties for g in GROUPS}
    for t in found:
        if t.flow is None:
            groups[t.name] = t.properties
    first = found[0].system
    if first.topology:
        print(f"{style.dim}topology: {', '.join(f'{n} {k}' for k, n in first.topology.items())}"
              f"{'; set: ' + ', '.join(args.set) if args.set else ''}{style.end}")  # fmt: skip
    print(matrix(groups, columns, style))
    for name, results in columns.items():
        states = {r.statistics.states for r in results if r.statistics is not None}
        engines = ", ".join(dict.fromkeys(r.engine for r in results))
        print(f"{name}: {tally(results)}" + (f"; {max(states):,} states" if states else "") + f" ({engines})")
    assumed = {r.prop.id: r.fairness for results in columns.values() for r in results if r.fairness}
    for name, fairness in assumed.items():
        print(textwrap.fill(f"{name} assumes {'; '.join(fairness)}", 110, subsequent_indent="  ", break_on_hyphens=False))
    open_ones: dict[tuple[int | None, str], list[str]] = {}
    for r in (r for results in columns.values() for r in results):
        if r.verdict is Verdict.UNKNOWN:
            open_ones.setdefault((r.depth, "; ".join(r.notes) or "no reason given"), []).append(r.prop.id)
    for (depth, why), names in open_ones.items():
        print(f"UNKNOWN: covered to depth {depth}; {why}: {names[0] if len(names) == 1 else f'{len(names)} properties'}")
    print(f"{style.dim}{seconds:.1f} s{style.end}")
    if args.quiet:
        return
    _print_argument(args, found, style)
    every = [r for results in columns.values() for r in results]
    if len(every) <= 2 * len(columns):
        for r in every:
            if r.trace is not None:
                witness = r.verdict is Verdict.HOLDS
                print()
                print(trace_table(r.trace, title=f"{r.prop.id}: {cell(r)}", subtitle=r.prop.says, witness=witness))


def _print_argument(args: argparse.Namespace, found: list[Target], style: Style) -> None:
    """On which choices of a flow its central properties rest."""
    topology, knobs = _setting(args)
    for t in found:
        central = [p for p in t.properties if p.id in CENTRAL]
        if t.flow is not None and t.flow.decided_by and central:
            rows = contrast(
                t.flow, central, t.flow.decided_by, topology=topology, changed=knobs, engine=_engine(args.engine),
                limits=_limits(args),
            )  # fmt: skip
            if len(found) == 1 or t is found[0]:
                print()
            print(argument(t.flow.name, t.flow.summary, rows, style, brief=len(found) > 1))
    if len(found) > 1:
        print(f"{style.dim}tdisprove check FLOW shows the runs, and what the verdicts mean; -o DIR draws them.{style.end}")


# --- prove ------------------------------------------------------------------------------------------------------------


def _prove(args: argparse.Namespace) -> int:
    from .explore.symbolic import Z3Engine

    topology, knobs = _setting(args)
    found = targets(args.flows, args.property, topology, knobs)
    engine = Z3Engine()
    columns, notes = _decide(found, engine, _limits(args))
    if args.format == "json":
        document = check_document(__version__, columns, notes)
        _dump(document)
    else:
        for t in found:
            print(f"{t.name}: {t.summary}")
            for r in columns.get(t.name, []):
                print(f"  {r.prop.id}: {cell(r)} ({r.evidence.value})")
                if not args.quiet:
                    for line in (*r.notes, *(f"lemma: {x}" for x in r.lemmas), *(f"assumes {x}" for x in r.fairness)):
                        print(textwrap.fill(line, 110, initial_indent="      ", subsequent_indent="        "))
        for line in notes:
            print(line)
    return _code(r for results in columns.values() for r in results) or (UNKNOWN if notes else HOLDS)


# --- explore ----------------------------------------------------------------------------------------------------------


def _explore(args: argparse.Namespace) -> int:
    topology, knobs = _setting(args)
    target = _one(targets(args.flows, args.property, topology, knobs), args.aspect)
    folder = _folder(args.output)
    if folder is not None and not args.project:
        raise ModelError(
            "-o needs --project: name the variables that the state graph shall show, such as --project tdi0.state"
        )
    limits = _limits(args)
    system = target.system
    projection = quotient(system, [n.strip() for n in args.project.split(",")], limits) if args.project else None
    explored = projection or reachable(system, limits)
    statistics = explored.statistics
    if limits.progress is not None:
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    dead, never = unused(system, statistics, ASPECTS[target.aspect].model.rules if target.flow is not None else None)
    written = (
        write_quotient(folder, target.name, system, projection) if folder is not None and projection is not None else []
    )
    if args.format == "json":
        document: dict[str, object] = {
            "tool": "tdisprove", "version": __version__, "flow": target.name, "states": statistics.states,
            "transitions": statistics.transitions, "depth": statistics.depth, "deadlocks": statistics.deadlocks,
            "complete": statistics.complete, "stopped": explored.stopped, "seconds": round(statistics.seconds, 3), "topology": dict(system.topology),
            "knobs": dict(system.knobs), "rules_never_applied": dead, "refusals_never_given": never,
        }  # fmt: skip
        if projection is not None:
            document["projection"] = {
                "variables": list(projection.names),
                "nodes": [dict(zip(projection.names, n, strict=True)) for n in projection.nodes],
                "edges": [[a, b, sorted({system.actions[i].event for i in e})] for (a, b), e in projection.edges.items()],
            }
        _dump(document)
        return HOLDS if statistics.complete else UNKNOWN
    print(f"{target.name}: {target.summary}")
    print(f"  {statistics.states:,} states, {statistics.transitions:,} transitions, depth {statistics.depth}, "
          f"{statistics.deadlocks:,} deadlocks, {statistics.seconds:.2f} s")  # fmt: skip
    if not statistics.complete:
        print(f"  INCOMPLETE: {explored.stopped}")
    if not args.quiet:
        _print_names("rules that never apply here", dead)
        _print_names("refusals that are never given here", never)
    if projection is not None:
        print(f"  projected on {', '.join(projection.names)}: {len(projection.nodes)} nodes, {len(projection.edges)} edges")
    if written and folder is not None:
        print(_written(written, folder))
    return HOLDS if statistics.complete else UNKNOWN


def _one(found: list[Target], aspect: str) -> Target:
    """The target of an aspect; of a system file, its only one."""
    for target in found:
        if target.flow is None or target.aspect == aspect:
            return target
    raise ModelError(f"flow {found[0].name} has no aspect {aspect}: it has {', '.join(t.aspect for t in found)}")


def _print_names(title: str, names: list[str]) -> None:
    if names:
        print(f"  {title} ({len(names)}):")
        print(textwrap.fill(", ".join(names), 110, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False))


def _written(files: list[Path], folder: Path) -> str:
    drawn = renderer()
    how = f"drawn by {drawn}" if drawn != "none" else "no Graphviz was found, so graphs are there as DOT only"
    return f"{len(files)} files written to {folder} ({how})."


# --- diagram ----------------------------------------------------------------------------------------------------------


def _diagram(args: argparse.Namespace) -> int:
    topology, knobs = _setting(args)
    notes: list[str] = []
    if args.what == "machines":
        folder = _folder(args.output)
        assert folder is not None
        written = [f for a in ASPECTS.values() for f in write_machines(folder, a.model, a.name)]
    else:
        found = targets([args.what], args.property, topology, knobs)
        folder = _folder(args.output)
        assert folder is not None
        columns, notes = _decide(found, ExplicitEngine(), _limits(args))
        written = [f for name, results in columns.items() for f in write_traces(folder, name, results)]
        if not written:
            notes = [*notes, "nothing to draw: no property has a trace (all hold)"]
    if args.format == "json":
        _dump({"tool": "tdisprove", "version": __version__, "files": [str(f) for f in written], "notes": notes})
    else:
        for line in (*notes, _written(written, folder)):
            print(line)
    return HOLDS


# --- list -------------------------------------------------------------------------------------------------------------


def _list(args: argparse.Namespace) -> int:
    rows = _LISTS[args.what]()
    if args.format == "json":
        _dump(rows)
        return HOLDS
    width = max(len(str(r["id"])) for r in rows) + 2
    for r in rows:
        lines = textwrap.wrap(str(r["summary"]), max(40, shutil.get_terminal_size().columns - width)) or [""]
        print(f"{r['id']:<{width}}{lines[0]}")
        for line in lines[1:]:
            print(" " * width + line)
    return HOLDS


def _list_flows() -> list[dict[str, object]]:
    return [
        {"id": f.name, "summary": f.summary, "cite": f.cite, "choices": dict(f.choices), "notes": list(f.notes)}
        for f in FLOWS.values()
    ]


def _list_properties() -> list[dict[str, object]]:
    return [
        {
            "id": p.id,
            "summary": p.says,
            "aspect": g.aspect,
            "group": g.title,
            "protects": p.protects,
            "binds": p.binds,
            "cite": p.cite,
            "formula": str(p.formula),
        }
        for g in GROUPS
        for p in g.properties
    ]


def _list_knobs() -> list[dict[str, object]]:
    return [
        {
            "id": k.name,
            "summary": f"{' | '.join(str(v).lower() for v in domain(k.name))}, default {str(k.default).lower()}: {k.summary}",
            "values": list(domain(k.name)),
            "default": k.default,
            "cite": k.cite,
        }
        for k in KNOBS
    ]


_LISTS: dict[str, Callable[[], list[dict[str, object]]]] = {
    "flows": _list_flows,
    "properties": _list_properties,
    "knobs": _list_knobs,
}
