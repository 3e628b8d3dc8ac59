"""Laws of refusals: that nothing changes, and what they say."""

from __future__ import annotations

from .....model.language import Event, Term, after, implies, ite, neg
from .....model.language.mutate import DropCheck, LeakyRefusal
from .....model.world.choices.lifecycle import tsm_consent
from .....model.world.choices.proxy import (
    gate_close,
    gate_completion,
    guest_calls,
    guest_requests,
    state_source,
)
from .....model.world.proxy import events as e
from .....model.world.proxy.state import Guest
from .....model.world.vocabulary import t
from ....property import Property
from ....steps import REFUSED, occurs, unchanged
from ...law import possible, step_law
from .terms import (
    ALL,
    EXCHANGE,
    accepting,
    all_but,
    answer,
    asks_start,
    at_collection,
    bound,
    by_start,
    consent,
    evidence,
    hostile,
    kind,
    mstage,
    phase,
    queue,
    sent,
    served,
    stage,
    taken,
    view,
    void,
    waits,
)

_UNCHANGED_IF_REFUSED = (
    e.request_lock, e.ask_lock, e.ask_start, e.ask_state, e.ask_stop, e.guest_ask, e.ship, e.collect, e.misroute,
    e.replay_response, e.replay_request, e.close_gates, e.take_back, e.read_evidence, e.accept, e.undo, e.dma, e.mmio,
)  # fmt: skip
_guest_may_ask = (
    guest_requests
    & (queue == "AVAILABLE")
    & implies(asks_start & by_start & (state_source == "tsm"), view == "CONFIG_LOCKED")
    & ite(asks_start, ite(by_start, (phase == "outside") & (evidence != "none"), accepting), phase != "failed")
)


def _unbound(event: Event, when: Term, what: str, cite: str, flow: str = "sev-tio-host-run") -> Property:
    """That a call for a TDI that is not bound can be refused as such, whatever else is wrong with it."""
    step = occurs(event, t=t, reply="NOT_BOUND")
    return possible(
        f"{event.name.replace('_', '-')}-of-an-unbound-tdi-is-refused-as-such",
        f"The {what} of a TDI that is not bound to the TVM can be refused as that, whatever else stands against it.",
        step,
        when & neg(bound),
        (t,),
        "TSM",
        cite,
        DropCheck("tsm", event.name, "bound"),
        flow=flow,
        protects="host",
    )


PROPERTIES: tuple[Property, ...] = (
    step_law(
        "a-refused-message-changes-nothing",
        "A call or message that is refused leaves TDI, exchange, record, gates and guest as they were.",
        tuple(occurs(x, t=t, reply=REFUSED) for x in _UNCHANGED_IF_REFUSED), unchanged(*ALL),
        (t,), "TSM", "P63 §11.3.22; COV 09; TDX module sources 2023", LeakyRefusal("tsm", "take_back"),
        witness=occurs(e.ask_lock, t=t, reply=REFUSED), flow="arm-cca",
    ),
    step_law(
        "a-refused-request-is-answered-and-moves-no-tdi",
        "A device that refuses a request of the TSM, or fails, stays as it is; the TSM, if it still waits, is to be told of the refusal.",
        (occurs(e.deliver_request, t=t, reply=REFUSED), occurs(e.fail_request, t=t)),
        taken
        & all_but(*EXCHANGE)
        & ite(sent, (after(stage) == "answered") & (after(answer) == "refused") & unchanged(kind), void),
        (t,), "device", "P63 Table 11-6, §11.3.22: a failed request changes nothing",
        LeakyRefusal("device", "deliver_request: lock"), witness=occurs(e.fail_request, t=t),
    ),
    step_law(
        "a-refused-gate-message-is-answered-and-opens-nothing",
        "A message of the guest's that the TSM refuses, when it arrives or when the host has done its part, opens nothing; only its answer, the "
        "refusal, is under way.",
        tuple(occurs(x, t=t, reply=REFUSED) for x in (e.message_deliver, e.gate_complete)),
        (after(mstage) == "refused") & all_but(mstage),
        (t,), "TSM", "AMD SDTE_WRITE, MMIO_VALIDATE: status of the response; TF-RMM RTT_DEV_VALIDATE",
        LeakyRefusal("gate", "message_deliver"), witness=occurs(e.message_deliver, t=t, reply=REFUSED),
    ),
    _unbound(e.ask_start, hostile & served, "start", "AMD TDI_UNBOUND; COV 09"),
    _unbound(e.close_gates, gate_close == "apart", "shutting of gates", "TDH.MMIO.BLOCK, TDH.DMAR.BLOCK", "tdx-connect"),
    _unbound(e.read_evidence, phase == "outside", "reading of evidence", "AMD TDI_INFO: TDI_UNBOUND; COV 09"),
    _unbound(
        e.gate_call,
        (guest_calls == "direct") & neg(by_start) & Guest.wants_gate() & (mstage == "idle"),
        "gate call",
        "TDG.DMAR.ACCEPT; RSI_VDEV_DMA_ENABLE",
        "tdx-connect",
    ),
    _unbound(
        e.gate_complete,
        (gate_completion == "rechecks") & (mstage == "checked"),
        "completion of a gate call",
        "TF-RMM RTT_DEV_VALIDATE",
        "arm-cca",
    ),
    _unbound(e.guest_ask, _guest_may_ask, "request of the guest", "TDG.DEVIF.REQUEST; COV 09", "tdx-connect"),
    possible(
        "a-start-without-consent-is-refused-as-such",
        "A host that asks for a start without the consent that the TSM insists on can be told that it is missing.",
        occurs(e.ask_start, t=t, reply="NO_CONSENT"), hostile & tsm_consent & (consent == "none"),
        (t,), "TSM", "TDG.TDI.START before TDH.TDI.START", DropCheck("tsm", "ask_start", "consent"), flow="tdx-connect",
        protects="host",
    ),
    possible(
        "a-request-without-validation-is-refused-as-such",
        "A guest whose requests want a TDI that it validated can be told that it has not.",
        occurs(e.guest_ask, t=t, reply="NOT_VALID"), _guest_may_ask & at_collection & tsm_consent & (consent == "none"),
        (t,), "TSM", "TDX module sources 2023: the guest's calls want a device interface that it validated",
        DropCheck("tsm", "guest_ask", "valid"), flow="tdx-connect",
    ),
    possible(
        "a-foreign-answer-is-refused-as-such",
        "A guest that collects what is not for it is told so.",
        occurs(e.collect, t=t, reply="NOT_FOR_THE_GUEST"), (queue == "PROCESSED") & (waits == "foreign"),
        (t,), "TSM", "TDX module sources 2023: TDG.DEVIF.RESPONSE", DropCheck("queue", "collect", "answers the guest"),
        flow="tdx-connect",
    ),
)  # fmt: skip
