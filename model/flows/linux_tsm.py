"""The rules of the Linux PCI/TSM core alone."""

from __future__ import annotations

from .flow import Flow

LINUX_TSM = Flow(
    name="linux-tsm",
    summary="what the Linux PCI/TSM core itself makes sure of, whatever the platform's TSM does",
    choices={
        "run_by": "guest_request",
        "accept_by": "decision",
        "tsm_consent": False,
        "bind_requires": "keys",
        # proxy
        "guest_calls": "carried",
        "state_source": "host",
        "force_reclaim": True,
    },
    cite="Linux drivers/pci/tsm.c, Documentation/driver-api/pci/tsm.rst, 2025-2026",
)
