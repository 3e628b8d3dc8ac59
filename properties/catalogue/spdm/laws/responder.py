"""Laws of connections and sessions at the device."""

from __future__ import annotations

from .....model.language import Term, after, implies, neg
from .....model.language.mutate import (
    DropCheck,
    DropCondition,
    DropUpdate,
    SwapValue,
)
from .....model.world.choices.lifecycle import multi_session
from .....model.world.choices.responder import update_ends_session
from .....model.world.choices.spdm import (
    connection_ids,
    decrypt_error_ends,
    heartbeats,
    measure_over,
    reset_after_end,
)
from .....model.world.spdm import events as e
from .....model.world.spdm.state import Responder, Tsm
from .....model.world.vocabulary import t
from ....formulas import Never
from ....property import Property
from ....steps import occurs, unchanged
from ...law import invariant, law, possible, step_law, told
from .terms import connected, fresh, only, same_device

_one_connection = neg(connection_ids)
_OF_HOST_SESSION = tuple(
    occurs(x) for x in (e.host_query, e.host_key_prog, e.host_lock, e.host_start, e.host_stop, e.host_end_session)
)
_SIGNS_OF_LIFE = (
    occurs(e.ide_key_prog), occurs(e.heartbeat), occurs(e.key_update), occurs(e.tdi_bind), occurs(e.tdi_run),
    occurs(e.tdi_unbind, where=Tsm.in_contact),
    occurs(e.measure, source="device", where=measure_over == "session"),
)  # fmt: skip
_some_connection_left = (after(Responder.connection) != "NOT_STARTED") | (after(Responder.host_connection) != "NOT_STARTED")


def _both_gone(of_tsm: Term, of_host: Term) -> Term:
    """Afterwards the sessions are gone, of the TSM and of the host, as far as they are meant."""
    return implies(of_tsm, after(Responder.tsm_session) == "NOT_STARTED") & implies(
        of_host, neg(after(Responder.host_session))
    )


