"""Terms and steps that the laws share."""

from __future__ import annotations

from .....model.world.lifecycle import events as e
from .....model.world.lifecycle.state import Tdi
from .....model.world.vocabulary import device_of, t
from ....steps import occurs

state = Tdi.state[t]
stream = device_of(t)
OF_TSM = tuple(occurs(x, t=t) for x in (e.tdi_bind, e.tdi_bind_run, e.start_interface, e.bind_p2p, e.get_state, e.tdi_info))
