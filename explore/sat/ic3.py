"""IC3 (property directed reachability): an inductive invariant clause by clause, or a shortest run that breaks the obligation.

*Frame* ``i`` is a set of clauses that hold in all states that are reached in at most ``i`` steps; frame 0 is the
initial states. A state that leads to a broken obligation is an *obligation* of the search: it must be shown to be out
of reach in so many steps, or is the end of a run. A *cube* stands for many such states at once: a set of literals, which
is lifted from one state as far as its step goes the same way, and generalised, once it is excluded, as far as it stays so.

When frame ``n`` is begun, no run of fewer than ``n`` steps breaks the obligation, and obligations are never put
off to a later frame. So a run that is found then has ``n`` steps exactly, and none is shorter.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from ...model.language import State
from ..cubes import Cube
from .circuit import Literal
from .encoding import Encoding, Target
from .solver import Budget, Solver

Literals: TypeAlias = frozenset[Literal]
"""A cube: the states in which all of these literals (of the state now) are true."""

_RENEWED_AFTER = 1500
"""Questions with a clause of their own, which is of no use afterwards, before the solver starts afresh without them."""

_VAIN_ATTEMPTS = 12
"""After so many literals in a row that could not be left out of a cube, the rest is left in."""


@dataclass(frozen=True)
class Run:
    """A run that breaks the obligation."""

    initial: State
    actions: tuple[int, ...]


@dataclass(frozen=True)
class Invariant:
    """Cubes that no reachable state is in; that they are excluded is inductive, and sees to the obligation."""

    cubes: tuple[Literals, ...]


@dataclass(frozen=True, order=True)
class _Goal:
    """States that must be out of reach in ``level`` steps, and how they lead on."""

    level: int
    number: int
    cube: Literals
    action: int | None
    """The action that leads on (None: the state is broken itself) …"""
    then: _Goal | None
    """… and where to (None: what breaks is the step, or the state after it)."""


class Search:
    """The search for one obligation. `advance` does a little of it at a time."""

    def __init__(self, encoding: Encoding, target: Target, budget: Budget) -> None:
        self.encoding = encoding
        self.target = target
        self.budget = budget
        self.depth = -1
        """All runs of at most so many steps keep the obligation."""
        e = encoding
        self._after = e.pairs
        self._top = e.circuit.variables
        self._levels: list[Literal] = []
        self._frames: list[set[Literals]] = []
        """Per level the cubes that are excluded up to it and not known to be at the next."""
        self._weight: dict[Literal, float] = {}
        """How often a literal was needed of late: those that seldom are, are left out first."""
        self._lifting = Solver([*e.circuit.clauses, [-e.go]], budget)
        self._lifting_top = e.circuit.variables
        self._lifts = 0
        self._questions = 0
        self._goals = 0
        self._initial = Solver([*e.circuit.clauses, [-e.go], [e.init]], budget)
        self._new_level()
        self._renew()

    # --- Solvers --------------------------------------------------------------------------------------------------------

    def _new_level(self) -> None:
        self._top += 1
        self._levels.append(self._top)
        self._frames.append(set())

    def _renew(self) -> None:
        """The solver for steps between frames, without what earlier questions left in it."""
        e = self.encoding
        self._top = e.circuit.variables + len(self._levels)
        self._levels = [e.circuit.variables + 1 + i for i in range(len(self._levels))]
        self._questions = 0
        self._solver = Solver(e.circuit.clauses, self.budget)
        self._solver.add([-self._levels[0], e.init])
        for level, cubes in zip(self._levels, self._frames, strict=True):
            for cube in cubes:
                self._solver.add([-level, *(-x for x in cube)])

    def _frame(self, level: int) -> list[Literal]:
        """The assumptions that make the state now one of a frame."""
        # A cube that is excluded up to some level is excluded at all levels before it.
        return self._levels[level:]

    def _step_into(self, cube: Literals, level: int, *, alone: bool) -> Literals | None:
        """Whether a step from the frame leads into the cube (with ``alone``: from outside of it): None, or the part of the
        cube that is not to be entered."""
        e = self.encoding
        after = {self._after[x]: x for x in cube}
        # Frames from which a step is asked for are those that are known to keep the obligation.
        assumptions = [e.go, -self.target.state, *self._frame(level), *after]
        if alone:
            self._questions += 1
            self._top += 1
            self._solver.add([-self._top, *(-x for x in cube)])
            assumptions.append(self._top)
        mine = self._top
        possible = self._solver.satisfiable(assumptions)
        core = frozenset() if possible else frozenset(after[x] for x in self._solver.core() if x in after)
        model = self._solver.model() if possible else []
        if alone:
            self._solver.add([-mine])
        if possible:
            self._model = model
            return None
        return core

    def _initially(self, cube: Literals) -> bool:
        """Whether an initial state is in the cube."""
        return self._initial.satisfiable(list(cube))

    # --- The search -----------------------------------------------------------------------------------------------------

    def advance(self) -> Iterator[Run | Invariant | None]:
        """Yields None after each piece of work, and the answer at the end. Raises `OutOfBudgetError`."""
        level = 0
        while True:
            goal = self._broken(level)
            while goal is not None:
                run = yield from self._block(goal)
                if run is not None:
                    yield run
                    return
                goal = self._broken(level)
            self.depth = level
            self._new_level()
            level += 1
            invariant = self._propagate()
            yield invariant
            if invariant is not None:
                return

    def _broken(self, level: int) -> _Goal | None:
        """States of the frames from which the obligation is broken after exactly so many steps."""
        e, t = self.encoding, self.target
        if level == 0:
            if not self._solver.satisfiable([*self._frame(0), t.state]):
                return None
            return self._goal(0, self._lifted(self._solver.model(), [t.state], None), None, None)
        for broken in (t.step, t.after):
            if self._solver.satisfiable([e.go, -t.state, *self._frame(level - 1), broken]):
                model = self._solver.model()
                action = e.action(model)
                # What must be implied: that the action is possible, and breaks something.
                implied = [t.by_action[action]] if broken == t.step else [e.guards[action], t.after]
                return self._goal(level - 1, self._lifted(model, implied, action), action, None)
        return None

    def _goal(self, level: int, cube: Literals, action: int | None, then: _Goal | None) -> _Goal:
        self._goals += 1
        return _Goal(level, self._goals, cube, action, then)

    def _lifted(self, model: list[Literal], implied: list[Literal], action: int | None) -> Literals:
        """Literals of the state now that alone imply all of ``implied``, in the step by the action if there is one."""
        state = []
        for codes in self.encoding.now:
            true = [x for x in codes if model[abs(x) - 1] == x]
            # Of more than two values, each that it is not: so one of them less stands for one value more.
            state += true if len(codes) <= 2 else [-x for x in codes if x not in true]
        self._lifts += 1
        if self._lifts % _RENEWED_AFTER == 0:
            self._lifting.close()
            self._lifting = Solver([*self.encoding.circuit.clauses, [-self.encoding.go]], self.budget)
            self._lifting_top = self.encoding.circuit.variables
        self._lifting_top += 1
        mine = self._lifting_top
        self._lifting.add([-mine, *(-x for x in implied)])
        chosen = [] if action is None else [self.encoding.chosen[action]]
        possible = self._lifting.satisfiable([mine, *chosen, *state])
        assert not possible, "a step does what it does"
        core = self._lifting.core()
        self._lifting.add([-mine])
        return frozenset(x for x in state if x in core)

    def _block(self, goal: _Goal) -> Generator[None, None, Run | None]:
        """Show that the states are out of reach, and those that lead to them; or give the run that begins there."""
        queue = [goal]
        while queue:
            yield None
            current = queue[0]
            if current.level == 0:
                return self._run(current)
            if self._excluded(current.cube, current.level):
                heapq.heappop(queue)
                continue
            core = self._step_into(current.cube, current.level - 1, alone=True)
            if core is None:
                action = self.encoding.action(self._model)
                implied = [self.encoding.guards[action], *(self._after[x] for x in current.cube)]
                cube = self._lifted(self._model, implied, action)
                heapq.heappush(queue, self._goal(current.level - 1, cube, action, current))
                continue
            heapq.heappop(queue)
            cube = self._generalised(self._started(core, current.cube), current.level)
            level = current.level
            while level + 1 < len(self._levels) and self._step_into(cube, level, alone=True) is not None:
                level += 1
            self._exclude(cube, level)
        return None

    def _excluded(self, cube: Literals, level: int) -> bool:
        """Whether the frame has been found not to contain the cube in the meantime."""
        if any(c <= cube for frame in self._frames[level:] for c in frame):
            return True
        return not self._solver.satisfiable([*self._frame(level), *cube])

    def _started(self, cube: Literals, whole: Literals) -> Literals:
        """The cube with as many literals more of the whole one as keep the initial states out."""
        if not self._initially(cube):
            return cube
        possible = self._initially(whole)
        assert not possible, "no shorter run breaks the obligation"
        return cube | (self._initial.core() & whole)

    def _generalised(self, cube: Literals, level: int) -> Literals:
        """The cube without literals that are not needed for it to be excluded at the level."""
        vain = 0
        for x in sorted(cube, key=lambda x: (self._weight.get(x, 0.0), abs(x))):
            if x not in cube:
                continue
            if vain == _VAIN_ATTEMPTS:
                break
            fewer = cube - {x}
            if not fewer or self._initially(fewer):
                continue
            core = self._step_into(fewer, level - 1, alone=True)
            if core is None:
                vain += 1
                continue
            vain = 0
            cube = self._started(core, fewer)
        return cube

    def _exclude(self, cube: Literals, level: int) -> None:
        for x in self._weight:
            self._weight[x] *= 0.99
        for x in cube:
            self._weight[x] = self._weight.get(x, 0.0) + 1.0
        for frame in self._frames[: level + 1]:
            frame.difference_update([c for c in frame if cube <= c])
        self._frames[level].add(cube)
        self._solver.add([-self._levels[level], *(-x for x in cube)])
        if self._questions > _RENEWED_AFTER:
            self._solver.close()
            self._renew()

    def _propagate(self) -> Invariant | None:
        """Put every clause into the last frame that it holds in. Two equal frames are an invariant."""
        for level in range(1, len(self._levels) - 1):
            for cube in sorted(self._frames[level], key=lambda c: (len(c), sorted(c))):
                if cube in self._frames[level] and self._step_into(cube, level, alone=False) is not None:
                    self._frames[level].discard(cube)
                    self._frames[level + 1] = {c for c in self._frames[level + 1] if not cube <= c} | {cube}
                    self._solver.add([-self._levels[level + 1], *(-x for x in cube)])
            if not self._frames[level] and self._safe(level + 1):
                return Invariant(tuple(c for frame in self._frames[level + 1 :] for c in frame))
        return None

    def _safe(self, level: int) -> bool:
        """Whether no step from the frame breaks the obligation."""
        return self._broken(level + 1) is None

    def _run(self, first: _Goal) -> Run:
        """The run that begins in the cube, which an initial state is in."""
        possible = self._initially(first.cube)
        assert possible, "frame 0 is the initial states"
        e = self.encoding
        initial = e.state(e.codes(self._initial.model(), e.now))
        actions = []
        goal: _Goal | None = first
        while goal is not None and goal.action is not None:
            actions.append(goal.action)
            goal = goal.then
        return Run(initial, tuple(actions))


def as_cube(encoding: Encoding, literals: Literals) -> Cube:
    """The cube as values of variables."""
    found = []
    for j, codes in enumerate(encoding.now):
        values = frozenset(k for k, x in enumerate(codes) if _allows(x, codes, literals))
        if len(values) < len(codes):
            found.append((j, values))
    return Cube(tuple(found))


def _allows(x: Literal, codes: list[Literal], literals: Literals) -> bool:
    """Whether the variable may have the value whose literal is ``x``."""
    return -x not in literals and not any(y in literals for y in codes if y != x)


def as_literals(encoding: Encoding, cube: Cube) -> Literals:
    """The other way round."""
    found = set()
    for j, values in cube.literals:
        codes = encoding.now[j]
        found |= {-x for k, x in enumerate(codes) if k not in values}
    return frozenset(found)
