"""An emulator of a DSM with one TDI: SPDM sessions by name, IDE_KM, TDISP. Written from the specifications' rules, not from the model.

It knows nothing of the model, so that the two can be held against each other. Messages come as the protocol byte (0 IDE_KM, 1 TDISP)
and the message; what an SPDM stack, the host and the fabric would do is caused by `Dsm.control`.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field

UNLOCKED, LOCKED, RUN, ERROR = range(4)
INVALID_REQUEST, INVALID_STATE, UNSUPPORTED = 0x0001, 0x0004, 0x0007
VERSION_MISMATCH, INVALID_INTERFACE, INVALID_NONCE = 0x0041, 0x0101, 0x0102
NO_ENTROPY, BAD_CONFIGURATION = 0x0103, 0x0104

NO_FW_UPDATE, LOCK_MSIX, BIND_P2P = 0x01, 0x04, 0x08
BODY = {0x81: 0, 0x82: 4, 0x83: 20, 0x84: 4, 0x85: 0, 0x86: 32, 0x87: 0, 0x88: 1, 0x89: 1, 0x8A: 16}
HOSTED = 0x0100
PAGES = ((0x00, 4, 0x0, 0), (0x10, 1, 0x1, 1), (0x00, 4, 0x8, 2))
"""Ranges of MMIO: first page, pages, attributes (MSI-X table; updatable), BAR."""
OTHER = {"tsm": "host", "host": "tsm"}


class Refused(Exception):
    """A request that is answered with TDISP_ERROR."""

    def __init__(self, code: int, data: int = 0) -> None:
        super().__init__(code, data)
        self.code, self.data = code, data


@dataclass
class Stream:
    """An IDE stream at the device's port."""

    slots: dict[int, str] = field(default_factory=dict)
    """By key set, direction and sub-stream as on the wire: "programmed" or "used"."""
    session: str = ""
    """Over which session it was keyed; it stays that session's while it lives, whatever becomes of the keys."""
    enabled: bool = False
    secure: bool = False
    failed: bool = False
    """It was Secure and is not any more: Enable must be written again."""

    def complete(self, *states: str) -> bool:
        """Whether some key set has all its keys in one of the states."""
        return any(
            all(self.slots.get(k | tx << 1 | sub << 4) in states for tx in (0, 1) for sub in (0, 1, 2)) for k in (0, 1)
        )

    def lose(self) -> None:
        """Insecure, and the keys are gone."""
        self.slots.clear()
        self.failed = self.failed or self.secure
        self.secure = False


@dataclass
class Tdi:
    """The TDI."""

    state: int = UNLOCKED
    session: str = ""
    """Over which session it was locked."""
    nonce: bytes = b""
    flags: int = 0
    offset: int = 0
    p2p: int = 0
    """The id of the bound peer-to-peer stream."""
    shared: bool = False
    report: bytes = b""


