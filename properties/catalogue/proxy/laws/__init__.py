"""The laws of single steps: what each message does exactly, when it is possible, and what a refusal says."""

from ....property import Property
from . import device, exchange, gate, guest, host, refusals, teardown, tsm

PROPERTIES: tuple[Property, ...] = (
    *tsm.PROPERTIES,
    *teardown.PROPERTIES,
    *device.PROPERTIES,
    *exchange.PROPERTIES,
    *gate.PROPERTIES,
    *guest.PROPERTIES,
    *host.PROPERTIES,
    *refusals.PROPERTIES,
)
