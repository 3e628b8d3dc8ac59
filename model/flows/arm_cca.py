"""Arm CCA device assignment: the present interface and the one before it."""

from __future__ import annotations

from .flow import Flow

ARM_CCA = Flow(
    name="arm-cca",
    summary="Arm CCA, RMM 2.0: the host locks and starts, the realm's calls open the gates if three nonces are unchanged",
    choices={
        "run_by": "host",
        "accept_by": "decision",
        "tsm_consent": False,
        "epoch_bind": "tsm",
        "bind_requires": "secure",
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
        "TF-RMM as it is: the digests of measurements and report survive a new lock, and the SPDM nonce is all zero "
        "(meas_digest_at_lock, report_digest_at_lock, meas_nonce).",
    ),
)

ARM_CCA_RSI = Flow(
    name="arm-cca-rsi",
    summary="Arm CCA before 1.1-alp16: the realm itself has the TDI locked and started",
    choices={
        "run_by": "guest_call",
        "accept_by": "decision",
        "tsm_consent": True,
        "bind_requires": "secure",
        # evidence
        "flags_by": "tsm",
        "link_by": "tsm",
        "check_meas_nonce": False,
        "check_meas_fresh": False,
        "check_epoch": False,
    },
    cite="RMM specification up to 1.1-alp12: RSI_RDEV_LOCK, RSI_RDEV_START, RSI_RDEV_STOP",
    notes=("Read in part only: gates and evidence are taken to be as in arm-cca.",),
)
