"""The tables of docs/checks.md, computed anew: ``python docs/checks.py`` (some ten minutes). The tests hold a part of the page against it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tdisprove.explore import targets
from tdisprove.explore.explain.guards import Guard, guards
from tdisprove.model.flows import FLOWS
from tdisprove.model.world import ASPECTS
from tdisprove.reports.guard_tables import aspect_table, summary_table

PAGE = Path(__file__).parent / "checks.md"

_HEAD = """# What each check buys

Every check of the parties' rules is left out, one at a time, in every flow, and all properties of safety and reachability are decided again. Computed by
`python docs/checks.py`; of one flow `tdisprove explore FLOW --aspect ASPECT --drop-checks` says it.

* **A number**: so many properties hold with the check and fail without it.
* **law**: only laws of single steps are lost, which say what the check says, or some refusal is no longer given. For all else that the catalogue asks, the check
  is redundant.
* **–**: redundant. Without it its party goes along with steps that it refused, and no property of the catalogue is lost.
* **·**: never decisive. In no reachable state is it the one reason why its party does not go along: something else forbids the step whenever the check
  fails, or it never fails.
* An empty cell: the check is not made in the flow (its party is not honest, or the flow has no such rule).

A check that is redundant alone may not be so together with others (`tdisprove prove FLOW -p PROPERTY --why`), in other topologies, or where another
party is hostile: the others stand behind it.

## What stands out

* **Redundant wherever it decides anything**, in every flow that makes it: the TSM's look whether a TDI is bound before it binds, unbinds or tells of it (`tsm.tdi_bind`,
  `tsm.tdi_unbind`, `tsm.tdi_info`: the device's own state stands behind); that gates are open before a driver uses private memory, in the aspect evidence; and the receiver's
  count of posted requests on the link, as long as it has the published gap (`reorder_check=base`).
* **Redundant in one flow, needed in another**: that a device is not connected twice is what keeps RUN to a secure stream where the TSM asks for one
  (`bind_requires=secure`), and costs nothing elsewhere.
* About a third of the checks is needed for some property, a third is noticed by laws of single steps only, and most of the rest never decides anything.

## Counts

Needed / law / redundant / never decisive, per aspect and flow:

"""


def columns(aspect: str) -> dict[str, list[Guard]]:
    """The checks of an aspect in each flow that has it."""
    found = {}
    for f in FLOWS.values():
        for t in targets([f.name]):
            if t.aspect == aspect:
                found[f.name] = guards(t)
                print(f"{f.name}: {aspect}", file=sys.stderr, flush=True)
    return found


def page(found: Mapping[str, Mapping[str, Sequence[Guard]]]) -> str:
    parts = [_HEAD + summary_table(found)]
    parts += [f"## {aspect.capitalize()}\n\n{aspect_table(c)}" for aspect, c in found.items()]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page({a: columns(a) for a in ASPECTS}), encoding="utf-8")
