"""SPDM sessions, CMA and who owns the mailbox."""

from __future__ import annotations

from .question import Question

QUESTIONS = (
    Question("Q29", "M1, M14 Kardashevskiy", "Where a device serves one session only, is the host's GET_VERSION kept away while the TSM owns it?"),
    Question("Q30", "M4 Wunner", "Does claiming ownership at connect keep the TSM's session, streams and TDIs from being reset by the host's own CMA?"),
    Question("Q31", "M5 Cameron", "Is a host that resets the session only denying service: does nothing unsafe follow?"),
    Question("Q32", "M5 Cameron, M10 Williams", "Does proxying through the host reveal no keys and allow no forgery?"),
    Question("Q33", "M1 Kardashevskiy", "Does the host never learn the IDE keys that the TSM set?"),
    Question("Q34", "RISC-V CoVE-IO, the mirror of M1", "Is a TDI bound only where the TSM owns the keys of a Secure stream?"),
    Question("Q35", "M4 Wunner", "Do root port and endpoint hold the same key for each set and sub-stream before either uses it?"),
    Question("Q36", "M10 Williams, M11 Cameron", "Does evidence from a VF's own CMA, which the host proxies, never by itself open a private gate?"),
    Question("Q37", "M14 Kardashevskiy", "Is a second connect refused or without effect, so that slot and session stay as they were?"),
    Question("Q38", "M3 Wunner", "Does what the host shows as authenticated agree with the state of the connection?"),
)  # fmt: skip
