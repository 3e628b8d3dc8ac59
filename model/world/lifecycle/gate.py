"""Rules of the root complex: gates between a TDI and the private memory and MMIO mappings of a TVM.

The gates stand for RMP and sDTE, G-stage and IOMMU, S-EPT and DMAR table, RTT and SMMU alike. The TSM opens
and closes them; the root complex enforces them, together with the IDE stream of the root port.
"""

from __future__ import annotations

from ...language import Check, for_each, ite
from ..choices.lifecycle import accept_by
from ..vocabulary import ROOT_COMPLEX, TSM, d, device_of, t, v
from . import events as e
from .state import Gate, Stream

_MINE = Gate.machine
_dma, _mmio = Gate.dma, Gate.mmio
_CLOSED = {_dma[t]: "none", _mmio[t]: "none"}

_MINE.rule(e.tdi_validate, set={_dma[t]: v, _mmio[t]: v}, binds=TSM, cite="M1: unlock the TDI's MMIO and IOMMU")
_MINE.rule(e.sdte_write, set={_dma[t]: v}, binds=TSM, cite="AMD SDTE_WRITE")
_MINE.rule(e.mmio_validate, set={_mmio[t]: v}, binds=TSM, cite="AMD MMIO_VALIDATE: RMP entry assigned, validated, immutable")
_MINE.rule(
    e.start_interface,
    set={_dma[t]: ite(accept_by == "start", v, _dma[t]), _mmio[t]: ite(accept_by == "start", v, _mmio[t])},
    binds=TSM,
    cite="COV 09 start_interface: START_INTERFACE, then IOMMU and G-stage are enabled",
)
_MINE.rule(
    e.tdi_revoke,
    set={gate[t]: ite(gate[t] == v, "none", gate[t]) for gate in (_dma, _mmio)},
    binds=TSM,
    cite="M1 tdi_validate, to invalidate",
)
_MINE.rule(
    e.tdi_stop,
    set={gate[t]: ite(gate[t] == v, "none", gate[t]) for gate in (_dma, _mmio)},
    binds=TSM,
    cite="COV 09 COVG stop_interface",
)
_MINE.rule(e.tdi_unbind, set=_CLOSED, binds=TSM, cite="COV 07: after STOP_INTERFACE the TSM disables IOMMU and G-stage")
_MINE.rule(
    e.device_disconnect,
    each=[for_each(t, gate, ite(device_of(t) == d, "none", gate)) for gate in _CLOSED],
    binds=TSM,
    cite="COV 09: bound interfaces are stopped first",
)

_FROM_STREAM = Check(
    "over the TSM's Secure stream", Stream.secure_by_tsm(device_of(t)), "BLOCKED", "P63 §11.5; Arm RKZBHV: Locked and Secure"
)
_MINE.rule(
    e.dma,
    checks=[
        Check("T bit set", e.tbit, "BLOCKED", "P63 §11.2.1; private memory takes no T=0 request"),
        Check(_FROM_STREAM.name, e.tbit.implies(_FROM_STREAM.term), "BLOCKED", _FROM_STREAM.cite),
        Check("DMA gate open", _dma[t] == v, "BLOCKED", "M16; COV 05"),
    ],
    binds=ROOT_COMPLEX,
    cite="M16: the IOMMU blocks until the guest validates",
)
_MINE.rule(
    e.mmio,
    checks=[
        Check("MMIO gate open", _mmio[t] == v, "FAULT", "M16: the RMP blocks until the guest validates"),
        Check(_FROM_STREAM.name, _FROM_STREAM.term, "FAULT", "P63 §11.5; Arm RDVKPF: rejected, not downgraded"),
    ],
    binds=ROOT_COMPLEX,
    cite="M16; Arm RDVKPF",
)
_MINE.rule(
    e.mmio_untrusted,
    checks=[Check("not private", _mmio[t] == "none", "FAULT", "AMD: host access to private MMIO is an RMP fault")],
    binds=ROOT_COMPLEX,
    cite="AMD RMP",
)
