"""Rules of the guest: evidence, verification, acceptance, drivers."""

from __future__ import annotations

from ...language import Check, const, for_each, ite
from ..choices.lifecycle import accept_by, gate_order, p2p
from ..vocabulary import DEVICE_PARTY, EPOCH, GUEST, t, v, w
from . import events as e
from .state import Gate, Guest, Peer, Tsm

_MINE = Guest.machine
_evidence, _verified, _accepted, _driver = Guest.evidence, Guest.verified, Guest.accepted, Guest.driver

_VERIFIED = Check("verified", _verified[v, t], cite="M1, M17: info, verify, then validate")
_NO_DRIVER = Check("no driver bound", _driver[v, t] == "none", cite="Linux TSM core: accept needs no driver bound")
_MINE.rule(
    e.tdi_request_lock,
    when=[_accepted[v, t] == "none"],
    # What it knew was of an earlier lock.
    set={_evidence[v, t]: "none", _verified[v, t]: False},
    binds=GUEST,
    cite="Linux TSM core: lock refuses a device that is locked already; evidence is read after it",
)
_MINE.rule(
    e.tdi_info,
    when=[_accepted[v, t] == "none"],
    set={_evidence[v, t]: "current", _verified[v, t]: False},
    binds=GUEST,
    cite="M1 tdi_info",
)
_MINE.rule(
    e.verify,
    when=[_evidence[v, t] != "none", ~_verified[v, t], _accepted[v, t] == "none"],
    checks=[
        Check(
            "genuine device", DEVICE_PARTY.honest, cite="M1, M4: certificates and measurements against the guest's own roots"
        )
    ],
    set={_verified[v, t]: True},
    binds=GUEST,
    cite="M1, M17",
)

_MINE.rule(
    e.tdi_accept,
    when=[_accepted[v, t] == "none"],
    checks=[_VERIFIED, _NO_DRIVER],
    # A decision made while the TDI is not bound to this TVM is made in no lock epoch of it.
    set={_accepted[v, t]: ite(Tsm.bound[t] == v, const("current", EPOCH), const("stale", EPOCH))},
    binds=GUEST,
    cite="AMD guest driver 2026; Linux TSM core: accept",
)
_MINE.rule(
    e.tdi_validate,
    when=[_accepted[v, t] == "none"],
    checks=[_VERIFIED, _NO_DRIVER],
    set={_accepted[v, t]: "current"},
    binds=GUEST,
    cite="M1 tdi_validate",
)
_MINE.rule(
    e.start_interface,
    when=[(accept_by == "start").implies(_accepted[v, t] == "none")],
    checks=[
        Check(_VERIFIED.name, (accept_by == "start").implies(_VERIFIED.term), cite=_VERIFIED.cite),
        Check(_NO_DRIVER.name, (accept_by == "start").implies(_NO_DRIVER.term), cite=_NO_DRIVER.cite),
        Check(
            "accepted",
            (accept_by == "decision").implies(_accepted[v, t] != "none"),
            cite="M15: RUN after the TVM's approval",
        ),
    ],
    set={_accepted[v, t]: ite(accept_by == "start", const("current", EPOCH), _accepted[v, t])},
    binds=GUEST,
    cite="COV 09 COVG start_interface; M17: it lets the TSM know that the TVM accepts the TDI",
)
for _event, _order, _other in ((e.sdte_write, "mmio_first", Gate.mmio), (e.mmio_validate, "dma_first", Gate.dma)):
    _MINE.rule(
        _event,
        checks=[
            Check("accepted", _accepted[v, t] != "none", cite="AMD guest driver 2026: RUN, sDTE, MMIO in that order"),
            Check("in order", (gate_order == _order).implies(_other[t] == v), cite="AMD, TDX and Arm guest drivers"),
        ],
        binds=GUEST,
        cite="AMD guest driver 2026",
    )
_MINE.rule(
    e.tdi_revoke,
    when=[_accepted[v, t] != "none"],
    checks=[Check("no private driver", _driver[v, t] != "private", cite="Linux TSM core: unlock warns of a bound driver")],
    set={_accepted[v, t]: "none"},
    binds=GUEST,
    cite="M1 tdi_validate, to invalidate",
)

_MINE.rule(
    e.tdi_stop,
    checks=[Check("no private driver", _driver[v, t] != "private", cite="Linux TSM core: unlock warns of a bound driver")],
    set={_accepted[v, t]: "none"},
    binds=GUEST,
    cite="COV 09 COVG stop_interface",
)

# --- Drivers --------------------------------------------------------------------------------------------------------
_MINE.rule(
    e.driver_shared,
    when=[_driver[v, t] == "none", _accepted[v, t] == "none"],
    set={_driver[v, t]: "shared"},
    binds=GUEST,
    cite="M8: a driver in shared mode before acceptance is valid",
)
_MINE.rule(
    e.driver_private,
    when=[_driver[v, t] == "none"],
    checks=[
        Check("accepted", _accepted[v, t] != "none", cite="M1, M8"),
        Check("gates opened", (Gate.dma[t] == v) & (Gate.mmio[t] == v), cite="AMD guest driver 2026: accept ends with both"),
    ],
    set={_driver[v, t]: "private"},
    binds=GUEST,
    cite="M1: the driver picks direct DMA",
)
_MINE.rule(
    e.driver_unbind, when=[_driver[v, t] != "none"], set={_driver[v, t]: "none"}, binds=GUEST, cite="Linux driver core"
)
_MINE.rule(
    e.mmio,
    checks=[Check("private driver", _driver[v, t] == "private", cite="M1")],
    binds=GUEST,
    cite="M1",
)

# --- Epochs ---------------------------------------------------------------------------------------------------------
for _event in (e.tdi_bind, e.host_lock):
    _MINE.rule(
        _event,
        each=[
            for_each(w, family[w, t], ite(family[w, t] == "current", "stale", family[w, t]))
            for family in (_evidence, _accepted)
        ],
        cite="[D] a new lock epoch makes evidence and acceptance those of an earlier one; the guest is not told",
    )

# --- The peer device ------------------------------------------------------------------------------------------------
Peer.machine.rule(
    e.peer_accept,
    when=[p2p, Peer.trusted_by == "none"],
    set={Peer.trusted_by: v},
    binds=GUEST,
    cite="[D] the peer's own lifecycle, as one step",
)
Peer.machine.rule(
    e.peer_revoke, when=[Peer.trusted_by == v], set={Peer.trusted_by: "none"}, binds=GUEST, cite="[D] likewise"
)
Peer.machine.rule(
    e.dma_peer,
    checks=[Check("peer in use", Peer.trusted_by != "none", "REJECTED", "P63 §11.2.1: T=1 requests are taken in RUN only")],
    cite="M18: peer-to-peer traffic does not cross RMP and IOMMU",
)
