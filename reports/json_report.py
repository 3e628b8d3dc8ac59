"""Results as JSON: one document, deterministic but for the seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..explore.check import Result
from ..explore.verdict import Evidence, Trace


def check_document(version: str, results: Mapping[str, Sequence[Result]], notes: Sequence[str] = ()) -> dict[str, Any]:
    """The document of ``tdisprove check --format json``: results by name of flow or system."""
    document: dict[str, Any] = {
        "tool": "tdisprove",
        "version": version,
        "results": [_result(name, r) for name, rs in results.items() for r in rs],
    }
    if notes:
        document["notes"] = list(notes)
    return document


def _result(name: str, r: Result) -> dict[str, Any]:
    return {
        "flow": name,
        "property": r.prop.id,
        "verdict": r.verdict.value,
        "engine": r.engine,
        "evidence": _evidence(r),
        "states": r.statistics.states if r.statistics is not None else None,
        "depth": r.depth,
        "seconds": round(r.seconds, 3),
        "vacuous": r.vacuous,
        "instance": r.instance or None,
        "topology": dict(r.system.topology),
        "knobs": dict(r.system.knobs),
        "notes": list(r.notes),
        "lemmas": list(r.lemmas),
        "fairness": list(r.fairness),
        "trace": trace_steps(r.trace) if r.trace is not None else None,
        # Of a run that breaks a promise: the number of steps after which it is due, and to which it comes back.
        "pending": r.trace.pending if r.trace is not None else None,
        "loop": r.trace.loop if r.trace is not None else None,
    }


def _evidence(r: Result) -> str:
    if r.evidence is not Evidence.TRACE:
        return str(r.evidence.value)
    # A shortest trace is as good as the search that found it: all states up to its depth, by whichever engine.
    complete = r.statistics is not None and r.statistics.complete
    return str((Evidence.EXHAUSTIVE if complete else Evidence.BOUNDED).value)


def trace_steps(trace: Trace) -> list[dict[str, Any]]:
    """The steps of a trace: event, actor, arguments, reply, and what changed as variable -> [before, after]."""
    return [
        {
            "event": a.event,
            "actor": a.actor,
            "args": dict(a.args),
            "reply": a.reply,
            "changed": {name: list(change) for name, change in trace.changed(i).items()},
        }
        for i, a in enumerate(trace.actions)
    ]
