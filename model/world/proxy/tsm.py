"""Rules of the TSM: what it checks before it makes a request or opens a gate, and what it makes of an answer."""

from __future__ import annotations

from ...language import TRUE, Check, Event, Operand, Term, conj, const, ite, neg
from ..choices.lifecycle import accept_by, epoch_bind, lock_by, run_by, tsm_consent
from ..choices.proxy import (
    epoch_begins,
    failed_exchange,
    force_reclaim,
    gate_close,
    gate_completion,
    gate_state,
    gate_while_busy,
    guest_answer,
    guest_calls,
    guest_close,
    guest_request_sent,
    lock_source,
    replay_protection,
    stop_failure,
    validity,
)
from ..vocabulary import EPOCH, LOCKED_STATES, STATE, TSM, t
from . import events as e
from .state import HELD, Exchange, Gate, Guest, Message, Queue, Tsm, aged, noticed, state_told

_MINE = Tsm.machine
_bound, _view, _lock, _consent = Tsm.bound, Tsm.view, Tsm.lock, Tsm.consent

_IS_BOUND = Check("bound", _bound[t], "NOT_BOUND", "COV 09; AMD TDI_UNBOUND; Linux TSM core")
_IDLE = Check(
    "no request outstanding, session in step",
    Exchange.stage[t] == "idle",
    "BUSY",
    "TDX module sources 2023: out_tdisp_req; P63 §11.2.3; DSP0277",
)
# Where a bind is a LOCK_INTERFACE, an unbind is a STOP_INTERFACE; elsewhere there is an object for the TDI before and after.
_NOTHING_HELD: dict[Term, Operand] = {_lock[t]: "none", _consent[t]: "none"}

# Until the answer comes, a TSM that renews the name of the epoch first takes nothing that names the one before.
_between_epochs = (epoch_begins == "request") & (Exchange.kind[t] == "LOCK") & Exchange.waiting()


def _of_this_epoch(held: Term) -> Term:
    return (epoch_bind == "tsm").implies(held.in_("current", "unnoticed") & neg(_between_epochs))


# --- Requests, made at the host's call ------------------------------------------------------------------------------
_MINE.rule(
    e.request_lock,
    when=[lock_by == "guest_call"],
    checks=[
        _IDLE,
        Check("unlocked", _view[t] == "CONFIG_UNLOCKED", "BAD_STATE", "RMM up to 1.1-alp12: RSI_RDEV_LOCK"),
    ],
    set={Tsm.asked[t]: True},
    binds=TSM,
    cite="RMM up to 1.1-alp12: RSI_RDEV_LOCK",
)
_MINE.rule(
    e.ask_lock,
    checks=[
        _IDLE,
        Check(
            "asked by the guest",
            (lock_by == "guest_call").implies(Tsm.asked[t]),
            "NOT_REQUESTED",
            "RMM up to 1.1-alp12: RSI_RDEV_LOCK",
        ),
        Check(
            "not bound",
            (lock_source == "unbound").implies(neg(_bound[t])),
            "ALREADY_BOUND",
            "COV 09 bind_interface; Linux TSM core: EBUSY",
        ),
        Check(
            "unlocked", (lock_source == "unlocked").implies(_view[t] == "CONFIG_UNLOCKED"), "BAD_STATE", "TF-RMM VDEV_LOCK"
        ),
        Check("not in ERROR", _view[t] != "ERROR", "BAD_STATE", "TDX module sources 2023: the filter of ERROR"),
    ],
    set={
        Tsm.asked[t]: False,
        _bound[t]: _bound[t] | (lock_source != "unbound"),
        _lock[t]: ite(epoch_begins == "request", const("none", EPOCH), _lock[t]),
    },
    binds=TSM,
    cite="COV 09 bind_interface; AMD TDI_BIND; TF-RMM VDEV_LOCK; TDH.DEVIF.REQUEST",
)
_MINE.rule(
    e.ask_start,
    checks=[
        Check(
            "served to the host",
            run_by != "guest_call",
            "NOT_SUPPORTED",
            "COV 09; TDX module sources 2023: START is the TD's",
        ),
        _IS_BOUND,
        _IDLE,
        Check("locked", _view[t] == "CONFIG_LOCKED", "BAD_STATE", "AMD host driver; TF-RMM VDEV_START"),
        Check("consent", tsm_consent.implies(_consent[t] != "none"), "NO_CONSENT", "TDG.TDI.START before TDH.TDI.START"),
        Check("epoch", tsm_consent.implies(_of_this_epoch(_consent[t])), "STALE_EPOCH", "TDX bind session id"),
    ],
    binds=TSM,
    cite="AMD TDI_BIND(run=1); TDH.TDI.START; TF-RMM VDEV_START",
)
_MINE.rule(e.ask_state, checks=[_IS_BOUND, _IDLE], binds=TSM, cite="P63 §11.3.12; AMD TDI_STATUS")
_MINE.rule(
    e.ask_stop, checks=[_IS_BOUND, _IDLE], binds=TSM, cite="COV 09 unbind_interface; AMD TDI_UNBIND; TF-RMM VDEV_UNLOCK"
)

