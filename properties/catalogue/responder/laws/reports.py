"""Laws of the interface report, which is read in parts."""

from __future__ import annotations

from .....model.language import after, implies
from .....model.language.mutate import DropCheck, DropUpdate
from .....model.world.choices.responder import (
    report_chunks,
)
from .....model.world.responder import events as e
from .....model.world.responder.state import Tdi
from .....model.world.vocabulary import t
from ....formulas import Never
from ....property import Property
from ....steps import occurs
from ...law import invariant, law, step_law
from .terms import parts

PROPERTIES: tuple[Property, ...] = (
    step_law(
        "a-report-is-read-from-first-to-rest",
        "A first part begins the reading of a report, the rest ends it.",
        occurs(e.get_report, t=t),
        implies(e.part == "first", after(parts) == "current") & implies(e.part == "rest", after(parts) == "none"),
        (t,), "device", "P63 §11.3.10, Table 11-15", DropUpdate("tdi", "get_report", "tdi.read_in_parts"),
        witness=occurs(e.get_report, t=t, part="rest"),
    ),
    invariant(
        "a-report-begun-is-of-a-living-lock",
        "A report whose reading is under way is of the lock that holds; with the lock its parts become stale.",
        implies(parts == "current", Tdi.locked()),
        (t,), "device", "P63 §11.3.10: legal in CONFIG_LOCKED and RUN; each lock has its report", parts == "current",
        DropUpdate("tdi", "config_change", "tdi.read_in_parts"),
    ),
    law(
        "a-device-that-wants-a-report-anew-forgets-its-parts",
        "Where a report must be begun anew after another request, no other request that is granted leaves its reading under way.",
        Never(
            tuple(
                occurs(x, t=t, where=(report_chunks == "restart") & after(parts == "current"))
                for x in e.REQUESTS
                if x is not e.get_report
            )
        ),
        (t,), "device", "P63 Table 11-27, an example (A-10: knob report_chunks)", parts == "current",
        DropUpdate("tdi", "get_state", "tdi.read_in_parts"), report_chunks="restart",
    ),
    law(
        "the-rest-follows-the-first-part",
        "Where a report must be begun anew, its rest is given only when its reading is under way.",
        Never(occurs(e.get_report, t=t, part="rest", where=(report_chunks == "restart") & (parts != "current"))),
        (t,), "device", "P63 Table 11-27, an example (A-10: knob report_chunks)", occurs(e.get_report, t=t, part="rest"),
        DropCheck("tdi", "get_report", "in sequence"), report_chunks="restart",
    ),
    law(
        "a-device-that-finishes-a-report-first-grants-nothing-else",
        "A device that insists that a report be read to its end grants no other request before.",
        Never(
            tuple(
                occurs(x, t=t, where=(report_chunks == "refuse") & (parts == "current"))
                for x in e.REQUESTS
                if x is not e.get_report
            )
        ),
        (t,), "device", "P63 Table 11-27, an example (A-10: knob report_chunks)",
        occurs(e.get_state, t=t, reply="INVALID_INTERFACE_STATE"), DropCheck("tdi", "get_state", "report complete"),
        report_chunks="refuse",
    ),
)  # fmt: skip
