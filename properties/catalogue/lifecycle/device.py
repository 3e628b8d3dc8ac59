"""What the device side of TDISP and IDE promises (P63 ch. 11 and §6.33)."""

from __future__ import annotations

from ....model.language import Check, after, implies, neg
from ....model.language.mutate import AddCheck, AddRule, DropCheck, DropUpdate, DropWhen, SetUpdate
from ....model.world.lifecycle import events as e
from ....model.world.lifecycle.state import Device, Stream, Tdi
from ....model.world.vocabulary import d, device_of, t
from ...formulas import AlwaysPossible, Invariant, Never, StepLaw
from ...property import Kill, Property, Witness
from ...steps import REFUSED, Step, becomes, occurs, unchanged
from ..promise import only_if
from .observations import EMITS_TBIT, MMIO_REACHES_TDI

_stream = device_of(t)
_STOP_REFUSED = tuple(occurs(event, t=t, reply="INVALID_INTERFACE_STATE") for event in (e.tdi_unbind, e.host_stop))
_STOP_IN_ERROR = tuple(occurs(event, t=t, where=Tdi.state[t] == "ERROR") for event in (e.tdi_unbind, e.host_stop))
_STUBBORN = AddCheck("tdi", "stop", Check("not in ERROR", Tdi.state[t] != "ERROR", "INVALID_INTERFACE_STATE"))
_ANY_REFUSAL = Step(None, {}, REFUSED)


