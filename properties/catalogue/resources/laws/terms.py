"""Terms and steps that the laws share."""

from __future__ import annotations

from .....model.language import Term, const, exists, forall, implies, neg
from .....model.world.resources.state import Device, Gate, Host, Port, Tdi, Tsm, Tvm
from .....model.world.vocabulary import STATE, d, device_of, t, v

state, bound, owner, offer, life = Tdi.state, Tsm.bound, Host.owner, Host.offer, Tvm.life
mine = device_of(t)
there = Device.present[mine]
SECURE = Port.link[mine] == "SECURE"
ALIVE = life[v] == "ALIVE"
GUEST_SEES = ALIVE & (owner[t] == v) & (offer[t] == "TEE")
NO_GATES = (Gate.dma[t] == "none") & (Gate.mmio[t] == "none")
STILL_RUNS = neg(Host.halted)
ERROR = const("ERROR", STATE)


def of_device(term: Term) -> Term:
    """For all TDIs of the device."""
    return forall(t, implies(mine == d, term))


def any_of_device(term: Term) -> Term:
    """For some TDI of the device."""
    return exists(t, (mine == d) & term)
