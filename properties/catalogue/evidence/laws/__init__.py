"""The laws of single steps: what a guest keeps of evidence, acceptance and drivers, and when it lets go of them."""

from ....property import Property
from . import guest, host, tsm

PROPERTIES: tuple[Property, ...] = (
    *guest.PROPERTIES,
    *tsm.PROPERTIES,
    *host.PROPERTIES,
)
