"""Laws of the two ports: enabling, losing and keying a stream, and what they check of what arrives."""

from __future__ import annotations

from .....model.language import after, conj, implies, ite, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.channel import events as e
from .....model.world.channel.state import DMA, MMIO, Lane, Neighbour, Stream, Tdi, Tsm, empty
from .....model.world.choices.channel import (
    fabric_capacity,
    programmable_switch,
    quiet_connect,
    tag_quarantine,
)
from .....model.world.choices.trust import DEVICE_PARTY
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import law, possible, step_law
from .terms import BOTH, FLAGS, FLOW, NONE, REPLIES, SELECTIVE, SLOTS, held_tlps, state, sub_streams

_CHECKED = (*e.MMIO.checked, *e.DMA.checked)
_VOID = implies(
    SELECTIVE,
    conj(*(after(x) == ite(x == "plain", x, NONE) for x in SLOTS)) & conj(*(neg(after(x)) for x in FLAGS)),
)
"""Nothing is left of what was sent under the keys; with Link IDE the switch holds it in the clear."""


def _of_lane(lane: Lane, events: e.LaneEvents, name: str) -> tuple[Property, ...]:
    """What the ports make of the TLPs of a lane."""
    subs = sub_streams(lane, events)
    party = "root complex" if lane is MMIO else "device"
    asks = Tsm.bound() if lane is MMIO else DEVICE_PARTY.honest
    idle = asks & neg(Stream.secure()) & (held_tlps() < fabric_capacity)
    return (
        possible(
            f"{name}-tlps-are-forged-and-found-out",
            "A switch can make up a TLP whenever the stream is Secure, and the MAC finds it out.",
            occurs(events.forged, reply="IDE_CHECK_FAILED"), Stream.secure() & programmable_switch & SELECTIVE,
            (), "fabric", "P63 §6.33.5", SwapValue("stream", f"{name}_forged", state, "SECURE", "INSECURE"),
            witness=Stream.secure(), flow=FLOW,
        ),
        *(
            possible(
                f"{x.name.replace('_', '-')}s-are-discarded-unless-the-stream-is-secure",
                f"While the stream is not Secure, what is to be sent as a {kind} with T=1 is discarded.",
                occurs(x, reply="DISCARDED"), idle & free,
                (), party, "P63 §6.33.8, §6.33.4; Arm RDVKPF: rejected, not downgraded",
                DropCheck("stream", x.name, "stream Secure"), witness=idle & free, flow=FLOW,
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
                    for reply in REPLIES
                    for where in (
                        (slot == "plain") | enabled if reply == "MISROUTED" else (slot != "plain") & neg(enabled),
                        (slot == "plain") | (state != "INSECURE") if reply == "DISCARDED" else (slot != "plain") & (state == "INSECURE"),
                    )
                )
            ),
            (), party, "P63 §6.33.4, §6.33.8", tuple(occurs(sub.arrives, reply="DISCARDED") for _, sub, _ in subs),
            DropCheck("stream", f"{name}_read_arrives", "not Insecure"), flow=FLOW, ide_type="link",
        ),
        law(
            f"{name}-tlps-are-forged-for-a-secure-stream",
            "What a switch makes up for a stream that is not Secure gets nowhere near the check of its MAC.",
            Never(occurs(events.forged, reply=None, where=neg(Stream.secure()))),
            (), party, "P63 §6.33.8: no stream, or an Insecure one, discards", occurs(events.forged, reply=None),
            DropCondition("stream", f"{name}_forged", 0), flow=FLOW,
        ),
    )  # fmt: skip


