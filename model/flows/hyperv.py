"""OpenVMM and Hyper-V."""

from __future__ import annotations

from ..world.choices.evidence import GUEST_CHECKS
from .flow import Flow

HYPERV = Flow(
    name="hyperv",
    summary="OpenVMM / Hyper-V: the guest asks the host to bind and to start; no nonce and no lock epoch in the interface",
    choices={
        "lock_by": "guest_request",
        "run_by": "guest_request",
        "accept_by": "decision",
        "tsm_consent": False,
        "bind_requires": "keys",
        # resources
        "bind_by": "guest",
        "reclaim_bound": "force",
        "memory_reuse": "unchecked",
        # proxy
        "guest_calls": "carried",
        "state_source": "host",
        "gate_answer": "host",
        "stop_failure": "ignored",
        "digest_check": False,
        # responder
        "nonce_checked": False,
        "wrong_state": "unlocks",
        "legacy_dma": "also_locked",
        # evidence
        **dict.fromkeys(GUEST_CHECKS, False),
    },
    cite="OpenVMM vm/devices/tdisp, tdisp.proto 2026",
    notes=(
        "No check of the guest was found in the interface or in its guest side; all are switched off.",
        "Who keeps the memory of a dead TVM while its device is bound was not found: taken to be nobody.",
        "The responder is the device as OpenVMM emulates it: no nonce, a request in the wrong state unbinds, and a locked "
        "device may go on unencrypted. It has no ERROR state of its own; the model keeps that of P63.",
    ),
)
