"""The laws of single steps: who may take, give and take back what, what is so afterwards, and what stays possible."""

from __future__ import annotations

from ....model.language import OK, Term, after, conj, const, exists, forall, iff, implies, ite, neg
from ....model.language.mutate import DropCheck, DropCondition, DropUpdate, LeakyRefusal, SwapValue
from ....model.world.choices.lifecycle import disconnect_bound
from ....model.world.choices.resources import (
    bind_by,
    close_order,
    connect_again,
    connect_in_use,
    connect_policy,
    device_caps,
    driver_over_lock,
    host_check,
    ide_on_fail,
    probe_order,
    rebind_same,
    reclaim_bound,
    stream_preempt,
    stream_release,
    unbind_from_run,
)
from ....model.world.resources import events as e
from ....model.world.resources.host import nothing_bound
from ....model.world.resources.state import Device, Gate, Guest, Host, Pool, Port, Tdi, Tsm, Tvm, first_of
from ....model.world.vocabulary import DEVICE_PARTY, GUEST, HOST, STATE, d, device_of, s, t, u, v
from ...formulas import AlwaysPossible, Invariant, Never, StepLaw
from ...property import Kill, Property, Witness
from ...steps import REFUSED, occurs
from ..law import law, told

_state, _bound, _owner, _offer, _life = Tdi.state, Tsm.bound, Host.owner, Host.offer, Tvm.life
_mine = device_of(t)
_there = Device.present[_mine]
_SECURE = Port.link[_mine] == "SECURE"
_ALIVE = _life[v] == "ALIVE"
_GUEST_SEES = _ALIVE & (_owner[t] == v) & (_offer[t] == "TEE")
_NO_GATES = (Gate.dma[t] == "none") & (Gate.mmio[t] == "none")
_ENDS = (e.device_disconnect, e.preempt)
_GOES = (e.hot_unplug, e.surprise_removal)
_OF_HOST_AND_GUESTS = (
    e.hot_unplug, e.device_connect, e.connect_fails, e.device_disconnect, e.preempt, e.ide_off, e.driver_probe, e.driver_remove,
    e.request_bind, e.tdi_assign, e.tdi_unassign, e.tdi_bind, e.tdi_unbind, e.reclaim_region, e.function_reset,
    e.function_disable, e.device_reset, e.tvm_create, e.tvm_dies, e.tvm_reclaim, e.tdi_accept, e.driver_bind, e.driver_unbind,
    e.mmio,
)  # fmt: skip
_REFUSABLE = (
    e.device_connect, e.connect_fails, e.device_disconnect, e.preempt, e.tdi_bind, e.tdi_unbind, e.reclaim_region, e.tdi_accept,
    e.tvm_create, e.tvm_reclaim,
)  # fmt: skip
_OF_A_DEVICE = (Tsm.connected[d], Port.block[d], Port.link[d], Device.present[d], Device.block[d])
_OF_A_TDI = (_state[t], _bound[t], Gate.dma[t], Gate.mmio[t], _owner[t], _offer[t], Host.driver[t], Guest.driver[t])
_STILL_RUNS = neg(Host.halted)
_ERROR = const("ERROR", STATE)


def _of_device(term: Term) -> Term:
    """For all TDIs of the device."""
    return forall(t, implies(_mine == d, term))


def _any_of_device(term: Term) -> Term:
    return exists(t, (_mine == d) & term)


