"""What the host can do to messages by carrying them."""

from __future__ import annotations

from ....model.language import FALSE, Check
from ....model.language.mutate import AddCheck, DropCheck, DropWhen
from ....model.world.proxy import events as e
from ....model.world.proxy.state import Exchange, Gate, Guest, Queue, Tsm
from ....model.world.vocabulary import t
from ...formulas import AlwaysPossible, Never, Sometimes
from ...property import Kill, Property, Witness
from ...steps import becomes, occurs
from ..promise import only_if

_REFUSE = Check("never", FALSE)

PROPERTIES = (
    Property(
        id="no-request-answered-by-anothers-response",
        says="A response is taken for the answer to the request that it answers, and to no other party's.",
        formula=Never(occurs(e.misroute, t=t)),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="TDX module sources 2023: td_flag",
        if_violated="The host hands the response to its own request over as the guest's. The TSM forgets that it waited, and never takes note of what the device did.",
        if_holds="The TSM knows whose request is outstanding, and takes the answer as that party's. The host chooses the moment, not the addressee.",
        witness=Witness(occurs(e.misroute, t=t, reply="NO_SUCH_REQUEST")),
        kill=Kill((DropCheck("queue", "misroute: the guest's to the host", "not asked by the guest"),), "cove-io"),
    ),
    Property(
        id="no-message-of-another-time-is-taken",
        says="Neither device nor TSM takes a message of an earlier exchange or session for the one that is due.",
        formula=Never((occurs(e.replay_response, t=t), occurs(e.replay_request, t=t))),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="DSP0277; DSP0274",
        if_violated="What was sealed once counts twice. An old response to STOP_INTERFACE stops a TDI in the record that runs.",
        if_holds="The host can keep a message, and so lose the session; it cannot use it later. Carrying gives it time, not authority.",
        witness=Witness(occurs(e.replay_response, t=t, reply="DISCARDED")),
        kill=Kill((DropCheck("tsm", "replay_response: stopped", "due in this session"),), "sev-tio-host-run"),
    ),
    Property(
        id="no-tampered-report-is-taken-for-evidence",
        says="The guest takes no report for the device's that the host has made or changed.",
        formula=Never(occurs(e.read_evidence, t=t, forged=True)),
        over=(t,),
        protects="guest",
        binds="guest",
        cite="M4; AMD guest driver: report digests are not compared",
        if_violated="The guest decides on what the host wrote. Ranges, flags and lock bits of the report mean nothing.",
        if_holds="Whatever the host hands over is held against the TSM's digest. It can withhold the report, not change it.",
        witness=Witness(occurs(e.read_evidence, t=t, forged=True, reply="REJECTED")),
        kill=Kill((DropCheck("guest", "read_evidence", "digest"),), "cove-io"),
    ),
    only_if(
        "gates-open-only-while-the-guest-wants-them",
        "A gate opens only while the guest that accepted the TDI is waiting for it.",
        becomes(Gate.open()), Guest.wants_gate(), over=(t,), protects="guest", binds="TSM",
        cite="M17: a rejection cannot be overridden; AMD: the host ends a GHCB call with an error of its own",
        if_violated="The host told the guest that its call had failed, kept the message, and delivered it after the guest had given up. "
        "The gate opens for a guest that does not want it any more.",
        if_holds="No gate opens behind the guest's back. A message that the guest has written off opens nothing.",
        kill=Kill((DropWhen("guest", "give_up"),), "arm-cca"),
    ),
    Property(
        id="guests-queue-is-never-stuck",
        says="When an answer waits for the guest, and the TSM has the guest's approval on record, the guest can collect it.",
        formula=AlwaysPossible(occurs(e.collect, t=t), (Queue.state[t] == "PROCESSED") & (Tsm.consent[t] != "none")),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="TDX module sources 2023: TDG.DEVIF.RESPONSE refuses responses to LOCK_INTERFACE and STOP_INTERFACE",
        if_violated="An answer that is not the guest's lies in its queue, and neither it nor a new request gets past it. Only a new binding clears the queue.",
        if_holds="Whatever the host hands over, the guest's next request is possible. The queue is no place to jam the guest.",
        witness=Witness((Queue.state[t] == "PROCESSED") & (Tsm.consent[t] != "none")),
        kill=Kill((AddCheck("queue", "collect", _REFUSE),), "cove-io"),
    ),
    Property(
        id="an-exchange-can-always-be-ended",
        says="While the TSM waits for a response, the host can bring the exchange to an end without cutting the stream.",
        formula=AlwaysPossible(
            (
                occurs(e.deliver_request, t=t, reply=None),
                occurs(e.response, t=t),
                occurs(e.abort, t=t),
            ),
            Exchange.waiting(),
        ),
        over=(t,),
        protects="host",
        binds="TSM",
        cite="P63 §11.2.3: wait for the response, or for the time-out",
        if_holds="A lost message costs a session at most. The next request of the TSM is possible.",
        witness=Witness(Exchange.waiting()),
        kill=Kill((AddCheck("tsm", "response: failed", _REFUSE),), "tdx-connect"),
    ),
    Property(
        id="carried-messages-still-lead-to-use",
        says="Through a host that hands every message on, a TDI comes into full use.",
        formula=Sometimes(occurs(e.mmio, t=t)),
        over=(t,),
        protects="guest",
        cite="M1: the whole dance",
        kill=Kill((AddCheck("guest", "use", _REFUSE),), "sev-tio-host-run"),
    ),
)  # fmt: skip
