"""Rules of the TSM: what it checks before it does what host or guest ask, and what it records."""

from __future__ import annotations

from ...language import Check, for_each, forall, implies, ite
from ..choices.lifecycle import disconnect_bound
from ..choices.resources import connect_again, device_caps, memory_reuse, pf_vf, rebind_same, reclaim_bound, unbind_from_run
from ..vocabulary import TSM, d, device_of, t, u, v
from . import events as e
from .state import Tdi, Tsm, Tvm, subordinate

_LINK, _MINE = Tsm.link, Tsm.machine
_connected, _bound = Tsm.connected, Tsm.bound

ENDS_SESSION = (e.device_disconnect, e.preempt)
"""What ends the TSM's session with a device, and frees its stream."""

CONNECTED_ALREADY = _connected[d] & (connect_again == "ok")
"""Connecting has been done, and is not done twice."""

BOUND_ALREADY = (_bound[t] == v) & (rebind_same == "ok")
"""Binding has been done, and is not done twice."""

_STOPPABLE = Check("not in RUN", (unbind_from_run == "ok") | (Tdi.state[t] != "RUN"), "BAD_STATE", "COV 09 unbind_interface")

# --- A device ---------------------------------------------------------------------------------------------------------
_LINK.rule(
    e.device_connect,
    checks=[
        Check("not connected", ~_connected[d] | CONNECTED_ALREADY, "ALREADY_CONNECTED", "Linux TSM core: EBUSY; COV 09")
    ],
    set={_connected[d]: True},
    binds=TSM,
    cite="COV 09 connect_device; AMD DEV_CONNECT; M1",
)
_LINK.rule(
    e.connect_fails,
    checks=[Check("not connected", ~_connected[d], "ALREADY_CONNECTED", "Linux TSM core: EBUSY; COV 09")],
    binds=TSM,
    cite="Linux ide.c: what was allocated is released",
)
for _event in ENDS_SESSION:
    _LINK.rule(
        _event,
        checks=[
            Check("connected", _connected[d], "NOT_CONNECTED", "COV 09"),
            Check(
                "no TDI bound",
                implies(disconnect_bound == "reject", forall(t, (device_of(t) == d).implies(_bound[t] == "none"))),
                "BOUND",
                "COV 07; TDX module sources and TF-RMM: a stream goes when nothing refers to it",
            ),
            Check(
                "nothing in RUN",
                implies(
                    disconnect_bound == "unbind",
                    forall(t, ((device_of(t) == d) & (_bound[t] != "none")).implies(_STOPPABLE.term)),
                ),
                "BAD_STATE",
                "COV 09: interfaces are stopped by unbind_interface",
            ),
        ],
        set={_connected[d]: False},
        binds=TSM,
        cite="COV 07, COV 09 disconnect_device; AMD DEV_DISCONNECT",
    )
    _MINE.rule(
        _event,
        each=[for_each(t, _bound[t], ite(device_of(t) == d, "none", _bound[t]))],
        binds=TSM,
        cite="COV 09; Linux TSM core: unbind_all",
    )

# --- A TDI ------------------------------------------------------------------------------------------------------------
_SHARED_WITH_NOBODY = forall(u, (subordinate(u, t) | subordinate(t, u)).implies(_bound[u].in_("none", v)))
_MINE.rule(
    e.tdi_bind,
    checks=[
        Check("connected", _connected[device_of(t)], "NOT_CONNECTED", "COV 09 bind_interface; Linux TSM core; M13"),
        Check("TEE-IO", device_caps == "tee_io", "NOT_TEE_IO", "Linux TSM core: functions are probed only if TEE capable"),
        Check("living TVM", Tvm.life[v] == "ALIVE", "NO_TVM", "[D]"),
        Check(
            "not bound",
            (_bound[t] == "none") | BOUND_ALREADY,
            "ALREADY_BOUND",
            "Linux TSM core: another VM gets EBUSY; COV 09",
        ),
        Check(
            "function and subordinates of one TVM",
            implies(pf_vf == "exclusive", _SHARED_WITH_NOBODY),
            "SHARED",
            "M7, M10",
        ),
    ],
    set={_bound[t]: v},
    binds=TSM,
    cite="COV 09 bind_interface; AMD TDI_BIND",
)
_MINE.rule(
    e.tdi_unbind,
    checks=[Check("bound", _bound[t] != "none", "NOT_BOUND", "COV 09; AMD TDI_UNBIND"), _STOPPABLE],
    set={_bound[t]: "none"},
    binds=TSM,
    cite="COV 09 unbind_interface; AMD TDI_UNBIND, TDI_RECLAIM",
)
_MINE.rule(
    e.reclaim_region,
    when=[_bound[t] != "none"],
    checks=[
        Check(
            "not bound", reclaim_bound != "error", "BOUND", "COV 07; TDX: unmap needs CONFIG_UNLOCKED or a blocked stream"
        ),
        Check(_STOPPABLE.name, implies(reclaim_bound == "autounbind", _STOPPABLE.term), "BAD_STATE", "COV 09"),
    ],
    set={_bound[t]: ite(reclaim_bound == "force", _bound[t], "none")},
    binds=TSM,
    cite="COV 09 reclaim region; Arm: the granule is destroyed; AMD ASID fence",
)
_MINE.rule(
    e.tdi_accept,
    checks=[Check("bound to the caller", _bound[t] == v, "NOT_BOUND", "AMD: TDI_UNBOUND, NOT_ASSIGNED; COV 09")],
    binds=TSM,
    cite="COV 09 COVG start_interface; AMD MMIO_VALIDATE, SDTE_WRITE",
)

# --- A TVM ------------------------------------------------------------------------------------------------------------
_NOTHING_BOUND = forall(t, _bound[t] != v)
_MINE.rule(
    e.tvm_create,
    checks=[
        Check(
            "identity free",
            (memory_reuse == "unchecked") | _NOTHING_BOUND,
            "IN_USE",
            "AMD ASID fence and its clearing (names only); [D]",
        )
    ],
    binds=TSM,
    cite="[D] an ASID, key or realm is given out again",
)
_MINE.rule(
    e.tvm_reclaim,
    checks=[
        Check(
            "no TDI bound",
            implies(memory_reuse == "refcount", _NOTHING_BOUND),
            "IN_USE",
            "TDX module sources: teardown waits for devices; TF-RMM: realm destroy needs no references",
        )
    ],
    binds=TSM,
    cite="TDX module sources; TF-RMM; AMD ASID fence",
)
