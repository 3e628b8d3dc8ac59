"""DOE traffic in the clear from a pcap file: each packet is taken for one data object, or for one frame of the emulator's socket.

SPDM messages come out in order, as lines of a message log. Direction is told by the SPDM code: requests have the top bit set.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from ...model.language import ModelError
from .wire import DOE_SECURED, Malformed, decode_doe, decode_emulator

_MAGIC = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\x3c\x4d": ">"}
_FILE = 24
_PACKET = 16
_PCAPNG = b"\x0a\x0d\x0d\x0a"


def messages(data: bytes, name: str) -> Iterator[dict[str, Any]]:
    """The SPDM messages of a pcap file. What cannot be read comes as a line that says so. Raises `ModelError` for another format."""
    if data[:4] == _PCAPNG:
        raise ModelError(f"{name}: is pcapng: convert it to pcap first (editcap -F pcap)")
    order = _MAGIC.get(data[:4])
    if order is None or len(data) < _FILE:
        raise ModelError(f"{name}: is no pcap file")
    at = _FILE
    while at + _PACKET <= len(data):
        (size,) = struct.unpack_from(order + "I", data, at + 8)
        packet = data[at + _PACKET : at + _PACKET + size]
        at += _PACKET + size
        yield _line(packet)
    if at != len(data):
        yield {"kind": "packet that is cut off"}


def _line(packet: bytes) -> dict[str, Any]:
    doe = decode_doe(packet)
    if isinstance(doe, Malformed):
        frame = decode_emulator(packet)
        doe = frame if isinstance(frame, Malformed) else decode_doe(frame.payload)
    if isinstance(doe, Malformed):
        return {"kind": "packet that is no DOE object"}
    if doe.kind == DOE_SECURED:
        return {"kind": "secured DOE object (encrypted)"}
    if doe.kind != 1 or len(doe.payload) < 4:
        return {"kind": f"DOE object of type {doe.kind}"}
    return {"dir": "req" if doe.payload[1] & 0x80 else "rsp", "session": "0", "hex": doe.payload.hex()}
