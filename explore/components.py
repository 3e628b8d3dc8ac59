"""Strongly connected components of a graph of states: compiled, and by SciPy where that was not built.

SciPy would do in any case, but to load it takes longer than most graphs.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.signedinteger[Any]]


def strong_components(first: Numbers, target: Numbers) -> tuple[int, Numbers]:
    """How many there are, and for each state the number of its own.

    ``first``: for each state the number of its first step, and at the end the number of steps, which stand state by state;
    ``target``: where they lead.
    """
    states = len(first) - 1
    try:
        from ._components import strong
    except ImportError:
        return _by_scipy(first, target)
    component = np.empty(states, np.int32)
    return strong(np.ascontiguousarray(first, np.int64), np.ascontiguousarray(target, np.int32), component), component


def _by_scipy(first: Numbers, target: Numbers) -> tuple[int, Numbers]:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    states = len(first) - 1
    graph = csr_array((np.ones(len(target), np.int8), target, first), shape=(states, states))
    count, component = connected_components(graph, directed=True, connection="strong")
    return int(count), component
