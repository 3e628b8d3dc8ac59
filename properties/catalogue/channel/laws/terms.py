"""Terms that the laws share."""

from __future__ import annotations

from .....model.language import OK, Int, Term, after, conj, const, ite, neg
from .....model.world.channel import events as e
from .....model.world.channel.state import DMA, LANES, MMIO, Lane, Stream
from .....model.world.choices.channel import (
    ide_type,
)

FLOW = "cove-io"
state = Stream.state
SELECTIVE = ide_type == "selective"
BOTH = ((MMIO, DMA, e.MMIO, "mmio"), (DMA, MMIO, e.DMA, "dma"))
"""Each lane with the other, its events and its name."""
SLOTS = tuple(slot for lane in LANES for slot in lane.slots)
FLAGS = tuple(x for lane in LANES for x in (lane.read_owes, lane.read_late, lane.completion_owes, lane.completion_late))
NONE, LOST, DEAD = (const(x, MMIO.write.sort) for x in ("none", "lost", "dead"))


def held_tlps() -> Term:
    """How many TLPs the fabric holds or has lost."""
    total: Term = const(0, Int(0, 0))
    for slot in SLOTS:
        total = total + ite(slot == "none", const(0, Int(0, 0)), const(1, Int(1, 1)))
    return total


def known_of(lane: Lane, slot: Term) -> tuple[Term, ...]:
    """What is known of the TLP in the slot."""
    if slot is lane.read:
        return lane.read_owes, lane.read_late
    return (lane.completion_owes, lane.completion_late) if slot is lane.completion else ()


def gone(lane: Lane, slot: Term) -> Term:
    """Afterwards nothing is under way in the slot, and nothing is known of it."""
    return (after(slot) == "none") & conj(*(neg(after(x)) for x in known_of(lane, slot)))


REPLIES = (OK, "MISROUTED", "DISCARDED", "IDE_CHECK_FAILED", "REJECTED", "BLOCKED", "UNEXPECTED")
"""Every reply to a TLP that arrives."""
ON = {"device": ("DEVICE_ON", "SECURE", "INSECURE"), "root port": ("ROOT_ON", "SECURE", "INSECURE")}


def sub_streams(lane: Lane, events: e.LaneEvents) -> tuple[tuple[Term, e.Traffic, Term], ...]:
    """Each sub-stream of a lane: what is under way, its events, and whether the stream is enabled where it arrives."""
    there, back = ("device", "root port") if lane is MMIO else ("root port", "device")
    enabled = tuple(state.in_(*ON[port]) for port in (there, there, back))
    return tuple(zip(lane.slots, events.sub_streams, enabled, strict=True))
