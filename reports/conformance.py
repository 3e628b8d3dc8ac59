"""What came of testing an implementation: as text, as a sequence chart, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..explore.conformance.files import finding_document
from ..explore.conformance.fuzz import Campaign, Fault
from ..explore.conformance.guide import Coverage
from ..explore.conformance.requester.platform import TO_TSM
from ..explore.conformance.run import Finding

_WIDTH = 100
_WHO = {"": "(event) ", "user": "(user) ", "guest": "    calls "}
"""Who begins an exchange, where it is nobody's session."""


def campaign_text(
    c: Campaign, protocol: str, ambiguities: Mapping[str, str], advised: Mapping[str, tuple[Any, str]]
) -> Iterator[str]:
    """The whole report, line by line."""
    how = "guided by the model" if c.guided else "plain random rules"
    yield f"{protocol}: {c.steps:,} steps on {c.resets} instance(s), {how}, {c.seconds:.1f} s"
    for name, layer in c.layers().items():
        yield f"  {name}: {layer[0]:,} of {layer[1]:,} ({100 * Coverage.share(layer):.1f} %)"
    if c.stopped:
        yield f"  ended early: {c.stopped}"
    yield from _readings(c, ambiguities, advised)
    if c.excused:
        yield f"  answers for reasons of the implementation's own, which are allowed and prove nothing: {sum(c.excused.values())}"
        yield from (f"    {stimulus}: {reply} ({n} times)" for (stimulus, reply), n in sorted(c.excused.items())[:10])
    if c.skipped:
        yield f"  could not be done here: {', '.join(c.skipped)}"
    for f in unique(c.faults.values()):
        yield ""
        yield from fault_text(f, "FAULT")
    for f in unique(c.advice.values()):
        yield ""
        yield from fault_text(f, "advice")
    yield ""
    yield verdict(c)


def verdict(c: Campaign) -> str:
    """The last line."""
    n = len(unique(c.faults.values()))
    if n:
        return f"{n} fault(s)."
    full = all(a == b for a, b in c.layers().values())
    return "No fault; everything was covered." if full else "No fault so far; not everything was covered."


def unique(faults: Iterable[Fault]) -> list[Fault]:
    """Each fault once, in the order in which they were met."""
    return sorted({id(f): f for f in faults}.values(), key=lambda f: f.first_at)


def _readings(c: Campaign, ambiguities: Mapping[str, str], advised: Mapping[str, tuple[Any, str]]) -> Iterator[str]:
    if not c.readings:
        return
    yield (
        "  conforms, where the specification is open, under:"
        if c.conforms
        else "  where the specification is open, read as:"
    )
    for name, values in c.readings.items():
        number = ambiguities.get(name, "")
        shown = " or ".join(str(v).lower() for v in values)
        yield f"    {name} = {shown}" + (f"   ({number})" if number else "")
        if name in advised and advised[name][0] not in values:
            yield f"      not recommended: {advised[name][1]}"


def fault_text(f: Fault, word: str) -> Iterator[str]:
    """One fault: what, where, by which clause, and the run."""
    x = f.finding
    yield f"{word}: {x.stimulus} in {x.state}" + (
        f"   (met {f.times} times, first at step {f.first_at})" if f.times > 1 else ""
    )
    if x.expected:
        yield f"  expected: {' or '.join(x.expected)}"
    yield f"  actual:   {x.actual}"
    if x.clauses:
        yield f"  clause:   {'; '.join(x.clauses)}"
    for i, check in enumerate(x.blame.lacks):
        yield f"  {'lacks:   ' if not i else 'or:      '} {check}"
    yield from (f"  breaks:   {p}" for p in x.blame.breaks)
    if f.under:
        yield f"  note:     {f.under if 'again' in f.under else f'settled before: {f.under}'}"
    yield "  run:"
    yield from (f"    {line}" for line in transcript(x))


def transcript(f: Finding) -> Iterator[str]:
    """The run, message by message; the first ones are left out of a long one."""
    shown = f.transcript[-40:]
    if len(shown) < len(f.transcript):
        yield f"… {len(f.transcript) - len(shown)} exchanges before"
    for x in shown:
        who = _WHO.get(x.session, f"[{x.session}] ")
        yield f"{who}{_cut(x.sent)} -> {_cut(x.received)}"


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


def mermaid(f: Finding, title: str) -> str:
    """The run as a sequence chart."""
    lines = ["---", f"title: {_plain(title)}", "---", "sequenceDiagram"]
    if any(x.session == "user" for x in f.transcript):
        lines += ["  participant U as user", "  participant D as guest", "  participant T as TSM", "  participant E as host"]
    else:
        lines += ["  participant T as TSM", "  participant H as other session", "  participant E as environment",
                  "  participant D as implementation"]  # fmt: skip
    lanes = {"tsm": "T", "host": "H", "none": "H", "": "E", "user": "U"}
    for x in f.transcript:
        if x.session == "guest":
            called = "T" if x.sent.split()[0] in TO_TSM else "E"
            lines += [f"  D->>{called}: {_plain(x.sent)}", f"  {called}-->>D: {_plain(x.received)}"]
            continue
        if x.session == "" and any(y.session == "user" for y in f.transcript):
            lines.append(f"  Note over T,E: {_plain(x.sent)}, {_plain(x.received)}")
            continue
        lane = lanes[x.session]
        lines.append(f"  {lane}->>D: {_plain(x.sent)}{' (in the clear)' if x.session == 'none' else ''}")
        if x.received not in ("ok", "silence"):
            lines.append(f"  D-->>{lane}: {_plain(x.received)}")
        elif x.received == "silence":
            lines.append("  Note over D: no answer")
    wanted = " or ".join(f.expected) or "otherwise"
    lines.append(f"  Note over D: expected {_plain(wanted)}")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    return _cut(text).replace(";", ",").replace("#", "").replace(":", " ").replace("\n", " ")


def campaign_json(c: Campaign, protocol: str) -> dict[str, Any]:
    """The whole report as JSON data."""
    return {
        "protocol": protocol,
        "guided": c.guided,
        "steps": c.steps,
        "instances": c.resets,
        "seconds": round(c.seconds, 3),
        "coverage": {name: {"covered": a, "of": b} for name, (a, b) in c.layers().items()},
        "readings": {k: list(v) for k, v in c.readings.items()},
        "stopped": c.stopped or None,
        "excused": [{"stimulus": s, "reply": r, "times": n} for (s, r), n in sorted(c.excused.items())],
        "skipped": c.skipped,
        "faults": [_fault(f) for f in unique(c.faults.values())],
        "advice": [_fault(f) for f in unique(c.advice.values())],
    }


def _fault(f: Fault) -> dict[str, Any]:
    return {**finding_document(f.finding), "times": f.times, "first_at": f.first_at, "under": f.under or None}


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows in columns."""
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    for r in rows:
        yield "  ".join(cell.ljust(w) for cell, w in zip(r, widths, strict=True)).rstrip()
