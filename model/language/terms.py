"""Terms: the one expression language from which everything else is made.

A term is immutable data (`op`, `args`, `sort`, `data`), hash-consed, so that equal terms are the same
object. The same term is evaluated, vectorised, translated to Z3 and printed. Python operators build
terms: ``&``, ``|``, ``~``, ``==``, ``!=``, ``<``, ``<=``, ``+``, ``-``; `implies`, `iff`, `ite`,
`one_of`, `forall`, `exists` and `after` are functions. Constructors simplify (constants are folded,
conjunctions flattened), which is what makes switched-off rules disappear when knobs are fixed.

A *parameterised* term mentions variables of a family (``state[t]``), parameters and quantifiers; a
*ground* term mentions only variables. `model.language.ground` turns the first into the second.
"""

from __future__ import annotations

import enum as _enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import is_
from typing import TypeAlias, final
from weakref import WeakValueDictionary

from .errors import ModelError, nearest
from .sorts import BOOL, NONE, Bool, Enum, Index, Int, Maybe, Sort, Value, comparable


class Op(_enum.Enum):
    """The operators of the term language."""

    # By identity, which is what equality is here: an enumeration's own hash is slow, and terms are looked up all the time.
    __hash__ = object.__hash__

    CONST = "const"
    VAR = "var"  # a ground state variable; data: its name
    NEXT = "next"  # the same variable after the step; data: its name
    SELECT = "select"  # a variable of a family; data: the Family, args: the instances
    PARAM = "param"  # a parameter of an event or quantifier; data: its name
    APPLY = "apply"  # a function from instances to instances; data: the IndexMap
    NOT = "not"
    AND = "and"
    OR = "or"
    IMPLIES = "implies"
    EQ = "=="
    LT = "<"
    LE = "<="
    ADD = "+"
    SUB = "-"
    ITE = "ite"
    FORALL = "forall"  # args: (param, body)
    EXISTS = "exists"  # args: (param, body)
    AFTER = "after"  # args: (body,): the body's variables are read after the step


@final
class Term:
    """One node of a term. Build terms with operators and the functions of this module, not directly."""

    __slots__ = ("__weakref__", "_support", "args", "data", "op", "sort")
    op: Op
    args: tuple[Term, ...]
    sort: Sort
    data: object
    _support: tuple[Term, ...] | None
    """See `support`; worked out when it is first asked for."""

    def __and__(self, other: Operand) -> Term:
        return conj(self, lift(other, BOOL))

    def __rand__(self, other: Operand) -> Term:
        return conj(lift(other, BOOL), self)

    def __or__(self, other: Operand) -> Term:
        return disj(self, lift(other, BOOL))

    def __ror__(self, other: Operand) -> Term:
        return disj(lift(other, BOOL), self)

    def __invert__(self) -> Term:
        return neg(self)

    def __eq__(self, other: object) -> Term:  # type: ignore[override]
        return equal(self, other)

    def __ne__(self, other: object) -> Term:  # type: ignore[override]
        return neg(equal(self, other))

    def __lt__(self, other: Term | int) -> Term:
        return _order(Op.LT, self, _int(other))

    def __le__(self, other: Term | int) -> Term:
        return _order(Op.LE, self, _int(other))

    def __gt__(self, other: Term | int) -> Term:
        return _order(Op.LT, _int(other), self)

    def __ge__(self, other: Term | int) -> Term:
        return _order(Op.LE, _int(other), self)

    def __add__(self, other: Term | int) -> Term:
        return _arith(Op.ADD, self, _int(other))

    def __sub__(self, other: Term | int) -> Term:
        return _arith(Op.SUB, self, _int(other))

    # By identity: equal terms are one term.
    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise ModelError(
            f"the term `{self}` has no truth value in Python: "
            "combine terms with & | ~ (not with and, or, not), and compare one at a time"
        )

    def __reduce__(self) -> tuple[Callable[..., Term], tuple[object, ...]]:
        return make, (self.op, self.args, self.sort, self.data)

    def __str__(self) -> str:
        return show(self)

    def __repr__(self) -> str:
        return f"<{self.sort} {show(self)}>"

    @property
    def value(self) -> Value:
        """The value of a constant."""
        if self.op is not Op.CONST or not isinstance(self.data, bool | int | str):
            raise ModelError(f"`{self}` is not a constant")
        return self.data

    @property
    def name(self) -> str:
        """The name of a ground variable or of a parameter."""
        if not isinstance(self.data, str):
            raise ModelError(f"`{self}` has no name")
        return self.data

    def in_(self, *values: Operand) -> Term:
        """Whether the term equals one of the values."""
        return one_of(self, *values)

    def implies(self, other: Operand) -> Term:
        """Material implication."""
        return implies(self, other)


