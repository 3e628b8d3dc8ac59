"""Laws of TSM and TDI: bind and unbind, resets and errors."""

from __future__ import annotations

from .....model.language import OK, after, implies, ite, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, LeakyRefusal, SwapValue
from .....model.world.choices.resources import (
    device_caps,
    driver_over_lock,
    rebind_same,
    reclaim_bound,
    unbind_from_run,
)
from .....model.world.resources import events as e
from .....model.world.resources.state import Device, Gate, Guest, Host, Pool, Port, Tdi, Tsm
from .....model.world.vocabulary import DEVICE_PARTY, HOST, d, s, t, v
from ....formulas import Never
from ....property import Property
from ....steps import REFUSED, occurs, unchanged
from ...law import law, possible, step_law, told
from .terms import ALIVE, ERROR, GUEST_SEES, NO_GATES, SECURE, STILL_RUNS, bound, life, mine, offer, owner, state, there

_REFUSABLE = (
    e.device_connect, e.connect_fails, e.device_disconnect, e.preempt, e.tdi_bind, e.tdi_unbind, e.reclaim_region, e.tdi_accept,
    e.tvm_create, e.tvm_reclaim,
)  # fmt: skip
_OF_A_DEVICE = (Tsm.connected[d], Port.block[d], Port.link[d], Device.present[d], Device.block[d])
_OF_A_TDI = (state[t], bound[t], Gate.dma[t], Gate.mmio[t], owner[t], offer[t], Host.driver[t], Guest.driver[t])

