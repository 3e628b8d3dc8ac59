"""Laws of the TSM: for whom it asks what of a TDI, what it keeps on record, and what it says when it refuses."""

from __future__ import annotations

from .....model.language import after, exists, forall, implies, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, LeakyRefusal, SwapValue
from .....model.world.choices.lifecycle import (
    disconnect_bound,
    dma_gate_needs,
    guest_stop,
    mmio_gate_needs,
    p2p,
    run_by,
    tsm_consent,
)
from .....model.world.lifecycle import events as e
from .....model.world.lifecycle.state import Device, Gate, Guest, Tsm
from .....model.world.vocabulary import LOCKED_STATES, d, device_of, t, v
from ....formulas import Never, Sometimes
from ....property import Property
from ....steps import REFUSED, occurs, unchanged
from ...law import invariant, law, step_law, told
from .terms import OF_TSM, state, stream

_GUEST_CALLS = tuple(
    occurs(x, t=t, v=v) for x in (e.tdi_info, e.tdi_validate, e.start_interface, e.sdte_write, e.mmio_validate, e.tdi_stop)
)
_REFUSABLE = (
    e.device_connect, e.device_disconnect, e.tdi_bind, e.tdi_bind_run, e.tdi_unbind, e.bind_p2p, e.get_state, e.tdi_info,
    e.tdi_accept, e.tdi_validate, e.start_interface, e.sdte_write, e.mmio_validate, e.tdi_stop, e.host_lock, e.host_start,
    e.host_stop, e.host_key_prog,
)  # fmt: skip

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "the-tsm-asks-only-in-its-session",
        "The TSM locks, starts, asks and reads only while its session with the device lives.",
        OF_TSM, Device.tsm_session[stream],
        (t,), "TSM", "P63 §11.2.2; COV 09", DropCondition("tsm", "get_state", 0),
    ),
    invariant(
        "an-unbound-tdi-has-an-empty-record",
        "Of a TDI that is not bound the TSM keeps no state, no nonce and no consent.",
        implies(
            Tsm.bound[t] == "none", (Tsm.view[t] == "CONFIG_UNLOCKED") & (Tsm.nonce[t] == "none") & neg(Tsm.consent[t])
        ),
        (t,), "TSM", "COV 09 unbind_interface; TF-RMM: digests and nonces survive in it", Tsm.bound[t] != "none",
        DropUpdate("tsm", "tdi_unbind", "tsm.nonce"),
    ),
    step_law(
        "unbinding-unbinds",
        "After unbind a TDI is bound to nobody, and after disconnect no TDI of the device is bound.",
        (occurs(e.tdi_unbind, t=t), occurs(e.device_disconnect, where=device_of(t) == d)), after(Tsm.bound[t]) == "none",
        (t,), "TSM", "COV 09; Linux TSM core: unbind_all", DropUpdate("tsm", "tdi_unbind", "tsm.bound"),
        witness=occurs(e.tdi_unbind, t=t),
    ),
    step_law(
        "disconnect-only-a-connected-device",
        "The TSM disconnects only a device that is connected; where it refuses to do so with TDIs bound, none is.",
        occurs(e.device_disconnect, d=d),
        Tsm.connected[d]
        & neg(after(Tsm.connected[d]))
        & implies(disconnect_bound == "reject", forall(t, (device_of(t) == d).implies(Tsm.bound[t] == "none"))),
        (d,), "TSM", "COV 07, COV 09 disconnect_device", DropCheck("tsm_link", "device_disconnect", "no TDI bound"),
        flow="tdx-connect",
    ),
    step_law(
        "the-tsm-speaks-only-for-bound-tdis",
        "The TSM starts, asks or binds a stream for bound TDIs only, and only in the state that its record must have.",
        (occurs(e.tdi_bind_run, t=t), occurs(e.bind_p2p, t=t), occurs(e.get_state, t=t)), Tsm.bound[t] != "none",
        (t,), "TSM", "M13; COV 09", DropCheck("tsm", "get_state", "bound"), witness=occurs(e.get_state, t=t),
    ),
    step_law(
        "the-tsm-serves-only-the-tvm-that-has-the-tdi",
        "What a guest asks of the TSM about a TDI is granted only to the TVM to which the TDI is bound.",
        _GUEST_CALLS, Tsm.bound[t] == v,
        (t, v), "TSM", "AMD: TDI_UNBOUND, NOT_ASSIGNED; COV 09", DropCheck("tsm", "sdte_write", "bound to the caller"),
        witness=occurs(e.tdi_info, t=t, v=v), flow="sev-tio-guest-run",
    ),
    step_law(
        "start-is-sent-only-for-a-lock-on-record",
        "The TSM sends START_INTERFACE only when its record says CONFIG_LOCKED, keeps no nonce afterwards, and never for the host "
        "where only guests start interfaces.",
        (occurs(e.tdi_bind_run, t=t), occurs(e.start_interface, t=t)),
        (Tsm.view[t] == "CONFIG_LOCKED") & (after(Tsm.view[t]) == "RUN") & (after(Tsm.nonce[t]) == "none"),
        (t,), "TSM", "AMD: TDI_STATUS is LOCKED; COV 09 start_interface", DropUpdate("tsm", "tdi_bind_run", "tsm.nonce"),
        witness=occurs(e.tdi_bind_run, t=t),
    ),
    law(
        "only-guests-start-where-guests-start",
        "Where only a guest's call starts an interface, the TSM starts none for the host.",
        Never(occurs(e.tdi_bind_run, t=t, where=run_by == "guest_call")),
        (t,), "TSM", "COV 09: only the guest's call starts an interface", occurs(e.start_interface, t=t),
        DropCheck("tsm", "tdi_bind_run", "served to the host"), DropCheck("tsm", "tdi_bind_run", "consent"), flow="cove-io",
    ),
    invariant(
        "the-nonce-is-kept-only-for-a-lock",
        "The TSM keeps a nonce only while its record says CONFIG_LOCKED.",
        implies(Tsm.nonce[t] == "current", Tsm.bound[t] != "none") & implies(Tsm.view[t] == "RUN", Tsm.nonce[t] == "none"),
        (t,), "TSM", "2023 TDX module sources: nonce wiped at START and STOP", Tsm.nonce[t] == "current",
        DropUpdate("tsm", "tdi_bind_run", "tsm.nonce"),
    ),
    step_law(
        "asking-refreshes-the-record",
        "After the TSM has asked for a TDI's state, its record is what the device said; after a bind it is CONFIG_LOCKED.",
        (occurs(e.get_state, t=t), occurs(e.tdi_bind, t=t)), after(Tsm.view[t]) == after(state),
        (t,), "TSM", "P63 §11.3.12", DropUpdate("tsm", "get_state", "tsm.view"), witness=occurs(e.get_state, t=t),
    ),
    invariant(
        "consent-is-of-a-standing-acceptance",
        "The TSM holds a TVM's consent only while that TVM's acceptance stands.",
        implies(Tsm.consent[t], exists(v, (Tsm.bound[t] == v) & (Guest.accepted[v, t] != "none"))),
        (t,), "TSM", "M17; COV 09", Tsm.consent[t], DropUpdate("tsm", "tdi_revoke", "tsm.consent"), flow="sev-tio-guest-run",
        tsm_consent=True,
    ),
    law(
        "gates-open-only-in-the-state-on-record",
        "The TSM opens a gate only while its record of the TDI says what the flow asks for.",
        Never(
            (
                occurs(e.sdte_write, t=t, where=(dma_gate_needs == "run") & (Tsm.view[t] != "RUN")),
                occurs(e.mmio_validate, t=t, where=(mmio_gate_needs == "locked") & neg(Tsm.view[t].in_(*LOCKED_STATES))),
            )
        ),
        (t,), "TSM", "RMM RSI_VDEV_DMA_ENABLE, RSI_VDEV_VALIDATE_MAPPING", occurs(e.tdi_bind, t=t),
        DropCheck("tsm", "sdte_write", "locked or running"), flow="arm-cca",
    ),
    step_law(
        "peer-to-peer-only-where-allowed",
        "The TSM binds a peer-to-peer stream only where the flow allows it, for a TDI that its record says is running.",
        occurs(e.bind_p2p, t=t), p2p & (Tsm.view[t] == "RUN"),
        (t,), "TSM", "P63 §11.3.18; TDX sets no P2P", DropCheck("tsm", "bind_p2p", "running"),
        DropCheck("tdi", "bind_p2p", "state"), p2p=True,
    ),
    step_law(
        "a-refusal-changes-no-record",
        "A request that is refused leaves sessions and the records of TSM and guests as they were.",
        tuple(occurs(x, reply=REFUSED) for x in _REFUSABLE),
        unchanged(
            Device.tsm_session[stream], Device.host_session[stream], Tsm.connected[stream], Tsm.bound[t], Tsm.view[t], Tsm.nonce[t],
            Tsm.consent[t], Gate.dma[t], Gate.mmio[t],
        ),
        (t,), "TSM", "P63 §11.3.25 TDISP_ERROR; COV 09", LeakyRefusal("tsm", "tdi_bind"),
    ),
    step_law(
        "a-lock-of-the-hosts-makes-the-tsms-nonce-old",
        "Once the host has locked a TDI itself, the TSM holds no nonce of that lock.",
        occurs(e.host_lock, t=t), after(Tsm.nonce[t]) != "current",
        (t,), "TSM", "P63 §11.3.9: a nonce for each lock", DropUpdate("tsm", "host_lock", "tsm.nonce"),
    ),
    step_law(
        "a-guests-start-is-its-consent",
        "Where the TSM asks for consent, a TVM that has the TDI started itself has given it.",
        occurs(e.start_interface, t=t, v=v), implies(tsm_consent, after(Tsm.consent[t])),
        (t, v), "TSM", "M17; COV 09 COVG start_interface", DropUpdate("tsm", "start_interface", "tsm.consent"),
        flow="cove-io", tsm_consent=True,
    ),
    step_law(
        "a-guests-stop-unbinds-where-it-is-to",
        "Where the guest's stop unbinds, the TDI is bound to nobody after it.",
        occurs(e.tdi_stop, t=t), implies(guest_stop == "unbind", after(Tsm.bound[t]) == "none"),
        (t,), "TSM", "COV 09 COVG stop_interface", DropUpdate("tsm", "tdi_stop", "tsm.bound"), flow="cove-io",
    ),
    law(
        "gates-open-as-early-as-the-flow-lets-them",
        "Where a gate needs no more than a lock, a guest can have it opened before the TDI is started.",
        Sometimes((occurs(e.sdte_write, t=t, where=Tsm.view[t] == "CONFIG_LOCKED"), occurs(e.tdi_validate, t=t, where=Tsm.view[t] == "CONFIG_LOCKED"))),
        (t,), "TSM", "TDX TDG.DMAR.ACCEPT; M1 tdi_validate", occurs(e.sdte_write, t=t),
        SwapValue("tsm", "sdte_write", Tsm.view[t], "CONFIG_LOCKED", "RUN"), flow="tdx-connect",
    ),
    law(
        "mmio-opens-as-early-as-the-flow-lets-it",
        "Where private MMIO needs no more than a lock, a guest can have it mapped before the TDI is started.",
        Sometimes((occurs(e.mmio_validate, t=t, where=Tsm.view[t] == "CONFIG_LOCKED"), occurs(e.tdi_validate, t=t, where=Tsm.view[t] == "CONFIG_LOCKED"))),
        (t,), "TSM", "RMM RSI_VDEV_VALIDATE_MAPPING", occurs(e.mmio_validate, t=t),
        SwapValue("tsm", "mmio_validate", Tsm.view[t], "CONFIG_LOCKED", "RUN"), flow="arm-cca",
    ),
    told(
        e.tdi_bind_run, "NOT_BOUND", "A host that asks to run a TDI that is not bound is told so.",
        (t,), "TSM", "AMD TDI_BIND: TDI_UNBOUND; COV 09", DropCheck("tsm", "tdi_bind_run", "bound"),
    ),
    told(
        e.tdi_bind_run, "BAD_STATE", "A host that asks to run a TDI that the TSM has not on record as locked is told so.",
        (t,), "TSM", "AMD host driver: TDI_STATUS is LOCKED", DropCheck("tsm", "tdi_bind_run", "locked"),
    ),
    told(
        e.bind_p2p, "NOT_BOUND", "A host that asks for a peer-to-peer stream of a TDI that is not bound is told so.",
        (t,), "TSM", "AMD TDI_BIND flag BIND_P2P", DropCheck("tsm", "bind_p2p", "bound"),
    ),
    told(
        e.bind_p2p, "BAD_STATE", "A host that asks for a peer-to-peer stream of a TDI that is not on record as running is told so.",
        (t,), "TSM", "P63 §11.3.18", DropCheck("tsm", "bind_p2p", "running"),
    ),
    told(
        e.start_interface, "NOT_BOUND", "A TVM that asks to start a TDI that is not bound to it is told so.",
        (t, v), "TSM", "COV 09 COVG start_interface", DropCheck("tsm", "start_interface", "bound to the caller"),
        flow="cove-io", protects="guest",
    ),
    told(
        e.start_interface, "ALREADY_STARTED", "A TVM that asks to start a TDI that is not on record as locked is told so.",
        (t, v), "TSM", "COV 09 COVG start_interface", DropCheck("tsm", "start_interface", "locked"), flow="cove-io", protects="guest",
    ),
)  # fmt: skip
