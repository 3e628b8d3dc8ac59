"""What ends a lock, what it leaves behind, and what must not happen to firmware and debug under one (P63 §11.4)."""

from __future__ import annotations

from ....model.language import after, conj, implies, neg
from ....model.language.mutate import DropCheck, DropUpdate, SetUpdate
from ....model.world.choices.responder import ide_required
from ....model.world.responder import events as e
from ....model.world.responder.state import Device, Stream, Tdi
from ....model.world.vocabulary import d, device_of, function0_of, pf_of, t, u
from ...formulas import Invariant, Never, StepLaw
from ...property import Kill, Property, Witness
from ...steps import Step, occurs
from ..promise import only_if
from .observations import ERROR, FLOW, UNLOCKED, UNLOCKS

_stream = device_of(t)
_TWO = {"tdi": 2}
_SECRET = Tdi.holds[t] == "secret"
_ENDS_LOCK: tuple[Step, ...] = (
    *(occurs(x, t=t, where=Tdi.locked()) for x in (e.config_change, e.device_error)),
    occurs(e.msix_write, t=t, where=Tdi.msix_locked[t]),
    occurs(e.ats_anomaly, t=t, where=Tdi.state[t] == "RUN"),
    occurs(e.p2p_stream_lost, t=t, where=Tdi.p2p[t] != "none"),
    *(
        occurs(x, d=_stream, where=ide_required & Tdi.locked())
        for x in (e.ide_register_write, e.stream_lost, e.root_port_write)
    ),
    occurs(e.debug_authorised, d=_stream, where=Tdi.locked()),
)
_LOCK_SESSION_ENDS: tuple[Step, ...] = (
    occurs(e.session_close, d=_stream, where=Tdi.locked() & (e.holder == Tdi.lock_session[t])),
    occurs(e.get_version, d=_stream, where=Tdi.locked()),
)
_UPDATES = occurs(e.firmware_update, d=_stream)

