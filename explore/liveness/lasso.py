"""Shortest ways through a graph of states: from what is pending to a fair loop, and once round it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .fair import Masks, States, Steps


def _unwatched() -> None:
    pass


PRODUCT = 1 << 23
"""Up to so many pairs of a state and what the loop has done so far, the shortest loop is looked for."""


@dataclass(frozen=True)
class Distances:
    """How far each state is from a root, where roots may be far from the start themselves. -1: cannot be reached."""

    distance: States
    step: States
    """The number of the step by which a state is reached; -1 in a root."""

    def way(self, steps: Steps, state: int) -> tuple[int, list[int]]:
        """The root from which a state is reached, and the numbers of the steps."""
        taken: list[int] = []
        while self.step[state] >= 0:
            taken.append(int(self.step[state]))
            state = int(steps.source[taken[-1]])
        return state, taken[::-1]


def distances(steps: Steps, roots: NDArray[np.bool_], depth: States, watch: Callable[[], None] = _unwatched) -> Distances:
    """Breadth first from the roots, each of which is ``depth`` away already."""
    distance, by = np.full(steps.states, -1, np.int64), np.full(steps.states, -1, np.int64)
    waiting = roots.nonzero()[0]
    waiting = waiting[depth[waiting].argsort(kind="stable")]
    frontier, at = waiting[:0], 0
    while frontier.size or waiting.size:
        watch()
        if not frontier.size:
            at = max(at, int(depth[waiting[0]]))
        due = int(np.searchsorted(depth[waiting], at, side="right"))
        begun, waiting = waiting[:due], waiting[due:]
        begun = begun[distance[begun] < 0]
        distance[begun] = at
        frontier = np.concatenate((frontier, begun))
        leaving = steps.leaving(frontier)
        fresh = leaving[distance[steps.target[leaving]] < 0]
        frontier, which = np.unique(steps.target[fresh], return_index=True)
        at += 1
        distance[frontier], by[frontier] = at, fresh[which]
    return Distances(distance, by)


def shortest_loop(
    steps: Steps, possible: Masks, strong: int, start: int, watch: Callable[[], None] = _unwatched, most: int = PRODUCT
) -> list[int]:
    """The numbers of the steps of a fair loop from ``start`` through a fair component, which ``steps`` must be.

    It is a shortest one, as long as there are no more than ``most`` cases to look at; otherwise what the loop has to do is
    done one thing after the other, each in the shortest way.
    """
    everywhere = int(np.bitwise_or.reduce(possible, initial=np.uint64(0)))
    here = int(possible[start])
    weak = [k for k in range(64) if here >> k & 1 and not strong >> k & 1]
    strong_here = [k for k in range(64) if here >> k & 1 and strong >> k & 1]
    strong_elsewhere = [k for k in range(64) if everywhere & ~here & strong & 1 << k]
    arriving = possible[steps.target]
    done = {k: _has(steps.taken, k) for k in (*weak, *strong_here, *strong_elsewhere)}
    done |= {k: done[k] | ~_has(arriving, k) for k in weak}
    duties = [*weak, *strong_here, *strong_elsewhere]
    # What a loop has done so far: a bit for each duty that it has done, and one for each that it has come upon.
    bits = len(duties) + len(strong_elsewhere)
    if steps.states << bits <= most:
        gains = [done[k] for k in duties] + [_has(arriving, k) for k in strong_elsewhere]
        gain = _packed(gains, len(steps.source))
        enough = np.ones(1 << bits, bool)
        codes = np.arange(1 << bits)
        for i, k in enumerate(duties):
            idle = codes >> i & 1 == 0
            if k in strong_elsewhere:
                idle &= codes >> len(duties) + strong_elsewhere.index(k) & 1 == 1
            enough &= ~idle
        return _route(steps, start, bits, gain, lambda s, c: (s == start) & enough[c], watch)
    way: list[int] = []
    at = start
    for k in duties:
        if not done[k][way].any():
            way += _route(steps, at, 1, done[k].astype(np.int64), lambda _, c: c == 1, watch)
            at = int(steps.target[way[-1]])
    if at != start or not way:
        way += _route(steps, at, 0, np.zeros(len(steps.source), np.int64), lambda s, _: s == start, watch)
    return way


def _has(masks: Masks, k: int) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = np.not_equal(masks & np.uint64(1 << k), 0)
    return found


def _packed(flags: list[NDArray[np.bool_]], count: int) -> States:
    packed = np.zeros(count, np.int64)
    for i, flag in enumerate(flags):
        packed |= flag.astype(np.int64) << i
    return packed


def _route(
    steps: Steps, start: int, bits: int, gain: States, goal: Callable[[States, States], NDArray[np.bool_]],
    watch: Callable[[], None],
) -> list[int]:  # fmt: skip
    """The shortest way of at least one step to where the goal is met, given the state and the gains of the steps so far."""
    mask = (1 << bits) - 1
    by = np.full(steps.states << bits, -1, np.int64)
    before = np.empty(steps.states << bits, np.int64)
    frontier = np.array([start << bits], np.int64)
    while frontier.size:
        watch()
        here = frontier >> bits
        counts = steps.first[here + 1] - steps.first[here]
        leaving = steps.leaving(here)
        origin = np.repeat(frontier, counts)
        nodes = steps.target[leaving].astype(np.int64) << bits | (origin & mask | gain[leaving])
        new = by[nodes] < 0
        frontier, which = np.unique(nodes[new], return_index=True)
        by[frontier], before[frontier] = leaving[new][which], origin[new][which]
        met = frontier[goal(frontier >> bits, frontier & mask)]
        if met.size:
            return _back(by, before, int(met[0]), start << bits)
    raise AssertionError("a fair component has no way round")


def _back(by: States, before: States, node: int, start: int) -> list[int]:
    way = [int(by[node])]
    node = int(before[node])
    while node != start:
        way.append(int(by[node]))
        node = int(before[node])
    return way[::-1]
