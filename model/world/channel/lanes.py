"""Rules of the fabric, a lane at a time: it delays, reorders and loses; what arrives leaves it."""

from __future__ import annotations

from ...language import FALSE, Check, Int, Operand, Term, const, disj, ite, neg
from ..choices.channel import FABRIC, fabric_capacity, quiet_connect
from ..vocabulary import DEVICE_PARTY, HOST
from . import events as e
from .keys import COUNTERS_RESTART, FLUSHED_BY_NEW_KEYS, NEW_KEYS_OVERTAKE, OLD_KEYS_DIE, SELECTIVE, counted_before
from .state import DMA, LANES, MMIO, TLP, Fabric, Lane, Stream, Tsm, empty, under_way

_state = Stream.state
_ORDERING = "P63 §2.4.1: ordering rules"
_THREAT = "CERT/CC VU#404544: what a programmable switch can do"


def _number_of_tlps() -> Term:
    """How many are under way, or missing."""
    zero, one = const(0, Int(0, 0)), const(1, Int(1, 1))
    total: Term = zero
    for lane in LANES:
        for slot in lane.slots:
            total = total + ite(slot == "none", zero, one)
    return total


_ROOM = _number_of_tlps() < fabric_capacity


_DROPPED_BEHIND_THE_PORT: dict[e.Traffic, tuple[str, ...]] = {
    e.MMIO.writes: ("REJECTED",),
    e.MMIO.reads: ("REJECTED",),
    e.MMIO.completions: ("UNEXPECTED",),
    e.DMA.writes: ("BLOCKED",),
    e.DMA.reads: ("BLOCKED",),
    e.DMA.completions: ("REJECTED", "UNEXPECTED"),
}
"""With which replies a TLP is dropped that the port has taken, and counted."""


def _gone(lane: Lane, slot: Term) -> dict[Term, Operand]:
    """Nothing is under way in the sub-stream."""
    flags = {lane.read: (lane.read_owes, lane.read_late), lane.completion: (lane.completion_owes, lane.completion_late)}
    return {slot: "none", **dict.fromkeys(flags.get(slot, ()), False)}


def _refrains(why: str) -> list[Check]:
    return [Check(why, FALSE, cite=_ORDERING)]


