"""The observable steps of which these properties speak."""

from __future__ import annotations

from ....model.language import after
from ....model.language.mutate import DropCheck
from ....model.world.evidence import events as e
from ....model.world.evidence.state import Gate, Guest
from ....model.world.vocabulary import t
from ...formulas import After
from ...steps import Step, becomes, occurs

ACCEPT: tuple[Step, ...] = (
    occurs(e.tdi_accept, t=t),
    # A call that finds its MMIO ranges refused is no acceptance.
    occurs(e.tdi_validate, t=t, where=after(Guest.accepted[t] != "none")),
)
"""The guest accepts the TDI."""

INFO = occurs(e.tdi_info, t=t)
VERIFY = occurs(e.verify, t=t)
LOCK = occurs(e.tdi_bind, t=t)
THIS_EPOCH = After(LOCK, initially=True)
"""Within a lock epoch, and before the first."""

DMA_GATE_OPENS = becomes(Gate.dma[t])
PRIVATE_USE = occurs(e.driver_private, t=t)

UNVERIFIED = DropCheck("guest", "verify", "approved by the policy")
"""The mutant whose verifier approves whatever it is shown."""

EPOCH_BOUND = {"epoch_bind": "tsm"}
"""With this, what is shown to the verifier is all that can go wrong before acceptance: a relock is refused."""
