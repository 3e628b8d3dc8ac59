"""Laws of the lanes: what is sent, what the fabric does with it, and what becomes of it."""

from __future__ import annotations

from .....model.language import TRUE, after, conj, const, iff, implies, ite, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.channel import events as e
from .....model.world.channel.state import DMA, MMIO, Lane, Stream, Tdi, Tsm, empty, under_way
from .....model.world.choices.channel import (
    fabric_capacity,
    programmable_switch,
    rekey_on_rebind,
    tag_quarantine,
)
from .....model.world.choices.trust import DEVICE_PARTY
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import invariant, law, possible, step_law
from .terms import BOTH, DEAD, FLOW, LOST, NONE, SELECTIVE, gone, held_tlps, known_of

_REFRESHED = SELECTIVE & (rekey_on_rebind == "refresh")


def _of_lane(lane: Lane, other: Lane, events: e.LaneEvents, name: str) -> tuple[Property, ...]:
    """What holds of the TLPs of a lane."""
    asker = TRUE if lane is MMIO else Tdi.running | neg(DEVICE_PARTY.honest)
    party = "root complex" if lane is MMIO else "device"
    sent = (
        "current" if lane is MMIO else ite(Tsm.bound(), const("current", lane.write.sort), const("stale", lane.write.sort))
    )
    subs = tuple(zip(lane.slots, events.sub_streams, strict=True))
    later = {lane.write: Tsm.bound() & asker, lane.read: Tsm.bound() & asker}
    later[lane.completion] = lane.read.in_("current", "stale")
    held, counted = lane.write.in_("host", "current", "lost"), lane.write.in_("none", "plain", "dead")
    ready = Tsm.bound() & Stream.secure() & asker & (held_tlps() < fabric_capacity)
    return (
        step_law(
            f"{name}-requests-are-sent-one-at-a-time-by-the-owner",
            "A write is sent while none of its kind is under way and there is room in the fabric, and belongs to the present owner.",
            occurs(events.write),
            (lane.write == "none")
            & (held_tlps() < fabric_capacity)
            & (after(lane.write) == sent)
            & (Tsm.bound() if lane is MMIO else TRUE),
            (), party, "P63 §6.33.4, §6.33.5, §11.2.1, §2.2.6.2", DropUpdate(name, f"{name}_write", f"{name}.write"),
            flow=FLOW,
        ),
        step_law(
            f"{name}-reads-carry-the-count-of-writes",
            "A read is sent while none is under way, under a tag that nobody waits for, and owes the writes before it that have not arrived.",
            occurs(events.read),
            (lane.read == "none")
            & (held_tlps() < fabric_capacity)
            & (lane.waiting == "none")
            & (after(lane.read) == sent)
            & ((after(lane.waiting) == "current") == (Tsm.bound() if lane is DMA else TRUE))
            & (after(lane.waiting) != "none")
            & (Tsm.bound() if lane is MMIO else TRUE)
            & implies(held, after(lane.read_owes))
            & implies(counted, neg(after(lane.read_owes))),
            (), party, "P63 §6.33.5, §2.2.6.2", DropUpdate(name, f"{name}_read", f"{name}.read_owes"),
            witness=occurs(events.read, where=held), flow=FLOW,
        ),
        possible(
            f"{name}-requests-can-be-sent-while-there-is-room",
            "The owner of a TDI can write over a Secure stream as long as no write of his is under way and there is room in the fabric.",
            occurs(events.write), ready & (lane.write == "none"),
            (), party, "P63 §6.33.4, §11.2.1", SwapValue(name, f"{name}_write", lane.write, "none", "plain"),
            witness=ready & (lane.write == "none"), flow=FLOW,
        ),
        possible(
            f"{name}-reads-can-be-sent-while-there-is-room",
            "The owner of a TDI can read over a Secure stream as long as no read of his is under way or awaited, and there is room.",
            occurs(events.read),
            ready
            & (lane.read == "none")
            & (lane.waiting == "none")
            & ((tag_quarantine == "no") | (lane.expired == "none")),
            (), party, "P63 §6.33.4, §11.2.1", SwapValue(name, f"{name}_read", lane.read, "none", "plain"),
            witness=ready & (lane.read == "none") & (lane.waiting == "none"), flow=FLOW,
        ),
        law(
            f"{name}-tlps-arrive-from-the-fabric",
            "What reaches a port was under way, and is no longer; what was lost never comes.",
            Never(tuple(occurs(sub.arrives, reply=None, where=neg(under_way(slot))) for slot, sub in subs)),
            (), "fabric", "P63 §2.4.1", tuple(occurs(sub.arrives) for _, sub in subs),
            DropCondition(name, f"{name}_write_arrives", 0), flow=FLOW,
        ),
        *(
            possible(
                f"{sub.arrives.name.replace('_', '-')}-whenever-the-fabric-wants",
                "What is under way can reach its port, to be taken or refused, whatever kind it is of and whosever it is.",
                occurs(sub.arrives, reply=None),
                under_way(slot) & programmable_switch & ((lane.completion == "none") if slot is lane.read else TRUE),
                (), "fabric", "P63 §2.4.1; CERT/CC VU#404544", SwapValue(name, sub.arrives.name, slot, "current", "host"),
                witness=under_way(slot), flow=FLOW, protects="host",
            )
            for slot, sub in subs
        ),
        step_law(
            f"{name}-writes-that-arrive-are-counted",
            "A write that a port has taken is gone from the fabric, and no read or completion behind it owes it any more.",
            (occurs(events.writes.arrives), *(occurs(events.writes.arrives, reply=r) for r in ("REJECTED", "BLOCKED"))),
            gone(lane, lane.write) & neg(after(lane.read_owes)) & neg(after(other.completion_owes)),
            (), "device", "P63 §6.33.5", DropUpdate(name, f"{name}_write_arrives", f"{name}.read_owes"),
            witness=occurs(events.writes.arrives, where=lane.read_owes), flow=FLOW,
        ),
        step_law(
            f"{name}-reads-that-arrive-are-answered",
            "A read that is taken is gone from the fabric, and its completion is under way where none was: the present owner's data, late "
            "if the read was, owing what was written in its direction.",
            occurs(events.reads.arrives),
            gone(lane, lane.read)
            & (lane.completion == "none")
            & (after(lane.completion) == "current")
            & iff(after(lane.completion_late), lane.read_late)
            & implies(other.write.in_("host", "current", "lost"), after(lane.completion_owes))
            & implies(other.write.in_("none", "plain", "dead"), neg(after(lane.completion_owes))),
            (), "device", "P63 §2.4.1; §6.33.5: a completion carries the count of posted requests",
            DropUpdate(name, f"{name}_read_arrives", f"{name}.completion_late"), flow=FLOW,
        ),
        law(
            f"{name}-tlps-that-are-refused-are-gone",
            "What a port drops is gone from the fabric: only one that came under IDE to a port without the stream leaves a gap.",
            Never(
                (
                    *(
                        occurs(sub.arrives, reply=r, where=neg(gone(lane, slot)))
                        for slot, sub in subs
                        for r in ("REJECTED", "UNEXPECTED", "BLOCKED", "DISCARDED")
                    ),
                    *(
                        occurs(sub.arrives, reply="MISROUTED", where=after(slot) != ite(slot == "host", LOST, NONE))
                        for slot, sub in subs
                    ),
                )
            ),
            (), "device", "P63 §6.33.4, §6.33.8, §11.2.1", tuple(occurs(sub.arrives, reply=None) for _, sub in subs),
            DropUpdate(
                name, f"{name}_write_arrives/REJECTED" if lane is MMIO else f"{name}_write_arrives/BLOCKED", f"{name}.write"
            ),
            flow=FLOW,
        ),
        law(
            f"{name}-losses-leave-a-gap",
            "The fabric loses what is under way, and the receiver waits for it from then on, unless it came in the clear or under dead keys.",
            Never(
                tuple(
                    occurs(
                        sub.lost,
                        reply=None,
                        where=neg(under_way(slot))
                        | (after(slot) != ite(slot.in_("plain", "dead"), NONE, LOST))
                        | neg(conj(*(neg(after(x)) for x in known_of(lane, slot)))),
                    )
                    for slot, sub in subs
                )
            ),
            (), "fabric", "P63 §6.33.5; CERT/CC VU#404544", tuple(occurs(sub.lost) for _, sub in subs),
            DropUpdate(name, f"{name}_write_lost", f"{name}.write"), flow=FLOW,
        ),
        *(
            possible(
                f"{sub.lost.name.replace('_', '-')}-whenever-a-switch-wants",
                "A programmable switch can lose whatever is under way.",
                occurs(sub.lost), under_way(slot) & programmable_switch,
                (), "fabric", "CERT/CC VU#404544", SwapValue(name, sub.lost.name, slot, "current", "host"),
                witness=under_way(slot), flow=FLOW, protects="host",
            )
            for slot, sub in subs
        ),
        law(
            f"{name}-tlps-are-overtaken-by-later-ones",
            "A TLP is overtaken that was sent by an owner or lost, over a Secure stream, by one that can have been sent after it.",
            Never(
                tuple(
                    occurs(
                        sub.overtaken,
                        reply=None,
                        where=neg(slot.in_("current", "stale", "lost")) | neg(Stream.secure()) | neg(later[slot]),
                    )
                    for slot, sub in subs
                )
            ),
            (), "fabric", "CERT/CC VU#404544; P63 §6.33.5", tuple(occurs(sub.overtaken, reply=None) for _, sub in subs),
            DropCondition("stream", f"{name}_completion_overtaken", 1), flow=FLOW,
        ),
        *(
            possible(
                f"{sub.overtaken.name.replace('_', '-')}-whenever-a-switch-wants",
                "A programmable switch can try a later TLP first, and over a selective stream that costs it the stream.",
                occurs(sub.overtaken, reply="IDE_CHECK_FAILED"),
                slot.in_("current", "stale", "lost")
                & Stream.secure()
                & later[slot]
                & programmable_switch
                & SELECTIVE
                & (rekey_on_rebind == "no"),
                (), "fabric", "CERT/CC VU#404544; P63 §6.33.5", SwapValue(name, sub.overtaken.name, slot, "current", "host"),
                witness=slot.in_("current", "stale", "lost") & Stream.secure(), flow=FLOW, protects="host",
            )
            for slot, sub in subs
        ),
        law(
            f"{name}-tlps-that-are-misrouted-leave-nothing-owed",
            "Of a TLP that was dropped at a port without its stream, no earlier write and no request is remembered.",
            Never(
                tuple(
                    occurs(sub.arrives, reply="MISROUTED", where=neg(conj(*(neg(after(x)) for x in known_of(lane, slot)))))
                    for slot, sub in subs
                )
            ),
            (), party, "P63 §6.33.4", tuple(occurs(sub.arrives, reply="MISROUTED") for _, sub in subs),
            DropUpdate(name, f"{name}_read_arrives/MISROUTED", f"{name}.read_owes"), flow=FLOW, ide_type="link",
        ),
        law(
            f"{name}-tlps-that-are-overtaken-by-new-keys-are-dead",
            "What new keys overtake, no receiver takes any more; what a later TLP passes otherwise is as it was.",
            Never(
                tuple(
                    occurs(sub.overtaken, where=after(slot) != ite(_REFRESHED & (slot == "stale"), DEAD, slot))
                    for slot, sub in subs
                )
            ),
            (), "device", "P63 §6.33.3: old keys are taken until the first TLP under the new ones arrives",
            tuple(occurs(sub.overtaken) for _, sub in subs), DropUpdate(name, f"{name}_write_overtaken", f"{name}.write"),
            flow=FLOW, rekey_on_rebind="refresh",
        ),
        *(
            possible(
                f"{sub.overtaken.name.replace('_', '-')}-by-new-keys-at-no-cost",
                "Where keys were refreshed, a TLP under the new ones can pass one under the old ones, and the stream stays Secure.",
                occurs(sub.overtaken), _REFRESHED & (slot == "stale") & Stream.secure() & later[slot] & programmable_switch,
                (), "device", "P63 §6.33.3: keys of either set have counters of their own",
                SwapValue("stream", sub.overtaken.name, slot, "stale", "dead"), witness=_REFRESHED & (slot == "stale"),
                flow=FLOW, protects="host", rekey_on_rebind="refresh",
            )
            for slot, sub in subs
        ),
        invariant(
            f"{name}-tlps-under-dead-keys-owe-nothing",
            "A TLP that no receiver takes any more owes no write, and no request is late by it.",
            conj(*(implies(slot == "dead", neg(x)) for slot, _ in subs for x in known_of(lane, slot))),
            (), "fabric", "P63 §6.33.3, §6.33.5", lane.read == "dead", DropUpdate(name, "tdi_bind", f"{name}.read_owes"),
            flow=FLOW, rekey_on_rebind="restart",
        ),
    )  # fmt: skip


