"""From what no state of one topology is in to lemmas for all instances.

A cube of unreachable states names instances. Each becomes a parameter, different instances different ones, and what maps make of
the one and the other at that topology becomes a premise: *for all such instances, not this*. Whether that is true is another matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product

from ...model.language import TRUE, Family, Index, Maybe, System, Term, conj, const, forall, implies, neg, one_of, param
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
        found = [_Literal(f, i, tuple(c[0]), c[1]) for (f, i, _), c in zip(literals, choice, strict=True)]
        yield from _lemma(found, (), None, at)
        for index in at.model.indices:
            every = _every(found, index, at)
            if every is not None:
                yield from _lemma(*every, index, at)


@dataclass(frozen=True)
class _Literal:
    """That a variable has one of the values, or (``inside`` false) none of them."""

    family: Family
    instances: tuple[str, ...]
    values: tuple[str, ...]
    inside: bool

    @property
    def mentions(self) -> dict[tuple[Index, str], None]:
        found: dict[tuple[Index, str], None] = {}
        found |= dict.fromkeys(zip(self.family.over, self.instances, strict=True))
        if isinstance(self.family.sort, Maybe):
            found |= {(self.family.sort.index, x): None for x in self.values if x != "none"}
        return found


def _every(literals: Sequence[_Literal], index: Index, at: Grounded) -> tuple[list[_Literal], tuple[_Literal, ...]] | None:
    """The literals, with those taken apart that together say the same of every instance of the index."""
    instances = index.instances(at.sizes)
    mine = [x for x in literals if any(i == index for i, _ in x.mentions)]
    alike: dict[object, list[_Literal]] = {}
    for x in mine:
        if x.family.over.count(index) == 1 and len([i for i, _ in x.mentions if i == index]) == 1:
            rest = tuple(y for i, y in zip(x.family.over, x.instances, strict=True) if i != index)
            alike.setdefault((x.family, rest, x.values, x.inside), []).append(x)
    if (
        not mine
        or len(mine) == len(literals) == 1
        or any(len(group) != len(instances) for group in alike.values())
        or sum(map(len, alike.values())) != len(mine)
    ):
        return None
    return [x for x in literals if x not in mine], tuple(group[0] for group in alike.values())


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


def _lemma(literals: Sequence[_Literal], every: Sequence[_Literal], general: Index | None, at: Grounded) -> Iterator[Term]:
    """That not all of the literals are true, of any different instances; and of those that maps relate as they do those.

    ``every``: literals that are said of every instance of the index ``general``, which the others do not mention.
    """
    mentioned = {k: None for x in (*literals, *every) for k in x.mentions if k[0] != general}
    terms: dict[tuple[Index, str], Term] = {}
    different: list[Term] = []
    related: list[Term] = []
    numbers: dict[Index, int] = {}
    images = {(i, x): (m, (m.target, _image(m(x), at))) for i, x in mentioned for m in at.model.maps if m.source == i}
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
            different.append(neg(equal(terms[i, x], terms[j, y])))
    for (i, x), t in terms.items():
        for m in at.model.maps:
            if m.source != i:
                continue
            image = m.target, _image(m(x), at)
            for (j, y), other in terms.items():
                if j == m.target:
                    fact = equal(m(t), other)
                    related.append(fact if (j, y) == image else neg(fact))
    parts = [_literal(literal, terms) for literal in literals]
    for literal in every:
        assert general is not None
        own = param(f"a_{general}", general)
        parts.append(forall(own, _literal(literal, {**terms, **{k: own for k in literal.mentions if k[0] == general}})))
    for premises in (different, [*different, *related]) if related else (different,):
        yield implies(conj(*premises, *parts[:-1]), neg(parts[-1]) if parts else neg(TRUE))


def _image(applied: Term, at: Grounded) -> str:
    return str(at.ground.term(applied, {}, "a lemma").data)


def _literal(x: _Literal, terms: Mapping[tuple[Index, str], Term]) -> Term:
    family = x.family
    variable = read(family, tuple(terms[i, y] for i, y in zip(family.over, x.instances, strict=True)))
    if isinstance(family.sort, Maybe):
        index = family.sort.index
        known = [const("none", family.sort) if v == "none" else terms[index, v] for v in x.values]
        chosen = one_of(variable, *known)
    else:
        by_name = {str(v): v for v in family.sort.domain}  # type: ignore[union-attr]
        chosen = one_of(variable, *(by_name[v] for v in x.values))
    return chosen if x.inside else neg(chosen)
