"""Rules of the TSM: in which order it has a stream set up, refreshed and taken down, and what it checks."""

from __future__ import annotations

from ...language import Check, Event, Term, disj, for_each, forall, implies, ite
from ..choices.ide import (
    connect_checks,
    enable_order,
    enable_when,
    go_order,
    ide_teardown,
    refresh_checks,
    rp_enable_by,
    stream_block,
    stream_kind,
    switch_between,
)
from ..choices.lifecycle import bind_requires, disconnect_bound
from ..vocabulary import TSM, d
from . import events as e
from .ports import wiped
from .state import CONNECT_STEPS, ENDPOINT, LOCKED, ROOT_PORT, Tdi, Tsm, k, k2, s, s2

_MINE = Tsm.machine
_phase, _set, _at = Tsm.phase, Tsm.set, Tsm.at

GO_ORDERS: dict[str, tuple[Event, ...]] = {
    "receivers_first": (e.ep_key_prog, e.rp_key_prog, e.ep_rx_go, e.rp_rx_go, e.ep_tx_go, e.rp_tx_go),
    "root_port_first": (e.ep_key_prog, e.rp_key_prog, e.rp_rx_go, e.ep_rx_go, e.rp_tx_go, e.ep_tx_go),
    "interleaved": (e.ep_key_prog, e.ep_rx_go, e.ep_tx_go, e.rp_key_prog, e.rp_rx_go, e.rp_tx_go),
}
"""In which order the key messages of one sub-stream come; all but the last order keep the sub-streams in step."""

TEARDOWNS: dict[str, tuple[Event, ...]] = {
    "disable_first": (e.rp_close, e.stop_tx, e.stop_rx, e.end_session),
    "stop_first": (e.stop_rx, e.stop_tx, e.end_session, e.rp_close),
    "session_first": (e.end_session, e.rp_close),
}
"""In which order a disconnect goes."""

_CLOSING = ("closing", "closing_1", "closing_2", "closing_3")

# --- Connect ----------------------------------------------------------------------------------------------------------
_MINE.rule(
    e.device_connect,
    checks=[
        Check("not connected", Tsm.in_phase("idle"), "ALREADY_CONNECTED", "Linux TSM core: connect answers EBUSY"),
        Check(
            "no switch can read",
            (stream_kind == "selective") | ~switch_between,
            "NOT_SUPPORTED",
            "P63 §11.1: Link IDE only directly below the root port; COV 07: Selective streams only",
        ),
    ],
    set={_phase[d]: "keying", _set[d]: "k0"},
    each=[for_each(s2, _at[d, s2], 0)],
    binds=TSM,
    cite="COV 09 connect_device; AMD DEV_CONNECT; M1",
)


def _turn(event: Event) -> Term:
    """Whether the message is the next of its sub-stream, in the order that is in force."""
    cases = []
    for order, messages in GO_ORDERS.items():
        i = messages.index(event)
        others = (
            # One sub-stream after the other, or all of them message by message.
            forall(s2, (s2 == s) | _at[d, s2].in_(0, CONNECT_STEPS))
            if order == "interleaved"
            else forall(s2, _at[d, s2] >= i)
        )
        cases.append((go_order == order) & (_at[d, s] == i) & others)
    return disj(*cases)


_done = forall(s2, (_at[d, s2] == CONNECT_STEPS) | ((s2 == s) & (_at[d, s2] == CONNECT_STEPS - 1)))
for _event in GO_ORDERS["receivers_first"]:
    _MINE.rule(
        _event,
        when=[Tsm.in_phase("keying", "refreshing"), _set[d] == k, _at[d, s] < CONNECT_STEPS],
        checks=[Check("in order", _turn(_event), cite="P63 §6.33.3; COV 07, TF-RMM; Intel tee-io-validator; spdm-emu")],
        set={
            _at[d, s]: ite(_at[d, s] < CONNECT_STEPS, _at[d, s] + 1, _at[d, s]),
            _phase[d]: ite(Tsm.in_phase("refreshing") & _done, "connected", _phase[d]),
        },
        binds=TSM,
        cite="P63 §6.33.3: the requester's duty; COV 07",
    )
