"""Rules of the host: what it may do at all, and its policies, which bind an honest one only.

A hostile host causes every event that it can reach: no policy of this module keeps it from anything.
"""

from __future__ import annotations

from ...language import Check, Operand, Term, const, exists, for_each, forall, implies, ite
from ..choices.resources import (
    bind_by,
    close_order,
    connect_in_use,
    connect_policy,
    host_check,
    ide_on_fail,
    probe_order,
    stream_preempt,
    stream_release,
)  # fmt: skip
from ..vocabulary import DEVICE_PARTY, HOST, d, device_of, s, t, u, v
from . import events as e
from .state import OFFER, Device, Host, Pool, Port, Tsm, Tvm, first_of

_MINE = Host.machine
_driver, _owner, _offer, _failed, _halted = Host.driver, Host.owner, Host.offer, Host.failed, Host.halted

RUNS = ~_halted
"""A host that has stopped does nothing any more."""

_GIVEN_BACK: dict[Term, Operand] = {_owner[t]: "none", _offer[t]: "NONE"}


def nothing_bound(device: Term = d) -> Term:
    """No TDI of the device is bound."""
    return forall(t, (device_of(t) == device).implies(Tsm.bound[t] == "none"))


_GENUINE = Check(
    "the host's own judgement", host_check.implies(DEVICE_PARTY.honest), cite="M5, M8, M12: a gate at each step"
)
_PROTECTED = Check(
    "protected", implies(ide_on_fail == "block", Tsm.connected[device_of(t)]), cite="M6: block an unprotected device"
)


def _unbound_first(bound: Term, cite: str) -> Check:
    """VFIO and iommufd see to it that nothing is disabled or taken away that is still bound."""
    return Check("unbound first", implies(close_order != "device_first", ~bound), cite=cite)


# --- Devices come and go ----------------------------------------------------------------------------------------------
_OUT_OF_USE = Check(
    "out of use",
    forall(t, (device_of(t) == d).implies((Tsm.bound[t] == "none") & (_owner[t] == "none") & ~_driver[t])),
    cite="Linux driver core and VFIO: drivers and guests go first",
)
for _event in (e.hot_unplug, e.surprise_removal):
    _MINE.rule(
        _event,
        when=[RUNS] if _event is e.hot_unplug else [],
        checks=[_OUT_OF_USE] if _event is e.hot_unplug else [],
        set={_failed[d]: False},
        each=[
            for_each(t, target, ite(device_of(t) == d, value, target))
            for target, value in {**_GIVEN_BACK, _driver[t]: False}.items()
        ],
        binds=HOST,
        cite="Linux driver core, VFIO: drivers and guests lose a device that is removed",
    )

# --- Connect and disconnect -------------------------------------------------------------------------------------------
_CONNECT = (
    Check("asked for", implies(connect_policy == "lazy", Host.waits_for(d)), cite="M9: lazy IDE, explicitly requested"),
    Check(
        "not in use by the host",
        implies(connect_in_use == "refused", forall(t, (device_of(t) == d).implies(~_driver[t]))),
        cite="M1: connect before probe",
    ),
    _GENUINE,
)
_CONNECT_FAILED: dict[Term, Operand] = {
    _failed[d]: _failed[d] | (HOST.honest & (probe_order == "after_connect")),
    _halted: _halted | (HOST.honest & (ide_on_fail == "panic")),
}
_MINE.rule(e.device_connect, when=[RUNS, Device.present[d]], checks=_CONNECT, binds=HOST, cite="M1 device_connect; M9")
_MINE.rule(
    e.device_connect,
    name="device_connect, without a stream",
    reply="NO_STREAM",
    set=_CONNECT_FAILED,
    binds=HOST,
    cite="Linux ide.c: allocation fails; M6: panic, warn or block",
)
_MINE.rule(
    e.connect_fails,
    when=[RUNS, Device.present[d]],
    checks=_CONNECT,
    set=_CONNECT_FAILED,
    binds=HOST,
    cite="M6: panic, warn or block the device",
)
_MINE.rule(
    e.device_disconnect,
    when=[RUNS],
    checks=[
        Check(
            "device gone, stream lost, or released by policy",
            ~Device.present[d]
            | (nothing_bound(d) & ((Port.link[d] == "INSECURE") | ((stream_release == "on_unbind") & ~Host.waits_for(d)))),
            cite="Linux TSM core: on removal; M10: recover; M9: streams run out",
        )
    ],
    binds=HOST,
    cite="M1 device_reclaim; Linux TSM core disconnect",
)
_MINE.rule(
    e.preempt,
    when=[RUNS],
    checks=[
        Check("allowed", stream_preempt != "never", cite="M9: who wins"),
        Check(
            "somebody waits for a stream",
            exists(t, ~Tsm.connected[device_of(t)] & Device.present[device_of(t)] & exists(v, Host.bind_requested(v, t)))
            & forall(s, Pool.holder[s] != "none"),
            cite="M9",
        ),
        Check("nothing bound", implies(stream_preempt == "unbound", nothing_bound(d)), cite="M9; [D]"),
    ],
    binds=HOST,
    cite="M9: who wins when streams run out",
)
_MINE.rule(e.ide_off, when=[RUNS], binds=HOST, cite="M7: IDE has its price, and a user may switch it off")

