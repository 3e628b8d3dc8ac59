"""Rules of the guest, and its messages to the TSM that the host carries."""

from __future__ import annotations

from ...language import ANY_REFUSAL, Check, const, ite, neg
from ..choices.lifecycle import accept_by, run_by, tsm_consent
from ..choices.proxy import (
    digest_check,
    failure_undone,
    gate_answer,
    gate_completion,
    gate_status,
    guest_calls,
    guest_close,
    state_source,
)
from ..vocabulary import GUEST, HOST, TSM, t
from . import events as e
from .state import HELD, OUT_OF_DATE, Exchange, Gate, Guest, Message, Queue, Tsm, aged, noticed

_MINE, _MESSAGE = Guest.machine, Message.machine
_phase, _evidence = Guest.phase, Guest.evidence
_kind, _stage = Message.kind, Message.stage

_direct, _carried = guest_calls == "direct", guest_calls == "carried"
_at_once, _by_start = gate_completion == "at_once", accept_by == "start"
_outside = _phase[t] == "outside"
_accepting = _phase[t].in_("accepted", "one_gate", "ready", "in_use")

# --- Evidence, and the decision -----------------------------------------------------------------------------------------
_MINE.rule(
    e.request_lock,
    when=[_outside],
    # What it knew was of an earlier lock.
    set={_evidence[t]: "none"},
    binds=GUEST,
    cite="RMM up to 1.1-alp12: RSI_RDEV_LOCK; evidence is read after it",
)
_MINE.rule(
    e.read_evidence,
    when=[_outside],
    checks=[Check("digest", e.forged.implies(neg(digest_check)), "REJECTED", "M4: the digest comes from the TSM")],
    set={_evidence[t]: ite(Tsm.lock[t] == "current", const("current", HELD), OUT_OF_DATE)},
    binds=GUEST,
    cite="M1 tdi_info",
)
_shown = (Tsm.view[t] == "CONFIG_LOCKED") | ((run_by == "host") & (Tsm.view[t] == "RUN"))
_LOCKED_SHOWN = Check(
    "state shown", (state_source == "tsm").implies(_shown), cite="COV 07: no other state may be accepted; TDG.TDI.RD"
)
_MINE.rule(
    e.accept,
    when=[_outside, _evidence[t] != "none", neg(_by_start), neg(tsm_consent & _carried) | Message.idle()],
    checks=[_LOCKED_SHOWN],
    set={_phase[t]: "accepted"},
    binds=GUEST,
    cite="M1; Linux TSM core: accept",
)
_starting = Queue.asks_start & _by_start
_MINE.rule(
    e.guest_ask,
    when=[ite(Queue.asks_start, ite(_by_start, _outside & (_evidence[t] != "none"), _accepting), _phase[t] != "failed")],
    checks=[Check(_LOCKED_SHOWN.name, _starting.implies(_LOCKED_SHOWN.term), cite=_LOCKED_SHOWN.cite)],
    set={_phase[t]: ite(_starting, "accepted", _phase[t])},
    binds=GUEST,
    cite="COV 09 COVG start_interface; TDG.DEVIF.REQUEST",
)
_awaits_start = _starting & (_phase[t] == "accepted")
_MINE.rule(
    e.collect,
    set={_phase[t]: ite(_awaits_start, ite(Queue.answer[t] == "ok", const("ready", _phase.sort), "failed"), _phase[t])},
    binds=GUEST,
    cite="COV 09: start_interface returns; TDG.DEVIF.RESPONSE",
)

# --- Gates ------------------------------------------------------------------------------------------------------------
_advanced = ite(_phase[t] == "accepted", const("one_gate", _phase.sort), "ready")
_on_refusal = ite(gate_status == "ignored", _advanced, "failed")
_asked_gate = _kind[t].in_("dma", "mmio")
_waits = Guest.wants_gate() & _asked_gate
_next = ite(Guest.next_gate("dma"), const("dma", _kind.sort), "mmio")

_MINE.rule(
    e.gate_call,
    when=[_direct, neg(_by_start), Guest.wants_gate(), Message.idle()],
    set={_phase[t]: ite(_at_once, _advanced, _phase[t])},
    binds=GUEST,
    cite="TDX, Arm guest drivers",
)
_MINE.rule(e.gate_call, set={_phase[t]: _on_refusal}, reply=ANY_REFUSAL, binds=GUEST, cite="AMD, Arm guest drivers: failure")
_MINE.rule(
    e.gate_send,
    when=[_carried, neg(_by_start), Guest.wants_gate(), Message.idle()],
    binds=GUEST,
    cite="AMD guest driver: SNP guest request",
)
_MINE.rule(
    e.message_answer,
    set={
        _phase[t]: ite(
            _waits,
            ite(_stage[t] == "done", _advanced, _on_refusal),
            ite((_kind[t] == "accept") & (_stage[t] == "refused") & _accepting, "failed", _phase[t]),
        )
    },
    binds=GUEST,
    cite="AMD guest driver",
)
_MINE.rule(
    e.host_answer,
    when=[_carried, _waits, e.success.implies(gate_answer == "host")],
    set={_phase[t]: ite(e.success, _advanced, "failed")},
    binds=GUEST,
    cite="AMD: an error of the GHCB call is the host's to give; OpenVMM: every answer is",
)

