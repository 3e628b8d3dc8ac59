"""The state of an IDE stream in full: what each port, the TSM and the device know of it.

Abstracted: Rx and Tx keys of a sub-stream and set are programmed together, so one identity stands for both; the IV
counters are represented by whether a key has been used; RID and address association by the events that break them.
The TDI is in one of three states, since only whether it is locked matters here: ``run`` stands for CONFIG_LOCKED too.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...language import BOOL, Family, Index, Int, Machine, Maybe, Term, conj, enum, exists, forall, param
from ..vocabulary import DEVICE, HOLDER, d

SUBSTREAM = Index("substream")
"""Sub-streams of the stream: PR, NPR and CPL are alike in all that is modelled, so that two stand for three."""

KEY_SET = Index("k")
"""The key sets K0 and K1."""

s = param("s", SUBSTREAM)
s2 = param("s2", SUBSTREAM)
k = param("k", KEY_SET)
k2 = param("k2", KEY_SET)

STATUS = enum("PortStatus", "INSECURE", "SECURE", "FAILED")
"""P63 §6.33.1. Both others read as Insecure; FAILED was Secure, and Enable was not cleared since."""

SLOT = enum("KeySlot", "CLEARED", "PROGRAMMED", "ENABLED", "SPENT")
"""A key slot; SPENT is a programmed key that was used before: by another sub-stream, or before a K_SET_STOP that kept it."""

KEY = enum("Key", "none", "tsm", "stale", "host")
"""Whose key: the TSM's latest for this slot, an earlier one of the TSM's, or one of the host's."""


@dataclass(frozen=True)
class Port:
    """The stream as one of its two ports has it."""

    machine: Machine
    enable: Family
    status: Family
    rx: Family
    tx: Family
    key: Family
    current: Family

    def slots(self, direction: str) -> Family:
        """The key slots of a direction, from the port's own view."""
        return self.rx if direction == "rx" else self.tx

    def sends(self, key_set: Term | str = k) -> Term:
        """Whether the transmitter uses this set: all its sub-streams have it."""
        return forall(s2, self.tx[d, key_set, s2] == "ENABLED")

    def receives(self, key_set: Term | str = k) -> Term:
        """Whether the receiver takes this set on all sub-streams."""
        return forall(s2, self.rx[d, key_set, s2] == "ENABLED")

    def in_use(self) -> Term:
        """Whether some key set is in use in both directions and on all sub-streams."""
        return exists(k2, self.sends(k2) & self.receives(k2))

    def programmed_by(self, whose: str) -> Term:
        """Whether all slots of some set hold a key of this holder."""
        return exists(
            k2,
            forall(
                s2,
                (self.key[d, k2, s2] == whose) & (self.rx[d, k2, s2] != "CLEARED") & (self.tx[d, k2, s2] != "CLEARED"),
            ),
        )

    def holds(self, whose: str) -> Term:
        """Whether some slot holds a key of this holder."""
        return exists(k2, exists(s2, self.key[d, k2, s2] == whose))

    @property
    def secure(self) -> Term:
        return self.status[d] == "SECURE"


def _port(name: str, doc: str) -> Port:
    machine = Machine(name, over=(DEVICE,), doc=doc)
    slot = (DEVICE, KEY_SET, SUBSTREAM)
    return Port(
        machine,
        machine.array("enable", BOOL, init=False, doc="the Enable bit of the stream's register block"),
        machine.array("status", STATUS, init="INSECURE", doc="the stream's status at this port alone"),
        machine.array("rx", SLOT, init="CLEARED", over=slot, doc="the receiver's key slot"),
        machine.array("tx", SLOT, init="CLEARED", over=slot, doc="the transmitter's key slot"),
        machine.array("key", KEY, init="none", over=slot, doc="whose key the slots hold"),
        machine.array(
            "current",
            Maybe(KEY_SET),
            init="none",
            over=(DEVICE, SUBSTREAM),
            doc="the set that the receiver goes by until K toggles",
        ),
    )


ENDPOINT = _port("endpoint", "The endpoint's side of the stream.")
ROOT_PORT = _port("root_port", "The root port's side of the stream.")
PORTS = (ENDPOINT, ROOT_PORT)

LOCKED = ROOT_PORT.machine.array(
    "locked", BOOL, init=False, doc="the register block is Locked: the TSM's, and the only kind that takes T=1"
)
ORPHAN = ENDPOINT.machine.array("orphan", BOOL, init=False, doc="the session that keyed the stream has closed")
OWNER = ENDPOINT.machine.array(
    "owner", HOLDER, init="none", doc="whose live session has keyed the stream, also when its keys are gone"
)


def keyed_by(whose: str) -> Term:
    """Whether a session of this holder has keyed the stream, as far as the endpoint still knows."""
    return ENDPOINT.holds(whose) | (OWNER[d] == whose)


def partner(port: Port) -> Port:
    """The other port."""
    return ROOT_PORT if port is ENDPOINT else ENDPOINT


def agree(sub: Term = s, key_set: Term = k) -> Term:
    """Whether both ports hold one key: the TSM's latest, or the host's."""
    mine, theirs = (port.key[d, key_set, sub] for port in PORTS)
    return (mine == theirs) & mine.in_("tsm", "host")


class Device:
    """The DSM as SPDM responder."""

    machine = Machine("device", over=(DEVICE,), doc="The DSM as SPDM responder.")
    tsm_session = machine.array("tsm_session", BOOL, init=False, doc="the TSM's SPDM session is established")
    host_session = machine.array("host_session", BOOL, init=False, doc="an SPDM session of the host's own is established")


CONNECT_STEPS = 6
"""Two KEY_PROG and four K_SET_GO, per sub-stream."""


class Tsm:
    """What the TSM remembers: it learns nothing of what happens at the ports unless it asks."""

    machine = Machine("tsm", over=(DEVICE,), doc="The TSM as IDE_KM requester and owner of the root port.")
    phase = machine.array(
        "phase",
        enum("TsmPhase", "idle", "keying", "connected", "refreshing", "closing", "closing_1", "closing_2", "closing_3"),
        init="idle",
        doc="where the TSM is in connecting, refreshing, disconnecting",
    )
    set = machine.array("set", Maybe(KEY_SET), init="none", doc="the key set that was programmed last")
    at = machine.array(
        "at", Int(0, CONNECT_STEPS), init=0, over=(DEVICE, SUBSTREAM), doc="how many of the set's key messages were granted"
    )

    @classmethod
    def keyed(cls) -> Term:
        """All key messages of the set were granted."""
        return forall(s2, cls.at[d, s2] == CONNECT_STEPS)

    @classmethod
    def in_phase(cls, *phases: str) -> Term:
        return cls.phase[d].in_(*phases)


class Tdi:
    """A TDI that uses the stream as its default stream."""

    machine = Machine("tdi", over=(DEVICE,), doc="A TDI of the device, bound to the stream.")
    use = machine.array(
        "use", enum("TdiUse", "unlocked", "run", "error"), init="unlocked", doc="P63 §11.2, locked states in one"
    )


def no_slot_enabled(port: Port) -> Term:
    """No key of the port is in use."""
    return forall(k2, forall(s2, conj(*(slots[d, k2, s2] != "ENABLED" for slots in (port.rx, port.tx)))))
