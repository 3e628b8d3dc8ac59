"""Drivers, boot devices, secrets, and the shape of the whole."""

from __future__ import annotations

from .question import Alike, Probe, Question, probes

QUESTIONS = (
    Question(
        "Q67", "M8 Williams", "Is a driver in shared mode before acceptance safe: does the device reach no private page?",
        probes("unaccepted-device-gets-no-private-dma", "no-untrusted-dma-into-private-memory", "private-driver-only-on-an-accepted-tdi"),
        ("root_complex", "guest"),
        yes="Until acceptance the driver bounces, and T=0 requests reach no private page.", no="A private page is in reach before acceptance.",
    ),
    Question(
        "Q68", "M12 Cameron", "Is driver state that an unverified device may have spoilt cleared before private use?",
        probes("driver-in-private-use-was-not-fed-by-an-unverified-device"), ("driver_kept", "reprobe"),
        yes="The driver is probed anew.", no="What a fake device fed the driver in shared mode lives on in private use.",
    ),
    Question(
        "Q69", "M1, M16 Kardashevskiy", "Is the switch from bounce buffers to direct DMA atomic, with no mapping of the old mode left?",
        probes("no-shared-mapping-survives-the-switch", "no-lock-under-a-driver"), ("driver_kept", "drains_shared"),
        yes="No mapping of the one mode is alive in the other.", no="Shared mappings are alive at the switch, or the lock comes under a driver that uses them.",
    ),
    Question(
        "Q70", "M16 Kardashevskiy", "Can a root disk be used in shared mode first and privately later, without unmounting it?",
        probes("device-in-use-can-become-private"), ("driver_kept",),
        yes="The driver goes over without being unbound.",
        no="The driver has to be unbound for the lock; besides, T=0 traffic stops at the lock, so the disk stalls.",
    ),
    Question(
        "Q71", "M17 Ortiz", "Are secrets withheld until attestation, where the kernel accepts a device provisionally before it?",
        probes("secret-only-to-a-device-verified-in-this-epoch"), ("secret_gate", "check_epoch", "epoch_bind"),
        yes="Acceptance alone releases nothing.", no="A provisional acceptance is enough for the secrets.",
    ),
    Question(
        "Q72", "M6 Kardashevskiy, M7 Cameron", "When verification fails after the boot disk is in use, is access revoked, and has nothing leaked by then?",
        probes("rejected-tdi-has-no-open-gate", "rejected-device-has-had-no-secret"), ("secret_gate", "on_failure"),
        yes="Gates are shut, and no secret was within reach.", no="What was written to the device before the verdict is its to keep.",
    ),
    Question(
        "Q73", "M1, M16 Kardashevskiy against M17 Ortiz", "Are panic and reject equally safe when verification fails?",
        (
            Probe("rejected-tdi-has-no-open-gate", {"on_failure": "panic"}), Probe("rejected-tdi-has-no-open-gate", {"on_failure": "reject"}),
        ),
        ("host", "check_undo"),
        yes="Either way the rejected TDI has shut gates; only panic takes the guest with it.", no="One of them leaves a gate open.",
    ),
    Question(
        "Q74", "M12 Cameron", "Is a device that is not allocated to a TVM out of reach for it?",
        probes("allocation-is-the-gate"), ("root_complex", "tsm"),
        yes="Not allocated, nothing reachable.", no="A TVM reaches a TDI that it was not given.",
    ),
    Question(
        "Q75", "M19 Ortiz, M20 Williams", "Does it take both the host's allocation and the guest's acceptance to use a device?",
        probes("in-use-only-if-bound-and-accepted"), ("tsm", "root_complex"),
        yes="Either can refuse, neither can do without the other.", no="One of the two is not needed.",
    ),
    Question(
        "Q76", "M7 Cameron, M10 Williams", "When a PF is bound to a TVM, are its VFs bound to the same one or to none?",
        (Probe("physical-and-virtual-functions-are-one-tvms", {}, {"device": 1, "tdi": 2}),), ("pf_vf", "host"),
        yes="PF and VF are one TVM's.", no="The owner of the PF can reset and reconfigure another TVM's VF (which takes it to ERROR).",
    ),
    Question(
        "Q77", "M15 Ortiz", "Does every private mapping lead to the MMIO range that the report names, in its order?",
        probes("mmio-in-private-use-is-mapped-as-reported"), ("check_mmio_every_range", "host"),
        yes="Every range is where the report has it.", no="A range is mapped wrongly, or its failure is passed over, and the driver uses it.",
    ),
    Question(
        "Q78", "M1 Kardashevskiy; CoVE-IO", "Does a TDI ever have one TVM only?",
        (
            Probe("a-tdi-has-one-tvm", {}, {"tvm": 2}), Probe("no-cross-tvm-dma", {}, {"tvm": 2}), Probe("assignment-is-exclusive"),
            Probe("no-handover-without-unbind"),
        ),
        ("tsm", "root_complex"),
        yes="Gates and binding are for one TVM.", no="Two TVMs share a TDI.",
    ),
    Question(
        "Q79", "M1 Kardashevskiy", "Is info, verify, accept the only order?",
        probes("accept-only-after-verification", "runs-only-after-evidence-was-read"), ("guest", "run_by", "tsm_consent"),
        yes="A guest that keeps its checks accepts in this order only, and nothing runs before.",
        no="The guest keeps its order, but the TDI may be in RUN before the guest has read anything.",
    ),
    Question(
        "Q80", "M1 Kardashevskiy against M4 Wunner",
        "Is it safe to connect while a host driver is using the device: does enabling IDE lose nothing in flight?",
        probes("enabling-ide-loses-nothing", "connect-spares-drivers-of-the-host"), ("quiet_connect", "connect_in_use", "host"),
        yes="The switch is transparent, or waits for the driver.",
        no="Plain TLPs are lost between the enabling of the two ports: the driver's transfer fails.",
    ),
    Question(
        "Q81", "M13 Ortiz, M14 Kardashevskiy",
        "Is a TDI bound only after its device was connected, and does disconnecting take care of all its TDIs?",
        probes("bind-needs-connect", "disconnect-leaves-nothing-behind"), ("disconnect_bound", "tsm"),
        yes="Connect comes first, and disconnect leaves nothing bound or open.", no="A TDI outlives its device's connection.",
    ),
    Question(
        "Q82", "M6, M16 Kardashevskiy", "Does an unverified device never get private DMA by default?",
        probes("unaccepted-device-gets-no-private-dma", "accept-only-after-verification"), ("guest", "policy"),
        yes="Bounce buffers are the default until acceptance, which needs verification.", no="Private DMA is given to whoever asks.",
    ),
    Question(
        "Q83", "M20 Williams", "Do the flows offer the guest one contract: locked, evidence, started, DMA on, stopped?",
        (
            *probes("run-only-after-accept", "dma-gate-opens-only-after-accept", "accepted-evidence-is-of-this-epoch",
                    "guest-uses-only-what-the-record-says-runs", "a-guest-can-stop-its-tdi"),
        ),
        ("tsm_consent", "epoch_bind", "guest_stop", "state_source"),
        yes="Every promise of that contract is kept, and its milestones come as in CoVE-IO.",
        no="Some promise is not kept, or the milestones come otherwise: which, says the verdict.",
        alike=(Alike("cove-io", ("contract",), "traces"),),
    ),
)  # fmt: skip
