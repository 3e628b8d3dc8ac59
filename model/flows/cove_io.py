"""CoVE-IO of RISC-V."""

from __future__ import annotations

from .flow import Flow

COVE_IO = Flow(
    name="cove-io",
    summary="RISC-V CoVE-IO: the host binds, the guest's call to the TSM starts the interface and opens the gates",
    choices={
        "run_by": "guest_call",
        "accept_by": "start",
        "tsm_consent": True,
        "bind_requires": "secure",
        # ide
        "rp_stop": "keeps",
    },
    cite="COV 05, 07, 09; M13, M15, M17",
    decided_by=("host",),
    notes=(
        "start_interface names a device interface and no lock epoch.",
        "COV 05 gives the root port's IDE capability to the TSM alone, while the sequence of COV 07 has the VMM enable it: "
        "it is taken to be the TSM's (rp_enable_by).",
    ),
)
