"""Models for any number of instances, and what is to be shown of them, in canonical form."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...model.language import BOOL, Enum, Maybe, ModelError, Op, Scope, Term, show
from ...model.language.parametric import Parametric
from ...model.language.sorts import Index, Int, Sort
from ...model.language.terms import subterms
from ...model.language.written import enumerations, same
from ...properties.compile import Obligation
from .parametric_form import Reader


def canonical_parametric(system: Parametric, obligations: Sequence[Obligation], sizes: Mapping[str, int]) -> dict[str, Any]:
    """The model with its monitors, and what is to be shown of it. ``sizes`` has the indices of a fixed number of instances.

    Raises `ModelError` when something of it cannot be read again as it was meant.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 20_000))
    terms = list(_terms(system, obligations))
    params = _parameters(system, obligations, [t for t, _ in terms])
    further = [e for e in enumerations(t for t, _ in terms) if e not in {f.sort for f in system.families}]
    _read_again(system, params, further, terms)
    return {
        "indices": {i.name: sizes.get(i.name, "any") for i in system.indices},
        "parameters": {n: str(p.sort) for n, p in params.items()},
        "maps": {m.name: [m.source.name, m.target.name] for m in system.maps},
        "enumerations": [_sort(e) for e in further],
        "variables": [
            {"name": str(f), "over": [i.name for i in f.over], "sort": _sort(f.sort), "initially": f.init}
            | ({"doc": f.doc} if f.doc else {})
            for f in system.families
        ],
        "actions": [
            {
                "label": a.label, "actor": a.actor, "for all": [p.name for p in a.params], "when": show(a.guard),
                "set": {str(u.family): {"at": [p.name for p in u.at], "to": show(u.value)} for u in a.updates},
            }
            for a in system.actions
        ],
        "obligations": [
            {
                "for all": [p.name for p in _free_params(o)], "state": show(o.state),
                "steps": {str(i): show(t) for i, t in sorted(o.steps.items())},
            }
            for o in obligations
        ],
    }  # fmt: skip


def written(system: Parametric, lemmas: Sequence[Term]) -> tuple[dict[str, str], list[str]]:
    """The indices of the parameters of lemmas, and the lemmas, as text. Raises `ModelError` as `canonical_parametric` does."""
    params = {p.name: p for t in lemmas for p in sorted((x for x in subterms(t) if x.op is Op.PARAM), key=str)}
    _read_again(system, params, (), [(t, BOOL) for t in lemmas])
    return {n: str(p.sort) for n, p in params.items()}, sorted((show(t) for t in lemmas), key=lambda s: (len(s), s))


def _read_again(
    system: Parametric, params: Mapping[str, Term], further: Sequence[Enum], terms: Sequence[tuple[Term, Sort]]
) -> None:
    reader = Reader(Scope(system.families, tuple(params.values()), tuple(params.values()), system.maps, tuple(further)))
    for term, sort in terms:
        if not same([reader.value(show(term), sort)], [term]):
            raise ModelError(f"`{show(term)}` is read again as something else, so it cannot stand in a certificate")


def _free_params(o: Obligation) -> list[Term]:
    return [v for v in o.env.values() if v.op is Op.PARAM]


def _terms(system: Parametric, obligations: Sequence[Obligation]) -> Iterator[tuple[Term, Sort]]:
    for a in system.actions:
        yield a.guard, BOOL
        for u in a.updates:
            yield u.value, u.family.sort
    for o in obligations:
        yield from ((t, BOOL) for t in o.terms)


def _parameters(system: Parametric, obligations: Sequence[Obligation], terms: Sequence[Term]) -> dict[str, Term]:
    """All parameters by name, free and bound. Raises `ModelError` when one name stands for two."""
    every = [p for a in system.actions for p in (*a.params, *(x for u in a.updates for x in u.at))]
    every += [p for o in obligations for p in _free_params(o)]
    every += [x for t in terms for x in subterms(t) if x.op is Op.PARAM]
    found: dict[str, Term] = {}
    for p in every:
        if found.setdefault(p.name, p) is not p:
            raise ModelError(
                f"the parameter {p.name} is of {p.sort} in one place and of {found[p.name].sort} in another: rename one"
            )
    return found


def _sort(sort: Sort) -> Any:
    if isinstance(sort, Maybe):
        return {"one of": sort.index.name}
    if isinstance(sort, Int):
        return [sort.lo, sort.hi]
    if isinstance(sort, Enum):
        return {sort.name: list(sort.values)}
    assert not isinstance(sort, Index)
    return "bool"
