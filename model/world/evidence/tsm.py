"""Rules of the TSM: what it binds, which digests it keeps, and whose messages it serves."""

from __future__ import annotations

from ...language import Check, const, ite
from ..choices.evidence import meas_digest_at_lock, meas_nonce, report_digest_at_lock, token_read
from ..choices.lifecycle import accept_by, epoch_bind, run_by, tsm_consent
from ..choices.spdm import has_tsm
from ..vocabulary import EPOCH, TSM, t
from . import events as e
from .guest import MEASUREMENTS_TELL, REPORT_TELLS
from .state import Guest, Tdi, Tsm

_MINE = Tsm.machine
_meas, _report = Tsm.meas, Tsm.report

_IS_BOUND = Check("bound", Tdi.bound(), "NOT_BOUND", "COV 09; AMD TDI_UNBOUND; RSI_VDEV_GET_INFO")
_EPOCH = Check(
    "epoch",
    (epoch_bind == "tsm").implies((token_read == "at_acceptance") | (Guest.token[t] == "current")),
    "STALE_EPOCH",
    "as TDX bind session id, Arm lock nonce",
)
_EPOCH_OF_GATE = Check(
    "epoch",
    (epoch_bind == "tsm").implies(Guest.token[t] == "current"),
    "STALE_EPOCH",
    "as TDX bind session id, Arm lock nonce",
)

_MINE.rule(
    e.tdi_bind,
    when=[has_tsm],
    checks=[Check("not bound", ~Tdi.bound(), "ALREADY_BOUND", "COV 09 bind_interface; Linux TSM core: EBUSY")],
    set={
        **{
            digest[t]: ite((knob == "kept") & (digest[t] != "none"), const("stale", EPOCH), const("none", EPOCH))
            for digest, knob in ((_meas, meas_digest_at_lock), (_report, report_digest_at_lock))
        },
        Tsm.meas_shows[t]: Tsm.meas_shows[t] & (meas_digest_at_lock == "kept"),
        Tsm.report_shows[t]: (report_digest_at_lock == "kept")
        & ite(_report[t] == "current", REPORT_TELLS, Tsm.report_shows[t]),
    },
    binds=TSM,
    cite="COV 09 bind_interface; AMD TDI_BIND(run=0); TF-RMM VDEV_LOCK",
)
_MINE.rule(
    e.measure,
    when=[has_tsm, meas_nonce != "verifier"],
    set={
        _meas[t]: Tsm.epoch_now(),
        Tsm.meas_shows[t]: MEASUREMENTS_TELL,
    },
    binds=TSM,
    cite="AMD DEV_MEASUREMENTS; TDH.SPDM.MNG; TF-RMM VDEV_GET_MEAS, which does not ask for a state",
)
_MINE.rule(
    e.report,
    when=[has_tsm],
    checks=[_IS_BOUND],
    set={_report[t]: "current", Tsm.report_shows[t]: False},
    binds=TSM,
    cite="AMD TDI_REPORT; GET_TDI_REPORT; TF-RMM VDEV_GET_REPORT; COV 09",
)
_MINE.rule(
    e.tdi_run,
    checks=[
        Check(
            "served to the host",
            run_by != "guest_call",
            "NOT_SUPPORTED",
            "COV 09: only the guest's call starts an interface",
        ),
        _IS_BOUND,
        Check("consent", tsm_consent.implies(Guest.accepted[t] == "current"), "NO_CONSENT", "COV 09; not found in SEV-TIO"),
    ],
    binds=TSM,
    cite="AMD TDI_BIND(run=1); TF-RMM VDEV_START; TDH.TDI.START",
)

_MINE.rule(e.tdi_unbind, checks=[_IS_BOUND], binds=TSM, cite="COV 09 unbind_interface; AMD TDI_UNBIND")

# --- At the guest's request -------------------------------------------------------------------------------------------
_MINE.rule(
    e.tdi_info,
    checks=[
        Check(_IS_BOUND.name, has_tsm.implies(_IS_BOUND.term), _IS_BOUND.reply, _IS_BOUND.cite),
        Check(
            "evidence fetched",
            has_tsm.implies(
                ((_meas[t] != "none") | (meas_nonce == "verifier") | (e.false_part == "measurements"))
                & ((_report[t] != "none") | (e.false_part == "report"))
            ),
            "NOT_READY",
            "AMD meas_digest_valid; Arm: a nonce of zero says that there is none",
        ),
    ],
    binds=TSM,
    cite="M1 tdi_info; AMD TDI_INFO; COV 09; TDG.TDI.RD; RSI_VDEV_GET_INFO",
)
_MINE.rule(
    e.tdi_validate,
    when=[accept_by != "decision", (accept_by == "start").implies(run_by == "guest_call")],
    checks=[_IS_BOUND, _EPOCH],
    binds=TSM,
    cite="M1 tdi_validate; COV 09 start_interface",
)
_MINE.rule(
    e.tdi_accept,
    when=[accept_by == "decision"],
    checks=[
        # Without consent in force the decision is the guest's alone, and the TSM hears nothing of it.
        Check(_IS_BOUND.name, tsm_consent.implies(_IS_BOUND.term), _IS_BOUND.reply, "[D]"),
        Check(_EPOCH.name, tsm_consent.implies(_EPOCH.term), _EPOCH.reply, _EPOCH.cite),
    ],
    binds=TSM,
    cite="AMD guest driver 2026; Linux TSM core: accept; TDG.TDI.START",
)
_MINE.rule(
    e.start_interface,
    when=[run_by == "guest_call", accept_by == "decision"],
    checks=[_IS_BOUND, _EPOCH_OF_GATE],
    binds=TSM,
    cite="Arm before 1.1-alp16: RSI_RDEV_START",
)
for _event, _cite in ((e.sdte_write, "AMD SDTE_WRITE"), (e.mmio_validate, "AMD MMIO_VALIDATE")):
    _MINE.rule(_event, when=[accept_by == "decision"], checks=[_IS_BOUND, _EPOCH_OF_GATE], binds=TSM, cite=_cite)
