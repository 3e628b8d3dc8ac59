"""What a TDI answers to each TDISP request: every precondition with the error code it gives (P63 §11.3).

The order of the checks is left open, so of several failing ones each may give the reply. Silence (`NO_RESPONSE`) is the
device's reply to what does not come through a session, and one of two where too many requests are outstanding.
"""

from __future__ import annotations

from ...language import TRUE, Check, Event, Term, Update, forall, implies, ite, neg
from ..choices.lifecycle import lock_requires, stop_in_unlocked
from ..choices.responder import (
    bind_p2p_flag,
    ide_required,
    nonce_checked,
    optional_requests,
    other_session,
    p2p_keyed_over,
    report_chunks,
    report_in_run,
    stop_clears_keys,
    stream_fault_code,
    unsupported_code,
    wrong_state,
    xt_mode,
)
from ..vocabulary import DEVICE_PARTY, device_of, t, u
from . import events as e
from .state import Device, Stream, Tdi
from .tdi import Change, each_where, given_up, to_error, to_unlocked

_MINE = Tdi.machine
_state = Tdi.state[t]
_stream = device_of(t)

WRONG_STATE = "INVALID_INTERFACE_STATE"
ERROR_CODES = (
    "INVALID_REQUEST", "BUSY", WRONG_STATE, "UNSPECIFIED", "UNSUPPORTED_REQUEST", "VERSION_MISMATCH", "VENDOR_SPECIFIC",
    "INVALID_INTERFACE", "INVALID_NONCE", "INSUFFICIENT_ENTROPY", "INVALID_DEVICE_CONFIGURATION",
)  # fmt: skip
"""The codes of TDISP_ERROR (P63 Table 11-27)."""

# --- Checks of every request ------------------------------------------------------------------------------------------
GENERIC: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("version agreed", "version", ("VERSION_MISMATCH",), "P63 Table 11-6"),
    ("interface hosted", "interface", ("INVALID_INTERFACE",), "P63 Table 11-6; for LOCK_INTERFACE: §11.3.8"),
    ("fields and size", "fields", ("INVALID_REQUEST",), "P63 Table 11-6"),
    ("requests outstanding", "overrun", ("BUSY", "NO_RESPONSE"), "P63 §11.2.4: BUSY, or dropped in silence"),
    ("no trouble of its own", "trouble", ("UNSPECIFIED", "VENDOR_SPECIFIC"), "P63 Table 11-6"),
)
"""Check, the flaw of the request that fails it, the replies, source."""


def _checks(event: Event) -> list[Check]:
    found = [
        Check(name, e.flaw != fails, reply, cite)
        for name, fails, replies, cite in GENERIC
        for reply in replies
        # The version is what GET_TDISP_VERSION asks for.
        if not (event is e.get_tdisp_version and fails == "version")
    ]
    if event is not e.get_report:
        free = implies(report_chunks == "refuse", Tdi.read_in_parts[t] != "current")
        found.append(Check("report complete", free, WRONG_STATE, "P63 Table 11-27, an example"))
    return found


_OPTIONAL = (
    Check("supported", optional_requests | (unsupported_code == "INVALID_REQUEST"), "UNSUPPORTED_REQUEST", "P63 §11.3.1"),
    Check(
        "supported",
        optional_requests | (unsupported_code == "UNSUPPORTED_REQUEST"),
        "INVALID_REQUEST",
        "P63 Tables 11-21, 11-23, 11-25",
    ),
)
_SESSION_OF_THE_LOCK = Check(
    "session of the lock",
    implies((other_session == "refused") & Tdi.locked(), e.via == Tdi.lock_session[t]),
    "INVALID_REQUEST",
    "P63 §11.6.3 in its intention; no rule says so",
)


def _state_check(legal: Term, cite: str) -> Check:
    return Check("state", legal, WRONG_STATE, cite)


