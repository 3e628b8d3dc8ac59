"""The flows that ship with the tool."""

from __future__ import annotations

from ..language import ModelError, nearest
from .cove_io import COVE_IO
from .flow import Flow
from .sev_tio import SEV_TIO_GUEST_RUN, SEV_TIO_HOST_RUN

FLOWS: dict[str, Flow] = {f.name: f for f in (SEV_TIO_HOST_RUN, SEV_TIO_GUEST_RUN, COVE_IO)}


def flow(name: str) -> Flow:
    """A flow by name. Raises `ModelError` with the nearest names when there is none."""
    if name not in FLOWS:
        raise ModelError(f"there is no flow {name!r}{nearest(name, FLOWS)}")
    return FLOWS[name]
