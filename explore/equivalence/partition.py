"""The coarsest branching bisimulation, by refinement of signatures (Blom and Orzan 2003).

States that silent steps lead to from each other are branching bisimilar, so they are taken for one first (Groote and
Vaandrager 1990). Then states are told apart, round by round, by their *signature*: the seen steps, and the silent ones into another
block, that they can take after silent steps within their own block, each with the block that it leads to. A state's block in a round is
its block in the round before with its signature; when no round adds a block, the blocks are the classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...model.language import ModelError
from .lts import SILENT, Lts, Numbers


@dataclass(frozen=True, eq=False)
class Partition:
    """``rounds[i]``: the block of each state in round ``i``; the last are the classes. In round 0 there is one block."""

    rounds: tuple[Numbers, ...]

    @property
    def classes(self) -> Numbers:
        return self.rounds[-1]

    def parted(self, a: int, b: int) -> int:
        """The first round in which two states are in different blocks. They must be in different classes."""
        return next(i for i, block in enumerate(self.rounds) if block[a] != block[b])


def branching(lts: Lts, watch: Callable[[], None] = lambda: None) -> Partition:
    """The coarsest branching bisimulation. ``watch`` is called now and then, and may raise to give up."""
    number, component = lts.components()
    edges = _edges(component, lts, number)
    strong = _strong(number, edges, watch)
    number = int(strong.max(initial=-1)) + 1
    merged = strong[component]
    edges = _edges(merged, lts, number)
    rounds = _rounds(number, edges, watch)
    return Partition(tuple(r[merged] for r in rounds))


def _edges(block: Numbers, lts: Lts, number: int) -> Numbers:
    """The distinct steps (source, label, target) between blocks, without silent ones within a block; shape (steps, 3), sorted."""
    source, target = block[lts.source].astype(np.int64), block[lts.target].astype(np.int64)
    kept = (lts.label != SILENT) | (source != target)
    labels = int(lts.label.max(initial=0)) + 1
    if number * number * labels >= 1 << 63:
        raise ModelError(
            f"{number:,} classes of states and {labels:,} labels are too many to compare: take fewer instances, or show less"
        )
    keys = np.unique((source[kept] * labels + lts.label[kept]) * number + target[kept])
    return np.column_stack([keys // number // labels, keys // number % labels, keys % number])


def _strong(number: int, edges: Numbers, watch: Callable[[], None]) -> Numbers:
    """Classes of strong bisimilarity, silent steps being as any others: quick to find, and few of them are left to tell apart."""
    block = np.zeros(number, np.int64)
    count = min(number, 1)
    source = edges[:, 0]
    while True:
        watch()
        keys = edges[:, 1] * max(count, 1) + block[edges[:, 2]]
        order = np.lexsort((keys, source))
        keys, sources = keys[order], source[order]
        # Of each state its distinct keys, ascending.
        distinct = np.ones(len(keys), bool)
        distinct[1:] = (keys[1:] != keys[:-1]) | (sources[1:] != sources[:-1])
        keys = keys[distinct]
        bounds = np.searchsorted(sources[distinct], np.arange(number + 1)).tolist()
        before = block.tolist()
        known: dict[tuple[int, bytes], int] = {}
        new = np.empty(number, np.int64)
        for s in range(number):
            mine = keys[bounds[s] : bounds[s + 1]].tobytes()
            new[s] = known.setdefault((before[s], mine), len(known))
        if len(known) == count:
            return new
        block, count = new, len(known)


def _rounds(number: int, edges: Numbers, watch: Callable[[], None]) -> list[Numbers]:
    """The blocks of each round, the states being free of silent cycles."""
    steps: list[list[tuple[int, int]]] = [[] for _ in range(number)]
    for a, label, b in edges.tolist():
        steps[a].append((label, b))
    order = _targets_first(number, steps)
    block = [0] * number
    rounds = [np.zeros(number, np.int64)]
    count = min(number, 1)
    while True:
        watch()
        bit: dict[tuple[int, int], int] = {}
        signature = [0] * number
        known: dict[tuple[int, int], int] = {}
        new = [0] * number
        for s in order:
            mine = 0
            for label, t in steps[s]:
                if label == SILENT and block[t] == block[s]:
                    mine |= signature[t]
                else:
                    mine |= 1 << bit.setdefault((label, block[t]), len(bit))
            signature[s] = mine
            new[s] = known.setdefault((block[s], mine), len(known))
        if len(known) == count:
            return rounds
        block, count = new, len(known)
        rounds.append(np.asarray(block))


def _targets_first(number: int, steps: list[list[tuple[int, int]]]) -> list[int]:
    """The states in an order in which silent steps lead to earlier ones."""
    done = [False] * number
    order: list[int] = []
    for start in range(number):
        stack = [(start, False)]
        while stack:
            s, finished = stack.pop()
            if finished:
                order.append(s)
            elif not done[s]:
                done[s] = True
                stack.append((s, True))
                stack.extend((t, False) for label, t in steps[s] if label == SILENT and not done[t])
    return order
