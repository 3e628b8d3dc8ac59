"""What observers see of the evidence aspect."""

from __future__ import annotations

from ...model.language import neg
from ...model.world.evidence import events as e
from ...model.world.evidence.state import Gate, Guest, Tdi
from ...model.world.vocabulary import t
from ..steps import occurs
from .alphabet import Alphabet, Seen, Shown

_ACCEPTED = Guest.accepted[t] == "current"

ALPHABETS = (
    Alphabet(
        "effects", "evidence",
        "What rests on the evidence: a secret released to the TDI, private use by the driver; each with whether the TDI was accepted in this lock "
        "epoch.",
        seen=tuple(
            Seen(occurs(event, where=condition), f"{what} {{t}}, {how}")
            for event, what in ((e.release_secret, "secret released to"), (e.driver_private, "private use of"))
            for how, condition in (("accepted", _ACCEPTED), ("NOT accepted", neg(_ACCEPTED)))
        ),
    ),
    Alphabet(
        "gates", "evidence",
        "The DMA gate of the root complex, and whether the guest has accepted the TDI in this lock epoch.",
        shown=tuple(
            Shown(f"DMA gate of {{t}} open to tvm0, {how}", Gate.dma[t] & condition, (t,))
            for how, condition in (("accepted", _ACCEPTED), ("NOT accepted", neg(_ACCEPTED)))
        ),
    ),
    Alphabet(
        "tdi", "evidence",
        "The state of each TDI, as the device has it.",
        shown=(Shown("{t}", Tdi.state[t], (t,)),),
    ),
)  # fmt: skip
