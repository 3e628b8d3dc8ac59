"""Laws of requests: which are granted, for what, and what a refusal leaves alone."""

from __future__ import annotations

from .....model.language import Event, Term, after, exists, implies, neg
from .....model.language.mutate import DropCheck, DropUpdate, LeakyRefusal, SwapValue
from .....model.world.choices.lifecycle import lock_requires, stop_in_unlocked
from .....model.world.choices.responder import (
    ide_required,
    nonce_checked,
    nonce_leaked,
    optional_requests,
    other_session,
    report_chunks,
    report_in_run,
    stop_clears_keys,
    unsupported_code,
    wrong_state,
    xt_mode,
)
from .....model.world.responder import events as e
from .....model.world.responder.state import Device, Stream, Tdi
from .....model.world.vocabulary import d, device_of, t, u
from ....formulas import Never
from ....property import Property
from ....steps import REFUSED, Step, occurs, unchanged
from ...law import law, possible, step_law
from ..observations import LOCKED, LOCKS, RUN, STARTS, STOPS, UNLOCKED
from .terms import holds, p2p, parts, sharing, stream

_FREE = implies(report_chunks == "refuse", parts != "current")
_MINE = implies((other_session == "refused") & Tdi.locked(), e.via == Tdi.lock_session[t])
_ALL_UNLOCKED = neg(exists(u, (device_of(u) == stream) & (Tdi.state[u] != "CONFIG_UNLOCKED")))
_RUNS = RUN & optional_requests & _MINE & _FREE
_PROPER: dict[Event, Term] = {
    e.get_tdisp_version: _FREE,
    e.get_tdisp_capabilities: _FREE,
    e.get_state: _FREE,
    e.lock_interface: UNLOCKED
    & _FREE
    & (e.fault == "none")
    & implies(
        ide_required,
        (Stream.key_session[stream] == e.via)
        & ((Stream.state[stream] == "SECURE") | ((Stream.state[stream] == "KEYED") & (lock_requires == "keys"))),
    ),
    e.get_report: (LOCKED | (RUN & report_in_run))
    & ((e.part == "first") | ((e.part == "rest") & (parts == "current")))
    & _MINE,
    e.start_interface: LOCKED & implies(nonce_checked, Tdi.nonce[t] & (e.nonce == "current")) & _MINE & _FREE,
    e.stop_interface: implies(stop_in_unlocked == "error", neg(UNLOCKED)) & _MINE & _FREE,
    e.bind_p2p_stream: _RUNS
    & (e.p2p_fault == "none")
    & (e.keyed == Tdi.lock_session[t])
    & (e.via == e.keyed)
    & Device.alive(e.keyed, stream)
    & Tdi.may_bind_p2p[t]
    & (p2p == "none"),
    e.unbind_p2p_stream: _RUNS & e.known & (p2p != "none"),
    e.set_mmio_attribute: _RUNS & e.known & sharing.in_("tee", "shared"),
    e.vdm: e.known & _FREE,
    e.set_tdisp_config: xt_mode & _ALL_UNLOCKED & _FREE,
}
"""Request -> what the specification asks of it, beside that it comes through a session and has no flaw."""
_SENT_WELL = (e.flaw == "none") & Device.alive(e.via, stream)
_AFTER_REFUSAL = (holds, parts, Tdi.after_flr[t], Device.xt[stream])
_FLAWS = (
    ("VERSION_MISMATCH", ("version",)),
    ("INVALID_INTERFACE", ("interface",)),
    ("UNSPECIFIED", ("trouble",)),
    ("VENDOR_SPECIFIC", ("trouble",)),
)

