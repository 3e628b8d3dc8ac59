"""The laws of single steps: what a guest keeps of evidence, acceptance and drivers, and when it lets go of them."""

from __future__ import annotations

from ....model.language import after, implies, neg
from ....model.language.mutate import DropCheck, DropCondition, DropUpdate, SwapValue
from ....model.world.choices.evidence import check_meas_fresh, check_state, check_verdict_evidence, driver_kept, on_failure
from ....model.world.evidence import events as e
from ....model.world.evidence.guest import GIVES_UP, ON_REQUEST
from ....model.world.evidence.state import Gate, Guest, Tdi, Tsm
from ....model.world.vocabulary import GUEST, t
from ...formulas import AlwaysPossible, Never, StepLaw
from ...steps import occurs
from ..law import law

_driver, _accepted = Guest.driver[t], Guest.accepted[t]
_ACCEPTS = (occurs(e.tdi_accept, t=t), occurs(e.tdi_validate, t=t))
_OPENS = (occurs(e.sdte_write, t=t), occurs(e.mmio_validate, t=t))
_DIES = on_failure == "panic"

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
)  # fmt: skip
