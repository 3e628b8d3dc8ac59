"""Everything but a request that moves a TDI, or must not (P63 §11.2, Table 11-2, §11.4)."""

from __future__ import annotations

from ...language import FALSE, TRUE, Check, Event, Term, Update, for_each, ite, neg
from ..choices.ide import session_loss
from ..choices.lifecycle import error_recovery
from ..choices.responder import ats_write, debug_wipes, ide_required, recovery_after_flr
from ..vocabulary import DEVICE_PARTY, function0_of, pf_of, t, u
from . import events as e
from .device import SESSION_ENDS, closes_all, ends_session_of
from .state import Tdi
from .stream import left_over
from .tdi import as_new, each_where, of_device, recovered, to_error

_MINE = Tdi.machine
_locked = Tdi.locked(u)

# --- One TDI ----------------------------------------------------------------------------------------------------------
TO_ERROR: tuple[tuple[Event, Term, str], ...] = (
    (e.config_change, TRUE, "P63 §11.2, Table 11-2"),
    (e.msix_write, Tdi.msix_locked[t], "P63 Table 11-2: only where MSI-X was locked"),
    (e.ats_capability_write, ats_write == "error", "P63 Table 11-2 allows it"),
    (e.device_error, TRUE, "P63 §11.2, §11.4.3, §11.4.5, §11.4.6"),
    (e.ats_anomaly, Tdi.state[t] == "RUN", "P63 §11.4.10"),
    (e.p2p_stream_lost, Tdi.p2p[t] != "none", "P63 §11.2, §11.4.5, Table 11-2"),
    (e.tolerated, FALSE, "P63 Table 11-2, §11.4.3, §11.4.6, §11.2.2"),
)
"""Event -> when a locked TDI to which it happens goes to ERROR."""
for _event, _fatal, _cite in TO_ERROR:
    _MINE.rule(
        _event,
        when=[Tdi.locked()],
        set={target: ite(_fatal, value, target) for target, value in to_error().items()},
        binds=DEVICE_PARTY,
        cite=_cite,
    )

_reset = (u == t) | (pf_of(u) == t)
_ide_lost = ide_required & (t == function0_of(u))
_MINE.rule(
    e.flr,
    each=[
        *each_where((_reset | _ide_lost) & _locked, {k: v for k, v in to_error(u).items() if k is not Tdi.after_flr[u]}),
        for_each(
            u,
            Tdi.after_flr[u],
            Tdi.after_flr[u] | (_reset & _locked & (error_recovery == "automatic") & neg(recovery_after_flr)),
        ),
    ],
    binds=DEVICE_PARTY,
    cite="P63 §11.4.9: a PF takes its VFs with it; §6.33.8: Function 0 takes all that use the port's streams",
)
_MINE.rule(
    e.recover,
    when=[error_recovery == "automatic", Tdi.state[t] == "ERROR"],
    checks=[Check("not after FLR", neg(Tdi.after_flr[t]), cite="P63 §11.4.9: STOP_INTERFACE is required")],
    set=recovered(),
    binds=DEVICE_PARTY,
    cite="P63 §11.2: permitted once all data of the TVM is cleared",
)

# --- All TDIs of a device ---------------------------------------------------------------------------------------------
for _event in (e.stream_lost, e.root_port_write, e.ide_register_write):
    _MINE.rule(
        _event,
        each=of_device(_locked & ide_required, to_error(u)),
        binds=DEVICE_PARTY,
        cite="P63 §11.4.5, Table 11-2, Table 11-31: every TDI to which the stream is bound",
    )
for _event in (e.key_prog, e.ide_query):
    _MINE.rule(
        _event,
        each=of_device(_locked & ide_required & left_over, to_error(u)),
        binds=DEVICE_PARTY,
        cite="P63 §6.33.3: a new session wipes what a dead one keyed",
    )
_MINE.rule(
    e.conventional_reset,
    each=of_device(TRUE, as_new(u)),
    binds=DEVICE_PARTY,
    cite="P63 §11.4.8: all TDIs to CONFIG_UNLOCKED, all data and keys cleared",
)

_ALWAYS = {e.debug_authorised: TRUE, e.firmware_update: closes_all}
"""When an event takes all locked TDIs to ERROR, over whichever session they were locked."""
_WIPES = {e.debug_authorised: debug_wipes, e.firmware_update: closes_all}
"""When an event also clears the TVM's data."""


def _after_session(event: Event) -> list[Update]:
    lock_lost = ends_session_of(Tdi.lock_session[u], event)
    lost = lock_lost | ends_session_of(Tdi.p2p[u], event)
    always = _ALWAYS.get(event, FALSE)
    fatal = _locked & (always | (lost & (session_loss == "at_once")))
    updates = of_device(fatal, {k: v for k, v in to_error(u).items() if k is not Tdi.lock_session[u]})
    # A lock that outlives its session belongs to none.
    updates += of_device((_locked & lock_lost) | fatal, {Tdi.lock_session[u]: "none"})
    if event in _WIPES:
        wiped = _WIPES[event] & (Tdi.holds[u] == "secret")
        updates += of_device(wiped, {Tdi.holds[u]: "nothing"})
    return updates


for _event in SESSION_ENDS:
    if _event is e.conventional_reset:
        continue
    _MINE.rule(
        _event,
        each=_after_session(_event),
        binds=DEVICE_PARTY,
        cite="P63 §11.4.5, §11.6.1, §11.4.7, §11.4.2: what was locked over a session ends with it",
    )
