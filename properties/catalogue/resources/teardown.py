"""Taking back: disconnect, death of a TVM, removal of a device, and what must be possible then."""

from __future__ import annotations

from ....model.language import FALSE, Check, after, forall, implies, neg
from ....model.language.mutate import AddCheck, DropCheck, DropUpdate
from ....model.world.resources import events as e
from ....model.world.resources.host import nothing_bound
from ....model.world.resources.state import Device, Gate, Tdi, Tsm, Tvm, first_of
from ....model.world.vocabulary import d, device_of, t, u, v
from ...formulas import AlwaysPossible, Invariant, Sometimes, StepLaw
from ...property import Kill, Property, Witness
from ...steps import occurs
from ..promise import only_if

_DISCONNECTS = (occurs(e.device_disconnect, d=d), occurs(e.preempt, d=d))
_GONE = neg(Device.present[device_of(t)])
_NO_GATES = (Gate.dma[t] == "none") & (Gate.mmio[t] == "none")

PROPERTIES = (
    only_if(
        "disconnect-leaves-nothing-behind",
        "When a device has been disconnected, nothing of it is bound or locked, and no gate of it is open.",
        _DISCONNECTS,
        after(forall(t, (device_of(t) == d).implies((Tsm.bound[t] == "none") & neg(Tdi.locked()) & _NO_GATES))), over=(d,),
        protects="guest", binds="TSM", cite="COV 07, COV 09 disconnect_device; Linux TSM core: unbind_all, then disconnect",
        if_violated="The stream goes to another device while a TVM's gate is open. What comes over it next meets an open door.",
        if_holds="Disconnecting unbinds everything, or is refused. The next owner of the stream starts from nothing.",
        kill=Kill((DropUpdate("gate", "device_disconnect", "gate.dma"),), "linux-tsm"),
    ),
    Property(
        id="no-gate-into-freed-memory",
        says="No gate of a TDI leads into memory of a TVM that was given back to the host.",
        formula=Invariant(implies(Tvm.life[v] == "NONE", (Gate.dma[t] != v) & (Gate.mmio[t] != v))),
        over=(t, v),
        protects="host",
        binds="TSM",
        cite="list debate 2025: TVM dies while bound; TDX module sources; TF-RMM realm destroy",
        if_violated="A device goes on writing into memory that belongs to somebody else now. The TVM that accepted it is no more.",
        if_holds="Whoever gets the memory of a dead TVM is out of reach of its devices. It does not matter in which order the host's files close.",
        witness=Witness((Tvm.life[v] == "DEAD") & (Gate.dma[t] == v)),
        kill=Kill((DropCheck("tsm", "tvm_reclaim", "no TDI bound"),), "tdx-connect"),
    ),
    Property(
        id="memory-goes-back-only-when-all-is-unbound",
        says="The memory of a dead TVM goes back to the host only when no TDI is bound to the TVM any more.",
        formula=StepLaw(occurs(e.tvm_reclaim, v=v), forall(t, Tsm.bound[t] != v)),
        over=(v,),
        protects="host",
        binds="TSM",
        cite="TDX module sources: references of devices block teardown; TF-RMM: realm destroy",
        if_violated="TDIs outlive the TVM that they are bound to. A fence, or the host, must keep them from its memory.",
        if_holds="Unbinding comes first, and then the memory. No fence is needed.",
        witness=Witness(occurs(e.tvm_reclaim, reply=None, v=v)),
        kill=Kill((DropCheck("tsm", "tvm_reclaim", "no TDI bound"),), "tdx-connect"),
    ),
    only_if(
        "a-new-tvm-starts-with-nothing",
        "A TVM starts with no TDI bound to it and no gate open into its memory.",
        occurs(e.tvm_create, v=v), forall(t, (Tsm.bound[t] != v) & (Gate.dma[t] != v) & (Gate.mmio[t] != v)), over=(v,),
        protects="guest", binds="TSM", cite="AMD ASID fence and its clearing (names only); [D]",
        if_violated="A device of an earlier TVM of the same identity comes with a new one. It reaches memory of a guest that never accepted it.",
        if_holds="An identity is given out again only when nothing hangs on it. Earlier acceptance does not carry over.",
        kill=Kill((DropCheck("tsm", "tvm_create", "identity free"),), "sev-tio-guest-run"),
    ),
    Property(
        id="a-removed-device-can-be-unbound",
        says="A TDI of a device that is gone can be unbound, without the device.",
        formula=AlwaysPossible(occurs(e.tdi_unbind, t=t), _GONE & (Tsm.bound[t] != "none")),
        over=(t,),
        protects="host",
        binds="TSM",
        cite="TDX module sources: stream blocked or CONFIG_UNLOCKED; AMD host driver: forced unbind",
        if_violated="A TDI that is not there holds on to its TVM for ever. Memory cannot be given back.",
        if_holds="No cooperation of the device is needed to let go of it. Surprise removal holds nobody.",
        witness=Witness(_GONE & (Tsm.bound[t] != "none")),
        kill=Kill((AddCheck("tdi", "out of reach", Check("device answers", FALSE, "NO_ANSWER")),), "linux-tsm"),
    ),
    Property(
        id="a-removed-device-can-be-disconnected",
        says="A device that is gone, and of which nothing is bound, can be disconnected, so that its stream is free.",
        formula=AlwaysPossible(
            occurs(e.device_disconnect, d=d), neg(Device.present[d]) & Tsm.connected[d] & nothing_bound(d)
        ),
        over=(d,),
        protects="host",
        binds="TSM",
        cite="Linux TSM core: disconnect on removal; TDX IDE stream block",
        if_violated="The stream of a device that is gone is lost to the pool. Enough removals, and nothing can be connected.",
        if_holds="The pool gets its stream back, device or no device. Surprise removal leaks nothing.",
        witness=Witness(neg(Device.present[d]) & Tsm.connected[d]),
        kill=Kill(
            (AddCheck("device", "device_disconnect", Check("device answers", Device.present[d], "NO_ANSWER")),), "linux-tsm"
        ),
    ),
    Property(
        id="a-running-tdi-can-be-unbound",
        says="A TDI in RUN can be unbound by the host.",
        formula=AlwaysPossible(occurs(e.tdi_unbind, t=t), (Tsm.bound[t] != "none") & (Tdi.state[t] == "RUN")),
        over=(t,),
        protects="host",
        binds="TSM",
        cite="COV 07: from RUN too; COV 09 leaves RUN out",
        if_violated="The host must break the TDI, by a reset or by taking MSE or BME away, before it gets it back. The guest cannot tell that from an attack.",
        if_holds="The host gets back what it lent, at any time. It needs no violence for it.",
        witness=Witness((Tsm.bound[t] != "none") & (Tdi.state[t] == "RUN")),
        kill=Kill((AddCheck("tsm", "tdi_unbind", Check("stopped", Tdi.state[t] != "RUN", "BAD_STATE")),), "linux-tsm"),
    ),
    Property(
        id="mmio-does-not-go-without-dma",
        says="When the MMIO mapping of a bound TDI has been taken from a TVM, its DMA gate is shut as well.",
        formula=StepLaw(occurs(e.reclaim_region, t=t), after(Gate.dma[t]) == "none"),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="COV 07: refuse, COV 09: unbind first; TDX: unmap refused; Arm, list debate 2025: silent loss",
        if_violated="The guest cannot reach its device any more, and the device goes on with its memory. Nobody can tell it to stop but the host.",
        if_holds="Taking the mapping back takes the device back, or is refused. No device runs on without its driver.",
        witness=Witness(occurs(e.reclaim_region, reply=None, t=t)),
        kill=Kill((DropUpdate("gate", "reclaim_region", "gate.dma"),), "cove-io"),
    ),
    only_if(
        "ide-off-stops-every-tdi",
        "When IDE is switched off for a device, or fails, none of its TDIs stays locked.",
        occurs(e.ide_off, d=d), after(forall(t, (device_of(t) == d).implies(neg(Tdi.locked())))), over=(d,),
        protects="guest", binds="device", cite="P63 §11.4.5; M7: a user switches IDE off",
        if_violated="A TDI runs on without a stream. It believes in a protection that is off.",
        if_holds="A user who saves on IDE ends every use of it in the same step. The guest sees ERROR.",
        kill=Kill((DropUpdate("tdi", "ide_off", "tdi.state"),), "linux-tsm"),
    ),
    only_if(
        "ide-off-shuts-the-gates",
        "When IDE is switched off for a device, or fails, the gates of its TDIs are shut by that.",
        occurs(e.ide_off, d=d), after(forall(t, (device_of(t) == d).implies(_NO_GATES))), over=(d,), protects="guest",
        binds="TSM", cite="the strict reading of M7: ERROR, and gates shut",
        if_violated="The gates stay open until the TDI is unbound. Only the lost stream and the TDI's ERROR keep requests out.",
        if_holds="Losing the stream shuts the gates. Nothing is left to rely on afterwards.",
    ),
    Property(
        id="a-reset-physical-function-takes-its-virtual-ones",
        says="After a function level reset of a physical function, neither it nor any of its virtual functions is locked.",
        formula=StepLaw(
            occurs(e.function_reset, t=t), after(forall(u, ((u == t) | (first_of(u) == t)).implies(neg(Tdi.locked(u)))))
        ),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.4.9",
        if_violated="A virtual function goes on over a physical function that was reset under it. Its state is not what was attested.",
        if_holds="Whoever has the physical function can stop all of its virtual functions. He cannot change them unseen.",
        witness=Witness(occurs(e.function_reset, t=t, where=Tdi.locked())),
        kill=Kill((DropUpdate("tdi", "function_reset", "tdi.state"),), "linux-tsm"),
    ),
    Property(
        id="error-is-left-without-ending-the-tvm",
        says="A TDI in ERROR can be unbound and unlocked while its TVM lives on.",
        formula=Sometimes(
            occurs(
                e.tdi_unbind,
                t=t,
                where=(Tsm.bound[t] == v)
                & (Tvm.life[v] == "ALIVE")
                & (Tdi.state[t] == "ERROR")
                & (after(Tdi.state[t]) == "CONFIG_UNLOCKED"),
            )
        ),
        over=(t, v),
        protects="guest",
        cite="M10: recover a TDI after an error; P63 §11.3.16",
        kill=Kill(
            (AddCheck("tdi", "stop", Check("not in ERROR", Tdi.state[t] != "ERROR", "INVALID_INTERFACE_STATE")),),
            "linux-tsm",
        ),
    ),
)  # fmt: skip