PROPERTIES: tuple[Property, ...] = (
    *(p for lane, other, events, name in BOTH for p in _of_lane(lane, other, events, name)),
    invariant(
        "the-fabric-holds-no-more-than-it-can",
        "The fabric holds no more than it has room for.",
        held_tlps() <= fabric_capacity,
        (), "fabric", "[D] a bound of the model", held_tlps() == fabric_capacity, DropCondition("mmio", "mmio_write", 1),
        flow=FLOW, protects="host",
    ),
    law(
        "an-honest-fabric-keeps-the-order-and-loses-nothing",
        "Switches that are not programmable lose and make up nothing, keep sub-streams and the ordering rules, deliver before a timeout, and "
        "hold nothing while the control plane is at work.",
        Never(
            (
                *(
                    occurs(sub.lost, reply=None, where=neg(programmable_switch))
                    for x in (e.MMIO, e.DMA) for sub in x.sub_streams
                ),
                *(occurs(x.forged, reply=None, where=neg(programmable_switch)) for x in (e.MMIO, e.DMA)),
                *(
                    occurs(sub.overtaken, reply=None, where=neg(programmable_switch) & (slot != "lost"))
                    for lane, x in ((MMIO, e.MMIO), (DMA, e.DMA))
                    for slot, sub in zip(lane.slots, x.sub_streams, strict=True)
                ),
                *(
                    occurs(x.timeout, reply=None, where=neg(programmable_switch | lane.quiet))
                    for lane, x in ((MMIO, e.MMIO), (DMA, e.DMA))
                ),
                *(
                    occurs(x, reply=None, where=neg(programmable_switch) & owes)
                    for lane, y in ((MMIO, e.MMIO), (DMA, e.DMA))
                    for x, owes in ((y.reads.arrives, lane.read_owes), (y.completions.arrives, lane.completion_owes))
                ),
                *(
                    occurs(x, reply=None, where=neg(programmable_switch | empty()))
                    for x in (e.tdi_bind, e.tdi_unbind, e.device_connect)
                ),
            )
        ),
        (), "fabric", "INTEL-SA-01409: no programmable switch; P63 §2.4.1", neg(empty()),
        DropCheck("fabric", "tdi_unbind", "delivers in time"), flow=FLOW, programmable_switch=False,
    ),
)  # fmt: skip
