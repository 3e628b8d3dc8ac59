"""Properties of the device as TDISP responder."""

from ...property import Property
from . import endings, laws, lock, requests, traffic

GROUPS: dict[str, tuple[Property, ...]] = {
    "responder: into and out of a lock": lock.PROPERTIES,
    "responder: requests and replies": requests.PROPERTIES,
    "responder: what ends a lock": endings.PROPERTIES,
    "responder: traffic": traffic.PROPERTIES,
    "responder: laws of single steps": laws.PROPERTIES,
}
