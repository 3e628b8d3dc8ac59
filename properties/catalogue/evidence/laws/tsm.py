"""Laws of TSM and TDI: digests, locks, starts, and what is refused."""

from __future__ import annotations

from .....model.language import Term, after, implies, neg
from .....model.language.mutate import DropCheck, DropUpdate, LeakyRefusal, SwapValue
from .....model.world.choices.evidence import (
    check_reference,
    meas_complete,
    meas_digest_at_lock,
    meas_fresh,
    report_digest_at_lock,
)
from .....model.world.choices.lifecycle import accept_by
from .....model.world.choices.spdm import has_tsm
from .....model.world.evidence import events as e
from .....model.world.evidence.state import Gate, Guest, Tdi, Tsm
from .....model.world.vocabulary import HOST, t
from ....formulas import Never
from ....property import Property
from ....steps import REFUSED, occurs, unchanged
from ...law import law, possible, step_law, told
from .terms import HELD, driver, state

_ALL: tuple[Term, ...] = (
    state, Tdi.wrong[t], Tdi.patched[t], Tdi.hidden[t], Tsm.meas[t], Tsm.report[t], Tsm.meas_shows[t], Tsm.report_shows[t], Gate.dma[t],
    Gate.mmio[t], *HELD, Guest.vouched[t], Guest.finds[t], driver, Guest.secret[t], Guest.false_part[t],
    Guest.mappings[t], Guest.tainted[t],
)  # fmt: skip
_REFUSABLE = (
    e.tdi_bind, e.report, e.tdi_run, e.tdi_unbind, e.firmware_update, e.tdi_info, e.tdi_accept, e.tdi_validate, e.start_interface,
    e.sdte_write, e.mmio_validate,
)  # fmt: skip

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "no-digest-of-the-tsm-is-of-a-lock-to-come",
        "Right after a lock the TSM has no digest of evidence of that lock, and none at all where a lock clears them.",
        occurs(e.tdi_bind, t=t),
        (after(Tsm.meas[t]) != "current")
        & (after(Tsm.report[t]) != "current")
        & implies(meas_digest_at_lock == "cleared", (after(Tsm.meas[t]) == "none") & neg(after(Tsm.meas_shows[t])))
        & implies(report_digest_at_lock == "cleared", (after(Tsm.report[t]) == "none") & neg(after(Tsm.report_shows[t]))),
        (t,), "TSM", "AMD meas_digest_fresh; TF-RMM VDEV_LOCK; P63 §11.3.10: the report is read while locked",
        DropUpdate("tsm", "tdi_bind", "tsm.meas"), witness=occurs(e.tdi_bind, t=t, where=Tsm.meas[t] != "none"),
    ),
    step_law(
        "measurements-tell-what-firmware-runs",
        "Measurements that are taken afresh and cover all firmware tell a guest with reference values of firmware that it did not "
        "approve and nothing bad of the approved one, and are of this lock when the TDI is locked.",
        occurs(e.measure, t=t),
        implies(neg(Tdi.patched[t]), neg(after(Tsm.meas_shows[t])))
        & implies(Tdi.patched[t] & meas_fresh & meas_complete & check_reference, after(Tsm.meas_shows[t]))
        & ((after(Tsm.meas[t]) == "current") == Tdi.locked()),
        (t,), "device", "DSP0274 GET_MEASUREMENTS, MEAS_FRESH_CAP; P63 §11.4.2",
        DropUpdate("tsm", "measure", "tsm.meas_shows"), witness=occurs(e.measure, t=t, where=Tdi.patched[t]),
    ),
    law(
        "an-interface-is-started-once-in-each-lock",
        "A device grants START_INTERFACE, whoever asks for it, only in CONFIG_LOCKED, and the TDI is in RUN afterwards.",
        Never(
            (
                *(
                    occurs(x, t=t, where=(state != "CONFIG_LOCKED") | (after(state) != "RUN"))
                    for x in (e.tdi_run, e.start_interface)
                ),
                occurs(e.tdi_validate, t=t, where=(accept_by == "start") & (state != "CONFIG_LOCKED")),
                occurs(e.tdi_validate, t=t, mapping="right", where=(accept_by == "start") & (after(state) != "RUN")),
            )
        ),
        (t,), "device", "P63 §11.3.14, Table 11-19; COV 09 start_interface", occurs(e.start_interface, t=t),
        DropCheck("tdi", "start_interface", "locked"), flow="arm-cca-rsi",
    ),
    step_law(
        "the-report-is-of-a-lock",
        "The device hands out the interface report only in CONFIG_LOCKED and RUN.",
        occurs(e.report, t=t), Tdi.locked(),
        (t,), "device", "P63 Tables 11-3, 11-16, §11.3.10", DropCheck("tdi", "report", "locked"),
    ),
    possible(
        "whatever-ends-a-lock-can-end-it",
        "Whatever the guest has accepted, a host can take a locked TDI to ERROR.",
        occurs(e.config_write, t=t, where=after(state) == "ERROR"), Tdi.locked() & neg(HOST.honest),
        (t,), "device", "P63 §11.2, Table 11-2: a change of configuration ends the lock",
        SwapValue("tdi", "config_write", state, "CONFIG_LOCKED", "RUN"), witness=Tdi.locked(),
    ),
    step_law(
        "unbinding-ends-the-lock-and-what-was-wrong-with-it",
        "The TSM unbinds only what is bound; the TDI is unlocked then, and nothing of how it was locked is left.",
        occurs(e.tdi_unbind, t=t),
        Tdi.bound() & (after(state) == "CONFIG_UNLOCKED") & (after(Tdi.wrong[t]) == "none") & neg(after(Gate.any_open())),
        (t,), "TSM", "COV 09 unbind_interface; P63 §11.3.16", DropCheck("tsm", "tdi_unbind", "bound"),
        DropUpdate("tdi", "tdi_unbind", "tdi.wrong"),
    ),
    possible(
        "what-is-bound-can-be-unbound",
        "A host can have a TDI unbound in every state in which it is bound, whatever its guest holds.",
        occurs(e.tdi_unbind, t=t), Tdi.bound(),
        (t,), "TSM", "COV 09 unbind_interface; P63 §11.3.16: STOP_INTERFACE in any state; AMD TDI_UNBIND",
        SwapValue("tsm", "tdi_unbind", state, "CONFIG_UNLOCKED", "CONFIG_LOCKED"), witness=Tdi.bound(), protects="host",
    ),
    step_law(
        "evidence-is-shown-of-bound-tdis-only",
        "A TSM shows the guest no evidence of a TDI that is not bound to it, whatever digests it has kept.",
        occurs(e.tdi_info, t=t), implies(has_tsm, Tdi.bound()),
        (t,), "TSM", "AMD TDI_INFO: TDI_UNBOUND; COV 09; RSI_VDEV_GET_INFO", DropCheck("tsm", "tdi_info", "bound"),
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
    step_law(
        "a-refusal-leaves-evidence-and-trust-as-they-were",
        "A request that is refused changes neither the TDI, nor digests, nor gates, nor what the guest holds.",
        tuple(occurs(x, t=t, reply=REFUSED) for x in _REFUSABLE), unchanged(*_ALL),
        (t,), "TSM", "P63 §11.3.25 TDISP_ERROR; COV 09", LeakyRefusal("tsm", "tdi_bind"),
    ),
)  # fmt: skip
