"""A guest under test: what its user asks of it, what the host does meanwhile, and how its calls are answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from ....model.language import ModelError, State, Term, Value, conj, neg
from ....model.world import ASPECTS, KNOBS
from ....model.world.choices.evidence import GUEST_CHECKS
from ..adapters.adapter import Fault
from ..adapters.requester import Requester
from ..alphabet import REQUIRED, Blame, Exchange, Link, Note, Observation, Stimulus, Trail, Views
from ..oracle import Key, Oracle
from .blame import Accuser
from .calls import Answer, Call
from .evidence import WANTED
from .oracle import REFUSED, TDI, GuestOracle, Op, guests_checks_refuse
from .platform import Lies, Platform

CONTROLS = (
    "lock", "attest", "accept", "run", "enable_dma", "map_mmio", "probe", "probe_shared", "remove", "release_secret", "unlock",
)  # fmt: skip
"""Requests of the user's that there are."""

CHOSEN: Mapping[str, Value] = {
    **dict.fromkeys(GUEST_CHECKS, True),
    "accept_by": "decision",
    "run_by": "guest_request",
    "meas_nonce": "verifier",
    "config_reported": True,
    "has_tsm": True,
}
"""The setting of the bench: a guest that decides for itself, with every check; the rest is as the knobs' defaults have it."""

SETTABLE = (*GUEST_CHECKS, "meas_nonce", "epoch_bind", "driver_kept", "reprobe", "token_read", "secret_gate")
"""Knobs that may be set otherwise: what is not among them, the bench has in one way only."""

READINGS: Mapping[str, str] = {}
"""A guest's open points are not decided by its answers: a check that is left out is a fault, unless it was said beforehand."""

_WORLD = ("measure", "report", "tdi_run", "tdi_unbind", "config_write", "firmware_update")
_WRONG = ("none", "fake", "identity", "flags", "link", "config")
_KEPT = (
    "tdi_bind", *_WORLD, "tdi_info", "verify", "reject", "tdi_accept", "sdte_write", "mmio_validate", "driver_private", "driver_shared",
    "driver_unbind", "release_secret", "tdi_revoke",
)  # fmt: skip
_WATCHED = (f"guest.{TDI}.accepted", f"guest.{TDI}.driver", f"{TDI}.state", f"gate.{TDI}.dma", f"gate.{TDI}.mmio")
_SENTINELS = ("accept", "enable_dma", "map_mmio", "probe", "release_secret")
_CALL_OF = {"lock": "lock", "run": "run", "enable_dma": "enable_dma", "map_mmio": "validate"}
"""Requests that are a call, and say no more than its answer."""
_MOST_CALLS = 200
"""In one request of the user's."""


def settings(fixed: Mapping[str, Value] | None = None) -> dict[str, Value]:
    """All knobs of the evidence aspect, as the bench has them. Raises `ModelError` for one that it cannot set."""
    values = {k.name: k.default for k in KNOBS} | dict(CHOSEN)
    for name, value in (fixed or {}).items():
        if name not in SETTABLE:
            raise ModelError(f"{name} cannot be set for a guest under test: set one of {', '.join(SETTABLE)}")
        values[name] = value
    if values["meas_nonce"] != "verifier":
        # Then no nonce of the guest's is in the measurements, for it to find; the TSM says whether its digest is of this lock.
        values["check_meas_nonce"] = False
        values["meas_digest_at_lock"] = "kept"
    return {n: values[n] for n in ASPECTS["evidence"].knobs}


def wanted_words(fixed: Mapping[str, Value] | None = None) -> dict[str, str]:
    """What a guest is told at each reset: what is wanted of the device, and whose nonce is in measurements (guest, tsm)."""
    own = settings(fixed)["meas_nonce"] == "verifier"
    return {**WANTED.words(), "nonce": "guest" if own else "tsm"}


@dataclass
class Memory:
    """What is known of a run beside the oracle's belief."""

    platform: Platform
    trail: list[tuple[Key, str, tuple[Term, ...]]] = field(default_factory=list)
    """What happened, in events and requests of the oracle's, each with what came of it."""
    setback: bool = False
    """Something went wrong since the last lock that the guest asked for: it may be more careful than it has to be."""


