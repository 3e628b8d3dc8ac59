"""Why a property fails, as text and as data: what alone would mend it, and where the run parts from a flow in which it holds."""

from __future__ import annotations

from typing import Any

from ..explore.check import Result
from ..explore.explain.blame import Blame
from ..explore.explain.cutsets import Cuts
from ..explore.explain.parting import Nearest
from ..model.language import word
from .formats.blame import place, rule_name
from .prose import WIDTH, Prose
from .story import request

_SETS = 8
"""Cut sets that are named."""


def why_text(flow: str, r: Result, blame: Blame, nearest: Nearest | None, *, width: int = WIDTH) -> Prose:
    """What is to blame for a violation, in a few lines; what mends it only by making it impossible comes apart."""
    text = Prose(width).line((f"why {r.prop.id} fails in {flow}", "title"))
    steps = [f"{_event(s.event, s.reply)}{_rules(s.rules)}" for s in blame.steps if not s.vacuous]
    settings = [f"{s.knob}={word(s.there)} (here {word(s.here)})" for s in blame.settings if not s.vacuous]
    _listed(text, "it would hold with any one of these settings: ", settings)
    _listed(text, "it would hold if any one of these steps were never possible: ", steps)
    _cuts(text, blame)
    hollow = [f"{s.knob}={word(s.there)}" for s in blame.settings if s.vacuous]
    hollow += [f"without {_event(s.event, s.reply)}" for s in blame.steps if s.vacuous]
    _listed(text, "it would hold only because nothing of the kind could happen: ", hollow)
    if not (blame.settings or blame.steps or blame.open):
        text.line("  no single setting and no single step mends it")
    _listed(text, "undecided within the limits: ", list(blame.open))
    if nearest is not None:
        _side_by_side(text.line(), flow, r, nearest)
    return text


def cut_names(cuts: Cuts) -> tuple[list[str], int]:
    """The cut sets that leave the property something to say, each in words, and how many others there are."""
    sound = [c for c in cuts.sets if not c.vacuous]
    names = [
        " and ".join(
            [*(f"{s.knob}={word(s.there)}" for s in c.settings), *(f"no {_event(s.event, s.reply)}" for s in c.steps)]
        )
        for c in sound
    ]
    return names, len(cuts.sets) - len(sound)


def cuts_open(cuts: Cuts) -> str:
    """What is not known of cut sets; empty when all were found."""
    return f"not all of the sets were found: {cuts.stopped}" if cuts.stopped else ""


def _cuts(text: Prose, blame: Blame) -> None:
    if blame.cuts is None:
        return
    names, hollow = cut_names(blame.cuts)
    more = [f"and {len(names) - _SETS} sets more (--format json has them all)"] if len(names) > _SETS else []
    _listed(text, "it would hold with any one of these together: ", [*names[:_SETS], *more])
    if hollow:
        text.line(f"  {hollow} sets more would mend it only because nothing of the kind could happen")
    if blame.cuts.stopped:
        _listed(text, "", [cuts_open(blame.cuts)])


def why_document(blame: Blame, nearest: Nearest | None) -> dict[str, Any]:
    """The same for the JSON document."""
    return {
        "settings": [{"knob": s.knob, "here": s.here, "there": s.there, "vacuous": s.vacuous} for s in blame.settings],
        "steps": [{"event": s.event, "reply": s.reply, "vacuous": s.vacuous} for s in blame.steps],
        "undecided": list(blame.open),
        "cut_sets": None
        if blame.cuts is None
        else {
            "complete": blame.cuts.complete,
            "stopped": blame.cuts.stopped,
            "sets": [
                {
                    "settings": [{"knob": s.knob, "here": s.here, "there": s.there} for s in c.settings],
                    "steps": [{"event": s.event, "reply": s.reply} for s in c.steps],
                    "vacuous": c.vacuous,
                }
                for c in blame.cuts.sets
            ],
        },
        "nearest": None
        if nearest is None
        else {
            "flow": nearest.flow,
            "differs": {k: list(v) for k, v in nearest.differs.items()},
            "parting": nearest.parting.step,
            "instead": list(nearest.parting.instead),
            "missing": list(nearest.parting.why),
        },
    }


def _event(event: str, reply: str) -> str:
    return event if reply == "ok" else f"{event} → {reply}"


def _rules(rules: Any) -> str:
    at = [f"{rule_name(r)} {place(r.origin) or ''}".strip() for r in rules[:1]]
    more = f" and {len(rules) - 1} more" if len(rules) > 1 else ""
    return f" ({at[0]}{more})" if at else ""


def _listed(text: Prose, head: str, items: list[str]) -> None:
    if items:
        text.wrapped(head + "; ".join(items), "  ", "      ", hyphens=False)


def _side_by_side(text: Prose, flow: str, r: Result, nearest: Nearest) -> None:
    """The run on the left, what becomes of it in the nearest flow on the right."""
    assert r.trace is not None
    parting = nearest.parting
    left = [f"{i:>3}  {request(a)}{'' if a.reply == 'ok' else f' → {a.reply}'}" for i, a in enumerate(r.trace.actions, 1)]
    width = max([len(x) for x in left] + [len(flow) + 5]) + 3
    text.line(f"  the nearest flow in which it holds is {nearest.flow}, and there:").line()
    text.line((f"  {flow:<{width}}{nearest.flow}", "title"))
    for i, step in enumerate(left):
        if parting.step is None or i < parting.step:
            text.line(f"  {step:<{width}}", ("the same", "faint"))
        elif i == parting.step:
            text.line((f"  {step:<{width}}", "violated"), (" or ".join(parting.instead) or "not possible", "holds"))
        else:
            text.line((f"  {step}", "violated"))
    _listed(text, "missing there: ", list(parting.why))
    _listed(text, "set otherwise there: ", [f"{k}={word(b)} (here {word(a)})" for k, (a, b) in nearest.differs.items()])
