"""The events of the link: what is sent, what the fabric does with it, and what changes meanwhile."""

from __future__ import annotations

from dataclasses import dataclass

from ...language import BOOL, Event, Party, Term, param
from ..choices.channel import FABRIC
from ..vocabulary import DEVICE_PARTY, GUEST, HOST, ROOT_COMPLEX, v

evades = param("evades", BOOL)
"""The circumstances are those in which the count of posted requests does not show that a read overtook one."""

enable_root_port = Event("enable_root_port", (), HOST, "the stream is enabled at the root port")
enable_device = Event("enable_device", (), HOST, "the stream is enabled at the device")
device_connect = Event("device_connect", (), HOST, "a stream that was lost is keyed anew")
link_down = Event("link_down", (), HOST, "the link goes down, a port is reset, or Enable is cleared: the stream is lost")
host_mmio_write = Event("host_mmio_write", (), HOST, "the host's driver writes to the device, T=0")
host_dma_write = Event("host_dma_write", (), DEVICE_PARTY, "the device writes for the host's driver, T=0")

tdi_bind = Event("tdi_bind", (v,), HOST, "the TDI is locked, started and accepted, and its gates are opened")
tdi_unbind = Event("tdi_unbind", (), HOST, "STOP_INTERFACE; the gates are closed")
neighbour_starts = Event("neighbour_starts", (), HOST, "another TDI of the device comes into use")
neighbour_stops = Event("neighbour_stops", (), HOST, "the other TDI is stopped")
neighbour_read = Event("neighbour_read", (), GUEST, "the owner of the other TDI reads its MMIO, T=1, same root port")
neighbour_answered = Event("neighbour_answered", (), ROOT_COMPLEX, "that read is answered, or given up")


@dataclass(frozen=True, eq=False)
class Traffic:
    """The events of a sub-stream: what the fabric does with a TLP of it."""

    arrives: Event
    overtaken: Event
    lost: Event


@dataclass(frozen=True, eq=False)
class LaneEvents:
    """The events of a lane."""

    write: Event
    read: Event
    timeout: Event
    forged: Event
    writes: Traffic
    reads: Traffic
    completions: Traffic

    @property
    def sub_streams(self) -> tuple[Traffic, Traffic, Traffic]:
        """Posted, non-posted, completion."""
        return self.writes, self.reads, self.completions

    @property
    def checked(self) -> tuple[Event, ...]:
        """The events in which IDE checks a TLP."""
        return (*(e for s in self.sub_streams for e in (s.arrives, s.overtaken)), self.forged)

    @property
    def all(self) -> tuple[Event, ...]:
        of_sub_streams = (e for s in self.sub_streams for e in (s.arrives, s.overtaken, s.lost))
        return (self.write, self.read, self.timeout, self.forged, *of_sub_streams)


def _traffic(name: str, what: str, *params: Term) -> Traffic:
    return Traffic(
        Event(f"{name}_arrives", params, FABRIC, f"{what} reaches its port"),
        Event(f"{name}_overtaken", (), FABRIC, f"a later TLP of the sub-stream reaches the port before {what}"),
        Event(f"{name}_lost", (), FABRIC, f"the fabric drops {what}"),
    )


def _lane(name: str, asks: Party, what: str, timer: Party) -> LaneEvents:
    return LaneEvents(
        Event(f"{name}_write", (), asks, f"{what} writes, T=1"),
        Event(f"{name}_read", (), asks, f"{what} reads, T=1"),
        Event(f"{name}_timeout", (), timer, "the completion timeout of the outstanding read"),
        Event(f"{name}_forged", (), FABRIC, "the fabric makes up a write and delivers it"),
        _traffic(f"{name}_write", "the write"),
        _traffic(f"{name}_read", "the read", evades),
        _traffic(f"{name}_completion", "the completion"),
    )


MMIO = _lane("mmio", GUEST, "the guest that has the TDI", ROOT_COMPLEX)
DMA = _lane("dma", DEVICE_PARTY, "the TDI", DEVICE_PARTY)

EVENTS: tuple[Event, ...] = (
    enable_device, enable_root_port, device_connect, link_down, host_mmio_write, host_dma_write, tdi_bind, tdi_unbind,
    neighbour_starts, neighbour_stops, neighbour_read, neighbour_answered, *DMA.all, *MMIO.all,
)  # fmt: skip
"""All of them: of equally short runs, the one with the earlier events is shown."""