PROPERTIES: tuple[Property, ...] = (
    law(
        "what-is-proper-is-granted",
        "A request without a flaw, over a living session, in a legal state and with everything that the specification asks for, is not refused.",
        Never(tuple(occurs(x, t=t, reply=REFUSED, where=_SENT_WELL & proper) for x, proper in _PROPER.items())),
        (t,), "device", "P63 §11.3, Tables 11-3, 11-12, 11-16, 11-19, 11-21, 11-23, 11-25", LOCKS,
        SwapValue("tdi", "lock_interface", Tdi.state[t], "CONFIG_UNLOCKED", "CONFIG_LOCKED"), protects="host",
    ),
    law(
        "a-flawed-request-is-not-granted",
        "A request of another version than agreed, for an interface that is not hosted, with bad fields, beyond the number allowed, or "
        "that meets trouble of the device, is not granted; of these errors each is told for its own reason only.",
        Never(
            (
                *(occurs(x, t=t, where=neg(e.flaw.in_("none", "version"))) for x in e.REQUESTS),
                *(occurs(x, t=t, flaw="version") for x in e.REQUESTS if x is not e.get_tdisp_version),
                *(occurs(x, t=t, reply=code, where=neg(e.flaw.in_(*of))) for x in e.REQUESTS for code, of in _FLAWS),
            )
        ),
        (t,), "device", "P63 §11.2.4, Tables 11-6, 11-27", occurs(e.get_state, t=t, reply="VERSION_MISMATCH"),
        DropCheck("tdi", "get_state", "interface hosted"),
    ),
    law(
        "a-request-is-granted-for-what-it-names-only",
        "A vendor's request is granted when the device knows it; a change of an attribute in RUN, of a range that can change, one at a "
        "time; a stream is bound without a fault where none is, and unbound where one is.",
        Never(
            (
                occurs(e.vdm, t=t, where=neg(e.known)),
                occurs(e.set_mmio_attribute, t=t, where=neg(RUN & e.known & sharing.in_("tee", "shared") & optional_requests)),
                occurs(
                    e.bind_p2p_stream,
                    t=t,
                    where=neg(RUN & (e.p2p_fault == "none") & (p2p == "none") & Device.alive(e.keyed, stream) & optional_requests),
                ),
                occurs(e.unbind_p2p_stream, t=t, where=neg(RUN & e.known & (p2p != "none") & optional_requests)),
                occurs(e.get_report, t=t, where=e.part == "bad_offset"),
                occurs(e.set_tdisp_config, t=t, where=neg(xt_mode)),
            )
        ),
        (t,), "device", "P63 §11.2.3, §11.3.1, Tables 11-16, 11-21, 11-23, 11-25", occurs(e.unbind_p2p_stream, t=t),
        DropCheck("tdi", "unbind_p2p_stream", "bound"),
    ),
    law(
        "an-optional-request-that-is-not-supported-is-not-granted",
        "A device without the optional requests binds and unbinds no peer-to-peer stream, and changes no attribute.",
        Never(
            tuple(
                occurs(x, t=t, where=neg(optional_requests))
                for x in (e.bind_p2p_stream, e.unbind_p2p_stream, e.set_mmio_attribute)
            )
        ),
        (t,), "device", "P63 Table 11-3, §11.3.7, §11.3.1", occurs(e.set_mmio_attribute, t=t, reply="UNSUPPORTED_REQUEST"),
        DropCheck("tdi", "set_mmio_attribute", "supported"), optional_requests=False,
    ),
    *(
        possible(
            f"{x.name.replace('_', '-')}-can-be-told-it-is-not-supported",
            f"A device without the optional requests can answer {x.name.upper()} with UNSUPPORTED_REQUEST, unless it says INVALID_REQUEST to "
            "all of them.",
            occurs(x, t=t, reply="UNSUPPORTED_REQUEST"),
            neg(optional_requests) & (unsupported_code != "INVALID_REQUEST") & RUN & Device.alive(Tdi.lock_session[t], stream),
            (t,), "device", "P63 §11.3.1 against Tables 11-21, 11-23 and 11-25 (A-11: knob unsupported_code)",
            DropCheck("tdi", x.name, "supported"), protects="host", optional_requests=False,
        )
        for x in (e.bind_p2p_stream, e.unbind_p2p_stream, e.set_mmio_attribute)
    ),
    step_law(
        "a-refusal-touches-nothing-that-is-under-way",
        "A refused request leaves reports begun, work under way and the device's mode as they were, unless the device unbinds the TDI.",
        tuple(Step(x, {}, REFUSED) for x in e.REQUESTS),
        (wrong_state == "unlocks") | unchanged(*_AFTER_REFUSAL),
        (t,), "device", "P63 §11.3.24: an error response changes no state", LeakyRefusal("tdi", "get_report"),
        witness=occurs(e.get_report, t=t, reply="INVALID_REQUEST"),
    ),
    step_law(
        "a-device-that-unbinds-does-it-completely",
        "Where a request in the wrong state also unbinds the TDI, it is as unlocked and as clean as after STOP_INTERFACE.",
        tuple(occurs(x, t=t, reply="INVALID_INTERFACE_STATE") for x in e.REQUESTS),
        implies(wrong_state == "unlocks", after(UNLOCKED) & after(holds.in_("nothing", "late_read"))),
        (t,), "device", "OpenVMM: unbinds; P63 §11.3.16 for what unlocking takes",
        DropUpdate("tdi", "lock_interface/INVALID_INTERFACE_STATE", "tdi.holds"),
        witness=occurs(e.lock_interface, t=t, reply="INVALID_INTERFACE_STATE", where=RUN), wrong_state="unlocks",
        error_recovery="automatic",
    ),
    step_law(
        "a-lock-is-what-was-asked-for",
        "After LOCK_INTERFACE the TDI is in CONFIG_LOCKED, with the flags and the session of the request and a fresh nonce.",
        LOCKS,
        after(LOCKED)
        & (after(Tdi.lock_session[t]) == e.via)
        & after(Tdi.nonce[t])
        & (after(Tdi.no_fw_update[t]) == e.no_fw)
        & (after(Tdi.msix_locked[t]) == e.msix)
        & (after(Tdi.may_bind_p2p[t]) == e.p2p)
        & (after(Tdi.redirect[t]) == e.redirect),
        (t,), "device", "P63 §11.3.8, §11.3.9, Table 11-11", DropUpdate("tdi", "lock_interface", "tdi.redirect"),
    ),
    step_law(
        "a-lock-that-asks-for-a-secure-stream-finds-one",
        "A device that locks over a Secure stream only refuses LOCK_INTERFACE before.",
        LOCKS, implies((lock_requires == "secure") & ide_required, Stream.state[stream] == "SECURE"),
        (t,), "device", "P63 §6.33.1 (A-16: knob lock_requires)", DropCheck("tdi", "lock_interface", "secure stream"),
        lock_requires="secure",
    ),
    law(
        "no-lock-with-a-stream-of-another-mode",
        "LOCK_INTERFACE over a stream whose XT enable is wrong is refused; without XT mode nothing can be wrong with it.",
        Never((occurs(e.lock_interface, t=t, fault="xt_enable", where=ide_required),
               occurs(e.lock_interface, t=t, fault="xt_enable", reply="INVALID_REQUEST", where=neg(xt_mode)))),
        (t,), "device", "PCIe 7.0, unverified (knob xt_mode)",
        occurs(e.lock_interface, t=t, fault="xt_enable", reply="INVALID_REQUEST"),
        DropCheck("tdi", "lock_interface", "XT enable of the stream"), xt_mode=True,
    ),
    step_law(
        "the-mode-is-what-was-set",
        "SET_TDISP_CONFIG sets the mode that it names.",
        occurs(e.set_tdisp_config, t=t), after(Device.xt[stream]) == e.xt,
        (t,), "device", "PCIe 7.0 §11.3.27, unverified (knob xt_mode)",
        DropUpdate("device", "set_tdisp_config", "device.xt"), witness=Device.xt[stream], xt_mode=True,
    ),
    step_law(
        "a-reset-ends-the-mode-and-what-was-not-measured",
        "After a conventional reset XT mode is off, and measurements are those of the firmware that was started.",
        occurs(e.conventional_reset, d=d), neg(after(Device.xt[d]) | after(Device.unmeasured[d])),
        (d,), "device", "P63 §11.4.8; DSP0274 MEAS_FRESH_CAP; PCIe 7.0, unverified",
        DropUpdate("device", "conventional_reset", "device.xt"),
        witness=occurs(e.conventional_reset, d=d, where=Device.xt[d]), xt_mode=True,
    ),
    step_law(
        "start-leads-to-run",
        "START_INTERFACE leads to RUN, and over no other session than that of the lock unless the nonce leaked.",
        STARTS, after(RUN) & implies(nonce_checked & neg(nonce_leaked), e.via == Tdi.lock_session[t]),
        (t,), "device", "P63 §11.2, §11.3.14, §11.6.3: the nonce never leaves the session",
        DropUpdate("tdi", "start_interface", "tdi.state"),
    ),
    law(
        "only-the-session-of-the-lock-is-heard",
        "A device that ties requests to the session of the lock grants no other session a report, a start, a stop, a stream or an attribute.",
        Never(
            tuple(
                occurs(x, t=t, where=(other_session == "refused") & Tdi.locked() & (e.via != Tdi.lock_session[t]))
                for x in (
                    e.get_report, e.start_interface, e.stop_interface, e.bind_p2p_stream, e.unbind_p2p_stream, e.set_mmio_attribute,
                )
            )
        ),
        (t,), "device", "P63 §11.6.3 in its intention (A-9: knob other_session)",
        occurs(e.get_report, t=t, reply="INVALID_REQUEST", where=e.via == "host"),
        DropCheck("tdi", "get_report", "session of the lock"), multi_session=True, other_session="refused",
    ),
    step_law(
        "a-stop-that-clears-keys-clears-them",
        "Where STOP_INTERFACE clears the keys of the default stream, none is left, and every TDI of the device that relied on it is in ERROR.",
        STOPS,
        implies(
            stop_clears_keys,
            (after(Stream.state[stream]) == "NOT_KEYED")
            & implies(ide_required & (u != t) & (device_of(u) == stream) & Tdi.locked(u), after(Tdi.state[u] == "ERROR")),
        ),
        (t, u), "device", "third-party readings of P63 §11.3.16 (A-15: knob stop_clears_keys); §11.4.5",
        DropUpdate("stream", "stop_interface", "stream.state"), stop_clears_keys=True,
    ),
    law(
        "unlocked-is-not-stopped-where-that-is-an-error",
        "A device to which STOP_INTERFACE in CONFIG_UNLOCKED is an error refuses it there.",
        Never(occurs(e.stop_interface, t=t, where=(stop_in_unlocked == "error") & UNLOCKED)),
        (t,), "device", "knob stop_in_unlocked: several responders, against P63 Table 11-3",
        occurs(e.stop_interface, t=t, reply="INVALID_INTERFACE_STATE"), DropCheck("tdi", "stop_interface", "state"),
        stop_in_unlocked="error", protects="host",
    ),
)  # fmt: skip
