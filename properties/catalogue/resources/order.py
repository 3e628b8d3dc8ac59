"""What only an honest host keeps to: order and policy. Against a hostile one these are claims about service, not safety."""

from __future__ import annotations

from ....model.language import exists
from ....model.language.mutate import DropCheck
from ....model.world.resources import events as e
from ....model.world.resources.host import nothing_bound
from ....model.world.resources.state import Host, Tsm
from ....model.world.vocabulary import d, device_of, t
from ...formulas import Never
from ...property import Kill, Property, Witness
from ...steps import occurs
from ..promise import only_if

_BOUND = Tsm.bound[t] != "none"
_BY_RESET = (
    occurs(e.function_reset, t=t, where=_BOUND),
    occurs(e.function_disable, t=t, where=_BOUND),
    occurs(e.reclaim_region, t=t, where=_BOUND),
)
_HONEST = {"host": "honest"}

PROPERTIES = (
    Property(
        id="unbind-precedes-reset-disable-and-unmap",
        says="The host resets, disables or unmaps a function only after its TDI was unbound.",
        formula=Never(_BY_RESET),
        over=(t,),
        protects="guest",
        binds="host",
        cite="list debate 2025: unbind before VFIO disables; Linux VFIO refuses while bound",
        if_violated="A TDI in use goes to ERROR, or loses its mapping, by housekeeping of the host. The guest sees an attack where there was none, or silent loss of data.",
        if_holds="Tearing down is orderly: unbind, then reset and disable. ERROR always means that something went wrong.",
        witness=Witness((occurs(e.function_reset, t=t), occurs(e.function_disable, t=t), occurs(e.reclaim_region, t=t))),
        kill=Kill((DropCheck("host", "function_disable", "unbound first"),), "linux-tsm", _HONEST),
    ),
    Property(
        id="preemption-spares-bound-tdis",
        says="A stream is never taken for another device from one of which a TDI is bound.",
        formula=Never(occurs(e.preempt, d=d, where=~nothing_bound(d))),
        over=(d,),
        protects="guest",
        binds="TSM",
        cite="M9: run out of streams, who wins",
        if_violated="A TVM loses a device in use because another asked for one. Its memory stays safe, its service does not.",
        if_holds="Who has a device keeps it, however many wait. Preemption takes only what nobody has bound.",
        witness=Witness(occurs(e.preempt, d=d)),
        kill=Kill((DropCheck("tsm_link", "preempt", "no TDI bound"),), "tdx-connect"),
    ),
    only_if(
        "ide-only-on-request",
        "A device is connected only when some TVM waits for a TDI of it.",
        occurs(e.device_connect, d=d), Host.waits_for(d), over=(d,), protects="host", binds="host",
        cite="M9: lazy IDE, only when explicitly requested",
        if_violated="Streams go to devices that no TVM wants. Where they are few, the first to arrive have them all.",
        if_holds="IDE costs only who asks for it. A stream is there for somebody.",
        kill=Kill((DropCheck("host", "device_connect", "asked for"),), "linux-tsm", _HONEST),
    ),
    Property(
        id="connect-spares-drivers-of-the-host",
        says="A device is not connected while a driver of the host is using it.",
        formula=Never(occurs(e.device_connect, d=d, where=exists(t, (device_of(t) == d) & Host.driver[t]))),
        over=(d,),
        protects="host",
        binds="host",
        cite="M1: connect before probe; M4: delay it until passthrough",
        if_violated="Requests of a driver are under way when the link changes to IDE. Whether they get lost is the hardware's affair.",
        if_holds="The link changes while nobody is using it. No driver has to know of IDE.",
        witness=Witness(occurs(e.device_connect, d=d)),
        kill=Kill(
            (DropCheck("host", "device_connect", "not in use by the host"),),
            "sev-tio-host-run",
            {**_HONEST, "connect_in_use": "refused"},
        ),
    ),
    Property(
        id="unprotected-devices-are-not-probed",
        says="No driver of the host takes a device that is not connected.",
        formula=Never(occurs(e.driver_probe, t=t, where=~Tsm.connected[device_of(t)])),
        over=(t,),
        protects="host",
        binds="host",
        cite="M6: panic, warn or block the device",
        if_violated="The host uses a device whose link anybody can listen to. With a warning that is a decision, without one an oversight.",
        if_holds="A device whose IDE failed is left alone. Only protected links carry the host's data.",
        witness=Witness(occurs(e.driver_probe, t=t)),
        kill=Kill((DropCheck("host", "driver_probe", "protected"),), "linux-tsm", {**_HONEST, "ide_on_fail": "block"}),
    ),
)  # fmt: skip
