"""Rules of the device as SPDM responder: what it answers, and which sessions live."""

from __future__ import annotations

from ...language import FALSE, Check, Event, Operand, Term, conj, const, disj, ite, neg
from ..choices.ide import ide_km_binding
from ..choices.lifecycle import multi_session
from ..choices.spdm import connection_ids, heartbeats, measure_over, reset_after_end
from ..vocabulary import DEVICE_PARTY
from . import events as e
from .endings import ENDINGS, FRESH_CONNECT
from .state import CONNECTION, SESSION, Responder, Tsm

_MINE = Responder.machine
_connection, _hosts = Responder.connection, Responder.host_connection
_tsm, _host = Responder.tsm_session, Responder.host_session
_pending, _missed = Responder.update_pending, Responder.missed


def _negotiated(connection: Term) -> Term:
    return connection.in_("NEGOTIATED", "AUTHENTICATED")


def _becomes(phase: str, of_tsm: Term, of_host: Term = FALSE) -> dict[Term, Operand]:
    """The connection of the TSM, of the host, or the one of both where there are no connection ids, in a phase."""
    shared = ite(connection_ids, of_tsm, disj(of_tsm, of_host))
    return {
        _connection: ite(shared, const(phase, CONNECTION), _connection),
        _hosts: ite(connection_ids & of_host, const(phase, CONNECTION), _hosts),
    }


# --- Connections ----------------------------------------------------------------------------------------------------
_CONNECTIONS: dict[Event, dict[Term, Operand]] = {
    e.device_connect: _becomes("NEGOTIATED", FRESH_CONNECT),
    e.device_disconnect: _becomes("AFTER_VERSION", reset_after_end),
    e.cma_authenticate: _becomes("AUTHENTICATED", FALSE, neg(FALSE)),
    e.guest_authenticate: _becomes("AUTHENTICATED", FALSE, e.source == "device"),
    e.get_version: _becomes("AFTER_VERSION", e.of == "tsm", e.of == "host"),
    e.request_resynch: {_connection: "NOT_STARTED", _hosts: "NOT_STARTED"},
}
"""Event -> what becomes of the connections."""

_FURTHER: dict[Event, dict[Term, Operand]] = {
    e.garbled: {_pending: FALSE},
    e.silence: {_missed: ite(ENDINGS[e.silence].tsm, 0, _missed + 1)},
}
"""Event -> what it does to the TSM's session beside ending it."""

_WHEN: dict[Event, tuple[Term, ...]] = {
    e.get_version: (disj(connection_ids, e.of == "host"),),
    e.host_end_session: (_host,),
    e.garbled: (Responder.established,),
    e.silence: (heartbeats, Responder.established, _missed < 2),
    e.request_resynch: (disj(_connection != "NOT_STARTED", _hosts != "NOT_STARTED"),),
}

for _event, _ending in ENDINGS.items():
    _MINE.rule(
        _event,
        when=_WHEN.get(_event, ()),
        set={
            **_CONNECTIONS.get(_event, {}),
            _tsm: ite(_ending.tsm, const("NOT_STARTED", SESSION), _tsm),
            _pending: ite(_ending.tsm, FALSE, _pending),
            _missed: ite(_ending.tsm, 0, _missed),
            _host: conj(_host, neg(_ending.host)),
            **_FURTHER.get(_event, {}),
        },
        binds=DEVICE_PARTY,
        cite=_ending.cite,
    )
_MINE.rule(
    e.conventional_reset,
    set={
        _connection: "NOT_STARTED", _hosts: "NOT_STARTED", _tsm: "NOT_STARTED", _host: False, _pending: False, _missed: 0,
    },
    binds=DEVICE_PARTY,
    cite="P63 §11.4.8",
)  # fmt: skip

