"""The state of the message level: every variable of every part, in one place.

One TDI and the TVM that it is for. What is abstracted: the device has one session with the TSM (a session of the host's
own is a matter of the aspect `lifecycle`); the stream is there until the TSM disconnects the device, which is one step;
of the TDISP messages there are those that move the TDI or tell its state, and the report is read from the TSM's record.
"""

from __future__ import annotations

from ...language import BOOL, Machine, Operand, Term, const, enum, ite, neg
from ..choices.lifecycle import epoch_bind, gate_order, run_by
from ..choices.proxy import epoch_begins
from ..vocabulary import EPOCH, LOCKED_STATES, STATE, TDI, t

HELD = enum("HeldEpoch", "none", "current", "unnoticed", "stale")
"""To which lock epoch of the device something belongs that guest or TSM hold: none, the present one, or an earlier one.

``unnoticed``: to an earlier one, but the TSM has not learnt that a new one began, so that it takes it for the present.
"""

REQUEST = enum("Request", "none", "LOCK", "START", "START_OLD", "STOP", "STATE")
"""The requests of TDISP that matter here. ``START_OLD``: START_INTERFACE with the nonce of an earlier lock."""

ANSWER = enum(
    "Answer", "none", "ok", "refused", "foreign", "CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR"
)  # fmt: skip
"""What a response says: the state asked for, or else ok or an error. ``foreign``: it is not of a kind that is due."""


class Device:
    """The device: the TDI as it is."""

    machine = Machine("device", over=(TDI,), doc="The device.")
    state = machine.array("state", STATE, init="CONFIG_UNLOCKED", doc="the TDI's state, as it is")

    @classmethod
    def locked(cls, tdi: Term = t) -> Term:
        """CONFIG_LOCKED or RUN."""
        return cls.state[tdi].in_(*LOCKED_STATES)


def state_told(tdi: Term = t) -> Term:
    """The TDI's state, as the device tells it."""
    told: Operand = "ERROR"
    for state in ("RUN", "CONFIG_LOCKED", "CONFIG_UNLOCKED"):
        told = ite(Device.state[tdi] == state, const(state, ANSWER), told)
    assert isinstance(told, Term)
    return told


class Exchange:
    """The one request of the TSM that may be outstanding for a TDI, and its response.

    ``late``: the TSM gave up, and the host still has the request. ``void``: nothing is under way, and the session is lost or
    out of step, so that a request would get no answer. Either way it takes a new session to go on.

    What a response says of the TDI's state is taken to be true when the TSM takes note of it. It was so when the device
    answered, and may be over by then; but a device that moves while the response is on its way comes to the same as one that
    moves right after. (Where an answer lies in the queue of the guest, it does not.) For the same reason a response that is
    on its way is lost with the session.
    """

    machine = Machine("exchange", over=(TDI,), doc="A request of the TSM to the device, in the host's hands.")
    kind = machine.array("kind", REQUEST, init="none", doc="the request")
    stage = machine.array("stage", enum("ExchangeStage", "idle", "sent", "answered", "late", "void"), init="idle")
    answer = machine.array("answer", ANSWER, init="none", doc="what the response says, while it is on its way to the TSM")

    @classmethod
    def waiting(cls, tdi: Term = t) -> Term:
        """The TSM waits for a response."""
        return cls.stage[tdi].in_("sent", "answered")


class Queue:
    """The guest's own request to the device, as the TSM keeps it (TDX: td_tdisp_req_sts)."""

    machine = Machine("queue", over=(TDI,), doc="The guest's request, as the TSM keeps it.")
    state = machine.array("state", enum("QueueState", "AVAILABLE", "REQUESTED", "GENERATED", "PROCESSED"), init="AVAILABLE")
    nonce = machine.array("nonce", EPOCH, init="none", doc="the nonce that was put into a request that is not yet sent")
    answer = machine.array("answer", ANSWER, init="none", doc="the response that waits for the guest")

    asks_start = run_by == "guest_call"
    """Whether the guest's request is START_INTERFACE; else it asks for the TDI's state."""

    @classmethod
    def owns_exchange(cls, tdi: Term = t) -> Term:
        """The outstanding request is the guest's, not the host's."""
        return cls.state[tdi] == "GENERATED"


