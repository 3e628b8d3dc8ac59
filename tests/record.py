"""Rewrite the recorded verdicts of some aspects (default: all): ``python tests/record.py [ASPECT …]``.

A record is a claim. Read the difference before it is committed, and say in the commit why a verdict changed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tdisprove.explore import check
from tdisprove.model.flows import FLOWS
from tdisprove.model.world import ASPECTS
from tdisprove.properties.catalogue import Expectation, of_aspect
from tdisprove.properties.catalogue.registry import record


def main(names: list[str]) -> None:
    folder = Path(__file__).parent.parent / "properties" / "catalogue" / "expected"
    for aspect in names or ASPECTS:
        found = {
            (r.prop.id, flow.name): Expectation(r.verdict.value, r.depth)
            for flow in FLOWS.values()
            if aspect in flow.aspects
            for r in check(flow.system(aspect=aspect), of_aspect(aspect))
        }
        rows = [(p.id, f, found[p.id, f]) for p in of_aspect(aspect) for f in FLOWS if (p.id, f) in found]
        (folder / f"{aspect}.toml").write_text(record(rows), encoding="utf-8")
        print(f"{aspect}: {len(rows)} verdicts")


if __name__ == "__main__":
    main(sys.argv[1:])