PROPERTIES: tuple[Property, ...] = (
    step_law(
        "an-update-of-keys-is-pending-until-verified",
        "After UpdateKey or UpdateAllKeys an update is pending, after VerifyNewKey none.",
        occurs(e.key_update), after(Responder.update_pending) == (e.op != "VerifyNewKey"),
        (), "device", "DSP0274 KEY_UPDATE", DropUpdate("responder", "key_update", "responder.update_pending"),
    ),
    step_law(
        "connect-starts-afresh",
        "A connect of a device that is not connected ends what sessions there were on the connection, negotiates it anew, and "
        "leaves the TSM with nothing of an earlier session.",
        occurs(e.device_connect, where=fresh),
        (after(Tsm.phase) == "negotiated")
        & (after(Tsm.peer) == "device")
        & neg(after(Tsm.keyed) | after(Tsm.other_slot))
        & (after(Responder.connection) == "NEGOTIATED")
        & _both_gone(Tsm.phase == "disconnected", _one_connection),
        (), "device", "DSP0274 GET_VERSION, NEGOTIATE_ALGORITHMS; COV 09 connect_device",
        DropUpdate("responder", "device_connect", "responder.host_session"),
    ),
    step_law(
        "get-version-ends-the-sessions-of-its-connection",
        "GET_VERSION ends every session of the connection on which it comes, whoever sends it.",
        (occurs(e.get_version), occurs(e.cma_authenticate), occurs(e.guest_authenticate, source="device")),
        implies(_one_connection, (after(Responder.tsm_session) == "NOT_STARTED") & neg(after(Responder.host_session))),
        (), "device", "DSP0274 GET_VERSION", DropUpdate("responder", "get_version", "responder.tsm_session"),
        witness=occurs(e.get_version),
    ),
    step_law(
        "get-version-ends-no-session-of-another-connection",
        "With connection ids GET_VERSION ends the sessions of its own connection, and no others.",
        (occurs(e.get_version, of="host"), occurs(e.cma_authenticate), occurs(e.guest_authenticate, source="device")),
        implies(connection_ids, unchanged(Responder.tsm_session, Responder.connection) & neg(after(Responder.host_session))),
        (), "device", "DSP0274; DOE r1.1: connection ids", DropUpdate("responder", "get_version", "responder.host_session"),
        witness=occurs(e.get_version, of="host"), flow="linux-tsm", connection_ids=True, multi_session=True,
    ),
    law(
        "a-connection-is-as-far-as-its-messages-went",
        "After GET_VERSION a connection knows its version and no more; CMA leaves it authenticated; resynchronisation and reset leave none.",
        Never(
            (
                occurs(e.get_version, where=(_one_connection | (e.of == "tsm")) & (after(Responder.connection) != "AFTER_VERSION")),
                occurs(e.get_version, of="host", where=connection_ids & (after(Responder.host_connection) != "AFTER_VERSION")),
                occurs(e.cma_authenticate, where=after(Responder.hosts_connection) != "AUTHENTICATED"),
                occurs(e.guest_authenticate, source="device", where=after(Responder.hosts_connection) != "AUTHENTICATED"),
                occurs(e.request_resynch, where=_some_connection_left),
                occurs(e.conventional_reset, where=_some_connection_left),
            ),
        ),
        (), "device", "DSP0274 GET_VERSION, CHALLENGE, RequestResynch; P63 §11.4.8", occurs(e.get_version),
        DropUpdate("responder", "get_version", "responder.connection"),
    ),
    step_law(
        "resynchronisation-and-reset-end-every-session",
        "A device that has lost its SPDM state, or was reset, serves no session.",
        (occurs(e.request_resynch), occurs(e.conventional_reset)),
        (after(Responder.tsm_session) == "NOT_STARTED") & neg(after(Responder.host_session)),
        (), "device", "DSP0274 RequestResynch; P63 §11.4.8",
        DropUpdate("responder", "request_resynch", "responder.host_session"), witness=occurs(e.request_resynch),
    ),
    step_law(
        "an-update-ends-sessions-where-the-policy-says-so",
        "Where the termination policy says that an update of the firmware ends sessions, it ends all of them.",
        occurs(e.fw_update),
        implies(update_ends_session, (after(Responder.tsm_session) == "NOT_STARTED") & neg(after(Responder.host_session))),
        (), "device", "DSP0274 KEY_EXCHANGE TerminationPolicy; COV 08",
        DropUpdate("responder", "fw_update", "responder.host_session"), flow="arm-cca",
    ),
    step_law(
        "end-session-ends-the-hosts-own",
        "END_SESSION of the host ends the host's session, and was sent in one.",
        occurs(e.host_end_session), Responder.host_session & neg(after(Responder.host_session)),
        (), "device", "DSP0274 END_SESSION", DropUpdate("responder", "host_end_session", "responder.host_session"),
        protects="host",
    ),
    step_law(
        "disconnect-ends-the-tsms-session",
        "A disconnect ends the session that the TSM has with the device.",
        occurs(e.device_disconnect, where=Tsm.in_contact & same_device), after(Responder.tsm_session) == "NOT_STARTED",
        (), "device", "DSP0274 END_SESSION; COV 07", DropUpdate("responder", "device_disconnect", "responder.tsm_session"),
        witness=occurs(e.device_disconnect),
    ),
    invariant(
        "a-session-that-is-over-leaves-nothing",
        "Only an established session has an update of keys pending, or periods without a sign of life.",
        implies(neg(Responder.established), neg(Responder.update_pending) & (Responder.missed == 0)),
        (), "device", "DSP0274 KEY_UPDATE, HEARTBEAT", Responder.update_pending,
        DropUpdate("responder", "get_version", "responder.update_pending"),
    ),
    step_law(
        "every-message-is-a-sign-of-life",
        "Any message of the TSM in its session starts the heartbeat period anew, and a period without one is counted.",
        _SIGNS_OF_LIFE, after(Responder.missed) == 0,
        (), "device", "DSP0274 HEARTBEAT", DropUpdate("responder", "heartbeat", "responder.missed"), flow="cove-io",
    ),
    step_law(
        "silence-is-counted",
        "A period without a message is counted in a session with heartbeats, until the session ends.",
        occurs(e.silence),
        heartbeats & Responder.established & ((after(Responder.missed) == Responder.missed + 1) | neg(after(Responder.established))),
        (), "device", "DSP0274 HEARTBEAT", DropUpdate("responder", "silence", "responder.missed"), flow="cove-io",
    ),
    law(
        "a-session-is-opened-on-a-negotiated-connection",
        "The device opens a session only on a connection that was negotiated, and none beside another where it serves one.",
        Never(
            (
                occurs(e.key_exchange, where=neg(Responder.connection.in_("NEGOTIATED", "AUTHENTICATED"))),
                occurs(e.key_exchange, where=neg(multi_session | neg(Responder.host_session))),
                occurs(e.key_exchange, where=after(Responder.tsm_session) != "HANDSHAKING"),
                occurs(e.host_session, where=neg(Responder.hosts_connection.in_("NEGOTIATED", "AUTHENTICATED"))),
                occurs(e.host_session, where=Responder.host_session | neg(after(Responder.host_session))),
            ),
        ),
        (), "device", "DSP0274 KEY_EXCHANGE, Table of error codes", occurs(e.key_exchange),
        DropCheck("responder", "host_session", "negotiated"),
    ),
    step_law(
        "finish-establishes-the-session-of-the-handshake",
        "FINISH establishes a session that is in its handshake, and then the TSM is connected.",
        occurs(e.finish),
        (Tsm.phase == "handshaking")
        & (after(Tsm.phase) == "connected")
        & implies(same_device, (Responder.tsm_session == "HANDSHAKING") & after(Responder.established)),
        (), "device", "DSP0274 FINISH", DropCheck("responder", "finish", "handshaking"),
    ),
    law(
        "only-an-established-session-is-used",
        "What comes in the session of the TSM, or of the host, is served only while that session is established.",
        Never(
            (
                *(occurs(x, where=neg(Tsm.in_contact)) for x in (e.ide_key_prog, e.heartbeat, e.key_update, e.tdi_bind, e.tdi_run)),
                *(only(s, neg(Responder.host_session)) for s in _OF_HOST_SESSION),
                occurs(e.garbled, where=neg(Responder.established)),
                occurs(e.measure, source="device", where=(measure_over == "session") & neg(Tsm.in_contact)),
            ),
        ),
        (), "device", "P63 §6.33.3, §11.2.2; DSP0274", _OF_HOST_SESSION, DropCondition("responder", "host_query", 0),
    ),
    possible(
        "measurements-in-the-clear-need-no-challenge",
        "Measurements outside of a session can be had as soon as the connection is negotiated.",
        occurs(e.measure, source="device", other=False),
        connected & (measure_over == "clear") & Responder.connection.in_("NEGOTIATED", "AUTHENTICATED"),
        (), "device", "DSP0274 GET_MEASUREMENTS",
        SwapValue("responder", "measure", Responder.connection, "NEGOTIATED", "AUTHENTICATED"), witness=connected,
        flow="linux-tsm", protects="host", measure_over="clear",
    ),
    possible(
        "a-device-may-lose-its-spdm-state",
        "A device that has a connection can ask for resynchronisation at any time.",
        occurs(e.request_resynch), (Responder.connection != "NOT_STARTED") | (Responder.host_connection != "NOT_STARTED"),
        (), "device", "DSP0274 RequestResynch",
        SwapValue("responder", "request_resynch", Responder.connection, "NOT_STARTED", "AFTER_VERSION"),
        witness=Responder.connection != "NOT_STARTED", protects="host",
    ),
    step_law(
        "get-version-after-end-session-ends-all",
        "A TSM that follows END_SESSION with GET_VERSION leaves no session of the host's on the same connection.",
        occurs(e.device_disconnect), implies(reset_after_end & _one_connection, neg(after(Responder.host_session))),
        (), "device", "TF-RMM: GET_VERSION after END_SESSION; DSP0274 GET_VERSION",
        DropUpdate("responder", "device_disconnect", "responder.host_session"), flow="arm-cca",
    ),
    step_law(
        "a-message-that-does-not-decrypt-ends-the-session",
        "Where DecryptError ends a session, one message that does not decrypt does, save that it is taken for the old key during an update.",
        occurs(e.garbled),
        implies(decrypt_error_ends & neg(Responder.update_pending), after(Responder.tsm_session) == "NOT_STARTED")
        & neg(after(Responder.update_pending)),
        (), "device", "libspdm: DecryptError, then the session is freed",
        DropUpdate("responder", "garbled", "responder.tsm_session"),
    ),
    law(
        "no-answer-outside-a-session",
        "Outside of an established session the device answers no TDISP request, not even to refuse it, and the TSM takes none up.",
        Never(
            (
                *(
                    occurs(x, t=t, reply=code, where=neg(Tsm.in_contact))
                    for x in (e.tdi_bind, e.tdi_run)
                    for code in ("INVALID_INTERFACE_STATE", "INVALID_REQUEST", "INVALID_NONCE")
                ),
                *(occurs(x, t=t, reply=None, where=neg(connected)) for x in (e.tdi_bind, e.tdi_run)),
                *(occurs(x, t=t, reply=None, where=neg(Responder.host_session)) for x in (e.host_lock, e.host_start, e.host_stop)),
            )
        ),
        (t,), "device", "P63 §11.2.2", occurs(e.tdi_bind, t=t, reply="INVALID_REQUEST"),
        DropCondition("responder", "host_lock", 0),
    ),
    told(
        e.heartbeat, "UnsupportedRequest", "A heartbeat in a session that keeps none is refused as unsupported.",
        (), "device", "DSP0274 HEARTBEAT", DropCheck("responder", "heartbeat", "heartbeat period"),
    ),
)  # fmt: skip
