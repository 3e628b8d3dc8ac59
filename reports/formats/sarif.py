"""Results as SARIF 2.1.0: each violation with a code flow through the rules of the model that let it happen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from ...explore.check import Result
from ...explore.verdict import Trace, Verdict
from ...model.language import Rule, Value, word
from ...properties.property import Property
from ..story import Story
from .blame import culprits, letting, place, rule_name, rule_says, rules_of
from .judged import Columns, Judged, Unexpected, judged

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASE = "TDISPROVE"
_LOCAL = "%SRCROOT%"


def sarif(
    version: str, columns: Columns, *, notes: Sequence[str] = (), unexpected: Unexpected | None = None
) -> dict[str, Any]:
    """The log of one run. Properties are rules; what holds gives no result.

    A violation is a result of kind ``fail``, suppressed where it is the recorded verdict. UNKNOWN is of kind ``open``, and
    makes the invocation one that did not succeed, as anything missing does.
    """
    found = list(judged(columns, unexpected))
    # By identity: two files of the user's own may each have a property of the same name.
    properties = list({id(j.result.prop): j.result.prop for j in found}.values())
    numbers = {id(p): i for i, p in enumerate(properties)}
    reported = [j for j in found if j.outcome != "passed" or j.accepted]
    errors = [f"{j.flow}: {j.result.prop.id}: {j.says}" for j in found if j.outcome == "error"]
    invocation: dict[str, Any] = {"executionSuccessful": not (errors or notes)}
    if errors or notes:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": text}} for text in (*errors, *notes)
        ]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "tdisprove", "version": version, "rules": [_descriptor(p) for p in properties]}},
                "invocations": [invocation],
                "originalUriBaseIds": {_BASE: {"description": {"text": "The folder of the Python package tdisprove."}}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(j, numbers[id(j.result.prop)]) for j in reported],
            }
        ],
    }


def _descriptor(p: Property) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": p.id,
        "shortDescription": {"text": p.says or p.id},
        "fullDescription": {"text": f"{p.says or p.id} Formally: {p.formula}"},
        "defaultConfiguration": {"level": "error"},
    }
    meaning = " ".join(f"{k} means: {v}" for k, v in (("Violated", p.if_violated), ("Holds", p.if_holds)) if v)
    if meaning:
        found["help"] = {"text": meaning}
    found["properties"] = {k: v for k, v in (("protects", p.protects), ("binds", p.binds), ("cite", p.cite)) if v}
    return found


def _result(j: Judged, number: int) -> dict[str, Any]:
    r = j.result
    undecided = j.outcome == "error"
    fingerprint = hashlib.sha256(f"{j.flow}\0{r.prop.id}\0{r.instance}".encode()).hexdigest()
    found: dict[str, Any] = {
        "ruleId": r.prop.id,
        "ruleIndex": number,
        "kind": "open" if undecided else "fail",
        "level": "none" if undecided else "error",
        "message": {"text": f"{j.flow}: {j.says}{_because(r)}"},
        "partialFingerprints": {"flowAndProperty/v1": fingerprint},
        "properties": {
            "flow": j.flow,
            "verdict": r.verdict.value,
            "depth": r.depth,
            "engine": r.engine,
            "topology": dict(r.system.topology),
            "knobs": dict(r.system.knobs),
        },
    }
    if j.accepted:
        found["suppressions"] = [{"kind": "external", "status": "accepted", "justification": "the recorded verdict"}]
    if r.trace is not None:
        witness = r.verdict is Verdict.HOLDS
        rule = letting(r.trace)
        location = _location(rule) if rule is not None else {}
        if location:
            found["locations"] = [location]
        related = [
            {"id": i, **at, "message": {"text": f"step {step + 1}: {rule_says(rule)}"}}
            for i, (step, rule) in enumerate(culprits(r.trace, witness=witness).items(), 1)
            if (at := _location(rule))
        ]
        if related:
            found["relatedLocations"] = related
        if r.trace.actions:
            found["codeFlows"] = [_flow(r.trace, witness)]
    return found


def _because(r: Result) -> str:
    """What is broken at the end of the run."""
    if r.trace is None:
        return ""
    ending = Story(r.trace, witness=r.verdict is Verdict.HOLDS).ending
    return "" if ending is None else " " + " ".join([ending.headline, *(f"{line}." for line in ending.lines())])


def _location(rule: Rule) -> dict[str, Any]:
    """Where a rule is written, and its name; empty when it is in no file."""
    at = place(rule.origin)
    if at is None:
        return {}
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": at.path, "uriBaseId": _BASE if at.packaged else _LOCAL},
            "region": {"startLine": at.line},
        },
        "logicalLocations": [{"fullyQualifiedName": rule_name(rule), "kind": "function"}],
    }


def _flow(trace: Trace, witness: bool) -> dict[str, Any]:
    story = Story(trace, witness=witness)
    start = {name: trace.value(0, name) for name in story.relevant}
    return {
        "message": {
            "text": f"{len(trace)} steps" + ("" if trace.loop is None else f", then again from step {trace.loop + 1}")
        },
        "threadFlows": [{"initialState": _state(start), "locations": list(_steps(trace, story))}],
    }


def _steps(trace: Trace, story: Story) -> Iterator[dict[str, Any]]:
    """Per step the rules that take part, the telling one first; the others are nested in it."""
    for i, action in enumerate(trace.actions):
        state = {name: trace.value(i + 1, name) for name in story.relevant}
        changes = "; ".join(str(c) for c in story.changes[i])
        text = f"{i + 1}. {action.actor}: {action.label}" + (f": {changes}" if changes else "")
        last = i == len(trace.actions) - 1
        rules = rules_of(action)
        first = _location(rules[0]) if rules else {}
        yield {
            "location": {**first, "message": {"text": text}},
            "state": _state(state),
            "executionOrder": i + 1,
            "nestingLevel": 0,
            "importance": "essential" if last or any(story.culprit(c.name) == i for c in story.changes[i]) else "important",
        }
        for rule in rules[1:]:
            yield {
                "location": {**_location(rule), "message": {"text": rule_says(rule)}},
                "executionOrder": i + 1,
                "nestingLevel": 1,
                "importance": "unimportant",
            }


def _state(values: dict[str, Value]) -> dict[str, Any]:
    return {name: {"text": word(value)} for name, value in values.items()}
