"""The laws of single steps: what ports, fabric, tags and owners do in one step, exactly, and what stays possible."""

from ....property import Property
from . import lanes, parties, ports

PROPERTIES: tuple[Property, ...] = (
    *lanes.PROPERTIES,
    *ports.PROPERTIES,
    *parties.PROPERTIES,
)
