"""The host's policies, IDE streams and other resources."""

from __future__ import annotations

from .question import Question

QUESTIONS = (
    Question("Q56", "M1 Kardashevskiy, M13 Ortiz", "Is IDE alone, without any bind, safe and useful?"),
    Question("Q57", "M4 Wunner, M14 Kardashevskiy", "May a device with IDE but without TEE-IO be connected, and is its bind refused?"),
    Question("Q58", "M9 Williams: who wins when we run out of streams?", "Is the pool never overcommitted, is no stream taken from a bound TDI, and is every bind request granted in the end?"),
    Question("Q59", "M9 Williams", "Under lazy IDE, is a stream Secure only when it was asked for?"),
    Question("Q60", "M6 Kardashevskiy: panic, warn or block?", "When IDE cannot be set up, is an unprotected device kept from being used, and is a TVM safe even under warn?"),
    Question("Q61", "M7 Cameron", "When IDE is switched off while a TDI is bound, does the TDI go to ERROR and take no more effect?"),
    Question("Q62", "M5 Cameron, M8 Williams", "Does the guest's safety never depend on the host's policy at connect, bind or probe?"),
    Question("Q63", "M5 Cameron", "May the host trigger a key refresh at any time without a gap in protection?"),
    Question("Q64", "M12 Cameron", "Does Link IDE in a switch, outside the host's control, never count as the stream that TDISP needs?"),
    Question("Q65", "M11 Cameron", "When sources of evidence disagree, does the guest's policy decide, and can the host only refuse to allocate?"),
    Question("Q66", "M4 Wunner", "When the TSM takes a device over from the operating system and gives it back, is there no interval in which two sessions live where one only can?"),
)  # fmt: skip
