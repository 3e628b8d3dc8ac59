"""The laws of single steps: what each message may do to connection, sessions, stream and TDIs, and what it leaves behind."""

from __future__ import annotations

from dataclasses import replace

from ....model.language import FALSE, Check, Term, after, exists, forall, implies, neg
from ....model.language.mutate import (
    AddCheck,
    AddRule,
    DropCheck,
    DropCondition,
    DropUpdate,
    LeakyRefusal,
    SwapValue,
)
from ....model.world.choices.ide import ide_km_binding, session_loss
from ....model.world.choices.lifecycle import bind_requires, disconnect_bound, lock_requires, multi_session
from ....model.world.choices.resources import connect_again, device_caps
from ....model.world.choices.responder import other_session, update_ends_session
from ....model.world.choices.spdm import (
    claim,
    connection_ids,
    decrypt_error_ends,
    guest_cma,
    has_tsm,
    heartbeats,
    measure_over,
    reset_after_end,
    slots,
)
from ....model.world.spdm import events as e
from ....model.world.spdm.state import LOST, Host, Responder, Stream, Tdi, Tsm
from ....model.world.vocabulary import HOST, t
from ...formulas import AlwaysPossible, Invariant, Never, StepLaw
from ...steps import REFUSED, Step, becomes, occurs, unchanged
from ..law import law, told
from .observations import SESSIONS, STREAM, TDI_OF_T, lives

_connected = Tsm.phase == "connected"
_fresh = Tsm.phase == "disconnected"
_none_bound = neg(exists(t, Tsm.bound[t]))
_same_device = Tsm.peer == "device"
_state, _over = Tdi.state[t], Tdi.locked_over[t]
_one_connection = neg(connection_ids)
_IN_SESSION = tuple(occurs(x) for x in (e.ide_key_prog, e.heartbeat, e.key_update, e.measure, e.tdi_bind, e.tdi_run))
_FAILED_CONNECTS = tuple(
    occurs(x, reply=r)
    for x, r in (
        (e.key_exchange, "UnexpectedRequest"), (e.key_exchange, "SessionLimitExceeded"),
        (e.key_exchange_in_the_middle, "AUTH_FAILED"), (e.finish, "SessionRequired"),
    )
)  # fmt: skip
_MISCHIEF = (
    e.get_version, e.key_exchange_in_the_middle, e.host_session, e.host_end_session, e.host_query, e.host_key_prog,
    e.key_prog_in_clear, e.host_lock, e.host_start, e.host_stop, e.garbled,
)  # fmt: skip
_LOCKS = (occurs(e.tdi_bind, t=t), occurs(e.host_lock, t=t))
_STARTS = (occurs(e.tdi_run, t=t), occurs(e.host_start, t=t))
_OF_HOST_SESSION = tuple(
    occurs(x) for x in (e.host_query, e.host_key_prog, e.host_lock, e.host_start, e.host_stop, e.host_end_session)
)
_KEYINGS = tuple(occurs(x) for x in (e.ide_key_prog, e.host_key_prog, e.key_prog_in_clear))
_SIGNS_OF_LIFE = (
    occurs(e.ide_key_prog), occurs(e.heartbeat), occurs(e.key_update), occurs(e.tdi_bind), occurs(e.tdi_run),
    occurs(e.tdi_unbind, where=Tsm.in_contact),
    occurs(e.measure, source="device", where=measure_over == "session"),
)  # fmt: skip
_REFUSALS = tuple(
    occurs(x, reply=REFUSED)
    for x in (
        e.device_connect, e.device_disconnect, e.ide_key_prog, e.measure, e.heartbeat, e.key_update, e.tdi_bind, e.tdi_run,
        e.tdi_unbind, e.host_session, e.host_query, e.host_key_prog, e.key_prog_in_clear, e.host_lock, e.host_start,
        e.host_stop, e.guest_authenticate,
    )
)  # fmt: skip
_TSM = (Tsm.phase, Tsm.peer, Tsm.other_slot, Tsm.keyed, Tsm.bound[t])


def _only(s: Step, where: Term) -> Step:
    """Such steps, where a condition holds besides."""
    return replace(s, where=s.where & where)


_some_connection_left = (after(Responder.connection) != "NOT_STARTED") | (after(Responder.host_connection) != "NOT_STARTED")


def _both_gone(of_tsm: Term, of_host: Term) -> Term:
    """Afterwards the sessions are gone, of the TSM and of the host, as far as they are meant."""
    return implies(of_tsm, after(Responder.tsm_session) == "NOT_STARTED") & implies(
        of_host, neg(after(Responder.host_session))
    )