class Tsm:
    """The TSM's record of the TDI."""

    machine = Machine("tsm", over=(TDI,), doc="The TSM's record of a TDI.")
    bound = machine.array("bound", BOOL, init=False, doc="the TDI is bound to the TVM")
    view = machine.array("view", STATE, init="CONFIG_UNLOCKED", doc="the TDI's state as the TSM last learnt it")
    lock = machine.array("lock", EPOCH, init="none", doc="the lock whose nonce and report the TSM keeps")
    asked = machine.array("asked", BOOL, init=False, doc="the guest has asked for a lock that was not made since")
    consent = machine.array("consent", HELD, init="none", doc="the approval of the guest that the TSM keeps")


class Gate:
    """The gates of the root complex."""

    machine = Machine("gate", over=(TDI,), doc="The root complex's gates for a TDI.")
    dma = machine.array("dma", BOOL, init=False, doc="T=1 requests of the TDI reach the TVM's private memory")
    mmio = machine.array("mmio", BOOL, init=False, doc="the TVM reaches the TDI's MMIO with T=1")

    @classmethod
    def open(cls, tdi: Term = t) -> Term:
        """Some gate is open."""
        return cls.dma[tdi] | cls.mmio[tdi]


class Message:
    """A message of the guest to the TSM, and its answer, where the host carries it or has a part in it.

    Evidence and epoch that it names are the guest's. ``done`` and ``refused``: the TSM has acted, the answer is on its way.
    """

    machine = Machine("message", over=(TDI,), doc="A message of the guest to the TSM.")
    kind = machine.array("kind", enum("MessageKind", "none", "accept", "dma", "mmio", "close"), init="none")
    stage = machine.array("stage", enum("MessageStage", "idle", "sent", "checked", "done", "refused"), init="idle")

    @classmethod
    def idle(cls, tdi: Term = t) -> Term:
        """No message is under way."""
        return cls.stage[tdi] == "idle"


class Guest:
    """The TVM, with respect to the TDI."""

    machine = Machine("guest", over=(TDI,), doc="The TVM.")
    phase = machine.array(
        "phase",
        enum("GuestPhase", "outside", "accepted", "one_gate", "ready", "in_use", "failed"),
        init="outside",
        doc="how far the acceptance of the TDI has come, as the guest sees it",
    )
    evidence = machine.array("evidence", HELD, init="none", doc="the lock epoch of the evidence held, and accepted")

    @classmethod
    def next_gate(cls, gate: str, tdi: Term = t) -> Term:
        """The next gate that the guest has opened is this one."""
        first = gate_order == f"{gate}_first"
        return ((cls.phase[tdi] == "accepted") & first) | ((cls.phase[tdi] == "one_gate") & neg(first))

    @classmethod
    def wants_gate(cls, tdi: Term = t) -> Term:
        """The guest has accepted, and has not yet opened both gates."""
        return cls.phase[tdi].in_("accepted", "one_gate")


# Only a TSM that looks at epochs at all takes one for another.
OUT_OF_DATE = ite((epoch_bind == "tsm") & (epoch_begins == "response"), const("unnoticed", HELD), "stale")
"""What is of an earlier epoch, as long as the TSM has not learnt that a new one began."""


def aged(held: Term) -> Term:
    """What is held, once the device has begun another lock epoch."""
    return ite(held == "current", OUT_OF_DATE, held)


def noticed(held: Term) -> Term:
    """What is held, once the TSM has learnt that another lock epoch began."""
    return ite(held == "unnoticed", "stale", held)
