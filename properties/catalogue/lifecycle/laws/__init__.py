"""The laws of single steps: from which state each party may do what, and what must be so afterwards."""

from ....property import Property
from . import guest, ide, tdi, tsm

PROPERTIES: tuple[Property, ...] = (
    *tdi.PROPERTIES,
    *ide.PROPERTIES,
    *tsm.PROPERTIES,
    *guest.PROPERTIES,
)