_OWN = rp_enable_by == "tsm"
_MINE.rule(
    e.rp_enable,
    checks=[
        Check("being set up", _OWN.implies(Tsm.in_phase("keying")), cite="COV 07"),
        Check(
            "keys in use",
            (_OWN & (enable_when == "keys_first")).implies(Tsm.keyed()),
            cite="P63 §6.33.8: strongly recommended",
        ),
        Check(
            "endpoint first",
            (_OWN & (enable_order == "endpoint_first")).implies(ENDPOINT.enable[d]),
            cite="P63 §6.33.8; read by QUERY",
        ),
    ],
    binds=TSM,
    cite="COV 07: the endpoint's stream is enabled, then the root port's",
)
_MINE.rule(
    e.connect_done,
    when=[Tsm.in_phase("keying")],
    checks=[
        Check("keys in use", Tsm.keyed(), cite="COV 07"),
        Check(
            "root port Secure",
            (connect_checks != "none").implies(ROOT_PORT.secure),
            cite="Intel tee-io-validator; Linux ide.c",
        ),
        Check("endpoint Secure", (connect_checks == "both").implies(ENDPOINT.secure), cite="Linux ide.c; read by QUERY"),
    ],
    set={_phase[d]: "connected"},
    binds=TSM,
    cite="COV 09 connect_device; AMD DEV_CONNECT",
)

# --- Refresh ----------------------------------------------------------------------------------------------------------
_next_free = forall(k2, (k2 == _set[d]) | forall(s2, ROOT_PORT.rx[d, k2, s2] != "ENABLED"))
_MINE.rule(
    e.ide_refresh,
    checks=[
        Check("connected", Tsm.in_phase("connected"), "NOT_CONNECTED", "COV 09 ide_key_refresh"),
        Check("Secure", implies(refresh_checks, ROOT_PORT.secure), "NOT_SECURE", "COV 07; left to do in TF-RMM"),
        Check("receiver has moved", implies(refresh_checks, _next_free), "BUSY", "Intel root port: last received set"),
    ],
    set={_phase[d]: "refreshing", _set[d]: ite(_set[d] == "k0", "k1", ite(_set[d] == "k1", "k0", _set[d]))},
    each=[for_each(s2, _at[d, s2], 0)],
    binds=TSM,
    cite="COV 09 ide_key_refresh; TF-RMM",
)

# --- Disconnect -------------------------------------------------------------------------------------------------------
_MINE.rule(
    e.device_disconnect,
    checks=[
        Check("connected", Tsm.in_phase("keying", "connected", "refreshing"), "NOT_CONNECTED", "COV 09"),
        Check(
            "no TDI bound",
            implies(disconnect_bound == "reject", Tdi.use[d] == "unlocked"),
            "BOUND",
            "COV 07: reject; COV 09: stop them first",
        ),
    ],
    set={_phase[d]: "closing", _set[d]: "none"},
    each=[for_each(s2, _at[d, s2], 0)],
    binds=TSM,
    cite="COV 07, COV 09 disconnect_device; AMD DEV_DISCONNECT",
)
for _event in TEARDOWNS["disable_first"]:
    _cases = [
        (ide_teardown == name) & Tsm.in_phase(_CLOSING[steps.index(_event)])
        for name, steps in TEARDOWNS.items()
        if _event in steps
    ]
    _next: Term = _phase[d]
    for _name, _steps in TEARDOWNS.items():
        if _event in _steps:
            _i = _steps.index(_event)
            _then = "idle" if _i + 1 == len(_steps) else _CLOSING[_i + 1]
            _next = ite(ide_teardown == _name, _then, _next)
    _MINE.rule(
        _event,
        when=[disj(*_cases)],
        set={_phase[d]: _next},
        binds=TSM,
        cite="COV 07, TF-RMM; spdm-emu; AMD host driver",
    )
ROOT_PORT.machine.rule(
    e.end_session,
    set={LOCKED[d]: LOCKED[d] & (ide_teardown != "disable_first")},
    each=wiped(ROOT_PORT, ide_teardown == "disable_first"),
    binds=TSM,
    cite="COV 07: keys are cleared; TF-RMM: the register block is unlocked last",
)
_MINE.rule(
    e.stream_block,
    when=[stream_block, ~Tsm.in_phase("idle")],
    set={_phase[d]: "idle", _set[d]: "none"},
    each=[for_each(s2, _at[d, s2], 0)],
    binds=TSM,
    cite="2023 TDX module sources: IDE.STREAM.BLOCK, then the stream is deleted",
)

# --- The TDI ----------------------------------------------------------------------------------------------------------
_MINE.rule(
    e.tdi_start,
    checks=[
        Check("connected", Tsm.in_phase("connected", "refreshing"), "NOT_CONNECTED", "COV 09 bind_interface"),
        Check(
            "secure stream",
            implies(bind_requires == "secure", ROOT_PORT.secure),
            "IDE_NOT_SECURE",
            "COV 07: the stream's link is set up",
        ),
    ],
    binds=TSM,
    cite="COV 09 bind_interface; AMD TDI_BIND",
)
_MINE.rule(e.tdi_stop, binds=TSM, cite="COV 09 unbind_interface; AMD TDI_UNBIND")
