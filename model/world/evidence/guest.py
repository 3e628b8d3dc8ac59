"""Rules of the guest and its verifier: evidence, verdict, acceptance, and what is undone when something fails."""

from __future__ import annotations

from ...language import FALSE, TRUE, Check, Term, const, ite
from ..choices.evidence import (
    check_chain,
    check_config,
    check_epoch,
    check_flags,
    check_identity,
    check_link,
    check_meas_digest,
    check_meas_fresh,
    check_meas_nonce,
    check_mmio,
    check_mmio_every_range,
    check_reference,
    check_report_digest,
    check_run,
    check_slot,
    check_state,
    check_undo,
    check_verdict,
    check_verdict_evidence,
    config_reported,
    drains_shared,
    driver_kept,
    flags_told_by,
    meas_nonce,
    on_failure,
    policy,
    reprobe,
    secret_gate,
    token_read,
)
from ..choices.lifecycle import epoch_bind
from ..choices.spdm import has_tsm
from ..vocabulary import EPOCH, GUEST, t
from . import events as e
from .state import Gate, Guest, Tdi, Tsm

_MINE = Guest.machine
_meas, _report, _token = Guest.meas, Guest.report, Guest.token
_approved, _rejected, _accepted, _driver = Guest.approved, Guest.rejected, Guest.accepted, Guest.driver

ON_REQUEST: Term = meas_nonce == "verifier"
"""The device measures when the verifier asks, and signs the verifier's nonce."""

NOTICES: Term = check_mmio & ((e.mapping == "last_wrong") | ((e.mapping == "first_wrong") & check_mmio_every_range))
"""The guest notices that a range was refused."""

GIVES_UP: Term = (on_failure == "panic") | ((on_failure == "reject") & check_undo)
"""When verification fails, the gates are closed."""

_CURRENT, _STALE, _NO_EPOCH = (const(x, EPOCH) for x in ("current", "stale", "none"))

_USES_TOKEN: Term = has_tsm & ((epoch_bind == "tsm") | check_epoch)

# --- Evidence ---------------------------------------------------------------------------------------------------------
_FALSE = {part: e.false_part == part for part in ("chain", "measurements", "report")}
REPORT_TELLS: Term = (check_flags & (flags_told_by == "report") & (Tdi.wrong[t] == "flags")) | (
    check_config & config_reported & (Tdi.wrong[t] == "config")
)
"""A report of the TDI as it is locked now tells what the guest refuses."""

MEASUREMENTS_TELL: Term = check_reference & Tdi.patched[t] & ~Tdi.hidden[t]
"""Measurements of the device as it runs now tell what the guest refuses."""

FINDS: Term = (
    (check_chain & (Tdi.wrong[t] == "fake") & ~_FALSE["chain"])
    | (check_identity & (Tdi.wrong[t] == "identity") & ~_FALSE["chain"])
    | (check_link & (Tdi.wrong[t] == "link"))
    | (check_flags & (flags_told_by == "tsm") & (Tdi.wrong[t] == "flags"))
    | (~_FALSE["report"] & ite(Tsm.report[t] == "current", REPORT_TELLS, Tsm.report_shows[t]))
    | (~_FALSE["measurements"] & ite(ON_REQUEST, MEASUREMENTS_TELL, Tsm.meas_shows[t]))
    | (check_slot & _FALSE["chain"])
    | (check_meas_digest & _FALSE["measurements"])
    | (check_meas_nonce & (~ON_REQUEST | _FALSE["measurements"]))
    | (check_report_digest & _FALSE["report"])
)
"""What the guest reads fails a check that it makes of evidence."""

_MINE.rule(
    e.tdi_info,
    when=[(_accepted[t] == "none") | ~check_verdict],
    checks=[
        Check("state is locked", check_state.implies(Tdi.locked()), cite="COV 05: it must not accept in any other state"),
        Check(
            "taken since the lock",
            check_meas_fresh.implies(ite(ON_REQUEST, Tdi.locked(), Tsm.meas[t] == "current")),
            cite="M14; AMD meas_digest_fresh",
        ),
    ],
    set={
        _meas[t]: ite(_FALSE["measurements"], _STALE, ite(ON_REQUEST, Tsm.epoch_now(), Tsm.meas[t])),
        _report[t]: ite(_FALSE["report"], _STALE, Tsm.report[t]),
        Guest.false_part[t]: e.false_part,
        Guest.finds[t]: FINDS,
        _token[t]: ite(_USES_TOKEN & (token_read == "with_evidence"), _CURRENT, _NO_EPOCH),
        _approved[t]: ite(check_verdict_evidence, _NO_EPOCH, _approved[t]),
        Guest.vouched[t]: Guest.vouched[t] & ~check_verdict_evidence,
    },
    binds=GUEST,
    cite="M1 tdi_info; M2, M4: digests from the TSM, the bytes from the host",
)

