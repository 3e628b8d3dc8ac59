"""Fair strongly connected components: where in a graph a run can go round for ever and be fair.

Assumptions of fairness are numbered; a set of them is a bit mask. A step belongs to the assumptions that it
satisfies when it is taken, a state to those of which some step is possible in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..components import strong_components

States: TypeAlias = NDArray[np.signedinteger[Any]]
Masks: TypeAlias = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Steps:
    """The steps of a graph whose states are ``0 … states - 1``, in order of their sources.

    There may be a great many, so numbers may be of small types; who computes with them widens them first.
    """

    states: int
    source: States
    target: States
    action: States
    taken: Masks
    """The assumptions that a step satisfies."""
    first: States
    """The number of the first step of each state, and at the end the number of steps."""

    @classmethod
    def of(cls, states: int, source: States, target: States, action: States, taken: Masks) -> Steps:
        """The steps in whatever order; those of one state stay in theirs."""
        order = source.argsort(kind="stable")
        return cls._in_order(states, source[order], target[order], action[order], taken[order])

    @classmethod
    def _in_order(cls, states: int, source: States, target: States, action: States, taken: Masks) -> Steps:
        first = np.concatenate(([0], np.cumsum(np.bincount(source, minlength=states)))).astype(np.int64)
        return cls(states, source, target, action, taken, first)

    def leaving(self, states: States) -> States:
        """The numbers of the steps that leave the states, state by state."""
        counts = self.first[states + 1] - self.first[states]
        before = np.cumsum(counts) - counts
        return np.repeat(self.first[states] - before, counts) + np.arange(counts.sum())

    def among(self, chosen: NDArray[np.bool_]) -> tuple[Steps, States]:
        """The steps from chosen states to chosen states, and the old numbers of those states."""
        old = chosen.nonzero()[0]
        new = np.full(self.states, -1, np.int64)
        new[old] = np.arange(len(old))
        kept = chosen[self.source] & chosen[self.target]
        # New numbers are in the order of the old ones, and so are the steps.
        source, target = new[self.source[kept]], new[self.target[kept]]
        return Steps._in_order(len(old), source, target, self.action[kept], self.taken[kept]), old


def fair_components(steps: Steps, possible: Masks, strong: int, watch: Callable[[], None] = lambda: None) -> States:
    """For each state the number of the fair component in which it lies, or -1.

    A fair component is a greatest set of states that can all be visited again and again in one fair run: strongly
    connected, with at least one step, and for each assumption it has a step that satisfies it, or no state in which
    such a step is possible (strong), or a state in which none is (weak). ``possible``: the assumptions of each state;
    ``strong``: which assumptions are strong.

    A strongly connected set without a step for a strong assumption can only be gone round fairly where no such step
    is possible, so those states go and the rest is taken apart again (after Streett, and Emerson and Lei). One
    without a step for a weak assumption that is possible throughout cannot be gone round fairly at all, nor can a part of it.
    """
    strongly, weakly = np.uint64(strong), ~np.uint64(strong)
    label = np.full(steps.states, -1, np.int64)
    found = 0
    undecided = np.ones(steps.states, bool)
    while undecided.any():
        watch()
        part, old = steps.among(undecided)
        count, component = strong_components(part.first, part.target)
        inner = component[part.source] == component[part.target]
        can = possible[old]
        took, some, every = np.zeros(count, np.uint64), np.zeros(count, np.uint64), np.full(count, ~np.uint64(0))
        np.bitwise_or.at(took, component[part.source[inner]], part.taken[inner])
        np.bitwise_or.at(some, component, can)
        np.bitwise_and.at(every, component, can)
        cyclic = np.zeros(count, bool)
        cyclic[component[part.source[inner]]] = True
        starved = some & ~took & strongly
        alive = cyclic & ((every & ~took & weakly) == 0)
        fair = alive & (starved == 0)
        number = np.full(count, -1, np.int64)
        number[fair] = found + np.arange(np.count_nonzero(fair))
        found += int(np.count_nonzero(fair))
        label[old] = number[component]
        undecided = np.zeros(steps.states, bool)
        undecided[old] = (alive & ~fair)[component] & ((can & starved[component]) == 0)
    return label
