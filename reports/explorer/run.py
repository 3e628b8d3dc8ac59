"""A run as the page's stepper needs it."""

from __future__ import annotations

from typing import Any

from ...explore.check import Result
from ...explore.verdict import Verdict
from ..formats.blame import letting, place, rule_name, rules_of
from ..graph import trace_nodes, trace_svg
from ..render import RenderError
from ..sequence import sequence_svg
from ..story import MONITOR, Story, repeated, request
from ..timeline import timeline_svg


def run_payload(r: Result) -> dict[str, Any]:
    """States as changes of the first one, and the pictures; nothing in it says of which flow it is, so equal runs are equal."""
    trace = r.trace
    assert trace is not None
    witness = r.verdict is Verdict.HOLDS
    story = Story(trace, witness=witness)
    names = [v.name for v in trace.system.variables if not v.name.startswith(MONITOR)]
    index = trace.system.index
    rule = letting(trace)
    ending = story.ending
    nodes = trace_nodes(trace)
    order = {node: f"s{i}" for i, node in enumerate(dict.fromkeys(nodes))}
    return {
        "initial": {n: trace.states[0][index[n]] for n in names},
        "relevant": list(story.relevant),
        "steps": [
            {
                "event": request(a),
                "actor": a.actor,
                "parties": list(a.parties),
                "reply": a.reply,
                "changed": [[c.name, c.before, c.after, c.party] for c in story.changes[i]],
                "culprit": any(story.culprit(c.name) == i for c in story.changes[i]),
                "rules": [
                    {
                        "name": rule_name(x),
                        "cite": x.cite,
                        "binds": x.binds.name if x.binds is not None else "",
                        "at": str(place(x.origin) or ""),
                    }
                    for x in rules_of(a)
                ],
            }
            for i, a in enumerate(trace.actions)
        ],
        # The first state at which what is broken (or reached) shows.
        "broken_at": None if ending is None else len(trace) if trace.at_step else ending.position,
        "witness": witness,
        "headline": ending.headline if ending is not None else "",
        "causes": ending.lines() if ending is not None else [],
        "blame": None if rule is None or witness else {"name": rule_name(rule), "at": str(place(rule.origin) or "")},
        "loop": trace.loop,
        "loop_says": f"{repeated(trace)} for ever" if trace.loop is not None else "",
        "pending": trace.pending,
        "chart": sequence_svg(trace, title=r.prop.id, witness=witness),
        "timeline": timeline_svg(trace, title=r.prop.id, witness=witness),
        "graph": _graph(r, witness),
        "nodes": [order[n] for n in nodes],
    }


def _graph(r: Result, witness: bool) -> str | None:
    assert r.trace is not None
    try:
        return trace_svg(r.trace, title=r.prop.id, witness=witness)
    except RenderError:
        return None
