"""Satisfiability of ground terms: enough for checks when a model is defined, and for the edges of its diagrams.

Not an engine: it exists so that the language can refuse senseless rules without depending on a solver. A term is taken
as a conjunction. What a conjunct alone says of one variable narrows that variable's domain, and fixes it where one
value is left; conjuncts that share no variable are solved each for themselves; what remains is split by the values of
the variable that most of it mentions. What was found once is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .sorts import Bool, Enum, Ground, Int, Value
from .terms import FALSE, TRUE, Op, Term, conj, conjuncts, const, neg, substitute, support


def satisfying(t: Term) -> Mapping[str, Value] | None:
    """Values of the variables under which the ground term ``t`` is true, or None when there are none.

    Variables that do not matter are left out. Exponential in the number of variables in the worst case.
    """
    return Satisfier().values(t)


class Satisfier:
    """Solves many terms, such as the guards of one system, and remembers their parts."""

    def __init__(self) -> None:
        self._solved: dict[Term, Mapping[str, Value] | None] = {TRUE: {}, FALSE: None}
        self._supports: dict[Term, frozenset[Term]] = {}

    def values(self, t: Term) -> Mapping[str, Value] | None:
        """See `satisfying`."""
        if t not in self._solved:
            self._solved[t] = self._solve(t)
        return self._solved[t]

    def _solve(self, t: Term) -> Mapping[str, Value] | None:
        fixed: dict[Term, Term] = {}
        parts = _parts(t)
        while True:
            domains = self._domains(parts)
            if any(not values for values in domains.values()):
                return None
            forced = {v: values[0] for v, values in domains.items() if len(values) == 1}
            if not forced:
                break
            fixed |= forced
            parts = _parts(conj(*(self._under(p, forced) for p in parts)))
        found = {v.name: c.value for v, c in fixed.items()}
        groups = self._independent(parts)
        if len(groups) == 1 and conj(*groups[0]) is t:
            rest = self._split(groups[0], domains)
            return None if rest is None else {**found, **rest}
        for group in groups:
            rest = self.values(conj(*group))
            if rest is None:
                return None
            found |= rest
        return found

    def _split(self, parts: Sequence[Term], domains: Mapping[Term, Sequence[Term]]) -> Mapping[str, Value] | None:
        """Solve a conjunction that falls into no independent parts by the cases of one of its variables."""
        count: dict[Term, int] = {}
        for p in parts:
            for v in self._support(p):
                count[v] = count.get(v, 0) + 1
        most = max(count.values())
        v = min((v for v, n in count.items() if n == most), key=lambda v: v.name)
        for value in domains.get(v, _constants(v)):
            rest = self.values(conj(*(self._under(p, {v: value}) for p in parts)))
            if rest is not None:
                return {v.name: value.value, **rest}
        return None

    def _domains(self, parts: Iterable[Term]) -> dict[Term, Sequence[Term]]:
        """The values that are left to the variables of which some conjunct says something alone."""
        left: dict[Term, Sequence[Term]] = {}
        for p in parts:
            mine = self._support(p)
            if len(mine) == 1:
                (v,) = mine
                left[v] = [c for c in left.get(v, _constants(v)) if substitute(p, {v: c}) is TRUE]
        return left

    def _independent(self, parts: Sequence[Term]) -> list[list[Term]]:
        """Conjuncts grouped such that no two groups share a variable, each group in the order in which they stand."""
        groups: list[tuple[frozenset[Term], list[int]]] = []
        for i, p in enumerate(parts):
            mine = self._support(p)
            touched = [g for g in groups if not mine.isdisjoint(g[0])]
            groups = [g for g in groups if mine.isdisjoint(g[0])]
            groups.append((mine.union(*(names for names, _ in touched)), [*(n for _, ns in touched for n in ns), i]))
        return [[parts[n] for n in sorted(numbers)] for _, numbers in groups]

    def _under(self, t: Term, values: Mapping[Term, Term]) -> Term:
        return t if self._support(t).isdisjoint(values) else substitute(t, values)

    def _support(self, t: Term) -> frozenset[Term]:
        if t not in self._supports:
            self._supports[t] = frozenset(support(t))
        return self._supports[t]


def _parts(t: Term) -> tuple[Term, ...]:
    """The conjuncts of a term; negated disjunctions and implications are conjunctions too."""
    if t.op is Op.AND:
        return conjuncts(conj(*(p for a in t.args for p in _parts(a))))
    if t.op is Op.NOT and t.args[0].op is Op.OR:
        return _parts(conj(*(neg(a) for a in t.args[0].args)))
    if t.op is Op.NOT and t.args[0].op is Op.IMPLIES:
        a, b = t.args[0].args
        return _parts(conj(a, neg(b)))
    return conjuncts(t)


def _constants(v: Term) -> tuple[Term, ...]:
    assert isinstance(v.sort, Bool | Int | Enum)
    return tuple(const(value, v.sort) for value in v.sort.domain)


def in_domain(t: Term, sort: Ground) -> bool:
    """Whether every value that ``t`` can take, by its sort alone, lies in the domain of ``sort``."""
    if isinstance(t.sort, Int) and isinstance(sort, Int):
        return sort.lo <= t.sort.lo and t.sort.hi <= sort.hi
    return t.sort == sort
