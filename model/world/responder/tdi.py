"""Transitions of a TDI that several rules share: out of a lock, into CONFIG_UNLOCKED or ERROR."""

from __future__ import annotations

from ...language import Operand, Term, Update, const, for_each, ite
from ..choices.responder import after_stop, dma_at_stop, update_in_error
from ..vocabulary import d, device_of, t, u
from .state import Tdi

Change = dict[Term, Operand]

_kept = after_stop == "kept"


def given_up(tdi: Term = t) -> Term:
    """What is left of ``holds`` when earlier work is ended: nothing, or a read whose completion may still come."""
    reading = Tdi.holds[tdi].in_("read", "late_read")
    return ite(reading & (dma_at_stop == "aborted"), const("late_read", Tdi.holds.sort), "nothing")


def _out_of_lock(state: str, tdi: Term) -> Change:
    return {
        Tdi.state[tdi]: state,
        Tdi.lock_session[tdi]: "none",
        Tdi.nonce[tdi]: False,
        Tdi.no_fw_update[tdi]: False,
        Tdi.msix_locked[tdi]: False,
        Tdi.may_bind_p2p[tdi]: False,
        Tdi.redirect[tdi]: False,
        Tdi.p2p[tdi]: ite(_kept, Tdi.p2p[tdi], "none"),
        Tdi.sharing[tdi]: ite(_kept, Tdi.sharing[tdi], "tee"),
        Tdi.read_in_parts[tdi]: ite(Tdi.read_in_parts[tdi] == "current", "stale", Tdi.read_in_parts[tdi]),
        Tdi.after_flr[tdi]: False,
    }


def to_error(tdi: Term = t) -> Change:
    """Into ERROR: nothing of the lock is left, but the TVM's data may be (P63 §11.2)."""
    blocks = Tdi.no_fw_update[tdi] & (update_in_error == "blocked")
    return {**_out_of_lock("ERROR", tdi), Tdi.no_fw_update[tdi]: blocks}


def to_unlocked(tdi: Term = t) -> Change:
    """Into CONFIG_UNLOCKED with everything that STOP_INTERFACE must have done (P63 §11.3.16)."""
    return {**_out_of_lock("CONFIG_UNLOCKED", tdi), Tdi.holds[tdi]: given_up(tdi)}


def recovered(tdi: Term = t) -> Change:
    """Into CONFIG_UNLOCKED with the TVM's data cleared, which is all that is asked there (P63 §11.2)."""
    left = ite(Tdi.holds[tdi] == "secret", "nothing", ite(Tdi.holds[tdi] == "read", "late_read", Tdi.holds[tdi]))
    return {**_out_of_lock("CONFIG_UNLOCKED", tdi), Tdi.holds[tdi]: left}


def as_new(tdi: Term = t) -> Change:
    """As after a conventional reset (P63 §11.4.8); no completion outlives the reset of the link."""
    return {
        **_out_of_lock("CONFIG_UNLOCKED", tdi),
        Tdi.p2p[tdi]: "none",
        Tdi.sharing[tdi]: "tee",
        Tdi.holds[tdi]: "nothing",
    }


def each_where(condition: Term, change: Change, tdi: Term = u) -> list[Update]:
    """The change, for every TDI for which the condition holds."""
    return [for_each(tdi, target, ite(condition, value, target)) for target, value in change.items()]


def of_device(condition: Term, change: Change) -> list[Update]:
    """The change, for every TDI of the event's device for which the condition holds."""
    return each_where((device_of(u) == d) & condition, change)
