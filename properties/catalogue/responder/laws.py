"""The laws of single steps of a responder: what is granted and why, what is refused and why, and what a lock leaves behind."""

from __future__ import annotations

from ....model.language import TRUE, Event, Term, after, conj, exists, implies, neg
from ....model.language.mutate import DropCheck, DropUpdate, LeakyRefusal, SetUpdate, SwapValue
from ....model.world.choices.ide import session_loss
from ....model.world.choices.lifecycle import error_recovery, lock_requires, multi_session, stop_in_unlocked
from ....model.world.choices.responder import (
    after_stop,
    ats_write,
    completion_match,
    debug_wipes,
    ide_required,
    measured_at,
    mmio_in_locked,
    nonce_checked,
    nonce_leaked,
    optional_requests,
    other_session,
    report_chunks,
    report_in_run,
    runtime_update,
    shared_range_tbit,
    stop_clears_keys,
    svn_downgrade,
    unlocked_mmio,
    unsupported_code,
    update_ends_session,
    update_in_error,
    wrong_state,
    xt_mode,
)
from ....model.world.responder import events as e
from ....model.world.responder.state import Device, Stream, Tdi
from ....model.world.vocabulary import d, device_of, function0_of, t, u
from ...formulas import AlwaysPossible, Invariant, Never, StepLaw
from ...property import Property
from ...steps import REFUSED, Step, occurs
from ..law import law
from .observations import ERROR, LOCKED, LOCKS, RUN, STARTS, STOPS, UNLOCKED, accepts, sends

_stream = device_of(t)
_holds, _sharing, _p2p, _parts = Tdi.holds[t], Tdi.sharing[t], Tdi.p2p[t], Tdi.read_in_parts[t]
_SECURE = implies(ide_required, Stream.state[_stream] == "SECURE")
_keys, _by = Stream.state[d], Stream.key_session[d]
_tsm, _host = Device.tsm_session[d], Device.host_session[d]
_KEYS = (e.key_prog, e.ide_query)
_MAY_SPEAK = Tdi.locked() | ERROR

# --- Requests ---------------------------------------------------------------------------------------------------------
_FREE = implies(report_chunks == "refuse", _parts != "current")
_MINE = implies((other_session == "refused") & Tdi.locked(), e.via == Tdi.lock_session[t])
_ALL_UNLOCKED = neg(exists(u, (device_of(u) == _stream) & (Tdi.state[u] != "CONFIG_UNLOCKED")))
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
        (Stream.key_session[_stream] == e.via)
        & ((Stream.state[_stream] == "SECURE") | ((Stream.state[_stream] == "KEYED") & (lock_requires == "keys"))),
    ),
    e.get_report: (LOCKED | (RUN & report_in_run))
    & ((e.part == "first") | ((e.part == "rest") & (_parts == "current")))
    & _MINE,
    e.start_interface: LOCKED & implies(nonce_checked, Tdi.nonce[t] & (e.nonce == "current")) & _MINE & _FREE,
    e.stop_interface: implies(stop_in_unlocked == "error", neg(UNLOCKED)) & _MINE & _FREE,
    e.bind_p2p_stream: _RUNS
    & (e.p2p_fault == "none")
    & (e.keyed == Tdi.lock_session[t])
    & (e.via == e.keyed)
    & Device.alive(e.keyed, _stream)
    & Tdi.may_bind_p2p[t]
    & (_p2p == "none"),
    e.unbind_p2p_stream: _RUNS & e.known & (_p2p != "none"),
    e.set_mmio_attribute: _RUNS & e.known & _sharing.in_("tee", "shared"),
    e.vdm: e.known & _FREE,
    e.set_tdisp_config: xt_mode & _ALL_UNLOCKED & _FREE,
}
"""Request -> what the specification asks of it, beside that it comes through a session and has no flaw."""
_SENT_WELL = (e.flaw == "none") & Device.alive(e.via, _stream)
_AFTER_REFUSAL = (_holds, _parts, Tdi.after_flr[t], Device.xt[_stream])
_FLAWS = (
    ("VERSION_MISMATCH", ("version",)),
    ("INVALID_INTERFACE", ("interface",)),
    ("UNSPECIFIED", ("trouble",)),
    ("VENDOR_SPECIFIC", ("trouble",)),
)


