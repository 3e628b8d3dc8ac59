"""Rules of TVMs and their guests."""

from __future__ import annotations

from ...language import Check, for_each, ite
from ..choices.resources import driver_over_lock
from ..vocabulary import DEVICE_PARTY, GUEST, TSM, d, device_of, t, v
from . import events as e
from .state import Guest, Host, Tvm

_life, _driver = Tvm.life, Guest.driver
_LIVES = _life[v] == "ALIVE"
_SEES = [_LIVES, ~Host.halted, Host.visible(v, t)]

# --- Life -------------------------------------------------------------------------------------------------------------
Tvm.machine.rule(e.tvm_create, when=[_life[v] == "NONE"], set={_life[v]: "ALIVE"}, binds=TSM, cite="KVM; COV, TDX, SEV, RMM")
Tvm.machine.rule(e.tvm_dies, when=[_LIVES], set={_life[v]: "DEAD"}, binds=TSM, cite="KVM: the process is gone")
Tvm.machine.rule(
    e.tvm_reclaim, when=[_life[v] == "DEAD"], set={_life[v]: "NONE"}, binds=TSM, cite="KVM: the memory is freed"
)

# --- The guest --------------------------------------------------------------------------------------------------------
Guest.machine.rule(
    e.tdi_accept,
    when=[*_SEES, Host.offer[t] == "TEE"],
    checks=[
        Check("genuine device", DEVICE_PARTY.honest, cite="M1, M4: against the guest's own roots"),
        Check("no driver", (driver_over_lock == "kept") | ~_driver[t], cite="Linux TSM core: EBUSY"),
    ],
    binds=GUEST,
    cite="M1, M17",
)
Guest.machine.rule(
    e.driver_bind,
    # A driver of an ordinary device makes no difference to anything here.
    when=[*_SEES, Host.offer[t] == "TEE", ~_driver[t]],
    set={_driver[t]: True},
    binds=GUEST,
    cite="M8: a driver in shared mode before acceptance is valid",
)
Guest.machine.rule(
    e.driver_unbind, when=[*_SEES, _driver[t]], set={_driver[t]: False}, binds=GUEST, cite="Linux driver core"
)
Guest.machine.rule(e.mmio, when=[_LIVES, ~Host.halted], binds=GUEST, cite="M1")

# What the guest does not see any more has no driver of it.
Guest.machine.rule(e.tdi_unassign, set={_driver[t]: False}, binds=GUEST, cite="Linux driver core")
Guest.machine.rule(
    e.tvm_dies,
    each=[for_each(t, _driver[t], ite(Host.owner[t] == v, False, _driver[t]))],
    binds=GUEST,
    cite="Linux driver core",
)
for _event in (e.hot_unplug, e.surprise_removal):
    Guest.machine.rule(
        _event,
        each=[for_each(t, _driver[t], ite(device_of(t) == d, False, _driver[t]))],
        binds=GUEST,
        cite="Linux driver core",
    )