# --- Use, and the way back --------------------------------------------------------------------------------------------
_MINE.rule(
    e.use,
    when=[_phase[t] == "ready"],
    checks=[
        Check(
            "state shown",
            (state_source == "tsm").implies(Tsm.view[t] == "RUN"),
            cite="COV 07: the TVM checks RUN; TDX guest driver",
        )
    ],
    set={_phase[t]: "in_use"},
    binds=GUEST,
    cite="M1: the driver picks direct DMA",
)
_in_call = Queue.asks_start & Queue.state[t].in_("REQUESTED", "GENERATED")
_MINE.rule(
    e.give_up,
    when=[_accepting, Message.idle(), neg(_in_call)],
    set={_phase[t]: "failed"},
    binds=GUEST,
    cite="M17: rejection; Linux TSM core: unlock",
)
_can_undo = failure_undone & (guest_close != "none")
_MINE.rule(
    e.undo,
    when=[_phase[t] == "failed", _can_undo, Gate.open(), Message.idle()],
    binds=GUEST,
    cite="AMD guest driver: STOP, sDTE clear, MMIO clear, UNBIND",
)
_MINE.rule(
    e.undone,
    when=[_phase[t] == "failed", _can_undo, neg(Gate.open()), Message.idle()],
    set={_phase[t]: "outside", _evidence[t]: "none"},
    binds=GUEST,
    cite="[D] the TSM confirms",
)
_MINE.rule(
    e.leave,
    when=[_phase[t] == "failed", neg(_can_undo)],
    set={_phase[t]: "outside", _evidence[t]: "none"},
    binds=GUEST,
    cite="AMD guest driver, second public version; TDX: the guest has no inverse of accept",
)
_MINE.rule(
    e.mmio,
    checks=[Check("in use", _phase[t] == "in_use", cite="M1")],
    binds=GUEST,
    cite="M1",
)

# --- Epochs -----------------------------------------------------------------------------------------------------------
_is_lock = Exchange.kind[t] == "LOCK"
for _event, _new_epoch in ((e.deliver_request, _is_lock), (e.replay_request, e.old_request == "LOCK")):
    _MINE.rule(
        _event,
        set={_evidence[t]: ite(_new_epoch, aged(_evidence[t]), _evidence[t])},
        cite="[D] a new lock epoch makes evidence that of an earlier one; the guest is not told",
    )
for _event in (e.response, e.replay_response):
    _learnt = _is_lock & (Exchange.answer[t] == "ok") if _event is e.response else _is_lock
    _MINE.rule(
        _event,
        set={_evidence[t]: ite(_learnt, noticed(_evidence[t]), _evidence[t])},
        cite="[D] from now on the TSM tells the two epochs apart",
    )

# --- The message --------------------------------------------------------------------------------------------------------
_SENT = {_stage[t]: "sent"}
_MESSAGE.rule(
    e.accept,
    set={
        _kind[t]: ite(tsm_consent & _carried, const("accept", _kind.sort), _kind[t]),
        _stage[t]: ite(tsm_consent & _carried, const("sent", _stage.sort), _stage[t]),
    },
    cite="[D] a TSM that insists on consent has to be told",
)
_MESSAGE.rule(e.gate_send, set={_kind[t]: _next, **_SENT}, binds=HOST, cite="AMD: GHCB")
_MESSAGE.rule(
    e.gate_call,
    set={
        _kind[t]: ite(_at_once, const("none", _kind.sort), _next),
        _stage[t]: ite(_at_once, const("idle", _stage.sort), "checked"),
    },
    cite="TF-RMM: VALIDATE_MAPPING exits to the host",
)
_sends_close = (guest_close == "message") & _carried
_MESSAGE.rule(
    e.undo,
    set={
        _kind[t]: ite(_sends_close, const("close", _kind.sort), _kind[t]),
        _stage[t]: ite(_sends_close, const("sent", _stage.sort), _stage[t]),
    },
    cite="AMD: SDTE clear, MMIO clear",
)
_MESSAGE.rule(
    e.message_deliver,
    when=[_stage[t] == "sent"],
    set={_stage[t]: ite(_asked_gate & neg(_at_once), const("checked", _stage.sort), "done")},
    binds=TSM,
    cite="AMD: PSP guest message",
)
_MESSAGE.rule(
    e.gate_complete, when=[_stage[t] == "checked"], set={_stage[t]: "done"}, binds=TSM, cite="TF-RMM RTT_DEV_VALIDATE"
)
for _event in (e.message_deliver, e.gate_complete):
    _MESSAGE.rule(_event, set={_stage[t]: "refused"}, reply=ANY_REFUSAL, binds=TSM, cite="AMD: status of the response")
_MESSAGE.rule(
    e.message_answer,
    when=[_stage[t].in_("done", "refused")],
    set={_kind[t]: "none", _stage[t]: "idle"},
    binds=TSM,
    cite="AMD: the response is sealed for the guest",
)
_MESSAGE.rule(e.host_answer, when=[neg(Message.idle())], cite="the host keeps the message")
