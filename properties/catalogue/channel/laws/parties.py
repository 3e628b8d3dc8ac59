"""Laws of those at the ends: tags, owners, gates, the TDI and its neighbour."""

from __future__ import annotations

from .....model.language import OK, TRUE, Term, after, conj, const, iff, implies, ite, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, LeakyRefusal, SwapValue
from .....model.world.channel import events as e
from .....model.world.channel.state import DMA, LANES, MMIO, Lane, Neighbour, Stream, Tdi, Tsm, empty
from .....model.world.choices.channel import (
    dma_timeout,
    flush_on_rebind,
    programmable_switch,
    rekey_on_rebind,
    stop_waits,
    stream_shared,
    tag_quarantine,
)
from .....model.world.choices.trust import DEVICE_PARTY
from .....model.world.vocabulary import v
from ....formulas import Never
from ....property import Property
from ....steps import occurs, unchanged
from ...law import law, possible, step_law, told
from .terms import BOTH, FLAGS, FLOW, REPLIES, SELECTIVE, SLOTS, gone, state

_NO_KEY_CHANGE = (rekey_on_rebind == "no") & (flush_on_rebind == "no")


def _older(context: Term) -> Term:
    """A context after its owner has gone."""
    return (after(context) == "stale") == context.in_("current", "stale")


def _passed(*slots: Term) -> Term:
    """Nothing is missing that is counted, or that a receiver still takes."""
    return conj(*(slot.in_("none", "plain", "dead") for slot in slots))


_FLUSHED = {"mmio": flush_on_rebind != "no", "dma": flush_on_rebind == "both"}
_OLD_KEYS_END = SELECTIVE & rekey_on_rebind.in_("refresh_stop", "restart")


def _of_lane(lane: Lane, events: e.LaneEvents, name: str) -> tuple[Property, ...]:
    """What holds of the tag of a lane."""
    party = "root complex" if lane is MMIO else "device"
    return (
        step_law(
            f"{name}-completions-end-the-request",
            "A completion that is taken is gone, somebody waited under its tag and waits no more; a read that is still under way is late.",
            occurs(events.completions.arrives),
            gone(lane, lane.completion)
            & (lane.waiting != "none")
            & (after(lane.waiting) == "none")
            & iff(after(lane.read_late), lane.read.in_("plain", "host", "current", "stale")),
            (), party, "P63 §2.3.2, §2.8", DropUpdate(name, f"{name}_completion_arrives", f"{name}.read_late"), flow=FLOW,
        ),
        step_law(
            f"{name}-timeouts-free-the-tag",
            "A request that an owner waits for times out: nobody waits any more, the tag is kept where it is to be, and what comes of it "
            "comes late.",
            occurs(events.timeout),
            lane.waiting.in_("current", "stale")
            & (after(lane.waiting) == "none")
            & ite(tag_quarantine == "no", after(lane.expired) == "none", after(lane.expired) == lane.waiting)
            & iff(after(lane.read_late), lane.read.in_("current", "stale"))
            & iff(after(lane.completion_late), lane.completion.in_("current", "stale"))
            & ((after(Tdi.running) == (Tdi.running & (dma_timeout == "recovered"))) if lane is DMA else TRUE),
            (), party, "P63 §2.8, §11.4.3; CVE-2025-9613", DropUpdate(name, f"{name}_timeout", f"{name}.read_late"),
            flow=FLOW,
        ),
        possible(
            f"{name}-requests-can-time-out",
            "Whoever waits for a completion can give up, whichever owner's request it was.",
            occurs(events.timeout), lane.waiting.in_("current", "stale") & programmable_switch,
            (), party, "P63 §2.8",
            SwapValue("root_port" if lane is MMIO else "requester", f"{name}_timeout", lane.waiting, "current", "stale"),
            witness=lane.waiting == "stale" if lane is MMIO else lane.waiting == "current", flow=FLOW, protects="host",
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
                    for reply in REPLIES
                    if reply != OK
                )
            ),
            (), party, "P63 §2.3.2, §6.33.8, §11.2.1", occurs(events.completions.arrives, reply="IDE_CHECK_FAILED"),
            LeakyRefusal(lane.requester.name, f"{name}_completion_arrives"), flow=FLOW,
        ),
        step_law(
            f"{name}-tag-is-kept-until-a-flush-or-new-keys",
            "At a bind the quarantine of a tag ends where the lane was flushed or the old keys are taken no more, and goes on elsewhere.",
            occurs(e.tdi_bind),
            after(lane.expired) == ite(_OLD_KEYS_END | _FLUSHED[name], const("none", lane.expired.sort), lane.expired),
            (), party, "CVE-2025-9613: flushed or re-keyed",
            DropUpdate(lane.requester.name, "tdi_bind", f"{lane.requester.name}.expired"),
            witness=occurs(e.tdi_bind, where=lane.expired == "stale"), flow=FLOW, tag_quarantine="context",
            flush_on_rebind="both",
        ),
    )  # fmt: skip


