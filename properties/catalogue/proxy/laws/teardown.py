"""Laws of giving up, taking back and disconnecting."""

from __future__ import annotations

from .....model.language import FALSE, Check, after, conj, implies, ite, neg
from .....model.language.mutate import AddCheck, DropUpdate, SwapValue
from .....model.world.choices.proxy import (
    failed_exchange,
    force_reclaim,
    gate_close,
    lock_source,
    stop_failure,
)
from .....model.world.proxy import events as e
from .....model.world.proxy.state import Device
from .....model.world.vocabulary import t
from ....property import Property
from ....steps import occurs, unchanged
from ...law import possible, step_law
from .terms import (
    EXCHANGE,
    GATES,
    GUEST,
    MESSAGE,
    all_but,
    answer,
    asked,
    bound,
    consent,
    dma,
    fresh,
    gone,
    idle,
    kind,
    lock,
    mmio,
    nonce,
    queue,
    returns,
    sent,
    stage,
    state,
    view,
    waiting,
    waits,
)

_shut_and_gone = neg(after(dma)) & neg(after(mmio)) & neg(after(bound))
_queue_emptied = (after(queue) == "AVAILABLE") & (after(waits) == "none") & (after(nonce) == "none")
_given_up = ite(
    sent, (after(stage) == "late") & unchanged(kind), (after(stage) == "void") & (after(kind) == "none")
) & (after(answer) == "none")  # fmt: skip
_CAN_TAKE_BACK = conj(
    bound,
    (view == "CONFIG_UNLOCKED") | force_reclaim,
    neg(waiting) | force_reclaim,
    implies(gate_close == "apart", neg(dma | mmio)),
)

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "a-request-given-up-is-out-of-the-tsms-hands",
        "The TSM gives up a request only while it waits. The host may still have it, or the session is out of step; the record is ERROR, "
        "unlocked or unchanged, as the flow has it; and the guest's call returns with an error.",
        occurs(e.abort, t=t),
        waiting
        & (failed_exchange != "waits")
        & _given_up
        & returns
        & ite(
            (kind == "STOP") & (stop_failure == "ignored"),
            fresh & (after(bound) == (bound & (lock_source != "unbound"))),
            unchanged(bound, lock, consent)
            & ite((failed_exchange == "error") & bound, after(view) == "ERROR", unchanged(view)),
        )
        & conj(
            *(
                after(g) == (g & neg((kind == "STOP") & (stop_failure == "ignored") & (gate_close == "after_stop")))
                for g in GATES
            )
        )
        & unchanged(state, asked, nonce, *MESSAGE, *GUEST),
        (t,), "TSM", "TF-RMM VDEV_ABORT, dev_tdisp_stop_main; DSP0277: the session is out of step",
        DropUpdate("tsm", "abort", "tsm.view"), flow="arm-cca",
    ),
    possible(
        "a-request-can-be-given-up",
        "A TSM that does not wait for ever can give up a request on its way or an answer that it cannot read.",
        occurs(e.abort, t=t), (failed_exchange != "waits") & waiting,
        (t,), "TSM", "P63 §11.2.3: the time-out; TF-RMM VDEV_ABORT",
        SwapValue("exchange", "abort", stage, "answered", "late"), protects="host",
    ),
    step_law(
        "what-is-taken-back-is-out-of-the-guests-reach",
        "A TDI is taken back only when bound and, unless the host may force it, unlocked on record with nothing outstanding; the "
        "binding, gates, nonce, consent and queue are gone, and an outstanding request is given up.",
        occurs(e.take_back, t=t),
        _CAN_TAKE_BACK
        & _shut_and_gone
        & fresh
        & _queue_emptied
        & ite(waiting, _given_up, unchanged(*EXCHANGE))
        & unchanged(state, asked, *MESSAGE, *GUEST),
        (t,), "TSM", "TDH.DEVIF.REMOVE, TDH.MMIO.UNMAP; TF-RMM VDEV_DESTROY; AMD TDI_RECLAIM",
        DropUpdate("tsm", "take_back", "tsm.lock"),
    ),
    possible(
        "a-stopped-tdi-can-be-taken-back",
        "The host can have a bound TDI back that is unlocked on record, with nothing outstanding and its gates shut where they shut apart.",
        occurs(e.take_back, t=t), _CAN_TAKE_BACK,
        (t,), "TSM", "COV 09 reclaim; TDH.DEVIF.REMOVE; TF-RMM VDEV_DESTROY",
        SwapValue("tsm", "take_back", view, "CONFIG_UNLOCKED", "CONFIG_LOCKED"), flow="arm-cca", protects="host",
    ),
    step_law(
        "a-disconnect-leaves-nothing-of-the-tsms",
        "A disconnect of a device that the TSM has to do with takes a locked TDI to ERROR, and leaves no binding, gate, nonce, consent, request "
        "or answer.",
        occurs(e.disconnect, t=t),
        (bound | neg(idle))
        & _shut_and_gone
        & fresh
        & _queue_emptied
        & gone
        & ite(Device.locked(), after(state) == "ERROR", unchanged(state))
        & unchanged(asked, *MESSAGE, *GUEST),
        (t,), "TSM", "TDX IDE.STREAM.BLOCK, TDH.DEVIF.REMOVE; AMD DEV_DISCONNECT; COV 09 disconnect_device; P63 §11.4.5",
        DropUpdate("tsm", "disconnect", "tsm.consent"), flow="tdx-connect",
    ),
    possible(
        "a-disconnect-is-always-possible",
        "The host can have a device disconnected whose TDI is bound or whose session is in use or out of step.",
        occurs(e.disconnect, t=t), bound | neg(idle),
        (t,), "TSM", "COV 09 disconnect_device; AMD DEV_DISCONNECT with FORCE",
        SwapValue("tsm", "disconnect", stage, "idle", "void"), protects="host",
    ),
    possible(
        "gates-can-be-shut-apart",
        "Where the gates shut by calls of the host's own, it can shut open gates of a bound TDI in any state of it.",
        occurs(e.close_gates, t=t), (gate_close == "apart") & bound & (dma | mmio),
        (t,), "TSM", "TDH.MMIO.BLOCK, TDH.DMAR.BLOCK: in any state of the TDI",
        AddCheck("tsm", "close_gates", Check("never", FALSE)), flow="tdx-connect", protects="host",
    ),
    step_law(
        "shutting-gates-shuts-gates-only",
        "A call to shut the gates finds one open, shuts both and does nothing else.",
        occurs(e.close_gates, t=t), (dma | mmio) & neg(after(dma) | after(mmio)) & all_but(*GATES),
        (t,), "TSM", "TDH.MMIO.BLOCK, TDH.DMAR.BLOCK", DropUpdate("gate", "close_gates", "gate.mmio"), flow="tdx-connect",
    ),
)  # fmt: skip
