"""Rules of the IDE stream: over whose session it is keyed, and what the end of that session does to it."""

from __future__ import annotations

from ...language import Check, Event, Term, conj, const, disj, implies, ite, neg
from ..choices.ide import ide_km_binding, ide_teardown
from ..vocabulary import DEVICE_PARTY
from . import events as e
from .endings import AT_ONCE, ENDINGS, ENDS_BY_END_SESSION, kept_record, with_suffix
from .state import ENDED, RECORD, Stream, Tsm, taken_for

_MINE = Stream.machine
_state, _over = Stream.state, Stream.keyed_over
_BOUND = ide_km_binding == "session"

STREAM_STOPPED = (ide_teardown != "session_first") & ENDS_BY_END_SESSION & (_over == "tsm")
"""At a disconnect: K_SET_STOP for all keys, before the session ends."""


def _owner_lives(holder: Term) -> Term:
    """As far as the device knows, another session keyed the stream and still lives."""
    return conj(neg(_over.in_("none", *ENDED)), neg(taken_for(_over, holder)))


def _keying(holder: Term) -> Check:
    return Check(
        "keying session",
        implies(_BOUND, neg(_owner_lives(holder))),
        "DISCARDED",
        "P63 §6.33.3: QUERY and KEY_PROG on a second session are discarded while the keying session lives",
    )


_WIPED = _BOUND & _over.in_(*ENDED)
"""A device that binds IDE_KM to a session first wipes what the ended session has left."""

_TSM, _HOST = Tsm.holder, const("host", RECORD)
for _event, _holder in ((e.ide_key_prog, _TSM), (e.host_key_prog, _HOST), (e.key_prog_in_clear, _HOST)):
    _MINE.rule(
        _event,
        # What comes in clear is served only by a device that binds IDE_KM to no session.
        checks=[] if _event is e.key_prog_in_clear else [_keying(_holder)],
        # On a Secure stream this is a refresh: the other key set, and the stream stays Secure.
        set={
            _state: ite(conj(_state == "SECURE", neg(_WIPED)), const("SECURE", _state.sort), const("KEYED", _state.sort)),
            _over: _holder,
        },
        binds=DEVICE_PARTY,
        cite="P63 §6.33.3; spdm-emu and a QEMU fork take KEY_PROG for a live key set",
    )
_MINE.rule(
    e.host_query,
    checks=[_keying(_HOST)],
    set={
        _state: ite(_WIPED, const("INSECURE", _state.sort), _state),
        _over: ite(_WIPED, const("none", RECORD), _over),
    },
    binds=DEVICE_PARTY,
    cite="P63 §6.33.3: QUERY on a new session wipes the stream once the keying session is closed",
)
_MINE.rule(e.ide_enable, when=[_state == "KEYED"], set={_state: "SECURE"}, binds=DEVICE_PARTY, cite="P63 §6.33.1, §7.9.26")
_MINE.rule(
    e.ide_fail, when=[_state == "SECURE"], set={_state: "INSECURE", _over: "none"}, binds=DEVICE_PARTY, cite="P63 §6.33.8"
)
_MINE.rule(
    e.conventional_reset, set={_state: "NONE", _over: "none"}, binds=DEVICE_PARTY, cite="P63 §6.33.8: keys unreadable"
)


def stream_falls(event: Event) -> Term:
    """Whether ``event``, which may end a session, leaves the stream without its keys."""
    falls = AT_ONCE & ENDINGS[event].ended(_over)
    return disj(STREAM_STOPPED, falls) if event is e.device_disconnect else falls


for _event, _ending in ENDINGS.items():
    _ended = AT_ONCE & _ending.ended(_over)
    _new_state = ite(_ended, const("INSECURE", _state.sort), _state)
    _new_over = kept_record(_over, _ending, ite(AT_ONCE, const("none", RECORD), with_suffix(_over, "ended")))
    if _event is e.device_disconnect:
        _new_state = ite(STREAM_STOPPED, const("NONE", _state.sort), _new_state)
        _new_over = ite(STREAM_STOPPED, const("none", RECORD), _new_over)
    _MINE.rule(
        _event,
        set={_state: _new_state, _over: _new_over},
        binds=DEVICE_PARTY,
        cite="P63 §11.4.5: streams keyed over a session that ends become Insecure; §6.33.3: at the next QUERY or KEY_PROG",
    )
