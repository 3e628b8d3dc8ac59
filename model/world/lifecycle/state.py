"""The state of the world: every variable of every part, in one place.

Each class names the variables of one machine; the rules are in the module of the part's name.
"""

from __future__ import annotations

from ...language import BOOL, Machine, Maybe, Term, enum
from ..vocabulary import DEVICE, EPOCH, HOLDER, LOCKED_STATES, STATE, TDI, TVM, d, t


class Device:
    """The DSM as SPDM responder: which sessions it serves."""

    machine = Machine("device", over=(DEVICE,), doc="The DSM as SPDM responder.")
    tsm_session = machine.array("tsm_session", BOOL, init=False, doc="the TSM's SPDM session is established")
    host_session = machine.array("host_session", BOOL, init=False, doc="an SPDM session of the host's own is established")


class Stream:
    """One abstract selective IDE stream per device, the default stream of all its TDIs.

    It stands for both ports, all sub-streams and both directions: KEYED when all keys are programmed, SECURE
    when they are in use and the stream is enabled, INSECURE when it was lost.
    """

    machine = Machine("stream", over=(DEVICE,), doc="The IDE stream between a device and its root port.")
    state = machine.array("state", enum("StreamState", "NONE", "KEYED", "SECURE", "INSECURE"), init="NONE")
    key_session = machine.array("key_session", HOLDER, init="none", doc="over whose SPDM session the keys were programmed")
    known_to_host = machine.array("known_to_host", BOOL, init=False, doc="the host knows the keys in use")

    @classmethod
    def secure_by_tsm(cls, device: Term = d) -> Term:
        """Secure, with keys that the TSM programmed: the only streams that the root port takes T=1 TLPs from."""
        return (cls.state[device] == "SECURE") & (cls.key_session[device] == "tsm")


class Tdi:
    """A TDI as the device sees it (P63 ch. 11)."""

    machine = Machine("tdi", over=(TDI,), doc="A TDI, as the device sees it.")
    state = machine.array("state", STATE, init="CONFIG_UNLOCKED", doc="P63 §11.2")
    lock_session = machine.array(
        "lock_session", HOLDER, init="none", doc="over whose session LOCK_INTERFACE came, while locked"
    )
    nonce = machine.array("nonce", BOOL, init=False, doc="a START_INTERFACE nonce is valid")
    p2p = machine.array("p2p", BOOL, init=False, doc="a peer-to-peer stream is bound")

    @classmethod
    def locked(cls, tdi: Term = t) -> Term:
        """CONFIG_LOCKED or RUN."""
        return cls.state[tdi].in_(*LOCKED_STATES)


class Tsm:
    """What the TSM knows of a device and of a TDI."""

    link = Machine("tsm_link", over=(DEVICE,), doc="The TSM's record of a device.")
    connected = link.array("connected", BOOL, init=False, doc="device_connect succeeded and was not undone")

    machine = Machine("tsm", over=(TDI,), doc="The TSM's record of a TDI.")
    bound = machine.array("bound", Maybe(TVM), init="none", doc="the TVM to which the TDI is bound")
    view = machine.array("view", STATE, init="CONFIG_UNLOCKED", doc="the TDI's state as the TSM last learnt it")
    nonce = machine.array("nonce", EPOCH, init="none", doc="the nonce kept from the LOCK_INTERFACE response")
    consent = machine.array("consent", BOOL, init=False, doc="the bound TVM accepted in this lock epoch")


class Gate:
    """The gates of the root complex, opened and closed by the TSM: RMP + sDTE, G-stage + IOMMU, S-EPT + DMAR, RTT + SMMU."""

    machine = Machine("gate", over=(TDI,), doc="The root complex's gates for a TDI.")
    dma = machine.array("dma", Maybe(TVM), init="none", doc="the TVM whose private memory T=1 requests of the TDI reach")
    mmio = machine.array("mmio", Maybe(TVM), init="none", doc="the TVM that reaches the TDI's MMIO with T=1")


class Host:
    """What an honest host remembers of what guests asked for (a TSM that is asked instead remembers the same)."""

    machine = Machine("host", over=(TDI,), doc="The host VMM.")
    lock_requested = machine.array("lock_requested", Maybe(TVM), init="none", doc="the TVM that asked for the TDI")
    run_requested = machine.array("run_requested", BOOL, init=False, doc="the guest asked for RUN since the TDI was bound")


class Guest:
    """A TVM's view of a TDI. Epochs are what an onlooker knows; the guest itself cannot tell current from stale."""

    machine = Machine("guest", over=(TVM, TDI), doc="A TVM, with respect to a TDI.")
    evidence = machine.array("evidence", EPOCH, init="none", doc="certificates, measurements and report held")
    verified = machine.array("verified", BOOL, init=False, doc="the evidence held was approved")
    accepted = machine.array("accepted", EPOCH, init="none", doc="the TDI was accepted")
    driver = machine.array("driver", enum("Driver", "none", "shared", "private"), init="none")


class Peer:
    """Another device of the same fabric, as far as peer-to-peer traffic goes: in RUN for a TVM that accepted it, or not.

    It stands for any TDI whose own lifecycle the model does not follow.
    """

    machine = Machine("peer", doc="A peer device that takes T=1 requests when a TVM has accepted it.")
    trusted_by = machine.var("trusted_by", Maybe(TVM), init="none", doc="the TVM that accepted the peer")
