"""Rules of the root complex: the gates into private memory, and the IOMMU for what is shared."""

from __future__ import annotations

from ...language import Check, Operand, Term, for_each, ite
from ..choices.resources import memory_reuse, reclaim_bound
from ..vocabulary import ROOT_COMPLEX, TSM, d, device_of, t, v
from . import events as e
from .state import Gate, Host, Port
from .tsm import ENDS_SESSION

_MINE = Gate.machine
_dma, _mmio = Gate.dma, Gate.mmio
_CLOSED: dict[Term, Operand] = {_dma[t]: "none", _mmio[t]: "none"}

_MINE.rule(e.tdi_accept, set={_dma[t]: v, _mmio[t]: v}, binds=TSM, cite="M1; COV 09; AMD SDTE_WRITE, MMIO_VALIDATE")
_MINE.rule(e.tdi_unbind, set=_CLOSED, binds=TSM, cite="COV 07: after STOP_INTERFACE the TSM disables IOMMU and G-stage")
_MINE.rule(
    e.reclaim_region,
    set={_dma[t]: ite(reclaim_bound == "force", _dma[t], "none"), _mmio[t]: "none"},
    binds=TSM,
    cite="COV 09; Arm: the granule is destroyed",
)
for _event in ENDS_SESSION:
    _MINE.rule(
        _event,
        each=[for_each(t, gate, ite(device_of(t) == d, "none", gate)) for gate in _CLOSED],
        binds=TSM,
        cite="COV 09: bound interfaces are stopped first",
    )
_MINE.rule(
    e.tvm_reclaim,
    each=[for_each(t, gate, ite((memory_reuse == "fence") & (gate == v), "none", gate)) for gate in _CLOSED],
    binds=TSM,
    cite="AMD ASID fence (names only)",
)

_OVER_SECURE_STREAM = Port.link[device_of(t)] == "SECURE"
_MINE.rule(
    e.dma,
    checks=[
        Check("over a Secure stream", _OVER_SECURE_STREAM, "BLOCKED", "P63 §11.5; Arm RKZBHV"),
        Check("DMA gate open", _dma[t] == v, "BLOCKED", "M16; COV 05"),
    ],
    binds=ROOT_COMPLEX,
    cite="M16: the IOMMU blocks",
)
_MINE.rule(
    e.dma_shared,
    checks=[Check("assigned", Host.visible(v, t), "BLOCKED", "the host's IOMMU tables")],
    binds=ROOT_COMPLEX,
    cite="M12: allocated to a TVM, that acts as the gate",
)
_MINE.rule(
    e.mmio,
    checks=[
        Check("MMIO gate open", _mmio[t] == v, "FAULT", "M16: the RMP blocks"),
        Check("over a Secure stream", _OVER_SECURE_STREAM, "FAULT", "P63 §11.5; Arm RDVKPF"),
    ],
    binds=ROOT_COMPLEX,
    cite="M16; Arm RDVKPF",
)
