"""Why the last step of a run is none of an abstraction's: what it changes there, and what it might have been."""

from __future__ import annotations

from collections.abc import Iterator

from ..explore.evaluate import evaluate, named
from ..explore.verdict import Trace
from ..model.language import word
from ..properties.compile import compile_image
from ..properties.refinements import Refinement


def last_step(asked: Refinement, trace: Trace) -> Iterator[str]:
    """In words: what the step changes in the abstraction's terms, and the abstract events that it might stand for."""
    if not trace.actions:
        yield "initially the mapped values are none that the abstraction begins with"
        return
    image = compile_image(trace.system, asked.formula, f"refinement {asked.id}")
    before, after = (named(trace.system, s) for s in trace.states[-2:])
    last = trace.actions[-1]
    changed = [
        f"{v.name}: {word(evaluate(t, before))} → {word(evaluate(t, after))}"
        for v, t in image.items()
        if evaluate(t, before) != evaluate(t, after)
    ]
    yield f"in the abstraction's terms, {last.label} does this: {'; '.join(changed)}"
    events = asked.formula.events
    if events is None:
        yield "no step of the abstraction does that"
        return
    may = [x.name for e, of in events.items() if e.name == last.event for x in of]
    yield (
        f"{last.event} may stand for {' or '.join(may)}, and none of these does that there"
        if may
        else (f"{last.event} may stand for no step of the abstraction, and so must change nothing")
    )
