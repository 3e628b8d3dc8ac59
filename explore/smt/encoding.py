"""Systems as finite-domain formulas of Z3.

A state variable of sort `Bool` is a Boolean constant; one of sort `Enum` or `Int` is a bit-vector that
holds the number of its value in the domain. Whole numbers inside a term are two's complement and wide
enough for every value that their sort allows, so no operation overflows. Everything is finite, and a
bit-blasting SAT solver decides it.

A step is chosen by one bit-vector per frame, the number of the action. There is no stuttering: in a
deadlock a run ends. A value that an update might move out of its variable's domain is taken as a broken
obligation of that step, so that whoever replays the run reports it, and no proof passes over it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import z3

from ...model.language import TRUE, Bool, Enum, Int, ModelError, Op, State, System, Term, conj
from ...model.language.satisfy import in_domain
from ...model.language.sorts import comparable
from ...properties.compile import Obligation
from ..layout import code_of, size, value_of


class OutOfBudgetError(Exception):
    """A limit was reached before the solver had an answer; the message says which."""


@dataclass(frozen=True)
class Budget:
    """What a search may use. ``at``: until when (`time.perf_counter`, seconds); None: as long as it takes.

    ``watch`` is called before each question to a solver, and may raise `OutOfBudgetError` or `KeyboardInterrupt`.
    """

    at: float | None = None
    watch: Callable[[], None] = lambda: None

    @property
    def left(self) -> float | None:
        """The seconds that are left; None when there is no end."""
        return None if self.at is None else self.at - time.perf_counter()

    def satisfiable(self, solver: Any, *assumptions: Any) -> bool:
        """Whether the solver's constraints have a solution under the assumptions.

        Raises `OutOfBudgetError` when that is not known in time, and `KeyboardInterrupt` when Z3, which
        catches the signal while it runs, was interrupted from the keyboard.
        """
        self.watch()
        left = self.left
        if left is not None:
            if left <= 0:
                raise OutOfBudgetError("the time limit was reached")
            solver.set("timeout", max(1, int(left * 1000)))
        answer = solver.check(*assumptions)
        if answer == z3.unknown:
            reason = solver.reason_unknown()
            if "interrupted" in reason:
                raise KeyboardInterrupt
            timed_out = left is not None and reason in ("timeout", "canceled")
            raise OutOfBudgetError("the time limit was reached" if timed_out else f"Z3 gave up: {reason}")
        return bool(answer == z3.sat)


Codes = tuple[int, ...]
"""A state as the numbers of its values in their domains, in the system's order of variables."""


