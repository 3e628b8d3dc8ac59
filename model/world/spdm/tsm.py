"""Rules of the TSM as SPDM requester."""

from __future__ import annotations

from ...language import FALSE, Check, Operand, Term, const, exists, for_each, forall, implies, ite, neg
from ..choices.lifecycle import bind_requires, disconnect_bound
from ..choices.resources import connect_again, device_caps
from ..choices.spdm import has_tsm, measure_over, requester_nonce, session_authenticated, slots
from ..vocabulary import TSM, t
from . import events as e
from .endings import FRESH_CONNECT
from .state import Stream, Tsm

_MINE, _TDIS = Tsm.machine, Tsm.tdis
_phase, _peer, _other, _keyed, _bound = Tsm.phase, Tsm.peer, Tsm.other_slot, Tsm.keyed, Tsm.bound
_CONNECTED = _phase == "connected"
_WITHOUT_SESSION: dict[Term, Operand] = {_peer: "device", _other: False, _keyed: False}
_ONE_SLOT = Check("one slot", (slots == "one").implies(neg(e.other)), cite="M14: the slot is chosen at connect")

# --- Connection and session -----------------------------------------------------------------------------------------
_MINE.rule(
    e.device_connect,
    when=[has_tsm],
    checks=[
        Check(
            "not connected", FRESH_CONNECT | (connect_again == "ok"), "EBUSY", "Linux TSM core: connect answers EBUSY; M14"
        )
    ],
    set={
        _phase: ite(FRESH_CONNECT, const("negotiated", _phase.sort), _phase),
        _peer: ite(FRESH_CONNECT, const("device", _peer.sort), _peer),
        _other: ite(FRESH_CONNECT, FALSE, _other),
        _keyed: ite(FRESH_CONNECT, FALSE, _keyed),
    },
    binds=TSM,
    cite="COV 09 connect_device; AMD DEV_CONNECT; TF-RMM PDEV_COMMUNICATE",
)
_MINE.rule(
    e.key_exchange,
    when=[_phase == "negotiated"],
    checks=[_ONE_SLOT],
    set={_phase: "handshaking", _other: e.other},
    binds=TSM,
    cite="DSP0274 KEY_EXCHANGE; neither CHALLENGE nor GET_MEASUREMENTS need come before it",
)
_MINE.rule(
    e.key_exchange_in_the_middle,
    when=[_phase == "negotiated"],
    checks=[
        Check(
            "signature of the device",
            neg(session_authenticated),
            "AUTH_FAILED",
            "DSP0274 KEY_EXCHANGE: the responder signs the transcript; CVE-2023-31127 is about the requester's side",
        )
    ],
    set={_phase: "handshaking", _peer: "host"},
    binds=TSM,
    cite="Cremers, Dax, Naska (USENIX Security 2023; ePrint 2024/2047)",
)
_MINE.rule(e.finish, when=[_phase == "handshaking"], set={_phase: "connected"}, binds=TSM, cite="DSP0274 FINISH")
for _event, _reply in (
    (e.key_exchange, "UnexpectedRequest"),
    (e.key_exchange, "SessionLimitExceeded"),
    (e.key_exchange_in_the_middle, "AUTH_FAILED"),
    (e.finish, "SessionRequired"),
):
    _MINE.rule(
        _event,
        reply=_reply,
        set={
            _phase: ite(exists(t, _bound[t]), const("lost", _phase.sort), const("disconnected", _phase.sort)),
            **_WITHOUT_SESSION,
        },
        binds=TSM,
        cite="[D] connect has failed",
    )
_MINE.rule(
    e.tsm_learns,
    when=[_CONNECTED, neg(Tsm.in_contact)],
    set={_phase: "lost", **_WITHOUT_SESSION},
    binds=TSM,
    cite="TF-RMM: PDEV ERROR; COV 07: the session has ended",
)
_MINE.rule(
    e.device_disconnect,
    when=[has_tsm],
    checks=[
        Check("connected", _phase != "disconnected", "NOT_CONNECTED", "COV 09"),
        Check(
            "no TDI bound",
            implies(disconnect_bound == "reject", forall(t, neg(_bound[t]))),
            "BOUND",
            "COV 07: reject; COV 09, Linux TSM core: unbind them first",
        ),
    ],
    set={_phase: "disconnected", **_WITHOUT_SESSION},
    binds=TSM,
    cite="COV 07, COV 09 disconnect_device; AMD DEV_DISCONNECT",
)
_TDIS.rule(
    e.device_disconnect,
    each=[for_each(t, _bound[t], FALSE)],
    binds=TSM,
    cite="COV 09: bound interfaces are stopped first; Linux TSM core: unbind_all",
)

# --- In the session -------------------------------------------------------------------------------------------------
_MINE.rule(e.ide_key_prog, when=[_CONNECTED], set={_keyed: True}, binds=TSM, cite="COV 07; AMD DEV_CONNECT; P63 §6.33.3")
for _event in (e.heartbeat, e.key_update):
    _MINE.rule(_event, when=[_CONNECTED], binds=TSM, cite="COV 09 spdm_heartbeat, spdm_key_update; TDX SPDM.MNG")
_MINE.rule(
    e.measure,
    when=[_CONNECTED],
    checks=[
        _ONE_SLOT,
        Check(
            "answers this request",
            (e.source == "device") | ((measure_over == "clear") & (requester_nonce == "constant")),
            "SIGNATURE_INVALID",
            "DSP0274 MEASUREMENTS: inside a session, or signed with the nonce of the request",
        ),
    ],
    binds=TSM,
    cite="AMD DEV_MEASUREMENTS; COV 09 get_device_measurements; TF-RMM VDEV_GET_MEAS",
)

# --- TDIs -----------------------------------------------------------------------------------------------------------
_IS_BOUND = Check("bound", _bound[t], "NOT_BOUND", "COV 09; AMD TIO_TDI_BIND, TDI_UNBIND")
_TDIS.rule(
    e.tdi_bind,
    when=[_CONNECTED],
    checks=[
        Check("TEE-IO", device_caps == "tee_io", "NOT_SUPPORTED", "M4, M14; P63: TEE-IO Supported"),
        Check("not bound", neg(_bound[t]), "ALREADY_BOUND", "Linux TSM core; COV 09"),
        Check("keys of its own", _keyed, "IDE_NOT_SET_UP", "COV 07, COV 09 bind_interface; P63 §11.3.8"),
        Check("secure stream", implies(bind_requires == "secure", Stream.state == "SECURE"), "IDE_NOT_SECURE", "COV 07"),
    ],
    set={_bound[t]: True},
    binds=TSM,
    cite="COV 09 bind_interface; AMD TDI_BIND",
)
_TDIS.rule(e.tdi_run, when=[_CONNECTED], checks=[_IS_BOUND], binds=TSM, cite="COV 09 start_interface; AMD TDI_BIND(run=1)")
_TDIS.rule(
    e.tdi_unbind, checks=[_IS_BOUND], set={_bound[t]: False}, binds=TSM, cite="COV 09 unbind_interface; AMD TDI_UNBIND"
)
