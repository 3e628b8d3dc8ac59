"""The request of the TSM on its way to the device and back, and the guest's own request behind it."""

from __future__ import annotations

from ...language import ANY_REFUSAL, OK, Check, Operand, Term, const, ite, neg
from ..choices.proxy import failed_exchange, guest_close, guest_request_sent, guest_requests, response_routing
from ..vocabulary import EPOCH, TSM, t
from . import events as e
from .state import ANSWER, REQUEST, Device, Exchange, Queue, Tsm, state_told

_MINE, _QUEUE = Exchange.machine, Queue.machine
_kind, _stage, _answer = Exchange.kind, Exchange.stage, Exchange.answer
_state, _nonce, _waits = Queue.state, Queue.nonce, Queue.answer

_IDLE, _VOID = const("idle", _stage.sort), const("void", _stage.sort)
_GONE: dict[Term, Operand] = {_kind[t]: "none", _stage[t]: "idle", _answer[t]: "none"}
_CARRIED = "P63 §11.2.2: the VMM may carry the messages"


def _start(nonce: Term) -> Term:
    """START_INTERFACE with a nonce of this lock, or of an earlier one."""
    return ite(nonce == "current", const("START", REQUEST), "START_OLD")


# --- A request is made ----------------------------------------------------------------------------------------------
for _event, _request in (
    (e.ask_lock, const("LOCK", REQUEST)),
    (e.ask_start, _start(Tsm.lock[t])),
    (e.ask_state, const("STATE", REQUEST)),
    (e.ask_stop, const("STOP", REQUEST)),
):
    _MINE.rule(_event, set={_kind[t]: _request, _stage[t]: "sent"}, cite=_CARRIED)
_MINE.rule(
    e.undo,
    name="undo: stop",
    when=[guest_close == "stop"],
    set={_kind[t]: "STOP", _stage[t]: "sent"},
    cite="COV 09 COVG stop_interface",
)
_MINE.rule(e.undo, name="undo: by message", when=[guest_close != "stop"], cite="AMD, Arm: no message to the device")

_at_call = guest_request_sent == "at_call"
_ASKED = ite(Queue.asks_start, _start(Tsm.lock[t]), "STATE")
_MINE.rule(
    e.guest_ask,
    set={_kind[t]: ite(_at_call, _ASKED, _kind[t]), _stage[t]: ite(_at_call, "sent", _stage[t])},
    cite="COV 09; TDX module sources 2023",
)
_MINE.rule(
    e.ship,
    set={_kind[t]: ite(Queue.asks_start, _start(_nonce[t]), "STATE"), _stage[t]: "sent"},
    cite="TDX module sources 2023: TDH.DEVIF.REQUEST with td_flag",
)

# --- It reaches the device, and the response the TSM ------------------------------------------------------------------
_late = _stage[t] == "late"
for _event, _reply, _says in (
    (e.deliver_request, OK, const("ok", ANSWER)),
    (e.deliver_request, ANY_REFUSAL, const("refused", ANSWER)),
    (e.fail_request, OK, const("refused", ANSWER)),
):
    _MINE.rule(
        _event,
        when=[_stage[t].in_("sent", "late"), *([_kind[t] != "STATE"] if _event is e.fail_request else [])],
        set={
            _stage[t]: ite(_late, _VOID, "answered"),
            _kind[t]: ite(_late, "none", _kind[t]),
            _answer[t]: ite(_late, "none", _says),
        },
        reply=_reply,
        cite=f"{_CARRIED}; nobody waits for the response to a request that was given up",
    )
_MINE.rule(e.response, when=[_stage[t] == "answered"], set=_GONE, cite=_CARRIED)
_MINE.rule(
    e.misroute,
    # Errors change nothing wherever they arrive, and a state is as old in the other queue as in its own.
    when=[_stage[t] == "answered", guest_requests, _answer[t] == "ok", _kind[t] != "STATE"],
    set=_GONE,
    cite="TDX module sources 2023: td_flag",
)
_MINE.rule(
    e.replay_response,
    when=[Exchange.waiting(), _kind[t].in_("LOCK", "START", "START_OLD", "STOP")],
    set={
        _stage[t]: ite(_stage[t] == "sent", "late", _IDLE),
        _kind[t]: ite(_stage[t] == "sent", _kind[t], "none"),
        _answer[t]: "none",
    },
    cite="DSP0277",
)
_MINE.rule(
    e.replay_request,
    # The nonce in a response that is on its way would become an old one: left out.
    when=[neg((_stage[t] == "answered") & (_kind[t] == "LOCK"))],
    cite="DSP0277",
)

