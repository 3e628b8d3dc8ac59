"""Terms and steps that the laws share."""

from __future__ import annotations

from .....model.world.evidence.state import Guest, Tdi
from .....model.world.vocabulary import t

driver, accepted = Guest.driver[t], Guest.accepted[t]
state = Tdi.state[t]
HELD = (Guest.meas[t], Guest.report[t], Guest.token[t], Guest.approved[t], Guest.rejected[t], accepted)
