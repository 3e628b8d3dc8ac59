"""What each check buys: as text for one flow, as data, and as Markdown tables over all flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..explore.explain.guards import Fate, Guard
from .policies import Line, laid_out
from .policy_tables import rows
from .prose import WIDTH, Prose
from .table import code, prose

_SIGNS = {Fate.LAWS: "law", Fate.REDUNDANT: "–", Fate.IDLE: "·", Fate.UNKNOWN: "?"}

_TITLES = {
    Fate.NEEDED: "without one of these a property is lost",
    Fate.LAWS: "only laws that say the same are lost, or some refusal is no longer given",
    Fate.REDUNDANT: "redundant: its party goes along with more without it, and no property is lost",
    Fate.IDLE: "never decisive: its party goes along with nothing more without it",
    Fate.UNKNOWN: "not found out",
}


def guards_text(flow: str, aspect: str, found: Sequence[Guard], *, width: int = WIDTH) -> Prose:
    """The checks of a flow, by what becomes of it without each."""
    lines: list[Line] = [f"{flow}: {aspect}: each of {len(found)} checks left out, one at a time"]
    for fate, title in _TITLES.items():
        mine = [g for g in found if g.fate is fate]
        if not mine:
            continue
        lines.append(f"  {title} ({len(mine)}):")
        if fate is Fate.NEEDED:
            for g in mine:
                more = f", and {len(g.laws)} laws" if g.laws else ""
                lines += _wrapped(f"{g.name} ({g.binds or 'nobody'}): {', '.join(g.lost)}{more}", "    ")
        else:
            lines += _wrapped("; ".join(g.name for g in mine), "    ")
    stopped = next((g.stopped for g in found if g.stopped), "")
    if stopped:
        lines.append(f"  UNKNOWN: what is not found so far: {stopped}")
    return laid_out(lines, width)


def _wrapped(text: str, indent: str) -> list[Line]:
    return [(text, indent, f"{indent}  ", "")]


def guards_document(flow: str, aspect: str, found: Sequence[Guard]) -> dict[str, Any]:
    """The same as data."""
    return {
        "flow": flow,
        "aspect": aspect,
        "checks": [
            {
                "check": g.name, "binds": g.binds or None, "fate": g.fate.value, "lost": list(g.lost), "laws": list(g.laws),
                "no_longer_reached": list(g.unseen), "decides": g.decides, "stopped": g.stopped,
            }
            for g in found
        ],
    }  # fmt: skip


def sign(g: Guard | None) -> str:
    """A cell: how many properties are lost, or what else there is to say; empty where the check is not made."""
    return "" if g is None else _SIGNS.get(g.fate, f"**{len(g.lost)}**")


def summary_table(found: Mapping[str, Mapping[str, Sequence[Guard]]]) -> str:
    """Per aspect and flow: how many checks are needed, needed by laws only, redundant, never decisive."""
    flows = list(dict.fromkeys(f for columns in found.values() for f in columns))
    body = []
    for aspect, columns in found.items():
        cells = []
        for f in flows:
            fates = [g.fate for g in columns.get(f, ())]
            counted = [fates.count(x) for x in (Fate.NEEDED, Fate.LAWS, Fate.REDUNDANT, Fate.IDLE)]
            cells.append(" / ".join(map(str, counted)) if fates else "")
        body.append([aspect, *cells])
    return rows(["aspect", *map(code, flows)], body)


def aspect_table(columns: Mapping[str, Sequence[Guard]]) -> str:
    """The checks of an aspect in every flow, and what is lost without them in any of them."""
    names = list(dict.fromkeys(g.name for found in columns.values() for g in found))
    by_flow = {f: {g.name: g for g in found} for f, found in columns.items()}
    body = [row(n, [by_flow[f].get(n) for f in columns]) for n in names]
    return rows(["check", "of", *map(code, columns), "lost without it, in some flow"], body)


def row(name: str, found: Sequence[Guard | None]) -> list[str]:
    """One check in every flow."""
    (some, *_) = [g for g in found if g is not None]
    lost = dict.fromkeys(p for g in found if g is not None for p in g.lost)
    return [prose(name), some.binds or "–", *map(sign, found), ", ".join(map(code, lost))]
