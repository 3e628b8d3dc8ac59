"""Rules of the TSM: what it checks before it does what host or guest ask, and what it records."""

from __future__ import annotations

from ...language import Check, Maybe, Operand, Term, const, for_each, forall, implies, ite
from ..choices.lifecycle import (
    accept_by,
    bind_requires,
    disconnect_bound,
    dma_gate_needs,
    epoch_bind,
    guest_stop,
    lock_by,
    mmio_gate_needs,
    p2p,
    run_by,
    tdisp,
    tsm_consent,
)
from ..vocabulary import LOCKED_STATES, TSM, TVM, d, device_of, t, v
from . import events as e
from .state import Device, Guest, Host, Stream, Tdi, Tsm

_LINK, _MINE = Tsm.link, Tsm.machine
_bound, _view, _nonce, _consent = Tsm.bound, Tsm.view, Tsm.nonce, Tsm.consent

_SESSION = Device.tsm_session[device_of(t)]
_IS_BOUND = Check("bound", _bound[t] != "none", "NOT_BOUND", "COV 09; AMD TIO_TDI_BIND, TDI_UNBIND")
_BOUND_TO_CALLER = Check(
    "bound to the caller", _bound[t] == v, "NOT_BOUND", "AMD MMIO_VALIDATE and SDTE_WRITE: TDI_UNBOUND, NOT_ASSIGNED; COV 09"
)
_UNBOUND: dict[Term, Operand] = {_bound[t]: "none", _view[t]: "CONFIG_UNLOCKED", _nonce[t]: "none", _consent[t]: False}
_STARTED: dict[Term, Operand] = {_view[t]: "RUN", _nonce[t]: "none"}

# --- The device -----------------------------------------------------------------------------------------------------
_LINK.rule(
    e.device_connect,
    checks=[Check("not connected", ~Tsm.connected[d], "ALREADY_CONNECTED", "Linux TSM core: connect answers EBUSY")],
    set={Tsm.connected[d]: True},
    binds=TSM,
    cite="COV 09 connect_device; AMD DEV_CONNECT; M1",
)
_LINK.rule(
    e.device_disconnect,
    checks=[
        Check("connected", Tsm.connected[d], "NOT_CONNECTED", "COV 09"),
        Check(
            "no TDI bound",
            implies(disconnect_bound == "reject", forall(t, (device_of(t) == d).implies(_bound[t] == "none"))),
            "BOUND",
            "COV 07: reject; COV 09: stop them first",
        ),
    ],
    set={Tsm.connected[d]: False},
    binds=TSM,
    cite="COV 07, COV 09 disconnect_device; AMD DEV_DISCONNECT",
)
_MINE.rule(
    e.device_disconnect,
    each=[for_each(t, target, ite(device_of(t) == d, value, target)) for target, value in _UNBOUND.items()],
    binds=TSM,
    cite="COV 09: bound interfaces are stopped",
)

# --- A TDI, at the host's request -----------------------------------------------------------------------------------
_MINE.rule(
    e.tdi_bind,
    when=[_SESSION],
    checks=[
        Check("connected", Tsm.connected[device_of(t)], "NOT_CONNECTED", "COV 09 bind_interface"),
        Check("TDISP served", tdisp, "NOT_SUPPORTED", "M13: without a bind there should be no TDISP action"),
        Check("not bound", _bound[t] == "none", "ALREADY_BOUND", "Linux TSM core: another TVM gets EBUSY; COV 09"),
        Check(
            "asked by the guest",
            (lock_by == "guest_call").implies(Host.lock_requested[t] == v),
            "NOT_REQUESTED",
            "RMM up to 1.1-alp12: RSI_RDEV_LOCK",
        ),
        Check(
            "secure stream",
            implies(bind_requires == "secure", Stream.secure_by_tsm(device_of(t))),
            "IDE_NOT_SECURE",
            "COV 07: the stream's link is set up",
        ),
    ],
    set={_bound[t]: v, _view[t]: "CONFIG_LOCKED", _nonce[t]: "current", _consent[t]: False},
    binds=TSM,
    cite="COV 09 bind_interface; AMD TDI_BIND(run=0)",
)
_MINE.rule(
    e.tdi_bind_run,
    when=[_SESSION],
    checks=[
        Check(
            "served to the host",
            run_by != "guest_call",
            "NOT_SUPPORTED",
            "COV 09: only the guest's call starts an interface",
        ),
        _IS_BOUND,
        Check("locked", _view[t] == "CONFIG_LOCKED", "BAD_STATE", "AMD host driver: TDI_STATUS is LOCKED"),
        Check("consent", tsm_consent.implies(_consent[t]), "NO_CONSENT", "COV 09; not found in SEV-TIO"),
    ],
    set=_STARTED,
    binds=TSM,
    cite="AMD TDI_BIND(run=1)",
)
_MINE.rule(
    e.tdi_unbind, checks=[_IS_BOUND], set=_UNBOUND, binds=TSM, cite="COV 09 unbind_interface; AMD TDI_UNBIND, TDI_RECLAIM"
)
_MINE.rule(e.get_state, when=[_SESSION], checks=[_IS_BOUND], set={_view[t]: Tdi.state[t]}, binds=TSM, cite="P63 §11.3.12")
_MINE.rule(
    e.bind_p2p,
    when=[_SESSION],
    checks=[
        Check("peer-to-peer allowed", p2p, "NOT_SUPPORTED", "AMD TDI_BIND flag BIND_P2P; TDX sets no P2P"),
        _IS_BOUND,
        Check("running", _view[t] == "RUN", "BAD_STATE", "P63 §11.3.18"),
    ],
    binds=TSM,
    cite="AMD TDI_BIND flag BIND_P2P: set by the host",
)
_MINE.rule(
    e.host_lock,
    set={_nonce[t]: ite(_nonce[t] == "current", "stale", _nonce[t])},
    cite="[D] a new lock epoch makes the TSM's nonce an old one",
)

