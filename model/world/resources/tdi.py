"""Rules of the TDI, as far as its resources go (P63 ch. 11)."""

from __future__ import annotations

from ...language import Check, const, for_each, ite
from ..choices.lifecycle import disconnect_bound
from ..choices.resources import reclaim_bound
from ..vocabulary import DEVICE_PARTY, STATE, d, device_of, t, u
from . import events as e
from .state import Device, Port, Tdi, Tsm, first_of
from .tsm import BOUND_ALREADY, ENDS_SESSION

_MINE = Tdi.machine
_state = Tdi.state
_UNLOCKED, _ERROR = const("CONFIG_UNLOCKED", STATE), const("ERROR", STATE)
_there = Device.present[device_of(t)]
_broken = ite(Tdi.locked(), _ERROR, _state[t])

_MINE.rule(
    e.tdi_bind,
    when=[_there],
    checks=[
        Check("state", (_state[t] == "CONFIG_UNLOCKED") | BOUND_ALREADY, "INVALID_INTERFACE_STATE", "P63 Table 11-12"),
        Check("keys", (Port.link[device_of(t)] == "SECURE") | BOUND_ALREADY, "INVALID_REQUEST", "P63 §11.3.8, Table 11-12"),
    ],
    set={_state[t]: ite(BOUND_ALREADY, _state[t], "CONFIG_LOCKED")},
    binds=DEVICE_PARTY,
    cite="P63 §11.3.8, §11.3.9 LOCK_INTERFACE",
)
_MINE.rule(
    e.tdi_accept,
    when=[_there],
    checks=[Check("state", _state[t] == "CONFIG_LOCKED", "INVALID_INTERFACE_STATE", "P63 Table 11-19")],
    set={_state[t]: "RUN"},
    binds=DEVICE_PARTY,
    cite="P63 §11.3.14 START_INTERFACE",
)

# --- STOP_INTERFACE ---------------------------------------------------------------------------------------------------
_MINE.rule(
    e.tdi_unbind,
    name="stop",
    when=[_there],
    set={_state[t]: _UNLOCKED},
    binds=DEVICE_PARTY,
    cite="P63 §11.3.16 STOP_INTERFACE, Table 11-3: legal in every state",
)
_MINE.rule(
    e.tdi_unbind,
    name="out of reach",
    when=[~_there],
    binds=DEVICE_PARTY,
    cite="TDX module sources: a blocked stream stands in for the device; AMD host driver: forced unbind",
)
_MINE.rule(
    e.reclaim_region,
    set={_state[t]: ite(_there & (reclaim_bound == "autounbind"), _UNLOCKED, _state[t])},
    binds=DEVICE_PARTY,
    cite="COV 09: unbound first",
)
for _event in ENDS_SESSION:
    # A forced disconnect tells the device nothing: what was locked over the session that ends is in ERROR.
    _stopped = ite(Tsm.bound[t] != "none", _UNLOCKED, _state[t])
    _MINE.rule(
        _event,
        each=[
            for_each(t, _state[t], ite(device_of(t) == d, ite(disconnect_bound == "force", _broken, _stopped), _state[t]))
        ],
        binds=DEVICE_PARTY,
        cite="P63 §11.3.16, §11.4.5; COV 09",
    )

# --- What breaks a lock -----------------------------------------------------------------------------------------------
_MINE.rule(e.tdi_error, when=[Tdi.locked()], set={_state[t]: _ERROR}, binds=DEVICE_PARTY, cite="P63 §11.2, §11.4.3, §11.4.6")
_MINE.rule(
    e.function_disable,
    when=[_there],
    set={_state[t]: _broken},
    binds=DEVICE_PARTY,
    cite="P63 Table 11-2: MSE or BME cleared, BARs written",
)
_MINE.rule(
    e.function_reset,
    when=[_there],
    each=[
        for_each(u, _state[u], ite(((u == t) | (first_of(u) == t)) & Tdi.locked(u), _ERROR, _state[u])),
    ],
    binds=DEVICE_PARTY,
    cite="P63 §11.4.9: with a physical function its virtual functions; with Function 0 all that use its streams",
)
_MINE.rule(
    e.ide_off,
    each=[for_each(t, _state[t], ite(device_of(t) == d, _broken, _state[t]))],
    binds=DEVICE_PARTY,
    cite="P63 §11.4.5: a bound stream became Insecure",
)
for _event in (e.device_reset, e.hot_unplug, e.surprise_removal):
    _MINE.rule(
        _event,
        when=[Device.present[d]],
        each=[for_each(t, _state[t], ite(device_of(t) == d, _UNLOCKED, _state[t]))],
        binds=DEVICE_PARTY,
        cite="P63 §11.4.8: all TDIs to CONFIG_UNLOCKED; what is plugged in next starts so",
    )

# --- Traffic ----------------------------------------------------------------------------------------------------------
_MINE.rule(
    e.dma,
    when=[_there],
    checks=[
        Check("T=1 only in RUN", _state[t] == "RUN", cite="P63 §11.2.1"),
        Check(
            "over a Secure stream", Port.link[device_of(t)] == "SECURE", cite="P63 §6.33.8: an Insecure stream sends nothing"
        ),
    ],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1",
)
_MINE.rule(
    e.dma_shared,
    when=[_there],
    checks=[Check("T=0 only in CONFIG_UNLOCKED", _state[t] == "CONFIG_UNLOCKED", cite="P63 §11.2, §11.2.1")],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1: use by a legacy VM",
)
_MINE.rule(
    e.mmio,
    when=[_there],
    checks=[Check("state", _state[t] == "RUN", "REJECTED", "P63 §11.2, §11.2.1")],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1",
)
