"""The central argument: what may happen before the guest has accepted the TDI."""

from __future__ import annotations

from ....model.language import after, exists, implies
from ....model.language.mutate import DropCheck, DropUpdate, SetUpdate
from ....model.world.lifecycle import events as e
from ....model.world.lifecycle.state import Gate, Guest, Tdi, Tsm
from ....model.world.vocabulary import t, v
from ...formulas import Invariant, Never
from ...property import Kill, Property, Witness
from ...steps import becomes, occurs
from ..promise import only_after, only_if
from .observations import (
    ACCEPT,
    ANY_EPOCH,
    DMA_REACHES_TVM,
    EMITS_TBIT,
    HOST_EPOCH,
    MMIO_REACHES_TDI,
    TBIT_TAKES_EFFECT,
    TSM_EPOCH,
)

_RUN = becomes(Tdi.state[t] == "RUN")
# A gate is open in an epoch because it was opened in it, or because the lock found it open.
_DMA_GATE_OPEN = (becomes(Gate.dma[t] != "none"), occurs(e.tdi_bind, t=t, where=after(Gate.dma[t] != "none")))
_MMIO_GATE_OPEN = (becomes(Gate.mmio[t] != "none"), occurs(e.tdi_bind, t=t, where=after(Gate.mmio[t] != "none")))
_WITHOUT_CONSENT = DropCheck("tsm", "tdi_bind_run", "consent")
_CONSENT_FLOW = {"tsm_consent": True}

