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

That is about finite runs. For a promise of liveness it matters as well which steps were dropped: whether a run may
take them for ever, and whether it ends when they are used up. There the slice is an *abstraction* (`abstracted`),
which proves that a promise is kept, and never that it is broken.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from ..model.language import FALSE, TRUE, Action, State, System, Term, conj, support
from ..model.language.satisfy import satisfying
from ..model.language.terms import conjuncts
from ..properties.compile import Obligation, Promise
from .evaluate import initial_states
from .layout import size


@dataclass(frozen=True)
class Slice:
    """A part of ``original`` with the obligations that it decides; ``action_of`` gives the original's numbers."""

    original: System
    system: System
    obligations: tuple[Obligation, ...]
    action_of: tuple[int, ...]

    @cached_property
    def _extended(self) -> dict[State, State]:
        return {}

    def lift(self, path: tuple[State, tuple[int, ...]]) -> tuple[State, tuple[int, ...]]:
        """A path of the slice as one of the original: its first initial state that agrees with the slice's."""
        initial, numbers = path
        full = self._extended.get(initial)
        if full is None:
            pinned = conj(*(v.term == value for v, value in zip(self.system.variables, initial, strict=True)))
            full = next(initial_states(replace(self.original, init=conj(self.original.init, pinned), actions=())))
            self._extended[initial] = full
        return full, tuple(self.action_of[n] for n in numbers)