# --- Requests, made at the guest's call -------------------------------------------------------------------------------
_by_start = accept_by == "start"
_MINE.rule(
    e.guest_ask,
    checks=[
        _IS_BOUND,
        Check(_IDLE.name, (guest_request_sent == "at_call").implies(_IDLE.term), _IDLE.reply, _IDLE.cite),
        Check("locked", Queue.asks_start.implies(_view[t] == "CONFIG_LOCKED"), "ALREADY_STARTED", "COV 09 start_interface"),
        Check(
            "epoch",
            Queue.asks_start.implies(_of_this_epoch(Guest.evidence[t])),
            "STALE_EPOCH",
            "as TDX bind session id, Arm lock nonce; COV 09: no such argument",
        ),
        Check(
            "valid",
            ((guest_answer == "on_collection") & tsm_consent).implies(_consent[t] != "none"),
            "NOT_VALID",
            "TDX module sources 2023: the guest's calls want a device interface that it validated",
        ),
    ],
    set={_consent[t]: ite(_by_start & tsm_consent, Guest.evidence[t], _consent[t])},
    binds=TSM,
    cite="COV 09 COVG start_interface; TDG.DEVIF.REQUEST; RSI_RDEV_START",
)
_MINE.rule(e.ship, checks=[_IDLE], binds=TSM, cite="TDX module sources 2023: TDH.DEVIF.REQUEST with td_flag")

# --- Answers --------------------------------------------------------------------------------------------------------
_ended = {
    target: ite(validity == "cleared", const("none", sort), target)
    for target, sort in ((_lock[t], EPOCH), (_consent[t], HELD))
}
_other_lock = {
    target: ite((validity == "cleared") & (_view[t] != "CONFIG_LOCKED"), const("none", sort), target)
    for target, sort in ((_lock[t], EPOCH), (_consent[t], HELD))
}


