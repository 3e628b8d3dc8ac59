"""Into and out of a lock: what the state of a TDI tells (P63 §11.2, §11.3)."""

from __future__ import annotations

from ....model.language import after, conj, implies, neg, one_of
from ....model.language.mutate import AddRule, DropCheck, DropUpdate, DropWhen, SetUpdate
from ....model.world.choices.responder import ide_required
from ....model.world.responder import events as e
from ....model.world.responder.state import Device, Stream, Tdi
from ....model.world.vocabulary import device_of, t, u
from ...formulas import After, Invariant, Never, StepLaw
from ...property import Kill, Property, Witness
from ...steps import Step, occurs
from ..promise import only_if
from .observations import (
    ENTERS_LOCKED,
    ENTERS_RUN,
    ERROR,
    FLOW,
    LOCKED,
    LOCKS,
    RUN,
    STARTS,
    STOPS,
    UNLOCKED,
    entered_by_others,
)

_stream = device_of(t)
_TWO = {"tdi": 2}
_OBEYS = tuple(
    occurs(x, t=t)
    for x in (e.start_interface, e.stop_interface, e.bind_p2p_stream, e.unbind_p2p_stream, e.set_mmio_attribute)
)
_RESET = occurs(e.flr, t=t, where=Tdi.locked())
_AS_NEW = occurs(e.conventional_reset, d=device_of(t))

