"""Laws of the host and its devices: which come and go, and which it connects, disconnects and preempts by its policy."""

from __future__ import annotations

from .....model.language import after, exists, forall, iff, implies, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.choices.resources import (
    connect_in_use,
    connect_policy,
    host_check,
    ide_on_fail,
    probe_order,
    stream_preempt,
    stream_release,
)
from .....model.world.resources import events as e
from .....model.world.resources.host import nothing_bound
from .....model.world.resources.state import Device, Guest, Host, Pool, Port, Tsm
from .....model.world.vocabulary import DEVICE_PARTY, HOST, d, s, t, v
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import law, possible, step_law
from .terms import STILL_RUNS, any_of_device, bound, mine, of_device, offer, owner, state, there

_GOES = (e.hot_unplug, e.surprise_removal)
_OF_HOST_AND_GUESTS = (
    e.hot_unplug, e.device_connect, e.connect_fails, e.device_disconnect, e.preempt, e.ide_off, e.driver_probe, e.driver_remove,
    e.request_bind, e.tdi_assign, e.tdi_unassign, e.tdi_bind, e.tdi_unbind, e.reclaim_region, e.function_reset,
    e.function_disable, e.device_reset, e.tvm_create, e.tvm_dies, e.tvm_reclaim, e.tdi_accept, e.driver_bind, e.driver_unbind,
    e.mmio,
)  # fmt: skip