class GuestAlphabet:
    """Stimuli for a guest with one TDI, as far as the implementation has the requests."""

    name = "guest"
    preferred: Mapping[str, Value] = {}

    def __init__(self, controls: Iterable[str], fixed: Mapping[str, Value] | None = None) -> None:
        self.controls = frozenset(controls)
        unknown = sorted(self.controls - set(CONTROLS))
        if unknown:
            raise ModelError(f"a guest has no request {', '.join(unknown)}: it may offer {', '.join(CONTROLS)}")
        self.knobs = settings(fixed)
        system = guests_checks_refuse(ASPECTS["evidence"].model).instantiate({"tdi": 1}, self.knobs, check=False)
        self.term: dict[str, Term] = {v.name: v.term for v in system.variables}
        self.oracle: Oracle = GuestOracle(system, _KEPT, _WATCHED)
        self.stimuli = tuple(self._stimuli())
        self._lies = {s.name: lies for s, lies in self._made}

    @cached_property
    def first(self) -> State:
        """The state after a reset."""
        return self.oracle.initial[0]

    def chart(self, reading: Mapping[str, Value]) -> Oracle:
        return self.oracle

    # --- The stimuli ------------------------------------------------------------------------------------------------------

    def _stimuli(self) -> Iterator[Stimulus]:
        self._made: list[tuple[Stimulus, Lies]] = []
        for event in _WORLD:
            key: Key = (event, (TDI,))
            if self.oracle.has(key):
                yield self._made_of(f"host: {event}", event, key, Lies())
        for wrong in _WRONG:
            said = "" if wrong == "none" else f"({wrong})"
            yield self._made_of(f"host: tdi_bind{said}", "tdi_bind", ("tdi_bind", (TDI, wrong)), Lies(wrong=wrong))
        for event, name, key, lies in self._requests():
            if event in self.controls:
                yield self._made_of(name, event, key, lies)

    def _made_of(self, name: str, event: str, key: Key, lies: Lies) -> Stimulus:
        t = self.term
        only: Term = conj()
        if event == "lock":
            only = (t[f"guest.{TDI}.accepted"] == "none") & (t[f"guest.{TDI}.driver"] == "none")
        mine = event in CONTROLS
        s = Stimulus(
            name,
            event,
            (key,),
            only=only,
            alive=neg(self._well),
            excuses=frozenset((REFUSED,)) if mine else frozenset(),
            cautious=mine,
            hostile=lies != Lies() or event in ("config_write", "firmware_update"),
            sentinel=name in _SENTINELS,
        )
        self._made.append((s, lies))
        return s

    @cached_property
    def _well(self) -> Term:
        """Nothing is wrong, and nothing has changed behind the guest's back: it has no reason to refuse."""
        t = self.term
        current = [
            t[f"guest.{TDI}.{name}"] != "stale"
            for name in ("meas", "report", "token", "approved", "accepted")
            if f"guest.{TDI}.{name}" in t
        ]
        state = t[f"{TDI}.state"]
        return conj(
            *current,
            t[f"{TDI}.wrong"] == "none",
            neg(t[f"{TDI}.patched"]),
            # A guest need not accept what the host has started unasked (COV 05: LOCKED, and no other state).
            (state == "CONFIG_LOCKED")
            | (state == "CONFIG_UNLOCKED")
            | ((state == "RUN") & (t[f"guest.{TDI}.accepted"] != "none")),
        )

    def _requests(self) -> Iterator[tuple[str, str, Key, Lies]]:
        for wrong in _WRONG:
            yield "lock", "lock" if wrong == "none" else f"lock [host: {wrong}]", Op("lock", wrong).key, Lies(wrong=wrong)
        for part in ("none", "chain", "measurements", "report"):
            name = "attest" if part == "none" else f"attest [false {part}]"
            yield "attest", name, Op("attest", part).key, Lies(false_part=part)
        badly = Op("attest badly").key
        for part in ("chain", "measurements", "report"):
            for form in ("cut", "empty"):
                yield "attest", f"attest [{part} {form}]", badly, Lies(false_part=part, form=form)
        for into in ("error", "silence"):
            yield "attest", f"attest [info: {into}]", badly, Lies(spoil=f"info: {into}")
            yield "attest", f"attest [read: {into}]", Op("attest unread").key, Lies(spoil=f"read: {into}")
        yield "accept", "accept", ("tdi_accept", (TDI,)), Lies()
        yield "probe", "probe", ("driver_private", (TDI,)), Lies()
        for op in ("accept", "probe"):
            for into in ("error", "silence"):
                yield op, f"{op} [info: {into}]", Op(f"{op} blindly").key, Lies(spoil=f"info: {into}")
        if "map_mmio" not in self.controls:
            # Then it may be a part of the acceptance.
            for mapping in ("first_wrong", "last_wrong"):
                yield (
                    "accept",
                    f"accept [{mapping.replace('_wrong', ' range wrong')}]",
                    ("tdi_accept", (TDI,)),
                    Lies(mapping=mapping),
                )
        if "run" not in self.controls:
            yield "accept", "accept [the host only says that it runs]", ("tdi_accept", (TDI,)), Lies(pretend="run")
        yield "run", "run", Op("run").key, Lies()
        yield "run", "run [the host only says so]", Op("run unheard").key, Lies(pretend="run")
        yield "run", "run [run: error]", Op("run unheard").key, Lies(spoil="run: error")
        yield "enable_dma", "enable_dma", ("sdte_write", (TDI,)), Lies()
        for into in ("error", "silence"):
            yield (
                "enable_dma",
                f"enable_dma [enable_dma: {into}]",
                Op("enable_dma unheard").key,
                Lies(spoil=f"enable_dma: {into}"),
            )
        for mapping in ("right", "first_wrong", "last_wrong"):
            name = "map_mmio" if mapping == "right" else f"map_mmio [{mapping.replace('_wrong', ' range wrong')}]"
            yield "map_mmio", name, ("mmio_validate", (TDI, mapping)), Lies(mapping=mapping)
        yield "probe_shared", "probe_shared", Op("probe_shared").key, Lies()
        yield "remove", "remove", ("driver_unbind", (TDI,)), Lies()
        yield "release_secret", "release_secret", ("release_secret", (TDI,)), Lies()
        yield "unlock", "unlock", Op("unlock").key, Lies()
        yield "unlock", "unlock [the host only says so]", Op("unlock unheard").key, Lies(pretend="unlock")

    # --- What it does -----------------------------------------------------------------------------------------------------

    @cached_property
    def _accuser(self) -> Accuser:
        return Accuser(_KEPT, _WATCHED, self.knobs)

    def blame(self, trail: Trail) -> Blame:
        return self._accuser.blame(trail)

    def begin(self, link: Link) -> Memory:
        return Memory(Platform(nonce_of=str(self.knobs["meas_nonce"]), epoch_bound=self.knobs["epoch_bind"] == "tsm"))

    def perform(self, stimulus: Stimulus, link: Link, memory: Memory, views: Views) -> Observation | None:
        platform, lies = memory.platform, self._lies[stimulus.name]
        if stimulus.event not in CONTROLS:
            reply = platform.cause(stimulus.event, lies.wrong)
            link.log.append(Exchange(stimulus.name, reply))
            memory.trail.append((stimulus.keys[0], reply, self._facts(platform)))
            if stimulus.event in ("tdi_unbind", "config_write", "firmware_update") or lies.wrong != "none":
                memory.setback = True
            return Observation(reply, self._facts(platform), (), reply)
        return self._ask(stimulus, link, memory, lies)

    def _ask(self, stimulus: Stimulus, link: Link, memory: Memory, lies: Lies) -> Observation:
        """A request of the user's, with all the calls that the guest makes meanwhile."""
        platform = memory.platform
        platform.begin(lies)
        mine = Exchange(stimulus.name, "?", "user")
        link.log.append(mine)

        def serve(call: Call) -> Answer:
            if len(platform.calls) >= _MOST_CALLS:
                raise Fault("hang", f"more than {_MOST_CALLS} calls in one request")
            a = platform.answer(call)
            link.log.append(Exchange(str(call), str(a), "guest"))
            return a

        result = cast(Requester, link.subject).do(stimulus.event, serve)
        mine.received = result
        reply = self._reply(stimulus.event, result, platform)
        memory.trail.append((stimulus.keys[0], reply, ()))
        moves = self._moves(stimulus.event, platform, reply)
        memory.trail += [(m, "ok", ()) for m in moves]
        memory.trail[-1] = (*memory.trail[-1][:2], self._facts(platform))
        excused = memory.setback
        if stimulus.event == "lock" and reply == "ok" and lies.wrong == "none":
            memory.setback = False
        elif reply != "ok" or lies != Lies() or stimulus.event == "unlock":
            memory.setback = True
        notes: tuple[Note, ...] = ()
        if result == "ok" and self._only_said(stimulus.event, platform):
            notes = (Note(REQUIRED, f"Linux TSM core: {stimulus.event}", "it says that it is done, and it is not"),)
        return Observation(
            reply, self._facts(platform), notes, result if result == reply else f"{result} ({reply})", moves, excused
        )

    @staticmethod
    def _reply(op: str, result: str, platform: Platform) -> str:
        """What came of it in the oracle's words: the answer to the call that counts, or the result where there is none."""
        name = _CALL_OF.get(op)
        if name is None:
            # Who accepts and opens gates in one request, and lets go of all when a step fails, has accepted before.
            gates = [a.status for c, a in platform.calls if c.name in ("enable_dma", "validate")]
            opened = op == "accept" and any(status in ("ok", "NOT_REPORTED") for status in gates)
            return "ok" if opened else result
        answers = [a.status for c, a in platform.calls if c.name == name]
        if not answers:
            return REFUSED
        # A message that the host spoilt has been sent; so has one about a range that is not as reported.
        return "ok" if answers[0] in ("ok", "error", "silence", "NOT_REPORTED", "OUT_OF_RANGE") else answers[0]

    @staticmethod
    def _only_said(op: str, platform: Platform) -> bool:
        """Whether what was asked for is not so, and nobody told the guest that it was: it has asked nobody, or was told of a failure."""
        so = {
            "lock": platform.bound, "run": platform.state == "RUN", "enable_dma": platform.dma, "map_mmio": platform.mmio == "open",
        }  # fmt: skip
        answers = [a.status for c, a in platform.calls if c.name == _CALL_OF.get(op)]
        return not so.get(op, True) and not (answers and all(status == "ok" for status in answers))

    @staticmethod
    def _moves(op: str, platform: Platform, reply: str) -> tuple[Key, ...]:
        """What the guest did beside what it was asked for."""
        moves: dict[str, Key] = {}
        for call, a in platform.calls:
            counts = a.status == "ok" or (call.name == "validate" and a.status == "NOT_REPORTED")
            if not counts or call.name in moves or call.name == _CALL_OF.get(op) or op == call.name:
                continue
            match call.name:
                case "enable_dma":
                    moves[call.name] = "sdte_write", (TDI,)
                case "validate":
                    moves[call.name] = "mmio_validate", (TDI, platform.lies.mapping)
                case "run" if platform.lies.pretend != "run":
                    moves[call.name] = "tdi_run", (TDI,)
                case "lock":
                    moves[call.name] = "tdi_bind", (TDI, platform.lies.wrong)
                case "disable_dma" | "invalidate" if op != "unlock":
                    moves["let go"] = Op("let go").key
                case "unlock" if platform.lies.pretend != "unlock":
                    moves[call.name] = Op("unbind").key
        return tuple(moves.values())

    def _facts(self, platform: Platform) -> tuple[Term, ...]:
        """What the bench sees of the state: the TDI, and the gates."""
        t = self.term
        return (
            t[f"{TDI}.state"] == platform.state,
            t[f"gate.{TDI}.dma"] == platform.dma,
            t[f"gate.{TDI}.mmio"] == platform.mmio,
        )
