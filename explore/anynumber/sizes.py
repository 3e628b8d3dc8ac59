"""At which topologies to look: for lemmas, for violations, and for steps that break what is to be shown.

Nothing rests on this choice. Too small a topology gives lemmas that are refused later, for all instances.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from ...model.language import Index, Term
from ...model.language.parametric import Parametric

_MOST = 4
"""Instances of one index, beyond which formulas get large and say no more."""


def alone(model: Parametric, fixed: Mapping[str, int]) -> dict[str, int]:
    """One instance of each index that may have any number."""
    return {i.name: fixed.get(i.name, 1) for i in model.indices}


def two(model: Parametric, fixed: Mapping[str, int]) -> dict[str, int]:
    """Two instances, which share what maps map them to."""
    shared = {m.target for m in model.maps if m.target != m.source}
    return {i.name: fixed.get(i.name, 1 if i in shared else 2) for i in model.indices}


def enough(model: Parametric, fixed: Mapping[str, int], facts: Iterable[Iterable[Term]]) -> dict[str, int]:
    """As many instances as a step and a fact speak of, and such that some share what maps map them to, and some do not.

    ``facts``: the parameters of each.
    """
    step = _most(a.params for a in model.actions)
    fact = _most(facts)
    found = {}
    for i in model.indices:
        n = step[i] + fact[i]
        for m in model.maps:
            if m.source == i:
                n = max(n, 4 if m.target == i else 3)
            if m.target == i != m.source:
                n = 2
        found[i.name] = fixed.get(i.name, min(max(n, 1), _MOST))
    return found


def more(sizes: Mapping[str, int], free: Collection[str], n: int) -> dict[str, int]:
    """So many more of each index that may have any number."""
    return {i: k + n if i in free else k for i, k in sizes.items()}


def _most(many: Iterable[Iterable[Term]]) -> Counter[object]:
    found: Counter[object] = Counter()
    for params in many:
        found |= Counter(p.sort for p in params if isinstance(p.sort, Index))
    return found
