"""The laws of single steps: what each message may do to connection, sessions, stream and TDIs, and what it leaves behind."""

from ....property import Property
from . import host, responder, stream, tdi, tsm

PROPERTIES: tuple[Property, ...] = (
    *tsm.PROPERTIES,
    *host.PROPERTIES,
    *responder.PROPERTIES,
    *stream.PROPERTIES,
    *tdi.PROPERTIES,
)