PROPERTIES = (
    only_after(
        "no-tbit-dma-emitted-before-accept",
        "In a lock epoch that the TSM began, the device sends no T=1 memory request before the guest has accepted "
        "the TDI in that epoch.",
        EMITS_TBIT, ACCEPT, TSM_EPOCH, over=(t,), protects="guest", cite="M15, M17, M19, M20 against M16, M18",
        if_violated="The TDI can be in RUN and send T=1 requests that no guest has agreed to, so all that keeps them out is "
        "what stands between it and memory. Acceptance is then no condition of operation, only of the effect.",
        if_holds="No T=1 request leaves the TDI before the guest has accepted it. Whoever watches the link sees the guest's "
        "decision first and traffic after.",
        kill=Kill((_WITHOUT_CONSENT,), "sev-tio-guest-run", _CONSENT_FLOW),
    ),
    only_after(
        "no-tbit-dma-effective-before-accept",
        "No T=1 memory request of a TDI reaches private memory of a TVM, or a peer that a TVM has accepted, before the "
        "guest has accepted the TDI in the current lock epoch.",
        TBIT_TAKES_EFFECT, ACCEPT, ANY_EPOCH, over=(t,), protects="guest", cite="M16, M18 (except peer-to-peer)",
        if_violated="A device that the guest has not accepted in this epoch reads or writes what the guest relies on. "
        "The gates of the root complex were open for another epoch, or the request did not pass them at all.",
        if_holds="Whatever the TDI sends before acceptance stops at the gates of the root complex. RUN before acceptance "
        "then shows on the link, but changes nothing that a TVM can see.",
        kill=Kill((DropCheck("gate", "dma", "DMA gate open"),), "sev-tio-host-run"),
    ),
    only_after(
        "run-only-after-accept",
        "In a lock epoch that the TSM began, a TDI enters RUN only after the guest has accepted it in that epoch.",
        _RUN, ACCEPT, TSM_EPOCH, over=(t,), protects="guest", cite="M15, M17, M19, M20",
        if_violated="Somebody other than the guest decided that the TDI runs. From then on it takes and sends T=1 TLPs.",
        if_holds="Entering RUN is the guest's decision. A guest that never accepts never has a running TDI.",
        kill=Kill((_WITHOUT_CONSENT,), "sev-tio-guest-run", _CONSENT_FLOW),
    ),
    only_after(
        "dma-gate-opens-only-after-accept",
        "In a lock epoch that the TSM began, the DMA gate of a TDI is open only after the guest has accepted it in that epoch.",
        _DMA_GATE_OPEN, ACCEPT, TSM_EPOCH, over=(t,), protects="guest", cite="M16, M17; COV 05",
        if_violated="The gate is open in an epoch that the guest has not accepted. Its acceptance of an earlier epoch was spent on this one.",
        if_holds="An open DMA gate means that the guest accepted the TDI as it is locked now. An earlier acceptance opens nothing.",
        kill=Kill((DropUpdate("gate", "tdi_unbind", "gate.dma"),), "sev-tio-host-run"),
    ),
    only_after(
        "mmio-gate-opens-only-after-accept",
        "In a lock epoch that the TSM began, the MMIO gate of a TDI is open only after the guest has accepted it in that epoch.",
        _MMIO_GATE_OPEN, ACCEPT, TSM_EPOCH, over=(t,), protects="guest", cite="M16, M17; COV 05",
        if_violated="The guest's private MMIO reaches a TDI that it has not accepted in this epoch. What it writes there goes to an unknown configuration.",
        if_holds="Private MMIO reaches only a TDI that the guest accepted as it is locked now. An earlier acceptance opens nothing.",
        kill=Kill((DropUpdate("gate", "tdi_unbind", "gate.mmio"),), "sev-tio-host-run"),
    ),
    only_after(
        "no-private-mmio-before-accept",
        "No T=1 MMIO access reaches a TDI before the guest has accepted it in the current lock epoch.",
        MMIO_REACHES_TDI, ACCEPT, ANY_EPOCH, over=(t,), protects="guest", cite="M19; COV 05 T001",
        if_violated="The guest writes secrets into a TDI whose present lock it has not accepted. Its driver was bound in an earlier epoch.",
        if_holds="Every private access goes to the lock epoch that the guest accepted. A relock under a bound driver faults.",
        kill=Kill((DropCheck("gate", "mmio", "MMIO gate open"),), "sev-tio-host-run"),
    ),
    Property(
        id="gate-open-only-for-who-accepted",
        says="A gate of a TDI is open for a TVM only while that TVM's acceptance stands, whatever its epoch.",
        formula=Invariant(((Gate.dma[t] == v) | (Gate.mmio[t] == v)).implies(Guest.accepted[v, t] != "none")),
        over=(t, v),
        protects="guest",
        cite="M17: a rejection cannot be overridden",
        if_violated="A gate is open for a TVM that never accepted, or that took its acceptance back. The host has overridden the guest.",
        if_holds="A guest that rejects, or takes its acceptance back, has closed gates. Nobody opens them in its stead.",
        witness=Witness(Gate.dma[t] == v),
        kill=Kill((DropUpdate("gate", "tdi_revoke", "gate.dma"),), "sev-tio-host-run"),
    ),
    Property(
        id="no-tbit-dma-emitted-in-a-host-epoch",
        says="In a lock epoch that the host began over a session of its own, the device sends no T=1 memory request.",
        formula=Never(EMITS_TBIT, HOST_EPOCH),
        over=(t,),
        protects="guest",
        cite="P63 §11.3.8: the device does not authenticate its requester",
        if_violated="A host with an SPDM session of its own takes a TDI to RUN like a TSM would. The device cannot tell the two apart.",
        if_holds="The host cannot take a TDI to RUN behind the TSM's back. Only the TSM's sessions lead there.",
        witness=Witness(occurs(e.host_lock, t=t)),
    ),
    Property(
        id="no-private-dma-in-a-host-epoch",
        says="In a lock epoch that the host began over a session of its own, no T=1 memory request of the TDI reaches private "
        "memory of a TVM.",
        formula=Never(DMA_REACHES_TVM, HOST_EPOCH),
        over=(t,),
        protects="guest",
        cite="P63 §11.5; Arm RKZBHV",
        if_violated="A TDI that the host configured and started reaches a TVM's memory. The root complex took keys that the TSM did not set.",
        if_holds="A TDI that the host started by itself is shut out: its stream has not the TSM's keys. The gates, which may still be "
        "open from an earlier epoch, are not what stops it.",
        witness=Witness(EMITS_TBIT),
        kill=Kill((DropCheck("gate", "dma", "over the TSM's Secure stream"),), "sev-tio-host-run"),
    ),
    Property(
        id="run-means-open-gates",
        says="While a TDI that the TSM locked is in RUN, both its gates are open.",
        formula=Invariant(
            implies(
                (Tdi.state[t] == "RUN") & (Tdi.lock_session[t] == "tsm"), (Gate.dma[t] != "none") & (Gate.mmio[t] != "none")
            )
        ),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="M17: blocking a device that is in RUN should be an error case, not the nominal flow; against M16",
        if_violated="A TDI in RUN whose gates are shut is a state that the flow passes through by design. RUN alone then says nothing about the IO paths.",
        if_holds="RUN means that the IO paths work. A blocked TDI in RUN is an error and can be reported as one.",
        witness=Witness((Tdi.state[t] == "RUN") & (Tdi.lock_session[t] == "tsm")),
        kill=Kill((DropUpdate("gate", "start_interface", "gate.dma"),), "cove-io"),
    ),
    only_if(
        "tbit-dma-only-with-a-driver",
        "A TDI sends T=1 memory requests only while a driver of a guest has set it up.",
        EMITS_TBIT, exists(v, Guest.driver[v, t] == "private"), over=(t,), protects="guest", binds="device",
        cite="M18: a driver has to enable the device first; P63 §11.2.1 does not ask for one",
        if_violated="A TDI that nobody has programmed sends requests of its own accord, as RUN permits. That no driver is there yet protects nobody.",
        if_holds="In RUN a TDI is silent until a driver sets it up. RUN before acceptance is then quiet on the link as well.",
    ),
    only_if(
        "dma-gate-opens-only-in-run",
        "The DMA gate of a TDI opens only while the TDI is in RUN.",
        becomes(Gate.dma[t] != "none"), after(Tdi.state[t]) == "RUN", over=(t,), protects="guest", binds="TSM",
        cite="AMD SDTE_WRITE asks for BOUND, TDX TDG.DMAR.ACCEPT for locked or running, RMM RSI_VDEV_DMA_ENABLE for started",
        if_violated="The gate opens for a TDI that is not running, or not any more. What starts later finds it open.",
        if_holds="An open gate was opened for a running TDI. Nothing that is started later finds it open.",
        kill=Kill((SetUpdate("tdi", "start_interface", Tdi.state[t], "CONFIG_LOCKED"),), "cove-io"),
    ),
    only_if(
        "in-use-only-if-bound-and-accepted",
        "A T=1 memory request reaches a TVM's memory only if the host has bound the TDI to that TVM and the TVM's acceptance stands.",
        DMA_REACHES_TVM, exists(v, (Tsm.bound[t] == v) & (Guest.accepted[v, t] != "none") & (Gate.dma[t] == v)), over=(t,),
        protects="guest", binds="TSM", cite="M12, M19, M20: the host allocates, the guest accepts",
        if_violated="One of the two decisions is not needed. Either the host alone gives a device access, or a guest alone takes it.",
        if_holds="It takes both: a host that allocates the TDI and a guest that accepts it. Either can refuse.",
        kill=Kill((DropCheck("gate", "dma", "DMA gate open"),), "sev-tio-host-run"),
    ),
    Property(
        id="no-gate-opens-in-a-host-epoch",
        says="In a lock epoch that the host began over a session of its own, the TSM opens no gate of the TDI.",
        formula=Never((becomes(Gate.dma[t] != "none"), becomes(Gate.mmio[t] != "none")), HOST_EPOCH),
        over=(t,),
        protects="guest",
        binds="TSM",
        cite="AMD SDTE_WRITE: BOUND is enough; TDX bind session id and Arm nonces name the lock",
        if_violated="The TSM opens gates for a TDI that the host has locked meanwhile: its record has not been told. Only the stream keeps it out.",
        if_holds="Gates are opened for the TSM's own locks only. A lock that the host made finds no TSM to help it.",
        witness=Witness((becomes(Gate.dma[t] != "none"), becomes(Gate.mmio[t] != "none"))),
        kill=Kill((DropCheck("tsm", "sdte_write", "epoch"),), "tdx-connect"),
    ),
)  # fmt: skip
