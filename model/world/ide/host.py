"""Rules of an honest host. A hostile one may cause every event that it can reach."""

from __future__ import annotations

from ...language import FALSE, Check, Event, Machine
from ..choices.ide import enable_order, rp_enable_by
from ..vocabulary import DEVICE, HOST, d
from . import events as e
from .state import ENDPOINT, ROOT_PORT, Tdi, Tsm

MACHINE = Machine("host", over=(DEVICE,), doc="The host VMM.")

_KEEPS: tuple[tuple[Event, Check], ...] = (
    (
        e.ep_enable,
        Check(
            "when the TSM has come so far",
            Tsm.in_phase("keying") & ((enable_order == "root_port_first").implies(ROOT_PORT.enable[d])),
            cite="P63 §6.33.8; Linux sev-dev-tsm.c",
        ),
    ),
    (
        e.rp_enable,
        Check(
            "when the TSM has come so far",
            (rp_enable_by == "host").implies(
                Tsm.in_phase("keying") & Tsm.keyed() & (ENDPOINT.enable[d] | (enable_order == "root_port_first"))
            ),
            cite="P63 §6.33.8; Linux sev-dev-tsm.c",
        ),
    ),
    (e.ep_disable, Check("not in use", ~Tsm.in_phase("keying", "connected", "refreshing"), cite="Linux ide.c")),
    (e.rp_disable, Check("not in use", ~Tsm.in_phase("keying", "connected", "refreshing"), cite="Linux ide.c")),
    (e.device_disconnect, Check("no TDI in use", Tdi.use[d] == "unlocked", cite="Linux TSM core: unbind all first")),
    (e.ep_fails, Check("refrains", e.cause.in_("link_down", "stopped_set"), cite="an honest host refreshes, and changes nothing")),
    (e.rp_fails, Check("refrains", e.cause.in_("link_down", "stopped_set"), cite="an honest host refreshes, and changes nothing")),
    *(
        (event, Check("refrains", FALSE, cite="an honest host leaves a device alone that the TSM drives"))
        for event in (
            e.get_version, e.host_connect, e.host_key_prog, e.host_set_stop, e.host_rp_keys, e.function0_reset, e.inject_tbit,
            e.switch_reads,
        )
    ),
)  # fmt: skip
for _event, _check in _KEEPS:
    MACHINE.rule(_event, checks=[_check], binds=HOST, cite="threat model")
