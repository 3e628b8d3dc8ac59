"""All parts of the responder, composed."""

from __future__ import annotations

from ...language import Model
from ..choices.knob import choices, trust

# Importing the parts' modules adds their rules to the machines of `state`.
from . import device, endings, requester, requests, stream, traffic
from .events import EVENTS
from .state import Device, Requester, Stream, Tdi

_PARTS_WITH_RULES = (device, endings, requester, requests, stream, traffic)

MODEL = Model.of(
    "the device as TDISP responder",
    trust,
    choices,
    # From the requester's side to the responder's: the secure session comes before everything that a TDI checks.
    Requester.machine,
    Device.machine,
    Stream.machine,
    Tdi.machine,
    events=EVENTS,
).without_idle_knobs()
