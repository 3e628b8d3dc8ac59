"""All parts of the lifecycle, composed."""

from __future__ import annotations

from ...language import Model
from ..choices.knob import choices, trust

# Importing the parts' modules adds their rules to the machines of `state`.
from . import device, gate, guest, host, ide, tdi, tsm
from .events import EVENTS
from .state import Device, Gate, Guest, Host, Peer, Stream, Tdi, Tsm

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
"""The parts of the lifecycle."""

MODEL = Model.of("the lifecycle of an assigned TDI", *MACHINES, events=EVENTS).without_idle_knobs()
