"""What is exported: a system that carries the monitors of its properties, and the checks that they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import prod

from ... import __version__
from ...explore.evaluate import initial_states
from ...explore.slice import sliced
from ...model.language import (
    TRUE,
    Action,
    Bool,
    Enum,
    Ground,
    Int,
    ModelError,
    Op,
    State,
    System,
    Term,
    Value,
    Variable,
    conj,
    implies,
)
from ...model.language.terms import conjuncts
from ...properties.compile import Obligation, compile_properties
from ...properties.formulas import LeadsTo, Recurs
from ...properties.property import Property
from .names import ascii_only


@dataclass(frozen=True, eq=False)
class Check:
    """One thing that a peer decides: the obligation holds in every state, or before every step.

    ``steps`` is empty for a check of states. A check of steps fails in the state in which the step is possible that it
    forbids, so the run that breaks it is one step longer than the way to that state.
    """

    obligation: int
    name: str
    """The property with its instance, and for a check of steps a word that says so. ASCII, fit for a string, and unique."""
    state: Term
    steps: Mapping[int, Term]

    @property
    def of_steps(self) -> bool:
        return bool(self.steps)

    def invariant(self, actions: Sequence[Action]) -> Term:
        """The check as a term that must hold in every state: no step may be possible that it forbids."""
        return conj(self.state, *(implies(actions[i].guard, law) for i, law in self.steps.items()))


@dataclass(frozen=True, eq=False)
class Job:
    """A system with its obligations, ready to be written out."""

    name: str
    """An identifier for files and modules."""
    title: str
    system: System
    obligations: tuple[Obligation, ...]
    left_out: tuple[str, ...] = ()
    """What was asked for and cannot be exported, in words."""
    checks: tuple[Check, ...] = field(init=False)

    def __post_init__(self) -> None:
        found = []
        taken: set[str] = set()

        def called(text: str) -> str:
            stem = ascii_only(text).replace('"', "'").replace("\\", "/")
            name, number = stem, 2
            while name in taken:
                name, number = f"{stem} ({number})", number + 1
            taken.add(name)
            return name

        for k, o in enumerate(self.obligations):
            if o.state is not TRUE:
                found.append(Check(k, called(str(o)), o.state, {}))
            if o.steps:
                found.append(Check(k, called(f"{o} (step)"), TRUE, o.steps))
        object.__setattr__(self, "checks", tuple(found))

    @cached_property
    def enumerations(self) -> tuple[Enum, ...]:
        """The enumerations of the variables, and those that occur in terms only."""
        found: dict[Enum, None] = {v.sort: None for v in self.system.variables if isinstance(v.sort, Enum)}
        seen: set[int] = set()
        stack = [self.system.init, *(t for c in self.checks for t in (c.state, *c.steps.values()))]
        stack += [t for a in self.system.actions for t in (a.guard, *(u for _, u in a.updates))]
        while stack:
            t = stack.pop()
            if id(t) not in seen:
                seen.add(id(t))
                stack.extend(reversed(t.args))
                if isinstance(t.sort, Enum):
                    found.setdefault(t.sort)
        return tuple(found)

    def about(self) -> list[str]:
        """What this is, for the head of a file."""
        s = self.system
        lines = [f"{self.title}", f"Written by tdisprove {__version__}."]
        if s.topology:
            lines.append("Topology: " + ", ".join(f"{k}={n}" for k, n in s.topology.items()))
        if s.knobs:
            lines.append("Knobs: " + ", ".join(f"{k}={str(v).lower()}" for k, v in s.knobs.items()))
        lines += [f"Left out: {x}" for x in self.left_out]
        return [ascii_only(x) for x in lines]

    def says(self, check: Check) -> list[str]:
        """What a check is about, for the comment above it."""
        o = self.obligations[check.obligation]
        text = [f"{check.name}: {o.prop.says}"]
        if o.reach:
            text.append("To be reached: this is its negation, so that the run that breaks it is the witness.")
        if check.of_steps:
            text.append("No step may be taken that breaks it: judged where the step is possible.")
        if o.prop.cite:
            text.append(f"cite {o.prop.cite}")
        return [ascii_only(x) for x in text]

    def trivial(self) -> list[str]:
        """The obligations that nothing in this system can break."""
        judged = {c.obligation for c in self.checks}
        return [ascii_only(str(o)) for k, o in enumerate(self.obligations) if k not in judged]


def job(name: str, title: str, system: System, properties: Sequence[Property], *, slicing: bool = False) -> Job:
    """What is to be exported of a system and its properties; with ``slicing``, only the variables on which they depend.

    Raises `ModelError` when nothing of what was asked for can be exported.
    """
    safety = [p for p in properties if not isinstance(p.formula, LeadsTo | Recurs)]
    left_out = tuple(f"{p.id} is a promise of progress, and only safety is exported" for p in properties if p not in safety)
    if properties and not safety:
        raise ModelError(f"{', '.join(p.id for p in properties)}: promises of progress; only safety can be exported")
    watched, obligations = compile_properties(system, safety)
    if slicing and obligations:
        part = sliced(watched, obligations)
        watched, obligations = part.system, part.obligations
    return Job(name, title, watched, obligations, left_out)


def describe(action: Action) -> list[str]:
    """An action in words: its label, who causes it, what its rules say, and where that is written."""
    lines = [f"{action.label}   [{action.actor}]"]
    lines += dict.fromkeys(r.doc for r in action.rules if r.doc)
    if action.refused_by is not None and action.refused_by.doc:
        lines.append(action.refused_by.doc)
    lines += [f"cite {c}" for c in action.citations]
    return [ascii_only(x) for x in lines]


def described(v: Variable) -> str:
    """A variable in words."""
    return ascii_only(f"{v.name}: {v.doc}" if v.doc else v.name)


MOST_CANDIDATES = 1 << 18
MOST_INITIAL = 256


def initial(system: System, target: str) -> tuple[State, ...]:
    """The initial states, for a target that wants them one by one. Raises `ModelError` when they are none or too many."""
    free = free_variables(system)
    size = prod(len(v.sort.domain) for v in system.variables if v.name in free)
    found: tuple[State, ...] = ()
    if size <= MOST_CANDIDATES:
        found = tuple(islice(initial_states(system), MOST_INITIAL + 1))
    if size > MOST_CANDIDATES or len(found) > MOST_INITIAL:
        raise ModelError(
            f"system {system.name} has more than {MOST_INITIAL} initial states, too many to write them out one by one for "
            f"{target}: fix knobs with --set, or export to smv, tla, btor2 or aiger"
        )
    if not found:
        raise ModelError(f"system {system.name} has no initial state, so there is nothing to export")
    return found


def pinned(system: System) -> dict[str, Value]:
    """The variables whose initial value the initial-state predicate gives outright."""
    values: dict[str, Value] = {}
    for c in conjuncts(system.init):
        name, value = _pin(c)
        if name:
            values.setdefault(name, value)
    return values


def unpinned(system: System) -> tuple[Term, ...]:
    """The conjuncts of the initial-state predicate that `pinned` leaves over."""
    values = pinned(system)
    rest = []
    for c in conjuncts(system.init):
        name, value = _pin(c)
        if not name or values[name] != value:
            rest.append(c)
    return tuple(rest)


def free_variables(system: System) -> frozenset[str]:
    """The variables whose initial value is not given outright."""
    return frozenset(system.index) - pinned(system).keys()


def _pin(c: Term) -> tuple[str, Value]:
    """The variable and the value that a conjunct gives it; an empty name when it is no such conjunct."""
    if c.op is Op.VAR:
        return c.name, True
    if c.op is Op.NOT and c.args[0].op is Op.VAR:
        return c.args[0].name, False
    if c.op is Op.EQ and c.args[0].op is Op.VAR and c.args[1].op is Op.CONST:
        return c.args[0].name, c.args[1].value
    return "", False


def ground(t: Term) -> Ground:
    """The sort of a ground term."""
    assert isinstance(t.sort, Bool | Int | Enum), t
    return t.sort


@dataclass(frozen=True)
class Export:
    """What was written, and how a peer's numbers compare with ours."""

    target: str
    files: Mapping[str, str]
    """Name -> text; the first is the model."""
    check_names: tuple[str, ...]
    """What the checks of the job are called in the model, in order."""
    extra_states: int = 0
    """States that a peer counts and we do not: those in which it chooses an initial state."""
    extra_depth: int = 0
    """Steps that a peer takes before our first."""
    binary: bytes | None = None
    """The model in the target's binary format, where it has one."""

    @property
    def text(self) -> str:
        return next(iter(self.files.values()))
