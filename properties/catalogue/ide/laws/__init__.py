"""The laws of single steps: what an honest host does at the registers, how far the TSM is when it sends what, and what the ports make of it."""

from ....property import Property
from . import host, keying, ports, sessions, tdi, traffic, tsm

PROPERTIES: tuple[Property, ...] = (
    *host.PROPERTIES,
    *tsm.PROPERTIES,
    *sessions.PROPERTIES,
    *tdi.PROPERTIES,
    *ports.PROPERTIES,
    *keying.PROPERTIES,
    *traffic.PROPERTIES,
)
