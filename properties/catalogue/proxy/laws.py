"""The laws of single steps: what each message does exactly, when it is possible, and what a refusal says."""

from __future__ import annotations

from ....model.language import FALSE, Check, Event, Term, after, conj, const, implies, ite, neg
from ....model.language.mutate import AddCheck, DropCheck, DropCondition, DropUpdate, LeakyRefusal, SwapValue
from ....model.world.choices.lifecycle import accept_by, epoch_bind, lock_by, run_by, tsm_consent
from ....model.world.choices.proxy import (
    epoch_begins,
    failed_exchange,
    force_reclaim,
    gate_answer,
    gate_close,
    gate_completion,
    gate_state,
    gate_status,
    gate_while_busy,
    guest_answer,
    guest_calls,
    guest_close,
    guest_request_sent,
    guest_requests,
    lock_source,
    replay_protection,
    response_routing,
    state_source,
    stop_failure,
    validity,
)
from ....model.world.proxy import events as e
from ....model.world.proxy.state import Device, Exchange, Gate, Guest, Message, Queue, Tsm
from ....model.world.vocabulary import HOST, t
from ...formulas import AlwaysPossible, Never, StepLaw
from ...property import Property
from ...steps import REFUSED, occurs
from ..law import law

_state = Device.state[t]
_kind, _stage, _answer = Exchange.kind[t], Exchange.stage[t], Exchange.answer[t]
_queue, _nonce, _waits = Queue.state[t], Queue.nonce[t], Queue.answer[t]
_bound, _view, _lock, _asked, _consent = Tsm.bound[t], Tsm.view[t], Tsm.lock[t], Tsm.asked[t], Tsm.consent[t]
_dma, _mmio = Gate.dma[t], Gate.mmio[t]
_mkind, _mstage = Message.kind[t], Message.stage[t]
_phase, _evidence = Guest.phase[t], Guest.evidence[t]

_DEVICE, _EXCHANGE, _QUEUE = (_state,), (_kind, _stage, _answer), (_queue, _nonce, _waits)
_TSM, _GATES = (_bound, _view, _lock, _asked, _consent), (_dma, _mmio)
_MESSAGE, _GUEST = (_mkind, _mstage), (_phase, _evidence)
_ALL = (*_DEVICE, *_EXCHANGE, *_QUEUE, *_TSM, *_GATES, *_MESSAGE, *_GUEST)

_hostile = neg(HOST.honest)
_idle, _sent, _answered = _stage == "idle", _stage == "sent", _stage == "answered"
_waiting = _sent | _answered
_start = _kind.in_("START", "START_OLD")
_accepting = _phase.in_("accepted", "one_gate", "ready", "in_use")
_by_start = accept_by == "start"
_asks_start = run_by == "guest_call"
_at_call = guest_request_sent == "at_call"
_own = _queue == "GENERATED"
_at_collection = guest_answer == "on_collection"


def _same(*variables: Term) -> Term:
    """The step leaves these as they are."""
    return conj(*(after(x) == x for x in variables))


def _all_but(*variables: Term) -> Term:
    """The step leaves everything else as it is."""
    return _same(*(x for x in _ALL if all(x is not y for y in variables)))


def _of_other_epoch(held: Term) -> Term:
    """Afterwards this is of an earlier lock, if there was any; nothing is lost and nothing gained."""
    return (after(held) != "current") & ((after(held) == "none") == (held == "none"))


# --- What a request of the TSM must find -------------------------------------------------------------------------------
_CAN_LOCK = (
    _idle
    & (_view != "ERROR")
    & implies(lock_by == "guest_call", _asked)
    & implies(lock_source == "unbound", neg(_bound))
    & implies(lock_source == "unlocked", _view == "CONFIG_UNLOCKED")
)
_named = implies(epoch_bind == "tsm", _consent.in_("current", "unnoticed"))
_CAN_START = _bound & _idle & (_view == "CONFIG_LOCKED") & implies(tsm_consent, (_consent != "none") & _named)
_REQUESTS = tuple(occurs(x, t=t) for x in (e.ask_lock, e.ask_start, e.ask_state, e.ask_stop))

_UNCHANGED_IF_REFUSED = (
    e.request_lock, e.ask_lock, e.ask_start, e.ask_state, e.ask_stop, e.guest_ask, e.ship, e.collect, e.misroute,
    e.replay_response, e.replay_request, e.close_gates, e.take_back, e.read_evidence, e.accept, e.undo, e.dma, e.mmio,
)  # fmt: skip


# --- What the TSM makes of a response -----------------------------------------------------------------------------------
_ok, _no = _answer == "ok", _answer == "refused"
_stopped = (_kind == "STOP") & (_ok | (_no & (stop_failure == "ignored")))
_bind_failed = (_kind == "LOCK") & _no & (lock_source == "unbound")
_kept = _own & _at_collection
_cleared = validity == "cleared"


def _told_state(told: Term, known: Term) -> Term:
    """The record after the device has told its state: ``told`` is that state, ``known`` that it was told."""
    ends = (told == "ERROR") | (
        _cleared & ((told == "CONFIG_UNLOCKED") | ((told == "CONFIG_LOCKED") & (_view != "CONFIG_LOCKED")))
    )
    return implies(
        known, ite(ends, (after(_lock) == "none") & (after(_consent) == "none"), _same(_lock, _consent)) & _same(_bound)
    )


_RECORD = conj(
    implies(
        (_kind == "LOCK") & _ok,
        after(_bound) & (after(_view) == "CONFIG_LOCKED") & (after(_lock) == "current")
        & ite(_cleared, after(_consent) == "none", (after(_consent) == "none") == (_consent == "none"))
        & (after(_consent) != "unnoticed") & (after(_evidence) != "unnoticed"),
    ),
    implies(_start & _ok, (after(_view) == "RUN") & _same(_bound, _lock, _consent)),
    implies(
        _stopped,
        (after(_view) == "CONFIG_UNLOCKED") & (after(_lock) == "none") & (after(_consent) == "none")
        & (after(_bound) == (_bound & (lock_source != "unbound"))),
    ),
    implies((_kind == "STATE") & _ok, after(_view) == _state),
    _told_state(_state, (_kind == "STATE") & _ok),
    implies(_bind_failed, _same(*_TSM)),
    implies(
        _no & neg(_stopped) & neg(_bind_failed),
        _same(_bound, _lock, _consent) & ite(failed_exchange == "error", after(_view) == "ERROR", _same(_view)),
    ),
)  # fmt: skip
_shut_by_response = _stopped & (gate_close == "after_stop")
_opened_by_response = _by_start & (_kind == "START") & _ok & neg(_at_collection)

# --- What a gate message must find --------------------------------------------------------------------------------------
_locked = _view.in_("CONFIG_LOCKED", "RUN")
_shut_and_gone = neg(after(_dma)) & neg(after(_mmio)) & neg(after(_bound))
_fresh = (after(_view) == "CONFIG_UNLOCKED") & (after(_lock) == "none") & (after(_consent) == "none")
_queue_emptied = (after(_queue) == "AVAILABLE") & (after(_waits) == "none") & (after(_nonce) == "none")
_given_up = ite(
    _sent, (after(_stage) == "late") & _same(_kind), (after(_stage) == "void") & (after(_kind) == "none")
) & (after(_answer) == "none")  # fmt: skip
_gone = (after(_stage) == "idle") & (after(_kind) == "none") & (after(_answer) == "none")
_void = (after(_stage) == "void") & (after(_kind) == "none") & (after(_answer) == "none")
_returns = ite(
    _own & (failed_exchange != "waits"),
    (after(_queue) == "PROCESSED") & (after(_waits) == "refused"),
    _same(_queue, _waits),
)
_in_call = _asks_start & _queue.in_("REQUESTED", "GENERATED")


def _gate_may_open(is_dma: Term) -> Term:
    return conj(
        _bound,
        implies(gate_state == "locked", _locked & implies(tsm_consent, _consent != "none")),
        implies(gate_state == "run", ite(is_dma, _view == "RUN", _locked)),
        implies(gate_while_busy == "refused", neg(_waiting)),
        implies(epoch_bind == "tsm", _evidence.in_("current", "unnoticed")),
    )


_next_is_dma = Guest.next_gate("dma")
_at_once = gate_completion == "at_once"
_gate_message = _mkind.in_("dma", "mmio")
_advanced = ite(_phase == "accepted", after(_phase) == "one_gate", after(_phase) == "ready")
_waits_for_gate = Guest.wants_gate() & _gate_message
_can_undo = (guest_close != "none") & (_phase == "failed") & (_mstage == "idle")


def _opens(name: Term) -> Term:
    """Exactly the gate of this name opens."""
    return (after(_dma) == (_dma | (name == "dma"))) & (after(_mmio) == (_mmio | (name == "mmio")))


_next = ite(_next_is_dma, const("dma", _mkind.sort), "mmio")


_served = run_by != "guest_call"
_CAN_TAKE_BACK = conj(
    _bound,
    (_view == "CONFIG_UNLOCKED") | force_reclaim,
    neg(_waiting) | force_reclaim,
    implies(gate_close == "apart", neg(_dma | _mmio)),
)
_DELIVERED = occurs(e.deliver_request, t=t)
_device_does = conj(
    implies(_kind == "LOCK", (_state == "CONFIG_UNLOCKED") & (after(_state) == "CONFIG_LOCKED")),
    implies(_start, (_kind == "START") & (_state == "CONFIG_LOCKED") & (after(_state) == "RUN")),
    implies(_kind == "STOP", after(_state) == "CONFIG_UNLOCKED"),
    implies(_kind == "STATE", _same(_state)),
)
_taken = _stage.in_("sent", "late")
_guest_may_ask = (
    guest_requests
    & (_queue == "AVAILABLE")
    & implies(_asks_start & _by_start & (state_source == "tsm"), _view == "CONFIG_LOCKED")
    & ite(_asks_start, ite(_by_start, (_phase == "outside") & (_evidence != "none"), _accepting), _phase != "failed")
)


