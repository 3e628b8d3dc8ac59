"""IDE_KM objects (P63 §6.33.3), without the protocol byte before them."""

from __future__ import annotations

from dataclasses import dataclass

from .layout import Field, Layout, Protocol, number, rest, words

_SET: tuple[Field, ...] = (
    number("code", 1),
    number("reserved", 2),
    number("stream", 1),
    number("status", 1),
    number("kss", 1),
    number("port", 1),
)
"""Only KP_ACK has a status; elsewhere the byte is reserved."""

IDE_KM = Protocol(
    "IDE_KM",
    0,
    (
        Layout("QUERY", 0x00, (number("code", 1), number("reserved", 1), number("port", 1))),
        Layout(
            "QUERY_RESP",
            0x01,
            (
                number("code", 1), number("reserved", 1), number("port", 1), number("devfn", 1), number("bus", 1),
                number("segment", 1), number("max_port", 1), rest("registers", 4),
            ),
        ),
        Layout("KEY_PROG", 0x02, (*_SET, words("key", 8), words("ifv", 2))),
        Layout("KP_ACK", 0x03, _SET),
        Layout("K_SET_GO", 0x04, _SET),
        Layout("K_SET_STOP", 0x05, _SET),
        Layout("K_GOSTOP_ACK", 0x06, _SET),
    ),
)  # fmt: skip

KP_STATUS = {0: "ok", 1: "INCORRECT_LENGTH", 2: "UNSUPPORTED_PORT", 3: "UNSUPPORTED_VALUE", 4: "UNSPECIFIED_FAILURE"}


@dataclass(frozen=True)
class KSS:
    """The byte of key set, direction (seen from the programmed port) and sub-stream; bits 3:2 are reserved."""

    key_set: int
    tx: bool
    sub_stream: int
    reserved: int = 0

    @property
    def byte(self) -> int:
        return self.key_set | self.tx << 1 | self.reserved << 2 | self.sub_stream << 4

    @classmethod
    def of(cls, byte: int) -> KSS:
        return cls(byte & 1, bool(byte & 2), byte >> 4, byte >> 2 & 3)