for _lane, _other, _ev in ((MMIO, DMA, e.MMIO), (DMA, MMIO, e.DMA)):
    _m = _lane.machine
    # A device that keeps no rule sends for nobody: what it sends without an owner belongs to no context.
    _sent = const("current", TLP) if _lane is MMIO else ite(Tsm.bound(), const("current", TLP), const("stale", TLP))

    # --- Sending ------------------------------------------------------------------------------------------------------
    _m.rule(_ev.write, when=[_lane.write == "none", _ROOM], set={_lane.write: _sent}, cite="P63 §6.33.4, §11.2.1")
    _m.rule(
        _ev.read,
        when=[_lane.read == "none", _ROOM],
        set={_lane.read: _sent, _lane.read_owes: counted_before(_lane.write)},
        cite="P63 §6.33.5: a non-posted request carries the count of posted ones",
    )

    # --- Arriving -----------------------------------------------------------------------------------------------------
    _m.rule(
        _ev.writes.arrives,
        when=[under_way(_lane.write)],
        set={_lane.write: "none", _lane.read_owes: False},
        binds=FABRIC,
        cite=_ORDERING,
    )
    _other.machine.rule(_ev.writes.arrives, set={_other.completion_owes: False}, cite="P63 §6.33.5: the write is counted")
    _m.rule(
        _ev.reads.arrives,
        when=[under_way(_lane.read), _lane.completion == "none"],
        checks=[Check("not before an earlier write", neg(_lane.read_owes), cite=_ORDERING)],
        set={
            **_gone(_lane, _lane.read),
            # It is answered at once, with data of whoever has the TDI then. An answer that is held is a late one.
            _lane.completion: "current",
            _lane.completion_owes: counted_before(_other.write),
            _lane.completion_late: _lane.read_late,
        },
        binds=FABRIC,
        cite="P63 §2.4.1; §6.33.5: a completion carries the count of posted requests",
    )
    _m.rule(
        _ev.completions.arrives,
        when=[under_way(_lane.completion)],
        checks=[Check("not before an earlier write", neg(_lane.completion_owes), cite=_ORDERING)],
        # Whatever was asked under the tag is answered now: a read that is still under way comes late.
        set={**_gone(_lane, _lane.completion), _lane.read_late: under_way(_lane.read) & (_lane.read != "dead")},
        binds=FABRIC,
        cite=_ORDERING,
    )
    for _slot, _sub in zip(_lane.slots, _ev.sub_streams, strict=True):
        _missing = {**_gone(_lane, _slot), _slot: ite(_slot == "host", const("lost", TLP), const("none", TLP))}
        _counts_anyway = {_lane.read_owes: False} if _slot is _lane.write else {}
        _replies: dict[str, dict[Term, Operand]] = {
            "MISROUTED": _missing,
            "DISCARDED": _gone(_lane, _slot),
            **{reply: {**_gone(_lane, _slot), **_counts_anyway} for reply in _DROPPED_BEHIND_THE_PORT[_sub]},
        }
        for _reply, _change in _replies.items():
            _m.rule(_sub.arrives, reply=_reply, set=_change, cite="P63 §6.33.4, §6.33.8, §11.2.1: dropped")

        _old = NEW_KEYS_OVERTAKE & (_slot == "stale")

        # --- Reordering and losing ------------------------------------------------------------------------------------
        _m.rule(
            _sub.overtaken,
            when=[_slot.in_("current", "stale", "lost")],
            checks=[Check("keeps a sub-stream in order", _slot == "lost", cite=_ORDERING)],
            set={
                **{flag: flag & neg(_old) for flag in _gone(_lane, _slot) if flag is not _slot},
                _slot: ite(_old, const("dead", TLP), _slot),
            },
            binds=FABRIC,
            cite=_THREAT,
        )
        _m.rule(
            _sub.lost,
            when=[under_way(_slot)],
            checks=_refrains("loses nothing"),
            set={**_gone(_lane, _slot), _slot: ite(_slot.in_("plain", "dead"), const("none", TLP), const("lost", TLP))},
            binds=FABRIC,
            cite=_THREAT,
        )
    for _reply in _DROPPED_BEHIND_THE_PORT[_ev.writes]:
        _other.machine.rule(
            _ev.writes.arrives, reply=_reply, set={_other.completion_owes: False}, cite="P63 §6.33.5: the write is counted"
        )
    Fabric.machine.rule(_ev.forged, checks=_refrains("forwards what was sent"), binds=FABRIC, cite=_THREAT)

    # --- A timeout ----------------------------------------------------------------------------------------------------
    _m.rule(
        _ev.timeout,
        checks=[Check("delivers in time", _lane.quiet, cite="P63 §2.8")],
        set={
            _lane.read_late: _lane.read.in_("current", "stale"),
            _lane.completion_late: _lane.completion.in_("current", "stale"),
        },
        binds=FABRIC,
        cite="P63 §2.8: what comes after it comes too late",
    )

    # --- Another owner, other keys ------------------------------------------------------------------------------------
    _m.rule(
        e.tdi_unbind,
        set={slot: ite(slot == "current", const("stale", TLP), slot) for slot in _lane.slots},
        cite="[D] what was sent before belongs to the former owner",
    )
    _dead = {
        slot: (OLD_KEYS_DIE if slot is _lane.write else OLD_KEYS_DIE | FLUSHED_BY_NEW_KEYS[_lane])
        & slot.in_("host", "stale")
        for slot in _lane.slots
    }
    _dies = {
        slot: ite(dead, const("dead", TLP), ite(COUNTERS_RESTART & (slot == "lost"), const("none", TLP), slot))
        for slot, dead in _dead.items()
    }
    _flags = (_lane.read_owes, _lane.read_late, _lane.completion_owes, _lane.completion_late)
    _m.rule(
        e.tdi_bind,
        set={
            **_dies,
            **{flag: flag & neg(_dead[slot]) for slot in _lane.slots[1:] for flag in _gone(_lane, slot) if flag is not slot},
        },
        cite="P63 §6.33.3: a set that was stopped is not used again",
    )
    # --- The stream is lost, and keyed anew ----------------------------------------------------------------------------
    # Nothing that was sent under the lost keys is ever taken. (That it may arrive, and spoil the next keys as well, is no more
    # than what a made-up TLP does.) What a switch holds in the clear, with Link IDE, outlives the keys.
    _void: dict[Term, Operand] = {
        **{slot: ite(SELECTIVE & (slot != "plain"), const("none", TLP), slot) for slot in _lane.slots},
        **{flag: flag & neg(SELECTIVE) for flag in _flags},
    }
    for _event in (*e.MMIO.checked, *e.DMA.checked):
        _m.rule(_event, reply="IDE_CHECK_FAILED", set=_void, cite="P63 §6.33.8: all keys of the stream are invalid")
    _m.rule(e.link_down, set=_void, cite="P63 §6.33.8: all keys of the stream are invalid")
    _m.rule(
        e.device_connect,
        set={slot: ite(slot == "lost", const("none", TLP), slot) for slot in _lane.slots},
        cite="P63 §6.33.8: back to Secure with new keys only, and counters from one",
    )

# --- The host's driver, while the stream is being enabled -------------------------------------------------------------
for _lane, _event, _sends, _party in (
    (MMIO, e.host_mmio_write, ("ROOT_ON",), HOST),
    (DMA, e.host_dma_write, ("DEVICE_ON",), DEVICE_PARTY),
):
    _lane.machine.rule(
        _event,
        when=[
            _state.in_("OFF", "ROOT_ON", "DEVICE_ON"),
            _lane.write == "none",
            _ROOM,
            quiet_connect.implies(_state == "OFF"),
        ],
        set={_lane.write: ite(_state.in_(*_sends), const("host", TLP), const("plain", TLP))},
        binds=_party,
        cite="P63 §6.33.4: a port whose stream is enabled sends over it; M4: a driver that is at work",
    )

# --- The fabric and the control plane ---------------------------------------------------------------------------------
for _event in (e.tdi_bind, e.tdi_unbind, e.device_connect):
    Fabric.machine.rule(
        _event,
        checks=[Check("delivers in time", empty(), cite="INTEL-SA-01409: no programmable switch")],
        binds=FABRIC,
        cite="[D] messages of the control plane take longer than a TLP in a fabric that holds none back",
    )

NOTHING_OF_THE_DRIVER = neg(disj(*(lane.write.in_("plain", "host") for lane in LANES)))
"""The host's driver is stopped, and its TLPs have arrived."""