Operand: TypeAlias = Term | Value

_interned: WeakValueDictionary[tuple[object, ...], Term] = WeakValueDictionary()


def make(op: Op, args: tuple[Term, ...], sort: Sort, data: object = None) -> Term:
    """The one term of this shape (hash-consing; no simplification)."""
    # Keyed by identity of the arguments: `==` on terms builds a term, it does not compare.
    # The type of `data` belongs to the key since True == 1 in Python.
    key = (op, tuple(id(a) for a in args), sort, type(data), data)
    term = _interned.get(key)
    if term is None:
        term = object.__new__(Term)
        term.op, term.args, term.sort, term.data, term._support = op, args, sort, data, None
        _interned[key] = term
    return term


def every_term() -> list[Term]:
    """All terms that there are now."""
    return list(_interned.values())


TRUE = make(Op.CONST, (), BOOL, True)
FALSE = make(Op.CONST, (), BOOL, False)


def const(value: Value, sort: Sort) -> Term:
    """A constant of a sort; an error that suggests the nearest value when it is not in the domain."""
    if isinstance(sort, Bool):
        if isinstance(value, bool):
            return TRUE if value else FALSE
    elif isinstance(sort, Int):
        if isinstance(value, int) and not isinstance(value, bool):
            return make(Op.CONST, (), Int(value, value), value)
    elif isinstance(value, str):
        if isinstance(sort, Enum) and value not in sort.values:
            raise ModelError(f"{value!r} is not a value of {sort}{nearest(value, sort.values)}")
        if isinstance(sort, Index | Maybe):
            stem = sort.name if isinstance(sort, Index) else sort.index.name
            is_instance = value.startswith(stem) and value[len(stem) :].isdigit()
            if not (is_instance or (isinstance(sort, Maybe) and value == NONE)):
                raise ModelError(f"{value!r} is not an instance of {sort}: expected {stem}0, {stem}1, …")
        return make(Op.CONST, (), sort, value)
    raise ModelError(f"{value!r} is not a value of sort {sort}: give a {_kind(sort)}")


def _kind(sort: Sort) -> str:
    return "bool" if isinstance(sort, Bool) else "whole number" if isinstance(sort, Int) else "name"


def lift(value: object, sort: Sort) -> Term:
    """A Python value as a constant of ``sort``; a term as it is, when its sort fits."""
    if isinstance(value, Term):
        if value.sort is not sort and not comparable(value.sort, sort):
            raise ModelError(f"`{value}` is of sort {value.sort} where {sort} is needed")
        return value
    if isinstance(value, bool | int | str):
        return const(value, sort)
    raise ModelError(f"{value!r} cannot be part of a term: give a term or a {_kind(sort)}")


def _int(value: Term | int) -> Term:
    if isinstance(value, Term):
        if not isinstance(value.sort, Int):
            raise ModelError(f"`{value}` is of sort {value.sort}; order and arithmetic need whole numbers")
        return value
    return lift(value, Int(value, value))


def neg(a: Term) -> Term:
    """Negation."""
    _need_bool(a, "~")
    if a.op is Op.CONST:
        return FALSE if a is TRUE else TRUE
    if a.op is Op.NOT:
        return a.args[0]
    return make(Op.NOT, (a,), BOOL)


def _need_bool(a: Term, op: str) -> None:
    if not isinstance(a.sort, Bool):
        raise ModelError(f"`{a}` is of sort {a.sort}; {op} needs truth values: compare it with == first")


