"""A term for each action of a system, where most actions have the same one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..model.language import Term


@dataclass(frozen=True, eq=False)
class PerAction:
    """``others[i]`` for the actions ``i`` that are named, in ascending order, and ``rest`` for all others."""

    rest: Term
    others: dict[int, Term] = field(default_factory=dict)

    @classmethod
    def of(cls, rest: Term, terms: Iterable[tuple[int, Term]]) -> PerAction:
        """Those that have the same term as the rest need not be named."""
        return cls(rest, {i: t for i, t in sorted(terms, key=lambda x: x[0]) if t is not rest})

    def __getitem__(self, action: int) -> Term:
        return self.others.get(action, self.rest)


def pointwise(function: Callable[..., Term], *parts: PerAction) -> PerAction:
    """The function of the terms that each action has in the parts."""
    named = {i for p in parts for i in p.others}
    return PerAction.of(function(*(p.rest for p in parts)), ((i, function(*(p[i] for p in parts))) for i in named))
