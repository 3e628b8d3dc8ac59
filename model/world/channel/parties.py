"""Rules of those at the ends: TSM, TDI, root complex, guest, the requesters' tags, and the neighbour."""

from __future__ import annotations

from ...language import Check, Term, const, ite, neg
from ..choices.channel import (
    dma_timeout,
    rekey_on_rebind,
    stop_waits,
    stream_shared,
    tag_quarantine,
)
from ..vocabulary import DEVICE_PARTY, ROOT_COMPLEX, TSM, v
from . import events as e
from .keys import TAG_IS_CLEAN, flushed
from .state import CONTEXT, DMA, MMIO, Lane, Neighbour, RootComplex, Stream, Tdi, Tsm

_owner, _former = Tsm.owner, Tsm.former
_tsm, _tdi, _root, _neighbour = Tsm.machine, Tdi.machine, RootComplex.machine, Neighbour.machine
_RUN = "P63 §11.2.1"

# --- Whose the TDI is -------------------------------------------------------------------------------------------------
_tsm.rule(
    e.tdi_bind,
    when=[neg(Tsm.bound()), _former != v],
    checks=[
        Check("stream Secure", Stream.secure(), "IDE_NOT_SECURE", "P63 §6.33.1; COV 07"),
        Check("flushed", flushed(), cite="CVE-2025-9614: flush or re-key between owners"),
        Check(
            "nobody else on a stream that is to be restarted",
            ((rekey_on_rebind == "restart") & stream_shared).implies(neg(Neighbour.running)),
            "STREAM_IN_USE",
            "P63 §11.4.5: an Insecure stream takes every TDI of it to ERROR",
        ),
    ],
    set={_owner: v, _former: v},
    binds=TSM,
    cite="P63 §11.3.8, §11.3.14; COV 09 bind_interface, start_interface",
)
_tsm.rule(
    e.tdi_unbind, when=[Tsm.bound()], set={_owner: "none"}, binds=TSM, cite="COV 07; AMD TDI_UNBIND: gates close with it"
)

# --- The TDI ----------------------------------------------------------------------------------------------------------
_tdi.rule(e.tdi_bind, set={Tdi.running: True}, binds=DEVICE_PARTY, cite="P63 §11.3.14")
_tdi.rule(
    e.tdi_unbind,
    checks=[
        Check(
            "outstanding reads answered", stop_waits.implies(DMA.waiting == "none"), cite="P63 §11.3.16: waits for responses"
        )
    ],
    set={Tdi.running: False},
    binds=DEVICE_PARTY,
    cite="P63 §11.3.16; a posted request that was sent is done, as far as the device can know",
)
for _event in (e.DMA.write, e.DMA.read, *(s.overtaken for s in (e.DMA.writes, e.DMA.reads))):
    _tdi.rule(_event, checks=[Check("in RUN", Tdi.running, cite=_RUN)], binds=DEVICE_PARTY, cite=_RUN)
_tdi.rule(
    e.MMIO.writes.arrives,
    checks=[
        Check("T=1 in RUN only", MMIO.write.in_("plain", "host") | Tdi.running, "REJECTED", _RUN),
        Check("T=0 not in RUN", neg(MMIO.write.in_("plain", "host") & Tdi.running), "REJECTED", _RUN),
    ],
    binds=DEVICE_PARTY,
    cite=_RUN,
)
for _event in (e.MMIO.reads.arrives, e.MMIO.forged):
    _tdi.rule(_event, checks=[Check("in RUN", Tdi.running, "REJECTED", _RUN)], binds=DEVICE_PARTY, cite=_RUN)
_tdi.rule(
    e.DMA.completions.arrives,
    checks=[Check("still in RUN", Tdi.running, "REJECTED", "P63 §11.2.1: that it is the same RUN is not asked")],
    binds=DEVICE_PARTY,
    cite=_RUN,
)
_tdi.rule(
    e.DMA.timeout,
    set={Tdi.running: Tdi.running & (dma_timeout == "recovered")},
    binds=DEVICE_PARTY,
    cite="P63 §11.4.3",
)

# --- The gates --------------------------------------------------------------------------------------------------------
_root.rule(
    e.DMA.writes.arrives,
    checks=[Check("gate open", DMA.write.in_("plain", "host") | Tsm.bound(), "BLOCKED", "M16; COV 05")],
    binds=ROOT_COMPLEX,
    cite="M16",
)
for _event in (e.DMA.reads.arrives, e.DMA.forged):
    _root.rule(_event, checks=[Check("gate open", Tsm.bound(), "BLOCKED", "M16; COV 05")], binds=ROOT_COMPLEX, cite="M16")

