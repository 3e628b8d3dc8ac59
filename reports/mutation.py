"""Mutation scores as text and as data: per part what was killed, and the survivors by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..explore.mutation import Fate, Score, Setting, Trial, scores
from .prose import WIDTH, Prose


def mutation_text(
    aspect: str,
    found: Sequence[Trial],
    why: Mapping[str, str],
    where: Sequence[Setting],
    *,
    brief: bool = False,
    width: int = WIDTH,
) -> Prose:
    """A table of scores, then the survivors; ``brief``: without the names of those that may survive, and why."""
    every = scores(found, why)
    wide = max(len(s.part) for s in every)
    text = Prose(width).line(f"{aspect}: {every[-1].tried} mutants in {len(where)} settings")
    text.line((f"  {'part':{wide}}  mutants  killed  equivalent  justified  survived  score", "faint"))
    for s in every:
        row = f"  {s.part:{wide}}  {s.tried:7}  {s.killed:6}  {s.idle:10}  {s.justified:9}  {s.survived:8}  "
        text.line(row, (f"{_percent(s):>5}", "unknown" if s.survived else "holds"))
    alive = [t for t in found if t.fate is Fate.SURVIVED]
    _named(text, "survived", [f"{t.mutant} ({t.setting})" for t in alive if str(t.mutant) not in why])
    if not brief:
        reasons: dict[str, list[str]] = {}
        for t in alive:
            if str(t.mutant) in why:
                reasons.setdefault(why[str(t.mutant)], []).append(str(t.mutant))
        for reason, names in reasons.items():
            _named(text, reason, names)
    return text


def _percent(s: Score) -> str:
    """Never rounded up to a hundred."""
    return f"{int(1000 * s.share) / 10:g} %"


def _named(text: Prose, title: str, names: Sequence[str]) -> None:
    if names:
        text.wrapped(f"{title} ({len(names)}):", "  ")
        for name in names:
            text.wrapped(name, "    ", "      ")


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
