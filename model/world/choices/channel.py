"""The link between root port and device: what the fabric may do, and what is done against it."""

from __future__ import annotations

from ...language import BOOL, Int, Party, enum, neg
from .knob import knob

programmable_switch = knob(
    "programmable_switch",
    BOOL,
    True,
    "whether the fabric may hold, reorder and lose TLPs at will, or keeps the ordering rules and delivers in time",
    "CERT/CC VU#404544; INTEL-SA-01409: no programmable switches between root port and device",
)
FABRIC = Party("fabric", neg(programmable_switch))
"""Switches and retimers. Without a programmable switch the fabric keeps the rules that bind it."""

fabric_capacity = knob(
    "fabric_capacity",
    Int(1, 4),
    2,
    "how many TLPs are under way, or missing, at once, at most: a bound of the model, not of the world",
    "[D] each published attack needs two",
)
ide_type = knob(
    "ide_type",
    enum("IdeType", "selective", "link"),
    "selective",
    "whether the stream runs from port to port through the switches (selective), or each link has one of its own that "
    "ends in the switch (link), which then sees TLPs in the clear",
    "P63 §6.33, §11.1: Link IDE only for a device directly below the root port; COV 04: selective only; M12",
)
reorder_check = knob(
    "reorder_check",
    enum("ReorderCheck", "base", "enhanced"),
    "base",
    "whether the receiver's count of posted requests has the published gap, in which a read passes a write unseen (base), or "
    "has none (enhanced)",
    "P63 §6.33.5; CVE-2025-9612; PCI-SIG draft ECN IDE TLP Reordering Enhancement. The circumstances of the gap are not "
    "public: the fabric is taken to be able to bring them about",
)
rekey_on_rebind = knob(
    "rekey_on_rebind",
    enum("RekeyOnRebind", "no", "refresh", "refresh_stop", "restart"),
    "no",
    "what happens to the stream's keys before a TDI goes to its next owner: nothing (no), a switch to the other key set "
    "(refresh), that and K_SET_STOP for the old set (refresh_stop), or the stream is taken down and keyed anew (restart)",
    "CVE-2025-9614; P63 §6.33.3; COV 07 key refresh. No flow is known to do any of them at unbind",
)
flush_on_rebind = knob(
    "flush_on_rebind",
    enum("FlushOnRebind", "no", "root_port", "both"),
    "no",
    "whether the next owner gets the TDI only after a read over the stream was answered: by nobody (no), from the root port "
    "to the device (root_port), or one in each direction (both)",
    "CVE-2025-9613, CVE-2025-9614: flushed or re-keyed; P63 §2.4, §6.33.5: a read pushes the writes before it",
)
tag_quarantine = knob(
    "tag_quarantine",
    enum("TagQuarantine", "no", "context_seen", "context", "always"),
    "no",
    "whether a tag whose request timed out may be used again: at once (no), by the same owner in the same lock epoch until a "
    "late completion was seen (context_seen) or until the stream was flushed or keyed anew (context), or by nobody until "
    "either (always)",
    "CVE-2025-9613; P63 §2.8: a completion timeout frees the request's resources",
)
dma_timeout = knob(
    "dma_timeout",
    enum("DmaTimeout", "recovered", "error"),
    "recovered",
    "what a completion timeout of a TDI's own read does: the TDI goes on, or it goes to ERROR",
    "P63 §11.4.3: ERROR, unless it can be recovered from",
)
stop_waits = knob(
    "stop_waits",
    BOOL,
    True,
    "whether the device answers STOP_INTERFACE only when the TDI's own reads were answered or have timed out",
    "P63 §11.3.16; emulators answer at once",
)
stream_shared = knob(
    "stream_shared",
    BOOL,
    True,
    "whether another TDI of the device, of another TVM, uses the same stream",
    "P63 §11.1: one stream per pair of ports is enough; COV 04: one selective stream per device, shared by all its TDIs",
)
quiet_connect = knob(
    "quiet_connect",
    BOOL,
    True,
    "whether the host's driver is stopped, and its TLPs have arrived, while the stream is enabled at the two ports",
    "P63 §6.33.8: no IDE TLP may arrive before both ports are enabled; M1, M4; Linux TSM core: connect asks for no idle driver",
)
