"""Rules of IDE_KM at the endpoint and of keying at the root port: KEY_PROG, K_SET_GO, K_SET_STOP."""

from __future__ import annotations

from ...language import (
    FALSE,
    TRUE,
    Check,
    Event,
    Maybe,
    Term,
    Update,
    const,
    exists,
    for_each,
    forall,
    implies,
    ite,
    lift,
    neg,
)
from ..choices.ide import (
    go_without_key,
    ide_keys,
    ide_km_binding,
    live_key_prog,
    rp_keys_by,
    rp_stop,
    stop_on_other_session,
    stream_owned_until,
)
from ..vocabulary import DEVICE_PARTY, ROOT_COMPLEX, d
from . import events as e
from .ports import bound, status_after
from .state import ENDPOINT, KEY_SET, LOCKED, ORPHAN, OWNER, ROOT_PORT, SLOT, Device, Port, k, k2, keyed_by, s, s2

_EVERY = (k2, s2)
_HOSTS = "k0"
"""The host programs this set only: the TSM's sets take turns, so it meets both the set in use and the one that comes next."""
_THIS = (k2 == k) & (s2 == s)
_NEW_TX = ite(ide_keys == "shared", const("SPENT", SLOT), const("PROGRAMMED", SLOT))
"""A key that the sub-streams share has been used by the time that the last of them starts on it."""

_OWNED = (ide_km_binding == "session") & (stream_owned_until != "keys_gone")
"""Whether the endpoint remembers a keying session apart from the keys."""

_ONE_SESSION = "P63 §6.33.3: QUERY and KEY_PROG on a second session are discarded while the keying session lives"
_STOP = "P63 §6.33.3: the set is made unreadable, the stream does not leave Secure by that; COV 09: the root port keeps it"


def _taken(port: Port, key_set: Term | str, sub: Term) -> Term:
    """The set that the receiver goes by once it takes ``key_set``: that one, unless it goes by another still."""
    current = port.current[d, sub]
    return ite(current == "none", lift(key_set, current.sort), current)


def _programmed() -> list[Update]:
    """The endpoint's slots of one sub-stream filled; keys whose session has closed go."""
    rx, tx, key = (f[d, k2, s2] for f in (ENDPOINT.rx, ENDPOINT.tx, ENDPOINT.key))
    return [
        for_each(_EVERY, rx, ite(_THIS, "PROGRAMMED", ite(ORPHAN[d], "CLEARED", rx))),
        for_each(_EVERY, tx, ite(_THIS, _NEW_TX, ite(ORPHAN[d], "CLEARED", tx))),
        for_each(_EVERY, key, ite(_THIS, "tsm", ite(ORPHAN[d], "none", key))),
        for_each(s2, ENDPOINT.current[d, s2], ite(ORPHAN[d], "none", ENDPOINT.current[d, s2])),
    ]


def _taken_over() -> list[Update]:
    """A whole set of the endpoint filled by the host and taken into use: its transmitter leaves the other set."""
    rx, key = ENDPOINT.rx[d, k2, s2], ENDPOINT.key[d, k2, s2]
    return [
        for_each(_EVERY, rx, ite(k2 == _HOSTS, "ENABLED", ite(ORPHAN[d], "CLEARED", rx))),
        for_each(_EVERY, ENDPOINT.tx[d, k2, s2], ite(k2 == _HOSTS, const("ENABLED", SLOT), const("CLEARED", SLOT))),
        for_each(_EVERY, key, ite(k2 == _HOSTS, "host", ite(ORPHAN[d] | (rx == "CLEARED"), "none", key))),
        for_each(s2, ENDPOINT.current[d, s2], ite(ORPHAN[d], _HOSTS, _taken(ENDPOINT, _HOSTS, s2))),
    ]


def _not_in_use(port: Port, whole_set: bool) -> Term:
    """None of the slots to be filled is in use."""
    slot = (d, _HOSTS, s2) if whole_set else (d, k, s)
    idle = (port.rx[slot] != "ENABLED") & (port.tx[slot] != "ENABLED")
    return forall(s2, idle) if whole_set else idle


