"""The laws of single steps: from which state each party may do what, and what must be so afterwards."""

from __future__ import annotations

from ....model.language import after, conj, exists, forall, implies, neg
from ....model.language.mutate import DropCheck, DropCondition, DropUpdate, DropWhen, LeakyRefusal, SetUpdate, SwapValue
from ....model.world.choices.lifecycle import (
    disconnect_bound,
    dma_gate_needs,
    guest_stop,
    lock_requires,
    mmio_gate_needs,
    multi_session,
    p2p,
    run_by,
    tsm_consent,
)
from ....model.world.lifecycle import events as e
from ....model.world.lifecycle.state import Device, Gate, Guest, Host, Peer, Stream, Tdi, Tsm
from ....model.world.vocabulary import HOST, LOCKED_STATES, d, device_of, t, v
from ...formulas import AlwaysPossible, Invariant, Never, Sometimes, StepLaw
from ...steps import REFUSED, becomes, occurs
from ..law import law, told
from .observations import DMA_REACHES_PEER

_state = Tdi.state[t]
_stream = device_of(t)
_LOCK = (occurs(e.tdi_bind, t=t), occurs(e.host_lock, t=t))
_OF_TSM = tuple(occurs(x, t=t) for x in (e.tdi_bind, e.tdi_bind_run, e.start_interface, e.bind_p2p, e.get_state, e.tdi_info))
_OF_HOST = tuple(occurs(x, t=t) for x in (e.host_lock, e.host_start, e.host_stop))
_GUEST_CALLS = tuple(
    occurs(x, t=t, v=v) for x in (e.tdi_info, e.tdi_validate, e.start_interface, e.sdte_write, e.mmio_validate, e.tdi_stop)
)


_driver, _accepted = Guest.driver[v, t], Guest.accepted[v, t]
_MISCHIEF = (
    e.get_version, e.host_connect, e.host_key_prog, e.host_lock, e.host_start, e.host_stop, e.config_write, e.mmio_untrusted,
)  # fmt: skip
_REFUSABLE = (
    e.device_connect, e.device_disconnect, e.tdi_bind, e.tdi_bind_run, e.tdi_unbind, e.bind_p2p, e.get_state, e.tdi_info,
    e.tdi_accept, e.tdi_validate, e.start_interface, e.sdte_write, e.mmio_validate, e.tdi_stop, e.host_lock, e.host_start,
    e.host_stop, e.host_key_prog,
)  # fmt: skip

