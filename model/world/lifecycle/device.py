"""Rules of the device as SPDM responder: which sessions live, and what ends them."""

from __future__ import annotations

from ...language import Event, Operand, Term, neg
from ..choices.lifecycle import multi_session
from ..vocabulary import DEVICE_PARTY, d
from . import events as e
from .state import Device

_MINE = Device.machine
_tsm, _host = Device.tsm_session, Device.host_session

SESSION_ENDS: dict[Event, tuple[Operand, Operand]] = {
    # Opening a connection starts with GET_VERSION, which ends the other session where only one can be.
    e.device_connect: (False, neg(multi_session)),
    e.host_connect: (neg(multi_session), False),
    e.device_disconnect: (True, False),
    e.get_version: (True, True),
    e.conventional_reset: (True, True),
}
"""Event -> when it ends the TSM's session, and when the host's. What becomes of streams and TDIs follows from it."""


def ends_session_of(holder: Term, event: Event, device: Term = d) -> Term:
    """Whether ``event`` on ``device`` ends the session of ``holder`` (a term of sort SessionHolder)."""
    tsm, host = SESSION_ENDS[event]
    return ((holder == "tsm") & _tsm[device] & tsm) | ((holder == "host") & _host[device] & host)


_MINE.rule(
    e.device_connect,
    set={_tsm[d]: True, _host[d]: _host[d] & multi_session},
    binds=DEVICE_PARTY,
    cite="P63 §11.2.2; DSP0274 GET_VERSION, KEY_EXCHANGE",
)
_MINE.rule(
    e.host_connect,
    when=[neg(_host[d])],
    set={_host[d]: True, _tsm[d]: _tsm[d] & multi_session},
    binds=DEVICE_PARTY,
    cite="DSP0274 GET_VERSION resets the connection; a responder need not authenticate its requester",
)
_MINE.rule(e.device_disconnect, set={_tsm[d]: False}, binds=DEVICE_PARTY, cite="DSP0274 END_SESSION")
_MINE.rule(
    e.get_version,
    when=[_tsm[d] | _host[d]],
    set={_tsm[d]: False, _host[d]: False},
    binds=DEVICE_PARTY,
    cite="DSP0274 GET_VERSION: all sessions of the connection end, whoever sends it",
)
_MINE.rule(e.conventional_reset, set={_tsm[d]: False, _host[d]: False}, binds=DEVICE_PARTY, cite="P63 §11.4.8")
_MINE.rule(e.host_key_prog, when=[_host[d]], binds=DEVICE_PARTY, cite="P63 §6.33.3: IDE_KM only inside a secure session")
