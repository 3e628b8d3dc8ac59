"""The flows that ship with the tool."""

from __future__ import annotations

from collections.abc import Collection

from ..language import ModelError, nearest
from ..world import ASPECTS, KNOBS
from ..world.choices import PARTIES
from ..world.choices.evidence import GUEST_CHECKS
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


def choices(aspects: Collection[str]) -> tuple[str, ...]:
    """The knobs of some aspects in which flows differ, or on which the argument of one turns: what vendors chose, but for whom
    to trust, and what a guest checks."""
    set_apart = {*GUEST_CHECKS, *(p.name for p in PARTIES)}
    found = []
    for knob in (k.name for k in KNOBS if k.name not in set_apart):
        having = [a for a in aspects if knob in ASPECTS[a].knobs]
        mine = [f for f in FLOWS.values() if any(a in f.aspects for a in having)]
        if len({f.knobs()[knob] for f in mine}) > 1 or any(knob in f.decided_by for f in mine):
            found.append(knob)
    return tuple(found)
