"""Evidence: which one was verified, and of which lock epoch."""

from __future__ import annotations

from ....model.language import implies
from ....model.language.mutate import DropCheck
from ....model.world.choices.lifecycle import accept_by
from ....model.world.lifecycle import events as e
from ....model.world.lifecycle.state import Guest
from ....model.world.vocabulary import t, v
from ...formulas import After, Invariant, Precedence, StepLaw
from ...property import Kill, Property, Witness
from ...steps import Step, occurs

_ACCEPT_BY: tuple[Step, ...] = (
    occurs(e.tdi_validate, t=t, v=v),
    occurs(e.tdi_accept, t=t, v=v),
    occurs(e.start_interface, t=t, v=v, where=accept_by == "start"),
)

PROPERTIES = (
    Property(
        id="accepted-evidence-is-of-this-epoch",
        says="When a guest accepts a TDI, the evidence that it verified belongs to the TDI's current lock epoch.",
        formula=StepLaw(_ACCEPT_BY, Guest.evidence[v, t] == "current"),
        over=(t, v),
        protects="guest",
        cite="M15, M17; Linux tsm.rst: the TSM must correlate evidence with RUN",
        if_violated="The host relocked the TDI between evidence and acceptance, and nothing told the guest. It accepts a configuration that nobody measured.",
        if_holds="What the guest verified is what it accepts. A relock in between is noticed.",
        witness=Witness(_ACCEPT_BY),
        kill=Kill((DropCheck("tsm", "tdi_validate", "epoch"),), "sev-tio-host-run", {"epoch_bind": "tsm"}),
    ),
    Property(
        id="accept-only-after-verification",
        says="A guest accepts a TDI only after it has approved the evidence that it read last.",
        formula=Precedence(occurs(e.verify, t=t, v=v), _ACCEPT_BY, After(occurs(e.tdi_info, t=t, v=v), initially=True)),
        over=(t, v),
        protects="guest",
        cite="M1, M17: info, verify, validate, in this order",
        if_violated="A device enters the TVM's trust that nobody looked at. Whatever it is, it now has private DMA.",
        if_holds="Reading, approving and accepting come in this order. A device whose evidence does not pass is never accepted.",
        witness=Witness(_ACCEPT_BY),
        kill=Kill((DropCheck("guest", "tdi_validate", "verified"),), "sev-tio-host-run"),
    ),
    Property(
        id="private-driver-only-on-an-accepted-tdi",
        says="A driver uses private memory only on a TDI whose acceptance stands and whose evidence was approved.",
        formula=Invariant(implies(Guest.driver[v, t] == "private", (Guest.accepted[v, t] != "none") & Guest.verified[v, t])),
        over=(t, v),
        protects="guest",
        cite="M1, M8: until then the driver uses shared memory",
        if_violated="A driver hands private memory to a device that is not, or no longer, accepted. Bounce buffers were left too early.",
        if_holds="Direct DMA starts after acceptance and ends before it is taken back. Until then the driver bounces.",
        witness=Witness(Guest.driver[v, t] == "private"),
        kill=Kill((DropCheck("guest", "tdi_revoke", "no private driver"),), "sev-tio-host-run"),
    ),
)
