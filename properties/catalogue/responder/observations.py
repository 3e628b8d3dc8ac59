"""The steps of a responder of which the catalogue speaks."""

from __future__ import annotations

from ....model.language import TRUE, Event, Term, conj
from ....model.world.responder import events as e
from ....model.world.responder.requests import ERROR_CODES
from ....model.world.responder.state import Tdi
from ....model.world.vocabulary import t
from ...steps import Step, becomes, occurs

FLOW = "sev-tio-host-run"
"""A flow whose device keeps to the specification."""

ANSWERS = ("ok", *ERROR_CODES)
"""Every reply but silence."""

UNLOCKED, LOCKED, RUN, ERROR = (Tdi.state[t] == s for s in ("CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR"))

LOCKS = occurs(e.lock_interface, t=t)
STARTS = occurs(e.start_interface, t=t)
STOPS = occurs(e.stop_interface, t=t)
ENTERS_LOCKED, ENTERS_RUN, UNLOCKS = becomes(LOCKED), becomes(RUN), becomes(UNLOCKED)


def entered_by_others(condition: Term, *by: Event) -> tuple[Step, ...]:
    """Steps after which the condition holds and before which it did not, by any event but these."""
    seen = becomes(condition).where
    return tuple(Step(x, {}, None, seen) for x in e.EVENTS if x not in by)


def accepts(where: Term = TRUE, *, target: str, tbit: bool) -> Step:
    """A TLP of this kind takes effect in the TDI."""
    return occurs(e.tlp_in, t=t, where=where, target=target, tbit=tbit)


def sends(where: Term = TRUE, *, kind: str | None = None, tbit: bool | None = None, path: str | None = None) -> Step:
    """The TDI sends a TLP of this kind; None: of any."""
    given = ((e.kind, kind), (e.tbit, tbit), (e.path, path))
    return occurs(e.tlp_out, t=t, where=conj(where, *(p == value for p, value in given if value is not None)))


def sends_any(*kinds: str, tbit: bool, where: Term = TRUE) -> tuple[Step, ...]:
    """The TDI sends a TLP of one of these kinds."""
    return tuple(sends(where, kind=k, tbit=tbit) for k in kinds)
