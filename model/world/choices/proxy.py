"""The message level: who carries what, what a message is checked against, and what is made of one that fails."""

from __future__ import annotations

from ...language import BOOL, enum
from .knob import knob

# --- Between the TSM and the device ---------------------------------------------------------------------------------
replay_protection = knob(
    "replay_protection",
    BOOL,
    True,
    "whether secured messages are counted, so that one of an earlier exchange or session is told from the one that is due",
    "DSP0277: the sequence number enters the IV; DSP0274: keys of a session end with it",
)
response_routing = knob(
    "response_routing",
    enum("ResponseRouting", "checked", "one_way"),
    "checked",
    "whether the TSM refuses a response that the host hands over as the answer to somebody else's request (checked), "
    "or only one to the guest's request that is handed over as the host's (one_way)",
    "TDX module sources 2023: td_flag",
)
guest_requests = knob(
    "guest_requests",
    BOOL,
    False,
    "whether the guest has TDISP requests of its own, which the TSM makes for it and the host ships",
    "TDX module sources 2023: TDG.DEVIF.REQUEST; COV 09 COVG start_interface; RSI_RDEV_START",
)
guest_request_sent = knob(
    "guest_request_sent",
    enum("GuestRequestSent", "at_call", "by_host"),
    "at_call",
    "when a request of the guest becomes the one outstanding request: in the guest's call, or later, when the host ships it",
    "TDX module sources 2023: TDG.DEVIF.REQUEST writes it, nonce included, TDH.DEVIF.REQUEST sends it; [D] for COV, Arm",
)
guest_answer = knob(
    "guest_answer",
    enum("GuestAnswer", "on_arrival", "on_collection"),
    "on_arrival",
    "when the TSM's record follows the answer to a request of the guest: when the host hands it over, or when the guest collects it",
    "TDX module sources 2023: TDG.DEVIF.RESPONSE processes a td_flag response",
)
failed_exchange = knob(
    "failed_exchange",
    enum("FailedExchange", "forgotten", "error", "waits"),
    "forgotten",
    "what the TSM makes of a request without an answer: it gives up and leaves its record as it is (forgotten), it gives up "
    "and records ERROR (error), or it waits until the stream is cut (waits)",
    "TF-RMM: a failed communication is VDEV ERROR; AMD: forced commands; TDX module sources 2023: no command gives up",
)
stop_failure = knob(
    "stop_failure",
    enum("StopFailure", "error", "ignored"),
    "error",
    "whether a STOP_INTERFACE that failed leaves the TDI's record locked, or CONFIG_UNLOCKED as if it had succeeded (ignored)",
    "TF-RMM 9a7f8ef4 dev_tdisp_stop_main; OpenVMM unbind_all",
)
lock_source = knob(
    "lock_source",
    enum("LockSource", "unbound", "unlocked", "any"),
    "unbound",
    "in which states of its record the TSM sends LOCK_INTERFACE: only to bind a TDI that is not bound, when it has CONFIG_UNLOCKED "
    "for a bound one, or in any but ERROR",
    "COV 09, AMD TDI_BIND; TF-RMM VDEV_LOCK; TDX module sources 2023: left to the device",
)
validity = knob(
    "validity",
    enum("Validity", "cleared", "kept"),
    "cleared",
    "whether the guest's approval and the nonce end whenever the TSM learns that the lock they belong to is over (cleared), "
    "or by a STOP_INTERFACE response and ERROR only (kept)",
    "TDX module sources 2023: an answer of CONFIG_UNLOCKED or CONFIG_LOCKED clears neither",
)
epoch_begins = knob(
    "epoch_begins",
    enum("EpochBegins", "response", "request"),
    "response",
    "when the TSM renews the name of the lock epoch: when the response to LOCK_INTERFACE is processed, or before it is sent",
    "TF-RMM: lock_nonce is drawn when the communication has ended; not found for the TDX bind session id",
)

