"""Laws of TDIs: over which session they are locked, started and stopped."""

from __future__ import annotations

from .....model.language import FALSE, Check, after, implies, neg
from .....model.language.mutate import (
    AddCheck,
    AddRule,
    DropCheck,
    DropCondition,
    DropUpdate,
    SwapValue,
)
from .....model.world.choices.ide import ide_km_binding
from .....model.world.choices.lifecycle import lock_requires
from .....model.world.choices.resources import device_caps
from .....model.world.choices.responder import other_session
from .....model.world.spdm import events as e
from .....model.world.spdm.state import LOST, Responder, Stream, Tdi, Tsm
from .....model.world.vocabulary import HOST, t
from ....formulas import Never
from ....property import Property
from ....steps import becomes, occurs, unchanged
from ...law import invariant, law, possible, step_law, told
from ..observations import TDI_OF_T, lives
from .terms import only, over, same_device, state

_LOCKS = (occurs(e.tdi_bind, t=t), occurs(e.host_lock, t=t))
_STARTS = (occurs(e.tdi_run, t=t), occurs(e.host_start, t=t))

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "lock-interface-needs-unlocked-and-keys",
        "A TDI is locked only from CONFIG_UNLOCKED, over a stream with keys of the session that locks it, and Secure where that is asked.",
        _LOCKS,
        (state == "CONFIG_UNLOCKED")
        & (after(state) == "CONFIG_LOCKED")
        & Stream.state.in_("KEYED", "SECURE")
        & implies(lock_requires == "secure", Stream.state == "SECURE")
        & implies(ide_km_binding == "session", (Stream.keyed_over == after(over)) | Stream.keyed_over.in_(*LOST)),
        (t,), "device", "P63 §11.3.8, Table 11-12", DropCheck("tdi", "tdi_bind", "state"),
        DropCheck("tsm_tdi", "tdi_bind", "not bound"),
    ),
    law(
        "a-lock-is-of-the-session-that-asked",
        "A lock is recorded as of the session over which LOCK_INTERFACE came.",
        Never(
            (
                occurs(e.tdi_bind, t=t, where=after(over) != Tsm.holder),
                occurs(e.host_lock, t=t, where=after(over) != "host"),
            ),
        ),
        (t,), "device", "P63 §11.3.8, §11.4.5", _LOCKS, DropUpdate("tdi", "host_lock", "tdi.locked_over"),
    ),
    law(
        "start-interface-needs-a-lock-and-its-nonce",
        "A TDI is started only from CONFIG_LOCKED, by whoever was given the nonce of the lock.",
        Never(
            (
                *(only(s, neg((state == "CONFIG_LOCKED") & (after(state) == "RUN"))) for s in _STARTS),
                occurs(e.tdi_run, t=t, where=same_device & neg(over.in_("tsm", "tsm_lost"))),
                occurs(e.tdi_run, t=t, where=neg(same_device) & neg(over.in_("host", "host_lost"))),
                occurs(e.host_start, t=t, where=neg(over.in_("host", "host_lost"))),
            ),
        ),
        (t,), "device", "P63 §11.3.14, Table 11-19", _STARTS, DropCheck("tdi", "tdi_run", "state"),
    ),
    step_law(
        "stop-unlocks-where-it-is-heard",
        "STOP_INTERFACE unlocks the TDI; when it cannot be sent, unbind leaves the TDI as it was.",
        (occurs(e.tdi_unbind, t=t, where=Tsm.in_contact), occurs(e.host_stop, t=t)),
        (after(state) == "CONFIG_UNLOCKED") & (after(over) == "none"),
        (t,), "device", "P63 §11.3.16, §11.2.2", DropUpdate("tdi", "stop", "tdi.locked_over"),
        witness=occurs(e.tdi_unbind, t=t),
    ),
    step_law(
        "nothing-is-stopped-out-of-reach",
        "An unbind that cannot reach the device leaves the TDI as it was.",
        occurs(e.tdi_unbind, t=t, where=neg(Tsm.in_contact)), unchanged(*TDI_OF_T),
        (t,), "device", "P63 §11.2.2; AMD host driver: forced unbind", DropCondition("tdi", "stop", 1),
    ),
    possible(
        "a-bound-tdi-can-be-unbound",
        "A bound TDI can be unbound, be it that the device refuses the stop to a session that did not lock it.",
        occurs(e.tdi_unbind, t=t, reply=None), Tsm.bound[t],
        (t,), "TSM", "COV 09 unbind_interface; AMD host driver: forced unbind",
        AddCheck("tdi", "out of reach", Check("never", FALSE)), witness=Tsm.bound[t], protects="host",
    ),
    step_law(
        "a-lost-stream-takes-its-tdis-down",
        "When the stream fails, every locked TDI goes to ERROR and has no session any more; the others stay as they are.",
        occurs(e.ide_fail),
        implies(Tdi.locked(), (after(state) == "ERROR") & (after(over) == "none"))
        & implies(neg(Tdi.locked()), unchanged(*TDI_OF_T)),
        (t,), "device", "P63 §11.4.5, §11.2", DropUpdate("tdi", "ide_fail", "tdi.state"),
        witness=occurs(e.ide_fail, where=Tdi.locked()),
    ),
    invariant(
        "an-unlocked-tdi-is-of-no-session",
        "A TDI that is not locked is recorded as of no session, and after a reset it is unlocked.",
        implies(neg(Tdi.locked()), over == "none"),
        (t,), "device", "P63 §11.2, §11.4.8", Tdi.locked(), DropUpdate("tdi", "conventional_reset", "tdi.locked_over"),
    ),
    step_law(
        "reset-unlocks-every-tdi",
        "After a conventional reset every TDI is in CONFIG_UNLOCKED.",
        occurs(e.conventional_reset), after(state) == "CONFIG_UNLOCKED",
        (t,), "device", "P63 §11.4.8", DropUpdate("tdi", "conventional_reset", "tdi.state"),
    ),
    step_law(
        "a-tdi-fails-only-with-a-session-or-its-stream",
        "A locked TDI goes to ERROR only when the session of the lock, or the stream, is lost.",
        becomes(state == "ERROR"), Tdi.locked() & (neg(after(lives(over))) | (after(Stream.state) != Stream.state)),
        (t,), "device", "P63 §11.4.5, §11.2", AddRule("tdi", e.heartbeat, Tdi.state["tdi0"], "ERROR"), flow="cove-io",
        protects="host",
    ),
    invariant(
        "what-is-known-to-have-ended-ends-the-lock",
        "No TDI is locked over a session of which the device knows that it ended.",
        implies(Tdi.locked(), neg(over.in_("tsm_ended", "host_ended", "none"))),
        (t,), "device", "P63 §11.4.5", Tdi.locked(), DropUpdate("tdi", "silence", "tdi.state"), flow="cove-io",
    ),
    possible(
        "a-bound-tdi-can-be-started",
        "The TSM can have a bound TDI started that is locked over its live session.",
        occurs(e.tdi_run, t=t), Tsm.in_contact & Tsm.bound[t] & (state == "CONFIG_LOCKED") & (over == Tsm.holder),
        (t,), "device", "P63 §11.3.14; COV 09 start_interface",
        SwapValue("tdi", "tdi_run", Tdi.state[t], "CONFIG_LOCKED", "RUN"), protects="host",
    ),
    possible(
        "a-session-can-lock-over-its-own-keys",
        "Whoever has a session and has keyed the stream over it can lock a TDI that is unlocked, enabled or not, unless the device insists.",
        occurs(e.host_lock, t=t),
        neg(HOST.honest)
        & Responder.host_session
        & (device_caps == "tee_io")
        & (state == "CONFIG_UNLOCKED")
        & (Stream.keyed_over == "host")
        & ((Stream.state == "SECURE") | ((Stream.state == "KEYED") & (lock_requires != "secure"))),
        (t,), "device", "P63 §11.3.8", SwapValue("tdi", "host_lock", Stream.state, "KEYED", "SECURE"), protects="host",
    ),
    possible(
        "who-locked-can-start",
        "Whoever locked a TDI over a session that lives can start it.",
        occurs(e.host_start, t=t),
        neg(HOST.honest) & Responder.host_session & (state == "CONFIG_LOCKED") & over.in_("host", "host_lost")
        & implies(other_session == "refused", over == "host"),
        (t,), "device", "P63 §11.3.14", SwapValue("tdi", "host_start", Tdi.locked_over[t], "host", "tsm_ended"),
        protects="host",
    ),
    possible(
        "who-locked-can-stop",
        "Whoever locked a TDI over a session that lives can stop it.",
        occurs(e.host_stop, t=t), neg(HOST.honest) & Responder.host_session & Tdi.locked() & (over == "host"),
        (t,), "device", "P63 §11.3.16", SwapValue("tdi", "host_stop", Tdi.locked_over[t], "host", "tsm_ended"),
        flow="linux-tsm", protects="host", other_session="refused", multi_session=True,
    ),
    law(
        "where-sessions-are-told-apart-nobody-stops-another",
        "A device that ties STOP_INTERFACE to the session of the lock unlocks for the TSM only what it locked over that session.",
        Never(occurs(e.tdi_unbind, t=t, where=Tsm.in_contact & (other_session == "refused") & Tdi.locked() & (over == "host"))),
        (t,), "device", "P63 §11.3.16: no rule ties it; this device does", occurs(e.tdi_unbind, t=t),
        DropCheck("tdi", "stop", "session of the lock"), flow="linux-tsm", other_session="refused", multi_session=True,
    ),
    told(
        e.tdi_run, "INVALID_REQUEST", "A device that tells sessions apart refuses a start over another session than that of the lock.",
        (t,), "device", "P63 §11.3.14", DropCheck("tdi", "tdi_run", "session of the lock"), flow="linux-tsm",
        other_session="refused", multi_session=True,
    ),
    told(
        e.host_start, "INVALID_REQUEST",
        "A device that tells sessions apart refuses a start by the host over another session than that of the lock.",
        (t,), "device", "P63 §11.3.14", DropCheck("tdi", "host_start", "session of the lock"), flow="linux-tsm",
        other_session="refused", multi_session=True,
    ),
)  # fmt: skip
