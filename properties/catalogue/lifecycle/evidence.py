"""Evidence: which one was verified, and of which lock epoch."""

from __future__ import annotations

from ....model.language import after, exists, implies
from ....model.language.mutate import DropCheck, DropUpdate, DropWhen
from ....model.world.choices.lifecycle import accept_by, gate_order
from ....model.world.lifecycle import events as e
from ....model.world.lifecycle.state import Gate, Guest
from ....model.world.vocabulary import t, v
from ...formulas import After, Invariant, Never
from ...property import Kill, Property, Witness
from ...steps import Step, occurs
from ..promise import only_after, only_if
from .observations import ANY_EPOCH, MMIO_REACHES_TDI

_ACCEPT_BY: tuple[Step, ...] = (
    occurs(e.tdi_validate, t=t, v=v),
    occurs(e.tdi_accept, t=t, v=v),
    occurs(e.start_interface, t=t, v=v, where=accept_by == "start"),
)

PROPERTIES = (
    only_after(
        "accepted-evidence-is-of-this-epoch",
        "A guest accepts a TDI only with evidence that it read in the TDI's current lock epoch.",
        _ACCEPT_BY, occurs(e.tdi_info, t=t, v=v), ANY_EPOCH, over=(t, v), protects="guest",
        cite="M15, M17; Linux tsm.rst: the TSM must correlate evidence with RUN",
        if_violated="The host relocked the TDI between evidence and acceptance, and nothing told the guest. It accepts a configuration that nobody measured.",
        if_holds="What the guest verified is what it accepts. A relock in between is noticed.",
        kill=Kill((DropCheck("tsm", "tdi_validate", "epoch"),), "sev-tio-host-run", {"epoch_bind": "tsm"}),
    ),
    only_after(
        "accept-only-after-verification",
        "A guest accepts a TDI only after it has approved the evidence that it read last.",
        _ACCEPT_BY, occurs(e.verify, t=t, v=v), After(occurs(e.tdi_info, t=t, v=v), initially=True), over=(t, v),
        protects="guest", cite="M1, M17: info, verify, validate, in this order",
        if_violated="A device enters the TVM's trust that nobody looked at. Whatever it is, it now has private DMA.",
        if_holds="Reading, approving and accepting come in this order. A device whose evidence does not pass is never accepted.",
        kill=Kill((DropCheck("guest", "tdi_validate", "verified"),), "sev-tio-host-run"),
    ),
    Property(
        id="private-driver-only-on-an-accepted-tdi",
        says="A driver uses private memory only on a TDI whose acceptance stands and whose evidence was approved.",
        formula=Invariant(implies(Guest.driver[v, t] == "private", (Guest.accepted[v, t] != "none") & Guest.verified[v, t])),
        over=(t, v),
        protects="guest",
        cite="M1, M8: until then the driver uses shared memory",
        if_violated="A driver hands private memory to a device that is not, or no longer, accepted. Bounce buffers were left too early.",
        if_holds="Direct DMA starts after acceptance and ends before it is taken back. Until then the driver bounces.",
        witness=Witness(Guest.driver[v, t] == "private"),
        kill=Kill((DropCheck("guest", "tdi_revoke", "no private driver"),), "sev-tio-host-run"),
    ),
    Property(
        id="verified-means-evidence-held",
        says="A guest counts evidence as approved only while it holds some.",
        formula=Invariant(implies(Guest.verified[v, t], Guest.evidence[v, t] != "none")),
        over=(t, v),
        protects="guest",
        binds="guest",
        cite="M1, M17: info, verify, validate, in this order",
        if_violated="An approval outlives the evidence it was given for. It is spent on the next evidence, unseen.",
        if_holds="An approval belongs to evidence that is held. When the evidence goes, so does the approval.",
        witness=Witness(Guest.verified[v, t]),
        kill=Kill((DropWhen("guest", "verify"),), "sev-tio-host-run"),
    ),
    only_if(
        "a-new-lock-starts-from-nothing",
        "A guest that asks for a TDI to be locked keeps no evidence of an earlier lock.",
        occurs(e.tdi_request_lock, t=t, v=v), after(Guest.evidence[v, t]) == "none", over=(t, v), protects="guest",
        binds="guest", cite="Linux tsm.rst: evidence is collected after the lock",
        if_violated="The guest itself asked for another lock and goes on with what it knew of the last. It needs no hostile host to be wrong.",
        if_holds="Every lock that the guest asks for is looked at anew. Only a relock behind its back can deceive it.",
        kill=Kill((DropUpdate("guest", "tdi_request_lock", "guest.evidence"),), "sev-tio-guest-run"),
    ),
    only_if(
        "no-driver-at-acceptance",
        "A guest accepts a TDI only while none of its drivers is bound to it, and only if it has not accepted it already.",
        _ACCEPT_BY, (Guest.driver[v, t] == "none") & (Guest.accepted[v, t] == "none"), over=(t, v), protects="guest",
        binds="guest", cite="Linux TSM core: accept needs no driver bound",
        if_violated="The device changes from shared to private under a running driver. Buffers of the one kind are in flight as the other.",
        if_holds="Drivers come after acceptance or are bound anew. None lives through the change.",
        kill=Kill((DropCheck("guest", "tdi_validate", "no driver bound"),), "sev-tio-host-run"),
    ),
    only_if(
        "shared-drivers-only-before-acceptance",
        "A driver that uses shared memory is bound only to a TDI that the guest has not accepted, and no other driver is bound then.",
        occurs(e.driver_shared, t=t, v=v),
        (Guest.accepted[v, t] == "none") & (Guest.driver[v, t] == "none") & (after(Guest.driver[v, t]) == "shared"),
        over=(t, v), protects="guest", binds="guest",
        cite="M8: a driver in shared mode before acceptance is valid; P63 §11.2: T=0 requests need CONFIG_UNLOCKED",
        if_violated="A driver expects T=0 traffic of a TDI that is locked and sends none. It stalls, or two drivers share a device.",
        if_holds="Shared mode ends before acceptance begins. A TDI has one driver at a time.",
        kill=Kill((DropWhen("guest", "driver_shared"),), "sev-tio-host-run"),
    ),
    only_if(
        "revoking-takes-acceptance-back",
        "When a guest revokes or stops a TDI that it had accepted, its acceptance is gone.",
        (occurs(e.tdi_revoke, t=t, v=v), occurs(e.tdi_stop, t=t, v=v)),
        (after(Guest.accepted[v, t]) == "none") & (Guest.driver[v, t] != "private"), over=(t, v), protects="guest",
        binds="guest", cite="M1 tdi_validate, to invalidate; M17",
        if_violated="The guest believes that it still trusts a device whose gates it had shut. It opens them again without looking.",
        if_holds="What was taken back must be given anew, with new evidence. No private driver is left on the device.",
        kill=Kill((DropUpdate("guest", "tdi_revoke", "guest.accepted"),), "sev-tio-host-run"),
    ),
    Property(
        id="gates-open-in-the-flows-order",
        says="A guest has the two gates opened in the order that its flow prescribes, and a private driver comes after both.",
        formula=Never(
            (
                occurs(e.sdte_write, t=t, v=v, where=(gate_order == "mmio_first") & (Gate.mmio[t] != v)),
                occurs(e.mmio_validate, t=t, v=v, where=(gate_order == "dma_first") & (Gate.dma[t] != v)),
                occurs(
                    e.driver_private,
                    t=t,
                    v=v,
                    where=(Gate.mmio[t] != v) | (Gate.dma[t] != v) | (Guest.driver[v, t] != "none"),
                ),
            )
        ),
        over=(t, v),
        protects="guest",
        binds="guest",
        cite="AMD guest driver 2026: sDTE, MMIO; TDX and Arm guests: MMIO, start, DMA",
        if_violated="The device's DMA is let in before its MMIO is known to be the device's, or the other way round. A driver starts on half-opened paths.",
        if_holds="Drivers find both paths open, opened in the order in which their flow can undo them.",
        witness=Witness(occurs(e.driver_private, t=t, v=v)),
        kill=Kill((DropCheck("guest", "sdte_write", "in order"),), "arm-cca"),
    ),
    only_if(
        "private-mmio-only-by-a-private-driver",
        "Only a driver that uses private memory makes T=1 accesses to a TDI's MMIO.",
        MMIO_REACHES_TDI, exists(v, Guest.driver[v, t] == "private"), over=(t,), protects="guest", binds="guest",
        cite="M1, M8",
        if_violated="Something in the guest reaches a TDI privately that no driver has taken in hand. What it writes is lost on a device in shared mode.",
        if_holds="Private accesses come from private drivers. Whatever a shared driver writes is known to be visible to the host.",
        kill=Kill((DropCheck("guest", "mmio", "private driver"),), "sev-tio-host-run"),
    ),
)  # fmt: skip
