"""Order: what may not overtake what between two ports."""

from __future__ import annotations

from ....model.language import FALSE, Check, Term, neg
from ....model.language.mutate import DropCheck
from ....model.world.channel import events as e
from ....model.world.channel.keys import NEW_KEYS_OVERTAKE
from ....model.world.channel.state import DMA, MMIO
from ...formulas import Never
from ...property import Kill, Property, Witness
from ...steps import Step, occurs
from ..promise import only_if

_FLOW = "cove-io"
NEVER = Check("never", FALSE)


def _reads(name: str, reader: str, harmed: str, arrives: Step, owes: Term) -> Property:
    return only_if(
        f"{name}-read-never-overtakes-a-write",
        f"A read of {reader} reaches its port only after every write that was sent before it in the same direction.",
        arrives, neg(owes), protects=harmed, binds="fabric", cite="CVE-2025-9612; P63 §2.4.1, §6.33.5",
        if_violated="A switch holds a write back and lets the read pass, and the receiver's count does not show it. The reader "
        "takes data for new that the write was to change.",
        if_holds="A read that was answered proves that the writes before it arrived. Either the fabric keeps the order, or the "
        "receiver notices.",
    )  # fmt: skip


_OVERTAKEN = tuple(
    occurs(sub.overtaken, where=neg(NEW_KEYS_OVERTAKE & (slot == "stale")))
    for lane, events in ((MMIO, e.MMIO), (DMA, e.DMA))
    for slot, sub in zip(lane.slots, events.sub_streams, strict=True)
)
_COMPLETIONS = tuple((lane, events.completions.arrives) for lane, events in ((MMIO, e.MMIO), (DMA, e.DMA)))

PROPERTIES = (
    _reads("mmio", "the guest", "guest", occurs(e.MMIO.reads.arrives), MMIO.read_owes),
    _reads("dma", "the TDI", "guest", occurs(e.DMA.reads.arrives), DMA.read_owes),
    Property(
        id="completion-never-overtakes-a-write",
        says="A completion reaches its port only after every write that was sent before it in its direction.",
        formula=Never(tuple(occurs(arrives, where=lane.completion_owes) for lane, arrives in _COMPLETIONS)),
        protects="guest",
        binds="fabric",
        cite="P63 §2.4.1, §6.33.5: completions carry the count of posted requests as well",
        if_violated="The answer to a status read arrives before the data that it announces. A driver that polls the device takes "
        "what is in its buffer for what the device wrote.",
        if_holds="What a device wrote is there before the answer that says so. The count of posted requests in completions sees "
        "to it, whatever the fabric does.",
        witness=Witness(tuple(occurs(arrives, reply=None, where=lane.completion_owes) for lane, arrives in _COMPLETIONS)),
        kill=Kill((DropCheck("stream", "mmio_completion_arrives", "count of posted requests"),), _FLOW),
    ),
    Property(
        id="no-tlp-overtakes-in-its-sub-stream",
        says="Of two TLPs of a sub-stream under the same keys, the later one is not taken before the earlier one.",
        formula=Never(_OVERTAKEN),
        protects="guest",
        binds="fabric",
        cite="P63 §6.33.5: the counter is part of the IV",
        if_violated="Writes arrive in another order than they were sent, or one is missing and nobody notices. A doorbell is rung "
        "before its descriptor is there.",
        if_holds="Within a sub-stream nothing is reordered, and nothing is left out, without the stream becoming Insecure.",
        witness=Witness(tuple(occurs(s.event, reply=None) for s in _OVERTAKEN if s.event is not None)),
        kill=Kill((DropCheck("stream", "dma_write_overtaken", "next of its sub-stream"),), _FLOW),
    ),
)
