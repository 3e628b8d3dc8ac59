"""The TSM's record of the TDI against the TDI itself."""

from __future__ import annotations

from ....model.language import after, implies
from ....model.language.mutate import DropCheck, DropUpdate, SetUpdate
from ....model.world.proxy import events as e
from ....model.world.proxy.state import Device, Exchange, Tsm
from ....model.world.vocabulary import t
from ...formulas import Invariant, Never, StepLaw
from ...property import Kill, Property, Witness
from ...steps import occurs
from .observations import AT_REST, SHUT

_state, _view = Device.state, Tsm.view
_IS_STOP = Exchange.kind[t] == "STOP"

PROPERTIES = (
    Property(
        id="record-at-rest-is-the-devices-state",
        says="While no request is under way, the TSM's record of a bound TDI is the state that the TDI is in.",
        formula=Invariant(AT_REST.implies(_view[t] == _state[t])),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="P63 §11.3.12: the TSM learns of a change when it asks",
        if_violated="A reset or an error moves the TDI, and no message tells the TSM. Whoever relies on the record alone relies on the past.",
        if_holds="The record can be relied on whenever nothing is under way. No change of the TDI escapes the TSM.",
        witness=Witness(AT_REST & (_view[t] == "RUN")),
    ),
    Property(
        id="record-lags-only-by-the-devices-own-moves",
        says="While no request is under way, a bound TDI is in the state of the TSM's record or in one to which it moves from there by "
        "itself (ERROR, CONFIG_UNLOCKED), unless the record says ERROR.",
        formula=Invariant(
            AT_REST.implies(
                (_state[t] == _view[t])
                | (_state[t] == "ERROR")
                | (_view[t] == "ERROR")
                | ((_state[t] == "CONFIG_UNLOCKED") & (_view[t] != "CONFIG_UNLOCKED"))
            )
        ),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="the strongest that a record can be which no event of the device updates; TDX module sources 2023",
        if_violated="The record does not even say what the TDI was when it last moved by itself: a response was lost on the way to it, or an "
        "old one was taken. Checks of the record then guard another TDI than the one that is there.",
        if_holds="What may be stale is only that a lock has ended. A TDI is never locked or running while the record says that it is not.",
        witness=Witness(AT_REST & (_view[t] == "RUN") & (_state[t] == "ERROR")),
        kill=Kill((DropUpdate("tsm", "response: started", "tsm.view"),), "sev-tio-host-run"),
    ),
    Property(
        id="recorded-unlocked-is-unlocked-or-shut",
        says="When the TSM's record of a TDI says CONFIG_UNLOCKED, the TDI is not locked, or its gates are shut.",
        formula=Invariant(implies((_view[t] == "CONFIG_UNLOCKED") & Device.locked(), SHUT)),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="TDH.MMIO.UNMAP, TDH.DEVIF.REMOVE, VDEV_DESTROY: CONFIG_UNLOCKED in the record allows to take memory back",
        if_violated="The record allows to reclaim what a locked or running TDI still reaches. A record of CONFIG_UNLOCKED was not earned by "
        "a response to STOP_INTERFACE, or the TDI was locked again with its gates open.",
        if_holds="CONFIG_UNLOCKED in the record is as good as a closed gate. What is taken back on its strength is out of reach.",
        witness=Witness((_view[t] == "CONFIG_UNLOCKED") & Device.locked()),
        kill=Kill((SetUpdate("tsm", "response: started", _view[t], "CONFIG_UNLOCKED"),), "cove-io"),
    ),
    Property(
        id="stopped-in-the-record-is-stopped",
        says="When the TSM takes an answer to STOP_INTERFACE for success, the TDI is in CONFIG_UNLOCKED.",
        formula=StepLaw(
            tuple(
                occurs(event, t=t, where=_IS_STOP & (_view[t] != "CONFIG_UNLOCKED") & after(_view[t] == "CONFIG_UNLOCKED"))
                for event in (e.response, e.abort)
            ),
            _state[t] == "CONFIG_UNLOCKED",
        ),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="P63 §11.3.16; TF-RMM dev_tdisp_stop_main",
        if_violated="The TDI goes on, locked or running, and the TSM has recorded that it stopped. The host need only spoil one message.",
        if_holds="STOP_INTERFACE counts as done only when the device has done it. An exchange that fails leaves the TDI on record.",
        witness=Witness(occurs(e.response, t=t, where=_IS_STOP)),
        kill=Kill((SetUpdate("tsm", "response: failed", _view[t], "CONFIG_UNLOCKED"),), "sev-tio-host-run"),
    ),
    Property(
        id="every-run-is-on-record-at-rest",
        says="While no request is under way, a bound TDI that is in RUN is in RUN in the TSM's record, or in ERROR.",
        formula=Invariant(implies(AT_REST & (_state[t] == "RUN"), _view[t].in_("RUN", "ERROR"))),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="Linux tsm.rst; AMD TDI_STATUS",
        if_violated="A TDI runs, and the TSM thinks that it does not. What is refused to a running TDI is granted to this one.",
        if_holds="The TSM knows of every running TDI once the answer to START_INTERFACE is in. Until then it knows that it has asked.",
        witness=Witness(AT_REST & (_state[t] == "RUN")),
        kill=Kill((DropUpdate("tsm", "response: started", "tsm.view"),), "sev-tio-host-run"),
    ),
    Property(
        id="start-with-an-old-nonce-starts-nothing",
        says="A START_INTERFACE that carries the nonce of an earlier lock takes no TDI to RUN.",
        formula=Never(occurs(e.deliver_request, t=t, where=Exchange.kind[t] == "START_OLD")),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 Table 11-19, §11.6.3",
        if_violated="A start that was meant for another lock takes effect in this one. The nonce binds nothing.",
        if_holds="However long the host keeps a START_INTERFACE, it starts the lock for which it was made, or none. The device does what the TSM cannot.",
        witness=Witness(Exchange.kind[t] == "START_OLD"),
        kill=Kill((DropCheck("device", "deliver_request: start", "nonce"),), "tdx-connect"),
    ),
)
