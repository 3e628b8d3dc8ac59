"""Mutation scores as text and as data: per part what was killed, and the survivors by name."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from ..explore.mutation import Fate, Score, Setting, Trial, scores
from .verdicts import PLAIN, Style

_WIDTH = 110


def mutation_text(
    aspect: str,
    found: Sequence[Trial],
    why: Mapping[str, str],
    where: Sequence[Setting],
    *,
    brief: bool = False,
    style: Style = PLAIN,
) -> str:
    """A table of scores, then the survivors; ``brief``: without the names of those that may survive, and why."""
    every = scores(found, why)
    wide = max(len(s.part) for s in every)
    rows = [f"{aspect}: {every[-1].tried} mutants in {len(where)} settings"]
    rows.append(f"  {style.dim}{'part':{wide}}  mutants  killed  equivalent  justified  survived  score{style.end}")
    for s in every:
        share = f"{_percent(s):>5}"
        colour = style.green if not s.survived else style.yellow
        rows.append(
            f"  {s.part:{wide}}  {s.tried:7}  {s.killed:6}  {s.idle:10}  {s.justified:9}  {s.survived:8}  {colour}{share}{style.end}"
        )
    alive = [t for t in found if t.fate is Fate.SURVIVED]
    rows += _named("survived", [f"{t.mutant} ({t.setting})" for t in alive if str(t.mutant) not in why])
    if not brief:
        reasons: dict[str, list[str]] = {}
        for t in alive:
            if str(t.mutant) in why:
                reasons.setdefault(why[str(t.mutant)], []).append(str(t.mutant))
        for reason, names in reasons.items():
            rows += _named(reason, names)
    return "\n".join(rows)


def _percent(s: Score) -> str:
    """Never rounded up to a hundred."""
    return f"{int(1000 * s.share) / 10:g} %"


def _named(title: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return [
        textwrap.fill(f"{title} ({len(names)}):", _WIDTH, initial_indent="  ", subsequent_indent="  "),
        *(textwrap.fill(n, _WIDTH, initial_indent="    ", subsequent_indent="      ") for n in names),
    ]


def mutation_document(
    aspect: str, found: Sequence[Trial], why: Mapping[str, str], where: Sequence[Setting]
) -> dict[str, object]:
    """The same as data."""
    return {
        "aspect": aspect,
        "settings": [str(s) for s in where],
        "scores": [
            {
                "part": s.part, "mutants": s.tried, "killed": s.killed, "equivalent": s.idle, "justified": s.justified,
                "survived": s.survived, "score": round(s.share, 4),
            }
            for s in scores(found, why)
        ],
        "mutants": [
            {
                "mutant": str(t.mutant), "part": t.machine, "fate": t.fate.value, "by": t.by or None,
                "setting": t.setting or None, "why": why.get(str(t.mutant)),
            }
            for t in found
        ],
    }  # fmt: skip
