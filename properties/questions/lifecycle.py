"""Order of the lifecycle, teardown, errors."""

from __future__ import annotations

from .question import Question, probes

QUESTIONS = (
    Question("Q39", "M13 Ortiz", "Without a bind, is there no TDISP action: does a TDI that was never bound stay in CONFIG_UNLOCKED?",
             probes("locked-by-the-tsm-means-bound", "ide-alone-never-moves-a-tdi"), ("host",),
             yes="The TSM locks bound TDIs only, and connecting moves no TDI.",
             no="A TDI is locked that nobody bound."),
    Question("Q40", "M13 Ortiz, M16 Kardashevskiy", "Can a device be connected, with a Secure stream, and no TDI ever be bound?",
             probes("ide-without-tdisp"), (), yes="IDE serves the host alone.", no="A stream exists only for TDISP."),
    Question("Q41", "M15 Ortiz", "May the connection wait for the first bind, with the same safety?"),
    Question("Q42", "M1 Kardashevskiy", "When the TSM gives a device up, are all its TDIs unlocked or in ERROR and all gates shut?",
             probes("no-open-gate-without-a-session", "lock-needs-its-keying-session"), ("disconnect_bound", "host"),
             yes="No gate and no lock outlives the session.",
             no="The session can end by other hands than the TSM's (GET_VERSION, reset), and the gates stay open until unbind. No T=1 "
             "request passes them, since the stream is lost with the session."),
    Question("Q43", "M17 Ortiz", "Does a rejected TDI always end unlocked and unmapped?"),
    Question("Q44", "M17 Ortiz", "Can nobody override the guest's rejection?",
             probes("gate-open-only-for-who-accepted", "no-tbit-dma-effective-before-accept"), ("tsm", "root_complex", "epoch_bind"),
             yes="A TVM that did not accept has shut gates.", no="A gate is open for an epoch that the TVM has not accepted."),
    Question("Q45", "[D]; Yilun, list 2025", "Does every way from RUN to CONFIG_UNLOCKED shut the gates before another TVM or the host can use the device?",
             probes("gates-closed-before-reuse", "no-open-gate-on-an-unlocked-tdi"), ("tsm",),
             yes="Nobody finds a gate open that is not his.",
             no="A reset unlocks the TDI at once and the gates follow only at unbind (the strict reading); before the TDI can belong to "
             "another TVM they are shut (gates-closed-before-reuse)."),
    Question("Q46", "M10 Williams", "Can a TDI be recovered from ERROR for the same running TVM, with evidence of the new epoch?",
             probes("error-can-be-left", "a-tdi-comes-back-after-error"), ("error_recovery",),
             yes="Unbind, bind, evidence, acceptance lead back to full use.", no="There is no way back."),
    Question("Q47", "M10 Williams", "Is locking before assignment as safe as after it?",
             probes("no-tbit-dma-effective-before-accept", "accepted-evidence-is-of-this-epoch"), ("lock_by", "epoch_bind"),
             yes="The TVM sees that the epoch is unchanged since the lock.", no="Who locks makes no difference: a relock is not noticed either way."),
    Question("Q48", "M15 Ortiz, M16 Kardashevskiy", "Does a guest always see a device that is bound (or plainly legacy)?"),
    Question("Q49", "M7 Cameron", "Is a change that the PF makes to a locked VF's configuration detected?"),
    Question("Q50", "M7 Cameron, M10 Williams", "Can a guest drive the device in shared mode before the lock and come to private use afterwards?"),
    Question("Q51", "[D] from M7", "Is what was configured before the lock attested, so that a hostile pre-configuration is seen?"),
    Question("Q52", "Gunthorpe and others, list 2025", "Does clearing MSE or BME, or a reset, before the unbind do no harm but ERROR?"),
    Question("Q53", "[D]; list 2025", "After a TVM's death, is its memory reused only when no gate leads to it?"),
    Question("Q54", "M17 Ortiz", "Can a TVM stop its TDI by itself?",
             probes("a-guest-can-stop-its-tdi"), ("guest_stop",),
             yes="A call of the guest's stops the TDI, whatever the host does.", no="It must ask the host; by itself it can only have gates shut."),
    Question("Q55", "[D]", "After surprise removal, can the TSM free everything without the device?"),
)  # fmt: skip
