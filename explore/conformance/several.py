"""Two TDIs of one device: each with its own state, nonce and report, over the sessions and the stream that they share.

What one TDI does by itself is tried with one; here are the requests that move it, for each of the two, and what happens to the device.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

from ...model.language import State, Value
from .adapters import Setup
from .alphabet import Blame, Link, Observation, Stimulus, Trail, Views
from .answers import Answers, Memory
from .oracle import Key, Oracle
from .tdisp import TdispAlphabet, responder

TDIS = ("tdi0", "tdi1")
_PLAIN: Mapping[str, Mapping[str, Value]] = {
    "lock_interface": {"via": "tsm", "fault": "none", "flaw": "none", "no_fw": False, "msix": False, "p2p": False},
    "start_interface": {"via": "tsm", "flaw": "none"},
    "stop_interface": {"via": "tsm", "flaw": "none"},
    "get_state": {"via": "tsm", "flaw": "none"},
    "get_report": {"via": "tsm", "flaw": "none", "part": "first"},
    "config_change": {},
    "device_error": {},
    "session_open": {"holder": "tsm"},
    "session_close": {"holder": "tsm"},
    "key_prog": {"holder": "tsm"},
    "ide_enable": {},
    "stream_lost": {},
    "get_version": {},
    "conventional_reset": {},
}
"""The events that are tried, and the arguments that they have then."""
_OF_THE_OTHER = "of the other TDI"
_SHARED = ("device0.tsm_session", "stream.device0.state", "stream.device0.key_session")


@dataclass
class TwoMemories:
    """What a requester remembers of each TDI."""

    of: tuple[Memory, Memory]


class TwoTdiAlphabet:
    """Stimuli for a TDISP responder with two TDIs, as far as the implementation's controls reach."""

    name = "tdisp-2"

    def __init__(self, setup: Setup, controls: frozenset[str], fixed: Mapping[str, Value] | None = None) -> None:
        system = responder(setup, fixed, tdis=2)
        terms = {v.name: v.term for v in system.variables}
        of_second = {n: terms[n.replace("tdi0", "tdi1")] for n in terms if "tdi1" not in n}
        first = TdispAlphabet(setup, controls, fixed)
        second = copy(first)
        second.setup = replace(setup, function_id=setup.second_function_id)
        self._of = (first, second)
        for alphabet, mine in zip(self._of, (terms, of_second), strict=True):
            # What an answer tells is told of the TDI that was asked.
            alphabet.answers = Answers(mine)
        self.preferred = self._of[0].preferred
        self._system = system
        self._kept = {*_PLAIN, "recover"}
        watched = [f"{t}.{n}" for t in TDIS for n in ("state", "no_fw_update", "msix_locked")]
        self.oracle = Oracle(system, self._kept, [*watched, *_SHARED], silent=[("recover", (t,)) for t in TDIS])
        self._base: dict[str, tuple[Stimulus, int]] = {}
        self.stimuli = tuple(self._stimuli())

    def _stimuli(self) -> Iterator[Stimulus]:
        for s in self._of[0].stimuli:
            wanted = _PLAIN.get(s.event)
            if (
                wanted is None
                or any(s.args.get(k) != v for k, v in wanted.items())
                or s.then
                or s.variant not in ("", "zero")
            ):
                continue
            for i, tdi in enumerate(TDIS if "t" in s.args else TDIS[:1]):
                keys = tuple((e, tuple(tdi if v == "tdi0" else v for v in values)) for e, values in s.keys)
                yield self._made(s, i, keys, s.name + (" of tdi1" if i else ""))
                if s.variant == "zero":
                    yield self._made(
                        replace(s, variant=_OF_THE_OTHER),
                        i,
                        keys,
                        f"{s.event}(tsm, nonce={_OF_THE_OTHER})" + (" of tdi1" if i else ""),
                    )

    def _made(self, base: Stimulus, tdi: int, keys: tuple[Key, ...], name: str) -> Stimulus:
        self._base[name] = base, tdi
        return replace(
            base, name=name, sentinel=base.event == "get_state", keys=tuple(k for k in keys if self.oracle.has(k))
        )

    @cached_property
    def first(self) -> State:
        """The state after a reset."""
        wanted = dict(zip((v.name for v in self._of[0].oracle.variables), self._of[0].first, strict=True))
        return tuple(
            wanted.get(v.name, x) if v.name in _SHARED else x
            for v, x in zip(self.oracle.variables, self.oracle.initial[0], strict=True)
        )

    def chart(self, reading: Mapping[str, Value]) -> Oracle:
        return Oracle(self._system.fixed(reading), self._kept, (*(f"{t}.state" for t in TDIS), *_SHARED))

    def begin(self, link: Link) -> TwoMemories:
        return TwoMemories((Memory(), Memory(nonce=hashlib.sha256(b"no lock of the second yet").digest())))

    def blame(self, trail: Trail) -> Blame:
        return Blame()

    def perform(self, stimulus: Stimulus, link: Link, memory: TwoMemories, views: Views) -> Observation | None:
        base, i = self._base[stimulus.name]
        mine, other = memory.of[i], memory.of[1 - i]
        if i and base.event in ("config_change", "device_error"):
            return Observation("ok", text="done") if link.control(base.event, TDIS[1]) else None
        if base.variant == _OF_THE_OTHER:
            # To the responder it is a nonce like any other that is not its own.
            lent = replace(mine, nonce=other.nonce)
            return self._of[i].perform(replace(base, args={**base.args, "nonce": "current"}), link, lent, views)
        seen = self._of[i].perform(base, link, mine, views)
        # A stream and its keys are the device's.
        other.keys, other.programmed, other.used = mine.keys, mine.programmed, mine.used
        return seen