PROPERTIES = (
    # --- A host that stops --------------------------------------------------------------------------------------------
    law(
        "a-host-that-stopped-does-nothing",
        "A host that stopped, since IDE could not be set up, does nothing more, and its guests do not run.",
        Never(tuple(occurs(x, reply=None, where=Host.halted) for x in _OF_HOST_AND_GUESTS)),
        (), "host", "M6: panic, warn or block the device", Host.halted,
        DropCondition("host", "driver_probe", 0), flow="linux-tsm", protects="host",
        host="honest", ide_on_fail="panic", stream_preempt="bound",
    ),
    law(
        "a-failed-connect-is-remembered-and-stops-a-strict-host",
        "An honest host that cannot set up IDE, for want of device or stream, stops where it is to panic, and else remembers that it "
        "tried, where its drivers wait for that.",
        StepLaw(
            (occurs(e.connect_fails, d=d), occurs(e.device_connect, d=d, reply="NO_STREAM")),
            implies(HOST.honest & (ide_on_fail == "panic"), after(Host.halted))
            & implies(HOST.honest & (probe_order == "after_connect"), after(Host.failed[d])),
        ),
        (d,), "host", "M6: panic, warn or block the device; M1: connect before probe", occurs(e.connect_fails, d=d),
        DropUpdate("host", "connect_fails", "host.halted"), flow="sev-tio-host-run", protects="host",
        host="honest", ide_on_fail="panic", stream_preempt="bound",
    ),
    # --- Devices come and go ------------------------------------------------------------------------------------------
    law(
        "a-device-is-plugged-in-where-none-is",
        "A device is found in a slot that was empty, comes unlocked, with no stream programmed and with no trace of its predecessor's "
        "failures.",
        StepLaw(
            occurs(e.hot_plug, d=d),
            neg(Device.present[d])
            & after(Device.present[d])
            & neg(after(Device.block[d]) | after(Host.failed[d]))
            & after(_of_device(_state[t] == "CONFIG_UNLOCKED")),
        ),
        (d,), "device", "P63 §6.7, §11.4.8", occurs(e.hot_plug, d=d), DropUpdate("host", "surprise_removal", "host.failed"),
        host="honest",
    ),
    law(
        "a-device-that-goes-takes-all-with-it",
        "When a device goes, drivers and guests lose it, its registers and locks are gone, and its stream is Insecure if it had one.",
        StepLaw(
            tuple(occurs(x, d=d) for x in _GOES),
            Device.present[d]
            & neg(after(Device.present[d]) | after(Device.block[d]) | after(Host.failed[d]))
            & (after(Port.link[d]) != "SECURE")
            & iff(after(Port.link[d]) == "NONE", Port.link[d] == "NONE")
            & after(
                _of_device(
                    (_state[t] == "CONFIG_UNLOCKED")
                    & (_owner[t] == "none")
                    & (_offer[t] == "NONE")
                    & neg(Host.driver[t] | Guest.driver[t])
                )
            ),
        ),
        (d,), "device", "P63 §6.7, §6.33.8; Linux driver core, VFIO", tuple(occurs(x, d=d) for x in _GOES),
        DropUpdate("host", "surprise_removal", "host.owner"),
    ),
    law(
        "an-honest-host-removes-what-is-out-of-use",
        "An honest host has a device removed only when no TDI of it is bound, given to a guest or used by a driver of the host.",
        Never(
            occurs(
                e.hot_unplug, d=d, reply=None,
                where=HOST.honest & _any_of_device((_bound[t] != "none") | (_owner[t] != "none") | Host.driver[t]),
            )
        ),
        (d,), "host", "Linux driver core and VFIO: drivers and guests go first", occurs(e.hot_unplug, d=d),
        DropCheck("host", "hot_unplug", "out of use"), host="honest",
    ),
    # --- Connect and disconnect ---------------------------------------------------------------------------------------
    law(
        "connecting-takes-one-free-stream-and-all-that-belongs-to-it",
        "Connecting a device that was not connected takes a stream that nobody had and both register blocks; the stream is Secure then.",
        StepLaw(
            occurs(e.device_connect, d=d, s=s, where=neg(Tsm.connected[d])),
            Device.present[d]
            & (Pool.holder[s] == "none")
            & (after(Pool.holder[s]) == d)
            & after(Tsm.connected[d])
            & after(Port.block[d])
            & after(Device.block[d])
            & (after(Port.link[d]) == "SECURE"),
        ),
        (d, s), "TSM", "Linux ide.c; COV 07; P63 §6.33.3", occurs(e.device_connect, d=d),
        DropUpdate("device", "device_connect", "device.block"), protects="host",
    ),
    law(
        "a-connected-device-is-not-connected-again",
        "Connecting a connected device succeeds only where that does nothing, and never fails for want of a stream or of the device.",
        Never(
            (
                occurs(e.device_connect, d=d, where=Tsm.connected[d] & (connect_again != "ok")),
                occurs(e.device_connect, d=d, reply="NO_STREAM", where=Tsm.connected[d] & (connect_again == "ok")),
                occurs(e.connect_fails, d=d, where=Tsm.connected[d]),
            )
        ),
        (d,), "TSM", "Linux TSM core: EBUSY; COV 09; M14", occurs(e.device_connect, d=d, reply=None, where=Tsm.connected[d]),
        DropCheck("tsm_link", "connect_fails", "not connected"), protects="host",
    ),
    told(
        e.device_connect, "ALREADY_CONNECTED", "A host that connects a connected device is told that it is.",
        (d,), "TSM", "Linux TSM core: EBUSY; COV 09", DropCheck("tsm_link", "device_connect", "not connected"),
    ),
    told(
        e.device_connect, "NO_STREAM", "A host that has no stream left is told so.",
        (d,), "root complex", "Linux ide.c; M9", DropCheck("pool", "device_connect", "a stream is free"),
    ),
    Property(
        "want-of-a-stream-is-want-of-all-streams",
        "A host is told that there is no stream only when all streams of the host bridge are taken.",
        Never(
            occurs(
                e.device_connect, d=d, reply="NO_STREAM", where=exists(s, Pool.holder[s] == "none")
            )
        ),
        (d,), "host", "root complex", "Linux ide.c pci_ide_stream_alloc: any free one is taken",
        witness=Witness(occurs(e.device_connect, d=d, reply="NO_STREAM")),
        kill=Kill((DropCondition("pool", "device_connect", 0),), "linux-tsm", {}, {"tvm": 1, "stream": 2}),
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
                            | ((connect_in_use == "refused") & _any_of_device(Host.driver[t]))
                            | (host_check & neg(DEVICE_PARTY.honest))
                        )
                    ),
                )
                for x in (e.device_connect, e.connect_fails)
            )
        ),
        (d,), "host", "M9: lazy IDE; M1: connect before probe; M5, M8, M12: a policy at each step",
        (occurs(e.device_connect, d=d), occurs(e.connect_fails, d=d)),
        DropCheck("host", "connect_fails", "asked for"), flow="cove-io", protects="host",
        host="honest", connect_in_use="refused",
    ),
    law(
        "who-waits-can-have-the-device-connected",
        "A host can try to connect a device for whose TDI a TVM waits, and a try can fail, unless its own driver is in the way.",
        AlwaysPossible(
            occurs(e.connect_fails, d=d),
            Device.present[d]
            & Host.waits_for(d)
            & neg(Tsm.connected[d])
            & _STILL_RUNS
            & neg(host_check)
            & ((connect_in_use == "allowed") | neg(_any_of_device(Host.driver[t]))),
        ),
        (d,), "host", "M9: explicitly requested", Host.waits_for(d) & neg(Tsm.connected[d]),
        SwapValue("host", "connect_fails", _offer[t], "TEE", "LEGACY"), flow="linux-tsm", host="honest",
    ),
    law(
        "who-waits-can-have-a-free-stream",
        "A device for whose TDI a TVM waits can be connected when a stream is free, unless a driver of the host is in the way.",
        AlwaysPossible(
            occurs(e.device_connect, d=d),
            Device.present[d]
            & Host.waits_for(d)
            & neg(Tsm.connected[d])
            & exists(s, Pool.holder[s] == "none")
            & _STILL_RUNS
            & neg(host_check)
            & ((connect_in_use == "allowed") | neg(_any_of_device(Host.driver[t]))),
        ),
        (d,), "host", "M9: explicitly requested; Linux ide.c", Host.waits_for(d) & neg(Tsm.connected[d]),
        SwapValue("host", "device_connect", _offer[t], "RESERVED", "TEE"), flow="cove-io", host="honest",
    ),
    law(
        "ending-a-session-frees-all-of-its-stream",
        "A connected device is disconnected, by whatever name: its stream is free, both register blocks are, and the port has no stream.",
        StepLaw(
            tuple(occurs(x, d=d) for x in _ENDS),
            Tsm.connected[d]
            & neg(after(Tsm.connected[d]) | after(Port.block[d]) | after(Device.block[d]))
            & (after(Port.link[d]) == "NONE")
            & after(forall(s, Pool.holder[s] != d)),
        ),
        (d,), "TSM", "COV 07, COV 09 disconnect_device; Linux ide.c pci_ide_stream_free", tuple(occurs(x, d=d) for x in _ENDS),
        DropCheck("tsm_link", "device_disconnect", "connected"), protects="host",
    ),
    law(
        "what-a-disconnect-does-to-bound-tdis",
        "A disconnect is refused while a TDI is bound, or stops what is bound, or, forced, leaves what was locked in ERROR.",
        StepLaw(
            tuple(occurs(x, d=d, where=(_mine == d)) for x in _ENDS),
            implies(disconnect_bound == "reject", _bound[t] == "none")
            & (after(_bound[t]) == "none")
            & after(_NO_GATES)
            & implies(
                (disconnect_bound == "unbind") & (_bound[t] != "none"),
                (after(_state[t]) == "CONFIG_UNLOCKED") & ((unbind_from_run == "ok") | (_state[t] != "RUN")),
            )
            & implies((disconnect_bound == "force") & Tdi.locked(), after(_state[t]) == "ERROR")
            & implies((disconnect_bound == "force") & neg(Tdi.locked()), after(_state[t]) == _state[t]),
        ),
        (d, t), "TSM", "COV 07 against COV 09; AMD: forced disconnect", tuple(occurs(x, d=d) for x in _ENDS),
        DropCheck("tsm_link", "device_disconnect", "nothing in RUN"), flow="cove-io", unbind_from_run="refused",
    ),
    law(
        "a-stopped-tdi-does-not-hold-up-a-disconnect",
        "Where a disconnect stops what is bound, or is forced, a host without policies can have it when no TDI of the device is in RUN.",
        AlwaysPossible(
            occurs(e.device_disconnect, d=d),
            Tsm.connected[d] & neg(HOST.honest) & (disconnect_bound != "reject") & _of_device(_state[t] != "RUN"),
        ),
        (d,), "TSM", "COV 09 disconnect_device", Tsm.connected[d] & _any_of_device(_state[t] == "ERROR"),
        SwapValue("tsm_link", "device_disconnect", _state[t], "RUN", "ERROR"), flow="cove-io", protects="host",
        unbind_from_run="refused",
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
        SwapValue("host", "device_disconnect", _offer[t], "RESERVED", "TEE"), flow="sev-tio-host-run",
        host="honest", stream_release="on_unbind",
    ),
    law(
        "a-lost-stream-can-be-given-up",
        "A device whose stream was lost and of which nothing is bound can be disconnected, to be connected anew.",
        AlwaysPossible(
            occurs(e.device_disconnect, d=d), Tsm.connected[d] & (Port.link[d] == "INSECURE") & nothing_bound(d) & _STILL_RUNS
        ),
        (d,), "host", "M10: recover; P63 §6.33.8", Port.link[d] == "INSECURE",
        SwapValue("host", "device_disconnect", Port.link[d], "INSECURE", "NONE"), flow="linux-tsm",
        host="honest", stream_release="on_unbind",
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
                    | forall(t, Tsm.connected[_mine] | neg(_there) | forall(v, neg(Host.bind_requested(v, t))))
                ),
            )
        ),
        (d,), "host", "M9: who wins when streams run out", occurs(e.preempt, d=d),
        DropCheck("host", "preempt", "nothing bound"), flow="linux-tsm", host="honest", stream_preempt="unbound",
    ),
    law(
        "who-waits-can-be-given-an-idle-devices-stream",
        "Where preemption is allowed, the stream of a device of which nothing is bound can be taken while a TVM waits and none is free.",
        AlwaysPossible(
            occurs(e.preempt, d=d),
            (stream_preempt != "never")
            & Tsm.connected[d]
            & nothing_bound(d)
            & forall(s, Pool.holder[s] != "none")
            & exists(t, neg(Tsm.connected[_mine]) & _there & exists(v, Host.bind_requested(v, t)))
            & _STILL_RUNS,
        ),
        (d,), "host", "M9: who wins when streams run out",
        (stream_preempt != "never") & Tsm.connected[d] & exists(t, neg(Tsm.connected[_mine]) & exists(v, Host.bind_requested(v, t))),
        SwapValue("host", "preempt", _offer[t], "TEE", "LEGACY"), flow="linux-tsm", host="honest", stream_preempt="unbound",
    ),
    law(
        "whatever-breaks-a-link-makes-its-stream-insecure",
        "IDE switched off or a reset of the device leaves no stream Secure, and makes none where there was none.",
        StepLaw(
            (occurs(e.ide_off, d=d), occurs(e.device_reset, d=d)),
            (after(Port.link[d]) != "SECURE") & iff(after(Port.link[d]) == "NONE", Port.link[d] == "NONE"),
        ),
        (d,), "root complex", "P63 §6.33.8: reset, IDE Fail, Enable cleared", occurs(e.device_reset, d=d),
        DropUpdate("port", "device_reset", "port.link"),
    ),
    law(
        "ide-is-switched-off-where-it-is-on",
        "IDE is switched off, or fails, for a device whose stream is Secure; what was locked over it is in ERROR, and nothing else moves.",
        StepLaw(
            occurs(e.ide_off, d=_mine),
            (Port.link[_mine] == "SECURE") & (after(_state[t]) == ite(Tdi.locked(), _ERROR, _state[t])),
        ),
        (t,), "device", "P63 §6.33.8, §11.4.5", occurs(e.ide_off, d=_mine), DropCondition("port", "ide_off", 0),
    ),
    law(
        "a-reset-of-function-0-loses-the-stream",
        "A function level reset of Function 0 loses the device's stream, and one of another function leaves it alone.",
        StepLaw(
            occurs(e.function_reset, t=t),
            implies(first_of(t) == t, after(Port.link[_mine]) != "SECURE")
            & iff(after(Port.link[_mine]) == "NONE", Port.link[_mine] == "NONE")
            & implies(first_of(t) != t, after(Port.link[_mine]) == Port.link[_mine]),
        ),
        (t,), "root complex", "P63 §6.33.8", occurs(e.function_reset, t=t, where=_SECURE),
        DropUpdate("port", "function_reset", "port.link"),
    ),
    # --- Drivers of the host ------------------------------------------------------------------------------------------
    law(
        "a-driver-of-the-host-takes-what-is-there-and-nobodys",
        "A driver of the host takes a function that is there, has none and is given to no guest; it leaves what it was on.",
        Never(
            (
                occurs(
                    e.driver_probe, t=t, reply=None,
                    where=neg(_there) | Host.driver[t] | (_owner[t] != "none") | neg(after(Host.driver[t])),
                ),
                occurs(e.driver_remove, t=t, reply=None, where=neg(Host.driver[t]) | after(Host.driver[t])),
            )
        ),
        (t,), "host", "Linux driver core; VFIO: one owner", (occurs(e.driver_probe, t=t), occurs(e.driver_remove, t=t)),
        DropUpdate("host", "driver_remove", "host.driver"), protects="host",
    ),
    law(
        "an-honest-host-probes-by-its-policy",
        "An honest host lets its drivers at a device that is protected where that is a must, for which connecting was tried where that "
        "comes first, and that is genuine where it judges itself.",
        Never(
            occurs(
                e.driver_probe, t=t, reply=None,
                where=HOST.honest
                & (
                    ((ide_on_fail == "block") & neg(Tsm.connected[_mine]))
                    | ((probe_order == "after_connect") & neg(Tsm.connected[_mine] | Host.failed[_mine]))
                    | (host_check & neg(DEVICE_PARTY.honest))
                ),
            )
        ),
        (t,), "host", "M6; M1: connect before probe; M5, M8, M12", occurs(e.driver_probe, t=t),
        DropCheck("host", "driver_probe", "connect tried first"), protects="host", host="honest",
    ),
    # --- Assignment ---------------------------------------------------------------------------------------------------
    law(
        "a-tdi-is-set-aside-for-a-living-tvm",
        "A TDI is set aside that is there, unbound, without a driver of the host and nobody's, for a TVM that lives, and is its own then.",
        StepLaw(
            occurs(e.request_bind, t=t, v=v, reply=None),
            _there & neg(Host.driver[t]) & _ALIVE & (_owner[t] == "none") & (_bound[t] == "none")
            & (after(_owner[t]) == v) & (after(_offer[t]) == "RESERVED") & (neg(host_check) | DEVICE_PARTY.honest),
        ),
        (t, v), "host", "M1: bind while the TVM is built; Linux VFIO and iommufd", occurs(e.request_bind, t=t, v=v),
        DropUpdate("host", "request_bind", "host.offer"), host="honest",
    ),
    law(
        "a-tdi-is-shown-to-one-living-tvm",
        "A guest that lives is shown a TDI that is there, without a driver of the host, and nobody's or set aside for it, as what it is.",
        StepLaw(
            occurs(e.tdi_assign, t=t, v=v, reply=None),
            _there & neg(Host.driver[t]) & _ALIVE
            & ((_owner[t] == "none") | ((_owner[t] == v) & (_offer[t] == "RESERVED") & neg(e.legacy)))
            & (after(_owner[t]) == v)
            & iff(e.legacy, after(_offer[t]) == "LEGACY")
            & iff(neg(e.legacy), after(_offer[t]) == "TEE"),
        ),
        (t, v), "host", "Linux VFIO: one owner; M12", occurs(e.tdi_assign, t=t, v=v),
        DropCondition("host", "tdi_assign", 4),
    ),
    law(
        "an-honest-host-shows-tdis-by-its-policy",
        "An honest host shows a TEE device bound, where it binds it itself, an ordinary one unbound and, where that is a must, protected, "
        "and only a genuine one where it judges itself.",
        Never(
            occurs(
                e.tdi_assign, t=t, v=v, reply=None,
                where=HOST.honest
                & (
                    ((bind_by == "host") & neg(e.legacy) & (_bound[t] != v))
                    | (e.legacy & (_bound[t] != "none"))
                    | (e.legacy & (ide_on_fail == "block") & neg(Tsm.connected[_mine]))
                    | (host_check & neg(DEVICE_PARTY.honest))
                ),
            )
        ),
        (t, v), "host", "M15, COV 07: the guest sees bound devices; P63 §11.2; M6", occurs(e.tdi_assign, t=t, v=v),
        DropCheck("host", "tdi_assign", "protected"), flow="linux-tsm", host="honest", ide_on_fail="block",
    ),
    law(
        "an-honest-host-judges-before-each-step",
        "A host that judges evidence itself does nothing with a device that is not genuine: no connecting, no driver, no TVM.",
        Never(
            tuple(
                occurs(x, reply=None, where=HOST.honest & host_check & neg(DEVICE_PARTY.honest))
                for x in (e.device_connect, e.connect_fails, e.driver_probe, e.request_bind, e.tdi_assign, e.tdi_bind)
            )
        ),
        (), "host", "M5, M8, M12: a policy of user space at each step",
        host_check & neg(DEVICE_PARTY.honest) & exists(d, Device.present[d]),
        DropCheck("host", "tdi_assign", "the host's own judgement"), flow="linux-tsm", protects="host",
        host="honest", device="hostile", host_check=True,
    ),
    law(
        "taking-from-sight-ends-what-was-given",
        "What is taken from a guest's sight was given to it, and is nobody's then; an honest host of a guest that binds has it unbound "
        "first, where that is the order.",
        StepLaw(
            occurs(e.tdi_unassign, t=t, reply=None),
            (_owner[t] != "none")
            & (after(_owner[t]) == "none")
            & (after(_offer[t]) == "NONE")
            & implies(
                HOST.honest & (bind_by == "guest") & (close_order == "unbind_first"), _bound[t] == "none"
            ),
        ),
        (t,), "host", "Linux VFIO and iommufd, 2025", occurs(e.tdi_unassign, t=t),
        DropCheck("host", "tdi_unassign", "unbound first"), flow="linux-tsm", host="honest",
    ),
    law(
        "what-is-nobodys-is-promised-to-nobody",
        "A TDI is given or promised to a TVM exactly while it has an owner, which is not dead.",
        Invariant(iff(_owner[t] == "none", _offer[t] == "NONE") & implies(_owner[t] == v, _ALIVE)),
        (t, v), "host", "KVM, VFIO: the guest is gone with its process", _owner[t] == v,
        DropUpdate("host", "tvm_dies", "host.offer"), protects="host",
    ),
    law(
        "an-honest-host-binds-what-was-asked-for",
        "An honest host has a TDI bound only to the TVM that asked for it, and where it shows bound devices only, unbound out of sight.",
        Never(
            (
                occurs(
                    e.tdi_bind, t=t, v=v, reply=None,
                    where=HOST.honest & neg((_owner[t] == v) & ((_offer[t] == "RESERVED") | (_offer[t] == "TEE"))),
                ),
                occurs(
                    e.tdi_unbind, t=t, reply=None, where=HOST.honest & (bind_by == "host") & (_offer[t] == "TEE")
                ),
            )
        ),
        (t, v), "host", "M1; AMD and TDX: the guest asks; M15: the guest sees bound devices", occurs(e.tdi_bind, t=t, v=v),
        DropCheck("host", "tdi_unbind", "out of sight"), flow="cove-io", host="honest",
    ),
    law(
        "who-waits-can-be-bound",
        "A TDI that is set aside for, or seen by, a living TVM, unbound, unlocked and over a Secure stream, can be bound to it.",
        AlwaysPossible(
            occurs(e.tdi_bind, t=t, v=v),
            Host.bind_requested(v, t)
            & (_bound[t] == "none")
            & _ALIVE
            & _there
            & _STILL_RUNS
            & (device_caps == "tee_io")
            & Tsm.connected[_mine]
            & _SECURE
            & (_state[t] == "CONFIG_UNLOCKED"),
        ),
        (t, v), "host", "M1 tdi_bind; M10", (_offer[t] == "RESERVED") & _SECURE,
        SwapValue("host", "tdi_bind", _offer[t], "RESERVED", "TEE"), flow="cove-io", host="honest",
    ),
    law(
        "an-honest-host-unbinds-before-it-breaks",
        "An honest host that keeps the order resets, disables and unmaps nothing, asks for nothing of the kind, and frees no memory while "
        "a TDI that would suffer is bound.",
        Never(
            (
                occurs(
                    e.device_reset, d=_mine, reply=None,
                    where=HOST.honest & (close_order != "device_first") & (_bound[t] != "none"),
                ),
                occurs(
                    e.function_reset, t=u, reply=None,
                    where=HOST.honest & (close_order != "device_first") & (_bound[t] != "none") & ((t == u) | (first_of(t) == u)),
                ),
                *(
                    occurs(
                        x, t=t, reply=None, where=HOST.honest & (close_order != "device_first") & (_bound[t] != "none"),
                    )
                    for x in (e.function_disable, e.reclaim_region)
                ),
                occurs(
                    e.tvm_reclaim, v=v, reply=None, where=HOST.honest & (close_order != "memory_first") & (_bound[t] == v)
                ),
            )
        ),
        (t, u, v), "host", "list debate 2025: unbind precedes reset, disable and unmap; iommufd tombstone; KVM",
        (occurs(e.device_reset), occurs(e.function_reset, t=t), occurs(e.tvm_reclaim, v=v)),
        DropCheck("host", "device_reset", "unbound first"), flow="linux-tsm", host="honest",
    ),
    # --- TVMs ---------------------------------------------------------------------------------------------------------
    law(
        "a-tvm-lives-once-in-each-life",
        "A TVM is made where none is, dies alive, and gives its memory back dead; nothing is given to it any more when it died.",
        Never(
            (
                occurs(e.tvm_create, v=v, where=(_life[v] != "NONE") | (after(_life[v]) != "ALIVE")),
                occurs(e.tvm_dies, v=v, where=(_life[v] != "ALIVE") | (after(_life[v]) != "DEAD") | after(exists(t, _owner[t] == v))),
                occurs(e.tvm_reclaim, v=v, where=(_life[v] != "DEAD") | (after(_life[v]) != "NONE")),
            )
        ),
        (v,), "TSM", "KVM; COV, TDX, SEV, RMM", occurs(e.tvm_reclaim, v=v), DropUpdate("tvm", "tvm_dies", "tvm.life"),
    ),
    # --- Guests -------------------------------------------------------------------------------------------------------
    law(
        "a-guest-works-with-what-it-sees",
        "Only a living guest that is shown a TEE device accepts it or has a driver on it, and only a living one reaches its MMIO.",
        Never(
            (
                *(occurs(x, v=v, t=t, reply=None, where=neg(_GUEST_SEES)) for x in (e.tdi_accept, e.driver_bind, e.driver_unbind)),
                occurs(e.mmio, v=v, t=t, reply=None, where=neg(_ALIVE)),
            )
        ),
        (t, v), "guest", "M1, M17; KVM: a dead guest runs nothing", (occurs(e.tdi_accept, v=v, t=t), occurs(e.driver_bind, v=v, t=t)),
        DropCondition("guest", "mmio", 0),
    ),
    law(
        "a-guests-driver-comes-and-goes-once",
        "A guest's driver takes a TDI that has none and leaves one that it was on.",
        Never(
            (
                occurs(e.driver_bind, v=v, t=t, where=Guest.driver[t] | neg(after(Guest.driver[t]))),
                occurs(e.driver_unbind, v=v, t=t, where=neg(Guest.driver[t]) | after(Guest.driver[t])),
            )
        ),
        (t, v), "guest", "M8; Linux driver core", occurs(e.driver_unbind, v=v, t=t),
        DropUpdate("guest", "driver_unbind", "guest.driver"),
    ),
    law(
        "a-guests-driver-is-on-what-it-sees",
        "A driver of a guest is on a TDI only while some guest is shown it as a TEE device.",
        Invariant(implies(Guest.driver[t], (_owner[t] != "none") & (_offer[t] == "TEE"))),
        (t,), "guest", "Linux driver core: what is gone has no driver", Guest.driver[t],
        DropUpdate("guest", "tdi_unassign", "guest.driver"),
    ),
    law(
        "a-guest-can-have-its-driver-on-and-off",
        "A living guest can bind a driver to the TEE device that it is shown, and unbind it, whatever the TDI's state.",
        AlwaysPossible(
            (occurs(e.driver_bind, v=v, t=t), occurs(e.driver_unbind, v=v, t=t)), _GUEST_SEES & _STILL_RUNS
        ),
        (t, v), "guest", "M8: a driver in shared mode before acceptance is valid; Linux driver core", _GUEST_SEES,
        SwapValue("guest", "driver_unbind", _offer[t], "TEE", "LEGACY"),
    ),
    law(
        "an-honest-guest-accepts-what-is-genuine",
        "An honest guest accepts genuine devices only, and without a driver on them unless drivers stay.",
        Never(
            occurs(
                e.tdi_accept, v=v, t=t, reply=None,
                where=GUEST.honest & (neg(DEVICE_PARTY.honest) | ((driver_over_lock == "refused") & Guest.driver[t])),
            )
        ),
        (t, v), "guest", "M1, M4: against the guest's own roots; Linux TSM core: EBUSY", _GUEST_SEES & (_state[t] == "CONFIG_LOCKED"),
        DropCheck("guest", "tdi_accept", "genuine device"), flow="linux-tsm", device="hostile",
    ),
    law(
        "acceptance-starts-a-locked-tdi-and-opens-its-gates",
        "Acceptance is granted to the TVM to which the TDI is bound, in CONFIG_LOCKED; the TDI runs then, with both gates open for that TVM.",
        StepLaw(
            occurs(e.tdi_accept, v=v, t=t),
            (_bound[t] == v)
            & (_state[t] == "CONFIG_LOCKED")
            & _there
            & (after(_state[t]) == "RUN")
            & (after(Gate.dma[t]) == v)
            & (after(Gate.mmio[t]) == v),
        ),
        (t, v), "TSM", "P63 §11.3.14; COV 09; AMD SDTE_WRITE, MMIO_VALIDATE", occurs(e.tdi_accept, v=v, t=t),
        DropUpdate("gate", "tdi_accept", "gate.mmio"), flow="linux-tsm",
    ),
    law(
        "what-is-bound-and-locked-can-be-accepted",
        "A living guest can accept a genuine TEE device that it sees, that is bound to it and locked, and on which no driver is.",
        AlwaysPossible(
            occurs(e.tdi_accept, v=v, t=t),
            _GUEST_SEES
            & _STILL_RUNS
            & _there
            & DEVICE_PARTY.honest
            & ((driver_over_lock == "kept") | neg(Guest.driver[t]))
            & (_bound[t] == v)
            & (_state[t] == "CONFIG_LOCKED"),
        ),
        (t, v), "guest", "M1, M17", _GUEST_SEES & (_bound[t] == v) & (_state[t] == "CONFIG_LOCKED"),
        SwapValue("tdi", "tdi_accept", _state[t], "CONFIG_LOCKED", "RUN"), flow="linux-tsm",
    ),
    # --- TSM and TDI --------------------------------------------------------------------------------------------------
    law(
        "a-bind-locks-an-unlocked-tdi-for-a-living-tvm",
        "A TDI that was unbound is bound only to a living TVM, over a Secure stream of a connected device with TEE-IO, and from unlocked to "
        "locked; one that was bound, only to the same TVM, where that does nothing.",
        StepLaw(
            occurs(e.tdi_bind, t=t, v=v),
            _ALIVE
            & _there
            & Tsm.connected[_mine]
            & (device_caps == "tee_io")
            & (after(_bound[t]) == v)
            & implies(
                _bound[t] == "none",
                _SECURE & (_state[t] == "CONFIG_UNLOCKED") & (after(_state[t]) == "CONFIG_LOCKED"),
            )
            & implies(_bound[t] != "none", (_bound[t] == v) & (rebind_same == "ok") & (after(_state[t]) == _state[t])),
        ),
        (t, v), "TSM", "P63 §11.3.8, Table 11-12; COV 09 bind_interface; Linux TSM core", occurs(e.tdi_bind, t=t, v=v),
        DropCheck("tsm", "tdi_bind", "living TVM"), flow="linux-tsm", disconnect_bound="force",
    ),
    law(
        "the-tsm-itself-refuses-a-bind-that-does-not-fit-its-record",
        "A device is not troubled with a lock over no session, for no TVM, or of a TDI that is bound: the TSM refuses.",
        Never(
            (
                *(
                    occurs(e.tdi_bind, t=t, v=v, reply=x, where=neg(Tsm.connected[_mine]) | (_bound[t] != "none") | neg(_ALIVE))
                    for x in ("INVALID_REQUEST", "INVALID_INTERFACE_STATE")
                ),
                *(
                    occurs(e.tdi_accept, t=t, v=v, reply=x, where=(_bound[t] != v)) for x in ("INVALID_INTERFACE_STATE",)
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
    law(
        "unbinding-stops-and-shuts",
        "A TDI that is unbound was bound, and is not bound, has no gate open and, if its device is there, is unlocked then; from RUN only "
        "where the TSM does that.",
        StepLaw(
            occurs(e.tdi_unbind, t=t),
            (_bound[t] != "none")
            & (after(_bound[t]) == "none")
            & after(_NO_GATES)
            & implies(_there, after(_state[t]) == "CONFIG_UNLOCKED")
            & implies(unbind_from_run == "refused", _state[t] != "RUN"),
        ),
        (t,), "TSM", "COV 09 unbind_interface; P63 §11.3.16; AMD TDI_UNBIND", occurs(e.tdi_unbind, t=t),
        DropCheck("tsm", "tdi_unbind", "not in RUN"), flow="cove-io", unbind_from_run="refused",
    ),
    law(
        "what-does-not-run-can-be-unbound",
        "A host without policies can have any bound TDI unbound that is not in RUN, its device there or not.",
        AlwaysPossible(
            occurs(e.tdi_unbind, t=t), (_bound[t] != "none") & (_state[t] != "RUN") & neg(HOST.honest)
        ),
        (t,), "TSM", "COV 09 unbind_interface: all but RUN", (_bound[t] != "none") & (_state[t] == "ERROR"),
        SwapValue("tsm", "tdi_unbind", _state[t], "RUN", "ERROR"), flow="cove-io", protects="host", unbind_from_run="refused",
    ),
    law(
        "taking-a-mapping-back-does-what-the-tsm-says",
        "The mapping of a bound TDI is taken back with the TDI unbound, stopped and both gates shut, or, where it is taken by force, with the "
        "MMIO gate alone; where neither is to be, it is not.",
        StepLaw(
            occurs(e.reclaim_region, t=t),
            (_bound[t] != "none")
            & (reclaim_bound != "error")
            & (after(Gate.mmio[t]) == "none")
            & implies(reclaim_bound == "force", (after(_bound[t]) == _bound[t]) & (after(_state[t]) == _state[t]))
            & implies(
                reclaim_bound == "autounbind",
                (after(_bound[t]) == "none")
                & after(_NO_GATES)
                & implies(_there, after(_state[t]) == "CONFIG_UNLOCKED")
                & implies(unbind_from_run == "refused", _state[t] != "RUN"),
            ),
        ),
        (t,), "TSM", "COV 07 (refuse) against COV 09 (unbind first); Arm: the granule is destroyed", occurs(e.reclaim_region, t=t),
        DropCheck("tsm", "reclaim_region", "not in RUN"), flow="cove-io", unbind_from_run="refused",
    ),
    law(
        "a-mapping-of-a-bound-tdi-is-asked-back",
        "Where taking a mapping back unbinds the TDI, a host without policies can have it of any bound TDI that is not in RUN.",
        AlwaysPossible(
            occurs(e.reclaim_region, t=t),
            (_bound[t] != "none") & (_state[t] != "RUN") & (reclaim_bound == "autounbind") & neg(HOST.honest),
        ),
        (t,), "TSM", "COV 09: unbound first", (_bound[t] != "none") & (reclaim_bound == "autounbind"),
        SwapValue("tsm", "reclaim_region", _state[t], "RUN", "ERROR"), flow="cove-io", protects="host", unbind_from_run="refused",
    ),
    law(
        "only-a-bound-tdis-mapping-is-taken-back",
        "The mapping of a TDI that nobody has bound is no TVM's, and nothing is asked of the TSM to have it.",
        Never(occurs(e.reclaim_region, t=t, reply=None, where=_bound[t] == "none")),
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
                    e.device_reset, d=_mine, where=neg(_there) | (after(_state[t]) != "CONFIG_UNLOCKED"),
                ),
                *(
                    occurs(x, t=t, where=after(_state[t]) != ite(Tdi.locked(), _ERROR, _state[t]))
                    for x in (e.function_reset, e.function_disable)
                ),
                occurs(e.function_reset, t=t, where=neg(_there)),
                occurs(e.function_disable, t=t, where=neg(_there)),
                occurs(e.tdi_error, t=t, where=neg(Tdi.locked()) | (after(_state[t]) != "ERROR")),
            )
        ),
        (t,), "device", "P63 §11.4.8, §11.4.9, Table 11-2, §11.2",
        (occurs(e.device_reset, d=_mine), occurs(e.function_disable, t=t), occurs(e.tdi_error, t=t)),
        DropUpdate("tdi", "function_disable", "tdi.state"),
    ),
    law(
        "a-locked-tdi-can-fail",
        "A locked TDI can go to ERROR at any time, running or not.",
        AlwaysPossible(occurs(e.tdi_error, t=t), Tdi.locked()),
        (t,), "device", "P63 §11.2, §11.4.3, §11.4.6", Tdi.locked(),
        SwapValue("tdi", "tdi_error", _state[t], "CONFIG_LOCKED", "RUN"),
    ),
    # --- Traffic ------------------------------------------------------------------------------------------------------
    law(
        "a-device-sends-as-its-state-allows",
        "A device that keeps the rules is there when it sends or answers, sends private requests in RUN over a Secure stream and ordinary "
        "ones unlocked.",
        Never(
            (
                occurs(e.dma, t=t, v=v, reply=None, where=neg(_there) | (DEVICE_PARTY.honest & ((_state[t] != "RUN") | neg(_SECURE)))),
                occurs(
                    e.dma_shared, t=t, v=v, reply=None,
                    where=neg(_there) | (DEVICE_PARTY.honest & (_state[t] != "CONFIG_UNLOCKED")),
                ),
                *(occurs(e.mmio, v=v, t=t, reply=x, where=neg(_there)) for x in (OK, "REJECTED")),
            )
        ),
        (t, v), "device", "P63 §11.2, §11.2.1, §6.33.8", (occurs(e.dma, t=t, v=v), occurs(e.dma_shared, t=t, v=v)),
        DropCheck("tdi", "dma", "T=1 only in RUN"),
    ),
    law(
        "gates-let-through-what-is-theirs",
        "A private access is granted only through a gate that is open for that TVM, over a Secure stream, and MMIO only of a TDI in RUN; a "
        "shared one only to the TVM that sees the TDI.",
        Never(
            (
                occurs(e.dma, t=t, v=v, where=(Gate.dma[t] != v) | neg(_SECURE)),
                occurs(e.mmio, v=v, t=t, where=(Gate.mmio[t] != v) | neg(_SECURE) | (_state[t] != "RUN")),
                occurs(e.dma_shared, t=t, v=v, where=neg(Host.visible(v, t))),
            )
        ),
        (t, v), "root complex", "P63 §11.5; Arm RKZBHV, RDVKPF; M12, M16", (occurs(e.dma, t=t, v=v), occurs(e.mmio, v=v, t=t)),
        DropCheck("gate", "mmio", "MMIO gate open"),
    ),
    law(
        "what-leaves-the-root-port-is-protected",
        "An MMIO request of a TVM through a shut gate, or over a stream that is not Secure, is ended by the root complex and no device sees it.",
        Never(occurs(e.mmio, v=v, t=t, reply="REJECTED", where=(Gate.mmio[t] != v) | neg(_SECURE))),
        (t, v), "root complex", "M16: the RMP blocks; Arm RDVKPF", occurs(e.mmio, v=v, t=t, reply="FAULT"),
        DropCheck("gate", "mmio", "over a Secure stream"),
    ),
    told(
        e.mmio, "REJECTED", "A guest that accesses a TDI that is not in RUN is answered by the device.",
        (t, v), "device", "P63 §11.2.1", DropCheck("tdi", "mmio", "state"), protects="guest",
    ),
    law(
        "an-accepted-tdi-does-its-work",
        "A TDI in RUN over a Secure stream reaches the memory of its TVM through an open gate.",
        AlwaysPossible(occurs(e.dma, t=t, v=v), _there & (_state[t] == "RUN") & _SECURE & (Gate.dma[t] == v)),
        (t, v), "root complex", "P63 §11.2.1, §11.5", (_state[t] == "RUN") & (Gate.dma[t] == v),
        SwapValue("tdi", "dma", _state[t], "RUN", "ERROR"),
    ),
    law(
        "an-accepted-tdi-can-be-worked-with",
        "A living guest reaches the MMIO of a TDI in RUN over a Secure stream through an open gate.",
        AlwaysPossible(
            occurs(e.mmio, v=v, t=t), _ALIVE & _STILL_RUNS & _there & (_state[t] == "RUN") & _SECURE & (Gate.mmio[t] == v)
        ),
        (t, v), "root complex", "P63 §11.2.1, §11.5", (_state[t] == "RUN") & (Gate.mmio[t] == v),
        SwapValue("tdi", "mmio", _state[t], "RUN", "ERROR"),
    ),
    law(
        "an-unlocked-tdi-reaches-what-is-shared",
        "An unlocked TDI reaches what a TVM that sees it shares with the host, as an ordinary device or before it is locked.",
        AlwaysPossible(occurs(e.dma_shared, t=t, v=v), _there & (_state[t] == "CONFIG_UNLOCKED") & Host.visible(v, t)),
        (t, v), "root complex", "P63 §11.2: use by a legacy VM; M8, M12", Host.visible(v, t),
        SwapValue("gate", "dma_shared", _offer[t], "LEGACY", "NONE"),
    ),
    # --- Refusals -----------------------------------------------------------------------------------------------------
    law(
        "a-refusal-changes-nothing-of-devices-tdis-and-tvms",
        "A request that is refused, of whatever TDI, device or TVM, leaves streams, locks, gates, drivers and lives as they were.",
        StepLaw(
            tuple(occurs(x, reply=REFUSED) for x in _REFUSABLE),
            conj(*(after(x) == x for x in (*_OF_A_DEVICE, *_OF_A_TDI, Pool.holder[s], _life[v]))),
        ),
        (d, t, s, v), "TSM", "P63 §11.3.25 TDISP_ERROR; COV 09", tuple(occurs(x, reply=REFUSED) for x in _REFUSABLE),
        LeakyRefusal("tsm", "tdi_bind"),
    ),
)  # fmt: skip
