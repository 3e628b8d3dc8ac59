"""Rules of the IDE stream: IDE_KM, enabling, and everything that makes it Insecure."""

from __future__ import annotations

from ...language import Check, Operand, Term, ite, neg
from ..vocabulary import DEVICE_PARTY, d
from . import events as e
from .device import ends_session_of
from .state import Device, Stream

_MINE = Stream.machine
_state, _by, _leaked = Stream.state, Stream.key_session, Stream.known_to_host
_LOST: dict[Term, Operand] = {_state[d]: "INSECURE", _by[d]: "none", _leaked[d]: False}

_MINE.rule(
    e.device_connect,
    checks=[
        Check(
            "keying session",
            neg((_by[d] == "host") & Device.host_session[d] & neg(ends_session_of(_by[d], e.device_connect))),
            "DISCARDED",
            "P63 §6.33.3: KEY_PROG on a second session is discarded while the keying session lives",
        )
    ],
    set={_state[d]: "KEYED", _by[d]: "tsm", _leaked[d]: False},
    binds=DEVICE_PARTY,
    cite="P63 §6.33.3; M1: the host OS does not get to know the keys",
)
_MINE.rule(
    e.host_key_prog,
    when=[_state[d].in_("NONE", "INSECURE") | (_by[d] == "tsm")],
    checks=[
        Check(
            "keying session",
            neg((_by[d] == "tsm") & Device.tsm_session[d]),
            "DISCARDED",
            "P63 §6.33.3: KEY_PROG on a second session is discarded while the keying session lives",
        )
    ],
    set={_state[d]: "KEYED", _by[d]: "host", _leaked[d]: True},
    binds=DEVICE_PARTY,
    cite="P63 §6.33.3",
)
_MINE.rule(
    e.ide_enable,
    when=[_state[d] == "KEYED"],
    set={_state[d]: "SECURE"},
    binds=DEVICE_PARTY,
    cite="P63 §6.33.1, §7.9.26: keys in use and Enable set",
)
_MINE.rule(
    e.ide_fail,
    # Keys that are not in use yet are lost as well: by FLR of Function 0, or K_SET_STOP.
    when=[_state[d].in_("KEYED", "SECURE")],
    set=_LOST,
    binds=DEVICE_PARTY,
    cite="P63 §6.33.8, §6.33.3",
)
_MINE.rule(
    e.ide_disable,
    when=[_state[d] != "NONE"],
    set={**_LOST, _state[d]: "NONE"},
    binds=DEVICE_PARTY,
    cite="P63 §6.33.8, §7.9.26: with Enable clear and without keys, nothing tells a lost stream from a new one",
)
_MINE.rule(
    e.device_disconnect,
    set={
        _state[d]: ite(_by[d] == "tsm", "NONE", _state[d]),
        _by[d]: ite(_by[d] == "tsm", "none", _by[d]),
        _leaked[d]: _leaked[d] & (_by[d] != "tsm"),
    },
    binds=DEVICE_PARTY,
    cite="COV 07: streams disabled, K_SET_STOP, then END_SESSION",
)
_MINE.rule(
    e.conventional_reset, set={**_LOST, _state[d]: "NONE"}, binds=DEVICE_PARTY, cite="P63 §6.33.8, §11.4.8: keys cleared"
)
for _event in (e.get_version, e.host_connect):
    _ends = ends_session_of(_by[d], _event)
    _MINE.rule(
        _event,
        set={target: ite(_ends, value, target) for target, value in _LOST.items()},
        binds=DEVICE_PARTY,
        cite="P63 §11.4.5: streams keyed over a session that ends become Insecure",
    )