def _answer(
    event: Event,
    *checks: Check,
    change: Change | None = None,
    each: list[Update] | None = None,
    when: Term = TRUE,
    cite: str,
) -> None:
    """The rule for a request, and what a refusal for a wrong state does."""
    parts = Tdi.read_in_parts[t]
    begun_anew: Change = {parts: ite((report_chunks == "restart") & (parts == "current"), "none", parts)}
    _MINE.rule(
        event,
        when=[when],
        checks=[*_checks(event), *checks],
        set=(begun_anew | (change or {})) if each is None else {},
        each=each or [],
        binds=DEVICE_PARTY,
        cite=cite,
    )
    if any(c.name == "state" for c in checks):
        _MINE.rule(
            event,
            reply=WRONG_STATE,
            set={target: ite(wrong_state == "unlocks", value, target) for target, value in to_unlocked().items()},
            binds=DEVICE_PARTY,
            cite="P63 §11.3.24: an error response changes no state; OpenVMM: unbinds",
        )


# --- Version, capabilities, state -------------------------------------------------------------------------------------
_answer(e.get_tdisp_version, cite="P63 §11.3.4: legal in every state")
_answer(e.get_tdisp_capabilities, cite="P63 §11.3.6: legal in every state")
_answer(e.get_state, cite="P63 §11.3.12, Table 11-3: legal in every state")

# --- LOCK_INTERFACE ---------------------------------------------------------------------------------------------------
_CONFIGURATION = "INVALID_DEVICE_CONFIGURATION"
LOCK_FAULTS: tuple[tuple[str, str, tuple[str, ...], bool, str], ...] = (
    ("L3 default stream id", "stream_id", ("INVALID_REQUEST", _CONFIGURATION), True, "P63 §11.3.8; no code tabulated"),
    ("L6 one default stream", "two_defaults", ("INVALID_REQUEST", _CONFIGURATION), True, "P63 §11.3.8; no code tabulated"),
    ("L7 traffic class 0", "traffic_class", ("INVALID_REQUEST", _CONFIGURATION), True, "P63 §11.3.8; no code tabulated"),
    ("L8 no Phantom Functions", "phantom_functions", (_CONFIGURATION,), False, "P63 §11.3.8, Table 11-12"),
    ("L9 no overlapping ranges", "overlap", (_CONFIGURATION,), False, "P63 §11.3.8, Table 11-12"),
    ("L10 BAR and page sizes", "sizes", (_CONFIGURATION,), False, "P63 §11.3.8, Table 11-12"),
    ("L11 cache line size, TPH mode", "cache_line_or_tph", (_CONFIGURATION,), False, "P63 §11.3.8, Table 11-12"),
    ("L12 the device's own conditions", "own_reasons", (_CONFIGURATION,), False, "P63 §11.3.9, §11.4.4, Table 11-12"),
    ("L13 entropy", "no_entropy", ("INSUFFICIENT_ENTROPY",), False, "P63 Table 11-12"),
    ("XT enable of the stream", "xt_enable", ("INVALID_REQUEST",), True, "PCIe 7.0, unverified"),
)
"""Check, the fault that fails it, the replies, whether only where IDE is required, source. L1 is "interface hosted", L2 "state"."""


def _sound(fault: str, reply: str, replies: tuple[str, ...], only_ide: bool) -> Term:
    holds = e.fault != fault
    if len(replies) > 1:
        holds = holds | neg(stream_fault_code.in_("either", reply))
    return implies(ide_required, holds) if only_ide else holds


def _when_ide(condition: Term) -> Term:
    return implies(ide_required, condition)


