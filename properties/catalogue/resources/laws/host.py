"""Laws of the host and its TDIs: to whom it gives them, and in which order it takes them back."""

from __future__ import annotations

from .....model.language import after, exists, iff, implies, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.choices.resources import (
    bind_by,
    close_order,
    device_caps,
    host_check,
    ide_on_fail,
    probe_order,
)
from .....model.world.resources import events as e
from .....model.world.resources.state import Device, Host, Tsm, first_of
from .....model.world.vocabulary import DEVICE_PARTY, HOST, d, t, u, v
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import invariant, law, possible, step_law
from .terms import ALIVE, SECURE, STILL_RUNS, bound, mine, offer, owner, state, there

PROPERTIES: tuple[Property, ...] = (
    law(
        "a-driver-of-the-host-takes-what-is-there-and-nobodys",
        "A driver of the host takes a function that is there, has none and is given to no guest; it leaves what it was on.",
        Never(
            (
                occurs(
                    e.driver_probe, t=t, reply=None,
                    where=neg(there) | Host.driver[t] | (owner[t] != "none") | neg(after(Host.driver[t])),
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
                    ((ide_on_fail == "block") & neg(Tsm.connected[mine]))
                    | ((probe_order == "after_connect") & neg(Tsm.connected[mine] | Host.failed[mine]))
                    | (host_check & neg(DEVICE_PARTY.honest))
                ),
            )
        ),
        (t,), "host", "M6; M1: connect before probe; M5, M8, M12", occurs(e.driver_probe, t=t),
        DropCheck("host", "driver_probe", "connect tried first"), protects="host", host="honest",
    ),
    step_law(
        "a-tdi-is-set-aside-for-a-living-tvm",
        "A TDI is set aside that is there, unbound, without a driver of the host and nobody's, for a TVM that lives, and is its own then.",
        occurs(e.request_bind, t=t, v=v, reply=None),
        there & neg(Host.driver[t]) & ALIVE & (owner[t] == "none") & (bound[t] == "none")
        & (after(owner[t]) == v) & (after(offer[t]) == "RESERVED") & (neg(host_check) | DEVICE_PARTY.honest),
        (t, v), "host", "M1: bind while the TVM is built; Linux VFIO and iommufd",
        DropUpdate("host", "request_bind", "host.offer"), witness=occurs(e.request_bind, t=t, v=v), host="honest",
    ),
    step_law(
        "a-tdi-is-shown-to-one-living-tvm",
        "A guest that lives is shown a TDI that is there, without a driver of the host, and nobody's or set aside for it, as what it is.",
        occurs(e.tdi_assign, t=t, v=v, reply=None),
        there & neg(Host.driver[t]) & ALIVE
        & ((owner[t] == "none") | ((owner[t] == v) & (offer[t] == "RESERVED") & neg(e.legacy)))
        & (after(owner[t]) == v)
        & iff(e.legacy, after(offer[t]) == "LEGACY")
        & iff(neg(e.legacy), after(offer[t]) == "TEE"),
        (t, v), "host", "Linux VFIO: one owner; M12", DropCondition("host", "tdi_assign", 4),
        witness=occurs(e.tdi_assign, t=t, v=v),
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
                    ((bind_by == "host") & neg(e.legacy) & (bound[t] != v))
                    | (e.legacy & (bound[t] != "none"))
                    | (e.legacy & (ide_on_fail == "block") & neg(Tsm.connected[mine]))
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
        DropCheck("host", "tdi_assign", "the host's own judgement"), flow="linux-tsm", protects="host", host="honest",
        device="hostile", host_check=True,
    ),
    step_law(
        "taking-from-sight-ends-what-was-given",
        "What is taken from a guest's sight was given to it, and is nobody's then; an honest host of a guest that binds has it unbound "
        "first, where that is the order.",
        occurs(e.tdi_unassign, t=t, reply=None),
        (owner[t] != "none")
        & (after(owner[t]) == "none")
        & (after(offer[t]) == "NONE")
        & implies(
            HOST.honest & (bind_by == "guest") & (close_order == "unbind_first"), bound[t] == "none"
        ),
        (t,), "host", "Linux VFIO and iommufd, 2025", DropCheck("host", "tdi_unassign", "unbound first"),
        witness=occurs(e.tdi_unassign, t=t), flow="linux-tsm", host="honest",
    ),
    invariant(
        "what-is-nobodys-is-promised-to-nobody",
        "A TDI is given or promised to a TVM exactly while it has an owner, which is not dead.",
        iff(owner[t] == "none", offer[t] == "NONE") & implies(owner[t] == v, ALIVE),
        (t, v), "host", "KVM, VFIO: the guest is gone with its process", owner[t] == v,
        DropUpdate("host", "tvm_dies", "host.offer"), protects="host",
    ),
    law(
        "an-honest-host-binds-what-was-asked-for",
        "An honest host has a TDI bound only to the TVM that asked for it, and where it shows bound devices only, unbound out of sight.",
        Never(
            (
                occurs(
                    e.tdi_bind, t=t, v=v, reply=None,
                    where=HOST.honest & neg((owner[t] == v) & ((offer[t] == "RESERVED") | (offer[t] == "TEE"))),
                ),
                occurs(
                    e.tdi_unbind, t=t, reply=None, where=HOST.honest & (bind_by == "host") & (offer[t] == "TEE")
                ),
            )
        ),
        (t, v), "host", "M1; AMD and TDX: the guest asks; M15: the guest sees bound devices", occurs(e.tdi_bind, t=t, v=v),
        DropCheck("host", "tdi_unbind", "out of sight"), flow="cove-io", host="honest",
    ),
    possible(
        "who-waits-can-be-bound",
        "A TDI that is set aside for, or seen by, a living TVM, unbound, unlocked and over a Secure stream, can be bound to it.",
        occurs(e.tdi_bind, t=t, v=v),
        Host.bind_requested(v, t)
        & (bound[t] == "none")
        & ALIVE
        & there
        & STILL_RUNS
        & (device_caps == "tee_io")
        & Tsm.connected[mine]
        & SECURE
        & (state[t] == "CONFIG_UNLOCKED"),
        (t, v), "host", "M1 tdi_bind; M10", SwapValue("host", "tdi_bind", offer[t], "RESERVED", "TEE"),
        witness=(offer[t] == "RESERVED") & SECURE, flow="cove-io", host="honest",
    ),
    law(
        "an-honest-host-unbinds-before-it-breaks",
        "An honest host that keeps the order resets, disables and unmaps nothing, asks for nothing of the kind, and frees no memory while "
        "a TDI that would suffer is bound.",
        Never(
            (
                occurs(
                    e.device_reset, d=mine, reply=None,
                    where=HOST.honest & (close_order != "device_first") & (bound[t] != "none"),
                ),
                occurs(
                    e.function_reset, t=u, reply=None,
                    where=HOST.honest & (close_order != "device_first") & (bound[t] != "none") & ((t == u) | (first_of(t) == u)),
                ),
                *(
                    occurs(
                        x, t=t, reply=None, where=HOST.honest & (close_order != "device_first") & (bound[t] != "none"),
                    )
                    for x in (e.function_disable, e.reclaim_region)
                ),
                occurs(
                    e.tvm_reclaim, v=v, reply=None, where=HOST.honest & (close_order != "memory_first") & (bound[t] == v)
                ),
            )
        ),
        (t, u, v), "host", "list debate 2025: unbind precedes reset, disable and unmap; iommufd tombstone; KVM",
        (occurs(e.device_reset), occurs(e.function_reset, t=t), occurs(e.tvm_reclaim, v=v)),
        DropCheck("host", "device_reset", "unbound first"), flow="linux-tsm", host="honest",
    ),
)  # fmt: skip
