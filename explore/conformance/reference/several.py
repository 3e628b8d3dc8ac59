"""The emulator with two TDIs: each has a state of its own, and they share the device's sessions and its stream. And mutants of that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .dsm import HOSTED, LOCKED, UNLOCKED, Dsm, Refused, Tdi

SECOND = HOSTED + 1
DEVICE_WIDE = (
    "session_open", "session_close", "get_version", "ide_enable", "ide_disable", "stream_lost", "root_port_write", "ide_register_write",
    "conventional_reset", "debug_authorised",
)  # fmt: skip
"""Events that happen to the device, and so to all its TDIs."""


class TwoTdis(Dsm):
    """A device with two TDIs, the interfaces 0x0100 and 0x0101. What `Dsm` does to its TDI is done to the one that is addressed."""

    def __init__(self, *, multi_session: bool = True) -> None:
        self.tdis = {HOSTED: Tdi(), SECOND: Tdi()}
        self.at = HOSTED
        super().__init__(multi_session=multi_session)

    @property
    def tdi(self) -> Tdi:
        return self.tdis[self.at]

    @tdi.setter
    def tdi(self, value: Tdi) -> None:
        self.tdis[self.at] = value

    @property
    def other(self) -> Tdi:
        """The one that is not addressed."""
        return self.tdis[SECOND if self.at == HOSTED else HOSTED]

    @contextmanager
    def addressed(self, interface: int) -> Iterator[None]:
        before, self.at = self.at, interface
        try:
            yield
        finally:
            self.at = before

    def request(self, session: str, m: bytes) -> bytes:
        interface = int.from_bytes(m[4:7], "little")
        if interface not in self.tdis:
            return super().request(session, m)
        with self.addressed(interface):
            return super().request(session, m[:4] + HOSTED.to_bytes(3, "little") + m[7:])

    def control(self, name: str, *args: str) -> bool:
        """Cause an event; one that happens to a TDI happens to the second when its last argument is ``tdi1``."""
        second = bool(args) and args[-1] == "tdi1"
        with self.addressed(SECOND if second else HOSTED):
            self.wide = name in DEVICE_WIDE
            return super().control(name, *(args[:-1] if second else args))

    wide = False

    def to_error(self) -> None:
        for interface in self.tdis if self.wide else (self.at,):
            with self.addressed(interface):
                super().to_error()

    def end_session(self, session: str) -> None:
        # Which TDI was locked over the session is each one's own.
        wide, self.wide = self.wide, False
        for interface in self.tdis:
            with self.addressed(interface):
                super().end_session(session)
        self.wide = wide

    def on_conventional_reset(self) -> None:
        for interface in self.tdis:
            with self.addressed(interface):
                super().on_conventional_reset()


def _lock_locks_both(self: TwoTdis, session: str, body: bytes) -> bytes:
    nonce = TwoTdis.lock(self, session, body)
    if self.other.state == UNLOCKED:
        self.other.state = LOCKED
    return nonce


def _lock_shares_its_nonce(self: TwoTdis, session: str, body: bytes) -> bytes:
    nonce = TwoTdis.lock(self, session, body)
    if self.other.nonce:
        self.other.nonce = nonce
    return nonce


def _one_lock_at_a_time(self: TwoTdis, session: str, body: bytes) -> bytes:
    if self.other.state != UNLOCKED:
        raise Refused(0x0004)
    return TwoTdis.lock(self, session, body)


def _any_nonce(self: TwoTdis, nonce: bytes) -> bytes:
    if self.other.nonce and nonce == self.other.nonce:
        nonce = self.tdi.nonce
    return TwoTdis.start(self, nonce)


def _start_starts_both(self: TwoTdis, nonce: bytes) -> bytes:
    answer = TwoTdis.start(self, nonce)
    if self.other.state == LOCKED:
        self.other.state = self.tdi.state
    return answer


def _stop_stops_both(self: TwoTdis) -> bytes:
    self.tdis = {i: Tdi() for i in self.tdis}
    return b""


def _error_spreads(self: TwoTdis) -> None:
    self.wide = True
    self.to_error()


def _stream_loss_hits_one(self: TwoTdis) -> None:
    self.wide = False
    Dsm.on_stream_lost(self)


def _session_end_hits_one(self: TwoTdis, session: str) -> None:
    self.wide = False
    Dsm.end_session(self, session)


def _requests_of_the_first(self: TwoTdis, session: str, m: bytes) -> bytes:
    """GET_DEVICE_INTERFACE_STATE tells the state of the first TDI."""
    if m[1] == 0x85:
        return bytes((self.tdis[HOSTED].state,))
    return TwoTdis.request(self, session, m)


def _answer_for_the_first(self: TwoTdis, session: str, m: bytes) -> bytes | None:
    answer = Dsm.tdisp(self, session, m)
    return answer and answer[:4] + HOSTED.to_bytes(4, "little") + answer[8:]


_CHANGES: Mapping[str, Mapping[str, Callable[..., Any]]] = {
    "lock-locks-both": {"lock": _lock_locks_both},
    "lock-shares-its-nonce": {"lock": _lock_shares_its_nonce},
    "one-lock-at-a-time": {"lock": _one_lock_at_a_time},
    "nonce-of-the-other-tdi-accepted": {"start": _any_nonce},
    "start-starts-both": {"start": _start_starts_both},
    "stop-stops-both": {"stop": _stop_stops_both},
    "error-spreads": {"on_config_change": _error_spreads},
    "stream-loss-hits-one": {"on_stream_lost": _stream_loss_hits_one},
    "session-end-hits-one": {"end_session": _session_end_hits_one},
    "state-of-the-first": {"request": _requests_of_the_first},
    "answer-for-the-first": {"tdisp": _answer_for_the_first},
}

TWO_TDI_MUTANTS: Mapping[str, type[TwoTdis]] = {
    label: type(f"Mutant_{label}", (TwoTdis,), dict(methods)) for label, methods in _CHANGES.items()
}
"""By label: what one TDI does, or what is done to it, that is the other's."""
