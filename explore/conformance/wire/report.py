"""The TDISP device interface report (P63 §11.3.11, Table 11-15)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .layout import Malformed

NO_FW_UPDATE = 1
"""Bit of INTERFACE_INFO."""
MSIX_TABLE, MSIX_PBA, NON_TEE, UPDATABLE = 1, 2, 4, 8
"""Attributes of a range."""

_HEAD = struct.Struct("<HHHHII")
_RANGE = struct.Struct("<QIHH")


@dataclass(frozen=True)
class MmioRange:
    """A range of MMIO: its first page with the reporting offset added, its size in pages of 4 KiB."""

    first_page: int
    pages: int
    attributes: int
    range_id: int


@dataclass(frozen=True)
class Report:
    """The decoded report."""

    info: int
    reserved: int
    msix_control: int
    lnr_control: int
    tph_control: int
    ranges: tuple[MmioRange, ...]
    device_info: bytes = b""


def encode_report(r: Report) -> bytes:
    """The bytes of a report."""
    head = _HEAD.pack(r.info, r.reserved, r.msix_control, r.lnr_control, r.tph_control, len(r.ranges))
    body = b"".join(_RANGE.pack(x.first_page, x.pages, x.attributes, x.range_id) for x in r.ranges)
    return head + body + struct.pack("<I", len(r.device_info)) + r.device_info


def decode_report(data: bytes) -> Report | Malformed:
    """What the bytes of a whole report are. Never raises."""
    if len(data) < _HEAD.size:
        return Malformed(f"the head needs {_HEAD.size} bytes, there are {len(data)}", data, "report")
    info, reserved, msix, lnr, tph, count = _HEAD.unpack_from(data)
    at = _HEAD.size + count * _RANGE.size
    if len(data) < at + 4:
        return Malformed(f"{count} ranges and a length need {at + 4} bytes, there are {len(data)}", data, "report")
    ranges = tuple(MmioRange(*_RANGE.unpack_from(data, _HEAD.size + i * _RANGE.size)) for i in range(count))
    (length,) = struct.unpack_from("<I", data, at)
    if len(data) != at + 4 + length:
        return Malformed(f"device specific information of {length} bytes, there are {len(data) - at - 4}", data, "report")
    return Report(info, reserved, msix, lnr, tph, ranges, data[at + 4 :])