PROPERTIES = (
    Property(
        id="only-lock-interface-locks",
        says="A TDI enters CONFIG_LOCKED by LOCK_INTERFACE, and by nothing else.",
        formula=Never(entered_by_others(LOCKED, e.lock_interface)),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2",
        witness=Witness(ENTERS_LOCKED),
        kill=Kill((SetUpdate("tdi", "vdm", Tdi.state[t], "CONFIG_LOCKED"),), FLOW),
    ),
    only_if(
        "a-lock-was-sound",
        "LOCK_INTERFACE succeeds only in CONFIG_UNLOCKED, with keys of its own session in the default stream, and with nothing wrong in the device's configuration.",
        LOCKS,
        conj(
            UNLOCKED,
            e.flaw == "none",
            (e.fault == "none") | (neg(ide_required) & e.fault.in_("stream_id", "two_defaults", "traffic_class")),
            implies(ide_required, (Stream.state[_stream] != "NOT_KEYED") & (Stream.key_session[_stream] == e.via)),
            Device.alive(e.via, _stream),
        ),
        over=(t,), protects="guest", binds="device", cite="P63 §11.3.8, Table 11-12: the conditions of a lock",
        if_violated="A TDI is locked in a configuration that the chapter excludes. What the guest is told of the lock is then no ground for trust.",
        if_holds="Every listed condition is checked. Which of several errors is returned stays open.",
        kill=Kill((DropCheck("tdi", "lock_interface", "L9 no overlapping ranges"),), FLOW),
    ),
    only_if(
        "a-lock-finds-a-secure-stream",
        "LOCK_INTERFACE succeeds only when the default stream is Secure.",
        LOCKS, implies(ide_required, Stream.state[_stream] == "SECURE"), over=(t,), protects="guest", binds="device",
        cite="P63 §6.33.1 against §11.3.8, which asks for programmed keys only (A-16: knob lock_requires)",
        if_violated="A TDI is locked, and may run, before its stream protects anything. No TLP passes, but the state says more than is true.",
        if_holds="Whoever sees CONFIG_LOCKED knows that the stream was Secure then.",
    ),
    Property(
        id="only-start-interface-runs",
        says="A TDI enters RUN by START_INTERFACE, and by nothing else.",
        formula=Never(entered_by_others(RUN, e.start_interface)),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2, §11.3.14",
        witness=Witness(ENTERS_RUN),
        kill=Kill((SetUpdate("tdi", "get_report", Tdi.state[t], "RUN"),), FLOW),
    ),
    only_if(
        "start-spends-the-nonce-of-this-lock",
        "START_INTERFACE succeeds only in CONFIG_LOCKED and with the unused nonce of this very lock, which is void afterwards.",
        STARTS, LOCKED & Tdi.nonce[t] & (e.nonce == "current") & neg(after(Tdi.nonce[t])), over=(t,), protects="guest",
        binds="device", cite="P63 §11.3.9, §11.3.14, Table 11-19",
        if_violated="RUN says nothing about the lock that was looked at. A relock between evidence and start goes unnoticed by the device.",
        if_holds="RUN belongs to the lock whose nonce was sent.",
        kill=Kill((DropCheck("tdi", "start_interface", "nonce"),), FLOW),
    ),
    Property(
        id="a-nonce-lives-in-config-locked-only",
        says="A START_INTERFACE nonce is valid only in CONFIG_LOCKED, however the TDI leaves that state.",
        formula=Invariant(implies(Tdi.nonce[t], LOCKED)),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.9, §11.3.14",
        witness=Witness(Tdi.nonce[t]),
        kill=Kill((DropUpdate("tdi", "conventional_reset", "tdi.nonce"),), FLOW),
    ),
    Property(
        id="the-lock-session-lives-and-keyed-the-stream",
        says="While a TDI is locked, the session over which it was locked lives and keyed its default stream.",
        formula=Invariant(
            implies(
                Tdi.locked(),
                Device.alive(Tdi.lock_session[t], _stream)
                & implies(ide_required, Stream.key_session[_stream] == Tdi.lock_session[t]),
            )
        ),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.8, §11.4.5; with §6.33.3 instead (A-18: knob session_loss) a lock outlives its session",
        if_violated="Nobody can speak for the lock any more, yet it stands. The next session that comes may find a running TDI.",
        if_holds="A lock and its session end together.",
        witness=Witness(Tdi.locked()),
        kill=Kill((DropUpdate("tdi", "session_close", "tdi.state"),), FLOW),
    ),
    Property(
        id="stream-loss-unlocks-no-tdi-silently",
        says="When the default stream stops being Secure, no TDI of the device stays locked.",
        formula=Never(
            Step(
                None,
                {},
                None,
                ide_required
                & (Stream.state[_stream] == "SECURE")
                & after(Stream.state[_stream] != "SECURE")
                & after(Tdi.locked()),
            )
        ),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2, §11.4.5",
        witness=Witness(Step(e.stream_lost, {}, "ok", Tdi.locked())),
        kill=Kill((DropUpdate("tdi", "root_port_write", "tdi.state"),), FLOW),
    ),
    only_if(
        "another-session-moves-no-locked-tdi",
        "A locked TDI obeys only the session over which it was locked.",
        _OBEYS, implies(Tdi.locked(), e.via == Tdi.lock_session[t]), over=(t,), protects="guest", binds="device",
        cite="P63 §11.6.3 in its intention; no rule for any request but LOCK_INTERFACE (A-9: knob other_session)",
        if_violated="Whoever has a second session with the device stops a TVM's TDI, shares its memory or binds streams for it.",
        if_holds="A second session, where there can be one, has no power over the lock of the first.",
        kill=Kill((DropUpdate("tdi", "session_open", "tdi.state"),), FLOW),
    ),
    Property(
        id="p2p-bound-only-in-run-as-announced",
        says="A peer-to-peer stream is bound only in RUN, and only where the lock announced it with BIND_P2P.",
        formula=Invariant(implies(Tdi.p2p[t] != "none", RUN & Tdi.may_bind_p2p[t])),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.18, Table 11-21; that the flag is needed is inferred from §11.3.8 (knobs bind_p2p_flag, after_stop)",
        if_violated="TLPs of the TDI take a way that the lock did not provide for, or that an earlier lock left behind.",
        if_holds="A guest that reads the flags of the lock knows whether peer traffic can come about.",
        witness=Witness(Tdi.p2p[t] != "none"),
        kill=Kill((DropCheck("tdi", "bind_p2p_stream", "BIND_P2P of the lock"),), FLOW),
    ),
    Property(
        id="p2p-keys-are-of-the-lock-session",
        says="The keys of a bound peer-to-peer stream came over the session of the lock.",
        formula=Invariant(implies((Tdi.p2p[t] != "none") & Tdi.locked(), Tdi.p2p[t] == Tdi.lock_session[t])),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.18, Table 11-21, §11.4.5 against §11.6.1 (A-8: knob p2p_keyed_over)",
        if_violated="A requester that is not the TVM's TSM chose the keys under which the TVM's peer traffic travels.",
        if_holds="Peer traffic is protected by keys of the TSM that locked the TDI.",
        witness=Witness((Tdi.p2p[t] != "none") & Tdi.locked()),
        kill=Kill((DropCheck("tdi", "bind_p2p_stream", "keying session"),), FLOW),
    ),
    Property(
        id="unlocked-goes-to-locked-only",
        says="From CONFIG_UNLOCKED a TDI goes to CONFIG_LOCKED and nowhere else.",
        formula=Never(Step(None, {}, None, UNLOCKED & neg(after(UNLOCKED)) & neg(after(LOCKED)))),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2: no event takes an unlocked TDI to ERROR",
        witness=Witness(ENTERS_LOCKED),
        kill=Kill((DropWhen("tdi", "config_change"),), FLOW),
    ),
    Property(
        id="error-is-left-by-wiping-only",
        says="A TDI leaves ERROR only to CONFIG_UNLOCKED: by STOP_INTERFACE, a conventional reset, or a recovery that wiped its data.",
        formula=Never(
            (
                Step(None, {}, None, ERROR & neg(after(one_of(Tdi.state[t], "ERROR", "CONFIG_UNLOCKED")))),
                *(
                    Step(x, {}, None, ERROR & neg(after(ERROR)))
                    for x in e.EVENTS
                    if x not in (e.stop_interface, e.conventional_reset, e.recover)
                ),
            )
        ),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2; after a function level reset: §11.4.9",
        witness=Witness(ERROR),
        kill=Kill((AddRule("tdi", e.tolerated, Tdi.state["tdi0"], "CONFIG_UNLOCKED"),), FLOW),
    ),
    Property(
        id="flr-is-answered-by-stop",
        says="A TDI that a function level reset took to ERROR does not unlock itself.",
        formula=Never(occurs(e.recover, t=t), After(_RESET, (STOPS, _AS_NEW))),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.4.9 against §11.2 (A-6: knobs error_recovery, recovery_after_flr)",
        if_violated="The TSM's record still says locked while the TDI already serves the host. Only polling the state shows it.",
        if_holds="After a function level reset the TSM decides when the TDI is free.",
        witness=Witness(_RESET),
        kill=Kill((DropCheck("tdi", "recover", "not after FLR"),), FLOW, {"error_recovery": "automatic"}),
    ),
    only_if(
        "stop-leaves-the-neighbours-alone",
        "STOP_INTERFACE for one TDI takes no other TDI out of its state.",
        STOPS, (u == t) | (after(Tdi.state[u]) == Tdi.state[u]), over=(t, u), protects="other TVM", binds="device",
        cite="P63 §11.3.16: the stream is not cleared (A-15: knob stop_clears_keys)",
        if_violated="One TVM's end is another's ERROR, since the two share the stream whose keys are cleared.",
        if_holds="TDIs of different TVMs on one device end independently.",
        kill=Kill((AddRule("tdi", e.stop_interface, Tdi.state["tdi1"], "ERROR"),), FLOW, topology=_TWO),
    ),
    Property(
        id="tdisp-mode-changes-only-while-unlocked",
        says="The mode that SET_TDISP_CONFIG sets changes only while every TDI of the device is in CONFIG_UNLOCKED.",
        formula=StepLaw(
            occurs(e.set_tdisp_config), implies(device_of(u) == device_of(t), Tdi.state[u] == "CONFIG_UNLOCKED")
        ),
        over=(u,),
        protects="guest",
        binds="device",
        cite="PCIe 7.0 §11.3.27, unverified (knob xt_mode)",
        witness=Witness(occurs(e.set_tdisp_config), {"xt_mode": True}),
        kill=Kill((DropCheck("tdi", "set_tdisp_config", "state"),), FLOW, {"xt_mode": True}),
    ),
)  # fmt: skip
