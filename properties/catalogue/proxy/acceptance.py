"""Before acceptance, at the message level: the promises of the lifecycle, with a host between every two messages."""

from __future__ import annotations

from ....model.language import after, implies
from ....model.language.mutate import DropCheck, SetUpdate
from ....model.world.choices.lifecycle import run_by
from ....model.world.proxy import events as e
from ....model.world.proxy.state import Gate, Guest, Message, Tsm
from ....model.world.vocabulary import LOCKED_STATES, t
from ...formulas import Invariant, Never
from ...property import Kill, Property, Witness
from ...steps import REFUSED, occurs
from ..promise import only_after, only_if
from .observations import ACCEPTS, ANY_TIME, EMITS, EPOCH_OF_THE_DEVICE, REACHES_MEMORY, REACHES_TDI, RUNS, opens

_MOVES_ON = Guest.wants_gate() & after(Guest.phase[t].in_("one_gate", "ready"))

_NO_EPOCH = (DropCheck("tsm", "gate_call", "epoch"), DropCheck("tsm", "gate_complete", "epoch"))
_NO_CONSENT = (DropCheck("tsm", "ask_start", "consent"), DropCheck("tsm", "ask_start", "epoch"))

PROPERTIES = (
    only_after(
        "carried-run-only-after-accept",
        "In a lock epoch, the device enters RUN only after the guest has accepted the TDI in that epoch.",
        RUNS, ACCEPTS, EPOCH_OF_THE_DEVICE, over=(t,), protects="guest", binds="TSM",
        cite="M15, M20: who may cause START_INTERFACE",
        if_violated="The host had START_INTERFACE sent on its own account, or spent an old consent on a new lock. The guest is not the cause of RUN.",
        if_holds="A START_INTERFACE that takes effect was wanted by the guest, in this epoch. Keeping the message does not move it to another.",
        kill=Kill(_NO_CONSENT, "tdx-connect"),
    ),
    only_after(
        "carried-dma-gate-only-after-accept",
        "In a lock epoch, the DMA gate is open only after the guest has accepted the TDI in that epoch, message by message.",
        opens(Gate.dma[t]), ACCEPTS, EPOCH_OF_THE_DEVICE, over=(t,), protects="guest", binds="TSM", cite="M16, M17; COV 05",
        if_violated="The host kept the guest's message and relocked the TDI, or the gate was still open when the lock came. The acceptance of one epoch opened the gate of the next.",
        if_holds="A gate message counts in the epoch for which it was sent, or not at all. A relock between any two messages closes the way.",
        kill=Kill(_NO_EPOCH, "arm-cca"),
    ),
    only_after(
        "carried-mmio-gate-only-after-accept",
        "In a lock epoch, the MMIO gate is open only after the guest has accepted the TDI in that epoch, message by message.",
        opens(Gate.mmio[t]), ACCEPTS, EPOCH_OF_THE_DEVICE, over=(t,), protects="guest", binds="TSM", cite="M16, M17; COV 05",
        if_violated="The host relocked the TDI between the check of the guest's message and its completion, or between acceptance and message. "
        "Private MMIO reaches a configuration that nobody accepted.",
        if_holds="Check and use of a gate message lie in one epoch. A relock between any two messages closes the way.",
        kill=Kill((DropCheck("tsm", "gate_complete", "epoch"),), "arm-cca"),
    ),
    only_after(
        "carried-dma-emitted-only-after-accept",
        "In a lock epoch, the device sends no T=1 memory request before the guest has accepted the TDI in that epoch, whatever "
        "the host did to the messages.",
        EMITS, ACCEPTS, EPOCH_OF_THE_DEVICE, over=(t,), protects="guest", binds="TSM",
        cite="M15, M17, M19, M20 against M16, M18",
        if_violated="The TDI runs for nobody. What it sends ends at the gates, as far as they are shut.",
        if_holds="No T=1 request leaves the TDI before acceptance, even with a host between every two messages.",
        kill=Kill(_NO_CONSENT, "tdx-connect"),
    ),
    only_after(
        "carried-dma-effective-only-after-accept",
        "No T=1 memory request of the TDI reaches private memory before the guest has accepted it in the current lock epoch, "
        "whatever the host did to the messages.",
        REACHES_MEMORY, ACCEPTS, ANY_TIME, over=(t,), protects="guest", binds="TSM", cite="M16, M18",
        if_violated="A device that the guest has not accepted in this epoch is in its memory. START_INTERFACE and the gate came from messages of different epochs.",
        if_holds="Running device and open gate never meet in an epoch that the guest did not accept. Delay alone does not bring them together.",
        kill=Kill(_NO_EPOCH, "arm-cca"),
    ),
    only_after(
        "carried-mmio-reaches-only-after-accept",
        "No T=1 MMIO access reaches the TDI before the guest has accepted it in the current lock epoch, whatever the host did to the messages.",
        REACHES_TDI, ACCEPTS, ANY_TIME, over=(t,), protects="guest", binds="TSM", cite="M19; COV 05 T001",
        if_violated="The guest's driver writes to a configuration that the guest did not accept. It was told of one epoch, and talks to another.",
        if_holds="Every private access reaches the TDI as the guest accepted it. A relock under the driver faults.",
        kill=Kill(_NO_EPOCH, "arm-cca"),
    ),
    only_if(
        "carried-evidence-is-of-the-devices-epoch",
        "When the guest accepts the TDI, the evidence that it holds is of the lock epoch that the device is in.",
        ACCEPTS, Guest.evidence[t] == "current", over=(t,), protects="guest", binds="TSM",
        cite="M15, M17; TDX bind session id, Arm lock nonce",
        if_violated="The TDI was relocked after the guest had read, or the TSM has not learnt of the relock itself. The guest accepts what it has not seen.",
        if_holds="Evidence, decision and lock are of one epoch. A lock that the TSM has not learnt of cannot be accepted.",
    ),
    only_if(
        "guest-accepts-only-what-the-record-says-is-locked",
        "A guest accepts a TDI only while the TSM's record says CONFIG_LOCKED, or RUN where the host starts the TDI.",
        ACCEPTS, (Tsm.view[t] == "CONFIG_LOCKED") | ((run_by == "host") & Tsm.view[t].in_(*LOCKED_STATES)), over=(t,),
        protects="guest", binds="guest",
        cite="COV 07: the TVM accepts in CONFIG_LOCKED only; AMD: the state comes in a field of the host's",
        if_violated="The state that the guest saw was the host's to write. It accepted a TDI that is unlocked, in ERROR, or running already.",
        if_holds="The guest has seen the TSM's record. It may lag behind the device, not behind the host's wishes.",
        kill=Kill((DropCheck("guest", "accept", "state shown"),), "arm-cca"),
    ),
    only_if(
        "guest-uses-only-what-the-record-says-runs",
        "A guest begins to use a TDI only while the TSM's record says RUN.",
        occurs(e.use, t=t), Tsm.view[t] == "RUN", over=(t,), protects="guest", binds="guest",
        cite="COV 07: the TVM checks RUN after the start; AMD: not checked from a source that the guest can trust",
        if_violated="The host says RUN, and the guest's driver starts on a TDI that is not. Its first accesses fault or get lost.",
        if_holds="The guest's driver starts on a TDI that the TSM knows to run. The host's word is not needed.",
        kill=Kill((DropCheck("guest", "use", "state shown"),), "arm-cca"),
    ),
    Property(
        id="a-gate-that-the-guest-takes-for-open-was-opened",
        says="A guest takes a gate for open only after the TSM has opened it at the guest's message.",
        formula=Never(
            (
                occurs(e.host_answer, t=t, success=True),
                occurs(e.message_answer, t=t, where=(Message.stage[t] == "refused") & _MOVES_ON),
                occurs(e.gate_call, t=t, reply=REFUSED, where=_MOVES_ON),
            )
        ),
        over=(t,),
        protects="guest",
        binds="guest",
        cite="AMD guest driver, second public version: SDTE_WRITE status ignored; OpenVMM",
        if_violated="The guest goes on with a gate that was refused, or that nobody asked the TSM to open. What it believes to be private is not set up as such.",
        if_holds="A guest that believes in a gate has the TSM's word for it. Success is not the host's to give.",
        witness=Witness(Guest.phase[t] == "ready"),
        kill=Kill((SetUpdate("guest", "message_answer", Guest.phase[t], "ready"),), "sev-tio-host-run"),
    ),
    Property(
        id="no-gate-is-open-for-a-guest-that-has-not-accepted",
        says="No gate is open while the guest's acceptance does not stand.",
        formula=Invariant(implies(Guest.phase[t] == "outside", ~Gate.open())),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="M17; TDX: the guest has no inverse of accept",
        if_violated="The guest has left, and a gate has stayed. What the guest does not think of any more is still in the device's reach.",
        if_holds="Open gates belong to an acceptance that stands, or is being undone. Forgetting is not possible.",
        witness=Witness(Gate.open()),
        kill=Kill((SetUpdate("guest", "give_up", Guest.phase[t], "outside"),), "sev-tio-host-run"),
    ),
)  # fmt: skip
