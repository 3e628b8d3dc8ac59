"""AMD SEV-TIO, as first proposed on the list (2023) and as in the public drivers of 2026."""

from __future__ import annotations

from .flow import Flow

SEV_TIO_HOST_RUN = Flow(
    name="sev-tio-host-run",
    summary="SEV-TIO as proposed in 2023: the host's bind takes the TDI to RUN, the guest validates afterwards",
    choices={
        "run_by": "host",
        "accept_by": "validate",
        "tsm_consent": False,
        "bind_requires": "keys",
        # evidence
        "meas_nonce": "host",
        "meas_digest_at_lock": "kept",
        "flags_told_by": "tsm",
        "check_state": False,
        "check_run": False,
        "check_link": False,
        "check_meas_nonce": False,
        "check_epoch": False,
        "on_failure": "panic",
        "driver_kept": True,
    },
    cite="M1, M14, M16; first public AMD host and guest drivers",
    decided_by=("p2p",),
    notes=(
        "tdi_validate is taken as one call that is also the guest's acceptance, as in M1 and M16.",
        "The guest compares what it is handed with the firmware's digests, as M4 and M14 propose; the state that it sees is "
        "the host's word.",
    ),
)

SEV_TIO_GUEST_RUN = Flow(
    name="sev-tio-guest-run",
    summary="SEV-TIO as of 2026: the guest accepts and asks the host for RUN, then has the gates opened",
    choices={
        "run_by": "guest_request",
        "accept_by": "decision",
        "tsm_consent": False,
        "bind_requires": "keys",
        # evidence
        "meas_nonce": "host",
        "meas_digest_at_lock": "kept",
        "flags_told_by": "tsm",
        "check_state": False,
        "check_run": False,
        "check_link": False,
        "check_meas_nonce": False,
        "check_report_digest": False,
        "check_epoch": False,
        "check_mmio_every_range": False,
        "check_undo": False,
    },
    cite="AMD host and guest drivers 2026; M20",
    decided_by=("host", "tsm_consent"),
    notes=(
        "The run flag of TDI_BIND is the host's to set: no check of the guest's consent was found in the public sources.",
        "The guest's checks are those of the guest driver of 2026-02: report bytes are not compared with the digest, a failed "
        "MMIO range is skipped, nothing is undone, and neither LOCKED nor RUN is learnt from the firmware. The report counter "
        "could be read again before acceptance (check_epoch).",
    ),
)
