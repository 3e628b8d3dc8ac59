"""The IDE_KM responder: the endpoint's part of the IDE aspect, whoever sends its messages and in whatever order.

The model's one sub-stream stands for the three, which are keyed, started and stopped together; receivers and transmitters are
programmed together and started apart. What is wrong with a message itself is judged by the message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...model.language import TRUE, ModelError, State, Term, Value, conj, iff
from ...model.world import ASPECTS, KNOBS
from .adapters import Setup
from .alphabet import Blame, Link, Note, Observation, Stimulus, Trail, Views
from .keying import SUB_STREAMS, ask, key_prog, program, slots, switch, together
from .oracle import Key, Oracle, told_apart
from .wire import IDE_KM, KSS

READINGS: dict[str, str] = {
    "live_key_prog": "", "go_without_key": "", "stop_on_other_session": "", "stream_owned_until": "", "session_loss": "A-18",
}  # fmt: skip
ADVISED: dict[str, tuple[Value, str]] = {
    "go_without_key": ("silent", "P63 §6.33.3 recommends no acknowledgement of a K_SET_GO that cannot be done")
}
"""Readings of which one is recommended."""

_CLAUSE = "P63 §6.33.3"
_SYNONYMS = {"DISCARDED": "NO_RESPONSE", "SILENT": "NO_RESPONSE"}
_CONTROLLED: dict[str, tuple[str, ...]] = {
    "device_connect": ("session_open", "tsm"),
    "end_session": ("session_close", "tsm"),
    "host_connect": ("session_open", "host"),
    "get_version": ("get_version",),
    "ep_enable": ("ide_enable",),
    "ep_disable": ("ide_disable",),
    "ep_fails": ("stream_lost",),
    "function0_reset": ("flr",),
    "conventional_reset": ("conventional_reset",),
}
"""Event -> what causes it."""
_MESSAGES = ("ep_key_prog", "ep_rx_go", "ep_tx_go", "stop_rx", "stop_tx", "host_key_prog", "host_set_stop")
_D = "device0"
_FAILURES = ("INCORRECT_LENGTH", "UNSUPPORTED_PORT", "UNSUPPORTED_VALUE", "UNSPECIFIED_FAILURE")


@dataclass
class Memory:
    """How many keys were made, so that each is another."""

    keys: int = 0


class IdeKmAlphabet:
    """Stimuli for the IDE_KM responder of one stream."""

    name = "ide-km"

    def __init__(self, setup: Setup, controls: Iterable[str], fixed: Mapping[str, Value] | None = None) -> None:
        self.setup = setup
        self.controls = frozenset(controls)
        defaults = {k.name: k.default for k in KNOBS}
        self.preferred: Mapping[str, Value] = {n: defaults[n] for n in READINGS}
        aspect = ASPECTS["ide"].model
        # Without the TSM and the root port, messages may come in any order.
        model = aspect.with_rules(r for r in aspect.rules if r.machine in ("endpoint", "device")).without_idle_knobs()
        names = {f.name for f in model.knobs}
        decided = {n: defaults[n] for n in names if n not in READINGS} | {"multi_session": setup.multi_session}
        for name, value in (fixed or {}).items():
            if name not in names:
                raise ModelError(f"{name} is no knob of an IDE_KM responder: it has {', '.join(sorted(names))}")
            decided[name] = value
        told = told_apart(model)
        system = told.instantiate({"device": 1, "k": 2, "substream": 1}, decided, check=False)
        self.term = {v.name: v.term for v in system.variables}
        events = {e for e, (control, *_) in _CONTROLLED.items() if control in self.controls}
        hosts = ("host_key_prog", "host_set_stop")
        events |= {e for e in _MESSAGES if "host_connect" in events or e not in hosts}
        self._system, self._kept = system, events
        self._watched = tuple(v for v in self.term if v.startswith(("endpoint.", "device0.")))
        self.oracle = Oracle(system, events, self._watched, synonyms=_SYNONYMS)
        self._actions = {(a.event, tuple(v for _, v in a.args)): dict(a.args) for a in system.actions if a.event in events}
        self.stimuli = tuple(self._stimuli())
        secure = self.term[f"endpoint.{_D}.status"] == "SECURE"
        self._told = {x: (iff(secure, x),) for x in (False, True)}

    @property
    def first(self) -> State:
        """The state after a reset."""
        if self.setup.start not in ("fresh", "session"):
            raise ModelError(
                f"adapter: start={self.setup.start}: IDE_KM is tried from an unkeyed stream: start fresh, or with a session"
            )
        open_ = self.setup.start == "session"
        return tuple(
            open_ if v.name == f"{_D}.tsm_session" else x
            for v, x in zip(self.oracle.variables, self.oracle.initial[0], strict=True)
        )

    def chart(self, reading: Mapping[str, Value]) -> Oracle:
        return Oracle(self._system.fixed(reading), self._kept, self._watched, synonyms=_SYNONYMS)

    def blame(self, trail: Trail) -> Blame:
        return Blame()

    def begin(self, link: Link) -> Memory:
        return Memory()

    # --- The stimuli ------------------------------------------------------------------------------------------------------

    def _slot(self, what: str, key_set: str) -> Term:
        return self.term[f"endpoint.{_D}.{key_set}.substream0.{what}"]

    def _stimuli(self) -> Iterator[Stimulus]:
        tsm, host = self.term[f"{_D}.tsm_session"], self.term[f"{_D}.host_session"]
        for (event, values), args in self._actions.items():
            keys: tuple[Key, ...] = ((event, values),)
            if event == "ep_fails" and args["cause"] != "link_down":
                continue
            if event in _CONTROLLED:
                yield Stimulus(event, event, keys, args, only=self._when(event))
                continue
            k = str(args.get("k", "k0"))
            # P63 §6.33.3 says nothing of K_SET_GO and K_SET_STOP over a session that did not key the stream.
            mine = conj(*(x != "host" for x in (self._slot("key", "k0"), self._slot("key", "k1"), self._owner)))
            same = iff(self._slot("rx", k) == "ENABLED", self._slot("tx", k) == "ENABLED")
            shown = f"{event}({k})" if "k" in args else event
            match event:
                case "ep_key_prog":
                    # Receiver and transmitter are programmed together, so both must be in use, or neither.
                    yield Stimulus(shown, event, keys, args, only=tsm & same)
                case "host_key_prog":
                    yield Stimulus(shown, event, keys, args, only=host & same)
                case "stop_rx" | "stop_tx":
                    used = self._slot(event[-2:], "k0").in_("ENABLED") | self._slot(event[-2:], "k1").in_("ENABLED")
                    yield Stimulus(shown, event, keys, args, only=tsm & used & mine)
                case "host_set_stop":
                    both = (self._slot("rx", "k0") == "ENABLED") & (self._slot("tx", "k0") == "ENABLED")
                    yield Stimulus(shown, event, keys, args, only=host & both)
                case _:
                    yield Stimulus(shown, event, keys, args, only=tsm & mine)
        yield from self._malformed(tsm)

    @property
    def _owner(self) -> Term:
        """Whose session has keyed the stream, as the endpoint knows it."""
        return self.term[f"endpoint.{_D}.owner"]

    def _when(self, event: str) -> Term:
        """Where the event makes sense: a session is opened once."""
        tsm = self.term[f"{_D}.tsm_session"]
        return {"device_connect": ~tsm, "end_session": tsm}.get(event, TRUE)

    def _malformed(self, tsm: Term) -> Iterator[Stimulus]:
        """Messages that are wrong in themselves, and messages outside of a session: nothing changes by them."""
        mine = tsm & ~self.term[f"{_D}.host_session"]
        for name, (replies, advised) in _MALFORMED.items():
            yield Stimulus(
                f"malformed({name})", "malformed", (), {"what": name}, name, only=mine, fixed=replies, advised=advised
            )
        for kind in ("QUERY", "KEY_PROG", "K_SET_GO", "K_SET_STOP"):
            what = f"{kind} in the clear"
            yield Stimulus(f"malformed({what})", "malformed", (), {"what": what}, what, fixed=(("NO_RESPONSE", _CLAUSE),))

    # --- Bytes ------------------------------------------------------------------------------------------------------------

    def perform(self, stimulus: Stimulus, link: Link, memory: Memory, views: Views) -> Observation | None:
        event, args = stimulus.event, stimulus.args
        notes: list[Note] = []
        if event in _CONTROLLED:
            if not link.control(*_CONTROLLED[event]):
                return None
            return Observation("ok", self._status(link), (), "done")
        stream, port = self.setup.stream_id, self.setup.port
        key_set = 1 if args.get("k") == "k1" else 0
        memory.keys += 1
        match event:
            case "ep_key_prog":
                reply = program(link, "tsm", stream, port, key_set, memory.keys, notes)
            case "ep_rx_go" | "ep_tx_go":
                chosen = [s for s in slots(key_set) if s.tx is (event == "ep_tx_go")]
                reply = switch(link, "tsm", "K_SET_GO", stream, port, chosen, notes)
            case "stop_rx" | "stop_tx":
                used = [
                    k for k in (0, 1) if any(v[f"endpoint.{_D}.k{k}.substream0.{event[-2:]}"] == "ENABLED" for v in views())
                ]
                chosen = [KSS(k, event == "stop_tx", sub) for k in used for sub in SUB_STREAMS]
                reply = switch(link, "tsm", "K_SET_STOP", stream, port, chosen, notes)
            case "host_key_prog":
                reply = program(link, "host", stream, port, 0, memory.keys, notes)
                if reply == "ok":
                    reply = switch(link, "host", "K_SET_GO", stream, port, slots(0), notes)
            case "host_set_stop":
                reply = switch(link, "host", "K_SET_STOP", stream, port, slots(0), notes)
            case _:
                reply = self._wrong(stimulus.variant, link, memory, notes)
                return Observation(reply, self._status(link), tuple(notes), reply)
        if reply in _FAILURES:
            reply = "KP_ACK_FAILURE"
        return Observation(reply, self._status(link), tuple(notes), reply)

    def _status(self, link: Link) -> tuple[Term, ...]:
        """What the stream's status register says, where one can look."""
        told = link.observe().get("secure")
        if told is None:
            return ()
        return self._told[told == "True"]

    def _wrong(self, what: str, link: Link, memory: Memory, notes: list[Note]) -> str:
        s = self.setup
        good = key_prog(s.stream_id, s.port, KSS(0, False, 0), memory.keys)
        if what.endswith("in the clear"):
            kind = what.split(maxsplit=1)[0]
            message = good if kind == "KEY_PROG" else IDE_KM.message(kind, port=s.port)
            return ask(link, "none", message, notes)
        match what:
            case "KEY_PROG one byte short":
                return ask(link, "tsm", good, notes, good.encode()[:-1])
            case "KEY_PROG one byte long":
                return ask(link, "tsm", good, notes, good.encode() + b"\0")
            case "KEY_PROG for another port":
                return ask(link, "tsm", good.but(port=s.port + 7), notes)
            case "KEY_PROG for sub-stream 5":
                return ask(link, "tsm", good.but(kss=KSS(0, False, 5).byte), notes)
            case "KEY_PROG with IFV 2":
                return ask(link, "tsm", good.but(ifv=2), notes)
            case "KEY_PROG with IFV 1, least significant word first":
                return ask(link, "tsm", good.but(ifv=1 << 32), notes)
            case "K_SET_GO for another port" | "K_SET_STOP for another port":
                return ask(
                    link, "tsm", IDE_KM.message(what.split(maxsplit=1)[0], stream=s.stream_id, port=s.port + 7), notes
                )
            case "K_SET_GO of a stream without keys" | "K_SET_STOP of a stream without keys":
                return ask(
                    link, "tsm", IDE_KM.message(what.split(maxsplit=1)[0], stream=s.stream_id ^ 0x40, port=s.port), notes
                )
        return together((), what, notes)


