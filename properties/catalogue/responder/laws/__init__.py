"""The laws of single steps of a responder: what is granted and why, what is refused and why, and what a lock leaves behind."""

from ....property import Property
from . import attributes, device, endings, reports, requests, stream, traffic

PROPERTIES: tuple[Property, ...] = (
    *requests.PROPERTIES,
    *reports.PROPERTIES,
    *attributes.PROPERTIES,
    *stream.PROPERTIES,
    *endings.PROPERTIES,
    *device.PROPERTIES,
    *traffic.PROPERTIES,
)
