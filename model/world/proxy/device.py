"""Rules of the device: what it makes of a request, and what moves a TDI without one."""

from __future__ import annotations

from ...language import Check, ite
from ..choices.lifecycle import error_recovery, stop_in_unlocked
from ..choices.proxy import replay_protection
from ..vocabulary import DEVICE_PARTY, t
from . import events as e
from .state import Device, Exchange

_MINE = Device.machine
_state = Device.state
_kind = Exchange.kind

# --- Requests of the TSM --------------------------------------------------------------------------------------------
_OUT_OF_TURN = "INVALID_INTERFACE_STATE"
_STOP_LEGAL = Check(
    "state",
    (stop_in_unlocked == "error").implies(_state[t] != "CONFIG_UNLOCKED"),
    _OUT_OF_TURN,
    "P63 Table 11-3: legal in every state; some responders differ",
)
for _name, _kinds, _checks, _becomes, _cite in (
    (
        "lock",
        ("LOCK",),
        [Check("state", _state[t] == "CONFIG_UNLOCKED", _OUT_OF_TURN, "P63 Table 11-12")],
        "CONFIG_LOCKED",
        "P63 §11.3.8 LOCK_INTERFACE",
    ),
    (
        "start",
        ("START", "START_OLD"),
        [
            Check("state", _state[t] == "CONFIG_LOCKED", _OUT_OF_TURN, "P63 Table 11-19"),
            Check("nonce", _kind[t] == "START", "INVALID_NONCE", "P63 Table 11-19, §11.6.3"),
        ],
        "RUN",
        "P63 §11.3.14 START_INTERFACE",
    ),
    ("stop", ("STOP",), [_STOP_LEGAL], "CONFIG_UNLOCKED", "P63 §11.3.16 STOP_INTERFACE"),
    ("state", ("STATE",), [], None, "P63 §11.3.12, Table 11-3: legal in every state"),
):
    _MINE.rule(
        e.deliver_request,
        name=f"deliver_request: {_name}",
        when=[_kind[t].in_(*_kinds)],
        checks=_checks,
        set={_state[t]: _becomes} if _becomes else {},
        binds=DEVICE_PARTY,
        cite=_cite,
    )
_MINE.rule(
    e.fail_request,
    binds=DEVICE_PARTY,
    cite="P63 Table 11-6: BUSY, UNSPECIFIED; §11.3.22: a failed request changes nothing",
)
for _request, _source, _target in (("LOCK", "CONFIG_UNLOCKED", "CONFIG_LOCKED"), ("STOP", None, "CONFIG_UNLOCKED")):
    _MINE.rule(
        e.replay_request,
        name=f"replay_request: {_request}",
        when=[e.old_request == _request, *([_state[t] == _source] if _source else [])],
        checks=[
            Check("due in this session", ~replay_protection, "DISCARDED", "DSP0277: sequence number; DSP0274 DecryptError")
        ],
        set={_state[t]: _target},
        binds=DEVICE_PARTY,
        cite="DSP0277; P63 §11.2.2",
    )

# --- Without a request ----------------------------------------------------------------------------------------------
_MINE.rule(
    e.function_reset,
    when=[Device.locked()],
    set={_state[t]: "ERROR"},
    binds=DEVICE_PARTY,
    cite="P63 §11.2, §11.4.3, §11.4.6, §11.4.9",
)
for _event, _cite in (
    (e.get_version, "DSP0274 GET_VERSION; P63 §11.4.5: the session of the lock ended"),
    (e.disconnect, "DSP0274 GET_VERSION, KEY_EXCHANGE; P63 §11.4.5: the session of the lock ended"),
):
    _MINE.rule(_event, set={_state[t]: ite(Device.locked(), "ERROR", _state[t])}, binds=DEVICE_PARTY, cite=_cite)
_MINE.rule(
    e.conventional_reset,
    set={_state[t]: "CONFIG_UNLOCKED"},
    binds=DEVICE_PARTY,
    cite="P63 §11.4.8: all TDIs to CONFIG_UNLOCKED",
)
_MINE.rule(
    e.recover,
    when=[error_recovery == "automatic", _state[t] == "ERROR"],
    set={_state[t]: "CONFIG_UNLOCKED"},
    binds=DEVICE_PARTY,
    cite="P63 §11.2: permitted once all data of the TVM is cleared",
)

# --- Traffic --------------------------------------------------------------------------------------------------------
_MINE.rule(
    e.dma,
    checks=[Check("T=1 only in RUN", _state[t] == "RUN", cite="P63 §11.2.1")],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1",
)
_MINE.rule(
    e.mmio,
    checks=[Check("state", _state[t] == "RUN", "REJECTED", "P63 §11.2, §11.2.1")],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1",
)
