"""Rules of the root complex's gates: the TSM opens them at the guest's request, and closes them with the acceptance."""

from __future__ import annotations

from ...language import Operand, Term, const, ite
from ..choices.evidence import check_undo
from ..choices.lifecycle import accept_by
from ..vocabulary import TSM, t
from . import events as e
from .guest import GIVES_UP, NOTICES
from .state import Gate

_MINE = Gate.machine
_dma, _mmio = Gate.dma, Gate.mmio
_MMIO = _mmio.sort
_CLOSED: dict[Term, Operand] = {_dma[t]: False, _mmio[t]: "closed"}

# The TSM maps what is as reported and refuses a range that is not; the other ranges stay mapped.
_MAPPED = ite(
    e.mapping == "right", const("open", _MMIO), ite(NOTICES & check_undo, const("closed", _MMIO), const("part", _MMIO))
)
_MINE.rule(
    e.tdi_validate,
    set={
        # tdi_validate writes the sDTE before it has MMIO validated; start_interface comes after the ranges were mapped.
        _dma[t]: ~NOTICES | ((accept_by != "start") & ~check_undo),
        _mmio[t]: _MAPPED,
    },
    binds=TSM,
    cite="M1 tdi_validate: sDTE, then RMP; COV 09 map_interface_mmio, start_interface",
)
_MINE.rule(e.sdte_write, set={_dma[t]: True}, binds=TSM, cite="AMD SDTE_WRITE; TDG.DMAR.ACCEPT; RSI_VDEV_DMA_ENABLE")
_MINE.rule(
    e.mmio_validate,
    set={_mmio[t]: _MAPPED, _dma[t]: _dma[t] & ~(NOTICES & check_undo)},
    binds=TSM,
    cite="AMD MMIO_VALIDATE: NOT_REPORTED, OUT_OF_RANGE, …; TDG.MMIO.ACCEPT; RSI_VDEV_VALIDATE_MAPPING",
)
_MINE.rule(
    e.reject,
    set={_dma[t]: _dma[t] & ~GIVES_UP, _mmio[t]: ite(GIVES_UP, "closed", _mmio[t])},
    binds=TSM,
    cite="M17: a rejected TDI is unbound",
)
_MINE.rule(e.tdi_revoke, set=_CLOSED, binds=TSM, cite="M1 tdi_validate, to invalidate")
_MINE.rule(e.tdi_unbind, set=_CLOSED, binds=TSM, cite="COV 07; AMD TDI_UNBIND")
