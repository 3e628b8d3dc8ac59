"""All parts of what is handed out, composed.

What is abstracted, since nothing that is asked here depends on it: connecting is one step (session, keys, enable);
a guest's verification, acceptance, START_INTERFACE and the opening of both gates are one step (the lifecycle follows
them one by one); a stream is lost at both ports at once; the TSM's view of a TDI's state is the TDI's state.

Fairness, for questions of the kind "is every request granted at last" (with an honest host): nobody is bound to plug
in, to create TVMs or to ask, and errors, removal and switching IDE off may come at any time. What may be assumed: the
host does what its policy lets it do, time and again (``device_connect``, ``tdi_bind``, ``device_disconnect`` and
``preempt``, for each device or TDI: strongly fair, since others come between and undo what they need), it recovers
what is broken (``tdi_unbind`` of the TDI in question, ``device_disconnect`` of its device: weakly fair), and others give
back in the end what they have (their ``tdi_unbind`` and ``tdi_unassign``, strongly fair). A request is
`Host.bind_requested`; it ends with the bind, or when it is withdrawn or the device goes.
"""

from __future__ import annotations

from ...language import Model
from ..choices.knob import choices, trust

# Importing the parts' modules adds their rules to the machines of `state`.
from . import gate, host, pool, tdi, tsm, tvm
from .events import EVENTS
from .state import Device, Gate, Guest, Host, Pool, Port, Tdi, Tsm, Tvm

_PARTS_WITH_RULES = (gate, host, pool, tdi, tsm, tvm)

MACHINES = (
    trust,
    choices,
    # From the requester's side to the responder's.
    Guest.machine,
    Tvm.machine,
    Host.machine,
    Tsm.link,
    Tsm.machine,
    Pool.machine,
    Port.machine,
    Device.machine,
    Tdi.machine,
    Gate.machine,
)
"""The parts of what is handed out."""

MODEL = Model.of("what the host hands out", *MACHINES, events=EVENTS).without_idle_knobs()
