"""All parts of the aspect, composed."""

from __future__ import annotations

from ...language import Model
from ..choices.knob import choices, trust

# Importing the parts' modules adds their rules to the machines of `state`.
from . import gate, guest, host, tdi, tsm
from .events import EVENTS
from .state import Gate, Guest, Host, Tdi, Tsm

_PARTS_WITH_RULES = (gate, guest, host, tdi, tsm)

MACHINES = (
    trust,
    choices,
    # From the requester's side to the responder's.
    Guest.machine,
    Host.machine,
    Tsm.machine,
    Tdi.machine,
    Gate.machine,
)
"""The parts of the aspect."""

MODEL = Model.of("what the guest knows before it accepts", *MACHINES, events=EVENTS).without_idle_knobs()
