"""Laws of the one exchange between TSM and device, and of the queue of what the guest asks and is answered."""

from __future__ import annotations

from .....model.language import FALSE, Check, after, conj, const, implies, ite, neg
from .....model.language.mutate import AddCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.choices.lifecycle import tsm_consent
from .....model.world.choices.proxy import (
    failed_exchange,
    guest_close,
    guest_requests,
    replay_protection,
    response_routing,
)
from .....model.world.proxy import events as e
from .....model.world.vocabulary import t
from ....formulas import Never
from ....property import Property
from ....steps import REFUSED, occurs, unchanged
from ...law import law, possible, step_law
from .terms import (
    EXCHANGE,
    GATES,
    GUEST,
    MESSAGE,
    QUEUE,
    REQUESTS,
    TSM,
    accepting,
    all_but,
    answer,
    answered,
    asked,
    asks_start,
    at_call,
    at_collection,
    bound,
    by_start,
    consent,
    evidence,
    gone,
    hostile,
    idle,
    kind,
    lock,
    no,
    nonce,
    ok,
    own,
    phase,
    queue,
    returns,
    stage,
    state,
    taken,
    told_state,
    view,
    void,
    waiting,
    waits,
)

PROPERTIES: tuple[Property, ...] = (
    law(
        "a-request-is-the-one-that-was-asked-for",
        "Asked for a lock, a start, the state or a stop, the TSM makes that request and no other.",
        Never(
            (
                occurs(e.ask_lock, t=t, where=after(kind) != "LOCK"),
                occurs(
                    e.ask_start, t=t, where=after(kind) != ite(lock == "current", const("START", kind.sort), "START_OLD")
                ),
                occurs(e.ask_state, t=t, where=after(kind) != "STATE"),
                occurs(e.ask_stop, t=t, where=after(kind) != "STOP"),
                occurs(e.undo, t=t, where=(guest_close == "stop") & (after(kind) != "STOP")),
            )
        ),
        (t,), "TSM", "P63 §11.3; COV 09", REQUESTS, DropUpdate("exchange", "ask_stop", "exchange.kind"),
    ),
    possible(
        "any-request-but-for-the-state-may-fail",
        "A device may fail a request for reasons of its own, on its way or given up.",
        occurs(e.fail_request, t=t), taken & (kind != "STATE"),
        (t,), "device", "P63 Table 11-6: BUSY, UNSPECIFIED", SwapValue("exchange", "fail_request", stage, "late", "void"),
        protects="host",
    ),
    step_law(
        "a-response-is-taken-when-there-is-one",
        "The TSM takes a response when one is on its way, whatever it says, and its request is over then.",
        occurs(e.response, t=t), answered & gone & unchanged(state, asked, phase, *MESSAGE),
        (t,), "TSM", "P63 §11.2.3; TDX module sources 2023", DropUpdate("exchange", "response", "exchange.kind"),
    ),
    possible(
        "every-response-can-be-taken",
        "Whatever a response says, the TSM can take it.",
        occurs(e.response, t=t), answered,
        (t,), "TSM", "P63 §11.2.3", SwapValue("exchange", "response", stage, "answered", "late"), protects="host",
    ),
    step_law(
        "the-guests-answer-is-kept-for-the-guest",
        "The answer to a request of the guest's lies in its queue afterwards, as the device gave it; where the TSM looks at it only when the "
        "guest collects it, the record waits until then.",
        occurs(e.response, t=t),
        ite(
            own,
            (after(queue) == "PROCESSED")
            & implies(no | (kind != "STATE"), after(waits) == answer)
            & conj(
                *(
                    implies((kind == "STATE") & ok & (state == s), after(waits) == s)
                    for s in ("CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR")
                )
            )
            & implies(at_collection, unchanged(*TSM)),
            unchanged(*QUEUE),
        ),
        (t,), "TSM", "TDX module sources 2023: GENERATED becomes PROCESSED", DropUpdate("queue", "response", "queue.answer"),
        witness=occurs(e.response, t=t, where=own), flow="tdx-connect",
    ),
    step_law(
        "a-misrouted-response-is-lost-to-both",
        "A response can be misrouted only when one is on its way that moves a TDI, and where guests ask at all. Where the TSM takes it, "
        "something foreign lies in the guest's queue, and nobody learns what the device did.",
        occurs(e.misroute, t=t),
        neg(own)
        & (response_routing == "one_way")
        & gone
        & (after(queue) == "PROCESSED")
        & (after(waits) == "foreign")
        & (after(nonce) == "none")
        & all_but(*EXCHANGE, *QUEUE),
        (t,), "TSM", "TDX module sources 2023: a response with td_flag is the guest's, whoever asked",
        DropUpdate("queue", "misroute: the host's to the guest", "queue.answer"), flow="tdx-connect",
    ),
    possible(
        "a-misrouted-response-is-noticed-or-taken",
        "A host that misroutes a response that moves a TDI gets an answer from the TSM.",
        occurs(e.misroute, t=t, reply=None), hostile & guest_requests & answered & ok & (kind != "STATE"),
        (t,), "TSM", "TDX module sources 2023: td_flag", SwapValue("exchange", "misroute", stage, "answered", "late"),
        flow="tdx-connect",
    ),
    law(
        "only-the-guests-responses-are-looked-at",
        "Where the TSM looks at the addressee of the guest's responses only, it refuses none that is handed over as the guest's.",
        Never(occurs(e.misroute, t=t, reply=REFUSED, where=neg(own) & (response_routing == "one_way"))),
        (t,), "TSM", "TDX module sources 2023: TDX_DEVIF_TDISP_INVALID_REQ_STS", occurs(e.misroute, t=t, reply=REFUSED),
        AddCheck("queue", "misroute: the host's to the guest", Check("never", FALSE, "NO_SUCH_REQUEST")), flow="tdx-connect",
        protects="host",
    ),
    possible(
        "an-old-request-is-found-out",
        "Where messages are counted, the device discards an old STOP_INTERFACE in every state.",
        occurs(e.replay_request, t=t, reply="DISCARDED", old_request="STOP"),
        hostile & replay_protection & neg(answered & (kind == "LOCK")),
        (t,), "device", "DSP0277: sequence number; DSP0274 DecryptError",
        SwapValue("exchange", "replay_request", kind, "LOCK", "START"),
        witness=occurs(e.replay_request, t=t, reply="DISCARDED"),
    ),
    possible(
        "an-old-response-can-be-passed-off",
        "Where messages are not counted, a hostile host can pass an old response off on a TSM that waits for one of its kind.",
        occurs(e.replay_response, t=t),
        hostile & neg(replay_protection) & waiting & kind.in_("LOCK", "START", "START_OLD", "STOP"),
        (t,), "TSM", "DSP0277: sequence number", SwapValue("exchange", "replay_response", stage, "sent", "answered"),
        flow="cove-io", replay_protection=False,
    ),
    step_law(
        "what-ends-the-session-makes-its-messages-void",
        "GET_VERSION in the clear and a conventional reset end the session: what was on its way is void, a locked TDI goes to ERROR or, by the "
        "reset, every TDI to CONFIG_UNLOCKED; the guest's call returns, and record and gates learn nothing.",
        (occurs(e.get_version, t=t), occurs(e.conventional_reset, t=t)),
        void & returns & unchanged(nonce, *TSM, *GATES, *MESSAGE, *GUEST),
        (t,), "device", "DSP0274 GET_VERSION; P63 §11.4.5, §11.4.8", DropUpdate("queue", "get_version", "queue.answer"),
        witness=occurs(e.get_version, t=t), flow="cove-io",
    ),
    possible(
        "a-session-can-be-ended-in-the-clear",
        "A hostile host can end the session with GET_VERSION while there is a session in step or a TDI to lose.",
        occurs(e.get_version, t=t), hostile & ((stage != "void") | (state != "CONFIG_UNLOCKED")),
        (t,), "device", "DSP0274 GET_VERSION", SwapValue("exchange", "get_version", stage, "void", "idle"),
    ),
    possible(
        "a-device-can-be-reset",
        "A device can be reset while there is a session in step or a TDI to lose.",
        occurs(e.conventional_reset, t=t), (stage != "void") | (state != "CONFIG_UNLOCKED"),
        (t,), "device", "P63 §11.4.8", SwapValue("exchange", "conventional_reset", stage, "void", "idle"),
    ),
    step_law(
        "a-guests-request-is-made-for-a-guest-that-may-ask",
        "A guest asks for a start of what it has accepted, or accepts by asking, after evidence and with the record at CONFIG_LOCKED; for the "
        "state, unless it has failed. Its queue is free before, and holds the request, with the nonce it needs, until it is sent.",
        occurs(e.guest_ask, t=t),
        guest_requests
        & bound
        & (queue == "AVAILABLE")
        & implies(asks_start, view == "CONFIG_LOCKED")
        & ite(asks_start, ite(by_start, (phase == "outside") & (evidence != "none"), accepting), phase != "failed")
        & ite(
            at_call,
            (after(queue) == "GENERATED")
            & (after(nonce) == "none")
            & (
                after(kind)
                == ite(asks_start, ite(lock == "current", const("START", kind.sort), "START_OLD"), "STATE")
            ),
            (after(queue) == "REQUESTED") & (after(nonce) == ite(asks_start, lock, "none")) & unchanged(*EXCHANGE),
        )
        & ite(by_start & asks_start, after(phase) == "accepted", unchanged(phase))
        & ite(by_start & tsm_consent, after(consent) == evidence, unchanged(consent))
        & unchanged(waits, bound, view, lock, asked, evidence, *MESSAGE),
        (t,), "TSM", "COV 09 COVG start_interface; TDG.DEVIF.REQUEST; RSI_RDEV_START",
        DropUpdate("queue", "guest_ask", "queue.state"), flow="cove-io",
    ),
    possible(
        "a-request-that-waits-can-be-shipped",
        "The host can have a guest's request sent that waits in the queue, with nothing outstanding; it is the guest's request, with the nonce "
        "that was put into it.",
        occurs(e.ship, t=t, where=(after(queue) == "GENERATED") & (after(nonce) == "none") & (after(kind) == "STATE")),
        (queue == "REQUESTED") & idle & neg(asks_start),
        (t,), "TSM", "TDX module sources 2023: TDH.DEVIF.REQUEST with td_flag",
        SwapValue("queue", "ship", queue, "REQUESTED", "GENERATED"), witness=occurs(e.ship, t=t), flow="tdx-connect",
    ),
    step_law(
        "only-what-waits-is-shipped",
        "A guest's request is sent when it waits in the queue; that is all that changes.",
        occurs(e.ship, t=t), (queue == "REQUESTED") & all_but(queue, nonce, *EXCHANGE),
        (t,), "TSM", "TDX module sources 2023: REQUESTED becomes GENERATED", DropCondition("queue", "ship", 0),
        flow="tdx-connect",
    ),
    step_law(
        "an-answer-is-collected-once",
        "The guest collects an answer of its own that lies in the queue, which is free then; an awaited start makes the TDI ready or has failed; "
        "the record follows the answer where it has not yet, and else stays.",
        occurs(e.collect, t=t),
        (queue == "PROCESSED")
        & (waits != "foreign")
        & (after(queue) == "AVAILABLE")
        & (after(waits) == "none")
        & ite(
            asks_start & by_start & (phase == "accepted"),
            ite(waits == "ok", after(phase) == "ready", after(phase) == "failed"),
            unchanged(phase),
        )
        & ite(
            at_collection & neg(asks_start),
            implies(tsm_consent, consent != "none")
            & told_state(waits, waits.in_("CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR"))
            & conj(
                *(implies(waits == s, after(view) == s) for s in ("CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR"))
            )
            & implies(
                waits == "refused",
                unchanged(bound, lock, consent) & ite(failed_exchange == "error", after(view) == "ERROR", unchanged(view)),
            )
            & unchanged(asked),
            unchanged(*TSM),
        )
        & unchanged(state, nonce, evidence, *EXCHANGE, *MESSAGE, *GATES),
        (t,), "TSM", "TDX module sources 2023: TDG.DEVIF.RESPONSE; COV 09: start_interface returns",
        DropUpdate("queue", "collect", "queue.state"), flow="cove-io",
    ),
    possible(
        "an-answer-can-be-collected",
        "The guest can collect what answers its request, with its approval on record where the TSM wants that.",
        occurs(e.collect, t=t),
        (queue == "PROCESSED") & (waits != "foreign") & implies(at_collection & tsm_consent, consent != "none"),
        (t,), "TSM", "TDX module sources 2023: TDG.DEVIF.RESPONSE",
        SwapValue("queue", "collect", queue, "PROCESSED", "AVAILABLE"), flow="cove-io",
    ),
)  # fmt: skip
