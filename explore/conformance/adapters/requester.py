"""How a guest is reached, which is the side that asks: a Python object, a child process, a socket.

Lines to a child process or over a socket: ``reset NAME=VALUE …`` (what the relying party wants of the device); ``controls``; ``do
REQUEST``; ``answer STATUS [NAME=VALUE …]``. Lines back: ``ok``; the names of the requests that there are; and after ``do`` or
``answer`` either ``call NAME [NAME=VALUE …]``, which an ``answer`` follows, or ``done ok`` or ``done refused``.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..requester.calls import Answer, Call, parse_call
from .adapter import Broken, Fault
from .inprocess import guarded, made
from .process import Process
from .socket import connected

Serve = Callable[[Call], Answer]
RESULTS = ("ok", "refused")


class Requester(Protocol):
    """A guest under test. ``controls`` are the requests of its user that it has; the others are left out of a run."""

    @property
    def controls(self) -> frozenset[str]: ...

    def reset(self) -> None:
        """As new. Raises `Broken` when there is no instance to be had."""
        ...

    def do(self, request: str, serve: Serve) -> str:
        """A request of the user's: ok, or refused. ``serve`` answers the guest's calls meanwhile. Raises `Fault`."""
        ...

    def close(self) -> None: ...


class ObjectRequester:
    """Wraps what ``make(wanted)`` returns: an object with ``controls`` and ``do(request, call)``, which returns a result or a truth value."""

    def __init__(self, make: Callable[[Mapping[str, str]], Any], wanted: Mapping[str, str]) -> None:
        self._make, self._wanted = make, wanted
        self._subject = self._new()
        self._controls = frozenset(getattr(self._subject, "controls", ()))

    def _new(self) -> Any:
        return made(lambda: self._make(self._wanted), "do", "request, call")

    @property
    def controls(self) -> frozenset[str]:
        return self._controls

    def reset(self) -> None:
        self._subject = self._new()

    def do(self, request: str, serve: Serve) -> str:
        result = guarded(self._subject.do, request, serve)
        if isinstance(result, bool):
            result = RESULTS[not result]
        if result not in RESULTS:
            raise Fault("garbage", f"do returned {result!r}, neither ok nor refused")
        return str(result)

    def close(self) -> None:
        close = getattr(self._subject, "close", None)
        if callable(close):
            close()


Ask = Callable[[str], str]


def converse(ask: Ask, lost: Callable[[str, str], Fault], request: str, serve: Serve) -> str:
    """The lines of one request of the user's. ``ask`` sends a line and returns the next one."""
    line = ask(f"do {request}")
    while True:
        first, *words = line.split() or [""]
        if first == "done" and len(words) == 1 and words[0] in RESULTS:
            return words[0]
        call = parse_call(words) if first == "call" else None
        if call is None:
            raise lost("garbage", f"neither a call nor done ok or done refused: {line[:80]!r}")
        try:
            answer = serve(call)
        except Fault as e:
            raise lost(e.kind, e.detail) from None
        line = ask(f"answer {answer}")


def _reset_line(wanted: Mapping[str, str]) -> str:
    return " ".join(("reset", *(f"{k}={v}" for k, v in wanted.items())))


class ProcessRequester(Process):
    """A guest in a child process."""

    def __init__(
        self,
        command: str | Sequence[str],
        wanted: Mapping[str, str],
        *,
        timeout: float = 2.0,
        controls: Sequence[str] | None = None,
    ) -> None:
        self._wanted = wanted
        super().__init__(command, timeout=timeout, controls=controls)

    def reset(self) -> None:
        try:
            if self._line(_reset_line(self._wanted)) == "ok":
                return
        except Fault:
            self._end()
        # A child that cannot be reset, or does not survive it, is replaced.
        self._start()
        try:
            said = self._line(_reset_line(self._wanted))
        except Fault as e:
            raise Broken(str(e)) from None
        if said != "ok":
            raise Broken(f"it says {said[:80]!r} to reset, not ok")

    def do(self, request: str, serve: Serve) -> str:
        return converse(self._line, self._lost, request, serve)


class SocketRequester:
    """A guest behind a TCP or Unix socket, with the same lines; a new connection is a new instance."""

    def __init__(
        self,
        address: tuple[str, int] | str,
        wanted: Mapping[str, str],
        *,
        timeout: float = 2.0,
        controls: Sequence[str] | None = None,
    ) -> None:
        self._address, self._wanted, self._timeout = address, wanted, timeout
        self._socket: socket.socket | None = None
        self._pending = b""
        self.reset()
        told = self._line("controls") if controls is None else ""
        self._controls = frozenset(told.split() if controls is None else controls)

    @property
    def controls(self) -> frozenset[str]:
        return self._controls

    def reset(self) -> None:
        self.close()
        self._socket, self._pending = connected(self._address, self._timeout), b""
        try:
            said = self._line(_reset_line(self._wanted))
        except Fault as e:
            raise Broken(f"{self._address}: {e}") from None
        if said != "ok":
            raise Broken(f"{self._address}: it says {said[:80]!r} to reset, not ok")

    def do(self, request: str, serve: Serve) -> str:
        return converse(self._line, self._lost, request, serve)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _lost(self, kind: str, detail: str) -> Fault:
        self.close()
        return Fault(kind, detail)

    def _line(self, line: str) -> str:
        if self._socket is None:
            raise Fault("crash", "the connection is gone")
        try:
            self._socket.sendall(line.encode() + b"\n")
            while b"\n" not in self._pending:
                part = self._socket.recv(65536)
                if not part:
                    raise self._lost("crash", "the connection was closed")
                self._pending += part
                if len(self._pending) > _LINE_LIMIT:
                    raise self._lost("garbage", f"a line of more than {_LINE_LIMIT} bytes")
        except TimeoutError:
            raise self._lost("hang", f"no line within {self._timeout:g} s") from None
        except OSError as e:
            raise self._lost("crash", f"the connection is gone: {e.strerror or e}") from None
        found, _, self._pending = self._pending.partition(b"\n")
        if self._pending:
            raise self._lost("unsolicited", f"output that nobody asked for: {self._pending[:80]!r}")
        return found.decode("utf-8", "replace").strip()


_LINE_LIMIT = 1 << 20
