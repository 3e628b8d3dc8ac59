"""What the abbreviations in citations stand for. The rules cite, this says what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

SOURCES: Mapping[str, str] = {
    r"P63": "PCI Express Base Specification 6.3",
    r"DSP0274": "DMTF SPDM",
    r"COV": "RISC-V CoVE-IO, by chapter",
    r"AMD": "SEV-TIO in Linux, host and guest, 2023 to 2026",
    r"TDX": "Intel TDX Connect and the TDX module",
    r"TF-RMM": "Arm's Realm Management Monitor",
    r"M\d+": 'message of that number in the list thread "TDISP enablement", 2023',
    r"\[D\]": "deduced here, stated by no source",
}
"""How an abbreviation begins (a regular expression) -> what it stands for. Names in full are not here."""

_SHOWN = {r"M\d+": "M1 …", r"\[D\]": "[D]"}


def key(citations: Iterable[str]) -> list[tuple[str, str]]:
    """Those abbreviations that some citations use, with what they stand for."""
    text = "\n".join(citations)
    return [
        (_SHOWN.get(pattern, pattern), meaning)
        for pattern, meaning in SOURCES.items()
        if re.search(rf"(?<![\w-]){pattern}(?![\w])", text)
    ]
