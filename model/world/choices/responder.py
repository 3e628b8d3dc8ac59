"""The open points of TDISP's device side (A-1 to A-18 in the order of the chapter's own tables), and what a device may choose."""

from __future__ import annotations

from ...language import BOOL, enum
from . import lifecycle  # noqa: F401  (the knobs of the main model come first)
from .knob import knob

# --- Traffic --------------------------------------------------------------------------------------------------------
unlocked_mmio = knob(
    "unlocked_mmio",
    enum("UnlockedMmio", "allowed", "rejected"),
    "allowed",
    "whether a TDI in CONFIG_UNLOCKED takes T=0 accesses to what would be TEE memory, as a device assigned to a legacy VM must",
    "A-1: P63 §11.2 (legacy assignment uses CONFIG_UNLOCKED), COV 05; §11.2.1 taken literally rejects them",
)
shared_range_tbit = knob(
    "shared_range_tbit",
    enum("SharedRangeTbit", "run", "any_state", "never"),
    "run",
    "in which states a TDI takes T=1 accesses to memory that is marked as non-TEE",
    "A-2: P63 §11.2 (no T=1 outside RUN) against §11.2.1 (the state does not matter); a PCIe 7.0 RTL rejects it even in RUN",
)
legacy_dma = knob(
    "legacy_dma",
    enum("LegacyDma", "unlocked", "never", "also_locked"),
    "unlocked",
    "where a TDI sends T=0 memory requests: in CONFIG_UNLOCKED only, nowhere, or in CONFIG_LOCKED as well",
    "A-3: P63 §11.2.1 (memory requests in RUN only) with §11.2 (legacy use of CONFIG_UNLOCKED); OpenVMM: locked, still unencrypted",
)
mmio_in_locked = knob(
    "mmio_in_locked",
    enum("MmioInLocked", "reject", "accept"),
    "reject",
    "whether a TDI in CONFIG_LOCKED takes T=1 accesses to its TEE memory",
    "A-12: P63 §11.2 (nobody reaches it before RUN) against COV 05 T001 (locked and running TDIs alike)",
)
completion_match = knob(
    "completion_match",
    enum("CompletionMatch", "state", "epoch"),
    "state",
    "whether a TDI takes a completion whenever it is in RUN, or only in the RUN epoch in which it issued the read",
    "P63 §11.2.1: handled if the TDI is still in RUN; nothing is said of an earlier RUN",
)
dma_at_stop = knob(
    "dma_at_stop",
    enum("DmaAtStop", "aborted", "done"),
    "aborted",
    "whether STOP_INTERFACE (and the next lock) waits until outstanding reads are complete, or gives them up, so that the "
    "completion may still come",
    "P63 §11.3.9, §11.3.16: done or aborted",
)

