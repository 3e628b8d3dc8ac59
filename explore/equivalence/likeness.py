"""Whether a flow looks as another does, as a verdict for the questions of the thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...model.flows import Flow
from ...model.language import Value
from ...properties.questions import Alike
from ..engine import NO_LIMITS, Limits
from ..verdict import Verdict
from .compare import compare
from .comparison import Comparison
from .sides import Side


@dataclass(frozen=True)
class Likeness:
    """The comparison of a flow (the first) with another. ``vacuous``: of the flow nothing is ever seen, so that the question does not
    arise, whatever the ``verdict`` says of the other."""

    comparison: Comparison
    verdict: Verdict
    vacuous: bool


def likeness(
    f: Flow,
    alike: Alike,
    topology: Mapping[str, int] | None = None,
    changed: Mapping[str, Value] | None = None,
    limits: Limits = NO_LIMITS,
) -> Likeness:
    """Compare the flow, with some of its knobs changed, with the one that it is said to be like. Both must have the aspect."""
    sides = Side(f.name, alike.aspect, f), Side.of(alike.flow, alike.aspect)
    systems = sides[0].system(topology, changed), sides[1].system(topology)
    alphabets = sides[0].alphabet(alike.observe, systems[0]), sides[1].alphabet(alike.observe, systems[1])
    found = compare(*systems, alphabets, limits)
    return Likeness(found, found.verdicts[alike.relation], not found.stopped and not found.looks[0])