class Encoding:
    """A system as Z3 expressions in a context of its own.

    Expressions speak of frame 0: the state ``now``, the ``choice`` of an action, and the state ``after`` it
    (frame 1). `at` moves one to another frame. A variable that no action updates is one constant in all frames.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.context: Any = z3.Context()
        updated = {target.name for a in system.actions for target, _ in a.updates}
        self._steady = [v.name not in updated for v in system.variables]
        self._width = [_code_width(size(v.sort)) for v in system.variables]
        self._choice_width = _code_width(len(system.actions))
        self._frames: dict[int, list[Any]] = {}
        self._terms: dict[Term, Any] = {}
        self._steps: dict[int, Any] = {}
        self.now = self.frame(0)
        self.after = self.frame(1)
        self.choice = self.choice_at(0)

    def solver(self) -> Any:
        """A new incremental solver for finite domains."""
        return z3.SolverFor("QF_FD", ctx=self.context)

    def literal(self, name: str) -> Any:
        """A Boolean constant, to name a constraint in assumptions. The name must not be a variable's."""
        return z3.Bool(name, self.context)

    def frame(self, k: int) -> list[Any]:
        """The constants of the state in frame ``k``, in the system's order of variables."""
        if k not in self._frames:
            self._frames[k] = [
                self._constant(f"{v.name}@{0 if steady else k}", None if isinstance(v.sort, Bool) else width)
                for v, width, steady in zip(self.system.variables, self._width, self._steady, strict=True)
            ]
        return self._frames[k]

    def _constant(self, name: str, width: int | None) -> Any:
        return z3.Bool(name, self.context) if width is None else z3.BitVec(name, width, self.context)

    def choice_at(self, k: int) -> Any:
        """The number of the action that is taken from frame ``k``."""
        return self._constant(f"action@{k}", self._choice_width)

    def at(self, expression: Any, k: int) -> Any:
        """An expression over frame 0 (and the state of frame 1) moved to frame ``k`` (and ``k + 1``)."""
        if k == 0:
            return expression
        pairs = [(self.choice, self.choice_at(k))]
        for source, target in ((self.now, self.frame(k)), (self.after, self.frame(k + 1))):
            pairs += [(a, b) for a, b, steady in zip(source, target, self._steady, strict=True) if not steady]
        return z3.substitute(expression, *pairs)

    def at_next(self, expression: Any) -> Any:
        """An expression over the state now (and nothing else) moved to the state after."""
        pairs = [(a, b) for a, b, steady in zip(self.now, self.after, self._steady, strict=True) if not steady]
        return z3.substitute(expression, *pairs) if pairs else expression

    def same(self, i: int, j: int) -> Any:
        """Frames ``i`` and ``j`` have the same state."""
        pairs = zip(self.frame(i), self.frame(j), self._steady, strict=True)
        return self.all([a == b for a, b, steady in pairs if not steady])

    def leaving(self, k: int) -> Any:
        """A step is taken from frame ``k``: an action is chosen, its guard holds, and frame ``k + 1`` is as it says."""
        if k not in self._steps:
            self._steps[k] = self.at(z3.And(self.enabled, self.updated), k)
        return self._steps[k]

    def all(self, parts: Sequence[Any]) -> Any:
        """Conjunction of any number of expressions."""
        return z3.And(*parts) if parts else z3.BoolVal(True, self.context)

    def any(self, parts: Sequence[Any]) -> Any:
        """Disjunction of any number of expressions."""
        return z3.Or(*parts) if parts else z3.BoolVal(False, self.context)

    def chosen(self, action: int) -> Any:
        """The step is one by this action."""
        return self.choice == z3.BitVecVal(action, self._choice_width, self.context)

    @cached_property
    def domain(self) -> Any:
        """Every variable is in its domain now. Actions keep it so, for steps in which no update escapes."""
        return self.all(
            [
                z3.ULE(x, z3.BitVecVal(size(v.sort) - 1, width, self.context))
                for v, x, width in zip(self.system.variables, self.now, self._width, strict=True)
                if not isinstance(v.sort, Bool) and size(v.sort) < 1 << width
            ]
        )

    @cached_property
    def init(self) -> Any:
        """The state now is initial."""
        return z3.And(self.domain, self.term(self.system.init))

    @cached_property
    def enabled(self) -> Any:
        """The choice is an action, and its guard holds now."""
        n = len(self.system.actions)
        if n == 0:
            return z3.BoolVal(False, self.context)
        by_guard: dict[Term, list[int]] = {}
        for i, a in enumerate(self.system.actions):
            by_guard.setdefault(a.guard, []).append(i)
        parts = [
            z3.Implies(self.any([self.chosen(i) for i in actions]), self.term(guard)) for guard, actions in by_guard.items()
        ]
        if n < 1 << self._choice_width:
            parts.append(z3.ULE(self.choice, z3.BitVecVal(n - 1, self._choice_width, self.context)))
        return self.all(parts)

    @cached_property
    def updated(self) -> Any:
        """The state after is what the chosen action makes of the state now; what it does not update stays."""
        values: dict[str, dict[Term, list[int]]] = {}
        for i, a in enumerate(self.system.actions):
            for target, value in a.updates:
                values.setdefault(target.name, {}).setdefault(value, []).append(i)
        parts = []
        for j, (v, steady) in enumerate(zip(self.system.variables, self._steady, strict=True)):
            if steady:
                continue
            new = self.now[j]
            for value, actions in values[v.name].items():
                new = z3.If(self.any([self.chosen(i) for i in actions]), self._code(value, j), new)
            parts.append(self.after[j] == new)
        return self.all(parts)

    def broken_state(self, obligation: Obligation) -> Any:
        """The state now breaks the obligation."""
        return z3.Not(self.term(obligation.state))

    def broken_step(self, obligation: Obligation) -> Any:
        """The choice breaks the obligation: its step term fails now, or one of its updates leaves a domain."""
        by_term: dict[Term, list[int]] = {}
        for i in range(len(self.system.actions)):
            term = conj(obligation.steps.get(i, TRUE), self.stays.get(i, TRUE))
            if term is not TRUE:
                by_term.setdefault(term, []).append(i)
        return self.any(
            [
                z3.And(self.any([self.chosen(i) for i in actions]), z3.Not(self.term(term)))
                for term, actions in by_term.items()
            ]
        )

    @cached_property
    def stays(self) -> Mapping[int, Term]:
        """Per action: when its updates stay inside their domains; only those whose guard alone does not see to it."""
        found: dict[int, Term] = {}
        for i, a in enumerate(self.system.actions):
            term = conj(*(inside(self.system, target, value) for target, value in a.updates))
            if term is TRUE:
                continue
            solver = self.solver()
            solver.add(self.domain, self.term(a.guard), z3.Not(self.term(term)))
            if solver.check() != z3.unsat:
                found[i] = term
        return found

    def term(self, t: Term) -> Any:
        """A ground term over the state now. Raises `ModelError` for a term that is not ground.

        Whole numbers come as signed bit-vectors of the width that their sort needs.
        """
        found = self._terms.get(t)
        if found is None:
            found = self._terms[t] = self._term(t)
        return found

    def _term(self, t: Term) -> Any:
        match t.op:
            case Op.CONST:
                return self._constant_value(t)
            case Op.VAR:
                return self._variable(t)
            case Op.NOT:
                return z3.Not(self.term(t.args[0]))
            case Op.AND:
                return z3.And(*(self.term(a) for a in t.args))
            case Op.OR:
                return z3.Or(*(self.term(a) for a in t.args))
            case Op.IMPLIES:
                return z3.Implies(self.term(t.args[0]), self.term(t.args[1]))
            case Op.EQ:
                return self._equal(*t.args)
            case Op.ITE:
                c, a, b = t.args
                if isinstance(t.sort, Int):
                    width = _signed_width(t.sort)
                    return z3.If(self.term(c), self._extended(a, width), self._extended(b, width))
                return z3.If(self.term(c), self.term(a), self.term(b))
            case Op.LT | Op.LE:
                a, b = t.args
                width = max(_signed_width(a.sort), _signed_width(b.sort))
                x, y = self._extended(a, width), self._extended(b, width)
                return x < y if t.op is Op.LT else x <= y
            case Op.ADD | Op.SUB:
                a, b = t.args
                result = _signed_width(t.sort)
                width = max(result, _signed_width(a.sort), _signed_width(b.sort))
                x, y = self._extended(a, width), self._extended(b, width)
                # Modulo 2**width, and the result fits: cutting off the upper bits loses nothing.
                return z3.Extract(result - 1, 0, x + y if t.op is Op.ADD else x - y)
            case _:
                raise ModelError(f"`{t}` is not ground, so it is no formula over a state")

    def _constant_value(self, t: Term) -> Any:
        if isinstance(t.sort, Bool):
            return z3.BoolVal(t is TRUE, self.context)
        if isinstance(t.sort, Int):
            return z3.BitVecVal(t.value, _signed_width(t.sort), self.context)
        if isinstance(t.sort, Enum):
            return z3.BitVecVal(code_of(t.value, t.sort), _code_width(size(t.sort)), self.context)
        raise ModelError(f"`{t}` is of sort {t.sort}, which is not ground")

    def _variable(self, t: Term) -> Any:
        if t.name not in self.system.index:
            self.system[t.name]  # raises, with the nearest names
        code = self.now[self.system.index[t.name]]
        if not isinstance(t.sort, Int):
            return code
        width = max(code.size() + 1, _signed_width(t.sort))
        value = z3.ZeroExt(width - code.size(), code)
        if t.sort.lo != 0:
            value = value + z3.BitVecVal(t.sort.lo, width, self.context)
        return z3.Extract(_signed_width(t.sort) - 1, 0, value)

    def _equal(self, a: Term, b: Term) -> Any:
        if not (isinstance(a.sort, Int) and isinstance(b.sort, Int)):
            return self.term(a) == self.term(b)
        if a.op is Op.VAR and b.op is Op.CONST and isinstance(b.value, int):
            # The commonest comparison, without arithmetic.
            if not a.sort.lo <= b.value <= a.sort.hi:
                return z3.BoolVal(False, self.context)
            code = self.now[self.system.index[a.name]]
            return code == z3.BitVecVal(b.value - a.sort.lo, code.size(), self.context)
        width = max(_signed_width(a.sort), _signed_width(b.sort))
        return self._extended(a, width) == self._extended(b, width)

    def _extended(self, t: Term, width: int) -> Any:
        value = self.term(t)
        return z3.SignExt(width - value.size(), value) if width > value.size() else value

    def _code(self, t: Term, j: int) -> Any:
        """A term as the number of its value in the domain of variable ``j`` (modulo the width, when it is outside)."""
        sort = self.system.variables[j].sort
        if not isinstance(sort, Int):
            return self.term(t)
        width = max(self._width[j], _signed_width(t.sort), _signed_width(sort))
        shifted = self._extended(t, width) - z3.BitVecVal(sort.lo, width, self.context)
        return z3.Extract(self._width[j] - 1, 0, shifted)

    def codes(self, model: Any, k: int = 0) -> Codes:
        """The state of frame ``k`` in a model. What the model leaves open gets the first value that Z3 completes it to."""
        return tuple(_number(model.eval(x, model_completion=True)) for x in self.frame(k))

    def action(self, model: Any, k: int = 0) -> int:
        """The number of the action that a model takes from frame ``k``."""
        return _number(model.eval(self.choice_at(k), model_completion=True))

    def state(self, codes: Codes) -> State:
        """A state from the numbers of its values."""
        return tuple(value_of(c, v.sort) for v, c in zip(self.system.variables, codes, strict=True))


def inside(system: System, target: Term, value: Term) -> Term:
    """When the value lies in the domain of the variable that it is assigned to. Raises `ModelError` for another sort."""
    sort = system.variables[system.index[target.name]].sort
    if not comparable(value.sort, sort):
        raise ModelError(f"the update {target} := {value} gives a value of sort {value.sort} to a variable of {sort}")
    if in_domain(value, sort) or not isinstance(sort, Int):
        return TRUE
    return (value >= sort.lo) & (value <= sort.hi)


def _code_width(values: int) -> int:
    """Bits for that many codes; Z3 has no bit-vectors of width 0."""
    return max(1, (values - 1).bit_length())


def _signed_width(sort: object) -> int:
    """Bits in which every value of a sort of whole numbers has its two's complement."""
    assert isinstance(sort, Int)
    return max(max(sort.hi, 0).bit_length(), (-sort.lo - 1).bit_length() if sort.lo < 0 else 0) + 1


def _number(value: Any) -> int:
    return int(z3.is_true(value)) if z3.is_bool(value) else int(value.as_long())
