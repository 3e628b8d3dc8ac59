"""The laws of single steps: what ports, fabric, tags and owners do in one step, exactly, and what stays possible."""

from __future__ import annotations

from ....model.language import OK, TRUE, Int, Term, after, conj, const, iff, implies, ite, neg
from ....model.language.mutate import DropCheck, DropCondition, DropUpdate, LeakyRefusal, SwapValue
from ....model.world.channel import events as e
from ....model.world.channel.state import DMA, LANES, MMIO, Lane, Neighbour, Stream, Tdi, Tsm, empty, under_way
from ....model.world.choices.channel import (
    dma_timeout,
    fabric_capacity,
    flush_on_rebind,
    ide_type,
    programmable_switch,
    quiet_connect,
    rekey_on_rebind,
    stop_waits,
    stream_shared,
    tag_quarantine,
)
from ....model.world.choices.trust import DEVICE_PARTY
from ....model.world.vocabulary import v
from ...formulas import AlwaysPossible, Invariant, Never, StepLaw
from ...property import Property
from ...steps import occurs
from ..law import law, told

_FLOW = "cove-io"
_state = Stream.state
_SELECTIVE = ide_type == "selective"
_EVENTS = ((MMIO, DMA, e.MMIO, "mmio"), (DMA, MMIO, e.DMA, "dma"))
_SLOTS = tuple(slot for lane in LANES for slot in lane.slots)
_FLAGS = tuple(x for lane in LANES for x in (lane.read_owes, lane.read_late, lane.completion_owes, lane.completion_late))
_CHECKED = (*e.MMIO.checked, *e.DMA.checked)
_NONE, _LOST, _DEAD = (const(x, MMIO.write.sort) for x in ("none", "lost", "dead"))
_NO_KEY_CHANGE = (rekey_on_rebind == "no") & (flush_on_rebind == "no")


def _held() -> Term:
    """How many TLPs the fabric holds or has lost."""
    total: Term = const(0, Int(0, 0))
    for slot in _SLOTS:
        total = total + ite(slot == "none", const(0, Int(0, 0)), const(1, Int(1, 1)))
    return total


def _flags(lane: Lane, slot: Term) -> tuple[Term, ...]:
    """What is known of the TLP in the slot."""
    if slot is lane.read:
        return lane.read_owes, lane.read_late
    return (lane.completion_owes, lane.completion_late) if slot is lane.completion else ()


def _gone(lane: Lane, slot: Term) -> Term:
    return (after(slot) == "none") & conj(*(neg(after(x)) for x in _flags(lane, slot)))


def _older(context: Term) -> Term:
    """A context after its owner has gone."""
    return (after(context) == "stale") == context.in_("current", "stale")


def _passed(*slots: Term) -> Term:
    """Nothing is missing that is counted, or that a receiver still takes."""
    return conj(*(slot.in_("none", "plain", "dead") for slot in slots))


