"""Laws of an honest host: what it does at the registers, and what it leaves alone."""

from __future__ import annotations

from .....model.language import implies, neg
from .....model.language.mutate import DropCheck
from .....model.world.choices.ide import (
    enable_order,
    rp_enable_by,
)
from .....model.world.ide import events as e
from .....model.world.ide.state import (
    ENDPOINT,
    ROOT_PORT,
    Tdi,
    Tsm,
)
from .....model.world.vocabulary import HOST, d
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import law
from .terms import IN_USE

_MISCHIEF = (
    e.get_version, e.host_connect, e.host_key_prog, e.host_set_stop, e.host_rp_keys, e.function0_reset, e.inject_tbit,
    e.switch_reads,
)  # fmt: skip
_EP_ENABLE, _RP_ENABLE = occurs(e.ep_enable, d=d), occurs(e.rp_enable, d=d)

PROPERTIES: tuple[Property, ...] = (
    law(
        "an-honest-host-sends-no-key-messages-and-resets-nothing",
        "An honest host opens no session of its own with a device that the TSM drives, programs and stops no keys, and resets nothing.",
        Never(tuple(occurs(x, d=d, reply=None, where=HOST.honest) for x in _MISCHIEF)),
        (d,), "host", "threat model; M4", occurs(e.device_connect, d=d), DropCheck("host", "get_version", "refrains"),
        host="honest",
    ),
    law(
        "an-honest-host-does-not-make-the-stream-fail",
        "At a port of an honest host a stream fails by the link, or because a key set was stopped, and by nothing that the host does.",
        Never(
            tuple(
                occurs(x, d=d, where=HOST.honest & e.cause.in_("failed_check", "register_write", "iv_exhausted"))
                for x in (e.ep_fails, e.rp_fails)
            )
        ),
        (d,), "host", "P63 §6.33.8; threat model", (occurs(e.ep_fails, d=d), occurs(e.rp_fails, d=d)),
        DropCheck("host", "ep_fails", "refrains"), host="honest", protects="host",
    ),
    law(
        "an-honest-host-enables-in-order",
        "An honest host enables the stream while the TSM keys it, the endpoint after the root port where the root port comes first, and "
        "the root port, where that is the host's to do, once all keys are there and the endpoint was enabled.",
        Never(
            (
                occurs(
                    e.ep_enable,
                    d=d,
                    where=HOST.honest
                    & neg(Tsm.in_phase("keying") & implies(enable_order == "root_port_first", ROOT_PORT.enable[d])),
                ),
                occurs(
                    e.rp_enable,
                    d=d,
                    where=HOST.honest
                    & (rp_enable_by == "host")
                    & neg(Tsm.in_phase("keying") & Tsm.keyed() & (ENDPOINT.enable[d] | (enable_order == "root_port_first"))),
                ),
            )
        ),
        (d,), "host", "P63 §6.33.8; Linux sev-dev-tsm.c", _EP_ENABLE,
        DropCheck("host", "ep_enable", "when the TSM has come so far"), host="honest", protects="host",
    ),
    law(
        "an-honest-host-disables-nothing-in-use",
        "An honest host clears no Enable bit while the TSM keys, uses or refreshes the stream.",
        Never(tuple(occurs(x, d=d, where=HOST.honest & IN_USE) for x in (e.ep_disable, e.rp_disable))),
        (d,), "host", "Linux ide.c; AMD host driver: the enable bits are cleared last",
        (occurs(e.ep_disable, d=d), occurs(e.rp_disable, d=d)), DropCheck("host", "ep_disable", "not in use"), host="honest",
        protects="host",
    ),
    law(
        "an-honest-host-disconnects-after-unbind",
        "An honest host asks for a disconnect only when no TDI uses the stream.",
        Never(occurs(e.device_disconnect, d=d, where=HOST.honest & (Tdi.use[d] != "unlocked"))),
        (d,), "host", "Linux TSM core: unbind all first", occurs(e.device_disconnect, d=d),
        DropCheck("host", "device_disconnect", "no TDI in use"), host="honest", protects="host",
    ),
)  # fmt: skip
