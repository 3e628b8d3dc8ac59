"""The state of what is handed out: every variable of every part, in one place."""

from __future__ import annotations

from collections.abc import Mapping

from ...language import BOOL, IndexMap, Machine, Maybe, Term, enum, exists
from ..vocabulary import DEVICE, LOCKED_STATES, STATE, STREAM, TDI, TVM, d, device_of, t, u, v


def _first_of(tdi: int, sizes: Mapping[str, int]) -> int:
    return tdi - tdi % (sizes["tdi"] // sizes["device"])


first_of = IndexMap("first_of", TDI, TDI, _first_of)
"""The first TDI of a TDI's device: its Function 0, and the physical function when there are others (the virtual ones)."""


def subordinate(virtual: Term = u, physical: Term = t) -> Term:
    """Whether one TDI is a virtual function of the other."""
    return (first_of(virtual) == physical) & (virtual != physical)


OFFER = enum("Offer", "NONE", "RESERVED", "TEE", "LEGACY")
"""How far the host has come with giving a TDI to a TVM."""


class Pool:
    """The streams of the host bridge."""

    machine = Machine("pool", over=(STREAM,), doc="A stream of the host bridge.")
    holder = machine.array("holder", Maybe(DEVICE), init="none", doc="the device to which the stream is allocated")


class Port:
    """The root port of a device: one register block for a selective stream, and the stream as the port sees it."""

    machine = Machine("port", over=(DEVICE,), doc="The root port of a device.")
    block = machine.array("block", BOOL, init=False, doc="the register block for the device's stream is taken")
    link = machine.array("link", enum("LinkState", "NONE", "SECURE", "INSECURE"), init="NONE", doc="the IDE stream")


class Device:
    """A device: whether it is there, and its own register block."""

    machine = Machine("device", over=(DEVICE,), doc="A device in its slot.")
    present = machine.array("present", BOOL, init=False, doc="a device is plugged in")
    block = machine.array("block", BOOL, init=False, doc="the device's register block for its stream is programmed")


class Tdi:
    """A TDI as the device sees it (P63 ch. 11); CONFIG_UNLOCKED where there is no device."""

    machine = Machine("tdi", over=(TDI,), doc="A TDI, as the device sees it.")
    state = machine.array("state", STATE, init="CONFIG_UNLOCKED", doc="P63 §11.2")

    @classmethod
    def locked(cls, tdi: Term = t) -> Term:
        """CONFIG_LOCKED or RUN."""
        return cls.state[tdi].in_(*LOCKED_STATES)


class Tsm:
    """What the TSM has on record."""

    link = Machine("tsm_link", over=(DEVICE,), doc="The TSM's record of a device.")
    connected = link.array("connected", BOOL, init=False, doc="the device was connected, and not disconnected since")

    machine = Machine("tsm", over=(TDI,), doc="The TSM's record of a TDI.")
    bound = machine.array("bound", Maybe(TVM), init="none", doc="the TVM to which the TDI is bound")


class Gate:
    """The gates of the root complex, as in the lifecycle: opened and closed by the TSM."""

    machine = Machine("gate", over=(TDI,), doc="The root complex's gates for a TDI.")
    dma = machine.array("dma", Maybe(TVM), init="none", doc="the TVM whose private memory T=1 requests of the TDI reach")
    mmio = machine.array("mmio", Maybe(TVM), init="none", doc="the TVM into which the TDI's MMIO is mapped as private")


class Host:
    """What the host has given to whom, and what an honest one remembers besides.

    ``offer`` is RESERVED while an honest host has set a TDI aside for a TVM that does not see it yet, TEE or LEGACY
    once the guest sees it. A hostile host needs no memory, so that nothing is recorded of its reservations and failures.
    """

    machine = Machine("host", doc="The host VMM.")
    driver = machine.array("driver", BOOL, over=(TDI,), init=False, doc="a driver of the host is on the TDI's function")
    owner = machine.array("owner", Maybe(TVM), over=(TDI,), init="none", doc="the TVM to which the host gives the TDI")
    offer = machine.array("offer", OFFER, over=(TDI,), init="NONE")
    failed = machine.array("failed", BOOL, over=(DEVICE,), init=False, doc="IDE could not be set up since the device came")
    halted = machine.var("halted", BOOL, init=False, doc="the host stopped, since IDE could not be set up")

    @classmethod
    def visible(cls, tvm: Term = v, tdi: Term = t) -> Term:
        """The guest sees the TDI."""
        return (cls.owner[tdi] == tvm) & cls.offer[tdi].in_("TEE", "LEGACY")

    @classmethod
    def bind_requested(cls, tvm: Term = v, tdi: Term = t) -> Term:
        """The TVM waits for the TDI to be bound: it was promised as a TEE device, and is not bound to it."""
        return (cls.owner[tdi] == tvm) & cls.offer[tdi].in_("RESERVED", "TEE") & (Tsm.bound[tdi] != tvm)

    @classmethod
    def waits_for(cls, device: Term = d) -> Term:
        """Some TVM waits for a TDI of the device."""
        return exists(t, (device_of(t) == device) & exists(v, cls.bind_requested(v, t)))


class Tvm:
    """A TVM and its memory: NONE while the memory is the host's, DEAD when the TVM ended and the memory is still its own."""

    machine = Machine("tvm", over=(TVM,), doc="A TVM and its private memory.")
    life = machine.array("life", enum("Life", "NONE", "ALIVE", "DEAD"), init="NONE")


class Guest:
    """The guest that sees the TDI."""

    machine = Machine("guest", over=(TDI,), doc="The guest that sees a TDI.")
    driver = machine.array("driver", BOOL, init=False, doc="a driver of the guest is on the TDI")
