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
        # responder
        "mmio_in_locked": "accept",
    },
    cite="COV 05, 07, 09; M13, M15, M17",
    decided_by=("host",),
    notes=(
        "start_interface names a device interface and no lock epoch.",
        "COV 05 (T001) has a device take T=1 accesses in CONFIG_LOCKED as in RUN; P63 §11.2 has them rejected until RUN.",
    ),
)