def _lane_laws(lane: Lane, other: Lane, events: e.LaneEvents, name: str) -> tuple[Property, ...]:
    """What holds in each lane."""
    asker = TRUE if lane is MMIO else Tdi.running | neg(DEVICE_PARTY.honest)
    party = "root complex" if lane is MMIO else "device"
    sent = (
        "current" if lane is MMIO else ite(Tsm.bound(), const("current", lane.write.sort), const("stale", lane.write.sort))
    )
    subs = tuple(zip(lane.slots, events.sub_streams, strict=True))
    later = {lane.write: Tsm.bound() & asker, lane.read: Tsm.bound() & asker}
    later[lane.completion] = lane.read.in_("current", "stale")
    held, counted = lane.write.in_("host", "current", "lost"), lane.write.in_("none", "plain", "dead")
    ready = Tsm.bound() & Stream.secure() & asker & (_held() < fabric_capacity)
    return (
        law(
            f"{name}-requests-are-sent-one-at-a-time-by-the-owner",
            "A write is sent while none of its kind is under way and there is room in the fabric, and belongs to the present owner.",
            StepLaw(
                occurs(events.write),
                (lane.write == "none")
                & (_held() < fabric_capacity)
                & (after(lane.write) == sent)
                & (Tsm.bound() if lane is MMIO else TRUE),
            ),
            (),
            party,
            "P63 §6.33.4, §6.33.5, §11.2.1, §2.2.6.2",
            occurs(events.write),
            DropUpdate(name, f"{name}_write", f"{name}.write"),
            flow=_FLOW,
        ),
        law(
            f"{name}-reads-carry-the-count-of-writes",
            "A read is sent while none is under way, under a tag that nobody waits for, and owes the writes before it that have not arrived.",
            StepLaw(
                occurs(events.read),
                (lane.read == "none")
                & (_held() < fabric_capacity)
                & (lane.waiting == "none")
                & (after(lane.read) == sent)
                & ((after(lane.waiting) == "current") == (Tsm.bound() if lane is DMA else TRUE))
                & (after(lane.waiting) != "none")
                & (Tsm.bound() if lane is MMIO else TRUE)
                & implies(held, after(lane.read_owes))
                & implies(counted, neg(after(lane.read_owes))),
            ),
            (),
            party,
            "P63 §6.33.5, §2.2.6.2",
            occurs(events.read, where=held),
            DropUpdate(name, f"{name}_read", f"{name}.read_owes"),
            flow=_FLOW,
        ),
        law(
            f"{name}-requests-can-be-sent-while-there-is-room",
            "The owner of a TDI can write over a Secure stream as long as no write of his is under way and there is room in the fabric.",
            AlwaysPossible(occurs(events.write), ready & (lane.write == "none")),
            (),
            party,
            "P63 §6.33.4, §11.2.1",
            ready & (lane.write == "none"),
            SwapValue(name, f"{name}_write", lane.write, "none", "plain"),
            flow=_FLOW,
        ),
        law(
            f"{name}-reads-can-be-sent-while-there-is-room",
            "The owner of a TDI can read over a Secure stream as long as no read of his is under way or awaited, and there is room.",
            AlwaysPossible(
                occurs(events.read),
                ready
                & (lane.read == "none")
                & (lane.waiting == "none")
                & ((tag_quarantine == "no") | (lane.expired == "none")),
            ),
            (),
            party,
            "P63 §6.33.4, §11.2.1",
            ready & (lane.read == "none") & (lane.waiting == "none"),
            SwapValue(name, f"{name}_read", lane.read, "none", "plain"),
            flow=_FLOW,
        ),
        law(
            f"{name}-tlps-arrive-from-the-fabric",
            "What reaches a port was under way, and is no longer; what was lost never comes.",
            Never(tuple(occurs(sub.arrives, reply=None, where=neg(under_way(slot))) for slot, sub in subs)),
            (),
            "fabric",
            "P63 §2.4.1",
            tuple(occurs(sub.arrives) for _, sub in subs),
            DropCondition(name, f"{name}_write_arrives", 0),
            flow=_FLOW,
        ),
        *(
            law(
                f"{sub.arrives.name.replace('_', '-')}-whenever-the-fabric-wants",
                "What is under way can reach its port, to be taken or refused, whatever kind it is of and whosever it is.",
                AlwaysPossible(
                    occurs(sub.arrives, reply=None),
                    under_way(slot) & programmable_switch & ((lane.completion == "none") if slot is lane.read else TRUE),
                ),
                (),
                "fabric",
                "P63 §2.4.1; CERT/CC VU#404544",
                under_way(slot),
                SwapValue(name, sub.arrives.name, slot, "current", "host"),
                flow=_FLOW,
                protects="host",
            )
            for slot, sub in subs
        ),
        law(
            f"{name}-writes-that-arrive-are-counted",
            "A write that a port has taken is gone from the fabric, and no read or completion behind it owes it any more.",
            StepLaw(
                (occurs(events.writes.arrives), *(occurs(events.writes.arrives, reply=r) for r in ("REJECTED", "BLOCKED"))),
                _gone(lane, lane.write) & neg(after(lane.read_owes)) & neg(after(other.completion_owes)),
            ),
            (),
            "device",
            "P63 §6.33.5",
            occurs(events.writes.arrives, where=lane.read_owes),
            DropUpdate(name, f"{name}_write_arrives", f"{name}.read_owes"),
            flow=_FLOW,
        ),
        law(
            f"{name}-reads-that-arrive-are-answered",
            "A read that is taken is gone from the fabric, and its completion is under way where none was: the present owner's data, late "
            "if the read was, owing what was written in its direction.",
            StepLaw(
                occurs(events.reads.arrives),
                _gone(lane, lane.read)
                & (lane.completion == "none")
                & (after(lane.completion) == "current")
                & iff(after(lane.completion_late), lane.read_late)
                & implies(other.write.in_("host", "current", "lost"), after(lane.completion_owes))
                & implies(other.write.in_("none", "plain", "dead"), neg(after(lane.completion_owes))),
            ),
            (),
            "device",
            "P63 §2.4.1; §6.33.5: a completion carries the count of posted requests",
            occurs(events.reads.arrives),
            DropUpdate(name, f"{name}_read_arrives", f"{name}.completion_late"),
            flow=_FLOW,
        ),
        law(
            f"{name}-completions-end-the-request",
            "A completion that is taken is gone, somebody waited under its tag and waits no more; a read that is still under way is late.",
            StepLaw(
                occurs(events.completions.arrives),
                _gone(lane, lane.completion)
                & (lane.waiting != "none")
                & (after(lane.waiting) == "none")
                & iff(after(lane.read_late), lane.read.in_("plain", "host", "current", "stale")),
            ),
            (),
            party,
            "P63 §2.3.2, §2.8",
            occurs(events.completions.arrives),
            DropUpdate(name, f"{name}_completion_arrives", f"{name}.read_late"),
            flow=_FLOW,
        ),
        law(
            f"{name}-tlps-that-are-refused-are-gone",
            "What a port drops is gone from the fabric: only one that came under IDE to a port without the stream leaves a gap.",
            Never(
                (
                    *(
                        occurs(sub.arrives, reply=r, where=neg(_gone(lane, slot)))
                        for slot, sub in subs
                        for r in ("REJECTED", "UNEXPECTED", "BLOCKED", "DISCARDED")
                    ),
                    *(
                        occurs(sub.arrives, reply="MISROUTED", where=after(slot) != ite(slot == "host", _LOST, _NONE))
                        for slot, sub in subs
                    ),
                )
            ),
            (),
            "device",
            "P63 §6.33.4, §6.33.8, §11.2.1",
            tuple(occurs(sub.arrives, reply=None) for _, sub in subs),
            DropUpdate(
                name, f"{name}_write_arrives/REJECTED" if lane is MMIO else f"{name}_write_arrives/BLOCKED", f"{name}.write"
            ),
            flow=_FLOW,
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
                        | (after(slot) != ite(slot.in_("plain", "dead"), _NONE, _LOST))
                        | neg(conj(*(neg(after(x)) for x in _flags(lane, slot)))),
                    )
                    for slot, sub in subs
                )
            ),
            (),
            "fabric",
            "P63 §6.33.5; CERT/CC VU#404544",
            tuple(occurs(sub.lost) for _, sub in subs),
            DropUpdate(name, f"{name}_write_lost", f"{name}.write"),
            flow=_FLOW,
        ),
        *(
            law(
                f"{sub.lost.name.replace('_', '-')}-whenever-a-switch-wants",
                "A programmable switch can lose whatever is under way.",
                AlwaysPossible(occurs(sub.lost), under_way(slot) & programmable_switch),
                (),
                "fabric",
                "CERT/CC VU#404544",
                under_way(slot),
                SwapValue(name, sub.lost.name, slot, "current", "host"),
                flow=_FLOW,
                protects="host",
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
            (),
            "fabric",
            "CERT/CC VU#404544; P63 §6.33.5",
            tuple(occurs(sub.overtaken, reply=None) for _, sub in subs),
            DropCondition("stream", f"{name}_completion_overtaken", 1),
            flow=_FLOW,
        ),
        *(
            law(
                f"{sub.overtaken.name.replace('_', '-')}-whenever-a-switch-wants",
                "A programmable switch can try a later TLP first, and over a selective stream that costs it the stream.",
                AlwaysPossible(
                    occurs(sub.overtaken, reply="IDE_CHECK_FAILED"),
                    slot.in_("current", "stale", "lost")
                    & Stream.secure()
                    & later[slot]
                    & programmable_switch
                    & _SELECTIVE
                    & (rekey_on_rebind == "no"),
                ),
                (),
                "fabric",
                "CERT/CC VU#404544; P63 §6.33.5",
                slot.in_("current", "stale", "lost") & Stream.secure(),
                SwapValue(name, sub.overtaken.name, slot, "current", "host"),
                flow=_FLOW,
                protects="host",
            )
            for slot, sub in subs
        ),
        law(
            f"{name}-tlps-are-forged-and-found-out",
            "A switch can make up a TLP whenever the stream is Secure, and the MAC finds it out.",
            AlwaysPossible(
                occurs(events.forged, reply="IDE_CHECK_FAILED"), Stream.secure() & programmable_switch & _SELECTIVE
            ),
            (),
            "fabric",
            "P63 §6.33.5",
            Stream.secure(),
            SwapValue("stream", f"{name}_forged", _state, "SECURE", "INSECURE"),
            flow=_FLOW,
        ),
        law(
            f"{name}-timeouts-free-the-tag",
            "A request that an owner waits for times out: nobody waits any more, the tag is kept where it is to be, and what comes of it "
            "comes late.",
            StepLaw(
                occurs(events.timeout),
                lane.waiting.in_("current", "stale")
                & (after(lane.waiting) == "none")
                & ite(tag_quarantine == "no", after(lane.expired) == "none", after(lane.expired) == lane.waiting)
                & iff(after(lane.read_late), lane.read.in_("current", "stale"))
                & iff(after(lane.completion_late), lane.completion.in_("current", "stale"))
                & ((after(Tdi.running) == (Tdi.running & (dma_timeout == "recovered"))) if lane is DMA else TRUE),
            ),
            (),
            party,
            "P63 §2.8, §11.4.3; CVE-2025-9613",
            occurs(events.timeout),
            DropUpdate(name, f"{name}_timeout", f"{name}.read_late"),
            flow=_FLOW,
        ),
        law(
            f"{name}-requests-can-time-out",
            "Whoever waits for a completion can give up, whichever owner's request it was.",
            AlwaysPossible(occurs(events.timeout), lane.waiting.in_("current", "stale") & programmable_switch),
            (),
            party,
            "P63 §2.8",
            lane.waiting == "stale" if lane is MMIO else lane.waiting == "current",
            SwapValue("root_port" if lane is MMIO else "requester", f"{name}_timeout", lane.waiting, "current", "stale"),
            flow=_FLOW,
            protects="host",
        ),
    )


