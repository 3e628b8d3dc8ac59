"""What carries TDISP and IDE_KM: SPDM vendor-defined messages, DOE objects, the framing of the DMTF emulator's socket."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .layout import Malformed

PCI_SIG, PCI_SIG_VENDOR = 3, 1
"""Standard id of the registry, vendor id of the PCI-SIG."""
REQUEST, RESPONSE = 0xFE, 0x7E
PROTOCOLS = {0: "IDE_KM", 1: "TDISP"}

_VDM = struct.Struct("<BBBBHB")
_LARGE = 0x80


@dataclass(frozen=True)
class Vdm:
    """An SPDM VENDOR_DEFINED request or response. ``large``: the form of SPDM 1.4 with a length of 32 bits."""

    code: int
    payload: bytes
    protocol: int
    version: int = 0x12
    large: bool = False
    param1: int = 0
    """Without the bit that says ``large``."""
    param2: int = 0
    standard: int = PCI_SIG
    vendor: bytes = struct.pack("<H", PCI_SIG_VENDOR)
    reserved: int = 0
    """Only in the large form."""
    trailing: bytes = b""
    """What follows: the padding of the envelope around."""

    def encode(self) -> bytes:
        head = _VDM.pack(
            self.version,
            self.code,
            self.param1 | (_LARGE if self.large else 0),
            self.param2,
            self.standard,
            len(self.vendor),
        )
        size = len(self.payload) + 1
        length = struct.pack("<HI", self.reserved, size) if self.large else struct.pack("<H", size)
        return head + self.vendor + length + bytes((self.protocol,)) + self.payload + self.trailing


def decode_vdm(data: bytes) -> Vdm | Malformed:
    """What the bytes are. Never raises. Both forms of the length are taken."""
    if len(data) < _VDM.size:
        return Malformed(f"the head needs {_VDM.size} bytes, there are {len(data)}", data, "VENDOR_DEFINED")
    version, code, p1, p2, standard, id_length = _VDM.unpack_from(data)
    if code not in (REQUEST, RESPONSE):
        return Malformed(f"SPDM code {code:#04x} is no vendor-defined message", data)
    large = version >= 0x14 and bool(p1 & _LARGE)
    at = _VDM.size + id_length
    tail = struct.Struct("<HI" if large else "<H")
    if len(data) < at + tail.size + 1:
        return Malformed(
            f"vendor id, length and protocol end at {at + tail.size + 1}, there are {len(data)} bytes",
            data,
            "VENDOR_DEFINED",
        )
    vendor = data[_VDM.size : at]
    reserved, length = tail.unpack_from(data, at) if large else (0, *tail.unpack_from(data, at))
    at += tail.size
    if length < 1:
        return Malformed("a length of 0 leaves no room for the protocol", data, "VENDOR_DEFINED")
    if len(data) < at + length:
        return Malformed(f"the length says {length}, there are {len(data) - at} bytes", data, "VENDOR_DEFINED")
    return Vdm(
        code, data[at + 1 : at + length], data[at], version, large, p1 & ~_LARGE if large else p1, p2, standard, vendor, reserved,
        data[at + length :],
    )  # fmt: skip


_DOE = struct.Struct("<HBBI")
DOE_VENDOR = 1
DOE_SPDM, DOE_SECURED = 1, 2
_DOE_LIMIT = 1 << 18
"""Dwords; a length field of 0 stands for so many."""


@dataclass(frozen=True)
class Doe:
    """A data object of a DOE mailbox. The payload comes with its padding to whole dwords."""

    kind: int
    payload: bytes
    vendor: int = DOE_VENDOR
    reserved: int = 0

    def encode(self) -> bytes:
        padded = self.payload + bytes(-len(self.payload) % 4)
        dwords = (len(padded) + _DOE.size) // 4
        return _DOE.pack(self.vendor, self.kind, self.reserved, dwords % _DOE_LIMIT) + padded


def decode_doe(data: bytes) -> Doe | Malformed:
    """What the bytes are. Never raises."""
    if len(data) < _DOE.size:
        return Malformed(f"the head needs {_DOE.size} bytes, there are {len(data)}", data, "DOE object")
    vendor, kind, reserved, dwords = _DOE.unpack_from(data)
    size = 4 * (dwords or _DOE_LIMIT)
    if dwords >= _DOE_LIMIT:
        return Malformed(f"a length of {dwords} dwords is more than 18 bits hold", data, "DOE object")
    if size < _DOE.size or size != len(data):
        return Malformed(f"the length says {size} bytes, there are {len(data)}", data, "DOE object")
    return Doe(kind, data[_DOE.size :], vendor, reserved)


EMULATOR_HEAD = struct.Struct(">III")
NORMAL, SHUTDOWN, CONTINUE, TEST = 1, 0xFFFE, 0xFFFD, 0xDEAD
TRANSPORT_DOE = 2


@dataclass(frozen=True)
class Emulator:
    """A frame of the DMTF emulator's socket: big-endian command, transport and size, then what the transport carries."""

    command: int
    payload: bytes
    transport: int = TRANSPORT_DOE

    def encode(self) -> bytes:
        return EMULATOR_HEAD.pack(self.command, self.transport, len(self.payload)) + self.payload


def decode_emulator(data: bytes) -> Emulator | Malformed:
    """What the bytes are. Never raises."""
    if len(data) < EMULATOR_HEAD.size:
        return Malformed(f"the head needs {EMULATOR_HEAD.size} bytes, there are {len(data)}", data, "emulator frame")
    command, transport, size = EMULATOR_HEAD.unpack_from(data)
    if size != len(data) - EMULATOR_HEAD.size:
        return Malformed(f"the size says {size}, there are {len(data) - EMULATOR_HEAD.size} bytes", data, "emulator frame")
    return Emulator(command, data[EMULATOR_HEAD.size :], transport)
