"""The kinds of safety property, and the scopes of Dwyer, Avrunin and Corbett in which they must hold."""

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

    ``knobs`` are fixed so; the others that the model shares with the refining system have that one's values.
    """

    of: Model | System
    knobs: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.of.name


@dataclass(frozen=True, eq=False)
class Refines:
    """The system refines ``abstract`` under the refinement mapping, with stuttering.

    ``mapping`` gives every variable of the abstraction (``state[d]``, for all values of its parameters, or a
    variable of a `System`) as a term over the system's own. Every initial state must be mapped to an initial state,
    and every step to a step of some abstract action or to none: the mapped values stay as they are.
    ``events`` may say of which abstract events a step is: those named for its own event, and none where none are.
    """

    abstract: Abstraction
    mapping: Mapping[Term, Operand]
    events: Mapping[Event, tuple[Event, ...]] | None = None

    def __str__(self) -> str:
        return f"refines {self.abstract} with {', '.join(f'{v} = {t}' for v, t in self.mapping.items())}"


Formula: TypeAlias = Invariant | Never | StepLaw | Precedence | AlwaysPossible | Sometimes | Refines


def _any(steps: Steps) -> str:
    return " or ".join(map(str, any_of(steps)))


def _scoped(text: str, scope: Scope) -> str:
    return text if isinstance(scope, Globally) else f"{scope}: {text}"
