"""Laws of the gates, and of the messages that open and shut them."""

from __future__ import annotations

from .....model.language import after, conj, implies, ite, neg
from .....model.language.mutate import DropUpdate, SwapValue
from .....model.world.choices.proxy import (
    gate_close,
    gate_completion,
    gate_status,
    guest_calls,
    guest_close,
)
from .....model.world.proxy import events as e
from .....model.world.proxy.state import Guest
from .....model.world.vocabulary import t
from ....property import Property
from ....steps import occurs, unchanged
from ...law import possible, step_law
from .terms import (
    EXCHANGE,
    GATES,
    MESSAGE,
    REQUESTS,
    advanced,
    all_but,
    at_collection,
    bound,
    by_start,
    dma,
    gate_may_open,
    idle,
    kind,
    mkind,
    mmio,
    mstage,
    next_gate,
    next_is_dma,
    ok,
    opens,
    phase,
    stage,
    stopped,
    waits_for_gate,
)

_shut_by_response = stopped & (gate_close == "after_stop")
_opened_by_response = by_start & (kind == "START") & ok & neg(at_collection)
_at_once = gate_completion == "at_once"

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "the-gates-follow-the-response",
        "A response shuts the gates where it says that the TDI has stopped and they shut with it, opens them where the start does, and else "
        "leaves them alone.",
        occurs(e.response, t=t), conj(*(after(g) == ((g | _opened_by_response) & neg(_shut_by_response)) for g in GATES)),
        (t,), "TSM", "COV 07", DropUpdate("gate", "response", "gate.mmio"),
    ),
    step_law(
        "gates-shut-before-a-stop-where-they-do",
        "STOP_INTERFACE is made after the gates are shut where they shut before it; no other request touches a gate.",
        (*REQUESTS, occurs(e.ship, t=t), occurs(e.guest_ask, t=t)),
        conj(
            *(
                after(g)
                == (
                    g & neg((gate_close == "before_stop") & (after(kind) == "STOP") & idle & (after(stage) == "sent"))
                )
                for g in GATES
            )
        ),
        (t,), "TSM", "TF-RMM VDEV_UNLOCK: mappings gone and STE off before STOP_INTERFACE",
        DropUpdate("gate", "ask_stop", "gate.mmio"), witness=occurs(e.ask_stop, t=t), flow="arm-cca",
    ),
    step_law(
        "a-gate-call-opens-the-next-gate",
        "A guest that calls for a gate has accepted and has no message under way; where it opens at once the guest knows, and else the host has its "
        "part to do first.",
        occurs(e.gate_call, t=t),
        Guest.wants_gate()
        & (mstage == "idle")
        & (guest_calls == "direct")
        & gate_may_open(next_is_dma)
        & ite(
            _at_once,
            opens(next_gate) & advanced & unchanged(*MESSAGE),
            unchanged(*GATES, phase) & (after(mkind) == next_gate) & (after(mstage) == "checked"),
        )
        & all_but(phase, *GATES, *MESSAGE),
        (t,), "TSM", "TDG.DMAR.ACCEPT, TDG.MMIO.ACCEPT; RSI_VDEV_DMA_ENABLE",
        DropUpdate("message", "gate_call", "message.stage"), flow="arm-cca",
    ),
    possible(
        "a-message-that-was-sent-can-arrive",
        "The host can hand over a message that was sent, granted or refused.",
        occurs(e.message_deliver, t=t, reply=None), mstage == "sent",
        (t,), "TSM", "AMD: GHCB", SwapValue("message", "message_deliver", mstage, "sent", "done"),
        witness=occurs(e.message_deliver, t=t),
    ),
    step_law(
        "a-gate-opens-when-the-host-has-done-its-part",
        "With the host's part done, the gate opens that the guest called for, and no other, if the record is still as it must be.",
        occurs(e.gate_complete, t=t),
        (mstage == "checked")
        & gate_may_open(mkind == "dma")
        & opens(mkind)
        & (after(mstage) == "done")
        & all_but(mstage, *GATES),
        (t,), "TSM", "TF-RMM RTT_DEV_VALIDATE, RSI_VDEV_DMA_ENABLE", DropUpdate("message", "gate_complete", "message.stage"),
        flow="arm-cca",
    ),
    possible(
        "the-hosts-part-gets-an-answer",
        "When the host has done its part for a gate, the TSM opens it or refuses.",
        occurs(e.gate_complete, t=t, reply=None), mstage == "checked",
        (t,), "TSM", "TF-RMM RTT_DEV_VALIDATE", SwapValue("message", "gate_complete", mstage, "checked", "done"),
        flow="arm-cca",
    ),
    step_law(
        "an-answer-ends-the-message",
        "An answer of the TSM's ends the message; a guest that waits for a gate goes on or has failed, as the answer says, and another is left "
        "as it is.",
        occurs(e.message_answer, t=t),
        mstage.in_("done", "refused")
        & (after(mkind) == "none")
        & (after(mstage) == "idle")
        & ite(
            waits_for_gate,
            ite(mstage == "done", advanced, implies(gate_status != "ignored", after(phase) == "failed")),
            implies(mkind != "accept", unchanged(phase)),
        )
        & all_but(phase, *MESSAGE),
        (t,), "TSM", "AMD: the response is sealed for the guest", DropUpdate("message", "message_answer", "message.kind"),
    ),
    possible(
        "an-answer-of-the-tsm-can-arrive",
        "The host can hand over the TSM's answer to a message, good or bad.",
        occurs(e.message_answer, t=t), mstage.in_("done", "refused"),
        (t,), "TSM", "AMD: GHCB", SwapValue("message", "message_answer", mstage, "done", "refused"),
    ),
    step_law(
        "undoing-shuts-the-gates",
        "A guest undoes after a failure, while a gate is open and no message is under way; its call shuts both gates, or sends the message or the "
        "STOP_INTERFACE that does.",
        occurs(e.undo, t=t),
        (phase == "failed")
        & (dma | mmio)
        & (mstage == "idle")
        & ite(
            (guest_close == "message") & (guest_calls == "carried"),
            (after(mkind) == "close") & (after(mstage) == "sent") & all_but(*MESSAGE),
            bound
            & ite(
                (guest_close == "message") | (gate_close == "before_stop"),
                neg(after(dma) | after(mmio)),
                unchanged(*GATES),
            )
            & ite(guest_close == "stop", all_but(*GATES, *EXCHANGE), all_but(*GATES)),
        ),
        (t,), "guest", "AMD guest driver: sDTE clear, MMIO clear; RSI_VDEV_DMA_DISABLE; RSI_RDEV_STOP",
        DropUpdate("message", "undo", "message.kind"),
    ),
)  # fmt: skip
