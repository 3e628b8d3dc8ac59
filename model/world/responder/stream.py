"""Rules of the default IDE stream at the device's port: keys, Secure, Insecure."""

from __future__ import annotations

from ...language import FALSE, TRUE, Check, Operand, Term, ite, neg
from ..choices.ide import session_loss, stream_owned_until
from ..choices.responder import stop_clears_keys
from ..vocabulary import DEVICE_PARTY, d, device_of, function0_of, t
from . import events as e
from .device import SESSION_ENDS, closes_all, ends_session_of
from .state import Device, Stream

_MINE = Stream.machine
_state, _by = Stream.state, Stream.key_session


def _lost(condition: Term, device: Term = d) -> dict[Term, Operand]:
    """Insecure and without keys, where the condition holds; whose it stays while the session lives is an open point."""
    return {
        _state[device]: ite(condition, "NOT_KEYED", _state[device]),
        _by[device]: ite(condition & (stream_owned_until != "session_ends"), "none", _by[device]),
    }


_KEYING_SESSION = Check(
    "keying session",
    (_by[d] == e.holder) | neg(Device.alive(_by[d])),
    "NO_RESPONSE",
    "P63 §6.33.3: discarded on a second session while the keying session lives",
)
left_over = (_state[d] != "NOT_KEYED") & (_by[d] == "none")
"""Whether the stream outlived the session that keyed it (only where that does not end it at once)."""

_MINE.rule(
    e.key_prog,
    checks=[_KEYING_SESSION],
    set={_state[d]: ite((_by[d] == e.holder) & (_state[d] == "SECURE"), _state[d], "KEYED"), _by[d]: e.holder},
    binds=DEVICE_PARTY,
    cite="P63 §6.33.3: a refresh on the same session; keys of a session that is gone are wiped first",
)
_MINE.rule(
    e.ide_query,
    checks=[_KEYING_SESSION],
    set=_lost(left_over),
    binds=DEVICE_PARTY,
    cite="P63 §6.33.3: a query on a new session wipes what an earlier one keyed",
)
_MINE.rule(
    e.ide_enable,
    when=[_state[d] == "KEYED"],
    set={_state[d]: "SECURE"},
    binds=DEVICE_PARTY,
    cite="P63 §6.33.1, §7.9.26: keys in use and Enable set",
)
for _event in (e.stream_lost, e.root_port_write):
    _MINE.rule(_event, when=[_state[d] == "SECURE"], set=_lost(TRUE), binds=DEVICE_PARTY, cite="P63 §6.33.8, §11.5.8")
_MINE.rule(
    e.flr,
    set=_lost(t == function0_of(t), device_of(t)),
    binds=DEVICE_PARTY,
    cite="P63 §6.33.8: a reset of the function with the IDE capability ends all streams; §11.4.9: of another, none",
)
_MINE.rule(
    e.stop_interface,
    set=_lost(stop_clears_keys, device_of(t)),
    binds=DEVICE_PARTY,
    cite="P63 §11.3.16: the stream is not among what STOP_INTERFACE clears",
)
_ALWAYS = {e.conventional_reset: TRUE, e.debug_authorised: TRUE, e.firmware_update: closes_all}
"""When an event ends the stream, whoever keyed it."""
for _event in SESSION_ENDS:
    _ended, _always = ends_session_of(_by[d], _event), _ALWAYS.get(_event, FALSE)
    _MINE.rule(
        _event,
        set={
            _state[d]: ite((_ended & (session_loss == "at_once")) | _always, "NOT_KEYED", _state[d]),
            _by[d]: ite(_ended | _always, "none", _by[d]),
        },
        binds=DEVICE_PARTY,
        cite="P63 §11.4.5, §11.4.7, §11.4.8, §6.33.3: streams go with the session that keyed them",
    )
