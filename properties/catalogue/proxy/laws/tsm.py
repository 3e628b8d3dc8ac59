"""Laws of the TSM: which requests it makes, what it makes of responses, and what it shows the guest."""

from __future__ import annotations

from .....model.language import Term, after, conj, implies, ite, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.choices.lifecycle import lock_by
from .....model.world.choices.proxy import (
    epoch_begins,
    failed_exchange,
    guest_calls,
    guest_close,
    lock_source,
    replay_protection,
)
from .....model.world.proxy import events as e
from .....model.world.proxy.state import Guest
from .....model.world.vocabulary import t
from ....formulas import Never
from ....property import Property
from ....steps import occurs, unchanged
from ...law import law, possible, step_law
from .terms import (
    CAN_START,
    DELIVERED,
    EXCHANGE,
    GATES,
    MESSAGE,
    REQUESTS,
    TSM,
    all_but,
    answer,
    asked,
    at_call,
    at_collection,
    bound,
    by_start,
    cleared,
    consent,
    dma,
    evidence,
    fresh,
    gate_may_open,
    gate_message,
    hostile,
    idle,
    kind,
    lock,
    mkind,
    mmio,
    mstage,
    next_is_dma,
    no,
    nonce,
    ok,
    opens,
    own,
    phase,
    queue,
    sent,
    served,
    stage,
    start,
    state,
    stopped,
    told_state,
    view,
    waiting,
    waits,
)


def _of_other_epoch(held: Term) -> Term:
    """Afterwards this is of an earlier lock, if there was any; nothing is lost and nothing gained."""
    return (after(held) != "current") & ((after(held) == "none") == (held == "none"))