PROPERTIES: tuple[Property, ...] = (
    law(
        "a-host-that-stopped-does-nothing",
        "A host that stopped, since IDE could not be set up, does nothing more, and its guests do not run.",
        Never(tuple(occurs(x, reply=None, where=Host.halted) for x in _OF_HOST_AND_GUESTS)),
        (), "host", "M6: panic, warn or block the device", Host.halted, DropCondition("host", "driver_probe", 0),
        flow="linux-tsm", protects="host", host="honest", ide_on_fail="panic", stream_preempt="bound",
    ),
    step_law(
        "a-failed-connect-is-remembered-and-stops-a-strict-host",
        "An honest host that cannot set up IDE, for want of device or stream, stops where it is to panic, and else remembers that it "
        "tried, where its drivers wait for that.",
        (occurs(e.connect_fails, d=d), occurs(e.device_connect, d=d, reply="NO_STREAM")),
        implies(HOST.honest & (ide_on_fail == "panic"), after(Host.halted))
        & implies(HOST.honest & (probe_order == "after_connect"), after(Host.failed[d])),
        (d,), "host", "M6: panic, warn or block the device; M1: connect before probe",
        DropUpdate("host", "connect_fails", "host.halted"), witness=occurs(e.connect_fails, d=d), flow="sev-tio-host-run",
        protects="host", host="honest", ide_on_fail="panic", stream_preempt="bound",
    ),
    step_law(
        "a-device-is-plugged-in-where-none-is",
        "A device is found in a slot that was empty, comes unlocked, with no stream programmed and with no trace of its predecessor's "
        "failures.",
        occurs(e.hot_plug, d=d),
        neg(Device.present[d])
        & after(Device.present[d])
        & neg(after(Device.block[d]) | after(Host.failed[d]))
        & after(of_device(state[t] == "CONFIG_UNLOCKED")),
        (d,), "device", "P63 §6.7, §11.4.8", DropUpdate("host", "surprise_removal", "host.failed"), host="honest",
    ),
    step_law(
        "a-device-that-goes-takes-all-with-it",
        "When a device goes, drivers and guests lose it, its registers and locks are gone, and its stream is Insecure if it had one.",
        tuple(occurs(x, d=d) for x in _GOES),
        Device.present[d]
        & neg(after(Device.present[d]) | after(Device.block[d]) | after(Host.failed[d]))
        & (after(Port.link[d]) != "SECURE")
        & iff(after(Port.link[d]) == "NONE", Port.link[d] == "NONE")
        & after(
            of_device(
                (state[t] == "CONFIG_UNLOCKED")
                & (owner[t] == "none")
                & (offer[t] == "NONE")
                & neg(Host.driver[t] | Guest.driver[t])
            )
        ),
        (d,), "device", "P63 §6.7, §6.33.8; Linux driver core, VFIO", DropUpdate("host", "surprise_removal", "host.owner"),
    ),
    law(
        "an-honest-host-removes-what-is-out-of-use",
        "An honest host has a device removed only when no TDI of it is bound, given to a guest or used by a driver of the host.",
        Never(
            occurs(
                e.hot_unplug, d=d, reply=None,
                where=HOST.honest & any_of_device((bound[t] != "none") | (owner[t] != "none") | Host.driver[t]),
            )
        ),
        (d,), "host", "Linux driver core and VFIO: drivers and guests go first", occurs(e.hot_unplug, d=d),
        DropCheck("host", "hot_unplug", "out of use"), host="honest",
    ),
    law(
        "an-honest-host-connects-by-its-policy",
        "An honest host connects a device that is there: asked for where it is lazy, not under its own drivers where it spares them, and "
        "only a genuine one where it judges itself.",
        Never(
            tuple(
                occurs(
                    x, d=d, reply=None,
                    where=neg(Device.present[d])
                    | (
                        HOST.honest
                        & (
                            ((connect_policy == "lazy") & neg(Host.waits_for(d)))
                            | ((connect_in_use == "refused") & any_of_device(Host.driver[t]))
                            | (host_check & neg(DEVICE_PARTY.honest))
                        )
                    ),
                )
                for x in (e.device_connect, e.connect_fails)
            )
        ),
        (d,), "host", "M9: lazy IDE; M1: connect before probe; M5, M8, M12: a policy at each step",
        (occurs(e.device_connect, d=d), occurs(e.connect_fails, d=d)), DropCheck("host", "connect_fails", "asked for"),
        flow="cove-io", protects="host", host="honest", connect_in_use="refused",
    ),
    possible(
        "who-waits-can-have-the-device-connected",
        "A host can try to connect a device for whose TDI a TVM waits, and a try can fail, unless its own driver is in the way.",
        occurs(e.connect_fails, d=d),
        Device.present[d]
        & Host.waits_for(d)
        & neg(Tsm.connected[d])
        & STILL_RUNS
        & neg(host_check)
        & ((connect_in_use == "allowed") | neg(any_of_device(Host.driver[t]))),
        (d,), "host", "M9: explicitly requested", SwapValue("host", "connect_fails", offer[t], "TEE", "LEGACY"),
        witness=Host.waits_for(d) & neg(Tsm.connected[d]), flow="linux-tsm", host="honest",
    ),
    possible(
        "who-waits-can-have-a-free-stream",
        "A device for whose TDI a TVM waits can be connected when a stream is free, unless a driver of the host is in the way.",
        occurs(e.device_connect, d=d),
        Device.present[d]
        & Host.waits_for(d)
        & neg(Tsm.connected[d])
        & exists(s, Pool.holder[s] == "none")
        & STILL_RUNS
        & neg(host_check)
        & ((connect_in_use == "allowed") | neg(any_of_device(Host.driver[t]))),
        (d,), "host", "M9: explicitly requested; Linux ide.c",
        SwapValue("host", "device_connect", offer[t], "RESERVED", "TEE"), witness=Host.waits_for(d) & neg(Tsm.connected[d]),
        flow="cove-io", host="honest",
    ),
    law(
        "an-honest-host-disconnects-by-its-policy",
        "An honest host disconnects a device that is gone, or of which nothing is bound and whose stream is lost or, where streams are "
        "given back, wanted by nobody.",
        Never(
            occurs(
                e.device_disconnect, d=d, reply=None,
                where=HOST.honest
                & Device.present[d]
                & neg(
                    nothing_bound(d)
                    & ((Port.link[d] == "INSECURE") | ((stream_release == "on_unbind") & neg(Host.waits_for(d))))
                ),
            )
        ),
        (d,), "host", "Linux TSM core: on removal; M10: recover; M9: streams run out", occurs(e.device_disconnect, d=d),
        SwapValue("host", "device_disconnect", offer[t], "RESERVED", "TEE"), flow="sev-tio-host-run", host="honest",
        stream_release="on_unbind",
    ),
    possible(
        "a-lost-stream-can-be-given-up",
        "A device whose stream was lost and of which nothing is bound can be disconnected, to be connected anew.",
        occurs(e.device_disconnect, d=d), Tsm.connected[d] & (Port.link[d] == "INSECURE") & nothing_bound(d) & STILL_RUNS,
        (d,), "host", "M10: recover; P63 §6.33.8", SwapValue("host", "device_disconnect", Port.link[d], "INSECURE", "NONE"),
        witness=Port.link[d] == "INSECURE", flow="linux-tsm", host="honest", stream_release="on_unbind",
    ),
    law(
        "an-honest-host-preempts-by-its-policy",
        "An honest host takes a stream from a device only where its policy allows that, for a TVM that waits while all streams are taken, "
        "and, where it spares what is bound, from a device of which nothing is.",
        Never(
            occurs(
                e.preempt, d=d, reply=None,
                where=HOST.honest
                & (
                    (stream_preempt == "never")
                    | ((stream_preempt == "unbound") & neg(nothing_bound(d)))
                    | exists(s, Pool.holder[s] == "none")
                    | forall(t, Tsm.connected[mine] | neg(there) | forall(v, neg(Host.bind_requested(v, t))))
                ),
            )
        ),
        (d,), "host", "M9: who wins when streams run out", occurs(e.preempt, d=d),
        DropCheck("host", "preempt", "nothing bound"), flow="linux-tsm", host="honest", stream_preempt="unbound",
    ),
    possible(
        "who-waits-can-be-given-an-idle-devices-stream",
        "Where preemption is allowed, the stream of a device of which nothing is bound can be taken while a TVM waits and none is free.",
        occurs(e.preempt, d=d),
        (stream_preempt != "never")
        & Tsm.connected[d]
        & nothing_bound(d)
        & forall(s, Pool.holder[s] != "none")
        & exists(t, neg(Tsm.connected[mine]) & there & exists(v, Host.bind_requested(v, t)))
        & STILL_RUNS,
        (d,), "host", "M9: who wins when streams run out", SwapValue("host", "preempt", offer[t], "TEE", "LEGACY"),
        witness=(stream_preempt != "never") & Tsm.connected[d] & exists(t, neg(Tsm.connected[mine]) & exists(v, Host.bind_requested(v, t))),
        flow="linux-tsm", host="honest", stream_preempt="unbound",
    ),
)  # fmt: skip
