"""Laws of what a lock leaves behind, however it ends."""

from __future__ import annotations

from .....model.language import Event, Term, after, implies, neg
from .....model.language.mutate import DropUpdate, SwapValue
from .....model.world.choices.lifecycle import error_recovery
from .....model.world.choices.responder import (
    after_stop,
    ats_write,
    update_in_error,
)
from .....model.world.responder import events as e
from .....model.world.responder.state import Device, Tdi
from .....model.world.vocabulary import t
from ....property import Property
from ....steps import occurs
from ...law import invariant, possible, step_law
from ..observations import ERROR, UNLOCKED
from .terms import holds, p2p, sharing, stream


def _befalls(event: Event, when: Term, cite: str) -> Property:
    """That an event spares neither of the two locked states: no promise may rest on its not happening."""
    name = event.name.replace("_", "-")
    return possible(
        f"{name}-can-befall-a-locked-tdi",
        f"{event.doc[0].upper()}{event.doc[1:]} can befall a TDI in CONFIG_LOCKED as well as in RUN.",
        occurs(event, t=t),
        when,
        (t,),
        "device",
        cite,
        SwapValue("tdi", event.name, Tdi.state[t], "CONFIG_LOCKED", "RUN"),
        witness=Tdi.locked(),
    )


PROPERTIES: tuple[Property, ...] = (
    invariant(
        "what-is-not-locked-has-nothing-of-a-lock",
        "A TDI that is not locked has no session, no flags, no locked table, no nonce, and, where leaving RUN releases them, neither a "
        "peer-to-peer stream nor a shared range.",
        implies(
            neg(Tdi.locked()),
            (Tdi.lock_session[t] == "none")
            & neg(Tdi.nonce[t] | Tdi.msix_locked[t] | Tdi.may_bind_p2p[t] | Tdi.redirect[t])
            & implies(Tdi.no_fw_update[t], ERROR & (update_in_error == "blocked"))
            & implies(after_stop == "released", (p2p == "none") & (sharing == "tee")),
        ),
        (t,), "device", "P63 §11.2, §11.3.8, §11.3.16", ERROR, DropUpdate("tdi", "config_change", "tdi.redirect"),
    ),
    invariant(
        "a-lock-with-a-living-session-names-it",
        "The session of a lock lives, also where locks outlive sessions: then they belong to none.",
        (Tdi.lock_session[t] == "none") | Device.alive(Tdi.lock_session[t], stream),
        (t,), "device", "P63 §11.3.8, §6.33.3 (A-18: knob session_loss)", Tdi.locked(),
        DropUpdate("tdi", "session_close", "tdi.lock_session"), session_loss="next_keying",
    ),
    invariant(
        "a-reset-is-remembered-in-error-only",
        "That a function level reset brought a TDI into ERROR is remembered until it leaves ERROR.",
        implies(Tdi.after_flr[t], ERROR),
        (t,), "device", "P63 §11.4.9 (A-6: knobs error_recovery, recovery_after_flr)", Tdi.after_flr[t],
        DropUpdate("tdi", "stop_interface", "tdi.after_flr"), error_recovery="automatic",
    ),
    step_law(
        "a-recovery-wipes-and-unlocks",
        "A TDI that recovers by itself was in ERROR; it is unlocked then, holds no secret, and waits for no read.",
        occurs(e.recover, t=t), ERROR & after(UNLOCKED) & neg(after(holds.in_("secret", "read"))),
        (t,), "device", "P63 §11.2: permitted once all data of the TVM is cleared",
        DropUpdate("tdi", "recover", "tdi.state"), error_recovery="automatic",
    ),
    possible(
        "what-may-recover-can",
        "Where TDIs recover by themselves, one in ERROR that no function level reset brought there can.",
        occurs(e.recover, t=t), (error_recovery == "automatic") & ERROR & neg(Tdi.after_flr[t]),
        (t,), "device", "P63 §11.2: permitted", SwapValue("tdi", "recover", Tdi.state[t], "ERROR", "CONFIG_UNLOCKED"),
        protects="host", error_recovery="automatic",
    ),
    step_law(
        "a-write-of-the-ats-capability-ends-a-lock-where-it-counts",
        "A device that minds writes to the ATS capability takes a locked TDI to ERROR.",
        occurs(e.ats_capability_write, t=t), implies((ats_write == "error") & Tdi.locked(), after(ERROR)),
        (t,), "device", "P63 Table 11-2 against a PCIe 7.0 RTL (A-14: knob ats_write)",
        DropUpdate("tdi", "ats_capability_write", "tdi.state"), ats_write="error",
    ),
    _befalls(e.config_change, Tdi.locked(), "P63 §11.2, Table 11-2"),
    _befalls(e.msix_write, Tdi.locked(), "P63 Table 11-2"),
    _befalls(e.ats_capability_write, Tdi.locked(), "P63 Table 11-2"),
    _befalls(e.device_error, Tdi.locked(), "P63 §11.2, §11.4.3, §11.4.6"),
    _befalls(e.tolerated, Tdi.locked(), "P63 Table 11-2, §11.4.3, §11.4.6"),
    _befalls(e.ats_anomaly, Tdi.locked(), "P63 §11.4.10"),
    _befalls(e.p2p_stream_lost, Tdi.locked(), "P63 §11.2, §11.4.5"),
)  # fmt: skip
