"""The gates of the root complex: whose they are, and when they must be shut."""

from __future__ import annotations

from ....model.language import after, exists, implies, neg
from ....model.language.mutate import DropCheck, DropUpdate, DropWhen
from ....model.world.lifecycle import events as e
from ....model.world.lifecycle.state import Device, Gate, Guest, Peer, Stream, Tdi, Tsm
from ....model.world.vocabulary import device_of, t, v
from ...formulas import Invariant, Never, StepLaw
from ...property import Kill, Property, Witness
from ...steps import occurs
from ..promise import only_if
from .observations import DMA_REACHES_PEER, DMA_REACHES_TVM

_ANY_GATE = (Gate.dma[t] != "none") | (Gate.mmio[t] != "none")

PROPERTIES = (
    Property(
        id="gates-closed-before-reuse",
        says="A gate of a TDI is open only for the TVM to which the TDI is bound.",
        formula=Invariant(
            implies(Gate.dma[t] != "none", Gate.dma[t] == Tsm.bound[t])
            & implies(Gate.mmio[t] != "none", Gate.mmio[t] == Tsm.bound[t])
        ),
        over=(t,),
        protects="guest",
        cite="COV 07; M1: exclusive assignment",
        if_violated="The TDI can be given to somebody else while it still reaches the memory of the former TVM. Teardown left a gate behind.",
        if_holds="Both gates are shut before the TDI can belong to anybody else. Teardown in any order leaves none behind.",
        witness=Witness(_ANY_GATE),
        kill=Kill((DropUpdate("gate", "tdi_unbind", "gate.dma"),), "sev-tio-host-run"),
    ),
    only_if(
        "no-cross-tvm-dma",
        "A T=1 memory request reaches private memory only of the TVM to which the TDI is bound.",
        occurs(e.dma, t=t, v=v, tbit=True), Tsm.bound[t] == v, over=(t, v), protects="other TVM",
        cite="COV 05: exclusive assignment",
        if_violated="A TDI of one TVM reaches the memory of another. Isolation between TVMs is gone.",
        if_holds="Only the memory of the TVM that has the TDI is in its reach. Another TVM is safe, whatever the TDI sends.",
        kill=Kill((DropUpdate("gate", "tdi_unbind", "gate.dma"),), "sev-tio-host-run", topology={"tvm": 2}),
    ),
    only_if(
        "private-dma-only-over-the-tsms-stream",
        "A T=1 memory request reaches private memory only over a Secure IDE stream with keys of the TSM that the host does not know.",
        DMA_REACHES_TVM, Stream.secure_by_tsm(device_of(t)) & neg(Stream.known_to_host[device_of(t)]), over=(t,),
        protects="guest", cite="P63 §11.2.1, §11.5; Arm RKZBHV",
        if_violated="Requests are taken from a link that somebody else can read and forge. The attacker needs no device any more.",
        if_holds="What reaches private memory came from the device at the far end of the TSM's stream. The fabric can drop it, not forge it.",
        kill=Kill((DropCheck("gate", "dma", "over the TSM's Secure stream"),), "sev-tio-host-run"),
    ),
    Property(
        id="no-untrusted-dma-into-private-memory",
        says="No T=0 memory request of a TDI reaches private memory.",
        formula=Never(occurs(e.dma, t=t, tbit=False)),
        over=(t,),
        protects="guest",
        cite="P63 §11.2.1; M8: shared mode is for shared memory",
        if_violated="Traffic that no TEE vouches for reaches private memory. The T bit protects nothing.",
        if_holds="T=0 traffic ends at the root complex. A TDI in shared mode, or a fake one, reaches shared memory only.",
        witness=Witness(occurs(e.dma, t=t, tbit=False, reply=None)),
        kill=Kill((DropCheck("gate", "dma", "T bit set"),), "sev-tio-host-run"),
    ),
    Property(
        id="no-open-gate-on-an-unlocked-tdi",
        says="No gate of a TDI is open while the TDI is in CONFIG_UNLOCKED.",
        formula=Invariant(implies(Tdi.state[t] == "CONFIG_UNLOCKED", neg(_ANY_GATE))),
        over=(t,),
        protects="guest",
        cite="the strict reading of: gates close before a TDI can be reused",
        if_violated="A reset unlocks the TDI at once, and the gates learn of it only at unbind. In between only T bit and stream keep it out.",
        if_holds="A TDI that lost its lock has lost its gates as well. The root complex learns of every unlock in time.",
        witness=Witness(_ANY_GATE),
    ),
    Property(
        id="no-peer-to-peer-before-both-accept",
        says="A peer-to-peer request takes effect only when one and the same TVM has accepted sender (in its current epoch) and receiver.",
        formula=StepLaw(
            DMA_REACHES_PEER,
            exists(v, (Tsm.bound[t] == v) & (Guest.accepted[v, t] == "current") & (Peer.trusted_by == v)),
        ),
        over=(t,),
        protects="peer",
        cite="M18: except may be P2P",
        if_violated="A TDI writes into an accepted peer without being accepted itself. The root complex never saw the request.",
        if_holds="Peer-to-peer traffic flows only between devices of one TVM that it has accepted both. The bypass of the gates is no bypass of the guest.",
        witness=Witness(DMA_REACHES_PEER, {"p2p": True}),
        kill=Kill(
            (DropWhen("peer", "peer_accept"), DropCheck("tsm", "bind_p2p", "peer-to-peer allowed")), "sev-tio-host-run"
        ),
    ),
    Property(
        id="no-open-gate-without-a-session",
        says="A gate of a TDI is open only while the TSM's SPDM session with the device lives.",
        formula=Invariant(implies(_ANY_GATE, Device.tsm_session[device_of(t)])),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="M1 device_reclaim; COV 07: disconnect unbinds first",
        if_violated="The session can end behind the TSM's back, and the gates it opened stay as they are. In between only the lost stream keeps the TDI out.",
        if_holds="The end of the session is the end of the gates. No gate outlives what it rests on.",
        witness=Witness(_ANY_GATE),
    ),
    Property(
        id="no-open-gate-on-a-tdi-in-error",
        says="No gate of a TDI is open while the TDI is in ERROR.",
        formula=Invariant(implies(Tdi.state[t] == "ERROR", neg(_ANY_GATE))),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="TF-RMM: ERROR leaves DMA enabled until UNLOCK; P63 §11.2",
        if_violated="The gates stay open while the TDI is in ERROR, until somebody unbinds it. That nothing passes them is up to the device, which sends no T=1 request in ERROR.",
        if_holds="ERROR shuts the gates as well. A device that misbehaves in ERROR finds them closed.",
        witness=Witness(_ANY_GATE),
    ),
    Property(
        id="a-tdi-has-one-tvm",
        says="The two gates of a TDI are never open for two different TVMs.",
        formula=Invariant(implies((Gate.dma[t] != "none") & (Gate.mmio[t] != "none"), Gate.dma[t] == Gate.mmio[t])),
        over=(t,),
        protects="other TVM",
        binds="TSM",
        cite="M1: exclusive assignment; COV 05",
        if_violated="One TVM drives the TDI by MMIO while another's memory is in its reach. The first reads the second's memory through it.",
        if_holds="Who drives a TDI and whose memory it reaches is the same TVM. The TDI is no bridge between two.",
        witness=Witness((Gate.dma[t] != "none") & (Gate.mmio[t] != "none")),
        kill=Kill((DropUpdate("gate", "tdi_unbind", "gate.mmio"),), "sev-tio-guest-run", topology={"tvm": 2}),
    ),
    Property(
        id="stopping-shuts-the-gates",
        says="When the TSM takes a TDI out of a lock, both its gates are shut in the same step.",
        formula=StepLaw(
            (occurs(e.tdi_unbind, t=t), occurs(e.tdi_stop, t=t)),
            (after(Gate.dma[t]) == "none") & (after(Gate.mmio[t]) == "none"),
        ),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="M1 tdi_validate, to invalidate; COV 07: after STOP_INTERFACE the TSM disables IOMMU and G-stage",
        if_violated="The TDI is unlocked and a gate still open. Whoever locks it next finds the way to the TVM's memory.",
        if_holds="No unlock that the TSM makes leaves a gate behind. What other unlocks leave is seen by other properties.",
        witness=Witness(occurs(e.tdi_unbind, t=t, where=_ANY_GATE)),
        kill=Kill((DropUpdate("gate", "tdi_stop", "gate.dma"),), "cove-io"),
    ),
)  # fmt: skip
