"""The reachable states as one Boolean function, for whoever wants to ask more about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...model.language import State, Term
from ..layout import value_of
from ..verdict import Statistics
from .encoding import Encoding
from .manager import Function


@dataclass(frozen=True, eq=False)
class SymbolicSet:
    """A set of states of a system: all reachable ones, where ``statistics.complete`` says so.

    Such a set contains the initial states and is closed under every step, so it is an inductive invariant.
    """

    encoding: Encoding
    function: Function
    """Over the bits that ``encoding.names`` lists, variable by variable."""
    statistics: Statistics
    stopped: str = ""
    """Why the exploration ended early; empty when it did not."""

    def __len__(self) -> int:
        """The exact number of states. (Python allows less than 2^63 here; `statistics.states` has no limit.)"""
        return self.count()

    def __contains__(self, state: State) -> bool:
        return bool(self.function & self.encoding.state(state) != self.encoding.manager.false)

    def count(self, where: Term | None = None) -> int:
        """How many of the states satisfy a condition; how many there are, without one."""
        states = self.function if where is None else self.function & self.encoding.truth(where)
        return self.encoding.manager.counter(self.encoding.bits)(states)

    def example(self, where: Term) -> State | None:
        """The first state, in lexicographic order of the variables' domains, that satisfies a condition; None: there is none."""
        states = self.function & self.encoding.truth(where)
        return None if states == self.encoding.manager.false else self.encoding.least(states)

    def __iter__(self) -> Iterator[State]:
        """The states, in lexicographic order of the variables' domains."""
        yield from self._from(0, (), self.function)

    def _from(self, i: int, values: State, states: Function) -> Iterator[State]:
        e = self.encoding
        if states == e.manager.false:
            return
        if i == len(e.names):
            yield values
            return
        sort = e.system.variables[i].sort
        for code in range(1 << len(e.names[i])):
            rest = e.manager.cofactor(states, {name: bool(code >> b & 1) for b, name in enumerate(e.names[i])})
            if rest != e.manager.false:
                yield from self._from(i + 1, (*values, value_of(code, sort)), rest)