class Cones:
    """The cones of influence in one system; what its actions read and write is worked out once."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.guards = [support(a.guard) for a in system.actions]
        self.init = [(c, frozenset(support(c))) for c in conjuncts(system.init)]
        # What the next value of a variable depends on directly.
        self.reads: dict[Term, set[Term]] = {v.term: set() for v in system.variables}
        for a, guard in zip(system.actions, self.guards, strict=True):
            for target, value in a.updates:
                self.reads[target].update(guard, support(value))
        for _, tied in self.init:
            for v in tied:
                self.reads[v] |= tied
        self._closures: dict[Term, frozenset[Term]] = {}

    def of(self, obligations: Iterable[Obligation]) -> frozenset[Term]:
        """The variables on which the obligations depend."""
        todo: set[Term] = set()
        for o in obligations:
            todo.update(support(o.state))
            for i, t in o.steps.items():
                todo.update(support(t), self.guards[i])
        return self.closure(todo)

    def closure(self, variables: Iterable[Term]) -> frozenset[Term]:
        """The variables, and those on which their values depend."""
        return frozenset().union(*map(self._closure, variables))

    def _closure(self, variable: Term) -> frozenset[Term]:
        found = self._closures.get(variable)
        if found is None:
            todo = {variable}
            kept: set[Term] = set()
            while todo:
                v = todo.pop()
                kept.add(v)
                todo |= self.reads[v] - kept
            found = self._closures[variable] = frozenset(kept)
        return found


def sliced(system: System, obligations: Sequence[Obligation], cones: Cones | None = None) -> Slice:
    """The slice of the system on which the obligations depend."""
    cones = cones or Cones(system)
    judged = {i for o in obligations for i in o.steps}
    part = part_of(cones, cones.of(obligations), judged)
    position = {number: i for i, number in enumerate(part.action_of)}
    return replace(part, obligations=tuple(o.at({position[i]: t for i, t in o.steps.items()}) for o in obligations))


def part_of(cones: Cones, kept: frozenset[Term], needed: Collection[int]) -> Slice:
    """The part with the variables ``kept``, which must be a closure, and the actions that change one of them or are ``needed``."""
    system = cones.system
    numbers, actions = [], []
    for i, a in enumerate(system.actions):
        updates = tuple(u for u in a.updates if u[0] in kept)
        if updates or i in needed:
            numbers.append(i)
            actions.append(a if len(updates) == len(a.updates) else a.updating(updates))
    return Slice(system, system.restricted(_names(kept), actions, _initially(cones, kept)), (), tuple(numbers))


@dataclass(frozen=True)
class Batch:
    """Obligations that are decided in one run, by their numbers, and the variables that they depend on (without monitors)."""

    numbers: tuple[int, ...]
    base: frozenset[Term]


def batches(
    system: System, obligations: Sequence[Obligation], cones: Cones | None = None, *, slicing: bool = True
) -> list[Batch]:
    """Obligations that depend on nearly the same variables share a run: one explores what the others need."""
    if not slicing:
        return [Batch(tuple(range(len(obligations))), frozenset())]
    cones = cones or Cones(system)
    monitors = {v.term for v in system.variables if v.name.startswith("monitor.")}
    bases = {n: cones.of([o]) - monitors for n, o in enumerate(obligations)}
    found: list[Batch] = []
    for n in sorted(bases, key=lambda n: -len(bases[n])):
        for i, b in enumerate(found):
            if bases[n] <= b.base:
                found[i] = replace(b, numbers=(*b.numbers, n))
                break
        else:
            found.append(Batch((n,), bases[n]))
    return found


FEW = 1 << 17
"""Batches that have no more states together than this share a run: to make it ready takes longer than to search it."""


def joined(system: System, found: Batch, states: int, rest: Sequence[Batch], limit: int | None = None) -> list[Batch]:
    """The rest of the batches, put together where they have few states, after one was found to have so many ``states``.

    The variables of a union of bases that lie in the base of ``found`` are all that they depend on themselves, since that is so of
    both. So they have no more values together than states were found, and the union no more than that times the values of
    its other variables (monitors not counted). ``limit``: so many states may be visited at most.
    """
    few = FEW if limit is None else min(FEW, limit)

    def most(base: frozenset[Term]) -> int:
        return states * prod(size(v.sort) for v in system.variables if v.term in base - found.base)

    together: list[Batch] = []
    for b in rest:
        for i, other in enumerate(together):
            base = other.base | b.base
            if most(base) <= few:
                together[i] = Batch((*other.numbers, *b.numbers), base)
                break
        else:
            together.append(b)
    return together


def _names(variables: Iterable[Term]) -> set[str]:
    return {v.name for v in variables}


def _initially(cones: Cones, kept: frozenset[Term]) -> Term:
    """The initial-state predicate on the kept variables; false when the others have no initial values."""
    mine = [c for c, tied in cones.init if tied and tied <= kept]
    others = conj(*(c for c, tied in cones.init if not (tied and tied <= kept)))
    return conj(*mine) if satisfying(others) is not None else FALSE


ELSEWHERE = Action("elsewhere", (), TRUE, ())
"""In an abstraction: any of the dropped steps, or the rest at the end of a run."""


def abstracted(
    system: System, promises: Sequence[Promise], cones: Cones | None = None
) -> tuple[System, tuple[Promise, ...]] | None:
    """An abstraction of the system: if it keeps a promise, so does the system. None when nothing can be left out.

    Kept are the variables that the promises mention and those that tell whether a step of its fairness assumptions is
    possible, and, transitively, those that the guards and updates of actions read which change a kept variable.
    Kept actions are those that change a kept variable or are meant by an assumption. `ELSEWHERE` is added, which is
    always possible and changes nothing.

    Take a fair maximal run of the system that breaks the promise, and look at the kept variables only, with each
    dropped step as `ELSEWHERE` (it changes none of them), and where the run ends, `ELSEWHERE` for ever. This is a run of
    the abstraction, since kept guards and updates read kept variables only; and an infinite one, hence maximal. It breaks the
    promise in the same states. It is fair: whether a step of an assumption is possible depends on kept variables,
    so it is possible in the same states; such steps are kept, so they are taken as often; and where the run ends, no
    step is possible, so no assumption asks for one. So if the system breaks the promise, the abstraction does.

    The converse does not hold: dropped steps may run out where `ELSEWHERE` does not. So a broken promise of the
    abstraction means nothing, and must be looked for in the whole system.
    """
    cones = cones or Cones(system)
    assumed = [f for p in promises for f in p.fairness]
    meant = {i for f in assumed for i in f.steps}
    mentioned = {v for p in promises for t in (p.when, p.then) for v in support(t)}
    for f in assumed:
        for i, t in f.steps.items():
            mentioned.update(cones.guards[i], support(t))
    kept = cones.closure(mentioned)
    if len(kept) == len(system.variables):
        return None
    numbers, actions = [], []
    for i, a in enumerate(system.actions):
        updates = tuple(u for u in a.updates if u[0] in kept)
        if updates or i in meant:
            numbers.append(i)
            actions.append(a.updating(updates))
    position = {number: i for i, number in enumerate(numbers)}
    renumbered = {f: replace(f, steps={position[i]: t for i, t in f.steps.items()}) for f in assumed}
    part = system.restricted(_names(kept), (*actions, ELSEWHERE), _initially(cones, kept))
    return part, tuple(replace(p, fairness=tuple(renumbered[f] for f in p.fairness)) for p in promises)
