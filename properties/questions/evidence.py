"""Measurements, certificates, nonces: what the evidence is worth."""

from __future__ import annotations

from .question import Question, probes

QUESTIONS = (
    Question("Q15", "M2 Glaze", "Is the measurement fresh for this verifier: with a nonce of its own, of this epoch?"),
    Question("Q16", "M3 Wunner against M2 Glaze", "Is the nonce inside SPDM enough, so that a proxy's replay of an older signed transcript is noticed?"),
    Question(
        "Q17", "M4 Wunner, M14 Kardashevskiy", "Was the accepted measurement taken after the lock, in the lock epoch that is accepted?",
    ),
    Question("Q18", "M4 Wunner", "Does a device that returns values from boot (MEAS_FRESH clear) still show a firmware update?"),
    Question("Q19", "M4 Wunner, M14 Kardashevskiy", "Do certificate chain, session key and measurement signature come from one slot?"),
    Question("Q20", "M4 Wunner, M14 Kardashevskiy", "Are the gates shut until the guest's own verifier approved the certificate chain, so that the TSM needs no roots?"),
    Question("Q21", "M4 Wunner", "Does the guest refuse bytes from the host that do not match the TSM's digest?"),
    Question("Q22", "M3, M4 Wunner", "Are measurement and interface report of one epoch when the guest accepts?"),
    Question("Q23", "M11 Cameron", "Is acceptance monotone in the verification policy: all implies any implies none?"),
    Question("Q24", "M15, M17 Ortiz", "Is a verdict used only for the lock epoch that it judged?",
             probes("accepted-evidence-is-of-this-epoch"), ("epoch_bind", "host"),
             yes="A relock between evidence and acceptance is noticed.",
             no="The host relocks in between, and the guest accepts a configuration that nobody measured."),
    Question("Q25", "M4 Wunner", "Does the evidence cover every measurement index?"),
    Question("Q26", "M2 Glaze", "Is it safe that the host caches and hands out certificates and reports?"),
    Question("Q27", "M17 Ortiz", "Are secrets released only when every device in private use is attested in its current epoch?"),
    Question("Q28", "M5, M12 Cameron", "Can a check by the host only deny a device, and never weaken the guest's safety?"),
)  # fmt: skip
