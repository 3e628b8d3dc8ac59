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
        "guest_stop": "unbind",
        # resources
        "bind_by": "host",
        "rebind_same": "busy",
        "reclaim_bound": "autounbind",
        "memory_reuse": "refcount",
        # ide
        "rp_stop": "keeps",
        # spdm
        "heartbeats": True,
        # proxy
        "guest_requests": True,
        "guest_close": "stop",
        # evidence
        "meas_nonce": "verifier",
        "check_epoch": False,
        # responder
        "mmio_in_locked": "accept",
    },
    cite="COV 05, 07, 09; M13, M15, M17",
    decided_by=("host",),
    notes=(
        "The guest makes every check of the specification's list; there is no mark of the lock epoch that it could compare.",
        "start_interface names a device interface and no lock epoch.",
        "COV 07 has the host unbind after the guest's stop_interface, COV 09 says that the TDI is unbound on return: guest_stop.",
        "COV 07 refuses to disconnect a device with bound TDIs, COV 09 stops them first: disconnect_bound.",
        "The text contradicts itself on disconnecting and reclaiming while bound: COV 07 refuses, COV 09 unbinds first "
        "(disconnect_bound, reclaim_bound); taken as in COV 09.",
        "COV 09 leaves RUN out of the states from which an interface is unbound, COV 07 has it (unbind_from_run); taken as in COV 07.",
        "What becomes of a dead TVM's interfaces is not spelled out (memory_reuse); taken as: its memory waits for them.",
        "COV 05 gives the root port's IDE capability to the TSM alone, while the sequence of COV 07 has the VMM enable it: "
        "it is taken to be the TSM's (rp_enable_by).",
        "start_interface names a device interface and no lock epoch.",
        "COV 05 (T001) has a device take T=1 accesses in CONFIG_LOCKED as in RUN; P63 §11.2 has them rejected until RUN.",
    ),
)
