"""Replay: every path that an engine reports is walked again on the reference evaluator before it is shown."""

from __future__ import annotations

from ..model.language import State, System
from ..properties.compile import Obligation
from .evaluate import enabled, evaluate, named, successor
from .verdict import Trace


class ReplayError(Exception):
    """An engine reported a run that does not exist, or that breaks nothing. An internal error, never a verdict."""


def replay(system: System, obligation: Obligation, path: tuple[State, tuple[int, ...]]) -> Trace:
    """The path as a trace of ``system``, which carries the obligation's monitors.

    Raises `ReplayError` when the initial state is none, an action is not enabled, or the obligation does not
    fail where it must: in the last state, or in the last step.
    """
    initial, numbers = path
    state = initial
    if not evaluate(system.init, named(system, state)):
        raise ReplayError(f"{obligation}: the run does not start in an initial state of {system.name}")
    states = [state]
    for position, number in enumerate(numbers):
        action = system.actions[number]
        if not enabled(system, action, state):
            raise ReplayError(f"{obligation}: step {position + 1}, {action.label}, is not enabled")
        if position == len(numbers) - 1 and number in obligation.steps:
            law = obligation.steps[number]
            if not evaluate(law, named(system, state)):
                states.append(successor(system, action, state))
                return Trace(system, tuple(states), tuple(system.actions[n] for n in numbers), law, at_step=True)
        state = successor(system, action, state)
        states.append(state)
    if evaluate(obligation.state, named(system, state)):
        raise ReplayError(f"{obligation}: the run of {len(numbers)} steps breaks nothing")
    return Trace(system, tuple(states), tuple(system.actions[n] for n in numbers), obligation.state)
