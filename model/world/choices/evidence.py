"""What the guest checks before and after it accepts, whose evidence it trusts, and what it does with drivers and secrets."""

from __future__ import annotations

from ...language import BOOL, Term, enum
from .knob import knob

_checks: list[str] = []


def _check(name: str, summary: str, cite: str) -> Term:
    """A check of the guest, as a switch; a flow whose sources do not show it switches it off."""
    _checks.append(name)
    return knob(name, BOOL, True, summary, cite)


check_state = _check(
    "check_state",
    "whether the guest learns from the TSM, not from the host, that the TDI is locked when it reads evidence and accepts",
    "COV 05, 09 get_interface_state; TDG.TDI.RD; RSI_VDEV_GET_INFO; AMD guest message TDI_INFO says only BOUND",
)
check_chain = _check(
    "check_chain",
    "whether the guest verifies the certificate chain against roots of its own",
    "M4, M14: the TSM does not judge certificates",
)
check_slot = _check(
    "check_slot",
    "whether the guest compares the chain that it was handed with slot and digest of the TSM's session",
    "M3, M4, M14; AMD certs_slot; RSI_VDEV_GET_INFO cert_id",
)
check_identity = _check(
    "check_identity",
    "whether the guest checks that device and TDI are those that it expects",
    "AMD guest_device_id; TDX requester id; Arm vdev id; COV 05 T007",
)
check_reference = _check(
    "check_reference",
    "whether the guest, or its verifier, compares the measured values with reference values",
    "M1, M4; DSP0274 GET_MEASUREMENTS",
)
check_meas_digest = _check(
    "check_meas_digest",
    "whether the guest compares the measurements that it was handed with the TSM's digest of them",
    "M4; AMD meas_digest; TDX attestation-info hash; RSI_VDEV_GET_INFO; COV 09 transcripts",
)
check_meas_nonce = _check(
    "check_meas_nonce",
    "whether the guest finds a nonce of its own in the measurements",
    "M2, M3; COV 09 COVG get_device_measurements",
)
check_meas_fresh = _check(
    "check_meas_fresh",
    "whether the guest has the TSM's word that the measurements were taken since the lock",
    "M14; AMD meas_digest_fresh; no such mark in TF-RMM",
)
check_report_digest = _check(
    "check_report_digest",
    "whether the guest compares the interface report that it was handed with the TSM's digest of it",
    "M4; AMD interface_report_digest; TDX report hash; RSI_VDEV_GET_INFO; the public AMD guest driver of 2026 does not",
)
check_flags = _check(
    "check_flags",
    "whether the guest checks that the TDI was locked with the flags it wants (NO_FW_UPDATE, LOCK_MSIX, no peer-to-peer)",
    "P63 §11.3.8; COV 08; AMD TDI_INFO flags",
)
check_config = _check(
    "check_config",
    "whether the guest checks the device specific part of the report",
    "P63 Table 11-15; COV 05, threat of pre-configuration",
)
check_link = _check(
    "check_link",
    "whether the guest learns from the TSM which IDE stream the TDI is locked on, and checks its properties",
    "COV 09 COVG get_device_link; in SEV-TIO the stream is known to the host",
)
check_verdict = _check(
    "check_verdict",
    "whether the guest accepts only after its verifier has approved, or accepts first and has it verified later",
    "M1, M17; M6, M16 root file system; Linux TSM core: accept does not ask whether evidence was read",
)
check_verdict_evidence = _check(
    "check_verdict_evidence",
    "whether an approval counts only for the evidence that it judged, or goes on to count when other evidence is read",
    "M17: the relying party may be in user space, or remote",
)
check_epoch = _check(
    "check_epoch",
    "whether the guest, when it accepts, reads the TSM's mark of the lock epoch again and compares it with the one it noted",
    "Arm guest: lock_nonce unchanged; AMD: report counter, re-read; Linux tsm.rst: correlate LOCK evidence with RUN",
)
check_mmio = _check(
    "check_mmio",
    "whether the guest looks at the TSM's answer when it has its MMIO ranges validated",
    "M15; AMD MMIO_VALIDATE status; TDG.MMIO.ACCEPT; RSI_VDEV_VALIDATE_MAPPING",
)
check_mmio_every_range = _check(
    "check_mmio_every_range",
    "whether every range must be validated, or an answer about the last one decides",
    "AMD guest driver 2026: a failed range is skipped, acceptance fails only when the last one does",
)
check_run = _check(
    "check_run",
    "whether the guest learns from the TSM that the TDI is in RUN before it drives it with private memory",
    "COV 09 COVG get_interface_state; TDG.TDI.RD; RSI_VDEV_GET_INFO; none found in the AMD guest drivers",
)
check_undo = _check(
    "check_undo",
    "whether the guest undoes all that it has opened when a later step fails, or when it rejects",
    "M17; the AMD guest driver of 2026 leaves RUN and sDTE as they are; TDX: no guest inverse of accept",
)

