"""Rules of an honest host. A hostile one may cause every event that it can reach."""

from __future__ import annotations

from ...language import FALSE, Check, for_each, ite
from ..choices.lifecycle import lock_by, run_by
from ..vocabulary import HOST, d, device_of, t, v
from . import events as e
from .state import Host, Tsm

_MINE = Host.machine
_lock, _requested = Host.lock_requested, Host.run_requested

_MINE.rule(
    e.tdi_request_lock,
    when=[lock_by != "host", _lock[t] == "none", Tsm.bound[t] == "none"],
    set={_lock[t]: v},
    cite="AMD guest request TIO BIND; TDX TDCM BIND; Linux TSM core: lock is for the guest to ask",
)
_MINE.rule(
    e.tdi_bind,
    checks=[Check("asked by the guest", (lock_by == "host") | (_lock[t] == v), cite="AMD: TIO guest request BIND")],
    set={_requested[t]: False, _lock[t]: "none"},
    binds=HOST,
    cite="AMD host driver",
)
for _event in (e.tdi_unbind, e.tdi_stop):
    _MINE.rule(_event, set={_requested[t]: False}, binds=HOST, cite="AMD host driver")
_MINE.rule(
    e.device_disconnect,
    each=[for_each(t, _requested[t], ite(device_of(t) == d, False, _requested[t]))],
    binds=HOST,
    cite="AMD host driver",
)
_MINE.rule(
    e.tdi_bind_run,
    checks=[Check("asked by the guest", (run_by == "host") | _requested[t], cite="M20; AMD: TIO guest request RUN")],
    binds=HOST,
    cite="AMD TDI_BIND(run=1)",
)
for _event in (e.tdi_accept, e.tdi_validate):
    _MINE.rule(
        _event,
        set={_requested[t]: _requested[t] | ((run_by == "guest_request") & (Tsm.bound[t] == v))},
        binds=HOST,
        cite="AMD guest driver 2026: RUN request through the host",
    )
for _event in (
    e.get_version, e.host_connect, e.host_key_prog, e.host_lock, e.host_start, e.host_stop, e.config_write, e.mmio_untrusted,
):  # fmt: skip
    _MINE.rule(
        _event,
        checks=[Check("refrains", FALSE, cite="an honest host leaves a device alone that the TSM drives")],
        binds=HOST,
        cite="threat model",
    )
