"""Laws of an honest host: which messages it starts, and that it carries them as they are."""

from __future__ import annotations

from .....model.language import neg
from .....model.language.mutate import DropCheck, SwapValue
from .....model.world.choices.lifecycle import run_by
from .....model.world.proxy import events as e
from .....model.world.proxy.state import Guest
from .....model.world.vocabulary import HOST, t
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import law, possible
from .terms import CAN_START, phase, served

PROPERTIES: tuple[Property, ...] = (
    possible(
        "an-honest-host-starts-at-the-guests-wish",
        "An honest host asks for START_INTERFACE when the guest has accepted and not failed, or where starts are its own affair.",
        occurs(e.ask_start, t=t), served & CAN_START & ((run_by == "host") | Guest.wants_gate() | (phase == "ready")),
        (t,), "host", "AMD guest driver 2026, Arm RHI, TDX TDCM: the guest asks the host",
        SwapValue("host", "ask_start", phase, "ready", "in_use"), flow="linux-tsm", host="honest",
    ),
    law(
        "an-honest-host-starts-nothing-unasked",
        "An honest host whose guest decides on the start does not ask for START_INTERFACE, granted or not, before the guest has accepted.",
        Never(
            occurs(
                e.ask_start,
                t=t,
                reply=None,
                where=HOST.honest & neg((run_by == "host") | Guest.wants_gate() | (phase == "ready")),
            )
        ),
        (t,), "host", "AMD guest driver 2026, Arm RHI, TDX TDCM: the guest asks the host",
        occurs(e.ask_start, t=t, reply=None), DropCheck("host", "ask_start", "asked by the guest"), flow="linux-tsm",
        host="honest",
    ),
    law(
        "an-honest-host-carries-messages-as-they-are",
        "An honest host neither replays, misroutes or makes up messages nor ends the session in the clear.",
        Never(
            (
                *(
                    occurs(x, t=t, reply=None, where=HOST.honest)
                    for x in (e.misroute, e.replay_response, e.replay_request, e.host_answer, e.get_version)
                ),
                occurs(e.read_evidence, t=t, forged=True, where=HOST.honest),
            )
        ),
        (t,), "host", "M2, M4: the host hands on what it got; P63 §11.2.2", occurs(e.deliver_request, t=t),
        DropCheck("host", "host_answer", "refrains"), host="honest",
    ),
)  # fmt: skip