_CAN_LOCK = (
    idle
    & (view != "ERROR")
    & implies(lock_by == "guest_call", asked)
    & implies(lock_source == "unbound", neg(bound))
    & implies(lock_source == "unlocked", view == "CONFIG_UNLOCKED")
)
_bind_failed = (kind == "LOCK") & no & (lock_source == "unbound")
_kept = own & at_collection
_RECORD = conj(
    implies(
        (kind == "LOCK") & ok,
        after(bound) & (after(view) == "CONFIG_LOCKED") & (after(lock) == "current")
        & ite(cleared, after(consent) == "none", (after(consent) == "none") == (consent == "none"))
        & (after(consent) != "unnoticed") & (after(evidence) != "unnoticed"),
    ),
    implies(start & ok, (after(view) == "RUN") & unchanged(bound, lock, consent)),
    implies(
        stopped,
        (after(view) == "CONFIG_UNLOCKED") & (after(lock) == "none") & (after(consent) == "none")
        & (after(bound) == (bound & (lock_source != "unbound"))),
    ),
    implies((kind == "STATE") & ok, after(view) == state),
    told_state(state, (kind == "STATE") & ok),
    implies(_bind_failed, unchanged(*TSM)),
    implies(
        no & neg(stopped) & neg(_bind_failed),
        unchanged(bound, lock, consent) & ite(failed_exchange == "error", after(view) == "ERROR", unchanged(view)),
    ),
)  # fmt: skip

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "one-request-of-the-tsm-at-a-time",
        "The TSM makes a request only when no other is outstanding and its session is in step; it is the request that was asked for, "
        "a START_INTERFACE with the nonce that the TSM keeps.",
        (
            *REQUESTS,
            occurs(e.undo, t=t, where=guest_close == "stop"),
            occurs(e.ship, t=t),
            occurs(e.guest_ask, t=t, where=at_call),
        ),
        idle & (after(stage) == "sent") & (after(answer) == "none") & (after(kind) != "none") & unchanged(state),
        (t,), "TSM", "P63 §11.2.3; TDX module sources 2023: out_tdisp_req",
        DropCheck("tsm", "ask_state", "no request outstanding, session in step"), witness=REQUESTS,
    ),
    step_law(
        "a-lock-is-asked-for-once-and-keeps-no-promise",
        "LOCK_INTERFACE is made for a TDI not in ERROR that is as the flow wants it, uses up the guest's demand, and binds where a bind is "
        "apart from the lock; the record says nothing of the lock until the answer is in.",
        occurs(e.ask_lock, t=t),
        _CAN_LOCK
        & neg(after(asked))
        & (after(bound) == (bound | (lock_source != "unbound")))
        & ite(epoch_begins == "request", after(lock) == "none", unchanged(lock))
        & unchanged(view, consent),
        (t,), "TSM", "COV 09 bind_interface; TF-RMM VDEV_LOCK; RSI_RDEV_LOCK; Linux TSM core: EBUSY",
        DropUpdate("tsm", "ask_lock", "tsm.asked"), flow="arm-cca-rsi",
    ),
    possible(
        "a-lock-can-be-asked-for",
        "The host can have a TDI locked whenever nothing is outstanding and the TDI is as the flow wants it.",
        occurs(e.ask_lock, t=t), _CAN_LOCK,
        (t,), "TSM", "COV 09 bind_interface; AMD TDI_BIND; TF-RMM VDEV_LOCK",
        SwapValue("tsm", "ask_lock", view, "ERROR", "CONFIG_UNLOCKED"), witness=_CAN_LOCK, protects="host",
    ),
    step_law(
        "a-start-has-a-lock-on-record",
        "START_INTERFACE is made at the host's request only for a bound TDI that the record says is locked, and with the guest's consent of "
        "this lock where the TSM insists on it; the record does not change before the answer.",
        occurs(e.ask_start, t=t), served & CAN_START & unchanged(*TSM),
        (t,), "TSM", "AMD TDI_BIND(run=1); TDH.TDI.START; TF-RMM VDEV_START", DropCheck("tsm", "ask_start", "locked"),
    ),
    possible(
        "a-start-can-be-asked-for",
        "Where starts are the host's to ask for, a host can have a bound TDI started that is locked on record, with the consent it takes.",
        occurs(e.ask_start, t=t), hostile & served & CAN_START,
        (t,), "TSM", "AMD TDI_BIND(run=1); TDH.TDI.START; TF-RMM VDEV_START",
        SwapValue("tsm", "ask_start", view, "CONFIG_LOCKED", "RUN"), protects="host",
    ),
    step_law(
        "state-and-stop-are-asked-of-bound-tdis",
        "The TSM asks for the state of a TDI, or stops it, only when it is bound; the record waits for the answer.",
        (occurs(e.ask_state, t=t), occurs(e.ask_stop, t=t)), bound & unchanged(*TSM),
        (t,), "TSM", "COV 09; AMD TDI_UNBOUND", DropCheck("tsm", "ask_stop", "bound"), witness=occurs(e.ask_stop, t=t),
    ),
    possible(
        "the-state-of-a-bound-tdi-can-be-asked-for",
        "The state of a bound TDI can be asked for whenever nothing is outstanding.",
        occurs(e.ask_state, t=t), bound & idle,
        (t,), "TSM", "P63 §11.3.12; AMD TDI_STATUS", SwapValue("tsm", "ask_state", stage, "idle", "sent"), protects="host",
    ),
    possible(
        "a-bound-tdi-can-be-stopped",
        "The host can have STOP_INTERFACE made for a bound TDI, whatever its state on record, whenever nothing is outstanding.",
        occurs(e.ask_stop, t=t), bound & idle,
        (t,), "TSM", "P63 §11.3.16: legal in every state; COV 09 unbind_interface",
        SwapValue("tsm", "ask_stop", stage, "idle", "sent"), protects="host",
    ),
    step_law(
        "a-new-lock-makes-all-that-is-held-old",
        "With LOCK_INTERFACE at the device, the nonce and the consent that the TSM keeps, a nonce in a request not yet sent, and the guest's "
        "evidence are of an earlier lock; no other request changes them, and none touches gates or messages.",
        DELIVERED,
        ite(
            kind == "LOCK",
            conj(_of_other_epoch(lock), _of_other_epoch(consent), _of_other_epoch(nonce), _of_other_epoch(evidence)),
            unchanged(lock, consent, nonce, evidence),
        )
        & unchanged(bound, view, asked, queue, waits, phase, *GATES, *MESSAGE),
        (t,), "device", "P63 §11.3.8: each lock has a nonce of its own; M15",
        DropUpdate("tsm", "deliver_request", "tsm.lock"),
        witness=occurs(e.deliver_request, t=t, where=(kind == "LOCK") & (lock != "none")), flow="tdx-connect",
    ),
    step_law(
        "the-record-follows-the-response",
        "A response to LOCK_INTERFACE, START_INTERFACE or STOP_INTERFACE makes the record say so, with nonce, binding and consent as they "
        "are due; a state that is told becomes the state on record, and ends what is kept of a lock that it shows to be over; a failure ends "
        "nothing.",
        occurs(e.response, t=t, where=neg(_kept)), _RECORD,
        (t,), "TSM", "TDX module sources 2023: tdisp_process_response; COV 09; TF-RMM dev_tdisp_stop_main",
        DropUpdate("tsm", "response: in error", "tsm.lock"), witness=occurs(e.response, t=t),
    ),
    possible(
        "an-old-response-is-found-out",
        "Where messages are counted, an old response that moves a TDI is discarded whenever the TSM waits for one of its kind.",
        occurs(e.replay_response, t=t, reply="DISCARDED"), hostile & replay_protection & waiting & (kind != "STATE"),
        (t,), "TSM", "DSP0277: sequence number; DSP0274 DecryptError",
        SwapValue("tsm", "replay_response: locked", kind, "LOCK", "START"),
    ),
    step_law(
        "an-old-response-is-taken-for-the-one-that-is-due",
        "Where messages are not counted, an old response that moves a TDI makes the record say what it says: locked, of an earlier lock, "
        "running, or stopped, with nothing kept. The device has no part in it, and the request is over or, if it is still out, given up.",
        occurs(e.replay_response, t=t),
        waiting
        & ite(sent, (after(stage) == "late") & unchanged(kind), (after(stage) == "idle") & (after(kind) == "none"))
        & (after(answer) == "none")
        & implies(
            kind == "LOCK",
            after(bound)
            & (after(view) == "CONFIG_LOCKED")
            & (after(lock) == "stale")
            & (after(evidence) != "unnoticed"),
        )
        & implies(start, (after(view) == "RUN") & unchanged(bound, lock, consent))
        & implies(kind == "STOP", fresh & (after(bound) == (bound & (lock_source != "unbound"))))
        & unchanged(state, asked, phase, *MESSAGE),
        (t,), "TSM", "DSP0277: sequence number; TDX module sources 2023: tdisp_process_response",
        DropUpdate("tsm", "replay_response: locked", "tsm.view"), flow="cove-io", replay_protection=False,
    ),
    step_law(
        "an-old-lock-makes-all-that-is-held-old",
        "Where messages are not counted, an old LOCK_INTERFACE locks an unlocked TDI for nobody: nonce, consent and evidence are of an "
        "earlier lock. An old STOP_INTERFACE unlocks it and changes none of them, and neither changes record, gates or messages.",
        occurs(e.replay_request, t=t),
        ite(
            e.old_request == "LOCK",
            conj(
                (state == "CONFIG_UNLOCKED") & (after(state) == "CONFIG_LOCKED"),
                *(_of_other_epoch(x) for x in (lock, consent, evidence)),
            ),
            (after(state) == "CONFIG_UNLOCKED") & unchanged(lock, consent, evidence),
        )
        & unchanged(bound, view, asked, phase, *GATES, *MESSAGE, *EXCHANGE),
        (t,), "device", "DSP0277: sequence number; P63 §11.3.8: each lock has a nonce of its own",
        DropUpdate("tsm", "replay_request", "tsm.lock"), flow="cove-io", replay_protection=False,
    ),
    step_law(
        "evidence-is-of-the-lock-on-record",
        "A guest reads evidence of a bound TDI with a report, before it accepts; it is of the lock that the TSM has the nonce of.",
        occurs(e.read_evidence, t=t),
        (phase == "outside")
        & bound
        & (lock != "none")
        & ((after(evidence) == "current") == (lock == "current"))
        & (after(evidence) != "none")
        & all_but(evidence),
        (t,), "TSM", "COV 09; AMD TDI_INFO; RSI_VDEV_GET_INFO; TDG.TDI.RD",
        DropCheck("tsm", "read_evidence", "has a report"),
    ),
    possible(
        "a-gate-can-be-called-for",
        "A guest that has accepted can have the next gate opened when the record is as it must be and no message is under way.",
        occurs(e.gate_call, t=t),
        (guest_calls == "direct")
        & neg(by_start)
        & Guest.wants_gate()
        & (mstage == "idle")
        & gate_may_open(next_is_dma)
        & (neg(waiting) | (epoch_begins == "response")),
        (t,), "TSM", "TDG.DMAR.ACCEPT, TDG.MMIO.ACCEPT; RSI_VDEV_DMA_ENABLE",
        SwapValue("tsm", "gate_call", view, "RUN", "ERROR"), flow="arm-cca",
    ),
    step_law(
        "a-message-that-arrives-does-what-it-says",
        "The TSM takes a message that was sent; one for a gate opens that gate alone, one to close shuts both, and its answer is under way.",
        occurs(e.message_deliver, t=t),
        (mstage == "sent")
        & bound
        & (after(mstage) == "done")
        & implies(gate_message, gate_may_open(mkind == "dma") & opens(mkind))
        & implies(mkind != "accept", unchanged(consent))
        & implies(mkind == "close", neg(after(dma) | after(mmio)))
        & all_but(mstage, consent, *GATES),
        (t,), "TSM", "AMD: PSP guest message; SDTE_WRITE, MMIO_VALIDATE", DropCheck("tsm", "message_deliver: gate", "bound"),
    ),
    possible(
        "a-message-for-a-bound-tdi-is-granted",
        "The TSM grants a message to close the gates of a bound TDI, or to open one when the record is as it must be.",
        occurs(e.message_deliver, t=t),
        (mstage == "sent") & (((mkind == "close") & bound) | (gate_message & gate_may_open(mkind == "dma"))),
        (t,), "TSM", "AMD SDTE_WRITE, MMIO_VALIDATE", SwapValue("tsm", "message_deliver: gate", mkind, "mmio", "close"),
    ),
    possible(
        "the-hosts-part-can-be-done",
        "A gate that the guest called for can be opened when the record is still as it must be.",
        occurs(e.gate_complete, t=t),
        (mstage == "checked") & gate_may_open(mkind == "dma") & (neg(waiting) | (epoch_begins == "response")),
        (t,), "TSM", "TF-RMM RTT_DEV_VALIDATE, RSI_VDEV_DMA_ENABLE",
        SwapValue("tsm", "gate_complete", view, "RUN", "ERROR"), flow="arm-cca",
    ),
    law(
        "an-old-response-is-taken-for-what-moves-a-tdi",
        "The TSM finds an old response out only where it has made a request that moves a TDI: the state is as old in one answer as in another.",
        Never(occurs(e.replay_response, t=t, reply=None, where=kind.in_("none", "STATE"))),
        (t,), "TSM", "DSP0277: sequence number; P63 §11.3.12", occurs(e.replay_response, t=t, reply="DISCARDED"),
        DropCondition("tsm", "replay_response: locked", 0),
    ),
)  # fmt: skip
