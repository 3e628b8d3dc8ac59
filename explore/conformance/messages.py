"""Logs of decoded messages: what a requester and a responder said, held against the responder's rules.

A line is a JSON object with ``dir`` (req, rsp), ``session`` ("0": in the clear) and ``hex``, the plain SPDM message. The first session that
is opened is taken for the TSM's, one that is opened beside it for somebody else's. What the log does not tell (which device configuration, when
Enable was written, what the device did by itself) is searched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ...model.language import State, Value
from .adapters import Setup
from .alphabet import REQUIRED, Note
from .answers import Memory
from .oracle import Allowed, Belief, Key, Possible
from .reference import Dsm
from .tdisp import TdispAlphabet
from .wire import IDE_KM, TDISP, Malformed, Message, Vdm, decode_vdm, error_name

_SPDM = {
    0x84: "GET_VERSION", 0xE1: "GET_CAPABILITIES", 0xE3: "NEGOTIATE_ALGORITHMS", 0x81: "GET_DIGESTS", 0x82: "GET_CERTIFICATE",
    0x83: "CHALLENGE", 0xE0: "GET_MEASUREMENTS", 0xE4: "KEY_EXCHANGE", 0xE5: "FINISH", 0xE6: "PSK_EXCHANGE", 0xE7: "PSK_FINISH",
    0xE8: "HEARTBEAT", 0xE9: "KEY_UPDATE", 0xEA: "GET_ENCAPSULATED_REQUEST", 0xEB: "DELIVER_ENCAPSULATED_RESPONSE", 0xEC: "END_SESSION",
    0xFE: "VENDOR_DEFINED",
}  # fmt: skip
_EVENTS = {
    "GET_TDISP_VERSION": "get_tdisp_version", "GET_TDISP_CAPABILITIES": "get_tdisp_capabilities", "LOCK_INTERFACE": "lock_interface",
    "GET_DEVICE_INTERFACE_REPORT": "get_report", "GET_DEVICE_INTERFACE_STATE": "get_state", "START_INTERFACE": "start_interface",
    "STOP_INTERFACE": "stop_interface", "BIND_P2P_STREAM": "bind_p2p_stream", "UNBIND_P2P_STREAM": "unbind_p2p_stream",
    "SET_MMIO_ATTRIBUTE": "set_mmio_attribute", "VDM": "vdm",
}  # fmt: skip
_SILENT: tuple[Key, ...] = (("ide_enable", ("device0",)),)
"""A register write, which no message shows: it may have happened at any time."""
_UNSEEN: tuple[Key, ...] = (("config_change", ("tdi0",)), ("device_error", ("tdi0",)), ("stream_lost", ("device0",)))
"""What is supposed to have happened between two messages only where nothing else explains the second."""
_BRIEF = 60
_INTERFACE = 0x1FF_FFFF
"""The bits of FUNCTION_ID that name the interface: requester id, segment and whether that is valid (P63 §11.3.2)."""


@cache
def _alphabet(fixed: tuple[tuple[str, Value], ...]) -> TdispAlphabet:
    """Made once for all logs, since it takes a second."""
    return TdispAlphabet(Setup("log", multi_session=True), Dsm.controls, dict(fixed), _SILENT)


@dataclass(frozen=True)
class Refusal:
    """Why the log is not accepted: at which line, what was possible, and which states the responder may have been in."""

    line: int
    message: str
    seen: str
    candidates: tuple[str, ...]
    frontier: tuple[str, ...]


@dataclass
class Validation:
    """What came of it. ``accepted`` is False when a line could not be explained; ``skipped`` counts what was not judged, by kind."""

    lines: int = 0
    judged: int = 0
    accepted: bool = True
    last: str = ""
    """The last line that was explained."""
    refusal: Refusal | None = None
    skipped: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    """What is remarkable on the wire, whoever sent it."""
    hidden: tuple[str, ...] = ()
    """Unseen events that had to be supposed."""
    readings: dict[str, tuple[Value, ...]] = field(default_factory=dict)


@dataclass
class _Interface:
    """A TDI, as far as the log goes."""

    belief: Belief
    memory: Memory


class MessageLog:
    """Validates message by message, in linear time: what is held is the set of possible states, for each interface that is met.

    Sessions and streams are the device's, so what happens to them happens to every interface. What was not seen is supposed for each
    interface by itself.
    """

    def __init__(self, fixed: Mapping[str, Value] | None = None) -> None:
        self.alphabet = _alphabet(tuple(sorted((fixed or {}).items())))
        self.oracle = self.alphabet.oracle
        fresh = _Interface(self.oracle.start([self.oracle.open_reading], self.alphabet.first), Memory())
        self.interfaces: dict[int | None, _Interface] = {None: fresh}
        """By FUNCTION_ID; None: one that no message was for yet."""
        self.now: _Interface = fresh
        self.result = Validation()
        self.holders: dict[str, str] = {}
        self.opened: list[str] = []
        """Whose sessions were established that no message was sent over yet."""
        self.slots: dict[str, set[int]] = {}
        self.request: tuple[int, str, bytes] | None = None
        self.hidden: dict[str, None] = {}

    @property
    def belief(self) -> Belief:
        """Of the interface that was spoken of last."""
        return self.now.belief

    @property
    def memory(self) -> Memory:
        return self.now.memory

    def run(self, lines: Iterable[Mapping[str, Any]]) -> Validation:
        r = self.result
        for number, line in enumerate(lines, 1):
            r.lines = number
            if not {"dir", "session", "hex"} <= line.keys():
                self._skip(f"kind {line['kind']}" if "kind" in line else "line without dir, session, hex")
                continue
            data = bytes.fromhex(str(line["hex"]))
            if line["dir"] == "req":
                if self.request is not None:
                    self._pair(self.request, None)
                self.request = number, str(line["session"]), data
            elif self.request is None:
                self._note("an answer that nobody asked for")
            else:
                asked, self.request = self.request, None
                self._pair(asked, data)
            if r.refusal is not None:
                return self._done()
        if self.request is not None:
            self._pair(self.request, None)
        return self._done()

    def _done(self) -> Validation:
        r = self.result
        r.accepted = r.refusal is None
        r.hidden = tuple(self.hidden)
        left = [
            self.oracle.readings(x.belief)
            for name, x in self.interfaces.items()
            if name is not None or len(self.interfaces) == 1
        ]
        for i, v in enumerate(self.oracle.knobs):
            allowed = [{x[i] for x in readings} for readings in left]
            values = [x for x in v.sort.domain if all(x in mine or None in mine for mine in allowed)]
            if not values:
                self._note(f"interfaces that answer by different readings of {v.name}")
            elif len(values) < len(v.sort.domain):
                r.readings[v.name] = tuple(values)
        return r

    def _skip(self, what: str) -> None:
        self.result.skipped[what] = self.result.skipped.get(what, 0) + 1

    def _note(self, what: str) -> None:
        self.result.notes[what] = self.result.notes.get(what, 0) + 1

    # --- One request and its answer -----------------------------------------------------------------------------------------

    def _pair(self, asked: tuple[int, str, bytes], answer: bytes | None) -> None:
        number, session, data = asked
        code = data[1] if len(data) > 1 else 0
        holder = "none" if _SPDM.get(code, "") in ("FINISH", "PSK_FINISH") else self._holder(session)
        granted = answer is not None and len(answer) > 1 and answer[1] == code & 0x7F
        match _SPDM.get(code):
            case "GET_VERSION" if session == "0" and granted:
                self._happens(number, "GET_VERSION", ("get_version", ("device0",)), optional=True)
            case "FINISH" | "PSK_FINISH" if granted:
                opened = "host" if "tsm" in self.holders.values() or "tsm" in self.opened else "tsm"
                self.opened.append(opened)
                self._happens(number, f"a session is established ({opened})", ("session_open", ("device0", opened)))
            case "END_SESSION" if granted:
                self._happens(number, f"session {session} ends", ("session_close", ("device0", holder)))
                self.holders.pop(session, None)
            case "VENDOR_DEFINED":
                self._vendor(number, holder, data, answer)
            case name:
                self._skip(f"SPDM {name or f'code {code:#04x}'}")

    def _holder(self, session: str) -> str:
        """Whose session it is. A handshake may be in the clear, so that the number is first seen in the message after it."""
        if session == "0":
            return "none"
        if session not in self.holders:
            self.holders[session] = self.opened.pop(0) if self.opened else "host"
        return self.holders[session]

    def _vendor(self, number: int, via: str, data: bytes, answer: bytes | None) -> None:
        asked, told = decode_vdm(data), None if answer is None else decode_vdm(answer)
        if isinstance(asked, Malformed):
            self._skip("malformed vendor-defined request")
            return
        if asked.standard != 3 or asked.vendor != b"\x01\x00" or asked.protocol > 1:
            self._skip(f"vendor-defined message of registry {asked.standard}, vendor {asked.vendor.hex()}")
            return
        for v, who in ((asked, "request"), (told, "answer")):
            if isinstance(v, Vdm) and v.large and v.reserved:
                self._note(f"reserved bytes that are not zero after the vendor id of a {who} in the large form")
        protocol = (IDE_KM, TDISP)[asked.protocol]
        request = protocol.decode(asked.payload)
        if isinstance(request, Malformed):
            self._skip(f"malformed {protocol} request")
            return
        reply: Message | Malformed | None = None
        if isinstance(told, Malformed):
            reply = told
        elif told is not None:
            reply = protocol.decode(told.payload)
        self.result.judged += 1
        if protocol is IDE_KM:
            self._ide_km(number, via, request, reply)
        else:
            self._tdisp(number, via, request, reply)

    def _ide_km(self, number: int, via: str, request: Message, reply: Message | Malformed | None) -> None:
        wanted = {"QUERY": "QUERY_RESP", "KEY_PROG": "KP_ACK"}.get(request.kind, "K_GOSTOP_ACK")
        if isinstance(reply, Malformed) or (reply is not None and reply.kind != wanted):
            self._refuse(number, str(request), str(reply), [f"{wanted} (P63 §6.33.3)"])
            return
        if reply is not None and request.kind != "QUERY" and any(reply[x] != request[x] for x in ("stream", "kss", "port")):
            self._refuse(number, str(request), str(reply), [f"{wanted} for the same stream, slot and port (P63 §6.33.3)"])
            return
        if request.kind == "KEY_PROG" and reply is not None and not reply.number("status"):
            kss = request.number("kss")
            mine = self.slots.setdefault(via, set())
            mine.add(kss)
            if {kss & 1 | tx << 1 | sub << 4 for tx in (0, 1) for sub in (0, 1, 2)} <= mine:
                mine.clear()
                self._happens(number, "all keys of a set are programmed", ("key_prog", ("device0", via)))
        self.result.last = f"line {number}: {request.kind}"

    def _tdisp(self, number: int, via: str, request: Message, reply: Message | Malformed | None) -> None:
        if request.kind not in _EVENTS:
            self._refuse(number, str(request), str(reply), ["a request"])
            return
        event = _EVENTS[request.kind]
        self.now = self._interface(request.number("function_id") & _INTERFACE)
        known = self._known(request)
        keys = [
            k
            for k, args in self.alphabet.actions()
            if k[0] == event and all(args.get(n, x) == x for n, x in {"via": via, **known}.items())
        ]
        notes: list[Note] = []
        name, facts = "NO_RESPONSE", []
        if isinstance(reply, Malformed):
            self._refuse(number, str(request), str(reply), [])
            return
        if reply is not None and reply.kind == "TDISP_ERROR":
            name = error_name(reply.number("error"))
        elif reply is not None:
            if reply.number("code") != request.number("code") & 0x7F:
                self._refuse(number, str(request), str(reply), [f"an answer to {request.kind}"])
                return
            name = "ok"
            self.memory.asked_offset = request.number("offset") if event == "lock_interface" else 0
            facts = list(self.alphabet.answers.content(event, request, reply, self.memory, notes))
        for n in notes:
            if n.severity == REQUIRED:
                self._refuse(number, str(request), n.text, [n.clause])
                return
            self._note(n.text)
        then: tuple[Key, ...] = (
            (("set_mmio_attribute_response", ("tdi0",)),) if event == "set_mmio_attribute" and name == "ok" else ()
        )
        self._explain(number, str(request), str(reply) if reply is not None else "silence", keys, name, facts, then)

    def _interface(self, function_id: int) -> _Interface:
        """What is known of an interface. The first message for one finds it as the device's events have left it."""
        if function_id not in self.interfaces:
            fresh = self.interfaces[None]
            self.interfaces[function_id] = _Interface(fresh.belief, Memory())
        return self.interfaces[function_id]

    def _known(self, m: Message) -> dict[str, Value]:
        """What the request itself says of the event's arguments."""
        match m.kind:
            case "LOCK_INTERFACE":
                flags = m.number("flags")
                return {
                    "no_fw": bool(flags & 1),
                    "p2p": bool(flags & 8),
                    "redirect": bool(flags & 16),
                    **({"msix": True} if flags & 4 else {}),
                }
            case "START_INTERFACE":
                return {"nonce": "current" if m["nonce"] == self.memory.nonce else "other"}
            case "GET_DEVICE_INTERFACE_REPORT":
                return {} if m.number("offset") else {"part": "first"}
            case "SET_MMIO_ATTRIBUTE":
                return {"shared": bool(m.number("attributes") & 4)}
        return {}

    # --- The possible states ------------------------------------------------------------------------------------------------

    def _happens(self, number: int, what: str, key: Key, *, optional: bool = False) -> None:
        """An event of which the log tells by itself: it happens to the device, and so to every interface."""
        now = self.now
        for interface in self.interfaces.values():
            self.now = interface
            self._happens_to_one(number, what, key, optional)
            if self.result.refusal is not None:
                return
        self.now = now

    def _happens_to_one(self, number: int, what: str, key: Key, optional: bool) -> None:
        options = [a for p in self.belief for a in self.oracle.allowed(key, p)]
        if not options and optional:
            self.result.last = f"line {number}: {what}"
            return
        self._explain(number, what, "ok", [key], "ok", [], ())

    def _explain(
        self,
        number: int,
        message: str,
        seen: str,
        keys: Sequence[Key],
        reply: str,
        facts: Sequence[Any],
        then: Sequence[Key],
    ) -> None:
        """Find the states in which the answer is allowed; if there are none, with unseen events before it."""
        belief: Iterable[Possible] = self.belief
        for depth in range(3):
            if depth:
                belief = self._after_unseen(belief)
            matching: list[Allowed] = [
                a for p in belief for k in keys for a in self.oracle.allowed(k, p) if a.reply == reply
            ]
            after = [a.after for a in matching]
            for key in then:
                after = [x for p in after for x in ([a.after for a in self.oracle.allowed(key, p)] or [p])]
            for fact in facts:
                after = self.oracle.refine(after, fact)
            if after:
                if depth:
                    self.hidden[f"up to {depth} unseen event(s) before line {number}, {message[:_BRIEF]}"] = None
                self.now.belief = self.oracle.closed(after)
                self.result.last = f"line {number}: {message}"
                return
        offered = [a for p in self.belief for k in keys for a in self.oracle.allowed(k, p)]
        candidates = dict.fromkeys(
            f"{a.action.event} -> {a.reply}" + (f" (check: {a.check})" if a.check else "") + f" [{'; '.join(a.clauses[:2])}]"
            for a in offered
        )
        self._refuse(number, message, seen, list(candidates))

    def _after_unseen(self, belief: Iterable[Possible]) -> frozenset[Possible]:
        found = set(belief)
        for p in list(found):
            for key in _UNSEEN:
                found |= {a.after for a in self.oracle.allowed(key, p) if a.reply == "ok"}
        return self.oracle.closed(found)

    def _refuse(self, number: int, message: str, seen: str, candidates: Sequence[str]) -> None:
        states: dict[State, None] = dict.fromkeys(p.state for p in self.belief)
        frontier = [
            ", ".join(f"{v.name}={str(x).lower()}" for v, x in zip(self.oracle.variables, s, strict=True)) for s in states
        ]
        self.result.refusal = Refusal(number, message, seen, tuple(candidates), tuple(frontier[:10]))
