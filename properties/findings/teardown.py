"""What is left behind, and who comes last."""

from __future__ import annotations

from .finding import HOLDS, Finding, Section, case

SECTION = Section(
    "Teardown",
    (
        Finding(
            "A TDI can be stuck in ERROR",
            "Where GET_VERSION ends the TSM's session first and the TDI is unbound then, no STOP_INTERFACE is sent, the TSM refuses a "
            "second unbind, and no lock is granted in ERROR: only a reset frees it.",
            (case("a-rejected-tdi-ends-unlocked", expected=HOLDS), case("error-is-left-in-the-end")),
            "When the guest rejects a TDI, the host unbinds it, and it is unlocked.", "M17 Ortiz",
        ),
        Finding(
            "A host can keep an accepted TDI from running",
            "It resets the device and locks the TDI over a session of its own.",
            (case("an-accepted-tdi-comes-to-run"),),
        ),
        Finding(
            "First come, first served starves whoever comes second",
            "Eager or lazy: with one stream a waiting TVM is served in the end only if streams are given up or taken back.",
            (case("a-waiting-bind-is-granted-in-the-end"),),
        ),
        Finding(
            "Gates outlive session, lock and ERROR until somebody unbinds",
            "GET_VERSION in the clear or a reset is enough. No T=1 request passes them, since the stream goes with the session: the stream, "
            "not the gate, is what protects then. `tdisprove ask Q42`, `tdisprove ask Q45`",
            (
                case("no-open-gate-without-a-session", expected=HOLDS), case("no-open-gate-on-an-unlocked-tdi", expected=HOLDS),
                case("no-open-gate-on-a-tdi-in-error"), case("private-dma-only-over-the-tsms-stream"),
            ),
            "Giving a device up unbinds first, and every way out of RUN shuts the gates.", "M1 Kardashevskiy; COV 07; Yilun, list 2025",
        ),
        Finding(
            "A host that ends the TSM's session can lock and start a bound TDI itself",
            "It does so over keys of its own. The root port's check that the stream has the TSM's keys is the one that keeps it out: "
            "without it the attack succeeds through an open gate (`examples/relay-run.toml`).",
            (case("host-never-relocks-a-bound-tdi"), case("no-private-dma-in-a-host-epoch")),
        ),
    ),
)  # fmt: skip