# --- It is given up -------------------------------------------------------------------------------------------------
_still_out = _stage[t] == "sent"
_GIVEN_UP: dict[Term, Operand] = {
    _stage[t]: ite(_still_out, "late", _VOID),
    _kind[t]: ite(_still_out, _kind[t], "none"),
    _answer[t]: "none",
}
_MINE.rule(
    e.abort,
    when=[Exchange.waiting(), failed_exchange != "waits"],
    set=_GIVEN_UP,
    cite="TF-RMM VDEV_ABORT; AMD: forced commands; DSP0277: a spoilt response is an error",
)
_MINE.rule(
    e.take_back,
    set={target: ite(Exchange.waiting(), value, target) for target, value in _GIVEN_UP.items()},
    cite="AMD TDI_RECLAIM after a forced unbind",
)
for _event in (e.get_version, e.conventional_reset):
    _MINE.rule(
        _event,
        when=[(_stage[t] != "void") | (Device.state[t] != "CONFIG_UNLOCKED")],
        set={_stage[t]: "void", _kind[t]: "none", _answer[t]: "none"},
        cite="DSP0274: what was sealed for a session is void after it",
    )
_MINE.rule(e.disconnect, set=_GONE, cite="DSP0274: what was sealed for a session is void after it")

# --- The guest's request ----------------------------------------------------------------------------------------------
_QUEUE.rule(
    e.guest_ask,
    when=[guest_requests],
    checks=[Check("queue free", _state[t] == "AVAILABLE", "QUEUE_BUSY", "TDX module sources 2023: TDG.DEVIF.REQUEST")],
    set={
        _state[t]: ite(_at_call, const("GENERATED", _state.sort), "REQUESTED"),
        _nonce[t]: ite(neg(_at_call) & Queue.asks_start, Tsm.lock[t], const("none", EPOCH)),
    },
    binds=TSM,
    cite="TDX module sources 2023: AVAILABLE becomes REQUESTED",
)
_QUEUE.rule(
    e.ship,
    when=[_state[t] == "REQUESTED"],
    set={_state[t]: "GENERATED", _nonce[t]: "none"},
    binds=TSM,
    cite="TDX module sources 2023: REQUESTED becomes GENERATED",
)
_QUEUE.rule(
    e.deliver_request,
    set={_nonce[t]: ite((_kind[t] == "LOCK") & (_nonce[t] == "current"), "stale", _nonce[t])},
    cite="[D] a new lock epoch makes a nonce an old one",
)
_owns = Queue.owns_exchange()
_says = ite((_kind[t] == "STATE") & (_answer[t] == "ok"), state_told(), _answer[t])
_QUEUE.rule(
    e.response,
    set={_state[t]: ite(_owns, "PROCESSED", _state[t]), _waits[t]: ite(_owns, _says, _waits[t])},
    binds=TSM,
    cite="TDX module sources 2023: GENERATED becomes PROCESSED",
)
_QUEUE.rule(
    e.misroute,
    name="misroute: the host's to the guest",
    when=[neg(_owns)],
    checks=[
        Check("asked by the guest", response_routing == "one_way", "NO_SUCH_REQUEST", "TDX module sources 2023: not checked")
    ],
    set={
        _state[t]: "PROCESSED",
        _nonce[t]: "none",
        _waits[t]: "foreign",
    },
    binds=TSM,
    cite="TDX module sources 2023: a response with td_flag is the guest's, whoever asked",
)
_QUEUE.rule(
    e.misroute,
    name="misroute: the guest's to the host",
    when=[_owns],
    checks=[Check("not asked by the guest", neg(_owns), "NO_SUCH_REQUEST", "TDX module sources 2023: td_flag is expected")],
    binds=TSM,
    cite="TDX module sources 2023: TDX_DEVIF_TDISP_INVALID_REQ_STS",
)
for _event in (e.abort, e.get_version, e.conventional_reset):
    _returns = _owns & (failed_exchange != "waits")
    _QUEUE.rule(
        _event,
        set={
            _state[t]: ite(_returns, "PROCESSED", _state[t]),
            _waits[t]: ite(_returns, const("refused", ANSWER), _waits[t]),
        },
        binds=TSM,
        cite="[D] the guest's call returns with an error",
    )
_QUEUE.rule(
    e.collect,
    when=[_state[t] == "PROCESSED"],
    checks=[
        Check(
            "answers the guest", _waits[t] != "foreign", "NOT_FOR_THE_GUEST", "TDX module sources 2023: TDG.DEVIF.RESPONSE"
        )
    ],
    set={_state[t]: "AVAILABLE", _waits[t]: "none"},
    binds=TSM,
    cite="TDX module sources 2023: PROCESSED becomes AVAILABLE",
)
for _event, _cite in (
    (e.take_back, "TDH.DEVIF.REMOVE, TDH.DEVIF.CREATE"),
    (e.disconnect, "TDH.DEVIF.REMOVE, TDH.DEVIF.CREATE; COV 09 disconnect_device"),
):
    _QUEUE.rule(
        _event,
        set={_state[t]: "AVAILABLE", _waits[t]: "none", _nonce[t]: "none"},
        binds=TSM,
        cite=_cite,
    )
