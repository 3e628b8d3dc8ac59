"""Requests and replies: what a device answers, what it must not use, and what its answers tell."""

from __future__ import annotations

from ....model.language import Check, after, neg
from ....model.language.mutate import AddCheck, DropCheck, DropUpdate, SetUpdate
from ....model.world.responder import events as e
from ....model.world.responder.state import Device, Stream, Tdi
from ....model.world.vocabulary import device_of, t
from ...formulas import AlwaysPossible, Never, StepLaw
from ...property import Kill, Property, Witness
from ...steps import REFUSED, Step, occurs, unchanged
from ..promise import only_if
from .observations import ANSWERS, ERROR, FLOW, RUN, STOPS, UNLOCKED

_stream = device_of(t)
_HAS_A_SESSION = Device.alive(e.via, _stream)
_VARIABLES = (
    Tdi.state[t], Tdi.lock_session[t], Tdi.nonce[t], Tdi.no_fw_update[t], Tdi.msix_locked[t], Tdi.may_bind_p2p[t], Tdi.redirect[t],
    Tdi.p2p[t], Tdi.sharing[t], Stream.state[_stream], Stream.key_session[_stream], Device.tsm_session[_stream],
    Device.host_session[_stream],
)  # fmt: skip
_REPORTS = occurs(e.get_report, t=t)
_STOP_REFUSED = occurs(e.stop_interface, t=t, reply="INVALID_INTERFACE_STATE")
_STUBBORN = AddCheck("tdi", "stop_interface", Check("not in ERROR", neg(ERROR), "INVALID_INTERFACE_STATE"))