_REPLIES = (OK, "MISROUTED", "DISCARDED", "IDE_CHECK_FAILED", "REJECTED", "BLOCKED", "UNEXPECTED")
"""Every reply to a TLP that arrives."""
_REFRESHED = _SELECTIVE & (rekey_on_rebind == "refresh")
_FLUSHED = {"mmio": flush_on_rebind != "no", "dma": flush_on_rebind == "both"}
_OLD_KEYS_END = _SELECTIVE & rekey_on_rebind.in_("refresh_stop", "restart")
_ON = {"device": ("DEVICE_ON", "SECURE", "INSECURE"), "root port": ("ROOT_ON", "SECURE", "INSECURE")}


def _sub_streams(lane: Lane, events: e.LaneEvents) -> tuple[tuple[Term, e.Traffic, Term], ...]:
    """Each sub-stream of a lane: what is under way, its events, and whether the stream is enabled where it arrives."""
    there, back = ("device", "root port") if lane is MMIO else ("root port", "device")
    enabled = tuple(_state.in_(*_ON[port]) for port in (there, there, back))
    return tuple(zip(lane.slots, events.sub_streams, enabled, strict=True))


def _drops(lane: Lane, events: e.LaneEvents, name: str) -> tuple[Property, ...]:
    """How a lane loses what no receiver takes: at a port, under keys that are used no more, in the wrong hands."""
    subs = _sub_streams(lane, events)
    party = "root complex" if lane is MMIO else "device"
    asks = Tsm.bound() if lane is MMIO else DEVICE_PARTY.honest
    idle = asks & neg(Stream.secure()) & (_held() < fabric_capacity)
    later = {
        lane.write: Tsm.bound() & (TRUE if lane is MMIO else Tdi.running),
        lane.completion: lane.read.in_("current", "stale"),
    }
    later[lane.read] = later[lane.write]
    return (
        *(
            law(
                f"{x.name.replace('_', '-')}s-are-discarded-unless-the-stream-is-secure",
                f"While the stream is not Secure, what is to be sent as a {kind} with T=1 is discarded.",
                AlwaysPossible(occurs(x, reply="DISCARDED"), idle & free),
                (), party, "P63 §6.33.8, §6.33.4; Arm RDVKPF: rejected, not downgraded", idle & free,
                DropCheck("stream", x.name, "stream Secure"), flow=_FLOW,
            )
            for x, kind, free in (
                (events.write, "write", lane.write == "none"),
                (
                    events.read, "read",
                    (lane.read == "none") & (lane.waiting == "none") & ((tag_quarantine == "no") | (lane.expired == "none")),
                ),
            )
        ),
        law(
            f"{name}-tlps-are-dropped-at-a-port-for-its-own-reasons",
            "An IDE TLP is reported as misrouted where its stream is not enabled, and there only; where the stream is Insecure it is "
            "discarded, and there only; nobody behind the port has seen it.",
            Never(
                tuple(
                    occurs(sub.arrives, reply=reply, where=where)
                    for slot, sub, enabled in subs
                    for reply in _REPLIES
                    for where in (
                        (slot == "plain") | enabled if reply == "MISROUTED" else (slot != "plain") & neg(enabled),
                        (slot == "plain") | (_state != "INSECURE") if reply == "DISCARDED" else (slot != "plain") & (_state == "INSECURE"),
                    )
                )
            ),
            (), party, "P63 §6.33.4, §6.33.8", tuple(occurs(sub.arrives, reply="DISCARDED") for _, sub, _ in subs),
            DropCheck("stream", f"{name}_read_arrives", "not Insecure"), flow=_FLOW, ide_type="link",
        ),
        law(
            f"{name}-tlps-that-are-misrouted-leave-nothing-owed",
            "Of a TLP that was dropped at a port without its stream, no earlier write and no request is remembered.",
            Never(
                tuple(
                    occurs(sub.arrives, reply="MISROUTED", where=neg(conj(*(neg(after(x)) for x in _flags(lane, slot)))))
                    for slot, sub, _ in subs
                )
            ),
            (), party, "P63 §6.33.4", tuple(occurs(sub.arrives, reply="MISROUTED") for _, sub, _ in subs),
            DropUpdate(name, f"{name}_read_arrives/MISROUTED", f"{name}.read_owes"), flow=_FLOW, ide_type="link",
        ),
        law(
            f"{name}-tlps-that-are-overtaken-by-new-keys-are-dead",
            "What new keys overtake, no receiver takes any more; what a later TLP passes otherwise is as it was.",
            Never(
                tuple(
                    occurs(sub.overtaken, where=after(slot) != ite(_REFRESHED & (slot == "stale"), _DEAD, slot))
                    for slot, sub, _ in subs
                )
            ),
            (), "device", "P63 §6.33.3: old keys are taken until the first TLP under the new ones arrives",
            tuple(occurs(sub.overtaken) for _, sub, _ in subs),
            DropUpdate(name, f"{name}_write_overtaken", f"{name}.write"), flow=_FLOW, rekey_on_rebind="refresh",
        ),
        *(
            law(
                f"{sub.overtaken.name.replace('_', '-')}-by-new-keys-at-no-cost",
                "Where keys were refreshed, a TLP under the new ones can pass one under the old ones, and the stream stays Secure.",
                AlwaysPossible(
                    occurs(sub.overtaken), _REFRESHED & (slot == "stale") & Stream.secure() & later[slot] & programmable_switch
                ),
                (), "device", "P63 §6.33.3: keys of either set have counters of their own", _REFRESHED & (slot == "stale"),
                SwapValue("stream", sub.overtaken.name, slot, "stale", "dead"), flow=_FLOW, protects="host",
                rekey_on_rebind="refresh",
            )
            for slot, sub, _ in subs
        ),
        law(
            f"{name}-tlps-under-dead-keys-owe-nothing",
            "A TLP that no receiver takes any more owes no write, and no request is late by it.",
            Invariant(conj(*(implies(slot == "dead", neg(x)) for slot, _, _ in subs for x in _flags(lane, slot)))),
            (), "fabric", "P63 §6.33.3, §6.33.5", lane.read == "dead",
            DropUpdate(name, "tdi_bind", f"{name}.read_owes"), flow=_FLOW, rekey_on_rebind="restart",
        ),
        law(
            f"{name}-completions-that-are-dropped-answer-nobody",
            "Whoever waits goes on waiting when a completion is dropped, except that a device which rejects the answer for a TDI that does not "
            "run is done with the request.",
            Never(
                tuple(
                    occurs(
                        events.completions.arrives, reply=reply,
                        where=after(lane.waiting) != ("none" if reply == "REJECTED" else lane.waiting),
                    )
                    for reply in _REPLIES
                    if reply != OK
                )
            ),
            (), party, "P63 §2.3.2, §6.33.8, §11.2.1", occurs(events.completions.arrives, reply="IDE_CHECK_FAILED"),
            LeakyRefusal(lane.requester.name, f"{name}_completion_arrives"), flow=_FLOW,
        ),
        law(
            f"{name}-tag-is-kept-until-a-flush-or-new-keys",
            "At a bind the quarantine of a tag ends where the lane was flushed or the old keys are taken no more, and goes on elsewhere.",
            StepLaw(
                occurs(e.tdi_bind),
                after(lane.expired) == ite(_OLD_KEYS_END | _FLUSHED[name], const("none", lane.expired.sort), lane.expired),
            ),
            (), party, "CVE-2025-9613: flushed or re-keyed", occurs(e.tdi_bind, where=lane.expired == "stale"),
            DropUpdate(lane.requester.name, "tdi_bind", f"{lane.requester.name}.expired"), flow=_FLOW,
            tag_quarantine="context", flush_on_rebind="both",
        ),
        law(
            f"{name}-tlps-are-forged-for-a-secure-stream",
            "What a switch makes up for a stream that is not Secure gets nowhere near the check of its MAC.",
            Never(occurs(events.forged, reply=None, where=neg(Stream.secure()))),
            (), party, "P63 §6.33.8: no stream, or an Insecure one, discards", occurs(events.forged, reply=None),
            DropCondition("stream", f"{name}_forged", 0), flow=_FLOW,
        ),
    )  # fmt: skip


