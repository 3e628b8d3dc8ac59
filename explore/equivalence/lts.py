"""Labelled transition systems with silent steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..components import strong_components

Numbers: TypeAlias = NDArray[np.signedinteger[Any]]

SILENT = 0
"""The label of steps that are not seen."""

FOR_EVER = "(silence for ever)"
"""What is seen, if divergence counts, where silent steps can go on for ever."""


@dataclass
class Labels:
    """The looks of steps, numbered; shared by the systems that are compared."""

    names: list[str] = field(default_factory=lambda: [""])
    known: dict[str, int] = field(default_factory=lambda: {"": SILENT})

    def number(self, name: str) -> int:
        if name not in self.known:
            self.known[name] = len(self.names)
            self.names.append(name)
        return self.known[name]


@dataclass(frozen=True, eq=False)
class Lts:
    """Steps between the states ``0 … states - 1``, in order of their sources; ``first[s]`` is the number of the first step of a state.

    A run starts in the state ``root``.
    """

    states: int
    root: int
    source: Numbers
    label: Numbers
    target: Numbers
    first: Numbers
    order: Numbers
    """For each step, its position in the sequences that it was made from."""

    @classmethod
    def of(cls, states: int, root: int, source: Numbers, label: Numbers, target: Numbers) -> Lts:
        """The steps in whatever order; those of one state stay in theirs."""
        order = source.argsort(kind="stable")
        first = np.concatenate(([0], np.cumsum(np.bincount(source, minlength=states)))).astype(np.int64)
        return cls(states, root, source[order], label[order], target[order], first, order)

    def leaving(self, states: Numbers) -> Numbers:
        """The numbers of the steps that leave the states, state by state."""
        counts = self.first[states + 1] - self.first[states]
        before = np.cumsum(counts) - counts
        return np.repeat(self.first[states] - before, counts) + np.arange(counts.sum())

    def after(self, states: Numbers, label: int) -> Numbers:
        """The states to which a step with the label leads from one of the states, ascending."""
        steps = self.leaving(states)
        return np.unique(self.target[steps[self.label[steps] == label]])

    def closure(self, states: Numbers) -> Numbers:
        """The states that silent steps lead to, these among them, ascending."""
        inside = np.zeros(self.states, bool)
        inside[states] = True
        new = states
        while new.size:
            found = self.after(new, SILENT)
            new = found[~inside[found]]
            inside[new] = True
        return inside.nonzero()[0]

    def reaching(self, states: Numbers) -> Numbers:
        """The states from which silent steps lead to one of the states, these among them, ascending."""
        silent = self.label == SILENT
        back = Lts.of(self.states, self.root, self.target[silent], self.label[silent], self.source[silent])
        return back.closure(states)

    def components(self) -> tuple[int, Numbers]:
        """How many silent components there are (states that silent steps lead to from each other), and that of each state."""
        silent = self.label == SILENT
        first = np.concatenate(([0], np.cumsum(np.bincount(self.source[silent], minlength=self.states))))
        return strong_components(first, self.target[silent])

    def cycle(self, state: int) -> list[int]:
        """A shortest silent cycle through a state that lies on one: the numbers of its steps."""
        came_by: dict[int, int] = {}
        todo = [state]
        for s in todo:
            for step in range(int(self.first[s]), int(self.first[s + 1])):
                t = int(self.target[step])
                if self.label[step] == SILENT and t not in came_by:
                    came_by[t] = step
                    todo.append(t)
        steps = [came_by[state]]
        while self.source[steps[-1]] != state:
            steps.append(came_by[int(self.source[steps[-1]])])
        return steps[::-1]

    def diverging(self) -> NDArray[np.bool_]:
        """Which states lie on a silent cycle."""
        number, component = self.components()
        inside = (self.label == SILENT) & (component[self.source] == component[self.target])
        cyclic = np.zeros(number, bool)
        cyclic[component[self.source[inside]]] = True
        return cyclic[component]


def run(lts: Lts, trace: Sequence[int]) -> list[int] | None:
    """A shortest run from the root that is seen as ``trace`` (the last step is seen): the numbers of its steps. None: there is none."""
    n = lts.states
    came_by = np.full((len(trace) + 1) * n, -1, np.int64)
    seen = np.zeros(len(came_by), bool)
    frontier = np.array([lts.root], np.int64)
    seen[frontier] = True
    goal = len(trace) * n
    while frontier.size and not (frontier >= goal).any():
        states, position = frontier % n, frontier // n
        steps = lts.leaving(states)
        at = np.repeat(position, lts.first[states + 1] - lts.first[states])
        expected = np.asarray([*trace, -1])[at]
        silent, taken = lts.label[steps] == SILENT, lts.label[steps] == expected
        steps, at = (np.concatenate((x[silent], x[taken])) for x in (steps, at))
        node = (at + (lts.label[steps] != SILENT)) * n + lts.target[steps]
        fresh = ~seen[node]
        frontier, where = np.unique(node[fresh], return_index=True)
        came_by[frontier] = steps[fresh][where]
        seen[frontier] = True
    ends = frontier[frontier >= goal]
    if not ends.size:
        return None
    found: list[int] = []
    node_at = int(ends[0])
    while node_at != lts.root:
        step = int(came_by[node_at])
        found.append(step)
        before = node_at // n - (lts.label[step] != SILENT)
        node_at = int(before * n + lts.source[step])
    return found[::-1]


def states_after(lts: Lts, trace: Sequence[int]) -> Numbers:
    """The states in which a run may be that was seen as ``trace``, with silent steps after it; ascending."""
    now = lts.closure(np.array([lts.root], np.int64))
    for label in trace:
        now = lts.closure(lts.after(now, label))
    return now
