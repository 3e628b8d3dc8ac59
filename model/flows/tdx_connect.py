"""Intel TDX Connect."""

from __future__ import annotations

from .flow import Flow

TDX_CONNECT = Flow(
    name="tdx-connect",
    summary="Intel TDX Connect: the guest's call authorises the start for a bind session, the host then has it sent",
    choices={
        "lock_by": "guest_request",
        "run_by": "guest_request",
        "accept_by": "decision",
        "tsm_consent": True,
        "epoch_bind": "tsm",
        "bind_requires": "secure",
        "disconnect_bound": "reject",
        "dma_gate_needs": "locked",
        "gate_order": "mmio_first",
        # resources
        "bind_by": "guest",
        "reclaim_bound": "error",
        "memory_reuse": "refcount",
        # ide
        "go_order": "root_port_first",
        "stream_block": True,
        # spdm
        "heartbeats": True,
    },
    cite="TDX module sources (2023, tdxio); guest driver and OpenHCL validator 2026; M20",
    decided_by=("epoch_bind",),
)
