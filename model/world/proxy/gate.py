"""Rules of the root complex: its gates, as the TSM opens and shuts them, and what they let through."""

from __future__ import annotations

from ...language import Check, Operand, Term, neg
from ..choices.lifecycle import accept_by
from ..choices.proxy import gate_close, gate_completion, guest_answer, guest_calls, guest_close, stop_failure
from ..vocabulary import ROOT_COMPLEX, TSM, t
from . import events as e
from .state import Exchange, Gate, Guest, Message, Queue

_MINE = Gate.machine
_dma, _mmio = Gate.dma, Gate.mmio
_kind, _answer = Exchange.kind, Exchange.answer

_at_once = gate_completion == "at_once"


def _shut_if(condition: Term, opened: Term | None = None) -> dict[Term, Operand]:
    """Both gates shut where the condition holds (and opened where the other does)."""
    return {gate[t]: (gate[t] if opened is None else gate[t] | opened) & neg(condition) for gate in (_dma, _mmio)}


_SHUT: dict[Term, Operand] = {_dma[t]: False, _mmio[t]: False}
_FAILED_AS_STOPPED = (_kind[t] == "STOP") & (stop_failure == "ignored")

# --- Opened -----------------------------------------------------------------------------------------------------------
_MINE.rule(
    e.gate_call,
    set={gate[t]: gate[t] | (_at_once & Guest.next_gate(name)) for name, gate in (("dma", _dma), ("mmio", _mmio))},
    binds=TSM,
    cite="TDG.DMAR.ACCEPT: PENDING becomes PRESENT; TDG.MMIO.ACCEPT",
)
_MINE.rule(
    e.message_deliver,
    set={
        gate[t]: (gate[t] | (_at_once & (Message.kind[t] == name))) & (Message.kind[t] != "close")
        for name, gate in (("dma", _dma), ("mmio", _mmio))
    },
    binds=TSM,
    cite="AMD SDTE_WRITE, MMIO_VALIDATE",
)
_MINE.rule(
    e.gate_complete,
    set={gate[t]: gate[t] | (Message.kind[t] == name) for name, gate in (("dma", _dma), ("mmio", _mmio))},
    binds=TSM,
    cite="TF-RMM RTT_DEV_VALIDATE, RSI_VDEV_DMA_ENABLE",
)
_started = (accept_by == "start") & (_kind[t] == "START") & (_answer[t] == "ok") & (guest_answer == "on_arrival")
_stopped = (_kind[t] == "STOP") & ((_answer[t] == "ok") | (stop_failure == "ignored")) & (gate_close == "after_stop")
_MINE.rule(
    e.response,
    set=_shut_if(_stopped, _started),
    binds=TSM,
    cite="COV 07: after the response to START_INTERFACE IOMMU and G-stage are enabled, after that to STOP_INTERFACE disabled",
)
_collected = (accept_by == "start") & Queue.asks_start & (Queue.answer[t] == "ok") & (guest_answer == "on_collection")
_MINE.rule(
    e.collect,
    set={gate[t]: gate[t] | _collected for gate in (_dma, _mmio)},
    binds=TSM,
    cite="COV 07: after the response to START_INTERFACE",
)

# --- Shut -------------------------------------------------------------------------------------------------------------
_MINE.rule(
    e.replay_response,
    set=_shut_if((_kind[t] == "STOP") & (gate_close == "after_stop")),
    binds=TSM,
    cite="COV 07: after the response to STOP_INTERFACE",
)
_MINE.rule(
    e.abort,
    set=_shut_if(_FAILED_AS_STOPPED & (gate_close == "after_stop")),
    binds=TSM,
    cite="TF-RMM: a failed STOP is UNLOCKED",
)
_MINE.rule(
    e.ask_stop,
    set=_shut_if(gate_close == "before_stop"),
    binds=TSM,
    cite="TF-RMM VDEV_UNLOCK: mappings gone and STE off before STOP_INTERFACE",
)
_MINE.rule(
    e.undo,
    set=_shut_if(
        ((guest_close == "message") & (guest_calls == "direct")) | ((guest_close == "stop") & (gate_close == "before_stop"))
    ),
    binds=TSM,
    cite="RSI_VDEV_DMA_DISABLE; RSI_RDEV_STOP",
)
_MINE.rule(e.close_gates, when=[Gate.open()], set=_SHUT, binds=TSM, cite="TDH.MMIO.BLOCK, TDH.DMAR.BLOCK")
for _event in (e.take_back, e.disconnect):
    _MINE.rule(_event, set=_SHUT, binds=TSM, cite="AMD: pages become shared in the RMP; TF-RMM: granules are freed")

# --- What they let through --------------------------------------------------------------------------------------------
_MINE.rule(
    e.dma,
    checks=[Check("DMA gate open", _dma[t], "BLOCKED", "M16; COV 05")],
    binds=ROOT_COMPLEX,
    cite="M16: the IOMMU blocks until the guest validates",
)
_MINE.rule(
    e.mmio,
    checks=[Check("MMIO gate open", _mmio[t], "FAULT", "M16")],
    binds=ROOT_COMPLEX,
    cite="M16: the RMP blocks until the guest validates",
)
