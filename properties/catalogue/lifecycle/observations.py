"""The observable steps of which the catalogue speaks: locks, acceptance, traffic."""

from __future__ import annotations

from ....model.world.choices.lifecycle import accept_by
from ....model.world.lifecycle import events as e
from ....model.world.lifecycle.state import Tsm
from ....model.world.vocabulary import t, v
from ...formulas import After
from ...steps import Step, occurs

LOCK_BY_TSM = occurs(e.tdi_bind, t=t)
LOCK_BY_HOST = occurs(e.host_lock, t=t)

ACCEPT: tuple[Step, ...] = (
    # In each flow one of these is the guest's act of acceptance; it counts for the TVM to which the TDI is bound.
    occurs(e.tdi_validate, t=t, where=Tsm.bound[t] == v),
    occurs(e.tdi_accept, t=t, where=Tsm.bound[t] == v),
    occurs(e.start_interface, t=t, where=(accept_by == "start") & (Tsm.bound[t] == v)),
)
"""The guest accepts the TDI, in the lock epoch that is current then."""

EMITS_TBIT: tuple[Step, ...] = (
    occurs(e.dma, t=t, tbit=True, reply=None),
    occurs(e.dma_peer, t=t, reply=None),
)
"""The TDI sends a memory request with T=1, whatever becomes of it."""

DMA_REACHES_TVM = occurs(e.dma, t=t, tbit=True)
DMA_REACHES_PEER = occurs(e.dma_peer, t=t)
TBIT_TAKES_EFFECT: tuple[Step, ...] = (DMA_REACHES_TVM, DMA_REACHES_PEER)
"""A T=1 request of the TDI reaches private memory of a TVM, or a peer that a TVM has accepted."""

MMIO_REACHES_TDI = occurs(e.mmio, t=t)

TSM_EPOCH = After(LOCK_BY_TSM, LOCK_BY_HOST)
"""Within a lock epoch that the TSM began."""

HOST_EPOCH = After(LOCK_BY_HOST, LOCK_BY_TSM)
"""Within a lock epoch that the host began, over a session of its own."""

ANY_EPOCH = After((LOCK_BY_TSM, LOCK_BY_HOST), initially=True)
"""Within a lock epoch, whoever began it, and before the first."""
