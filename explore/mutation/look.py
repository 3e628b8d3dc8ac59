"""What actions do in given states: where they are enabled, what comes out, and whether the laws on their steps hold."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...model.language import Action, System, Term
from ..explicit.vectorise import Program
from ..layout import Layout, Words

Laws = Mapping[int, Term]
"""Obligation number -> what must hold before a step by an action."""


@dataclass(frozen=True, eq=False)
class Steps:
    """The steps of one action: from the states at ``at`` to ``after``, and per obligation whether its law holds there."""

    at: NDArray[np.intp]
    after: Words
    laws: Mapping[int, NDArray[np.bool_]]


class Eye:
    """Actions, compiled, to be looked at in the states of a layout."""

    def __init__(self, layout: Layout, actions: Sequence[Action], laws: Sequence[Laws]) -> None:
        self.layout, self.actions, self.laws = layout, tuple(actions), tuple(laws)
        program = Program(layout)
        program.predicates("guards", [a.guard for a in actions])
        for i, a in enumerate(actions):
            program.step(f"step{i}", a, list(laws[i].values()))
        self._functions = program.compile()

    def steps(self, packed: Words, without: frozenset[int] = frozenset()) -> Iterator[tuple[int, Steps]]:
        """The steps of each action (by its position) that is enabled somewhere. May raise `ModelError`."""
        if not self.actions:
            return
        for i, mask in enumerate(self._functions["guards"](*packed)):
            at = np.flatnonzero(np.broadcast_to(mask, packed.shape[1]))
            if at.size and i not in without:
                results = self._functions[f"step{i}"](*packed[:, at])
                after = np.stack([np.broadcast_to(w, at.size) for w in results[: self.layout.words]])
                truths = results[self.layout.words :]
                judged = {k: np.broadcast_to(x, at.size) for k, x in zip(self.laws[i], truths, strict=True)}
                yield i, Steps(at, after, judged)


def key(a: Action) -> Hashable:
    """What tells an action from others of a system: its label, and the rules of which it was composed."""
    refused_by = None if a.refused_by is None else (a.refused_by.machine, a.refused_by.name)
    return a.label, refused_by, tuple((r.machine, r.name) for r in a.rules)


Seen = Mapping[tuple[Hashable, int], Steps]
"""The steps of the actions that are enabled somewhere: what tells the action from others, and which it is of those alike."""


def seen(eye: Eye, packed: Words) -> Seen:
    """All steps in the given states, by action. May raise `ModelError`."""
    alike: dict[Hashable, int] = {}
    names = []
    for a in eye.actions:
        # The same refusal, say, after other rules of those who were asked before.
        names.append((key(a), alike.setdefault(key(a), 0)))
        alike[key(a)] += 1
    return {names[i]: steps for i, steps in eye.steps(packed)}


def differ(a: Seen, b: Seen) -> bool:
    """Whether anything was different in the states that were looked at, steps or truth of laws."""
    if a.keys() != b.keys():
        return True
    for name, x in a.items():
        y = b[name]
        if not np.array_equal(x.at, y.at) or not np.array_equal(x.after, y.after):
            return True
        every = np.ones(x.at.size, bool)
        if any(not np.array_equal(x.laws.get(k, every), y.laws.get(k, every)) for k in x.laws.keys() | y.laws.keys()):
            return True
    return False


def of_event(system: System, event: str) -> tuple[Action, ...]:
    """The actions of one event."""
    return tuple(a for a in system.actions if a.event == event)
