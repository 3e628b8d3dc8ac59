"""Laws of the guest: what it keeps of evidence, acceptance and drivers, and when it lets go of them."""

from __future__ import annotations

from .....model.language import after, conj, implies, neg
from .....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from .....model.world.choices.evidence import (
    check_meas_fresh,
    check_state,
    check_verdict_evidence,
    driver_kept,
    on_failure,
)
from .....model.world.evidence import events as e
from .....model.world.evidence.guest import GIVES_UP, ON_REQUEST
from .....model.world.evidence.state import Gate, Guest, Tdi, Tsm
from .....model.world.vocabulary import GUEST, t
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import law, possible, step_law
from .terms import HELD, accepted, driver, state

_ACCEPTS = (occurs(e.tdi_accept, t=t), occurs(e.tdi_validate, t=t))
_OPENS = (occurs(e.sdte_write, t=t), occurs(e.mmio_validate, t=t))
_DIES = on_failure == "panic"

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "evidence-is-read-where-the-guest-says-it-reads",
        "A guest that looks at the state of the TDI reads evidence only of a locked one, and one that looks at their age only measurements "
        "taken since the lock.",
        occurs(e.tdi_info, t=t),
        neg(GUEST.honest)
        | (
            implies(check_state, Tdi.locked())
            & implies(check_meas_fresh & ON_REQUEST, Tdi.locked())
            & implies(check_meas_fresh & neg(ON_REQUEST), Tsm.meas[t] == "current")
        ),
        (t,), "guest", "COV 05; M14; AMD meas_digest_fresh", DropCheck("guest", "tdi_info", "taken since the lock"),
        check_meas_fresh=True,
    ),
    step_law(
        "new-evidence-voids-what-was-vouched-for",
        "A guest whose verdict is about the evidence that it holds has none any more when it reads other evidence.",
        occurs(e.tdi_info, t=t),
        implies(check_verdict_evidence, neg(after(Guest.vouched[t])) & (after(Guest.approved[t]) == "none")),
        (t,), "guest", "M1, M17: info, verify, then validate", DropUpdate("guest", "tdi_info", "guest.vouched"),
    ),
    step_law(
        "a-verdict-is-of-evidence-and-given-once",
        "A guest verifies evidence that it has and has not yet approved, and an approval takes an earlier rejection back.",
        occurs(e.verify, t=t),
        (Guest.meas[t] != "none") & (Guest.approved[t] == "none") & (after(Guest.rejected[t]) == "none"),
        (t,), "guest", "M1, M17", DropCondition("guest", "verify", 0),
    ),
    step_law(
        "a-guest-accepts-what-it-has-not-accepted",
        "A guest accepts a TDI that it has not accepted, locked where it looks at that, and without a driver unless drivers stay bound.",
        _ACCEPTS,
        (accepted == "none")
        & (neg(GUEST.honest) | (implies(check_state, Tdi.locked()) & (driver_kept | (driver == "none")))),
        (t,), "guest", "M1 tdi_validate; COV 05; Linux TSM core: accept needs no driver bound",
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
                    occurs(x, t=t, where=GUEST.honest & ((accepted == "none") | (driver == "private")))
                    for x in (e.sdte_write, e.mmio_validate)
                ),
            )
        ),
        (t,), "guest", "AMD guest driver 2026: part of acceptance", _OPENS,
        DropCheck("guest", "sdte_write", "before private use"), flow="sev-tio-guest-run",
    ),
    step_law(
        "taking-acceptance-back-ends-private-use",
        "A guest takes back only an acceptance that it gave; no driver uses the TDI privately then, and one that stays bound is marked.",
        occurs(e.tdi_revoke, t=t),
        (accepted != "none")
        & (after(accepted) == "none")
        & (after(driver) != "private")
        & neg(after(Guest.secret[t]))
        & implies(driver_kept & (driver == "private"), after(Guest.tainted[t]))
        & (neg(GUEST.honest) | driver_kept | (driver != "private")),
        (t,), "guest", "M1 tdi_validate, to invalidate; Linux TSM core", DropCondition("guest", "tdi_revoke", 0),
    ),
    step_law(
        "a-guest-that-gives-up-lets-go",
        "A guest rejects what it has read and neither approved nor rejected; giving up ends private use and the use of secrets, and a "
        "guest that panics leaves nothing behind.",
        occurs(e.reject, t=t),
        (Guest.meas[t] != "none")
        & (Guest.approved[t] == "none")
        & (Guest.rejected[t] != "current")
        & implies(GIVES_UP, (after(driver) != "private") & neg(after(Guest.secret[t])))
        & implies(
            _DIES,
            (after(driver) == "none")
            & (after(Guest.meas[t]) == "none")
            & (after(Guest.report[t]) == "none")
            & (after(Guest.false_part[t]) == "none")
            & neg(after(Guest.mappings[t]) | after(Guest.tainted[t]) | after(Guest.finds[t]) | after(Guest.vouched[t])),
        ),
        (t,), "guest", "M17 against M1, M16", DropUpdate("guest", "reject", "guest.meas"), on_failure="panic",
    ),
    possible(
        "a-driver-can-be-unbound-in-any-mode",
        "A driver can be unbound, whether it shares its memory, uses the TDI privately, or fell back.",
        occurs(e.driver_unbind, t=t), driver != "none",
        (t,), "guest", "Linux driver core", SwapValue("guest", "driver_unbind", Guest.driver[t], "none", "shared"),
        witness=driver != "none",
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
    possible(
        "what-was-approved-can-be-accepted",
        "A guest can accept a TDI in CONFIG_LOCKED whose evidence of this lock it has approved and that no driver has.",
        _ACCEPTS,
        (state == "CONFIG_LOCKED")
        & (Guest.approved[t] == "current")
        & (Guest.rejected[t] == "none")
        & (accepted == "none")
        & (driver == "none"),
        (t,), "guest", "M1, M17: info, verify, then validate; Arm guest: lock_nonce unchanged",
        SwapValue("guest", "tdi_accept", state, "CONFIG_UNLOCKED", "CONFIG_LOCKED"),
        witness=(state == "CONFIG_LOCKED") & (Guest.approved[t] == "current"), flow="arm-cca",
    ),
    law(
        "a-guest-starts-only-what-it-has-accepted",
        "A guest asks for the start of an interface, granted or not, only when it has accepted the TDI.",
        Never(occurs(e.start_interface, t=t, reply=None, where=GUEST.honest & (accepted == "none"))),
        (t,), "guest", "M15; RSI_RDEV_START", occurs(e.start_interface, t=t),
        DropCheck("guest", "start_interface", "accepted"), flow="arm-cca-rsi",
    ),
    step_law(
        "a-driver-before-acceptance-shares-and-is-marked",
        "A driver in shared mode is bound where none is, before acceptance, and what it learns comes from a device not yet trusted.",
        occurs(e.driver_shared, t=t),
        (driver == "none") & (accepted == "none") & (after(driver) == "shared") & after(Guest.tainted[t]),
        (t,), "guest", "M8: a driver in shared mode before acceptance is valid; M12: a fake device in shared mode",
        DropUpdate("guest", "driver_shared", "guest.tainted"),
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
    step_law(
        "private-use-begins-once",
        "A driver goes over to private memory from none, or, where it may stay bound, from shared mode.",
        occurs(e.driver_private, t=t),
        ((driver == "none") | (driver_kept & Guest.in_shared_use())) & (after(driver) == "private"),
        (t,), "guest", "M1: the driver picks direct DMA; M8", DropCondition("guest", "driver_private", 0),
    ),
    possible(
        "private-use-can-begin-again",
        "A driver that stays bound can go over to private memory when the TDI is accepted, runs, has its gates open and nothing is "
        "mapped as shared, also after it fell back.",
        occurs(e.driver_private, t=t),
        driver_kept
        & driver.in_("none", "shared", "fallback")
        & (accepted != "none")
        & (state == "RUN")
        & Gate.dma[t]
        & (Gate.mmio[t] == "open")
        & neg(Guest.mappings[t]),
        (t,), "guest", "M7: a one time thing on driver load?; M10: recovery after an error",
        SwapValue("guest", "driver_private", driver, "fallback", "none"),
        witness=(driver == "fallback") & (accepted != "none") & Gate.dma[t],
    ),
    step_law(
        "an-unbound-driver-leaves-nothing",
        "A driver that is unbound was bound, and leaves no mapping, no state and no secret within reach of the TDI.",
        occurs(e.driver_unbind, t=t),
        (driver != "none")
        & (after(driver) == "none")
        & neg(after(Guest.mappings[t]) | after(Guest.tainted[t]) | after(Guest.secret[t])),
        (t,), "guest", "Linux driver core: a driver releases its DMA mappings when it goes",
        DropUpdate("guest", "driver_unbind", "guest.mappings"),
    ),
    step_law(
        "a-secret-comes-within-reach-once",
        "A secret comes within reach of a TDI that a driver uses privately, and that has none yet.",
        occurs(e.release_secret, t=t), (driver == "private") & neg(Guest.secret[t]) & after(Guest.secret[t]),
        (t,), "guest", "M17: attestation of the TVM and of its devices gates secrets",
        DropCondition("guest", "release_secret", 1),
    ),
    step_law(
        "a-new-lock-ages-all-that-the-guest-holds",
        "With a new lock, evidence, verdicts and acceptance become those of an earlier lock; none is lost and none is gained, since "
        "nobody tells the guest.",
        occurs(e.tdi_bind, t=t), conj(*((after(x) != "current") & ((after(x) == "none") == (x == "none")) for x in HELD)),
        (t,), "TSM", "P63 §11.3.8: each lock has a nonce of its own; M1, M15, M20",
        DropUpdate("guest", "tdi_bind", "guest.approved"),
    ),
)  # fmt: skip
