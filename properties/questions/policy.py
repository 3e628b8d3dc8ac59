"""The host's policies, IDE streams and other resources."""

from __future__ import annotations

from .question import Probe, Question, probes

_SAFE = "private-dma-only-bound-and-over-a-secure-stream"

QUESTIONS = (
    Question(
        "Q56", "M1 Kardashevskiy, M13 Ortiz", "Is IDE alone, without any bind, safe and useful?",
        probes("ide-without-tdisp", "tsms-keys-unknown-to-host", "tlps-are-taken-only-under-a-key-that-both-hold"), (),
        yes="The stream protects the link, its keys are not the host's, and no TDI moves.", no="IDE alone breaks a promise.",
    ),
    Question(
        "Q57", "M4 Wunner, M14 Kardashevskiy", "May a device with IDE but without TEE-IO be connected, and is its bind refused?",
        (
            Probe("without-tee-io-nothing-is-bound", {"device_caps": "ide_only"}),
            Probe("connected-and-never-bound", {"device_caps": "ide_only"}),
        ),
        ("device",),
        yes="It can be connected for its link's sake, and nothing of it is ever bound.", no="It is bound all the same.",
    ),
    Question(
        "Q58", "M9 Williams: who wins when we run out of streams?",
        "Is the pool never overcommitted, is no stream taken from a bound TDI, and can every waiting bind be granted?",
        (
            *probes("streams-are-not-overcommitted", "preemption-spares-bound-tdis", "bind-is-possible-for-whoever-waits"),
            Probe("a-waiting-bind-is-granted-in-the-end", {"host": "honest"}, {"tvm": 1}),
        ),
        ("stream_preempt", "connect_policy", "stream_release"),
        yes="Who comes first has the stream; nobody loses one in use.",
        no="A stream is taken from a bound TDI (its TDIs go to ERROR), or somebody waits for a stream that is never given back.",
    ),
    Question(
        "Q59", "M9 Williams", "Under lazy IDE, is a stream Secure only when it was asked for?",
        (Probe("ide-only-on-request", {"connect_policy": "lazy"}),), ("connect_policy", "host"),
        yes="No stream without a request.", no="Streams are spent on devices that nobody asked for.",
    ),
    Question(
        "Q60", "M6 Kardashevskiy: panic, warn or block?",
        "When IDE cannot be set up, is an unprotected device kept from being used, and is a TVM safe even under warn?",
        (
            Probe("unprotected-devices-are-not-probed"), Probe(_SAFE, {"ide_on_fail": "warn"}),
        ),
        ("ide_on_fail", "probe_order", "host"),
        yes="Under block no host driver takes an unprotected device, and no policy touches the TVM's safety.",
        no="A host driver uses the device unprotected, as warn allows; the TVM is safe all the same.",
    ),
    Question(
        "Q61", "M7 Cameron", "When IDE is switched off while a TDI is bound, does the TDI go to ERROR and take no more effect?",
        probes("ide-off-stops-every-tdi", "ide-off-shuts-the-gates", "stream-loss-ends-the-lock"), ("device",),
        yes="Switching IDE off stops every TDI and shuts its gates.",
        no="Every TDI stops, but its gates stay open until unbind: that no request passes them rests on the stream.",
    ),
    Question(
        "Q62", "M5 Cameron, M8 Williams", "Does the guest's safety never depend on the host's policy at connect, bind or probe?",
        probes(_SAFE, "assignment-is-exclusive", "allocation-is-the-gate"),
        ("connect_policy", "stream_release", "stream_preempt", "ide_on_fail", "probe_order", "host_check", "host"),
        yes="Whatever the host's policy is, it can only deny.", no="A policy of the host's is part of the guest's safety.",
    ),
    Question(
        "Q63", "M5 Cameron", "May the host trigger a key refresh at any time without a gap in protection?",
        probes("no-gap-in-a-refresh", "key-messages-leave-a-secure-port-secure", "a-refresh-fails-no-tlp"),
        ("go_order", "refresh_checks", "host"),
        yes="A refresh is not noticed.", no="A refresh fails TLPs or leaves a port without keys: service is lost, nothing is sent in the clear.",
    ),
    Question(
        "Q64", "M12 Cameron", "Does Link IDE in a switch, outside the host's control, never count as the stream that TDISP needs?",
        (
            Probe("no-tbit-from-a-switch", {"stream_kind": "link"}), Probe("no-switch-reads-a-running-tdi", {"stream_kind": "link"}),
        ),
        ("tsm", "switch_between"),
        yes="A TSM that checks the kind of stream never starts a TDI behind a switch over Link IDE.", no="The switch reads and forges.",
    ),
    Question(
        "Q65", "M11 Cameron",
        "When sources of evidence disagree, does the guest's policy decide, and can the host only refuse to allocate?",
        probes("approval-rests-on-evidence-by-way-of-the-tsm", "in-use-only-if-bound-and-accepted"), ("policy",),
        yes="The host's verdict opens nothing.", no="A policy that listens to the host's source lets the host decide.",
    ),
    Question(
        "Q66",
        "M4 Wunner",
        "When the TSM takes a device over from the operating system and gives it back, is there no interval in which two sessions "
        "live where one only can?",
        probes("one-session-where-one-is-served", "os-can-authenticate-after-the-tsm"),
        ("claim", "connection_ids"),
        yes="A handover ends one session before the other begins.",
        no="Two sessions live at once.",
    ),
)  # fmt: skip
