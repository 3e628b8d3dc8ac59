"""What the rules of the world allow an implementation to answer, and in which states it may be then.

The oracle holds a *belief*: every state in which the implementation may be, under every reading of the specification's open points
that its answers so far allow. A reading is decided only where it matters, so beliefs stay small. A step keeps the possibilities
that explain the answer; where there are none, the answer breaks the specification under every reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ...model.language import OK, Action, Model, ModelError, State, System, Term, Value, conj
from ...model.language.terms import conjuncts, support
from ..evaluate import initial_states
from .partial import Function, compiled, known, undecided

Key: TypeAlias = tuple[str, tuple[Value, ...]]
"""An event and its arguments."""

Reading: TypeAlias = tuple[Value | None, ...]
"""A value for each open point of the specification, in the oracle's order; None: not decided yet."""


@dataclass(frozen=True)
class Possible:
    """A state in which the implementation may be, and the reading under which it got there."""

    state: State
    reading: Reading


Belief: TypeAlias = frozenset[Possible]


@dataclass(frozen=True)
class Allowed:
    """An answer that the rules allow, why, and what is so afterwards."""

    reply: str
    action: Action
    after: Possible

    @property
    def check(self) -> str:
        """The check that fails, in a refusal."""
        return self.action.reply.rpartition(": ")[0]

    @property
    def clauses(self) -> tuple[str, ...]:
        return self.action.citations


@dataclass(frozen=True)
class _Compiled:
    """An action, its updates by position, and a function that gives the guard's value and those of the updates."""

    action: Action
    updates: tuple[tuple[int, Term], ...]
    function: Function


def told_apart(model: Model) -> Model:
    """The model with a reply of its own for each check, so that a refusal tells which check failed."""
    rules = []
    for r in model.rules:
        mine = tuple(c if c.reply is None else replace(c, reply=f"{c.name}: {c.reply}") for c in r.checks)
        rules.append(replace(r, checks=mine))
    refusals: dict[str, set[str]] = {}
    for r in rules:
        refusals.setdefault(r.event.name, set()).update(c.reply for c in r.checks if c.reply)
    spread = []
    for r in rules:
        # A rule that reacts to a refusal does so to each of the checks that give it.
        matching = sorted(x for x in refusals[r.event.name] if x.rpartition(": ")[2] == r.reply)
        if r.reply == OK or not matching:
            spread.append(r)
        else:
            spread += [replace(r, name=f"{r.name} ({x})", reply=x) for x in matching]
    return model.with_rules(spread)


