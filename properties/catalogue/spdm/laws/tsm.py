"""Laws of the TSM: connecting, binding, and what it holds of a session."""

from __future__ import annotations

from .....model.language import after, forall, implies, neg
from .....model.language.mutate import (
    DropCheck,
    DropCondition,
    DropUpdate,
    LeakyRefusal,
    SwapValue,
)
from .....model.world.choices.lifecycle import bind_requires, disconnect_bound, lock_requires
from .....model.world.choices.resources import connect_again, device_caps
from .....model.world.choices.spdm import (
    measure_over,
    slots,
)
from .....model.world.spdm import events as e
from .....model.world.spdm.state import Responder, Stream, Tsm
from .....model.world.vocabulary import HOST, t
from ....formulas import Never
from ....property import Property
from ....steps import REFUSED, occurs, unchanged
from ...law import law, possible, step_law, told
from ..observations import SESSIONS, STREAM, TDI_OF_T
from .terms import FAILED_CONNECTS, connected, fresh, none_bound, same_device, state

_IN_SESSION = tuple(occurs(x) for x in (e.ide_key_prog, e.heartbeat, e.key_update, e.measure, e.tdi_bind, e.tdi_run))
_REFUSALS = tuple(
    occurs(x, reply=REFUSED)
    for x in (
        e.device_connect, e.device_disconnect, e.ide_key_prog, e.measure, e.heartbeat, e.key_update, e.tdi_bind, e.tdi_run,
        e.tdi_unbind, e.host_session, e.host_query, e.host_key_prog, e.key_prog_in_clear, e.host_lock, e.host_start,
        e.host_stop, e.guest_authenticate,
    )
)  # fmt: skip
_TSM = (Tsm.phase, Tsm.peer, Tsm.other_slot, Tsm.keyed, Tsm.bound[t])

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "the-tsm-asks-only-while-connected",
        "The TSM programs keys, measures, keeps alive, binds and starts only over a session that it has finished setting up.",
        _IN_SESSION, connected,
        (), "TSM", "P63 §6.33.3, §11.2.2; COV 09", DropCondition("tsm", "measure", 0), measure_over="clear",
    ),
    possible(
        "a-live-session-can-be-used",
        "Over a session that lives, the TSM can take measurements, have a heartbeat answered, and update the session's keys.",
        occurs(e.measure, source="device", other=False), Tsm.in_contact & (measure_over == "session"),
        (), "TSM", "COV 09 get_device_measurements, spdm_heartbeat, spdm_key_update",
        SwapValue("tsm", "measure", Tsm.phase, "connected", "lost"), witness=Tsm.in_contact, protects="host",
    ),
    possible(
        "heartbeats-are-answered",
        "A heartbeat over a session that lives is answered, be it that the device keeps none.",
        occurs(e.heartbeat, reply=None), Tsm.in_contact,
        (), "device", "DSP0274 HEARTBEAT", SwapValue("tsm", "heartbeat", Tsm.phase, "connected", "lost"),
        witness=Tsm.in_contact, protects="host",
    ),
    possible(
        "keys-of-a-live-session-can-be-updated",
        "Over a session that lives, an update of its keys can be begun, or the pending one verified.",
        occurs(e.key_update), Tsm.in_contact & same_device,
        (), "device", "DSP0274 KEY_UPDATE", SwapValue("tsm", "key_update", Tsm.phase, "connected", "lost"),
        witness=Tsm.in_contact, protects="host",
    ),
    possible(
        "a-lost-session-is-noticed",
        "A TSM whose session is gone can find out, and then it holds nothing of that session any more.",
        occurs(
            e.tsm_learns,
            where=(after(Tsm.phase) == "lost") & neg(after(Tsm.keyed)) & (after(Tsm.peer) == "device") & neg(after(Tsm.other_slot)),
        ),
        connected & neg(Tsm.in_contact),
        (), "TSM", "TF-RMM: PDEV ERROR; COV 07: the session has ended", DropUpdate("tsm", "tsm_learns", "tsm.keyed"),
        witness=connected & neg(Tsm.in_contact),
    ),
    step_law(
        "nothing-is-lost-while-in-contact",
        "The TSM takes its session for lost only when its messages reach the device no more.",
        occurs(e.tsm_learns), connected & neg(Tsm.in_contact),
        (), "TSM", "TF-RMM: PDEV ERROR", DropCondition("tsm", "tsm_learns", 1), protects="host",
    ),
    law(
        "connect-of-a-connected-device-is-busy",
        "Where a second connect is not allowed, the TSM refuses it.",
        Never(
            occurs(e.device_connect, where=(connect_again != "ok") & Tsm.phase.in_("negotiated", "handshaking", "connected"))
        ),
        (), "TSM", "Linux TSM core: connect answers EBUSY", occurs(e.device_connect, reply="EBUSY"),
        DropCheck("tsm", "device_connect", "not connected"), protects="host",
    ),
    step_law(
        "key-exchange-follows-negotiation",
        "The TSM sends KEY_EXCHANGE once it has negotiated and before anything else, in the slot of the certificates where there "
        "is one; then the session is in its handshake.",
        (occurs(e.key_exchange), occurs(e.key_exchange_in_the_middle)),
        (Tsm.phase == "negotiated") & (after(Tsm.phase) == "handshaking") & implies(after(Tsm.other_slot), slots != "one"),
        (), "TSM", "DSP0274 KEY_EXCHANGE; M14", DropCheck("tsm", "key_exchange", "one slot"), witness=occurs(e.key_exchange),
    ),
    possible(
        "key-exchange-is-possible-or-refused",
        "A TSM that has negotiated gets an answer to KEY_EXCHANGE, whoever answers.",
        occurs(e.key_exchange, reply=None), Tsm.phase == "negotiated",
        (), "device", "DSP0274 KEY_EXCHANGE", SwapValue("tsm", "key_exchange", Tsm.phase, "negotiated", "lost"),
        witness=Tsm.phase == "negotiated", protects="host",
    ),
    possible(
        "the-host-in-the-middle-is-answered-by-the-tsm",
        "A host that answers KEY_EXCHANGE in the device's place is found out where responders are authenticated.",
        occurs(e.key_exchange_in_the_middle, reply=None), (Tsm.phase == "negotiated") & neg(HOST.honest),
        (), "TSM", "DSP0274 KEY_EXCHANGE; CVE-2023-31127",
        SwapValue("tsm", "key_exchange_in_the_middle", Tsm.phase, "negotiated", "handshaking"),
        witness=Tsm.phase == "negotiated",
    ),
    step_law(
        "a-failed-connect-leaves-nothing",
        "When the setting up of a session fails, the TSM is disconnected, or, with TDIs bound, without a session, and holds nothing of it.",
        FAILED_CONNECTS,
        implies(none_bound, after(Tsm.phase) == "disconnected")
        & implies(neg(none_bound), after(Tsm.phase) == "lost")
        & (after(Tsm.peer) == "device")
        & neg(after(Tsm.keyed) | after(Tsm.other_slot)),
        (), "TSM", "COV 09 connect_device; Linux TSM core",
        DropUpdate("tsm", "key_exchange/SessionLimitExceeded", "tsm.phase"), flow="linux-tsm", multi_session=False,
    ),
    step_law(
        "disconnect-forgets-the-device",
        "Only a device that was connected is disconnected, where bound TDIs forbid it only without such; then no TDI is bound and the "
        "TSM holds nothing of the session.",
        occurs(e.device_disconnect),
        neg(fresh)
        & implies(disconnect_bound == "reject", none_bound)
        & (after(Tsm.phase) == "disconnected")
        & (after(Tsm.peer) == "device")
        & neg(after(Tsm.keyed) | after(Tsm.other_slot))
        & forall(t, neg(after(Tsm.bound[t]))),
        (), "TSM", "COV 07, COV 09 disconnect_device; Linux TSM core: unbind_all",
        DropUpdate("tsm", "device_disconnect", "tsm.keyed"), protects="host",
    ),
    step_law(
        "bind-records-what-it-locks",
        "The TSM binds a TDI that is not bound, over keys of its own and, where it insists on that, a Secure stream; then it is bound.",
        occurs(e.tdi_bind, t=t),
        neg(Tsm.bound[t]) & Tsm.keyed & implies(bind_requires == "secure", Stream.state == "SECURE") & after(Tsm.bound[t]),
        (t,), "TSM", "COV 07, COV 09 bind_interface; P63 §11.3.8; AMD TDI_BIND",
        DropUpdate("tsm_tdi", "tdi_bind", "tsm_tdi.bound"),
    ),
    possible(
        "a-bind-is-granted-or-refused",
        "While the TSM is connected, a request to bind a TDI is answered.",
        occurs(e.tdi_bind, t=t, reply=None), Tsm.in_contact,
        (t,), "TSM", "COV 09 bind_interface", DropCheck("tsm_tdi", "tdi_bind", "TEE-IO"),
        witness=occurs(e.tdi_bind, t=t, reply="NOT_SUPPORTED"), flow="ide-only", protects="host",
    ),
    possible(
        "a-bind-is-granted-when-all-is-ready",
        "A TDI that is not bound and not locked can be bound over a stream that the TSM keyed over its live session, enabled or not unless somebody insists.",
        occurs(e.tdi_bind, t=t),
        Tsm.in_contact
        & Tsm.keyed
        & (device_caps == "tee_io")
        & neg(Tsm.bound[t])
        & (state == "CONFIG_UNLOCKED")
        & (
            (Stream.state == "SECURE")
            | ((Stream.state == "KEYED") & (lock_requires != "secure") & (bind_requires != "secure"))
        )
        & (Stream.keyed_over == Tsm.holder),
        (t,), "TSM", "COV 09 bind_interface; P63 §11.3.8",
        SwapValue("tsm_tdi", "tdi_bind", Stream.state, "SECURE", "INSECURE"), flow="cove-io", protects="host",
    ),
    step_law(
        "only-bound-tdis-are-started-and-unbound",
        "The TSM starts and unbinds TDIs that are bound, and an unbound one is bound to nobody.",
        (occurs(e.tdi_run, t=t), occurs(e.tdi_unbind, t=t, where=neg(after(Tsm.bound[t])))), Tsm.bound[t],
        (t,), "TSM", "COV 09 start_interface, unbind_interface; AMD TDI_UNBIND", DropCheck("tsm_tdi", "tdi_unbind", "bound"),
        witness=occurs(e.tdi_run, t=t),
    ),
    step_law(
        "unbind-unbinds",
        "After unbind the TSM has the TDI bound no more, whether the device could be reached or not.",
        occurs(e.tdi_unbind, t=t), neg(after(Tsm.bound[t])),
        (t,), "TSM", "COV 09 unbind_interface", DropUpdate("tsm_tdi", "tdi_unbind", "tsm_tdi.bound"), protects="host",
    ),
    step_law(
        "a-refusal-changes-nothing-of-a-session",
        "A request that is refused leaves the TSM's records, the sessions, the stream and the TDIs as they were.",
        _REFUSALS, unchanged(*_TSM, *SESSIONS, *STREAM, *TDI_OF_T, Responder.update_pending, Responder.missed),
        (t,), "device", "P63 §11.3.25 TDISP_ERROR; DSP0274 ERROR; COV 09", LeakyRefusal("tsm_tdi", "tdi_bind"),
    ),
    told(
        e.tdi_bind, "IDE_NOT_SET_UP", "A host that asks to bind before the TSM has keyed a stream is told so.",
        (t,), "TSM", "COV 07, COV 09 bind_interface", DropCheck("tsm_tdi", "tdi_bind", "keys of its own"),
    ),
    told(
        e.tdi_run, "NOT_BOUND", "A host that asks to run a TDI that is not bound is told so.",
        (t,), "TSM", "COV 09; AMD TIO_TDI_BIND", DropCheck("tsm_tdi", "tdi_run", "bound"),
    ),
)  # fmt: skip
