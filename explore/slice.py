"""Slicing by the cone of influence: the part of a system on which given obligations depend.

Kept are the variables that the obligations mention and, transitively, those that the guards and updates of
actions read which change a kept variable, and those that the guards of judged actions read (actions for
which some obligation has a step term). Kept actions are those that change a kept variable or are judged;
of their updates, those of kept variables. Both verdicts and shortest depths are the same as without:

* A run of the system, projected on the kept variables with the dropped actions left out, is a run of the
  slice, since dropped actions change no kept variable and kept guards and updates read kept variables only.
  It is no longer than the original, and fails an obligation wherever the original did.
* A run of the slice is, action for action, a run of the system from any initial state that extends the
  slice's: the guards read kept variables, and those have the same values. It is as long, and fails alike.

So the shortest failing runs have the same length in both, and one fails exactly when the other does. (A
system without initial states has no runs at all; its slice is given none either.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..model.language import FALSE, State, System, Term, conj, support
from ..model.language.satisfy import satisfying
from ..model.language.terms import conjuncts
from ..properties.compile import Obligation
from .evaluate import initial_states


@dataclass(frozen=True)
class Slice:
    """A part of ``original`` with the obligations that it decides; ``action_of`` gives the original's numbers."""

    original: System
    system: System
    obligations: tuple[Obligation, ...]
    action_of: tuple[int, ...]

    def lift(self, path: tuple[State, tuple[int, ...]]) -> tuple[State, tuple[int, ...]]:
        """A path of the slice as one of the original: its first initial state that agrees with the slice's."""
        initial, numbers = path
        pinned = conj(*(v.term == value for v, value in zip(self.system.variables, initial, strict=True)))
        full = next(initial_states(replace(self.original, init=conj(self.original.init, pinned), actions=())))
        return full, tuple(self.action_of[n] for n in numbers)


class Cones:
    """The cones of influence in one system; what its actions read and write is worked out once."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.guards = [_names(a.guard) for a in system.actions]
        self.init = [(c, _names(c)) for c in conjuncts(system.init)]
        # What the next value of a variable depends on directly.
        self.reads: dict[str, set[str]] = {v.name: set() for v in system.variables}
        for a, guard in zip(system.actions, self.guards, strict=True):
            for target, value in a.updates:
                self.reads[target.name] |= guard | _names(value)
        for _, tied in self.init:
            for name in tied:
                self.reads[name] |= tied

    def of(self, obligations: Iterable[Obligation]) -> frozenset[str]:
        """The variables on which the obligations depend."""
        todo: set[str] = set()
        for o in obligations:
            for t in o.terms:
                todo |= _names(t)
            for i in o.steps:
                todo |= self.guards[i]
        kept: set[str] = set()
        while todo:
            name = todo.pop()
            kept.add(name)
            todo |= self.reads[name] - kept
        return frozenset(kept)


def _names(t: Term) -> set[str]:
    return {v.name for v in support(t)}


def sliced(system: System, obligations: Sequence[Obligation], cones: Cones | None = None) -> Slice:
    """The slice of the system on which the obligations depend."""
    cones = cones or Cones(system)
    kept = cones.of(obligations)
    judged = {i for o in obligations for i in o.steps}
    numbers, actions = [], []
    for i, a in enumerate(system.actions):
        updates = tuple((target, value) for target, value in a.updates if target.name in kept)
        if updates or i in judged:
            numbers.append(i)
            actions.append(a if len(updates) == len(a.updates) else replace(a, updates=updates))
    position = {number: i for i, number in enumerate(numbers)}
    mine = [c for c, tied in cones.init if tied and tied <= kept]
    others = conj(*(c for c, tied in cones.init if not (tied and tied <= kept)))
    return Slice(
        system,
        system.restricted(kept, actions, conj(*mine) if satisfying(others) is not None else FALSE),
        tuple(replace(o, steps={position[i]: t for i, t in o.steps.items()}) for o in obligations),
        tuple(numbers),
    )
