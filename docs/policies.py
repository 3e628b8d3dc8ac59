"""The tables of docs/policies.md, computed anew: ``python docs/policies.py``. The tests hold parts of the page against what this says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tdisprove.model.flows import FLOWS, Flow
from tdisprove.properties.catalogue import CENTRAL, find, groups
from tdisprove.reports import policy_tables as tables

PAGE = Path(__file__).parent / "policies.md"

_SAFE = """# Policies: which choices and which checks are enough

Computed by `python docs/policies.py`. What stands here of single flows and properties, `tdisprove policy` says of any others (see
[Proofs, certificates, reasons and policies](proofs.md#policies)).

## The safe settings of what vendors chose

Varied is everything in which flows differ (`--over flow-choices`), against a hostile host, with all other parties honest. A setting counts as vacuous
for a property where it holds only because what it speaks of cannot happen.

### The argument of the thread

The two properties over all choices of the lifecycle. `tdisprove policy cove-io -p no-tbit-dma-emitted-before-accept --over flow-choices`

"""

_POINTS = """
The flows are points in this space. Columns are the choices on which the answer depends and in which flows differ.

"""

_EVIDENCE = """
### Evidence

What the guest believes, over all choices of the aspect evidence, with a guest that makes every check but that for a nonce of its own in
the measurements (with it, nothing is ever accepted where somebody else's nonce is signed, and all is vacuous). Which checks are needed is the matter of
the next table.

"""

_WEAKEST = """
## The weakest checks of a guest

All choices are as in the flow; the 19 checks of the guest are varied, 524,288 settings a flow. A set of checks suffices for a property where it
holds and is not vacuous; shown are all sets that suffice and of which no part does. Properties that need no check, or for which none
suffices, in any flow are left out. `tdisprove policy FLOW -p PROPERTY --over guest-checks`

"""

_OUT = """
## What stands out

* **No public guest makes all the checks that it needs.** `cove-io` and `arm-cca-rsi` lack only the look at the mark of the epoch, `arm-cca` freshness of
  measurements and undoing, the guest driver of SEV-TIO of 2026 seven checks.
* **Some checks are not needed by anybody there**: `check_config` where the report says nothing of configuration, and whether state is read from the TSM where the
  device refuses to be started otherwise (`cove-io`).
* **A nonce of the verifier is worth nothing where the host or the TSM picks the nonce that is signed**: a guest that insists on its own accepts nothing.
  `tdisprove policy linux-tsm -p accepts-only-a-report-of-this-lock --over guest-checks`
"""

_TOGETHER = """
### For all properties together

Of the properties of the evidence (bytes, epochs, checks, gates, drivers, secrets) those that some set of checks brings about in the flow. Not all of them can be
had together everywhere: with some checks made, what another property asks to be possible is not.

"""


def thread() -> str:
    """The safe settings for the two properties of the thread's argument."""
    found = tables.safe_settings([find(p) for p in CENTRAL])
    return tables.safe_conditions(found) + "\n" + _POINTS + tables.safe_points(found) + "\n"


def evidence() -> str:
    """The safe settings for what the guest believes."""
    wanted = [
        p
        for g in groups()
        if g.title in ("evidence: its bytes and its epoch", "evidence: the guest's checks")
        for p in g.properties
    ]
    return tables.safe_conditions(tables.safe_settings(wanted, {"check_meas_nonce": False})) + "\n"


def weakest(flows: Iterable[Flow]) -> str:
    """The weakest checks, per property and for all together."""
    found = {f.name: tables.weakest_checks(f, tables.evidence_properties()) for f in flows}
    return tables.weakest_table(found) + "\n" + _TOGETHER + tables.weakest_together(found) + "\n"


def page() -> str:
    every = weakest(f for f in FLOWS.values() if "evidence" in f.aspects)
    return _SAFE + thread() + _EVIDENCE + evidence() + _WEAKEST + every + _OUT


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