PROPERTIES: tuple[Property, ...] = (
    *(p for lane, _, events, name in BOTH for p in _of_lane(lane, events, name)),
    step_law(
        "a-failed-check-costs-the-stream-and-every-tdi-of-it",
        "A TLP that fails the checks of IDE takes the stream to Insecure and every TDI that uses it out of RUN; nothing that was sent under "
        "the keys is left.",
        tuple(occurs(x, reply="IDE_CHECK_FAILED") for x in _CHECKED),
        (after(state) == "INSECURE")
        & neg(after(Tdi.running) | after(Neighbour.running))
        & _VOID,
        (), "device", "P63 §6.33.8, §11.4.5", DropUpdate("neighbour", "mmio_forged/IDE_CHECK_FAILED", "neighbour.running"),
        flow=FLOW,
    ),
    step_law(
        "a-link-that-goes-down-costs-the-stream-and-every-tdi-of-it",
        "A link that goes down had a Secure stream, which is Insecure then, with every TDI of it out of RUN and nothing left of what was sent.",
        occurs(e.link_down),
        Stream.secure()
        & (after(state) == "INSECURE")
        & neg(after(Tdi.running) | after(Neighbour.running))
        & _VOID,
        (), "device", "P63 §6.33.8, §11.4.5", DropUpdate("tdi", "link_down", "tdi.running"), flow=FLOW,
    ),
    step_law(
        "a-stream-is-keyed-anew-when-nobody-uses-it",
        "A stream is keyed anew that was lost, and that no TDI uses; no gap is waited for and no tag is kept, and both ports begin disabled.",
        occurs(e.device_connect),
        (state == "INSECURE")
        & neg(Tsm.bound() | Neighbour.running)
        & (after(state) == "OFF")
        & conj(*(after(x) == ite(x == "lost", NONE, x) for x in SLOTS))
        & (after(MMIO.expired) == "none")
        & (after(DMA.expired) == "none"),
        (), "TSM", "P63 §6.33.8", DropCondition("stream", "device_connect", 1), flow=FLOW,
    ),
    possible(
        "a-lost-stream-can-be-keyed-anew",
        "A stream that was lost and that no TDI uses can be keyed anew.",
        occurs(e.device_connect),
        (state == "INSECURE") & neg(Tsm.bound() | Neighbour.running) & (programmable_switch | empty()),
        (), "host", "P63 §6.33.8", SwapValue("stream", "device_connect", state, "INSECURE", "OFF"),
        witness=(state == "INSECURE") & neg(Tsm.bound() | Neighbour.running), flow=FLOW, protects="host",
    ),
    law(
        "ports-are-enabled-one-after-the-other",
        "Each port is enabled once, in either order; the stream is Secure when both are, and the driver is quiet where it has to be.",
        Never(
            (
                occurs(
                    e.enable_root_port,
                    where=neg(state.in_("OFF", "DEVICE_ON"))
                    | ((state == "OFF") & (after(state) != "ROOT_ON"))
                    | ((state == "DEVICE_ON") & (after(state) != "SECURE")),
                ),
                occurs(
                    e.enable_device,
                    where=neg(state.in_("OFF", "ROOT_ON"))
                    | ((state == "OFF") & (after(state) != "DEVICE_ON"))
                    | ((state == "ROOT_ON") & (after(state) != "SECURE")),
                ),
                *(
                    occurs(x, where=quiet_connect & (MMIO.write.in_("plain", "host") | DMA.write.in_("plain", "host")))
                    for x in (e.enable_root_port, e.enable_device)
                ),
            )
        ),
        (), "host", "P63 §6.33.1, §7.9.26, §6.33.8", (occurs(e.enable_root_port), occurs(e.enable_device)),
        DropUpdate("stream", "enable_device", "stream.state"), flow=FLOW,
    ),
    *(
        possible(
            f"{x.name.replace('_', '-')}-whenever-it-is-not",
            "A port can be enabled that is not, the other enabled or not, unless a driver has to be quiet first.",
            occurs(x),
            state.in_("OFF", second)
            & (neg(quiet_connect) | neg(MMIO.write.in_("plain", "host") | DMA.write.in_("plain", "host"))),
            (), "host", "P63 §6.33.1, §7.9.26", SwapValue("stream", x.name, state, second, "INSECURE"),
            witness=state == second, flow=FLOW, protects="host",
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
                    where=neg(state.in_("OFF", "ROOT_ON", "DEVICE_ON"))
                    | (lane.write != "none")
                    | (quiet_connect & (state != "OFF"))
                    | ((after(lane.write) == "host") != (state == on))
                    | ((after(lane.write) == "plain") != (state != on)),
                )
                for x, lane, on in ((e.host_mmio_write, MMIO, "ROOT_ON"), (e.host_dma_write, DMA, "DEVICE_ON"))
            )
        ),
        (), "host", "P63 §6.33.4; M4", occurs(e.host_dma_write), DropCondition("mmio", "host_mmio_write", 1), flow=FLOW,
        protects="host",
    ),
    *(
        possible(
            f"{x.name.replace('_', '-')}s-while-the-stream-is-set-up",
            "The host's driver can write while the stream is not set up, or is being set up and it need not be quiet, if there is room.",
            occurs(x),
            state.in_("OFF", "ROOT_ON", "DEVICE_ON")
            & (lane.write == "none")
            & (held_tlps() < fabric_capacity)
            & ((state == "OFF") | neg(quiet_connect)),
            (), "host", "M4", SwapValue(lane.machine.name, x.name, lane.write, "none", "plain"),
            witness=(state == "OFF") & (lane.write == "none"), flow="sev-tio-host-run", protects="host",
        )
        for x, lane in ((e.host_mmio_write, MMIO), (e.host_dma_write, DMA))
    ),
    law(
        "a-port-takes-ide-only-where-it-has-the-stream",
        "A port takes no IDE TLP over a stream that is not enabled there or that was lost.",
        Never(
            (
                *(
                    occurs(x, where=(slot != "plain") & neg(state.in_("DEVICE_ON", "SECURE")))
                    for slot, x in (
                        (MMIO.write, e.MMIO.writes.arrives), (MMIO.read, e.MMIO.reads.arrives),
                        (DMA.completion, e.DMA.completions.arrives),
                    )
                ),
                *(
                    occurs(x, where=(slot != "plain") & neg(state.in_("ROOT_ON", "SECURE")))
                    for slot, x in (
                        (DMA.write, e.DMA.writes.arrives), (DMA.read, e.DMA.reads.arrives),
                        (MMIO.completion, e.MMIO.completions.arrives),
                    )
                ),
            )
        ),
        (), "device", "P63 §6.33.4, §6.33.8", occurs(e.MMIO.writes.arrives),
        DropCheck("stream", "mmio_write_arrives", "stream enabled here"), flow=FLOW, quiet_connect=False,
    ),
)  # fmt: skip
