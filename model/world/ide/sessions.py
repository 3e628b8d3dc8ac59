"""Rules of the device as SPDM responder, and what the end of a session does to the stream."""

from __future__ import annotations

from ...language import FALSE, TRUE, Event, Operand, Term, ite, neg
from ..choices.ide import session_loss
from ..choices.lifecycle import multi_session
from ..vocabulary import DEVICE_PARTY, d
from . import events as e
from .ports import lost
from .state import ENDPOINT, ORPHAN, OWNER, Device, keyed_by

_MINE = Device.machine
_tsm, _host = Device.tsm_session, Device.host_session

SESSION_ENDS: dict[Event, tuple[Term, Term]] = {
    # Opening a connection starts with GET_VERSION, which ends the other session where only one can be.
    e.device_connect: (TRUE, neg(multi_session)),
    e.host_connect: (neg(multi_session), FALSE),
    e.end_session: (TRUE, FALSE),
    e.get_version: (TRUE, TRUE),
}
"""Event -> when it ends the TSM's session, and when the host's."""


def keying_session_ends(event: Event) -> Term:
    """Whether the event ends a live session that has keyed the stream."""
    tsm, host = SESSION_ENDS[event]
    return (tsm & _tsm[d] & keyed_by("tsm")) | (host & _host[d] & keyed_by("host"))


_AFTER: tuple[tuple[Event, list[Term], dict[Term, Operand], str], ...] = (
    (
        e.device_connect,
        [],
        {_tsm[d]: True, _host[d]: _host[d] & multi_session},
        "P63 §11.2.2; DSP0274 GET_VERSION, KEY_EXCHANGE",
    ),
    (
        e.host_connect,
        [neg(_host[d])],
        {_host[d]: True, _tsm[d]: _tsm[d] & multi_session},
        "DSP0274 GET_VERSION resets the connection; a responder need not authenticate its requester",
    ),
    (e.end_session, [], {_tsm[d]: False}, "DSP0274 END_SESSION"),
    (e.get_version, [_tsm[d] | _host[d]], {_tsm[d]: False, _host[d]: False}, "DSP0274 GET_VERSION: all sessions end"),
    (e.conventional_reset, [], {_tsm[d]: False, _host[d]: False}, "P63 §11.4.8"),
)
for _event, _when, _set, _cite in _AFTER:
    _MINE.rule(_event, when=_when, set=_set, binds=DEVICE_PARTY, cite=_cite)

for _event, (_tsms, _hosts) in SESSION_ENDS.items():
    _ends = keying_session_ends(_event)
    _owners = ((OWNER[d] == "tsm") & _tsms) | ((OWNER[d] == "host") & _hosts)
    ENDPOINT.machine.rule(
        _event,
        set={
            ORPHAN[d]: ORPHAN[d] | (_ends & (session_loss == "next_keying")),
            OWNER[d]: ite(_owners, "none", OWNER[d]),
        },
        each=lost(ENDPOINT, _ends & (session_loss == "at_once")),
        binds=DEVICE_PARTY,
        cite="P63 §11.4.5: streams keyed over a session that ends become Insecure; §6.33.3: at the next keying",
    )