def _flatten(op: Op, terms: Sequence[Term], unit: Term, zero: Term) -> Term:
    # Most calls end here; it is worth while to make nothing for them.
    stack: list[Term] = []
    for t in terms:
        if t is zero:
            return zero
        if t is unit:
            continue
        if t.sort is not BOOL:
            _need_bool(t, "& and |")
        stack.append(t)
    if not stack:
        return unit
    if len(stack) == 1 and stack[0].op is not op:
        return stack[0]
    stack.reverse()
    seen: dict[int, Term] = {}
    while stack:
        t = stack.pop()
        if t is zero:
            return zero
        if t.op is op:
            stack.extend(reversed(t.args))
        elif t is not unit:
            seen.setdefault(id(t), t)
    for t in seen.values():
        if t.op is Op.NOT and id(t.args[0]) in seen:
            return zero
    parts = tuple(seen.values()) or (unit,)
    return parts[0] if len(parts) == 1 else make(op, parts, BOOL)


def conj(*terms: Term) -> Term:
    """Conjunction of any number of terms."""
    return _flatten(Op.AND, terms, TRUE, FALSE)


def disj(*terms: Term) -> Term:
    """Disjunction of any number of terms."""
    return _flatten(Op.OR, terms, FALSE, TRUE)


def implies(a: Term, b: Operand) -> Term:
    """Material implication ``a -> b``."""
    _need_bool(a, "implies")
    b = lift(b, BOOL)
    if a is FALSE or b is TRUE or a is b:
        return TRUE
    if a is TRUE:
        return b
    if b is FALSE:
        return neg(a)
    return make(Op.IMPLIES, (a, b), BOOL)


def iff(a: Term, b: Operand) -> Term:
    """Equivalence of truth values."""
    return equal(a, lift(b, BOOL))


def equal(a: Term, other: object) -> Term:
    """Equality; both sides of one sort (an instance may be compared with a `Maybe` of its index)."""
    if isinstance(other, Term) and a.sort is not other.sort and not comparable(a.sort, other.sort):
        raise ModelError(
            f"`{a}` (sort {a.sort}) and `{other}` (sort {other.sort}) cannot be compared: compare terms of one sort"
        )
    try:
        b = lift(other, a.sort)
    except ModelError as e:
        raise ModelError(f"`{a}` cannot be compared with {other!r}: {e}") from None
    if a is b:
        return TRUE
    if a.op is Op.CONST and b.op is Op.CONST:
        return TRUE if a.data == b.data else FALSE
    if isinstance(a.sort, Bool):
        for x, y in ((a, b), (b, a)):
            if x.op is Op.CONST:
                return y if x is TRUE else neg(y)
    if a.op is Op.CONST:
        a, b = b, a  # the constant on the right: one form for one meaning
    if b.op is Op.CONST and isinstance(a.sort, Int) and not a.sort.lo <= b.value <= a.sort.hi:  # type: ignore[operator]
        return FALSE
    return make(Op.EQ, (a, b), BOOL)


def one_of(a: Term, *values: Operand) -> Term:
    """Whether ``a`` equals one of the values."""
    return disj(*(equal(a, v) for v in values))


def _order(op: Op, a: Term, b: Term) -> Term:
    _int(a)
    if not (isinstance(a.sort, Int) and isinstance(b.sort, Int)):
        raise ModelError(f"`{a}` {op.value} `{b}`: order needs whole numbers")
    if op is Op.LT:
        if a.sort.hi < b.sort.lo:
            return TRUE
        if a.sort.lo >= b.sort.hi:
            return FALSE
    elif a.sort.hi <= b.sort.lo:
        return TRUE
    elif a.sort.lo > b.sort.hi:
        return FALSE
    return make(op, (a, b), BOOL)


def _arith(op: Op, a: Term, b: Term) -> Term:
    _int(a)
    if not (isinstance(a.sort, Int) and isinstance(b.sort, Int)):
        raise ModelError(f"`{a}` {op.value} `{b}`: arithmetic needs whole numbers")
    if op is Op.ADD:
        sort = Int(a.sort.lo + b.sort.lo, a.sort.hi + b.sort.hi)
    else:
        sort = Int(a.sort.lo - b.sort.hi, a.sort.hi - b.sort.lo)
    if sort.lo == sort.hi:
        return const(sort.lo, sort)
    if b.op is Op.CONST and b.data == 0:
        return a
    return make(op, (a, b), sort)


