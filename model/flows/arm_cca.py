"""Arm CCA device assignment: the present interface and the one before it."""

from __future__ import annotations

from ..language import Value
from .flow import Flow

_IDE: dict[str, Value] = {"ide_keys": "shared", "refresh_checks": False}
"""TF-RMM dev_assign_ide_cmds.c: one key per direction for the three sub-streams; checks before a refresh are left to do."""

ARM_CCA = Flow(
    name="arm-cca",
    summary="Arm CCA, RMM 2.0: the host locks and starts, the realm's calls open the gates if three nonces are unchanged",
    choices={
        "run_by": "host",
        "accept_by": "decision",
        "tsm_consent": False,
        "epoch_bind": "tsm",
        "bind_requires": "secure",
        "disconnect_bound": "reject",
        "dma_gate_needs": "run",
        "mmio_gate_needs": "locked",
        "gate_order": "mmio_first",
        # resources
        "bind_by": "guest",
        "reclaim_bound": "force",
        "memory_reuse": "refcount",
        # ide
        **_IDE,
        # spdm
        "reset_after_end": True,
        "requester_nonce": "constant",
        "update_ends_session": True,
        # proxy
        "failed_exchange": "error",
        "lock_source": "unlocked",
        "gate_state": "run",
        "gate_completion": "rechecks",
        "gate_while_busy": "refused",
        "gate_close": "before_stop",
        # evidence
        "meas_nonce": "zero",
        "meas_digest_at_lock": "kept",
        "report_digest_at_lock": "kept",
        "flags_by": "tsm",
        "link_by": "tsm",
        "check_meas_nonce": False,
        "check_meas_fresh": False,
        "check_undo": False,
    },
    cite="TF-RMM, RMM 2.0-bet; Linux realm guest series 2026",
    decided_by=("epoch_bind",),
    notes=(
        "The nonce of GET_MEASUREMENTS is all zero, and harmless there, since the request is made inside the session.",
        "TF-RMM as it is: the digests of measurements and report survive a new lock, and the SPDM nonce is all zero "
        "(meas_digest_at_lock, report_digest_at_lock, meas_nonce).",
        "TF-RMM 9a7f8ef4 takes a failed STOP_INTERFACE for done, does not repeat the checks of VALIDATE_MAPPING, and enables DMA while "
        "VDEV_UNLOCK is pending: stop_failure, gate_completion, gate_while_busy.",
    ),
)

ARM_CCA_RSI = Flow(
    name="arm-cca-rsi",
    summary="Arm CCA before 1.1-alp16: the realm itself has the TDI locked and started",
    choices={
        "lock_by": "guest_call",
        "run_by": "guest_call",
        "accept_by": "decision",
        "tsm_consent": True,
        "bind_requires": "secure",
        "disconnect_bound": "reject",
        "gate_order": "mmio_first",
        "guest_stop": "stop",
        # resources
        "bind_by": "guest",
        "reclaim_bound": "force",
        "memory_reuse": "refcount",
        # ide
        **_IDE,
        # proxy
        "guest_requests": True,
        "failed_exchange": "error",
        "lock_source": "unlocked",
        "gate_state": "run",
        "gate_completion": "rechecks",
        "gate_while_busy": "refused",
        "gate_close": "before_stop",
        "guest_close": "stop",
        # evidence
        "flags_by": "tsm",
        "link_by": "tsm",
        "check_meas_nonce": False,
        "check_meas_fresh": False,
        "check_epoch": False,
    },
    cite="RMM specification up to 1.1-alp12: RSI_RDEV_LOCK, RSI_RDEV_START, RSI_RDEV_STOP",
    notes=("Read in part only: gates and evidence are taken to be as in arm-cca, without the nonces.",),
)
