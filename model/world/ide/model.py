"""All parts of an IDE stream, composed."""

from __future__ import annotations

from ...language import Model
from ..choices.knob import choices, trust

# Importing the parts' modules adds their rules to the machines of `state`.
from . import host, keying, ports, sessions, tdi, traffic, tsm
from .events import EVENTS
from .state import ENDPOINT, ROOT_PORT, Device, Tdi, Tsm

_PARTS_WITH_RULES = (host, keying, ports, sessions, tdi, traffic, tsm)

MACHINES = (
    trust,
    choices,
    # From the requester's side to the responder's.
    host.MACHINE,
    Tsm.machine,
    Device.machine,
    Tdi.machine,
    ENDPOINT.machine,
    ROOT_PORT.machine,
)
"""The parts of an IDE stream."""

MODEL = Model.of("an IDE stream in full", *MACHINES, events=EVENTS).without_idle_knobs()