PROPERTIES = (
    only_if(
        "what-changes-the-configuration-ends-the-lock",
        "Every tracked write, error or loss of a stream takes a locked TDI to ERROR, so that in RUN the configuration is that of the lock.",
        _ENDS_LOCK, after(ERROR), over=(t,), protects="guest", binds="device",
        cite="P63 §11.2, Table 11-2, Table 11-31, §11.4.3, §11.4.5 to §11.4.7, §11.4.10",
        if_violated="A locked TDI runs on with a configuration that nobody has looked at.",
        if_holds="RUN tells that the configuration is still the one of the lock.",
        kill=Kill((SetUpdate("tdi", "msix_write", Tdi.state[t], Tdi.state[t]),), FLOW),
    ),
    only_if(
        "the-end-of-the-session-ends-the-lock",
        "When the session over which a TDI was locked ends, the TDI goes to ERROR.",
        _LOCK_SESSION_ENDS, after(ERROR), over=(t,), protects="guest", binds="device",
        cite="P63 §11.4.5, §11.6.1 against §6.33.3 (A-18: knob session_loss)",
        if_violated="The TDI runs on although nobody holds the session any more that could stop it on the TVM's behalf.",
        if_holds="END_SESSION, a missed heartbeat or a GET_VERSION from the host cost the TVM its TDI, and nothing more.",
        kill=Kill((DropUpdate("tdi", "get_version", "tdi.state"),), FLOW),
    ),
    Property(
        id="flr-takes-to-error",
        says="A function level reset takes the locked TDIs of its function, and those of its VFs, to ERROR and not to CONFIG_UNLOCKED.",
        formula=StepLaw(
            occurs(e.flr), implies(((u == t) | (pf_of(u) == t)) & Tdi.locked(u), after(Tdi.state[u] == "ERROR"))
        ),
        over=(u,),
        protects="guest",
        binds="device",
        cite="P63 §11.4.9",
        if_violated="A reset by the host unlocks the TDI, or leaves it running with a configuration that was reset.",
        if_holds="Resetting a function is a denial of service.",
        witness=Witness(occurs(e.flr, where=Tdi.locked(u))),
        kill=Kill((DropUpdate("tdi", "flr", "tdi.state"),), FLOW),
    ),
    Property(
        id="reset-of-function-0-hits-every-tdi",
        says="A function level reset of Function 0 takes every locked TDI of the device to ERROR, whichever function it belongs to.",
        formula=StepLaw(
            occurs(e.flr), implies(ide_required & (function0_of(u) == t) & Tdi.locked(u), after(Tdi.state[u] == "ERROR"))
        ),
        over=(u,),
        protects="guest",
        binds="device",
        cite="P63 §6.33.8: it ends all streams of the port, and §11.4.5",
        if_violated="A TDI runs on over a stream that no longer exists.",
        if_holds="Whoever may reset Function 0 can take the device from every TVM at once.",
        witness=Witness(occurs(e.flr, where=Tdi.locked(u))),
        kill=Kill((DropUpdate("tdi", "flr", "tdi.state"),), FLOW, topology=_TWO),
    ),
    Property(
        id="reset-of-another-function-spares-the-rest",
        says="A function level reset of another function than 0 leaves sessions, streams and the TDIs of other functions alone.",
        formula=StepLaw(
            occurs(e.flr),
            implies(
                t != function0_of(t),
                conj(
                    after(Stream.state[_stream]) == Stream.state[_stream],
                    after(Device.tsm_session[_stream]) == Device.tsm_session[_stream],
                    (u == t) | (pf_of(u) == t) | (after(Tdi.state[u]) == Tdi.state[u]),
                ),
            ),
        ),
        over=(u,),
        protects="other TVM",
        binds="device",
        cite="P63 §11.4.9, §6.33.8",
        witness=Witness(occurs(e.flr, where=t != function0_of(t)), topology=_TWO),
        kill=Kill((SetUpdate("stream", "flr", Stream.state[device_of(t)], "NOT_KEYED"),), FLOW, topology=_TWO),
    ),
    Property(
        id="conventional-reset-unlocks-everything",
        says="A conventional reset takes every TDI to CONFIG_UNLOCKED, and leaves neither data, nor keys, nor sessions.",
        formula=StepLaw(
            occurs(e.conventional_reset, d=_stream),
            conj(
                after(UNLOCKED),
                after(Tdi.holds[t] == "nothing"),
                after(Stream.state[_stream] == "NOT_KEYED"),
                neg(after(Device.tsm_session[_stream])),
                neg(after(Device.host_session[_stream])),
            ),
        ),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.4.8",
        witness=Witness(occurs(e.conventional_reset, d=_stream, where=_SECRET)),
        kill=Kill((DropUpdate("tdi", "conventional_reset", "tdi.holds"),), FLOW),
    ),
    Property(
        id="unlocked-means-scrubbed",
        says="A TDI in CONFIG_UNLOCKED holds no secret of a TVM.",
        formula=Invariant(implies(UNLOCKED, neg(_SECRET))),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2, §11.3.16, §11.4.8",
        if_violated="The next owner of the TDI reads what the TVM left in it.",
        if_holds="CONFIG_UNLOCKED proves that the TVM's data is gone.",
        witness=Witness(UNLOCKS),
        kill=Kill((DropUpdate("tdi", "stop_interface", "tdi.holds"),), FLOW),
    ),
    Property(
        id="unlocked-means-no-translation-of-a-tvm",
        says="No cached translation outlives the unlocking of a TDI.",
        formula=Never(Step(None, {}, None, neg(UNLOCKED) & after(UNLOCKED) & after(Tdi.holds[t] == "translation"))),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.16; a recovery by itself clears the TVM's data, of which §11.2 does not say that it includes translations",
        witness=Witness(occurs(e.stop_interface, t=t, where=Tdi.holds[t] == "translation")),
        kill=Kill((DropUpdate("tdi", "stop_interface", "tdi.holds"),), FLOW),
    ),
    Property(
        id="one-lock-blocks-the-firmware-update",
        says="While one TDI of a device is locked with NO_FW_UPDATE, the device's firmware is not updated.",
        formula=StepLaw(_UPDATES, neg(Tdi.locked() & Tdi.no_fw_update[t])),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.3.8, §11.4.2",
        if_violated="The firmware that the guest has measured is not the one that handles its data.",
        if_holds="A lock with NO_FW_UPDATE freezes the firmware, for every TDI of the device.",
        witness=Witness(occurs(e.firmware_update, d=_stream, reply="UPDATE_REFUSED", where=Tdi.no_fw_update[t])),
        kill=Kill((DropCheck("device", "firmware_update", "NO_FW_UPDATE"),), FLOW),
    ),
    only_if(
        "firmware-stays-that-of-the-lock",
        "The firmware of a TDI that stays locked is not updated.",
        _UPDATES, neg(Tdi.locked() & after(Tdi.locked())), over=(t,), protects="guest", binds="device",
        cite="P63 §11.4.2: allowed unless the lock says NO_FW_UPDATE",
        if_violated="The host chose the flags of the lock, and other firmware now handles the guest's data. The report's NO_FW_UPDATE bit shows it in advance.",
        if_holds="What was measured at the lock runs until its end.",
    ),
    Property(
        id="measurements-show-the-firmware-that-runs",
        says="Measurements that a device returns are those of the firmware that runs.",
        formula=Invariant(neg(Device.unmeasured[d])),
        over=(d,),
        protects="guest",
        binds="device",
        cite="P63 §11.4.2, DSP0274 MEAS_FRESH_CAP (knob measured_at)",
        if_violated="A device without MEAS_FRESH_CAP returns the digests of its last reset. An update since then is invisible.",
        if_holds="A measurement taken now tells what runs now.",
        witness=Witness(occurs(e.firmware_update, d=d)),
        kill=Kill((SetUpdate("device", "firmware_update", Device.unmeasured[d], True),), FLOW),
    ),
    only_if(
        "no-downgrade-under-a-lock",
        "Firmware of a lower security version is not installed while a TDI is locked, unless every lock, stream, session and secret is ended first.",
        occurs(e.firmware_update, d=_stream, lower_svn=True),
        implies(
            Tdi.locked(),
            conj(
                after(ERROR),
                neg(after(_SECRET)),
                after(Stream.state[_stream] == "NOT_KEYED"),
                neg(after(Device.tsm_session[_stream] | Device.host_session[_stream])),
            ),
        ),
        over=(t,), protects="guest", binds="device", cite="P63 §11.4.2 (knob svn_downgrade)",
        if_violated="Firmware with known holes gets the data of a running TVM.",
        if_holds="Older firmware never meets a lock.",
        kill=Kill((DropCheck("device", "firmware_update", "SVN"),), FLOW),
    ),
    only_if(
        "no-downgrade-onto-secrets",
        "Firmware of a lower security version is not installed while a TDI holds a TVM's secrets, in whatever state.",
        occurs(e.firmware_update, d=_stream, lower_svn=True), neg(after(_SECRET)), over=(t,), protects="guest",
        binds="device", cite="P63 §11.4.2 speaks of locked TDIs; in ERROR the data may still be there (§11.2)",
        if_violated="The host breaks the lock first, and then installs older firmware over what the TDI still holds in ERROR.",
        if_holds="Older firmware never meets a TVM's data.",
    ),
    Property(
        id="debug-opens-after-everything-is-closed",
        says="Debug opens only with every session ended, every stream Insecure and no TDI locked.",
        formula=StepLaw(
            occurs(e.debug_authorised, d=_stream),
            conj(
                neg(after(Device.tsm_session[_stream] | Device.host_session[_stream])),
                after(Stream.state[_stream] != "SECURE"),
                neg(after(Tdi.locked())),
            ),
        ),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.4.7",
        witness=Witness(occurs(e.debug_authorised, d=_stream, where=Tdi.locked())),
        kill=Kill((DropUpdate("device", "debug_authorised", "device.tsm_session"),), FLOW),
    ),
    Property(
        id="debug-opens-on-no-secret",
        says="When debug opens, no TDI of the device holds a secret of a TVM any more.",
        formula=StepLaw(occurs(e.debug_authorised, d=_stream), neg(after(_SECRET))),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.4.7 demands ERROR, in which §11.2 lets data stay as long as it is not exposed (knob debug_wipes)",
        if_violated="Debug opens on a device that still holds a TVM's data. That it stays unexposed rests on the debug port honouring ERROR.",
        if_holds="Debug finds nothing.",
        witness=Witness(occurs(e.debug_authorised, d=_stream, where=_SECRET)),
    ),
)  # fmt: skip
