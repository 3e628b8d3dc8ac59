"""What must come in the end: teardown after a rejection, recovery from an error, use after acceptance.

Nothing of this is promised against a host that does nothing at all, and no flow asks for it: availability is
the host's to give. Each promise is therefore made under assumptions of fairness, which are part of it. They are weak: each
step that is asked for stays possible until it is taken, or until what is promised has come.
"""

from __future__ import annotations

from ....model.language import FALSE, Check, exists, neg
from ....model.language.mutate import AddCheck, DropUpdate
from ....model.world.lifecycle import events as e
from ....model.world.lifecycle.state import Gate, Guest, Tdi, Tsm
from ....model.world.vocabulary import t, v
from ...formulas import Fair, LeadsTo
from ...property import Kill, Property, Witness
from ...steps import occurs

_BOUND = Tsm.bound[t] != "none"
_UNBOUND = Tsm.bound[t] == "none"
_SHUT = (Gate.dma[t] == "none") & (Gate.mmio[t] == "none")
_ACCEPTED = exists(v, (Tsm.bound[t] == v) & (Guest.accepted[v, t] != "none"))
"""The TVM to which the TDI is bound has accepted it, in whatever epoch."""

_REJECTED = _BOUND & neg(_ACCEPTED)
"""Bound, and not accepted: not yet, or not any more. A guest rejects a TDI by not accepting it."""

_ERROR = Tdi.state[t] == "ERROR"

_HOST_TAKES_BACK = Fair(
    occurs(e.tdi_unbind, t=t, where=neg(_ACCEPTED)), why="the host unbinds, in the end, a TDI that its guest does not accept"
)
_HOST_RECOVERS = Fair(occurs(e.tdi_unbind, t=t, where=_ERROR), why="the host unbinds, in the end, a TDI in ERROR")
_GUEST_OPENS = (
    Fair(occurs(e.sdte_write, v=v, t=t), why="a guest that has accepted asks for the DMA gate"),
    Fair(occurs(e.mmio_validate, v=v, t=t), why="a guest that has accepted asks for the MMIO gate"),
)
_STARTED = (
    Fair(occurs(e.tdi_bind_run, t=t), why="the host starts a TDI where it may"),
    Fair(occurs(e.start_interface, v=v, t=t), why="a guest starts a TDI where it may"),
)

_IN_USE = (Tsm.bound[t] == v) & (Guest.accepted[v, t] == "current")

_NEVER = Check("never", FALSE)

