"""Laws of the TDI: locks, starts, errors and traffic, and what it is told."""

from __future__ import annotations

from .....model.language import after, implies, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, DropWhen, SetUpdate, SwapValue
from .....model.world.choices.lifecycle import (
    lock_requires,
)
from .....model.world.lifecycle import events as e
from .....model.world.lifecycle.state import Device, Peer, Stream, Tdi, Tsm
from .....model.world.vocabulary import HOST, t, v
from ....formulas import Never
from ....property import Property
from ....steps import becomes, occurs
from ...law import invariant, law, possible, step_law, told
from ..observations import DMA_REACHES_PEER
from .terms import OF_TSM, state, stream

_LOCK = (occurs(e.tdi_bind, t=t), occurs(e.host_lock, t=t))
_OF_HOST = tuple(occurs(x, t=t) for x in (e.host_lock, e.host_start, e.host_stop))

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "lock-only-from-unlocked",
        "The device grants LOCK_INTERFACE only in CONFIG_UNLOCKED, and the TDI is in CONFIG_LOCKED afterwards.",
        _LOCK, (state == "CONFIG_UNLOCKED") & (after(state) == "CONFIG_LOCKED"),
        (t,), "device", "P63 §11.3.8, Table 11-12", DropCheck("tdi", "tdi_bind", "state"),
        DropCheck("tsm", "tdi_bind", "not bound"),
    ),
    step_law(
        "lock-needs-keys-of-its-session",
        "The device grants LOCK_INTERFACE only when its stream has keys that were programmed over the session of the request.",
        _LOCK, Stream.state[stream].in_("KEYED", "SECURE") & (Stream.key_session[stream] == after(Tdi.lock_session[t])),
        (t,), "device", "P63 §11.3.8, §11.4.5", SwapValue("tdi", "host_lock", Stream.state[stream], "SECURE", "INSECURE"),
        DropCheck("tdi", "host_lock", "keying session"),
    ),
    step_law(
        "start-only-with-the-nonce-of-this-lock",
        "The device grants START_INTERFACE only in CONFIG_LOCKED, and only with the nonce that it gave for this lock.",
        (occurs(e.tdi_bind_run, t=t), occurs(e.start_interface, t=t)),
        (state == "CONFIG_LOCKED") & (Tsm.nonce[t] == "current"),
        (t,), "device", "P63 §11.3.14, §11.6.3", DropCheck("tdi", "tdi_bind_run", "nonce"),
        SetUpdate("tsm", "tdi_bind", Tsm.nonce[t], "stale"), witness=occurs(e.tdi_bind_run, t=t),
    ),
    step_law(
        "the-host-starts-only-its-own-locks",
        "Over a session of its own the host can have only a TDI started that it locked over it.",
        occurs(e.host_start, t=t), (state == "CONFIG_LOCKED") & (Tdi.lock_session[t] == "host"),
        (t,), "device", "P63 §11.3.14: the nonce came inside the session of the lock",
        DropCheck("tdi", "host_start", "nonce"), multi_session=True,
    ),
    invariant(
        "nothing-of-a-lock-outlives-it",
        "A TDI that is not locked has no session of a lock, no nonce and no peer-to-peer stream.",
        implies(neg(Tdi.locked()), (Tdi.lock_session[t] == "none") & neg(Tdi.nonce[t]) & neg(Tdi.p2p[t])),
        (t,), "device", "P63 §11.3.9, §11.3.16", Tdi.locked(), DropUpdate("tdi", "stop", "tdi.lock_session"), p2p=True,
    ),
    step_law(
        "error-only-from-a-lock",
        "A TDI enters ERROR only from CONFIG_LOCKED or RUN.",
        becomes(state == "ERROR"), Tdi.locked(),
        (t,), "device", "P63 §11.2: no transition from CONFIG_UNLOCKED to ERROR", DropCondition("tdi", "config_write", 0),
    ),
    possible(
        "a-change-of-configuration-ends-the-lock",
        "While a TDI is locked, a change of its configuration or a failure of the device takes it to ERROR.",
        occurs(e.config_write, t=t, where=after(state) == "ERROR"), Tdi.locked(),
        (t,), "device", "P63 §11.2, Table 11-2, §11.4.9", SwapValue("tdi", "config_write", state, "CONFIG_LOCKED", "RUN"),
        witness=Tdi.locked(),
    ),
    possible(
        "a-failure-ends-the-lock",
        "While a TDI is locked, a failure that the device detects takes it to ERROR.",
        occurs(e.device_error, t=t, where=after(state) == "ERROR"), Tdi.locked(),
        (t,), "device", "P63 §11.2, §11.4.3, §11.4.5, §11.4.6", SwapValue("tdi", "device_error", state, "RUN", "ERROR"),
        witness=Tdi.locked(),
    ),
    step_law(
        "the-report-is-read-only-while-locked",
        "The device hands out the interface report only while the TDI is locked.",
        occurs(e.tdi_info, t=t), Tdi.locked(),
        (t,), "device", "P63 Table 11-3, §11.3.10", DropCheck("tdi", "tdi_info", "state"),
    ),
    invariant(
        "peer-to-peer-only-in-run",
        "A peer-to-peer stream is bound only while the TDI is in RUN.",
        implies(Tdi.p2p[t], state == "RUN"),
        (t,), "device", "P63 §11.3.18, Table 11-21", Tdi.p2p[t], DropCheck("tdi", "bind_p2p", "state"),
        DropCheck("tsm", "bind_p2p", "running"), p2p=True,
    ),
    step_law(
        "no-untrusted-dma-from-a-lock",
        "A TDI that is locked, or in ERROR, sends no T=0 memory request.",
        occurs(e.dma, t=t, tbit=False, reply=None), state == "CONFIG_UNLOCKED",
        (t,), "device", "P63 §11.2, §11.2.1", DropCheck("tdi", "dma", "T=0 only in CONFIG_UNLOCKED"),
    ),
    step_law(
        "a-peer-takes-requests-only-in-use",
        "A peer takes T=1 requests only while a TVM has accepted it.",
        DMA_REACHES_PEER, Peer.trusted_by != "none",
        (t,), "device", "P63 §11.2.1", DropCheck("peer", "dma_peer", "peer in use"), p2p=True,
    ),
    step_law(
        "no-tdisp-of-the-tsm-without-its-session",
        "Nothing that the TSM asks of a TDI is granted outside its session, and a stop that cannot be sent leaves the TDI as it was.",
        (*OF_TSM, occurs(e.tdi_unbind, t=t), occurs(e.tdi_stop, t=t)),
        Device.tsm_session[stream] | ((after(state) == state) & neg(after(Tsm.nonce[t]) == "current")),
        (t,), "device", "P63 §11.2.2", DropCondition("tdi", "stop", 0), witness=occurs(e.tdi_unbind, t=t),
    ),
    step_law(
        "no-tdisp-of-the-host-without-its-session",
        "Nothing that the host asks of a TDI itself is granted outside a session of the host's.",
        _OF_HOST, Device.host_session[stream],
        (t,), "device", "P63 §11.2.2", DropWhen("tdi", "host_stop"),
    ),
    possible(
        "a-keyed-stream-is-enough-for-a-lock",
        "LOCK_INTERFACE over the session that keyed the stream is granted to a TDI in CONFIG_UNLOCKED, enabled or not, unless the device insists.",
        occurs(e.host_lock, t=t),
        neg(HOST.honest)
        & Device.host_session[stream]
        & (state == "CONFIG_UNLOCKED")
        & (Stream.key_session[stream] == "host")
        & ((Stream.state[stream] == "SECURE") | ((Stream.state[stream] == "KEYED") & (lock_requires != "secure"))),
        (t,), "device", "P63 §11.3.8", SwapValue("tdi", "host_lock", Stream.state[stream], "KEYED", "SECURE"),
        SwapValue("tdi", "host_lock", Stream.state[stream], "SECURE", "INSECURE"), protects="host",
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
        e.start_interface, "INVALID_INTERFACE_STATE",
        "A device that is asked for a guest to start a TDI which is not in CONFIG_LOCKED answers INVALID_INTERFACE_STATE.",
        (t, v), "device", "P63 Table 11-19", DropCheck("tdi", "start_interface", "state"), flow="cove-io", protects="guest",
    ),
    told(
        e.start_interface, "INVALID_NONCE",
        "A device that is asked for a guest to start a TDI with a nonce of another lock answers INVALID_NONCE.",
        (t, v), "device", "P63 Table 11-19, §11.6.3", DropCheck("tdi", "start_interface", "nonce"), flow="cove-io", protects="guest",
    ),
    law(
        "no-answer-without-a-session",
        "Without its session with the device the TSM takes up no request that needs it, and outside of a session the device answers none "
        "of the host's, not even to refuse it.",
        Never(
            (
                *(
                    occurs(x, t=t, reply=None, where=neg(Device.tsm_session[stream]))
                    for x in (e.tdi_bind, e.tdi_bind_run, e.start_interface, e.get_state, e.bind_p2p, e.tdi_info)
                ),
                *(
                    occurs(x, t=t, reply=None, where=neg(Device.host_session[stream]))
                    for x in (e.host_lock, e.host_start, e.host_stop)
                ),
            )
        ),
        (t,), "device", "P63 §11.2.2", occurs(e.tdi_bind, t=t), DropCondition("tdi", "host_lock", 0),
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
    step_law(
        "peer-to-peer-requests-need-a-bound-stream",
        "A TDI addresses a peer only over a peer-to-peer stream that was bound to it, be it taken there or not.",
        occurs(e.dma_peer, t=t, reply=None), Tdi.p2p[t],
        (t,), "device", "P63 §11.3.18, §11.2.1", DropCondition("tdi", "dma_peer", 0), p2p=True,
    ),
)  # fmt: skip
