"""Ground terms in writing: what `show` prints of them, read again over given variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .errors import ModelError
from .machine import Family
from .parse import RESERVED, Scope, parse_value
from .sorts import BOOL, Enum, Ground, Sort
from .terms import Op, Term, substitute, subterms, variable

_DEEPEST = 2_000
"""Levels of the grammar that may be open at once: such texts are written by a program."""

_NAME = re.compile(r"[A-Za-z_]\w*(\.\w+)*")


@dataclass(frozen=True)
class Written:
    """Reads terms over the variables (by name). Raises `ModelError` when two things could be meant by one name."""

    sorts: Mapping[str, Ground]
    further: tuple[Enum, ...] = ()
    """Enumerations that no variable is of, whose values are compared all the same."""
    _scope: Scope = field(init=False)
    _names: dict[Term, Term] = field(default_factory=dict, init=False)
    _read: dict[tuple[str, Sort], Term] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        values = {v for sort in (*self.sorts.values(), *self.further) if isinstance(sort, Enum) for v in sort.values}
        for name in (*self.sorts, *values):
            if not _NAME.fullmatch(name) or name in RESERVED:
                raise ModelError(
                    f"{name!r} cannot be read again in a term: a name is letters, digits and dots, and no word of the language"
                )
        both = values & self.sorts.keys()
        if both:
            raise ModelError(f"{min(both)} is a variable and a value: in writing, one cannot be told from the other")
        object.__setattr__(
            self, "_scope", Scope([_family(name, sort) for name, sort in self.sorts.items()], sorts=self.further)
        )

    def truth(self, text: str) -> Term:
        """The truth value that the text states."""
        return self.value(text, BOOL)

    def value(self, text: str, sort: Sort) -> Term:
        """The value of a sort that the text states. Raises `ModelError` with the column and the way to fix it."""
        found = self._read.get((text, sort))
        if found is None:
            term = parse_value(text, self._scope, sort, _DEEPEST)
            found = self._read[text, sort] = substitute(term, self._variables(term))
        return found

    def _variables(self, t: Term) -> dict[Term, Term]:
        """The variables of families without instances, as ground variables."""
        found = {}
        for x in subterms(t):
            if x.op is Op.SELECT:
                assert isinstance(x.data, Family)
                name = x.data.name if not x.data.machine else f"{x.data.machine}.{x.data.name}"
                found[x] = variable(name, self.sorts[name])
        return found


def enumerations(terms: Iterable[Term]) -> tuple[Enum, ...]:
    """The enumerations of the constants in the terms."""
    found = {x.sort: None for t in terms for x in subterms(t) if x.op is Op.CONST and isinstance(x.sort, Enum)}
    return tuple(s for s in found if isinstance(s, Enum))


def _family(name: str, sort: Ground) -> Family:
    """A family of one variable. A name without a dot is found where names of knobs are."""
    machine, _, last = name.rpartition(".")
    return Family(machine, last, (), sort, None, rigid=not machine)


def same(terms: Iterable[Term], others: Iterable[Term]) -> bool:
    """Whether the terms are the same, but for the order of what is joined by ``and`` or ``or``."""
    numbers: dict[object, int] = {}
    known: dict[Term, int] = {}

    def number(t: Term) -> int:
        if t not in known:
            parts = [number(a) for a in t.args]
            if t.op in (Op.AND, Op.OR):
                parts.sort()
            known[t] = numbers.setdefault((t.op, type(t.data), t.data, *parts), len(numbers))
        return known[t]

    return [number(t) for t in terms] == [number(t) for t in others]
