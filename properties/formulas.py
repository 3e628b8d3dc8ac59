"""The kinds of property, and the scopes of Dwyer, Avrunin and Corbett in which those of safety must hold.

Safety says what no step may do, and is judged in finite runs. Liveness (`LeadsTo`, `Recurs`) says what must come,
and is judged in *maximal* runs: those that go on for ever, and those that end in a state in which no step is
possible at all. A run does not stand still while a step is possible; but nothing makes it choose one step rather
than another, and taking a request that changes nothing over and over is a run. What is to be relied on is said
by fairness assumptions, as part of the formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ..model.language import TRUE, Event, Model, Operand, System, Term, Value
from .steps import Steps, any_of


@dataclass(frozen=True)
class Globally:
    """The whole run."""

    def __str__(self) -> str:
        return "always"


@dataclass(frozen=True)
class After:
    """From each step ``opens`` on, until the next ``closes`` (to the end of the run where there is none).

    A step that closes and one that opens take effect before the step itself is judged, closing first: the
    opening step is inside the scope, the closing step outside.
    """

    opens: Steps
    closes: Steps = ()
    initially: bool = False
    """Whether the scope is open from the start."""

    def __str__(self) -> str:
        until = f", until {_any(self.closes)}" if self.closes else ""
        return f"{'initially and ' if self.initially else ''}after {_any(self.opens)}{until}"


@dataclass(frozen=True)
class Before:
    """Up to the first step ``closes``, and only in runs in which it comes (the violation shows when it does)."""

    closes: Steps

    def __str__(self) -> str:
        return f"before {_any(self.closes)}"


@dataclass(frozen=True)
class Between:
    """From each step ``opens`` to the next ``closes``, and only where that comes."""

    opens: Steps
    closes: Steps

    def __str__(self) -> str:
        return f"between {_any(self.opens)} and {_any(self.closes)}"


Scope: TypeAlias = Globally | After | Before | Between


@dataclass(frozen=True)
class Invariant:
    """``holds`` in every state of the scope (judged after each step, and initially in an open scope)."""

    holds: Term
    scope: Scope = field(default_factory=Globally)

    def __str__(self) -> str:
        return _scoped(str(self.holds), self.scope)


@dataclass(frozen=True)
class Never:
    """No step of the scope is such a step (absence)."""

    step: Steps
    scope: Scope = field(default_factory=Globally)

    def __str__(self) -> str:
        return _scoped(f"never {_any(self.step)}", self.scope)


@dataclass(frozen=True)
class StepLaw:
    """Every step ``on`` satisfies the two-state term ``must`` (`after` reads the state after the step)."""

    on: Steps
    must: Term

    def __str__(self) -> str:
        return f"every {_any(self.on)} satisfies {self.must}"


@dataclass(frozen=True)
class Precedence:
    """No step ``then`` unless a step ``first`` came earlier in the same scope (or is that very step)."""

    first: Steps
    then: Steps
    scope: Scope = field(default_factory=Globally)

    def __str__(self) -> str:
        return _scoped(f"no {_any(self.then)} without an earlier {_any(self.first)}", self.scope)


@dataclass(frozen=True)
class AlwaysPossible:
    """In every state in which ``when`` holds, some such step is enabled."""

    step: Steps
    when: Term = TRUE

    def __str__(self) -> str:
        condition = "" if self.when is TRUE else f" while {self.when}"
        return f"always possible{condition}: {_any(self.step)}"


@dataclass(frozen=True)
class Sometimes:
    """Some reachable state of the scope satisfies the term, or some reachable step of it is such a step."""

    target: Term | Steps
    scope: Globally | After = field(default_factory=Globally)

    def __str__(self) -> str:
        return _scoped(f"reachable: {self.target if isinstance(self.target, Term) else _any(self.target)}", self.scope)


@dataclass(frozen=True, eq=False)
class Abstraction:
    """What is refined: a model, taken at the topology and the knobs of the system that refines it, or a system.

    ``knobs`` are fixed so; the others that the model shares with the refining system have that one's values. ``topology`` says how many
    there are of what the refining system does not have.
    """

    of: Model | System
    knobs: Mapping[str, Value] = field(default_factory=dict)
    topology: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.of.name


@dataclass(frozen=True, eq=False)
class Refines:
    """The system refines ``abstract`` under the refinement mapping, with stuttering.

    ``mapping`` gives every variable of the abstraction (``state[d]``, for all values of its parameters, or a
    variable of a `System`) as a term over the system's own. Every initial state must be mapped to an initial state,
    and every step to a step of some abstract action or to none: the mapped values stay as they are.
    ``events`` may say of which abstract events a step is: those named for its own event, and none where none are.

    ``inputs`` gives variables of the abstraction that are not its own but its surroundings' likewise: its steps read them, and nothing
    is asked of their initial values and of how they change. So a part is refined whose surroundings are others than in the abstraction.
    """

    abstract: Abstraction
    mapping: Mapping[Term, Operand]
    events: Mapping[Event, tuple[Event, ...]] | None = None
    inputs: Mapping[Term, Operand] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"refines {self.abstract} with {', '.join(f'{v} = {t}' for v, t in self.mapping.items())}"


@dataclass(frozen=True)
class Fair:
    """An assumption on runs: whoever takes such steps is not put off, or does not put off, for ever.

    Weak: when some such step is possible in every state from some point on, such a step is taken again and again.
    Strong: when some such step is possible again and again, though perhaps not all the while, such a step is taken
    again and again. ``each``: one assumption for every value of these parameters. ``why``: whose promise it is, in
    words. In a run that ends, no step is possible at the end, and no assumption is broken.
    """

    steps: Steps
    strong: bool = False
    why: str = ""
    each: tuple[Term, ...] = ()

    def __str__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        return f"{'strong' if self.strong else 'weak'} fairness of {_any(self.steps)}{why}"


@dataclass(frozen=True)
class LeadsTo:
    """Whenever ``when`` holds, ``then`` holds at once or later, in every maximal run that is ``fair``.

    A run that ends stays in its last state for ever: what has not come by then never does.
    """

    when: Term
    then: Term
    fairness: tuple[Fair, ...] = ()

    def __str__(self) -> str:
        return _fair(f"{self.when} leads to {self.then}", self.fairness)


@dataclass(frozen=True)
class Recurs:
    """``goal`` holds again and again: from every state of a fair maximal run on, at once or later."""

    goal: Term
    fairness: tuple[Fair, ...] = ()

    def __str__(self) -> str:
        return _fair(f"again and again: {self.goal}", self.fairness)


Safety: TypeAlias = Invariant | Never | StepLaw | Precedence | AlwaysPossible | Sometimes | Refines
Liveness: TypeAlias = LeadsTo | Recurs
Formula: TypeAlias = Safety | Liveness


def _fair(text: str, fairness: tuple[Fair, ...]) -> str:
    return f"{text}, under {' and '.join(map(str, fairness))}" if fairness else text


def _any(steps: Steps) -> str:
    return " or ".join(map(str, any_of(steps)))


def _scoped(text: str, scope: Scope) -> str:
    return text if isinstance(scope, Globally) else f"{scope}: {text}"