PROPERTIES = (
    Property(
        id="a-rejected-tdi-is-given-back",
        says="A bound TDI that its guest does not accept is unbound in the end, with both gates shut, or the guest accepts it "
        "after all, if the host unbinds what stays rejected.",
        formula=LeadsTo(_REJECTED, (_UNBOUND & _SHUT) | _ACCEPTED, (_HOST_TAKES_BACK,)),
        over=(t,),
        protects="host",
        binds="TSM",
        cite="M17: rejection is followed by unbind; Linux TSM core: unbind always succeeds",
        if_violated="A TDI that nobody accepts stays with the TVM, whatever the host does about it. The device is lost to everybody else.",
        if_holds="A guest that rejects a TDI cannot keep it from others. All that it takes is that the host asks for it back.",
        witness=Witness(_REJECTED),
        kill=Kill((DropUpdate("tsm", "tdi_unbind", "tsm.bound"),), "cove-io"),
    ),
    Property(
        id="a-rejected-tdi-ends-unlocked",
        says="A bound TDI that its guest does not accept ends unbound, in CONFIG_UNLOCKED, with both gates shut, or the guest "
        "accepts it after all, if the host unbinds what stays rejected.",
        formula=LeadsTo(
            _REJECTED, (_UNBOUND & _SHUT & (Tdi.state[t] == "CONFIG_UNLOCKED")) | _ACCEPTED, (_HOST_TAKES_BACK,)
        ),
        over=(t,),
        protects="host",
        binds="host",
        cite="M17: reject, unbind, CONFIG_UNLOCKED; P63 §11.2.2",
        if_violated="The host ended the session of the TSM before it asked for the TDI back, so that no STOP_INTERFACE reached it. "
        "The TDI is unbound, but still in ERROR or in a lock of the host's own.",
        if_holds="A rejected TDI comes to rest as it began. It can be given to anybody next, and the device agrees.",
        witness=Witness(_REJECTED),
        kill=Kill((DropUpdate("tdi", "stop", "tdi.state"),), "cove-io", {"host": "honest"}),
    ),
    Property(
        id="a-rejected-tdi-comes-back-by-itself",
        says="A bound TDI that its guest does not accept is unbound in the end, or the guest accepts it after all, whatever "
        "the host does or leaves undone.",
        formula=LeadsTo(_REJECTED, _UNBOUND | _ACCEPTED),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="[D] M17 without its assumption of a host that unbinds",
        if_violated="Nobody but the host gives a TDI back. A host that does not want to leaves a rejected TDI bound for ever, with its gates shut.",
        if_holds="The TSM gives a rejected TDI back without being asked. Availability does not rest on the host.",
        witness=Witness(_REJECTED),
    ),
    Property(
        id="error-is-left-in-the-end",
        says="A bound TDI in ERROR comes to CONFIG_UNLOCKED in the end, if the host unbinds TDIs in ERROR.",
        formula=LeadsTo(_BOUND & _ERROR, Tdi.state[t] == "CONFIG_UNLOCKED", (_HOST_RECOVERS,)),
        over=(t,),
        protects="guest",
        binds="host",
        cite="M10: recover a TDI after an error; P63 §11.3.16, §11.2.2",
        if_violated="The TDI is unbound while no STOP_INTERFACE can reach it, and stays in ERROR. Since the TSM unbinds nothing "
        "twice and no lock is granted in ERROR, only a reset or a host's own STOP_INTERFACE gets it out of there.",
        if_holds="An error costs the lock epoch and no more. After unbind the TDI can be locked afresh.",
        witness=Witness(_BOUND & _ERROR),
        kill=Kill((DropUpdate("tdi", "stop", "tdi.state"),), "cove-io", {"host": "honest"}),
    ),
    Property(
        id="an-accepted-tdi-gets-its-gates",
        says="When a guest has accepted the TDI in its present epoch, both gates open in the end, or the TDI falls into ERROR, is "
        "unbound or locked again, or the guest takes its acceptance back, if the guest asks for the gates.",
        formula=LeadsTo(_IN_USE, ((Gate.dma[t] == v) & (Gate.mmio[t] == v)) | _ERROR | neg(_IN_USE), _GUEST_OPENS),
        over=(t, v),
        protects="guest",
        binds="TSM",
        cite="M17: IO paths are functional in RUN; AMD guest driver 2026",
        if_violated="A guest that has accepted, and asks for its gates, is refused for ever. It waits for a device that never answers.",
        if_holds="Acceptance is followed by use, or by something that the guest can see. The host cannot hold the gates shut.",
        witness=Witness(_IN_USE),
        kill=Kill((AddCheck("gate", "sdte_write", _NEVER),), "sev-tio-guest-run"),
    ),
    Property(
        id="an-accepted-tdi-comes-to-run",
        says="When a guest has accepted the TDI in its present epoch, the TDI enters RUN in the end, or falls into ERROR, is "
        "unbound, unlocked or locked again, or the guest takes its acceptance back, if whoever may start it does.",
        formula=LeadsTo(_IN_USE, Tdi.state[t].in_("RUN", "ERROR", "CONFIG_UNLOCKED") | neg(_IN_USE), _STARTED),
        over=(t, v),
        protects="guest",
        binds="TSM",
        cite="M15, M17, M20; COV 09 start_interface",
        if_violated="The host locked the TDI over a session of its own behind the TSM's back, and the guest accepted what it saw. "
        "The TSM has no session over which to start it, and tells nobody.",
        if_holds="After acceptance nothing but the will to start stands between the TDI and RUN.",
        witness=Witness(_IN_USE),
        kill=Kill((AddCheck("tsm", "tdi_bind_run", _NEVER),), "tdx-connect"),
    ),
)
