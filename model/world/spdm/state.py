"""The state of the aspect: connection, sessions, one stream, the TDIs, and what TSM and host remember.

Left out, since no property turns on it: the steps between GET_VERSION and NEGOTIATE_ALGORITHMS, and between
GET_DIGESTS and CHALLENGE; the handshake of the host's own session and its heartbeats (it may end that session
whenever it likes); messages of a session that is still HANDSHAKING; the root port's end of the stream.
"""

from __future__ import annotations

from ...language import BOOL, Int, Machine, Term, conj, const, disj, enum, ite
from ..choices.spdm import connection_ids, session_ids
from ..vocabulary import EPOCH, LOCKED_STATES, STATE, TDI, t

CONNECTION = enum("SpdmConnection", "NOT_STARTED", "AFTER_VERSION", "NEGOTIATED", "AUTHENTICATED")
"""libspdm's connection states; AFTER_CAPABILITIES, AFTER_DIGESTS and AFTER_CERTIFICATE are passed within one step."""

SESSION = enum("SpdmSession", "NOT_STARTED", "HANDSHAKING", "ESTABLISHED")

RECORD = enum("SessionRecord", "none", "tsm", "host", "tsm_ended", "host_ended", "tsm_lost", "host_lost")
"""Over whose session something was done: one that lives; one that *ended*, as the device knows; or one that was *lost*,
of which nobody told the part of the device that keeps the record."""

OF_TSM = ("tsm", "tsm_ended", "tsm_lost")
OF_HOST = ("host", "host_ended", "host_lost")
LOST = ("tsm_lost", "host_lost")
ENDED = ("tsm_ended", "host_ended")


class Responder:
    """The DSM as SPDM responder. One requester cannot be told from another, except by connection id."""

    machine = Machine("responder", doc="The DSM as SPDM responder.")
    connection = machine.var(
        "connection", CONNECTION, init="NOT_STARTED", doc="the TSM's connection; everybody's, without connection ids"
    )
    host_connection = machine.var(
        "host_connection", CONNECTION, init="NOT_STARTED", doc="the host's own connection, with connection ids"
    )
    tsm_session = machine.var("tsm_session", SESSION, init="NOT_STARTED", doc="the session that the TSM opened")
    host_session = machine.var("host_session", BOOL, init=False, doc="a session of the host's own is established")
    update_pending = machine.var(
        "update_pending", BOOL, init=False, doc="a KEY_UPDATE of the TSM's session waits for VerifyNewKey"
    )
    missed = machine.var("missed", Int(0, 2), init=0, doc="heartbeat periods without traffic in the TSM's session")

    established = tsm_session == "ESTABLISHED"
    hosts_connection = ite(connection_ids, host_connection, connection)


class Stream:
    """One abstract IDE stream, as the device sees it."""

    machine = Machine("stream", doc="The IDE stream of the device.")
    state = machine.var("state", enum("StreamState", "NONE", "KEYED", "SECURE", "INSECURE"), init="NONE")
    keyed_over = machine.var("keyed_over", RECORD, init="none", doc="over whose session the keys were programmed")

    keys_known_to_host = keyed_over.in_(*OF_HOST)


class Tdi:
    """A TDI as the device sees it."""

    machine = Machine("tdi", over=(TDI,), doc="A TDI, as the device sees it.")
    state = machine.array("state", STATE, init="CONFIG_UNLOCKED", doc="P63 §11.2")
    locked_over = machine.array("locked_over", RECORD, init="none", doc="over whose session LOCK_INTERFACE came")

    @classmethod
    def locked(cls, tdi: Term = t) -> Term:
        """CONFIG_LOCKED or RUN."""
        return cls.state[tdi].in_(*LOCKED_STATES)


class Tsm:
    """What the TSM believes."""

    machine = Machine("tsm", doc="The TSM as SPDM requester.")
    phase = machine.var(
        "phase",
        enum("TsmPhase", "disconnected", "negotiated", "handshaking", "connected", "lost"),
        init="disconnected",
        doc="how far the TSM is with the device; lost: it has learnt that its session is gone",
    )
    peer = machine.var("peer", enum("SessionPeer", "device", "host"), init="device", doc="who answered KEY_EXCHANGE")
    other_slot = machine.var(
        "other_slot", BOOL, init=False, doc="KEY_EXCHANGE used another slot than that of the certificates read"
    )

    keyed = machine.var("keyed", BOOL, init=False, doc="it has programmed keys over this session")

    tdis = Machine("tsm_tdi", over=(TDI,), doc="The TSM's record of a TDI.")
    bound = tdis.array("bound", BOOL, init=False, doc="the TDI is bound: the TSM had it locked, for a TVM")

    in_contact = (phase == "connected") & (
        ((peer == "device") & Responder.established) | ((peer == "host") & Responder.host_session)
    )
    """Its messages reach the device: over its own session, or relayed by a host that sits in the middle over the host's."""

    holder = ite(peer == "host", const("host", RECORD), const("tsm", RECORD))
    """As whose the device records what the TSM does."""


class Host:
    """What the host remembers."""

    machine = Machine("host", doc="The host VMM and its operating system's CMA.")
    claimed = machine.var(
        "claimed", BOOL, init=False, doc="the operating system's CMA has given the mailbox to another owner"
    )
    authenticated = machine.var("authenticated", BOOL, init=False, doc="what sysfs says in `authenticated`")
    transcript = machine.var(
        "transcript",
        EPOCH,
        init="none",
        doc="signed measurements that the host has seen in the clear, of the firmware that runs or of an earlier one",
    )


def taken_for(record: Term, holder: Term) -> Term:
    """Whether the device takes a session of ``holder`` for the recorded one: it is, or has the id of one that was lost."""
    return disj(record == holder, conj(session_ids == "reused", record.in_(*LOST)))


class Guest:
    """A guest that authenticates the device itself. It has no state of its own here: what it is shown is what matters."""

    machine = Machine("guest", doc="A guest, with CMA of its own.")
