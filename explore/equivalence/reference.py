"""What a run looks like, by the reference evaluator: every run of a comparison is replayed here before it is shown."""

from __future__ import annotations

from collections.abc import Sequence

from ...model.language import Action, State, System, Value
from ...properties.alphabets import Observer, label
from ..evaluate import evaluate, named
from ..replay import ReplayError, Walker
from ..verdict import Trace
from .lts import FOR_EVER


def looks(system: System, observer: Observer, before: State, number: int, after: State) -> str:
    """What a step by action ``number`` looks like; empty when it is silent."""
    now, then = named(system, before), named(system, after)
    seen = [text for text, when in observer.seen.get(number, ()) if evaluate(when, now)]
    changed: list[tuple[str, Value]] = []
    for name, term in observer.shown:
        value = evaluate(term, then)
        if value != evaluate(term, now):
            changed.append((name, value))
    return label(seen, changed)


def first_look(system: System, observer: Observer, initial: State) -> str:
    """What an initial state looks like; empty when no values are shown."""
    now = named(system, initial)
    return label([], [(name, evaluate(term, now)) for name, term in observer.shown])


def seen_of(system: System, observer: Observer, path: tuple[State, tuple[int, ...]]) -> tuple[tuple[State, ...], list[str]]:
    """The states of a path, and what is seen initially and of each step. Raises `ReplayError` when it is no run."""
    states = Walker(system).walked("comparison", path)
    seen = [first_look(system, observer, states[0])]
    return states, seen + [looks(system, observer, states[i], number, states[i + 1]) for i, number in enumerate(path[1])]


def confirmed(
    system: System,
    observer: Observer,
    path: tuple[State, tuple[int, ...]],
    loops: Sequence[tuple[int, int]],
    trace: Sequence[str],
) -> tuple[Trace, tuple[str, ...]]:
    """The path as a trace of the system, and what is seen initially and of each step, which together must be ``trace``.

    The steps of ``loops`` (from, to) must be silent and lead back; after each, silence for ever is seen. Raises `ReplayError` when it is
    no run, or looks otherwise.
    """
    states, seen = seen_of(system, observer, path)
    for begin, end in loops:
        if begin == end or any(seen[begin + 1 : end + 1]) or states[begin] != states[end]:
            raise ReplayError(f"the steps {begin + 1} to {end} of a run of {system.name} are no silent loop")
        seen[end] = FOR_EVER
    if [s for s in seen if s] != list(trace):
        raise ReplayError(f"the run of {len(path[1])} steps of {system.name} is seen as {seen}, not as {list(trace)}")
    actions: tuple[Action, ...] = tuple(system.actions[n] for n in path[1])
    return Trace(system, states, actions), tuple(seen)
