"""Connection, sessions, stream and TDIs, composed."""

from __future__ import annotations

from ...language import Model
from ..choices.knob import choices, trust

# Importing the parts' modules adds their rules to the machines of `state`.
from . import host, responder, stream, tdi, tsm
from .events import EVENTS
from .state import Guest, Host, Responder, Stream, Tdi, Tsm

_PARTS_WITH_RULES = (host, responder, stream, tdi, tsm)

MACHINES = (
    trust,
    choices,
    # From the requester's side to the responder's.
    Guest.machine,
    Host.machine,
    Tsm.machine,
    Tsm.tdis,
    Responder.machine,
    Stream.machine,
    Tdi.machine,
)
"""The parts of the aspect."""

MODEL = Model.of("SPDM connections and sessions", *MACHINES, events=EVENTS).without_idle_knobs()
"""The aspect, for any number of TDIs of one device."""
