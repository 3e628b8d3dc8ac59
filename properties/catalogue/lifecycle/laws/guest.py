"""Laws of guests and hosts: drivers, acceptance, and what an honest host leaves alone."""

from __future__ import annotations

from .....model.language import after
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.lifecycle import events as e
from .....model.world.lifecycle.state import Gate, Guest, Host, Tsm
from .....model.world.vocabulary import HOST, device_of, t, v
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import law, possible, step_law

_driver, _accepted = Guest.driver[v, t], Guest.accepted[v, t]
_MISCHIEF = (
    e.get_version, e.host_connect, e.host_key_prog, e.host_lock, e.host_start, e.host_stop, e.config_write, e.mmio_untrusted,
)  # fmt: skip

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "the-host-never-reaches-private-mmio",
        "No T=0 access of the host reaches a TDI whose MMIO is open to a TVM.",
        occurs(e.mmio_untrusted, t=t), Gate.mmio[t] == "none",
        (t,), "root complex", "AMD: host access to private MMIO is an RMP fault",
        DropCheck("gate", "mmio_untrusted", "not private"),
    ),
    law(
        "drivers-come-and-go-one-at-a-time",
        "A driver is bound only where none is, and unbinding leaves none.",
        Never(
            (
                occurs(e.driver_shared, v=v, t=t, where=(_driver != "none") | (after(_driver) != "shared")),
                occurs(e.driver_private, v=v, t=t, where=(_driver != "none") | (after(_driver) != "private")),
                occurs(e.driver_unbind, v=v, t=t, where=(_driver == "none") | (after(_driver) != "none")),
            )
        ),
        (v, t), "guest", "Linux driver core; M8", occurs(e.driver_unbind, v=v, t=t),
        DropUpdate("guest", "driver_unbind", "guest.driver"),
    ),
    possible(
        "a-bound-driver-can-be-unbound",
        "A driver, in whichever mode, can be unbound.",
        occurs(e.driver_unbind, v=v, t=t), _driver != "none",
        (v, t), "guest", "Linux driver core", SwapValue("guest", "driver_unbind", Guest.driver[v, t], "none", "shared"),
        witness=_driver != "none",
    ),
    law(
        "acceptance-is-given-and-taken-back-once",
        "A guest verifies evidence that it has and has not accepted by, and takes back only an acceptance that it gave.",
        Never(
            (
                occurs(e.verify, v=v, t=t, where=(Guest.evidence[v, t] == "none") | Guest.verified[v, t] | (_accepted != "none")),
                occurs(e.tdi_revoke, v=v, t=t, where=(_accepted == "none") | (after(_accepted) != "none")),
            )
        ),
        (v, t), "guest", "M1 tdi_validate; M17", occurs(e.tdi_revoke, v=v, t=t), DropCondition("guest", "tdi_revoke", 0),
    ),
    step_law(
        "a-lock-is-asked-for-once",
        "A guest's request for a lock is kept for one TVM at a time, and for a TDI that nobody has.",
        occurs(e.tdi_request_lock, v=v, t=t),
        (Host.lock_requested[t] == "none") & (Tsm.bound[t] == "none") & (after(Host.lock_requested[t]) == v),
        (v, t), "host", "AMD guest request TIO BIND; Linux TSM core", DropCondition("host", "tdi_request_lock", 1),
        flow="sev-tio-guest-run",
    ),
    law(
        "a-request-for-run-is-of-this-bind",
        "Once a TDI is unbound, stopped or its device disconnected, the host holds no guest's request to run it.",
        Never(
            (
                occurs(e.tdi_unbind, t=t, where=after(Host.run_requested[t])),
                occurs(e.tdi_stop, t=t, where=after(Host.run_requested[t])),
                occurs(e.device_disconnect, d=device_of(t), where=after(Host.run_requested[t])),
            )
        ),
        (t,), "host", "AMD host driver; AMD guest driver 2026: RUN request through the host", Host.run_requested[t],
        DropUpdate("host", "tdi_unbind", "host.run_requested"), flow="sev-tio-guest-run",
    ),
    law(
        "an-honest-host-leaves-a-tsms-device-alone",
        "An honest host sends nothing of its own to a device that a TSM drives, and leaves its configuration and its memory alone.",
        Never(tuple(occurs(x, reply=None, where=HOST.honest) for x in _MISCHIEF)),
        (), "host", "threat model; M4", occurs(e.device_connect), DropCheck("host", "mmio_untrusted", "refrains"),
        host="honest",
    ),
    possible(
        "a-driver-in-shared-mode-can-be-bound-before-acceptance",
        "Before it has accepted a TDI, a guest can bind a driver that shares its memory.",
        occurs(e.driver_shared, v=v, t=t), (_driver == "none") & (_accepted == "none"),
        (v, t), "guest", "M8: a driver in shared mode before acceptance is valid",
        SwapValue("guest", "driver_shared", Guest.driver[v, t], "none", "shared"),
    ),
)  # fmt: skip