SOUND: Term = ~Guest.finds[t]
"""The evidence held, by way of the TSM, passes every check that the guest's verifier makes."""

_POLICIES: dict[str, Term] = {
    "tsm": SOUND,
    "all": SOUND & e.host_cma & e.vf_cma,
    "any": SOUND | e.host_cma | e.vf_cma,
    "none": TRUE,
    "host_cma": e.host_cma,
    "vf_cma": e.vf_cma,
}
_APPROVES: Term = TRUE
for _name, _says in _POLICIES.items():
    _APPROVES = _APPROVES & (policy == _name).implies(_says)

_MINE.rule(
    e.verify,
    when=[_meas[t] != "none", _approved[t] == "none"],
    checks=[Check("approved by the policy", _APPROVES, cite="M11: all, none, one specific, any; M4: the guest's own roots")],
    set={
        _approved[t]: ite((_meas[t] == "current") & (_report[t] == "current"), _CURRENT, _STALE),
        Guest.vouched[t]: SOUND & has_tsm,
        _rejected[t]: "none",
    },
    binds=GUEST,
    cite="M1, M17",
)

# --- Acceptance -------------------------------------------------------------------------------------------------------
_TOKEN_AT_ACCEPTANCE = ite(_USES_TOKEN & (token_read == "at_acceptance"), _CURRENT, _token[t])
_TO_ACCEPT = (
    Check("state is locked", check_state.implies(Tdi.locked()), cite="COV 05: it must not accept in any other state"),
    Check("approved", check_verdict.implies(_approved[t] != "none"), cite="M1, M17: info, verify, then validate"),
    Check("not rejected", _rejected[t] == "none", cite="M17"),
    Check(
        "same epoch",
        check_epoch.implies(Tdi.bound() & (_TOKEN_AT_ACCEPTANCE == "current")),
        cite="Arm guest: lock_nonce unchanged; AMD: report counter",
    ),
    Check("no driver", driver_kept | (_driver[t] == "none"), cite="Linux TSM core: accept needs no driver bound"),
)
_MINE.rule(
    e.tdi_accept,
    when=[_accepted[t] == "none"],
    checks=_TO_ACCEPT,
    # A decision made while the TDI is not bound is made in no lock epoch.
    set={_accepted[t]: ite(Tdi.bound(), _CURRENT, _STALE), _token[t]: _TOKEN_AT_ACCEPTANCE},
    binds=GUEST,
    cite="AMD guest driver 2026; Linux TSM core: accept; Linux realm guest series",
)
_MINE.rule(
    e.tdi_validate,
    when=[_accepted[t] == "none"],
    checks=_TO_ACCEPT,
    set={_accepted[t]: ite(NOTICES, _NO_EPOCH, _CURRENT), _token[t]: _TOKEN_AT_ACCEPTANCE},
    binds=GUEST,
    cite="M1 tdi_validate; COV 09 COVG map_interface_mmio, start_interface",
)
_ACCEPTED = Check("accepted", _accepted[t] != "none", cite="M15; AMD guest driver 2026")
_MINE.rule(e.start_interface, checks=[_ACCEPTED], binds=GUEST, cite="RSI_RDEV_START")
_BEFORE_USE = Check("before private use", _driver[t] != "private", cite="AMD guest driver 2026: part of acceptance")
_MINE.rule(e.sdte_write, when=[~Gate.dma[t]], checks=[_ACCEPTED, _BEFORE_USE], binds=GUEST, cite="AMD guest driver 2026")
_MINE.rule(
    e.mmio_validate,
    when=[Gate.mmio[t] != "open"],
    checks=[_ACCEPTED, _BEFORE_USE],
    set={_accepted[t]: ite(NOTICES, _NO_EPOCH, _accepted[t])},
    binds=GUEST,
    cite="AMD guest driver 2026: acceptance fails when ranges do",
)
_FALLS_BACK = ite(
    _driver[t] == "private", ite(driver_kept, const("fallback", _driver.sort), const("none", _driver.sort)), _driver[t]
)
_MINE.rule(
    e.tdi_revoke,
    when=[_accepted[t] != "none"],
    checks=[
        Check(
            "no private driver",
            driver_kept | (_driver[t] != "private"),
            cite="Linux TSM core: unlock warns of a bound driver",
        )
    ],
    set={
        _accepted[t]: "none",
        _driver[t]: _FALLS_BACK,
        Guest.tainted[t]: Guest.tainted[t] | (driver_kept & (_driver[t] == "private")),
        Guest.secret[t]: False,
    },
    binds=GUEST,
    cite="M1 tdi_validate, to invalidate",
)
_DIES = on_failure == "panic"
_MINE.rule(
    e.reject,
    when=[_meas[t] != "none", _approved[t] == "none", _rejected[t] != "current"],
    set={
        _rejected[t]: ite(_DIES, _NO_EPOCH, ite(Tdi.bound(), _CURRENT, _STALE)),
        _accepted[t]: ite(on_failure == "warn", _accepted[t], _NO_EPOCH),
        _driver[t]: ite(_DIES, const("none", _driver.sort), ite(GIVES_UP, _FALLS_BACK, _driver[t])),
        Guest.mappings[t]: Guest.mappings[t] & ~_DIES,
        Guest.tainted[t]: ite(_DIES, FALSE, Guest.tainted[t] | (GIVES_UP & driver_kept & (_driver[t] == "private"))),
        Guest.secret[t]: Guest.secret[t] & ~GIVES_UP,
        # A guest that panics is gone, and the one that starts in its stead knows nothing.
        **{family[t]: ite(_DIES, "none", family[t]) for family in (_meas, _report, _token, Guest.false_part)},
        **{family[t]: family[t] & ~_DIES for family in (Guest.finds, Guest.vouched)},
    },
    binds=GUEST,
    cite="M17 against M1, M16",
)

