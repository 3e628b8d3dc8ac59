"""Order of the lifecycle, teardown, errors."""

from __future__ import annotations

from .question import Probe, Question, probes

QUESTIONS = (
    Question(
        "Q39", "M13 Ortiz",
        "Without a bind, is there no TDISP action: does a TDI that was never bound stay in CONFIG_UNLOCKED?",
        probes("locked-by-the-tsm-means-bound", "ide-alone-never-moves-a-tdi"), ("host", "tsm"),
        yes="The TSM locks bound TDIs only, and connecting moves no TDI.", no="A TDI is locked that nobody bound.",
    ),
    Question(
        "Q40", "M13 Ortiz, M16 Kardashevskiy",
        "Can a device be connected, with a Secure stream, and no TDI ever be bound?",
        probes("ide-without-tdisp", "connected-and-never-bound"), (),
        yes="IDE serves the host alone.", no="A stream exists only for TDISP.",
    ),
    Question(
        "Q41", "M15 Ortiz",
        "May the connection wait for the first bind, with the same safety?",
        (
            *(Probe(p, {"connect_policy": c}) for c in ("lazy", "eager")
              for p in ("private-dma-only-bound-and-over-a-secure-stream", "bind-needs-connect")),
        ),
        ("tsm",),
        yes="When the stream is set up makes no difference to what reaches a TVM.", no="One of the two orders is unsafe.",
    ),
    Question(
        "Q42", "M1 Kardashevskiy",
        "When the TSM gives a device up, are all its TDIs unlocked or in ERROR and all gates shut?",
        probes("no-open-gate-without-a-session", "lock-needs-its-keying-session", "disconnect-leaves-nothing-behind"),
        ("disconnect_bound", "host"),
        yes="No gate and no lock outlives the session.",
        no="The session can end by other hands than the TSM's (GET_VERSION, reset), and the gates stay open until unbind. No T=1 "
        "request passes them, since the stream is lost with the session.",
    ),
    Question(
        "Q43", "M17 Ortiz", "Does a rejected TDI always end unlocked and unmapped?",
        probes("stopping-shuts-the-gates", "unbind-is-always-possible"), ("stop_in_unlocked",),
        yes="Unbinding is possible whatever the guest said, and shuts everything.", no="Something stays behind.",
    ),
    Question(
        "Q44", "M17 Ortiz", "Can nobody override the guest's rejection?",
        probes("gate-open-only-for-who-accepted", "no-tbit-dma-effective-before-accept", "no-gate-is-open-for-a-guest-that-has-not-accepted"),
        ("tsm", "root_complex", "epoch_bind", "host"),
        yes="A TVM that did not accept has shut gates.", no="A gate is open for an epoch that the TVM has not accepted.",
    ),
    Question(
        "Q45", "[D]; Yilun, list 2025",
        "Does every way from RUN to CONFIG_UNLOCKED shut the gates before another TVM or the host can use the device?",
        probes("gates-closed-before-reuse", "no-open-gate-on-an-unlocked-tdi", "taken-back-only-when-stopped", "stopped-in-the-record-is-stopped"),
        ("tsm", "stop_failure", "force_reclaim"),
        yes="Nobody finds a gate open that is not his.",
        no="A reset unlocks the TDI at once and the gates follow only at unbind (the strict reading); before the TDI can belong to "
        "another TVM they are shut (gates-closed-before-reuse). Where a failed STOP counts as success, or the host forces the "
        "reclaim, memory goes back while the TDI may still be locked.",
    ),
    Question(
        "Q46", "M10 Williams", "Can a TDI be recovered from ERROR for the same running TVM, with evidence of the new epoch?",
        probes("error-can-be-left", "a-tdi-comes-back-after-error", "error-is-left-without-ending-the-tvm"), (),
        yes="Unbind, bind, evidence, acceptance lead back to full use.", no="There is no way back.",
    ),
    Question(
        "Q47", "M10 Williams", "Is locking before assignment as safe as after it?",
        probes("no-tbit-dma-effective-before-accept", "accepted-evidence-is-of-this-epoch"), ("lock_by", "epoch_bind"),
        yes="The TVM sees that the epoch is unchanged since the lock.",
        no="Who locks makes no difference: a relock is not noticed either way, unless the epoch is named.",
    ),
    Question(
        "Q48", "M15 Ortiz, M16 Kardashevskiy", "Does a guest always see a device that is bound (or plainly legacy)?",
        probes("what-the-guest-sees-is-bound", "legacy-tdis-stay-unlocked"), ("host", "bind_by"),
        yes="Visible means bound.", no="A guest sees a device that is not bound yet, or not any more (disagreement D3 of the thread).",
    ),
    Question(
        "Q49", "M7 Cameron", "Is a change that the PF makes to a locked VF's configuration detected?",
        probes("what-changes-the-configuration-ends-the-lock", "a-change-of-configuration-ends-the-lock"), ("device",),
        yes="A tracked change takes the VF to ERROR.", no="A locked VF is reconfigured unnoticed.",
    ),
    Question(
        "Q50", "M7 Cameron, M10 Williams", "Can a guest drive the device in shared mode before the lock and come to private use afterwards?",
        probes("a-driver-can-stay-over-the-lock"), ("driver_over_lock",),
        yes="The driver may stay bound over the lock.", no="The driver has to be unbound first: the Linux TSM core refuses otherwise.",
    ),
    Question(
        "Q51", "[D] from M7", "Is what was configured before the lock attested, so that a hostile pre-configuration is seen?",
        probes("configuration-before-the-lock-is-attested"), ("config_reported", "check_reference", "host"),
        yes="The guest sees the configuration that was locked.", no="What the host configured before the lock is accepted unseen.",
    ),
    Question(
        "Q52",
        "Gunthorpe and others, list 2025",
        "Does clearing MSE or BME, or a reset, before the unbind do no harm but ERROR?",
        probes("flr-takes-to-error", "what-changes-the-configuration-ends-the-lock", "no-gate-into-freed-memory"),
        ("close_order", "memory_reuse"),
        yes="The TDI goes to ERROR and nothing else follows; the order costs service, not safety.",
        no="The wrong order leaves a gate into memory that was given back.",
    ),
    Question(
        "Q53", "[D]; list 2025", "After a TVM's death, is its memory reused only when no gate leads to it?",
        probes("no-gate-into-freed-memory", "memory-goes-back-only-when-all-is-unbound", "a-new-tvm-starts-with-nothing"),
        ("memory_reuse", "close_order", "tsm"),
        yes="Whoever holds the memory waits for the gates.", no="Memory goes back to the host while a gate still leads into it.",
    ),
    Question(
        "Q54", "M17 Ortiz", "Can a TVM stop its TDI by itself?",
        probes("a-guest-can-stop-its-tdi", "a-guest-has-a-stop-of-its-own"), ("guest_stop",),
        yes="A call of the guest's stops the TDI, whatever the host does.",
        no="It must ask the host; by itself it can only have gates shut.",
    ),
    Question(
        "Q55", "[D]", "After surprise removal, can the TSM free everything without the device?",
        probes("a-removed-device-can-be-unbound", "a-removed-device-can-be-disconnected"), (),
        yes="Neither unbind nor disconnect waits for a device that is gone.", no="Resources stay held by a device that is gone.",
    ),
)  # fmt: skip