def _unbound(event: Event, when: Term, what: str, cite: str, flow: str = "sev-tio-host-run") -> Property:
    """That a call for a TDI that is not bound can be refused as such, whatever else is wrong with it."""
    step = occurs(event, t=t, reply="NOT_BOUND")
    return law(
        f"{event.name.replace('_', '-')}-of-an-unbound-tdi-is-refused-as-such",
        f"The {what} of a TDI that is not bound to the TVM can be refused as that, whatever else stands against it.",
        AlwaysPossible(step, when & neg(_bound)),
        (t,),
        "TSM",
        cite,
        step,
        DropCheck("tsm", event.name, "bound"),
        flow=flow,
        protects="host",
    )


PROPERTIES = (
    # --- Refusals -----------------------------------------------------------------------------------------------------
    law(
        "a-refused-message-changes-nothing",
        "A call or message that is refused leaves TDI, exchange, record, gates and guest as they were.",
        StepLaw(tuple(occurs(x, t=t, reply=REFUSED) for x in _UNCHANGED_IF_REFUSED), _same(*_ALL)),
        (t,),
        "TSM",
        "P63 §11.3.22; COV 09; TDX module sources 2023",
        occurs(e.ask_lock, t=t, reply=REFUSED),
        LeakyRefusal("tsm", "take_back"),
        flow="arm-cca",
    ),
    law(
        "a-refused-request-is-answered-and-moves-no-tdi",
        "A device that refuses a request of the TSM, or fails, stays as it is; the TSM, if it still waits, is to be told of the refusal.",
        StepLaw(
            (occurs(e.deliver_request, t=t, reply=REFUSED), occurs(e.fail_request, t=t)),
            _taken
            & _all_but(*_EXCHANGE)
            & ite(_sent, (after(_stage) == "answered") & (after(_answer) == "refused") & _same(_kind), _void),
        ),
        (t,),
        "device",
        "P63 Table 11-6, §11.3.22: a failed request changes nothing",
        occurs(e.fail_request, t=t),
        LeakyRefusal("device", "deliver_request: lock"),
    ),
    law(
        "a-refused-gate-message-is-answered-and-opens-nothing",
        "A message of the guest's that the TSM refuses, when it arrives or when the host has done its part, opens nothing; only its answer, the "
        "refusal, is under way.",
        StepLaw(
            tuple(occurs(x, t=t, reply=REFUSED) for x in (e.message_deliver, e.gate_complete)),
            (after(_mstage) == "refused") & _all_but(_mstage),
        ),
        (t,),
        "TSM",
        "AMD SDTE_WRITE, MMIO_VALIDATE: status of the response; TF-RMM RTT_DEV_VALIDATE",
        occurs(e.message_deliver, t=t, reply=REFUSED),
        LeakyRefusal("gate", "message_deliver"),
    ),
    # --- Requests of the TSM ------------------------------------------------------------------------------------------
    law(
        "one-request-of-the-tsm-at-a-time",
        "The TSM makes a request only when no other is outstanding and its session is in step; it is the request that was asked for, "
        "a START_INTERFACE with the nonce that the TSM keeps.",
        StepLaw(
            (
                *_REQUESTS,
                occurs(e.undo, t=t, where=guest_close == "stop"),
                occurs(e.ship, t=t),
                occurs(e.guest_ask, t=t, where=_at_call),
            ),
            _idle & (after(_stage) == "sent") & (after(_answer) == "none") & (after(_kind) != "none") & _same(_state),
        ),
        (t,),
        "TSM",
        "P63 §11.2.3; TDX module sources 2023: out_tdisp_req",
        _REQUESTS,
        DropCheck("tsm", "ask_state", "no request outstanding, session in step"),
    ),
    law(
        "a-request-is-the-one-that-was-asked-for",
        "Asked for a lock, a start, the state or a stop, the TSM makes that request and no other.",
        Never(
            (
                occurs(e.ask_lock, t=t, where=after(_kind) != "LOCK"),
                occurs(
                    e.ask_start, t=t, where=after(_kind) != ite(_lock == "current", const("START", _kind.sort), "START_OLD")
                ),
                occurs(e.ask_state, t=t, where=after(_kind) != "STATE"),
                occurs(e.ask_stop, t=t, where=after(_kind) != "STOP"),
                occurs(e.undo, t=t, where=(guest_close == "stop") & (after(_kind) != "STOP")),
            )
        ),
        (t,),
        "TSM",
        "P63 §11.3; COV 09",
        _REQUESTS,
        DropUpdate("exchange", "ask_stop", "exchange.kind"),
    ),
    law(
        "a-lock-is-asked-for-once-and-keeps-no-promise",
        "LOCK_INTERFACE is made for a TDI not in ERROR that is as the flow wants it, uses up the guest's demand, and binds where a bind is "
        "apart from the lock; the record says nothing of the lock until the answer is in.",
        StepLaw(
            occurs(e.ask_lock, t=t),
            _CAN_LOCK
            & neg(after(_asked))
            & (after(_bound) == (_bound | (lock_source != "unbound")))
            & ite(epoch_begins == "request", after(_lock) == "none", _same(_lock))
            & _same(_view, _consent),
        ),
        (t,),
        "TSM",
        "COV 09 bind_interface; TF-RMM VDEV_LOCK; RSI_RDEV_LOCK; Linux TSM core: EBUSY",
        occurs(e.ask_lock, t=t),
        DropUpdate("tsm", "ask_lock", "tsm.asked"),
        flow="arm-cca-rsi",
    ),
    law(
        "a-lock-can-be-asked-for",
        "The host can have a TDI locked whenever nothing is outstanding and the TDI is as the flow wants it.",
        AlwaysPossible(occurs(e.ask_lock, t=t), _CAN_LOCK),
        (t,),
        "TSM",
        "COV 09 bind_interface; AMD TDI_BIND; TF-RMM VDEV_LOCK",
        _CAN_LOCK,
        SwapValue("tsm", "ask_lock", _view, "ERROR", "CONFIG_UNLOCKED"),
        protects="host",
    ),
    law(
        "a-start-has-a-lock-on-record",
        "START_INTERFACE is made at the host's request only for a bound TDI that the record says is locked, and with the guest's consent of "
        "this lock where the TSM insists on it; the record does not change before the answer.",
        StepLaw(occurs(e.ask_start, t=t), _served & _CAN_START & _same(*_TSM)),
        (t,),
        "TSM",
        "AMD TDI_BIND(run=1); TDH.TDI.START; TF-RMM VDEV_START",
        occurs(e.ask_start, t=t),
        DropCheck("tsm", "ask_start", "locked"),
    ),
    law(
        "a-start-can-be-asked-for",
        "Where starts are the host's to ask for, a host can have a bound TDI started that is locked on record, with the consent it takes.",
        AlwaysPossible(occurs(e.ask_start, t=t), _hostile & _served & _CAN_START),
        (t,),
        "TSM",
        "AMD TDI_BIND(run=1); TDH.TDI.START; TF-RMM VDEV_START",
        occurs(e.ask_start, t=t),
        SwapValue("tsm", "ask_start", _view, "CONFIG_LOCKED", "RUN"),
        protects="host",
    ),
    law(
        "an-honest-host-starts-at-the-guests-wish",
        "An honest host asks for START_INTERFACE when the guest has accepted and not failed, or where starts are its own affair.",
        AlwaysPossible(
            occurs(e.ask_start, t=t), _served & _CAN_START & ((run_by == "host") | Guest.wants_gate() | (_phase == "ready"))
        ),
        (t,),
        "host",
        "AMD guest driver 2026, Arm RHI, TDX TDCM: the guest asks the host",
        occurs(e.ask_start, t=t),
        SwapValue("host", "ask_start", _phase, "ready", "in_use"),
        flow="linux-tsm",
        host="honest",
    ),
    law(
        "an-honest-host-starts-nothing-unasked",
        "An honest host whose guest decides on the start does not ask for START_INTERFACE, granted or not, before the guest has accepted.",
        Never(
            occurs(
                e.ask_start,
                t=t,
                reply=None,
                where=HOST.honest & neg((run_by == "host") | Guest.wants_gate() | (_phase == "ready")),
            )
        ),
        (t,),
        "host",
        "AMD guest driver 2026, Arm RHI, TDX TDCM: the guest asks the host",
        occurs(e.ask_start, t=t, reply=None),
        DropCheck("host", "ask_start", "asked by the guest"),
        flow="linux-tsm",
        host="honest",
    ),
    law(
        "an-honest-host-carries-messages-as-they-are",
        "An honest host neither replays, misroutes or makes up messages nor ends the session in the clear.",
        Never(
            (
                *(
                    occurs(x, t=t, reply=None, where=HOST.honest)
                    for x in (e.misroute, e.replay_response, e.replay_request, e.host_answer, e.get_version)
                ),
                occurs(e.read_evidence, t=t, forged=True, where=HOST.honest),
            )
        ),
        (t,),
        "host",
        "M2, M4: the host hands on what it got; P63 §11.2.2",
        occurs(e.deliver_request, t=t),
        DropCheck("host", "host_answer", "refrains"),
        host="honest",
    ),
    law(
        "state-and-stop-are-asked-of-bound-tdis",
        "The TSM asks for the state of a TDI, or stops it, only when it is bound; the record waits for the answer.",
        StepLaw((occurs(e.ask_state, t=t), occurs(e.ask_stop, t=t)), _bound & _same(*_TSM)),
        (t,),
        "TSM",
        "COV 09; AMD TDI_UNBOUND",
        occurs(e.ask_stop, t=t),
        DropCheck("tsm", "ask_stop", "bound"),
    ),
    law(
        "the-state-of-a-bound-tdi-can-be-asked-for",
        "The state of a bound TDI can be asked for whenever nothing is outstanding.",
        AlwaysPossible(occurs(e.ask_state, t=t), _bound & _idle),
        (t,),
        "TSM",
        "P63 §11.3.12; AMD TDI_STATUS",
        occurs(e.ask_state, t=t),
        SwapValue("tsm", "ask_state", _stage, "idle", "sent"),
        protects="host",
    ),
    law(
        "a-bound-tdi-can-be-stopped",
        "The host can have STOP_INTERFACE made for a bound TDI, whatever its state on record, whenever nothing is outstanding.",
        AlwaysPossible(occurs(e.ask_stop, t=t), _bound & _idle),
        (t,),
        "TSM",
        "P63 §11.3.16: legal in every state; COV 09 unbind_interface",
        occurs(e.ask_stop, t=t),
        SwapValue("tsm", "ask_stop", _stage, "idle", "sent"),
        protects="host",
    ),
    # --- What the device does -----------------------------------------------------------------------------------------
    law(
        "a-device-does-what-is-asked-in-the-state-for-it",
        "A device locks what is unlocked, starts what is locked with the nonce of that lock, stops, or tells the state; the TSM, if it still "
        "waits, is to be told so, and a request that was given up leaves the session out of step.",
        StepLaw(
            _DELIVERED,
            _taken
            & _device_does
            & ite(_sent, (after(_stage) == "answered") & (after(_answer) == "ok") & _same(_kind), _void),
        ),
        (t,),
        "device",
        "P63 §11.3.8, §11.3.12, §11.3.14, §11.3.16, Table 11-3",
        _DELIVERED,
        DropUpdate("device", "deliver_request: stop", "device.state"),
    ),
    law(
        "a-request-in-its-state-is-granted",
        "A device can grant LOCK_INTERFACE in CONFIG_UNLOCKED, START_INTERFACE with the nonce in CONFIG_LOCKED, and in every state "
        "STOP_INTERFACE and the question for its state.",
        AlwaysPossible(
            _DELIVERED,
            _taken
            & (
                ((_kind == "LOCK") & (_state == "CONFIG_UNLOCKED"))
                | ((_kind == "START") & (_state == "CONFIG_LOCKED"))
                | (_kind == "STATE")
                | ((_kind == "STOP") & (_state != "CONFIG_UNLOCKED"))
            ),
        ),
        (t,),
        "device",
        "P63 Table 11-3",
        _DELIVERED,
        SwapValue("device", "deliver_request: lock", _state, "CONFIG_UNLOCKED", "RUN"),
        protects="host",
    ),
    law(
        "a-request-out-of-turn-is-refused-as-such",
        "A device refuses a lock of what is not unlocked, and a start of what is not locked, with INVALID_INTERFACE_STATE.",
        AlwaysPossible(
            occurs(e.deliver_request, t=t, reply="INVALID_INTERFACE_STATE"),
            _taken & (((_kind == "LOCK") & (_state != "CONFIG_UNLOCKED")) | (_start & (_state != "CONFIG_LOCKED"))),
        ),
        (t,),
        "device",
        "P63 Tables 11-3, 11-12, 11-19",
        occurs(e.deliver_request, t=t, reply="INVALID_INTERFACE_STATE"),
        DropCheck("device", "deliver_request: start", "state"),
        protects="host",
    ),
    law(
        "an-old-nonce-is-refused-as-such",
        "A device can say of a START_INTERFACE with another nonce than that of the lock that the nonce is wrong.",
        AlwaysPossible(occurs(e.deliver_request, t=t, reply="INVALID_NONCE"), _taken & (_kind == "START_OLD")),
        (t,),
        "device",
        "P63 Table 11-19",
        occurs(e.deliver_request, t=t, reply="INVALID_NONCE"),
        DropCheck("device", "deliver_request: start", "nonce"),
        flow="tdx-connect",
        protects="host",
    ),
    law(
        "refusals-of-a-device-are-true",
        "A device speaks of a wrong state only when the state is wrong, and of a wrong nonce only when the nonce is.",
        Never(
            (
                occurs(
                    e.deliver_request,
                    t=t,
                    reply="INVALID_INTERFACE_STATE",
                    where=neg(((_kind == "LOCK") & (_state != "CONFIG_UNLOCKED")) | (_start & (_state != "CONFIG_LOCKED"))),
                ),
                occurs(e.deliver_request, t=t, reply="INVALID_NONCE", where=_kind != "START_OLD"),
            )
        ),
        (t,),
        "device",
        "P63 Tables 11-12, 11-19",
        occurs(e.deliver_request, t=t, reply=REFUSED),
        SwapValue("device", "deliver_request: start", _state, "CONFIG_LOCKED", "RUN"),
        protects="host",
    ),
    law(
        "any-request-but-for-the-state-may-fail",
        "A device may fail a request for reasons of its own, on its way or given up.",
        AlwaysPossible(occurs(e.fail_request, t=t), _taken & (_kind != "STATE")),
        (t,),
        "device",
        "P63 Table 11-6: BUSY, UNSPECIFIED",
        occurs(e.fail_request, t=t),
        SwapValue("exchange", "fail_request", _stage, "late", "void"),
        protects="host",
    ),
    law(
        "a-new-lock-makes-all-that-is-held-old",
        "With LOCK_INTERFACE at the device, the nonce and the consent that the TSM keeps, a nonce in a request not yet sent, and the guest's "
        "evidence are of an earlier lock; no other request changes them, and none touches gates or messages.",
        StepLaw(
            _DELIVERED,
            ite(
                _kind == "LOCK",
                conj(_of_other_epoch(_lock), _of_other_epoch(_consent), _of_other_epoch(_nonce), _of_other_epoch(_evidence)),
                _same(_lock, _consent, _nonce, _evidence),
            )
            & _same(_bound, _view, _asked, _queue, _waits, _phase, *_GATES, *_MESSAGE),
        ),
        (t,),
        "device",
        "P63 §11.3.8: each lock has a nonce of its own; M15",
        occurs(e.deliver_request, t=t, where=(_kind == "LOCK") & (_lock != "none")),
        DropUpdate("tsm", "deliver_request", "tsm.lock"),
        flow="tdx-connect",
    ),
    # --- What the TSM makes of it -------------------------------------------------------------------------------------
    law(
        "a-response-is-taken-when-there-is-one",
        "The TSM takes a response when one is on its way, whatever it says, and its request is over then.",
        StepLaw(occurs(e.response, t=t), _answered & _gone & _same(_state, _asked, _phase, *_MESSAGE)),
        (t,),
        "TSM",
        "P63 §11.2.3; TDX module sources 2023",
        occurs(e.response, t=t),
        DropUpdate("exchange", "response", "exchange.kind"),
    ),
    law(
        "every-response-can-be-taken",
        "Whatever a response says, the TSM can take it.",
        AlwaysPossible(occurs(e.response, t=t), _answered),
        (t,),
        "TSM",
        "P63 §11.2.3",
        occurs(e.response, t=t),
        SwapValue("exchange", "response", _stage, "answered", "late"),
        protects="host",
    ),
    law(
        "the-record-follows-the-response",
        "A response to LOCK_INTERFACE, START_INTERFACE or STOP_INTERFACE makes the record say so, with nonce, binding and consent as they "
        "are due; a state that is told becomes the state on record, and ends what is kept of a lock that it shows to be over; a failure ends "
        "nothing.",
        StepLaw(occurs(e.response, t=t, where=neg(_kept)), _RECORD),
        (t,),
        "TSM",
        "TDX module sources 2023: tdisp_process_response; COV 09; TF-RMM dev_tdisp_stop_main",
        occurs(e.response, t=t),
        DropUpdate("tsm", "response: in error", "tsm.lock"),
    ),
    law(
        "the-gates-follow-the-response",
        "A response shuts the gates where it says that the TDI has stopped and they shut with it, opens them where the start does, and else "
        "leaves them alone.",
        StepLaw(
            occurs(e.response, t=t),
            conj(*(after(g) == ((g | _opened_by_response) & neg(_shut_by_response)) for g in _GATES)),
        ),
        (t,),
        "TSM",
        "COV 07",
        occurs(e.response, t=t),
        DropUpdate("gate", "response", "gate.mmio"),
    ),
    law(
        "the-guests-answer-is-kept-for-the-guest",
        "The answer to a request of the guest's lies in its queue afterwards, as the device gave it; where the TSM looks at it only when the "
        "guest collects it, the record waits until then.",
        StepLaw(
            occurs(e.response, t=t),
            ite(
                _own,
                (after(_queue) == "PROCESSED")
                & implies(_no | (_kind != "STATE"), after(_waits) == _answer)
                & conj(
                    *(
                        implies((_kind == "STATE") & _ok & (_state == s), after(_waits) == s)
                        for s in ("CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR")
                    )
                )
                & implies(_at_collection, _same(*_TSM)),
                _same(*_QUEUE),
            ),
        ),
        (t,),
        "TSM",
        "TDX module sources 2023: GENERATED becomes PROCESSED",
        occurs(e.response, t=t, where=_own),
        DropUpdate("queue", "response", "queue.answer"),
        flow="tdx-connect",
    ),
    law(
        "a-misrouted-response-is-lost-to-both",
        "A response can be misrouted only when one is on its way that moves a TDI, and where guests ask at all. Where the TSM takes it, "
        "something foreign lies in the guest's queue, and nobody learns what the device did.",
        StepLaw(
            occurs(e.misroute, t=t),
            neg(_own)
            & (response_routing == "one_way")
            & _gone
            & (after(_queue) == "PROCESSED")
            & (after(_waits) == "foreign")
            & (after(_nonce) == "none")
            & _all_but(*_EXCHANGE, *_QUEUE),
        ),
        (t,),
        "TSM",
        "TDX module sources 2023: a response with td_flag is the guest's, whoever asked",
        occurs(e.misroute, t=t),
        DropUpdate("queue", "misroute: the host's to the guest", "queue.answer"),
        flow="tdx-connect",
    ),
    law(
        "a-misrouted-response-is-noticed-or-taken",
        "A host that misroutes a response that moves a TDI gets an answer from the TSM.",
        AlwaysPossible(
            occurs(e.misroute, t=t, reply=None), _hostile & guest_requests & _answered & _ok & (_kind != "STATE")
        ),
        (t,),
        "TSM",
        "TDX module sources 2023: td_flag",
        occurs(e.misroute, t=t, reply=None),
        SwapValue("exchange", "misroute", _stage, "answered", "late"),
        flow="tdx-connect",
    ),
    law(
        "only-the-guests-responses-are-looked-at",
        "Where the TSM looks at the addressee of the guest's responses only, it refuses none that is handed over as the guest's.",
        Never(
            occurs(
                e.misroute,
                t=t,
                reply=REFUSED,
                where=neg(_own) & (response_routing == "one_way"),
            )
        ),
        (t,),
        "TSM",
        "TDX module sources 2023: TDX_DEVIF_TDISP_INVALID_REQ_STS",
        occurs(e.misroute, t=t, reply=REFUSED),
        AddCheck("queue", "misroute: the host's to the guest", Check("never", FALSE, "NO_SUCH_REQUEST")),
        flow="tdx-connect",
        protects="host",
    ),
    law(
        "an-old-response-is-found-out",
        "Where messages are counted, an old response that moves a TDI is discarded whenever the TSM waits for one of its kind.",
        AlwaysPossible(
            occurs(e.replay_response, t=t, reply="DISCARDED"),
            _hostile & replay_protection & _waiting & (_kind != "STATE"),
        ),
        (t,),
        "TSM",
        "DSP0277: sequence number; DSP0274 DecryptError",
        occurs(e.replay_response, t=t, reply="DISCARDED"),
        SwapValue("tsm", "replay_response: locked", _kind, "LOCK", "START"),
    ),
    law(
        "an-old-request-is-found-out",
        "Where messages are counted, the device discards an old STOP_INTERFACE in every state.",
        AlwaysPossible(
            occurs(e.replay_request, t=t, reply="DISCARDED", old_request="STOP"),
            _hostile & replay_protection & neg(_answered & (_kind == "LOCK")),
        ),
        (t,),
        "device",
        "DSP0277: sequence number; DSP0274 DecryptError",
        occurs(e.replay_request, t=t, reply="DISCARDED"),
        SwapValue("exchange", "replay_request", _kind, "LOCK", "START"),
    ),
    law(
        "an-old-lock-is-found-out",
        "Where messages are counted, the device discards an old LOCK_INTERFACE, also when it is unlocked.",
        AlwaysPossible(
            occurs(e.replay_request, t=t, reply="DISCARDED", old_request="LOCK"),
            _hostile & replay_protection & (_state == "CONFIG_UNLOCKED") & neg(_answered & (_kind == "LOCK")),
        ),
        (t,),
        "device",
        "DSP0277: sequence number; DSP0274 DecryptError",
        occurs(e.replay_request, t=t, reply="DISCARDED"),
        SwapValue("device", "replay_request: LOCK", _state, "CONFIG_UNLOCKED", "CONFIG_LOCKED"),
    ),
    law(
        "an-old-response-is-taken-for-the-one-that-is-due",
        "Where messages are not counted, an old response that moves a TDI makes the record say what it says: locked, of an earlier lock, "
        "running, or stopped, with nothing kept. The device has no part in it, and the request is over or, if it is still out, given up.",
        StepLaw(
            occurs(e.replay_response, t=t),
            _waiting
            & ite(_sent, (after(_stage) == "late") & _same(_kind), (after(_stage) == "idle") & (after(_kind) == "none"))
            & (after(_answer) == "none")
            & implies(
                _kind == "LOCK",
                after(_bound) & (after(_view) == "CONFIG_LOCKED") & (after(_lock) == "stale") & (after(_evidence) != "unnoticed"),
            )
            & implies(_start, (after(_view) == "RUN") & _same(_bound, _lock, _consent))
            & implies(_kind == "STOP", _fresh & (after(_bound) == (_bound & (lock_source != "unbound"))))
            & _same(_state, _asked, _phase, *_MESSAGE),
        ),
        (t,),
        "TSM",
        "DSP0277: sequence number; TDX module sources 2023: tdisp_process_response",
        occurs(e.replay_response, t=t),
        DropUpdate("tsm", "replay_response: locked", "tsm.view"),
        flow="cove-io",
        replay_protection=False,
    ),
    law(
        "an-old-response-can-be-passed-off",
        "Where messages are not counted, a hostile host can pass an old response off on a TSM that waits for one of its kind.",
        AlwaysPossible(
            occurs(e.replay_response, t=t),
            _hostile & neg(replay_protection) & _waiting & _kind.in_("LOCK", "START", "START_OLD", "STOP"),
        ),
        (t,),
        "TSM",
        "DSP0277: sequence number",
        occurs(e.replay_response, t=t),
        SwapValue("exchange", "replay_response", _stage, "sent", "answered"),
        flow="cove-io",
        replay_protection=False,
    ),
    law(
        "an-old-lock-makes-all-that-is-held-old",
        "Where messages are not counted, an old LOCK_INTERFACE locks an unlocked TDI for nobody: nonce, consent and evidence are of an "
        "earlier lock. An old STOP_INTERFACE unlocks it and changes none of them, and neither changes record, gates or messages.",
        StepLaw(
            occurs(e.replay_request, t=t),
            ite(
                e.old_request == "LOCK",
                conj(
                    (_state == "CONFIG_UNLOCKED") & (after(_state) == "CONFIG_LOCKED"),
                    *(_of_other_epoch(x) for x in (_lock, _consent, _evidence)),
                ),
                (after(_state) == "CONFIG_UNLOCKED") & _same(_lock, _consent, _evidence),
            )
            & _same(_bound, _view, _asked, _phase, *_GATES, *_MESSAGE, *_EXCHANGE),
        ),
        (t,),
        "device",
        "DSP0277: sequence number; P63 §11.3.8: each lock has a nonce of its own",
        occurs(e.replay_request, t=t),
        DropUpdate("tsm", "replay_request", "tsm.lock"),
        flow="cove-io",
        replay_protection=False,
    ),
    # --- Giving up, resets, teardown ----------------------------------------------------------------------------------
    law(
        "a-request-given-up-is-out-of-the-tsms-hands",
        "The TSM gives up a request only while it waits. The host may still have it, or the session is out of step; the record is ERROR, "
        "unlocked or unchanged, as the flow has it; and the guest's call returns with an error.",
        StepLaw(
            occurs(e.abort, t=t),
            _waiting
            & (failed_exchange != "waits")
            & _given_up
            & _returns
            & ite(
                (_kind == "STOP") & (stop_failure == "ignored"),
                _fresh & (after(_bound) == (_bound & (lock_source != "unbound"))),
                _same(_bound, _lock, _consent)
                & ite((failed_exchange == "error") & _bound, after(_view) == "ERROR", _same(_view)),
            )
            & conj(
                *(
                    after(g) == (g & neg((_kind == "STOP") & (stop_failure == "ignored") & (gate_close == "after_stop")))
                    for g in _GATES
                )
            )
            & _same(_state, _asked, _nonce, *_MESSAGE, *_GUEST),
        ),
        (t,),
        "TSM",
        "TF-RMM VDEV_ABORT, dev_tdisp_stop_main; DSP0277: the session is out of step",
        occurs(e.abort, t=t),
        DropUpdate("tsm", "abort", "tsm.view"),
        flow="arm-cca",
    ),
    law(
        "a-request-can-be-given-up",
        "A TSM that does not wait for ever can give up a request on its way or an answer that it cannot read.",
        AlwaysPossible(occurs(e.abort, t=t), (failed_exchange != "waits") & _waiting),
        (t,),
        "TSM",
        "P63 §11.2.3: the time-out; TF-RMM VDEV_ABORT",
        occurs(e.abort, t=t),
        SwapValue("exchange", "abort", _stage, "answered", "late"),
        protects="host",
    ),
    law(
        "what-is-taken-back-is-out-of-the-guests-reach",
        "A TDI is taken back only when bound and, unless the host may force it, unlocked on record with nothing outstanding; the "
        "binding, gates, nonce, consent and queue are gone, and an outstanding request is given up.",
        StepLaw(
            occurs(e.take_back, t=t),
            _CAN_TAKE_BACK
            & _shut_and_gone
            & _fresh
            & _queue_emptied
            & ite(_waiting, _given_up, _same(*_EXCHANGE))
            & _same(_state, _asked, *_MESSAGE, *_GUEST),
        ),
        (t,),
        "TSM",
        "TDH.DEVIF.REMOVE, TDH.MMIO.UNMAP; TF-RMM VDEV_DESTROY; AMD TDI_RECLAIM",
        occurs(e.take_back, t=t),
        DropUpdate("tsm", "take_back", "tsm.lock"),
    ),
    law(
        "a-stopped-tdi-can-be-taken-back",
        "The host can have a bound TDI back that is unlocked on record, with nothing outstanding and its gates shut where they shut apart.",
        AlwaysPossible(occurs(e.take_back, t=t), _CAN_TAKE_BACK),
        (t,),
        "TSM",
        "COV 09 reclaim; TDH.DEVIF.REMOVE; TF-RMM VDEV_DESTROY",
        occurs(e.take_back, t=t),
        SwapValue("tsm", "take_back", _view, "CONFIG_UNLOCKED", "CONFIG_LOCKED"),
        flow="arm-cca",
        protects="host",
    ),
    law(
        "a-disconnect-leaves-nothing-of-the-tsms",
        "A disconnect of a device that the TSM has to do with takes a locked TDI to ERROR, and leaves no binding, gate, nonce, consent, request "
        "or answer.",
        StepLaw(
            occurs(e.disconnect, t=t),
            (_bound | neg(_idle))
            & _shut_and_gone
            & _fresh
            & _queue_emptied
            & _gone
            & ite(Device.locked(), after(_state) == "ERROR", _same(_state))
            & _same(_asked, *_MESSAGE, *_GUEST),
        ),
        (t,),
        "TSM",
        "TDX IDE.STREAM.BLOCK, TDH.DEVIF.REMOVE; AMD DEV_DISCONNECT; COV 09 disconnect_device; P63 §11.4.5",
        occurs(e.disconnect, t=t),
        DropUpdate("tsm", "disconnect", "tsm.consent"),
        flow="tdx-connect",
    ),
    law(
        "a-disconnect-is-always-possible",
        "The host can have a device disconnected whose TDI is bound or whose session is in use or out of step.",
        AlwaysPossible(occurs(e.disconnect, t=t), _bound | neg(_idle)),
        (t,),
        "TSM",
        "COV 09 disconnect_device; AMD DEV_DISCONNECT with FORCE",
        occurs(e.disconnect, t=t),
        SwapValue("tsm", "disconnect", _stage, "idle", "void"),
        protects="host",
    ),
    law(
        "what-ends-the-session-makes-its-messages-void",
        "GET_VERSION in the clear and a conventional reset end the session: what was on its way is void, a locked TDI goes to ERROR or, by the "
        "reset, every TDI to CONFIG_UNLOCKED; the guest's call returns, and record and gates learn nothing.",
        StepLaw(
            (occurs(e.get_version, t=t), occurs(e.conventional_reset, t=t)),
            _void & _returns & _same(_nonce, *_TSM, *_GATES, *_MESSAGE, *_GUEST),
        ),
        (t,),
        "device",
        "DSP0274 GET_VERSION; P63 §11.4.5, §11.4.8",
        occurs(e.get_version, t=t),
        DropUpdate("queue", "get_version", "queue.answer"),
        flow="cove-io",
    ),
    law(
        "only-a-lock-is-lost-without-a-request",
        "Without a request, a TDI goes to ERROR only from a lock, by a change of function or session, and to CONFIG_UNLOCKED only by a reset.",
        Never(
            (
                occurs(e.get_version, t=t, where=ite(Device.locked(), after(_state) != "ERROR", after(_state) != _state)),
                occurs(e.conventional_reset, t=t, where=after(_state) != "CONFIG_UNLOCKED"),
                occurs(e.function_reset, t=t, where=neg(Device.locked()) | (after(_state) != "ERROR")),
            )
        ),
        (t,),
        "device",
        "P63 §11.2, §11.4.3, §11.4.5, §11.4.8",
        occurs(e.function_reset, t=t),
        DropCondition("device", "function_reset", 0),
    ),
    law(
        "a-device-recovers-from-error-only",
        "A TDI that becomes unlocked by itself was in ERROR, and nothing else changes.",
        StepLaw(occurs(e.recover, t=t), (_state == "ERROR") & (after(_state) == "CONFIG_UNLOCKED") & _all_but(_state)),
        (t,),
        "device",
        "P63 §11.2: permitted once all data of the TVM is cleared",
        occurs(e.recover, t=t),
        DropCondition("device", "recover", 1),
        flow="cove-io",
        error_recovery="automatic",
    ),
    law(
        "resets-are-always-possible",
        "A host can reset the function of a locked TDI.",
        AlwaysPossible(occurs(e.function_reset, t=t), Device.locked()),
        (t,),
        "device",
        "P63 §11.4.3",
        occurs(e.function_reset, t=t),
        SwapValue("device", "function_reset", _state, "RUN", "ERROR"),
    ),
    law(
        "a-session-can-be-ended-in-the-clear",
        "A hostile host can end the session with GET_VERSION while there is a session in step or a TDI to lose.",
        AlwaysPossible(occurs(e.get_version, t=t), _hostile & ((_stage != "void") | (_state != "CONFIG_UNLOCKED"))),
        (t,),
        "device",
        "DSP0274 GET_VERSION",
        occurs(e.get_version, t=t),
        SwapValue("exchange", "get_version", _stage, "void", "idle"),
    ),
    law(
        "a-device-can-be-reset",
        "A device can be reset while there is a session in step or a TDI to lose.",
        AlwaysPossible(occurs(e.conventional_reset, t=t), (_stage != "void") | (_state != "CONFIG_UNLOCKED")),
        (t,),
        "device",
        "P63 §11.4.8",
        occurs(e.conventional_reset, t=t),
        SwapValue("exchange", "conventional_reset", _stage, "void", "idle"),
    ),
    law(
        "gates-can-be-shut-apart",
        "Where the gates shut by calls of the host's own, it can shut open gates of a bound TDI in any state of it.",
        AlwaysPossible(occurs(e.close_gates, t=t), (gate_close == "apart") & _bound & (_dma | _mmio)),
        (t,),
        "TSM",
        "TDH.MMIO.BLOCK, TDH.DMAR.BLOCK: in any state of the TDI",
        occurs(e.close_gates, t=t),
        AddCheck("tsm", "close_gates", Check("never", FALSE)),
        flow="tdx-connect",
        protects="host",
    ),
    law(
        "shutting-gates-shuts-gates-only",
        "A call to shut the gates finds one open, shuts both and does nothing else.",
        StepLaw(occurs(e.close_gates, t=t), (_dma | _mmio) & neg(after(_dma) | after(_mmio)) & _all_but(*_GATES)),
        (t,),
        "TSM",
        "TDH.MMIO.BLOCK, TDH.DMAR.BLOCK",
        occurs(e.close_gates, t=t),
        DropUpdate("gate", "close_gates", "gate.mmio"),
        flow="tdx-connect",
    ),
    law(
        "gates-shut-before-a-stop-where-they-do",
        "STOP_INTERFACE is made after the gates are shut where they shut before it; no other request touches a gate.",
        StepLaw(
            (*_REQUESTS, occurs(e.ship, t=t), occurs(e.guest_ask, t=t)),
            conj(
                *(
                    after(g)
                    == (
                        g & neg((gate_close == "before_stop") & (after(_kind) == "STOP") & _idle & (after(_stage) == "sent"))
                    )
                    for g in _GATES
                )
            ),
        ),
        (t,),
        "TSM",
        "TF-RMM VDEV_UNLOCK: mappings gone and STE off before STOP_INTERFACE",
        occurs(e.ask_stop, t=t),
        DropUpdate("gate", "ask_stop", "gate.mmio"),
        flow="arm-cca",
    ),
    # --- The guest ----------------------------------------------------------------------------------------------------
    law(
        "a-guest-asks-for-a-lock-of-what-it-does-not-use",
        "A guest asks for a lock only of a TDI that it has not accepted and that is unlocked on record, with nothing outstanding; it forgets what "
        "it knew, and the TSM remembers the demand.",
        StepLaw(
            occurs(e.request_lock, t=t),
            (_phase == "outside")
            & _idle
            & (_view == "CONFIG_UNLOCKED")
            & after(_asked)
            & (after(_evidence) == "none")
            & _all_but(_asked, _evidence),
        ),
        (t,),
        "guest",
        "RMM up to 1.1-alp12: RSI_RDEV_LOCK",
        occurs(e.request_lock, t=t),
        DropCondition("guest", "request_lock", 0),
        flow="arm-cca-rsi",
    ),
    law(
        "a-guest-can-ask-for-a-lock",
        "Where locks are for the guest to ask for, it can ask for one of a TDI that is unlocked on record, with nothing outstanding.",
        AlwaysPossible(
            occurs(e.request_lock, t=t),
            (lock_by == "guest_call") & (_phase == "outside") & _idle & (_view == "CONFIG_UNLOCKED"),
        ),
        (t,),
        "TSM",
        "RMM up to 1.1-alp12: RSI_RDEV_LOCK",
        occurs(e.request_lock, t=t),
        SwapValue("guest", "request_lock", _phase, "outside", "accepted"),
        flow="arm-cca-rsi",
    ),
    law(
        "evidence-is-of-the-lock-on-record",
        "A guest reads evidence of a bound TDI with a report, before it accepts; it is of the lock that the TSM has the nonce of.",
        StepLaw(
            occurs(e.read_evidence, t=t),
            (_phase == "outside")
            & _bound
            & (_lock != "none")
            & ((after(_evidence) == "current") == (_lock == "current"))
            & (after(_evidence) != "none")
            & _all_but(_evidence),
        ),
        (t,),
        "TSM",
        "COV 09; AMD TDI_INFO; RSI_VDEV_GET_INFO; TDG.TDI.RD",
        occurs(e.read_evidence, t=t),
        DropCheck("tsm", "read_evidence", "has a report"),
    ),
    law(
        "evidence-can-be-read",
        "A guest can read evidence of a bound TDI of whose lock the TSM has a report.",
        AlwaysPossible(occurs(e.read_evidence, t=t, forged=False), (_phase == "outside") & _bound & (_lock != "none")),
        (t,),
        "TSM",
        "COV 09; AMD TDI_INFO; RSI_VDEV_GET_INFO",
        occurs(e.read_evidence, t=t),
        SwapValue("guest", "read_evidence", _phase, "outside", "accepted"),
    ),
    law(
        "acceptance-follows-evidence",
        "A guest accepts once, after it has read evidence, and the TSM has its consent for that evidence's lock where it is told.",
        StepLaw(
            occurs(e.accept, t=t),
            (_phase == "outside")
            & (_evidence != "none")
            & (after(_phase) == "accepted")
            & neg(_by_start)
            & ite(tsm_consent & (guest_calls == "direct"), _bound & (after(_consent) == _evidence), _same(_consent))
            & _all_but(_phase, _consent, *_MESSAGE),
        ),
        (t,),
        "guest",
        "M1; TDG.DEVIF.VALIDATE; Linux TSM core: accept",
        occurs(e.accept, t=t),
        DropCondition("guest", "accept", 0),
    ),
    law(
        "a-locked-tdi-can-be-accepted",
        "A guest that has read evidence of the lock on record can accept a bound TDI that is locked on record.",
        AlwaysPossible(
            occurs(e.accept, t=t),
            neg(_by_start)
            & (_phase == "outside")
            & (_evidence == "current")
            & _bound
            & (_mstage == "idle")
            & (neg(_waiting) | (epoch_begins == "response"))
            & ((_view == "CONFIG_LOCKED") | ((run_by == "host") & (_view == "RUN"))),
        ),
        (t,),
        "TSM",
        "M1; COV 07; TDG.TDI.START",
        occurs(e.accept, t=t),
        SwapValue("guest", "accept", _phase, "outside", "accepted"),
    ),
    law(
        "a-guests-request-is-made-for-a-guest-that-may-ask",
        "A guest asks for a start of what it has accepted, or accepts by asking, after evidence and with the record at CONFIG_LOCKED; for the "
        "state, unless it has failed. Its queue is free before, and holds the request, with the nonce it needs, until it is sent.",
        StepLaw(
            occurs(e.guest_ask, t=t),
            guest_requests
            & _bound
            & (_queue == "AVAILABLE")
            & implies(_asks_start, _view == "CONFIG_LOCKED")
            & ite(_asks_start, ite(_by_start, (_phase == "outside") & (_evidence != "none"), _accepting), _phase != "failed")
            & ite(
                _at_call,
                (after(_queue) == "GENERATED")
                & (after(_nonce) == "none")
                & (
                    after(_kind)
                    == ite(_asks_start, ite(_lock == "current", const("START", _kind.sort), "START_OLD"), "STATE")
                ),
                (after(_queue) == "REQUESTED") & (after(_nonce) == ite(_asks_start, _lock, "none")) & _same(*_EXCHANGE),
            )
            & ite(_by_start & _asks_start, after(_phase) == "accepted", _same(_phase))
            & ite(_by_start & tsm_consent, after(_consent) == _evidence, _same(_consent))
            & _same(_waits, _bound, _view, _lock, _asked, _evidence, *_MESSAGE),
        ),
        (t,),
        "TSM",
        "COV 09 COVG start_interface; TDG.DEVIF.REQUEST; RSI_RDEV_START",
        occurs(e.guest_ask, t=t),
        DropUpdate("queue", "guest_ask", "queue.state"),
        flow="cove-io",
    ),
    law(
        "a-guest-can-ask",
        "A guest can have its request made for a bound TDI, with its queue free and, where it is sent at once, nothing outstanding.",
        AlwaysPossible(
            occurs(e.guest_ask, t=t),
            guest_requests
            & _bound
            & (_queue == "AVAILABLE")
            & implies(_at_call, _idle)
            & implies(_asks_start, _view == "CONFIG_LOCKED")
            & implies(_asks_start & (epoch_bind == "tsm"), _evidence == "current")
            & implies(_at_collection & tsm_consent, _consent != "none")
            & ite(
                _asks_start, ite(_by_start, (_phase == "outside") & (_evidence != "none"), _accepting), _phase != "failed"
            ),
        ),
        (t,),
        "TSM",
        "COV 09 COVG start_interface; TDG.DEVIF.REQUEST; RSI_RDEV_START",
        occurs(e.guest_ask, t=t),
        SwapValue("guest", "guest_ask", _phase, "accepted", "one_gate"),
        flow="arm-cca-rsi",
    ),
    law(
        "a-request-that-waits-can-be-shipped",
        "The host can have a guest's request sent that waits in the queue, with nothing outstanding; it is the guest's request, with the nonce "
        "that was put into it.",
        AlwaysPossible(
            occurs(
                e.ship, t=t, where=(after(_queue) == "GENERATED") & (after(_nonce) == "none") & (after(_kind) == "STATE")
            ),
            (_queue == "REQUESTED") & _idle & neg(_asks_start),
        ),
        (t,),
        "TSM",
        "TDX module sources 2023: TDH.DEVIF.REQUEST with td_flag",
        occurs(e.ship, t=t),
        SwapValue("queue", "ship", _queue, "REQUESTED", "GENERATED"),
        flow="tdx-connect",
    ),
    law(
        "only-what-waits-is-shipped",
        "A guest's request is sent when it waits in the queue; that is all that changes.",
        StepLaw(occurs(e.ship, t=t), (_queue == "REQUESTED") & _all_but(_queue, _nonce, *_EXCHANGE)),
        (t,),
        "TSM",
        "TDX module sources 2023: REQUESTED becomes GENERATED",
        occurs(e.ship, t=t),
        DropCondition("queue", "ship", 0),
        flow="tdx-connect",
    ),
    law(
        "an-answer-is-collected-once",
        "The guest collects an answer of its own that lies in the queue, which is free then; an awaited start makes the TDI ready or has failed; "
        "the record follows the answer where it has not yet, and else stays.",
        StepLaw(
            occurs(e.collect, t=t),
            (_queue == "PROCESSED")
            & (_waits != "foreign")
            & (after(_queue) == "AVAILABLE")
            & (after(_waits) == "none")
            & ite(
                _asks_start & _by_start & (_phase == "accepted"),
                ite(_waits == "ok", after(_phase) == "ready", after(_phase) == "failed"),
                _same(_phase),
            )
            & ite(
                _at_collection & neg(_asks_start),
                implies(tsm_consent, _consent != "none")
                & _told_state(_waits, _waits.in_("CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR"))
                & conj(
                    *(implies(_waits == s, after(_view) == s) for s in ("CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR"))
                )
                & implies(
                    _waits == "refused",
                    _same(_bound, _lock, _consent) & ite(failed_exchange == "error", after(_view) == "ERROR", _same(_view)),
                )
                & _same(_asked),
                _same(*_TSM),
            )
            & _same(_state, _nonce, _evidence, *_EXCHANGE, *_MESSAGE, *_GATES),
        ),
        (t,),
        "TSM",
        "TDX module sources 2023: TDG.DEVIF.RESPONSE; COV 09: start_interface returns",
        occurs(e.collect, t=t),
        DropUpdate("queue", "collect", "queue.state"),
        flow="cove-io",
    ),
    law(
        "an-answer-can-be-collected",
        "The guest can collect what answers its request, with its approval on record where the TSM wants that.",
        AlwaysPossible(
            occurs(e.collect, t=t),
            (_queue == "PROCESSED") & (_waits != "foreign") & implies(_at_collection & tsm_consent, _consent != "none"),
        ),
        (t,),
        "TSM",
        "TDX module sources 2023: TDG.DEVIF.RESPONSE",
        occurs(e.collect, t=t),
        SwapValue("queue", "collect", _queue, "PROCESSED", "AVAILABLE"),
        flow="cove-io",
    ),
    # --- Gates --------------------------------------------------------------------------------------------------------
    law(
        "a-gate-call-opens-the-next-gate",
        "A guest that calls for a gate has accepted and has no message under way; where it opens at once the guest knows, and else the host has its "
        "part to do first.",
        StepLaw(
            occurs(e.gate_call, t=t),
            Guest.wants_gate()
            & (_mstage == "idle")
            & (guest_calls == "direct")
            & _gate_may_open(_next_is_dma)
            & ite(
                _at_once,
                _opens(_next) & _advanced & _same(*_MESSAGE),
                _same(*_GATES, _phase) & (after(_mkind) == _next) & (after(_mstage) == "checked"),
            )
            & _all_but(_phase, *_GATES, *_MESSAGE),
        ),
        (t,),
        "TSM",
        "TDG.DMAR.ACCEPT, TDG.MMIO.ACCEPT; RSI_VDEV_DMA_ENABLE",
        occurs(e.gate_call, t=t),
        DropUpdate("message", "gate_call", "message.stage"),
        flow="arm-cca",
    ),
    law(
        "a-gate-can-be-called-for",
        "A guest that has accepted can have the next gate opened when the record is as it must be and no message is under way.",
        AlwaysPossible(
            occurs(e.gate_call, t=t),
            (guest_calls == "direct")
            & neg(_by_start)
            & Guest.wants_gate()
            & (_mstage == "idle")
            & _gate_may_open(_next_is_dma)
            & (neg(_waiting) | (epoch_begins == "response")),
        ),
        (t,),
        "TSM",
        "TDG.DMAR.ACCEPT, TDG.MMIO.ACCEPT; RSI_VDEV_DMA_ENABLE",
        occurs(e.gate_call, t=t),
        SwapValue("tsm", "gate_call", _view, "RUN", "ERROR"),
        flow="arm-cca",
    ),
    law(
        "a-gate-call-that-fails-is-known-to-the-guest",
        "A guest whose call for a gate is refused takes acceptance to have failed, unless it ignores the status.",
        StepLaw(
            occurs(e.gate_call, t=t, reply=REFUSED),
            _all_but(_phase)
            & Guest.wants_gate()
            & (_mstage == "idle")
            & implies(gate_status != "ignored", after(_phase) == "failed"),
        ),
        (t,),
        "guest",
        "AMD, Arm guest drivers: failure",
        occurs(e.gate_call, t=t, reply=REFUSED),
        DropCondition("guest", "gate_call", 2),
        flow="arm-cca",
    ),
    law(
        "a-gate-message-is-sent-one-at-a-time",
        "A guest that has accepted sends a message for the next gate when none is under way.",
        StepLaw(
            occurs(e.gate_send, t=t),
            Guest.wants_gate()
            & (_mstage == "idle")
            & (after(_mkind) == _next)
            & (after(_mstage) == "sent")
            & _all_but(*_MESSAGE),
        ),
        (t,),
        "guest",
        "AMD guest driver: SNP guest request",
        occurs(e.gate_send, t=t),
        DropCondition("guest", "gate_send", 3),
    ),
    law(
        "a-gate-message-can-be-sent",
        "A guest that has accepted can send a message for the next gate when none is under way.",
        AlwaysPossible(
            occurs(e.gate_send, t=t), (guest_calls == "carried") & neg(_by_start) & Guest.wants_gate() & (_mstage == "idle")
        ),
        (t,),
        "guest",
        "AMD guest driver: SNP guest request",
        occurs(e.gate_send, t=t),
        SwapValue("guest", "gate_send", _mstage, "idle", "sent"),
    ),
    law(
        "a-message-that-arrives-does-what-it-says",
        "The TSM takes a message that was sent; one for a gate opens that gate alone, one to close shuts both, and its answer is under way.",
        StepLaw(
            occurs(e.message_deliver, t=t),
            (_mstage == "sent")
            & _bound
            & (after(_mstage) == "done")
            & implies(_gate_message, _gate_may_open(_mkind == "dma") & _opens(_mkind))
            & implies(_mkind != "accept", _same(_consent))
            & implies(_mkind == "close", neg(after(_dma) | after(_mmio)))
            & _all_but(_mstage, _consent, *_GATES),
        ),
        (t,),
        "TSM",
        "AMD: PSP guest message; SDTE_WRITE, MMIO_VALIDATE",
        occurs(e.message_deliver, t=t),
        DropCheck("tsm", "message_deliver: gate", "bound"),
    ),
    law(
        "a-message-that-was-sent-can-arrive",
        "The host can hand over a message that was sent, granted or refused.",
        AlwaysPossible(occurs(e.message_deliver, t=t, reply=None), _mstage == "sent"),
        (t,),
        "TSM",
        "AMD: GHCB",
        occurs(e.message_deliver, t=t),
        SwapValue("message", "message_deliver", _mstage, "sent", "done"),
    ),
    law(
        "a-message-for-a-bound-tdi-is-granted",
        "The TSM grants a message to close the gates of a bound TDI, or to open one when the record is as it must be.",
        AlwaysPossible(
            occurs(e.message_deliver, t=t),
            (_mstage == "sent") & (((_mkind == "close") & _bound) | (_gate_message & _gate_may_open(_mkind == "dma"))),
        ),
        (t,),
        "TSM",
        "AMD SDTE_WRITE, MMIO_VALIDATE",
        occurs(e.message_deliver, t=t),
        SwapValue("tsm", "message_deliver: gate", _mkind, "mmio", "close"),
    ),
    law(
        "a-gate-opens-when-the-host-has-done-its-part",
        "With the host's part done, the gate opens that the guest called for, and no other, if the record is still as it must be.",
        StepLaw(
            occurs(e.gate_complete, t=t),
            (_mstage == "checked")
            & _gate_may_open(_mkind == "dma")
            & _opens(_mkind)
            & (after(_mstage) == "done")
            & _all_but(_mstage, *_GATES),
        ),
        (t,),
        "TSM",
        "TF-RMM RTT_DEV_VALIDATE, RSI_VDEV_DMA_ENABLE",
        occurs(e.gate_complete, t=t),
        DropUpdate("message", "gate_complete", "message.stage"),
        flow="arm-cca",
    ),
    law(
        "the-hosts-part-can-be-done",
        "A gate that the guest called for can be opened when the record is still as it must be.",
        AlwaysPossible(
            occurs(e.gate_complete, t=t),
            (_mstage == "checked") & _gate_may_open(_mkind == "dma") & (neg(_waiting) | (epoch_begins == "response")),
        ),
        (t,),
        "TSM",
        "TF-RMM RTT_DEV_VALIDATE, RSI_VDEV_DMA_ENABLE",
        occurs(e.gate_complete, t=t),
        SwapValue("tsm", "gate_complete", _view, "RUN", "ERROR"),
        flow="arm-cca",
    ),
    law(
        "the-hosts-part-gets-an-answer",
        "When the host has done its part for a gate, the TSM opens it or refuses.",
        AlwaysPossible(occurs(e.gate_complete, t=t, reply=None), _mstage == "checked"),
        (t,),
        "TSM",
        "TF-RMM RTT_DEV_VALIDATE",
        occurs(e.gate_complete, t=t, reply=None),
        SwapValue("message", "gate_complete", _mstage, "checked", "done"),
        flow="arm-cca",
    ),
    law(
        "an-answer-ends-the-message",
        "An answer of the TSM's ends the message; a guest that waits for a gate goes on or has failed, as the answer says, and another is left "
        "as it is.",
        StepLaw(
            occurs(e.message_answer, t=t),
            _mstage.in_("done", "refused")
            & (after(_mkind) == "none")
            & (after(_mstage) == "idle")
            & ite(
                _waits_for_gate,
                ite(_mstage == "done", _advanced, implies(gate_status != "ignored", after(_phase) == "failed")),
                implies(_mkind != "accept", _same(_phase)),
            )
            & _all_but(_phase, *_MESSAGE),
        ),
        (t,),
        "TSM",
        "AMD: the response is sealed for the guest",
        occurs(e.message_answer, t=t),
        DropUpdate("message", "message_answer", "message.kind"),
    ),
    law(
        "an-answer-of-the-tsm-can-arrive",
        "The host can hand over the TSM's answer to a message, good or bad.",
        AlwaysPossible(occurs(e.message_answer, t=t), _mstage.in_("done", "refused")),
        (t,),
        "TSM",
        "AMD: GHCB",
        occurs(e.message_answer, t=t),
        SwapValue("message", "message_answer", _mstage, "done", "refused"),
    ),
    law(
        "a-made-up-answer-is-for-a-guest-that-waits",
        "A host that answers in the TSM's place answers a guest that waits for a gate, and with success only where the guest has nothing else "
        "to go by; the message is still the host's to deliver.",
        StepLaw(
            occurs(e.host_answer, t=t),
            _waits_for_gate
            & implies(e.success, (gate_answer == "host") & _advanced)
            & implies(neg(e.success), after(_phase) == "failed")
            & _all_but(_phase),
        ),
        (t,),
        "guest",
        "AMD: an error of the GHCB call is the host's to give; OpenVMM: every answer is",
        occurs(e.host_answer, t=t),
        DropCondition("guest", "host_answer", 1),
    ),
    law(
        "an-error-is-the-hosts-to-give",
        "A hostile host that carries messages can give a guest that waits for a gate an error.",
        AlwaysPossible(occurs(e.host_answer, t=t, success=False), _hostile & (guest_calls == "carried") & _waits_for_gate),
        (t,),
        "guest",
        "AMD: an error of the GHCB call is the host's to give",
        occurs(e.host_answer, t=t),
        SwapValue("guest", "host_answer", _phase, "accepted", "one_gate"),
    ),
    # --- Use, and the way back ----------------------------------------------------------------------------------------
    law(
        "use-begins-with-both-gates-granted",
        "A guest begins to use a TDI once it takes both gates for open, and can do so when the record says RUN.",
        AlwaysPossible(occurs(e.use, t=t), (_phase == "ready") & (_view == "RUN")),
        (t,),
        "guest",
        "M1: the driver picks direct DMA; COV 07",
        occurs(e.use, t=t),
        SwapValue("guest", "use", _phase, "ready", "in_use"),
    ),
    law(
        "use-begins-once",
        "A guest that begins to use a TDI was ready to; nothing but the guest changes.",
        StepLaw(occurs(e.use, t=t), (_phase == "ready") & (after(_phase) == "in_use") & _all_but(_phase)),
        (t,),
        "guest",
        "M1",
        occurs(e.use, t=t),
        DropUpdate("guest", "use", "guest.phase"),
    ),
    law(
        "a-guest-gives-up-what-it-has-accepted",
        "A guest gives up what it has accepted, outside a call and with no message under way; nothing but the guest changes.",
        StepLaw(
            occurs(e.give_up, t=t),
            _accepting & (_mstage == "idle") & neg(_in_call) & (after(_phase) == "failed") & _all_but(_phase),
        ),
        (t,),
        "guest",
        "M17: rejection; Linux TSM core: unlock",
        occurs(e.give_up, t=t),
        DropCondition("guest", "give_up", 0),
    ),
    law(
        "a-guest-can-give-up-at-any-time",
        "A guest can give up what it has accepted whenever it is not in a call and no message is under way.",
        AlwaysPossible(occurs(e.give_up, t=t), _accepting & (_mstage == "idle") & neg(_in_call)),
        (t,),
        "guest",
        "M17: rejection; Linux TSM core: unlock",
        occurs(e.give_up, t=t),
        SwapValue("guest", "give_up", _phase, "in_use", "failed"),
    ),
    law(
        "undoing-shuts-the-gates",
        "A guest undoes after a failure, while a gate is open and no message is under way; its call shuts both gates, or sends the message or the "
        "STOP_INTERFACE that does.",
        StepLaw(
            occurs(e.undo, t=t),
            (_phase == "failed")
            & (_dma | _mmio)
            & (_mstage == "idle")
            & ite(
                (guest_close == "message") & (guest_calls == "carried"),
                (after(_mkind) == "close") & (after(_mstage) == "sent") & _all_but(*_MESSAGE),
                _bound
                & ite(
                    (guest_close == "message") | (gate_close == "before_stop"),
                    neg(after(_dma) | after(_mmio)),
                    _same(*_GATES),
                )
                & ite(guest_close == "stop", _all_but(*_GATES, *_EXCHANGE), _all_but(*_GATES)),
            ),
        ),
        (t,),
        "guest",
        "AMD guest driver: sDTE clear, MMIO clear; RSI_VDEV_DMA_DISABLE; RSI_RDEV_STOP",
        occurs(e.undo, t=t),
        DropUpdate("message", "undo", "message.kind"),
    ),
    law(
        "a-failure-can-be-undone",
        "A guest that failed while a gate is open can undo, with the session in step where it takes a STOP_INTERFACE.",
        AlwaysPossible(occurs(e.undo, t=t), _can_undo & (_dma | _mmio) & _bound & implies(guest_close == "stop", _idle)),
        (t,),
        "TSM",
        "AMD guest driver; COV 09 stop_interface; RSI_VDEV_DMA_DISABLE",
        occurs(e.undo, t=t),
        SwapValue("guest", "undo", _mstage, "idle", "sent"),
    ),
    law(
        "a-guest-leaves-with-nothing",
        "A guest that leaves a TDI had failed with it; it forgets the evidence and is outside again, and nothing else changes.",
        StepLaw(
            (occurs(e.undone, t=t), occurs(e.leave, t=t)),
            (_phase == "failed") & (after(_phase) == "outside") & (after(_evidence) == "none") & _all_but(*_GUEST),
        ),
        (t,),
        "guest",
        "[D] evidence is read anew for each acceptance; AMD guest driver",
        (occurs(e.undone, t=t), occurs(e.leave, t=t)),
        DropUpdate("guest", "undone", "guest.evidence"),
    ),
    law(
        "a-failed-guest-can-leave",
        "A guest that failed can leave when the gates are shut and no message is under way.",
        AlwaysPossible(
            (occurs(e.undone, t=t), occurs(e.leave, t=t)), (_phase == "failed") & (_mstage == "idle") & neg(_dma | _mmio)
        ),
        (t,),
        "guest",
        "AMD guest driver: unbind after sDTE and MMIO are clear",
        (occurs(e.undone, t=t), occurs(e.leave, t=t)),
        SwapValue("guest", "undone", _phase, "failed", "outside"),
    ),
    # --- Traffic ------------------------------------------------------------------------------------------------------
    law(
        "traffic-changes-no-state",
        "A T=1 access passes an open gate to or from a TDI in RUN and changes no state; private MMIO is the guest's once it uses the TDI.",
        StepLaw(
            (occurs(e.dma, t=t), occurs(e.mmio, t=t, where=_mmio & (_phase == "in_use"))),
            (_state == "RUN") & _same(*_ALL),
        ),
        (t,),
        "root complex",
        "P63 §11.2.1; M16",
        occurs(e.dma, t=t),
        DropCheck("device", "mmio", "state"),
    ),
    law(
        "a-guest-uses-private-mmio-once-it-has-begun",
        "A guest makes no private MMIO access, granted or not, before it has begun to use the TDI.",
        Never(occurs(e.mmio, t=t, reply=None, where=_phase != "in_use")),
        (t,),
        "guest",
        "M1",
        occurs(e.mmio, t=t),
        DropCheck("guest", "mmio", "in use"),
    ),
    law(
        "a-guest-in-use-gets-an-answer",
        "A private MMIO access of a guest that uses the TDI reaches it, faults, or is rejected.",
        AlwaysPossible(occurs(e.mmio, t=t, reply=None), _phase == "in_use"),
        (t,),
        "root complex",
        "M16; P63 §11.2.1",
        occurs(e.mmio, t=t),
        SwapValue("guest", "mmio", _phase, "in_use", "failed"),
    ),
    law(
        "a-tdi-sends-in-run-only",
        "A TDI can send T=1 memory requests in RUN, and the root complex lets them through or blocks them.",
        AlwaysPossible(occurs(e.dma, t=t, reply=None), _state == "RUN"),
        (t,),
        "device",
        "P63 §11.2.1",
        occurs(e.dma, t=t),
        SwapValue("device", "dma", _state, "RUN", "ERROR"),
    ),
    # --- What refusals say --------------------------------------------------------------------------------------------
    _unbound(e.ask_start, _hostile & _served, "start", "AMD TDI_UNBOUND; COV 09"),
    _unbound(e.close_gates, gate_close == "apart", "shutting of gates", "TDH.MMIO.BLOCK, TDH.DMAR.BLOCK", "tdx-connect"),
    _unbound(e.read_evidence, _phase == "outside", "reading of evidence", "AMD TDI_INFO: TDI_UNBOUND; COV 09"),
    _unbound(
        e.gate_call,
        (guest_calls == "direct") & neg(_by_start) & Guest.wants_gate() & (_mstage == "idle"),
        "gate call",
        "TDG.DMAR.ACCEPT; RSI_VDEV_DMA_ENABLE",
        "tdx-connect",
    ),
    _unbound(
        e.gate_complete,
        (gate_completion == "rechecks") & (_mstage == "checked"),
        "completion of a gate call",
        "TF-RMM RTT_DEV_VALIDATE",
        "arm-cca",
    ),
    _unbound(e.guest_ask, _guest_may_ask, "request of the guest", "TDG.DEVIF.REQUEST; COV 09", "tdx-connect"),
    law(
        "a-start-without-consent-is-refused-as-such",
        "A host that asks for a start without the consent that the TSM insists on can be told that it is missing.",
        AlwaysPossible(occurs(e.ask_start, t=t, reply="NO_CONSENT"), _hostile & tsm_consent & (_consent == "none")),
        (t,),
        "TSM",
        "TDG.TDI.START before TDH.TDI.START",
        occurs(e.ask_start, t=t, reply="NO_CONSENT"),
        DropCheck("tsm", "ask_start", "consent"),
        flow="tdx-connect",
        protects="host",
    ),
    law(
        "a-request-without-validation-is-refused-as-such",
        "A guest whose requests want a TDI that it validated can be told that it has not.",
        AlwaysPossible(
            occurs(e.guest_ask, t=t, reply="NOT_VALID"), _guest_may_ask & _at_collection & tsm_consent & (_consent == "none")
        ),
        (t,),
        "TSM",
        "TDX module sources 2023: the guest's calls want a device interface that it validated",
        occurs(e.guest_ask, t=t, reply="NOT_VALID"),
        DropCheck("tsm", "guest_ask", "valid"),
        flow="tdx-connect",
    ),
    law(
        "a-foreign-answer-is-refused-as-such",
        "A guest that collects what is not for it is told so.",
        AlwaysPossible(occurs(e.collect, t=t, reply="NOT_FOR_THE_GUEST"), (_queue == "PROCESSED") & (_waits == "foreign")),
        (t,),
        "TSM",
        "TDX module sources 2023: TDG.DEVIF.RESPONSE",
        occurs(e.collect, t=t, reply="NOT_FOR_THE_GUEST"),
        DropCheck("queue", "collect", "answers the guest"),
        flow="tdx-connect",
    ),
    law(
        "a-guest-looks-before-it-accepts-by-starting",
        "A guest that accepts by asking for the start does not even ask while the TSM shows it another state than CONFIG_LOCKED.",
        Never(
            occurs(
                e.guest_ask,
                t=t,
                reply=None,
                where=_asks_start & _by_start & (state_source == "tsm") & (_view != "CONFIG_LOCKED"),
            )
        ),
        (t,),
        "guest",
        "COV 07: no other state may be accepted",
        occurs(e.guest_ask, t=t),
        DropCheck("guest", "guest_ask", "state shown"),
        flow="cove-io",
    ),
    law(
        "a-guest-that-has-accepted-gets-an-answer-to-a-start",
        "A guest that starts interfaces after acceptance gets an answer when it asks for a start, as long as its acceptance stands.",
        AlwaysPossible(occurs(e.guest_ask, t=t, reply=None), guest_requests & _asks_start & neg(_by_start) & _accepting),
        (t,),
        "TSM",
        "RSI_RDEV_START",
        occurs(e.guest_ask, t=t),
        SwapValue("guest", "guest_ask", _phase, "ready", "in_use"),
        flow="arm-cca-rsi",
    ),
    law(
        "an-old-response-is-taken-for-what-moves-a-tdi",
        "The TSM finds an old response out only where it has made a request that moves a TDI: the state is as old in one answer as in another.",
        Never(occurs(e.replay_response, t=t, reply=None, where=_kind.in_("none", "STATE"))),
        (t,),
        "TSM",
        "DSP0277: sequence number; P63 §11.3.12",
        occurs(e.replay_response, t=t, reply="DISCARDED"),
        DropCondition("tsm", "replay_response: locked", 0),
    ),
)