PROPERTIES = (
    # --- The device ---------------------------------------------------------------------------------------------------
    law(
        "lock-only-from-unlocked",
        "The device grants LOCK_INTERFACE only in CONFIG_UNLOCKED, and the TDI is in CONFIG_LOCKED afterwards.",
        StepLaw(_LOCK, (_state == "CONFIG_UNLOCKED") & (after(_state) == "CONFIG_LOCKED")),
        (t,), "device", "P63 §11.3.8, Table 11-12", _LOCK,
        DropCheck("tdi", "tdi_bind", "state"), DropCheck("tsm", "tdi_bind", "not bound"),
    ),
    law(
        "lock-needs-keys-of-its-session",
        "The device grants LOCK_INTERFACE only when its stream has keys that were programmed over the session of the request.",
        StepLaw(
            _LOCK,
            Stream.state[_stream].in_("KEYED", "SECURE") & (Stream.key_session[_stream] == after(Tdi.lock_session[t])),
        ),
        (t,), "device", "P63 §11.3.8, §11.4.5", _LOCK,
        SwapValue("tdi", "host_lock", Stream.state[_stream], "SECURE", "INSECURE"),
        DropCheck("tdi", "host_lock", "keying session"),
    ),
    law(
        "start-only-with-the-nonce-of-this-lock",
        "The device grants START_INTERFACE only in CONFIG_LOCKED, and only with the nonce that it gave for this lock.",
        StepLaw(
            (occurs(e.tdi_bind_run, t=t), occurs(e.start_interface, t=t)),
            (_state == "CONFIG_LOCKED") & (Tsm.nonce[t] == "current"),
        ),
        (t,), "device", "P63 §11.3.14, §11.6.3", occurs(e.tdi_bind_run, t=t),
        DropCheck("tdi", "tdi_bind_run", "nonce"), SetUpdate("tsm", "tdi_bind", Tsm.nonce[t], "stale"),
    ),
    law(
        "the-host-starts-only-its-own-locks",
        "Over a session of its own the host can have only a TDI started that it locked over it.",
        StepLaw(occurs(e.host_start, t=t), (_state == "CONFIG_LOCKED") & (Tdi.lock_session[t] == "host")),
        (t,), "device", "P63 §11.3.14: the nonce came inside the session of the lock", occurs(e.host_start, t=t),
        DropCheck("tdi", "host_start", "nonce"), multi_session=True,
    ),
    law(
        "nothing-of-a-lock-outlives-it",
        "A TDI that is not locked has no session of a lock, no nonce and no peer-to-peer stream.",
        Invariant(implies(neg(Tdi.locked()), (Tdi.lock_session[t] == "none") & neg(Tdi.nonce[t]) & neg(Tdi.p2p[t]))),
        (t,), "device", "P63 §11.3.9, §11.3.16", Tdi.locked(), DropUpdate("tdi", "stop", "tdi.lock_session"), p2p=True,
    ),
    law(
        "error-only-from-a-lock",
        "A TDI enters ERROR only from CONFIG_LOCKED or RUN.",
        StepLaw(becomes(_state == "ERROR"), Tdi.locked()),
        (t,), "device", "P63 §11.2: no transition from CONFIG_UNLOCKED to ERROR", becomes(_state == "ERROR"),
        DropCondition("tdi", "config_write", 0),
    ),
    law(
        "a-change-of-configuration-ends-the-lock",
        "While a TDI is locked, a change of its configuration or a failure of the device takes it to ERROR.",
        AlwaysPossible(occurs(e.config_write, t=t, where=after(_state) == "ERROR"), Tdi.locked()),
        (t,), "device", "P63 §11.2, Table 11-2, §11.4.9", Tdi.locked(),
        SwapValue("tdi", "config_write", _state, "CONFIG_LOCKED", "RUN"),
    ),
    law(
        "a-failure-ends-the-lock",
        "While a TDI is locked, a failure that the device detects takes it to ERROR.",
        AlwaysPossible(occurs(e.device_error, t=t, where=after(_state) == "ERROR"), Tdi.locked()),
        (t,), "device", "P63 §11.2, §11.4.3, §11.4.5, §11.4.6", Tdi.locked(),
        SwapValue("tdi", "device_error", _state, "RUN", "ERROR"),
    ),
    law(
        "the-report-is-read-only-while-locked",
        "The device hands out the interface report only while the TDI is locked.",
        StepLaw(occurs(e.tdi_info, t=t), Tdi.locked()),
        (t,), "device", "P63 Table 11-3, §11.3.10", occurs(e.tdi_info, t=t), DropCheck("tdi", "tdi_info", "state"),
    ),
    law(
        "peer-to-peer-only-in-run",
        "A peer-to-peer stream is bound only while the TDI is in RUN.",
        Invariant(implies(Tdi.p2p[t], _state == "RUN")),
        (t,), "device", "P63 §11.3.18, Table 11-21", Tdi.p2p[t],
        DropCheck("tdi", "bind_p2p", "state"), DropCheck("tsm", "bind_p2p", "running"), p2p=True,
    ),
    law(
        "no-untrusted-dma-from-a-lock",
        "A TDI that is locked, or in ERROR, sends no T=0 memory request.",
        StepLaw(occurs(e.dma, t=t, tbit=False, reply=None), _state == "CONFIG_UNLOCKED"),
        (t,), "device", "P63 §11.2, §11.2.1", occurs(e.dma, t=t, tbit=False, reply=None),
        DropCheck("tdi", "dma", "T=0 only in CONFIG_UNLOCKED"),
    ),
    law(
        "a-peer-takes-requests-only-in-use",
        "A peer takes T=1 requests only while a TVM has accepted it.",
        StepLaw(DMA_REACHES_PEER, Peer.trusted_by != "none"),
        (t,), "device", "P63 §11.2.1", DMA_REACHES_PEER, DropCheck("peer", "dma_peer", "peer in use"), p2p=True,
    ),
    # --- Sessions and streams -----------------------------------------------------------------------------------------
    law(
        "no-tdisp-of-the-tsm-without-its-session",
        "Nothing that the TSM asks of a TDI is granted outside its session, and a stop that cannot be sent leaves the TDI as it was.",
        StepLaw(
            (*_OF_TSM, occurs(e.tdi_unbind, t=t), occurs(e.tdi_stop, t=t)),
            Device.tsm_session[_stream] | ((after(_state) == _state) & neg(after(Tsm.nonce[t]) == "current")),
        ),
        (t,), "device", "P63 §11.2.2", occurs(e.tdi_unbind, t=t),
        DropCondition("tdi", "stop", 0),
    ),
    law(
        "the-tsm-asks-only-in-its-session",
        "The TSM locks, starts, asks and reads only while its session with the device lives.",
        StepLaw(_OF_TSM, Device.tsm_session[_stream]),
        (t,), "TSM", "P63 §11.2.2; COV 09", _OF_TSM, DropCondition("tsm", "get_state", 0),
    ),
    law(
        "no-tdisp-of-the-host-without-its-session",
        "Nothing that the host asks of a TDI itself is granted outside a session of the host's.",
        StepLaw(_OF_HOST, Device.host_session[_stream]),
        (t,), "device", "P63 §11.2.2", _OF_HOST, DropWhen("tdi", "host_stop"),
    ),
    law(
        "one-session-where-one-can-be",
        "A device that serves one SPDM session has one at most.",
        Invariant(multi_session | neg(Device.tsm_session[d] & Device.host_session[d])),
        (d,), "device", "DSP0274 GET_VERSION; DOE r1.0: one connection", Device.host_session[d],
        DropUpdate("device", "host_connect", "device.tsm_session"),
    ),
    law(
        "get-version-and-reset-end-all-sessions",
        "GET_VERSION and a conventional reset end all SPDM sessions, and a disconnect ends the TSM's.",
        StepLaw(
            (occurs(e.get_version, d=d), occurs(e.conventional_reset, d=d), occurs(e.device_disconnect, d=d)),
            neg(after(Device.tsm_session[d])),
        ),
        (d,), "device", "DSP0274 GET_VERSION, END_SESSION; P63 §11.4.8", occurs(e.get_version, d=d),
        DropUpdate("device", "device_disconnect", "device.tsm_session"),
    ),
    law(
        "keys-live-no-longer-than-their-session",
        "A stream has keys only while the SPDM session lives over which they were programmed.",
        Invariant(
            implies(
                Stream.state[d].in_("KEYED", "SECURE"),
                ((Stream.key_session[d] == "tsm") & Device.tsm_session[d])
                | ((Stream.key_session[d] == "host") & Device.host_session[d]),
            )
        ),
        (d,), "device", "P63 §11.4.5, §11.1", Stream.state[d] == "SECURE", DropUpdate("stream", "get_version", "stream.state"),
    ),
    law(
        "a-lost-stream-has-no-keys",
        "A stream that was lost or never keyed belongs to no session, and the host knows only keys that it set itself.",
        Invariant(
            implies(Stream.state[d].in_("NONE", "INSECURE"), Stream.key_session[d] == "none")
            & (Stream.known_to_host[d] == (Stream.key_session[d] == "host"))
        ),
        (d,), "device", "P63 §6.33.8: all key sets and IVs invalid", Stream.state[d] == "INSECURE",
        DropUpdate("stream", "ide_fail", "stream.key_session"),
    ),
    law(
        "a-stream-is-lost-only-with-its-keys",
        "A stream becomes Insecure by a failure only when it had keys, and Secure only from keyed.",
        Never(
            (
                occurs(e.ide_fail, d=d, where=neg(Stream.state[d].in_("KEYED", "SECURE") & (after(Stream.state[d]) == "INSECURE"))),
                occurs(e.ide_enable, d=d, where=neg((Stream.state[d] == "KEYED") & (after(Stream.state[d]) == "SECURE"))),
            )
        ),
        (d,), "device", "P63 §6.33.1, §6.33.8", occurs(e.ide_fail, d=d), DropWhen("stream", "ide_fail"),
    ),
    law(
        "programming-keys-makes-the-stream-theirs",
        "After KEY_PROG a stream is keyed over the session of the request, and not before it is enabled Secure.",
        StepLaw(
            (occurs(e.device_connect, d=d), occurs(e.host_key_prog, d=d)),
            (after(Stream.state[d]) == "KEYED") & (after(Stream.key_session[d]) != "none"),
        ),
        (d,), "device", "P63 §6.33.3", occurs(e.device_connect, d=d), DropUpdate("stream", "device_connect", "stream.state"),
    ),
    # --- The TSM ------------------------------------------------------------------------------------------------------
    law(
        "an-unbound-tdi-has-an-empty-record",
        "Of a TDI that is not bound the TSM keeps no state, no nonce and no consent.",
        Invariant(
            implies(
                Tsm.bound[t] == "none", (Tsm.view[t] == "CONFIG_UNLOCKED") & (Tsm.nonce[t] == "none") & neg(Tsm.consent[t])
            )
        ),
        (t,), "TSM", "COV 09 unbind_interface; TF-RMM: digests and nonces survive in it", Tsm.bound[t] != "none",
        DropUpdate("tsm", "tdi_unbind", "tsm.nonce"),
    ),
    law(
        "unbinding-unbinds",
        "After unbind a TDI is bound to nobody, and after disconnect no TDI of the device is bound.",
        StepLaw((occurs(e.tdi_unbind, t=t), occurs(e.device_disconnect, where=device_of(t) == d)), after(Tsm.bound[t]) == "none"),
        (t,), "TSM", "COV 09; Linux TSM core: unbind_all", occurs(e.tdi_unbind, t=t),
        DropUpdate("tsm", "tdi_unbind", "tsm.bound"),
    ),
    law(
        "disconnect-only-a-connected-device",
        "The TSM disconnects only a device that is connected; where it refuses to do so with TDIs bound, none is.",
        StepLaw(
            occurs(e.device_disconnect, d=d),
            Tsm.connected[d]
            & neg(after(Tsm.connected[d]))
            & implies(disconnect_bound == "reject", forall(t, (device_of(t) == d).implies(Tsm.bound[t] == "none"))),
        ),
        (d,), "TSM", "COV 07, COV 09 disconnect_device", occurs(e.device_disconnect, d=d),
        DropCheck("tsm_link", "device_disconnect", "no TDI bound"), flow="tdx-connect",
    ),
    law(
        "the-tsm-speaks-only-for-bound-tdis",
        "The TSM starts, asks or binds a stream for bound TDIs only, and only in the state that its record must have.",
        StepLaw(
            (occurs(e.tdi_bind_run, t=t), occurs(e.bind_p2p, t=t), occurs(e.get_state, t=t)), Tsm.bound[t] != "none",
        ),
        (t,), "TSM", "M13; COV 09", occurs(e.get_state, t=t), DropCheck("tsm", "get_state", "bound"),
    ),
    law(
        "the-tsm-serves-only-the-tvm-that-has-the-tdi",
        "What a guest asks of the TSM about a TDI is granted only to the TVM to which the TDI is bound.",
        StepLaw(_GUEST_CALLS, Tsm.bound[t] == v),
        (t, v), "TSM", "AMD: TDI_UNBOUND, NOT_ASSIGNED; COV 09", occurs(e.tdi_info, t=t, v=v),
        DropCheck("tsm", "sdte_write", "bound to the caller"), flow="sev-tio-guest-run",
    ),
    law(
        "start-is-sent-only-for-a-lock-on-record",
        "The TSM sends START_INTERFACE only when its record says CONFIG_LOCKED, keeps no nonce afterwards, and never for the host "
        "where only guests start interfaces.",
        StepLaw(
            (occurs(e.tdi_bind_run, t=t), occurs(e.start_interface, t=t)),
            (Tsm.view[t] == "CONFIG_LOCKED") & (after(Tsm.view[t]) == "RUN") & (after(Tsm.nonce[t]) == "none"),
        ),
        (t,), "TSM", "AMD: TDI_STATUS is LOCKED; COV 09 start_interface", occurs(e.tdi_bind_run, t=t),
        DropUpdate("tsm", "tdi_bind_run", "tsm.nonce"),
    ),
    law(
        "only-guests-start-where-guests-start",
        "Where only a guest's call starts an interface, the TSM starts none for the host.",
        Never(occurs(e.tdi_bind_run, t=t, where=run_by == "guest_call")),
        (t,), "TSM", "COV 09: only the guest's call starts an interface", occurs(e.start_interface, t=t),
        DropCheck("tsm", "tdi_bind_run", "served to the host"), DropCheck("tsm", "tdi_bind_run", "consent"), flow="cove-io",
    ),
    law(
        "the-nonce-is-kept-only-for-a-lock",
        "The TSM keeps a nonce only while its record says CONFIG_LOCKED.",
        Invariant(implies(Tsm.nonce[t] == "current", Tsm.bound[t] != "none") & implies(Tsm.view[t] == "RUN", Tsm.nonce[t] == "none")),
        (t,), "TSM", "2023 TDX module sources: nonce wiped at START and STOP", Tsm.nonce[t] == "current",
        DropUpdate("tsm", "tdi_bind_run", "tsm.nonce"),
    ),
    law(
        "asking-refreshes-the-record",
        "After the TSM has asked for a TDI's state, its record is what the device said; after a bind it is CONFIG_LOCKED.",
        StepLaw(
            (occurs(e.get_state, t=t), occurs(e.tdi_bind, t=t)), after(Tsm.view[t]) == after(_state),
        ),
        (t,), "TSM", "P63 §11.3.12", occurs(e.get_state, t=t), DropUpdate("tsm", "get_state", "tsm.view"),
    ),
    law(
        "consent-is-of-a-standing-acceptance",
        "The TSM holds a TVM's consent only while that TVM's acceptance stands.",
        Invariant(implies(Tsm.consent[t], exists(v, (Tsm.bound[t] == v) & (Guest.accepted[v, t] != "none")))),
        (t,), "TSM", "M17; COV 09", Tsm.consent[t], DropUpdate("tsm", "tdi_revoke", "tsm.consent"),
        flow="sev-tio-guest-run", tsm_consent=True,
    ),
    law(
        "gates-open-only-in-the-state-on-record",
        "The TSM opens a gate only while its record of the TDI says what the flow asks for.",
        Never(
            (
                occurs(e.sdte_write, t=t, where=(dma_gate_needs == "run") & (Tsm.view[t] != "RUN")),
                occurs(e.mmio_validate, t=t, where=(mmio_gate_needs == "locked") & neg(Tsm.view[t].in_(*LOCKED_STATES))),
            )
        ),
        (t,), "TSM", "RMM RSI_VDEV_DMA_ENABLE, RSI_VDEV_VALIDATE_MAPPING", occurs(e.tdi_bind, t=t),
        DropCheck("tsm", "sdte_write", "locked or running"), flow="arm-cca",
    ),
    law(
        "peer-to-peer-only-where-allowed",
        "The TSM binds a peer-to-peer stream only where the flow allows it, for a TDI that its record says is running.",
        StepLaw(occurs(e.bind_p2p, t=t), p2p & (Tsm.view[t] == "RUN")),
        (t,), "TSM", "P63 §11.3.18; TDX sets no P2P", occurs(e.bind_p2p, t=t),
        DropCheck("tsm", "bind_p2p", "running"), DropCheck("tdi", "bind_p2p", "state"), p2p=True,
    ),
    # --- The root complex ---------------------------------------------------------------------------------------------
    law(
        "the-host-never-reaches-private-mmio",
        "No T=0 access of the host reaches a TDI whose MMIO is open to a TVM.",
        StepLaw(occurs(e.mmio_untrusted, t=t), Gate.mmio[t] == "none"),
        (t,), "root complex", "AMD: host access to private MMIO is an RMP fault", occurs(e.mmio_untrusted, t=t),
        DropCheck("gate", "mmio_untrusted", "not private"),
    ),
    # --- Guests and hosts ---------------------------------------------------------------------------------------------
    law(
        "drivers-come-and-go-one-at-a-time",
        "A driver is bound only where none is, and unbinding leaves none.",
        Never(
            (
                occurs(e.driver_shared, v=v, t=t, where=(_driver != "none") | (after(_driver) != "shared")),
                occurs(e.driver_private, v=v, t=t, where=(_driver != "none") | (after(_driver) != "private")),
                occurs(e.driver_unbind, v=v, t=t, where=(_driver == "none") | (after(_driver) != "none")),
            )
        ),
        (v, t), "guest", "Linux driver core; M8", occurs(e.driver_unbind, v=v, t=t),
        DropUpdate("guest", "driver_unbind", "guest.driver"),
    ),
    law(
        "a-bound-driver-can-be-unbound",
        "A driver, in whichever mode, can be unbound.",
        AlwaysPossible(occurs(e.driver_unbind, v=v, t=t), _driver != "none"),
        (v, t), "guest", "Linux driver core", _driver != "none",
        SwapValue("guest", "driver_unbind", Guest.driver[v, t], "none", "shared"),
    ),
    law(
        "acceptance-is-given-and-taken-back-once",
        "A guest verifies evidence that it has and has not accepted by, and takes back only an acceptance that it gave.",
        Never(
            (
                occurs(e.verify, v=v, t=t, where=(Guest.evidence[v, t] == "none") | Guest.verified[v, t] | (_accepted != "none")),
                occurs(e.tdi_revoke, v=v, t=t, where=(_accepted == "none") | (after(_accepted) != "none")),
            )
        ),
        (v, t), "guest", "M1 tdi_validate; M17", occurs(e.tdi_revoke, v=v, t=t), DropCondition("guest", "tdi_revoke", 0),
    ),
    law(
        "a-lock-is-asked-for-once",
        "A guest's request for a lock is kept for one TVM at a time, and for a TDI that nobody has.",
        StepLaw(
            occurs(e.tdi_request_lock, v=v, t=t),
            (Host.lock_requested[t] == "none") & (Tsm.bound[t] == "none") & (after(Host.lock_requested[t]) == v),
        ),
        (v, t), "host", "AMD guest request TIO BIND; Linux TSM core", occurs(e.tdi_request_lock, v=v, t=t),
        DropCondition("host", "tdi_request_lock", 1), flow="sev-tio-guest-run",
    ),
    law(
        "a-request-for-run-is-of-this-bind",
        "Once a TDI is unbound, stopped or its device disconnected, the host holds no guest's request to run it.",
        Never(
            (
                occurs(e.tdi_unbind, t=t, where=after(Host.run_requested[t])),
                occurs(e.tdi_stop, t=t, where=after(Host.run_requested[t])),
                occurs(e.device_disconnect, d=device_of(t), where=after(Host.run_requested[t])),
            )
        ),
        (t,), "host", "AMD host driver; AMD guest driver 2026: RUN request through the host", Host.run_requested[t],
        DropUpdate("host", "tdi_unbind", "host.run_requested"), flow="sev-tio-guest-run",
    ),
    law(
        "an-honest-host-leaves-a-tsms-device-alone",
        "An honest host sends nothing of its own to a device that a TSM drives, and leaves its configuration and its memory alone.",
        Never(tuple(occurs(x, reply=None, where=HOST.honest) for x in _MISCHIEF)),
        (), "host", "threat model; M4", occurs(e.device_connect), DropCheck("host", "mmio_untrusted", "refrains"), host="honest",
    ),
    # --- What is left behind ------------------------------------------------------------------------------------------
    law(
        "a-refusal-changes-no-record",
        "A request that is refused leaves sessions and the records of TSM and guests as they were.",
        StepLaw(
            tuple(occurs(x, reply=REFUSED) for x in _REFUSABLE),
            conj(
                *(
                    after(x) == x
                    for x in (
                        Device.tsm_session[_stream], Device.host_session[_stream], Tsm.connected[_stream], Tsm.bound[t],
                        Tsm.view[t], Tsm.nonce[t], Tsm.consent[t], Gate.dma[t], Gate.mmio[t],
                    )
                )
            ),
        ),
        (t,), "TSM", "P63 §11.3.25 TDISP_ERROR; COV 09", tuple(occurs(x, reply=REFUSED) for x in _REFUSABLE),
        LeakyRefusal("tsm", "tdi_bind"),
    ),
    law(
        "a-host-session-is-opened-once-and-ended-with-all",
        "The host opens a session where it has none; GET_VERSION and reset end it with the TSM's.",
        Never(
            (
                occurs(e.host_connect, d=d, where=Device.host_session[d] | neg(after(Device.host_session[d]))),
                occurs(e.get_version, d=d, where=after(Device.host_session[d])),
                occurs(e.conventional_reset, d=d, where=after(Device.host_session[d])),
            )
        ),
        (d,), "device", "DSP0274 GET_VERSION, KEY_EXCHANGE; P63 §11.4.8", occurs(e.host_connect, d=d),
        DropUpdate("device", "get_version", "device.host_session"),
    ),
    law(
        "a-lock-of-the-hosts-makes-the-tsms-nonce-old",
        "Once the host has locked a TDI itself, the TSM holds no nonce of that lock.",
        StepLaw(occurs(e.host_lock, t=t), after(Tsm.nonce[t]) != "current"),
        (t,), "TSM", "P63 §11.3.9: a nonce for each lock", occurs(e.host_lock, t=t), DropUpdate("tsm", "host_lock", "tsm.nonce"),
    ),
    law(
        "a-guests-start-is-its-consent",
        "Where the TSM asks for consent, a TVM that has the TDI started itself has given it.",
        StepLaw(occurs(e.start_interface, t=t, v=v), implies(tsm_consent, after(Tsm.consent[t]))),
        (t, v), "TSM", "M17; COV 09 COVG start_interface", occurs(e.start_interface, t=t, v=v),
        DropUpdate("tsm", "start_interface", "tsm.consent"), flow="cove-io", tsm_consent=True,
    ),
    law(
        "a-guests-stop-unbinds-where-it-is-to",
        "Where the guest's stop unbinds, the TDI is bound to nobody after it.",
        StepLaw(occurs(e.tdi_stop, t=t), implies(guest_stop == "unbind", after(Tsm.bound[t]) == "none")),
        (t,), "TSM", "COV 09 COVG stop_interface", occurs(e.tdi_stop, t=t), DropUpdate("tsm", "tdi_stop", "tsm.bound"), flow="cove-io",
    ),
    # --- What stays possible ------------------------------------------------------------------------------------------
    law(
        "a-session-may-key-what-is-nobodys",
        "A host with a session can key a stream that no live session of the TSM has keyed.",
        AlwaysPossible(
            occurs(e.host_key_prog, d=d),
            neg(HOST.honest)
            & Device.host_session[d]
            & (Stream.key_session[d] != "host")
            & neg((Stream.key_session[d] == "tsm") & Device.tsm_session[d]),
        ),
        (d,), "device", "P63 §6.33.3: keys for a new session once the keying session is closed", Device.host_session[d],
        SwapValue("stream", "host_key_prog", Stream.state[d], "NONE", "KEYED"), protects="host",
    ),
    law(
        "keys-can-be-lost-at-any-time",
        "A stream can lose its keys whether they are in use yet or not, and one that was ever keyed can be given up.",
        AlwaysPossible(occurs(e.ide_fail, d=d), Stream.state[d].in_("KEYED", "SECURE")),
        (d,), "device", "P63 §6.33.8, §6.33.3", Stream.state[d] == "KEYED",
        SwapValue("stream", "ide_fail", Stream.state[d], "KEYED", "SECURE"), protects="host",
    ),
    law(
        "only-what-was-keyed-is-given-up",
        "A stream is given up only where there is one.",
        StepLaw(occurs(e.ide_disable, d=d), (Stream.state[d] != "NONE") & (after(Stream.state[d]) == "NONE")),
        (d,), "device", "P63 §6.33.8, §7.9.26", occurs(e.ide_disable, d=d),
        SwapValue("stream", "ide_disable", Stream.state[d], "NONE", "KEYED"),
    ),
    law(
        "a-keyed-stream-is-enough-for-a-lock",
        "LOCK_INTERFACE over the session that keyed the stream is granted to a TDI in CONFIG_UNLOCKED, enabled or not, unless the device insists.",
        AlwaysPossible(
            occurs(e.host_lock, t=t),
            neg(HOST.honest)
            & Device.host_session[_stream]
            & (_state == "CONFIG_UNLOCKED")
            & (Stream.key_session[_stream] == "host")
            & ((Stream.state[_stream] == "SECURE") | ((Stream.state[_stream] == "KEYED") & (lock_requires != "secure"))),
        ),
        (t,), "device", "P63 §11.3.8", occurs(e.host_lock, t=t),
        SwapValue("tdi", "host_lock", Stream.state[_stream], "KEYED", "SECURE"),
        SwapValue("tdi", "host_lock", Stream.state[_stream], "SECURE", "INSECURE"), protects="host",
    ),
    law(
        "gates-open-as-early-as-the-flow-lets-them",
        "Where a gate needs no more than a lock, a guest can have it opened before the TDI is started.",
        Sometimes((occurs(e.sdte_write, t=t, where=Tsm.view[t] == "CONFIG_LOCKED"), occurs(e.tdi_validate, t=t, where=Tsm.view[t] == "CONFIG_LOCKED"))),
        (t,), "TSM", "TDX TDG.DMAR.ACCEPT; M1 tdi_validate", occurs(e.sdte_write, t=t),
        SwapValue("tsm", "sdte_write", Tsm.view[t], "CONFIG_LOCKED", "RUN"), flow="tdx-connect",
    ),
    law(
        "mmio-opens-as-early-as-the-flow-lets-it",
        "Where private MMIO needs no more than a lock, a guest can have it mapped before the TDI is started.",
        Sometimes((occurs(e.mmio_validate, t=t, where=Tsm.view[t] == "CONFIG_LOCKED"), occurs(e.tdi_validate, t=t, where=Tsm.view[t] == "CONFIG_LOCKED"))),
        (t,), "TSM", "RMM RSI_VDEV_VALIDATE_MAPPING", occurs(e.mmio_validate, t=t),
        SwapValue("tsm", "mmio_validate", Tsm.view[t], "CONFIG_LOCKED", "RUN"), flow="arm-cca",
    ),
    # --- What a refusal says ------------------------------------------------------------------------------------------
    told(
        e.tdi_bind_run, "NOT_BOUND", "A host that asks to run a TDI that is not bound is told so.",
        (t,), "TSM", "AMD TDI_BIND: TDI_UNBOUND; COV 09", DropCheck("tsm", "tdi_bind_run", "bound"),
    ),
    told(
        e.tdi_bind_run, "BAD_STATE", "A host that asks to run a TDI that the TSM has not on record as locked is told so.",
        (t,), "TSM", "AMD host driver: TDI_STATUS is LOCKED", DropCheck("tsm", "tdi_bind_run", "locked"),
    ),
    told(
        e.tdi_bind_run, "INVALID_INTERFACE_STATE",
        "A device that is asked to start a TDI which is not in CONFIG_LOCKED answers INVALID_INTERFACE_STATE.",
        (t,), "device", "P63 Table 11-19", DropCheck("tdi", "tdi_bind_run", "state"),
    ),
    told(
        e.host_start, "INVALID_INTERFACE_STATE",
        "A device that is asked by the host to start a TDI which is not in CONFIG_LOCKED answers INVALID_INTERFACE_STATE.",
        (t,), "device", "P63 Table 11-19", DropCheck("tdi", "host_start", "state"),
    ),
    told(
        e.bind_p2p, "NOT_BOUND", "A host that asks for a peer-to-peer stream of a TDI that is not bound is told so.",
        (t,), "TSM", "AMD TDI_BIND flag BIND_P2P", DropCheck("tsm", "bind_p2p", "bound"),
    ),
    told(
        e.bind_p2p, "BAD_STATE", "A host that asks for a peer-to-peer stream of a TDI that is not on record as running is told so.",
        (t,), "TSM", "P63 §11.3.18", DropCheck("tsm", "bind_p2p", "running"),
    ),
    told(
        e.start_interface, "NOT_BOUND", "A TVM that asks to start a TDI that is not bound to it is told so.",
        (t, v), "TSM", "COV 09 COVG start_interface", DropCheck("tsm", "start_interface", "bound to the caller"),
        flow="cove-io", protects="guest",
    ),
    told(
        e.start_interface, "ALREADY_STARTED", "A TVM that asks to start a TDI that is not on record as locked is told so.",
        (t, v), "TSM", "COV 09 COVG start_interface", DropCheck("tsm", "start_interface", "locked"), flow="cove-io", protects="guest",
    ),
    told(
        e.start_interface, "INVALID_INTERFACE_STATE",
        "A device that is asked for a guest to start a TDI which is not in CONFIG_LOCKED answers INVALID_INTERFACE_STATE.",
        (t, v), "device", "P63 Table 11-19", DropCheck("tdi", "start_interface", "state"), flow="cove-io", protects="guest",
    ),
    told(
        e.start_interface, "INVALID_NONCE",
        "A device that is asked for a guest to start a TDI with a nonce of another lock answers INVALID_NONCE.",
        (t, v), "device", "P63 Table 11-19, §11.6.3", DropCheck("tdi", "start_interface", "nonce"), flow="cove-io", protects="guest",
    ),
    told(
        e.host_key_prog, "DISCARDED", "KEY_PROG on a second session is discarded while the keying session lives.",
        (d,), "device", "P63 §6.33.3", DropCheck("stream", "host_key_prog", "keying session"), multi_session=True,
    ),
    law(
        "no-answer-without-a-session",
        "Without its session with the device the TSM takes up no request that needs it, and outside of a session the device answers none "
        "of the host's, not even to refuse it.",
        Never(
            (
                *(
                    occurs(x, t=t, reply=None, where=neg(Device.tsm_session[_stream]))
                    for x in (e.tdi_bind, e.tdi_bind_run, e.start_interface, e.get_state, e.bind_p2p, e.tdi_info)
                ),
                *(
                    occurs(x, t=t, reply=None, where=neg(Device.host_session[_stream]))
                    for x in (e.host_lock, e.host_start, e.host_stop)
                ),
            )
        ),
        (t,), "device", "P63 §11.2.2", occurs(e.tdi_bind, t=t), DropCondition("tdi", "host_lock", 0),
    ),
    law(
        "a-driver-in-shared-mode-can-be-bound-before-acceptance",
        "Before it has accepted a TDI, a guest can bind a driver that shares its memory.",
        AlwaysPossible(occurs(e.driver_shared, v=v, t=t), (_driver == "none") & (_accepted == "none")),
        (v, t), "guest", "M8: a driver in shared mode before acceptance is valid", occurs(e.driver_shared, v=v, t=t),
        SwapValue("guest", "driver_shared", Guest.driver[v, t], "none", "shared"),
    ),
    law(
        "a-peer-is-one-tvms-at-a-time",
        "A peer device is accepted by one TVM at a time, and let go by that one.",
        Never(
            (
                occurs(e.peer_accept, v=v, where=(Peer.trusted_by != "none") | (after(Peer.trusted_by) != v)),
                occurs(e.peer_revoke, v=v, where=(Peer.trusted_by != v) | (after(Peer.trusted_by) != "none")),
            )
        ),
        (v,), "guest", "P63 §11.2.1, §11.3.18", occurs(e.peer_revoke, v=v),
        DropUpdate("peer", "peer_revoke", "peer.trusted_by"), p2p=True,
    ),
    law(
        "peer-to-peer-requests-need-a-bound-stream",
        "A TDI addresses a peer only over a peer-to-peer stream that was bound to it, be it taken there or not.",
        StepLaw(occurs(e.dma_peer, t=t, reply=None), Tdi.p2p[t]),
        (t,), "device", "P63 §11.3.18, §11.2.1", occurs(e.dma_peer, t=t, reply=None), DropCondition("tdi", "dma_peer", 0), p2p=True,
    ),
)  # fmt: skip
