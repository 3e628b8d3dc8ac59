"""A child process that reads a line and writes a line: the general route, since a crash costs one child and no more.

Lines to the child: ``reset``; ``send SESSION HEX`` (SESSION: none, tsm, host); ``do NAME [ARG …]``; ``controls``; ``observe``.
Lines from the child: ``ok`` or ``no``; for ``send`` the answer in hex, ``-`` for silence; for ``controls`` their names; for ``observe``
NAME=VALUE …. HEX is the protocol byte and the message, or with an envelope the SPDM message or DOE object around them.
"""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from typing import IO

from ..wire import DOE_SECURED, DOE_SPDM, Doe, Malformed, Vdm, decode_doe, decode_vdm
from ..wire.envelope import PCI_SIG, PCI_SIG_VENDOR, REQUEST, RESPONSE
from .adapter import Broken, Fault, Reply, Session

ENVELOPES = ("none", "vdm", "doe")
_LINE_LIMIT = 1 << 20
_TAIL = 400
_START = 20.0
"""Seconds."""


def wrap(envelope: str, session: Session, message: bytes) -> bytes:
    """The message (its first byte is the protocol) in its envelope."""
    if envelope == "none":
        return message
    vdm = Vdm(REQUEST, message[1:], message[0]).encode()
    return vdm if envelope == "vdm" else Doe(DOE_SPDM if session == "none" else DOE_SECURED, vdm).encode()


def unwrap(envelope: str, data: bytes) -> Reply:
    """What is in the envelope."""
    if envelope == "doe":
        doe = decode_doe(data)
        if isinstance(doe, Malformed):
            return doe
        data = doe.payload
    if envelope == "none":
        return data
    vdm = decode_vdm(data)
    if isinstance(vdm, Malformed):
        if data[1:2] == b"\x7f" and len(data) >= 4:
            return Malformed(f"SPDM ERROR {data[2]:#04x}", data, "SPDM_ERROR")
        return vdm
    if vdm.code != RESPONSE:
        return Malformed("a request where a response is due", data, "VENDOR_DEFINED")
    if vdm.standard != PCI_SIG or vdm.vendor != PCI_SIG_VENDOR.to_bytes(2, "little"):
        return Malformed(f"registry {vdm.standard}, vendor {vdm.vendor.hex()}: not the PCI-SIG", data, "VENDOR_DEFINED")
    if len(vdm.trailing) > 3 or any(vdm.trailing):
        return Malformed(f"{len(vdm.trailing)} byte(s) after the end that the length gives", data, "VENDOR_DEFINED")
    return bytes((vdm.protocol,)) + vdm.payload


class Process:
    """A child process."""

    def __init__(
        self,
        command: str | Sequence[str],
        *,
        timeout: float = 2.0,
        envelope: str = "none",
        controls: Sequence[str] | None = None,
    ) -> None:
        self._command = shlex.split(command) if isinstance(command, str) else list(command)
        self._timeout = timeout
        self._envelope = envelope
        self._child: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._pending = b""
        self._start()
        if controls is None:
            controls = () if self._told == "no" else self._told.split()
        self._controls = frozenset(controls)

    @property
    def controls(self) -> frozenset[str]:
        return self._controls

    def reset(self) -> None:
        if self._child is not None:
            try:
                done = self._line("reset") == "ok"
            except Fault:
                done = False
            if done:
                return
        # A child that cannot be reset, or does not survive it, is replaced.
        self._start()

    def apply(self, session: Session, message: bytes) -> Reply:
        answer = self._line(f"send {session} {wrap(self._envelope, session, message).hex()}")
        if answer == "-":
            return None
        try:
            data = bytes.fromhex(answer)
        except ValueError:
            raise self._lost("garbage", f"a line that is not hex: {answer[:80]!r}") from None
        return unwrap(self._envelope, data)

    def control(self, name: str, *args: str) -> bool:
        if name not in self._controls:
            return False
        answer = self._line(" ".join(("do", name, *args)))
        if answer not in ("ok", "no"):
            raise self._lost("garbage", f"neither ok nor no after do {name}: {answer[:80]!r}")
        return answer == "ok"

    def observe(self) -> dict[str, str]:
        answer = self._line("observe")
        return dict(p.split("=", 1) for p in answer.split() if "=" in p)

    def close(self) -> None:
        if self._child is not None:
            self._end()

    # --- The child --------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._end()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the child)
        try:
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as e:
            raise Broken(f"{shlex.join(self._command)}: cannot be started: {e.strerror}") from None
        self._pending = b""
        # A child may take its time to start, but not to answer. What it can do, it says first of all.
        try:
            self._told = self._line("controls", max(self._timeout, _START))
        except Fault as e:
            raise Broken(f"{shlex.join(self._command)}: {e}") from None

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    try:
                        pipe.close()
                    except OSError:
                        continue  # what was not delivered any more
        if self._errors is not None:
            self._errors.close()
            self._errors = None

    def _lost(self, kind: str, detail: str) -> Fault:
        """The fault, after the child has been put away."""
        told = ""
        if self._errors is not None:
            self._errors.seek(0)
            told = self._errors.read()[-_TAIL:].decode("utf-8", "replace").strip()
        self._end()
        return Fault(kind, detail + (f"; it said: {told}" if told else ""))

    def _line(self, line: str, timeout: float | None = None) -> str:
        if self._child is None:
            self._start()
        child = self._child
        assert child is not None and child.stdin is not None and child.stdout is not None
        if self._pending or self._ready(child.stdout, 0):
            extra = self._pending or os.read(child.stdout.fileno(), 4096)
            if extra:
                raise self._lost("unsolicited", f"output that nobody asked for: {extra[:80]!r}")
        try:
            child.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            raise self._lost("crash", _death(child)) from None
        limit = self._timeout if timeout is None else timeout
        end = time.monotonic() + limit
        while b"\n" not in self._pending:
            if not self._ready(child.stdout, max(0.0, end - time.monotonic())):
                raise self._lost("hang", f"no line within {limit:g} s")
            part = os.read(child.stdout.fileno(), 65536)
            if not part:
                raise self._lost("crash", _death(child))
            self._pending += part
            if len(self._pending) > _LINE_LIMIT:
                raise self._lost("garbage", f"a line of more than {_LINE_LIMIT} bytes")
        answer, _, self._pending = self._pending.partition(b"\n")
        return answer.decode("utf-8", "replace").strip()

    @staticmethod
    def _ready(pipe: IO[bytes], timeout: float) -> bool:
        with selectors.DefaultSelector() as s:
            s.register(pipe, selectors.EVENT_READ)
            return bool(s.select(timeout))


def _death(child: subprocess.Popen[bytes]) -> str:
    try:
        code = child.wait(1)
    except subprocess.TimeoutExpired:
        return "it closed its output"
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
