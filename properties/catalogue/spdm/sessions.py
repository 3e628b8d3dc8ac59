"""What ends a session, and what must end with it."""

from __future__ import annotations

from ....model.language import after, implies
from ....model.language.mutate import AddRule, DropCheck, DropUpdate, SetUpdate
from ....model.world.spdm import events as e
from ....model.world.spdm.state import OF_HOST, OF_TSM, Responder, Stream, Tdi, Tsm
from ....model.world.vocabulary import t
from ...formulas import Invariant, Never, StepLaw
from ...property import Kill, Property, Witness
from ...steps import occurs, unchanged
from ..promise import only_if
from .observations import SESSION_KILLS, SESSIONS, STREAM, TDI_OF_T, lives

_TWO = {"multi_session": True}
_LAST_PERIOD = occurs(e.silence, where=Responder.missed == 1)

PROPERTIES = (
    Property(
        id="no-secure-stream-without-its-session",
        says="An IDE stream is Secure at the device only while the SPDM session over which it was keyed lives.",
        formula=Invariant(implies(Stream.state == "SECURE", lives(Stream.keyed_over))),
        protects="guest",
        cite="P63 §11.4.5 for TEE-I/O devices; §6.33.3 for others; libspdm issue 3811",
        if_violated="The stream goes on with keys that no session answers for, and nobody can refresh them. A device without TEE-IO may leave it so until the next QUERY or KEY_PROG.",
        if_holds="The end of the session is the end of the stream. Nothing is protected by the word of a requester who is gone.",
        witness=Witness(Stream.state == "SECURE"),
        kill=Kill((DropUpdate("stream", "get_version", "stream.state"),), "linux-tsm"),
    ),
    Property(
        id="no-tdi-locked-without-its-session",
        says="A TDI is in CONFIG_LOCKED or RUN only while the SPDM session over which it was locked lives.",
        formula=Invariant(implies(Tdi.locked(), lives(Tdi.locked_over[t]))),
        over=(t,),
        protects="guest",
        cite="P63 §11.4.5; libspdm issue 3811: GET_VERSION tells the integrator nothing",
        if_violated="The TDI runs on and nobody has a session left in which to stop it. If session ids come again, the next session is taken for the old one.",
        if_holds="Whoever ends the session ends the lock. A TDI in RUN has a TSM that can still reach it.",
        witness=Witness(Tdi.locked()),
        kill=Kill((DropUpdate("tdi", "get_version", "tdi.state"),), "linux-tsm"),
    ),
    Property(
        id="locked-over-the-session-that-keyed-the-stream",
        says="A locked TDI and the keys of its stream are of one and the same SPDM session.",
        formula=Invariant(implies(Tdi.locked(), Stream.keyed_over == Tdi.locked_over[t])),
        over=(t,),
        protects="guest",
        cite="P63 §11.3.8, §11.4.5",
        if_violated="One party holds the lock and another the keys. The TDI's traffic is protected from the wrong one.",
        if_holds="Who locked the TDI programmed the keys. There is one party to trust, not two.",
        witness=Witness(Tdi.locked()),
        kill=Kill((DropCheck("tdi", "host_lock", "keying session"),), "linux-tsm", _TWO),
    ),
    only_if(
        "ending-a-session-only-takes-away",
        "Whatever the host does from outside to end a session moves TDIs to ERROR and the stream to Insecure, and grants nothing.",
        SESSION_KILLS,
        ((after(Tdi.state[t]) == Tdi.state[t]) | (after(Tdi.state[t]) == "ERROR"))
        & ((after(Stream.state) == Stream.state) | (after(Stream.state) == "INSECURE"))
        & implies(after(Stream.keys_known_to_host), Stream.keys_known_to_host),
        over=(t,), protects="guest",
        cite="M5: the host can reset the session, which is denial of service; DSP0274 GET_VERSION",
        if_violated="An unauthenticated message gives its sender more than a broken session. Denial of service was the smaller evil.",
        if_holds="The step itself is denial of service and no more. What somebody can build on it afterwards is another question.",
        kill=Kill((SetUpdate("stream", "get_version", Stream.state, "KEYED"),), "linux-tsm"),
    ),
    only_if(
        "missed-heartbeats-end-the-session",
        "The second heartbeat period without traffic ends the TSM's session.",
        _LAST_PERIOD, after(Responder.tsm_session) == "NOT_STARTED", protects="guest",
        cite="DSP0274 HEARTBEAT: twice HeartbeatPeriod; libspdm: an empty watchdog; COV 07",
        if_violated="HeartbeatPeriod was announced and nobody counts. A session whose requester is gone lives until something else ends it.",
        if_holds="Silence ends the session after two periods, and with it stream and TDIs. A requester that is gone leaves nothing behind.",
        kill=Kill((DropUpdate("responder", "silence", "responder.tsm_session"),), "cove-io"),
    ),
    Property(
        id="inaction-of-the-host-ends-no-session",
        says="The TSM's session does not end because the host does nothing.",
        formula=Never(occurs(e.silence, where=Responder.established & (after(Responder.tsm_session) == "NOT_STARTED"))),
        protects="guest",
        cite="COV 09 spdm_heartbeat and TDX SPDM.MNG: the host has heartbeats sent",
        if_violated="The host withholds heartbeats, and the device ends the session as it must. Availability is the host's to give, this way too.",
        if_holds="There is no heartbeat, or the host keeps it. A session ends by something that somebody did.",
        witness=Witness(occurs(e.silence)),
        kill=Kill((DropCheck("host", "silence", "heartbeats in time"),), "cove-io", {"host": "honest"}),
    ),
    Property(
        id="key-update-changes-nothing-else",
        says="KEY_UPDATE, in each of its operations, leaves connection, sessions, stream and TDIs as they are.",
        formula=StepLaw(occurs(e.key_update, reply=None), unchanged(*SESSIONS, *STREAM, *TDI_OF_T)),
        over=(t,),
        protects="guest",
        cite="DSP0274 KEY_UPDATE; COV 07: an update of the session's keys is no termination",
        witness=Witness(occurs(e.key_update)),
        kill=Kill((AddRule("stream", e.key_update, Stream.state, "INSECURE"),), "linux-tsm"),
    ),
    Property(
        id="new-keys-are-verified-once",
        says="VerifyNewKey is answered only after an update of keys, and no second update before it.",
        formula=StepLaw(occurs(e.key_update), (e.op == "VerifyNewKey") == Responder.update_pending),
        protects="guest",
        cite="DSP0274 KEY_UPDATE",
        witness=Witness(occurs(e.key_update, op="VerifyNewKey")),
        kill=Kill((DropCheck("responder", "key_update", "in order"),), "linux-tsm"),
    ),
    Property(
        id="no-session-outlives-a-firmware-update",
        says="A firmware update at run time ends the TSM's session.",
        formula=Never(occurs(e.fw_update, where=Responder.established & (after(Responder.tsm_session) == "ESTABLISHED"))),
        protects="guest",
        cite="DSP0274 KEY_EXCHANGE TerminationPolicy; COV 08; TF-RMM sends policy 0",
        if_violated="The session was authenticated with one firmware and goes on with another. Who measured before the update holds an old answer.",
        if_holds="New firmware means a new session, so that it is measured anew. TDIs go to ERROR in the same step.",
        witness=Witness(occurs(e.fw_update, where=Responder.established)),
        kill=Kill((DropUpdate("responder", "fw_update", "responder.tsm_session"),), "arm-cca"),
    ),
    Property(
        id="no-stream-outlives-a-disconnect",
        says="After a disconnect the stream is not Secure with keys of the TSM.",
        formula=StepLaw(
            occurs(e.device_disconnect), (after(Stream.state) != "SECURE") | after(Stream.keyed_over).in_(*OF_HOST)
        ),
        protects="host",
        cite="COV 07: disable, stop, then END_SESSION; AMD host driver: DEV_DISCONNECT first, enable bits last",
        if_violated="The TSM has forgotten the device and the stream is still up. Only the host's enable bit, or the next QUERY or KEY_PROG, takes it down.",
        if_holds="Keys are gone when the TSM lets the device go. The order of END_SESSION and the enable bits leaves no gap.",
        witness=Witness(occurs(e.device_disconnect, where=Stream.state == "SECURE")),
        kill=Kill((DropUpdate("stream", "device_disconnect", "stream.state"),), "linux-tsm"),
    ),
    Property(
        id="run-only-over-the-session-of-the-lock",
        says="The TSM's START_INTERFACE is served only on the session that locked the TDI, and the host cannot start what the TSM locked.",
        formula=Never(
            (
                occurs(e.tdi_run, t=t, where=Tdi.locked_over[t] != Tsm.holder),
                occurs(e.host_start, t=t, where=Tdi.locked_over[t].in_(*OF_TSM)),
            )
        ),
        over=(t,),
        protects="guest",
        cite="P63 §11.3.14, §11.6.3: the nonce is to see to it; no rule names the session",
        if_violated="A later session starts what an earlier one locked, since the nonce is kept by who received it. The keys may be of a third.",
        if_holds="Nonce and session cannot part. A start belongs to the session of the lock.",
        witness=Witness((occurs(e.tdi_run, t=t), occurs(e.host_start, t=t))),
        kill=Kill((DropCheck("tdi", "host_start", "nonce"),), "linux-tsm", _TWO),
    ),
    Property(
        id="no-stop-from-another-session",
        says="STOP_INTERFACE from the host's own session does not unlock a TDI that the TSM locked.",
        formula=Never(occurs(e.host_stop, t=t, where=Tdi.locked() & Tdi.locked_over[t].in_(*OF_TSM))),
        over=(t,),
        protects="guest",
        cite="P63 §11.3.16: no rule ties STOP_INTERFACE to the session of the lock",
        if_violated="A second session unlocks what the TSM believes locked. The TSM's record is wrong, and the TDI takes T=0 accesses again.",
        if_holds="Only who locked can unlock, a reset apart. The TSM's record of a lock cannot be undermined by a message.",
        witness=Witness(occurs(e.host_stop, t=t)),
        kill=Kill(
            (DropCheck("tdi", "host_stop", "session of the lock"),), "linux-tsm", {**_TWO, "other_session": "refused"}
        ),
    ),
)  # fmt: skip