GUEST_CHECKS: tuple[str, ...] = tuple(_checks)
"""The guest's checks, by the names of their knobs, in the order in which a guest makes them."""

meas_nonce = knob(
    "meas_nonce",
    enum("MeasurementNonce", "verifier", "tsm", "host", "zero"),
    "tsm",
    "whose nonce the device signs: the verifier's own, so that measurements are taken when it asks; or one of the TSM's, of "
    "the host's, or a constant, so that they are taken when the host has it done, and the TSM keeps a digest",
    "COV 09: 32-byte TVM nonce, or the TSM picks; AMD DEV_MEASUREMENTS: the host's; TF-RMM: all zero",
)
meas_fresh = knob(
    "meas_fresh",
    BOOL,
    True,
    "whether the device measures when it is asked (MEAS_FRESH_CAP), or reports what it computed at its last reset",
    "DSP0274 MEAS_FRESH_CAP; P63 §11.4.2; M4",
)
meas_complete = knob(
    "meas_complete",
    BOOL,
    True,
    "whether the measurements cover every index, or leave some firmware out",
    "M4; TF-RMM asks for all indices",
)
_AT_LOCK = enum("DigestAtLock", "cleared", "kept")
meas_digest_at_lock = knob(
    "meas_digest_at_lock",
    _AT_LOCK,
    "cleared",
    "whether a new LOCK clears the TSM's digest of the measurements, or an earlier one goes on to be shown to the guest",
    "AMD: kept, and marked as not fresh; TF-RMM: kept without a mark; TDX: that of the SPDM connection",
)
report_digest_at_lock = knob(
    "report_digest_at_lock",
    _AT_LOCK,
    "cleared",
    "whether a new LOCK clears the TSM's digest of the interface report, or an earlier one goes on to be shown to the guest",
    "TF-RMM: kept, under a new lock nonce",
)
token_read = knob(
    "token_read",
    enum("TokenRead", "with_evidence", "at_acceptance"),
    "with_evidence",
    "when the guest notes the TSM's mark of the lock epoch (session id, lock nonce): with the evidence, or just before it accepts",
    "TDX guest driver: at lock; OpenHCL validator: immediately before TDG.TDI.START",
)
flags_by = knob(
    "flags_by",
    enum("FlagsBy", "host", "tsm"),
    "host",
    "who chooses the flags of LOCK_INTERFACE",
    "AMD TDI_BIND flags, TDX NO_FW_UPDATE: the host; TF-RMM: all supported, fixed",
)
flags_told_by = knob(
    "flags_told_by",
    enum("FlagsToldBy", "report", "tsm"),
    "report",
    "whether the guest finds the lock flags in the interface report, or has them from the TSM",
    "P63 Table 11-15; AMD TDI_INFO",
)
link_by = knob(
    "link_by",
    enum("LinkBy", "host", "tsm"),
    "host",
    "who chooses the IDE stream and the policy of the session",
    "AMD DEV_CONNECT ide_stream_id: the host; TDX, TF-RMM: owned by the TSM",
)
config_reported = knob(
    "config_reported",
    BOOL,
    False,
    "whether the report tells of all configuration of the device that was made before the lock",
    "P63 Table 11-15: the device specific part is the device's to fill",
)
policy = knob(
    "policy",
    enum("Policy", "tsm", "all", "any", "none", "host_cma", "vf_cma"),
    "tsm",
    "whose approval the guest wants, of the evidence by way of the TSM, the host's own CMA and CMA with the VF: "
    "that of one, of all, of any one, or of none",
    "M11: all, none, one specific, or any of several sources",
)
on_failure = knob(
    "on_failure",
    enum("OnFailure", "reject", "panic", "warn"),
    "reject",
    "what the guest does when verification fails: give the TDI up, die, or go on",
    "M17 against M1, M16; M6",
)
driver_kept = knob(
    "driver_kept",
    BOOL,
    False,
    "whether a driver in shared mode may stay bound across lock, acceptance and revocation",
    "M8, M16: root file system; Linux TSM core: lock and accept need no driver bound",
)
reprobe = knob(
    "reprobe",
    BOOL,
    False,
    "whether a driver that has used the device unverified is probed anew when it goes over to private memory",
    "M12: a fake device in shared mode",
)
drains_shared = knob(
    "drains_shared",
    BOOL,
    False,
    "whether a driver gives its shared mappings up before it goes over to private memory",
    "M1, M16: from SWIOTLB to direct DMA; not stated how",
)
secret_gate = knob(
    "secret_gate",
    enum("SecretGate", "verified", "accepted"),
    "verified",
    "what the guest asks of the TDIs in private use before it fetches a secret: approval, or acceptance alone",
    "M17: attestation gates secrets",
)
