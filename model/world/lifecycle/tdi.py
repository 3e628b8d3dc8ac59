"""Rules of the TDI, as the device must keep them (P63 ch. 11)."""

from __future__ import annotations

from ...language import TRUE, Check, Operand, Term, Update, exists, for_each, ite, neg
from ..choices.lifecycle import autonomous_dma, disconnect_bound, error_recovery, lock_requires, stop_in_unlocked
from ..vocabulary import DEVICE_PARTY, d, device_of, t, w
from . import events as e
from .device import SESSION_ENDS, ends_session_of
from .state import Device, Guest, Stream, Tdi, Tsm

_MINE = Tdi.machine
_state, _session, _nonce, _p2p = Tdi.state, Tdi.lock_session, Tdi.nonce, Tdi.p2p
_stream = device_of(t)


def _out_of_lock(state: str) -> dict[Term, Operand]:
    """Into a state in which nothing of the lock is left."""
    return {_state[t]: state, _session[t]: "none", _nonce[t]: False, _p2p[t]: False}


_UNLOCKED, _ERROR = _out_of_lock("CONFIG_UNLOCKED"), _out_of_lock("ERROR")


def _where(condition: Term, change: dict[Term, Operand]) -> list[Update]:
    """The change, for all TDIs of the event's device for which the condition holds."""
    mine = (device_of(t) == d) & condition
    return [for_each(t, target, ite(mine, value, target)) for target, value in change.items()]


# --- LOCK_INTERFACE -------------------------------------------------------------------------------------------------
for _event, _holder in ((e.tdi_bind, "tsm"), (e.host_lock, "host")):
    _MINE.rule(
        _event,
        when=[] if _holder == "tsm" else [Device.host_session[_stream]],
        checks=[
            Check("state", _state[t] == "CONFIG_UNLOCKED", "INVALID_INTERFACE_STATE", "P63 Table 11-12"),
            Check("keys", Stream.state[_stream].in_("KEYED", "SECURE"), "INVALID_REQUEST", "P63 §11.3.8, Table 11-12"),
            Check("keying session", Stream.key_session[_stream] == _holder, "INVALID_REQUEST", "P63 §11.3.8, §11.4.5"),
            Check(
                "secure stream",
                (lock_requires == "secure").implies(Stream.state[_stream] == "SECURE"),
                "INVALID_REQUEST",
                "P63 §6.33.1; not among the conditions of §11.3.8",
            ),
        ],
        set={_state[t]: "CONFIG_LOCKED", _session[t]: _holder, _nonce[t]: True},
        binds=DEVICE_PARTY,
        cite="P63 §11.3.8, §11.3.9 LOCK_INTERFACE",
    )

# --- START_INTERFACE ------------------------------------------------------------------------------------------------
for _event, _nonce_sent in (
    (e.tdi_bind_run, Tsm.nonce[t] == "current"),
    (e.start_interface, Tsm.nonce[t] == "current"),
    # The host has the nonce of a lock that it made itself, and of no other: it came inside the session.
    (e.host_start, _session[t] == "host"),
):
    _MINE.rule(
        _event,
        when=[Device.host_session[_stream]] if _event is e.host_start else [],
        checks=[
            Check("state", _state[t] == "CONFIG_LOCKED", "INVALID_INTERFACE_STATE", "P63 Table 11-19"),
            Check("nonce", _nonce[t] & _nonce_sent, "INVALID_NONCE", "P63 Table 11-19, §11.6.3"),
        ],
        set={_state[t]: "RUN", _nonce[t]: False},
        binds=DEVICE_PARTY,
        cite="P63 §11.3.14 START_INTERFACE",
    )

# --- STOP_INTERFACE -------------------------------------------------------------------------------------------------
_STOP_LEGAL = Check(
    "state",
    (stop_in_unlocked == "error").implies(_state[t] != "CONFIG_UNLOCKED"),
    "INVALID_INTERFACE_STATE",
    "P63 Table 11-3: legal in every state; some responders differ",
)
for _event, _name in ((e.tdi_unbind, "stop"), (e.tdi_stop, "stop for the guest")):
    _MINE.rule(
        _event,
        name=_name,
        when=[Device.tsm_session[_stream]],
        checks=[_STOP_LEGAL],
        set=_UNLOCKED,
        binds=DEVICE_PARTY,
        cite="P63 §11.3.16 STOP_INTERFACE",
    )
    _MINE.rule(
        _event,
        name=f"{_name}, out of reach",
        when=[neg(Device.tsm_session[_stream])],
        binds=DEVICE_PARTY,
        cite="P63 §11.2.2: no TDISP outside a secure session; AMD host driver: forced unbind",
    )
_MINE.rule(
    e.host_stop,
    when=[Device.host_session[_stream]],
    checks=[_STOP_LEGAL],
    set=_UNLOCKED,
    binds=DEVICE_PARTY,
    cite="P63 §11.3.16: no rule ties STOP_INTERFACE to the session of the lock",
)

