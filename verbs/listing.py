"""``list``: what there is."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable

from ..model.flows import FLOWS
from ..model.world import KNOBS
from ..properties.alphabets import ALPHABETS, Alphabet
from ..properties.catalogue import groups
from ..properties.questions import QUESTIONS
from . import options, screen
from .exits import HOLDS


def add(p: argparse.ArgumentParser) -> None:
    p.description = "List " + ", ".join(_LISTS) + "."
    p.add_argument("what", choices=tuple(_LISTS))
    options.add_format(p)
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    rows = _LISTS[args.what]()
    if args.format == "json":
        options.dump(rows)
        return HOLDS
    screen.listing([(str(r["id"]), str(r["summary"])) for r in rows])
    return HOLDS


def _list_flows() -> list[dict[str, object]]:
    return [
        {"id": f.name, "summary": f.summary, "cite": f.cite, "choices": dict(f.choices), "notes": list(f.notes)}
        for f in FLOWS.values()
    ]


def _list_properties() -> list[dict[str, object]]:
    return [
        {
            "id": p.id,
            "summary": p.says,
            "aspect": g.aspect,
            "group": g.title,
            "protects": p.protects,
            "binds": p.binds,
            "cite": p.cite,
            "formula": str(p.formula),
        }
        for g in groups()
        for p in g.properties
    ]


def _list_knobs() -> list[dict[str, object]]:
    return [
        {
            "id": k.name,
            "summary": f"{' | '.join(str(v).lower() for v in k.sort.domain)}, default {str(k.default).lower()}: {k.summary}",
            "values": list(k.sort.domain),
            "default": k.default,
            "cite": k.cite,
        }
        for k in KNOBS
    ]


def _list_questions() -> list[dict[str, object]]:
    return [
        {
            "id": q.id,
            "summary": q.asks,
            "raised_by": q.raised_by,
            "properties": [str(p) for p in q.probes],
            "comparisons": [str(a) for a in q.alike],
            "beyond": q.beyond,
        }
        for q in QUESTIONS.values()
    ]


def _list_alphabets() -> list[dict[str, object]]:
    by_name: dict[str, list[Alphabet]] = {}
    for a in ALPHABETS:
        by_name.setdefault(a.name, []).append(a)
    return [
        {
            "id": name,
            "summary": " ".join(f"{', '.join(aspects)}: {says}" for says, aspects in _by_sentence(mine).items()),
            "aspects": {a.aspect: a.says for a in mine},
        }
        for name, mine in by_name.items()
    ]


def _by_sentence(alphabets: Iterable[Alphabet]) -> dict[str, list[str]]:
    """The aspects in which an alphabet says the same."""
    found: dict[str, list[str]] = {}
    for a in alphabets:
        found.setdefault(a.says, []).append(a.aspect)
    return found


def _list_refinements() -> list[dict[str, object]]:
    from ..properties.refinements import REFINEMENTS  # here, since they speak of models, which no other list needs

    return [
        {"id": r.id, "summary": f"{r.aspect}: {r.says}", "aspect": r.aspect, "beyond": r.beyond, "cite": r.cite}
        for r in REFINEMENTS.values()
    ]


_LISTS: dict[str, Callable[[], list[dict[str, object]]]] = {
    "flows": _list_flows,
    "properties": _list_properties,
    "questions": _list_questions,
    "knobs": _list_knobs,
    "alphabets": _list_alphabets,
    "refinements": _list_refinements,
}
