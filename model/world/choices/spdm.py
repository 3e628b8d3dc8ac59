"""SPDM connections and sessions: how many there are, what ends them, and who is told."""

from __future__ import annotations

from ...language import BOOL, enum
from . import lifecycle  # noqa: F401  (the lifecycle's knobs come first)
from .knob import knob

# --- What other aspects decide as well ------------------------------------------------------------------------------
has_tsm = knob(
    "has_tsm",
    BOOL,
    True,
    "whether there is a TSM at all: without one no TDI is locked, and evidence comes by CMA alone",
    "M3: the same interface for devices without TEE-IO; Linux PCI/CMA series",
)

# --- Connections and sessions ---------------------------------------------------------------------------------------
connection_ids = knob(
    "connection_ids",
    BOOL,
    False,
    "whether the mailbox tells SPDM connections apart by an id, or all requesters share the one that GET_VERSION resets",
    "DOE r1.0: one connection for the whole system; DOE object types 3 and 4 carry a connection id; Linux PCI/CMA series",
)
session_authenticated = knob(
    "session_authenticated",
    BOOL,
    True,
    "the assumption that KEY_EXCHANGE authenticates the responder; without it somebody else can answer in its place",
    "Cremers, Dax, Naska (USENIX Security 2023; ePrint 2024/2047); CVE-2023-31127",
)
session_ids = knob(
    "session_ids",
    enum("SessionIds", "fresh", "reused"),
    "fresh",
    "whether the id of a session that is gone comes again, so that who only keeps the id takes the next session for the old one",
    "libspdm: the responder's half is 0xFFFF minus the index of a free slot, the requester picks the other half; DSP0277",
)
end_told_by = knob(
    "end_told_by",
    enum("EndToldBy", "every_end", "callback"),
    "every_end",
    "whether streams and TDIs learn of every end of a session, or only of those for which libspdm calls back: "
    "END_SESSION and termination, not GET_VERSION and not a message that does not decrypt",
    "P63 §11.4.5; libspdm session state callback, its issue 3811",
)
reconnect = knob(
    "reconnect",
    BOOL,
    False,
    "whether the TSM opens a new session when it learns that its own is gone, without a disconnect in between",
    "[D] Linux TSM core: connect answers EBUSY until disconnect; TF-RMM: PDEV ERROR, then stop",
)
reset_after_end = knob(
    "reset_after_end",
    BOOL,
    False,
    "whether the TSM sends GET_VERSION once more after END_SESSION, to reset the connection",
    "TF-RMM dev_assign_cmd_stop_connection_main; others leave it negotiated",
)

# --- Heartbeat, errors ----------------------------------------------------------------------------------------------
heartbeats = knob(
    "heartbeats",
    BOOL,
    False,
    "whether HeartbeatPeriod is not 0, so that a session ends when nothing comes for two periods; the host has them sent",
    "COV 07, COV 09 spdm_heartbeat; TDX SPDM.MNG; Caliptra advertises 0; TF-RMM passes none",
)
watchdog = knob(
    "watchdog",
    BOOL,
    True,
    "whether the device's watchdog ever expires",
    "DSP0274 HEARTBEAT; libspdm os_stub watchdog: an empty function, and no timer in its requester",
)
decrypt_error_ends = knob(
    "decrypt_error_ends",
    BOOL,
    True,
    "whether a secured message that does not decrypt ends the session, or is dropped",
    "libspdm: DecryptError, then the session is freed, or the message dropped by policy",
)

# --- Ownership, evidence --------------------------------------------------------------------------------------------
claim = knob(
    "claim",
    enum("Claim", "none", "connect", "passthrough", "delayed"),
    "none",
    "when the host's own CMA gives the mailbox up to another owner: never; from connect to disconnect; while the device is "
    "passed through to a guest, connected or not (passthrough); or so that it is connected only then (delayed)",
    "Linux PCI/CMA series: pci_cma_claim_ownership, called by vfio-pci; M4: to be called at connect, or connect delayed",
)
slots = knob(
    "slots",
    enum("Slots", "one", "each"),
    "one",
    "whether certificates, session and measurements all use the slot chosen at connect, or the host names one for each request",
    "M4, M14; AMD DEV_CONNECT cert_slot; TF-RMM cert_id; SPDM names a slot in each request",
)
measure_over = knob(
    "measure_over",
    enum("MeasureOver", "session", "clear"),
    "session",
    "whether the TSM asks for signed measurements inside its session, or outside of it",
    "TF-RMM: inside; SPDM allows both",
)
requester_nonce = knob(
    "requester_nonce",
    enum("RequesterNonce", "fresh", "constant"),
    "fresh",
    "whether the nonce of GET_MEASUREMENTS and CHALLENGE is new each time",
    "M2, M3; TF-RMM passes an all-zero buffer",
)
guest_cma = knob(
    "guest_cma",
    BOOL,
    False,
    "whether a guest authenticates the device by CMA itself, over a mailbox that the host proxies",
    "M7, M10, M11: CMA on a VF; Linux PCI/CMA series: the device is owned by the guest",
)