def _learns(request: Term, answer: Term, lock: str) -> tuple[tuple[str, Term, dict[Term, Operand], str], ...]:
    """What the TSM makes of an answer: name, condition, changes, source. ``lock``: whose nonce a LOCK response brings."""
    refused, is_stop, is_lock = answer == "refused", request == "STOP", request == "LOCK"
    taken_for_stopped = is_stop & refused & (stop_failure == "ignored")
    bind_failed = is_lock & refused & (lock_source == "unbound")
    return (
        (
            "locked",
            is_lock & (answer == "ok"),
            {
                _bound[t]: True,
                _view[t]: "CONFIG_LOCKED",
                _lock[t]: lock,
                _consent[t]: ite(validity == "cleared", const("none", HELD), noticed(_consent[t])),
            },
            "TDX module sources 2023: tdisp_process_response; COV 09: the nonce is kept",
        ),
        (
            "started",
            request.in_("START", "START_OLD") & (answer == "ok"),
            {_view[t]: "RUN"},
            "TDX module sources 2023: tdisp_process_response",
        ),
        (
            "stopped",
            (is_stop & (answer == "ok")) | taken_for_stopped,
            {_bound[t]: _bound[t] & (lock_source != "unbound"), _view[t]: "CONFIG_UNLOCKED", **_NOTHING_HELD},
            "TDX module sources 2023; TF-RMM dev_tdisp_stop_main; COV 09 unbind_interface; AMD TDI_UNBIND",
        ),
        ("unlocked", answer == "CONFIG_UNLOCKED", {_view[t]: "CONFIG_UNLOCKED", **_ended}, "P63 §11.3.12"),
        ("in lock", answer == "CONFIG_LOCKED", {_view[t]: "CONFIG_LOCKED", **_other_lock}, "P63 §11.3.12"),
        ("in run", answer == "RUN", {_view[t]: "RUN"}, "P63 §11.3.12"),
        ("in error", answer == "ERROR", {_view[t]: "ERROR", **_NOTHING_HELD}, "P63 §11.3.12; TDX module sources 2023"),
        (
            "not bound",
            bind_failed,
            {},
            "COV 09 bind_interface; AMD TDI_BIND: a bind that fails binds nothing",
        ),
        (
            "failed",
            refused & neg(taken_for_stopped) & neg(bind_failed),
            {_view[t]: ite(failed_exchange == "error", const("ERROR", STATE), _view[t])},
            "TF-RMM: ERROR; TDX module sources 2023: TDISP_ERROR changes nothing",
        ),
    )


_told = ite((Exchange.kind[t] == "STATE") & (Exchange.answer[t] == "ok"), state_told(), Exchange.answer[t])
_guests = Queue.owns_exchange() & (guest_answer == "on_collection")
for _name, _when, _change, _cite in _learns(Exchange.kind[t], _told, "current"):
    _MINE.rule(e.response, name=f"response: {_name}", when=[neg(_guests), _when], set=_change, binds=TSM, cite=_cite)
_MINE.rule(
    e.response,
    name="response: kept for the guest",
    when=[_guests],
    binds=TSM,
    cite="TDX module sources 2023: a td_flag response is processed in TDG.DEVIF.RESPONSE",
)
_asked = ite(Queue.asks_start, const("START", Exchange.kind.sort), "STATE")
_VALID = Check(
    "valid", tsm_consent.implies(_consent[t] != "none"), "NOT_VALID", "TDX module sources 2023: TDG.DEVIF.RESPONSE"
)
for _name, _when, _change, _cite in _learns(_asked, Queue.answer[t], "current"):
    if _name not in ("locked", "stopped", "not bound"):
        _MINE.rule(
            e.collect,
            name=f"collect: {_name}",
            when=[guest_answer == "on_collection", _when],
            checks=[_VALID],
            set=_change,
            binds=TSM,
            cite=_cite,
        )
_MINE.rule(
    e.collect,
    name="collect: known",
    when=[guest_answer == "on_arrival"],
    binds=TSM,
    cite="[D] COV, Arm: the TSM processes the response and then returns to the guest",
)
for _name, _when, _change, _cite in _learns(Exchange.kind[t], const("ok", Exchange.answer.sort), "stale")[:3]:
    _MINE.rule(
        e.replay_response,
        name=f"replay_response: {_name}",
        when=[_when],
        checks=[
            Check("due in this session", ~replay_protection, "DISCARDED", "DSP0277: sequence number; DSP0274 DecryptError")
        ],
        set=_change,
        binds=TSM,
        cite=_cite,
    )