# --- Between the guest and the TSM ----------------------------------------------------------------------------------
guest_calls = knob(
    "guest_calls",
    enum("GuestCalls", "direct", "carried"),
    "direct",
    "whether the guest calls the TSM itself, or its messages to the TSM pass through the host, which may keep them",
    "TDCALL, COVG, RSI; AMD SNP guest messages through GHCB, Linux guest_req, OpenVMM",
)
gate_state = knob(
    "gate_state",
    enum("GateState", "bound", "locked", "run"),
    "bound",
    "what the TSM asks of its record before it opens a gate: a bound TDI, a locked one that the guest has validated, or "
    "(for the DMA gate) a running one",
    "AMD SDTE_WRITE: TDI_NOT_BOUND; TDG.DMAR.ACCEPT: LOCKED or RUN; RSI_VDEV_DMA_ENABLE: STARTED",
)
gate_completion = knob(
    "gate_completion",
    enum("GateCompletion", "at_once", "rechecks", "trusts"),
    "at_once",
    "whether a gate opens in the step that checks the guest's message, or after work of the host, and then with the checks "
    "repeated (rechecks) or not (trusts)",
    "TF-RMM RSI_VDEV_VALIDATE_MAPPING and RTT_DEV_VALIDATE; RSI_VDEV_DMA_ENABLE",
)
gate_while_busy = knob(
    "gate_while_busy",
    enum("GateWhileBusy", "allowed", "refused"),
    "allowed",
    "whether the TSM opens a gate while a request of its own to the TDI is outstanding, such as STOP_INTERFACE",
    "TF-RMM: RTT_DEV_VALIDATE wants comm_state IDLE in its latest version, RSI_VDEV_DMA_ENABLE does not ask; TDX module sources "
    "2023: the record's state alone; AMD: no such status",
)
gate_answer = knob(
    "gate_answer",
    enum("GateAnswer", "tsm", "host"),
    "tsm",
    "who vouches for the answer to a gate message: the TSM, or the host that carries it",
    "AMD: the response is sealed with the guest's key; OpenVMM: the host answers",
)
gate_status = knob(
    "gate_status",
    enum("GateStatus", "checked", "ignored"),
    "checked",
    "whether the guest looks at the status of the answer to a gate message",
    "AMD guest driver, second public version: the status of the SDTE_WRITE response is ignored",
)
gate_close = knob(
    "gate_close",
    enum("GateClose", "after_stop", "before_stop", "apart"),
    "after_stop",
    "when the TSM closes the gates in a teardown: with the response to STOP_INTERFACE, before it is sent, or by calls of the "
    "host's own that nothing ties to STOP_INTERFACE (apart)",
    "COV 07; TF-RMM VDEV_UNLOCK; TDH.MMIO.BLOCK, TDH.DMAR.BLOCK",
)
guest_close = knob(
    "guest_close",
    enum("GuestClose", "message", "stop", "none"),
    "message",
    "how the guest has the gates closed: by messages to the TSM, by a call for which the TSM sends STOP_INTERFACE, or not at all",
    "AMD SDTE_WRITE and MMIO_VALIDATE, RSI_VDEV_DMA_DISABLE; COV 09 stop_interface; TDX: no inverse of accept",
)
failure_undone = knob(
    "failure_undone",
    BOOL,
    True,
    "whether a guest whose acceptance fails midway has undone what was done so far",
    "AMD guest driver, second public version: RUN and sDTE stay when accept fails",
)
state_source = knob(
    "state_source",
    enum("StateSource", "tsm", "host"),
    "tsm",
    "from whom the guest has the TDI's state: from the TSM, or from a field that the host fills in",
    "TDG.TDI.RD, COVG get_interface_state, RSI_VDEV_GET_INFO; AMD: a GHCB field; OpenVMM: the host's response",
)
digest_check = knob(
    "digest_check",
    BOOL,
    True,
    "whether the guest compares the report that the host handed it with the TSM's digest",
    "M4; AMD guest driver: the report's digest is not compared; OpenVMM: likewise",
)

# --- Taking back ----------------------------------------------------------------------------------------------------
force_reclaim = knob(
    "force_reclaim",
    BOOL,
    False,
    "whether the host gets a TDI back although its record does not say CONFIG_UNLOCKED and its stream is not cut",
    "AMD host driver: unbind goes on to reclaim whatever the status; Linux TSM core: unbind returns nothing",
)