_answer(
    e.lock_interface,
    _state_check(_state == "CONFIG_UNLOCKED", "L2: P63 Table 11-12"),
    Check(
        "L4 keys of all sub-streams",
        _when_ide(Stream.state[_stream] != "NOT_KEYED"),
        "INVALID_REQUEST",
        "P63 §11.3.8, Table 11-12",
    ),
    Check(
        "L5 keying session",
        _when_ide((Stream.state[_stream] == "NOT_KEYED") | (Stream.key_session[_stream] == e.via)),
        "INVALID_REQUEST",
        "P63 §11.3.8, §11.4.5, Table 11-12",
    ),
    Check(
        "secure stream",
        _when_ide(implies(lock_requires == "secure", Stream.state[_stream] == "SECURE")),
        "INVALID_REQUEST",
        "P63 §6.33.1; not among the conditions of §11.3.8",
    ),
    *(
        Check(name, _sound(fault, reply, replies, only_ide), reply, cite)
        for name, fault, replies, only_ide, cite in LOCK_FAULTS
        for reply in replies
    ),
    when=implies(e.fault == "xt_enable", xt_mode),
    change={
        _state: "CONFIG_LOCKED",
        Tdi.lock_session[t]: e.via,
        Tdi.nonce[t]: True,
        Tdi.no_fw_update[t]: e.no_fw,
        Tdi.msix_locked[t]: e.msix,
        Tdi.may_bind_p2p[t]: e.p2p,
        Tdi.redirect[t]: e.redirect,
        # Earlier work is aborted, cached translations are dropped.
        Tdi.holds[t]: given_up(),
    },
    cite="P63 §11.3.8, §11.3.9 LOCK_INTERFACE",
)

# --- GET_DEVICE_INTERFACE_REPORT --------------------------------------------------------------------------------------
_parts = Tdi.read_in_parts[t]
_answer(
    e.get_report,
    _state_check((_state == "CONFIG_LOCKED") | ((_state == "RUN") & report_in_run), "P63 Table 11-3, Table 11-16"),
    Check("offset", e.part != "bad_offset", "INVALID_REQUEST", "P63 Table 11-16"),
    Check(
        "in sequence",
        implies((report_chunks == "restart") & (e.part == "rest"), _parts == "current"),
        WRONG_STATE,
        "P63 Table 11-27, an example",
    ),
    _SESSION_OF_THE_LOCK,
    change={_parts: ite(e.part == "first", "current", ite(e.part == "rest", "none", _parts))},
    cite="P63 §11.3.10 GET_DEVICE_INTERFACE_REPORT; no rule ties the parts of a report together",
)

# --- START_INTERFACE and STOP_INTERFACE -------------------------------------------------------------------------------
_answer(
    e.start_interface,
    _state_check(_state == "CONFIG_LOCKED", "P63 Table 11-19"),
    Check(
        "nonce",
        implies(nonce_checked, Tdi.nonce[t] & (e.nonce == "current")),
        "INVALID_NONCE",
        "P63 Table 11-19, §11.6.3",
    ),
    _SESSION_OF_THE_LOCK,
    change={_state: "RUN", Tdi.nonce[t]: False},
    cite="P63 §11.3.14 START_INTERFACE; no state of the stream is asked for",
)
_stopped, _neighbour = to_unlocked(u), to_error(u)
_shares_keys = stop_clears_keys & ide_required & (device_of(u) == device_of(t)) & Tdi.locked(u)
_answer(
    e.stop_interface,
    _state_check(
        implies(stop_in_unlocked == "error", _state != "CONFIG_UNLOCKED"),
        "P63 Table 11-3: legal in every state; some responders differ",
    ),
    _SESSION_OF_THE_LOCK,
    each=[
        *each_where(u == t, {k: v for k, v in _stopped.items() if k not in _neighbour}),
        *(Update(k, ite(u == t, _stopped[k], ite(_shares_keys, v, k)), (u,)) for k, v in _neighbour.items()),
    ],
    cite="P63 §11.3.16 STOP_INTERFACE; no rule ties it to the session of the lock",
)

