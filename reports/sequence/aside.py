"""What a chart says beside its lanes, so that somebody understands it who has nothing but the picture."""

from __future__ import annotations

from collections.abc import Iterator

from ...explore.explain.parting import Nearest
from ...explore.verdict import Trace
from ...model.language import OK, Action, System, word
from ...model.world.sources import key

_LEGEND = "grey: at first; blue: entered in that step; dashed: a request that is turned down"


def doc(action: Action) -> str:
    """What the event is, in the words of the model, and whether it is refused."""
    rules = [*action.rules, *([action.refused_by] if action.refused_by is not None else [])]
    says = next((r.event.doc for r in rules if r.event.doc), "")
    return says if action.reply == OK or not says else f"refused: {says}"


def setting(summary: str, system: System) -> str:
    """What the flow is, and who keeps to the rules in it."""
    hostile = [name.replace("_", " ") for name, value in system.knobs.items() if value == "hostile"]
    trust = f"Hostile: {', '.join(hostile)}." if hostile else ""
    return f"{summary}. {trust}".strip() if summary else trust


def instead(nearest: Nearest, step: int) -> str:
    """What becomes of a step (from 0) in the nearest flow in which the property holds; empty beyond where they part."""
    parting = nearest.parting
    if parting.step is None or step < parting.step:
        return "the same"
    if step > parting.step:
        return ""
    return " or ".join(parting.instead) or "not possible"


def comparison(nearest: Nearest) -> Iterator[tuple[str, bool]]:
    """Where the run parts from the nearest flow, and on what that rests; with whether it is a headline."""
    step = nearest.parting.step
    if step is None:
        yield (
            f"In {nearest.flow}, the nearest flow in which this holds, the whole run is possible and keeps the property.",
            True,
        )
    else:
        what = f"is answered {instead(nearest, step)}" if nearest.parting.instead else "is not possible"
        yield (
            f"In {nearest.flow}, the nearest flow in which this holds, the run comes to step {step + 1}, which {what}.",
            True,
        )
    if nearest.parting.why:
        yield f"missing there: {'; '.join(nearest.parting.why)}", False
    if nearest.differs:
        differs = (f"{k}={word(there)} (here {word(here)})" for k, (here, there) in nearest.differs.items())
        yield f"set otherwise there: {'; '.join(differs)}", False


def legend(trace: Trace, *, ghosts: bool) -> str:
    """What the signs mean, and what the abbreviations of the citations stand for."""
    signs = _LEGEND + ("; dotted: what had to come first and did not" if ghosts else "")
    sources = [f"{short}: {meaning}" for short, meaning in key(c for a in trace.actions for c in a.citations)]
    return ". ".join([signs, *(["; ".join(sources)] if sources else [])]) + "."