PROPERTIES = (
    *(p for lane, other, events, name in _EVENTS for p in _lane_laws(lane, other, events, name)),
    law(
        "the-fabric-holds-no-more-than-it-can",
        "The fabric holds no more than it has room for.",
        Invariant(_held() <= fabric_capacity),
        (), "fabric", "[D] a bound of the model", _held() == fabric_capacity,
        DropCondition("mmio", "mmio_write", 1), flow=_FLOW, protects="host",
    ),
    law(
        "a-failed-check-costs-the-stream-and-every-tdi-of-it",
        "A TLP that fails the checks of IDE takes the stream to Insecure and every TDI that uses it out of RUN; nothing that was sent under "
        "the keys is left.",
        StepLaw(
            tuple(occurs(x, reply="IDE_CHECK_FAILED") for x in _CHECKED),
            (after(_state) == "INSECURE")
            & neg(after(Tdi.running) | after(Neighbour.running))
            & implies(
                _SELECTIVE,
                conj(*(after(x) == ite(x == "plain", x, _NONE) for x in _SLOTS)) & conj(*(neg(after(x)) for x in _FLAGS)),
            ),
        ),
        (), "device", "P63 §6.33.8, §11.4.5", tuple(occurs(x, reply="IDE_CHECK_FAILED") for x in _CHECKED),
        DropUpdate("neighbour", "mmio_forged/IDE_CHECK_FAILED", "neighbour.running"), flow=_FLOW,
    ),
    law(
        "a-link-that-goes-down-costs-the-stream-and-every-tdi-of-it",
        "A link that goes down had a Secure stream, which is Insecure then, with every TDI of it out of RUN and nothing left of what was sent.",
        StepLaw(
            occurs(e.link_down),
            Stream.secure()
            & (after(_state) == "INSECURE")
            & neg(after(Tdi.running) | after(Neighbour.running))
            & implies(
                _SELECTIVE,
                conj(*(after(x) == ite(x == "plain", x, _NONE) for x in _SLOTS)) & conj(*(neg(after(x)) for x in _FLAGS)),
            ),
        ),
        (), "device", "P63 §6.33.8, §11.4.5", occurs(e.link_down), DropUpdate("tdi", "link_down", "tdi.running"), flow=_FLOW,
    ),
    law(
        "a-stream-is-keyed-anew-when-nobody-uses-it",
        "A stream is keyed anew that was lost, and that no TDI uses; no gap is waited for and no tag is kept, and both ports begin disabled.",
        StepLaw(
            occurs(e.device_connect),
            (_state == "INSECURE")
            & neg(Tsm.bound() | Neighbour.running)
            & (after(_state) == "OFF")
            & conj(*(after(x) == ite(x == "lost", _NONE, x) for x in _SLOTS))
            & (after(MMIO.expired) == "none")
            & (after(DMA.expired) == "none"),
        ),
        (), "TSM", "P63 §6.33.8", occurs(e.device_connect), DropCondition("stream", "device_connect", 1), flow=_FLOW,
    ),
    law(
        "a-lost-stream-can-be-keyed-anew",
        "A stream that was lost and that no TDI uses can be keyed anew.",
        AlwaysPossible(
            occurs(e.device_connect),
            (_state == "INSECURE") & neg(Tsm.bound() | Neighbour.running) & (programmable_switch | empty()),
        ),
        (), "host", "P63 §6.33.8", (_state == "INSECURE") & neg(Tsm.bound() | Neighbour.running),
        SwapValue("stream", "device_connect", _state, "INSECURE", "OFF"), flow=_FLOW, protects="host",
    ),
    law(
        "ports-are-enabled-one-after-the-other",
        "Each port is enabled once, in either order; the stream is Secure when both are, and the driver is quiet where it has to be.",
        Never(
            (
                occurs(
                    e.enable_root_port,
                    where=neg(_state.in_("OFF", "DEVICE_ON"))
                    | ((_state == "OFF") & (after(_state) != "ROOT_ON"))
                    | ((_state == "DEVICE_ON") & (after(_state) != "SECURE")),
                ),
                occurs(
                    e.enable_device,
                    where=neg(_state.in_("OFF", "ROOT_ON"))
                    | ((_state == "OFF") & (after(_state) != "DEVICE_ON"))
                    | ((_state == "ROOT_ON") & (after(_state) != "SECURE")),
                ),
                *(
                    occurs(x, where=quiet_connect & (MMIO.write.in_("plain", "host") | DMA.write.in_("plain", "host")))
                    for x in (e.enable_root_port, e.enable_device)
                ),
            )
        ),
        (), "host", "P63 §6.33.1, §7.9.26, §6.33.8", (occurs(e.enable_root_port), occurs(e.enable_device)),
        DropUpdate("stream", "enable_device", "stream.state"), flow=_FLOW,
    ),
    *(
        law(
            f"{x.name.replace('_', '-')}-whenever-it-is-not",
            "A port can be enabled that is not, the other enabled or not, unless a driver has to be quiet first.",
            AlwaysPossible(
                occurs(x),
                _state.in_("OFF", second)
                & (neg(quiet_connect) | neg(MMIO.write.in_("plain", "host") | DMA.write.in_("plain", "host"))),
            ),
            (), "host", "P63 §6.33.1, §7.9.26", _state == second,
            SwapValue("stream", x.name, _state, second, "INSECURE"), flow=_FLOW, protects="host",
        )
        for x, second in ((e.enable_root_port, "DEVICE_ON"), (e.enable_device, "ROOT_ON"))
    ),
    law(
        "the-hosts-driver-works-before-the-stream-is-secure",
        "The host's driver writes where no write is under way, before the stream is Secure, and over IDE only from an enabled port.",
        Never(
            tuple(
                occurs(
                    x, reply=None,
                    where=neg(_state.in_("OFF", "ROOT_ON", "DEVICE_ON"))
                    | (lane.write != "none")
                    | (quiet_connect & (_state != "OFF"))
                    | ((after(lane.write) == "host") != (_state == on))
                    | ((after(lane.write) == "plain") != (_state != on)),
                )
                for x, lane, on in ((e.host_mmio_write, MMIO, "ROOT_ON"), (e.host_dma_write, DMA, "DEVICE_ON"))
            )
        ),
        (), "host", "P63 §6.33.4; M4", occurs(e.host_dma_write), DropCondition("mmio", "host_mmio_write", 1),
        flow=_FLOW, protects="host",
    ),
    *(
        law(
            f"{x.name.replace('_', '-')}s-while-the-stream-is-set-up",
            "The host's driver can write while the stream is not set up, or is being set up and it need not be quiet, if there is room.",
            AlwaysPossible(
                occurs(x),
                _state.in_("OFF", "ROOT_ON", "DEVICE_ON")
                & (lane.write == "none")
                & (_held() < fabric_capacity)
                & ((_state == "OFF") | neg(quiet_connect)),
            ),
            (), "host", "M4", (_state == "OFF") & (lane.write == "none"),
            SwapValue(lane.machine.name, x.name, lane.write, "none", "plain"), flow="sev-tio-host-run", protects="host",
        )
        for x, lane in ((e.host_mmio_write, MMIO), (e.host_dma_write, DMA))
    ),
    law(
        "a-tdi-goes-to-another-owner-over-a-secure-stream",
        "A TDI that nobody has goes to another TVM than had it last, over a Secure stream, and runs for it then.",
        StepLaw(
            occurs(e.tdi_bind, v=v),
            neg(Tsm.bound())
            & (Tsm.former != v)
            & Stream.secure()
            & (after(Tsm.owner) == v)
            & (after(Tsm.former) == v)
            & after(Tdi.running)
            & implies(_NO_KEY_CHANGE, conj(*(after(x) == x for x in (*_SLOTS, *_FLAGS)))),
        ),
        (v,), "TSM", "P63 §11.3.8, §11.3.14; COV 09", occurs(e.tdi_bind, v=v), DropUpdate("tsm", "tdi_bind", "tsm.former"), flow=_FLOW,
    ),
    law(
        "a-free-tdi-can-be-given-away",
        "Where nobody waits for a flush, a TDI that nobody has can go to another TVM over a Secure stream, whatever is under way.",
        AlwaysPossible(
            occurs(e.tdi_bind, v=v),
            neg(Tsm.bound()) & (Tsm.former != v) & Stream.secure() & _NO_KEY_CHANGE & (programmable_switch | empty()),
        ),
        (v,), "TSM", "P63 §11.3.8", neg(Tsm.bound()) & Stream.secure(),
        SwapValue("tsm", "tdi_bind", _state, "SECURE", "INSECURE"), flow=_FLOW,
    ),
    told(
        e.tdi_bind, "IDE_NOT_SECURE", "A host that binds a TDI whose stream is not Secure is told so.",
        (v,), "TSM", "P63 §6.33.1; COV 07", DropCheck("tsm", "tdi_bind", "stream Secure"), flow=_FLOW,
    ),
    law(
        "a-refused-bind-gives-nothing-away",
        "A bind that is refused leaves the TDI with nobody, and not in RUN for it.",
        Never(
            tuple(
                occurs(e.tdi_bind, reply=r, where=after(Tsm.bound()) | (after(Tsm.former) != Tsm.former) | after(Tdi.running))
                for r in ("IDE_NOT_SECURE", "STREAM_IN_USE")
            )
        ),
        (), "TSM", "COV 09", occurs(e.tdi_bind, reply="IDE_NOT_SECURE"),
        LeakyRefusal("tsm", "tdi_bind"), flow=_FLOW, protects="host",
    ),
    law(
        "unbinding-ages-what-is-under-way",
        "A TDI that is unbound had an owner, and neither has one nor runs; what its owner sent and asked is a former owner's, and the device's "
        "own reads were answered where it waits for them.",
        StepLaw(
            occurs(e.tdi_unbind),
            Tsm.bound()
            & neg(after(Tsm.bound()))
            & neg(after(Tdi.running))
            & implies(stop_waits & DEVICE_PARTY.honest, DMA.waiting == "none")
            & conj(*((after(x) == "stale") == x.in_("current", "stale") for x in _SLOTS))
            & conj(*(after(x) != "current" for x in _SLOTS))
            & conj(*(_older(x) & (after(x) != "current") for lane in LANES for x in (lane.waiting, lane.expired))),
        ),
        (), "TSM", "P63 §11.3.16; COV 07; AMD TDI_UNBIND", occurs(e.tdi_unbind), DropUpdate("tsm", "tdi_unbind", "tsm.owner"), flow=_FLOW,
    ),
    law(
        "a-tdi-can-be-unbound-when-its-reads-are-answered",
        "A TDI that has an owner can be unbound when its own reads were answered.",
        AlwaysPossible(occurs(e.tdi_unbind), Tsm.bound() & (DMA.waiting == "none") & (programmable_switch | empty())),
        (), "TSM", "P63 §11.3.16", Tsm.bound(), SwapValue("tdi", "tdi_unbind", DMA.waiting, "none", "current"),
        flow=_FLOW, protects="host",
    ),
    law(
        "a-device-sends-for-its-owner-in-run",
        "A device that keeps the rules sends for its TDI in RUN only, and takes what it is asked and answered with T=1 only then.",
        Never(
            (
                *(
                    occurs(x, reply=r, where=DEVICE_PARTY.honest & neg(Tdi.running))
                    for x, r in (
                        (e.DMA.write, OK), (e.DMA.read, OK), (e.DMA.writes.overtaken, "IDE_CHECK_FAILED"),
                        (e.DMA.reads.overtaken, "IDE_CHECK_FAILED"),
                    )
                ),
                *(
                    occurs(x, where=DEVICE_PARTY.honest & neg(Tdi.running))
                    for x in (e.MMIO.reads.arrives, e.MMIO.forged, e.DMA.completions.arrives)
                ),
                occurs(
                    e.MMIO.writes.arrives, where=DEVICE_PARTY.honest & neg(Tdi.running | MMIO.write.in_("plain", "host"))
                ),
            )
        ),
        (), "device", "P63 §11.2.1", occurs(e.DMA.write), DropCheck("tdi", "dma_write", "in RUN"), flow=_FLOW,
    ),
    told(
        e.MMIO.completions.arrives, "UNEXPECTED", "A completion that nobody waits for is dropped as unexpected.",
        (), "root complex", "P63 §2.3.2", DropCheck("root_port", "mmio_completion_arrives", "expected"), flow=_FLOW,
    ),
    told(
        e.DMA.completions.arrives, "UNEXPECTED", "A completion that no read of the device waits for is dropped as unexpected.",
        (), "device", "P63 §2.3.2", DropCheck("requester", "dma_completion_arrives", "expected"), flow=_FLOW,
    ),
    law(
        "a-neighbour-shares-the-stream",
        "Another TDI comes into use over a Secure stream that is shared, once, and stops in use; its owner reads under a free tag of the root "
        "port, and its answers free that.",
        Never(
            (
                occurs(
                    e.neighbour_starts,
                    where=neg(stream_shared & Stream.secure()) | Neighbour.running | neg(after(Neighbour.running)),
                ),
                occurs(e.neighbour_stops, where=neg(Neighbour.running) | after(Neighbour.running)),
                occurs(
                    e.neighbour_read,
                    where=neg(Neighbour.running) | (MMIO.waiting != "none") | (after(MMIO.waiting) != "other"),
                ),
                occurs(e.neighbour_answered, where=(MMIO.waiting != "other") | (after(MMIO.waiting) != "none")),
            )
        ),
        (), "root complex", "P63 §11.1, §2.2.6.2; COV 04", occurs(e.neighbour_answered),
        DropCondition("neighbour", "neighbour_read", 0), flow=_FLOW,
    ),
    law(
        "a-neighbour-can-work",
        "Another TDI can come into use over a Secure stream that is shared.",
        AlwaysPossible(occurs(e.neighbour_starts), stream_shared & Stream.secure() & neg(Neighbour.running)),
        (), "host", "P63 §11.1; COV 04", stream_shared & Stream.secure(),
        SwapValue("neighbour", "neighbour_starts", _state, "SECURE", "INSECURE"), flow=_FLOW, protects="other TVM",
    ),
    law(
        "a-neighbour-can-read",
        "The owner of another TDI in use can read it when the root port's tag is free and not kept.",
        AlwaysPossible(
            occurs(e.neighbour_read),
            Neighbour.running & (MMIO.waiting == "none") & ((tag_quarantine == "no") | (MMIO.expired == "none")),
        ),
        (), "root complex", "P63 §2.2.6.2", Neighbour.running & (MMIO.waiting == "none"),
        SwapValue("root_port", "neighbour_read", MMIO.waiting, "none", "current"), flow=_FLOW, protects="other TVM",
    ),
    law(
        "a-neighbours-read-is-answered",
        "The read of another TDI's owner can be answered, or given up.",
        AlwaysPossible(occurs(e.neighbour_answered), MMIO.waiting == "other"),
        (), "root complex", "P63 §2.3.2", MMIO.waiting == "other",
        SwapValue("root_port", "neighbour_answered", MMIO.waiting, "other", "none"), flow=_FLOW, protects="other TVM",
    ),
    law(
        "a-port-takes-ide-only-where-it-has-the-stream",
        "A port takes no IDE TLP over a stream that is not enabled there or that was lost.",
        Never(
            (
                *(
                    occurs(x, where=(slot != "plain") & neg(_state.in_("DEVICE_ON", "SECURE")))
                    for slot, x in (
                        (MMIO.write, e.MMIO.writes.arrives), (MMIO.read, e.MMIO.reads.arrives),
                        (DMA.completion, e.DMA.completions.arrives),
                    )
                ),
                *(
                    occurs(x, where=(slot != "plain") & neg(_state.in_("ROOT_ON", "SECURE")))
                    for slot, x in (
                        (DMA.write, e.DMA.writes.arrives), (DMA.read, e.DMA.reads.arrives),
                        (MMIO.completion, e.MMIO.completions.arrives),
                    )
                ),
            )
        ),
        (), "device", "P63 §6.33.4, §6.33.8", occurs(e.MMIO.writes.arrives),
        DropCheck("stream", "mmio_write_arrives", "stream enabled here"), flow=_FLOW, quiet_connect=False,
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
        DropCheck("fabric", "tdi_unbind", "delivers in time"), flow=_FLOW, programmable_switch=False,
    ),
    *(p for lane, _, events, name in _EVENTS for p in _drops(lane, events, name)),
    law(
        "the-gate-lets-the-hosts-driver-through",
        "Writes without T=1 for the host's driver meet no closed gate: they are not for the memory of a TVM.",
        Never(occurs(e.DMA.writes.arrives, reply="BLOCKED", where=DMA.write.in_("plain", "host"))),
        (), "root complex", "M16; COV 05", occurs(e.DMA.writes.arrives, where=DMA.write == "plain"),
        SwapValue("root_complex", "dma_write_arrives", DMA.write, "plain", "host"), flow=_FLOW, protects="host",
    ),
    law(
        "a-forged-write-meets-a-closed-gate-as-well",
        "Where links are protected one by one and a switch makes up a write of the TDI, it reaches memory only while the gates are open.",
        Never(occurs(e.DMA.forged, where=neg(Tsm.bound()))),
        (), "root complex", "M16; COV 05: gates look at every request", occurs(e.DMA.forged),
        DropCheck("root_complex", "dma_forged", "gate open"), flow=_FLOW, ide_type="link",
    ),
    law(
        "a-flush-shows-what-went-before-it",
        "A TDI that goes to its next owner after a flush leaves no read or completion behind in the lane that was flushed, and no write in the "
        "direction of its completions, unless new keys have made them void.",
        StepLaw(
            occurs(e.tdi_bind),
            implies(
                neg(_SELECTIVE & (rekey_on_rebind != "no")),
                implies(flush_on_rebind != "no", _passed(MMIO.read, MMIO.completion, DMA.write))
                & implies(flush_on_rebind == "both", _passed(DMA.read, DMA.completion, MMIO.write)),
            ),
        ),
        (), "TSM", "CVE-2025-9614: flushed; P63 §2.4.1, §6.33.5: a completion pushes the writes before it",
        occurs(e.tdi_bind, where=flush_on_rebind != "no"), SwapValue("tsm", "tdi_bind", DMA.write, "host", "current"),
        protects="other TVM", tag_quarantine="context", flush_on_rebind="both",
    ),
)  # fmt: skip
