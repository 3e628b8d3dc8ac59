"""Properties of the aspect `ide`."""

from ...property import Property
from . import keys, laws, ports, traffic

GROUPS: dict[str, tuple[Property, ...]] = {
    "IDE keys and their refresh": keys.PROPERTIES,
    "the two ports of a stream": ports.PROPERTIES,
    "TLPs of a stream": traffic.PROPERTIES,
    "IDE: laws of single steps": laws.PROPERTIES,
}