# --- A TDI, at the guest's request ----------------------------------------------------------------------------------
_EPOCH_OF_EVIDENCE = Check(
    "epoch",
    implies(epoch_bind == "tsm", Guest.evidence[v, t] == "current"),
    "STALE_EPOCH",
    "as TDX bind session id, Arm lock nonce",
)
_EPOCH_OF_ACCEPTANCE = Check(
    "epoch",
    implies(epoch_bind == "tsm", Guest.accepted[v, t] == "current"),
    "STALE_EPOCH",
    "as TDX bind session id, Arm lock nonce",
)
_MINE.rule(
    e.tdi_info,
    when=[_SESSION],
    checks=[_BOUND_TO_CALLER],
    binds=TSM,
    cite="M1 tdi_info; COV 09 COVG get_device_measurements, get_interface_report",
)
_MINE.rule(
    e.tdi_validate,
    when=[accept_by == "validate"],
    checks=[_BOUND_TO_CALLER, _EPOCH_OF_EVIDENCE],
    set={_consent[t]: _consent[t] | tsm_consent},
    binds=TSM,
    cite="M1 tdi_validate",
)
_MINE.rule(
    e.tdi_accept,
    when=[accept_by == "decision"],
    checks=[
        # Without consent in force the decision is the guest's alone, and the TSM hears nothing of it.
        Check("bound to the caller", tsm_consent.implies(_bound[t] == v), "NOT_BOUND", "[D]"),
        Check("epoch", tsm_consent.implies(_EPOCH_OF_EVIDENCE.term), "STALE_EPOCH", _EPOCH_OF_EVIDENCE.cite),
    ],
    set={_consent[t]: _consent[t] | tsm_consent},
    binds=TSM,
    cite="AMD guest driver 2026; Linux TSM core: accept",
)
_MINE.rule(
    e.start_interface,
    when=[run_by == "guest_call", _SESSION],
    checks=[
        _BOUND_TO_CALLER,
        Check("locked", _view[t] == "CONFIG_LOCKED", "ALREADY_STARTED", "COV 09 start_interface"),
        _EPOCH_OF_EVIDENCE,
    ],
    set={**_STARTED, _consent[t]: _consent[t] | tsm_consent},
    binds=TSM,
    cite="COV 09 COVG start_interface",
)
for _event, _needs, _cite in (
    (e.sdte_write, dma_gate_needs, "AMD SDTE_WRITE"),
    (e.mmio_validate, mmio_gate_needs, "AMD MMIO_VALIDATE"),
):
    _MINE.rule(
        _event,
        when=[accept_by == "decision"],
        checks=[
            _BOUND_TO_CALLER,
            Check(
                "locked or running",
                (_needs == "locked").implies(_view[t].in_(*LOCKED_STATES)) & (_needs == "run").implies(_view[t] == "RUN"),
                "BAD_STATE",
                "TDX TDG.DMAR.ACCEPT; RMM RSI_VDEV_VALIDATE_MAPPING, RSI_VDEV_DMA_ENABLE",
            ),
            _EPOCH_OF_ACCEPTANCE,
        ],
        binds=TSM,
        cite=f"{_cite}: TDI_UNBOUND is refused, LOCKED is not told from RUN",
    )
_MINE.rule(
    e.tdi_revoke,
    # Where stopping unbinds, there is no call that takes acceptance back and leaves the TDI running.
    when=[guest_stop != "unbind"],
    set={_consent[t]: _consent[t] & (_bound[t] != v)},
    binds=TSM,
    cite="M1 tdi_validate, to invalidate",
)
_MINE.rule(
    e.tdi_stop,
    when=[guest_stop != "host"],
    checks=[_BOUND_TO_CALLER],
    set={
        _bound[t]: ite(guest_stop == "unbind", const("none", Maybe(TVM)), _bound[t]),
        **{target: value for target, value in _UNBOUND.items() if target is not _bound[t]},
    },
    binds=TSM,
    cite="COV 09 COVG stop_interface; RMM up to 1.1-alp12 RSI_RDEV_STOP",
)
