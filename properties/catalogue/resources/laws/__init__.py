"""The laws of single steps: who may take, give and take back what, what is so afterwards, and what stays possible."""

from ....property import Property
from . import connecting, guest, host, stream, tdi, traffic

PROPERTIES: tuple[Property, ...] = (
    *connecting.PROPERTIES,
    *host.PROPERTIES,
    *stream.PROPERTIES,
    *tdi.PROPERTIES,
    *guest.PROPERTIES,
    *traffic.PROPERTIES,
)
