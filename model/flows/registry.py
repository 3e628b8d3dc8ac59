"""The flows that ship with the tool."""

from __future__ import annotations

from ..language import ModelError, nearest
from .arm_cca import ARM_CCA, ARM_CCA_RSI
from .cove_io import COVE_IO
from .flow import Flow
from .hyperv import HYPERV
from .linux_tsm import LINUX_TSM
from .no_tdisp import CMA_ONLY, IDE_ONLY
from .sev_tio import SEV_TIO_GUEST_RUN, SEV_TIO_HOST_RUN
from .tdx_connect import TDX_CONNECT

FLOWS: dict[str, Flow] = {
    f.name: f
    for f in (
        SEV_TIO_HOST_RUN, SEV_TIO_GUEST_RUN, COVE_IO, TDX_CONNECT, ARM_CCA, ARM_CCA_RSI, LINUX_TSM, HYPERV, IDE_ONLY, CMA_ONLY,
    )
}  # fmt: skip


def flow(name: str) -> Flow:
    """A flow by name. Raises `ModelError` with the nearest names when there is none."""
    if name not in FLOWS:
        raise ModelError(f"there is no flow {name!r}{nearest(name, FLOWS)}")
    return FLOWS[name]
