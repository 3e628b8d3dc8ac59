"""AMD SEV-TIO, as first proposed on the list (2023) and as in the public drivers of 2026."""

from __future__ import annotations

from ..language import Value
from .flow import Flow

_IDE: dict[str, Value] = {
    # The host writes both Enable bits and drops what comes of it; at the end DEV_DISCONNECT comes before they are cleared.
    "rp_enable_by": "host",
    "connect_checks": "none",
    "ide_teardown": "session_first",
    "tee_limited": "endpoint",
}
"""Linux sev-dev-tsm.c."""

SEV_TIO_HOST_RUN = Flow(
    name="sev-tio-host-run",
    summary="SEV-TIO as proposed in 2023: the host's bind takes the TDI to RUN, the guest validates afterwards",
    choices={
        "run_by": "host",
        "accept_by": "validate",
        "tsm_consent": False,
        "bind_requires": "keys",
        # resources
        "bind_by": "host",
        "connect_policy": "eager",
        "probe_order": "after_connect",
        "driver_over_lock": "kept",
        "reclaim_bound": "force",
        "memory_reuse": "fence",
        # ide
        **_IDE,
        "enable_order": "root_port_first",
        # channel
        "quiet_connect": False,
        # spdm
        "ide_teardown": "session_first",
        # proxy
        "guest_calls": "carried",
        "state_source": "host",
        "force_reclaim": True,
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
        "The guest compares what it is handed with the firmware's digests, as M4 and M14 propose; the state that it sees is "
        "the host's word.",
        "tdi_validate is taken as one call that is also the guest's acceptance, as in M1 and M16.",
        "That the ASID fence shuts the gates of a dead TVM is taken from the names of the firmware's commands.",
    ),
)

SEV_TIO_GUEST_RUN = Flow(
    name="sev-tio-guest-run",
    summary="SEV-TIO as of 2026: the guest accepts and asks the host for RUN, then has the gates opened",
    choices={
        "lock_by": "guest_request",
        "run_by": "guest_request",
        "accept_by": "decision",
        "tsm_consent": False,
        "bind_requires": "keys",
        # resources
        "bind_by": "guest",
        "reclaim_bound": "force",
        "memory_reuse": "fence",
        # ide
        **_IDE,
        # channel
        "quiet_connect": False,
        # spdm
        "ide_teardown": "session_first",
        # proxy
        "guest_calls": "carried",
        "state_source": "host",
        "force_reclaim": True,
        "digest_check": False,
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
        "The guest's checks are those of the guest driver of 2026-02: report bytes are not compared with the digest, a failed "
        "MMIO range is skipped, nothing is undone, and neither LOCKED nor RUN is learnt from the firmware. The report counter "
        "could be read again before acceptance (check_epoch).",
        "The second public guest driver (2026-02) also ignored the status of SDTE_WRITE and left RUN and sDTE when accept failed: gate_status, failure_undone.",
        "The run flag of TDI_BIND is the host's to set: no check of the guest's consent was found in the public sources.",
        "That the ASID fence shuts the gates of a dead TVM is taken from the names of the firmware's commands.",
        "DEV_DISCONNECT and TDI_UNBIND have a FORCE flag; disconnect_bound=force is the host that uses it.",
    ),
)