# --- Drivers of the host ----------------------------------------------------------------------------------------------
_MINE.rule(
    e.driver_probe,
    when=[RUNS, Device.present[device_of(t)], ~_driver[t], _owner[t] == "none"],
    checks=[
        _PROTECTED,
        Check(
            "connect tried first",
            implies(probe_order == "after_connect", Tsm.connected[device_of(t)] | _failed[device_of(t)]),
            cite="M1: connect before probe",
        ),
        _GENUINE,
    ],
    set={_driver[t]: True},
    binds=HOST,
    cite="Linux driver core",
)
_MINE.rule(e.driver_remove, when=[RUNS, _driver[t]], set={_driver[t]: False}, binds=HOST, cite="Linux driver core")

# --- Assignment -------------------------------------------------------------------------------------------------------
_FREE = [RUNS, Device.present[device_of(t)], ~_driver[t], Tvm.life[v] == "ALIVE"]
_NOBODY = _owner[t] == "none"
_MINE.rule(
    e.request_bind,
    # Only an honest host needs to remember for whom it will bind.
    when=[HOST.honest, bind_by == "host", *_FREE, _NOBODY],
    checks=[
        Check("not bound", Tsm.bound[t] == "none", cite="Linux VFIO and iommufd: closing the device unbinds it"),
        _GENUINE,
    ],
    set={_owner[t]: v, _offer[t]: "RESERVED"},
    binds=HOST,
    cite="M1: bind while the TVM is built",
)
_MINE.rule(
    e.tdi_assign,
    when=[*_FREE, _NOBODY | ((_owner[t] == v) & (_offer[t] == "RESERVED") & ~e.legacy)],
    checks=[
        Check(
            "bound before it is seen",
            (bind_by == "host").implies(e.legacy | (Tsm.bound[t] == v)),
            cite="M15, COV 07: the guest sees bound devices",
        ),
        Check("not bound", e.legacy.implies(Tsm.bound[t] == "none"), cite="P63 §11.2: a TDI of a legacy VM stays unlocked"),
        Check(_PROTECTED.name, e.legacy.implies(_PROTECTED.term), cite=_PROTECTED.cite),
        _GENUINE,
    ],
    set={_owner[t]: v, _offer[t]: ite(e.legacy, const("LEGACY", OFFER), const("TEE", OFFER))},
    binds=HOST,
    cite="Linux VFIO: one owner; M12",
)
_MINE.rule(
    e.tdi_unassign,
    when=[RUNS, _owner[t] != "none"],
    checks=[
        # What is bound before it is seen is out of sight before it is unbound.
        Check(
            "unbound first",
            implies((bind_by == "guest") & (close_order == "unbind_first"), Tsm.bound[t] == "none"),
            cite="Linux VFIO and iommufd, 2025",
        ),
    ],
    set=_GIVEN_BACK,
    binds=HOST,
    cite="Linux VFIO",
)
_MINE.rule(
    e.tdi_bind,
    when=[RUNS],
    checks=[
        Check("asked for", (_owner[t] == v) & _offer[t].in_("RESERVED", "TEE"), cite="M1; AMD and TDX: the guest asks"),
        _GENUINE,
    ],
    binds=HOST,
    cite="M1 tdi_bind; Linux TSM core bind",
)
_MINE.rule(
    e.tdi_unbind,
    when=[RUNS],
    checks=[Check("out of sight", implies(bind_by == "host", _offer[t] != "TEE"), cite="M15: the guest sees bound devices")],
    binds=HOST,
    cite="Linux TSM core unbind",
)

# --- What it does to a device that may be bound -----------------------------------------------------------------------
_ORDER = "list debate 2025: unbind precedes reset, disable and unmap; iommufd tombstone"
_mates_bound = exists(u, ((u == t) | (first_of(u) == t)) & (Tsm.bound[u] != "none"))
_MINE.rule(e.reclaim_region, when=[RUNS], checks=[_unbound_first(Tsm.bound[t] != "none", _ORDER)], binds=HOST, cite=_ORDER)
_MINE.rule(e.function_reset, when=[RUNS], checks=[_unbound_first(_mates_bound, _ORDER)], binds=HOST, cite=_ORDER)
_MINE.rule(e.function_disable, when=[RUNS], checks=[_unbound_first(Tsm.bound[t] != "none", _ORDER)], binds=HOST, cite=_ORDER)
_MINE.rule(e.device_reset, when=[RUNS], checks=[_unbound_first(~nothing_bound(d), _ORDER)], binds=HOST, cite=_ORDER)

# --- TVMs -------------------------------------------------------------------------------------------------------------
_MINE.rule(e.tvm_create, when=[RUNS], binds=HOST, cite="KVM")
_MINE.rule(
    e.tvm_dies,
    when=[RUNS],
    each=[for_each(t, target, ite(_owner[t] == v, value, target)) for target, value in _GIVEN_BACK.items()],
    binds=HOST,
    cite="KVM, VFIO: the guest is gone with its process",
)
_MINE.rule(
    e.tvm_reclaim,
    when=[RUNS],
    checks=[
        Check(
            "unbound first",
            implies(close_order != "memory_first", forall(t, Tsm.bound[t] != v)),
            cite="list debate 2025: KVM has TDIs unbound before the TVM is torn down",
        )
    ],
    binds=HOST,
    cite="KVM",
)
