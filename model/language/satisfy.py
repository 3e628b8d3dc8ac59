"""Satisfiability of small ground terms by case splitting: enough for checks when a model is defined.

Not an engine: it exists so that the language can refuse senseless rules without depending on a solver.
"""

from __future__ import annotations

from .sorts import Bool, Enum, Ground, Int, Value
from .terms import FALSE, TRUE, Op, Term, const, substitute, subterms


def satisfying(t: Term) -> dict[str, Value] | None:
    """Values of the variables under which the ground term ``t`` is true, or None when there are none.

    Variables that do not matter are left out. Exponential in the number of variables in the worst case.
    """
    if t is TRUE:
        return {}
    if t is FALSE:
        return None
    v = next(x for x in subterms(t) if x.op is Op.VAR)
    assert isinstance(v.sort, Bool | Int | Enum)
    for value in v.sort.domain:
        rest = satisfying(substitute(t, {v: const(value, v.sort)}))
        if rest is not None:
            return {v.name: value, **rest}
    return None


def in_domain(t: Term, sort: Ground) -> bool:
    """Whether every value that ``t`` can take, by its sort alone, lies in the domain of ``sort``."""
    if isinstance(t.sort, Int) and isinstance(sort, Int):
        return sort.lo <= t.sort.lo and t.sort.hi <= sort.hi
    return t.sort == sort
