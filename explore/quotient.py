"""The state graph, projected: states that agree on chosen variables are one node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model.language import System, Value
from .engine import NO_LIMITS, Limits
from .explicit import ReachableSet, reachable
from .explicit.vectorise import Program
from .layout import value_of
from .verdict import Statistics


@dataclass(frozen=True)
class Quotient:
    """A projection of the reachable states: an edge says that some state of one node steps to some state of another.

    ``nodes[i]`` are the values of the variables ``names``; ``sizes[i]`` says how many states agree on them;
    ``edges`` maps (from, to) to the numbers of the actions. Steps within a node are left out.
    """

    names: tuple[str, ...]
    nodes: tuple[tuple[Value, ...], ...]
    sizes: tuple[int, ...]
    initial: frozenset[int]
    edges: dict[tuple[int, int], tuple[int, ...]]
    statistics: Statistics
    stopped: str = ""
    """Why the exploration ended early; empty when it did not."""


def quotient(system: System, names: Sequence[str], limits: Limits = NO_LIMITS) -> Quotient:
    """The reachable states of the system, projected on ``names``. Raises `ModelError` for an unknown variable."""
    return projected(reachable(system, limits), names)


def projected(found: ReachableSet, names: Sequence[str]) -> Quotient:
    """The states that were reached, projected on ``names``. Raises `ModelError` for an unknown variable."""
    system = found.system
    columns = [system.index[system[name].name] for name in names]
    layout, packed = found.layout, found.packed
    codes = layout.codes(packed)[:, columns]
    rows, node, sizes = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    node = node.reshape(-1)
    known = {tuple(int(c) for c in row): i for i, row in enumerate(rows)}
    program = Program(layout)
    moving = [i for i, a in enumerate(system.actions) if a.updates]
    program.predicates("guards", [system.actions[i].guard for i in moving])
    for i in moving:
        program.step(f"step{i}", system.actions[i])
    program.predicates("initial", [system.init])
    functions = program.compile()
    edges: dict[tuple[int, int], list[int]] = {}
    for i, enabled in zip(moving, functions["guards"](*packed), strict=True):
        at = np.flatnonzero(enabled)
        if not len(at):
            continue
        words = np.stack([np.broadcast_to(w, len(at)) for w in functions[f"step{i}"](*packed[:, at])])
        steps = np.unique(np.column_stack([node[at], layout.codes(words)[:, columns]]), axis=0)
        for a, *code in steps.tolist():
            # Beyond a limit the search did not look, so a successor may be missing there.
            b = known.get(tuple(code))
            if b is not None and a != b:
                edges.setdefault((a, b), []).append(i)
    initial = np.flatnonzero(np.broadcast_to(functions["initial"](*packed)[0], packed.shape[1]))
    return Quotient(
        tuple(names),
        tuple(tuple(value_of(int(c), system.variables[j].sort) for c, j in zip(row, columns, strict=True)) for row in rows),
        tuple(int(s) for s in sizes),
        frozenset(int(n) for n in node[initial]),
        {k: tuple(v) for k, v in sorted(edges.items())},
        found.statistics,
        found.stopped,
    )
