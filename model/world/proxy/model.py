"""All parts of the message level, composed."""

from __future__ import annotations

from ...language import Model
from ..choices.knob import choices, trust

# Importing the parts' modules adds their rules to the machines of `state`.
from . import device, exchange, gate, guest, host, tsm
from .events import EVENTS
from .host import HOST_VMM
from .state import Device, Exchange, Gate, Guest, Message, Queue, Tsm

_PARTS_WITH_RULES = (device, exchange, gate, guest, host, tsm)

MACHINES = (
    trust,
    choices,
    # From the requester's side to the responder's.
    Guest.machine,
    HOST_VMM,
    Message.machine,
    Queue.machine,
    Tsm.machine,
    Exchange.machine,
    Device.machine,
    Gate.machine,
)
"""The parts of the message level."""

MODEL = Model.of(
    "the messages between guest, TSM and device, in the host's hands", *MACHINES, events=EVENTS
).without_idle_knobs()
