"""Terms written in a language with infix operators, and large terms written in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...model.language import Bool, ModelError, Op, Sort, Term, Value, substitute, support
from ...model.language.terms import variable


@dataclass(frozen=True)
class Dialect:
    """How a language writes the operators."""

    true: str
    false: str
    conj: str
    disj: str
    neg: str
    equal: str
    unequal: str
    same: str
    """Equality of truth values."""
    ite: str
    """With {c}, {a}, {b}; binds like an atom."""
    le: str = "<="
    implies: str = ""
    """Empty: written as a disjunction."""


@dataclass(frozen=True)
class Infix:
    """Writes ground terms. ``parts``: the terms that have a name of their own."""

    dialect: Dialect
    name: Callable[[str], str]
    constant: Callable[[Value, Sort], str]
    parts: Mapping[Term, str]

    def __call__(self, t: Term) -> str:
        return self._write(t, whole=False)

    def defined(self, t: Term) -> str:
        """The term itself, where its own name is being defined."""
        return self._write(t, whole=True)

    def operand(self, t: Term) -> str:
        """The term as an operand of a conjunction or disjunction."""
        return f"({self(t)})" if t.op in (Op.AND, Op.OR, Op.IMPLIES) and t not in self.parts else self(t)

    def _write(self, t: Term, *, whole: bool) -> str:
        d = self.dialect
        if not whole and t in self.parts:
            return self.parts[t]
        match t.op:
            case Op.CONST:
                return self._constant(t)
            case Op.VAR:
                return self.name(t.name)
            case Op.NOT:
                return self._not(t.args[0])
            case Op.AND:
                return f" {d.conj} ".join(map(self.operand, t.args))
            case Op.OR:
                return f" {d.disj} ".join(map(self.operand, t.args))
            case Op.IMPLIES:
                a, b = t.args
                if d.implies:
                    return f"{self.operand(a)} {d.implies} {self.operand(b)}"
                return f"{self._not(a)} {d.disj} {self.operand(b)}"
            case Op.EQ | Op.LT | Op.LE:
                return self._compare(t, negated=False)
            case Op.ADD | Op.SUB:
                return f"{self._atom(t.args[0])} {t.op.value} {self._atom(t.args[1])}"
            case Op.ITE:
                c, a, b = t.args
                # In SMV an implication binds less than a choice, elsewhere more: brackets are the same everywhere.
                return d.ite.format(c=self.operand(c), a=self.operand(a), b=self.operand(b))
            case _:
                raise ModelError(f"`{t}` is not ground and cannot be exported")

    def _constant(self, t: Term) -> str:
        if isinstance(t.value, bool):
            return self.dialect.true if t.value else self.dialect.false
        return self.constant(t.value, t.sort)

    def _not(self, a: Term) -> str:
        if a not in self.parts and a.op in (Op.EQ, Op.LT, Op.LE) and not isinstance(a.args[0].sort, Bool):
            return self._compare(a, negated=True)
        return f"{self.dialect.neg}{self._atom(a)}"

    def _compare(self, t: Term, *, negated: bool) -> str:
        d = self.dialect
        a, b = t.args
        if t.op is Op.EQ and isinstance(a.sort, Bool):
            return f"({self._atom(a)} {d.same} {self._atom(b)})"
        if t.op is Op.EQ:
            return f"{self._atom(a)} {d.unequal if negated else d.equal} {self._atom(b)}"
        if negated:
            # not a < b is b <= a.
            return f"{self._atom(b)} {d.le if t.op is Op.LT else '<'} {self._atom(a)}"
        return f"{self._atom(a)} {'<' if t.op is Op.LT else d.le} {self._atom(b)}"

    def _atom(self, t: Term) -> str:
        text = self(t)
        negative = t.op is Op.CONST and text.startswith("-")
        atomic = t.op in (Op.CONST, Op.VAR, Op.ITE) or t in self.parts
        return text if atomic and not negative else f"({text})"


MOST_CHARACTERS = 60_000
"""The longest condition that is written without parts: beyond that what is compiled from it takes too long."""


def written_out(write: Infix, t: Term, what: str) -> str:
    """The term without parts, where a target has no place to name them. Raises `ModelError` when that becomes too long."""
    text = write(t)
    if len(text) > MOST_CHARACTERS:
        raise ModelError(f"{what}: its condition is too long to be written out: export to smv, tla, aiger or btor2")
    return text


LARGE = 60
"""Terms that are written more than once, and are larger than this, get a name."""


def large_parts(terms: Iterable[Term], large: int = LARGE) -> list[Term]:
    """The subterms that deserve a name: large ones that occur more than once. Parts come before what is made of them.

    Without names for them the text could be exponentially longer than the terms, which share what they have in common.
    """
    sizes: dict[int, int] = {}
    used: dict[int, int] = {}
    found: list[Term] = []

    def visit(root: Term) -> None:
        stack: list[tuple[Term, Iterator[Term]]] = []

        def enter(t: Term) -> None:
            used[id(t)] = used.get(id(t), 0) + 1
            if id(t) not in sizes:
                sizes[id(t)] = 0
                stack.append((t, iter(t.args)))

        enter(root)
        while stack:
            t, rest = stack[-1]
            child = next(rest, None)
            if child is not None:
                enter(child)
                continue
            stack.pop()
            # A part that is written once adds its size to the whole; one with a name counts as a name does. Which of them
            # are used again is not known yet, so this is an upper bound, and good enough.
            sizes[id(t)] = 1 + sum(min(sizes[id(a)], large + 1) for a in t.args)
            found.append(t)

    for t in terms:
        visit(t)
    return [t for t in found if sizes[id(t)] > large and used[id(t)] > 1]


OLD = "old "
"""Stands before the name of a variable where its value before the step is meant, which was put aside."""


def in_sequence(updates: Sequence[tuple[Term, Term]]) -> tuple[list[str], list[tuple[str, Term]]]:
    """Simultaneous updates as assignments one after the other: what must be put aside first, and the assignments.

    A variable is assigned when nothing that is still to come reads it; where they read each other in a circle, the value
    of one is put aside, and read as a variable of that name behind `OLD`.
    """
    todo = {target.name: value for target, value in updates}
    aside: list[str] = []
    done: list[tuple[str, Term]] = []
    reads = {name: {v.name for v in support(value)} for name, value in todo.items()}
    while todo:
        ready = next((n for n in todo if all(n not in reads[m] for m in todo if m != n)), None)
        if ready is None:
            ready = next(iter(todo))
            aside.append(ready)
            for m, value in todo.items():
                read = [v for v in support(value) if v.name == ready]
                if m != ready and read:
                    todo[m] = substitute(value, {v: variable(OLD + ready, v.sort) for v in read})
                    reads[m] = {v.name for v in support(todo[m])}
        done.append((ready, todo.pop(ready)))
    return aside, done
