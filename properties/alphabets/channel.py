"""What observers see of the link with its TLPs in flight."""

from __future__ import annotations

from ...model.world.channel.events import DMA, MMIO
from ..steps import occurs
from .alphabet import Alphabet, Seen

ALPHABETS = (
    Alphabet(
        "effects", "channel",
        "TLPs that a port takes: writes, reads and completions of either direction, and those that the fabric made up.",
        seen=tuple(
            Seen(occurs(event)) for lane in (MMIO, DMA) for event in (*(s.arrives for s in lane.sub_streams), lane.forged)
        ),
    ),
)  # fmt: skip
