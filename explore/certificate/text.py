"""Systems and obligations in canonical form: complete, textual, the same for the same system."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...model.language import BOOL, Bool, Enum, Int, ModelError, System, Term, show
from ...model.language.sorts import Ground, Sort
from ...model.language.written import Written, enumerations, same
from ...properties.compile import Obligation

_RECURSION = 20_000
"""Guards may be nested more deeply than Python's own limit allows for."""


def canonical(system: System, obligations: Sequence[Obligation]) -> dict[str, Any]:
    """The system with its monitors, and what is to be decided about it.

    Raises `ModelError` when something of it cannot be read again as it was meant.
    """
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _RECURSION))
    terms = list(_terms(system, obligations))
    further = [e for e in enumerations(t for t, _ in terms) if e not in {v.sort for v in system.variables}]
    written = Written({v.name: v.sort for v in system.variables}, tuple(further))
    for term, sort in terms:
        if not same([written.value(show(term), sort)], [term]):
            raise ModelError(f"`{show(term)}` is read again as something else, so it cannot stand in a certificate")
    return {
        "variables": [
            {"name": v.name, "sort": _sort(v.sort)}
            | ({"rigid": True} if v.rigid else {})
            | ({"doc": v.doc} if v.doc else {})
            for v in system.variables
        ],
        "enumerations": [_sort(e) for e in further],
        "initially": show(system.init),
        "actions": [
            {"label": a.label, "actor": a.actor, "when": show(a.guard), "set": {t.name: show(u) for t, u in a.updates}}
            for a in system.actions
        ],
        "obligations": [
            {
                "instance": o.instance,
                "state": show(o.state),
                "steps": {str(i): show(t) for i, t in sorted(o.steps.items())},
                "reach": o.reach,
            }
            for o in obligations
        ],
    }


def _terms(system: System, obligations: Sequence[Obligation]) -> Iterator[tuple[Term, Sort]]:
    yield system.init, BOOL
    for a in system.actions:
        yield a.guard, BOOL
        for target, value in a.updates:
            yield value, system.variables[system.index[target.name]].sort
    for o in obligations:
        yield from ((t, BOOL) for t in o.terms)


def _sort(sort: Ground) -> Any:
    if isinstance(sort, Bool):
        return "bool"
    if isinstance(sort, Int):
        return [sort.lo, sort.hi]
    assert isinstance(sort, Enum)
    return {sort.name: list(sort.values)}


def digest(form: Mapping[str, Any]) -> str:
    """The hash of a canonical form."""
    text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