def ite(condition: Term, then: Operand, otherwise: Operand) -> Term:
    """``then`` where the condition holds, else ``otherwise``; at least one of the two must be a term."""
    _need_bool(condition, "ite")
    if isinstance(then, Term):
        a, b = then, lift(otherwise, then.sort)
    elif isinstance(otherwise, Term):
        a, b = lift(then, otherwise.sort), otherwise
    else:
        raise ModelError(f"ite({condition}, {then!r}, {otherwise!r}): one branch must be a term, so that the sort is known")
    if condition is TRUE or a is b:
        return a
    if condition is FALSE:
        return b
    if isinstance(a.sort, Bool):
        if a is TRUE:
            return disj(condition, b)
        if a is FALSE:
            return conj(neg(condition), b)
        if b is TRUE:
            return disj(neg(condition), a)
        if b is FALSE:
            return conj(condition, a)
    sort: Sort = a.sort
    if isinstance(a.sort, Int) and isinstance(b.sort, Int):
        sort = Int(min(a.sort.lo, b.sort.lo), max(a.sort.hi, b.sort.hi))
    elif isinstance(b.sort, Maybe):
        sort = b.sort  # an instance or a Maybe of it: the wider of the two
    return make(Op.ITE, (condition, a, b), sort)


def param(name: str, sort: Sort) -> Term:
    """A parameter of an event, or the variable of a quantifier."""
    return make(Op.PARAM, (), sort, name)


def variable(name: str, sort: Sort) -> Term:
    """A ground state variable."""
    return make(Op.VAR, (), sort, name)


def next_of(v: Term) -> Term:
    """A ground state variable as it is after the step."""
    return make(Op.NEXT, (), v.sort, v.name)


def forall(p: Term, body: Operand) -> Term:
    """``body`` for every value of the parameter ``p``."""
    return _quantify(Op.FORALL, p, lift(body, BOOL))


def exists(p: Term, body: Operand) -> Term:
    """``body`` for some value of the parameter ``p``."""
    return _quantify(Op.EXISTS, p, lift(body, BOOL))


def _quantify(op: Op, p: Term, body: Term) -> Term:
    if p.op is not Op.PARAM:
        raise ModelError(f"{op.value} quantifies over a parameter, not over `{p}`: make one with param()")
    # A constant body is kept only where the domain may be empty, which no topology allows.
    return body if body.op is Op.CONST else make(op, (p, body), BOOL)


def after(body: Term) -> Term:
    """The value of ``body`` after the step (two-state formulas)."""
    if body.op in (Op.CONST, Op.PARAM):
        return body
    return make(Op.AFTER, (body,), body.sort)


def rebuild(t: Term, args: tuple[Term, ...]) -> Term:
    """The same operator over other arguments, simplified."""
    match t.op:
        case Op.NOT:
            return neg(args[0])
        case Op.AND:
            return conj(*args)
        case Op.OR:
            return disj(*args)
        case Op.IMPLIES:
            return implies(*args)
        case Op.EQ:
            return equal(args[0], args[1])
        case Op.LT | Op.LE:
            return _order(t.op, *args)
        case Op.ADD | Op.SUB:
            return _arith(t.op, *args)
        case Op.ITE:
            return ite(*args)
        case Op.FORALL | Op.EXISTS:
            return _quantify(t.op, *args)
        case Op.AFTER:
            return after(args[0])
        case _:
            return make(t.op, args, t.sort, t.data)


def substitute(t: Term, replacement: Mapping[Term, Term], memo: dict[Term, Term] | None = None) -> Term:
    """``t`` with leaves (variables, parameters) replaced, simplified on the way up.

    ``memo`` may be shared between calls with the same replacement.
    """
    if memo is None:
        memo = {}
    found = memo.get(t)
    if found is not None:
        return found
    if t in replacement:
        result = replacement[t]
    elif not t.args:
        result = t
    else:
        args = []
        for a in t.args:
            new = memo.get(a)
            args.append(substitute(a, replacement, memo) if new is None else new)
        result = t if all(map(is_, args, t.args)) else rebuild(t, tuple(args))
    memo[t] = result
    return result