PROPERTIES: tuple[Property, ...] = (
    *(p for lane, _, events, name in BOTH for p in _of_lane(lane, events, name)),
    step_law(
        "a-tdi-goes-to-another-owner-over-a-secure-stream",
        "A TDI that nobody has goes to another TVM than had it last, over a Secure stream, and runs for it then.",
        occurs(e.tdi_bind, v=v),
        neg(Tsm.bound())
        & (Tsm.former != v)
        & Stream.secure()
        & (after(Tsm.owner) == v)
        & (after(Tsm.former) == v)
        & after(Tdi.running)
        & implies(_NO_KEY_CHANGE, unchanged(*SLOTS, *FLAGS)),
        (v,), "TSM", "P63 §11.3.8, §11.3.14; COV 09", DropUpdate("tsm", "tdi_bind", "tsm.former"), flow=FLOW,
    ),
    possible(
        "a-free-tdi-can-be-given-away",
        "Where nobody waits for a flush, a TDI that nobody has can go to another TVM over a Secure stream, whatever is under way.",
        occurs(e.tdi_bind, v=v),
        neg(Tsm.bound()) & (Tsm.former != v) & Stream.secure() & _NO_KEY_CHANGE & (programmable_switch | empty()),
        (v,), "TSM", "P63 §11.3.8", SwapValue("tsm", "tdi_bind", state, "SECURE", "INSECURE"),
        witness=neg(Tsm.bound()) & Stream.secure(), flow=FLOW,
    ),
    told(
        e.tdi_bind, "IDE_NOT_SECURE", "A host that binds a TDI whose stream is not Secure is told so.",
        (v,), "TSM", "P63 §6.33.1; COV 07", DropCheck("tsm", "tdi_bind", "stream Secure"), flow=FLOW,
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
        (), "TSM", "COV 09", occurs(e.tdi_bind, reply="IDE_NOT_SECURE"), LeakyRefusal("tsm", "tdi_bind"), flow=FLOW,
        protects="host",
    ),
    step_law(
        "unbinding-ages-what-is-under-way",
        "A TDI that is unbound had an owner, and neither has one nor runs; what its owner sent and asked is a former owner's, and the device's "
        "own reads were answered where it waits for them.",
        occurs(e.tdi_unbind),
        Tsm.bound()
        & neg(after(Tsm.bound()))
        & neg(after(Tdi.running))
        & implies(stop_waits & DEVICE_PARTY.honest, DMA.waiting == "none")
        & conj(*((after(x) == "stale") == x.in_("current", "stale") for x in SLOTS))
        & conj(*(after(x) != "current" for x in SLOTS))
        & conj(*(_older(x) & (after(x) != "current") for lane in LANES for x in (lane.waiting, lane.expired))),
        (), "TSM", "P63 §11.3.16; COV 07; AMD TDI_UNBIND", DropUpdate("tsm", "tdi_unbind", "tsm.owner"), flow=FLOW,
    ),
    possible(
        "a-tdi-can-be-unbound-when-its-reads-are-answered",
        "A TDI that has an owner can be unbound when its own reads were answered.",
        occurs(e.tdi_unbind), Tsm.bound() & (DMA.waiting == "none") & (programmable_switch | empty()),
        (), "TSM", "P63 §11.3.16", SwapValue("tdi", "tdi_unbind", DMA.waiting, "none", "current"), witness=Tsm.bound(),
        flow=FLOW, protects="host",
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
        (), "device", "P63 §11.2.1", occurs(e.DMA.write), DropCheck("tdi", "dma_write", "in RUN"), flow=FLOW,
    ),
    told(
        e.MMIO.completions.arrives, "UNEXPECTED", "A completion that nobody waits for is dropped as unexpected.",
        (), "root complex", "P63 §2.3.2", DropCheck("root_port", "mmio_completion_arrives", "expected"), flow=FLOW,
    ),
    told(
        e.DMA.completions.arrives, "UNEXPECTED", "A completion that no read of the device waits for is dropped as unexpected.",
        (), "device", "P63 §2.3.2", DropCheck("requester", "dma_completion_arrives", "expected"), flow=FLOW,
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
        DropCondition("neighbour", "neighbour_read", 0), flow=FLOW,
    ),
    possible(
        "a-neighbour-can-work",
        "Another TDI can come into use over a Secure stream that is shared.",
        occurs(e.neighbour_starts), stream_shared & Stream.secure() & neg(Neighbour.running),
        (), "host", "P63 §11.1; COV 04", SwapValue("neighbour", "neighbour_starts", state, "SECURE", "INSECURE"),
        witness=stream_shared & Stream.secure(), flow=FLOW, protects="other TVM",
    ),
    possible(
        "a-neighbour-can-read",
        "The owner of another TDI in use can read it when the root port's tag is free and not kept.",
        occurs(e.neighbour_read),
        Neighbour.running & (MMIO.waiting == "none") & ((tag_quarantine == "no") | (MMIO.expired == "none")),
        (), "root complex", "P63 §2.2.6.2", SwapValue("root_port", "neighbour_read", MMIO.waiting, "none", "current"),
        witness=Neighbour.running & (MMIO.waiting == "none"), flow=FLOW, protects="other TVM",
    ),
    possible(
        "a-neighbours-read-is-answered",
        "The read of another TDI's owner can be answered, or given up.",
        occurs(e.neighbour_answered), MMIO.waiting == "other",
        (), "root complex", "P63 §2.3.2", SwapValue("root_port", "neighbour_answered", MMIO.waiting, "other", "none"),
        witness=MMIO.waiting == "other", flow=FLOW, protects="other TVM",
    ),
    law(
        "the-gate-lets-the-hosts-driver-through",
        "Writes without T=1 for the host's driver meet no closed gate: they are not for the memory of a TVM.",
        Never(occurs(e.DMA.writes.arrives, reply="BLOCKED", where=DMA.write.in_("plain", "host"))),
        (), "root complex", "M16; COV 05", occurs(e.DMA.writes.arrives, where=DMA.write == "plain"),
        SwapValue("root_complex", "dma_write_arrives", DMA.write, "plain", "host"), flow=FLOW, protects="host",
    ),
    law(
        "a-forged-write-meets-a-closed-gate-as-well",
        "Where links are protected one by one and a switch makes up a write of the TDI, it reaches memory only while the gates are open.",
        Never(occurs(e.DMA.forged, where=neg(Tsm.bound()))),
        (), "root complex", "M16; COV 05: gates look at every request", occurs(e.DMA.forged),
        DropCheck("root_complex", "dma_forged", "gate open"), flow=FLOW, ide_type="link",
    ),
    step_law(
        "a-flush-shows-what-went-before-it",
        "A TDI that goes to its next owner after a flush leaves no read or completion behind in the lane that was flushed, and no write in the "
        "direction of its completions, unless new keys have made them void.",
        occurs(e.tdi_bind),
        implies(
            neg(SELECTIVE & (rekey_on_rebind != "no")),
            implies(flush_on_rebind != "no", _passed(MMIO.read, MMIO.completion, DMA.write))
            & implies(flush_on_rebind == "both", _passed(DMA.read, DMA.completion, MMIO.write)),
        ),
        (), "TSM", "CVE-2025-9614: flushed; P63 §2.4.1, §6.33.5: a completion pushes the writes before it",
        SwapValue("tsm", "tdi_bind", DMA.write, "host", "current"),
        witness=occurs(e.tdi_bind, where=flush_on_rebind != "no"), protects="other TVM", tag_quarantine="context",
        flush_on_rebind="both",
    ),
)  # fmt: skip
