"""A TCP or Unix socket that takes DOE objects, as such or in the framing of the DMTF emulator.

The objects carry SPDM vendor-defined messages in plain. A message over a session goes as a secured object: session id (4 bytes,
1 the TSM's, 2 the other), length (2 bytes), message; encrypting is left to whoever stands between.
"""

from __future__ import annotations

import socket
import struct
from enum import Enum

from ..wire import DOE_SECURED, DOE_SPDM, Doe, Emulator, Malformed, Vdm, decode_doe, decode_emulator
from ..wire.envelope import EMULATOR_HEAD, NORMAL, REQUEST
from .adapter import Broken, Fault, Reply, Session
from .process import unwrap

SESSION_IDS: dict[str, int] = {"tsm": 1, "host": 2}
_SECURED = struct.Struct("<IH")
_DOE_HEAD = 8
_LIMIT = 1 << 20


class Framing(Enum):
    """What goes over the socket."""

    DOE = "doe"
    EMULATOR = "emulator"


def connected(address: tuple[str, int] | str, timeout: float) -> socket.socket:
    """A connection to a host and port, or to the path of a Unix socket. Raises `Broken` when there is none."""
    found = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET, socket.SOCK_STREAM)
    found.settimeout(timeout)
    try:
        found.connect(address)
    except OSError as e:
        found.close()
        raise Broken(f"{address}: cannot be reached: {e.strerror or e}") from None
    return found


class Socket:
    """A responder behind a socket. A new connection is a new instance; what else can be caused is for the far side to offer (nothing)."""

    def __init__(self, address: tuple[str, int] | str, *, framing: Framing = Framing.DOE, timeout: float = 2.0) -> None:
        self._address = address
        self._framing = framing
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self.reset()

    @property
    def controls(self) -> frozenset[str]:
        return frozenset()

    def reset(self) -> None:
        self.close()
        self._socket = connected(self._address, self._timeout)

    def apply(self, session: Session, message: bytes) -> Reply:
        vdm = Vdm(REQUEST, message[1:], message[0]).encode()
        if session == "none":
            doe = Doe(DOE_SPDM, vdm)
        else:
            doe = Doe(DOE_SECURED, _SECURED.pack(SESSION_IDS[session], len(vdm)) + vdm)
        data = doe.encode()
        self._send(Emulator(NORMAL, data).encode() if self._framing is Framing.EMULATOR else data)
        if self._framing is Framing.EMULATOR:
            head = self._receive(EMULATOR_HEAD.size, silent=True)
            if head is None:
                return None
            size = EMULATOR_HEAD.unpack(head)[2]
            self._check(size)
            frame = decode_emulator(head + (self._receive(size) or b""))
            if isinstance(frame, Malformed):
                return frame
            if not frame.payload:
                return None
            data = frame.payload
        else:
            head = self._receive(_DOE_HEAD, silent=True)
            if head is None:
                return None
            size = 4 * int.from_bytes(head[4:], "little") - _DOE_HEAD
            self._check(size)
            data = head + (self._receive(size) or b"")
        found = decode_doe(data)
        if isinstance(found, Malformed):
            return found
        if found.kind != (DOE_SPDM if session == "none" else DOE_SECURED):
            return Malformed(f"a DOE object of type {found.kind} in answer to another type", data, "DOE object")
        plain = found.payload
        if session != "none":
            if len(plain) < _SECURED.size:
                return Malformed("a secured object without session id", data, "DOE object")
            number, length = _SECURED.unpack_from(plain)
            if number != SESSION_IDS[session]:
                return Malformed(f"an answer over session {number}", data, "DOE object")
            plain = plain[_SECURED.size : _SECURED.size + length]
        return unwrap("vdm", plain)

    def control(self, name: str, *args: str) -> bool:
        return False

    def observe(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _check(self, size: int) -> None:
        if not 0 <= size <= _LIMIT:
            self.close()
            raise Fault("garbage", f"a frame that says it has {size} bytes")

    def _send(self, data: bytes) -> None:
        if self._socket is None:
            self.reset()
        assert self._socket is not None
        try:
            self._socket.sendall(data)
        except OSError as e:
            self.close()
            raise Fault("crash", f"the connection is gone: {e.strerror or e}") from None

    def _receive(self, size: int, *, silent: bool = False) -> bytes | None:
        """So many bytes. ``silent``: none at all within the time is silence, not a fault."""
        assert self._socket is not None
        found = b""
        while len(found) < size:
            try:
                part = self._socket.recv(size - len(found))
            except TimeoutError:
                if silent and not found:
                    return None
                self.close()
                raise Fault("hang", f"{len(found)} of {size} bytes within {self._timeout:g} s") from None
            except OSError as e:
                self.close()
                raise Fault("crash", f"the connection is gone: {e.strerror or e}") from None
            if not part:
                self.close()
                raise Fault("crash", "the connection was closed")
            found += part
        return found