# --- KEY_PROG ---------------------------------------------------------------------------------------------------------
for _event, _holder, _other, _session in (
    (e.ep_key_prog, "tsm", "host", Device.host_session[d]),
    (e.host_key_prog, "host", "tsm", Device.tsm_session[d]),
):
    _whole = _event is e.host_key_prog
    ENDPOINT.machine.rule(
        _event,
        when=[Device.host_session[d] | (ide_km_binding == "none")] if _whole else [Device.tsm_session[d]],
        checks=[
            Check(
                "keying session",
                (ide_km_binding == "session").implies(neg(_session & keyed_by(_other)) | ORPHAN[d]),
                "DISCARDED",
                _ONE_SESSION,
            ),
            Check(
                "not in use",
                (live_key_prog == "refuse").implies(_not_in_use(ENDPOINT, _whole) | ORPHAN[d]),
                "KP_ACK_FAILURE",
                "COV 09: INVALID_STATE; the reply of an endpoint was not found in P63",
            ),
        ],
        set={
            ORPHAN[d]: False,
            OWNER[d]: ite(_OWNED, _holder, OWNER[d]),
            ENDPOINT.status[d]: ite(
                ORPHAN[d] & ENDPOINT.secure,
                "FAILED",
                status_after(ENDPOINT, TRUE) if _whole else ENDPOINT.status[d],
            ),
        },
        each=_taken_over() if _whole else _programmed(),
        binds=DEVICE_PARTY,
        cite="P63 §6.33.3 KEY_PROG" + (", K_SET_GO" if _whole else ""),
    )
ROOT_PORT.machine.rule(
    e.ep_key_prog,
    set={ROOT_PORT.key[d, k, s]: ite(ROOT_PORT.key[d, k, s] == "tsm", "stale", ROOT_PORT.key[d, k, s])},
    cite="[D] the TSM has generated a new key: what the root port still holds is an earlier one",
)
ROOT_PORT.machine.rule(
    e.rp_key_prog,
    checks=[Check("not in use", _not_in_use(ROOT_PORT, False), "INVALID_STATE", "COV 09")],
    set={ROOT_PORT.rx[d, k, s]: "PROGRAMMED", ROOT_PORT.tx[d, k, s]: _NEW_TX, ROOT_PORT.key[d, k, s]: "tsm"},
    binds=ROOT_COMPLEX,
    cite="COV 09: Cleared or Programmed to Programmed",
)
ROOT_PORT.machine.rule(
    e.host_rp_keys,
    when=[rp_keys_by == "host"],
    checks=[
        Check("not Locked", neg(LOCKED[d]), "REFUSED", "Arm RYHQQL: no write to a Locked register block; COV 05 T003"),
        Check("not in use", _not_in_use(ROOT_PORT, True), "INVALID_STATE", "COV 09"),
    ],
    set={ROOT_PORT.status[d]: status_after(ROOT_PORT, TRUE)},
    each=[
        for_each(s2, ROOT_PORT.rx[d, _HOSTS, s2], "ENABLED"),
        for_each(s2, ROOT_PORT.current[d, s2], _taken(ROOT_PORT, _HOSTS, s2)),
        for_each(_EVERY, ROOT_PORT.tx[d, k2, s2], ite(k2 == _HOSTS, const("ENABLED", SLOT), const("CLEARED", SLOT))),
        for_each(
            _EVERY,
            ROOT_PORT.key[d, k2, s2],
            ite(k2 == _HOSTS, "host", ite(ROOT_PORT.rx[d, k2, s2] == "CLEARED", "none", ROOT_PORT.key[d, k2, s2])),
        ),
    ],
    binds=ROOT_COMPLEX,
    cite="P63 §6.33.3: keying of a root complex is implementation specific",
)


