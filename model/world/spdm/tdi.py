"""Rules of the TDIs: over whose session they are locked, and what the end of that session does to them."""

from __future__ import annotations

from ...language import Check, Operand, Term, conj, const, for_each, implies, ite, neg
from ..choices.ide import ide_km_binding
from ..choices.lifecycle import lock_requires
from ..choices.resources import device_caps
from ..choices.responder import other_session
from ..vocabulary import DEVICE_PARTY, STATE, t
from . import events as e
from .endings import ENDINGS, kept_record
from .state import RECORD, Stream, Tdi, Tsm, taken_for
from .stream import stream_falls

_MINE = Tdi.machine
_state, _over = Tdi.state, Tdi.locked_over
_TSM, _HOST = Tsm.holder, const("host", RECORD)
_HAS_TDISP = device_caps == "tee_io"
_UNLOCKED: dict[Term, Operand] = {_state[t]: "CONFIG_UNLOCKED", _over[t]: "none"}


def _same_session(holder: Term) -> Check:
    return Check(
        "session of the lock",
        implies((other_session == "refused") & Tdi.locked(), taken_for(_over[t], holder)),
        "INVALID_REQUEST",
        "P63 ties LOCK_INTERFACE to the keying session, and says nothing of START_INTERFACE and STOP_INTERFACE",
    )


for _event, _holder in ((e.tdi_bind, _TSM), (e.host_lock, _HOST)):
    _MINE.rule(
        _event,
        when=[_HAS_TDISP],
        checks=[
            Check("state", _state[t] == "CONFIG_UNLOCKED", "INVALID_INTERFACE_STATE", "P63 Table 11-12"),
            Check("keys", Stream.state.in_("KEYED", "SECURE"), "INVALID_REQUEST", "P63 §11.3.8, Table 11-12"),
            Check(
                "keying session",
                implies(ide_km_binding == "session", taken_for(Stream.keyed_over, _holder)),
                "INVALID_REQUEST",
                "P63 §11.3.8, §11.4.5; a device that binds IDE_KM to no session cannot tell",
            ),
            Check(
                "secure stream",
                (lock_requires == "secure").implies(Stream.state == "SECURE"),
                "INVALID_REQUEST",
                "P63 §6.33.1; not among the conditions of §11.3.8",
            ),
        ],
        set={_state[t]: "CONFIG_LOCKED", _over[t]: _holder},
        binds=DEVICE_PARTY,
        cite="P63 §11.3.8 LOCK_INTERFACE",
    )

for _event, _holder, _has_nonce in (
    # The nonce came inside the session, so that it is known to who locked, also after that session is gone.
    (e.tdi_run, _TSM, ite(Tsm.peer == "host", _over[t].in_("host", "host_lost"), _over[t].in_("tsm", "tsm_lost"))),
    (e.host_start, _HOST, _over[t].in_("host", "host_lost")),
):
    _MINE.rule(
        _event,
        when=[_HAS_TDISP],
        checks=[
            Check("state", _state[t] == "CONFIG_LOCKED", "INVALID_INTERFACE_STATE", "P63 Table 11-19"),
            Check("nonce", _has_nonce, "INVALID_NONCE", "P63 Table 11-19, §11.6.3"),
            _same_session(_holder),
        ],
        set={_state[t]: "RUN"},
        binds=DEVICE_PARTY,
        cite="P63 §11.3.14 START_INTERFACE",
    )

_MINE.rule(
    e.tdi_unbind,
    name="stop",
    when=[Tsm.in_contact],
    checks=[_same_session(_TSM)],
    set=_UNLOCKED,
    binds=DEVICE_PARTY,
    cite="P63 §11.3.16 STOP_INTERFACE",
)
_MINE.rule(
    e.tdi_unbind,
    name="out of reach",
    when=[neg(Tsm.in_contact)],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.2: no TDISP outside a secure session; AMD host driver: forced unbind",
)
_MINE.rule(
    e.host_stop,
    when=[_HAS_TDISP],
    checks=[_same_session(_HOST)],
    set=_UNLOCKED,
    binds=DEVICE_PARTY,
    cite="P63 §11.3.16 STOP_INTERFACE",
)


_MINE.rule(
    e.ide_fail,
    each=[
        for_each(t, _state[t], ite(Tdi.locked(), const("ERROR", STATE), _state[t])),
        for_each(t, _over[t], ite(Tdi.locked(), const("none", RECORD), _over[t])),
    ],
    binds=DEVICE_PARTY,
    cite="P63 §11.4.5: a bound stream became Insecure",
)
_MINE.rule(
    e.conventional_reset,
    each=[for_each(t, target, value) for target, value in _UNLOCKED.items()],
    binds=DEVICE_PARTY,
    cite="P63 §11.4.8: all TDIs to CONFIG_UNLOCKED",
)
for _event, _ending in ENDINGS.items():
    _fails = conj(Tdi.locked(), _ending.ended(_over[t]) | stream_falls(_event))
    _new_state = ite(_fails, const("ERROR", STATE), _state[t])
    _new_over = ite(_fails, const("none", RECORD), kept_record(_over[t], _ending, const("none", RECORD)))
    if _event is e.device_disconnect:
        # What the TSM has bound it stops first, over the session that it is about to end.
        _stopped = conj(Tsm.bound[t], Tsm.in_contact, _same_session(_TSM).term)
        _new_state = ite(_stopped, const("CONFIG_UNLOCKED", STATE), _new_state)
        _new_over = ite(_stopped, const("none", RECORD), _new_over)
    _MINE.rule(
        _event,
        each=[for_each(t, _state[t], _new_state), for_each(t, _over[t], _new_over)],
        binds=DEVICE_PARTY,
        cite="P63 §11.4.5: TDIs locked over a session that ends go to ERROR",
    )
