"""From what no state of one topology is in to lemmas for all instances.

A cube of unreachable states names instances. Each becomes a parameter, different instances different ones, and what maps make of
the one and the other at that topology becomes a premise: *for all such instances, not this*. Whether that is true is another matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, islice, product

from ...model.language import TRUE, Family, Index, Maybe, System, Term, conj, const, implies, neg, one_of, param
from ...model.language.parametric import read
from ...model.language.terms import equal
from ..cubes import Cube
from ..layout import value_of
from .grounded import Grounded

_MOST = 8
"""Readings of one cube, where a set of instances can be named in two ways."""


def lemmas(cube: Cube, system: System, at: Grounded) -> Iterator[Term]:
    """Readings of a cube of the system, which is a slice of the one at a topology, for all instances."""
    literals = []
    for j, codes in cube.literals:
        v = system.variables[j]
        family, instances = at.places[v.name]
        literals.append((family, instances, [value_of(c, v.sort) for c in sorted(codes)]))
    said = (list(_sets(family, list(map(str, values)), at)) for family, _, values in literals)
    for choice in islice(product(*said), _MOST):
        yield _lemma([(f, i, *c) for (f, i, _), c in zip(literals, choice, strict=True)], at)


def _sets(family: Family, values: list[str], at: Grounded) -> Iterator[tuple[list[str], bool]]:
    """Ways to say that a variable has one of the values: that it has one of these, or (False) none of those."""
    sort = at.ground.sort(read(family, ()))
    others = [str(v) for v in sort.domain if str(v) not in values]
    if not isinstance(family.sort, Maybe):
        yield (values, True) if len(values) <= len(others) else (others, False)
        return
    every = len(sort.domain) - 1
    if len([v for v in values if v != "none"]) < every or every == 1:
        yield values, True
    if len([v for v in others if v != "none"]) < every or every == 1:
        yield others, False


def _lemma(literals: list[tuple[Family, tuple[str, ...], list[str], bool]], at: Grounded) -> Term:
    """That not all of the literals are true, of any instances that are related as those are."""
    mentioned: dict[tuple[Index, str], None] = {}
    for family, instances, values, _ in literals:
        mentioned |= {(i, x): None for i, x in zip(family.over, instances, strict=True)}
        if isinstance(family.sort, Maybe):
            mentioned |= {(family.sort.index, x): None for x in values if x != "none"}
    terms: dict[tuple[Index, str], Term] = {}
    related: list[Term] = []
    numbers: dict[Index, int] = {}
    images = {(m.source, x): (m, (m.target, _image(m(x), at))) for i, x in mentioned for m in at.model.maps if m.source == i}
    # What is the image of another one comes later, so that it can be said by the map.
    for i, x in sorted(mentioned, key=lambda y: any(y == image and y != k for k, (_, image) in images.items())):
        origin = next((k for k, (_, y) in images.items() if y == (i, x) and k != (i, x) and k in terms), None)
        if origin is not None:
            terms[i, x] = images[origin][0](terms[origin])
        else:
            numbers[i] = numbers.get(i, 0) + 1
            terms[i, x] = param(f"{i.name}_{numbers[i]}", i)
    for (i, x), (j, y) in combinations(mentioned, 2):
        if i == j and x != y:
            related.append(neg(equal(terms[i, x], terms[j, y])))
    for (i, x), t in terms.items():
        for m in at.model.maps:
            if m.source != i:
                continue
            image = m.target, _image(m(x), at)
            for (j, y), other in terms.items():
                if j == m.target:
                    fact = equal(m(t), other)
                    related.append(fact if (j, y) == image else neg(fact))
    parts = [_literal(family, instances, values, inside, terms) for family, instances, values, inside in literals]
    return implies(conj(*related, *parts[:-1]), neg(parts[-1])) if parts else neg(TRUE)


def _image(applied: Term, at: Grounded) -> str:
    return str(at.ground.term(applied, {}, "a lemma").data)


def _literal(
    family: Family, instances: tuple[str, ...], values: list[str], inside: bool, terms: Mapping[tuple[Index, str], Term]
) -> Term:
    variable = read(family, tuple(terms[i, x] for i, x in zip(family.over, instances, strict=True)))
    if isinstance(family.sort, Maybe):
        index = family.sort.index
        known = [const("none", family.sort) if v == "none" else terms[index, v] for v in values]
        chosen = one_of(variable, *known)
    else:
        by_name = {str(v): v for v in family.sort.domain}  # type: ignore[union-attr]
        chosen = one_of(variable, *(by_name[v] for v in values))
    return chosen if inside else neg(chosen)
