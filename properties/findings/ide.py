"""Keys and ports of the IDE stream."""

from __future__ import annotations

from ...model.language import Value
from .finding import HOLDS, Finding, Refines, Section, case, compared

_INTERLEAVED = {"go_order": "interleaved"}
_STAYS: dict[str, Value] = {"session_loss": "next_keying"}
_TWO_SESSIONS: dict[str, Value] = {"multi_session": True}

SECTION = Section(
    "IDE",
    (
        Finding(
            "The lifecycle's abstract stream was wrong, and refinement found it",
            "Keys can be lost before they are in use (FLR of Function 0, K_SET_STOP), and a lost stream can be given up. With both steps "
            "added the stream in full refines it, and no verdict of the lifecycle changed.",
            (case("the-full-stream-refines-that-of-the-lifecycle"),),
        ),
        Finding(
            "OpenVMM's device leaves a lock at a request in the wrong state",
            "The request is refused as it is. No request of the lifecycle's TDI does that, and in every other flow the responder refines it. "
            "`tdisprove compare hyperv --refines tdi`",
            (compared(Refines("tdi")),),
        ),
        Finding(
            "Each port is Secure for itself",
            "Enable cleared at one port is told to nobody, and an IDE Fail message can be dropped: the partner stays Secure.",
            (case("secure-is-mutual"), case("a-failed-endpoint-takes-the-root-port-down")),
        ),
        Finding(
            "\"Connected\" does not mean that both ports are Secure",
            "Except where both are looked at, as the Linux core's callers may.",
            (
                case("connected-means-both-ports-secure", expected=HOLDS),
                case("connected-means-both-ports-secure", "cove-io", expected=HOLDS, knobs={"connect_checks": "both"}),
            ),
            "When a device is connected, the link of its stream is set up.", "COV 07",
        ),
        Finding(
            "GO per sub-stream, interleaved as in the DMTF emulator, comes too early",
            "The requester is to send GO for the receivers at both ports, and only then for the transmitters (P63 §6.33.3). Interleaved, a "
            "transmitter is switched before its partner's receiver, and a refresh then fails a TLP even with an honest host.",
            (
                case("endpoint-sends-only-what-the-root-port-expects", "cove-io"),
                case("endpoint-sends-only-what-the-root-port-expects", "cove-io", knobs=_INTERLEAVED),
                case("a-refresh-fails-no-tlp", "cove-io", knobs={**_INTERLEAVED, "host": "honest"}),
            ),
        ),
        Finding(
            "A device that serves two sessions and forgets whose its stream is gives it to the host",
            "Where the keying session keeps the stream only as long as it has keys there, the host keys it after a function level reset, beside "
            "the TSM's live session, and a refresh can then leave the TSM's transmitter without a key. Taken literally (until the session ends) "
            "P63 §6.33.3 closes both. That has a price: a host that has keyed the stream once keeps the TSM out until its own session ends.",
            tuple(
                case(prop, "cove-io", expected=HOLDS, knobs=knobs)
                for prop in ("a-session-that-keyed-the-stream-keeps-it-until-it-ends", "no-gap-in-a-refresh")
                for knobs in (_TWO_SESSIONS, {**_TWO_SESSIONS, "stream_owned_until": "keys_gone"})
            ),
            "KEY_PROG on a second session is discarded until the session that keyed the stream closes.", "P63 §6.33.3",
        ),
        Finding(
            "IDE alone says as much of a stream as its device does: without TEE-IO, keys outlive their session",
            "`ide-only` takes the stream down with the session that keyed it, in lifecycle and ide, as P63 §11.4.5 asks of TEE-I/O devices. Where only "
            "P63 §6.33.3 binds the device (`session_loss=next_keying`; in spdm the flow is such a device), the stream stays Secure after the session has ended, "
            "until somebody keys it anew: the abstract stream of the lifecycle does not describe that device, nor does what holds of streams there.",
            tuple(
                case(prop, "ide-only", expected=HOLDS, knobs=knobs)
                for prop in (
                    "no-secure-endpoint-without-its-session",
                    "disconnect-leaves-no-key-in-use",
                    "key-messages-leave-a-secure-port-secure",
                    "the-full-stream-refines-that-of-the-lifecycle",
                )
                for knobs in ({}, _STAYS)
            ),
            "The end of the session that programmed its keys makes a stream Insecure.", "P63 §11.4.5",
        ),
        Finding(
            "Two keys shared by three sub-streams start a key more than once",
            "That is how TF-RMM programs them; keys of their own repair it.",
            (
                case("no-key-starts-twice", expected=HOLDS),
                case("no-key-starts-twice", "arm-cca", expected=HOLDS, knobs={"ide_keys": "distinct"}),
            ),
            "Each sub-stream has a key of its own, whose counter starts once.", "P63 §6.33.3, §6.33.5",
        ),
    ),
)  # fmt: skip