def _befalls(event: Event, when: Term, cite: str) -> Property:
    """That an event spares neither of the two locked states: no promise may rest on its not happening."""
    name = event.name.replace("_", "-")
    return law(
        f"{name}-can-befall-a-locked-tdi",
        f"{event.doc[0].upper()}{event.doc[1:]} can befall a TDI in CONFIG_LOCKED as well as in RUN.",
        AlwaysPossible(occurs(event, t=t), when),
        (t,),
        "device",
        cite,
        Tdi.locked(),
        SwapValue("tdi", event.name, Tdi.state[t], "CONFIG_LOCKED", "RUN"),
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
        (t,), "device", "P63 §11.2.4, Tables 11-6, 11-27",
        occurs(e.get_state, t=t, reply="VERSION_MISMATCH"), DropCheck("tdi", "get_state", "interface hosted"),
    ),
    law(
        "a-request-is-granted-for-what-it-names-only",
        "A vendor's request is granted when the device knows it; a change of an attribute in RUN, of a range that can change, one at a "
        "time; a stream is bound without a fault where none is, and unbound where one is.",
        Never(
            (
                occurs(e.vdm, t=t, where=neg(e.known)),
                occurs(e.set_mmio_attribute, t=t, where=neg(RUN & e.known & _sharing.in_("tee", "shared") & optional_requests)),
                occurs(
                    e.bind_p2p_stream,
                    t=t,
                    where=neg(RUN & (e.p2p_fault == "none") & (_p2p == "none") & Device.alive(e.keyed, _stream) & optional_requests),
                ),
                occurs(e.unbind_p2p_stream, t=t, where=neg(RUN & e.known & (_p2p != "none") & optional_requests)),
                occurs(e.get_report, t=t, where=e.part == "bad_offset"),
                occurs(e.set_tdisp_config, t=t, where=neg(xt_mode)),
            )
        ),
        (t,), "device", "P63 §11.2.3, §11.3.1, Tables 11-16, 11-21, 11-23, 11-25",
        occurs(e.unbind_p2p_stream, t=t), DropCheck("tdi", "unbind_p2p_stream", "bound"),
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
        (t,), "device", "P63 Table 11-3, §11.3.7, §11.3.1",
        occurs(e.set_mmio_attribute, t=t, reply="UNSUPPORTED_REQUEST"), DropCheck("tdi", "set_mmio_attribute", "supported"),
        optional_requests=False,
    ),
    *(
        law(
            f"{x.name.replace('_', '-')}-can-be-told-it-is-not-supported",
            f"A device without the optional requests can answer {x.name.upper()} with UNSUPPORTED_REQUEST, unless it says INVALID_REQUEST to "
            "all of them.",
            AlwaysPossible(
                occurs(x, t=t, reply="UNSUPPORTED_REQUEST"),
                neg(optional_requests) & (unsupported_code != "INVALID_REQUEST") & RUN & Device.alive(Tdi.lock_session[t], _stream),
            ),
            (t,), "device", "P63 §11.3.1 against Tables 11-21, 11-23 and 11-25 (A-11: knob unsupported_code)",
            occurs(x, t=t, reply="UNSUPPORTED_REQUEST"), DropCheck("tdi", x.name, "supported"),
            protects="host", optional_requests=False,
        )
        for x in (e.bind_p2p_stream, e.unbind_p2p_stream, e.set_mmio_attribute)
    ),
    law(
        "a-refusal-touches-nothing-that-is-under-way",
        "A refused request leaves reports begun, work under way and the device's mode as they were, unless the device unbinds the TDI.",
        StepLaw(
            tuple(Step(x, {}, REFUSED) for x in e.REQUESTS),
            (wrong_state == "unlocks") | conj(*(after(x) == x for x in _AFTER_REFUSAL)),
        ),
        (t,), "device", "P63 §11.3.24: an error response changes no state",
        occurs(e.get_report, t=t, reply="INVALID_REQUEST"), LeakyRefusal("tdi", "get_report"),
    ),
    law(
        "a-device-that-unbinds-does-it-completely",
        "Where a request in the wrong state also unbinds the TDI, it is as unlocked and as clean as after STOP_INTERFACE.",
        StepLaw(
            tuple(occurs(x, t=t, reply="INVALID_INTERFACE_STATE") for x in e.REQUESTS),
            implies(wrong_state == "unlocks", after(UNLOCKED) & after(_holds.in_("nothing", "late_read"))),
        ),
        (t,), "device", "OpenVMM: unbinds; P63 §11.3.16 for what unlocking takes",
        occurs(e.lock_interface, t=t, reply="INVALID_INTERFACE_STATE", where=RUN),
        DropUpdate("tdi", "lock_interface/INVALID_INTERFACE_STATE", "tdi.holds"),
        wrong_state="unlocks", error_recovery="automatic",
    ),
    law(
        "a-lock-is-what-was-asked-for",
        "After LOCK_INTERFACE the TDI is in CONFIG_LOCKED, with the flags and the session of the request and a fresh nonce.",
        StepLaw(
            LOCKS,
            after(LOCKED)
            & (after(Tdi.lock_session[t]) == e.via)
            & after(Tdi.nonce[t])
            & (after(Tdi.no_fw_update[t]) == e.no_fw)
            & (after(Tdi.msix_locked[t]) == e.msix)
            & (after(Tdi.may_bind_p2p[t]) == e.p2p)
            & (after(Tdi.redirect[t]) == e.redirect),
        ),
        (t,), "device", "P63 §11.3.8, §11.3.9, Table 11-11", LOCKS, DropUpdate("tdi", "lock_interface", "tdi.redirect"),
    ),
    law(
        "a-lock-that-asks-for-a-secure-stream-finds-one",
        "A device that locks over a Secure stream only refuses LOCK_INTERFACE before.",
        StepLaw(LOCKS, implies((lock_requires == "secure") & ide_required, Stream.state[_stream] == "SECURE")),
        (t,), "device", "P63 §6.33.1 (A-16: knob lock_requires)", LOCKS, DropCheck("tdi", "lock_interface", "secure stream"),
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
    law(
        "the-mode-is-what-was-set",
        "SET_TDISP_CONFIG sets the mode that it names.",
        StepLaw(occurs(e.set_tdisp_config, t=t), after(Device.xt[_stream]) == e.xt),
        (t,), "device", "PCIe 7.0 §11.3.27, unverified (knob xt_mode)", Device.xt[_stream],
        DropUpdate("device", "set_tdisp_config", "device.xt"), xt_mode=True,
    ),
    law(
        "a-reset-ends-the-mode-and-what-was-not-measured",
        "After a conventional reset XT mode is off, and measurements are those of the firmware that was started.",
        StepLaw(occurs(e.conventional_reset, d=d), neg(after(Device.xt[d]) | after(Device.unmeasured[d]))),
        (d,), "device", "P63 §11.4.8; DSP0274 MEAS_FRESH_CAP; PCIe 7.0, unverified", occurs(e.conventional_reset, d=d, where=Device.xt[d]),
        DropUpdate("device", "conventional_reset", "device.xt"), xt_mode=True,
    ),
    law(
        "start-leads-to-run",
        "START_INTERFACE leads to RUN, and over no other session than that of the lock unless the nonce leaked.",
        StepLaw(STARTS, after(RUN) & implies(nonce_checked & neg(nonce_leaked), e.via == Tdi.lock_session[t])),
        (t,), "device", "P63 §11.2, §11.3.14, §11.6.3: the nonce never leaves the session", STARTS,
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
        DropCheck("tdi", "get_report", "session of the lock"),
        multi_session=True, other_session="refused",
    ),
    law(
        "a-stop-that-clears-keys-clears-them",
        "Where STOP_INTERFACE clears the keys of the default stream, none is left, and every TDI of the device that relied on it is in ERROR.",
        StepLaw(
            STOPS,
            implies(
                stop_clears_keys,
                (after(Stream.state[_stream]) == "NOT_KEYED")
                & implies(ide_required & (u != t) & (device_of(u) == _stream) & Tdi.locked(u), after(Tdi.state[u] == "ERROR")),
            ),
        ),
        (t, u), "device", "third-party readings of P63 §11.3.16 (A-15: knob stop_clears_keys); §11.4.5", STOPS,
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
    # --- Reports ------------------------------------------------------------------------------------------------------
    law(
        "a-report-is-read-from-first-to-rest",
        "A first part begins the reading of a report, the rest ends it.",
        StepLaw(
            occurs(e.get_report, t=t),
            implies(e.part == "first", after(_parts) == "current") & implies(e.part == "rest", after(_parts) == "none"),
        ),
        (t,), "device", "P63 §11.3.10, Table 11-15", occurs(e.get_report, t=t, part="rest"),
        DropUpdate("tdi", "get_report", "tdi.read_in_parts"),
    ),
    law(
        "a-report-begun-is-of-a-living-lock",
        "A report whose reading is under way is of the lock that holds; with the lock its parts become stale.",
        Invariant(implies(_parts == "current", Tdi.locked())),
        (t,), "device", "P63 §11.3.10: legal in CONFIG_LOCKED and RUN; each lock has its report", _parts == "current",
        DropUpdate("tdi", "config_change", "tdi.read_in_parts"),
    ),
    law(
        "a-device-that-wants-a-report-anew-forgets-its-parts",
        "Where a report must be begun anew after another request, no other request that is granted leaves its reading under way.",
        Never(
            tuple(
                occurs(x, t=t, where=(report_chunks == "restart") & after(_parts == "current"))
                for x in e.REQUESTS
                if x is not e.get_report
            )
        ),
        (t,), "device", "P63 Table 11-27, an example (A-10: knob report_chunks)", _parts == "current",
        DropUpdate("tdi", "get_state", "tdi.read_in_parts"), report_chunks="restart",
    ),
    law(
        "the-rest-follows-the-first-part",
        "Where a report must be begun anew, its rest is given only when its reading is under way.",
        Never(occurs(e.get_report, t=t, part="rest", where=(report_chunks == "restart") & (_parts != "current"))),
        (t,), "device", "P63 Table 11-27, an example (A-10: knob report_chunks)", occurs(e.get_report, t=t, part="rest"),
        DropCheck("tdi", "get_report", "in sequence"), report_chunks="restart",
    ),
    law(
        "a-device-that-finishes-a-report-first-grants-nothing-else",
        "A device that insists that a report be read to its end grants no other request before.",
        Never(
            tuple(
                occurs(x, t=t, where=(report_chunks == "refuse") & (_parts == "current"))
                for x in e.REQUESTS
                if x is not e.get_report
            )
        ),
        (t,), "device", "P63 Table 11-27, an example (A-10: knob report_chunks)",
        occurs(e.get_state, t=t, reply="INVALID_INTERFACE_STATE"), DropCheck("tdi", "get_state", "report complete"),
        report_chunks="refuse",
    ),
    # --- Streams and attributes ---------------------------------------------------------------------------------------
    law(
        "streams-are-bound-and-unbound-as-asked",
        "BIND_P2P_STREAM binds the stream with the keys that were named, UNBIND_P2P_STREAM leaves none.",
        Never((occurs(e.bind_p2p_stream, t=t, where=after(_p2p) != e.keyed), occurs(e.unbind_p2p_stream, t=t, where=after(_p2p != "none")))),
        (t,), "device", "P63 §11.3.18, §11.3.20", occurs(e.unbind_p2p_stream, t=t), DropUpdate("tdi", "unbind_p2p_stream", "tdi.p2p"),
        protects="peer",
    ),
    law(
        "an-attribute-changes-in-two-steps",
        "SET_MMIO_ATTRIBUTE begins the change that it asks for, or none where nothing is to change, and only its response ends one that was begun.",
        StepLaw(
            (occurs(e.set_mmio_attribute, t=t), occurs(e.set_mmio_attribute_response, t=t)),
            implies(_sharing == "to_shared", after(_sharing) == "shared")
            & implies(_sharing == "to_tee", after(_sharing) == "tee")
            & implies(_sharing == "tee", after(_sharing.in_("tee", "to_shared")))
            & implies(_sharing == "shared", after(_sharing.in_("shared", "to_tee"))),
        ),
        (t,), "device", "P63 §11.2.3, §11.3.22: effective at the response", occurs(e.set_mmio_attribute_response, t=t),
        DropUpdate("tdi", "set_mmio_attribute_response", "tdi.sharing"),
    ),
    law(
        "an-attribute-changes-as-asked",
        "SET_MMIO_ATTRIBUTE that asks for what is not so begins a change.",
        StepLaw(occurs(e.set_mmio_attribute, t=t), implies(e.shared == (_sharing == "tee"), after(_sharing) != _sharing)),
        (t,), "device", "P63 §11.3.22", occurs(e.set_mmio_attribute, t=t), DropUpdate("tdi", "set_mmio_attribute", "tdi.sharing"),
    ),
    law(
        "a-change-of-an-attribute-is-answered",
        "A change of an attribute that is under way in RUN can be answered.",
        AlwaysPossible(occurs(e.set_mmio_attribute_response, t=t), _sharing.in_("to_shared", "to_tee") & RUN),
        (t,), "device", "P63 §11.3.22", _sharing == "to_shared",
        SwapValue("tdi", "set_mmio_attribute_response", _sharing, "to_shared", "shared"),
    ),
    law(
        "no-answer-without-a-change",
        "SET_MMIO_ATTRIBUTE_RESPONSE comes only while a change is under way.",
        Never(occurs(e.set_mmio_attribute_response, t=t, where=_sharing.in_("tee", "shared"))),
        (t,), "device", "P63 §11.3.22", occurs(e.set_mmio_attribute_response, t=t),
        SwapValue("tdi", "set_mmio_attribute_response", _sharing, "to_tee", "tee"),
    ),
    # --- Sessions and keys --------------------------------------------------------------------------------------------
    law(
        "sessions-begin-and-end-one-by-one",
        "A session is opened that did not live and then lives, and ends the other where only one can be; one is closed that lived, and "
        "the other stays; GET_VERSION ends all there are.",
        StepLaw(
            (occurs(e.session_open, d=d), occurs(e.session_close, d=d)),
            ((e.holder == "tsm") & (after(_tsm) != _tsm) & ((after(_host) == _host) | (neg(multi_session) & neg(after(_host)))))
            | ((e.holder == "host") & (after(_host) != _host) & ((after(_tsm) == _tsm) | (neg(multi_session) & neg(after(_tsm))))),
        ),
        (d,), "device", "DSP0274 GET_VERSION, KEY_EXCHANGE, END_SESSION, HEARTBEAT", occurs(e.session_close, d=d),
        DropUpdate("device", "session_close", "device.tsm_session"),
    ),
    law(
        "one-session-at-a-time-where-only-one-can-be",
        "A device that serves one session at a time has none of the host's beside the TSM's.",
        Invariant(multi_session | neg(_tsm & _host)),
        (d,), "device", "P63 §11.2.4; DSP0274 GET_VERSION (knob multi_session)", _host,
        SetUpdate("device", "session_open", _tsm, True),
    ),
    law(
        "get-version-ends-all-sessions",
        "GET_VERSION ends every session of the connection, whoever sent it, and is news only where one lived.",
        StepLaw(occurs(e.get_version, d=d), (_tsm | _host) & neg(after(_tsm) | after(_host))),
        (d,), "device", "DSP0274 GET_VERSION", occurs(e.get_version, d=d), DropUpdate("device", "get_version", "device.host_session"),
    ),
    law(
        "keys-come-over-a-living-session-of-their-own",
        "Keys are programmed and queried over a living session, and never over a second one while the session that keyed the stream lives.",
        StepLaw(
            tuple(occurs(x, d=d) for x in _KEYS),
            Device.alive(e.holder) & ((_by == e.holder) | neg(Device.alive(_by))),
        ),
        (d,), "device", "P63 §6.33.3", occurs(e.key_prog, d=d), DropCheck("stream", "key_prog", "keying session"), multi_session=True,
    ),
    law(
        "keys-are-refused-for-these-reasons-only",
        "KEY_PROG and QUERY over a living session get an answer, unless another living session keyed the stream; without one nothing changes.",
        StepLaw(
            tuple(occurs(x, d=d, reply=REFUSED) for x in _KEYS),
            (neg(Device.alive(e.holder)) | (Device.alive(_by) & (_by != e.holder))) & (after(_keys) == _keys) & (after(_by) == _by),
        ),
        (d,), "device", "P63 §6.33.3", occurs(e.key_prog, d=d, reply=REFUSED),
        SwapValue("stream", "key_prog", _by, "host", "none"), multi_session=True, protects="host",
    ),
    law(
        "new-keys-belong-to-their-session",
        "After KEY_PROG the stream has keys of that session; a refresh over the same session keeps it Secure, keys of another do not.",
        StepLaw(
            occurs(e.key_prog, d=d),
            (after(_by) == e.holder)
            & (after(_keys) != "NOT_KEYED")
            & ((after(_keys) == "SECURE") == ((_keys == "SECURE") & (_by == e.holder))),
        ),
        (d,), "device", "P63 §6.33.3: a refresh", occurs(e.key_prog, d=d, where=_keys == "SECURE"),
        DropUpdate("stream", "key_prog", "stream.key_session"),
    ),
    law(
        "what-a-dead-session-keyed-is-wiped",
        "A stream that outlived its session is wiped by the next session that programs or queries it, and every TDI locked over it goes to ERROR.",
        StepLaw(
            tuple(occurs(x, d=_stream) for x in _KEYS),
            implies(
                (Stream.state[_stream] != "NOT_KEYED") & (Stream.key_session[_stream] == "none"),
                (after(Stream.state[_stream]) != "SECURE") & implies(Tdi.locked() & ide_required, after(ERROR)),
            ),
        ),
        (t,), "device", "P63 §6.33.3 (A-18: knob session_loss)",
        occurs(e.ide_query, d=_stream, where=Tdi.locked()), DropUpdate("tdi", "ide_query", "tdi.state"),
        session_loss="next_keying",
    ),
    law(
        "a-query-leaves-keys-of-the-living-alone",
        "QUERY changes nothing but a stream that outlived its session, which is without keys then.",
        StepLaw(
            occurs(e.ide_query, d=d),
            ((after(_keys) == _keys) & (after(_by) == _by) & ((_by != "none") | (_keys == "NOT_KEYED")))
            | ((_by == "none") & (after(_keys) == "NOT_KEYED")),
        ),
        (d,), "device", "P63 §6.33.3", occurs(e.ide_query, d=d), DropUpdate("stream", "ide_query", "stream.state"),
        session_loss="next_keying",
    ),
    law(
        "a-stream-becomes-secure-by-its-keys",
        "The port becomes Secure from keyed, and what becomes Insecure was Secure before and has no keys after.",
        StepLaw(
            (occurs(e.ide_enable, d=d), occurs(e.stream_lost, d=d), occurs(e.root_port_write, d=d)),
            ((_keys == "KEYED") & (after(_keys) == "SECURE") & (after(_by) == _by))
            | ((_keys == "SECURE") & (after(_keys) == "NOT_KEYED") & (after(_by) == "none")),
        ),
        (d,), "device", "P63 §6.33.1, §6.33.8, §7.9.26, §11.5.8", occurs(e.ide_enable, d=d), DropUpdate("stream", "stream_lost", "stream.state"),
    ),
    law(
        "keys-and-the-session-they-came-over-go-together",
        "A stream without keys belongs to no session; one with keys belongs to a living session, or, where the end of a session does not "
        "take the stream down, to none.",
        Invariant(
            implies(_keys == "NOT_KEYED", _by == "none")
            & ((_by == "none") | Device.alive(_by))
            & implies((session_loss == "at_once") & (_by == "none"), _keys == "NOT_KEYED")
        ),
        (d,), "device", "P63 §11.4.5 against §6.33.3 (A-18: knob session_loss)", _keys == "SECURE",
        DropUpdate("stream", "session_close", "stream.key_session"),
    ),
    law(
        "a-reset-of-function-0-ends-the-stream",
        "A function level reset of Function 0 leaves the port's stream without keys.",
        StepLaw(occurs(e.flr, t=t), implies(t == function0_of(t), after(Stream.state[_stream]) == "NOT_KEYED")),
        (t,), "device", "P63 §6.33.8", occurs(e.flr, t=t), DropUpdate("stream", "flr", "stream.state"),
    ),
    # --- What a lock leaves -------------------------------------------------------------------------------------------
    law(
        "what-is-not-locked-has-nothing-of-a-lock",
        "A TDI that is not locked has no session, no flags, no locked table, no nonce, and, where leaving RUN releases them, neither a "
        "peer-to-peer stream nor a shared range.",
        Invariant(
            implies(
                neg(Tdi.locked()),
                (Tdi.lock_session[t] == "none")
                & neg(Tdi.nonce[t] | Tdi.msix_locked[t] | Tdi.may_bind_p2p[t] | Tdi.redirect[t])
                & implies(Tdi.no_fw_update[t], ERROR & (update_in_error == "blocked"))
                & implies(after_stop == "released", (_p2p == "none") & (_sharing == "tee")),
            )
        ),
        (t,), "device", "P63 §11.2, §11.3.8, §11.3.16", ERROR, DropUpdate("tdi", "config_change", "tdi.redirect"),
    ),
    law(
        "a-lock-with-a-living-session-names-it",
        "The session of a lock lives, also where locks outlive sessions: then they belong to none.",
        Invariant((Tdi.lock_session[t] == "none") | Device.alive(Tdi.lock_session[t], _stream)),
        (t,), "device", "P63 §11.3.8, §6.33.3 (A-18: knob session_loss)", Tdi.locked(),
        DropUpdate("tdi", "session_close", "tdi.lock_session"), session_loss="next_keying",
    ),
    law(
        "a-reset-is-remembered-in-error-only",
        "That a function level reset brought a TDI into ERROR is remembered until it leaves ERROR.",
        Invariant(implies(Tdi.after_flr[t], ERROR)),
        (t,), "device", "P63 §11.4.9 (A-6: knobs error_recovery, recovery_after_flr)", Tdi.after_flr[t],
        DropUpdate("tdi", "stop_interface", "tdi.after_flr"), error_recovery="automatic",
    ),
    law(
        "a-recovery-wipes-and-unlocks",
        "A TDI that recovers by itself was in ERROR; it is unlocked then, holds no secret, and waits for no read.",
        StepLaw(occurs(e.recover, t=t), ERROR & after(UNLOCKED) & neg(after(_holds.in_("secret", "read")))),
        (t,), "device", "P63 §11.2: permitted once all data of the TVM is cleared", occurs(e.recover, t=t),
        DropUpdate("tdi", "recover", "tdi.state"), error_recovery="automatic",
    ),
    law(
        "what-may-recover-can",
        "Where TDIs recover by themselves, one in ERROR that no function level reset brought there can.",
        AlwaysPossible(occurs(e.recover, t=t), (error_recovery == "automatic") & ERROR & neg(Tdi.after_flr[t])),
        (t,), "device", "P63 §11.2: permitted", occurs(e.recover, t=t),
        SwapValue("tdi", "recover", Tdi.state[t], "ERROR", "CONFIG_UNLOCKED"), protects="host", error_recovery="automatic",
    ),
    law(
        "a-write-of-the-ats-capability-ends-a-lock-where-it-counts",
        "A device that minds writes to the ATS capability takes a locked TDI to ERROR.",
        StepLaw(occurs(e.ats_capability_write, t=t), implies((ats_write == "error") & Tdi.locked(), after(ERROR))),
        (t,), "device", "P63 Table 11-2 against a PCIe 7.0 RTL (A-14: knob ats_write)", occurs(e.ats_capability_write, t=t),
        DropUpdate("tdi", "ats_capability_write", "tdi.state"), ats_write="error",
    ),
    _befalls(e.config_change, Tdi.locked(), "P63 §11.2, Table 11-2"),
    _befalls(e.msix_write, Tdi.locked(), "P63 Table 11-2"),
    _befalls(e.ats_capability_write, Tdi.locked(), "P63 Table 11-2"),
    _befalls(e.device_error, Tdi.locked(), "P63 §11.2, §11.4.3, §11.4.6"),
    _befalls(e.tolerated, Tdi.locked(), "P63 Table 11-2, §11.4.3, §11.4.6"),
    _befalls(e.ats_anomaly, Tdi.locked(), "P63 §11.4.10"),
    _befalls(e.p2p_stream_lost, Tdi.locked(), "P63 §11.2, §11.4.5"),
    # --- Firmware and debug -------------------------------------------------------------------------------------------
    law(
        "an-update-ends-what-it-must",
        "An update ends every session of a device that cannot be updated while it works or whose sessions end with an update; of the "
        "former, streams, locks and secrets as well.",
        StepLaw(
            occurs(e.firmware_update, d=_stream),
            implies(
                neg(runtime_update) | update_ends_session,
                neg(after(Device.tsm_session[_stream]) | after(Device.host_session[_stream])),
            )
            & implies(
                neg(runtime_update),
                (after(Stream.state[_stream]) == "NOT_KEYED") & neg(after(Tdi.locked())) & (after(_holds) != "secret"),
            ),
        ),
        (t,), "device", "P63 §11.4.2; COV 08 TerminationPolicy", occurs(e.firmware_update, d=_stream, where=Tdi.locked()),
        DropUpdate("tdi", "firmware_update", "tdi.holds"), runtime_update=False,
    ),
    law(
        "a-runtime-update-spares-what-it-can",
        "An update of a device that works on, not to a lower version, leaves streams and locks alone, and sessions that need not end.",
        StepLaw(
            occurs(e.firmware_update, d=_stream, lower_svn=False),
            implies(
                runtime_update & neg(update_ends_session),
                (after(Tdi.state[t]) == Tdi.state[t])
                & (after(Stream.state[_stream]) == Stream.state[_stream])
                & (after(Device.tsm_session[_stream]) == Device.tsm_session[_stream]),
            ),
        ),
        (t,), "device", "P63 §11.4.2", occurs(e.firmware_update, d=_stream, where=Tdi.locked()),
        SetUpdate("stream", "firmware_update", _keys, "NOT_KEYED"), protects="host",
    ),
    law(
        "an-update-is-refused-for-these-reasons-only",
        "An update is refused for a lock with NO_FW_UPDATE, or, to a lower version, for a lock where the device does not wipe; nothing changes then.",
        StepLaw(
            occurs(e.firmware_update, d=d, reply=REFUSED),
            (
                exists(u, (device_of(u) == d) & Tdi.no_fw_update[u])
                | (e.lower_svn & exists(u, (device_of(u) == d) & Tdi.locked(u)) & (svn_downgrade == "refused"))
            )
            & (after(Device.unmeasured[d]) == Device.unmeasured[d])
            & (after(_tsm) == _tsm)
            & (after(_host) == _host),
        ),
        (d,), "device", "P63 §11.3.8, §11.4.2", occurs(e.firmware_update, d=d, reply=REFUSED),
        LeakyRefusal("device", "firmware_update"), protects="host", measured_at="reset",
    ),
    law(
        "measurements-of-the-last-reset-miss-an-update",
        "Where measurements are those of the last reset, an update is not in them.",
        StepLaw(occurs(e.firmware_update, d=d), implies(measured_at == "reset", after(Device.unmeasured[d]))),
        (d,), "device", "DSP0274 MEAS_FRESH_CAP (knob measured_at)", Device.unmeasured[d],
        DropUpdate("device", "firmware_update", "device.unmeasured"), measured_at="reset",
    ),
    law(
        "a-device-that-wipes-before-debug-wipes-all",
        "A device that wipes before debug opens leaves no secret in any TDI.",
        StepLaw(occurs(e.debug_authorised, d=_stream), implies(debug_wipes, after(_holds) != "secret")),
        (t,), "device", "P63 §11.4.7 (knob debug_wipes)", occurs(e.debug_authorised, d=_stream, where=_holds == "secret"),
        DropUpdate("tdi", "debug_authorised", "tdi.holds"), debug_wipes=True,
    ),
    # --- Traffic ------------------------------------------------------------------------------------------------------
    law(
        "what-may-reach-a-tdi-reaches-it",
        "A running TDI (and a locked one that does not wait for RUN) takes T=1 accesses over a bound Secure stream; memory that is shared takes T=0 ones in every state, TEE memory in "
        "CONFIG_UNLOCKED where that is allowed, and so does an MSI-X table that is not locked; an unlocked TDI takes any message.",
        Never(
            tuple(
                occurs(e.tlp_in, t=t, reply=REFUSED, target=target, tbit=tbit, where=where)
                for target, tbit, where in (
                    ("tee", True, RUN & e.bound & _SECURE),
                    ("tee", True, LOCKED & (mmio_in_locked == "accept") & e.bound & _SECURE),
                    ("tee", False, UNLOCKED & (unlocked_mmio == "allowed")),
                    ("non_tee", False, TRUE),
                    ("non_tee", True, RUN & (shared_range_tbit != "never")),
                    ("updatable", False, _sharing == "shared"),
                    ("updatable", True, RUN & (_sharing == "tee") & e.bound & _SECURE),
                    ("msix", False, neg(Tdi.msix_locked[t])),
                    ("msix", True, RUN & Tdi.msix_locked[t] & e.bound & _SECURE),
                    ("vdm", True, e.bound & _SECURE),
                    ("vdm", False, UNLOCKED),
                )
            )
        ),
        (t,), "device", "P63 §11.2.1, §11.3.8, §11.3.22", accepts(target="tee", tbit=True),
        SwapValue("tdi", "vendor's message", Tdi.state[t], "ERROR", "CONFIG_UNLOCKED"), protects="host",
    ),
    law(
        "messages-reach-a-tdi-over-its-stream",
        "A TDI that is locked or in ERROR takes vendor-defined messages only over a Secure stream that is bound to it.",
        StepLaw((accepts(target="vdm", tbit=True), accepts(target="vdm", tbit=False)), implies(_MAY_SPEAK, e.tbit & e.bound & _SECURE)),
        (t,), "device", "P63 §11.2.1", accepts(target="vdm", tbit=True), DropCheck("tdi", "vendor's message", "T=1 unless unlocked"),
    ),
    law(
        "what-a-tdi-sends-tells-its-state",
        "Translation requests with T=0 come from a TDI that does not run, messages with T=1 from one that is locked or in ERROR.",
        StepLaw(
            (sends(kind="translation_request", tbit=False), sends(kind="vendor_message", tbit=True)),
            implies(e.kind == "translation_request", neg(RUN)) & implies(e.kind == "vendor_message", _MAY_SPEAK),
        ),
        (t,), "device", "P63 §11.2.1, §11.4.10", sends(kind="vendor_message", tbit=True),
        DropCheck("tdi", "tlp_out", "vendor_message with T=1"),
    ),
    law(
        "a-running-tdi-can-work",
        "A running TDI can read with T=1 over its Secure stream.",
        AlwaysPossible(sends(kind="read", tbit=True, path="default_stream"), RUN & _SECURE),
        (t,), "device", "P63 §11.2.1", RUN, SwapValue("tdi", "tlp_out", Tdi.state[t], "RUN", "ERROR"),
    ),
    law(
        "a-tdi-can-tell-its-vendors-software-of-an-error",
        "A TDI that is locked or in ERROR can send vendor-defined messages over its Secure stream.",
        AlwaysPossible(sends(kind="vendor_message", tbit=True, path="default_stream"), _MAY_SPEAK & _SECURE),
        (t,), "device", "P63 §11.2.1: with T=1 even in ERROR", ERROR & _SECURE,
        SwapValue("tdi", "tlp_out", Tdi.state[t], "ERROR", "CONFIG_UNLOCKED"), protects="host",
    ),
    law(
        "a-read-is-outstanding-until-it-completes",
        "A TDI that held nothing waits for the read that it sends, and has the translation for which it asked in RUN.",
        StepLaw(
            (sends(kind="read"), sends(kind="translation_request")),
            implies(
                _holds == "nothing",
                implies(e.kind == "read", after(_holds) == "read")
                & implies((e.kind == "translation_request") & (RUN | UNLOCKED), after(_holds) == "translation"),
            ),
        ),
        (t,), "device", "P63 §11.2.1, §11.3.9, §11.4.10", sends(kind="read", tbit=True), DropUpdate("tdi", "tlp_out", "tdi.holds"),
    ),
    law(
        "a-completion-ends-a-read",
        "A completion comes for a read that is outstanding, which it ends, whether it takes effect or is dropped.",
        StepLaw(occurs(e.completion, t=t, reply=None), _holds.in_("read", "late_read") & (after(_holds) == "nothing")),
        (t,), "device", "P63 §11.2.1", occurs(e.completion, t=t), DropUpdate("tdi", "completion", "tdi.holds"),
    ),
    law(
        "a-read-can-complete",
        "The completion of an outstanding read can come, however late.",
        AlwaysPossible(occurs(e.completion, t=t, reply=None), _holds.in_("read", "late_read")),
        (t,), "device", "P63 §11.2.1; CERT VU#404544", _holds == "late_read", SwapValue("tdi", "completion", _holds, "read", "late_read"),
    ),
    law(
        "a-completion-in-time-takes-effect",
        "The completion of a read that was sent in this RUN, or by a TDI that is unlocked still, takes effect.",
        Never(occurs(e.completion, t=t, reply=REFUSED, where=(_holds == "read") & (RUN | UNLOCKED))),
        (t,), "device", "P63 §11.2.1", occurs(e.completion, t=t, reply=REFUSED), SwapValue("tdi", "completion", Tdi.state[t], "RUN", "ERROR"),
    ),
    law(
        "a-device-that-matches-epochs-drops-late-completions",
        "A device that matches completions to the RUN in which the read was sent takes none of an earlier one.",
        Never(occurs(e.completion, t=t, where=(completion_match == "epoch") & (_holds == "late_read"))),
        (t,), "device", "not demanded by P63 §11.2.1 (knob completion_match)", occurs(e.completion, t=t, reply=REFUSED),
        DropCheck("tdi", "completion", "of this RUN"), completion_match="epoch",
    ),
    law(
        "only-a-running-tdi-takes-in-data",
        "A TDI takes in a TVM's data, or has an interrupt under way, in RUN, one thing followed at a time.",
        StepLaw(occurs(e.works, t=t), RUN & (_holds == "nothing") & after(_holds.in_("secret", "interrupt"))),
        (t,), "device", "P63 §11.2, §11.3.16", occurs(e.works, t=t), DropUpdate("tdi", "works", "tdi.holds"),
    ),
    law(
        "a-running-tdi-can-take-in-data",
        "A running TDI that holds nothing can take in a TVM's data.",
        AlwaysPossible(occurs(e.works, t=t), RUN & (_holds == "nothing")),
        (t,), "device", "P63 §11.2", RUN, SwapValue("tdi", "works", Tdi.state[t], "RUN", "ERROR"),
    ),
)  # fmt: skip