PROPERTIES = (
    # --- The TSM ------------------------------------------------------------------------------------------------------
    law(
        "the-tsm-asks-only-while-connected",
        "The TSM programs keys, measures, keeps alive, binds and starts only over a session that it has finished setting up.",
        StepLaw(_IN_SESSION, _connected),
        (), "TSM", "P63 §6.33.3, §11.2.2; COV 09", _IN_SESSION,
        DropCondition("tsm", "measure", 0), measure_over="clear",
    ),
    law(
        "a-live-session-can-be-used",
        "Over a session that lives, the TSM can take measurements, have a heartbeat answered, and update the session's keys.",
        AlwaysPossible(occurs(e.measure, source="device", other=False), Tsm.in_contact & (measure_over == "session")),
        (), "TSM", "COV 09 get_device_measurements, spdm_heartbeat, spdm_key_update", Tsm.in_contact,
        SwapValue("tsm", "measure", Tsm.phase, "connected", "lost"), protects="host",
    ),
    law(
        "heartbeats-are-answered",
        "A heartbeat over a session that lives is answered, be it that the device keeps none.",
        AlwaysPossible(occurs(e.heartbeat, reply=None), Tsm.in_contact),
        (), "device", "DSP0274 HEARTBEAT", Tsm.in_contact,
        SwapValue("tsm", "heartbeat", Tsm.phase, "connected", "lost"), protects="host",
    ),
    law(
        "keys-of-a-live-session-can-be-updated",
        "Over a session that lives, an update of its keys can be begun, or the pending one verified.",
        AlwaysPossible(occurs(e.key_update), Tsm.in_contact & _same_device),
        (), "device", "DSP0274 KEY_UPDATE", Tsm.in_contact,
        SwapValue("tsm", "key_update", Tsm.phase, "connected", "lost"), protects="host",
    ),
    law(
        "an-update-of-keys-is-pending-until-verified",
        "After UpdateKey or UpdateAllKeys an update is pending, after VerifyNewKey none.",
        StepLaw(occurs(e.key_update), after(Responder.update_pending) == (e.op != "VerifyNewKey")),
        (), "device", "DSP0274 KEY_UPDATE", occurs(e.key_update),
        DropUpdate("responder", "key_update", "responder.update_pending"),
    ),
    law(
        "a-lost-session-is-noticed",
        "A TSM whose session is gone can find out, and then it holds nothing of that session any more.",
        AlwaysPossible(
            occurs(
                e.tsm_learns,
                where=(after(Tsm.phase) == "lost") & neg(after(Tsm.keyed)) & (after(Tsm.peer) == "device") & neg(after(Tsm.other_slot)),
            ),
            _connected & neg(Tsm.in_contact),
        ),
        (), "TSM", "TF-RMM: PDEV ERROR; COV 07: the session has ended", _connected & neg(Tsm.in_contact),
        DropUpdate("tsm", "tsm_learns", "tsm.keyed"),
    ),
    law(
        "nothing-is-lost-while-in-contact",
        "The TSM takes its session for lost only when its messages reach the device no more.",
        StepLaw(occurs(e.tsm_learns), _connected & neg(Tsm.in_contact)),
        (), "TSM", "TF-RMM: PDEV ERROR", occurs(e.tsm_learns), DropCondition("tsm", "tsm_learns", 1), protects="host",
    ),
    law(
        "connect-starts-afresh",
        "A connect of a device that is not connected ends what sessions there were on the connection, negotiates it anew, and "
        "leaves the TSM with nothing of an earlier session.",
        StepLaw(
            occurs(e.device_connect, where=_fresh),
            (after(Tsm.phase) == "negotiated")
            & (after(Tsm.peer) == "device")
            & neg(after(Tsm.keyed) | after(Tsm.other_slot))
            & (after(Responder.connection) == "NEGOTIATED")
            & _both_gone(Tsm.phase == "disconnected", _one_connection),
        ),
        (), "device", "DSP0274 GET_VERSION, NEGOTIATE_ALGORITHMS; COV 09 connect_device", occurs(e.device_connect, where=_fresh),
        DropUpdate("responder", "device_connect", "responder.host_session"),
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
    law(
        "key-exchange-follows-negotiation",
        "The TSM sends KEY_EXCHANGE once it has negotiated and before anything else, in the slot of the certificates where there "
        "is one; then the session is in its handshake.",
        StepLaw(
            (occurs(e.key_exchange), occurs(e.key_exchange_in_the_middle)),
            (Tsm.phase == "negotiated") & (after(Tsm.phase) == "handshaking") & implies(after(Tsm.other_slot), slots != "one"),
        ),
        (), "TSM", "DSP0274 KEY_EXCHANGE; M14", occurs(e.key_exchange), DropCheck("tsm", "key_exchange", "one slot"),
    ),
    law(
        "key-exchange-is-possible-or-refused",
        "A TSM that has negotiated gets an answer to KEY_EXCHANGE, whoever answers.",
        AlwaysPossible(occurs(e.key_exchange, reply=None), Tsm.phase == "negotiated"),
        (), "device", "DSP0274 KEY_EXCHANGE", Tsm.phase == "negotiated",
        SwapValue("tsm", "key_exchange", Tsm.phase, "negotiated", "lost"), protects="host",
    ),
    law(
        "the-host-in-the-middle-is-answered-by-the-tsm",
        "A host that answers KEY_EXCHANGE in the device's place is found out where responders are authenticated.",
        AlwaysPossible(occurs(e.key_exchange_in_the_middle, reply=None), (Tsm.phase == "negotiated") & neg(HOST.honest)),
        (), "TSM", "DSP0274 KEY_EXCHANGE; CVE-2023-31127", Tsm.phase == "negotiated",
        SwapValue("tsm", "key_exchange_in_the_middle", Tsm.phase, "negotiated", "handshaking"),
    ),
    law(
        "a-failed-connect-leaves-nothing",
        "When the setting up of a session fails, the TSM is disconnected, or, with TDIs bound, without a session, and holds nothing of it.",
        StepLaw(
            _FAILED_CONNECTS,
            implies(_none_bound, after(Tsm.phase) == "disconnected")
            & implies(neg(_none_bound), after(Tsm.phase) == "lost")
            & (after(Tsm.peer) == "device")
            & neg(after(Tsm.keyed) | after(Tsm.other_slot)),
        ),
        (), "TSM", "COV 09 connect_device; Linux TSM core", _FAILED_CONNECTS,
        DropUpdate("tsm", "key_exchange/SessionLimitExceeded", "tsm.phase"), flow="linux-tsm", multi_session=False,
    ),
    law(
        "disconnect-forgets-the-device",
        "Only a device that was connected is disconnected, where bound TDIs forbid it only without such; then no TDI is bound and the "
        "TSM holds nothing of the session.",
        StepLaw(
            occurs(e.device_disconnect),
            neg(_fresh)
            & implies(disconnect_bound == "reject", _none_bound)
            & (after(Tsm.phase) == "disconnected")
            & (after(Tsm.peer) == "device")
            & neg(after(Tsm.keyed) | after(Tsm.other_slot))
            & forall(t, neg(after(Tsm.bound[t]))),
        ),
        (), "TSM", "COV 07, COV 09 disconnect_device; Linux TSM core: unbind_all", occurs(e.device_disconnect),
        DropUpdate("tsm", "device_disconnect", "tsm.keyed"), protects="host",
    ),
    law(
        "bind-records-what-it-locks",
        "The TSM binds a TDI that is not bound, over keys of its own and, where it insists on that, a Secure stream; then it is bound.",
        StepLaw(
            occurs(e.tdi_bind, t=t),
            neg(Tsm.bound[t]) & Tsm.keyed & implies(bind_requires == "secure", Stream.state == "SECURE") & after(Tsm.bound[t]),
        ),
        (t,), "TSM", "COV 07, COV 09 bind_interface; P63 §11.3.8; AMD TDI_BIND", occurs(e.tdi_bind, t=t),
        DropUpdate("tsm_tdi", "tdi_bind", "tsm_tdi.bound"),
    ),
    law(
        "a-bind-is-granted-or-refused",
        "While the TSM is connected, a request to bind a TDI is answered.",
        AlwaysPossible(occurs(e.tdi_bind, t=t, reply=None), Tsm.in_contact),
        (t,), "TSM", "COV 09 bind_interface", occurs(e.tdi_bind, t=t, reply="NOT_SUPPORTED"),
        DropCheck("tsm_tdi", "tdi_bind", "TEE-IO"), flow="ide-only", protects="host",
    ),
    law(
        "a-bind-is-granted-when-all-is-ready",
        "A TDI that is not bound and not locked can be bound over a stream that the TSM keyed over its live session, enabled or not unless somebody insists.",
        AlwaysPossible(
            occurs(e.tdi_bind, t=t),
            Tsm.in_contact
            & Tsm.keyed
            & (device_caps == "tee_io")
            & neg(Tsm.bound[t])
            & (_state == "CONFIG_UNLOCKED")
            & (
                (Stream.state == "SECURE")
                | ((Stream.state == "KEYED") & (lock_requires != "secure") & (bind_requires != "secure"))
            )
            & (Stream.keyed_over == Tsm.holder),
        ),
        (t,), "TSM", "COV 09 bind_interface; P63 §11.3.8", occurs(e.tdi_bind, t=t),
        SwapValue("tsm_tdi", "tdi_bind", Stream.state, "SECURE", "INSECURE"), flow="cove-io", protects="host",
    ),
    law(
        "only-bound-tdis-are-started-and-unbound",
        "The TSM starts and unbinds TDIs that are bound, and an unbound one is bound to nobody.",
        StepLaw(
            (occurs(e.tdi_run, t=t), occurs(e.tdi_unbind, t=t, where=neg(after(Tsm.bound[t])))), Tsm.bound[t],
        ),
        (t,), "TSM", "COV 09 start_interface, unbind_interface; AMD TDI_UNBIND", occurs(e.tdi_run, t=t),
        DropCheck("tsm_tdi", "tdi_unbind", "bound"),
    ),
    law(
        "unbind-unbinds",
        "After unbind the TSM has the TDI bound no more, whether the device could be reached or not.",
        StepLaw(occurs(e.tdi_unbind, t=t), neg(after(Tsm.bound[t]))),
        (t,), "TSM", "COV 09 unbind_interface", occurs(e.tdi_unbind, t=t),
        DropUpdate("tsm_tdi", "tdi_unbind", "tsm_tdi.bound"), protects="host",
    ),
    law(
        "a-refusal-changes-nothing-of-a-session",
        "A request that is refused leaves the TSM's records, the sessions, the stream and the TDIs as they were.",
        StepLaw(_REFUSALS, unchanged(*_TSM, *SESSIONS, *STREAM, *TDI_OF_T, Responder.update_pending, Responder.missed)),
        (t,), "device", "P63 §11.3.25 TDISP_ERROR; DSP0274 ERROR; COV 09", _REFUSALS, LeakyRefusal("tsm_tdi", "tdi_bind"),
    ),
    # --- The host's operating system ----------------------------------------------------------------------------------
    law(
        "the-mailbox-is-claimed-once-and-given-back",
        "The mailbox is claimed by whoever has not got it, and given back only after unbind, where a delayed connect needs it after disconnect.",
        StepLaw(
            (occurs(e.claim_ownership), occurs(e.return_ownership)),
            (after(Host.claimed) != Host.claimed)
            & implies(Host.claimed, _none_bound | neg(HOST.honest))
            & implies(Host.claimed & (claim == "delayed") & HOST.honest, _fresh),
        ),
        (), "host", "Linux PCI/CMA series: pci_cma_claim_ownership, pci_cma_return_ownership; M4", occurs(e.return_ownership),
        DropUpdate("host", "return_ownership", "host.claimed"), flow="cma-only", protects="host",
    ),
    law(
        "a-failed-connect-gives-the-mailbox-back",
        "A connect that claims the mailbox gives it back when it fails, unless TDIs are still bound.",
        StepLaw(_FAILED_CONNECTS, implies((claim == "connect") & _none_bound, neg(after(Host.claimed)))),
        (), "host", "M4: pci_cma_return_ownership", _FAILED_CONNECTS,
        DropUpdate("host", "key_exchange_in_the_middle/AUTH_FAILED", "host.claimed"), flow="linux-tsm", protects="host",
        claim="connect",
    ),
    law(
        "native-cma-tells-sysfs",
        "Without a TSM, sysfs calls a device authenticated after CMA has succeeded, and no longer after a reset.",
        StepLaw(
            (occurs(e.cma_authenticate), occurs(e.conventional_reset)),
            has_tsm | (after(Host.authenticated) == (after(Responder.connection) == "AUTHENTICATED")),
        ),
        (), "host", "Linux PCI/CMA series; Linux ABI sysfs-bus-pci: authenticated", occurs(e.cma_authenticate),
        DropUpdate("host", "cma_authenticate", "host.authenticated"), flow="cma-only", protects="host",
    ),
    law(
        "what-the-host-carries-in-the-clear-it-keeps",
        "Signed measurements that pass the host outside of a session are the host's to replay, and after an update they are old.",
        Never(
            (
                occurs(e.guest_authenticate, source="device", where=after(Host.transcript) != "current"),
                occurs(e.measure, source="device", where=(measure_over == "clear") & (after(Host.transcript) != "current")),
                occurs(e.cma_authenticate, where=guest_cma & (after(Host.transcript) != "current")),
                occurs(e.fw_update, where=after(Host.transcript) == "current"),
            ),
        ),
        (), "host", "M2, M3; DSP0274 GET_MEASUREMENTS", occurs(e.guest_authenticate, source="device"),
        DropUpdate("host", "guest_authenticate", "host.transcript"), flow="cma-only",
    ),
    law(
        "nothing-is-replayed-that-was-not-seen",
        "The host replays only measurements that it has seen, and an honest host replays none.",
        StepLaw(
            (occurs(e.measure, source="replay", reply=None), occurs(e.guest_authenticate, source="replay")),
            (Host.transcript != "none") & neg(HOST.honest),
        ),
        (), "host", "M2, M3; DSP0274: signatures are not forged", occurs(e.measure, source="replay", reply=None),
        DropCondition("host", "measure", 0), measure_over="clear",
    ),
    law(
        "an-honest-host-relays-the-device-itself",
        "An honest host relays the answers of the very device that was asked.",
        Never(tuple(occurs(x, reply=None, where=HOST.honest & (e.source != "device")) for x in (e.measure, e.guest_authenticate))),
        (), "host", "M2, M3, M10", occurs(e.measure), DropCheck("host", "measure", "relays what the device says"), host="honest",
    ),
    law(
        "an-honest-host-leaves-the-tsms-device-alone",
        "An honest host sends nothing of its own to a device that a TSM drives.",
        Never(tuple(occurs(x, reply=None, where=HOST.honest) for x in _MISCHIEF)),
        (), "host", "M4; threat model", Tsm.in_contact | neg(has_tsm), DropCheck("host", "garbled", "refrains"), host="honest",
    ),
    law(
        "an-honest-host-disables-the-stream-last",
        "An honest host clears the enable bits of the stream only after the TSM has disconnected.",
        Never(occurs(e.ide_fail, where=HOST.honest & neg(_fresh))),
        (), "host", "AMD host driver: the enable bits are cleared last", Stream.state == "SECURE",
        DropCheck("host", "ide_fail", "disconnected"), host="honest",
    ),
    law(
        "what-is-left-of-a-stream-can-be-taken-down",
        "A Secure stream that a disconnect has left behind can be taken down by the host.",
        AlwaysPossible(occurs(e.ide_fail), (Stream.state == "SECURE") & _fresh),
        (), "host", "AMD host driver: the enable bits are cleared last; P63 §6.33.8", (Stream.state == "SECURE") & _fresh,
        SwapValue("host", "ide_fail", Tsm.phase, "disconnected", "negotiated"), flow="ide-only", host="honest", protects="host",
    ),
    # --- Sessions -----------------------------------------------------------------------------------------------------
    law(
        "get-version-ends-the-sessions-of-its-connection",
        "GET_VERSION ends every session of the connection on which it comes, whoever sends it.",
        StepLaw(
            (occurs(e.get_version), occurs(e.cma_authenticate), occurs(e.guest_authenticate, source="device")),
            implies(_one_connection, (after(Responder.tsm_session) == "NOT_STARTED") & neg(after(Responder.host_session))),
        ),
        (), "device", "DSP0274 GET_VERSION", occurs(e.get_version), DropUpdate("responder", "get_version", "responder.tsm_session"),
    ),
    law(
        "get-version-ends-no-session-of-another-connection",
        "With connection ids GET_VERSION ends the sessions of its own connection, and no others.",
        StepLaw(
            (occurs(e.get_version, of="host"), occurs(e.cma_authenticate), occurs(e.guest_authenticate, source="device")),
            implies(connection_ids, unchanged(Responder.tsm_session, Responder.connection) & neg(after(Responder.host_session))),
        ),
        (), "device", "DSP0274; DOE r1.1: connection ids", occurs(e.get_version, of="host"),
        DropUpdate("responder", "get_version", "responder.host_session"), flow="linux-tsm", connection_ids=True, multi_session=True,
    ),
    law(
        "a-connection-is-as-far-as-its-messages-went",
        "After GET_VERSION a connection knows its version and no more; CMA leaves it authenticated; resynchronisation and reset leave none.",
        Never(
            (
                occurs(e.get_version, where=(_one_connection | (e.of == "tsm")) & (after(Responder.connection) != "AFTER_VERSION")),
                occurs(e.get_version, of="host", where=connection_ids & (after(Responder.host_connection) != "AFTER_VERSION")),
                occurs(e.cma_authenticate, where=after(Responder.hosts_connection) != "AUTHENTICATED"),
                occurs(e.guest_authenticate, source="device", where=after(Responder.hosts_connection) != "AUTHENTICATED"),
                occurs(e.request_resynch, where=_some_connection_left),
                occurs(e.conventional_reset, where=_some_connection_left),
            ),
        ),
        (), "device", "DSP0274 GET_VERSION, CHALLENGE, RequestResynch; P63 §11.4.8", occurs(e.get_version),
        DropUpdate("responder", "get_version", "responder.connection"),
    ),
    law(
        "resynchronisation-and-reset-end-every-session",
        "A device that has lost its SPDM state, or was reset, serves no session.",
        StepLaw(
            (occurs(e.request_resynch), occurs(e.conventional_reset)),
            (after(Responder.tsm_session) == "NOT_STARTED") & neg(after(Responder.host_session)),
        ),
        (), "device", "DSP0274 RequestResynch; P63 §11.4.8", occurs(e.request_resynch),
        DropUpdate("responder", "request_resynch", "responder.host_session"),
    ),
    law(
        "an-update-ends-sessions-where-the-policy-says-so",
        "Where the termination policy says that an update of the firmware ends sessions, it ends all of them.",
        StepLaw(
            occurs(e.fw_update),
            implies(update_ends_session, (after(Responder.tsm_session) == "NOT_STARTED") & neg(after(Responder.host_session))),
        ),
        (), "device", "DSP0274 KEY_EXCHANGE TerminationPolicy; COV 08", occurs(e.fw_update),
        DropUpdate("responder", "fw_update", "responder.host_session"), flow="arm-cca",
    ),
    law(
        "end-session-ends-the-hosts-own",
        "END_SESSION of the host ends the host's session, and was sent in one.",
        StepLaw(occurs(e.host_end_session), Responder.host_session & neg(after(Responder.host_session))),
        (), "device", "DSP0274 END_SESSION", occurs(e.host_end_session),
        DropUpdate("responder", "host_end_session", "responder.host_session"), protects="host",
    ),
    law(
        "disconnect-ends-the-tsms-session",
        "A disconnect ends the session that the TSM has with the device.",
        StepLaw(occurs(e.device_disconnect, where=Tsm.in_contact & _same_device), after(Responder.tsm_session) == "NOT_STARTED"),
        (), "device", "DSP0274 END_SESSION; COV 07", occurs(e.device_disconnect),
        DropUpdate("responder", "device_disconnect", "responder.tsm_session"),
    ),
    law(
        "a-session-that-is-over-leaves-nothing",
        "Only an established session has an update of keys pending, or periods without a sign of life.",
        Invariant(implies(neg(Responder.established), neg(Responder.update_pending) & (Responder.missed == 0))),
        (), "device", "DSP0274 KEY_UPDATE, HEARTBEAT", Responder.update_pending,
        DropUpdate("responder", "get_version", "responder.update_pending"),
    ),
    law(
        "every-message-is-a-sign-of-life",
        "Any message of the TSM in its session starts the heartbeat period anew, and a period without one is counted.",
        StepLaw(_SIGNS_OF_LIFE, after(Responder.missed) == 0),
        (), "device", "DSP0274 HEARTBEAT", _SIGNS_OF_LIFE, DropUpdate("responder", "heartbeat", "responder.missed"), flow="cove-io",
    ),
    law(
        "silence-is-counted",
        "A period without a message is counted in a session with heartbeats, until the session ends.",
        StepLaw(
            occurs(e.silence),
            heartbeats & Responder.established & ((after(Responder.missed) == Responder.missed + 1) | neg(after(Responder.established))),
        ),
        (), "device", "DSP0274 HEARTBEAT", occurs(e.silence), DropUpdate("responder", "silence", "responder.missed"), flow="cove-io",
    ),
    law(
        "a-session-is-opened-on-a-negotiated-connection",
        "The device opens a session only on a connection that was negotiated, and none beside another where it serves one.",
        Never(
            (
                occurs(e.key_exchange, where=neg(Responder.connection.in_("NEGOTIATED", "AUTHENTICATED"))),
                occurs(e.key_exchange, where=neg(multi_session | neg(Responder.host_session))),
                occurs(e.key_exchange, where=after(Responder.tsm_session) != "HANDSHAKING"),
                occurs(e.host_session, where=neg(Responder.hosts_connection.in_("NEGOTIATED", "AUTHENTICATED"))),
                occurs(e.host_session, where=Responder.host_session | neg(after(Responder.host_session))),
            ),
        ),
        (), "device", "DSP0274 KEY_EXCHANGE, Table of error codes", occurs(e.key_exchange),
        DropCheck("responder", "host_session", "negotiated"),
    ),
    law(
        "finish-establishes-the-session-of-the-handshake",
        "FINISH establishes a session that is in its handshake, and then the TSM is connected.",
        StepLaw(
            occurs(e.finish),
            (Tsm.phase == "handshaking")
            & (after(Tsm.phase) == "connected")
            & implies(_same_device, (Responder.tsm_session == "HANDSHAKING") & after(Responder.established)),
        ),
        (), "device", "DSP0274 FINISH", occurs(e.finish), DropCheck("responder", "finish", "handshaking"),
    ),
    law(
        "only-an-established-session-is-used",
        "What comes in the session of the TSM, or of the host, is served only while that session is established.",
        Never(
            (
                *(occurs(x, where=neg(Tsm.in_contact)) for x in (e.ide_key_prog, e.heartbeat, e.key_update, e.tdi_bind, e.tdi_run)),
                *(_only(s, neg(Responder.host_session)) for s in _OF_HOST_SESSION),
                occurs(e.garbled, where=neg(Responder.established)),
                occurs(e.measure, source="device", where=(measure_over == "session") & neg(Tsm.in_contact)),
            ),
        ),
        (), "device", "P63 §6.33.3, §11.2.2; DSP0274", _OF_HOST_SESSION, DropCondition("responder", "host_query", 0),
    ),
    # --- The stream ---------------------------------------------------------------------------------------------------
    law(
        "key-prog-makes-the-stream-its-senders",
        "After KEY_PROG the stream has keys of whoever sent it; a Secure stream stays Secure, for that is a refresh.",
        Never(
            (
                occurs(e.ide_key_prog, where=after(Stream.keyed_over) != Tsm.holder),
                occurs(e.host_key_prog, where=after(Stream.keyed_over) != "host"),
                occurs(e.key_prog_in_clear, where=after(Stream.keyed_over) != "host"),
                *(_only(s, neg(after(Stream.state).in_("KEYED", "SECURE"))) for s in _KEYINGS),
                *(_only(s, (after(Stream.state) == "SECURE") & (Stream.state != "SECURE")) for s in _KEYINGS),
                *(_only(s, (Stream.state == "SECURE") & lives(Stream.keyed_over) & (after(Stream.state) != "SECURE")) for s in _KEYINGS),
            ),
        ),
        (), "device", "P63 §6.33.3", _KEYINGS, DropUpdate("stream", "ide_key_prog", "stream.keyed_over"),
    ),
    law(
        "a-stream-is-enabled-once-keyed",
        "A stream becomes Secure only from keyed, and Insecure by a failure only from Secure, and then it is nobody's.",
        Never(
            (
                occurs(e.ide_enable, where=neg((Stream.state == "KEYED") & (after(Stream.state) == "SECURE"))),
                occurs(e.ide_fail, where=neg((Stream.state == "SECURE") & (after(Stream.state) == "INSECURE") & (after(Stream.keyed_over) == "none"))),
            ),
        ),
        (), "device", "P63 §6.33.1, §6.33.8", occurs(e.ide_enable), DropUpdate("stream", "ide_fail", "stream.keyed_over"),
    ),
    law(
        "a-keyed-stream-can-be-enabled",
        "A stream that has keys can be enabled, and a Secure one can fail.",
        AlwaysPossible(occurs(e.ide_enable), Stream.state == "KEYED"),
        (), "device", "P63 §6.33.1, §7.9.26", Stream.state == "KEYED",
        SwapValue("stream", "ide_enable", Stream.state, "KEYED", "SECURE"), protects="host",
    ),
    law(
        "no-secure-stream-after-reset",
        "After a reset the stream has no keys, whoever's they were.",
        StepLaw(occurs(e.conventional_reset), (after(Stream.state) == "NONE") & (after(Stream.keyed_over) == "none")),
        (), "device", "P63 §6.33.8, §11.4.8", occurs(e.conventional_reset),
        DropUpdate("stream", "conventional_reset", "stream.keyed_over"),
    ),
    law(
        "query-on-a-new-session-wipes",
        "QUERY over a new session leaves nothing of a stream whose keying session was closed, and changes no other.",
        StepLaw(
            occurs(e.host_query),
            implies(
                (ide_km_binding == "session") & Stream.keyed_over.in_("tsm_ended", "host_ended"),
                (after(Stream.state) == "INSECURE") & (after(Stream.keyed_over) == "none"),
            )
            & implies(lives(Stream.keyed_over), unchanged(*STREAM)),
        ),
        (), "device", "P63 §6.33.3", occurs(e.host_query), DropUpdate("stream", "host_query", "stream.keyed_over"), flow="ide-only",
    ),
    law(
        "no-record-names-a-session-that-is-gone",
        "Stream and TDIs are recorded as a session's own only while it lives; after that as of one that ended, or was lost.",
        Invariant(
            implies(Stream.keyed_over == "tsm", Responder.established)
            & implies(Stream.keyed_over == "host", Responder.host_session)
            & implies(_over == "tsm", Responder.established)
            & implies(_over == "host", Responder.host_session)
        ),
        (t,), "device", "P63 §6.33.3, §11.4.5", _over == "tsm", DropUpdate("stream", "silence", "stream.keyed_over"),
        flow="cove-io",
    ),
    law(
        "an-ended-keying-session-takes-the-stream-down-at-once",
        "On a device with TEE-IO that acts at once, a stream whose keying session it knows to have ended is neither keyed nor Secure.",
        Invariant(
            implies(
                (device_caps == "tee_io") & (session_loss == "at_once") & Stream.state.in_("KEYED", "SECURE"),
                neg(Stream.keyed_over.in_("tsm_ended", "host_ended", "none")),
            )
        ),
        (), "device", "P63 §11.4.5", Stream.state == "SECURE", DropUpdate("stream", "silence", "stream.state"), flow="cove-io",
    ),
    # --- TDIs ---------------------------------------------------------------------------------------------------------
    law(
        "lock-interface-needs-unlocked-and-keys",
        "A TDI is locked only from CONFIG_UNLOCKED, over a stream with keys of the session that locks it, and Secure where that is asked.",
        StepLaw(
            _LOCKS,
            (_state == "CONFIG_UNLOCKED")
            & (after(_state) == "CONFIG_LOCKED")
            & Stream.state.in_("KEYED", "SECURE")
            & implies(lock_requires == "secure", Stream.state == "SECURE")
            & implies(ide_km_binding == "session", (Stream.keyed_over == after(_over)) | Stream.keyed_over.in_(*LOST)),
        ),
        (t,), "device", "P63 §11.3.8, Table 11-12", _LOCKS, DropCheck("tdi", "tdi_bind", "state"),
        DropCheck("tsm_tdi", "tdi_bind", "not bound"),
    ),
    law(
        "a-lock-is-of-the-session-that-asked",
        "A lock is recorded as of the session over which LOCK_INTERFACE came.",
        Never(
            (
                occurs(e.tdi_bind, t=t, where=after(_over) != Tsm.holder),
                occurs(e.host_lock, t=t, where=after(_over) != "host"),
            ),
        ),
        (t,), "device", "P63 §11.3.8, §11.4.5", _LOCKS, DropUpdate("tdi", "host_lock", "tdi.locked_over"),
    ),
    law(
        "start-interface-needs-a-lock-and-its-nonce",
        "A TDI is started only from CONFIG_LOCKED, by whoever was given the nonce of the lock.",
        Never(
            (
                *(_only(s, neg((_state == "CONFIG_LOCKED") & (after(_state) == "RUN"))) for s in _STARTS),
                occurs(e.tdi_run, t=t, where=_same_device & neg(_over.in_("tsm", "tsm_lost"))),
                occurs(e.tdi_run, t=t, where=neg(_same_device) & neg(_over.in_("host", "host_lost"))),
                occurs(e.host_start, t=t, where=neg(_over.in_("host", "host_lost"))),
            ),
        ),
        (t,), "device", "P63 §11.3.14, Table 11-19", _STARTS, DropCheck("tdi", "tdi_run", "state"),
    ),
    law(
        "stop-unlocks-where-it-is-heard",
        "STOP_INTERFACE unlocks the TDI; when it cannot be sent, unbind leaves the TDI as it was.",
        StepLaw(
            (occurs(e.tdi_unbind, t=t, where=Tsm.in_contact), occurs(e.host_stop, t=t)),
            (after(_state) == "CONFIG_UNLOCKED") & (after(_over) == "none"),
        ),
        (t,), "device", "P63 §11.3.16, §11.2.2", occurs(e.tdi_unbind, t=t), DropUpdate("tdi", "stop", "tdi.locked_over"),
    ),
    law(
        "nothing-is-stopped-out-of-reach",
        "An unbind that cannot reach the device leaves the TDI as it was.",
        StepLaw(occurs(e.tdi_unbind, t=t, where=neg(Tsm.in_contact)), unchanged(*TDI_OF_T)),
        (t,), "device", "P63 §11.2.2; AMD host driver: forced unbind", occurs(e.tdi_unbind, t=t, where=neg(Tsm.in_contact)),
        DropCondition("tdi", "stop", 1),
    ),
    law(
        "a-bound-tdi-can-be-unbound",
        "A bound TDI can be unbound, be it that the device refuses the stop to a session that did not lock it.",
        AlwaysPossible(occurs(e.tdi_unbind, t=t, reply=None), Tsm.bound[t]),
        (t,), "TSM", "COV 09 unbind_interface; AMD host driver: forced unbind", Tsm.bound[t],
        AddCheck("tdi", "out of reach", Check("never", FALSE)), protects="host",
    ),
    law(
        "a-lost-stream-takes-its-tdis-down",
        "When the stream fails, every locked TDI goes to ERROR and has no session any more; the others stay as they are.",
        StepLaw(
            occurs(e.ide_fail),
            implies(Tdi.locked(), (after(_state) == "ERROR") & (after(_over) == "none"))
            & implies(neg(Tdi.locked()), unchanged(*TDI_OF_T)),
        ),
        (t,), "device", "P63 §11.4.5, §11.2", occurs(e.ide_fail, where=Tdi.locked()), DropUpdate("tdi", "ide_fail", "tdi.state"),
    ),
    law(
        "an-unlocked-tdi-is-of-no-session",
        "A TDI that is not locked is recorded as of no session, and after a reset it is unlocked.",
        Invariant(implies(neg(Tdi.locked()), _over == "none")),
        (t,), "device", "P63 §11.2, §11.4.8", Tdi.locked(), DropUpdate("tdi", "conventional_reset", "tdi.locked_over"),
    ),
    law(
        "reset-unlocks-every-tdi",
        "After a conventional reset every TDI is in CONFIG_UNLOCKED.",
        StepLaw(occurs(e.conventional_reset), after(_state) == "CONFIG_UNLOCKED"),
        (t,), "device", "P63 §11.4.8", occurs(e.conventional_reset), DropUpdate("tdi", "conventional_reset", "tdi.state"),
    ),
    law(
        "a-tdi-fails-only-with-a-session-or-its-stream",
        "A locked TDI goes to ERROR only when the session of the lock, or the stream, is lost.",
        StepLaw(
            becomes(_state == "ERROR"),
            Tdi.locked() & (neg(after(lives(_over))) | (after(Stream.state) != Stream.state)),
        ),
        (t,), "device", "P63 §11.4.5, §11.2", becomes(_state == "ERROR"),
        AddRule("tdi", e.heartbeat, Tdi.state["tdi0"], "ERROR"), flow="cove-io", protects="host",
    ),
    law(
        "what-is-known-to-have-ended-ends-the-lock",
        "No TDI is locked over a session of which the device knows that it ended.",
        Invariant(implies(Tdi.locked(), neg(_over.in_("tsm_ended", "host_ended", "none")))),
        (t,), "device", "P63 §11.4.5", Tdi.locked(), DropUpdate("tdi", "silence", "tdi.state"), flow="cove-io",
    ),
    # --- What stays possible ------------------------------------------------------------------------------------------
    law(
        "a-bound-tdi-can-be-started",
        "The TSM can have a bound TDI started that is locked over its live session.",
        AlwaysPossible(
            occurs(e.tdi_run, t=t), Tsm.in_contact & Tsm.bound[t] & (_state == "CONFIG_LOCKED") & (_over == Tsm.holder)
        ),
        (t,), "device", "P63 §11.3.14; COV 09 start_interface", occurs(e.tdi_run, t=t),
        SwapValue("tdi", "tdi_run", Tdi.state[t], "CONFIG_LOCKED", "RUN"), protects="host",
    ),
    law(
        "a-session-can-lock-over-its-own-keys",
        "Whoever has a session and has keyed the stream over it can lock a TDI that is unlocked, enabled or not, unless the device insists.",
        AlwaysPossible(
            occurs(e.host_lock, t=t),
            neg(HOST.honest)
            & Responder.host_session
            & (device_caps == "tee_io")
            & (_state == "CONFIG_UNLOCKED")
            & (Stream.keyed_over == "host")
            & ((Stream.state == "SECURE") | ((Stream.state == "KEYED") & (lock_requires != "secure"))),
        ),
        (t,), "device", "P63 §11.3.8", occurs(e.host_lock, t=t),
        SwapValue("tdi", "host_lock", Stream.state, "KEYED", "SECURE"), protects="host",
    ),
    law(
        "who-locked-can-start",
        "Whoever locked a TDI over a session that lives can start it.",
        AlwaysPossible(
            occurs(e.host_start, t=t),
            neg(HOST.honest) & Responder.host_session & (_state == "CONFIG_LOCKED") & _over.in_("host", "host_lost")
            & implies(other_session == "refused", _over == "host"),
        ),
        (t,), "device", "P63 §11.3.14", occurs(e.host_start, t=t),
        SwapValue("tdi", "host_start", Tdi.locked_over[t], "host", "tsm_ended"), protects="host",
    ),
    law(
        "who-locked-can-stop",
        "Whoever locked a TDI over a session that lives can stop it.",
        AlwaysPossible(
            occurs(e.host_stop, t=t), neg(HOST.honest) & Responder.host_session & Tdi.locked() & (_over == "host")
        ),
        (t,), "device", "P63 §11.3.16", occurs(e.host_stop, t=t),
        SwapValue("tdi", "host_stop", Tdi.locked_over[t], "host", "tsm_ended"), flow="linux-tsm", protects="host",
        other_session="refused", multi_session=True,
    ),
    law(
        "a-session-can-key-what-no-other-holds",
        "Over a live session the keys of a stream can be programmed when nobody has keyed it, when the keying session is known to have "
        "ended, and when it is the same.",
        AlwaysPossible(
            occurs(e.host_key_prog),
            neg(HOST.honest) & Responder.host_session & Stream.keyed_over.in_("none", "tsm_ended", "host_ended", "host"),
        ),
        (), "device", "P63 §6.33.3", Responder.host_session,
        SwapValue("stream", "host_key_prog", Stream.keyed_over, "tsm_ended", "host_ended"), flow="ide-only", protects="host",
    ),
    law(
        "a-session-can-query-what-no-other-holds",
        "Over a live session QUERY is answered when nobody has keyed the stream, when the keying session is known to have ended, and "
        "when it is the same.",
        AlwaysPossible(
            occurs(e.host_query),
            neg(HOST.honest) & Responder.host_session & Stream.keyed_over.in_("none", "tsm_ended", "host_ended", "host"),
        ),
        (), "device", "P63 §6.33.3", Responder.host_session,
        SwapValue("stream", "host_query", Stream.keyed_over, "tsm_ended", "host_ended"), flow="ide-only", protects="host",
    ),
    law(
        "measurements-in-the-clear-need-no-challenge",
        "Measurements outside of a session can be had as soon as the connection is negotiated.",
        AlwaysPossible(
            occurs(e.measure, source="device", other=False),
            _connected & (measure_over == "clear") & Responder.connection.in_("NEGOTIATED", "AUTHENTICATED"),
        ),
        (), "device", "DSP0274 GET_MEASUREMENTS", _connected,
        SwapValue("responder", "measure", Responder.connection, "NEGOTIATED", "AUTHENTICATED"), flow="linux-tsm", protects="host",
        measure_over="clear",
    ),
    law(
        "a-device-may-lose-its-spdm-state",
        "A device that has a connection can ask for resynchronisation at any time.",
        AlwaysPossible(
            occurs(e.request_resynch),
            (Responder.connection != "NOT_STARTED") | (Responder.host_connection != "NOT_STARTED"),
        ),
        (), "device", "DSP0274 RequestResynch", Responder.connection != "NOT_STARTED",
        SwapValue("responder", "request_resynch", Responder.connection, "NOT_STARTED", "AFTER_VERSION"), protects="host",
    ),
    # --- Further endings ----------------------------------------------------------------------------------------------
    law(
        "get-version-after-end-session-ends-all",
        "A TSM that follows END_SESSION with GET_VERSION leaves no session of the host's on the same connection.",
        StepLaw(
            occurs(e.device_disconnect), implies(reset_after_end & _one_connection, neg(after(Responder.host_session)))
        ),
        (), "device", "TF-RMM: GET_VERSION after END_SESSION; DSP0274 GET_VERSION", occurs(e.device_disconnect),
        DropUpdate("responder", "device_disconnect", "responder.host_session"), flow="arm-cca",
    ),
    law(
        "a-message-that-does-not-decrypt-ends-the-session",
        "Where DecryptError ends a session, one message that does not decrypt does, save that it is taken for the old key during an update.",
        StepLaw(
            occurs(e.garbled),
            implies(decrypt_error_ends & neg(Responder.update_pending), after(Responder.tsm_session) == "NOT_STARTED")
            & neg(after(Responder.update_pending)),
        ),
        (), "device", "libspdm: DecryptError, then the session is freed", occurs(e.garbled),
        DropUpdate("responder", "garbled", "responder.tsm_session"),
    ),
    law(
        "where-sessions-are-told-apart-nobody-stops-another",
        "A device that ties STOP_INTERFACE to the session of the lock unlocks for the TSM only what it locked over that session.",
        Never(occurs(e.tdi_unbind, t=t, where=Tsm.in_contact & (other_session == "refused") & Tdi.locked() & (_over == "host"))),
        (t,), "device", "P63 §11.3.16: no rule ties it; this device does", occurs(e.tdi_unbind, t=t),
        DropCheck("tdi", "stop", "session of the lock"), flow="linux-tsm", other_session="refused", multi_session=True,
    ),
    # --- What is answered, and where ----------------------------------------------------------------------------------
    law(
        "no-answer-outside-a-session",
        "Outside of an established session the device answers no TDISP request, not even to refuse it, and the TSM takes none up.",
        Never(
            (
                *(
                    occurs(x, t=t, reply=code, where=neg(Tsm.in_contact))
                    for x in (e.tdi_bind, e.tdi_run)
                    for code in ("INVALID_INTERFACE_STATE", "INVALID_REQUEST", "INVALID_NONCE")
                ),
                *(occurs(x, t=t, reply=None, where=neg(_connected)) for x in (e.tdi_bind, e.tdi_run)),
                *(occurs(x, t=t, reply=None, where=neg(Responder.host_session)) for x in (e.host_lock, e.host_start, e.host_stop)),
            )
        ),
        (t,), "device", "P63 §11.2.2", occurs(e.tdi_bind, t=t, reply="INVALID_REQUEST"),
        DropCondition("responder", "host_lock", 0),
    ),
    told(
        e.tdi_bind, "IDE_NOT_SET_UP", "A host that asks to bind before the TSM has keyed a stream is told so.",
        (t,), "TSM", "COV 07, COV 09 bind_interface", DropCheck("tsm_tdi", "tdi_bind", "keys of its own"),
    ),
    told(
        e.tdi_run, "NOT_BOUND", "A host that asks to run a TDI that is not bound is told so.",
        (t,), "TSM", "COV 09; AMD TIO_TDI_BIND", DropCheck("tsm_tdi", "tdi_run", "bound"),
    ),
    told(
        e.heartbeat, "UnsupportedRequest", "A heartbeat in a session that keeps none is refused as unsupported.",
        (), "device", "DSP0274 HEARTBEAT", DropCheck("responder", "heartbeat", "heartbeat period"),
    ),
    told(
        e.host_query, "DISCARDED", "QUERY on a second session is discarded while the keying session lives.",
        (), "device", "P63 §6.33.3", DropCheck("stream", "host_query", "keying session"), flow="linux-tsm", multi_session=True,
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
