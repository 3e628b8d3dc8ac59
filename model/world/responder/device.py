"""Rules of the DSM: what comes through its secure sessions, what ends them, and its firmware."""

from __future__ import annotations

from ...language import TRUE, Check, Event, Operand, Term, exists, forall, implies, neg
from ..choices.lifecycle import multi_session
from ..choices.responder import measured_at, runtime_update, svn_downgrade, update_ends_session
from ..vocabulary import DEVICE_PARTY, d, device_of, t, u
from . import events as e
from .state import Device, Tdi

_MINE = Device.machine
_tsm, _host = Device.tsm_session, Device.host_session

# --- Requests come through a secure session, or get no answer ---------------------------------------------------------
for _event in e.REQUESTS:
    _MINE.rule(
        _event,
        checks=[
            Check(
                "secure session",
                Device.alive(e.via, device_of(t)),
                "NO_RESPONSE",
                "P63 §11.2.2: outside the secure session a request is neither answered nor used",
            )
        ],
        set={Device.xt[device_of(t)]: e.xt} if _event is e.set_tdisp_config else {},
        binds=DEVICE_PARTY,
        cite="P63 §11.2.2",
    )
for _event in (e.key_prog, e.ide_query):
    _MINE.rule(
        _event,
        checks=[Check("secure session", Device.alive(e.holder), "NO_RESPONSE", "P63 §6.33.3")],
        binds=DEVICE_PARTY,
        cite="P63 §6.33.3: IDE_KM only inside a secure session",
    )

# --- What ends sessions ---------------------------------------------------------------------------------------------
_any_locked = exists(u, (device_of(u) == d) & Tdi.locked(u))
closes_all = neg(runtime_update) | (e.lower_svn & (svn_downgrade == "wipe") & _any_locked)
"""Whether a firmware update first ends all sessions, streams and locks (P63 §11.4.2)."""

_alone = neg(multi_session)
SESSION_ENDS: dict[Event, tuple[Term, Term]] = {
    # A new connection starts with GET_VERSION, which ends the other session where only one can be.
    e.session_open: ((e.holder == "host") & _alone, (e.holder == "tsm") & _alone),
    e.session_close: (e.holder == "tsm", e.holder == "host"),
    e.get_version: (TRUE, TRUE),
    e.conventional_reset: (TRUE, TRUE),
    e.debug_authorised: (TRUE, TRUE),
    e.firmware_update: (closes_all | update_ends_session, closes_all | update_ends_session),
}
"""Event -> when it ends the TSM's session, and when the host's. What becomes of streams and TDIs follows from it."""


def ends_session_of(holder: Term, event: Event, device: Term = d) -> Term:
    """Whether ``event`` on ``device`` ends the living session of ``holder`` (a term of sort SessionHolder)."""
    tsm, host = SESSION_ENDS[event]
    return ((holder == "tsm") & _tsm[device] & tsm) | ((holder == "host") & _host[device] & host)


_CITES = {
    e.session_open: "DSP0274 GET_VERSION, KEY_EXCHANGE; a responder need not authenticate its requester",
    e.session_close: "DSP0274 END_SESSION, HEARTBEAT; COV 07",
    e.get_version: "DSP0274 GET_VERSION: all sessions of the connection end, whoever sends it",
    e.conventional_reset: "P63 §11.4.8",
    e.debug_authorised: "P63 §11.4.7: sessions end before debug opens",
    e.firmware_update: "P63 §11.4.2; COV 08 TerminationPolicy",
}
_CHECKS = {
    e.firmware_update: [
        Check(
            "NO_FW_UPDATE",
            forall(u, implies(device_of(u) == d, neg(Tdi.no_fw_update[u]))),
            "UPDATE_REFUSED",
            "P63 §11.3.8, §11.4.2: one such TDI is enough",
        ),
        Check(
            "SVN",
            implies(e.lower_svn & _any_locked, svn_downgrade == "wipe"),
            "UPDATE_REFUSED",
            "P63 §11.4.2: refused under a lock, or everything is wiped and ended first",
        ),
    ]
}
_WHEN = {
    e.session_open: [neg(Device.alive(e.holder))],
    e.session_close: [Device.alive(e.holder)],
    e.get_version: [_tsm[d] | _host[d]],
}
_ALSO: dict[Event, dict[Term, Operand]] = {
    e.firmware_update: {Device.unmeasured[d]: Device.unmeasured[d] | (measured_at == "reset")},
    e.conventional_reset: {Device.unmeasured[d]: False, Device.xt[d]: False},
}
for _event, (_tsm_ends, _host_ends) in SESSION_ENDS.items():
    _opens = _event is e.session_open
    _MINE.rule(
        _event,
        when=_WHEN.get(_event, []),
        checks=_CHECKS.get(_event, []),
        set={
            _tsm[d]: (_tsm[d] & neg(_tsm_ends)) | ((e.holder == "tsm") if _opens else False),
            _host[d]: (_host[d] & neg(_host_ends)) | ((e.holder == "host") if _opens else False),
            **_ALSO.get(_event, {}),
        },
        binds=DEVICE_PARTY,
        cite=_CITES[_event],
    )
