"""Verdicts as text: the matrix of properties and flows, and what the central argument comes down to."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..explore.check import Result
from ..explore.contrast import Contrast
from ..explore.verdict import Verdict
from ..model.language import Value
from ..properties.property import Property


@dataclass(frozen=True)
class Style:
    """Escape sequences for a terminal; all empty where there is none."""

    red: str = ""
    green: str = ""
    yellow: str = ""
    bold: str = ""
    dim: str = ""
    end: str = ""


_WIDTH = 110
"""Columns of running text."""

PLAIN = Style()
COLOURED = Style("\033[31m", "\033[32m", "\033[33m", "\033[1m", "\033[2m", "\033[0m")


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


def paint(r: Result, style: Style) -> str:
    """The colour of a verdict."""
    if r.verdict is Verdict.HOLDS:
        return style.dim if r.vacuous else style.green
    return style.red if r.verdict is Verdict.VIOLATED else style.yellow


_MANY = 20
"""Beyond so many properties those that hold in every column are listed, not tabulated."""


def matrix(groups: Mapping[str, Sequence[Property]], columns: Mapping[str, Sequence[Result]], style: Style = PLAIN) -> str:
    """Properties down, systems across. Properties that no column has are left out, and groups without any.

    A long table is cut to what does not hold everywhere, so that it fits a screen; the names of the others follow
    below each group.
    """
    found = {name: {r.prop.id: r for r in results} for name, results in columns.items()}
    shown = [p.id for ps in groups.values() for p in ps if any(p.id in c for c in found.values())]
    if not shown:
        return ""
    rows = {p: [c[p] for c in found.values() if p in c] for p in shown}
    listed = {p for p, rs in rows.items() if len(shown) > _MANY and all(cell(r) == "holds" for r in rs)}
    left = max(len(p) for p in shown if p not in listed or len(listed) == len(shown)) + 2
    widths = {name: max([len(name), *(len(cell(r)) for r in results.values())]) + 2 for name, results in found.items()}
    lines = [" " * (left + 2) + "".join(f"{style.bold}{name:<{widths[name]}}{style.end}" for name in columns).rstrip()]
    for title, properties in groups.items():
        mine = [p for p in properties if p.id in rows]
        if mine:
            lines.append(f"{style.bold}{title}{style.end}")
        for p in mine:
            if p.id in listed:
                continue
            row = f"  {p.id:<{left}}"
            for name in columns:
                r = found[name].get(p.id)
                row += f"{paint(r, style)}{cell(r):<{widths[name]}}{style.end}" if r else " " * widths[name]
            lines.append(row.rstrip())
        rest = [p.id for p in mine if p.id in listed]
        if rest:
            text = textwrap.wrap(", ".join(rest), _WIDTH - 8, break_on_hyphens=False)
            lines += [f"  {style.green}{'holds:' if i == 0 else '      '}{style.end} {t}" for i, t in enumerate(text)]
    return "\n".join(lines)


def overview(table: Mapping[str, Mapping[str, Sequence[Result]]], style: Style = PLAIN) -> str:
    """Systems down, aspects across: how many properties hold and how many do not (``30 | 8``, ``2 | 1 | 1 ?``)."""
    aspects = list(dict.fromkeys(a for row in table.values() for a in row))
    left = max(map(len, table)) + 2
    texts = {(name, a): _counts(row[a]) for name, row in table.items() for a in row}
    widths = {a: max([len(a), *(len(texts[n, a]) for n in table if (n, a) in texts)]) + 2 for a in aspects}
    lines = [
        " " * left + "".join(f"{style.bold}{a:<{widths[a]}}{style.end}" for a in aspects).rstrip() + "   (hold | violated)"
    ]
    for name, row in table.items():
        cells = ""
        for a in aspects:
            colour = _worst(row[a], style) if a in row else style.dim
            cells += f"{colour}{texts.get((name, a), '–'):<{widths[a]}}{style.end}"
        lines.append(f"{style.bold}{name:<{left}}{style.end}{cells.rstrip()}")
    return "\n".join(lines)


def _counts(results: Sequence[Result]) -> str:
    count = {v: sum(r.verdict is v for r in results) for v in Verdict}
    text = f"{count[Verdict.HOLDS]} | {count[Verdict.VIOLATED]}"
    return text + (f" | {count[Verdict.UNKNOWN]} ?" if count[Verdict.UNKNOWN] else "")


def _worst(results: Sequence[Result], style: Style) -> str:
    verdicts = {r.verdict for r in results}
    if Verdict.VIOLATED in verdicts:
        return style.red
    return style.yellow if Verdict.UNKNOWN in verdicts else style.green


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


def argument(flow: str, summary: str, contrasts: Iterable[Contrast], style: Style = PLAIN, *, brief: bool = False) -> str:
    """What a flow's central properties come to, and on which of its choices that rests; ``brief``: no more than that."""
    lines = [f"{style.bold}{flow}{style.end}: {summary}"]
    for c in contrasts:
        lines.append(f"  {c.prop.id}: {style.bold}{condition(c)}{style.end}")
        if brief:
            continue
        for values, r in c.results:
            lines.append(f"    {setting(values):<36} {paint(r, style)}{cell(r)}{style.end}")
        violated = [r for _, r in c.results if r.verdict is Verdict.VIOLATED]
        holds = [r for _, r in c.results if r.verdict is Verdict.HOLDS and not r.vacuous]
        if violated and violated[0].trace is not None:
            first = min(violated, key=lambda r: len(r.trace) if r.trace else 0)
            lines += _paragraph(run_in_words(first), "    run: ")
            lines += _paragraph(c.prop.if_violated, "    violated means: ")
        if holds:
            lines += _paragraph(c.prop.if_holds, "    holds means: ")
    return "\n".join(lines)


def _paragraph(text: str, prefix: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=prefix, subsequent_indent=" " * len(prefix)) if text else []


def tally(results: Iterable[Result]) -> str:
    """How many hold, are violated, are unknown."""
    every = list(results)
    count = {v: sum(r.verdict is v for r in every) for v in Verdict}
    vacuous = sum(r.vacuous for r in every)
    text = f"{count[Verdict.HOLDS]} hold" + (f" ({vacuous} vacuously)" if vacuous else "")
    text += f", {count[Verdict.VIOLATED]} violated"
    return text + (f", {count[Verdict.UNKNOWN]} UNKNOWN" if count[Verdict.UNKNOWN] else "")