# --- Peer-to-peer streams ---------------------------------------------------------------------------------------------
_RUN = _state_check(_state == "RUN", "P63 Tables 11-21, 11-23, 11-25")
P2P_FAULTS: tuple[tuple[str, str], ...] = (
    ("stream id", "bad_id"),
    ("keys of all sub-streams", "keys_missing"),
    ("not the default stream", "default_stream"),
    ("one register block with that id", "several_registers"),
    ("no overlapping association", "overlap"),
    ("ATS enabled", "no_ats"),
)
"""Check of BIND_P2P_STREAM, and the fault that fails it; the reply is INVALID_REQUEST."""
_answer(
    e.bind_p2p_stream,
    _RUN,
    *_OPTIONAL,
    *(Check(name, e.p2p_fault != f, "INVALID_REQUEST", "P63 §11.3.18, Table 11-21") for name, f in P2P_FAULTS),
    Check(
        "keying session",
        Device.alive(e.keyed, _stream) & (e.keyed == ite(p2p_keyed_over == "lock", Tdi.lock_session[t], e.via)),
        "INVALID_REQUEST",
        "P63 §11.3.18, Table 11-21, §11.4.5 against §11.6.1",
    ),
    Check(
        "BIND_P2P of the lock",
        Tdi.may_bind_p2p[t] | (bind_p2p_flag == "ignored"),
        "INVALID_REQUEST",
        "P63 §11.3.8; the code is inferred",
    ),
    Check(
        "none bound yet", Tdi.p2p[t] == "none", "INVALID_REQUEST", "P63 Table 11-21: no second stream of that association"
    ),
    _SESSION_OF_THE_LOCK,
    change={Tdi.p2p[t]: e.keyed},
    cite="P63 §11.3.18 BIND_P2P_STREAM; one peer-to-peer stream stands for all",
)
_answer(
    e.unbind_p2p_stream,
    _RUN,
    *_OPTIONAL,
    Check("bound", e.known & (Tdi.p2p[t] != "none"), "INVALID_REQUEST", "P63 Table 11-23"),
    _SESSION_OF_THE_LOCK,
    change={Tdi.p2p[t]: "none"},
    cite="P63 §11.3.20 UNBIND_P2P_STREAM",
)

# --- SET_MMIO_ATTRIBUTE -----------------------------------------------------------------------------------------------
_sharing = Tdi.sharing[t]
_answer(
    e.set_mmio_attribute,
    _RUN,
    *_OPTIONAL,
    Check("range", e.known, "INVALID_REQUEST", "P63 §11.3.22, Table 11-25: not fatal, no change of state"),
    Check("one change at a time", _sharing.in_("tee", "shared"), "BUSY", "P63 §11.2.3: one request at a time"),
    _SESSION_OF_THE_LOCK,
    change={
        _sharing: ite(
            e.shared & (_sharing == "tee"), "to_shared", ite(neg(e.shared) & (_sharing == "shared"), "to_tee", _sharing)
        )
    },
    cite="P63 §11.3.22 SET_MMIO_ATTRIBUTE",
)
_MINE.rule(
    e.set_mmio_attribute_response,
    when=[_sharing.in_("to_shared", "to_tee")],
    set={_sharing: ite(_sharing == "to_shared", "shared", ite(_sharing == "to_tee", "tee", _sharing))},
    binds=DEVICE_PARTY,
    cite="P63 §11.3.22: effective at the response",
)

# --- Others -----------------------------------------------------------------------------------------------------------
_answer(
    e.vdm,
    Check("known", e.known, "UNSUPPORTED_REQUEST", "P63 §11.3.1"),
    cite="P63 §11.3.24 VDM: legal in every state, content of the vendor",
)
_answer(
    e.set_tdisp_config,
    Check("supported", xt_mode, "UNSUPPORTED_REQUEST", "P63 §11.3.1"),
    _state_check(
        forall(u, implies(device_of(u) == _stream, Tdi.state[u] == "CONFIG_UNLOCKED")),
        "PCIe 7.0 §11.3.27, unverified: all TDIs of the DSM must be unlocked",
    ),
    cite="PCIe 7.0 §11.3.27, unverified",
)
