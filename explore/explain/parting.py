"""Where a run parts from another system: how far its events can be followed there, and what forbids the next one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ...model.language import Action, State, System, Term, Value, show, support, word
from ...model.language.terms import conjuncts
from ..check import Result
from ..evaluate import enabled, evaluate, initial_states, named, successor
from ..verdict import Trace, Verdict

_STARTS = 64
"""Initial states from which a run is followed at most."""


@dataclass(frozen=True)
class Parting:
    """``step``: the first step of the run (from 0) that the other system cannot follow; None: it can follow all of them.

    ``instead``: the replies that the same request gets there; ``why``: what forbids the step, with the values that are there.
    ``path``: how it follows the run so far, as an initial state and the numbers of its actions.
    """

    step: int | None
    instead: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    path: tuple[State, tuple[int, ...]] | None = None


def parting(trace: Trace, other: System) -> Parting:
    """Follow the events of a run, with their arguments and replies, in another system."""
    ways: dict[State, tuple[State, tuple[int, ...]]] = {s: (s, ()) for s in islice(initial_states(other), _STARTS)}
    by_event: dict[tuple[str, tuple[tuple[str, Value], ...]], list[tuple[int, Action]]] = {}
    for n, a in enumerate(other.actions):
        by_event.setdefault((a.event, a.args), []).append((n, a))
    for i, action in enumerate(trace.actions):
        requests = by_event.get((action.event, action.args), [])
        following: dict[State, tuple[State, tuple[int, ...]]] = {}
        for s, (initial, numbers) in ways.items():
            for n, a in requests:
                if a.reply == action.reply and enabled(other, a, s):
                    following.setdefault(successor(other, a, s), (initial, (*numbers, n)))
        if not following:
            possible = {a.reply for s in ways for _, a in requests if a.reply != action.reply and enabled(other, a, s)}
            guards = [a.guard for _, a in requests if a.reply == action.reply]
            return Parting(
                i, tuple(sorted(possible)), missing(other, guards, islice(ways, 1)), next(iter(ways.values()), None)
            )
        ways = following
    return Parting(None, path=next(iter(ways.values()), None))


def missing(system: System, conditions: Sequence[Term], states: Iterable[State]) -> tuple[str, ...]:
    """What the condition that comes nearest, in the state in which it does, asks for and does not find."""
    best: list[str] | None = None
    for state in states:
        now = named(system, state)
        for condition in conditions:
            failing = [c for c in conjuncts(condition) if not evaluate(c, now)]
            if best is None or len(failing) < len(best):
                best = [f"{show(c)}, but {', '.join(_value(v.name, now) for v in support(c))}" for c in failing]
    return tuple(best or ())


def _value(name: str, state: Mapping[str, Value]) -> str:
    value = state[name]
    return f"{name} = {word(value)}"


@dataclass(frozen=True)
class Nearest:
    """The flow in which the property holds and in which the run can be followed longest; of equals, the one with the fewest other knobs.

    ``differs``: knob -> (here, there).
    """

    flow: str
    differs: Mapping[str, tuple[Value, Value]]
    parting: Parting


def nearest_holding(flow: str, broken: Result, results: Mapping[str, Mapping[str, Result]]) -> Nearest | None:
    """The nearest flow among ``results`` (flow -> property -> result); None when the property holds in none, or only vacuously.

    A run that goes on for ever is not compared: what it lacks is no step of it.
    """
    if broken.trace is None or broken.verdict is not Verdict.VIOLATED or broken.trace.pending is not None:
        return None
    found = []
    for name, row in results.items():
        r = row.get(broken.prop.id)
        if name != flow and r is not None and r.verdict is Verdict.HOLDS and not r.vacuous:
            found.append(Nearest(name, differing(broken.system, r.system), parting(broken.trace, r.system)))
    end = len(broken.trace)
    return min(
        found, key=lambda n: (-(end if n.parting.step is None else n.parting.step), len(n.differs), n.flow), default=None
    )


def differing(a: System, b: System) -> dict[str, tuple[Value, Value]]:
    """The knobs that both have and that are set otherwise: knob -> (in the one, in the other)."""
    return {k: (a.knobs[k], b.knobs[k]) for k in a.knobs if k in b.knobs and a.knobs[k] != b.knobs[k]}
