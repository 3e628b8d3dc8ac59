"""The rules of the Linux PCI/TSM core alone."""

from __future__ import annotations

from ..world.choices.evidence import GUEST_CHECKS
from .flow import Flow

LINUX_TSM = Flow(
    name="linux-tsm",
    summary="what the Linux PCI/TSM core itself makes sure of, whatever the platform's TSM does",
    choices={
        "run_by": "guest_request",
        "accept_by": "decision",
        "tsm_consent": False,
        "bind_requires": "keys",
        # evidence
        **dict.fromkeys(GUEST_CHECKS, False),
    },
    cite="Linux drivers/pci/tsm.c, Documentation/driver-api/pci/tsm.rst, 2025-2026",
    notes=("The core accepts without asking whether evidence was read: every check of the guest is user space's.",),
)
