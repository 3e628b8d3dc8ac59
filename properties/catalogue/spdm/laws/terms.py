"""Terms and steps that the laws share."""

from __future__ import annotations

from dataclasses import replace

from .....model.language import Term, exists, neg
from .....model.world.spdm import events as e
from .....model.world.spdm.state import Tdi, Tsm
from .....model.world.vocabulary import t
from ....steps import Step, occurs

connected = Tsm.phase == "connected"
fresh = Tsm.phase == "disconnected"
none_bound = neg(exists(t, Tsm.bound[t]))
same_device = Tsm.peer == "device"
state, over = Tdi.state[t], Tdi.locked_over[t]
FAILED_CONNECTS = tuple(
    occurs(x, reply=r)
    for x, r in (
        (e.key_exchange, "UnexpectedRequest"), (e.key_exchange, "SessionLimitExceeded"),
        (e.key_exchange_in_the_middle, "AUTH_FAILED"), (e.finish, "SessionRequired"),
    )
)  # fmt: skip


def only(s: Step, where: Term) -> Step:
    """Such steps, where a condition holds besides."""
    return replace(s, where=s.where & where)
