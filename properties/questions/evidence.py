"""Measurements, certificates, nonces: what the evidence is worth."""

from __future__ import annotations

from .question import Probe, Question, probes

QUESTIONS = (
    Question(
        "Q15", "M2 Glaze", "Is the measurement fresh for this verifier: with a nonce of its own, of this epoch?",
        probes("measurements-carry-a-nonce-of-the-verifier", "accepts-only-measurements-since-the-lock"),
        ("meas_nonce", "check_meas_nonce", "check_meas_fresh", "meas_fresh"),
        yes="The verifier's nonce comes back in measurements taken since the lock.",
        no="The nonce is somebody else's (or constant), or the measurements are from before the lock.",
    ),
    Question(
        "Q16", "M3 Wunner against M2 Glaze",
        "Is the nonce inside SPDM enough, so that a proxy's replay of an older signed transcript is noticed?",
        probes("the-tsms-measurements-are-not-replayed", "accepted-measurements-are-not-replayed", "no-message-of-another-time-is-taken"),
        ("replay_protection", "requester_nonce", "check_meas_digest", "measure_over"),
        yes="Inside the session sequence numbers refuse a replay, and what the host keeps does not match the TSM's digest.",
        no="A transcript that the host kept is taken for a new one.",
    ),
    Question(
        "Q17", "M4 Wunner, M14 Kardashevskiy", "Was the accepted measurement taken after the lock, in the lock epoch that is accepted?",
        probes("accepts-only-measurements-since-the-lock"), ("check_meas_fresh", "meas_digest_at_lock", "check_epoch", "host"),
        yes="What was measured is what is locked.",
        no="A measurement from before the lock, or of an earlier one, is accepted: its digest survives, or nobody looks at the mark.",
    ),
    Question(
        "Q18", "M4 Wunner", "Does a device that returns values from boot (MEAS_FRESH clear) still show a firmware update?",
        (
            Probe("firmware-that-runs-is-the-one-measured", {"meas_fresh": False}), Probe("firmware-stays-as-it-was-measured"),
        ),
        ("check_flags", "flags_by", "check_reference", "host"),
        yes="An update between boot and lock, or under the lock, is seen or kept out.",
        no="The firmware that runs is not the one that was measured: values are from boot, or the lock allows updates.",
    ),
    Question(
        "Q19", "M4 Wunner, M14 Kardashevskiy", "Do certificate chain, session key and measurement signature come from one slot?",
        probes("accepted-chain-is-that-of-the-session", "one-slot-for-certificates-session-and-measurements"),
        ("check_slot", "slots", "host"),
        yes="The chain that was verified is that of the session.", no="The guest verifies a chain of another slot than the session's.",
    ),
    Question(
        "Q20", "M4 Wunner, M14 Kardashevskiy",
        "Are the gates shut until the guest's own verifier approved the certificate chain, so that the TSM needs no roots?",
        probes("accepted-device-is-genuine", "dma-gate-opens-only-after-evidence-was-read"), ("check_chain", "policy", "host"),
        yes="The TSM may be indifferent: no gate opens before the guest has looked.",
        no="A device that nobody's roots vouch for gets an open gate.",
    ),
    Question(
        "Q21", "M4 Wunner", "Does the guest refuse bytes from the host that do not match the TSM's digest?",
        probes("accepted-report-has-the-tsms-digest", "no-tampered-report-is-taken-for-evidence"),
        ("check_report_digest", "digest_check", "host"),
        yes="Tampered bytes are refused.", no="The guest takes a report that the host has made.",
    ),
    Question(
        "Q22", "M3, M4 Wunner", "Are measurement and interface report of one epoch when the guest accepts?",
        probes("verdict-is-used-only-in-its-epoch"), ("check_epoch", "epoch_bind", "meas_digest_at_lock", "report_digest_at_lock", "token_read"),
        yes="All parts of the evidence are of the lock that is accepted.", no="Parts of different locks are put together.",
    ),
    Question(
        "Q23", "M11 Cameron", "Is acceptance safe under every policy over the sources of evidence, and monotone: all implies any implies none?",
        probes("approval-rests-on-evidence-by-way-of-the-tsm"), ("policy",),
        yes="Whatever other sources say, approval rests on the evidence by way of the TSM.",
        no="Under any, one wrong source is enough; under none, none is needed. All can only refuse more (the order is that of the "
        "policies' conditions, and the model's verdicts follow it).",
    ),
    Question(
        "Q24", "M15, M17 Ortiz", "Is a verdict used only for the lock epoch that it judged?",
        probes("accepted-evidence-is-of-this-epoch", "verdict-is-used-only-in-its-epoch", "accepts-only-what-was-approved-in-this-epoch"),
        ("epoch_bind", "check_epoch", "token_read", "host"),
        yes="A relock between evidence and acceptance is noticed.",
        no="The host relocks in between, and the guest accepts a configuration that nobody measured.",
    ),
    Question(
        "Q25", "M4 Wunner", "Does the evidence cover every measurement index?",
        (Probe("firmware-that-runs-is-the-one-measured", {"meas_complete": False}),), ("meas_complete", "check_reference"),
        yes="What is not measured is not needed.", no="Firmware that no read index covers may be anything.",
    ),
    Question(
        "Q26", "M2 Glaze", "Is it safe that the host caches and hands out certificates and reports?",
        probes("accepted-report-has-the-tsms-digest", "accepted-chain-is-that-of-the-session", "accepted-measurements-are-not-replayed"),
        ("check_report_digest", "check_slot", "check_meas_digest", "host"),
        yes="The cache is not trusted: every part is held against the TSM's digest.", no="What the host hands out is believed.",
    ),
    Question(
        "Q27", "M17 Ortiz", "Are secrets released only when every device in private use is attested in its current epoch?",
        probes("secret-only-to-a-device-verified-in-this-epoch"), ("secret_gate", "check_epoch", "epoch_bind", "host"),
        yes="No secret reaches a device that was not verified as it is locked now.", no="A secret is within reach of an unverified device.",
    ),
    Question(
        "Q28", "M5, M12 Cameron", "Can a check by the host only deny a device, and never weaken the guest's safety?",
        (
            Probe("private-dma-only-bound-and-over-a-secure-stream", {"host_check": True}),
            Probe("private-dma-only-bound-and-over-a-secure-stream", {"host_check": False}),
        ),
        ("host", "root_complex"),
        yes="With the check and without it the guest is as safe.", no="The guest's safety depends on the host's check.",
    ),
)  # fmt: skip
