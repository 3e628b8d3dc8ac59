"""Systems as clauses: a literal for each value of each variable, and one step between two states.

A variable of two values is one SAT variable; one of more values has a SAT variable for each value, exactly one of
which is true. The value of a term that is no truth value is such a family of literals too, so a whole number
needs no arithmetic of bits. A step is chosen by one selector for each action. There is no stuttering: in a deadlock a run ends.

A value that an update might move out of its variable's domain is taken as a broken obligation of that step, so that
whoever replays the run reports it, and no proof passes over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ...model.language import TRUE, Bool, ModelError, Op, State, System, Term, Value
from ...model.language.sorts import comparable
from ...properties.compile import Obligation
from ..layout import size, value_of
from .circuit import Circuit, Clause, Literal

MOST_VALUES = 4096
"""Variables of more values have no literal for each."""

_MOST_PAIRS = 1 << 20
"""Comparisons and sums of terms with more pairs of values are not written down as clauses."""

Values: TypeAlias = Mapping[Value, Literal]
"""The literals of the values that a term may have; exactly one of them is true."""


class TooLargeError(Exception):
    """The system has domains that are too large for a literal for each value; the message says which."""


@dataclass(frozen=True)
class Target:
    """When an obligation is broken: by a state, or by a step that is taken from it (see `Encoding.chosen`)."""

    state: Literal
    """The state now is broken."""
    after: Literal
    """The state after the step is."""
    step: Literal
    """The step is broken."""
    by_action: Mapping[int, Literal]
    """The actions that may break it, with the condition on the state now."""


class Encoding:
    """A system as one step between two states, ``now`` and ``after``, both as literals for each code of each variable.

    The ``clauses`` hold of any state and, with `go` assumed, only where a step is taken from it. A variable that no
    action updates has the same literals in both. Raises `TooLargeError`, and `ModelError` for terms that are not ground.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.circuit = c = Circuit()
        for v in system.variables:
            if size(v.sort) > MOST_VALUES:
                raise TooLargeError(f"{v.name} has {size(v.sort):,} values, too many for clauses")
        updated = {target.name for a in system.actions for target, _ in a.updates}
        self.steady = [v.name not in updated for v in system.variables]
        self.now = [self._state_variable(size(v.sort)) for v in system.variables]
        self.after = [
            codes if steady else self._state_variable(size(v.sort))
            for v, codes, steady in zip(system.variables, self.now, self.steady, strict=True)
        ]
        self.pairs: dict[Literal, Literal] = {}
        """Literals of the state now with what they are of the state after."""
        for now, after in zip(self.now, self.after, strict=True):
            for x, y in zip(now, after, strict=True):
                self.pairs[x], self.pairs[-x] = y, -y
        self.go = c.variable()
        """A step is taken (assumed or not)."""
        self.chosen = [c.variable() for _ in system.actions]
        """The step is one by this action; at most one of them is true."""
        self._truths: dict[Term, Literal] = {}
        self._values: dict[Term, Values] = {}
        self._later: tuple[dict[Term, Literal], dict[Term, Values]] = ({}, {})
        self.guards = [self.truth(a.guard) for a in system.actions]
        self.escapes = [c.any(self._outside(target, value) for target, value in a.updates) for a in system.actions]
        """Whether an update of the action leaves its domain, as a condition on the state now."""
        self.init = self.truth(system.init)
        self._choice()
        self._updates()

    def _state_variable(self, values: int) -> list[Literal]:
        c = self.circuit
        if values == 1:
            return [c.true]
        if values == 2:
            x = c.variable()
            return [-x, x]
        codes = [c.variable() for _ in range(values)]
        c.clauses.append(list(codes))
        c.clauses += _at_most_one(codes, c)
        return codes

    def _choice(self) -> None:
        c = self.circuit
        c.clauses += _at_most_one(self.chosen, c)
        c.clauses.append([-self.go, *self.chosen])
        c.clauses += [[-self.go, -x, guard] for x, guard in zip(self.chosen, self.guards, strict=True)]

    def _updates(self) -> None:
        c = self.circuit
        values: dict[str, dict[Term, list[Literal]]] = {}
        for a, x in zip(self.system.actions, self.chosen, strict=True):
            for target, value in a.updates:
                values.setdefault(target.name, {}).setdefault(value, []).append(x)
        for v, now, after, steady in zip(self.system.variables, self.now, self.after, self.steady, strict=True):
            if steady:
                continue
            changed = c.any(x for actions in values[v.name].values() for x in actions)
            c.clauses += [[changed, -a, b] for a, b in zip(now, after, strict=True)]
            for value, actions in values[v.name].items():
                meant = c.any(actions)
                if isinstance(v.sort, Bool):
                    given = self.truth(value)
                    c.clauses += [[-meant, -given, after[1]], [-meant, given, after[0]]]
                else:
                    codes = dict(zip(v.sort.domain, after, strict=True))
                    c.clauses += [[-meant, -given, codes[x]] for x, given in self.values(value).items() if x in codes]

    def _outside(self, target: Term, value: Term) -> Literal:
        sort = self.system.variables[self.system.index[target.name]].sort
        if not comparable(value.sort, sort):
            raise ModelError(f"the update {target} := {value} gives a value of sort {value.sort} to a variable of {sort}")
        if isinstance(sort, Bool):
            return self.circuit.false
        inside = frozenset(sort.domain)
        return self.circuit.any(x for v, x in self.values(value).items() if v not in inside)

    # --- Terms ----------------------------------------------------------------------------------------------------------

    def truth(self, t: Term) -> Literal:
        """A truth value over the state now."""
        found = self._truths.get(t)
        if found is None:
            found = self._truths[t] = self._truth(t)
        return found

    def truth_after(self, t: Term) -> Literal:
        """A truth value over the state after."""
        here = self.now, self._truths, self._values
        self.now, self._truths, self._values = self.after, *self._later
        try:
            return self.truth(t)
        finally:
            self.now, self._truths, self._values = here

    def denial(self, t: Term) -> Literal:
        """That the truth value is false now; `pairs` then has the same of the state after."""
        x = -self.truth(t)
        self.pairs[x] = -self.truth_after(t)
        return x

    def _truth(self, t: Term) -> Literal:
        c = self.circuit
        match t.op:
            case Op.CONST:
                return c.true if t is TRUE else c.false
            case Op.VAR:
                return self._codes(t)[1]
            case Op.NOT:
                return -self.truth(t.args[0])
            case Op.AND:
                return c.all([self.truth(a) for a in t.args])
            case Op.OR:
                return c.any([self.truth(a) for a in t.args])
            case Op.IMPLIES:
                return c.any((-self.truth(t.args[0]), self.truth(t.args[1])))
            case Op.ITE:
                return c.either(*(self.truth(a) for a in t.args))
            case Op.EQ if isinstance(t.args[0].sort, Bool):
                return c.same(self.truth(t.args[0]), self.truth(t.args[1]))
            case Op.EQ:
                a, b = (self.values(x) for x in t.args)
                return c.any([c.all((x, b[v])) for v, x in a.items() if v in b])
            case Op.LT | Op.LE:
                a, b = self._pair(t)
                strict = t.op is Op.LT
                return c.any([c.all((x, y)) for v, x in a.items() for w, y in b.items() if v < w or (v == w and not strict)])  # type: ignore[operator]
            case _:
                raise ModelError(f"`{t}` is not ground, so it is no formula over a state")

    def values(self, t: Term) -> Values:
        """The values of a term that is no truth value, over the state now."""
        found = self._values.get(t)
        if found is None:
            found = self._values[t] = self._valued(t)
        return found

    def _valued(self, t: Term) -> Values:
        c = self.circuit
        match t.op:
            case Op.CONST:
                return {t.value: c.true}
            case Op.VAR:
                return dict(zip(t.sort.domain, self._codes(t), strict=True))  # type: ignore[union-attr]
            case Op.ITE:
                condition = self.truth(t.args[0])
                a, b = self.values(t.args[1]), self.values(t.args[2])
                return {
                    v: c.either(condition, a.get(v, c.false), b.get(v, c.false)) for v in (*a, *(v for v in b if v not in a))
                }
            case Op.ADD | Op.SUB:
                a, b = self._pair(t)
                sign = 1 if t.op is Op.ADD else -1
                sums: dict[Value, list[Literal]] = {}
                for v, x in a.items():
                    for w, y in b.items():
                        sums.setdefault(int(v) + sign * int(w), []).append(c.all((x, y)))
                return {v: c.any(cases) for v, cases in sums.items()}
            case _:
                raise ModelError(f"`{t}` is not ground, so it is no formula over a state")

    def _pair(self, t: Term) -> tuple[Values, Values]:
        a, b = (self.values(x) for x in t.args)
        if len(a) * len(b) > _MOST_PAIRS:
            raise TooLargeError(f"`{t}` has {len(a):,} × {len(b):,} pairs of values, too many for clauses")
        return a, b

    def _codes(self, t: Term) -> list[Literal]:
        self.system[t.name]  # raises, with the nearest names, where there is no such variable
        return self.now[self.system.index[t.name]]

    # --- Obligations ----------------------------------------------------------------------------------------------------

    def target(self, obligation: Obligation) -> Target:
        """When the obligation is broken. A step that leaves a domain counts as one that breaks it."""
        c = self.circuit
        by_action = {}
        for i in range(len(self.system.actions)):
            broken = c.any((-self.truth(obligation.steps.get(i, TRUE)), self.escapes[i]))
            broken = c.all((self.guards[i], broken))
            if broken != c.false:
                by_action[i] = broken
        step = c.any([c.all((self.chosen[i], broken)) for i, broken in by_action.items()])
        return Target(-self.truth(obligation.state), -self.truth_after(obligation.state), step, by_action)

    # --- Models ---------------------------------------------------------------------------------------------------------

    def codes(self, true: Sequence[Literal], family: Sequence[Sequence[Literal]]) -> tuple[int, ...]:
        """The state in a model (``true[x - 1]`` is variable ``x`` or its negation), as codes."""
        return tuple(next(k for k, x in enumerate(codes) if _is_true(x, true)) for codes in family)

    def action(self, true: Sequence[Literal]) -> int:
        """The action that a model takes."""
        return next(i for i, x in enumerate(self.chosen) if _is_true(x, true))

    def state(self, codes: Iterable[int]) -> State:
        """A state from the codes of its values."""
        return tuple(value_of(c, v.sort) for v, c in zip(self.system.variables, codes, strict=True))


def _is_true(x: Literal, true: Sequence[Literal]) -> bool:
    return true[abs(x) - 1] == x


def _at_most_one(literals: Sequence[Literal], c: Circuit) -> list[Clause]:
    """No two of them are true: in pairs where there are few, else by a binary number that each literal spells."""
    if len(literals) <= 6:
        return [[-a, -b] for i, a in enumerate(literals) for b in literals[:i]]
    bits = [c.variable() for _ in range((len(literals) - 1).bit_length())]
    return [[-x, b if i >> k & 1 else -b] for i, x in enumerate(literals) for k, b in enumerate(bits)]
