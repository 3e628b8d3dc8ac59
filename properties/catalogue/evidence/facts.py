"""Each check of the guest: when it accepts, what it checks for is so."""

from __future__ import annotations

from ....model.language import after
from ....model.language.mutate import DropCheck
from ....model.world.evidence import events as e
from ....model.world.evidence.state import Gate, Guest, Tdi
from ....model.world.vocabulary import t
from ...formulas import Never
from ...property import Kill, Property, Witness
from ...steps import becomes, occurs
from ..promise import only_after, only_if
from .observations import ACCEPT, EPOCH_BOUND, INFO, PRIVATE_USE, THIS_EPOCH, UNVERIFIED, VERIFY

_UPDATE_IN_USE = occurs(e.firmware_update, t=t, where=Tdi.locked() & (Guest.accepted[t] == "current"))

PROPERTIES = (
    only_if(
        "accepts-only-while-locked",
        "A guest accepts a TDI only while the TDI is locked.",
        ACCEPT, Tdi.locked(), over=(t,), protects="guest", binds="guest",
        cite="COV 05: it must not accept in any other state; M1, M15",
        if_violated="The guest decides about a TDI whose configuration anybody may still change. It took the host's word for the state.",
        if_holds="What the guest accepts stands still. The state that it goes by comes from the TSM.",
        kill=Kill((DropCheck("guest", "tdi_accept", "state is locked"),), "arm-cca"),
    ),
    only_after(
        "runs-only-after-evidence-was-read",
        "In each lock epoch, a TDI enters RUN only after its guest has read evidence in that epoch.",
        becomes(Tdi.state[t] == "RUN"), INFO, THIS_EPOCH, over=(t,), protects="guest", binds="TSM",
        cite="M1, M15, M20: LOCKED and RUN are both steps that the guest sees",
        if_violated="The TDI runs before the guest has seen it locked. There is no moment at which it could have said no.",
        if_holds="Between LOCKED and RUN the guest has its turn. It has read what it is about to trust.",
        kill=Kill((DropCheck("tsm", "tdi_run", "consent"),), "tdx-connect"),
    ),
    only_if(
        "accepted-device-is-genuine",
        "A guest accepts a TDI only of a device whose certificate chain its own roots vouch for.",
        ACCEPT, Tdi.wrong[t] != "fake", over=(t,), protects="guest", binds="guest",
        cite="M4: blindly trust?; M14: the TSM does not judge certificates",
        if_violated="A counterfeit gets private DMA. The TSM made its session with whoever answered, and nobody else looked.",
        if_holds="A device that no known maker vouches for is never accepted. The TSM needs no roots for that.",
        kill=Kill((UNVERIFIED,), "arm-cca"),
    ),
    only_if(
        "accepted-device-is-the-promised-one",
        "A guest accepts only the device and the TDI that it was promised.",
        ACCEPT, Tdi.wrong[t] != "identity", over=(t,), protects="guest", binds="guest",
        cite="AMD guest_device_id; TDX requester id; COV 05 T005, T007",
        if_violated="The host gave the guest another genuine device, or another function of it. Its owner or its data are somebody else's.",
        if_holds="Swapping devices or functions is noticed. A genuine certificate alone is not enough.",
        kill=Kill((UNVERIFIED,), "arm-cca"),
    ),
    only_if(
        "accepted-lock-flags-are-those-wanted",
        "A guest accepts a TDI only when it was locked with the flags that the guest wants.",
        ACCEPT, Tdi.wrong[t] != "flags", over=(t,), protects="guest", binds="guest",
        cite="P63 §11.3.8; COV 08; AMD TDI_BIND flags",
        if_violated="Firmware may be updated, the MSI-X table rewritten or peers addressed while the guest relies on the TDI. The host chose so when it locked.",
        if_holds="The guest knows what the lock keeps out. A lock with other flags is rejected.",
        kill=Kill((UNVERIFIED,), "cove-io", EPOCH_BOUND),
    ),
    only_if(
        "accepted-link-is-the-one-wanted",
        "A guest accepts a TDI only on an IDE stream, and over a session, with the properties that the guest wants.",
        ACCEPT, Tdi.wrong[t] != "link", over=(t,), protects="guest", binds="guest",
        cite="COV 05, COV 09 COVG get_device_link; P63 Table 11-15: the report names no stream",
        if_violated="The link is not protected as the guest believes, or the session outlives a firmware update. The guest has nobody to ask but the host.",
        if_holds="The stream and the session are known from the TSM. A link of another kind is rejected.",
        kill=Kill((UNVERIFIED,), "cove-io", EPOCH_BOUND),
    ),
    only_if(
        "configuration-before-the-lock-is-attested",
        "A guest accepts a TDI only when the configuration that was made before the lock is one that it wants.",
        ACCEPT, Tdi.wrong[t] != "config", over=(t,), protects="guest", binds="device",
        cite="M7; COV 05, threat of pre-configuration; P63 Table 11-15",
        if_violated="What the host wrote into the device before the lock is frozen in by the lock, and no evidence tells of it. The device is genuine, measured, and set against the guest.",
        if_holds="The report covers what can be configured, and the guest compares it. A trap laid before the lock is found.",
        kill=Kill((UNVERIFIED,), "cove-io", {**EPOCH_BOUND, "config_reported": True}),
    ),
    only_if(
        "firmware-that-runs-is-the-one-measured",
        "When a guest accepts a TDI, the device runs the firmware that its verifier approved.",
        ACCEPT, ~Tdi.patched[t], over=(t,), protects="guest", binds="device", cite="M4; P63 §11.4.2; DSP0274 MEAS_FRESH_CAP",
        if_violated="The firmware was replaced after it was measured, or the measurements say what ran at the last reset. The guest approved a program that is gone.",
        if_holds="An update before acceptance shows in the measurements. Other firmware is rejected.",
        kill=Kill((UNVERIFIED,), "cove-io", EPOCH_BOUND),
    ),
    Property(
        id="firmware-stays-as-it-was-measured",
        says="The firmware of a device is not updated while a guest has one of its TDIs accepted and locked.",
        formula=Never(_UPDATE_IN_USE),
        over=(t,),
        protects="guest",
        binds="guest",
        cite="P63 §11.3.8 NO_FW_UPDATE, §11.4.2: measurements may change under the guest",
        if_violated="The host changes the firmware of an accepted device, legally, since the lock was without NO_FW_UPDATE. No event tells the guest.",
        if_holds="NO_FW_UPDATE is set for every TDI that is accepted, and the device keeps to it. The measured firmware is what runs to the end.",
        witness=Witness(occurs(e.firmware_update, t=t, reply=None, where=Tdi.locked() & (Guest.accepted[t] == "current"))),
        kill=Kill((DropCheck("tdi", "firmware_update", "NO_FW_UPDATE"),), "arm-cca"),
    ),
    only_if(
        "mmio-in-private-use-is-mapped-as-reported",
        "A driver uses a TDI with private memory only when every MMIO range of the report is mapped where the report has it.",
        PRIVATE_USE, Gate.mmio[t] == "open", over=(t,), protects="guest", binds="guest",
        cite="M15; COV 05 T001, T002; AMD MMIO_VALIDATE; P63 §11.3.11",
        if_violated="The guest believes that registers are private which the TSM refused to map. Accesses fault, or go where the host wants them.",
        if_holds="All ranges are in place, at the right addresses and in the right order. One refused range fails the acceptance.",
        kill=Kill((DropCheck("guest", "driver_private", "every range validated"),), "arm-cca"),
    ),
    only_if(
        "private-use-only-of-a-running-tdi",
        "A driver comes to use private memory only with a TDI that is in RUN.",
        PRIVATE_USE, Tdi.state[t] == "RUN", over=(t,), protects="guest", binds="guest",
        cite="COV 09 COVG get_interface_state; TDG.TDI.RD; M17: IO paths are functional in RUN",
        if_violated="The host said that the TDI runs, and it does not: the driver talks to a device that rejects it. A state that comes from the host was believed.",
        if_holds="The guest learns from the TSM that the start was done. A host that only pretends is found out.",
        kill=Kill((DropCheck("guest", "driver_private", "state is RUN"),), "arm-cca"),
    ),
    only_if(
        "approval-rests-on-evidence-by-way-of-the-tsm",
        "No verdict of the host's CMA, and no CMA with the VF, makes a guest approve what the evidence by way of the TSM does not support.",
        VERIFY, after(Guest.vouched[t]), over=(t,), protects="guest", binds="guest",
        cite="M5, M10, M11, M12: several sources, and CMA with a VF is always proxied by the host",
        if_violated="The host can say yes in the guest's stead, or relay another device's answers. The policy lets one good answer outweigh a bad one.",
        if_holds="The host's word can add a no, never a yes. Where sources disagree, the guest's own policy over the TSM's evidence decides.",
        kill=Kill((UNVERIFIED,), "arm-cca"),
    ),
)  # fmt: skip
