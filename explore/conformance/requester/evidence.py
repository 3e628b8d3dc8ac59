"""What a guest is shown of a device, and what it wants to see: bytes as simple as a test bench can have them.

Signatures are left out. A chain that begins with the digest of a root *is* signed by that root, and measurements that hold a nonce
*are* signed with it; nobody on the bench forges either. Everything else (who the device is, which slot, which firmware, which flags) is
in the bytes, and the TSM's digests (SHA-384) say which bytes it has seen itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ..wire.layout import Malformed
from ..wire.report import NO_FW_UPDATE, MmioRange, Report, decode_report, encode_report

ROOT_SIZE, DEVICE_SIZE, NONCE_SIZE, VALUE_SIZE = 48, 16, 32, 48
"""Bytes: digest of the root, name of the device, nonce, measured value."""


def digest(data: bytes) -> str:
    """SHA-384 in hexadecimal, as the TSM gives it."""
    return hashlib.sha384(data).hexdigest()


@dataclass(frozen=True)
class Wanted:
    """What the relying party wants of a device; a requester under test gets it at each reset, as ``NAME=VALUE``."""

    root: bytes = hashlib.sha384(b"root of the vendor").digest()
    device: bytes = b"the device wante"
    measured: bytes = hashlib.sha384(b"firmware 1").digest()
    flags: int = NO_FW_UPDATE
    """Bits of INTERFACE_INFO that must be set."""
    stream: int = 1
    configuration: bytes = b"as wanted"
    """The device specific part of the report."""

    def words(self) -> dict[str, str]:
        """By name, as they go over a line."""
        return {
            "root": self.root.hex(),
            "device": self.device.hex(),
            "measured": self.measured.hex(),
            "flags": str(self.flags),
            "stream": str(self.stream),
            "configuration": self.configuration.hex(),
        }

    @classmethod
    def of_words(cls, words: Mapping[str, str]) -> Wanted:
        """What `words` gave."""
        return cls(
            bytes.fromhex(words["root"]),
            bytes.fromhex(words["device"]),
            bytes.fromhex(words["measured"]),
            int(words["flags"]),
            int(words["stream"]),
            bytes.fromhex(words["configuration"]),
        )


WANTED = Wanted()

RANGES = (MmioRange(0x10, 4, 0, 0), MmioRange(0x20, 1, 0, 1), MmioRange(0x40, 8, 0, 2))
"""The MMIO of the TDI on the bench."""


@dataclass(frozen=True)
class Certificates:
    """A certificate chain: root, device, slot."""

    root: bytes
    device: bytes
    slot: int = 0

    def encode(self) -> bytes:
        return self.root + self.device + bytes((self.slot,))


def decode_certificates(data: bytes) -> Certificates | None:
    """None: these bytes are no chain."""
    if len(data) != ROOT_SIZE + DEVICE_SIZE + 1:
        return None
    return Certificates(data[:ROOT_SIZE], data[ROOT_SIZE:-1], data[-1])


@dataclass(frozen=True)
class Measurements:
    """What the device measured, signed with a nonce."""

    nonce: bytes
    value: bytes

    def encode(self) -> bytes:
        return self.nonce + self.value


def decode_measurements(data: bytes) -> Measurements | None:
    """None: these bytes are no measurements."""
    if len(data) != NONCE_SIZE + VALUE_SIZE:
        return None
    return Measurements(data[:NONCE_SIZE], data[NONCE_SIZE:])


def report_bytes(flags: int, configuration: bytes, ranges: tuple[MmioRange, ...] = RANGES) -> bytes:
    """An interface report (P63 Table 11-15)."""
    return encode_report(Report(flags, 0, 0, 0, 0, ranges, configuration))


def decode_interface_report(data: bytes) -> Report | None:
    """None: these bytes are no report."""
    found = decode_report(data)
    return None if isinstance(found, Malformed) else found