# --- K_SET_GO ---------------------------------------------------------------------------------------------------------
def _go(port: Port, event: Event, direction: str) -> None:
    mine, other = port.slots(direction), port.slots("rx" if direction == "tx" else "tx")
    armed = mine[d, k, s].in_("PROGRAMMED", "SPENT")
    rest = forall(s2, (s2 == s) | (mine[d, k, s2] == "ENABLED"))
    complete = armed & rest & forall(s2, other[d, k, s2] == "ENABLED")
    switches = armed & rest
    updates: list[Update] = [for_each((), mine[d, k, s], ite(armed, "ENABLED", mine[d, k, s]))]
    if direction == "tx":
        # One sub-stream that moves takes all with it, and the set before is not used again.
        old = (k2 != k) & switches
        updates = [
            for_each(
                _EVERY,
                mine[d, k2, s2],
                ite(_THIS & armed, "ENABLED", ite(old, "CLEARED", mine[d, k2, s2])),
            ),
            for_each(
                _EVERY,
                port.key[d, k2, s2],
                ite(old & (other[d, k2, s2] == "CLEARED"), "none", port.key[d, k2, s2]),
            ),
        ]
    else:
        updates.append(for_each((), port.current[d, s], ite(armed, _taken(port, k, s), port.current[d, s])))
    lenient = go_without_key == "ack"
    port.machine.rule(
        event,
        when=[Device.tsm_session[d]] if port is ENDPOINT else [],
        checks=[
            Check("programmed", armed | lenient, "SILENT", "P63 §6.33.3: no acknowledgement is recommended")
            if port is ENDPOINT
            else Check("programmed", armed, "INVALID_STATE", "COV 09")
        ],
        set={port.status[d]: status_after(port, complete)},
        each=updates,
        binds=bound(port),
        cite="P63 §6.33.3 K_SET_GO; the older set must be programmed again before it is used",
    )


for _port, _event, _direction in (
    (ENDPOINT, e.ep_rx_go, "rx"),
    (ROOT_PORT, e.rp_rx_go, "rx"),
    (ENDPOINT, e.ep_tx_go, "tx"),
    (ROOT_PORT, e.rp_tx_go, "tx"),
):
    _go(_port, _event, _direction)


# --- K_SET_STOP -------------------------------------------------------------------------------------------------------
def _stopped(port: Port, direction: str) -> list[Update]:
    """All key sets of a direction that are in use."""
    mine, other = port.slots(direction)[d, k2, s2], port.slots("rx" if direction == "tx" else "tx")[d, k2, s2]
    kept = (rp_stop == "keeps") if port is ROOT_PORT else FALSE
    stops = mine == "ENABLED"
    return [
        for_each(_EVERY, mine, ite(stops & kept, "SPENT", ite(stops, "CLEARED", mine))),
        for_each(
            _EVERY,
            port.key[d, k2, s2],
            ite(stops & neg(kept) & (other == "CLEARED"), "none", port.key[d, k2, s2]),
        ),
        *([for_each(s2, port.current[d, s2], "none")] if direction == "rx" else []),
    ]


for _event, _direction in ((e.stop_tx, "tx"), (e.stop_rx, "rx")):
    ENDPOINT.machine.rule(
        _event, when=[Device.tsm_session[d]], each=_stopped(ENDPOINT, _direction), binds=DEVICE_PARTY, cite=_STOP
    )
    ENDPOINT.machine.rule(
        _event,
        name=f"{_event} out of reach",
        when=[neg(Device.tsm_session[d])],
        binds=DEVICE_PARTY,
        cite="P63 §6.33.3: no IDE_KM outside a secure session; the TSM goes on with its own port",
    )
    ROOT_PORT.machine.rule(_event, each=_stopped(ROOT_PORT, _direction), binds=ROOT_COMPLEX, cite=_STOP)
ENDPOINT.machine.rule(
    e.host_set_stop,
    when=[Device.host_session[d] | (ide_km_binding == "none"), forall(s2, ENDPOINT.rx[d, _HOSTS, s2] == "ENABLED")],
    checks=[
        Check(
            "keying session",
            implies(stop_on_other_session == "discarded", exists(s2, ENDPOINT.key[d, _HOSTS, s2] == "host")),
            "DISCARDED",
            "P63 §6.33.3 names QUERY and KEY_PROG; K_SET_STOP is not mentioned",
        )
    ],
    each=[
        *(for_each(s2, f[d, _HOSTS, s2], "CLEARED") for f in (ENDPOINT.rx, ENDPOINT.tx)),
        for_each(s2, ENDPOINT.key[d, _HOSTS, s2], "none"),
        for_each(
            s2,
            ENDPOINT.current[d, s2],
            ite(
                ENDPOINT.current[d, s2] != _HOSTS,
                ENDPOINT.current[d, s2],
                ite(ENDPOINT.rx[d, "k1", s2] == "ENABLED", const("k1", Maybe(KEY_SET)), const("none", Maybe(KEY_SET))),
            ),
        ),
    ],
    binds=DEVICE_PARTY,
    cite=_STOP,
)
