"""The bytes of TDISP, IDE_KM and their envelopes. Decoding is total: any bytes are a message, or a described malformation."""

from .envelope import DOE_SECURED, DOE_SPDM, Doe, Emulator, Vdm, decode_doe, decode_emulator, decode_vdm
from .ide_km import IDE_KM, KSS
from .layout import Malformed, Message, Protocol
from .report import MmioRange, Report, decode_report, encode_report
from .tdisp import ERROR_CODES, STATES, TDISP, error_name

__all__ = [
    "DOE_SECURED",
    "DOE_SPDM",
    "ERROR_CODES",
    "IDE_KM",
    "KSS",
    "STATES",
    "TDISP",
    "Doe",
    "Emulator",
    "Malformed",
    "Message",
    "MmioRange",
    "Protocol",
    "Report",
    "Vdm",
    "decode_doe",
    "decode_emulator",
    "decode_report",
    "decode_vdm",
    "encode_report",
    "error_name",
]
