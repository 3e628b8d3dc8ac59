"""The laws of single steps: what a guest keeps of evidence, acceptance and drivers, and when it lets go of them."""

from __future__ import annotations

from ....model.language import Term, after, conj, implies, neg
from ....model.language.mutate import DropCheck, DropCondition, DropUpdate, LeakyRefusal, SwapValue
from ....model.world.choices.evidence import (
    check_meas_fresh,
    check_reference,
    check_state,
    check_verdict_evidence,
    driver_kept,
    meas_complete,
    meas_digest_at_lock,
    meas_fresh,
    on_failure,
    report_digest_at_lock,
)
from ....model.world.choices.lifecycle import accept_by, run_by
from ....model.world.choices.spdm import has_tsm
from ....model.world.evidence import events as e
from ....model.world.evidence.guest import GIVES_UP, ON_REQUEST
from ....model.world.evidence.state import Gate, Guest, Tdi, Tsm
from ....model.world.vocabulary import GUEST, HOST, t
from ...formulas import AlwaysPossible, Never, Sometimes, StepLaw
from ...property import Property
from ...steps import REFUSED, occurs
from ..law import law, told

_driver, _accepted = Guest.driver[t], Guest.accepted[t]
_ACCEPTS = (occurs(e.tdi_accept, t=t), occurs(e.tdi_validate, t=t))
_OPENS = (occurs(e.sdte_write, t=t), occurs(e.mmio_validate, t=t))
_DIES = on_failure == "panic"
_state = Tdi.state[t]
_HELD = (Guest.meas[t], Guest.report[t], Guest.token[t], Guest.approved[t], Guest.rejected[t], _accepted)
_ALL: tuple[Term, ...] = (
    _state, Tdi.wrong[t], Tdi.patched[t], Tdi.hidden[t], Tsm.meas[t], Tsm.report[t], Tsm.meas_shows[t], Tsm.report_shows[t], Gate.dma[t],
    Gate.mmio[t], *_HELD, Guest.vouched[t], Guest.finds[t], _driver, Guest.secret[t], Guest.false_part[t],
    Guest.mappings[t], Guest.tainted[t],
)  # fmt: skip
_REFUSABLE = (
    e.tdi_bind, e.report, e.tdi_run, e.tdi_unbind, e.firmware_update, e.tdi_info, e.tdi_accept, e.tdi_validate, e.start_interface,
    e.sdte_write, e.mmio_validate,
)  # fmt: skip


def _hides(wrong: str, part: str, id: str, says: str, cite: str) -> Property:
    """That a host can hide what is wrong: the part of the evidence that tells of it is the host's to hand over."""
    step = occurs(e.tdi_info, t=t, false_part=part, where=Tdi.wrong[t] == wrong)
    other = {"fake": "identity", "identity": "flags", "flags": "link", "config": "none"}[wrong]
    return law(
        id, says, Sometimes(step), (t,), "guest", cite, step, SwapValue("host", "tdi_info", Tdi.wrong[t], wrong, other)
    )


