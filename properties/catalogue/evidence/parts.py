"""The evidence that the guest accepts: of which epoch, whose nonce, and the bytes that the TSM vouches for."""

from __future__ import annotations

from ....model.language.mutate import DropCheck
from ....model.world.choices.evidence import meas_nonce
from ....model.world.evidence.state import Guest
from ....model.world.vocabulary import t
from ...property import Kill
from ..promise import only_after, only_if
from .observations import ACCEPT, DMA_GATE_OPENS, INFO, THIS_EPOCH, UNVERIFIED, VERIFY

PROPERTIES = (
    only_if(
        "accepts-only-a-report-of-this-lock",
        "When a guest accepts a TDI, the interface report that it read is the TDI's own, of the current lock epoch.",
        ACCEPT, Guest.report[t] == "current", over=(t,), protects="guest", binds="guest",
        cite="M15, M17; Linux tsm.rst: correlate LOCK evidence with RUN; P63 Table 11-15: the report has no nonce",
        if_violated="The report is forged, or tells of a lock that is over. MMIO ranges, flags and configuration are not what the guest believes.",
        if_holds="The report that was judged describes the TDI as it is locked at acceptance. A relock in between is noticed.",
        kill=Kill((UNVERIFIED,), "arm-cca", {"report_digest_at_lock": "cleared"}),
    ),
    only_if(
        "accepts-only-measurements-since-the-lock",
        "When a guest accepts a TDI, the measurements that it read were taken since the TDI was last locked.",
        ACCEPT, Guest.meas[t] == "current", over=(t,), protects="guest", binds="TSM",
        cite="M4, M14: before or after the lock; P63 §11.4.2",
        if_violated="Firmware may have changed between measurement and lock, and nothing that the guest read would tell. The TSM keeps measurements over a lock, or takes them whenever the host likes.",
        if_holds="What was measured is what was locked. An update in between would have shown.",
        kill=Kill((UNVERIFIED,), "arm-cca", {"meas_nonce": "verifier"}),
    ),
    only_if(
        "measurements-carry-a-nonce-of-the-verifier",
        "A guest accepts a TDI only with measurements that answer a nonce of its own verifier.",
        ACCEPT, (meas_nonce == "verifier") & (Guest.false_part[t] != "measurements"), over=(t,), protects="guest",
        binds="TSM", cite="M2, M3; COV 09 COVG get_device_measurements; TF-RMM: the nonce is all zero",
        if_violated="A verifier outside the TVM cannot tell these measurements from old ones. It has to believe the TSM's digest, or nobody.",
        if_holds="The verifier knows by itself that the device measured after it asked. It need not believe whoever carried the answer.",
        kill=Kill((UNVERIFIED,), "cove-io"),
    ),
    only_if(
        "accepted-measurements-are-not-replayed",
        "A guest accepts a TDI only with the measurements that the device gave the TSM last, not with some that the host kept.",
        ACCEPT, Guest.false_part[t] != "measurements", over=(t,), protects="guest", binds="guest",
        cite="M2, M3, M4: the host caches and replays",
        if_violated="The host handed over a transcript of its choice and neither a nonce nor a digest gave it away. Firmware that was replaced since looks approved.",
        if_holds="A replayed transcript is found out, by the nonce in it or by the TSM's digest. That the host carries the bytes does not matter.",
        kill=Kill((UNVERIFIED,), "cove-io"),
    ),
    only_if(
        "accepted-report-has-the-tsms-digest",
        "A guest accepts a TDI only with an interface report whose bytes have the digest that the TSM gives.",
        ACCEPT, Guest.false_part[t] != "report", over=(t,), protects="guest", binds="guest",
        cite="M4; AMD interface_report_digest; TDX report hash; RSI_VDEV_GET_INFO",
        if_violated="The host wrote the report. Ranges, flags and configuration that the guest goes by are the host's invention.",
        if_holds="A forged or outdated report is rejected. The host is a carrier and nothing more.",
        kill=Kill((UNVERIFIED,), "cove-io"),
    ),
    only_if(
        "accepted-chain-is-that-of-the-session",
        "A guest accepts a TDI only with the certificate chain of the slot that the TSM's session was made with.",
        ACCEPT, Guest.false_part[t] != "chain", over=(t,), protects="guest", binds="guest",
        cite="M3, M4, M14: the slot is chosen at connect; RSI_VDEV_GET_INFO cert_id",
        if_violated="The guest judged a genuine chain that belongs to some other key than the one that the session rests on. Whoever holds the session is unknown.",
        if_holds="The chain that was judged is that of the key with which the session was made. Certificates cached by the host do no harm.",
        kill=Kill((UNVERIFIED,), "cove-io"),
    ),
    only_if(
        "verdict-is-used-only-in-its-epoch",
        "When a guest accepts a TDI, it has an approval of evidence that is wholly of the current lock epoch.",
        ACCEPT, Guest.approved[t] == "current", over=(t,), protects="guest", binds="guest",
        cite="M15, M17: the relying party is in user space, or remote",
        if_violated="The verdict was about another lock than the one that is accepted, or there is none. The host relocked while the verifier was thinking.",
        if_holds="A verdict opens nothing but the lock epoch that it judged. A slow verifier costs time, not safety.",
        kill=Kill((DropCheck("tsm", "tdi_validate", "epoch"),), "cove-io", {"epoch_bind": "tsm"}),
    ),
    only_after(
        "accepts-only-what-was-approved-in-this-epoch",
        "In each lock epoch, a guest accepts the TDI only after its verifier has approved in that epoch.",
        ACCEPT, VERIFY, THIS_EPOCH, over=(t,), protects="guest", binds="guest",
        cite="M1, M17: info, verify, validate, in this order",
        if_violated="Acceptance came without a verdict, or with one from before the last lock. The order of the three steps is lost in a relock, or was never kept.",
        if_holds="Nobody skips or swaps the steps. Every lock needs its own verdict.",
        kill=Kill((DropCheck("guest", "tdi_accept", "same epoch"),), "arm-cca"),
    ),
    only_after(
        "dma-gate-opens-only-after-evidence-was-read",
        "In each lock epoch, the DMA gate of a TDI opens only after the guest has read its evidence in that epoch.",
        DMA_GATE_OPENS, INFO, THIS_EPOCH, over=(t,), protects="guest", binds="TSM",
        cite="M1, M17; M10: lock before or after assignment, and recovery from an error, need evidence of the new lock",
        if_violated="A TDI that was relocked, perhaps after an error, comes into use on the strength of what was read before. Nobody has looked at it as it is.",
        if_holds="A new lock needs a new look, also on the way back from an error. No path leads around it.",
        kill=Kill((DropCheck("tsm", "sdte_write", "epoch"),), "arm-cca"),
    ),
)  # fmt: skip
