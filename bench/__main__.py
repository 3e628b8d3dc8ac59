"""``python -m tdisprove.bench``: our explorer and the peers that are installed, on the same models."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from .. import __version__
from ..model.flows import flow
from ..model.language import ModelError
from .contest import OURS, TOOLS, Contest, Model, invariants
from .curves import curves
from .machine import random_reads
from .table import table


def main(argv: Sequence[str] | None = None) -> int:
    """Run the contest; 0 when every tool ran and all count the same states, 1 otherwise, 2 for bad usage."""
    args = _parser().parse_args(argv)
    try:
        models = [
            Model(args.flow, args.aspect, _topology(size, args.grow), invariants(args.flow, args.aspect, args.judge))
            for size in (args.sizes or [""])
        ]
        for model in models:
            flow(model.flow).system(model.topology, aspect=model.aspect)
    except ModelError as e:
        print(f"tdisprove.bench: {e}", file=sys.stderr)
        return 2
    tools = [t for t in TOOLS if not args.tools or t.name in args.tools]
    absent = {t.name: why for t in tools if (why := t.missing())}
    contest = Contest(models, [t for t in tools if t.name not in absent], args.runs, _said, [], [])
    stopped = ""
    try:
        contest.run()
    except KeyboardInterrupt:
        stopped = "interrupted: what follows is what there was"
    if args.output:
        folder = Path(args.output)
        folder.mkdir(parents=True, exist_ok=True)
        title = f"{args.flow}, {args.aspect}, over {args.grow}"
        for name, of, unit in (
            ("seconds", lambda m: m.wall, "seconds of a run"),
            ("bytes", lambda m: m.bytes, "bytes of memory"),
        ):
            (folder / f"{name}.svg").write_text(curves(contest.measured, of, title, unit), encoding="utf-8")
    if args.format == "json":
        document = {
            "tool": "tdisprove", "version": __version__, "machine": _machine(), "runs": args.runs, "stopped": stopped,
            "missing": absent, "failed": contest.failed, "measured": [dataclasses.asdict(m) for m in contest.measured],
        }  # fmt: skip
        json.dump(document, sys.stdout, indent=2)
        print()
    else:
        print(
            f"{_machine()}; median of {args.runs} runs, each in a fresh process; the last three columns: how many times ours on one thread"
        )
        print(table(contest.measured))
        for line in _memory_bound(contest):
            print(line)
        for line in (*(f"{name}: {why}" for name, why in absent.items()), *contest.failed, *([stopped] if stopped else [])):
            print(line)
    return 1 if contest.failed or stopped else 0


def _memory_bound(contest: Contest) -> list[str]:
    """How near our hot loop comes to what the machine's memory allows, for the largest model."""
    ours = [m for m in contest.measured if m.tool == OURS and m.transitions and m.search]
    if not ours:
        return []
    m = max(ours, key=lambda m: m.states)
    assert m.transitions is not None
    assert m.search is not None
    limit, steps = random_reads(), m.transitions / m.search
    return [
        f"{m.model}: {steps / 1e6:.1f} million steps a second on one thread; one core reads {limit / 1e6:.0f} million random "
        f"places of a large memory a second: {steps / limit:.0%}"
    ]


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m tdisprove.bench", description=__doc__.replace("``", ""))
    p.add_argument("--flow", default="sev-tio-guest-run", help="default: %(default)s")
    p.add_argument("--aspect", default="lifecycle", help="default: %(default)s")
    p.add_argument(
        "--grow", choices=("tdi", "tvm", "device", "stream"), default="tdi", help="what grows (default: %(default)s)"
    )
    p.add_argument(
        "--sizes", nargs="*", default=["1", "2"], metavar="N|INDEX=N,…",
        help="how many of it, or of several indexes, such as tdi=2,device=2 (default: 1 2)",
    )  # fmt: skip
    p.add_argument(
        "--judge", type=int, default=8, metavar="N", help="so many invariants that hold are judged (default: %(default)s)"
    )
    p.add_argument("--runs", type=int, choices=range(1, 100), default=3, metavar="N", help="of each tool (default: 3)")
    p.add_argument("--tools", nargs="*", choices=[t.name for t in TOOLS], help="default: all that are installed")
    p.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
    p.add_argument("-o", "--output", metavar="DIR", help="write growth curves (SVG) there")
    return p


def _topology(size: str, grow: str) -> dict[str, int]:
    """What ``--sizes`` says: a number of what grows, or some of several indexes; the default topology when empty."""
    if not size:
        return {}
    try:
        pairs = [part.partition("=") for part in size.split(",")]
        return {name: int(n) for name, _, n in pairs} if "=" in size else {grow: int(size)}
    except ValueError:
        raise ModelError(f"--sizes {size}: write a number, or some of indexes, such as tdi=2,device=2") from None


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _said(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
