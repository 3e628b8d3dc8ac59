"""SPDM sessions, CMA and who owns the mailbox."""

from __future__ import annotations

from .question import Probe, Question, probes

QUESTIONS = (
    Question(
        "Q29", "M1, M14 Kardashevskiy",
        "Where a device serves one session only, is the host's GET_VERSION kept away while the TSM owns it?",
        probes("no-get-version-by-others-while-the-tsms-session-lives", "one-session-where-one-is-served"),
        ("host", "claim", "connection_ids"),
        yes="Nobody but the owner resets the connection.",
        no="Anybody who reaches the mailbox can send GET_VERSION in the clear: claiming it binds an honest host only.",
    ),
    Question(
        "Q30", "M4 Wunner",
        "Does claiming ownership at connect keep the TSM's session, streams and TDIs from being reset by the host's own CMA?",
        (
            Probe("no-get-version-by-others-while-the-tsms-session-lives", {"host": "honest", "claim": "connect"}),
            Probe("ownership-from-connect-to-disconnect", {"host": "honest", "claim": "connect"}),
        ),
        ("claim", "host"),
        yes="With an honest host the claim keeps its own CMA away.",
        no="The claim is a promise of the host's: a hostile one does not keep it.",
    ),
    Question(
        "Q31", "M5 Cameron",
        "Is a host that resets the session only denying service: does nothing unsafe follow?",
        probes(
            "ending-a-session-only-takes-away", "run-only-over-keys-the-host-does-not-know", "no-private-dma-in-a-host-epoch",
            "private-dma-only-over-the-tsms-stream",
        ),
        ("end_told_by", "session_loss", "root_complex"),
        yes="Ending a session moves TDIs to ERROR and streams to Insecure and grants nothing; what the host builds up instead is not "
        "taken by the root port.",
        no="Something is gained by the reset.",
    ),
    Question(
        "Q32", "M5 Cameron, M10 Williams",
        "Does proxying through the host reveal no keys and allow no forgery?",
        probes(
            "keys-of-the-tsm-stay-unknown-to-the-host", "the-tsms-session-is-with-the-device", "no-message-of-another-time-is-taken",
            "no-request-answered-by-anothers-response",
        ),
        ("session_authenticated", "replay_protection", "response_routing"),
        yes="Sessions authenticate the device, and their sequence numbers refuse what is old.",
        no="A message is taken for what it is not.",
        beyond="That SPDM's handshake and AEAD are unbroken is an assumption here (session_authenticated): its proof is a matter for "
        "protocol provers such as Tamarin.",
    ),
    Question(
        "Q33", "M1 Kardashevskiy",
        "Does the host never learn the IDE keys that the TSM set?",
        probes("tsms-keys-unknown-to-host", "keys-of-the-tsm-stay-unknown-to-the-host"), ("session_authenticated", "tsm"),
        yes="Keys go from the TSM to the device inside the session, and to the root port past the host.",
        no="The host knows keys that protect a TVM's traffic.",
    ),
    Question(
        "Q34", "RISC-V CoVE-IO, the mirror of M1",
        "Is a TDI bound only where the TSM owns the keys of a Secure stream?",
        probes("lock-needs-its-keying-session", "run-needs-a-secure-stream"), ("bind_requires", "lock_requires"),
        yes="A lock of the TSM's rests on keys of the TSM's, and RUN on a Secure stream.",
        no="Keys are always the TSM's, but the stream need not be Secure yet: §11.3.8 asks for programmed keys only.",
    ),
    Question(
        "Q35", "M4 Wunner",
        "Do root port and endpoint hold the same key for each set and sub-stream before either uses it?",
        probes(
            "tlps-are-taken-only-under-a-key-that-both-hold", "endpoint-sends-only-what-the-root-port-expects",
            "root-port-sends-only-what-the-endpoint-expects",
        ),
        ("go_order", "ide_km_binding"),
        yes="Receivers at both ports come before transmitters.",
        no="A transmitter is switched before its partner's receiver: its TLPs fail the check.",
    ),
    Question(
        "Q36", "M10 Williams, M11 Cameron",
        "Does evidence from a VF's own CMA, which the host proxies, never by itself open a private gate?",
        probes("proxied-cma-is-not-replayed", "proxied-cma-is-of-the-assigned-device"), ("host", "guest_cma", "session_authenticated"),
        yes="What the guest sees by proxied CMA is fresh and of its device.",
        no="The host replays an earlier answer, or shows another device: proxied CMA alone says little.",
    ),
    Question(
        "Q37", "M14 Kardashevskiy",
        "Is a second connect refused or without effect, so that slot and session stay as they were?",
        probes("second-connect-touches-no-session", "connecting-twice-changes-nothing"), ("connect_again",),
        yes="The TSM's session and stream survive a second request.", no="A second connect starts anew under TDIs that are bound.",
    ),
    Question(
        "Q38", "M3 Wunner",
        "Does what the host shows as authenticated agree with the state of the connection?",
        probes("sysfs-authenticated-iff-connected", "authenticated-means-a-live-session"), ("end_told_by", "host"),
        yes="authenticated means a live session of the TSM.",
        no="The host is not told when a session ends by itself, so the file goes on saying authenticated.",
    ),
)  # fmt: skip