class Oracle:
    """The answers that a system's rules allow.

    ``system`` is made of a model that was `told_apart`; its rigid variables are the open points. ``keep`` are events that occur;
    variables that decide nothing about them, directly or indirectly, are left out, except those in ``watched``. ``silent`` are events
    of the device's own that nobody sees; ``synonyms`` say by what other name an answer is seen.
    """

    def __init__(
        self,
        system: System,
        keep: Iterable[str],
        watched: Iterable[str] = (),
        silent: Iterable[Key] = (),
        synonyms: Mapping[str, str] | None = None,
    ) -> None:
        kept = set(keep)
        self._synonyms = dict(synonyms or {})
        actions = [a for a in system.actions if a.event in kept]
        read = {v.name for a in actions for v in support(a.guard)} | set(watched)
        while True:
            more = {v.name for a in actions for target, x in a.updates if target.name in read for v in support(x)}
            if more <= read:
                break
            read |= more
        variables = [v for v in system.variables if v.name in read]
        self.knobs = tuple(v for v in variables if v.rigid)
        self.variables = tuple(v for v in variables if not v.rigid)
        self._index = {v.name: i for i, v in enumerate(self.variables)}
        self._knob = {v.name: i for i, v in enumerate(self.knobs)}
        positions = {v.name: i for i, v in enumerate((*self.variables, *self.knobs))}
        self._groups: dict[Key, list[_Compiled]] = {}
        for a in actions:
            updates = tuple((self._index[t.name], x) for t, x in a.updates if t.name in self._index)
            made = _Compiled(a, updates, compiled([a.guard, *(x for _, x in updates)], positions))
            self._groups.setdefault((a.event, tuple(v for _, v in a.args)), []).append(made)
        self._init = [c for c in conjuncts(system.init) if {v.name for v in support(c)} <= read]
        self._silent = tuple(silent)
        self._memo: dict[tuple[Key, Possible], tuple[Allowed, ...]] = {}
        self._closed: dict[Possible, frozenset[Possible]] = {}
        self._beliefs: dict[Belief, Belief] = {}
        self._left: dict[Belief, frozenset[Reading]] = {}
        self.domains = tuple(len(v.sort.domain) for v in self.knobs)
        state_only = System("initially", self.variables, conj(*self._init), ())
        self.initial = tuple(initial_states(state_only))
        if len(self.initial) != 1:
            raise ModelError(
                f"{system.name}: {len(self.initial)} initial states, where an implementation has one after a reset"
            )

    # --- States and readings ------------------------------------------------------------------------------------------------

    @property
    def open_reading(self) -> Reading:
        """The reading in which nothing is decided."""
        return (None,) * len(self.knobs)

    def value(self, state: State, name: str) -> Value:
        return state[self._index[name]]

    def names(self, p: Possible) -> dict[str, Value]:
        """All that is known of a possibility, by name."""
        found: dict[str, Value] = {v.name: x for v, x in zip(self.variables, p.state, strict=True)}
        found |= {v.name: x for v, x in zip(self.knobs, p.reading, strict=True) if x is not None}
        return found

    def decided(self, p: Possible, name: str) -> Iterable[Possible]:
        """The possibility once for each value of an open point."""
        i = self._knob[name]
        for value in self.knobs[i].sort.domain:
            yield Possible(p.state, (*p.reading[:i], value, *p.reading[i + 1 :]))

    # --- Steps ------------------------------------------------------------------------------------------------------------

    def start(self, readings: Iterable[Reading], state: State | None = None) -> Belief:
        """The belief right after a reset."""
        first = self.initial[0] if state is None else state
        return self.closed(Possible(first, r) for r in readings)

    def closed(self, belief: Iterable[Possible]) -> Belief:
        """The belief with everything that the device may have done unseen, in as few possibilities as it takes."""
        given = frozenset(belief)
        if given not in self._beliefs:
            by_state: dict[State, set[Reading]] = {}
            for p in self._unseen(given):
                by_state.setdefault(p.state, set()).add(p.reading)
            self._beliefs[given] = frozenset(Possible(s, r) for s, rs in by_state.items() for r in _merged(rs, self.domains))
        return self._beliefs[given]

    def readings(self, belief: Belief) -> frozenset[Reading]:
        """The readings that a belief leaves possible."""
        if belief not in self._left:
            self._left[belief] = readings(belief, self.domains)
        return self._left[belief]

    def _unseen(self, belief: Iterable[Possible]) -> set[Possible]:
        found: set[Possible] = set()
        for p in belief:
            if p not in self._closed:
                seen, todo = {p}, [p]
                while todo:
                    x = todo.pop()
                    for key in self._silent:
                        for y in (a.after for a in self.allowed(key, x)):
                            if y not in seen:
                                seen.add(y)
                                todo.append(y)
                self._closed[p] = frozenset(seen)
            found |= self._closed[p]
        return found

    def known_keys(self) -> Iterable[Key]:
        """All events with their arguments."""
        return self._groups

    def compiled_of(self, key: Key) -> Sequence[_Compiled]:
        """The actions of an event with these arguments, whatever the state."""
        return self._groups.get(key, ())

    def has(self, key: Key) -> bool:
        """Whether some rule knows the event with these arguments."""
        return key in self._groups

    def allowed(self, key: Key, p: Possible) -> tuple[Allowed, ...]:
        """What may be answered; open points that matter are decided, in the possibilities after."""
        found = self._memo.get((key, p))
        if found is None:
            found = self._memo[key, p] = tuple(self._allowed(key, p))
        return found

    def _allowed(self, key: Key, p: Possible) -> Iterable[Allowed]:
        for c in self._groups.get(key, ()):
            todo = [p]
            while todo:
                x = todo.pop()
                granted, *values = c.function((*x.state, *x.reading))
                if granted is None:
                    todo += self.decided(x, undecided(c.action.guard, self.names(x)))
                elif granted:
                    state: list[Value] = list(x.state)
                    for (i, term), value in zip(c.updates, values, strict=True):
                        if value is None:
                            todo += self.decided(x, undecided(term, self.names(x)))
                            break
                        state[i] = value
                    else:
                        reply = c.action.reply.rpartition(": ")[2]
                        yield Allowed(self._synonyms.get(reply, reply), c.action, Possible(tuple(state), x.reading))

    def refine(self, belief: Iterable[Possible], fact: Term) -> list[Possible]:
        """The possibilities in which a fact about the state is so; points on which that depends are decided."""
        found, todo = [], list(belief)
        while todo:
            p = todo.pop()
            names = self.names(p)
            value = known(fact, names)
            if value is None:
                todo += self.decided(p, undecided(fact, names))
            elif value:
                found.append(p)
        return found


def readings(belief: Iterable[Possible], domains: Sequence[int]) -> frozenset[Reading]:
    """The readings that a belief leaves possible, in as few as cover them."""
    return frozenset(_merged({p.reading for p in belief}, domains))


def _merged(found: set[Reading], domains: Sequence[int]) -> set[Reading]:
    """The same readings in fewer: a point that may have any of its ``domains[i]`` values is not decided."""
    changed = len(found) > 1
    while changed:
        changed = False
        for i, size in enumerate(domains):
            groups: dict[Reading, set[Value | None]] = {}
            for r in found:
                groups.setdefault((*r[:i], None, *r[i + 1 :]), set()).add(r[i])
            for wide, values in groups.items():
                if (None in values and len(values) > 1) or (None not in values and len(values) == size):
                    found = {r for r in found if (*r[:i], None, *r[i + 1 :]) != wide} | {wide}
                    changed = len(found) > 1
    return found
