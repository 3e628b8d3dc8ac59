"""Laws of the host: what an honest one does, and what a hostile one can pretend."""

from __future__ import annotations

from .....model.language.mutate import DropCheck, SwapValue
from .....model.world.choices.lifecycle import run_by
from .....model.world.evidence import events as e
from .....model.world.evidence.state import Tdi
from .....model.world.vocabulary import HOST, t
from ....formulas import Never, Sometimes
from ....property import Property
from ....steps import occurs
from ...law import law
from .terms import accepted


def _hides(wrong: str, part: str, id: str, says: str, cite: str) -> Property:
    """That a host can hide what is wrong: the part of the evidence that tells of it is the host's to hand over."""
    step = occurs(e.tdi_info, t=t, false_part=part, where=Tdi.wrong[t] == wrong)
    other = {"fake": "identity", "identity": "flags", "flags": "link", "config": "none"}[wrong]
    return law(
        id,
        says,
        Sometimes(step),
        (t,),
        "guest",
        cite,
        step,
        SwapValue("host", "tdi_info", Tdi.wrong[t], wrong, other),
    )


PROPERTIES: tuple[Property, ...] = (
    law(
        "an-honest-host-maps-as-reported",
        "An honest host has MMIO ranges mapped where the report has them.",
        Never(
            tuple(
                occurs(x, t=t, reply=None, where=HOST.honest & (e.mapping != "right")) for x in (e.tdi_validate, e.mmio_validate)
            )
        ),
        (t,), "host", "COV 05 T002; M15: the host maps MMIO", (occurs(e.tdi_validate, t=t), occurs(e.mmio_validate, t=t)),
        DropCheck("host", "tdi_validate", "as reported"), host="honest",
    ),
    law(
        "an-honest-host-waits-for-the-guest",
        "Where it is the guest that asks for RUN, an honest host has nothing started that the guest has not accepted.",
        Never(occurs(e.tdi_run, t=t, reply=None, where=HOST.honest & (run_by != "host") & (accepted == "none"))),
        (t,), "host", "M20; AMD: TIO guest request RUN", occurs(e.tdi_run, t=t),
        DropCheck("host", "tdi_run", "asked by the guest"), flow="sev-tio-guest-run", host="honest",
    ),
    _hides(
        "fake", "chain", "a-fake-can-be-shown-with-a-genuine-chain",
        "A host can hand over the chain of a genuine device for a fake: only a comparison with the TSM's session tells.",
        "M3, M4, M14; AMD certs_slot",
    ),
    _hides(
        "identity", "chain", "a-swapped-device-can-be-shown-with-the-promised-chain",
        "A host can hand over the chain of the device that it promised for another one.",
        "AMD guest_device_id; COV 05 T005, T007",
    ),
    _hides(
        "flags", "report", "lock-flags-can-be-hidden-by-another-report",
        "A host that had the TDI locked with other flags can hand over a report that tells of the flags wanted.",
        "P63 Table 11-15; M4: the host carries the report",
    ),
    _hides(
        "config", "report", "a-trap-before-the-lock-can-be-hidden-by-another-report",
        "A host that configured a device before the lock can hand over a report that does not tell of it.",
        "COV 05, threat of pre-configuration; M4: the host carries the report",
    ),
    law(
        "ranges-of-a-genuine-device-can-be-mapped-wrongly",
        "A host can map MMIO otherwise than reported for a device that is all that was promised: verified evidence does not replace "
        "the check of the ranges.",
        Sometimes(
            tuple(
                occurs(x, t=t, mapping="last_wrong", where=Tdi.wrong[t] == "none") for x in (e.tdi_validate, e.mmio_validate)
            )
        ),
        (t,), "guest", "COV 05 T001, T002; M15", (occurs(e.tdi_validate, t=t), occurs(e.mmio_validate, t=t)),
        SwapValue("host", "tdi_validate", Tdi.wrong[t], "none", "fake"),
    ),
)  # fmt: skip
