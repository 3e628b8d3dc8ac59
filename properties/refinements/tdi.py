"""The TDI of the lifecycle, and what it is in terms of the device as TDISP responder."""

from __future__ import annotations

from ...model.language import Event, Model, Operand, Term, const, ite, neg
from ...model.language.terms import Op, subterms
from ...model.world.lifecycle import events
from ...model.world.lifecycle.model import MODEL
from ...model.world.lifecycle.state import Device as AbstractDevice
from ...model.world.lifecycle.state import Stream as AbstractStream
from ...model.world.lifecycle.state import Tdi as AbstractTdi
from ...model.world.lifecycle.state import Tsm
from ...model.world.responder import events as e
from ...model.world.responder.state import Device, Stream, Tdi
from ...model.world.vocabulary import EPOCH, d, t

# What the TSM does at a disconnect comes to the device as STOP_INTERFACE and the end of a session, which have rules of their own.
_MOVES = tuple(
    r for r in MODEL.rules if r.machine == AbstractTdi.machine.name and r.updates and r.event is not events.device_disconnect
)
_READ = {
    x.data
    for r in _MOVES
    for term in (r.event.where, r.when, *(c.term for c in r.checks), *(y for u in r.updates for y in (u.target, u.value)))
    for x in subterms(term)
    if x.op is Op.SELECT
}
TDI = Model(
    "the TDI of the lifecycle",
    tuple(f for f in MODEL.families if f.rigid or f in _READ),
    _MOVES,
    MODEL.machines,
    MODEL.order,
).without_idle_knobs()
"""The rules that move it; the sessions, the stream and the TSM's record, which they read, are its surroundings."""

_port, _stream = AbstractStream.state.sort, Stream.state[d]
SURROUNDINGS: dict[Term, Operand] = {
    AbstractDevice.tsm_session[d]: Device.tsm_session[d],
    AbstractDevice.host_session[d]: Device.host_session[d],
    AbstractStream.state[d]: ite(
        _stream == "NOT_KEYED", const("NONE", _port), ite(_stream == "KEYED", const("KEYED", _port), "SECURE")
    ),
    AbstractStream.key_session[d]: Stream.key_session[d],
    # The TSM holds the nonce of the last lock: what it knows is not the device's matter.
    Tsm.nonce[t]: const("current", EPOCH),
}
STATE: dict[Term, Operand] = {
    AbstractTdi.state[t]: Tdi.state[t],
    AbstractTdi.lock_session[t]: Tdi.lock_session[t],
    AbstractTdi.nonce[t]: Tdi.nonce[t],
}
P2P: dict[Term, Operand] = {AbstractTdi.p2p[t]: neg(Tdi.p2p[t] == "none")}

_LOST = (events.get_version, events.host_connect, events.device_connect, events.ide_fail, events.ide_disable)
_ENDS = (events.config_write, events.device_error)
EVENTS: dict[Event, tuple[Event, ...]] = {
    e.lock_interface: (events.tdi_bind, events.host_lock),
    e.start_interface: (events.tdi_bind_run, events.start_interface, events.host_start),
    e.stop_interface: (events.tdi_unbind, events.tdi_stop, events.host_stop),
    e.bind_p2p_stream: (events.bind_p2p,),
    e.recover: (events.recover,),
    e.conventional_reset: (events.conventional_reset,),
    # The session of the lock, or the keys of the stream.
    **dict.fromkeys((e.session_open, e.session_close, e.get_version, e.stream_lost, e.root_port_write, e.ide_register_write), _LOST),
    # Whatever else takes a locked TDI to ERROR; of these some take all of the device's.
    **dict.fromkeys((e.config_change, e.msix_write, e.ats_capability_write, e.p2p_stream_lost, e.device_error, e.ats_anomaly), _ENDS),
    **dict.fromkeys((e.flr, e.debug_authorised, e.firmware_update), (*_ENDS, *_LOST)),
}  # fmt: skip
"""Which steps of the lifecycle a step of the responder may be; the events that are not here leave the TDI as it is."""
