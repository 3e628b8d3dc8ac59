"""Flows without TDISP: a link that is protected, or a device that is merely authenticated."""

from __future__ import annotations

from .flow import Flow

IDE_ONLY = Flow(
    name="ide-only",
    summary="IDE without TDISP: the device is connected and its stream Secure, no TDI is ever bound",
    choices={"bind_requires": "secure"},
    cite="M1, M13, M16: IDE is useful alone",
    aspects=("lifecycle", "ide", "spdm", "channel", "resources"),
)

CMA_ONLY = Flow(
    name="cma-only",
    summary="native CMA: the host's operating system authenticates the device, there is no TSM",
    choices={
        "accept_by": "decision",
        # evidence
        "has_tsm": False,
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
    aspects=("evidence", "spdm"),
)