class Dsm:
    """The device. ``Dsm()`` is as after a conventional reset."""

    controls = frozenset({
        "session_open", "session_close", "get_version", "ide_enable", "ide_disable", "stream_lost", "p2p_stream_lost", "config_change",
        "tolerated", "msix_write", "ats_capability_write", "ide_register_write", "root_port_write", "flr", "conventional_reset",
        "debug_authorised", "firmware_update", "device_error", "ats_anomaly", "fault", "p2p_fault",
    })  # fmt: skip
    default_stream = 1
    port = 0

    def __init__(self, *, multi_session: bool = True) -> None:
        self.multi_session = multi_session
        self.sessions: set[str] = set()
        self.streams: dict[int, Stream] = {}
        self.tdi = Tdi()
        self.locks = 0
        self.fault = "none"
        self.p2p_fault = "none"

    # --- Messages -------------------------------------------------------------------------------------------------------

    def apply(self, session: str, message: bytes) -> bytes | None:
        """The answer to a message over a session ("none": in the clear)."""
        if session not in self.sessions:
            return None
        protocol, payload = message[0], message[1:]
        if protocol == 0:
            answer = self.ide_km(session, payload)
        elif protocol == 1:
            answer = self.tdisp(session, payload)
        else:
            return None
        return None if answer is None else bytes((protocol,)) + answer

    def tdisp(self, session: str, m: bytes) -> bytes | None:
        if len(m) < 16:
            return None
        header = bytes((0x10, m[1] & 0x7F)) + bytes(2) + m[4:8] + bytes(8)
        try:
            return header + self.request(session, m)
        except Refused as e:
            return header[:1] + b"\x7f" + header[2:] + struct.pack("<II", e.code, e.data)

    def request(self, session: str, m: bytes) -> bytes:
        code, body = m[1], m[16:]
        if m[0] != 0x10 and code != 0x81:
            raise Refused(VERSION_MISMATCH)
        if int.from_bytes(m[4:7], "little") != HOSTED:
            raise Refused(INVALID_INTERFACE)
        if code not in BODY:
            raise Refused(UNSUPPORTED, code)
        if len(body) != BODY[code]:
            raise Refused(INVALID_REQUEST)
        match code:
            case 0x81:
                return b"\x01\x10"
            case 0x82:
                return struct.pack("<I16sH3sBBB", 0, bytes((0xFE, 0x07)) + bytes(14), 0x1F, bytes(3), 52, 1, 1)
            case 0x83:
                return self.lock(session, body)
            case 0x84:
                return self.report(body)
            case 0x85:
                return bytes((self.tdi.state,))
            case 0x86:
                return self.start(body)
            case 0x87:
                return self.stop()
            case 0x88:
                return self.bind(session, body[0])
            case 0x89:
                return self.unbind(body[0])
        return self.set_attribute(body)

    # --- TDISP ----------------------------------------------------------------------------------------------------------

    def lock(self, session: str, body: bytes) -> bytes:
        flags, stream_id, _, offset, _mask = struct.unpack("<HBBQQ", body)
        stream = self.stream(self.default_stream)
        if self.tdi.state != UNLOCKED:
            raise Refused(INVALID_STATE)
        if flags & ~0x1F:
            raise Refused(INVALID_REQUEST)
        if stream_id != self.default_stream:
            raise Refused(INVALID_REQUEST)
        if not stream.complete("programmed", "used"):
            raise Refused(INVALID_REQUEST)
        if stream.session != session:
            raise Refused(INVALID_REQUEST)
        if self.fault == "no_entropy":
            raise Refused(NO_ENTROPY)
        if self.fault != "none":
            raise Refused(BAD_CONFIGURATION)
        self.locks += 1
        nonce = hashlib.sha256(b"nonce %d" % self.locks).digest()
        self.tdi = Tdi(LOCKED, session, nonce, flags, offset)
        self.tdi.report = self.make_report()
        return nonce

    def make_report(self) -> bytes:
        msix = bool(self.tdi.flags & LOCK_MSIX)
        head = struct.pack(
            "<HHHHII", 2 | self.tdi.flags & NO_FW_UPDATE, 0, 0x8003 if msix else 0, 0, 1 if msix else 0, len(PAGES)
        )
        pages = self.tdi.offset >> 12
        for first, count, attributes, bar in PAGES:
            attributes = attributes if msix else attributes & ~3
            head += struct.pack("<QIHH", (first + pages) % (1 << 52), count, attributes, bar)
        return head + struct.pack("<I", 4) + b"DSM0"

    def report(self, body: bytes) -> bytes:
        offset, length = struct.unpack("<HH", body)
        if self.tdi.state not in (LOCKED, RUN):
            raise Refused(INVALID_STATE)
        if offset >= len(self.tdi.report):
            raise Refused(INVALID_REQUEST)
        part = self.tdi.report[offset : offset + length]
        return struct.pack("<HH", len(part), len(self.tdi.report) - offset - len(part)) + part

    def start(self, nonce: bytes) -> bytes:
        if self.tdi.state != LOCKED:
            raise Refused(INVALID_STATE)
        if nonce != self.tdi.nonce:
            raise Refused(INVALID_NONCE)
        self.tdi.nonce = b""
        self.tdi.state = RUN
        return b""

    def stop(self) -> bytes:
        self.tdi = Tdi()
        return b""

    def bind(self, session: str, stream_id: int) -> bytes:
        stream = self.streams.get(stream_id, Stream())
        if self.tdi.state != RUN:
            raise Refused(INVALID_STATE)
        if not self.tdi.flags & BIND_P2P:
            raise Refused(INVALID_REQUEST)
        if stream_id == self.default_stream:
            raise Refused(INVALID_REQUEST)
        if not stream.complete("programmed", "used"):
            raise Refused(INVALID_REQUEST)
        if stream.session != self.tdi.session:
            raise Refused(INVALID_REQUEST)
        if self.tdi.p2p:
            raise Refused(INVALID_REQUEST)
        if self.p2p_fault != "none":
            raise Refused(INVALID_REQUEST)
        self.tdi.p2p = stream_id
        return b""

    def unbind(self, stream_id: int) -> bytes:
        if self.tdi.state != RUN:
            raise Refused(INVALID_STATE)
        if not self.tdi.p2p or stream_id != self.tdi.p2p:
            raise Refused(INVALID_REQUEST)
        self.tdi.p2p = 0
        return b""

    def set_attribute(self, body: bytes) -> bytes:
        first, pages, attributes, range_id = struct.unpack("<QIHH", body)
        if self.tdi.state != RUN:
            raise Refused(INVALID_STATE)
        ranges = [(f + (self.tdi.offset >> 12), n) for f, n, a, bar in PAGES if a & 8 and bar == range_id]
        if not any(f <= first and first + pages <= f + n for f, n in ranges):
            raise Refused(INVALID_REQUEST)
        self.tdi.shared = bool(attributes & 4)
        return b""

    # --- IDE_KM ---------------------------------------------------------------------------------------------------------

    def ide_km(self, session: str, m: bytes) -> bytes | None:
        if not m:
            return None
        if m[0] == 0:
            return self.query(session, m) if len(m) == 3 else None
        if len(m) < 7:
            return None
        stream_id, kss, port = m[3], m[5], m[6]
        if m[0] == 2:
            status = self.key_prog(session, stream_id, kss, port, m)
            return None if status is None else bytes((3, 0, 0, stream_id, status, kss, port))
        if m[0] not in (4, 5) or len(m) != 7:
            return None
        done = self.key_go(session, stream_id, kss, port) if m[0] == 4 else self.key_stop(session, stream_id, kss, port)
        return bytes((6, 0, 0, stream_id, 0, kss, port)) if done else None

    def owned(self, session: str, stream: Stream) -> bool:
        """Whether the session may speak of the stream: it keyed it, or nobody's session did that lives."""
        return stream.session in ("", session) or stream.session not in self.sessions

    def query(self, session: str, m: bytes) -> bytes | None:
        if not self.owned(session, self.stream(self.default_stream)):
            return None
        return bytes((1, 0, self.port, 0, 1, 0, 0)) + struct.pack("<II", 0x0001_0042, 0)

    def key_prog(self, session: str, stream_id: int, kss: int, port: int, m: bytes) -> int | None:
        stream = self.stream(stream_id)
        if not self.owned(session, stream):
            return None
        if len(m) != 47:
            return 1
        if port != self.port:
            return 2
        if kss >> 4 > 2 or m[39:47] != bytes((0, 0, 0, 0, 1, 0, 0, 0)):
            return 3
        if stream.slots.get(kss) == "used":
            return 4
        stream.slots[kss] = "programmed"
        stream.session = session
        return 0

    def key_go(self, session: str, stream_id: int, kss: int, port: int) -> bool:
        stream = self.stream(stream_id)
        if port != self.port or not self.owned(session, stream):
            return False
        if stream.slots.get(kss) != "programmed":
            return False
        stream.slots[kss] = "used"
        if kss & 2 and all(stream.slots.get(kss & 1 | 2 | sub << 4) == "used" for sub in (0, 1, 2)):
            # The transmitter moves to this set, and the set before is not used again.
            for sub in (0, 1, 2):
                stream.slots.pop(kss & 1 ^ 1 | 2 | sub << 4, None)
        self.settle(stream)
        return True

    def key_stop(self, session: str, stream_id: int, kss: int, port: int) -> bool:
        stream = self.stream(stream_id)
        if port != self.port or not self.owned(session, stream):
            return False
        if stream.slots.get(kss) != "used":
            return False
        del stream.slots[kss]
        return True

    def settle(self, stream: Stream) -> None:
        if stream.enabled and not stream.failed and stream.complete("used"):
            stream.secure = True

    def stream(self, stream_id: int) -> Stream:
        return self.streams.setdefault(stream_id, Stream())

    # --- What else happens to the device ------------------------------------------------------------------------------------

    def control(self, name: str, *args: str) -> bool:
        """Cause an event by its name; False where it is refused or has nothing to happen to."""
        method = getattr(self, f"on_{name}", None)
        return method is not None and method(*args) is not False

    def observe(self) -> dict[str, str]:
        """What is true inside, for those who may look."""
        stream = self.stream(self.default_stream)
        keyed = stream.complete("programmed", "used")
        return {
            "state": ("CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR")[self.tdi.state],
            "keyed": str(keyed),
            "secure": str(stream.secure),
        }

    def to_error(self) -> None:
        if self.tdi.state in (LOCKED, RUN):
            self.tdi = Tdi(ERROR)

    def end_session(self, session: str) -> None:
        self.sessions.discard(session)
        for stream_id, stream in self.streams.items():
            if stream.session == session:
                stream.lose()
                stream.session = ""
                if stream_id == self.tdi.p2p:
                    self.to_error()
        if self.tdi.session == session:
            self.to_error()

    def end_all(self) -> None:
        for session in tuple(self.sessions):
            self.end_session(session)

    def on_session_open(self, session: str) -> None:
        if not self.multi_session:
            self.end_session(OTHER[session])
        self.sessions.add(session)

    def on_session_close(self, session: str) -> None:
        self.end_session(session)

    def on_get_version(self) -> None:
        self.end_all()

    def on_ide_enable(self) -> None:
        stream = self.stream(self.default_stream)
        stream.enabled = True
        self.settle(stream)

    def on_ide_disable(self) -> None:
        stream = self.stream(self.default_stream)
        if stream.secure:
            stream.lose()
            self.to_error()
        stream.enabled = stream.failed = False

    def on_stream_lost(self) -> None:
        stream = self.stream(self.default_stream)
        if stream.secure:
            stream.lose()
            self.to_error()

    def on_root_port_write(self) -> None:
        self.on_stream_lost()

    def on_ide_register_write(self) -> None:
        self.to_error()

    def on_p2p_stream_lost(self) -> None:
        if self.tdi.p2p:
            self.stream(self.tdi.p2p).lose()
            self.to_error()

    def on_config_change(self) -> None:
        self.to_error()

    def on_tolerated(self) -> None:
        pass

    def on_ats_capability_write(self) -> None:
        pass

    def on_msix_write(self) -> None:
        if self.tdi.flags & LOCK_MSIX:
            self.to_error()

    def on_device_error(self) -> None:
        self.to_error()

    def on_ats_anomaly(self) -> None:
        if self.tdi.state == RUN:
            self.to_error()

    def on_flr(self) -> None:
        # Function 0: the streams of the port go as well.
        for stream in self.streams.values():
            stream.lose()
            stream.enabled = stream.failed = False
        self.to_error()

    def on_conventional_reset(self) -> None:
        self.sessions.clear()
        self.streams.clear()
        self.tdi = Tdi()

    def on_debug_authorised(self) -> None:
        for stream in self.streams.values():
            stream.lose()
        self.end_all()
        self.to_error()

    def on_firmware_update(self, lower_svn: str) -> bool:
        if self.tdi.flags & NO_FW_UPDATE and self.tdi.state in (LOCKED, RUN):
            return False
        return not (lower_svn == "true" and self.tdi.state in (LOCKED, RUN))

    def on_fault(self, name: str) -> None:
        self.fault = name

    def on_p2p_fault(self, name: str) -> None:
        self.p2p_fault = name
