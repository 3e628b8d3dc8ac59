"""The IDE stream: the order of its set-up and teardown, who reaches what, and what devices and TSMs do differently."""

from __future__ import annotations

from ...language import BOOL, enum
from . import lifecycle  # noqa: F401  (the main topic comes first)
from .knob import knob

go_order = knob(
    "go_order",
    enum("GoOrder", "receivers_first", "root_port_first", "interleaved"),
    "receivers_first",
    "the order of K_SET_GO: the receivers of both ports, then the transmitters, endpoint before root port (receivers_first) "
    "or the root port first in both (root_port_first); or each sub-stream of the endpoint at once, receiver and "
    "transmitter, and the root port afterwards (interleaved)",
    "P63 §6.33.3; COV 07, TF-RMM; Intel tee-io-validator; DMTF spdm-emu",
)
enable_order = knob(
    "enable_order",
    enum("EnableOrder", "endpoint_first", "root_port_first"),
    "endpoint_first",
    "which port's Enable bit is set first",
    "P63 §6.33.8; COV 07; Linux sev-dev-tsm.c: root port first as merged, reversed by a later fix",
)
enable_when = knob(
    "enable_when",
    enum("EnableWhen", "keys_first", "enable_first"),
    "keys_first",
    "whether the root port is enabled when all keys are in use, or before",
    "P63 §6.33.8: either may come last, keys first is strongly recommended",
)
rp_enable_by = knob(
    "rp_enable_by",
    enum("RpEnableBy", "tsm", "host"),
    "tsm",
    "who sets and clears the Enable bit of the root port",
    "COV 05, 07: the capability is the TSM's, and yet the sequence has the VMM enable it; Linux sev-dev-tsm.c: the host",
)
rp_keys_by = knob(
    "rp_keys_by",
    enum("RpKeysBy", "tsm", "host"),
    "tsm",
    "whether the key slots of the root port are the TSM's alone, or the host reaches those of a stream that is not Locked",
    "P63 §6.33.3: keying of a root complex is implementation specific; M1: the PSP does it, elsewhere the host",
)
ide_keys = knob(
    "ide_keys",
    enum("IdeKeys", "distinct", "shared"),
    "distinct",
    "whether each sub-stream has a key of its own in each direction, or the three share one",
    "P63 §6.33.3; TF-RMM dev_assign_ide_cmds.c programs one key per direction",
)
live_key_prog = knob(
    "live_key_prog",
    enum("LiveKeyProg", "refuse", "overwrite"),
    "refuse",
    "what the endpoint does with KEY_PROG for a key set that is in use",
    "not found in P63; COV 09: INVALID_STATE; spdm-emu and an emulated device overwrite",
)
go_without_key = knob(
    "go_without_key",
    enum("GoWithoutKey", "silent", "ack"),
    "silent",
    "whether the endpoint leaves K_SET_GO without a programmed key unanswered, or acknowledges it all the same",
    "P63 §6.33.3: recommended to send no K_GOSTOP_ACK; spdm-emu acknowledges",
)
rp_stop = knob(
    "rp_stop",
    enum("RpStop", "clears", "keeps"),
    "clears",
    "whether the root port forgets a key set at K_SET_STOP, as a device must, or keeps it as programmed",
    "P63 §6.33.3 against COV 09",
)
session_loss = knob(
    "session_loss",
    enum("SessionLoss", "at_once", "next_keying"),
    "at_once",
    "when the end of the keying session takes the stream down: at once, or at the next KEY_PROG on another session",
    "P63 §11.4.5 (TEE-I/O devices) against §6.33.3 (any IDE device)",
)
ide_km_binding = knob(
    "ide_km_binding",
    enum("IdeKmBinding", "session", "any_session", "none"),
    "session",
    "whose IDE_KM the endpoint takes: that of the session that keyed the stream while it lives (session), that of any "
    "session (any_session), or also what comes outside of one (none)",
    "P63 §6.33.3; Cerberus and Caliptra bind no session; spdm-emu and spdm-rs do not ask for one",
)
stream_owned_until = knob(
    "stream_owned_until",
    enum("StreamOwnedUntil", "session_ends", "stream_lost", "keys_gone"),
    "session_ends",
    "how long a session that has keyed the stream keeps others from keying it: until it ends, whatever became of its keys "
    "(session_ends); until the stream is lost with all its keys (stream_lost); or until no key of it is left, as after "
    "K_SET_STOP of every set, too (keys_gone)",
    "P63 §6.33.3: discarded until the session that keyed the stream closes, of its keys it does not speak; §11.4.5: the session that "
    "set the first keys",
)
stop_on_other_session = knob(
    "stop_on_other_session",
    enum("StopOnOtherSession", "discarded", "taken"),
    "discarded",
    "whether K_SET_STOP on a session that did not key the stream is discarded, as QUERY and KEY_PROG are",
    "P63 §6.33.3 names QUERY and KEY_PROG only",
)
connect_checks = knob(
    "connect_checks",
    enum("ConnectChecks", "none", "root_port", "both"),
    "root_port",
    "at which ports the TSM has seen Secure before it reports that the device is connected",
    "AMD host driver: the result is dropped; Intel tee-io-validator: root port; Linux ide.c reads it at each port",
)
refresh_checks = knob(
    "refresh_checks",
    BOOL,
    True,
    "whether the TSM refreshes only a Secure stream whose receivers have left the set that comes next",
    "COV 07; TF-RMM dev_assign_ide_refresh_main: left to do; Intel root port: last received set",
)
ide_teardown = knob(
    "ide_teardown",
    enum("IdeTeardown", "disable_first", "stop_first", "session_first"),
    "disable_first",
    "the order of a disconnect: disable, stop transmitters, stop receivers, end the session (disable_first); stop "
    "receivers, stop transmitters, end the session, disable (stop_first); end the session, then disable (session_first)",
    "COV 07, TF-RMM; spdm-emu; AMD host driver: DEV_DISCONNECT, then the enable bits",
)
stream_kind = knob(
    "stream_kind",
    enum("StreamKind", "selective", "link"),
    "selective",
    "whether the stream is a Selective one between the two ports, or a Link stream that ends at the next port",
    "P63 §11.1: Link IDE is acceptable directly below the root port; COV 04, 07 forbid it; M12",
)
switch_between = knob(
    "switch_between",
    BOOL,
    True,
    "whether there is a switch between endpoint and root port, which the host controls",
    "COV 04: switches are outside the TCB; M12",
)
tee_limited = knob(
    "tee_limited",
    enum("TeeLimited", "none", "endpoint", "both"),
    "none",
    "at which ports the stream is TEE-limited: requests with T=0 leave outside of it",
    "P63 §6.33.4, §7.9.26; Linux sev-dev-tsm.c sets it at the endpoint only",
)
stream_block = knob(
    "stream_block",
    BOOL,
    False,
    "whether the TSM can block a stream at the root port without the device",
    "2023 TDX module sources: IDE.STREAM.BLOCK",
)
