"""All parts of the link, composed."""

from __future__ import annotations

from ...language import Model
from ..choices.knob import choices, trust

# Importing the parts' modules adds their rules to the machines of `state`.
from . import lanes, parties, ports
from .events import EVENTS
from .state import DMA, MMIO, Fabric, Neighbour, RootComplex, Stream, Tdi, Tsm

_PARTS_WITH_RULES = (lanes, parties, ports)

MACHINES = (
    trust,
    choices,
    # What the fabric hands over passes the port, then the gates and the TDI, and at last the requester's tag.
    Fabric.machine,
    MMIO.machine,
    DMA.machine,
    Stream.machine,
    Tsm.machine,
    RootComplex.machine,
    Tdi.machine,
    Neighbour.machine,
    MMIO.requester,
    DMA.requester,
)

MODEL = Model.of("the link between root port and device", *MACHINES, events=EVENTS).without_idle_knobs()
