"""Who has a device, and what others may have of it meanwhile."""

from __future__ import annotations

from ....model.language import FALSE, Check, after, exists, forall, implies
from ....model.language.mutate import AddCheck, DropCheck, DropUpdate, SetUpdate
from ....model.world.choices.resources import device_caps
from ....model.world.resources import events as e
from ....model.world.resources.state import Gate, Guest, Host, Port, Tdi, Tsm, Tvm, subordinate
from ....model.world.vocabulary import device_of, t, u, v, w
from ...formulas import AlwaysPossible, Invariant, Never, Sometimes, StepLaw
from ...property import Kill, Property, Witness
from ...steps import Step, occurs
from ..promise import only_if

_ANY_GATE = (Gate.dma[t] != "none") | (Gate.mmio[t] != "none")
_REFUSE = Check("never", FALSE)
_PF_AND_VF = {"device": 1, "tdi": 2}
_RELATED = subordinate(u, t) | subordinate(t, u)

PROPERTIES = (
    Property(
        id="assignment-is-exclusive",
        says="A gate of a TDI is open for no other TVM than the one to which the TDI is bound.",
        formula=Invariant(
            implies(Gate.dma[t] != "none", Gate.dma[t] == Tsm.bound[t])
            & implies(Gate.mmio[t] != "none", Gate.mmio[t] == Tsm.bound[t])
        ),
        over=(t,),
        protects="other TVM",
        binds="TSM",
        cite="M1; COV 05: accepted and exclusively assigned",
        if_violated="Somebody other than the owner can be reached, or reaches the device. Assignment is shared without anybody's consent.",
        if_holds="One TDI serves one TVM at a time. Host policy, preemption, removal and death do not change that.",
        witness=Witness(_ANY_GATE),
        kill=Kill((DropUpdate("gate", "tdi_unbind", "gate.dma"),), "linux-tsm"),
    ),
    Property(
        id="no-handover-without-unbind",
        says="A TDI never passes from one TVM to another in one step: it is unbound in between.",
        formula=Never(
            Step(
                None,
                {},
                None,
                (Tsm.bound[t] != "none") & (after(Tsm.bound[t]) != "none") & (after(Tsm.bound[t]) != Tsm.bound[t]),
            )
        ),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="Linux TSM core: another VM gets EBUSY; COV 09",
        if_violated="A second TVM gets a TDI with the first one's work still in it. Nothing was stopped or wiped in between.",
        if_holds="The second TVM is refused as long as the first has the TDI. Between them stands STOP_INTERFACE, or the loss of the session.",
        witness=Witness(occurs(e.tdi_bind, reply="ALREADY_BOUND", t=t)),
        # The device's own check of its state stands behind the TSM's: both must go.
        kill=Kill((DropCheck("tsm", "tdi_bind", "not bound"), DropCheck("tdi", "tdi_bind", "state")), "linux-tsm"),
    ),
    only_if(
        "binding-twice-changes-nothing",
        "Asking to bind a TDI to the TVM that has it, granted or refused, changes neither TDI nor gates.",
        occurs(e.tdi_bind, reply=None, t=t, v=v, where=Tsm.bound[t] == v),
        (after(Tdi.state[t]) == Tdi.state[t])
        & (after(Tsm.bound[t]) == v)
        & (after(Gate.dma[t]) == Gate.dma[t])
        & (after(Gate.mmio[t]) == Gate.mmio[t]),
        over=(t, v), protects="guest", binds="TSM", cite="Linux TSM core: 0 for the same VM",
        if_violated="The host relocks a TDI in use by asking for what it has already. The guest's acceptance now stands for another lock.",
        if_holds="Bind is idempotent, or refused. A new lock needs an unbind first.",
        kill=Kill((SetUpdate("tdi", "tdi_bind", Tdi.state[t], "CONFIG_LOCKED"),), "linux-tsm"),
    ),
    Property(
        id="physical-and-virtual-functions-are-one-tvms",
        says="A physical function and a virtual function of it are never bound to two different TVMs.",
        formula=Invariant(forall(u, (_RELATED & (Tsm.bound[t] != "none")).implies(Tsm.bound[u].in_("none", Tsm.bound[t])))),
        over=(t,),
        protects="other TVM",
        binds="TSM",
        cite="M7, M10; no rule found in P63 §11 or COV",
        if_violated="The TVM with the physical function resets and configures what another TVM uses. Each virtual function goes to ERROR by it, at best.",
        if_holds="Nobody shares a device with the one who configures it. A whole device goes to one TVM.",
        witness=Witness(exists(u, _RELATED) & (Tsm.bound[t] != "none"), topology=_PF_AND_VF),
        kill=Kill(
            (DropCheck("tsm", "tdi_bind", "function and subordinates of one TVM"),),
            "linux-tsm",
            {"pf_vf": "exclusive"},
            _PF_AND_VF,
        ),
    ),
    Property(
        id="without-tee-io-nothing-is-bound",
        says="A device that has IDE and no TEE-IO can be connected, and nothing of it is ever bound.",
        formula=Invariant(implies(device_caps == "ide_only", Tsm.bound[t] == "none")),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="M3, M13; Linux TSM core: functions are probed only if TEE capable",
        if_violated="A device that knows no TDISP counts as bound. No lock stands behind what the guest sees.",
        if_holds="IDE alone protects the link for the host. It makes nobody a TEE device.",
        witness=Witness((device_caps == "ide_only") & (Port.link[device_of(t)] == "SECURE"), {"device_caps": "ide_only"}),
        kill=Kill((DropCheck("tsm", "tdi_bind", "TEE-IO"),), "ide-only"),
    ),
    Property(
        id="allocation-is-the-gate",
        says="A TDI has to do with a TVM, by DMA or MMIO, private or shared, only when the host gave it to that TVM.",
        formula=StepLaw(
            (occurs(e.dma, t=t, v=v), occurs(e.dma_shared, t=t, v=v), occurs(e.mmio, v=v, t=t)),
            (Host.owner[t] == v) | (Tsm.bound[t] == v),
        ),
        over=(t, v),
        protects="guest",
        binds="root complex",
        cite="M12: only when allocated to a TVM, that acts as the gate",
        if_violated="A device that nobody handed out meets a TVM. Policy at allocation comes too late.",
        if_holds="What is not handed out reaches nobody. A policy of the host at allocation covers all that follows.",
        witness=Witness(occurs(e.dma_shared, t=t, v=v)),
        kill=Kill((DropCheck("gate", "dma_shared", "assigned"),), "linux-tsm"),
    ),
    Property(
        id="what-the-guest-sees-is-bound",
        says="A TDI that a guest sees as a TEE device is bound to its TVM.",
        formula=Invariant(implies((Host.owner[t] == v) & (Host.offer[t] == "TEE"), Tsm.bound[t] == v)),
        over=(t, v),
        protects="guest",
        binds="host",
        cite="M15, M16: hot plug and bind; COV 07",
        if_violated="The guest sees a TDI before it is bound, or after, and must be ready to find it so. Only what it asks the TSM counts.",
        if_holds="Seeing a TEE device means that the TSM has it bound. Hot plug binds first.",
        witness=Witness((Host.owner[t] == v) & (Host.offer[t] == "TEE") & (Tsm.bound[t] == v)),
        kill=Kill((DropCheck("host", "tdi_assign", "bound before it is seen"),), "cove-io", {"host": "honest"}),
    ),
    Property(
        id="legacy-tdis-stay-unlocked",
        says="A TDI that is assigned to a guest as an ordinary device stays in CONFIG_UNLOCKED.",
        formula=Invariant(
            implies((Host.owner[t] != "none") & (Host.offer[t] == "LEGACY"), Tdi.state[t] == "CONFIG_UNLOCKED")
        ),
        over=(t,),
        protects="guest",
        binds="host",
        cite="P63 §11.2: legacy assignment uses CONFIG_UNLOCKED",
        if_violated="The host has a TDI bound that a guest uses as an ordinary device. Its DMA stops, which is denial of service and no more.",
        if_holds="Who was given an ordinary device keeps one. Nobody locks it under its driver.",
        witness=Witness((Host.owner[t] != "none") & (Host.offer[t] == "LEGACY")),
        kill=Kill((DropCheck("host", "tdi_bind", "asked for"),), "linux-tsm", {"host": "honest"}),
    ),
    Property(
        id="bind-is-possible-for-whoever-waits",
        says="An unlocked TDI over a Secure stream that nobody has bound can be bound to the living TVM that sees it.",
        formula=AlwaysPossible(
            occurs(e.tdi_bind, t=t, v=v),
            (device_caps == "tee_io")
            & Host.visible(v, t)
            & (Host.offer[t] == "TEE")
            & (Tvm.life[v] == "ALIVE")
            & (Tsm.bound[t] == "none")
            & (Tdi.state[t] == "CONFIG_UNLOCKED")
            & (Port.link[device_of(t)] == "SECURE"),
        ),
        over=(t, v),
        protects="guest",
        binds="TSM",
        cite="M10: lock before or after assignment; Linux guest core: lock",
        if_violated="Something that is not in the guest's hands keeps the TDI from it for good. A request can wait for ever.",
        if_holds="Nothing but a missing stream stands between a request and its grant. Whether it is granted is the host's policy.",
        witness=Witness(
            (device_caps == "tee_io")
            & Host.bind_requested(v, t)
            & (Port.link[device_of(t)] == "SECURE")
            & (Tdi.state[t] == "CONFIG_UNLOCKED")
        ),
        kill=Kill((AddCheck("tsm", "tdi_bind", Check("no driver", ~Guest.driver[t], "ALREADY_BOUND")),), "linux-tsm"),
    ),
    Property(
        id="a-driver-can-stay-over-the-lock",
        says="A guest can accept a TDI while its driver stays on it.",
        formula=Sometimes(occurs(e.tdi_accept, v=v, t=t, where=Guest.driver[t])),
        over=(t, v),
        protects="guest",
        cite="M1, M16: the driver picks; M10: recover without losing the driver; Linux TSM core: EBUSY",
        if_violated="A driver must go before the TDI is accepted. Recovery after an error, and a root device, need it to come back.",
        if_holds="The driver lives through lock and acceptance. It must expect its traffic to stop and its mappings to change.",
        kill=Kill((AddCheck("guest", "tdi_accept", Check("no driver at all", ~Guest.driver[t])),), "sev-tio-host-run"),
    ),
    Property(
        id="two-tvms-can-each-have-a-device",
        says="Two TVMs can have a TDI in use each, at the same time.",
        formula=Sometimes(
            exists(t, exists(u, exists(v, exists(w, (t != u) & (v != w) & (Gate.dma[t] == v) & (Gate.dma[u] == w)))))
        ),
        protects="other TVM",
        cite="M9: run out of streams",
        if_violated="There are fewer streams than devices that want one. The second TVM waits until the first gives its device back.",
        if_holds="There are streams enough. Both run side by side.",
        kill=Kill((AddCheck("tsm", "tdi_bind", _REFUSE),), "linux-tsm", topology={"stream": 2}),
    ),
)  # fmt: skip