# --- Other requests -------------------------------------------------------------------------------------------------
_MINE.rule(
    e.tdi_info,
    checks=[Check("state", Tdi.locked(), "INVALID_INTERFACE_STATE", "P63 Table 11-3, Table 11-16")],
    binds=DEVICE_PARTY,
    cite="P63 §11.3.10 GET_DEVICE_INTERFACE_REPORT",
)
_MINE.rule(e.get_state, binds=DEVICE_PARTY, cite="P63 §11.3.12, Table 11-3: legal in every state")
_MINE.rule(
    e.bind_p2p,
    checks=[Check("state", _state[t] == "RUN", "INVALID_INTERFACE_STATE", "P63 Table 11-21")],
    set={_p2p[t]: True},
    binds=DEVICE_PARTY,
    cite="P63 §11.3.18 BIND_P2P_STREAM",
)

# --- What ends a lock -----------------------------------------------------------------------------------------------
_MINE.rule(e.config_write, when=[Tdi.locked()], set=_ERROR, binds=DEVICE_PARTY, cite="P63 §11.2, Table 11-2, §11.4.9")
_MINE.rule(e.device_error, when=[Tdi.locked()], set=_ERROR, binds=DEVICE_PARTY, cite="P63 §11.2, §11.4.3, §11.4.5, §11.4.6")
for _event in (e.ide_fail, e.ide_disable):
    _MINE.rule(
        _event,
        each=_where(Tdi.locked(), _ERROR),
        binds=DEVICE_PARTY,
        cite="P63 §11.4.5: a bound stream became Insecure",
    )
_MINE.rule(
    e.conventional_reset,
    each=_where(TRUE, _UNLOCKED),
    binds=DEVICE_PARTY,
    cite="P63 §11.4.8: all TDIs to CONFIG_UNLOCKED",
)
_MINE.rule(
    e.recover,
    when=[error_recovery == "automatic", _state[t] == "ERROR"],
    set=_UNLOCKED,
    binds=DEVICE_PARTY,
    cite="P63 §11.2: permitted once all data of the TVM is cleared",
)
for _event in SESSION_ENDS:
    if _event is e.conventional_reset:
        continue
    _lost = ends_session_of(_session[t], _event)
    if _event is e.device_disconnect:
        # The TSM stops what it had bound before it ends the session, so that nothing is locked over it any more;
        # a forced disconnect just ends it.
        _stopped = (device_of(t) == d) & (Tsm.bound[t] != "none") & Device.tsm_session[d] & (disconnect_bound != "force")
        _cut_off = (device_of(t) == d) & Tdi.locked() & _lost & (disconnect_bound == "force")
        _MINE.rule(
            _event,
            each=[
                for_each(t, target, ite(_stopped, _UNLOCKED[target], ite(_cut_off, _ERROR[target], target)))
                for target in _UNLOCKED
            ],
            binds=DEVICE_PARTY,
            cite="P63 §11.3.16 STOP_INTERFACE; §11.4.5; COV 09",
        )
    else:
        _MINE.rule(
            _event,
            each=_where(Tdi.locked() & _lost, _ERROR),
            binds=DEVICE_PARTY,
            cite="P63 §11.4.5: the session over which the TDI was locked ended",
        )

# --- Traffic --------------------------------------------------------------------------------------------------------
_MAY_SEND_TBIT = Check(
    "T=1 only in RUN, over a Secure stream",
    (_state[t] == "RUN") & (Stream.state[_stream] == "SECURE"),
    cite="P63 §11.2.1; §6.33.8: an Insecure stream sends nothing",
)
_DRIVEN = Check(
    "set up by a driver",
    autonomous_dma | exists(w, Guest.driver[w, t] == "private"),
    cite="M18; not demanded by P63",
)
_MINE.rule(
    e.dma,
    checks=[
        Check("T=1 only in RUN, over a Secure stream", e.tbit.implies(_MAY_SEND_TBIT.term), cite=_MAY_SEND_TBIT.cite),
        Check("T=0 only in CONFIG_UNLOCKED", e.tbit | (_state[t] == "CONFIG_UNLOCKED"), cite="P63 §11.2, §11.2.1"),
        Check(_DRIVEN.name, e.tbit.implies(_DRIVEN.term), cite=_DRIVEN.cite),
    ],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1",
)
_MINE.rule(
    e.dma_peer,
    when=[_p2p[t]],
    checks=[_MAY_SEND_TBIT, _DRIVEN],
    binds=DEVICE_PARTY,
    cite="P63 §11.3.18, §11.2.1",
)
_MINE.rule(
    e.mmio,
    checks=[
        Check("state", _state[t] == "RUN", "REJECTED", "P63 §11.2, §11.2.1"),
        Check("bound stream", Stream.state[_stream] == "SECURE", "REJECTED", "P63 §11.2.1"),
    ],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1",
)
_MINE.rule(
    e.mmio_untrusted,
    checks=[Check("state", _state[t] == "CONFIG_UNLOCKED", "REJECTED", "P63 §11.2.1; COV 05")],
    binds=DEVICE_PARTY,
    cite="P63 §11.2.1",
)
