"""For which values of a rigid variable does an obligation fail? As `bdd.rigid`, by visiting every reachable state of all values at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...model.language import TRUE, System, Term, conj, neg
from ...properties.compile import Obligation
from ..engine import Limits
from .search import reachable
from .vectorise import Program

_ROWS = 1 << 18
"""States that are judged at a time."""


def broken_for(
    system: System, obligations: Sequence[Obligation], name: str, limits: Limits
) -> tuple[list[frozenset[int]], str]:
    """Per obligation the values of the rigid variable ``name``, by their places in its domain, for which it fails; and why there may be more.

    A reachable state says by the variable for which value it is reached.
    """
    found = reachable(system, limits)
    column = system.index[name]
    program = Program(found.layout)
    for k, o in enumerate(obligations):
        bad: list[Term] = [] if o.state is TRUE else [neg(o.state)]
        bad += [conj(system.actions[i].guard, neg(law)) for i, law in o.steps.items()]
        program.predicates(f"obligation{k}", bad)
    functions = program.compile()
    fails: list[set[int]] = [set() for _ in obligations]
    for start in range(0, found.packed.shape[1], _ROWS):
        rows = found.packed[:, start : start + _ROWS]
        values = found.layout.codes(rows)[:, column]
        for k in range(len(obligations)):
            for result in functions[f"obligation{k}"](*rows):
                hits = np.broadcast_to(result, values.shape)
                if hits.any():
                    fails[k].update(int(c) for c in np.unique(values[hits]))
    return [frozenset(f) for f in fails], found.stopped
