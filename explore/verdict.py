"""Verdicts and the evidence for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from ..model.language import Action, State, System, Term, Value


class Verdict(Enum):
    """The three answers. UNKNOWN never passes."""

    HOLDS = "holds"
    VIOLATED = "violated"
    UNKNOWN = "unknown"


class Evidence(Enum):
    """What a verdict rests on."""

    EXHAUSTIVE = "exhaustive"
    """All reachable states were visited."""
    INDUCTIVE = "inductive"
    """An inductive invariant was proved."""
    TRACE = "trace"
    """A run, replayed step by step."""
    BOUNDED = "bounded"
    """All runs up to a depth were covered, and no more."""


@dataclass(frozen=True, eq=False)
class Trace:
    """A run of a system: ``states[i]``, then ``actions[i]``, then ``states[i + 1]``.

    There is one state more than actions. ``broken`` is what does not hold: in the last state, or (with
    ``at_step``) before the last action, which must not have been taken then.

    A run that breaks a promise of liveness is ``pending`` from a state on: there it was to come that ``broken``
    holds, and it holds in no state from there on. Such a run goes on for ever, since its last state is the same as
    ``states[loop]``; or, without ``loop``, no step is possible in its last state.
    """

    system: System
    states: tuple[State, ...]
    actions: tuple[Action, ...]
    broken: Term | None = None
    at_step: bool = False
    pending: int | None = None
    loop: int | None = None
    fairness: tuple[str, ...] = ()
    """How the run keeps to each of the fairness assumptions, in words."""

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def stem(self) -> int:
        """The number of steps before the loop; of all steps, where there is none."""
        return len(self.actions) if self.loop is None else self.loop

    def value(self, position: int, name: str) -> Value:
        """The value of a variable in ``states[position]``."""
        return self.states[position][self.system.index[name]]

    def changed(self, step: int) -> Mapping[str, tuple[Value, Value]]:
        """What action ``step`` changed: variable name -> (before, after)."""
        before, after = self.states[step], self.states[step + 1]
        return {
            v.name: (b, a)
            for v, b, a in zip(self.system.variables, before, after, strict=True)
            if b != a and not v.name.startswith("monitor.")
        }


@dataclass(frozen=True)
class Outcome:
    """What an engine found about one obligation.

    ``path`` is the initial state and the numbers of the actions taken; ``depth`` its length, or for a bounded
    answer the depth that was covered. The obligation fails after the path's last action (or, when the
    obligation is about a step, in it). For liveness the path's last state is the same as the one after ``loop`` of its
    actions (None: no step is possible there), and ``depth`` counts the steps before the loop.
    """

    verdict: Verdict
    evidence: Evidence
    depth: int
    path: tuple[State, tuple[int, ...]] | None = None
    note: str = ""
    lemmas: tuple[Term, ...] = ()
    """What an inductive proof adds to the obligation to make it inductive."""
    loop: int | None = None
    engine: str = ""
    """Who found it, where that is another engine than the report's."""


@dataclass(frozen=True)
class Statistics:
    """What an exploration saw. ``depth`` is the greatest distance of a state from an initial one."""

    states: int
    transitions: int
    depth: int
    complete: bool
    fired: frozenset[int] = frozenset()
    """The numbers of the actions that were enabled in some reachable state."""
    deadlocks: int = 0
    """Reachable states in which no action is enabled."""
    seconds: float = 0.0
    backend: str = ""
    """Which search it was, where an engine has several."""
    symmetry: int = 0
    """The number of symmetries that were used; if there are any, symmetric states and steps count once."""
    dead: int = 0
    """The number of variables that were set where they are dead; if there are any, states that differ only there count once."""
    depth_exact: bool = True
    """False: the exploration did not go by distance to its end, and ``depth`` is only as far as it did."""

    @property
    def reduced(self) -> str:
        """By what states and steps are fewer than the system's own, as one says after their number; empty where by nothing."""
        return (" up to symmetry" if self.symmetry else "") + (" with dead variables reset" if self.dead else "")


@dataclass(frozen=True)
class Report:
    """An engine's answer: one outcome per obligation, in order, and what it saw on the way."""

    outcomes: tuple[Outcome, ...]
    statistics: Statistics | None
    engine: str
    notes: tuple[str, ...] = field(default_factory=tuple)
