"""The rules of the Linux PCI/TSM core alone."""

from __future__ import annotations

from ..world.choices.evidence import GUEST_CHECKS
from .flow import Flow

LINUX_TSM = Flow(
    name="linux-tsm",
    summary="what the Linux PCI/TSM core itself makes sure of, whatever the platform's TSM does",
    choices={
        "lock_by": "guest_request",
        "run_by": "guest_request",
        "accept_by": "decision",
        "tsm_consent": False,
        "bind_requires": "keys",
        # resources
        "bind_by": "guest",
        "reclaim_bound": "force",
        "memory_reuse": "unchecked",
        # ide
        "rp_enable_by": "host",
        "connect_checks": "both",
        # channel
        "quiet_connect": False,
        # proxy
        "guest_calls": "carried",
        "state_source": "host",
        "force_reclaim": True,
        # evidence
        **dict.fromkeys(GUEST_CHECKS, False),
    },
    cite="Linux drivers/pci/tsm.c, Documentation/driver-api/pci/tsm.rst, 2025-2026",
    notes=(
        "The core accepts without asking whether evidence was read: every check of the guest is user space's.",
        "Mappings and memory are VFIO's and KVM's to order: the core checks nothing about them.",
    ),
)
