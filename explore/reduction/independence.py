"""Independent actions, and the steps that exhaustive search need not take twice (sleep sets, after Godefroid).

Two actions are independent when neither writes what the other reads or writes: in a state in which both are enabled
each leaves the other enabled, and both orders lead to the same state.

Let a state s be numbered first as the successor of p by action a, and let b come before a in the order of actions, be
independent of a and enabled in s. Then b is enabled in p, which a left as far as b reads. The successor of p by b was
numbered when p was expanded, before s or earlier still, and a leads from there to where b leads from s. So that state has a number
by the time s is expanded, and one that it owes to an earlier parent. The step from s by b is a step, and is counted
and judged; but where it leads need not be looked up. States, numbers, parents and counts are the same as without.

The argument needs steps as they are: it does not hold where states stand for others that are symmetric to them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...model.language import System
from ...model.language.terms import support


def independent(system: System) -> NDArray[np.bool_]:
    """For each two actions, by number, whether they are independent (an action is not of itself, if it writes)."""
    n, variables = len(system.actions), len(system.variables)
    reads, writes = np.zeros((n, variables), np.int32), np.zeros((n, variables), np.int32)
    for i, action in enumerate(system.actions):
        for v in support(action.guard):
            reads[i, system.index[v.name]] = 1
        for target, value in action.updates:
            if value is not target:
                writes[i, system.index[target.name]] = 1
                for v in support(value):
                    reads[i, system.index[v.name]] = 1
    touched = reads | writes
    conflicts: NDArray[np.int32] = writes @ touched.T + touched @ writes.T
    return np.equal(conflicts, 0)


def asleep(system: System) -> NDArray[np.bool_]:
    """Row a, column b: b need not be taken from a state that was first reached by a (see above)."""
    return np.tril(independent(system), -1)
