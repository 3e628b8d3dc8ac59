"""Verdicts as text: the matrix of properties and flows, and what the central argument comes down to.

On a terminal the tables are drawn by `reports.terminal`, from the same sections, cells and roles.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..explore.check import Result
from ..explore.explain.contrast import Contrast
from ..explore.verdict import Verdict
from ..model.language import Value
from ..properties.property import Property
from .prose import WIDTH, Prose


def cell(r: Result) -> str:
    """A verdict in a few characters: ``holds``, ``VIOLATED at 5``, ``UNKNOWN to 7``, ``holds (vacuous)``.

    ``VIOLATED (loop at 5)``: what was to come never does, since the run goes round for ever after five steps.
    """
    if r.verdict is Verdict.VIOLATED:
        if r.trace is not None and r.trace.loop is not None:
            return f"VIOLATED (loop at {r.depth})"
        return f"VIOLATED at {r.depth}" if r.trace is not None else "VIOLATED"
    if r.verdict is Verdict.UNKNOWN:
        return f"UNKNOWN to {r.depth}"
    return "holds (vacuous)" if r.vacuous else "holds"


def role(r: Result) -> str:
    """How a verdict is to be set off: its own name, or ``vacuous``."""
    return "vacuous" if r.verdict is Verdict.HOLDS and r.vacuous else r.verdict.value


_MANY = 20
"""Beyond so many properties those that hold in every column are listed, not tabulated."""


@dataclass(frozen=True)
class Section:
    """A group of properties with their results, a cell per column (None: not there). ``holding``: named only, for they hold everywhere."""

    title: str
    rows: tuple[tuple[str, tuple[Result | None, ...]], ...]
    holding: tuple[str, ...]


def sections(groups: Mapping[str, Sequence[Property]], columns: Mapping[str, Sequence[Result]]) -> list[Section]:
    """What a matrix shows. Properties that no column has are left out, and groups without any.

    A long table is cut to what does not hold everywhere, so that it fits a screen.
    """
    found = [{r.prop.id: r for r in results} for results in columns.values()]
    decided = {name for column in found for name in column}
    many = len({p.id for ps in groups.values() for p in ps} & decided) > _MANY
    shown = []
    for title, properties in groups.items():
        rows = [(p.id, tuple(column.get(p.id) for column in found)) for p in properties if p.id in decided]
        holding = [name for name, cells in rows if many and all(r is None or cell(r) == "holds" for r in cells)]
        if rows:
            shown.append(Section(title, tuple(x for x in rows if x[0] not in holding), tuple(holding)))
    return shown


def matrix(groups: Mapping[str, Sequence[Property]], columns: Mapping[str, Sequence[Result]]) -> str:
    """Properties down, systems across; the names of those that hold everywhere follow below each group, if there are many."""
    shown = sections(groups, columns)
    if not shown:
        return ""
    tabulated = [name for s in shown for name, _ in s.rows]
    left = max(map(len, tabulated or [name for s in shown for name in s.holding])) + 2
    widths = {name: max([len(name), *(len(cell(r)) for r in results)]) + 2 for name, results in columns.items()}
    lines = [" " * (left + 2) + "".join(f"{name:<{widths[name]}}" for name in columns).rstrip()]
    for s in shown:
        lines.append(s.title)
        for property_id, cells in s.rows:
            row = "".join(f"{cell(r) if r else '':<{w}}" for r, w in zip(cells, widths.values(), strict=True))
            lines.append(f"  {property_id:<{left}}{row}".rstrip())
        text = textwrap.wrap(", ".join(s.holding), WIDTH - 8, break_on_hyphens=False)
        lines += [f"  {'holds:' if i == 0 else '      '} {t}" for i, t in enumerate(text)]
    return "\n".join(lines)


OVERVIEW = "(hold | violated)"
"""What the cells of an overview say."""


def overview(table: Mapping[str, Mapping[str, Sequence[Result]]]) -> str:
    """Systems down, aspects across: how many properties hold and how many do not (``30 | 8``, ``2 | 1 | 1 ?``)."""
    aspects = list(dict.fromkeys(a for row in table.values() for a in row))
    left = max(map(len, table)) + 2
    texts = {(name, a): counts(row[a]) for name, row in table.items() for a in row}
    widths = {a: max([len(a), *(len(texts[n, a]) for n in table if (n, a) in texts)]) + 2 for a in aspects}
    lines = [" " * left + "".join(f"{a:<{widths[a]}}" for a in aspects).rstrip() + f"   {OVERVIEW}"]
    for name in table:
        cells = "".join(f"{texts.get((name, a), '–'):<{widths[a]}}" for a in aspects)
        lines.append(f"{name:<{left}}{cells.rstrip()}")
    return "\n".join(lines)


def counts(results: Sequence[Result]) -> str:
    """How many hold, are violated, are unknown, as short as can be."""
    count = {v: sum(r.verdict is v for r in results) for v in Verdict}
    text = f"{count[Verdict.HOLDS]} | {count[Verdict.VIOLATED]}"
    return text + (f" | {count[Verdict.UNKNOWN]} ?" if count[Verdict.UNKNOWN] else "")


def worst(results: Sequence[Result]) -> str:
    """The role of the worst verdict among some."""
    verdicts = {r.verdict for r in results}
    return next((v.value for v in (Verdict.VIOLATED, Verdict.UNKNOWN) if v in verdicts), Verdict.HOLDS.value)


def setting(values: Mapping[str, Value]) -> str:
    """``host=hostile, tsm_consent=false``."""
    return ", ".join(f"{k}={str(v).lower()}" for k, v in values.items())


def condition(c: Contrast) -> str:
    """For which of the contrasted settings the property holds, in words."""
    alternatives = c.holds_iff()
    if alternatives is None:
        return "undecided: a limit was reached"
    if not alternatives:
        return f"violated whatever {' and '.join(c.knobs)} are" if len(c.knobs) > 1 else f"violated whatever {c.knobs[0]} is"
    if alternatives == ({},):
        return f"holds whatever {' and '.join(c.knobs)} are" if len(c.knobs) > 1 else f"holds whatever {c.knobs[0]} is"
    return "holds iff " + " or ".join(setting(a).replace(", ", " and ") for a in alternatives)


def run_in_words(r: Result) -> str:
    """The events of a trace in one line."""
    if r.trace is None:
        return ""
    words = [a.label.replace(" → ", ": ") for a in r.trace.actions]
    loop = r.trace.loop
    if loop is None:
        return " → ".join(words)
    return " → ".join([*words[:loop], f"({' → '.join(words[loop:])}, for ever)"])


def argument(flow: str, summary: str, contrasts: Iterable[Contrast], *, brief: bool = False, width: int = WIDTH) -> Prose:
    """What a flow's central properties come to, and on which of its choices that rests; ``brief``: no more than that."""
    text = Prose(width).line((flow, "title"), f": {summary}")
    for c in contrasts:
        text.line(f"  {c.prop.id}: ", (condition(c), "title"))
        if brief:
            continue
        for values, r in c.results:
            text.line(f"    {setting(values):<36} ", (cell(r), role(r)))
        violated = [r for _, r in c.results if r.verdict is Verdict.VIOLATED]
        holds = [r for _, r in c.results if r.verdict is Verdict.HOLDS and not r.vacuous]
        if violated and violated[0].trace is not None:
            first = min(violated, key=lambda r: len(r.trace) if r.trace else 0)
            text.wrapped(run_in_words(first), "    run: ").wrapped(c.prop.if_violated, "    violated means: ")
        if holds:
            text.wrapped(c.prop.if_holds, "    holds means: ")
    return text


def tally(results: Iterable[Result]) -> str:
    """How many hold, are violated, are unknown."""
    every = list(results)
    count = {v: sum(r.verdict is v for r in every) for v in Verdict}
    vacuous = sum(r.vacuous for r in every)
    text = f"{count[Verdict.HOLDS]} hold" + (f" ({vacuous} vacuously)" if vacuous else "")
    text += f", {count[Verdict.VIOLATED]} violated"
    return text + (f", {count[Verdict.UNKNOWN]} UNKNOWN" if count[Verdict.UNKNOWN] else "")
