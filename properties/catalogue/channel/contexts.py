"""Requests under way while the TDI changes hands."""

from __future__ import annotations

from ....model.language.mutate import DropCheck
from ....model.world.channel import events as e
from ....model.world.channel.state import DMA, MMIO, Tdi, Tsm
from ...formulas import Never, StepLaw
from ...property import Kill, Property, Witness
from ...steps import occurs
from ..promise import only_if

_NO_TEE = ("plain", "host")
_MMIO_WRITE = occurs(e.MMIO.writes.arrives, where=~MMIO.write.in_(*_NO_TEE))
_DMA_WRITE = occurs(e.DMA.writes.arrives, where=~DMA.write.in_(*_NO_TEE))
_DMA_READ = occurs(e.DMA.reads.arrives)

PROPERTIES = (
    only_if(
        "dma-write-takes-effect-for-its-sender-only",
        "A write of the TDI takes effect only in the memory of the TVM, and in the lock epoch, for which it was sent.",
        _DMA_WRITE, DMA.write == "current", protects="other TVM", binds="TSM", cite="CVE-2025-9614; COV 05",
        if_violated="A switch holds a write of the former owner's TDI until the TDI is the next owner's. The gate knows the TDI, "
        "not the time at which it wrote: the write lands in the next owner's memory.",
        if_holds="Nothing that was sent for one owner reaches the memory of another. After STOP_INTERFACE no old write takes "
        "effect.",
    ),
    only_if(
        "mmio-write-takes-effect-for-its-sender-only",
        "A guest's write takes effect at the TDI only while the TDI is that guest's, in the same lock epoch.",
        _MMIO_WRITE, MMIO.write == "current", protects="other TVM", binds="TSM",
        cite="CVE-2025-9614; P63 §11.2.1: accepted in RUN, whichever RUN",
        if_violated="A switch holds a guest's write until the TDI runs for another guest. The former owner programs the next "
        "owner's device.",
        if_holds="A guest has its hands off the TDI once it is unbound. Nothing that it sent before acts on the next owner.",
    ),
    Property(
        id="read-takes-effect-for-its-sender-only",
        says="A read reaches a TDI, or memory, only of the owner and in the lock epoch for which it was sent.",
        formula=Never(
            (
                occurs(e.MMIO.reads.arrives, where=MMIO.read != "current"),
                occurs(e.DMA.reads.arrives, where=DMA.read != "current"),
            )
        ),
        protects="other TVM",
        binds="TSM",
        cite="CVE-2025-9614, CVE-2025-9613; P63 §11.2.1",
        if_violated="A read of the former owner is answered with data of the next one. Reads with side effects act on a device "
        "that is no longer the reader's.",
        if_holds="Nobody is answered from what is no longer his.",
        witness=Witness((occurs(e.MMIO.reads.arrives), _DMA_READ)),
    ),
    Property(
        id="no-dma-takes-effect-between-owners",
        says="From the end of unbinding to the next bind, no request of the TDI with T=1 takes effect.",
        formula=StepLaw((_DMA_WRITE, _DMA_READ), Tsm.bound()),
        protects="guest",
        binds="root complex",
        cite="P63 §11.3.16; COV 07: after STOP_INTERFACE the gates are closed",
        if_violated="Memory of a TVM is written after the TVM gave the device up. It may be somebody else's by then.",
        if_holds="Closed gates stop what STOP_INTERFACE could not call back. It is the next owner's gate that lets it in.",
        witness=Witness(occurs(e.DMA.writes.arrives, reply="BLOCKED")),
        kill=Kill((DropCheck("root_complex", "dma_write_arrives", "gate open"),), "cove-io"),
    ),
    Property(
        id="no-untrusted-write-reaches-a-running-tdi",
        says="No write without the T bit takes effect at a TDI in RUN.",
        formula=Never(occurs(e.MMIO.writes.arrives, where=MMIO.write.in_(*_NO_TEE) & Tdi.running)),
        protects="guest",
        binds="device",
        cite="P63 §11.2.1",
        if_violated="A write of the host's driver, sent before the device was connected, programs a TDI that a guest has accepted.",
        if_holds="What the host's driver left under way ends at the device's port. The T bit tells it from the owner's.",
        witness=Witness(
            occurs(e.MMIO.writes.arrives, reply=None, where=MMIO.write.in_(*_NO_TEE) & Tdi.running), {"quiet_connect": False}
        ),
        kill=Kill((DropCheck("tdi", "mmio_write_arrives", "T=0 not in RUN"),), "cove-io", {"quiet_connect": False}),
    ),
)  # fmt: skip