_stop_taken = (Exchange.kind[t] == "STOP") & (stop_failure == "ignored")
_MINE.rule(
    e.abort,
    set={
        _bound[t]: _bound[t] & neg(_stop_taken & (lock_source == "unbound")),
        _view[t]: ite(
            _stop_taken,
            const("CONFIG_UNLOCKED", STATE),
            ite((failed_exchange == "error") & _bound[t], const("ERROR", STATE), _view[t]),
        ),
        _lock[t]: ite(_stop_taken, const("none", EPOCH), _lock[t]),
        _consent[t]: ite(_stop_taken, const("none", HELD), _consent[t]),
    },
    binds=TSM,
    cite="TF-RMM: a failed communication is VDEV ERROR, a failed STOP is UNLOCKED; DSP0277: the session is out of step",
)
_MINE.rule(
    e.deliver_request,
    set={
        _lock[t]: ite((Exchange.kind[t] == "LOCK") & (_lock[t] == "current"), "stale", _lock[t]),
        _consent[t]: ite(Exchange.kind[t] == "LOCK", aged(_consent[t]), _consent[t]),
    },
    cite="[D] a new lock epoch makes what the TSM keeps that of an earlier one; the TSM is not told",
)
_replayed_lock = e.old_request == "LOCK"
_MINE.rule(
    e.replay_request,
    set={
        _lock[t]: ite(_replayed_lock & (_lock[t] == "current"), "stale", _lock[t]),
        _consent[t]: ite(_replayed_lock, aged(_consent[t]), _consent[t]),
    },
    cite="[D] likewise",
)

# --- Session, stream, teardown --------------------------------------------------------------------------------------
_UNBOUND: dict[Term, Operand] = {_bound[t]: False, _view[t]: "CONFIG_UNLOCKED", **_NOTHING_HELD}
_MINE.rule(
    e.disconnect,
    when=[_bound[t] | (Exchange.stage[t] != "idle")],
    set=_UNBOUND,
    binds=TSM,
    cite="TDX IDE.STREAM.BLOCK, TDH.DEVIF.REMOVE; AMD DEV_DISCONNECT with FORCE; COV 09 disconnect_device, connect_device",
)
_MINE.rule(
    e.close_gates,
    when=[gate_close == "apart"],
    checks=[_IS_BOUND],
    binds=TSM,
    cite="TDH.MMIO.BLOCK, TDH.DMAR.BLOCK: in any state of the TDI",
)
_MINE.rule(
    e.take_back,
    checks=[
        _IS_BOUND,
        Check(
            "stopped",
            (_view[t] == "CONFIG_UNLOCKED") | force_reclaim,
            "NOT_STOPPED",
            "TDH.DEVIF.REMOVE, TDH.MMIO.UNMAP; TF-RMM VDEV_DESTROY; AMD TDI_RECLAIM",
        ),
        Check("no request outstanding", neg(Exchange.waiting()) | force_reclaim, "BUSY", "TF-RMM VDEV_DESTROY: IDLE; [D]"),
        Check(
            "gates shut",
            (gate_close == "apart").implies(neg(Gate.open())),
            "MAPPED",
            "TDH.DEVIF.REMOVE: DMAR and MMIO not mapped",
        ),
    ],
    set=_UNBOUND,
    binds=TSM,
    cite="COV 09 unbind_interface, reclaim; AMD TDI_RECLAIM; TDH.DEVIF.REMOVE; TF-RMM VDEV_DESTROY",
)

# --- The guest ------------------------------------------------------------------------------------------------------
_MINE.rule(
    e.read_evidence,
    checks=[_IS_BOUND, Check("has a report", _lock[t] != "none", "NO_REPORT", "COV 09 get_interface_report; AMD TDI_INFO")],
    binds=TSM,
    cite="COV 09; AMD TDI_INFO; RSI_VDEV_GET_INFO; TDG.TDI.RD",
)
_hears = tsm_consent & (guest_calls == "direct")
_CONSENT_CHECKS = [
    _IS_BOUND,
    Check("epoch", _of_this_epoch(Guest.evidence[t]), "STALE_EPOCH", "TDX bind session id; Arm lock nonce"),
]
_MINE.rule(
    e.accept,
    name="accept: told",
    when=[_hears],
    checks=_CONSENT_CHECKS,
    set={_consent[t]: Guest.evidence[t]},
    binds=TSM,
    cite="TDG.DEVIF.VALIDATE, TDG.TDI.START",
)
_MINE.rule(e.accept, name="accept: not told", when=[neg(_hears)], cite="AMD, Arm: the decision is the guest's alone")


