"""Laws of peer-to-peer streams and of attributes of MMIO ranges."""

from __future__ import annotations

from .....model.language import after, implies
from .....model.language.mutate import DropUpdate, SwapValue
from .....model.world.responder import events as e
from .....model.world.vocabulary import t
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import law, possible, step_law
from ..observations import RUN
from .terms import p2p, sharing

PROPERTIES: tuple[Property, ...] = (
    law(
        "streams-are-bound-and-unbound-as-asked",
        "BIND_P2P_STREAM binds the stream with the keys that were named, UNBIND_P2P_STREAM leaves none.",
        Never((occurs(e.bind_p2p_stream, t=t, where=after(p2p) != e.keyed), occurs(e.unbind_p2p_stream, t=t, where=after(p2p != "none")))),
        (t,), "device", "P63 §11.3.18, §11.3.20", occurs(e.unbind_p2p_stream, t=t),
        DropUpdate("tdi", "unbind_p2p_stream", "tdi.p2p"), protects="peer",
    ),
    step_law(
        "an-attribute-changes-in-two-steps",
        "SET_MMIO_ATTRIBUTE begins the change that it asks for, or none where nothing is to change, and only its response ends one that was begun.",
        (occurs(e.set_mmio_attribute, t=t), occurs(e.set_mmio_attribute_response, t=t)),
        implies(sharing == "to_shared", after(sharing) == "shared")
        & implies(sharing == "to_tee", after(sharing) == "tee")
        & implies(sharing == "tee", after(sharing.in_("tee", "to_shared")))
        & implies(sharing == "shared", after(sharing.in_("shared", "to_tee"))),
        (t,), "device", "P63 §11.2.3, §11.3.22: effective at the response",
        DropUpdate("tdi", "set_mmio_attribute_response", "tdi.sharing"), witness=occurs(e.set_mmio_attribute_response, t=t),
    ),
    step_law(
        "an-attribute-changes-as-asked",
        "SET_MMIO_ATTRIBUTE that asks for what is not so begins a change.",
        occurs(e.set_mmio_attribute, t=t), implies(e.shared == (sharing == "tee"), after(sharing) != sharing),
        (t,), "device", "P63 §11.3.22", DropUpdate("tdi", "set_mmio_attribute", "tdi.sharing"),
    ),
    possible(
        "a-change-of-an-attribute-is-answered",
        "A change of an attribute that is under way in RUN can be answered.",
        occurs(e.set_mmio_attribute_response, t=t), sharing.in_("to_shared", "to_tee") & RUN,
        (t,), "device", "P63 §11.3.22", SwapValue("tdi", "set_mmio_attribute_response", sharing, "to_shared", "shared"),
        witness=sharing == "to_shared",
    ),
    law(
        "no-answer-without-a-change",
        "SET_MMIO_ATTRIBUTE_RESPONSE comes only while a change is under way.",
        Never(occurs(e.set_mmio_attribute_response, t=t, where=sharing.in_("tee", "shared"))),
        (t,), "device", "P63 §11.3.22", occurs(e.set_mmio_attribute_response, t=t),
        SwapValue("tdi", "set_mmio_attribute_response", sharing, "to_tee", "tee"),
    ),
)  # fmt: skip
