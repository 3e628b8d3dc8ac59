"""What observers see of the message level. It has one TVM, which is called tvm0 as in the other aspects."""

from __future__ import annotations

from ...model.language import neg
from ...model.world.proxy import events as e
from ...model.world.proxy.state import Device, Gate, Guest, Tsm
from ...model.world.vocabulary import t
from ..steps import occurs
from .alphabet import Alphabet, Seen, Shown

_DECIDED = Guest.phase[t].in_("accepted", "one_gate", "ready", "in_use")
_ACCEPTED = _DECIDED & (Guest.evidence[t] == "current")

ALPHABETS = (
    Alphabet(
        "effects", "proxy",
        "What takes effect: T=1 requests that reach private memory, T=1 accesses that reach the TDI; each with whether the guest has accepted "
        "the TDI by evidence of this lock epoch.",
        seen=(
            Seen(occurs(e.dma, where=_ACCEPTED), "DMA of {t} reaches tvm0, accepted"),
            Seen(occurs(e.dma, where=neg(_ACCEPTED)), "DMA of {t} reaches tvm0, NOT accepted"),
            Seen(occurs(e.mmio, where=_ACCEPTED), "MMIO of tvm0 reaches {t}, accepted"),
            Seen(occurs(e.mmio, where=neg(_ACCEPTED)), "MMIO of tvm0 reaches {t}, NOT accepted"),
        ),
    ),
    Alphabet(
        "link", "proxy",
        "What somebody at the link sees: T=1 requests that leave the TDI, whatever becomes of them; each with whether the guest has accepted the "
        "TDI by evidence of this lock epoch.",
        seen=(
            Seen(occurs(e.dma, reply=None, where=_ACCEPTED), "T=1 request of {t} leaves, accepted"),
            Seen(occurs(e.dma, reply=None, where=neg(_ACCEPTED)), "T=1 request of {t} leaves, NOT accepted"),
        ),
    ),
    Alphabet(
        "gates", "proxy",
        "The gates of the root complex: which are open, and whether the guest has accepted the TDI by evidence of this lock epoch.",
        shown=tuple(
            Shown(f"{name} gate of {{t}} open to tvm0, {how}", gate[t] & accepted, (t,))
            for name, gate in (("DMA", Gate.dma), ("MMIO", Gate.mmio))
            for how, accepted in (("accepted", _ACCEPTED), ("NOT accepted", neg(_ACCEPTED)))
        ),
    ),
    Alphabet(
        "contract", "proxy",
        "The milestones of the guest's contract, as the TSM's record and the guest have them: locked, evidence, started, DMA on; and their ends.",
        shown=(
            Shown("{t} locked for tvm0", Tsm.bound[t] & Tsm.view[t].in_("CONFIG_LOCKED", "RUN"), (t,)),
            Shown("tvm0 holds evidence of {t}", Guest.evidence[t] != "none", (t,)),
            Shown("{t} started for tvm0", Tsm.bound[t] & (Tsm.view[t] == "RUN"), (t,)),
            Shown("DMA of {t} on for tvm0", Gate.dma[t], (t,)),
        ),
    ),
    Alphabet(
        "tdi", "proxy",
        "The state of each TDI, as the device has it.",
        shown=(Shown("{t}", Device.state[t], (t,)),),
    ),
)  # fmt: skip
