"""Terms from text, as `show` prints them: ``tdi.state[t] = RUN and not host_knows -> for some v: gate.dma[t] = v``.

Also taken: ``==`` and ``!=``, ``->``, ``in``, and a variable without its instances where the parameters at hand leave no
doubt (``tdi.state``). Every text is read in one pass; what is wrong is said with its column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from .errors import ModelError, nearest
from .machine import Family, IndexMap
from .sorts import NONE, Bool, Enum, Index, Int, Maybe, Sort, comparable, word
from .terms import FALSE, TRUE, Op, Term, conj, const, disj, equal, exists, forall, implies, ite, lift, make, neg

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_]\w*(?:\.\w+)*\??)|(?P<number>\d+)|(?P<sign>->|→|==|=|!=|≠|<=|>=|<|>|∈|[\[\](){},:+\-]))"
)
RESERVED = ("and", "or", "not", "in", "if", "then", "else", "true", "false", "for")
_DEPTH = 250
"""Levels of the grammar that may be open at once (a pair of brackets opens seven): texts are written by people."""
_SHOWN = 60
"""Characters of a long text that a message shows before and after the place."""


@dataclass(frozen=True)
class Scope:
    """What the names in a text mean: variables by ``machine.name``, knobs also by name alone, parameters, maps."""

    families: Iterable[Family]
    params: Iterable[Term] = ()
    quantified: Iterable[Term] = ()
    """Over what ``for all x`` may range: parameters by their names."""
    maps: Iterable[IndexMap] = ()
    sorts: Iterable[Enum] = ()
    """Enumerations whose values may be compared with each other, besides those of the variables."""


@dataclass(frozen=True)
class _Word:
    """A value, of the sort of what it is compared with; where there is no such value, a parameter or a knob."""

    text: str
    at: int


@dataclass(frozen=True)
class _Choice:
    """``if … then … else …``, as long as both branches are values whose sort is not known yet."""

    condition: Term
    then: _Part
    otherwise: _Part
    at: int


_Part: TypeAlias = "Term | _Word | _Choice"


def parse(text: str, scope: Scope) -> Term:
    """The truth value that ``text`` states. Raises `ModelError` with the column and the way to fix it."""
    reader = _Reader(text, scope)
    term = reader.truth(reader.term(0))
    if reader.next != "":
        reader.fail(f"`{reader.next}` is left over: join two conditions with `and`, `or` or `->`")
    return term


def parse_value(text: str, scope: Scope, sort: Sort, deepest: int = _DEPTH) -> Term:
    """The value of a sort that ``text`` states. Raises `ModelError` with the column and the way to fix it."""
    reader = _Reader(text, scope, deepest=deepest)
    part = reader.term(0)
    term = reader.truth(part) if isinstance(sort, Bool) else reader.as_sort(part, sort)
    if reader.next != "":
        reader.fail(f"`{reader.next}` is left over")
    if not comparable(term.sort, sort):
        reader.fail(f"`{term}` is of sort {term.sort}, where {sort} is needed")
    return term


@dataclass
class _Reader:
    text: str
    scope: Scope
    tokens: list[tuple[str, int]] = field(default_factory=list)
    position: int = 0
    depth: int = 0
    deepest: int = _DEPTH

    def __post_init__(self) -> None:
        self.variables = {str(f): f for f in self.scope.families}
        self.knobs = {f.name: f for f in self.scope.families if f.rigid and not f.over}
        self.params = {p.name: p for p in self.scope.params}
        self.quantified = {p.name: p for p in self.scope.quantified}
        self.maps = {m.name: m for m in self.scope.maps}
        at = 0
        while self.text[at:].strip():
            found = _TOKEN.match(self.text, at)
            if found is None:
                at += len(self.text[at:]) - len(self.text[at:].lstrip())
                self._fail(at, f"`{self.text[at]}` has no meaning in a term")
            assert found.lastgroup is not None
            self.tokens.append((found[found.lastgroup], found.start(found.lastgroup)))
            at = found.end()

    # --- Tokens ---------------------------------------------------------------------------------------------------------

    @property
    def next(self) -> str:
        return self.tokens[self.position][0] if self.position < len(self.tokens) else ""

    @property
    def at(self) -> int:
        return self.tokens[self.position][1] if self.position < len(self.tokens) else len(self.text)

    def take(self, *wanted: str) -> bool:
        if self.next and self.next in wanted:
            self.position += 1
            return True
        return False

    def need(self, wanted: str, after: str) -> None:
        if not self.take(wanted):
            self.fail(f"`{wanted}` is missing after {after}" + (f", before `{self.next}`" if self.next else ""))

    def fail(self, message: str) -> NoReturn:
        self._fail(self.at, message)

    def _fail(self, at: int, message: str) -> NoReturn:
        raise self._error(at, message)

    def _error(self, at: int, message: str) -> ModelError:
        return ModelError(f"`{self._around(at)}`, column {at + 1}: {message}")

    def _around(self, at: int) -> str:
        """The text, or the part of a long one that has the place."""
        first, last = max(0, at - _SHOWN), at + _SHOWN
        if len(self.text) <= 4 * _SHOWN:
            return self.text
        return "…" * (first > 0) + self.text[first:last] + "…" * (last < len(self.text))

    # --- Grammar --------------------------------------------------------------------------------------------------------

    def term(self, level: int) -> _Part:
        """Level 0: if, for all, implication. 1: or. 2: and. 3: not. 4: comparison. 5: sum. 6: the rest."""
        self.depth += 1
        if self.depth > self.deepest:
            self.fail("too deeply nested: write it as several conditions")
        part = self._levels(level)
        self.depth -= 1
        return part

    def _levels(self, level: int) -> _Part:
        start = self.at
        if level == 0:
            if self.next in ("if", "for"):
                return self._if() if self.next == "if" else self._quantifier()
            left = self.term(1)
            if self.take("->", "→"):
                return self._checked(start, lambda: implies(self.truth(left, start), self.truth(self.term(0))))
            return left
        if level in (1, 2):
            word, join = ("or", disj) if level == 1 else ("and", conj)
            parts = [self.term(level + 1)]
            while self.take(word):
                parts.append(self.term(level + 1))
            return parts[0] if len(parts) == 1 else join(*(self.truth(p, start) for p in parts))
        if level == 3:
            if self.take("not"):
                return neg(self.truth(self.term(3), start))
            return self._comparison()
        if level == 5:
            return self._sum()
        return self._atom()

    def _if(self) -> _Part:
        start = self.at
        self.take("if")
        condition = self.truth(self.term(0))
        self.need("then", "the condition of `if`")
        a = self.term(0)
        self.need("else", "the first branch of `if`")
        b = self.term(0)
        choice = _Choice(condition, a, b, start)
        sort = _sort(choice)
        return choice if sort is None else self.as_sort(choice, sort)

    def _quantifier(self) -> Term:
        self.take("for")
        kind = self.next
        if not self.take("all", "some"):
            self.fail("write `for all x: …` or `for some x: …`")
        name, at = self.next, self.at
        if name not in self.quantified:
            self._fail(at, f"there is nothing called {name!r} to range over{nearest(name, self.quantified)}")
        self.position += 1
        self.need(":", f"`for {kind} {name}`")
        before = self.params.get(name)
        self.params[name] = self.quantified[name]
        body = self.truth(self.term(0))
        if before is None:
            del self.params[name]
        else:
            self.params[name] = before
        return (forall if kind == "all" else exists)(self.quantified[name], body)

    def _comparison(self) -> _Part:
        start = self.at
        left = self.term(5)
        sign = self.next
        if self.take("=", "==", "≠", "!="):
            right = self.term(5)
            a, b = self.pair(left, right)
            same = self._checked(start, lambda: equal(a, b))
            return same if sign in ("=", "==") else neg(same)
        if self.take("<", "<=", ">", ">="):
            a, b = self.pair(left, self.term(5))
            return self._checked(
                start,
                # What is printed with > and >= is the negation of the other two.
                {"<": lambda: a < b, "<=": lambda: a <= b, ">": lambda: neg(a <= b), ">=": lambda: neg(a < b)}[sign],
            )
        if self.take("in", "∈"):
            self.need("{", f"`{sign}`")
            listed = [self.term(5)]
            while self.take(","):
                listed.append(self.term(5))
            self.need("}", "the last value")
            sort = self.common(left, *listed)
            of, *values = (self.as_sort(part, sort) for part in (left, *listed))
            return self._checked(start, lambda: disj(*(equal(of, v) for v in values)))
        return left

    def _sum(self) -> _Part:
        start = self.at
        left = self.term(6)
        while self.next in ("+", "-"):
            sign = self.next
            self.position += 1
            a, b = self.pair(left, self.term(6))
            left = self._checked(start, lambda a=a, b=b, sign=sign: a + b if sign == "+" else a - b)  # type: ignore[misc]
        return left

    def _atom(self) -> _Part:
        text, at = self.next, self.at
        if not text:
            self.fail("the text ends where a condition is expected")
        if self.take("("):
            inner = self.term(0)
            self.need(")", "the condition in brackets")
            return inner
        self.position += 1
        if text in ("true", "false"):
            return TRUE if text == "true" else FALSE
        if text == "-" and self.next.isdigit():
            text += self.next
            self.position += 1
            return const(int(text), Int(int(text), int(text)))
        if text.isdigit():
            return const(int(text), Int(int(text), int(text)))
        if not text[0].isalpha() and text[0] != "_":
            self._fail(at, f"`{text}` stands where a variable or a value is expected")
        if text in RESERVED:
            self._fail(at, f"`{text}` stands where a variable or a value is expected")
        if text in self.maps and self.take("("):
            argument = self.term(6)
            self.need(")", f"the argument of {text}")
            return self._map(self.maps[text], argument, at)
        if text in self.variables:
            return self._variable(self.variables[text], at)
        return _Word(text, at)

    def _map(self, of: IndexMap, argument: _Part, at: int) -> Term:
        return self._checked(at, lambda: of(self._instance(argument)))

    def _instance(self, part: _Part) -> Term | str:
        """An instance in brackets: a parameter, a map of one, or the name of one."""
        if isinstance(part, _Word):
            return self.params.get(part.text, part.text)
        if isinstance(part, _Choice):
            self._fail(part.at, "an instance is a parameter or a name: write two conditions instead of an `if` in brackets")
        return part

    def _variable(self, family: Family, at: int) -> Term:
        if self.take("["):
            given: list[Term | str] = []
            while True:
                given.append(self._instance(self.term(6)))
                if not self.take(","):
                    break
            self.need("]", f"the instances of {family}")
            return self._checked(at, lambda: family[tuple(given)])
        arguments = []
        for index in family.over:
            fitting = [p for p in self.params.values() if p.sort == index]
            if len(fitting) != 1:
                some = ", ".join(p.name for p in fitting) or "none"
                self._fail(
                    at,
                    f"which {index} is meant by {family}? {'There are ' + some if fitting else 'There is none here'}: write "
                    f"{family}[{', '.join(i.name[0] for i in family.over)}]",
                )
            arguments.append(fitting[0])
        return make(Op.SELECT, tuple(arguments), family.sort, family)

    # --- Sorts ----------------------------------------------------------------------------------------------------------

    def truth(self, part: _Part, at: int | None = None) -> Term:
        if not isinstance(part, Term):
            part = self._named(part)
        if not isinstance(part.sort, Bool):
            self._fail(
                self.at if at is None else at, f"`{part}` is of sort {part.sort}, not a truth value: compare it with ="
            )
        return part

    def pair(self, left: _Part, right: _Part) -> tuple[Term, Term]:
        sort = self.common(left, right)
        return self.as_sort(left, sort), self.as_sort(right, sort)

    def common(self, *parts: _Part) -> Sort:
        """The sort of the first part that has one: by itself, by its name, or by being a value of one sort only."""
        for part in parts:
            sort = _sort(part)
            if sort is not None:
                return sort
        words = [w for part in parts for w in _words(part)]
        for w in words:
            if w.text in self.params or w.text in self.knobs:
                return self._named(w).sort
        sorts = {s: None for s in (*(f.sort for f in self.scope.families), *self.scope.sorts) if isinstance(s, Enum)}
        fitting = [s for s in sorts if all(w.text in s.values for w in words)]
        # Two bare values are never compared on purpose: the first was meant to be a name.
        several = any(isinstance(part, _Choice) for part in parts)
        return fitting[0] if several and fitting else self._named(words[0]).sort

    def as_sort(self, part: _Part, sort: Sort) -> Term:
        """A value in place, of the sort that is wanted there."""
        if isinstance(part, Term):
            return part
        if isinstance(part, _Choice):
            then, otherwise = self.as_sort(part.then, sort), self.as_sort(part.otherwise, sort)
            return self._checked(part.at, lambda: ite(part.condition, then, otherwise))
        if isinstance(sort, Enum) and part.text in sort.values:
            return lift(part.text, sort)
        if part.text in self.params or part.text in self.knobs:
            return self._named(part)
        if isinstance(sort, Index | Maybe):
            index = sort.index if isinstance(sort, Maybe) else sort
            number = part.text.removeprefix(index.name)
            if part.text == NONE or (number != part.text and number.isdigit()):
                return lift(part.text, Maybe(index))
            also = f", or a parameter: {', '.join(self.params)}" if self.params else ""
            raise self._error(part.at, f"{part.text!r} is no {index}: write {index}0, {index}1, … or {NONE}{also}")
        known = [word(v) for v in sort.domain]
        raise self._error(part.at, f"{part.text!r} is no value of {sort}{nearest(part.text, known)}")

    def _named(self, part: _Word | _Choice) -> Term:
        """The parameter, or else the knob, of this name."""
        if isinstance(part, _Choice):
            named = self._named(part.then) if not isinstance(part.then, Term) else part.then
            return self.as_sort(part, named.sort)
        if part.text in self.params:
            return self.params[part.text]
        if part.text not in self.knobs:
            known = [*self.variables, *self.params, *self.knobs]
            near = nearest(part.text, known)
            if not near.startswith("; did you mean"):
                near = f"; a variable is written machine.name, such as {', '.join(list(self.variables)[-1:])}"
            self._fail(part.at, f"there is no variable or parameter {part.text!r}{near}")
        family = self.knobs[part.text]
        return make(Op.SELECT, (), family.sort, family)

    def _checked(self, at: int, build: Callable[[], Term]) -> Term:
        """What ``build`` gives; an error of the terms is one of the text at this place."""
        try:
            return build()
        except ModelError as e:
            if str(e).startswith(f"`{self.text}`, column"):
                raise
            self._fail(at, str(e))


def _words(part: _Part) -> Iterator[_Word]:
    """The values in a part whose sort is not known yet."""
    if isinstance(part, _Word):
        yield part
    elif isinstance(part, _Choice):
        yield from _words(part.then)
        yield from _words(part.otherwise)


def _sort(part: _Part) -> Sort | None:
    """The sort of a part, where something in it has one."""
    if isinstance(part, Term):
        return part.sort
    if isinstance(part, _Choice):
        return _sort(part.then) or _sort(part.otherwise)
    return None
