"""Liveness on explicit graphs: is there a fair run in which what was to come never does?

Such a run reaches a state in which ``when`` holds and ``then`` does not, and stays among states in which ``then`` does
not hold. It ends there, in a state in which no step is possible, or it goes on for ever. Then the states that it visits
again and again lie in one fair component of the graph of those states; and in such a component there is a loop
that goes through all of it, and is fair. So the promise is kept exactly when no such state and no fair component can be
reached from a pending state; whether an assumption of fairness is kept depends on the loop alone, not on the way to it.

Of all broken runs one is shown with the fewest steps before its loop (or its end), and of those one with the shortest
loop that was found. Where the exploration hit a limit, a run that was found is a run all the same (every state
knows all the steps that are possible in it, and the loop is there), but a kept promise is not claimed.

All this is about the whole system. A part of it is enough where that part keeps the promise (see `slice.abstracted`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...model.language import FALSE, ModelError, System
from ...properties.compile import Promise
from ..asked import Asked
from ..engine import NO_LIMITS, Limits
from ..explicit import ReachableSet, reachable
from ..explicit.numbering import Positions
from ..explicit.vectorise import Compiled, Program
from ..layout import Words
from ..slice import Cones, abstracted
from ..verdict import Evidence, Outcome, Statistics, Verdict
from .fair import Masks, States, Steps, fair_components
from .lasso import Distances, distances, shortest_loop

NAME = "liveness"

_ASSUMPTIONS = 64
"""As many as a mask has bits."""

_LOOPS = 8
"""Of so many states that can be reached equally soon, the one with the shortest loop is taken."""


_SMALL = 1 << 17
"""Graphs of at most so many states are kept for other promises about the same system."""

_GRAPHS = 32
"""So many of them."""


class _Stopped(Exception):
    """A limit was reached; the message says which."""


class Decided(NamedTuple):
    """What was found about a promise, and on how many states."""

    outcome: Outcome
    statistics: Statistics | None


@dataclass(frozen=True)
class EarlierPromises:
    """What was found earlier, in these systems or in others: about promises, and the graphs of systems."""

    decided: Asked[Decided] = field(default_factory=Asked)
    graphs: Asked[_Graph] = field(default_factory=lambda: Asked(_GRAPHS))


def decide(
    system: System,
    promises: Sequence[Promise],
    limits: Limits = NO_LIMITS,
    earlier: EarlierPromises | None = None,
    *,
    slicing: bool = True,
) -> list[Decided]:
    """Decide the promises about the system, in order. ``limits.seconds`` is for all of them together.

    With ``slicing``, a promise is first looked at in the part of the system on which it depends. An interruption, or a
    limit, leaves UNKNOWN what is still open. ``earlier``: what was found earlier; what is found now is added.
    """
    run = _Run(system, limits, slicing, earlier or EarlierPromises())
    return [run.decide(p) for p in promises]


class _Run:
    def __init__(self, system: System, limits: Limits, slicing: bool, earlier: EarlierPromises) -> None:
        self.system, self.limits, self.slicing, self.earlier = system, limits.begun(), slicing, earlier
        self.interrupted = False
        self._cones: Cones | None = None
        self._whole: _Graph | None = None

    def decide(self, promise: Promise) -> Decided:
        if self.interrupted:
            return _unknown("interrupted")
        try:
            return self._decide(promise)
        except KeyboardInterrupt:
            self.interrupted = True
            return _unknown("interrupted")
        except _Stopped as e:
            return _unknown(str(e))

    def _decide(self, promise: Promise) -> Decided:
        if len(promise.fairness) > _ASSUMPTIONS:
            raise ModelError(
                f"property {promise.prop.id}: {len(promise.fairness)} fairness assumptions, at most {_ASSUMPTIONS} are possible"
            )
        if self.slicing:
            if self._cones is None:
                self._cones = Cones(self.system)
            part = abstracted(self.system, [promise], self._cones)
            if part is not None:
                system, (mine,) = part
                found = self.earlier.decided.answer(
                    system, mine, lambda: self._graph(system).decide(mine, self.watch),
                    lambda d: d.outcome.verdict is not Verdict.UNKNOWN,
                )  # fmt: skip
                if found.outcome.verdict is Verdict.HOLDS:
                    return found
        if self._whole is None:
            self._whole = self._graph(self.system)
        return self._whole.decide(promise, self.watch)

    def _graph(self, system: System) -> _Graph:
        return self.earlier.graphs.answer(system, (), lambda: _Graph(system, self.limits), _Graph.is_small)

    def watch(self) -> None:
        """Stop when time or memory are used up."""
        if self.limits.late:
            raise _Stopped(self.limits.out_of_time)
        if why := self.limits.out_of_memory():
            raise _Stopped(why)


def _unknown(note: str, depth: int = 0, statistics: Statistics | None = None) -> Decided:
    return Decided(Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, depth, note=note), statistics)


class _Graph:
    """The reachable states of a system, with what all its promises have in common."""

    def __init__(self, system: System, limits: Limits) -> None:
        self.system = system
        self.reached: ReachableSet = reachable(system, limits)
        if self.reached.stopped == "interrupted":
            raise KeyboardInterrupt
        self.layout, self.packed = self.reached.layout, self.reached.packed
        count = self.packed.shape[1]
        self.depth = np.searchsorted(self.reached.levels, np.arange(count), side="right") - 1
        """The distance of each state from an initial one."""
        program = Program(self.layout)
        program.predicates("guards", [a.guard for a in system.actions])
        for i, a in enumerate(system.actions):
            program.step(f"step{i}", a)
        self.functions = program.compile()
        self._positions: Positions | None = None

    @property
    def covered(self) -> int:
        """All runs of so many steps lie within the states that were reached."""
        return max(len(self.reached.levels) - 2, 0)

    def is_small(self) -> bool:
        """Whether it is worth its memory to keep it, all of it being there."""
        return not self.reached.stopped and self.packed.shape[1] <= _SMALL

    def decide(self, promise: Promise, watch: Callable[[], None]) -> Decided:
        """``watch`` is called now and then, and may raise what ends the work."""
        lasso = self._broken(promise, watch) if self.packed.shape[1] else None
        statistics = self.reached.statistics
        if lasso is not None:
            return Decided(lasso, statistics)
        if self.reached.stopped:
            return _unknown(self.reached.stopped, self.covered, statistics)
        return Decided(Outcome(Verdict.HOLDS, Evidence.EXHAUSTIVE, statistics.depth), statistics)

    def _broken(self, promise: Promise, watch: Callable[[], None]) -> Outcome | None:
        """A run that breaks the promise."""
        when, then = self._holds(promise.when, promise.then)
        without = ~then
        if not (when & without).any():
            return None
        view = self._view(promise, without, watch)
        pending = (when & without)[view.states]
        reach = distances(view.steps, pending, self.depth[view.states], watch)
        inside = reach.distance >= 0
        part, old = view.steps.among(inside)
        strong = sum(1 << k for k, f in enumerate(promise.fairness) if f.strong)
        label = np.full(len(inside), -1, np.int64)
        label[old] = fair_components(part, view.possible[old], strong, watch)
        ends = inside & (view.stuck | (label >= 0))
        if not ends.any():
            return None
        nearest = int(reach.distance[ends].min())
        chosen = (ends & (reach.distance == nearest)).nonzero()[0]
        stuck = chosen[view.stuck[chosen]]
        if stuck.size:
            return self._run(view, reach, int(stuck[0]), None)
        loops = []
        for state in chosen[:_LOOPS]:
            core, mine = view.steps.among(label == label[state])
            start = int(np.searchsorted(mine, state))
            loop = shortest_loop(core, view.possible[mine], strong, start, watch)
            loops.append((int(state), [int(a) for a in core.action[loop]]))
        return self._run(view, reach, *min(loops, key=lambda x: len(x[1])))

    def _run(self, view: _View, reach: Distances, state: int, loop: list[int] | None) -> Outcome:
        root, way = reach.way(view.steps, state)
        initial, first = self.reached.path(int(view.states[root]))
        stem = (*first, *(int(a) for a in view.steps.action[way]))
        note = f"{self.reached.stopped}; a shorter run may exist" if self.reached.stopped else ""
        return Outcome(
            Verdict.VIOLATED, Evidence.TRACE, len(stem), (initial, (*stem, *(loop or ()))), note,
            loop=None if loop is None else len(stem),
        )  # fmt: skip

    def _holds(self, *terms: object) -> Sequence[NDArray[np.bool_]]:
        program = Program(self.layout)
        program.predicates("holds", terms)  # type: ignore[arg-type]
        return self._call(program.compile()["holds"], self.packed)

    def _call(self, function: Compiled, rows: Words) -> list[NDArray[np.bool_]]:
        return [np.broadcast_to(x, rows.shape[1]) for x in function(*rows)]

    def _view(self, promise: Promise, chosen: NDArray[np.bool_], watch: Callable[[], None]) -> _View:
        """The states that were chosen and the steps between them, as the promise's assumptions see them."""
        if self._positions is None:
            self._positions = Positions(self.packed)
        states = chosen.nonzero()[0]
        rows = self.packed[:, states]
        new = np.full(self.packed.shape[1] + 1, -1, np.int64)  # its last place is for what was not reached
        new[states] = np.arange(len(states))
        conditions = {(i, k): t for k, f in enumerate(promise.fairness) for i, t in f.steps.items() if t is not FALSE}
        program = Program(self.layout)
        program.predicates("conditions", list(conditions.values()))
        meant: dict[int, list[tuple[int, NDArray[np.bool_]]]] = {}
        for (i, k), holds in zip(conditions, self._call(program.compile()["conditions"], rows), strict=True):
            meant.setdefault(i, []).append((k, holds))
        possible = np.zeros(len(states), np.uint64)
        stuck = np.ones(len(states), bool)
        small = np.min_scalar_type((1 << len(promise.fairness)) - 1)
        found: list[tuple[States, States, States, Masks]] = []
        for i, enabled in enumerate(self._call(self.functions["guards"], rows)):
            at = enabled.nonzero()[0]
            if not at.size:
                continue
            watch()
            stuck[at] = False
            taken = np.zeros(at.size, np.uint64)
            for k, holds in meant.get(i, ()):
                taken |= holds[at].astype(np.uint64) << np.uint64(k)
            possible[at] |= taken
            after = np.stack([np.broadcast_to(w, at.size) for w in self.functions[f"step{i}"](*rows[:, at])])
            target = new[self._positions.find(after)]
            inside = target >= 0
            among = (at[inside], target[inside], np.full(np.count_nonzero(inside), i))
            found.append((*(x.astype(np.int32) for x in among), taken[inside].astype(small)))  # type: ignore[arg-type]
        none = tuple(np.empty(0, dtype) for dtype in (np.int32, np.int32, np.int32, small))
        source, target, action, masks = (np.concatenate(x) for x in zip(none, *found, strict=True))
        return _View(states, Steps.of(len(states), source, target, action, masks), possible, stuck)


@dataclass(frozen=True)
class _View:
    """The states in which ``then`` does not hold. ``states``: their numbers among all."""

    states: States
    steps: Steps
    possible: Masks
    """The assumptions some step of which is possible."""
    stuck: NDArray[np.bool_]
    """Whether no step is possible at all."""
