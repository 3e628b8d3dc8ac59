"""Laws of the guest: reading, accepting, asking, using and giving up."""

from __future__ import annotations

from .....model.language import after, implies, ite, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.choices.lifecycle import epoch_bind, lock_by, run_by, tsm_consent
from .....model.world.choices.proxy import (
    epoch_begins,
    gate_answer,
    gate_status,
    guest_calls,
    guest_close,
    guest_requests,
    state_source,
)
from .....model.world.proxy import events as e
from .....model.world.proxy.state import Guest
from .....model.world.vocabulary import t
from ....formulas import Never
from ....property import Property
from ....steps import REFUSED, occurs, unchanged
from ...law import law, possible, step_law
from .terms import (
    GUEST,
    MESSAGE,
    accepting,
    advanced,
    all_but,
    asked,
    asks_start,
    at_call,
    at_collection,
    bound,
    by_start,
    consent,
    dma,
    evidence,
    hostile,
    idle,
    lock,
    mkind,
    mmio,
    mstage,
    next_gate,
    phase,
    queue,
    view,
    waiting,
    waits_for_gate,
)

_in_call = asks_start & queue.in_("REQUESTED", "GENERATED")
_can_undo = (guest_close != "none") & (phase == "failed") & (mstage == "idle")

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "a-guest-asks-for-a-lock-of-what-it-does-not-use",
        "A guest asks for a lock only of a TDI that it has not accepted and that is unlocked on record, with nothing outstanding; it forgets what "
        "it knew, and the TSM remembers the demand.",
        occurs(e.request_lock, t=t),
        (phase == "outside")
        & idle
        & (view == "CONFIG_UNLOCKED")
        & after(asked)
        & (after(evidence) == "none")
        & all_but(asked, evidence),
        (t,), "guest", "RMM up to 1.1-alp12: RSI_RDEV_LOCK", DropCondition("guest", "request_lock", 0), flow="arm-cca-rsi",
    ),
    possible(
        "a-guest-can-ask-for-a-lock",
        "Where locks are for the guest to ask for, it can ask for one of a TDI that is unlocked on record, with nothing outstanding.",
        occurs(e.request_lock, t=t),
        (lock_by == "guest_call") & (phase == "outside") & idle & (view == "CONFIG_UNLOCKED"),
        (t,), "TSM", "RMM up to 1.1-alp12: RSI_RDEV_LOCK", SwapValue("guest", "request_lock", phase, "outside", "accepted"),
        flow="arm-cca-rsi",
    ),
    possible(
        "evidence-can-be-read",
        "A guest can read evidence of a bound TDI of whose lock the TSM has a report.",
        occurs(e.read_evidence, t=t, forged=False), (phase == "outside") & bound & (lock != "none"),
        (t,), "TSM", "COV 09; AMD TDI_INFO; RSI_VDEV_GET_INFO",
        SwapValue("guest", "read_evidence", phase, "outside", "accepted"), witness=occurs(e.read_evidence, t=t),
    ),
    step_law(
        "acceptance-follows-evidence",
        "A guest accepts once, after it has read evidence, and the TSM has its consent for that evidence's lock where it is told.",
        occurs(e.accept, t=t),
        (phase == "outside")
        & (evidence != "none")
        & (after(phase) == "accepted")
        & neg(by_start)
        & ite(tsm_consent & (guest_calls == "direct"), bound & (after(consent) == evidence), unchanged(consent))
        & all_but(phase, consent, *MESSAGE),
        (t,), "guest", "M1; TDG.DEVIF.VALIDATE; Linux TSM core: accept", DropCondition("guest", "accept", 0),
    ),
    possible(
        "a-locked-tdi-can-be-accepted",
        "A guest that has read evidence of the lock on record can accept a bound TDI that is locked on record.",
        occurs(e.accept, t=t),
        neg(by_start)
        & (phase == "outside")
        & (evidence == "current")
        & bound
        & (mstage == "idle")
        & (neg(waiting) | (epoch_begins == "response"))
        & ((view == "CONFIG_LOCKED") | ((run_by == "host") & (view == "RUN"))),
        (t,), "TSM", "M1; COV 07; TDG.TDI.START", SwapValue("guest", "accept", phase, "outside", "accepted"),
    ),
    possible(
        "a-guest-can-ask",
        "A guest can have its request made for a bound TDI, with its queue free and, where it is sent at once, nothing outstanding.",
        occurs(e.guest_ask, t=t),
        guest_requests
        & bound
        & (queue == "AVAILABLE")
        & implies(at_call, idle)
        & implies(asks_start, view == "CONFIG_LOCKED")
        & implies(asks_start & (epoch_bind == "tsm"), evidence == "current")
        & implies(at_collection & tsm_consent, consent != "none")
        & ite(
            asks_start, ite(by_start, (phase == "outside") & (evidence != "none"), accepting), phase != "failed"
        ),
        (t,), "TSM", "COV 09 COVG start_interface; TDG.DEVIF.REQUEST; RSI_RDEV_START",
        SwapValue("guest", "guest_ask", phase, "accepted", "one_gate"), flow="arm-cca-rsi",
    ),
    step_law(
        "a-gate-call-that-fails-is-known-to-the-guest",
        "A guest whose call for a gate is refused takes acceptance to have failed, unless it ignores the status.",
        occurs(e.gate_call, t=t, reply=REFUSED),
        all_but(phase)
        & Guest.wants_gate()
        & (mstage == "idle")
        & implies(gate_status != "ignored", after(phase) == "failed"),
        (t,), "guest", "AMD, Arm guest drivers: failure", DropCondition("guest", "gate_call", 2), flow="arm-cca",
    ),
    step_law(
        "a-gate-message-is-sent-one-at-a-time",
        "A guest that has accepted sends a message for the next gate when none is under way.",
        occurs(e.gate_send, t=t),
        Guest.wants_gate()
        & (mstage == "idle")
        & (after(mkind) == next_gate)
        & (after(mstage) == "sent")
        & all_but(*MESSAGE),
        (t,), "guest", "AMD guest driver: SNP guest request", DropCondition("guest", "gate_send", 3),
    ),
    possible(
        "a-gate-message-can-be-sent",
        "A guest that has accepted can send a message for the next gate when none is under way.",
        occurs(e.gate_send, t=t), (guest_calls == "carried") & neg(by_start) & Guest.wants_gate() & (mstage == "idle"),
        (t,), "guest", "AMD guest driver: SNP guest request", SwapValue("guest", "gate_send", mstage, "idle", "sent"),
    ),
    step_law(
        "a-made-up-answer-is-for-a-guest-that-waits",
        "A host that answers in the TSM's place answers a guest that waits for a gate, and with success only where the guest has nothing else "
        "to go by; the message is still the host's to deliver.",
        occurs(e.host_answer, t=t),
        waits_for_gate
        & implies(e.success, (gate_answer == "host") & advanced)
        & implies(neg(e.success), after(phase) == "failed")
        & all_but(phase),
        (t,), "guest", "AMD: an error of the GHCB call is the host's to give; OpenVMM: every answer is",
        DropCondition("guest", "host_answer", 1),
    ),
    possible(
        "an-error-is-the-hosts-to-give",
        "A hostile host that carries messages can give a guest that waits for a gate an error.",
        occurs(e.host_answer, t=t, success=False), hostile & (guest_calls == "carried") & waits_for_gate,
        (t,), "guest", "AMD: an error of the GHCB call is the host's to give",
        SwapValue("guest", "host_answer", phase, "accepted", "one_gate"), witness=occurs(e.host_answer, t=t),
    ),
    possible(
        "use-begins-with-both-gates-granted",
        "A guest begins to use a TDI once it takes both gates for open, and can do so when the record says RUN.",
        occurs(e.use, t=t), (phase == "ready") & (view == "RUN"),
        (t,), "guest", "M1: the driver picks direct DMA; COV 07", SwapValue("guest", "use", phase, "ready", "in_use"),
    ),
    step_law(
        "use-begins-once",
        "A guest that begins to use a TDI was ready to; nothing but the guest changes.",
        occurs(e.use, t=t), (phase == "ready") & (after(phase) == "in_use") & all_but(phase),
        (t,), "guest", "M1", DropUpdate("guest", "use", "guest.phase"),
    ),
    step_law(
        "a-guest-gives-up-what-it-has-accepted",
        "A guest gives up what it has accepted, outside a call and with no message under way; nothing but the guest changes.",
        occurs(e.give_up, t=t),
        accepting & (mstage == "idle") & neg(_in_call) & (after(phase) == "failed") & all_but(phase),
        (t,), "guest", "M17: rejection; Linux TSM core: unlock", DropCondition("guest", "give_up", 0),
    ),
    possible(
        "a-guest-can-give-up-at-any-time",
        "A guest can give up what it has accepted whenever it is not in a call and no message is under way.",
        occurs(e.give_up, t=t), accepting & (mstage == "idle") & neg(_in_call),
        (t,), "guest", "M17: rejection; Linux TSM core: unlock", SwapValue("guest", "give_up", phase, "in_use", "failed"),
    ),
    possible(
        "a-failure-can-be-undone",
        "A guest that failed while a gate is open can undo, with the session in step where it takes a STOP_INTERFACE.",
        occurs(e.undo, t=t), _can_undo & (dma | mmio) & bound & implies(guest_close == "stop", idle),
        (t,), "TSM", "AMD guest driver; COV 09 stop_interface; RSI_VDEV_DMA_DISABLE",
        SwapValue("guest", "undo", mstage, "idle", "sent"),
    ),
    step_law(
        "a-guest-leaves-with-nothing",
        "A guest that leaves a TDI had failed with it; it forgets the evidence and is outside again, and nothing else changes.",
        (occurs(e.undone, t=t), occurs(e.leave, t=t)),
        (phase == "failed") & (after(phase) == "outside") & (after(evidence) == "none") & all_but(*GUEST),
        (t,), "guest", "[D] evidence is read anew for each acceptance; AMD guest driver",
        DropUpdate("guest", "undone", "guest.evidence"),
    ),
    possible(
        "a-failed-guest-can-leave",
        "A guest that failed can leave when the gates are shut and no message is under way.",
        (occurs(e.undone, t=t), occurs(e.leave, t=t)), (phase == "failed") & (mstage == "idle") & neg(dma | mmio),
        (t,), "guest", "AMD guest driver: unbind after sDTE and MMIO are clear",
        SwapValue("guest", "undone", phase, "failed", "outside"),
    ),
    law(
        "a-guest-uses-private-mmio-once-it-has-begun",
        "A guest makes no private MMIO access, granted or not, before it has begun to use the TDI.",
        Never(occurs(e.mmio, t=t, reply=None, where=phase != "in_use")),
        (t,), "guest", "M1", occurs(e.mmio, t=t), DropCheck("guest", "mmio", "in use"),
    ),
    possible(
        "a-guest-in-use-gets-an-answer",
        "A private MMIO access of a guest that uses the TDI reaches it, faults, or is rejected.",
        occurs(e.mmio, t=t, reply=None), phase == "in_use",
        (t,), "root complex", "M16; P63 §11.2.1", SwapValue("guest", "mmio", phase, "in_use", "failed"),
        witness=occurs(e.mmio, t=t),
    ),
    law(
        "a-guest-looks-before-it-accepts-by-starting",
        "A guest that accepts by asking for the start does not even ask while the TSM shows it another state than CONFIG_LOCKED.",
        Never(
            occurs(
                e.guest_ask,
                t=t,
                reply=None,
                where=asks_start & by_start & (state_source == "tsm") & (view != "CONFIG_LOCKED"),
            )
        ),
        (t,), "guest", "COV 07: no other state may be accepted", occurs(e.guest_ask, t=t),
        DropCheck("guest", "guest_ask", "state shown"), flow="cove-io",
    ),
    possible(
        "a-guest-that-has-accepted-gets-an-answer-to-a-start",
        "A guest that starts interfaces after acceptance gets an answer when it asks for a start, as long as its acceptance stands.",
        occurs(e.guest_ask, t=t, reply=None), guest_requests & asks_start & neg(by_start) & accepting,
        (t,), "TSM", "RSI_RDEV_START", SwapValue("guest", "guest_ask", phase, "ready", "in_use"),
        witness=occurs(e.guest_ask, t=t), flow="arm-cca-rsi",
    ),
)  # fmt: skip
