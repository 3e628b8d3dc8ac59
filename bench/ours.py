"""Our explorer as a process of its own: ``python -m tdisprove.bench.ours``; what it found, as JSON."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence

from ..explore.explicit import ExplicitEngine
from ..model.flows import flow
from ..properties.catalogue import find
from ..properties.compile import compile_properties


def main(argv: Sequence[str] | None = None) -> int:
    """Explore an aspect of a flow, without reductions, judging the given properties in every state and step."""
    p = argparse.ArgumentParser(prog="python -m tdisprove.bench.ours")
    p.add_argument("flow")
    p.add_argument("aspect")
    p.add_argument("--size", action="append", default=[], metavar="INDEX=N")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--judge", action="append", default=[], metavar="PROPERTY")
    args = p.parse_args(argv)
    topology = {k: int(n) for k, _, n in (s.partition("=") for s in args.size)}
    system, obligations = compile_properties(
        flow(args.flow).system(topology, aspect=args.aspect), [find(name) for name in args.judge]
    )
    start = time.perf_counter()
    report = ExplicitEngine(symmetry="off", dead_variables="off", threads=args.threads).check(system, obligations)
    seconds = time.perf_counter() - start
    found = report.statistics
    assert found is not None
    json.dump(
        {
            "states": found.states, "transitions": found.transitions, "depth": found.depth, "backend": found.backend,
            "search_seconds": seconds, "violated": sum(o.path is not None for o in report.outcomes),
        },
        sys.stdout,
    )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
