"""OpenVMM and Hyper-V."""

from __future__ import annotations

from .flow import Flow

HYPERV = Flow(
    name="hyperv",
    summary="OpenVMM / Hyper-V: the guest asks the host to bind and to start; no nonce and no lock epoch in the interface",
    choices={
        "run_by": "guest_request",
        "accept_by": "decision",
        "tsm_consent": False,
        "bind_requires": "keys",
        # responder
        "nonce_checked": False,
        "wrong_state": "unlocks",
        "legacy_dma": "also_locked",
    },
    cite="OpenVMM vm/devices/tdisp, tdisp.proto 2026",
    notes=(
        "The responder is the device as OpenVMM emulates it: no nonce, a request in the wrong state unbinds, and a locked "
        "device may go on unencrypted. It has no ERROR state of its own; the model keeps that of P63.",
    ),
)
