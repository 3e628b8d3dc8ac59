"""The TDISP responder: its requests and everything that changes it, from the responder aspect to bytes and back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import cast

from ...model.language import FALSE, Model, ModelError, State, System, Term, Value
from ...model.world import ASPECTS, KNOBS
from .adapters import Setup
from .adapters.adapter import Session
from .alphabet import REQUIRED, Blame, Link, Note, Observation, Stimulus, Trail, Views, unpack
from .answers import Answers, Memory
from .keying import ask as ask_ide
from .keying import program, slots, switch
from .oracle import Key, Oracle, told_apart
from .wire import ERROR_CODES, IDE_KM, TDISP, Malformed, Message, error_name
from .wire.tdisp import VERSION

PROTOCOL = 1
READINGS: dict[str, str] = {
    "report_in_run": "A-4", "stream_fault_code": "A-5", "error_recovery": "A-6", "recovery_after_flr": "A-6", "stop_in_unlocked": "A-7",
    "p2p_keyed_over": "A-8", "other_session": "A-9", "report_chunks": "A-10", "unsupported_code": "A-11", "ats_write": "A-14",
    "stop_clears_keys": "A-15", "lock_requires": "A-16", "update_in_error": "A-17", "optional_requests": "",
    "stream_owned_until": "", "bind_p2p_flag": "", "after_stop": "", "runtime_update": "", "svn_downgrade": "", "update_ends_session": "",
}  # fmt: skip
"""A-18 is none for TDISP: P63 §11.4.5 decides it. Knob -> the ambiguity that it stands for; without a number: a choice that the specification leaves to the device."""

_GENERIC = frozenset({"BUSY", "UNSPECIFIED", "VENDOR_SPECIFIC"})
"""P63 Table 11-6: a device may have trouble of its own with any request."""
_OWN_REASONS = frozenset({"INSUFFICIENT_ENTROPY", "INVALID_DEVICE_CONFIGURATION"})
"""P63 §11.3.9, Table 11-12: and with any lock."""

_REQUESTS: dict[str, str] = {
    "get_tdisp_version": "GET_TDISP_VERSION", "get_tdisp_capabilities": "GET_TDISP_CAPABILITIES", "lock_interface": "LOCK_INTERFACE",
    "get_report": "GET_DEVICE_INTERFACE_REPORT", "get_state": "GET_DEVICE_INTERFACE_STATE", "start_interface": "START_INTERFACE",
    "stop_interface": "STOP_INTERFACE", "bind_p2p_stream": "BIND_P2P_STREAM", "unbind_p2p_stream": "UNBIND_P2P_STREAM",
    "set_mmio_attribute": "SET_MMIO_ATTRIBUTE", "vdm": "VDM",
}  # fmt: skip
_CONTROLS = (
    "session_open", "session_close", "get_version", "stream_lost", "root_port_write", "ide_register_write", "config_change", "tolerated",
    "msix_write", "ats_capability_write", "flr", "p2p_stream_lost", "conventional_reset", "debug_authorised", "firmware_update",
    "device_error", "ats_anomaly",
)  # fmt: skip
"""Events that are caused from outside the protocol."""
_ONLY_WHERE_KNOWN = ("session_open", "session_close", "stream_lost", "root_port_write")
"""Those that are not tried where the rules do not speak of them; the others change nothing there (P63 §11.2)."""

_VARIANTS: dict[tuple[str, object], tuple[str, ...]] = {
    ("flaw", "version"): ("1.1", "2.0", "0.0"),
    ("flaw", "interface"): ("other function", "other segment"),
    ("nonce", "other"): ("zero", "last bit", "first bit", "second half", "of an earlier lock"),
}
"""The data that stand for one argument of the model."""
_STREAM_AND_SESSIONS = ("device0.tsm_session", "device0.host_session", "stream.device0.state", "stream.device0.key_session")
_REQUEST_OF_BYTES = 16
"""A first part of a report: everything before the ranges."""


class TdispAlphabet:
    """Stimuli for a TDISP responder with one TDI, as far as the implementation's controls reach."""

    name = "tdisp"

    def __init__(
        self, setup: Setup, controls: Iterable[str], fixed: Mapping[str, Value] | None = None, unseen: Iterable[Key] = ()
    ) -> None:
        self.setup = setup
        self.controls = frozenset(controls)
        defaults = {k.name: k.default for k in KNOBS}
        self.preferred: Mapping[str, Value] = {name: defaults[name] for name in READINGS}
        system = responder(setup, fixed)
        self.answers = Answers({v.name: v.term for v in system.variables})
        controlled = {c for c in _CONTROLS if c in self.controls}
        kept = {*_REQUESTS, "key_prog", "ide_query", "set_mmio_attribute_response", "recover", *controlled}
        if "ide_enable" in self.controls:
            kept.add("ide_enable")
        self._system, self._kept = system, kept
        self.oracle = Oracle(
            system, kept, ("tdi0.state", "tdi0.no_fw_update", "tdi0.msix_locked"), silent=[("recover", ("tdi0",)), *unseen]
        )
        self._actions = {(a.event, tuple(v for _, v in a.args)): dict(a.args) for a in system.actions if a.event in kept}
        self.stimuli = tuple(self._stimuli())
        self._by_name = {s.name: s for s in self.stimuli}

    def __getitem__(self, name: str) -> Stimulus:
        return self._by_name[name]

    @property
    def term(self) -> Mapping[str, Term]:
        """The variables of the responder's model, by name."""
        return self.answers.term

    @cached_property
    def first(self) -> State:
        """The state after a reset."""
        wanted: dict[str, Value] = {}
        if self.setup.start != "fresh":
            wanted["device0.tsm_session"] = True
        if self.setup.start in ("keyed", "secure"):
            wanted |= {
                "stream.device0.state": "KEYED" if self.setup.start == "keyed" else "SECURE",
                "stream.device0.key_session": "tsm",
            }
        return tuple(wanted.get(v.name, x) for v, x in zip(self.oracle.variables, self.oracle.initial[0], strict=True))

    def begin(self, link: Link) -> Memory:
        return Memory()

    def blame(self, trail: Trail) -> Blame:
        return Blame()

    def chart(self, reading: Mapping[str, Value]) -> Oracle:
        """The oracle under one reading alone: a smaller one, since what this reading does not ask for is left out."""
        return Oracle(self._system.fixed(reading), self._kept, ("tdi0.state", *_STREAM_AND_SESSIONS))

    def actions(self) -> Iterable[tuple[Key, Mapping[str, Value]]]:
        """All events of the model that may occur here, with their arguments by name."""
        return self._actions.items()

    # --- The stimuli ------------------------------------------------------------------------------------------------------

    def _stimuli(self) -> Iterator[Stimulus]:
        for (event, values), args in self._actions.items():
            if event in _REQUESTS:
                yield from self._requests(event, values, args)
            elif event in ("key_prog", "ide_query"):
                yield from self._keying(event, values, args)
            elif event == "ide_enable":
                keyed = (self.term["stream.device0.key_session"] != "none") & (
                    self.term["stream.device0.state"] != "NOT_KEYED"
                )
                yield Stimulus("ide_enable", event, ((event, values),), only=keyed)
            elif event in _CONTROLS:
                shown = [str(v).lower() for k, v in args.items() if k not in ("t", "d")]
                yield Stimulus(
                    f"{event}({', '.join(shown)})" if shown else event,
                    event,
                    ((event, values),),
                    args,
                    stays=event not in _ONLY_WHERE_KNOWN,
                )

    def _requests(self, event: str, values: tuple[Value, ...], args: Mapping[str, Value]) -> Iterator[Stimulus]:
        via, flaw = str(args["via"]), args["flaw"]
        key: Key = (event, values)
        if via == "host" and "session_open" not in self.controls:
            return
        if flaw in ("overrun", "trouble") or args.get("redirect") or args.get("fault") in ("xt_enable",):
            return
        if (event == "vdm" and via != "none" and (flaw != "none" or args["known"])) or (
            event == "get_tdisp_version" and flaw == "version"
        ):
            return  # Whether a device has vendor-defined messages, and what it says to them, is its vendor's business.
        if (
            event == "lock_interface"
            and args["fault"] not in ("none", "stream_id")
            and ("fault" not in self.controls or via != "tsm")
        ):
            return
        if event == "bind_p2p_stream":
            if args["p2p_fault"] in ("several_registers", "overlap", "no_ats") and "p2p_fault" not in self.controls:
                return
            if args["keyed"] == "host" and "session_open" not in self.controls:
                return
        then: tuple[Key, ...] = (("set_mmio_attribute_response", ("tdi0",)),) if event == "set_mmio_attribute" else ()
        keys = [key]
        if event == "lock_interface" and not args["msix"]:
            # A device may lock the MSI-X table unasked.
            keys.append((event, tuple(True if k == "msix" else v for k, v in args.items())))
        keys = [k for k in keys if self.oracle.has(k)]
        excuses = _GENERIC | (_OWN_REASONS if event == "lock_interface" else frozenset())
        if flaw == "fields":
            size = len(TDISP.message(_REQUESTS[event]).encode()) - 16
            variants: tuple[str, ...] = ("short", "empty") if size > 1 else ("short",) if size else ()
            long = self._request(event, args, via, keys + self._sound(event, args), then, excuses, "long")
            yield replace(long, lenient="P63 Table 11-6: a request of the wrong size")
        elif flaw == "none" and event == "get_state" and via == "tsm":
            variants = ("", "reserved bits")
        else:
            variants = next((v for (k, x), v in _VARIANTS.items() if args.get(k) == x), ("",))
        for variant in variants:
            yield self._request(event, args, via, keys, then, excuses, variant)

    def _sound(self, event: str, args: Mapping[str, Value]) -> list[Key]:
        """The same request without its flaw."""
        key = (event, tuple("none" if k == "flaw" else v for k, v in args.items()))
        return [key] if self.oracle.has(key) else []

    def _request(
        self,
        event: str,
        args: Mapping[str, Value],
        via: str,
        keys: list[Key],
        then: tuple[Key, ...],
        excuses: frozenset[str],
        variant: str,
    ) -> Stimulus:
        shown = [via]
        for k, v in args.items():
            if k in ("t", "via") or v is False or v == "none":
                continue
            shown.append(k if v is True else f"{k}={v}")
        shown += [f"not {k}" for k, v in args.items() if v is False and k in ("known", "shared")]
        name = f"{event}({', '.join(shown)})" + (f" [{variant}]" if variant else "")
        alive = FALSE if via == "none" else self.term[f"device0.{via}_session"]
        return Stimulus(name, event, tuple(keys), dict(args), variant, then, alive=alive, excuses=excuses)

    def _keying(self, event: str, values: tuple[Value, ...], args: Mapping[str, Value]) -> Iterator[Stimulus]:
        holder = str(args["holder"])
        if holder == "host" and "session_open" not in self.controls:
            return
        key: Key = (event, values)
        yield Stimulus(f"{event}({holder})", event, (key,), args)
        if event != "key_prog":
            return
        # A stream of which one key is missing is not keyed; in a session that lives, and where nobody else's could interfere.
        by = self.term["stream.device0.key_session"]
        fresh = (
            (self.term["stream.device0.state"] == "NOT_KEYED")
            & by.in_("none", holder)
            & self.term[f"device0.{holder}_session"]
        )
        order = ("t", "via", "no_fw", "msix", "p2p", "redirect", "fault", "flaw")
        lock: dict[str, Value] = {
            "t": "tdi0",
            "via": holder,
            "no_fw": False,
            "msix": False,
            "p2p": False,
            "redirect": False,
            "fault": "none",
            "flaw": "none",
        }
        locking: Key = ("lock_interface", tuple(lock[k] for k in order))
        alive = self.term[f"device0.{holder}_session"]
        for missing in ("first", "last"):
            yield Stimulus(
                f"lock_interface({holder}) [before the {missing} key]", "lock_interface", (locking,), lock, f"before the {missing} key",
                then=(key,), then_if_ok=False, only=fresh, alive=alive, excuses=_GENERIC | _OWN_REASONS,
            )  # fmt: skip

    # --- Bytes ------------------------------------------------------------------------------------------------------------

    def perform(self, stimulus: Stimulus, link: Link, memory: Memory, views: Views) -> Observation | None:
        event, args = stimulus.event, stimulus.args
        if event in _REQUESTS:
            if stimulus.variant.startswith("before the"):
                return self._lock_too_early(stimulus, link, memory)
            return self._ask(stimulus, link, memory)
        notes: list[Note] = []
        if event == "key_prog":
            reply = self._key(
                link,
                memory,
                cast(Session, args["holder"]),
                self.setup.stream_id,
                notes,
                secure=any(v["stream.device0.state"] == "SECURE" for v in views()),
            )
            return Observation(reply, (), tuple(notes), reply)
        if event == "ide_query":
            reply = ask_ide(link, cast(Session, args["holder"]), IDE_KM.message("QUERY", port=self.setup.port), notes)
            return Observation(reply, (), tuple(notes), reply)
        if event == "ide_enable":
            keyed = (v["stream.device0.key_session"] for v in views())
            session = cast(Session, next((k for k in keyed if k != "none"), "tsm"))
            # Enable must have been clear if the stream was lost before.
            link.control("ide_disable")
            reply = switch(link, session, "K_SET_GO", self.setup.stream_id, self.setup.port, slots(memory.programmed), notes)
            memory.used = memory.programmed
            if reply == "ok":
                link.control("ide_enable")
            if reply == "ok" and link.observe().get("secure") == "False":
                notes.append(
                    Note(REQUIRED, "P63 §6.33.1", "all keys are in use and Enable is set, and the stream is not Secure")
                )
            return Observation(reply, (), tuple(notes), reply)
        told = [str(v).lower() for k, v in args.items() if k not in ("t", "d")]
        done = link.control(event, *told)
        if not done:
            return Observation("UPDATE_REFUSED", text="refused") if event == "firmware_update" else None
        return Observation("ok", text="done")

    def _key(
        self, link: Link, memory: Memory, session: Session, stream: int, notes: list[Note], *, secure: bool = False
    ) -> str:
        memory.keys += 1
        mine = stream == self.setup.stream_id
        # The set in use is not to be touched.
        key_set = 1 - memory.used if mine and secure else 0
        reply = program(link, session, stream, self.setup.port, key_set, memory.keys, notes)
        if mine and reply == "ok":
            memory.programmed = key_set
        return reply

    def _lock_too_early(self, s: Stimulus, link: Link, memory: Memory) -> Observation:
        notes: list[Note] = []
        session, all_slots = cast(Session, s.args["via"]), slots(0)
        late = all_slots[:1] if "first" in s.variant else all_slots[-1:]
        early = [k for k in all_slots if k not in late]
        memory.keys += 1
        memory.programmed = 0
        for chosen in (early, None, late):
            if chosen is None:
                found = self._ask(s, link, memory)
            elif (
                got := program(link, session, self.setup.stream_id, self.setup.port, 0, memory.keys, notes, chosen)
            ) != "ok":
                notes.append(
                    Note(REQUIRED, "P63 §6.33.3", f"KEY_PROG of a stream that nobody else has keyed is answered with {got}")
                )
        return Observation(found.reply, found.facts, (*found.notes, *notes), found.text)

    def _ask(self, s: Stimulus, link: Link, memory: Memory) -> Observation:
        via = cast(Session, s.args["via"])
        notes: list[Note] = []
        if s.event == "bind_p2p_stream":
            self._key_p2p(s, link, memory)
        message = self._message(s, memory)
        data = message.encode()
        if s.args["flaw"] == "fields":
            data = {"short": data[:-1], "empty": data[:16], "long": data + b"\0"}[s.variant]
        if s.event == "vdm" and s.args["flaw"] == "none":
            data = data[:1] + b"\xa5" + data[2:16]
        fault = s.args.get("fault", "none")
        if fault not in ("none", "stream_id"):
            link.control("fault", str(fault))
        if s.args.get("p2p_fault") in ("several_registers", "overlap", "no_ats"):
            link.control("p2p_fault", str(s.args["p2p_fault"]))
        try:
            reply = unpack(
                link.send(via, PROTOCOL, data, f"{message}{f' [{s.variant}]' if s.variant else ''}"), TDISP, PROTOCOL
            )
        finally:
            if fault not in ("none", "stream_id"):
                link.control("fault", "none")
            if s.args.get("p2p_fault") in ("several_registers", "overlap", "no_ats"):
                link.control("p2p_fault", "none")
        if reply is None:
            return Observation("NO_RESPONSE", text="silence")
        if isinstance(reply, Malformed):
            return Observation("MALFORMED", (), (Note(REQUIRED, "P63 §11.3", f"malformed answer: {reply}"),), str(reply))
        # The transcript is better read than decoded by hand.
        for entry in reversed(link.log):
            if entry.received not in ("ok", "no"):
                entry.received = str(reply)
                break
        self.answers.header(message, data, reply, notes)
        if reply.kind == "TDISP_ERROR":
            code = reply.number("error")
            if code not in ERROR_CODES:
                notes.append(Note(REQUIRED, "P63 Table 11-27", f"error code {code:#06x}, which is not assigned"))
            if code == 0x0007 and reply.number("data") != data[1]:
                notes.append(
                    Note(
                        REQUIRED,
                        "P63 Table 11-27",
                        f"UNSUPPORTED_REQUEST names {reply.number('data'):#04x}, the request was {data[1]:#04x}",
                    )
                )
            return Observation(error_name(code), (), tuple(notes), error_name(code))
        if reply.number("code") != data[1] & 0x7F:
            notes.append(Note(REQUIRED, "P63 §11.3", f"{reply.kind} in answer to {message.kind}"))
            return Observation("MALFORMED", (), tuple(notes), str(reply))
        facts = tuple(self.answers.content(s.event, message, reply, memory, notes))
        return Observation("ok", facts, tuple(notes), str(reply))

    def _key_p2p(self, s: Stimulus, link: Link, memory: Memory) -> None:
        """The keys that the stream needs, or all but one of them, over the session that the stimulus says."""
        unjudged: list[Note] = []
        session = cast(Session, s.args["keyed"])
        match s.args["p2p_fault"]:
            case "bad_id" | "default_stream":
                return
            case "keys_missing":
                program(link, session, 0x44, self.setup.port, 0, memory.keys, unjudged, slots(0)[:-1])
            case _:
                self._key(link, memory, session, self._p2p(session), unjudged)

    def _p2p(self, session: str) -> int:
        return self.setup.p2p_streams[1 if session == "host" else 0]

    def _message(self, s: Stimulus, memory: Memory) -> Message:
        a = s.args
        fields: dict[str, int | bytes] = {"version": VERSION, "function_id": self.setup.function_id}
        match a["flaw"]:
            case "version":
                fields["version"] = {"1.1": 0x11, "2.0": 0x20, "0.0": 0x00}[s.variant]
            case "interface":
                foreign = self.setup.foreign_function_id
                fields["function_id"] = foreign if s.variant == "other function" else self.setup.function_id ^ 0x01_5A_0000
        if s.variant == "reserved bits":
            fields |= {"reserved": 0xFFFF, "reserved_id": (1 << 64) - 1}
        match s.event:
            case "lock_interface":
                flags = sum(bit for name, bit in (("no_fw", 1), ("msix", 4), ("p2p", 8)) if a[name])
                memory.asked_offset = (memory.keys % 5) << 20
                stream = self.setup.stream_id ^ 0x20 if a["fault"] == "stream_id" else self.setup.stream_id
                fields |= {"flags": flags & self.setup.lock_flags, "stream_id": stream, "offset": memory.asked_offset}
            case "get_report":
                offset, length = {
                    "first": (0, _REQUEST_OF_BYTES),
                    "rest": (_REQUEST_OF_BYTES, 0xFFFF),
                    "bad_offset": (0xFFF0, 16),
                }[str(a["part"])]
                fields |= {"offset": offset, "length": length}
            case "start_interface":
                fields["nonce"] = memory.nonce if a["nonce"] == "current" else _other_nonce(s.variant, memory)
            case "bind_p2p_stream":
                fields["stream_id"] = {"bad_id": 0x7E, "default_stream": self.setup.stream_id, "keys_missing": 0x44}.get(
                    str(a["p2p_fault"]), self._p2p(str(a["keyed"]))
                )
            case "unbind_p2p_stream":
                fields["stream_id"] = (memory.p2p or self.setup.p2p_streams[0]) if a["known"] else 0x7E
            case "set_mmio_attribute":
                first, pages, number = self.setup.updatable
                fields |= {
                    "first_page": (first + (memory.offset >> 12)) % (1 << 52),
                    "pages": pages,
                    "attributes": 4 if a["shared"] else 0,
                }
                fields["range_id"] = number if a["known"] else 7
        return TDISP.message(_REQUESTS[s.event], **fields)