# --- Drivers and secrets ----------------------------------------------------------------------------------------------
_MINE.rule(
    e.driver_shared,
    when=[_driver[t] == "none", _accepted[t] == "none"],
    set={_driver[t]: "shared", Guest.tainted[t]: True},
    binds=GUEST,
    cite="M8: a driver in shared mode before acceptance is valid; M12: the device may be a fake",
)
_MINE.rule(
    e.dma_map,
    # Where no driver is kept, its mappings end with it, before the TDI is locked or accepted.
    when=[driver_kept, Guest.in_shared_use(), ~Guest.mappings[t]],
    set={Guest.mappings[t]: True},
    binds=GUEST,
    cite="M1, M16: SWIOTLB",
)
_MINE.rule(e.dma_unmap, when=[Guest.mappings[t]], set={Guest.mappings[t]: False}, binds=GUEST, cite="M1, M16: SWIOTLB")
_MINE.rule(
    e.driver_private,
    when=[(_driver[t] == "none") | (driver_kept & Guest.in_shared_use())],
    checks=[
        Check("accepted", _accepted[t] != "none", cite="M1, M8: bounce buffers until then"),
        Check("gates opened", Gate.dma[t] & (Gate.mmio[t] != "closed"), cite="AMD guest driver 2026"),
        Check(
            "every range validated",
            (check_mmio & check_mmio_every_range).implies(Gate.mmio[t] == "open"),
            cite="AMD MMIO_VALIDATE; TDG.MMIO.ACCEPT; RSI_VDEV_VALIDATE_MAPPING",
        ),
        Check("state is RUN", check_run.implies(Tdi.state[t] == "RUN"), cite="COV 09; TDG.TDI.RD; RSI_VDEV_GET_INFO"),
        Check("drained", (drains_shared & ~reprobe).implies(~Guest.mappings[t]), cite="[D]"),
    ],
    set={
        _driver[t]: "private",
        Guest.mappings[t]: Guest.mappings[t] & ~reprobe,
        Guest.tainted[t]: Guest.tainted[t] & ~reprobe,
    },
    binds=GUEST,
    cite="M1: the driver picks direct DMA",
)
_MINE.rule(
    e.driver_unbind,
    when=[_driver[t] != "none"],
    set={_driver[t]: "none", **{family[t]: False for family in (Guest.mappings, Guest.tainted, Guest.secret)}},
    binds=GUEST,
    cite="Linux driver core",
)
_MINE.rule(
    e.release_secret,
    # A secret that the guest has had before counts from when the TDI comes into private use.
    when=[_driver[t] == "private", ~Guest.secret[t]],
    checks=[
        Check("verified", (secret_gate == "verified").implies(_approved[t] != "none"), cite="M17: attestation gates secrets")
    ],
    set={Guest.secret[t]: True},
    binds=GUEST,
    cite="M17: attestation of the TVM and of its devices gates secrets",
)

# --- Epochs -----------------------------------------------------------------------------------------------------------
_MINE.rule(
    e.tdi_bind,
    set={x[t]: ite(x[t] == "current", "stale", x[t]) for x in (_meas, _report, _token, _approved, _rejected, _accepted)},
    cite="[D] a new lock epoch makes what the guest holds that of an earlier one; the guest is not told",
)
