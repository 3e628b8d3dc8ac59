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

_LEAST = 0.01
"""Seconds: ABC tells no less, so that a search of none counts as one of so many."""


@dataclass(frozen=True)
class Proof:
    """A property's proof by both; seconds are medians of the runs."""

    prop: str
    ours: float
    """Of the engine: slicing, encoding, search and the check of the invariant, without composing the system and compiling the property."""
    theirs: float
    """Of the whole process, which reads the circuit and searches."""
    our_search: float
    """From the first question to the invariant."""
    their_search: float
    """What ABC says that its `pdr` took, in hundredths of a second."""

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs

    @property
    def of_search(self) -> float:
        return self.our_search / max(self.their_search, _LEAST)


def main(argv: Sequence[str] | None = None) -> int:
    """0 when both prove everything, 1 when not, 2 for bad usage or where there is no ABC."""
    args = _parser().parse_args(argv)
    missing = abc.missing()
    if missing:
        print(f"tdisprove.bench.proofs: {missing}; install the package berkeley-abc", file=sys.stderr)
        return 2
    try:
        chosen = flow(args.flow)
        aspects = chosen.aspects if args.aspect == "all" else (args.aspect,)
        systems = {a: chosen.system(aspect=a) for a in aspects}
    except ModelError as e:
        print(f"tdisprove.bench.proofs: {e}", file=sys.stderr)
        return 2
    asked = [(a, p) for a in aspects for p in _proved(args.flow, a)][:: args.every]
    found: list[Proof] = []
    failed: list[str] = []
    try:
        for k, (aspect, p) in enumerate(asked):
            print(f"{k + 1} of {len(asked)}: {p.id}", file=sys.stderr, flush=True)
            try:
                found.append(measure(systems[aspect], p, args.runs))
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
    took = []
    for _ in range(runs):
        start = time.perf_counter()
        engine = SatEngine()
        report = engine.check(watched, obligations)
        ours = time.perf_counter() - start
        if any(o.verdict is not Verdict.HOLDS for o in report.outcomes):
            raise PeerError(f"ours says {', '.join(o.verdict.value for o in report.outcomes)}")
        with tempfile.TemporaryDirectory() as folder:
            answer = abc.run_abc(exported, export, Path(folder))
        if answer.violated:
            raise PeerError("ABC finds a violation")
        if answer.search_seconds is None:
            raise PeerError("ABC does not say what its search took")
        took.append((ours, answer.seconds, sum(engine.seconds.values()), answer.search_seconds))
    return Proof(p.id, *(statistics.median(x) for x in zip(*took, strict=True)))


def _told(found: Sequence[Proof]) -> list[str]:
    if not found:
        return ["nothing was measured"]
    worst = sorted(found, key=lambda x: -x.ours)[:10]
    rows = [
        ("property", "search s", "ABC's s", "ratio", "engine s", "process s", "ratio"),
        *(
            (x.prop, f"{x.our_search:.3f}", f"{x.their_search:.2f}", f"x{x.of_search:.2f}", f"{x.ours:.3f}", f"{x.theirs:.3f}", f"x{x.ratio:.2f}")
            for x in worst
        ),
    ]  # fmt: skip
    return [
        *aligned(rows, words=1),
        f"these take longest of {len(found)}",
        _summary("search, ours/ABC's", [x.of_search for x in found], 2),
        _summary("our engine with encoding and check/ABC's process", [x.ratio for x in found], 4),
        f"all together {sum(x.ours for x in found):.2f} s and {sum(x.theirs for x in found):.2f} s",
    ]


def _summary(what: str, ratios: Sequence[float], bound: int) -> str:
    within = sum(r <= bound for r in ratios)
    return f"{what}: median x{statistics.median(ratios):.2f}, worst x{max(ratios):.2f}, at most x{bound} for {within} of {len(ratios)}"


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m tdisprove.bench.proofs", description=__doc__.replace("``", ""))
    p.add_argument("--flow", default="sev-tio-guest-run", help="default: %(default)s")
    p.add_argument("--aspect", default="lifecycle", help="or all of the flow's (default: %(default)s)")
    p.add_argument(
        "--every", type=int, choices=range(1, 1000), default=1, metavar="N", help="take every N-th property (default: all)"
    )
    p.add_argument("--runs", type=int, choices=range(1, 100), default=3, metavar="N", help="of each (default: 3)")
    return p


if __name__ == "__main__":
    sys.exit(main())