def _either(*replies: str) -> tuple[tuple[str, str], ...]:
    return tuple((r, _CLAUSE) for r in replies)


_MALFORMED: dict[str, tuple[tuple[tuple[str, str], ...], str]] = {
    # Of a wrong length the specification says both; SPDM errors and silence are what stacks do below IDE_KM.
    "KEY_PROG one byte short": (_either("INCORRECT_LENGTH", "NO_RESPONSE", "SPDM_ERROR"), ""),
    "KEY_PROG one byte long": (_either("INCORRECT_LENGTH", "NO_RESPONSE", "SPDM_ERROR"), ""),
    "KEY_PROG for another port": (_either("UNSUPPORTED_PORT"), ""),
    "KEY_PROG for sub-stream 5": (_either("UNSUPPORTED_VALUE"), ""),
    "KEY_PROG with IFV 2": (_either("UNSUPPORTED_VALUE"), ""),
    "KEY_PROG with IFV 1, least significant word first": (_either("UNSUPPORTED_VALUE"), ""),
    "K_SET_GO for another port": (_either("NO_RESPONSE", "ok", "SPDM_ERROR"), "NO_RESPONSE"),
    "K_SET_STOP for another port": (_either("NO_RESPONSE", "ok", "SPDM_ERROR"), "NO_RESPONSE"),
    "K_SET_GO of a stream without keys": (_either("NO_RESPONSE", "ok", "SPDM_ERROR"), "NO_RESPONSE"),
    "K_SET_STOP of a stream without keys": (_either("NO_RESPONSE", "ok", "SPDM_ERROR"), "NO_RESPONSE"),
}
"""Message -> the answers that are allowed, and the one that is recommended where one is."""
