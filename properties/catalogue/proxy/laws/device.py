"""Laws of the device: what it does when asked, and what befalls it unasked."""

from __future__ import annotations

from .....model.language import after, conj, implies, ite, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.choices.proxy import (
    replay_protection,
)
from .....model.world.proxy import events as e
from .....model.world.proxy.state import Device
from .....model.world.vocabulary import t
from ....formulas import Never
from ....property import Property
from ....steps import REFUSED, occurs, unchanged
from ...law import law, possible, step_law
from .terms import (
    ALL,
    DELIVERED,
    all_but,
    answer,
    answered,
    hostile,
    kind,
    mmio,
    phase,
    sent,
    stage,
    start,
    state,
    taken,
    void,
)

_device_does = conj(
    implies(kind == "LOCK", (state == "CONFIG_UNLOCKED") & (after(state) == "CONFIG_LOCKED")),
    implies(start, (kind == "START") & (state == "CONFIG_LOCKED") & (after(state) == "RUN")),
    implies(kind == "STOP", after(state) == "CONFIG_UNLOCKED"),
    implies(kind == "STATE", unchanged(state)),
)

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "a-device-does-what-is-asked-in-the-state-for-it",
        "A device locks what is unlocked, starts what is locked with the nonce of that lock, stops, or tells the state; the TSM, if it still "
        "waits, is to be told so, and a request that was given up leaves the session out of step.",
        DELIVERED,
        taken
        & _device_does
        & ite(sent, (after(stage) == "answered") & (after(answer) == "ok") & unchanged(kind), void),
        (t,), "device", "P63 §11.3.8, §11.3.12, §11.3.14, §11.3.16, Table 11-3",
        DropUpdate("device", "deliver_request: stop", "device.state"),
    ),
    possible(
        "a-request-in-its-state-is-granted",
        "A device can grant LOCK_INTERFACE in CONFIG_UNLOCKED, START_INTERFACE with the nonce in CONFIG_LOCKED, and in every state "
        "STOP_INTERFACE and the question for its state.",
        DELIVERED,
        taken
        & (
            ((kind == "LOCK") & (state == "CONFIG_UNLOCKED"))
            | ((kind == "START") & (state == "CONFIG_LOCKED"))
            | (kind == "STATE")
            | ((kind == "STOP") & (state != "CONFIG_UNLOCKED"))
        ),
        (t,), "device", "P63 Table 11-3", SwapValue("device", "deliver_request: lock", state, "CONFIG_UNLOCKED", "RUN"),
        protects="host",
    ),
    possible(
        "a-request-out-of-turn-is-refused-as-such",
        "A device refuses a lock of what is not unlocked, and a start of what is not locked, with INVALID_INTERFACE_STATE.",
        occurs(e.deliver_request, t=t, reply="INVALID_INTERFACE_STATE"),
        taken & (((kind == "LOCK") & (state != "CONFIG_UNLOCKED")) | (start & (state != "CONFIG_LOCKED"))),
        (t,), "device", "P63 Tables 11-3, 11-12, 11-19", DropCheck("device", "deliver_request: start", "state"),
        protects="host",
    ),
    possible(
        "an-old-nonce-is-refused-as-such",
        "A device can say of a START_INTERFACE with another nonce than that of the lock that the nonce is wrong.",
        occurs(e.deliver_request, t=t, reply="INVALID_NONCE"), taken & (kind == "START_OLD"),
        (t,), "device", "P63 Table 11-19", DropCheck("device", "deliver_request: start", "nonce"), flow="tdx-connect",
        protects="host",
    ),
    law(
        "refusals-of-a-device-are-true",
        "A device speaks of a wrong state only when the state is wrong, and of a wrong nonce only when the nonce is.",
        Never(
            (
                occurs(
                    e.deliver_request,
                    t=t,
                    reply="INVALID_INTERFACE_STATE",
                    where=neg(((kind == "LOCK") & (state != "CONFIG_UNLOCKED")) | (start & (state != "CONFIG_LOCKED"))),
                ),
                occurs(e.deliver_request, t=t, reply="INVALID_NONCE", where=kind != "START_OLD"),
            )
        ),
        (t,), "device", "P63 Tables 11-12, 11-19", occurs(e.deliver_request, t=t, reply=REFUSED),
        SwapValue("device", "deliver_request: start", state, "CONFIG_LOCKED", "RUN"), protects="host",
    ),
    possible(
        "an-old-lock-is-found-out",
        "Where messages are counted, the device discards an old LOCK_INTERFACE, also when it is unlocked.",
        occurs(e.replay_request, t=t, reply="DISCARDED", old_request="LOCK"),
        hostile & replay_protection & (state == "CONFIG_UNLOCKED") & neg(answered & (kind == "LOCK")),
        (t,), "device", "DSP0277: sequence number; DSP0274 DecryptError",
        SwapValue("device", "replay_request: LOCK", state, "CONFIG_UNLOCKED", "CONFIG_LOCKED"),
        witness=occurs(e.replay_request, t=t, reply="DISCARDED"),
    ),
    law(
        "only-a-lock-is-lost-without-a-request",
        "Without a request, a TDI goes to ERROR only from a lock, by a change of function or session, and to CONFIG_UNLOCKED only by a reset.",
        Never(
            (
                occurs(e.get_version, t=t, where=ite(Device.locked(), after(state) != "ERROR", after(state) != state)),
                occurs(e.conventional_reset, t=t, where=after(state) != "CONFIG_UNLOCKED"),
                occurs(e.function_reset, t=t, where=neg(Device.locked()) | (after(state) != "ERROR")),
            )
        ),
        (t,), "device", "P63 §11.2, §11.4.3, §11.4.5, §11.4.8", occurs(e.function_reset, t=t),
        DropCondition("device", "function_reset", 0),
    ),
    step_law(
        "a-device-recovers-from-error-only",
        "A TDI that becomes unlocked by itself was in ERROR, and nothing else changes.",
        occurs(e.recover, t=t), (state == "ERROR") & (after(state) == "CONFIG_UNLOCKED") & all_but(state),
        (t,), "device", "P63 §11.2: permitted once all data of the TVM is cleared", DropCondition("device", "recover", 1),
        flow="cove-io", error_recovery="automatic",
    ),
    possible(
        "resets-are-always-possible",
        "A host can reset the function of a locked TDI.",
        occurs(e.function_reset, t=t), Device.locked(),
        (t,), "device", "P63 §11.4.3", SwapValue("device", "function_reset", state, "RUN", "ERROR"),
    ),
    step_law(
        "traffic-changes-no-state",
        "A T=1 access passes an open gate to or from a TDI in RUN and changes no state; private MMIO is the guest's once it uses the TDI.",
        (occurs(e.dma, t=t), occurs(e.mmio, t=t, where=mmio & (phase == "in_use"))), (state == "RUN") & unchanged(*ALL),
        (t,), "root complex", "P63 §11.2.1; M16", DropCheck("device", "mmio", "state"), witness=occurs(e.dma, t=t),
    ),
    possible(
        "a-tdi-sends-in-run-only",
        "A TDI can send T=1 memory requests in RUN, and the root complex lets them through or blocks them.",
        occurs(e.dma, t=t, reply=None), state == "RUN",
        (t,), "device", "P63 §11.2.1", SwapValue("device", "dma", state, "RUN", "ERROR"), witness=occurs(e.dma, t=t),
    ),
)  # fmt: skip
