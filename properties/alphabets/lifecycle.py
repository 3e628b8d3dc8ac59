"""What observers see of the lifecycle."""

from __future__ import annotations

from ...model.language import exists, neg
from ...model.world.lifecycle import events as e
from ...model.world.lifecycle.state import Gate, Guest, Tdi, Tsm
from ...model.world.vocabulary import t, v, w
from ..steps import occurs
from .alphabet import Alphabet, Seen, Shown

_ACCEPTED = Guest.accepted[v, t] == "current"
_BY_SOMEBODY = exists(w, Guest.accepted[w, t] == "current")

ALPHABETS = (
    Alphabet(
        "effects", "lifecycle",
        "What takes effect: T=1 requests that reach private memory or a peer that a TVM trusts, T=1 accesses that reach the TDI; each with "
        "whether the TVM has accepted the TDI in this lock epoch.",
        seen=(
            Seen(occurs(e.dma, where=_ACCEPTED, tbit=True), "DMA of {t} reaches {v}, accepted"),
            Seen(occurs(e.dma, where=neg(_ACCEPTED), tbit=True), "DMA of {t} reaches {v}, NOT accepted"),
            Seen(occurs(e.dma_peer, where=_BY_SOMEBODY), "DMA of {t} reaches a trusted peer, accepted"),
            Seen(occurs(e.dma_peer, where=neg(_BY_SOMEBODY)), "DMA of {t} reaches a trusted peer, NOT accepted"),
            Seen(occurs(e.mmio, where=_ACCEPTED), "MMIO of {v} reaches {t}, accepted"),
            Seen(occurs(e.mmio, where=neg(_ACCEPTED)), "MMIO of {v} reaches {t}, NOT accepted"),
        ),
    ),
    Alphabet(
        "link", "lifecycle",
        "What somebody at the link sees: T=1 requests that leave the TDI, whatever becomes of them; each with whether some TVM has accepted "
        "the TDI in this lock epoch.",
        seen=(
            Seen((occurs(e.dma, reply=None, where=_BY_SOMEBODY, tbit=True), occurs(e.dma_peer, reply=None, where=_BY_SOMEBODY)),
                 "T=1 request of {t} leaves, accepted"),
            Seen((occurs(e.dma, reply=None, where=neg(_BY_SOMEBODY), tbit=True), occurs(e.dma_peer, reply=None, where=neg(_BY_SOMEBODY))),
                 "T=1 request of {t} leaves, NOT accepted"),
        ),
    ),
    Alphabet(
        "acceptance", "lifecycle",
        "Whether each TVM has accepted each TDI: not, in this lock epoch (current), or in an earlier one (stale).",
        shown=(Shown("acceptance of {t} by {v}", Guest.accepted[v, t], (t, v)),),
    ),
    Alphabet(
        "gates", "lifecycle",
        "The gates of the root complex: to whom each is open, and whether that TVM has accepted the TDI in this lock epoch.",
        shown=tuple(
            Shown(f"{name} gate of {{t}} open to {{v}}, {how}", (gate[t] == v) & accepted, (t, v))
            for name, gate in (("DMA", Gate.dma), ("MMIO", Gate.mmio))
            for how, accepted in (("accepted", _ACCEPTED), ("NOT accepted", neg(_ACCEPTED)))
        ),
    ),
    Alphabet(
        "service", "lifecycle",
        "What a TVM comes to have, whichever calls it takes: evidence, a TDI that it accepted, open gates, a private driver.",
        shown=(
            Shown("{v} holds evidence of {t}", Guest.evidence[v, t] != "none", (v, t)),
            Shown("{v} has accepted {t}", Guest.accepted[v, t] != "none", (v, t)),
            Shown("{v} has both gates of {t}", (Gate.dma[t] == v) & (Gate.mmio[t] == v), (v, t)),
            Shown("{v} has a private driver for {t}", Guest.driver[v, t] == "private", (v, t)),
        ),
    ),
    Alphabet(
        "contract", "lifecycle",
        "The milestones of the guest's contract, as the TSM's record and the guest have them: locked, evidence, started, DMA on; and their ends.",
        shown=(
            Shown("{t} locked for {v}", (Tsm.bound[t] == v) & Tsm.view[t].in_("CONFIG_LOCKED", "RUN"), (t, v)),
            Shown("{v} holds evidence of {t}", Guest.evidence[v, t] != "none", (v, t)),
            Shown("{t} started for {v}", (Tsm.bound[t] == v) & (Tsm.view[t] == "RUN"), (t, v)),
            Shown("DMA of {t} on for {v}", Gate.dma[t] == v, (t, v)),
        ),
    ),
    Alphabet(
        "tdi", "lifecycle",
        "The state of each TDI, as the device has it.",
        shown=(Shown("{t}", Tdi.state[t], (t,)),),
    ),
)  # fmt: skip