def subterms(t: Term) -> Iterator[Term]:
    """Every distinct subterm of ``t``, ``t`` first."""
    seen: set[int] = set()
    stack = [t]
    while stack:
        x = stack.pop()
        if id(x) not in seen:
            seen.add(id(x))
            yield x
            stack.extend(reversed(x.args))


def support(t: Term) -> tuple[Term, ...]:
    """The ground variables that ``t`` mentions, in order of first mention."""
    if t.op is Op.VAR:
        return (t,)
    if t._support is None:
        t._support = tuple(dict.fromkeys(v for a in t.args for v in support(a)))
    return t._support


def conjuncts(t: Term) -> tuple[Term, ...]:
    """The conjuncts of a conjunction; the term itself when it is none."""
    return t.args if t.op is Op.AND else () if t is TRUE else (t,)


_LEVEL = {Op.ITE: 0, Op.IMPLIES: 1, Op.OR: 2, Op.AND: 3, Op.NOT: 4, Op.EQ: 5, Op.LT: 5, Op.LE: 5, Op.ADD: 6, Op.SUB: 6}


def show(t: Term, level: int = 0) -> str:
    """A term as people write it: words for connectives, ``=`` and ``≠``."""

    def inner(x: Term, at: int) -> str:
        return show(x, at)

    match t.op:
        case Op.CONST:
            return {True: "true", False: "false"}[t.data] if isinstance(t.data, bool) else str(t.data)
        case Op.VAR | Op.PARAM:
            return str(t.data)
        case Op.NEXT:
            return f"{t.data}'"
        case Op.SELECT:
            return f"{t.data}[{', '.join(map(show, t.args))}]" if t.args else str(t.data)
        case Op.APPLY:
            return f"{t.data}({show(t.args[0])})"
        case Op.FORALL | Op.EXISTS:
            word = "for all" if t.op is Op.FORALL else "for some"
            text, mine = f"{word} {t.args[0]}: {inner(t.args[1], 1)}", 0
        case Op.AFTER:
            return f"after({show(t.args[0])})"
        case Op.NOT:
            a = t.args[0]
            if a.op is Op.EQ:
                text, mine = f"{inner(a.args[0], 6)} ≠ {inner(a.args[1], 6)}", 5
            elif a.op is Op.LT:
                text, mine = f"{inner(a.args[0], 6)} >= {inner(a.args[1], 6)}", 5
            elif a.op is Op.LE:
                text, mine = f"{inner(a.args[0], 6)} > {inner(a.args[1], 6)}", 5
            else:
                text, mine = f"not {inner(a, 5)}", 4
        case Op.AND:
            text, mine = " and ".join(inner(a, 4) for a in t.args), 3
        case Op.OR:
            text = _show_or(t)
            mine = 2 if " or " in text or "∈" not in text else 5  # one membership binds like an equality
        case Op.IMPLIES:
            text, mine = f"{inner(t.args[0], 2)} → {inner(t.args[1], 1)}", 1
        case Op.ITE:
            c, a, b = t.args
            text, mine = f"if {inner(c, 1)} then {inner(a, 1)} else {inner(b, 0)}", 0
        case Op.EQ:
            text, mine = f"{inner(t.args[0], 6)} = {inner(t.args[1], 6)}", 5
        case _:
            text, mine = f" {t.op.value} ".join(inner(a, 7) for a in t.args), _LEVEL[t.op]
    return f"({text})" if mine < level else text


def _show_or(t: Term) -> str:
    """A disjunction; the cases of one term against several constants are printed as a membership."""
    cases: dict[int, list[Term]] = {}
    for a in t.args:
        if a.op is Op.EQ and a.args[1].op is Op.CONST:
            cases.setdefault(id(a.args[0]), []).append(a)
    parts: list[str] = []
    done: set[int] = set()
    for a in t.args:
        group = cases.get(id(a.args[0]), []) if a.op is Op.EQ and a.args[1].op is Op.CONST else []
        if len(group) < 2:
            parts.append(show(a, 3))
        elif id(a.args[0]) not in done:
            done.add(id(a.args[0]))
            parts.append(f"{show(a.args[0], 6)} ∈ {{{', '.join(show(g.args[1]) for g in group)}}}")
    return " or ".join(parts)
