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

    def law(self, obligation: int) -> NDArray[np.bool_]:
        """Whether the law of an obligation holds at each of the steps; it does where it says nothing."""
        found = self.laws.get(obligation)
        return np.ones(self.at.size, bool) if found is None else found


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
    """Whether anything was different in the states that were looked at, steps or truth of laws.

    Which rules an action was composed of makes no difference, as long as its label, its steps and the laws are the same.
    """
    obligations = sorted({k for found in (a, b) for steps in found.values() for k in steps.laws})
    alike = a.keys() == b.keys() and not any(_unequal(x, b[name], obligations) for name, x in a.items())
    return not alike and _differ_by_label(a, b, obligations)


def _unequal(x: Steps, y: Steps, obligations: Sequence[int]) -> bool:
    return not (
        np.array_equal(x.at, y.at)
        and np.array_equal(x.after, y.after)
        and all(np.array_equal(x.law(k), y.law(k)) for k in obligations if k in x.laws or k in y.laws)
    )


def _differ_by_label(a: Seen, b: Seen, obligations: Sequence[int]) -> bool:
    """Whether the steps of some label are not the same set."""
    left, right = _by_label(a, obligations), _by_label(b, obligations)
    return left.keys() != right.keys() or any(not np.array_equal(rows, right[name]) for name, rows in left.items())


def _by_label(found: Seen, obligations: Sequence[int]) -> dict[Hashable, NDArray[np.uint64]]:
    """Per label its steps: from where, to where, and which laws hold; without repeats, in order."""
    rows: dict[Hashable, list[NDArray[np.uint64]]] = {}
    for (name, _), steps in found.items():
        assert isinstance(name, tuple)
        laws = [steps.law(k).astype(np.uint64) for k in obligations]
        rows.setdefault(name[0], []).append(np.stack([steps.at.astype(np.uint64), *steps.after, *laws]))
    return {name: np.unique(np.concatenate(parts, axis=1), axis=1) for name, parts in rows.items()}


def of_event(system: System, event: str) -> tuple[Action, ...]:
    """The actions of one event."""
    return tuple(a for a in system.actions if a.event == event)
