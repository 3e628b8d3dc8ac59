"""Rules of a TDI, as far as the stream goes: what it needs to be locked, and what ends its lock."""

from __future__ import annotations

from ...language import TRUE, Check, Event, Term, ite
from ..choices.lifecycle import disconnect_bound, lock_requires
from ..vocabulary import DEVICE_PARTY, d
from . import events as e
from .sessions import SESSION_ENDS
from .state import ENDPOINT, ORPHAN, Device, Tdi

_MINE = Tdi.machine
_use = Tdi.use

_MINE.rule(
    e.tdi_start,
    when=[Device.tsm_session[d]],
    checks=[
        Check("state", _use[d] == "unlocked", "INVALID_INTERFACE_STATE", "P63 Table 11-12"),
        Check("keys", ENDPOINT.programmed_by("tsm"), "INVALID_REQUEST", "P63 §11.3.8, Table 11-12: all sub-streams"),
        Check("keying session", ~ORPHAN[d], "INVALID_REQUEST", "P63 §11.3.8, §11.4.5"),
        Check(
            "secure stream",
            (lock_requires == "secure").implies(ENDPOINT.secure),
            "INVALID_REQUEST",
            "P63 §6.33.1; not among the conditions of §11.3.8",
        ),
    ],
    set={_use[d]: "run"},
    binds=DEVICE_PARTY,
    cite="P63 §11.3.8 LOCK_INTERFACE, §11.3.14 START_INTERFACE",
)
_MINE.rule(
    e.tdi_stop,
    when=[Device.tsm_session[d], _use[d] != "unlocked"],
    set={_use[d]: "unlocked"},
    binds=DEVICE_PARTY,
    cite="P63 §11.3.16 STOP_INTERFACE: it leaves keys and stream alone",
)
_MINE.rule(
    e.device_disconnect,
    set={_use[d]: ite((disconnect_bound == "unbind") & Device.tsm_session[d], "unlocked", _use[d])},
    binds=DEVICE_PARTY,
    cite="P63 §11.3.16 STOP_INTERFACE; COV 09: bound interfaces are stopped first",
)
_MINE.rule(e.conventional_reset, set={_use[d]: "unlocked"}, binds=DEVICE_PARTY, cite="P63 §11.4.8")

_INSECURE = "P63 §11.4.5: a bound stream became Insecure"
_ENDS: tuple[tuple[Event, Term, str], ...] = (
    (e.ep_fails, TRUE, _INSECURE),
    (e.fail_reaches_ep, TRUE, _INSECURE),
    (e.ep_disable, ENDPOINT.secure, _INSECURE),
    (e.function0_reset, TRUE, "P63 §11.4.9, and §6.33.8 with §11.4.5 for TDIs of other functions"),
    (e.ep_key_prog, ORPHAN[d] & ENDPOINT.secure, "P63 §6.33.3: wiped at the first keying by a new session"),
    (e.host_key_prog, ORPHAN[d] & ENDPOINT.secure, "P63 §6.33.3: wiped at the first keying by a new session"),
    *(
        (event, tsm & Device.tsm_session[d], "P63 §11.4.5: the session over which the TDI was locked ended")
        for event, (tsm, _) in SESSION_ENDS.items()
    ),
)
for _event, _when, _cite in _ENDS:
    _MINE.rule(_event, set={_use[d]: ite((_use[d] == "run") & _when, "error", _use[d])}, binds=DEVICE_PARTY, cite=_cite)
