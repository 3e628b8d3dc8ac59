"""All parts of the world, composed."""

from __future__ import annotations

from ..language import Model

# Importing the parts' modules adds their rules to the machines of `state`.
from . import device, gate, guest, host, ide, tdi, tsm
from .choices import KNOBS, Knob, choices
from .events import EVENTS
from .state import Device, Gate, Guest, Host, Peer, Stream, Tdi, Tsm
from .vocabulary import trust

_PARTS_WITH_RULES = (device, gate, guest, host, ide, tdi, tsm)

MACHINES = (
    trust,
    choices,
    # From the requester's side to the responder's.
    Guest.machine,
    Host.machine,
    Tsm.link,
    Tsm.machine,
    Device.machine,
    Stream.machine,
    Tdi.machine,
    Gate.machine,
    Peer.machine,
)
"""The parts of the world."""

WORLD = Model.of("the world of confidential device assignment", *MACHINES, events=EVENTS)
"""The one model over which every flow is a setting of knobs."""

__all__ = ["KNOBS", "MACHINES", "WORLD", "Knob"]