# --- Requests -------------------------------------------------------------------------------------------------------
report_in_run = knob(
    "report_in_run",
    BOOL,
    True,
    "whether GET_DEVICE_INTERFACE_REPORT is legal in RUN",
    "A-4: P63 Table 11-3, §11.3.10; the error of Table 11-16 names CONFIG_LOCKED only",
)
stream_fault_code = knob(
    "stream_fault_code",
    enum("StreamFaultCode", "either", "INVALID_REQUEST", "INVALID_DEVICE_CONFIGURATION"),
    "either",
    "the error of LOCK_INTERFACE for a wrong default stream: other id, marked twice, other traffic class",
    "A-5: P63 §11.3.8 demands the refusal, Table 11-12 names no code",
)
recovery_after_flr = knob(
    "recovery_after_flr",
    BOOL,
    False,
    "whether a TDI that recovers by itself does so as well when a function level reset brought it into ERROR",
    "A-6: P63 §11.2 (permitted) against §11.4.9 (STOP_INTERFACE is required)",
)
p2p_keyed_over = knob(
    "p2p_keyed_over",
    enum("P2pKeyedOver", "lock", "bind"),
    "lock",
    "over which session the keys of a peer-to-peer stream must have come: that of the lock, or that of BIND_P2P_STREAM",
    "A-8: P63 §11.3.18, Table 11-21, §11.4.5 against §11.6.1",
)
other_session = knob(
    "other_session",
    enum("OtherSession", "accepted", "refused"),
    "accepted",
    "whether a locked TDI obeys START, STOP, report and peer-to-peer requests from another session than that of its lock",
    "A-9: no rule of P63 ties them to the session of LOCK_INTERFACE; no open responder checks",
)
report_chunks = knob(
    "report_chunks",
    enum("ReportChunks", "free", "restart", "refuse"),
    "free",
    "what becomes of requests between the parts of a report: allowed (free), allowed but the report must be begun anew "
    "(restart), or refused until it is complete (refuse)",
    "A-10: an example in P63 Table 11-27 only; no responder and no conformance test enforces it",
)
optional_requests = knob(
    "optional_requests",
    BOOL,
    True,
    "whether the device supports BIND_P2P_STREAM, UNBIND_P2P_STREAM and SET_MMIO_ATTRIBUTE",
    "P63 Table 11-3, §11.3.7",
)
unsupported_code = knob(
    "unsupported_code",
    enum("UnsupportedCode", "either", "UNSUPPORTED_REQUEST", "INVALID_REQUEST"),
    "either",
    "the error for an optional request that the device does not support",
    "A-11: P63 §11.3.1 against Tables 11-21, 11-23 and 11-25",
)
bind_p2p_flag = knob(
    "bind_p2p_flag",
    enum("BindP2pFlag", "required", "ignored"),
    "required",
    "whether BIND_P2P_STREAM needs the flag BIND_P2P of the lock",
    "P63 §11.3.8: the flag announces later binds; that its absence forbids them is inferred",
)
stop_clears_keys = knob(
    "stop_clears_keys",
    BOOL,
    False,
    "whether STOP_INTERFACE clears the keys of the default stream, which other TDIs share",
    "A-15: not among the actions of P63 §11.3.16; third-party readings clear them",
)
after_stop = knob(
    "after_stop",
    enum("AfterStop", "released", "kept"),
    "released",
    "what becomes of bound peer-to-peer streams and changed MMIO attributes when a TDI leaves RUN",
    "not stated in P63 §11.3.16, §11.3.18, §11.3.22",
)
ide_required = knob(
    "ide_required",
    BOOL,
    True,
    "whether the TDI needs an IDE stream (a device inside the root complex may not)",
    "P63 §11.2.1, §11.3.8",
)
nonce_leaked = knob(
    "nonce_leaked",
    BOOL,
    False,
    "whether the START_INTERFACE nonce is known outside the session in which the device sent it",
    "P63 §11.6.3: the nonce ties START to its lock because it never leaves the session",
)
nonce_checked = knob(
    "nonce_checked",
    BOOL,
    True,
    "whether the device compares the START_INTERFACE nonce",
    "P63 §11.3.14; OpenVMM: no nonce in the interface",
)
wrong_state = knob(
    "wrong_state",
    enum("WrongState", "refused", "unlocks"),
    "refused",
    "whether a request in the wrong state is refused only, or also takes the TDI to CONFIG_UNLOCKED",
    "P63 §11.3.24: an error response changes no state; OpenVMM: unbinds the device",
)

# --- Events ---------------------------------------------------------------------------------------------------------
ats_write = knob(
    "ats_write",
    enum("AtsWrite", "allowed", "error"),
    "allowed",
    "whether a locked TDI goes to ERROR when its ATS capability is written",
    "A-14: P63 Table 11-2 allows the write; a PCIe 7.0 RTL does not",
)
debug_wipes = knob(
    "debug_wipes",
    BOOL,
    False,
    "whether the device wipes a TVM's secrets before it opens debug, or has its TDIs in ERROR only",
    "P63 §11.4.7: TDIs to ERROR before debug opens; §11.2: data may stay in ERROR, unexposed",
)

# --- Firmware -------------------------------------------------------------------------------------------------------
runtime_update = knob(
    "runtime_update",
    BOOL,
    True,
    "whether firmware can be updated while the device works; where not, an update ends all sessions, streams and locks",
    "P63 §11.4.2",
)
svn_downgrade = knob(
    "svn_downgrade",
    enum("SvnDowngrade", "refused", "wipe"),
    "refused",
    "what an update to a lower security version does under a lock: refused, or wipes and ends everything first",
    "P63 §11.4.2 leaves both",
)
update_in_error = knob(
    "update_in_error",
    enum("UpdateInError", "allowed", "blocked"),
    "allowed",
    "whether a TDI in ERROR that was locked with NO_FW_UPDATE still blocks firmware updates",
    "A-17: P63 §11.3.8 names CONFIG_LOCKED and RUN, and has the VMM unlock such TDIs first; COV 08 allows it",
)
update_ends_session = knob(
    "update_ends_session",
    BOOL,
    False,
    "whether a runtime update of the firmware ends the SPDM sessions (TerminationPolicy of KEY_EXCHANGE)",
    "COV 08; DSP0274 KEY_EXCHANGE SessionPolicy",
)
measured_at = knob(
    "measured_at",
    enum("MeasuredAt", "request", "reset"),
    "request",
    "whether measurements are taken when asked for (MEAS_FRESH_CAP), or are those of the last reset",
    "P63 §11.4.2; DSP0274 MEAS_FRESH_CAP; M4",
)

# --- PCIe 7.0 -------------------------------------------------------------------------------------------------------
xt_mode = knob(
    "xt_mode",
    BOOL,
    False,
    "UNVERIFIED, from third-party RTL for PCIe 7.0, no specification text was found: the device supports SET_TDISP_CONFIG "
    "and its XT mode",
    "RTL comments that cite PCIe 7.0 §11.3.27; pciutils PCI_IDE_CAP_XT_SUPP",
)
