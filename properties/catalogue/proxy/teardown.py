"""Taking back, by the host and by the guest, when messages may not arrive."""

from __future__ import annotations

from ....model.language import FALSE, Check, implies
from ....model.language.mutate import AddCheck, DropCheck, DropUpdate, DropWhen
from ....model.world.choices.proxy import guest_close
from ....model.world.proxy import events as e
from ....model.world.proxy.state import Device, Gate, Guest, Tsm
from ....model.world.vocabulary import t
from ...formulas import AlwaysPossible, Invariant, Sometimes
from ...property import Kill, Property, Witness
from ...steps import occurs
from ..promise import only_if
from .observations import BACK_AT_THE_HOST

_REFUSE = Check("never", FALSE)

PROPERTIES = (
    only_if(
        "taken-back-only-when-stopped",
        "The host gets memory and MMIO of a TDI back only when the TDI is not locked, or its stream is cut.",
        BACK_AT_THE_HOST, ~Device.locked(), over=(t,), protects="guest", binds="TSM",
        cite="TDH.DEVIF.REMOVE, TF-RMM VDEV_DESTROY; AMD host driver: reclaim whatever the status",
        if_violated="A TDI that is locked or running, with the guest's secrets in it, belongs to the host again. Nobody has made the device wipe it.",
        if_holds="Before the host gets it, the device has stopped, or can reach nothing any more. A lost STOP_INTERFACE delays, it does not leak.",
        kill=Kill((DropCheck("tsm", "take_back", "stopped"),), "arm-cca"),
    ),
    Property(
        id="no-gate-outlives-the-binding",
        says="A gate of a TDI is open only while the TDI is bound.",
        formula=Invariant(implies(Gate.open(), Tsm.bound[t])),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="COV 07; M1: exclusive assignment",
        if_violated="A message that was on its way when the TDI was unbound has opened a gate since, or teardown has left one. The next owner inherits it.",
        if_holds="No message finds its way to a gate of a TDI that is not bound. Teardown leaves none behind.",
        witness=Witness(Gate.open()),
        kill=Kill((DropUpdate("gate", "disconnect", "gate.dma"),), "cove-io"),
    ),
    Property(
        id="gates-are-shut-on-an-unlocked-device",
        says="No gate is open while the TDI is in CONFIG_UNLOCKED.",
        formula=Invariant(implies(Device.state[t] == "CONFIG_UNLOCKED", ~Gate.open())),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="COV 07 (after the response to STOP_INTERFACE) against TF-RMM (before it is sent)",
        if_violated="Between the device's STOP_INTERFACE and the TSM's knowledge of it lies the host, as long as it likes; and a reset sends no message at all.",
        if_holds="A TDI that lost its lock has lost its gates. No message is needed for it.",
        witness=Witness(Gate.open()),
    ),
    Property(
        id="gates-are-shut-once-the-record-says-unlocked",
        says="No gate is open while the TSM's record says CONFIG_UNLOCKED.",
        formula=Invariant(implies(Tsm.view[t] == "CONFIG_UNLOCKED", ~Gate.open())),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="COV 07: after the response to STOP_INTERFACE IOMMU and G-stage are disabled",
        if_violated="The TSM knows that the TDI is unlocked, and leaves a gate open. It is still open when the TDI is locked for somebody else, or anew.",
        if_holds="With the response to STOP_INTERFACE the gates are shut. What the TSM knows to be unlocked reaches nothing.",
        witness=Witness(Gate.open()),
        kill=Kill((DropUpdate("gate", "response", "gate.dma"),), "sev-tio-host-run"),
    ),
    Property(
        id="a-failed-guest-can-undo-by-itself",
        says="A guest that has failed or given up can have what it opened shut again at any time, without the host.",
        formula=AlwaysPossible(
            occurs(e.undo, t=t, where=guest_close == "message"), (Guest.phase[t] == "failed") & Gate.open() & Tsm.bound[t]
        ),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="M17; AMD guest driver: SDTE clear and MMIO clear; COV 09 stop_interface; TDX: no inverse of accept",
        if_violated="The way back leads through the host, which keeps the message, or there is none. Acceptance can be given, not taken back.",
        if_holds="The guest shuts its gates by a call of its own. A host that refuses everything cannot keep them open.",
        witness=Witness((Guest.phase[t] == "failed") & Gate.open()),
        kill=Kill((AddCheck("tsm", "undo: by call", _REFUSE),), "arm-cca"),
    ),
    only_if(
        "a-guest-that-gave-up-has-shut-gates",
        "Once a guest has left a TDI, no gate that it opened is open any more.",
        (occurs(e.undone, t=t), occurs(e.leave, t=t)), ~Gate.open(), over=(t,), protects="guest", binds="guest",
        cite="M17; AMD guest driver, second public version: RUN and sDTE stay when accept fails",
        if_violated="An acceptance that failed midway stays half done. The gate that did open is left to whoever drives the TDI next.",
        if_holds="An error midway is undone to the end before the guest goes on. Half an acceptance does not exist.",
        kill=Kill((DropWhen("guest", "undone"),), "arm-cca"),
    ),
    Property(
        id="a-guest-can-always-have-its-tdi-stopped",
        says="A guest that gives a TDI up while a gate is open can at any time have the TSM make STOP_INTERFACE.",
        formula=AlwaysPossible(
            occurs(e.undo, t=t, where=guest_close == "stop"), (Guest.phase[t] == "failed") & Gate.open() & Tsm.bound[t]
        ),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="M17; COV 09 COVG stop_interface; RSI_RDEV_STOP",
        if_violated="STOP_INTERFACE is the host's to ask for, or the host keeps the TSM busy with a request of its own. The guest can shut gates at best.",
        if_holds="The guest has STOP_INTERFACE in its own hand. The host can only keep the message from the device.",
        witness=Witness((Guest.phase[t] == "failed") & Gate.open()),
    ),
    Property(
        id="a-guest-has-a-stop-of-its-own",
        says="A guest can have the TSM make STOP_INTERFACE by a call of its own.",
        formula=Sometimes(occurs(e.undo, t=t, where=guest_close == "stop")),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="COV 09 COVG stop_interface; RSI_RDEV_STOP; AMD, Arm RHI, TDCM: through the host",
        if_violated="The guest can ask the host for STOP_INTERFACE, and the host may do nothing. Only the gates stand between TDI and guest.",
        if_holds="The TSM makes STOP_INTERFACE because the guest says so. The host carries it, or loses the session.",
        kill=Kill((AddCheck("tsm", "undo: stop", _REFUSE),), "cove-io"),
    ),
)  # fmt: skip
