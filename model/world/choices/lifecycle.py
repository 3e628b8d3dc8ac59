"""Who drives the dance and who checks what: the choices of the vendors' flows, and open points of the specification."""

from __future__ import annotations

from ...language import BOOL, enum
from . import trust  # noqa: F401  (the parties come first)
from .knob import knob

run_by = knob(
    "run_by",
    enum("RunBy", "host", "guest_request", "guest_call"),
    "host",
    "who causes START_INTERFACE: the host at bind (host), the host when the guest asks it to (guest_request), "
    "or the guest by a call that only the TSM serves (guest_call)",
    "M1, M15, M20; AMD 2023 and 2026 host drivers; COV 09 COVG start_interface",
)
accept_by = knob(
    "accept_by",
    enum("AcceptBy", "validate", "decision", "start"),
    "validate",
    "the guest's act of acceptance: tdi_validate, which also opens both gates (validate); a decision of the guest, "
    "followed by run request and gate messages (decision); the call that starts the interface (start)",
    "M1, M17; AMD guest driver 2026; COV 09",
)
tsm_consent = knob(
    "tsm_consent",
    BOOL,
    False,
    "whether the TSM refuses to send START_INTERFACE before the guest has accepted in this lock epoch",
    "AMD host driver: the host sets run in TDI_BIND, no such check; COV 09 start_interface",
)
epoch_bind = knob(
    "epoch_bind",
    enum("EpochBind", "none", "tsm"),
    "none",
    "whether acceptance and gate messages name the lock epoch of the evidence, so that the TSM refuses others (tsm)",
    "COV 09: start_interface has no epoch argument; TDX bind session id and Arm lock nonce are such a bond",
)
bind_requires = knob(
    "bind_requires",
    enum("BindRequires", "keys", "secure"),
    "keys",
    "whether the TSM binds when the IDE stream has keys, or only when it is Secure",
    "AMD: result of enabling the streams is dropped; COV 07: the stream's link is set up",
)
disconnect_bound = knob(
    "disconnect_bound",
    enum("DisconnectBound", "unbind", "reject", "force"),
    "unbind",
    "what the TSM does when asked to disconnect a device with bound TDIs: stop and unbind them, refuse, or unbind them "
    "without a word to the device (force)",
    "COV 07 (refuse) against COV 09 (stop them); AMD: forced disconnect",
)
lock_requires = knob(
    "lock_requires",
    enum("LockRequires", "keys", "secure"),
    "keys",
    "whether the device refuses LOCK_INTERFACE until its default stream is Secure, or asks for keys only",
    "P63 §11.3.8 and Table 11-12 against §6.33.1",
)
stop_in_unlocked = knob(
    "stop_in_unlocked",
    enum("StopInUnlocked", "ok", "error"),
    "ok",
    "whether STOP_INTERFACE is legal in CONFIG_UNLOCKED",
    "P63 Table 11-3: legal; several responders answer INVALID_INTERFACE_STATE",
)
error_recovery = knob(
    "error_recovery",
    enum("ErrorRecovery", "stop", "automatic"),
    "stop",
    "whether a TDI leaves ERROR by STOP_INTERFACE or reset only, or also by itself once it has wiped its data",
    "P63 §11.2: permitted, not required",
)
autonomous_dma = knob(
    "autonomous_dma",
    BOOL,
    True,
    "whether a TDI in RUN may send DMA before a driver of the guest has set it up",
    "M18: a driver has to enable the device first; P63 §11.2.1 does not ask for one",
)
multi_session = knob(
    "multi_session",
    BOOL,
    False,
    "whether the device serves an SPDM session of the host beside the TSM's, or GET_VERSION ends the other one",
    "P63 §11.2.4; DSP0274 GET_VERSION; M14",
)
p2p = knob(
    "p2p",
    BOOL,
    False,
    "whether the TSM binds a peer-to-peer stream for a running TDI, whose TLPs do not cross the root complex",
    "M18; P63 §11.3.18",
)
tdisp = knob(
    "tdisp",
    BOOL,
    True,
    "whether the TSM binds TDIs at all, or protects the link only",
    "M1, M13, M16: an IDE stream is useful alone",
)
lock_by = knob(
    "lock_by",
    enum("LockBy", "host", "guest_request", "guest_call"),
    "host",
    "who causes LOCK_INTERFACE: the host (host), the host when the guest asks it to (guest_request), or the TSM for a guest "
    "that asked the TSM (guest_call)",
    "COV 09 bind_interface; AMD guest request TIO BIND, TDX TDCM BIND; RMM up to 1.1-alp12 RSI_RDEV_LOCK",
)
dma_gate_needs = knob(
    "dma_gate_needs",
    enum("GateNeeds", "bound", "locked", "run"),
    "bound",
    "what the TSM's record must say of a TDI before the TSM opens its DMA gate: bound, CONFIG_LOCKED or RUN, or RUN",
    "AMD SDTE_WRITE: TDI_NOT_BOUND; TDX TDG.DMAR.ACCEPT: locked or running; RMM RSI_VDEV_DMA_ENABLE: started",
)
mmio_gate_needs = knob(
    "mmio_gate_needs",
    enum("GateNeeds", "bound", "locked", "run"),
    "bound",
    "what the TSM's record must say of a TDI before the TSM opens its MMIO gate: bound, CONFIG_LOCKED or RUN, or RUN",
    "AMD MMIO_VALIDATE: TDI_UNBOUND; RMM RSI_VDEV_VALIDATE_MAPPING: locked or started",
)
gate_order = knob(
    "gate_order",
    enum("GateOrder", "dma_first", "mmio_first"),
    "dma_first",
    "which gate the guest has opened first",
    "AMD guest driver 2026: sDTE, then MMIO; TDX and Arm guests: MMIO, start, DMA",
)
guest_stop = knob(
    "guest_stop",
    enum("GuestStop", "host", "stop", "unbind"),
    "host",
    "how a guest stops its TDI: only by asking the host (host), by a call for which the TSM sends STOP_INTERFACE (stop), or by "
    "one that also unbinds the TDI (unbind)",
    "AMD: guest request STOP through the host; RMM up to 1.1-alp12 RSI_RDEV_STOP; COV 09 COVG stop_interface, against COV 07",
)
