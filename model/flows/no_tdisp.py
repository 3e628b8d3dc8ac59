"""Flows without TDISP: a link that is protected, or a device that is merely authenticated."""

from __future__ import annotations

from .flow import Flow

IDE_ONLY = Flow(
    name="ide-only",
    summary="IDE without TDISP: the device is connected and its stream Secure, no TDI is ever bound",
    choices={
        "tdisp": False,
        "bind_requires": "secure",
        # spdm
        "device_caps": "ide_only",
    },
    cite="M1, M13, M16: IDE is useful alone",
    notes=(
        "In spdm the device is taken to have no TEE-IO, so that P63 §6.33.3 alone governs its stream, which may outlive its session. "
        "lifecycle and ide take the stream down with its session, as P63 §11.4.5 asks of TEE-I/O devices; in ide, "
        "session_loss=next_keying is the other case.",
    ),
    aspects=("lifecycle", "ide", "spdm", "channel", "resources"),
)

CMA_ONLY = Flow(
    name="cma-only",
    summary="native CMA: the host's operating system authenticates the device, there is no TSM",
    choices={
        # spdm
        "has_tsm": False,
        "guest_cma": True,
        "claim": "passthrough",
        # evidence
        "accept_by": "decision",
        "policy": "host_cma",
        "meas_nonce": "verifier",
        **dict.fromkeys(
            (
                "check_state",
                "check_slot",
                "check_meas_digest",
                "check_meas_fresh",
                "check_report_digest",
                "check_flags",
                "check_link",
                "check_epoch",
                "check_run",
            ),
            False,
        ),
    },
    cite="Linux PCI/CMA series; M3, M4",
    notes=("Ownership is claimed by vfio-pci, for as long as a guest has the device; the guest may use CMA itself.",),
    aspects=("evidence", "spdm"),
)