PROPERTIES = (
    law(
        "evidence-is-read-where-the-guest-says-it-reads",
        "A guest that looks at the state of the TDI reads evidence only of a locked one, and one that looks at their age only measurements "
        "taken since the lock.",
        StepLaw(
            occurs(e.tdi_info, t=t),
            neg(GUEST.honest)
            | (
                implies(check_state, Tdi.locked())
                & implies(check_meas_fresh & ON_REQUEST, Tdi.locked())
                & implies(check_meas_fresh & neg(ON_REQUEST), Tsm.meas[t] == "current")
            ),
        ),
        (t,), "guest", "COV 05; M14; AMD meas_digest_fresh", occurs(e.tdi_info, t=t),
        DropCheck("guest", "tdi_info", "taken since the lock"), check_meas_fresh=True,
    ),
    law(
        "new-evidence-voids-what-was-vouched-for",
        "A guest whose verdict is about the evidence that it holds has none any more when it reads other evidence.",
        StepLaw(
            occurs(e.tdi_info, t=t),
            implies(check_verdict_evidence, neg(after(Guest.vouched[t])) & (after(Guest.approved[t]) == "none")),
        ),
        (t,), "guest", "M1, M17: info, verify, then validate", occurs(e.tdi_info, t=t),
        DropUpdate("guest", "tdi_info", "guest.vouched"),
    ),
    law(
        "a-verdict-is-of-evidence-and-given-once",
        "A guest verifies evidence that it has and has not yet approved, and an approval takes an earlier rejection back.",
        StepLaw(
            occurs(e.verify, t=t),
            (Guest.meas[t] != "none") & (Guest.approved[t] == "none") & (after(Guest.rejected[t]) == "none"),
        ),
        (t,), "guest", "M1, M17", occurs(e.verify, t=t), DropCondition("guest", "verify", 0),
    ),
    law(
        "a-guest-accepts-what-it-has-not-accepted",
        "A guest accepts a TDI that it has not accepted, locked where it looks at that, and without a driver unless drivers stay bound.",
        StepLaw(
            _ACCEPTS,
            (_accepted == "none")
            & (neg(GUEST.honest) | (implies(check_state, Tdi.locked()) & (driver_kept | (_driver == "none")))),
        ),
        (t,), "guest", "M1 tdi_validate; COV 05; Linux TSM core: accept needs no driver bound", _ACCEPTS,
        DropCondition("guest", "tdi_accept", 0), flow="sev-tio-guest-run",
    ),
    law(
        "gates-open-before-private-use",
        "A guest has a gate opened that is not open, for a TDI that it has accepted, and before a driver uses it privately.",
        Never(
            (
                occurs(e.sdte_write, t=t, where=Gate.dma[t]),
                occurs(e.mmio_validate, t=t, where=Gate.mmio[t] == "open"),
                *(
                    occurs(x, t=t, where=GUEST.honest & ((_accepted == "none") | (_driver == "private")))
                    for x in (e.sdte_write, e.mmio_validate)
                ),
            )
        ),
        (t,), "guest", "AMD guest driver 2026: part of acceptance", _OPENS,
        DropCheck("guest", "sdte_write", "before private use"), flow="sev-tio-guest-run",
    ),
    law(
        "taking-acceptance-back-ends-private-use",
        "A guest takes back only an acceptance that it gave; no driver uses the TDI privately then, and one that stays bound is marked.",
        StepLaw(
            occurs(e.tdi_revoke, t=t),
            (_accepted != "none")
            & (after(_accepted) == "none")
            & (after(_driver) != "private")
            & neg(after(Guest.secret[t]))
            & implies(driver_kept & (_driver == "private"), after(Guest.tainted[t]))
            & (neg(GUEST.honest) | driver_kept | (_driver != "private")),
        ),
        (t,), "guest", "M1 tdi_validate, to invalidate; Linux TSM core", occurs(e.tdi_revoke, t=t),
        DropCondition("guest", "tdi_revoke", 0),
    ),
    law(
        "a-guest-that-gives-up-lets-go",
        "A guest rejects what it has read and neither approved nor rejected; giving up ends private use and the use of secrets, and a "
        "guest that panics leaves nothing behind.",
        StepLaw(
            occurs(e.reject, t=t),
            (Guest.meas[t] != "none")
            & (Guest.approved[t] == "none")
            & (Guest.rejected[t] != "current")
            & implies(GIVES_UP, (after(_driver) != "private") & neg(after(Guest.secret[t])))
            & implies(
                _DIES,
                (after(_driver) == "none")
                & (after(Guest.meas[t]) == "none")
                & (after(Guest.report[t]) == "none")
                & (after(Guest.false_part[t]) == "none")
                & neg(after(Guest.mappings[t]) | after(Guest.tainted[t]) | after(Guest.finds[t]) | after(Guest.vouched[t])),
            ),
        ),
        (t,), "guest", "M17 against M1, M16", occurs(e.reject, t=t), DropUpdate("guest", "reject", "guest.meas"), on_failure="panic",
    ),
    law(
        "a-driver-can-be-unbound-in-any-mode",
        "A driver can be unbound, whether it shares its memory, uses the TDI privately, or fell back.",
        AlwaysPossible(occurs(e.driver_unbind, t=t), _driver != "none"),
        (t,), "guest", "Linux driver core", _driver != "none",
        SwapValue("guest", "driver_unbind", Guest.driver[t], "none", "shared"),
    ),
    law(
        "only-a-locked-tdi-is-asked-for",
        "A guest that looks at the state of the TDI makes no call to accept one that is not locked, not even one that is refused.",
        Never(
            tuple(
                occurs(x, t=t, reply=None, where=GUEST.honest & check_state & neg(Tdi.locked()))
                for x in (e.tdi_accept, e.tdi_validate)
            )
        ),
        (t,), "guest", "COV 05: it must not accept in any other state; COV 09 get_interface_state", _ACCEPTS,
        DropCheck("guest", "tdi_validate", "state is locked"), flow="cove-io",
    ),
    law(
        "what-was-approved-can-be-accepted",
        "A guest can accept a TDI in CONFIG_LOCKED whose evidence of this lock it has approved and that no driver has.",
        AlwaysPossible(
            _ACCEPTS,
            (_state == "CONFIG_LOCKED")
            & (Guest.approved[t] == "current")
            & (Guest.rejected[t] == "none")
            & (_accepted == "none")
            & (_driver == "none"),
        ),
        (t,), "guest", "M1, M17: info, verify, then validate; Arm guest: lock_nonce unchanged",
        (_state == "CONFIG_LOCKED") & (Guest.approved[t] == "current"),
        SwapValue("guest", "tdi_accept", _state, "CONFIG_UNLOCKED", "CONFIG_LOCKED"), flow="arm-cca",
    ),
    law(
        "a-guest-starts-only-what-it-has-accepted",
        "A guest asks for the start of an interface, granted or not, only when it has accepted the TDI.",
        Never(occurs(e.start_interface, t=t, reply=None, where=GUEST.honest & (_accepted == "none"))),
        (t,), "guest", "M15; RSI_RDEV_START", occurs(e.start_interface, t=t),
        DropCheck("guest", "start_interface", "accepted"), flow="arm-cca-rsi",
    ),
    # --- Drivers and secrets ------------------------------------------------------------------------------------------
    law(
        "a-driver-before-acceptance-shares-and-is-marked",
        "A driver in shared mode is bound where none is, before acceptance, and what it learns comes from a device not yet trusted.",
        StepLaw(
            occurs(e.driver_shared, t=t),
            (_driver == "none") & (_accepted == "none") & (after(_driver) == "shared") & after(Guest.tainted[t]),
        ),
        (t,), "guest", "M8: a driver in shared mode before acceptance is valid; M12: a fake device in shared mode",
        occurs(e.driver_shared, t=t), DropUpdate("guest", "driver_shared", "guest.tainted"),
    ),
    law(
        "shared-mappings-are-made-in-shared-use",
        "Shared mappings come to be where none were, by a driver in shared mode, and end where some were.",
        Never(
            (
                occurs(e.dma_map, t=t, where=neg(Guest.in_shared_use()) | Guest.mappings[t] | neg(after(Guest.mappings[t]))),
                occurs(e.dma_unmap, t=t, where=neg(Guest.mappings[t]) | after(Guest.mappings[t])),
            )
        ),
        (t,), "guest", "M1, M16: SWIOTLB; M8", occurs(e.dma_unmap, t=t), DropUpdate("guest", "dma_unmap", "guest.mappings"),
    ),
    law(
        "private-use-begins-once",
        "A driver goes over to private memory from none, or, where it may stay bound, from shared mode.",
        StepLaw(
            occurs(e.driver_private, t=t),
            ((_driver == "none") | (driver_kept & Guest.in_shared_use())) & (after(_driver) == "private"),
        ),
        (t,), "guest", "M1: the driver picks direct DMA; M8", occurs(e.driver_private, t=t),
        DropCondition("guest", "driver_private", 0),
    ),
    law(
        "private-use-can-begin-again",
        "A driver that stays bound can go over to private memory when the TDI is accepted, runs, has its gates open and nothing is "
        "mapped as shared, also after it fell back.",
        AlwaysPossible(
            occurs(e.driver_private, t=t),
            driver_kept
            & _driver.in_("none", "shared", "fallback")
            & (_accepted != "none")
            & (_state == "RUN")
            & Gate.dma[t]
            & (Gate.mmio[t] == "open")
            & neg(Guest.mappings[t]),
        ),
        (t,), "guest", "M7: a one time thing on driver load?; M10: recovery after an error",
        (_driver == "fallback") & (_accepted != "none") & Gate.dma[t],
        SwapValue("guest", "driver_private", _driver, "fallback", "none"),
    ),
    law(
        "an-unbound-driver-leaves-nothing",
        "A driver that is unbound was bound, and leaves no mapping, no state and no secret within reach of the TDI.",
        StepLaw(
            occurs(e.driver_unbind, t=t),
            (_driver != "none")
            & (after(_driver) == "none")
            & neg(after(Guest.mappings[t]) | after(Guest.tainted[t]) | after(Guest.secret[t])),
        ),
        (t,), "guest", "Linux driver core: a driver releases its DMA mappings when it goes", occurs(e.driver_unbind, t=t),
        DropUpdate("guest", "driver_unbind", "guest.mappings"),
    ),
    law(
        "a-secret-comes-within-reach-once",
        "A secret comes within reach of a TDI that a driver uses privately, and that has none yet.",
        StepLaw(occurs(e.release_secret, t=t), (_driver == "private") & neg(Guest.secret[t]) & after(Guest.secret[t])),
        (t,), "guest", "M17: attestation of the TVM and of its devices gates secrets", occurs(e.release_secret, t=t),
        DropCondition("guest", "release_secret", 1),
    ),
    # --- A new lock ---------------------------------------------------------------------------------------------------
    law(
        "a-new-lock-ages-all-that-the-guest-holds",
        "With a new lock, evidence, verdicts and acceptance become those of an earlier lock; none is lost and none is gained, since "
        "nobody tells the guest.",
        StepLaw(
            occurs(e.tdi_bind, t=t),
            conj(*((after(x) != "current") & ((after(x) == "none") == (x == "none")) for x in _HELD)),
        ),
        (t,), "TSM", "P63 §11.3.8: each lock has a nonce of its own; M1, M15, M20", occurs(e.tdi_bind, t=t),
        DropUpdate("guest", "tdi_bind", "guest.approved"),
    ),
    law(
        "no-digest-of-the-tsm-is-of-a-lock-to-come",
        "Right after a lock the TSM has no digest of evidence of that lock, and none at all where a lock clears them.",
        StepLaw(
            occurs(e.tdi_bind, t=t),
            (after(Tsm.meas[t]) != "current")
            & (after(Tsm.report[t]) != "current")
            & implies(meas_digest_at_lock == "cleared", (after(Tsm.meas[t]) == "none") & neg(after(Tsm.meas_shows[t])))
            & implies(report_digest_at_lock == "cleared", (after(Tsm.report[t]) == "none") & neg(after(Tsm.report_shows[t]))),
        ),
        (t,), "TSM", "AMD meas_digest_fresh; TF-RMM VDEV_LOCK; P63 §11.3.10: the report is read while locked",
        occurs(e.tdi_bind, t=t, where=Tsm.meas[t] != "none"), DropUpdate("tsm", "tdi_bind", "tsm.meas"),
    ),
    law(
        "measurements-tell-what-firmware-runs",
        "Measurements that are taken afresh and cover all firmware tell a guest with reference values of firmware that it did not "
        "approve and nothing bad of the approved one, and are of this lock when the TDI is locked.",
        StepLaw(
            occurs(e.measure, t=t),
            implies(neg(Tdi.patched[t]), neg(after(Tsm.meas_shows[t])))
            & implies(Tdi.patched[t] & meas_fresh & meas_complete & check_reference, after(Tsm.meas_shows[t]))
            & ((after(Tsm.meas[t]) == "current") == Tdi.locked()),
        ),
        (t,), "device", "DSP0274 GET_MEASUREMENTS, MEAS_FRESH_CAP; P63 §11.4.2", occurs(e.measure, t=t, where=Tdi.patched[t]),
        DropUpdate("tsm", "measure", "tsm.meas_shows"),
    ),
    # --- TSM and device -----------------------------------------------------------------------------------------------
    law(
        "an-interface-is-started-once-in-each-lock",
        "A device grants START_INTERFACE, whoever asks for it, only in CONFIG_LOCKED, and the TDI is in RUN afterwards.",
        Never(
            (
                *(
                    occurs(x, t=t, where=(_state != "CONFIG_LOCKED") | (after(_state) != "RUN"))
                    for x in (e.tdi_run, e.start_interface)
                ),
                occurs(e.tdi_validate, t=t, where=(accept_by == "start") & (_state != "CONFIG_LOCKED")),
                occurs(e.tdi_validate, t=t, mapping="right", where=(accept_by == "start") & (after(_state) != "RUN")),
            )
        ),
        (t,), "device", "P63 §11.3.14, Table 11-19; COV 09 start_interface", occurs(e.start_interface, t=t),
        DropCheck("tdi", "start_interface", "locked"), flow="arm-cca-rsi",
    ),
    law(
        "the-report-is-of-a-lock",
        "The device hands out the interface report only in CONFIG_LOCKED and RUN.",
        StepLaw(occurs(e.report, t=t), Tdi.locked()),
        (t,), "device", "P63 Tables 11-3, 11-16, §11.3.10", occurs(e.report, t=t), DropCheck("tdi", "report", "locked"),
    ),
    law(
        "whatever-ends-a-lock-can-end-it",
        "Whatever the guest has accepted, a host can take a locked TDI to ERROR.",
        AlwaysPossible(occurs(e.config_write, t=t, where=after(_state) == "ERROR"), Tdi.locked() & neg(HOST.honest)),
        (t,), "device", "P63 §11.2, Table 11-2: a change of configuration ends the lock", Tdi.locked(),
        SwapValue("tdi", "config_write", _state, "CONFIG_LOCKED", "RUN"),
    ),
    law(
        "unbinding-ends-the-lock-and-what-was-wrong-with-it",
        "The TSM unbinds only what is bound; the TDI is unlocked then, and nothing of how it was locked is left.",
        StepLaw(
            occurs(e.tdi_unbind, t=t),
            Tdi.bound() & (after(_state) == "CONFIG_UNLOCKED") & (after(Tdi.wrong[t]) == "none") & neg(after(Gate.any_open())),
        ),
        (t,), "TSM", "COV 09 unbind_interface; P63 §11.3.16", occurs(e.tdi_unbind, t=t),
        DropCheck("tsm", "tdi_unbind", "bound"), DropUpdate("tdi", "tdi_unbind", "tdi.wrong"),
    ),
    law(
        "what-is-bound-can-be-unbound",
        "A host can have a TDI unbound in every state in which it is bound, whatever its guest holds.",
        AlwaysPossible(occurs(e.tdi_unbind, t=t), Tdi.bound()),
        (t,), "TSM", "COV 09 unbind_interface; P63 §11.3.16: STOP_INTERFACE in any state; AMD TDI_UNBIND", Tdi.bound(),
        SwapValue("tsm", "tdi_unbind", _state, "CONFIG_UNLOCKED", "CONFIG_LOCKED"), protects="host",
    ),
    law(
        "evidence-is-shown-of-bound-tdis-only",
        "A TSM shows the guest no evidence of a TDI that is not bound to it, whatever digests it has kept.",
        StepLaw(occurs(e.tdi_info, t=t), implies(has_tsm, Tdi.bound())),
        (t,), "TSM", "AMD TDI_INFO: TDI_UNBOUND; COV 09; RSI_VDEV_GET_INFO", occurs(e.tdi_info, t=t),
        DropCheck("tsm", "tdi_info", "bound"),
    ),
    law(
        "the-tsm-itself-refuses-what-does-not-fit-its-record",
        "The TSM troubles no device with a second lock, nor with a start or a report of a TDI that is not bound: it is the TSM that "
        "refuses, and says that the TDI is bound already or not at all.",
        Never(
            (
                occurs(e.tdi_bind, t=t, reply="INVALID_INTERFACE_STATE"),
                *(
                    occurs(x, t=t, reply="INVALID_INTERFACE_STATE", where=neg(Tdi.bound()))
                    for x in (e.report, e.tdi_run, e.start_interface)
                ),
            )
        ),
        (t,), "TSM", "COV 09 bind_interface, start_interface; AMD TDI_UNBOUND; Linux TSM core: EBUSY",
        occurs(e.report, t=t, reply="INVALID_INTERFACE_STATE"), DropCheck("tsm", "tdi_run", "bound"), protects="host",
    ),
    told(
        e.tdi_run, "NOT_SUPPORTED", "A host that asks for a start where only guests start interfaces is told so.",
        (t,), "TSM", "COV 09: only the guest's call starts an interface", DropCheck("tsm", "tdi_run", "served to the host"),
        flow="cove-io",
    ),
    law(
        "a-refusal-leaves-evidence-and-trust-as-they-were",
        "A request that is refused changes neither the TDI, nor digests, nor gates, nor what the guest holds.",
        StepLaw(
            tuple(occurs(x, t=t, reply=REFUSED) for x in _REFUSABLE),
            conj(*(after(x) == x for x in _ALL)),
        ),
        (t,), "TSM", "P63 §11.3.25 TDISP_ERROR; COV 09", tuple(occurs(x, t=t, reply=REFUSED) for x in _REFUSABLE),
        LeakyRefusal("tsm", "tdi_bind"),
    ),
    # --- The host -----------------------------------------------------------------------------------------------------
    law(
        "an-honest-host-maps-as-reported",
        "An honest host has MMIO ranges mapped where the report has them.",
        Never(
            tuple(
                occurs(x, t=t, reply=None, where=HOST.honest & (e.mapping != "right")) for x in (e.tdi_validate, e.mmio_validate)
            )
        ),
        (t,), "host", "COV 05 T002; M15: the host maps MMIO", (occurs(e.tdi_validate, t=t), occurs(e.mmio_validate, t=t)),
        DropCheck("host", "tdi_validate", "as reported"), host="honest",
    ),
    law(
        "an-honest-host-waits-for-the-guest",
        "Where it is the guest that asks for RUN, an honest host has nothing started that the guest has not accepted.",
        Never(occurs(e.tdi_run, t=t, reply=None, where=HOST.honest & (run_by != "host") & (_accepted == "none"))),
        (t,), "host", "M20; AMD: TIO guest request RUN", occurs(e.tdi_run, t=t),
        DropCheck("host", "tdi_run", "asked by the guest"), flow="sev-tio-guest-run", host="honest",
    ),
    _hides(
        "fake", "chain", "a-fake-can-be-shown-with-a-genuine-chain",
        "A host can hand over the chain of a genuine device for a fake: only a comparison with the TSM's session tells.",
        "M3, M4, M14; AMD certs_slot",
    ),
    _hides(
        "identity", "chain", "a-swapped-device-can-be-shown-with-the-promised-chain",
        "A host can hand over the chain of the device that it promised for another one.",
        "AMD guest_device_id; COV 05 T005, T007",
    ),
    _hides(
        "flags", "report", "lock-flags-can-be-hidden-by-another-report",
        "A host that had the TDI locked with other flags can hand over a report that tells of the flags wanted.",
        "P63 Table 11-15; M4: the host carries the report",
    ),
    _hides(
        "config", "report", "a-trap-before-the-lock-can-be-hidden-by-another-report",
        "A host that configured a device before the lock can hand over a report that does not tell of it.",
        "COV 05, threat of pre-configuration; M4: the host carries the report",
    ),
    law(
        "ranges-of-a-genuine-device-can-be-mapped-wrongly",
        "A host can map MMIO otherwise than reported for a device that is all that was promised: verified evidence does not replace "
        "the check of the ranges.",
        Sometimes(
            tuple(
                occurs(x, t=t, mapping="last_wrong", where=Tdi.wrong[t] == "none") for x in (e.tdi_validate, e.mmio_validate)
            )
        ),
        (t,), "guest", "COV 05 T001, T002; M15", (occurs(e.tdi_validate, t=t), occurs(e.mmio_validate, t=t)),
        SwapValue("host", "tdi_validate", Tdi.wrong[t], "none", "fake"),
    ),
)  # fmt: skip