PROPERTIES = (
    Property(
        id="refusals-change-nothing",
        says="A TDISP request that is refused, or gets no answer, leaves TDI, stream and sessions as they were.",
        formula=StepLaw(tuple(Step(x, {}, REFUSED) for x in e.REQUESTS), unchanged(*_VARIABLES)),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.22, §11.3.24; TDISP conformance tests 3.x, 4.x, 6.x (knob wrong_state: OpenVMM unbinds)",
        if_violated="Anybody with a session ends a TVM's use of the TDI by a request that is refused. The answer does not tell.",
        if_holds="A refused request is as if it had never been sent.",
        witness=Witness(occurs(e.start_interface, t=t, reply="INVALID_INTERFACE_STATE", where=RUN)),
        kill=Kill((SetUpdate("tdi", "start_interface/INVALID_INTERFACE_STATE", Tdi.state[t], "ERROR"),), FLOW),
    ),
    Property(
        id="nothing-is-answered-outside-a-session",
        says="A TDISP request that does not come inside an established secure session gets no answer of any kind.",
        formula=Never(
            tuple(occurs(x, t=t, reply=reply, where=neg(_HAS_A_SESSION)) for x in e.REQUESTS for reply in ANSWERS)
        ),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2.2",
        if_violated="The host speaks TDISP to the device in the clear. Every promise that rests on the session is void.",
        if_holds="Without a session there is no TDISP.",
        witness=Witness(occurs(e.lock_interface, t=t, reply="NO_RESPONSE", where=neg(_HAS_A_SESSION))),
        kill=Kill((DropCheck("device", "get_state", "secure session"),), FLOW),
    ),
    Property(
        id="nothing-is-used-outside-a-session",
        says="A TDISP request that does not come inside an established secure session has no effect.",
        formula=StepLaw(
            tuple(Step(x, {}, None, neg(_HAS_A_SESSION)) for x in e.REQUESTS),
            unchanged(*_VARIABLES, Tdi.holds[t]),
        ),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2.2",
        witness=Witness(occurs(e.stop_interface, t=t, reply="NO_RESPONSE", where=neg(_HAS_A_SESSION))),
        kill=Kill((DropCheck("device", "stop_interface", "secure session"),), FLOW),
    ),
    Property(
        id="stop-is-legal-in-every-state",
        says="STOP_INTERFACE is refused for the state of the TDI in no state.",
        formula=Never(_STOP_REFUSED),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.16, Table 11-3 (A-7: knob stop_in_unlocked; A-10: knob report_chunks)",
        if_violated="A TSM that cannot know the state cannot make sure of CONFIG_UNLOCKED by asking for it.",
        if_holds="STOP_INTERFACE may always be sent, and its response proves CONFIG_UNLOCKED.",
        witness=Witness(occurs(e.stop_interface, t=t, where=ERROR)),
        kill=Kill((_STUBBORN,), FLOW),
    ),
    Property(
        id="no-state-traps-a-tdi",
        says="Whenever the TSM has its session, a STOP_INTERFACE can succeed and then unlocks the TDI.",
        formula=AlwaysPossible(
            occurs(e.stop_interface, t=t, via="tsm", flaw="none", where=after(UNLOCKED)), Device.tsm_session[_stream]
        ),
        over=(t,),
        protects="host",
        binds="device",
        cite="P63 §11.3.16, Table 11-3; a generic error or silence may delay it (knobs stop_in_unlocked, report_chunks, other_session)",
        witness=Witness(Device.tsm_session[_stream] & ERROR),
        kill=Kill((_STUBBORN,), FLOW),
    ),
    only_if(
        "report-readable-only-while-locked",
        "GET_DEVICE_INTERFACE_REPORT succeeds only in CONFIG_LOCKED and RUN.",
        _REPORTS, Tdi.locked(), over=(t,), protects="guest", binds="device", cite="P63 §11.3.10, Table 11-3",
        kill=Kill((DropCheck("tdi", "get_report", "state"),), FLOW),
    ),
    Property(
        id="report-readable-in-run",
        says="GET_DEVICE_INTERFACE_REPORT is not refused in RUN for the state of the TDI.",
        formula=Never(occurs(e.get_report, t=t, reply="INVALID_INTERFACE_STATE", where=RUN)),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 Table 11-3, §11.3.10 against Table 11-16 (A-4: knob report_in_run)",
        witness=Witness(occurs(e.get_report, t=t, where=RUN)),
        kill=Kill((AddCheck("tdi", "get_report", Check("locked", neg(RUN), "INVALID_INTERFACE_STATE")),), FLOW),
    ),
    Property(
        id="parts-of-a-report-are-of-one-lock",
        says="The parts of a report that is read in several requests come from one lock.",
        formula=Never(occurs(e.get_report, t=t, part="rest", where=Tdi.read_in_parts[t] == "stale")),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.10: no rule; an example in Table 11-27 can be read as one (A-10: knob report_chunks)",
        if_violated="A requester puts a report together from two locks, and it describes neither. It must ask for the state, or count locks, itself.",
        if_holds="The device refuses to continue a report of an earlier lock.",
        witness=Witness(occurs(e.get_report, t=t, part="rest")),
    ),
    Property(
        id="the-report-tells-what-is-shared",
        says="While a report can be read, it tells whether the updatable range is shared now.",
        formula=Never(occurs(e.get_report, t=t, where=Tdi.sharing[t] == "shared")),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 Table 11-15, §11.3.22: the report shows the attribute as it was at the lock",
        if_violated="A guest that reads the report in RUN takes for private what SET_MMIO_ATTRIBUTE has shared. Only the TSM can tell.",
        if_holds="The report is the truth about the memory of a running TDI.",
        witness=Witness(occurs(e.get_report, t=t)),
    ),
    only_if(
        "what-was-reported-of-ats-stays-true",
        "A TDI whose ATS capability is written does not stay locked with a report that says otherwise.",
        occurs(e.ats_capability_write, t=t), neg(after(Tdi.locked())), over=(t,), protects="guest", binds="device",
        cite="P63 Table 11-2 allows the write (A-14: knob ats_write)",
        if_violated="The host switches ATS on or off under a lock, and INTERFACE_INFO goes on telling what it was.",
        if_holds="Such a write ends the lock.",
    ),
    Property(
        id="a-successful-stop-ends-all-work",
        says="After STOP_INTERFACE a TDI holds no secret, no cached translation and no pending interrupt, and waits for no read.",
        formula=StepLaw(STOPS, after(Tdi.holds[t].in_("nothing", "late_read")) & after(UNLOCKED)),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.16",
        if_violated="Something of the TVM outlives the end of its use of the TDI, and the next owner meets it.",
        if_holds="All duties of STOP_INTERFACE are done before its response.",
        witness=Witness(occurs(e.stop_interface, t=t, where=Tdi.holds[t] == "translation")),
        kill=Kill((DropUpdate("tdi", "stop_interface", "tdi.holds"),), FLOW),
    ),
    Property(
        id="a-lock-starts-clean",
        says="A TDI in CONFIG_LOCKED holds nothing of those for whom it worked before.",
        formula=StepLaw(occurs(e.lock_interface, t=t), after(Tdi.holds[t].in_("nothing", "late_read"))),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.9: earlier work is aborted, cached translations are invalid",
        witness=Witness(occurs(e.lock_interface, t=t, where=Tdi.holds[t] == "translation")),
        kill=Kill((DropUpdate("tdi", "lock_interface", "tdi.holds"),), FLOW),
    ),
)  # fmt: skip
