"""What observers see of the device as TDISP responder."""

from __future__ import annotations

from ...model.world.responder import events as e
from ...model.world.responder.state import Tdi
from ...model.world.vocabulary import t
from ..steps import occurs
from .alphabet import Alphabet, Seen, Shown

ALPHABETS = (
    Alphabet(
        "link", "responder",
        "What somebody at the link sees: TLPs that leave the TDI, by kind, T bit and path.",
        seen=(Seen(occurs(e.tlp_out), "{kind} of {t} leaves, T={tbit}, {path}"),),
    ),
    Alphabet(
        "effects", "responder",
        "TLPs that the TDI sends or takes, and what it takes in of a TVM.",
        seen=(
            Seen(occurs(e.tlp_out), "{kind} of {t} leaves, T={tbit}, {path}"),
            Seen(occurs(e.tlp_in), "{t} takes a TLP for {target}, T={tbit}, over a bound stream: {bound}"),
            Seen(occurs(e.works), "{t} works for a TVM: {work}"),
        ),
    ),
    Alphabet(
        "tdi", "responder",
        "The state of each TDI, as the device has it.",
        shown=(Shown("{t}", Tdi.state[t], (t,)),),
    ),
)  # fmt: skip
