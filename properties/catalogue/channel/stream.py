"""The stream: what it lets in and out, and that it can be used."""

from __future__ import annotations

from ....model.language import Check, conj
from ....model.language.mutate import AddCheck, DropCheck
from ....model.world.channel import events as e
from ....model.world.channel.state import DMA, LANES, MMIO, Neighbour, Stream, Tdi, Tsm
from ....model.world.vocabulary import v
from ...formulas import AlwaysPossible, Never, Sometimes, StepLaw
from ...property import Kill, Property, Witness
from ...steps import occurs
from .order import NEVER

_FORGED = tuple(occurs(x.forged) for x in (e.MMIO, e.DMA))
_SENT = tuple(occurs(x) for lane in (e.MMIO, e.DMA) for x in (lane.write, lane.read))
_NOTHING_UNDER_WAY = conj(*(slot == "none" for lane in LANES for slot in lane.slots))

PROPERTIES = (
    Property(
        id="what-is-delivered-was-sent",
        says="Nothing takes effect at the TDI or in the owner's memory that no port has sent.",
        formula=Never(_FORGED),
        protects="guest",
        binds="fabric",
        cite="P63 §6.33.5; COV 04: switches are outside the TCB; M12",
        if_violated="With IDE on each link, the switch between the links holds the TLPs in the clear, and makes up others. Then the "
        "switch is as trusted as the device.",
        if_holds="The fabric can delay, reorder and lose, and forge nothing: a TLP that it makes up costs it the stream.",
        witness=Witness(tuple(occurs(x.forged, reply=None) for x in (e.MMIO, e.DMA))),
        kill=Kill((DropCheck("stream", "dma_forged", "MAC"),), "cove-io"),
    ),
    Property(
        id="nothing-of-a-tvm-leaves-in-the-clear",
        says="A TLP for or from a TVM is sent over a Secure stream, or not at all.",
        formula=StepLaw(_SENT, Stream.secure()),
        protects="guest",
        binds="device",
        cite="P63 §6.33.8: an Insecure stream discards; Arm RDVKPF: rejected, not downgraded",
        if_violated="A stream that was made to fail is replaced by no protection. Losing TLPs is then a way to read them.",
        if_holds="Losing TLPs costs the attacker the stream and gains nothing. What is lost is sent again over new keys or never.",
        witness=Witness(tuple(occurs(s.event, reply="DISCARDED") for s in _SENT if s.event is not None)),
        kill=Kill((DropCheck("stream", "mmio_write", "stream Secure"),), "cove-io"),
    ),
    Property(
        id="enabling-ide-loses-nothing",
        says="No TLP of a driver at work is dropped because one port of the stream is enabled and the other is not yet.",
        formula=Never((occurs(e.MMIO.writes.arrives, reply="MISROUTED"), occurs(e.DMA.writes.arrives, reply="MISROUTED"))),
        protects="host",
        binds="host",
        cite="P63 §6.33.8; M1: connect before probe; M4",
        if_violated="The port that was enabled first sends over the stream to one that does not know it yet. The TLP is dropped, and "
        "the next one of its sub-stream costs the stream.",
        if_holds="The driver is quiet while the ports are enabled one after the other. TLPs that were sent without IDE are taken on "
        "either side of it.",
        witness=Witness(occurs(e.host_mmio_write)),
    ),
    Property(
        id="next-owner-need-not-wait-for-the-neighbour",
        says="While another TDI of the device runs, a free TDI can be given to its next owner.",
        formula=AlwaysPossible(occurs(e.tdi_bind), ~Tsm.bound() & Stream.secure() & Neighbour.running & _NOTHING_UNDER_WAY),
        protects="host",
        binds="TSM",
        cite="COV 04: one selective stream per device, shared by all its TDIs",
        if_violated="The stream would have to be taken down to get rid of the former owner's TLPs, and that takes the running TDI "
        "to ERROR. One owner waits for another.",
        if_holds="Reassignment of one TDI leaves the others in peace.",
        witness=Witness(~Tsm.bound() & Neighbour.running),
        kill=Kill((AddCheck("tsm", "tdi_bind", Check("neighbour idle", ~Neighbour.running)),), "cove-io"),
    ),
    Property(
        id="every-tvm-can-be-answered",
        says="Every TVM can have the TDI, and its own reads can be answered.",
        formula=Sometimes(
            occurs(
                e.MMIO.completions.arrives,
                where=(Tsm.owner == v) & (MMIO.waiting == "current") & ~MMIO.completion_late & ~MMIO.completion_owes,
            )
        ),
        over=(v,),
        protects="guest",
        cite="M1: the whole dance",
        kill=Kill((AddCheck("tdi", "mmio_read_arrives", NEVER),), "cove-io"),
    ),
    Property(
        id="tdi-can-read-and-write",
        says="A TDI can have a write and an answered read under way at once.",
        formula=Sometimes((DMA.write == "current") & (DMA.completion == "current") & Tdi.running),
        protects="guest",
        cite="M1",
        kill=Kill((AddCheck("tdi", "dma_read", NEVER),), "cove-io"),
    ),
)
