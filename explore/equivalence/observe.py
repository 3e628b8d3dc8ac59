"""A system as an observer sees it: its reachable steps with their looks, as a labelled transition system."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...model.language import State, System, Term, Value, support
from ...properties.alphabets import Observer, label
from ..engine import Limits
from ..explicit import ReachableSet, reachable
from ..explicit.numbering import Positions
from ..explicit.vectorise import Program
from ..slice import Cones, Slice, part_of
from .lts import FOR_EVER, Labels, Lts, Numbers

_Looks = tuple[tuple[str, Term], ...]


@dataclass(frozen=True, eq=False)
class Observed:
    """What can be seen of a system.

    The root of ``lts`` is none of the system's states: a step without an action (-1) leads from it to every initial state, and shows
    what can be seen there. The other states are those of ``reached``, in their order; ``action`` gives the part's action of each step.
    """

    lts: Lts
    action: Numbers
    part: Slice
    reached: ReachableSet = field(repr=False)

    @property
    def stopped(self) -> str:
        """Why states or steps may be missing; empty when none are."""
        return self.reached.stopped

    def state(self, number: int) -> State:
        """A state of the part of the system that was explored."""
        return self.reached.layout.unpack(self.reached.packed[:, number])

    def path(self, steps: Sequence[int]) -> tuple[tuple[State, tuple[int, ...]], list[tuple[int, int]]]:
        """A run from the root, given by its steps, as a run of the whole system.

        Where silence for ever is seen, the run goes round once; with it comes from which action to which each time.
        """
        initial = self.state(int(self.lts.target[steps[0]]))
        actions: list[int] = []
        loops = []
        for s in steps[1:]:
            if self.action[s] >= 0:
                actions.append(int(self.action[s]))
            else:
                begin = len(actions)
                actions += [int(self.action[x]) for x in self.lts.cycle(int(self.lts.source[s]))]
                loops.append((begin, len(actions)))
        return self.part.lift((initial, tuple(actions))), loops


def observed(
    system: System,
    observer: Observer,
    labels: Labels,
    limits: Limits,
    *,
    divergence: bool = False,
    watch: Callable[[], None] = lambda: None,
) -> Observed:
    """What can be seen of the system's reachable states.

    Explored is the part of the system on which the observations depend. The steps that are left out are silent and change
    nothing that an observation or a guard of the part reads; so the part and the system are branching bisimilar, each state
    and its projection. Not so for silence that goes on for ever: where ``divergence`` counts, nothing is left out.
    """
    part, seen = _part(system, observer, divergence)
    reached = reachable(part.system, limits)
    look = _Look(reached, seen, observer.shown, labels)
    count = reached.packed.shape[1]
    none = (np.empty(0, np.int32),) * 4
    found = [none, *(look.steps(watch) if count else ())]
    source, looks, target, action = (np.concatenate(x) for x in zip(*found, strict=True))
    lts = Lts.of(count + 1, count, source, looks, target)
    if divergence:
        cyclic = lts.diverging().nonzero()[0]
        mark = np.full(cyclic.size, labels.number(FOR_EVER))
        source, looks, target, action = (
            np.concatenate(x) for x in ((source, cyclic), (looks, mark), (target, cyclic), (action, mark * 0 - 1))
        )
        lts = Lts.of(count + 1, count, source, looks, target)
    return Observed(lts, action[lts.order], part, reached)


def _part(system: System, observer: Observer, divergence: bool) -> tuple[Slice, dict[int, _Looks]]:
    """The part to explore, and what is seen of its actions."""
    cones = Cones(system)
    read = {v.term for v in system.variables}
    needed = set(range(len(system.actions)))
    if not divergence:
        needed = set(observer.seen)
        terms = [t for _, t in observer.shown] + [t for looks in observer.seen.values() for _, t in looks]
        read = {v for t in terms for v in support(t)} | {v for i in needed for v in cones.guards[i]}
    part = part_of(cones, cones.closure(read), needed)
    return part, {k: observer.seen[i] for k, i in enumerate(part.action_of) if i in observer.seen}


class _Look:
    """The looks of the steps between the states that were reached."""

    def __init__(self, reached: ReachableSet, seen: dict[int, _Looks], shown: _Looks, labels: Labels) -> None:
        self.reached, self.seen, self.labels = reached, seen, labels
        self.system, self.packed = reached.system, reached.packed
        program = Program(reached.layout)
        program.predicates("guards", [a.guard for a in self.system.actions])
        for i, a in enumerate(self.system.actions):
            program.step(f"step{i}", a, tuple(t for _, t in seen.get(i, ())))
        program.predicates("initial", [self.system.init])
        self.names = [name for name, _ in shown]
        self.values: list[tuple[Value, ...]] = [t.sort.domain for _, t in shown]  # type: ignore[union-attr]
        for k, (_, t) in enumerate(shown):
            program.predicates(f"shown{k}", [t == v for v in self.values[k]])
        self.functions = program.compile()
        count = self.packed.shape[1]
        self.codes = np.zeros((count, len(shown)), np.int64)
        """The number of the value that each name has in each state."""
        for k in range(len(shown)):
            for code, holds in enumerate(self.functions[f"shown{k}"](*self.packed)):
                self.codes[np.broadcast_to(holds, count), k] = code

    def steps(self, watch: Callable[[], None]) -> Iterator[tuple[Numbers, Numbers, Numbers, Numbers]]:
        """Sources, labels, targets and actions, action by action; last, the steps from the root."""
        count = self.packed.shape[1]
        positions = Positions(self.packed)
        for i, enabled in enumerate(self.functions["guards"](*self.packed)):
            at = np.broadcast_to(enabled, count).nonzero()[0]
            if not at.size:
                continue
            watch()
            found = [np.broadcast_to(w, at.size) for w in self.functions[f"step{i}"](*self.packed[:, at])]
            target = positions.find(np.stack(found[: len(self.packed)]))
            inside = target >= 0  # beyond a limit the search did not look
            if not self.reached.stopped and not inside.all():
                raise AssertionError(f"{self.system.actions[i].label} leads out of all reachable states")
            at, target = at[inside], target[inside]
            seen = [holds[inside] for holds in found[len(self.packed) :]]
            changed = np.where(self.codes[at] != self.codes[target], self.codes[target], -1)
            looks = self._labels([text for text, _ in self.seen.get(i, ())], seen, changed)
            yield _narrow(at, looks, target, np.full(at.size, i))
        initial = np.broadcast_to(self.functions["initial"](*self.packed)[0], count).nonzero()[0]
        looks = self._labels([], [], self.codes[initial])
        yield _narrow(np.full(initial.size, count), looks, initial, np.full(initial.size, -1))

    def _labels(self, texts: Sequence[str], seen: Sequence[NDArray[np.bool_]], changed: Numbers) -> Numbers:
        """The label of each step, by which of the texts apply, and the number of the value that each name changes to (-1: none)."""
        rows = np.column_stack([*(s.astype(np.int64) for s in seen), changed]) if seen else changed
        if not rows.shape[1]:
            return np.zeros(len(changed), np.int64)
        kinds, which = np.unique(rows, axis=0, return_inverse=True)
        numbers = []
        for kind in kinds.tolist():
            looks = [text for text, holds in zip(texts, kind, strict=False) if holds]
            new = [
                (name, values[code])
                for name, values, code in zip(self.names, self.values, kind[len(texts) :], strict=True)
                if code >= 0
            ]
            numbers.append(self.labels.number(label(looks, new)))
        return np.asarray(numbers, np.int64)[which.reshape(-1)]


def _narrow(a: Numbers, b: Numbers, c: Numbers, d: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """The same in half of the memory: there may be a great many steps."""
    return a.astype(np.int32), b.astype(np.int32), c.astype(np.int32), d.astype(np.int32)
