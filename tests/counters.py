"""Systems of a counter and a door, for the tests of liveness."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from tdisprove.explore import Result, check
from tdisprove.model.language import (
    BOOL,
    TRUE,
    Action,
    Event,
    Int,
    System,
    Variable,
    ite,
)
from tdisprove.properties import (
    Formula,
    Property,
)

MANY = settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
SOME = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))

X, Y = Variable("x", Int(0, 3)), Variable("y", BOOL)
x, y = X.term, Y.term
UP, IDLE, FLIP, ENTER = Event("up"), Event("idle"), Event("flip"), Event("enter")
GOES_UP = Action("up", (), x < 3, ((x, ite(x < 3, x + 1, x)),))
STANDS = Action("idle", (), TRUE, ())
FLIPS = Action("flip", (), TRUE, ((y, ~y),))
ENTERS = Action("enter", (), y & (x == 0), ((x, ite(x == 0, 1, x)),))
"""Possible only every other step: y comes and goes."""

COUNTER = System("counter", (X,), x == 0, (GOES_UP, STANDS))
ENDING = System("ending", (X,), x == 0, (GOES_UP,))
DOOR = System("door", (X, Y), (x == 0) & ~y, (FLIPS, ENTERS))


def result(system: System, formula: Formula, **kwargs: object) -> Result:
    (r,) = check(system, [Property("p", "P.", formula)], **kwargs)  # type: ignore[arg-type]
    return r


def run(r: Result) -> tuple[list[str], int | None]:
    assert r.trace is not None
    return [a.event for a in r.trace.actions], r.trace.loop
