"""Which TLPs a TDI takes and sends in each state (P63 §11.2, §11.2.1)."""

from __future__ import annotations

from ....model.language import conj, implies, neg
from ....model.language.mutate import DropCheck, DropWhen, SetUpdate
from ....model.world.choices.responder import ide_required
from ....model.world.responder import events as e
from ....model.world.responder.state import Stream, Tdi
from ....model.world.vocabulary import device_of, t
from ...formulas import Never, StepLaw
from ...property import Kill, Property, Witness
from ...steps import occurs
from ..promise import only_if
from .observations import ERROR, FLOW, RUN, UNLOCKED, accepts, sends, sends_any

_stream = device_of(t)
_SECURE = implies(ide_required, Stream.state[_stream] == "SECURE")
_MEMORY = ("read", "write", "translated", "page_request")
_COMPLETES = occurs(e.completion, t=t)

PROPERTIES = (
    only_if(
        "tbit-access-means-run-over-a-bound-stream",
        "A TDI takes T=1 accesses to TEE memory only in RUN, and only over a Secure stream that is bound to it.",
        accepts(target="tee", tbit=True), RUN & implies(ide_required, e.bound & _SECURE), over=(t,), protects="guest",
        binds="device",
        cite="P63 §11.2, §11.2.1; COV 05 T001 has it accepted in CONFIG_LOCKED as well (A-12: knob mmio_in_locked)",
        if_violated="A TLP that looks like the guest's reaches the TDI before the TDI runs, or over a stream of others.",
        if_holds="A T=1 access that takes effect came over the protected link of a running TDI.",
        kill=Kill((DropCheck("tdi", "access to TEE memory", "T=1 only over a bound stream"),), FLOW),
    ),
    only_if(
        "untrusted-access-to-tee-memory-only-unlocked",
        "A TDI that is locked or in ERROR takes no T=0 access to its TEE memory.",
        accepts(target="tee", tbit=False), UNLOCKED, over=(t,), protects="guest", binds="device",
        cite="P63 §11.2.1 (A-1: knob unlocked_mmio)",
        kill=Kill((DropCheck("tdi", "access to TEE memory", "T=0 only in CONFIG_UNLOCKED"),), FLOW),
    ),
    Property(
        id="no-untrusted-access-meets-a-secret",
        says="No T=0 access to TEE memory takes effect while the TDI holds a TVM's secret.",
        formula=Never(accepts(Tdi.holds[t] == "secret", target="tee", tbit=False)),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2: nothing confidential may be exposed in ERROR or CONFIG_UNLOCKED",
        if_violated="The host reads a TVM's data out of the TDI.",
        if_holds="Whatever way a lock ends, its data is out of the host's reach.",
        witness=Witness(Tdi.holds[t] == "secret"),
        kill=Kill((SetUpdate("tdi", "recover", Tdi.holds[t], Tdi.holds[t]),), FLOW, {"error_recovery": "automatic"}),
    ),
    only_if(
        "shared-memory-takes-tbit-only-in-run",
        "A TDI takes T=1 accesses to memory marked as non-TEE only in RUN.",
        accepts(target="non_tee", tbit=True), RUN, over=(t,), protects="guest", binds="device",
        cite="P63 §11.2 against §11.2.1, §11.3.22 (A-2: knob shared_range_tbit)",
        kill=Kill((DropCheck("tdi", "access to shared memory", "T=1 to shared memory"),), FLOW),
    ),
    Property(
        id="unshared-memory-is-private-again",
        says="A locked TDI takes T=0 accesses to the updatable range only between the request that shares it and the response that unshares it.",
        formula=StepLaw(accepts(target="updatable", tbit=False), UNLOCKED | (Tdi.sharing[t] != "tee")),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.22",
        witness=Witness(accepts(Tdi.sharing[t] == "to_tee", target="updatable", tbit=False)),
        kill=Kill(
            (
                SetUpdate("tdi", "set_mmio_attribute_response", Tdi.sharing[t], Tdi.sharing[t]),
                DropWhen("tdi", "access to shared memory"),
            ),
            FLOW,
        ),
    ),
    Property(
        id="locked-msix-table-is-private",
        says="Where LOCK_INTERFACE locked the MSI-X table, no T=0 access to table or PBA takes effect.",
        formula=Never(accepts(Tdi.msix_locked[t], target="msix", tbit=False)),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.8",
        witness=Witness(occurs(e.tlp_in, t=t, target="msix", tbit=False, reply="REJECTED")),
        kill=Kill((DropWhen("tdi", "access to shared memory"),), FLOW),
    ),
    Property(
        id="sent-tbit-memory-requests-only-in-run",
        says="A TDI sends T=1 memory requests, translated requests, page requests and T=1 interrupts only in RUN.",
        formula=StepLaw(sends_any(*_MEMORY, "msi", "msix", "translation_request", tbit=True), RUN),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2.1, §11.4.10",
        witness=Witness(sends(kind="read", tbit=True)),
        kill=Kill((DropCheck("tdi", "tlp_out", "page_request with T=1"),), FLOW),
    ),
    Property(
        id="no-dma-without-t-while-locked",
        says="A TDI that is locked or in ERROR sends no memory request, translated request or page request with T=0.",
        formula=StepLaw(sends_any(*_MEMORY, tbit=False), UNLOCKED),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2.1 (A-3: knob legacy_dma; OpenVMM lets a locked device go on unencrypted)",
        if_violated="A locked TDI still writes the host's memory. What a guest believes to be frozen goes on working for the host.",
        if_holds="With the lock, the TDI's legacy use is over.",
        witness=Witness(sends(kind="write", tbit=False)),
        kill=Kill((DropCheck("tdi", "tlp_out", "write with T=0"),), FLOW),
    ),
    Property(
        id="error-means-no-dma",
        says="A TDI in ERROR sends no memory request of any kind.",
        formula=Never((*sends_any(*_MEMORY, tbit=False, where=ERROR), *sends_any(*_MEMORY, tbit=True, where=ERROR))),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2",
        witness=Witness(ERROR),
        kill=Kill((DropCheck("tdi", "tlp_out", "read with T=1"), DropCheck("tdi", "tlp_out", "over a bound stream")), FLOW),
    ),
    Property(
        id="msi-is-never-a-tvms",
        says="A TDI sends MSI with T=0 only, and MSI-X with T=1 exactly where its table was locked and the TDI runs.",
        formula=StepLaw(
            (sends(kind="msi", tbit=True), sends(kind="msix")),
            conj(e.kind != "msi", (e.tbit & RUN & Tdi.msix_locked[t]) | (neg(e.tbit) & neg(RUN & Tdi.msix_locked[t]))),
        ),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2.1",
        witness=Witness(sends(kind="msix", tbit=True)),
        kill=Kill((DropCheck("tdi", "tlp_out", "msix with T=1"),), FLOW),
    ),
    Property(
        id="tbit-leaves-over-a-bound-stream",
        says="T=1 TLPs leave a TDI only over a stream that is bound to it: the Secure default stream, or a bound peer-to-peer stream.",
        formula=StepLaw(
            sends(tbit=True),
            (neg(ide_required) & (e.path != "p2p_stream"))
            | ((e.path == "default_stream") & _SECURE)
            | ((e.path == "p2p_stream") & (Tdi.p2p[t] != "none")),
        ),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2.1, §11.3.18",
        witness=Witness(sends(tbit=True, path="p2p_stream")),
        kill=Kill((DropCheck("tdi", "tlp_out", "over a bound stream"),), FLOW),
    ),
    only_if(
        "redirected-requests-pass-the-root-complex",
        "With ALL_REQUEST_REDIRECT nothing leaves over a peer-to-peer stream, and without it only translated requests do.",
        sends(path="p2p_stream"), neg(Tdi.redirect[t]) & (e.kind == "translated"), over=(t,), protects="peer",
        binds="device", cite="P63 §11.3.8, §11.3.18, §6.33.4",
        kill=Kill((DropCheck("tdi", "tlp_out", "ALL_REQUEST_REDIRECT"),), FLOW),
    ),
    Property(
        id="vendor-messages-only-with-t",
        says="A TDI that is locked or in ERROR exchanges vendor-defined messages only with T=1.",
        formula=StepLaw((accepts(target="vdm", tbit=False), sends(kind="vendor_message", tbit=False)), UNLOCKED),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2.1",
        witness=Witness(accepts(ERROR, target="vdm", tbit=True)),
        kill=Kill((DropCheck("tdi", "vendor's message", "T=1 unless unlocked"),), FLOW),
    ),
    Property(
        id="completions-count-in-run-only",
        says="The completion of a read that a TDI issued in RUN takes effect only while the TDI is in RUN.",
        formula=StepLaw(_COMPLETES, RUN | (UNLOCKED & (Tdi.holds[t] == "read"))),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2.1",
        witness=Witness(occurs(e.completion, t=t, where=RUN)),
        kill=Kill((DropCheck("tdi", "completion", "still in RUN"),), FLOW),
    ),
    Property(
        id="no-completion-of-an-earlier-run",
        says="A TDI takes no completion of a read that was issued before its last lock.",
        formula=Never(occurs(e.completion, t=t, where=Tdi.holds[t] == "late_read")),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2.1 asks for RUN only, §11.3.16 for reads done or aborted (knobs completion_match, dma_at_stop); CERT VU#404544",
        if_violated="Data that was read for the last owner, or that a switch held back, arrives in the memory of the next. The text does not exclude it.",
        if_holds="A completion belongs to the RUN in which it was asked for.",
        witness=Witness(Tdi.holds[t] == "late_read"),
    ),
)  # fmt: skip
