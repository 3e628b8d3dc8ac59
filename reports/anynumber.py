"""Verdicts for any number of instances: as text, as a table, as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..explore.anynumber import Answer, InductionFailure
from ..explore.verdict import Verdict
from ..model.language import word
from .json_report import trace_steps
from .table import code, prose, trace_table

_WIDTH = 110


def any_number(a: Answer) -> str:
    """What the verdict is about: ``any number of tdi and tvm, device 1``."""
    *most, last = a.about.free
    free = f"{', '.join(most)} and {last}" if most else last
    return ", ".join([f"any number of {free}", *(f"{i} {n}" for i, n in a.about.fixed.items())])


def cell(a: Answer) -> str:
    """The verdict in a few words."""
    if a.trace is not None:
        return f"VIOLATED at {len(a.trace)}, with {_topology(a.trace.system.topology)}"
    vacuous = " (vacuous: nothing of the kind happens)" if a.vacuous else ""
    return f"holds for {any_number(a)}{vacuous}" if a.verdict is Verdict.HOLDS else f"UNKNOWN for {any_number(a)}"


def lines(a: Answer, *, quiet: bool = False) -> Iterator[str]:
    """The verdict with what it rests on."""
    yield f"  {a.prop.id}: {cell(a)}"
    if quiet:
        return
    if a.verdict is Verdict.HOLDS:
        asked = ", ".join(f"{n} questions to {solver}" for solver, n in a.questions.items())
        yield from _wrapped(f"proved with quantifiers, by {asked}; besides the property itself, the proof rests on")
        for lemma in a.lemmas or ("nothing",):
            yield from _wrapped(f"lemma: {lemma}" if a.lemmas else lemma)
        for name, observes in a.observed.items():
            yield from _wrapped(f"where {name} says: {observes}")
    if a.note:
        yield from _wrapped(a.note)
    if a.failure is not None and a.verdict is Verdict.UNKNOWN:
        yield from _wrapped(_failure(a.failure))
    if a.trace is not None:
        yield ""
        yield trace_table(a.trace, title=f"{a.prop.id}: {cell(a)}", subtitle=a.prop.says).rstrip()


_REACHED = {
    True: "can be reached",
    False: "cannot be reached",
    None: "may be reached or not (that was not found out in time)",
}


def _failure(f: InductionFailure) -> str:
    state = ", ".join(f"{name} = {word(value)}" for name, value in f.state.items())  # type: ignore[arg-type]
    there = f"; with {_topology(f.larger)} such a state {_REACHED[f.reachable_there]}" if f.larger is not None else ""
    return (
        f"counterexample to induction with {_topology(f.sizes)}: {f.event} breaks it in a state that keeps every lemma and that "
        f"{_REACHED[f.reachable]} there{there}: {state or 'everything'}"
        + (", and the rest as in the beginning" if state else " as in the beginning")
    )


def _topology(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{i} {n}" for i, n in sizes.items())


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="      ", subsequent_indent="        ", break_on_hyphens=False)


def table(answers: Mapping[str, Sequence[Answer]]) -> str:
    """Properties × flows in Markdown. A dash: the flow does not have that aspect."""
    rows: dict[str, dict[str, str]] = {}
    for name, found in answers.items():
        for a in found:
            rows.setdefault(a.prop.id, {})[name] = short(a)
    head = ["property", *map(code, answers)]
    body = [[code(p), *(cells.get(name, "–") for name in answers)] for p, cells in rows.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body)) + "\n"


def short(a: Answer) -> str:
    """The verdict in a cell of the table."""
    if a.trace is not None:
        return f"violated at {len(a.trace)}"
    if a.verdict is Verdict.HOLDS:
        return "any number (vacuous)" if a.vacuous else "any number"
    return f"unknown: {prose(a.note)}"


SCHEMA_VERSION = "1.0"
"""Of the document (see `json_report.SCHEMA_VERSION`)."""


def document(version: str, answers: Mapping[str, Sequence[Answer]], notes: Sequence[str] = ()) -> dict[str, Any]:
    """The document of ``tdisprove prove --any INDEX --format json``."""
    content: dict[str, Any] = {
        "tool": "tdisprove",
        "version": version,
        "schema": SCHEMA_VERSION,
        "results": [_result(name, a) for name, found in answers.items() for a in found],
    }
    if notes:
        content["notes"] = list(notes)
    return content


def _result(name: str, a: Answer) -> dict[str, Any]:
    f = a.failure if a.verdict is Verdict.UNKNOWN else None
    return {
        "flow": name,
        "property": a.prop.id,
        "verdict": a.verdict.value,
        "vacuous": a.vacuous,
        "any_number_of": list(a.about.free),
        "fixed": dict(a.about.fixed),
        "knobs": dict(a.about.model.knobs),
        "seconds": round(a.seconds, 3),
        "lemmas": list(a.lemmas),
        "observed": dict(a.observed),
        "questions": dict(a.questions),
        "note": a.note or None,
        "depth": len(a.trace) if a.trace is not None else None,
        "topology": dict(a.trace.system.topology) if a.trace is not None else None,
        "trace": trace_steps(a.trace) if a.trace is not None else None,
        "counterexample_to_induction": None if f is None else {
            "topology": dict(f.sizes), "state": dict(f.state), "event": f.event, "reachable": f.reachable,
            "larger": None if f.larger is None else dict(f.larger), "reachable_there": f.reachable_there,
        },
    }  # fmt: skip
