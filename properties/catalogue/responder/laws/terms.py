"""Terms and steps that the laws share."""

from __future__ import annotations

from .....model.world.responder.state import Device, Stream, Tdi
from .....model.world.vocabulary import d, device_of, t

stream = device_of(t)
holds, sharing, p2p, parts = Tdi.holds[t], Tdi.sharing[t], Tdi.p2p[t], Tdi.read_in_parts[t]
keys, by = Stream.state[d], Stream.key_session[d]
tsm, host = Device.tsm_session[d], Device.host_session[d]
