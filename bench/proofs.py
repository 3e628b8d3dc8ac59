"""``python -m tdisprove.bench.proofs``: proofs by our IC3 and by ABC's PDR, property by property, on the same system."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..explore.sat import SatEngine
from ..explore.verdict import Verdict
from ..model.flows import flow
from ..model.language import ModelError, System
from ..properties.catalogue import expectation, of_aspect
from ..properties.compile import compile_properties
from ..properties.formulas import LeadsTo, Recurs, Sometimes
from ..properties.property import Property
from ..reports.exports import aiger, job
from .peers import abc
from .peers.peer import PeerError
from .table import aligned


@dataclass(frozen=True)
class Proof:
    """A property's proof by both; seconds are medians of the runs."""

    prop: str
    ours: float
    """Of the engine: slicing, encoding, search and the check of the invariant, without composing the system and compiling the property."""
    theirs: float
    """Of the whole process, which reads the circuit and searches; its invariant is not checked."""

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs


def main(argv: Sequence[str] | None = None) -> int:
    """0 when both prove everything, 1 when not, 2 for bad usage or where there is no ABC."""
    args = _parser().parse_args(argv)
    missing = abc.missing()
    if missing:
        print(f"tdisprove.bench.proofs: {missing}; install the package berkeley-abc", file=sys.stderr)
        return 2
    try:
        system = flow(args.flow).system(aspect=args.aspect)
    except ModelError as e:
        print(f"tdisprove.bench.proofs: {e}", file=sys.stderr)
        return 2
    chosen = _proved(args.flow, args.aspect)[:: args.every]
    found: list[Proof] = []
    failed: list[str] = []
    try:
        for k, p in enumerate(chosen):
            print(f"{k + 1} of {len(chosen)}: {p.id}", file=sys.stderr, flush=True)
            try:
                found.append(measure(system, p, args.runs))
            except PeerError as e:
                failed.append(f"{p.id}: {e}")
    except KeyboardInterrupt:
        failed.append("interrupted: what follows is what there was")
    print("\n".join((*_told(found), *failed)))
    return 1 if failed else 0


def _proved(name: str, aspect: str) -> list[Property]:
    """The properties of an aspect that are recorded to hold in a flow, and to hold since no run breaks them."""
    safety = (p for p in of_aspect(aspect) if not isinstance(p.formula, LeadsTo | Recurs | Sometimes))
    return [p for p in safety if (e := expectation(name, p.id)) is not None and e.verdict == "holds"]


def measure(system: System, p: Property, runs: int) -> Proof:
    """Both on one property. Raises `PeerError` when one of them does not prove it."""
    watched, obligations = compile_properties(system, [p])
    exported = job("model", p.id, system, [p])
    export = aiger(exported)
    ours, theirs = [], []
    for _ in range(runs):
        start = time.perf_counter()
        report = SatEngine().check(watched, obligations)
        ours.append(time.perf_counter() - start)
        if any(o.verdict is not Verdict.HOLDS for o in report.outcomes):
            raise PeerError(f"ours says {', '.join(o.verdict.value for o in report.outcomes)}")
        with tempfile.TemporaryDirectory() as folder:
            answer = abc.run_abc(exported, export, Path(folder))
        if answer.violated:
            raise PeerError("ABC finds a violation")
        theirs.append(answer.seconds)
    return Proof(p.id, statistics.median(ours), statistics.median(theirs))


def _told(found: Sequence[Proof]) -> list[str]:
    if not found:
        return ["nothing was measured"]
    worst = sorted(found, key=lambda x: -x.ours)[:10]
    rows = [
        ("property", "ours s", "ABC s", "ours/ABC"),
        *((x.prop, f"{x.ours:.3f}", f"{x.theirs:.3f}", f"x{x.ratio:.2f}") for x in worst),
    ]
    ratios = sorted(x.ratio for x in found)
    within = sum(r <= 2 for r in ratios)
    return [
        *aligned(rows, words=1),
        f"these take longest of {len(found)}; ours/ABC: median x{statistics.median(ratios):.2f}, worst x{ratios[-1]:.2f}, at most x2 for {within}; "
        f"all together {sum(x.ours for x in found):.2f} s and {sum(x.theirs for x in found):.2f} s",
    ]


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m tdisprove.bench.proofs", description=__doc__.replace("``", ""))
    p.add_argument("--flow", default="sev-tio-guest-run", help="default: %(default)s")
    p.add_argument("--aspect", default="lifecycle", help="default: %(default)s")
    p.add_argument(
        "--every", type=int, choices=range(1, 1000), default=1, metavar="N", help="take every N-th property (default: all)"
    )
    p.add_argument("--runs", type=int, choices=range(1, 100), default=3, metavar="N", help="of each (default: 3)")
    return p


if __name__ == "__main__":
    sys.exit(main())
