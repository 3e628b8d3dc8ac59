"""Which TLPs a TDI takes and sends in each state (P63 §11.2, §11.2.1), and what it comes to hold by that."""

from __future__ import annotations

from ...language import FALSE, TRUE, Check, Term, implies, ite, neg
from ..choices.responder import completion_match, ide_required, legacy_dma, mmio_in_locked, shared_range_tbit, unlocked_mmio
from ..vocabulary import DEVICE_PARTY, device_of, t
from . import events as e
from .state import Stream, Tdi

_MINE = Tdi.machine
_state, _holds, _sharing = Tdi.state[t], Tdi.holds[t], Tdi.sharing[t]
_secure = neg(ide_required) | (Stream.state[device_of(t)] == "SECURE")
_msix_locked = Tdi.msix_locked[t]

# --- To the TDI -------------------------------------------------------------------------------------------------------
_UPDATABLE = e.target == "updatable"
_as_tee = (e.target == "tee") | (_UPDATABLE & (_sharing != "shared")) | ((e.target == "msix") & _msix_locked)
_as_shared = (e.target == "non_tee") | (_UPDATABLE & (_sharing != "tee")) | ((e.target == "msix") & neg(_msix_locked))
_MINE.rule(
    e.tlp_in,
    name="access to TEE memory",
    when=[_as_tee],
    checks=[
        Check(
            "T=1 only in RUN",
            implies(e.tbit, (_state == "RUN") | ((_state == "CONFIG_LOCKED") & (mmio_in_locked == "accept"))),
            "REJECTED",
            "P63 §11.2, §11.2.1",
        ),
        Check(
            "T=1 only over a bound stream",
            implies(e.tbit, neg(ide_required) | (e.bound & _secure)),
            "REJECTED",
            "P63 §11.2.1",
        ),
        Check(
            "T=0 only in CONFIG_UNLOCKED",
            e.tbit | ((_state == "CONFIG_UNLOCKED") & (unlocked_mmio == "allowed")),
            "REJECTED",
            "P63 §11.2.1; §11.3.8 for a locked MSI-X table; COV 05",
        ),
    ],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1, §11.3.22: while an attribute changes, the device may still, or already, treat the range so",
)
_MINE.rule(
    e.tlp_in,
    name="access to shared memory",
    when=[_as_shared],
    checks=[
        Check(
            "T=1 to shared memory",
            implies(
                e.tbit,
                ite(shared_range_tbit == "any_state", TRUE, (_state == "RUN") & (shared_range_tbit == "run")),
            ),
            "REJECTED",
            "P63 §11.2 against §11.2.1, §11.3.22",
        )
    ],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1: T=0 as usual, whatever the state",
)
_MAY_SAY = Tdi.locked() | (_state == "ERROR")
_MINE.rule(
    e.tlp_in,
    name="vendor's message",
    when=[e.target == "vdm"],
    checks=[Check("T=1 unless unlocked", implies(_MAY_SAY, e.tbit & e.bound & _secure), "REJECTED", "P63 §11.2.1")],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1: with T=1 even in ERROR",
)
_late = _holds == "late_read"
_MINE.rule(
    e.completion,
    when=[_holds.in_("read", "late_read")],
    checks=[
        Check(
            "still in RUN",
            # A read of a legacy VM's is answered as ever.
            (_state == "RUN") | ((_state == "CONFIG_UNLOCKED") & neg(_late)),
            "REJECTED",
            "P63 §11.2.1",
        ),
        Check("of this RUN", implies(completion_match == "epoch", neg(_late)), "REJECTED", "not demanded by P63 §11.2.1"),
    ],
    set={_holds: "nothing"},
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1; the T bit of the completion is ignored",
)
_MINE.rule(
    e.completion, reply="REJECTED", set={_holds: "nothing"}, binds=DEVICE_PARTY, cite="P63 §11.2.1: dropped without a record"
)

# --- From the TDI -----------------------------------------------------------------------------------------------------
_run, _unlocked = _state == "RUN", _state == "CONFIG_UNLOCKED"
_legacy = (_unlocked & (legacy_dma != "never")) | ((_state == "CONFIG_LOCKED") & (legacy_dma == "also_locked"))
_SENDS: dict[str, tuple[Term, Term, str]] = {
    "read": (_run, _legacy, "P63 §11.2.1"),
    "write": (_run, _legacy, "P63 §11.2.1"),
    "msi": (FALSE, TRUE, "P63 §11.2.1: MSI is never a TVM's"),
    "msix": (_run & _msix_locked, neg(_run & _msix_locked), "P63 §11.2.1"),
    "translation_request": (
        _run,
        neg(_run),
        "P63 §11.4.10; nothing is said of T=0 ones outside RUN, and none is followed in CONFIG_LOCKED and ERROR",
    ),
    "page_request": (_run, _legacy, "P63 §11.4.10"),
    "translated": (_run, _legacy, "P63 §11.4.10"),
    "vendor_message": (_MAY_SAY, _unlocked, "P63 §11.2.1"),
}
"""What a TDI sends: when with T=1, when with T=0, source."""
_MINE.rule(
    e.tlp_out,
    checks=[
        *(
            Check(
                f"{kind} with {'T=1' if tbit else 'T=0'}",
                implies((e.kind == kind) & (e.tbit if tbit else neg(e.tbit)), may),
                cite=cite,
            )
            for kind, (with_t, without, cite) in _SENDS.items()
            for tbit, may in ((True, with_t), (False, without))
        ),
        Check(
            "over a bound stream",
            implies(
                e.tbit,
                ite(
                    e.path == "p2p_stream",
                    Tdi.p2p[t] != "none",
                    neg(ide_required) | ((e.path == "default_stream") & _secure),
                ),
            ),
            cite="P63 §11.2.1: T=1 only over a stream that is bound to the TDI",
        ),
        Check(
            "default stream",
            implies(e.path == "p2p_stream", e.kind == "translated"),
            cite="P63 §11.3.18, §6.33.4: ATS and untranslated requests never leave the default stream",
        ),
        Check(
            "ALL_REQUEST_REDIRECT",
            implies(e.path == "p2p_stream", neg(Tdi.redirect[t])),
            cite="P63 §11.3.8",
        ),
    ],
    set={
        _holds: ite(
            (_holds == "nothing") & (e.kind == "read"),
            "read",
            ite(
                (_holds == "nothing") & (e.kind == "translation_request") & (_run | _unlocked),
                "translation",
                _holds,
            ),
        )
    },
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1",
)
_MINE.rule(
    e.works,
    when=[_run, _holds == "nothing"],
    set={_holds: ite(e.work == "secret", "secret", ite(e.work == "interrupt", "interrupt", _holds))},
    binds=DEVICE_PARTY,
    cite="P63 §11.2: in RUN the TDI may hold a TVM's secrets; §11.3.16: interrupts and page requests under way",
)
