"""Laws of traffic through the gates."""

from __future__ import annotations

from .....model.language import after, neg
from .....model.language.mutate import DropCheck, DropUpdate, SwapValue
from .....model.world.resources import events as e
from .....model.world.resources.state import Gate, Host
from .....model.world.vocabulary import t, v
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import law, possible, step_law
from .terms import SECURE, bound, offer, state, there

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "acceptance-starts-a-locked-tdi-and-opens-its-gates",
        "Acceptance is granted to the TVM to which the TDI is bound, in CONFIG_LOCKED; the TDI runs then, with both gates open for that TVM.",
        occurs(e.tdi_accept, v=v, t=t),
        (bound[t] == v)
        & (state[t] == "CONFIG_LOCKED")
        & there
        & (after(state[t]) == "RUN")
        & (after(Gate.dma[t]) == v)
        & (after(Gate.mmio[t]) == v),
        (t, v), "TSM", "P63 §11.3.14; COV 09; AMD SDTE_WRITE, MMIO_VALIDATE", DropUpdate("gate", "tdi_accept", "gate.mmio"),
        flow="linux-tsm",
    ),
    law(
        "gates-let-through-what-is-theirs",
        "A private access is granted only through a gate that is open for that TVM, over a Secure stream, and MMIO only of a TDI in RUN; a "
        "shared one only to the TVM that sees the TDI.",
        Never(
            (
                occurs(e.dma, t=t, v=v, where=(Gate.dma[t] != v) | neg(SECURE)),
                occurs(e.mmio, v=v, t=t, where=(Gate.mmio[t] != v) | neg(SECURE) | (state[t] != "RUN")),
                occurs(e.dma_shared, t=t, v=v, where=neg(Host.visible(v, t))),
            )
        ),
        (t, v), "root complex", "P63 §11.5; Arm RKZBHV, RDVKPF; M12, M16",
        (occurs(e.dma, t=t, v=v), occurs(e.mmio, v=v, t=t)), DropCheck("gate", "mmio", "MMIO gate open"),
    ),
    law(
        "what-leaves-the-root-port-is-protected",
        "An MMIO request of a TVM through a shut gate, or over a stream that is not Secure, is ended by the root complex and no device sees it.",
        Never(occurs(e.mmio, v=v, t=t, reply="REJECTED", where=(Gate.mmio[t] != v) | neg(SECURE))),
        (t, v), "root complex", "M16: the RMP blocks; Arm RDVKPF", occurs(e.mmio, v=v, t=t, reply="FAULT"),
        DropCheck("gate", "mmio", "over a Secure stream"),
    ),
    possible(
        "an-unlocked-tdi-reaches-what-is-shared",
        "An unlocked TDI reaches what a TVM that sees it shares with the host, as an ordinary device or before it is locked.",
        occurs(e.dma_shared, t=t, v=v), there & (state[t] == "CONFIG_UNLOCKED") & Host.visible(v, t),
        (t, v), "root complex", "P63 §11.2: use by a legacy VM; M8, M12",
        SwapValue("gate", "dma_shared", offer[t], "LEGACY", "NONE"), witness=Host.visible(v, t),
    ),
)  # fmt: skip