# --- The guest that has the TDI ---------------------------------------------------------------------------------------
for _event in (e.MMIO.write, e.MMIO.read):
    _root.rule(_event, when=[Tsm.bound()], binds=ROOT_COMPLEX, cite="M16: MMIO is mapped for the owner")


# --- Tags -------------------------------------------------------------------------------------------------------------
def _free_again(lane: Lane, *same: str) -> Check:
    """The quarantine of a tag whose request timed out; ``same``: the context that is not kept from it."""
    return Check(
        "tag not in quarantine",
        (tag_quarantine == "no")
        | (lane.expired == "none")
        | ((tag_quarantine != "always") & lane.expired.in_("none", *same)),
        cite="CVE-2025-9613",
    )


def _older(context: Term) -> Term:
    return ite(context == "current", const("stale", CONTEXT), context)


for _lane, _ev, _party in ((MMIO, e.MMIO, ROOT_COMPLEX), (DMA, e.DMA, DEVICE_PARTY)):
    _tags, _waiting, _expired = _lane.requester, _lane.waiting, _lane.expired
    _tags.rule(
        _ev.read,
        when=[_waiting == "none"],
        checks=[_free_again(_lane, "current")],
        set={_waiting: "current" if _lane is MMIO else ite(Tsm.bound(), const("current", CONTEXT), const("stale", CONTEXT))},
        binds=_party,
        cite="P63 §2.2.6.2: a tag is unique among outstanding requests",
    )
    _tags.rule(
        _ev.timeout,
        when=[_waiting.in_("current", "stale")],
        set={_waiting: "none", _expired: ite(tag_quarantine == "no", const("none", CONTEXT), _waiting)},
        binds=_party,
        cite="P63 §2.8",
    )
    _tags.rule(
        _ev.completions.arrives,
        checks=[Check("expected", _waiting != "none", "UNEXPECTED", "P63 §2.3.2: Unexpected Completion")],
        set={_waiting: "none"},
        binds=_party,
        cite="P63 §2.3.2: matched by requester ID and tag",
    )
    _tags.rule(
        _ev.completions.arrives,
        reply="UNEXPECTED",
        set={_expired: ite(tag_quarantine == "context", _expired, const("none", CONTEXT))},
        cite="CVE-2025-9613: the late completion was seen; of which request it was, nobody can tell",
    )
    _tags.rule(e.tdi_unbind, set={x: _older(x) for x in (_waiting, _expired)}, cite="[D] asked by the former owner")
    _tags.rule(
        e.tdi_bind,
        set={_expired: ite(TAG_IS_CLEAN[_lane], const("none", CONTEXT), _expired)},
        cite="CVE-2025-9613: flushed or re-keyed",
    )
    _tags.rule(e.device_connect, set={_expired: "none"}, cite="CVE-2025-9613: re-keyed")
DMA.requester.rule(
    e.DMA.completions.arrives, reply="REJECTED", set={DMA.waiting: "none"}, cite="P63 §11.2.1: rejected, and the tag is free"
)

# --- The neighbour ----------------------------------------------------------------------------------------------------
_neighbour.rule(
    e.neighbour_starts,
    when=[stream_shared, Stream.secure(), neg(Neighbour.running)],
    set={Neighbour.running: True},
    cite="P63 §11.1; COV 04",
)
_neighbour.rule(e.neighbour_stops, when=[Neighbour.running], set={Neighbour.running: False}, cite="P63 §11.3.16")
_neighbour.rule(e.neighbour_read, when=[Neighbour.running], cite="M16: MMIO of another TDI, by its owner")
MMIO.requester.rule(
    e.neighbour_read,
    when=[MMIO.waiting == "none"],
    checks=[_free_again(MMIO)],
    set={MMIO.waiting: "other"},
    binds=ROOT_COMPLEX,
    cite="P63 §2.2.6.2: the root port's tags serve all TVMs",
)
MMIO.requester.rule(
    e.neighbour_answered, when=[MMIO.waiting == "other"], set={MMIO.waiting: "none"}, binds=ROOT_COMPLEX, cite="P63 §2.3.2"
)
