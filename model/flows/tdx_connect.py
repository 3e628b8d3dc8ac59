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
        # proxy
        "guest_requests": True,
        "guest_request_sent": "by_host",
        "response_routing": "one_way",
        "guest_answer": "on_collection",
        "failed_exchange": "waits",
        "lock_source": "any",
        "validity": "kept",
        "gate_state": "locked",
        "gate_close": "apart",
        "guest_close": "none",
        # evidence
        "meas_nonce": "tsm",
        "meas_digest_at_lock": "kept",
        "link_by": "tsm",
        "check_meas_nonce": False,
        "check_meas_fresh": False,
        "check_report_digest": False,
        "check_epoch": False,
        "check_undo": False,
    },
    cite="TDX module sources (2023, tdxio); guest driver and OpenHCL validator 2026; M20",
    decided_by=("epoch_bind",),
    notes=(
        "The attestation-info hash is that of the SPDM connection, so measurements may be from before the lock. That the guest "
        "compares the report's hash was not found in the public guest driver; the guest has no inverse of its accept calls.",
        "The guest driver notes the bind session id at lock; the OpenHCL validator reads it just before TDG.TDI.START "
        "(token_read=at_acceptance).",
        "At the message level the module of 2023 is followed, whose sources are public, together with the bind session id, which came later; what became of the former is not.",
    ),
)