def _gate_checks(dma_gate: Term, enforced: Term = TRUE) -> list[Check]:
    """What the TSM checks before it opens a gate."""
    locked = _view[t].in_(*LOCKED_STATES)
    wanted = conj(
        (gate_state == "locked").implies(locked),
        (gate_state == "run").implies(ite(dma_gate, _view[t] == "RUN", locked)),
    )
    found = (
        _IS_BOUND,
        Check("state", wanted, "BAD_STATE", "TDG.DMAR.ACCEPT; TF-RMM RSI_VDEV_DMA_ENABLE, VALIDATE_MAPPING"),
        Check(
            "no request outstanding",
            (gate_while_busy == "refused").implies(neg(Exchange.waiting())),
            "BUSY",
            "TF-RMM: comm_state is IDLE",
        ),
        Check(
            "valid",
            ((gate_state == "locked") & tsm_consent).implies(_consent[t] != "none"),
            "NOT_VALID",
            "TDX module sources 2023: the guest's calls want a device interface that it validated",
        ),
        Check("epoch", _of_this_epoch(Guest.evidence[t]), "STALE_EPOCH", "TF-RMM: three nonces; AMD: none"),
    )
    return [Check(c.name, enforced.implies(c.term), c.reply, c.cite) for c in found]


def _gate_rule(event: Event, name: str, when: list[Term], dma_gate: Term, enforced: Term, cite: str) -> None:
    _MINE.rule(event, name=name, when=when, checks=_gate_checks(dma_gate, enforced), binds=TSM, cite=cite)


_is_gate = Message.kind[t].in_("dma", "mmio")
_gate_rule(
    e.gate_call, "gate_call", [], Guest.next_gate("dma"), TRUE, "TDG.DMAR.ACCEPT, TDG.MMIO.ACCEPT; RSI_VDEV_DMA_ENABLE"
)
_gate_rule(
    e.message_deliver, "message_deliver: gate", [_is_gate], Message.kind[t] == "dma", TRUE, "AMD SDTE_WRITE, MMIO_VALIDATE"
)
_gate_rule(
    e.gate_complete, "gate_complete", [], Message.kind[t] == "dma", gate_completion == "rechecks", "TF-RMM RTT_DEV_VALIDATE"
)
_MINE.rule(
    e.message_deliver,
    name="message_deliver: acceptance",
    when=[Message.kind[t] == "accept"],
    checks=_CONSENT_CHECKS,
    set={_consent[t]: Guest.evidence[t]},
    binds=TSM,
    cite="[D] a TSM that insists on consent, where the guest's messages are carried",
)
_MINE.rule(
    e.message_deliver,
    name="message_deliver: close",
    when=[Message.kind[t] == "close"],
    checks=[_IS_BOUND],
    binds=TSM,
    cite="AMD SDTE_WRITE, MMIO_VALIDATE: invalidate",
)
_MINE.rule(
    e.undo,
    name="undo: by call",
    when=[guest_close == "message", guest_calls == "direct"],
    checks=[_IS_BOUND],
    binds=TSM,
    cite="RSI_VDEV_DMA_DISABLE",
)
_MINE.rule(
    e.undo,
    name="undo: by a message that the host carries",
    when=[guest_close == "message", guest_calls == "carried"],
    cite="AMD: SDTE clear, MMIO clear",
)
_MINE.rule(
    e.undo,
    name="undo: stop",
    when=[guest_close == "stop"],
    checks=[_IS_BOUND, _IDLE],
    binds=TSM,
    cite="COV 09 COVG stop_interface; RSI_RDEV_STOP",
)
