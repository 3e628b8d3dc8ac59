"""Terms and steps that the laws share."""

from __future__ import annotations

from .....model.language import Term, after, conj, const, implies, ite, neg
from .....model.world.choices.lifecycle import accept_by, epoch_bind, run_by, tsm_consent
from .....model.world.choices.proxy import (
    failed_exchange,
    gate_state,
    gate_while_busy,
    guest_answer,
    guest_request_sent,
    stop_failure,
    validity,
)
from .....model.world.proxy import events as e
from .....model.world.proxy.state import Device, Exchange, Gate, Guest, Message, Queue, Tsm
from .....model.world.vocabulary import HOST, t
from ....steps import occurs, unchanged

# The state
state = Device.state[t]
kind, stage, answer = Exchange.kind[t], Exchange.stage[t], Exchange.answer[t]
queue, nonce, waits = Queue.state[t], Queue.nonce[t], Queue.answer[t]
bound, view, lock, asked, consent = Tsm.bound[t], Tsm.view[t], Tsm.lock[t], Tsm.asked[t], Tsm.consent[t]
dma, mmio = Gate.dma[t], Gate.mmio[t]
mkind, mstage = Message.kind[t], Message.stage[t]
phase, evidence = Guest.phase[t], Guest.evidence[t]

# What belongs together
DEVICE, EXCHANGE, QUEUE = (state,), (kind, stage, answer), (queue, nonce, waits)
TSM, GATES = (bound, view, lock, asked, consent), (dma, mmio)
MESSAGE, GUEST = (mkind, mstage), (phase, evidence)
ALL = (*DEVICE, *EXCHANGE, *QUEUE, *TSM, *GATES, *MESSAGE, *GUEST)

# Where an exchange is, and who made it
hostile = neg(HOST.honest)
idle, sent, answered = stage == "idle", stage == "sent", stage == "answered"
waiting = sent | answered
start = kind.in_("START", "START_OLD")
accepting = phase.in_("accepted", "one_gate", "ready", "in_use")

# What the flow has
by_start = accept_by == "start"
asks_start = run_by == "guest_call"
at_call = guest_request_sent == "at_call"
own = queue == "GENERATED"
at_collection = guest_answer == "on_collection"


def all_but(*variables: Term) -> Term:
    """The step leaves everything else as it is."""
    return unchanged(*(x for x in ALL if all(x is not y for y in variables)))


# Requests of the TSM
named = implies(epoch_bind == "tsm", consent.in_("current", "unnoticed"))
CAN_START = bound & idle & (view == "CONFIG_LOCKED") & implies(tsm_consent, (consent != "none") & named)
REQUESTS = tuple(occurs(x, t=t) for x in (e.ask_lock, e.ask_start, e.ask_state, e.ask_stop))

# Responses
ok, no = answer == "ok", answer == "refused"
stopped = (kind == "STOP") & (ok | (no & (stop_failure == "ignored")))
cleared = validity == "cleared"


def told_state(told: Term, known: Term) -> Term:
    """The record after the device has told its state: ``told`` is that state, ``known`` that it was told."""
    ends = (told == "ERROR") | (
        cleared & ((told == "CONFIG_UNLOCKED") | ((told == "CONFIG_LOCKED") & (view != "CONFIG_LOCKED")))
    )
    return implies(
        known, ite(ends, (after(lock) == "none") & (after(consent) == "none"), unchanged(lock, consent)) & unchanged(bound)
    )


# What the TSM has on record, and what a teardown leaves
locked = view.in_("CONFIG_LOCKED", "RUN")
fresh = (after(view) == "CONFIG_UNLOCKED") & (after(lock) == "none") & (after(consent) == "none")
gone = (after(stage) == "idle") & (after(kind) == "none") & (after(answer) == "none")
void = (after(stage) == "void") & (after(kind) == "none") & (after(answer) == "none")
returns = ite(
    own & (failed_exchange != "waits"),
    (after(queue) == "PROCESSED") & (after(waits) == "refused"),
    unchanged(queue, waits),
)


# Gates
def gate_may_open(is_dma: Term) -> Term:
    """What the TSM asks of its record before it opens the DMA gate, or the MMIO gate."""
    return conj(
        bound,
        implies(gate_state == "locked", locked & implies(tsm_consent, consent != "none")),
        implies(gate_state == "run", ite(is_dma, view == "RUN", locked)),
        implies(gate_while_busy == "refused", neg(waiting)),
        implies(epoch_bind == "tsm", evidence.in_("current", "unnoticed")),
    )


next_is_dma = Guest.next_gate("dma")
gate_message = mkind.in_("dma", "mmio")
advanced = ite(phase == "accepted", after(phase) == "one_gate", after(phase) == "ready")
waits_for_gate = Guest.wants_gate() & gate_message


def opens(name: Term) -> Term:
    """Exactly the gate of this name opens."""
    return (after(dma) == (dma | (name == "dma"))) & (after(mmio) == (mmio | (name == "mmio")))


next_gate = ite(next_is_dma, const("dma", mkind.sort), "mmio")

# Who serves whom
served = run_by != "guest_call"
DELIVERED = occurs(e.deliver_request, t=t)
taken = stage.in_("sent", "late")
