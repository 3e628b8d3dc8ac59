"""The TSM's record, teardown, and what must be reachable at all."""

from __future__ import annotations

from ....model.language import FALSE, Check, after, forall, implies
from ....model.language.mutate import AddCheck, DropUpdate
from ....model.world.lifecycle import events as e
from ....model.world.lifecycle.state import Gate, Guest, Stream, Tdi, Tsm
from ....model.world.vocabulary import device_of, t, v
from ...formulas import After, AlwaysPossible, Invariant, Never, Sometimes
from ...property import Kill, Property, Witness
from ...steps import becomes, occurs

_REFUSE = Check("never", FALSE)

IN_FULL_USE = (
    (Tdi.state[t] == "RUN")
    & (Guest.accepted[v, t] == "current")
    & (Gate.dma[t] == v)
    & (Gate.mmio[t] == v)
    & (Guest.driver[v, t] == "private")
    & Stream.secure_by_tsm(device_of(t))
)
"""RUN, accepted in its epoch, both gates open, private driver, Secure stream."""

PROPERTIES = (
    Property(
        id="tsm-knows-every-run",
        says="When a TDI that the TSM locked is in RUN, the TSM's record says so.",
        formula=Invariant(implies((Tdi.state[t] == "RUN") & (Tdi.lock_session[t] == "tsm"), Tsm.view[t] == "RUN")),
        over=(t,),
        protects="guest",
        cite="Linux tsm.rst; AMD TDI_STATUS",
        witness=Witness((Tdi.state[t] == "RUN") & (Tdi.lock_session[t] == "tsm")),
        kill=Kill((DropUpdate("tsm", "tdi_bind_run", "tsm.view"),), "sev-tio-host-run"),
    ),
    Property(
        id="tsm-record-is-never-stale",
        says="When the TSM's record of a TDI says RUN, the TDI is in RUN.",
        formula=Invariant(implies(Tsm.view[t] == "RUN", Tdi.state[t] == "RUN")),
        over=(t,),
        protects="guest",
        cite="2023 TDX module sources: the view is stale until the state is asked for",
        if_violated="An event at the device moved the TDI, and the TSM has not asked since. A guest that trusts the record is told of a RUN that is over.",
        if_holds="The record can be relied on without asking the device. Every change reaches the TSM in the same step.",
        witness=Witness(Tsm.view[t] == "RUN"),
    ),
    Property(
        id="unbind-is-always-possible",
        says="While a TDI is bound, the host can have it unbound.",
        formula=AlwaysPossible(occurs(e.tdi_unbind, t=t), Tsm.bound[t] != "none"),
        over=(t,),
        protects="host",
        cite="M17: rejection is followed by unbind; Linux TSM core: unbind always succeeds",
        witness=Witness(Tsm.bound[t] != "none"),
        kill=Kill(
            (AddCheck("tdi", "stop", Check("not in ERROR", Tdi.state[t] != "ERROR", "INVALID_INTERFACE_STATE")),),
            "sev-tio-host-run",
        ),
    ),
    Property(
        id="host-never-relocks-a-bound-tdi",
        says="The host does not lock, over a session of its own, a TDI that the TSM has bound to a TVM.",
        formula=Never(occurs(e.host_lock, t=t, where=Tsm.bound[t] != "none")),
        over=(t,),
        protects="guest",
        cite="M4, M5: GET_VERSION ends the TSM's session, and the host's may begin",
        if_violated="The host ends the TSM's session, unlocks the TDI and locks it again itself, while the TSM still has it bound. The TSM learns of it when it next speaks to the device.",
        if_holds="A bound TDI is out of the host's reach. Whatever the host sends, the lock is the TSM's.",
        witness=Witness(occurs(e.host_lock, t=t)),
    ),
    Property(
        id="a-tdi-can-come-into-use",
        says="A TDI can come into full use: RUN, accepted in its epoch, both gates open, private driver, Secure stream.",
        formula=Sometimes(IN_FULL_USE),
        over=(t, v),
        protects="guest",
        cite="M1: the whole dance",
        kill=Kill((AddCheck("guest", "driver_private", _REFUSE),), "sev-tio-host-run"),
    ),
    Property(
        id="ide-without-tdisp",
        says="A device can have a Secure IDE stream while none of its TDIs was ever locked.",
        formula=Sometimes(Stream.secure_by_tsm(device_of(t)) & (Tdi.state[t] == "CONFIG_UNLOCKED")),
        over=(t,),
        protects="host",
        cite="M1, M13, M16: IDE is useful alone",
        kill=Kill((AddCheck("stream", "ide_enable", _REFUSE),), "sev-tio-host-run"),
    ),
    Property(
        id="error-can-be-left",
        says="A bound TDI in ERROR can be brought back to CONFIG_UNLOCKED by unbinding it.",
        formula=Sometimes(
            occurs(e.tdi_unbind, t=t, where=(Tdi.state[t] == "ERROR") & (after(Tdi.state[t]) == "CONFIG_UNLOCKED"))
        ),
        over=(t,),
        protects="guest",
        cite="M10: recover a TDI after an error; P63 §11.3.16",
        kill=Kill(
            (AddCheck("tdi", "stop", Check("not in ERROR", Tdi.state[t] != "ERROR", "INVALID_INTERFACE_STATE")),),
            "sev-tio-host-run",
        ),
    ),
    Property(
        id="locked-by-the-tsm-means-bound",
        says="A TDI that is locked over the TSM's session is bound to a TVM.",
        formula=Invariant(implies(Tdi.locked() & (Tdi.lock_session[t] == "tsm"), Tsm.bound[t] != "none")),
        over=(t,),
        protects="host",
        binds="TSM",
        cite="M13: without a bind there should be no TDISP action",
        if_violated="The TSM has let go of a TDI that is still locked. Nobody answers for it, and nobody else can use it.",
        if_holds="Whatever the TSM locks belongs to a TVM until it is unlocked. No lock is left over.",
        witness=Witness(Tdi.locked()),
        kill=Kill(
            (DropUpdate("tdi", "stop", "tdi.state"), DropUpdate("tdi", "stop", "tdi.lock_session")), "sev-tio-host-run"
        ),
    ),
    Property(
        id="a-guest-can-stop-its-tdi",
        says="While a TDI runs for a TVM that has no private driver on it, the TVM can have the TSM stop it, whatever the host does.",
        formula=AlwaysPossible(
            occurs(e.tdi_stop, t=t),
            (Tdi.state[t] == "RUN") & (Tsm.bound[t] != "none") & forall(v, Guest.driver[v, t] != "private"),
        ),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="M17: a TVM may stop its TDI; COV 09 COVG stop_interface; AMD: through the host",
        if_violated="A guest can only ask the host to stop its TDI. Closed gates are all it can have without the host.",
        if_holds="The guest needs nobody to stop what it has started. A host that does not answer cannot keep the TDI running.",
        witness=Witness((Tdi.state[t] == "RUN") & (Tsm.bound[t] != "none")),
    ),
    Property(
        id="a-tdi-comes-back-after-error",
        says="A TDI that was in ERROR can come into full use again for a running TVM.",
        formula=Sometimes(IN_FULL_USE, After(becomes(Tdi.state[t] == "ERROR"))),
        over=(t, v),
        protects="guest",
        binds="TSM",
        cite="M10: recover a TDI after an error",
        kill=Kill(
            (
                AddCheck("tdi", "stop", Check("not in ERROR", Tdi.state[t] != "ERROR", "INVALID_INTERFACE_STATE")),
                DropUpdate("tdi", "conventional_reset", "tdi.state"),
                DropUpdate("tdi", "host_stop", "tdi.state"),
                DropUpdate("tdi", "device_disconnect", "tdi.state"),
            ),
            "sev-tio-host-run",
        ),
    ),
)