PROPERTIES: tuple[Property, ...] = (
    possible(
        "what-is-bound-and-locked-can-be-accepted",
        "A living guest can accept a genuine TEE device that it sees, that is bound to it and locked, and on which no driver is.",
        occurs(e.tdi_accept, v=v, t=t),
        GUEST_SEES
        & STILL_RUNS
        & there
        & DEVICE_PARTY.honest
        & ((driver_over_lock == "kept") | neg(Guest.driver[t]))
        & (bound[t] == v)
        & (state[t] == "CONFIG_LOCKED"),
        (t, v), "guest", "M1, M17", SwapValue("tdi", "tdi_accept", state[t], "CONFIG_LOCKED", "RUN"),
        witness=GUEST_SEES & (bound[t] == v) & (state[t] == "CONFIG_LOCKED"), flow="linux-tsm",
    ),
    step_law(
        "a-bind-locks-an-unlocked-tdi-for-a-living-tvm",
        "A TDI that was unbound is bound only to a living TVM, over a Secure stream of a connected device with TEE-IO, and from unlocked to "
        "locked; one that was bound, only to the same TVM, where that does nothing.",
        occurs(e.tdi_bind, t=t, v=v),
        ALIVE
        & there
        & Tsm.connected[mine]
        & (device_caps == "tee_io")
        & (after(bound[t]) == v)
        & implies(
            bound[t] == "none",
            SECURE & (state[t] == "CONFIG_UNLOCKED") & (after(state[t]) == "CONFIG_LOCKED"),
        )
        & implies(bound[t] != "none", (bound[t] == v) & (rebind_same == "ok") & (after(state[t]) == state[t])),
        (t, v), "TSM", "P63 §11.3.8, Table 11-12; COV 09 bind_interface; Linux TSM core",
        DropCheck("tsm", "tdi_bind", "living TVM"), flow="linux-tsm", disconnect_bound="force",
    ),
    law(
        "the-tsm-itself-refuses-a-bind-that-does-not-fit-its-record",
        "A device is not troubled with a lock over no session, for no TVM, or of a TDI that is bound: the TSM refuses.",
        Never(
            (
                *(
                    occurs(e.tdi_bind, t=t, v=v, reply=x, where=neg(Tsm.connected[mine]) | (bound[t] != "none") | neg(ALIVE))
                    for x in ("INVALID_REQUEST", "INVALID_INTERFACE_STATE")
                ),
                *(
                    occurs(e.tdi_accept, t=t, v=v, reply=x, where=(bound[t] != v)) for x in ("INVALID_INTERFACE_STATE",)
                ),
            )
        ),
        (t, v), "TSM", "COV 09 bind_interface; Linux TSM core: EBUSY", occurs(e.tdi_bind, t=t, v=v, reply="INVALID_REQUEST"),
        DropCheck("tsm", "tdi_bind", "connected"), flow="linux-tsm", protects="host",
    ),
    told(
        e.tdi_bind, "NOT_CONNECTED", "A host that binds a TDI of a device that is not connected is told so.",
        (t, v), "TSM", "COV 09 bind_interface; M13", DropCheck("tsm", "tdi_bind", "connected"),
    ),
    told(
        e.tdi_bind, "INVALID_REQUEST", "A host that binds a TDI whose stream was lost is told by the device.",
        (t, v), "device", "P63 §11.3.8, Table 11-12", DropCheck("tdi", "tdi_bind", "keys"),
    ),
    step_law(
        "unbinding-stops-and-shuts",
        "A TDI that is unbound was bound, and is not bound, has no gate open and, if its device is there, is unlocked then; from RUN only "
        "where the TSM does that.",
        occurs(e.tdi_unbind, t=t),
        (bound[t] != "none")
        & (after(bound[t]) == "none")
        & after(NO_GATES)
        & implies(there, after(state[t]) == "CONFIG_UNLOCKED")
        & implies(unbind_from_run == "refused", state[t] != "RUN"),
        (t,), "TSM", "COV 09 unbind_interface; P63 §11.3.16; AMD TDI_UNBIND", DropCheck("tsm", "tdi_unbind", "not in RUN"),
        flow="cove-io", unbind_from_run="refused",
    ),
    possible(
        "what-does-not-run-can-be-unbound",
        "A host without policies can have any bound TDI unbound that is not in RUN, its device there or not.",
        occurs(e.tdi_unbind, t=t), (bound[t] != "none") & (state[t] != "RUN") & neg(HOST.honest),
        (t,), "TSM", "COV 09 unbind_interface: all but RUN", SwapValue("tsm", "tdi_unbind", state[t], "RUN", "ERROR"),
        witness=(bound[t] != "none") & (state[t] == "ERROR"), flow="cove-io", protects="host", unbind_from_run="refused",
    ),
    step_law(
        "taking-a-mapping-back-does-what-the-tsm-says",
        "The mapping of a bound TDI is taken back with the TDI unbound, stopped and both gates shut, or, where it is taken by force, with the "
        "MMIO gate alone; where neither is to be, it is not.",
        occurs(e.reclaim_region, t=t),
        (bound[t] != "none")
        & (reclaim_bound != "error")
        & (after(Gate.mmio[t]) == "none")
        & implies(reclaim_bound == "force", (after(bound[t]) == bound[t]) & (after(state[t]) == state[t]))
        & implies(
            reclaim_bound == "autounbind",
            (after(bound[t]) == "none")
            & after(NO_GATES)
            & implies(there, after(state[t]) == "CONFIG_UNLOCKED")
            & implies(unbind_from_run == "refused", state[t] != "RUN"),
        ),
        (t,), "TSM", "COV 07 (refuse) against COV 09 (unbind first); Arm: the granule is destroyed",
        DropCheck("tsm", "reclaim_region", "not in RUN"), flow="cove-io", unbind_from_run="refused",
    ),
    possible(
        "a-mapping-of-a-bound-tdi-is-asked-back",
        "Where taking a mapping back unbinds the TDI, a host without policies can have it of any bound TDI that is not in RUN.",
        occurs(e.reclaim_region, t=t),
        (bound[t] != "none") & (state[t] != "RUN") & (reclaim_bound == "autounbind") & neg(HOST.honest),
        (t,), "TSM", "COV 09: unbound first", SwapValue("tsm", "reclaim_region", state[t], "RUN", "ERROR"),
        witness=(bound[t] != "none") & (reclaim_bound == "autounbind"), flow="cove-io", protects="host",
        unbind_from_run="refused",
    ),
    law(
        "only-a-bound-tdis-mapping-is-taken-back",
        "The mapping of a TDI that nobody has bound is no TVM's, and nothing is asked of the TSM to have it.",
        Never(occurs(e.reclaim_region, t=t, reply=None, where=bound[t] == "none")),
        (t,), "TSM", "COV 09 reclaim region", occurs(e.reclaim_region, t=t, reply=None),
        DropCondition("tsm", "reclaim_region", 0), protects="host",
    ),
    law(
        "resets-and-errors-break-locks-and-nothing-else",
        "A reset of the device unlocks its TDIs; of a function, as an error or MSE and BME taken away, it leaves what was locked in ERROR and "
        "the rest as it was.",
        Never(
            (
                occurs(
                    e.device_reset, d=mine, where=neg(there) | (after(state[t]) != "CONFIG_UNLOCKED"),
                ),
                *(
                    occurs(x, t=t, where=after(state[t]) != ite(Tdi.locked(), ERROR, state[t]))
                    for x in (e.function_reset, e.function_disable)
                ),
                occurs(e.function_reset, t=t, where=neg(there)),
                occurs(e.function_disable, t=t, where=neg(there)),
                occurs(e.tdi_error, t=t, where=neg(Tdi.locked()) | (after(state[t]) != "ERROR")),
            )
        ),
        (t,), "device", "P63 §11.4.8, §11.4.9, Table 11-2, §11.2",
        (occurs(e.device_reset, d=mine), occurs(e.function_disable, t=t), occurs(e.tdi_error, t=t)),
        DropUpdate("tdi", "function_disable", "tdi.state"),
    ),
    possible(
        "a-locked-tdi-can-fail",
        "A locked TDI can go to ERROR at any time, running or not.",
        occurs(e.tdi_error, t=t), Tdi.locked(),
        (t,), "device", "P63 §11.2, §11.4.3, §11.4.6", SwapValue("tdi", "tdi_error", state[t], "CONFIG_LOCKED", "RUN"),
        witness=Tdi.locked(),
    ),
    law(
        "a-device-sends-as-its-state-allows",
        "A device that keeps the rules is there when it sends or answers, sends private requests in RUN over a Secure stream and ordinary "
        "ones unlocked.",
        Never(
            (
                occurs(e.dma, t=t, v=v, reply=None, where=neg(there) | (DEVICE_PARTY.honest & ((state[t] != "RUN") | neg(SECURE)))),
                occurs(
                    e.dma_shared, t=t, v=v, reply=None,
                    where=neg(there) | (DEVICE_PARTY.honest & (state[t] != "CONFIG_UNLOCKED")),
                ),
                *(occurs(e.mmio, v=v, t=t, reply=x, where=neg(there)) for x in (OK, "REJECTED")),
            )
        ),
        (t, v), "device", "P63 §11.2, §11.2.1, §6.33.8", (occurs(e.dma, t=t, v=v), occurs(e.dma_shared, t=t, v=v)),
        DropCheck("tdi", "dma", "T=1 only in RUN"),
    ),
    told(
        e.mmio, "REJECTED", "A guest that accesses a TDI that is not in RUN is answered by the device.",
        (t, v), "device", "P63 §11.2.1", DropCheck("tdi", "mmio", "state"), protects="guest",
    ),
    possible(
        "an-accepted-tdi-does-its-work",
        "A TDI in RUN over a Secure stream reaches the memory of its TVM through an open gate.",
        occurs(e.dma, t=t, v=v), there & (state[t] == "RUN") & SECURE & (Gate.dma[t] == v),
        (t, v), "root complex", "P63 §11.2.1, §11.5", SwapValue("tdi", "dma", state[t], "RUN", "ERROR"),
        witness=(state[t] == "RUN") & (Gate.dma[t] == v),
    ),
    possible(
        "an-accepted-tdi-can-be-worked-with",
        "A living guest reaches the MMIO of a TDI in RUN over a Secure stream through an open gate.",
        occurs(e.mmio, v=v, t=t), ALIVE & STILL_RUNS & there & (state[t] == "RUN") & SECURE & (Gate.mmio[t] == v),
        (t, v), "root complex", "P63 §11.2.1, §11.5", SwapValue("tdi", "mmio", state[t], "RUN", "ERROR"),
        witness=(state[t] == "RUN") & (Gate.mmio[t] == v),
    ),
    step_law(
        "a-refusal-changes-nothing-of-devices-tdis-and-tvms",
        "A request that is refused, of whatever TDI, device or TVM, leaves streams, locks, gates, drivers and lives as they were.",
        tuple(occurs(x, reply=REFUSED) for x in _REFUSABLE),
        unchanged(*_OF_A_DEVICE, *_OF_A_TDI, Pool.holder[s], life[v]),
        (d, t, s, v), "TSM", "P63 §11.3.25 TDISP_ERROR; COV 09", LeakyRefusal("tsm", "tdi_bind"),
    ),
)  # fmt: skip
