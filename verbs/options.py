"""What several verbs take: targets, settings, limits, output; and what is made of it."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ..explore import Engine, Limits, Target
from ..explore.explicit import BACKENDS, DEAD_VARIABLES, SYMMETRY, ExplicitEngine
from ..explore.explicit.native import threads_of_this_machine
from ..model.flows.flow import parse_knob
from ..model.language import ModelError, Value
from ..model.world import ASPECTS
from ..reports.render import renderer
from . import board
from .board import BOARD

TOPOLOGY = {"devices": "device", "tdis": "tdi", "tvms": "tvm", "streams": "stream"}
"""Option -> the index of which it says how many there are."""


def add_target(p: argparse.ArgumentParser, *, several: bool, needed: bool = True) -> None:
    text = "a flow (see tdisprove list flows), a scenario file (TOML), or a Python file that defines SYSTEM and PROPERTIES"
    if several:
        p.add_argument("flows", metavar="FLOW", nargs="*", help=f"{text}; default: all flows")
    else:
        p.add_argument("flows", metavar="FLOW", nargs=1 if needed else "*", help=text)
    add_properties(p)
    add_setting(p)


def add_properties(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "-p", "--property", action="append", default=[], metavar="PROPERTY", help="only this property (may be repeated)"
    )


def add_setting(p: argparse.ArgumentParser, knobs: str = "set a knob otherwise than the flow does") -> None:
    p.add_argument("--set", action="append", default=[], metavar="KNOB=VALUE", help=knobs)
    for option, index in TOPOLOGY.items():
        p.add_argument(f"--{option}", type=count, metavar="N", help=f"number of {option} (default: {_default(index)})")


def _default(index: str) -> str:
    """How many there are by default, and in which aspects where they differ."""
    numbers = {name: aspect.topology[index] for name, aspect in ASPECTS.items() if index in aspect.topology}
    by_number = {n: [name for name, m in numbers.items() if m == n] for n in dict.fromkeys(numbers.values())}
    if len(by_number) == 1:
        return str(next(iter(by_number)))
    return "; ".join(f"{n} in {', '.join(names)}" for n, names in by_number.items())


def add_engine(p: argparse.ArgumentParser, *formats: str) -> None:
    p.add_argument(
        "--engine",
        choices=("auto", "explicit", "bdd", "sat", "z3"),
        default="auto",
        help="how to find out (default: %(default)s)",
    )
    p.add_argument("--unsliced", action="store_true", help="keep variables on which the properties do not depend")
    add_backend(p)
    p.add_argument("--threads", type=count, metavar="N", help="of the compiled kernel (default: all that there are)")
    p.add_argument(
        "--symmetry",
        choices=SYMMETRY,
        default="auto",
        help="visit one of the states that differ only in which of like instances is which; auto: where there are many states "
        "(default: %(default)s)",
    )
    p.add_argument(
        "--dead-variables",
        choices=DEAD_VARIABLES,
        default="auto",
        help="set variables that are overwritten before they are read again to one value; auto: where there are many states and it "
        "pays (default: %(default)s)",
    )
    p.add_argument(
        "--sleep-sets",
        choices=("on", "off"),
        default="on",
        help="of the compiled kernel: do not look up again where independent steps in another order lead (default: %(default)s)",
    )
    p.add_argument(
        "--checkpoint",
        metavar="DIR",
        help="keep searches in DIR that a limit or Ctrl-C ends, and go on with those that are there",
    )
    add_limits(p, *formats)


def add_jobs(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "-j",
        "--jobs",
        type=count,
        default=threads_of_this_machine(),
        metavar="N",
        help="processes among which flows and their aspects are shared out (default: as many as there are processors; on Linux only); "
        "each has its share of --memory",
    )


def add_why(p: argparse.ArgumentParser, text: str) -> None:
    p.add_argument("--why", action="store_true", help=text)
    p.add_argument(
        "--cuts",
        type=count,
        default=2,
        metavar="N",
        help="with --why: also the minimal sets of at most N settings and steps that mend it only together (default: %(default)s; 1: none)",
    )


def add_backend(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--backend",
        choices=BACKENDS,
        default="auto",
        help="of exhaustive search: the compiled kernel, or NumPy; auto: the kernel where it can be had (default: %(default)s)",
    )


def add_limits(p: argparse.ArgumentParser, *formats: str) -> None:
    p.add_argument("--max-states", type=count, metavar="N", help="give up (UNKNOWN) after so many states")
    p.add_argument("--max-depth", type=count, metavar="N", help="give up (UNKNOWN) beyond so many steps")
    p.add_argument("--timeout", type=count, metavar="SECONDS", help="give up (UNKNOWN) after so long")
    p.add_argument("--memory", type=_bytes, metavar="SIZE", help="give up (UNKNOWN) at so much memory, such as 800M or 4G")
    p.add_argument("-q", "--quiet", action="store_true", help="no progress, no explanations")
    add_format(p, *formats)


def add_format(p: argparse.ArgumentParser, *more: str) -> None:
    p.add_argument("--format", choices=("text", "json", *more), default="text", help="default: %(default)s")


def count(text: str) -> int:
    """A whole number of at least 1."""
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


def setting(args: argparse.Namespace) -> tuple[dict[str, int], dict[str, Value]]:
    """The topology and the knobs that were given."""
    return sizes(args), dict(parse_knob(s) for s in args.set)


def sizes(args: argparse.Namespace) -> dict[str, int]:
    """The topology that was given."""
    given = {index: getattr(args, option, None) for option, index in TOPOLOGY.items()}
    topology = {index: n for index, n in given.items() if n is not None}
    if "tdi" not in topology and topology.get("device", 1) > 1:
        topology["tdi"] = topology["device"]
    return topology


def one(found: list[Target], aspect: str | None) -> Target:
    """The target of an aspect (None: the first); of a system file, its only one."""
    for target in found:
        if target.flow is None or aspect in (None, target.aspect):
            return target
    raise ModelError(f"flow {found[0].name} has no aspect {aspect}: it has {', '.join(t.aspect for t in found)}")


def folder(path: str | None) -> Path | None:
    """The output folder, made and tried out before any work is done."""
    if path is None:
        return None
    found = Path(path)
    try:
        found.mkdir(parents=True, exist_ok=True)
        probe = found / ".tdisprove"
        probe.write_text("")
        probe.unlink()
    except OSError as e:
        raise ModelError(f"cannot write into {found}: {e.strerror}; give another folder") from None
    return found


def limits(args: argparse.Namespace) -> Limits:
    checkpoint = folder(getattr(args, "checkpoint", None))
    progress = BOARD.search if board.wanted(args) else None
    return Limits(args.max_states, args.max_depth, args.timeout, args.memory, progress, checkpoint)


def engine(args: argparse.Namespace) -> Engine:
    """The engine that was asked for. ``auto`` begins with exhaustive search, the fastest at the sizes of the flows."""
    if args.engine == "z3":
        from ..explore.smt.engine import Z3Engine

        return Z3Engine()
    if args.engine == "sat":
        from ..explore.sat import SatEngine

        return SatEngine()
    if args.engine == "bdd":
        from ..explore.bdd import BddEngine

        return BddEngine()
    exhaustive = ExplicitEngine(
        backend=args.backend,
        symmetry=args.symmetry,
        dead_variables=args.dead_variables,
        sleep_sets=args.sleep_sets == "on",
        threads=args.threads,
    )
    if args.engine == "auto":
        from ..explore.choice import AutoEngine

        return AutoEngine(exhaustive)
    return exhaustive


def dump(document: object) -> None:
    """The one document on standard output."""
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    print()


def written(files: list[Path], where: Path) -> str:
    """What became of the pictures."""
    drawn = renderer()
    how = f"drawn by {drawn}" if drawn != "none" else "no Graphviz was found, so graphs are there as DOT only"
    return f"{len(files)} files written to {where} ({how})."
