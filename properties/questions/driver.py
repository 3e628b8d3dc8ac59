"""Drivers, boot devices, secrets, and the shape of the whole."""

from __future__ import annotations

from .question import Question, probes

QUESTIONS = (
    Question("Q67", "M8 Williams", "Is a driver in shared mode before acceptance safe: does the device reach no private page?"),
    Question("Q68", "M12 Cameron", "Is driver state that an unverified device may have spoilt cleared before private use?"),
    Question("Q69", "M1, M16 Kardashevskiy", "Is the switch from bounce buffers to direct DMA atomic, with no mapping of the old mode left?"),
    Question("Q70", "M16 Kardashevskiy", "Can a root disk be used in shared mode first and privately later, without unmounting it?"),
    Question("Q71", "M17 Ortiz", "Are secrets withheld until attestation, where the kernel accepts a device provisionally before it?"),
    Question("Q72", "M6 Kardashevskiy, M7 Cameron", "When verification fails after the boot disk is in use, is access revoked, and what has leaked by then?"),
    Question("Q73", "M1, M16 Kardashevskiy against M17 Ortiz", "Are panic and reject equally safe when verification fails?"),
    Question("Q74", "M12 Cameron", "Is a device that is not allocated to a TVM out of reach for it?"),
    Question("Q75", "M19 Ortiz, M20 Williams", "Does it take both the host's allocation and the guest's acceptance to use a device?",
             probes("in-use-only-if-bound-and-accepted"), ("tsm", "root_complex"),
             yes="Either can refuse, neither can do without the other.", no="One of the two is not needed."),
    Question("Q76", "M7 Cameron, M10 Williams", "When a PF is bound to a TVM, are its VFs bound to the same one or to none?"),
    Question("Q77", "M15 Ortiz", "Does every private mapping lead to the MMIO range that the report names, in its order?"),
    Question("Q78", "M1 Kardashevskiy; CoVE-IO", "Does a TDI ever have one TVM only?",
             (*probes("a-tdi-has-one-tvm", "no-cross-tvm-dma"),), ("tsm", "root_complex"),
             yes="Gates and binding are for one TVM.", no="Two TVMs share a TDI."),
    Question("Q79", "M1 Kardashevskiy", "Is info, verify, accept the only order?",
             probes("accept-only-after-verification"), ("guest",), yes="A guest that keeps its checks accepts in this order only.", no="Another order is possible."),
    Question("Q80", "M1 Kardashevskiy against M4 Wunner", "Is it safe to connect while a host driver is using the device: does enabling IDE lose nothing in flight?"),
    Question("Q81", "M13 Ortiz, M14 Kardashevskiy", "Is a TDI bound only after its device was connected, and does disconnecting take care of all its TDIs?"),
    Question("Q82", "M6, M16 Kardashevskiy", "Does an unverified device never get private DMA by default?"),
    Question("Q83", "M20 Williams", "Do the flows offer the guest one contract: locked, evidence, started, DMA on, stopped?"),
)  # fmt: skip
