"""The observable steps of the message level of which the catalogue speaks."""

from __future__ import annotations

from ....model.language import Term, after
from ....model.world.choices.lifecycle import accept_by
from ....model.world.proxy import events as e
from ....model.world.proxy.state import Device, Exchange, Gate, Queue, Tsm
from ....model.world.vocabulary import t
from ...formulas import After
from ...steps import Step, becomes, occurs

LOCKS: tuple[Step, ...] = (
    occurs(e.deliver_request, t=t, where=Exchange.kind[t] == "LOCK"),
    occurs(e.replay_request, t=t, where=after(Device.state[t]) == "CONFIG_LOCKED"),
)
"""The device takes LOCK_INTERFACE, and a lock epoch begins, whether the TSM learns of it or not."""

ACCEPTS: tuple[Step, ...] = (
    occurs(e.accept, t=t),
    occurs(e.guest_ask, t=t, where=Queue.asks_start & (accept_by == "start")),
)
"""The guest accepts the TDI, in the lock epoch that the device is in then, whatever evidence it has."""

EPOCH_OF_THE_DEVICE = After(LOCKS)
ANY_TIME = After(LOCKS, initially=True)


def opens(gate: Term) -> tuple[Step, ...]:
    """A gate is open in an epoch because it was opened in it, or because the lock found it open."""
    found_open = occurs(e.deliver_request, t=t, where=(Exchange.kind[t] == "LOCK") & after(gate))
    return (becomes(gate), found_open)


BACK_AT_THE_HOST: tuple[Step, ...] = (
    occurs(e.take_back, t=t),
    occurs(e.response, t=t, where=Tsm.bound[t] & ~after(Tsm.bound[t])),
    occurs(e.abort, t=t, where=Tsm.bound[t] & ~after(Tsm.bound[t])),
)
"""The TDI is not bound any more: its memory and MMIO are the host's. (Not by `disconnect`, which cuts the stream as well.)"""

RUNS = becomes(Device.state[t] == "RUN")
EMITS = occurs(e.dma, t=t, reply=None)
REACHES_MEMORY = occurs(e.dma, t=t)
REACHES_TDI = occurs(e.mmio, t=t)

AT_REST = Tsm.bound[t] & (Exchange.stage[t] == "idle")
"""The TDI is bound, the session in step, and no request under way."""

SHUT = ~Gate.open()
