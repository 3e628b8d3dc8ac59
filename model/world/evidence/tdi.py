"""Rules of the TDI and its device: what is locked, what runs, what measurements show."""

from __future__ import annotations

from ...language import Check, ite
from ..choices.evidence import meas_complete, meas_fresh
from ..choices.lifecycle import accept_by
from ..vocabulary import DEVICE_PARTY, t
from . import events as e
from .guest import NOTICES
from .state import Tdi

_MINE = Tdi.machine
_state, _wrong, _patched, _hidden = Tdi.state, Tdi.wrong, Tdi.patched, Tdi.hidden

_LOCKED = Check("locked", _state[t] == "CONFIG_LOCKED", "INVALID_INTERFACE_STATE", "P63 Table 11-19")

_MINE.rule(
    e.tdi_bind,
    checks=[
        Check(
            "unlocked",
            _state[t] == "CONFIG_UNLOCKED",
            "INVALID_INTERFACE_STATE",
            "P63 Table 11-12: only from CONFIG_UNLOCKED",
        )
    ],
    set={_state[t]: "CONFIG_LOCKED", _wrong[t]: e.wrong},
    binds=DEVICE_PARTY,
    cite="P63 §11.3.8",
)
for _event in (e.tdi_run, e.start_interface):
    _MINE.rule(_event, checks=[_LOCKED], set={_state[t]: "RUN"}, binds=DEVICE_PARTY, cite="P63 §11.3.14")
_MINE.rule(
    e.tdi_validate,
    checks=[Check(_LOCKED.name, (accept_by == "start").implies(_LOCKED.term), _LOCKED.reply, _LOCKED.cite)],
    set={_state[t]: ite((accept_by == "start") & ~NOTICES, "RUN", _state[t])},
    binds=DEVICE_PARTY,
    cite="COV 09 start_interface: START_INTERFACE, then the gates",
)
_MINE.rule(
    e.tdi_unbind,
    set={_state[t]: "CONFIG_UNLOCKED", _wrong[t]: "none"},
    binds=DEVICE_PARTY,
    cite="P63 §11.3.16: STOP_INTERFACE in any state",
)
_MINE.rule(
    e.report,
    checks=[Check("locked", Tdi.locked(), "INVALID_INTERFACE_STATE", "P63 Tables 11-3, 11-16")],
    binds=DEVICE_PARTY,
    cite="P63 §11.3.10",
)
_MINE.rule(e.config_write, when=[Tdi.locked()], set={_state[t]: "ERROR"}, binds=DEVICE_PARTY, cite="P63 §11.2, Table 11-2")
_MINE.rule(
    e.firmware_update,
    when=[~_patched[t]],
    checks=[
        Check(
            "NO_FW_UPDATE",
            Tdi.locked().implies(_wrong[t] == "flags"),
            "REFUSED",
            "P63 §11.3.8: refused while a TDI is locked with NO_FW_UPDATE",
        )
    ],
    set={_patched[t]: True, _hidden[t]: ~meas_fresh | ~meas_complete},
    binds=DEVICE_PARTY,
    cite="P63 §11.4.2: TDIs stay as they are, and measurements may change under the guest",
)
_MINE.rule(
    e.conventional_reset,
    when=[_hidden[t] & meas_complete],
    set={_state[t]: ite(_state[t] == "CONFIG_UNLOCKED", _state[t], "ERROR"), _hidden[t]: False},
    binds=DEVICE_PARTY,
    cite="P63 §11.4.2: values computed at reset; §11.4.8: the lock is lost",
)
