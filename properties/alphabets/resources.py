"""What observers see of the resources that the host hands out."""

from __future__ import annotations

from ...model.language import neg
from ...model.world.resources import events as e
from ...model.world.resources.state import Gate, Tdi, Tsm, Tvm
from ...model.world.vocabulary import t, v
from ..steps import occurs
from .alphabet import Alphabet, Seen, Shown

_BOUND = (Tsm.bound[t] == v) & (Tvm.life[v] == "ALIVE")

ALPHABETS = (
    Alphabet(
        "effects", "resources",
        "What takes effect: T=1 requests that reach private memory, T=1 accesses that reach a TDI; each with whether the TDI is bound to that TVM, "
        "alive.",
        seen=(
            Seen(occurs(e.dma, where=_BOUND), "DMA of {t} reaches {v}, bound to it"),
            Seen(occurs(e.dma, where=neg(_BOUND)), "DMA of {t} reaches {v}, NOT bound to it"),
            Seen(occurs(e.mmio, where=_BOUND), "MMIO of {v} reaches {t}, bound to it"),
            Seen(occurs(e.mmio, where=neg(_BOUND)), "MMIO of {v} reaches {t}, NOT bound to it"),
        ),
    ),
    Alphabet(
        "gates", "resources",
        "The gates of the root complex: to whom each is open, and whether the TDI is bound to that TVM, alive.",
        shown=tuple(
            Shown(f"{name} gate of {{t}} open to {{v}}, {how}", (gate[t] == v) & condition, (t, v))
            for name, gate in (("DMA", Gate.dma), ("MMIO", Gate.mmio))
            for how, condition in (("bound to it", _BOUND), ("NOT bound to it", neg(_BOUND)))
        ),
    ),
    Alphabet(
        "tdi", "resources",
        "The state of each TDI, as the device has it.",
        shown=(Shown("{t}", Tdi.state[t], (t,)),),
    ),
)  # fmt: skip