# --- Opening a session ----------------------------------------------------------------------------------------------
_MINE.rule(
    e.key_exchange,
    checks=[
        Check(
            "negotiated",
            _negotiated(_connection),
            "UnexpectedRequest",
            "DSP0274 KEY_EXCHANGE; libspdm asks for no CHALLENGE",
        ),
        Check("session limit", multi_session | neg(_host), "SessionLimitExceeded", "DSP0274 Table of error codes, 0Ah"),
    ],
    set={_tsm: "HANDSHAKING"},
    binds=DEVICE_PARTY,
    cite="DSP0274 KEY_EXCHANGE",
)
_MINE.rule(
    e.finish,
    checks=[
        Check(
            "handshaking",
            (Tsm.peer == "device").implies(_tsm == "HANDSHAKING"),
            "SessionRequired",
            "DSP0274 FINISH; error 0Bh",
        )
    ],
    set={_tsm: ite(Tsm.peer == "device", const("ESTABLISHED", SESSION), _tsm)},
    binds=DEVICE_PARTY,
    cite="DSP0274 FINISH",
)
_MINE.rule(
    e.host_session,
    when=[neg(_host)],
    checks=[
        Check("negotiated", _negotiated(Responder.hosts_connection), "UnexpectedRequest", "DSP0274 KEY_EXCHANGE"),
        Check(
            "session limit",
            multi_session | (_tsm == "NOT_STARTED"),
            "SessionLimitExceeded",
            "DSP0274 Table of error codes, 0Ah",
        ),
    ],
    set={_host: True},
    binds=DEVICE_PARTY,
    cite="DSP0274 KEY_EXCHANGE, FINISH: a responder need not authenticate its requester",
)

# --- Inside the TSM's session ---------------------------------------------------------------------------------------
for _event in (e.ide_key_prog, e.tdi_bind, e.tdi_run):
    _MINE.rule(
        _event,
        when=[Tsm.in_contact],
        set={_missed: 0},
        binds=DEVICE_PARTY,
        cite="P63 §6.33.3, §11.2.2: only inside a secure session; any message in it counts as a heartbeat",
    )
_MINE.rule(
    e.tdi_unbind,
    set={_missed: ite(Tsm.in_contact, 0, _missed)},
    binds=DEVICE_PARTY,
    cite="P63 §11.2.2: no TDISP outside a secure session",
)
_MINE.rule(
    e.measure,
    when=[
        (e.source == "device").implies(ite(measure_over == "session", Tsm.in_contact, _negotiated(_connection))),
    ],
    set={_missed: ite((e.source == "device") & (measure_over == "session"), 0, _missed)},
    binds=DEVICE_PARTY,
    cite="DSP0274 GET_MEASUREMENTS: needs no authentication; in a session only once it is established",
)
_MINE.rule(
    e.heartbeat,
    when=[Tsm.in_contact],
    checks=[Check("heartbeat period", heartbeats, "UnsupportedRequest", "DSP0274 HEARTBEAT")],
    set={_missed: 0},
    binds=DEVICE_PARTY,
    cite="DSP0274 HEARTBEAT",
)
_MINE.rule(
    e.key_update,
    when=[Tsm.in_contact, Tsm.peer == "device"],
    checks=[
        Check(
            "in order",
            ite(e.op == "VerifyNewKey", _pending, neg(_pending)),
            "InvalidRequest",
            "DSP0274 KEY_UPDATE: VerifyNewKey after a pending update, and only then",
        )
    ],
    set={_pending: e.op != "VerifyNewKey", _missed: 0},
    binds=DEVICE_PARTY,
    cite="DSP0274 KEY_UPDATE",
)

# --- The host's messages --------------------------------------------------------------------------------------------
for _event in (e.host_query, e.host_key_prog, e.host_lock, e.host_start, e.host_stop):
    _MINE.rule(
        _event, when=[_host], binds=DEVICE_PARTY, cite="P63 §6.33.3, §11.2.2: only inside a secure session, whoever's it is"
    )
_MINE.rule(
    e.key_prog_in_clear,
    checks=[
        Check(
            "inside a session",
            ide_km_binding == "none",
            "NO_RESPONSE",
            "P63 §6.33.3: not used and not answered; libspdm hands it on, spdm-emu and spdm-rs do not ask",
        )
    ],
    binds=DEVICE_PARTY,
    cite="P63 §6.33.3",
)