PROPERTIES = (
    only_if(
        "tbit-dma-only-in-run",
        "A TDI sends T=1 memory requests only in RUN.",
        EMITS_TBIT, Tdi.state[t] == "RUN", over=(t,), protects="guest", cite="P63 §11.2.1",
        kill=Kill((DropCheck("tdi", "dma", "T=1 only in RUN, over a Secure stream"),), "sev-tio-host-run"),
    ),
    only_if(
        "private-mmio-only-in-run",
        "A TDI takes T=1 MMIO accesses only in RUN.",
        MMIO_REACHES_TDI, Tdi.state[t] == "RUN", over=(t,), protects="guest", cite="P63 §11.2, §11.2.1",
        kill=Kill((DropCheck("tdi", "mmio", "state"),), "sev-tio-host-run"),
    ),
    only_if(
        "untrusted-mmio-only-unlocked",
        "A TDI takes T=0 MMIO accesses to its TEE memory only in CONFIG_UNLOCKED.",
        occurs(e.mmio_untrusted, t=t), Tdi.state[t] == "CONFIG_UNLOCKED", over=(t,), protects="guest",
        cite="P63 §11.2.1; COV 05 T001",
        kill=Kill((DropCheck("tdi", "mmio_untrusted", "state"),), "sev-tio-host-run"),
    ),
    Property(
        id="nonce-only-while-locked",
        says="A START_INTERFACE nonce is valid only in CONFIG_LOCKED.",
        formula=Invariant(implies(Tdi.nonce[t], Tdi.state[t] == "CONFIG_LOCKED")),
        over=(t,),
        protects="guest",
        cite="P63 §11.3.9, §11.3.14",
        witness=Witness(Tdi.nonce[t]),
        kill=Kill((DropUpdate("tdi", "tdi_bind_run", "tdi.nonce"),), "sev-tio-host-run"),
    ),
    only_if(
        "run-spends-the-nonce-of-its-lock",
        "A TDI enters RUN only from CONFIG_LOCKED, and only by spending the nonce of that very lock.",
        becomes(Tdi.state[t] == "RUN"), (Tdi.state[t] == "CONFIG_LOCKED") & Tdi.nonce[t] & neg(after(Tdi.nonce[t])),
        over=(t,), protects="guest", cite="P63 §11.3.14, §11.6.3",
        kill=Kill((SetUpdate("tdi", "tdi_bind", Tdi.state[t], "RUN"),), "sev-tio-host-run"),
    ),
    Property(
        id="lock-needs-its-keying-session",
        says="While a TDI is locked, the SPDM session over which it was locked lives, and the keys of its stream are of that session.",
        formula=Invariant(
            implies(
                Tdi.locked(),
                (Stream.key_session[_stream] == Tdi.lock_session[t])
                & implies(Tdi.lock_session[t] == "tsm", Device.tsm_session[_stream])
                & implies(Tdi.lock_session[t] == "host", Device.host_session[_stream])
                & (Tdi.lock_session[t] != "none"),
            )
        ),
        over=(t,),
        protects="guest",
        cite="P63 §11.3.8, §11.4.5",
        witness=Witness(Tdi.locked()),
        kill=Kill((DropUpdate("tdi", "get_version", "tdi.state"),), "sev-tio-host-run"),
    ),
    Property(
        id="run-needs-a-secure-stream",
        says="A TDI that the TSM locked is in RUN only while its IDE stream is Secure, with keys of the session over which it was locked.",
        formula=Invariant(
            implies(
                (Tdi.state[t] == "RUN") & (Tdi.lock_session[t] == "tsm"),
                (Stream.state[_stream] == "SECURE") & (Stream.key_session[_stream] == Tdi.lock_session[t]),
            )
        ),
        over=(t,),
        protects="guest",
        cite="P63 §6.33.1 against §11.3.8: programmed keys are enough for LOCK_INTERFACE, and START_INTERFACE asks for nothing",
        if_violated="A TDI runs whose stream was never enabled. It can send nothing over it, but RUN no longer tells that the link is protected.",
        if_holds="RUN implies a protected link. Whoever sees RUN need not ask for the stream's state.",
        witness=Witness((Tdi.state[t] == "RUN") & (Tdi.lock_session[t] == "tsm")),
        kill=Kill((DropCheck("tsm", "tdi_bind", "secure stream"),), "cove-io"),
    ),
    Property(
        id="stream-loss-ends-the-lock",
        says="A TDI is not locked while its IDE stream is Insecure after having been lost.",
        formula=Invariant(implies(Tdi.locked(), Stream.state[_stream] != "INSECURE")),
        over=(t,),
        protects="guest",
        cite="P63 §11.4.5",
        witness=Witness(Stream.state[_stream] == "INSECURE"),
        kill=Kill((DropUpdate("tdi", "ide_fail", "tdi.state"),), "sev-tio-host-run"),
    ),
    Property(
        id="stop-is-never-refused",
        says="The device refuses STOP_INTERFACE in no state.",
        formula=Never(_STOP_REFUSED),
        over=(t,),
        protects="guest",
        cite="P63 §11.3.16, Table 11-3",
        witness=Witness(_STOP_IN_ERROR),
        kill=Kill((_STUBBORN,), "sev-tio-host-run"),
    ),
    Property(
        id="error-replies-change-nothing",
        says="A request that is refused leaves the TDI and its stream as they were.",
        formula=StepLaw(
            _ANY_REFUSAL,
            unchanged(
                Tdi.state[t],
                Tdi.lock_session[t],
                Tdi.nonce[t],
                Tdi.p2p[t],
                Stream.state[_stream],
                Stream.key_session[_stream],
            ),
        ),
        over=(t,),
        protects="guest",
        cite="P63 §11.3.22, §11.3.24; TDISP conformance tests 3.x, 4.x, 6.x",
        witness=Witness(occurs(e.tdi_bind_run, t=t, reply=REFUSED)),
        kill=Kill(
            (AddRule("tdi", e.tdi_bind_run, Tdi.state[t], "CONFIG_UNLOCKED", "INVALID_INTERFACE_STATE"),), "sev-tio-host-run"
        ),
    ),
    Property(
        id="tsms-keys-unknown-to-host",
        says="The host never knows IDE keys that the TSM programmed.",
        formula=Invariant(implies(Stream.key_session[d] == "tsm", neg(Stream.known_to_host[d]))),
        over=(d,),
        protects="guest",
        cite="M1: the host OS does not get to know the IDE keys",
        witness=Witness(Stream.key_session[d] == "tsm"),
        kill=Kill((SetUpdate("stream", "device_connect", Stream.known_to_host[d], True),), "sev-tio-host-run"),
    ),
    Property(
        id="ide-alone-never-moves-a-tdi",
        says="Setting up a session and an IDE stream takes no TDI out of its state, except into ERROR.",
        formula=StepLaw(
            tuple(occurs(event) for event in (e.device_connect, e.host_connect, e.host_key_prog, e.ide_enable)),
            (after(Tdi.state[t]) == Tdi.state[t]) | (after(Tdi.state[t]) == "ERROR"),
        ),
        over=(t,),
        protects="host",
        cite="M13: without a bind there should be no TDISP action",
        witness=Witness(occurs(e.ide_enable)),
        kill=Kill((AddRule("tdi", e.ide_enable, Tdi.state["tdi0"], "CONFIG_LOCKED"),), "sev-tio-host-run"),
    ),
    Property(
        id="unlock-is-always-possible",
        says="Whatever has happened, the device can be brought back: a conventional reset is always possible, and unlocks every TDI.",
        formula=AlwaysPossible(occurs(e.conventional_reset, where=after(Tdi.state[t]) == "CONFIG_UNLOCKED")),
        over=(t,),
        protects="host",
        cite="P63 §11.4.8",
        witness=Witness(Tdi.state[t] == "ERROR"),
        kill=Kill((DropUpdate("tdi", "conventional_reset", "tdi.state"),), "sev-tio-host-run"),
    ),
    only_if(
        "tbit-dma-only-over-a-secure-stream",
        "A TDI sends T=1 memory requests only over an IDE stream that is Secure.",
        EMITS_TBIT, Stream.state[_stream] == "SECURE", over=(t,), protects="guest", binds="device",
        cite="P63 §11.2.1, §6.33.8",
        kill=Kill((DropCheck("tdi", "dma", "T=1 only in RUN, over a Secure stream"),), "sev-tio-host-run"),
    ),
    Property(
        id="no-lock-outside-a-session",
        says="A TDI enters CONFIG_LOCKED or RUN only while an SPDM session with the device lives.",
        formula=StepLaw(
            (becomes(Tdi.state[t] == "CONFIG_LOCKED"), becomes(Tdi.state[t] == "RUN")),
            Device.tsm_session[_stream] | Device.host_session[_stream],
        ),
        over=(t,),
        protects="guest",
        binds="device",
        cite="P63 §11.2.2: TDISP outside a secure session is not used",
        witness=Witness(becomes(Tdi.state[t] == "RUN")),
        kill=Kill(
            (
                DropWhen("tdi", "host_lock"),
                DropCheck("tdi", "host_lock", "keys"),
                DropCheck("tdi", "host_lock", "keying session"),
            ),
            "sev-tio-host-run",
        ),
    ),
)  # fmt: skip
