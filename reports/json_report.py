"""Results as JSON: one document, as the published schema describes it, deterministic but for the seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from ..explore.check import Result
from ..explore.verdict import Evidence, Trace
from ..model.language import Rule
from .formats.blame import place, rules_of

SCHEMA_VERSION = "1.1"
"""Of the document: the first number changes when a reader of the old one could be misled, the second when something is added."""


def schema(document: str = "check") -> dict[str, Any]:
    """The JSON Schema (2020-12) of a document: of ``check``, or of ``anynumber`` (``prove --any``).

    What the documents have in common, such as the steps of traces, stands in that of ``check``.
    """
    text = (files(__package__) / "schemas" / f"{document}-1.schema.json").read_text(encoding="utf-8")
    found = dict(json.loads(text))
    if document != "check":
        shared = {k: v for k, v in schema()["$defs"].items() if k in ("value", "step", "rule")}
        found["$defs"] = shared | found["$defs"]
    return found


def check_document(
    version: str, results: Mapping[str, Sequence[Result]], notes: Sequence[str] = (), *, times: bool = True
) -> dict[str, Any]:
    """The document of ``tdisprove check --format json``: results by name of flow or system.

    Without ``times`` equal results are equal documents.
    """
    document: dict[str, Any] = {
        "tool": "tdisprove",
        "version": version,
        "schema": SCHEMA_VERSION,
        "results": [_result(name, r, times) for name, rs in results.items() for r in rs],
    }
    if notes:
        document["notes"] = list(notes)
    return document


def _result(name: str, r: Result, times: bool) -> dict[str, Any]:
    return {
        "flow": name,
        "property": r.prop.id,
        "verdict": r.verdict.value,
        "engine": r.engine,
        "evidence": _evidence(r),
        "states": r.statistics.states if r.statistics is not None else None,
        "up_to_symmetry": bool(r.statistics is not None and r.statistics.symmetry),
        "dead_variables_reset": bool(r.statistics is not None and r.statistics.dead),
        "depth": r.depth,
        "seconds": round(r.seconds, 3) if times else None,
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
        # Filled in on request, since it takes further checks.
        "why": None,
    }


def _evidence(r: Result) -> str:
    if r.evidence is not Evidence.TRACE:
        return str(r.evidence.value)
    # A shortest trace is as good as the search that found it: all states up to its depth, by whichever engine.
    complete = r.statistics is not None and r.statistics.complete
    return str((Evidence.EXHAUSTIVE if complete else Evidence.BOUNDED).value)


def trace_steps(trace: Trace) -> list[dict[str, Any]]:
    """The steps of a trace: event, actor, arguments, reply, what changed as variable -> [before, after], and by which rules."""
    return [
        {
            "event": a.event,
            "actor": a.actor,
            "args": dict(a.args),
            "reply": a.reply,
            "changed": {name: list(change) for name, change in trace.changed(i).items()},
            "rules": [_rule(r) for r in rules_of(a)],
        }
        for i, a in enumerate(trace.actions)
    ]


def _rule(rule: Rule) -> dict[str, Any]:
    at = place(rule.origin)
    return {
        "machine": rule.machine,
        "rule": rule.name,
        "binds": rule.binds.name if rule.binds is not None else None,
        "cite": rule.cite or None,
        "at": str(at) if at is not None else None,
    }
