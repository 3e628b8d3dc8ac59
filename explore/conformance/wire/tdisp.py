"""TDISP messages (P63 §11.3): a header of 16 bytes, and a body by message type."""

from __future__ import annotations

from .layout import Field, Layout, Protocol, counted, number, raw, rest

VERSION = 0x10
HEADER: tuple[Field, ...] = (
    number("version", 1),
    number("code", 1),
    number("reserved", 2),
    number("function_id", 4),
    number("reserved_id", 8),
)
HEADER_SIZE = 16


def _message(kind: str, code: int, *body: Field) -> Layout:
    return Layout(kind, code, (*HEADER, *body))


TDISP = Protocol(
    "TDISP",
    1,
    (
        _message("GET_TDISP_VERSION", 0x81),
        _message("TDISP_VERSION", 0x01, number("count", 1), counted("versions", "count")),
        _message("GET_TDISP_CAPABILITIES", 0x82, number("tsm_caps", 4)),
        _message(
            "TDISP_CAPABILITIES",
            0x02,
            number("dsm_caps", 4),
            raw("requests", 16),
            number("lock_flags", 2),
            raw("reserved_caps", 3),
            number("address_width", 1),
            number("num_req_this", 1),
            number("num_req_all", 1),
        ),
        _message(
            "LOCK_INTERFACE",
            0x83,
            number("flags", 2),
            number("stream_id", 1),
            number("reserved_lock", 1),
            number("offset", 8),
            number("p2p_mask", 8),
        ),
        _message("LOCK_INTERFACE_RESPONSE", 0x03, raw("nonce", 32)),
        _message("GET_DEVICE_INTERFACE_REPORT", 0x84, number("offset", 2), number("length", 2)),
        _message("DEVICE_INTERFACE_REPORT", 0x04, number("portion", 2), number("remainder", 2), counted("report", "portion")),
        _message("GET_DEVICE_INTERFACE_STATE", 0x85),
        _message("DEVICE_INTERFACE_STATE", 0x05, number("state", 1)),
        _message("START_INTERFACE", 0x86, raw("nonce", 32)),
        _message("START_INTERFACE_RESPONSE", 0x06),
        _message("STOP_INTERFACE", 0x87),
        _message("STOP_INTERFACE_RESPONSE", 0x07),
        _message("BIND_P2P_STREAM", 0x88, number("stream_id", 1)),
        _message("BIND_P2P_STREAM_RESPONSE", 0x08),
        _message("UNBIND_P2P_STREAM", 0x89, number("stream_id", 1)),
        _message("UNBIND_P2P_STREAM_RESPONSE", 0x09),
        _message(
            "SET_MMIO_ATTRIBUTE", 0x8A, number("first_page", 8), number("pages", 4), number("attributes", 2), number("range_id", 2)
        ),
        _message("SET_MMIO_ATTRIBUTE_RESPONSE", 0x0A),
        _message("VDM", 0x8B, number("registry", 1), number("id_length", 1), counted("vendor_id", "id_length"), rest("data")),
        _message("VDM_RESPONSE", 0x0B, number("registry", 1), number("id_length", 1), counted("vendor_id", "id_length"), rest("data")),
        _message("TDISP_ERROR", 0x7F, number("error", 4), number("data", 4), rest("extended")),
    ),
)  # fmt: skip

STATES = ("CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR")
"""By their codes (P63 §11.3.13)."""

ERROR_CODES = {
    0x0001: "INVALID_REQUEST", 0x0003: "BUSY", 0x0004: "INVALID_INTERFACE_STATE", 0x0005: "UNSPECIFIED", 0x0007: "UNSUPPORTED_REQUEST",
    0x0041: "VERSION_MISMATCH", 0x00FF: "VENDOR_SPECIFIC", 0x0101: "INVALID_INTERFACE", 0x0102: "INVALID_NONCE",
    0x0103: "INSUFFICIENT_ENTROPY", 0x0104: "INVALID_DEVICE_CONFIGURATION",
}  # fmt: skip
"""P63 Table 11-27."""


def error_name(code: int) -> str:
    """The name of an error code; unassigned ones by number."""
    return ERROR_CODES.get(code, f"error {code:#06x}")
