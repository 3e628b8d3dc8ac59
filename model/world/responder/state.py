"""The state of a device as TDISP responder: every variable, in one place.

What is abstracted: a stream stands for both directions and all sub-streams of the port (programmed in part is not
programmed); of the configuration space only "as it was at the lock or not" matters, so writes are events and
the state of the registers is the environment's (a parameter of LOCK_INTERFACE names what is wrong with it); of the
things of a TVM that a TDI holds, one at a time is followed, since no rule connects two of them.
"""

from __future__ import annotations

from ...language import BOOL, Machine, Term, enum
from ..vocabulary import DEVICE, EPOCH, HOLDER, LOCKED_STATES, STATE, TDI, d, t


class Device:
    """The DSM: its secure sessions, its firmware, its mode."""

    machine = Machine("device", over=(DEVICE,), doc="The DSM.")
    tsm_session = machine.array("tsm_session", BOOL, init=False, doc="the TSM's SPDM session is established")
    host_session = machine.array("host_session", BOOL, init=False, doc="an SPDM session of somebody else is established")
    unmeasured = machine.array("unmeasured", BOOL, init=False, doc="other firmware runs than measurements tell")
    xt = machine.array("xt", BOOL, init=False, doc="XT mode is on (PCIe 7.0)")

    @classmethod
    def alive(cls, holder: Term, device: Term = d) -> Term:
        """Whether the session of ``holder`` is established; "none" has no session."""
        return ((holder == "tsm") & cls.tsm_session[device]) | ((holder == "host") & cls.host_session[device])


class Stream:
    """The default IDE stream of a device, which all its TDIs share, as the device's port sees it."""

    machine = Machine("stream", over=(DEVICE,), doc="The default IDE stream at the device's port.")
    state = machine.array(
        "state", enum("PortState", "NOT_KEYED", "KEYED", "SECURE"), init="NOT_KEYED", doc="the first two are Insecure"
    )
    key_session = machine.array(
        "key_session", HOLDER, init="none", doc="over whose session the stream was keyed; none: over none, or it is gone"
    )


class Tdi:
    """A TDI (P63 ch. 11). The first TDI of a device is that of Function 0; odd ones are VFs of the PF before them."""

    machine = Machine("tdi", over=(TDI,), doc="A TDI.")
    state = machine.array("state", STATE, init="CONFIG_UNLOCKED", doc="P63 §11.2")
    lock_session = machine.array(
        "lock_session", HOLDER, init="none", doc="over whose session LOCK_INTERFACE came, while locked"
    )
    nonce = machine.array("nonce", BOOL, init=False, doc="the START_INTERFACE nonce of this lock is unused")
    no_fw_update = machine.array("no_fw_update", BOOL, init=False, doc="locked with NO_FW_UPDATE")
    msix_locked = machine.array("msix_locked", BOOL, init=False, doc="the MSI-X table is locked and reported")
    may_bind_p2p = machine.array("may_bind_p2p", BOOL, init=False, doc="locked with BIND_P2P")
    redirect = machine.array("redirect", BOOL, init=False, doc="locked with ALL_REQUEST_REDIRECT")
    p2p = machine.array(
        "p2p", HOLDER, init="none", doc="a peer-to-peer stream is bound, with keys that came over this session"
    )
    sharing = machine.array(
        "sharing",
        enum("Sharing", "tee", "to_shared", "shared", "to_tee"),
        init="tee",
        doc="IS_NON_TEE_MEM of the updatable range: off, a change under way, on, a change under way",
    )
    holds = machine.array(
        "holds",
        enum("Holds", "nothing", "secret", "translation", "interrupt", "read", "late_read"),
        init="nothing",
        doc="what the TDI holds of whom it works for: confidential data, a cached translation, an interrupt or page request "
        "under way, an outstanding read, one that was issued before the last unlock",
    )
    read_in_parts = machine.array(
        "read_in_parts", EPOCH, init="none", doc="the lock epoch of the first part of a report whose rest was not read yet"
    )
    after_flr = machine.array("after_flr", BOOL, init=False, doc="a function level reset brought the TDI into ERROR")

    @classmethod
    def locked(cls, tdi: Term = t) -> Term:
        """CONFIG_LOCKED or RUN."""
        return cls.state[tdi].in_(*LOCKED_STATES)


class Requester:
    """Whoever sends TDISP requests. It may send anything, at any time, over any session that it has, or in the clear."""

    machine = Machine("requester", doc="Whoever sends TDISP requests.")