def _other_nonce(variant: str, memory: Memory) -> bytes:
    now = memory.nonce
    match variant:
        case "zero":
            return bytes(32)
        case "last bit":
            return now[:-1] + bytes((now[-1] ^ 0x80,))
        case "first bit":
            return bytes((now[0] ^ 1,)) + now[1:]
        case "second half":
            return now[:16] + bytes(16)
        case "of an earlier lock" if len(memory.nonces) > 1:
            return memory.nonces[-2]
    return hashlib.sha256(b"made up").digest()


def responder(setup: Setup, fixed: Mapping[str, Value] | None, tdis: int = 1) -> System:
    """The device's own rules at a setup, with the open points left open that are not in ``fixed``. Raises `ModelError`."""
    defaults = {k.name: k.default for k in KNOBS}
    model = _device_alone(ASPECTS["responder"].model)
    names = {f.name for f in model.knobs}
    decided = {n: defaults[n] for n in names if n not in READINGS}
    decided |= {"multi_session": setup.multi_session, "ide_required": setup.ide_required}
    for name, value in (fixed or {}).items():
        if name not in names:
            raise ModelError(f"{name} is no knob of a TDISP responder: it has {', '.join(sorted(names))}")
        decided[name] = value
    told = told_apart(model).without_idle_knobs()
    known = {f.name for f in told.knobs}
    return told.instantiate({"device": 1, "tdi": tdis}, {k: v for k, v in decided.items() if k in known}, check=False)


def _device_alone(model: Model) -> Model:
    """The device's own rules, whoever asks: the requester of a test knows every nonce."""
    return model.with_rules(r for r in model.rules if r.machine != "requester")
