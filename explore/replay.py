"""Replay: every path that an engine reports is walked again on the reference evaluator before it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from ..model.language import Action, State, System
from ..properties.compile import Fairness, Obligation, Promise
from .evaluate import enabled, evaluate, named, successor
from .verdict import Trace


class ReplayError(Exception):
    """An engine reported a run that does not exist, or that breaks nothing. An internal error, never a verdict."""


class Walker:
    """Walks along paths of one system. Runs begin alike, so a step that was taken once is known."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._initial: set[State] = set()
        self._after: dict[tuple[State, int], State] = {}

    def walked(self, what: str, path: tuple[State, tuple[int, ...]]) -> tuple[State, ...]:
        """The states along a path. Raises `ReplayError` when it is no run of the system."""
        state, numbers = path
        if state not in self._initial:
            if not evaluate(self.system.init, named(self.system, state)):
                raise ReplayError(f"{what}: the run does not start in an initial state of {self.system.name}")
            self._initial.add(state)
        states = [state]
        for position, number in enumerate(numbers):
            after = self._after.get((state, number))
            if after is None:
                action = self.system.actions[number]
                if not enabled(self.system, action, state):
                    raise ReplayError(f"{what}: step {position + 1}, {action.label}, is not enabled")
                after = self._after[state, number] = successor(self.system, action, state)
            state = after
            states.append(state)
        return tuple(states)


def replay(
    system: System, obligation: Obligation, path: tuple[State, tuple[int, ...]], walker: Walker | None = None
) -> Trace:
    """The path as a trace of ``system``, which carries the obligation's monitors. ``walker``: of this system, for many paths.

    Raises `ReplayError` when the initial state is none, an action is not enabled, or the obligation does not
    fail where it must: in the last state, or in the last step.
    """
    states = (walker or Walker(system)).walked(str(obligation), path)
    numbers = path[1]
    actions = tuple(system.actions[n] for n in numbers)
    if numbers and numbers[-1] in obligation.steps:
        law = obligation.steps[numbers[-1]]
        if not evaluate(law, named(system, states[-2])):
            return Trace(system, states, actions, law, at_step=True)
    if evaluate(obligation.state, named(system, states[-1])):
        raise ReplayError(f"{obligation}: the run of {len(numbers)} steps breaks nothing")
    return Trace(system, states, actions, obligation.state)


def replay_lasso(
    system: System,
    promise: Promise,
    path: tuple[State, tuple[int, ...]],
    loop: int | None,
    walker: Walker | None = None,
) -> Trace:
    """The path as a trace of ``system`` that breaks the promise: going round from its last state to ``states[loop]`` for ever,
    or, when ``loop`` is None, ending for good.

    Raises `ReplayError` when the path is no run, when the loop does not close on the very same state, when a run that ends
    could go on, when there is no state in which ``when`` holds and after which ``then`` never does, or when the loop is not fair.
    """
    states = (walker or Walker(system)).walked(str(promise), path)
    numbers = path[1]
    if loop is None:
        possible = next((a for a in system.actions if enabled(system, a, states[-1])), None)
        if possible is not None:
            raise ReplayError(f"{promise}: the run is said to end, but {possible.label} is possible")
        fairness = tuple(f"{f.text}; no step is possible at the end" for f in promise.fairness)
    else:
        if not 0 <= loop < len(numbers):
            raise ReplayError(f"{promise}: there is no step in the loop")
        if states[loop] != states[-1]:
            raise ReplayError(f"{promise}: the loop does not close: step {len(numbers)} does not lead back to step {loop}")
        fairness = tuple(_kept(system, promise, f, states, numbers, loop) for f in promise.fairness)
    # The longest end of the run in which what was to come does not: there the promise must have been made, before the loop.
    begin = len(states)
    while begin and not evaluate(promise.then, named(system, states[begin - 1])):
        begin -= 1
    last = len(states) - 1 if loop is None else loop
    pending = next((i for i in range(begin, last + 1) if evaluate(promise.when, named(system, states[i]))), None)
    if pending is None:
        raise ReplayError(f"{promise}: the run of {len(numbers)} steps breaks nothing")
    actions: tuple[Action, ...] = tuple(system.actions[n] for n in numbers)
    return Trace(system, states, actions, promise.then, pending=pending, loop=loop, fairness=fairness)


def _kept(system: System, promise: Promise, f: Fairness, states: Sequence[State], numbers: Sequence[int], loop: int) -> str:
    """How the loop keeps a fairness assumption, in words."""

    def meant(number: int, position: int) -> bool:
        return number in f.steps and bool(evaluate(f.steps[number], named(system, states[position])))

    for i in range(loop, len(numbers)):
        if meant(numbers[i], i):
            return f"{f.text}; such a step is taken in step {i + 1}"
    idle = [
        i
        for i in range(loop, len(numbers))
        if not any(meant(n, i) and enabled(system, system.actions[n], states[i]) for n in f.steps)
    ]
    if len(idle) == len(numbers) - loop:
        return f"{f.text}; no such step is possible in the loop"
    if idle and not f.strong:
        where = f"after step {idle[0]}" if idle[0] else "in the initial state"
        return f"{f.text}; no such step is possible {where}"
    raise ReplayError(f"{promise}: the loop breaks {f.text}")
