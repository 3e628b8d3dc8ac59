"""Symbolic exploration: breadth first, a level at a time, each level one Boolean function (the onion's rings).

The rings make depths and traces shortest: a violation is looked for in every new ring, and a run to it leads from ring
to ring. Of the shortest runs the one is shown that is found by going back from the least state in which the obligation
fails, each time by the first action that leads there, from the least state: so both back ends show the same.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ...model.language import TRUE, Action, ModelError, State, System
from ...properties.compile import Obligation
from ..engine import Limits, Progress
from ..evaluate import successor
from ..explicit import resident_memory
from ..layout import code_of
from ..verdict import Statistics
from .encoding import Encoding
from .manager import Function, OutOfNodesError
from .relation import Relation

_PROGRESS_EVERY = 0.5
"""Seconds."""


@dataclass(frozen=True)
class Violation:
    """Where an obligation fails: in the states of a ring, or in a step by ``action`` from them."""

    ring: int
    states: Function
    action: int | None = None

    @property
    def depth(self) -> int:
        return self.ring if self.action is None else self.ring + 1


@dataclass
class Search:
    """One exploration. What it has found so far is sound at any moment, so an interruption may come at any."""

    system: System
    obligations: Sequence[Obligation]
    limits: Limits
    backend: str | None = None
    stop_early: bool = False

    stopped: str = ""
    """Why the exploration ended before all states were visited; empty if it did not."""
    covered: int = 0
    """All runs of at most so many steps were judged."""
    rings: list[Function] = field(default_factory=list)
    """The states at each distance from an initial one; the last may be empty, or found in part."""
    expanded: int = 0
    """So many rings have been expanded in full."""
    violations: dict[int, Violation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.start = time.perf_counter()
        self.reported = self.start
        self._came_from: dict[tuple[int, State], tuple[int, State]] = {}
        self.encoding: Encoding
        self.relation: Relation

    # --- the search ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Visit all states, or as many as the limits allow."""
        try:
            self._run()
        except KeyboardInterrupt:
            self.stopped = "interrupted"
        except OutOfNodesError:
            self.stopped = "the memory for decision diagrams was used up"

    def _run(self) -> None:
        limit = self.limits.memory
        self.encoding = e = Encoding(self.system, self.backend, memory=limit and max(limit - resident_memory(), 1 << 20))
        self.relation = Relation(e)
        m = e.manager
        self.bad_states = {k: ~e.truth(o.state) for k, o in enumerate(self.obligations) if o.state is not TRUE}
        self.bad_steps = {
            k: m.any(self.relation.guards[i] & ~e.truth(law) for i, law in o.steps.items())
            for k, o in enumerate(self.obligations)
            if o.steps
        }
        self.reached = ring = e.initial
        self.rings.append(ring)
        self._judge_states(0)
        while ring != m.false and not self._watch(ring):
            self.covered = len(self.rings) - 1
            if self.covered == self.limits.depth:
                self.stopped = f"the depth limit {self.limits.depth} was reached"
                return
            self._judge_steps(ring)
            ring = self._next(ring)

    def _next(self, ring: Function) -> Function:
        """The ring around a ring, which is judged."""
        m = self.encoding.manager
        found = m.any(part.image(m, ring) for part in self.relation.parts)
        ring = found & ~self.reached
        self.reached |= ring
        self.rings.append(ring)
        self.expanded += 1
        self._judge_states(len(self.rings) - 1)
        return ring

    def _judge_states(self, number: int) -> None:
        false = self.encoding.manager.false
        for k, bad in self.bad_states.items():
            if k not in self.violations and (broken := self.rings[number] & bad) != false:
                self.violations[k] = Violation(number, broken)

    def _judge_steps(self, ring: Function) -> None:
        """Judge the steps from the last ring."""
        false = self.encoding.manager.false
        if ring & self.relation.escape != false:
            self._escaped(ring)
        for k, bad in self.bad_steps.items():
            if k not in self.violations and ring & bad != false:
                for i, law in sorted(self.obligations[k].steps.items()):
                    broken = ring & self.relation.guards[i] & ~self.encoding.truth(law)
                    if broken != false:
                        self.violations[k] = Violation(len(self.rings) - 1, broken, i)
                        break

    def _escaped(self, ring: Function) -> None:
        """An update leaves its variable's domain: raises the `ModelError` that says so."""
        for i, outside in self.relation.escapes:
            here = ring & outside
            if here != self.encoding.manager.false:
                successor(self.system, self.system.actions[i], self.encoding.least(here))
        raise AssertionError("the evaluator sees no update leave its domain where the diagrams do")

    def _watch(self, ring: Function) -> bool:
        """Report progress, and say whether to stop: at a limit, or when there is nothing left to decide."""
        now = time.perf_counter()
        limits = self.limits
        if self.stop_early and self.obligations and len(self.violations) == len(self.obligations):
            self.stopped = "every property was decided"
        elif limits.states is not None and self.count(self.reached) > limits.states:
            self.stopped = f"the state limit {limits.states} was reached"
        elif limits.seconds is not None and now - self.start > limits.seconds:
            self.stopped = f"the time limit of {limits.seconds:g} s was reached"
        elif limits.memory is not None and resident_memory() > limits.memory:
            self.stopped = f"the memory limit of {limits.memory:,} bytes was reached"
        if limits.progress is not None and now - self.reported > _PROGRESS_EVERY:
            self.reported = now
            limits.progress(Progress(self.count(self.reached), self.count(ring), len(self.rings) - 1, now - self.start))
        return bool(self.stopped)

    # --- what was found -----------------------------------------------------------------------------------------

    def count(self, states: Function) -> int:
        """The exact number of states."""
        return self.encoding.manager.counter(self.encoding.bits)(states)

    @property
    def depth(self) -> int:
        """The greatest distance of a state from an initial one."""
        false = self.encoding.manager.false
        return max((i for i, ring in enumerate(self.rings) if ring != false), default=0)

    def path(self, v: Violation) -> tuple[State, tuple[int, ...]]:
        """From an initial state to the violation: the state, and the numbers of the actions."""
        state = self.encoding.least(v.states)
        numbers = [] if v.action is None else [v.action]
        for number in range(v.ring, 0, -1):
            action, state = self._before(number, state)
            numbers.append(action)
        return state, tuple(reversed(numbers))

    def _before(self, number: int, state: State) -> tuple[int, State]:
        """An action and a state of the ring before from which it leads to a state of the ring ``number``."""
        key = number, state
        if key not in self._came_from:
            e = self.encoding
            codes = {i: code_of(x, v.sort) for i, (v, x) in enumerate(zip(self.system.variables, state, strict=True))}
            for i, a in enumerate(self.system.actions):
                if any(value.op.value == "const" and value.value != state[self.system.index[t.name]] for t, value in a.updates):
                    continue
                before = self._preimage(number - 1, i, a, codes)
                if before != e.manager.false:
                    self._came_from[key] = i, e.least(before)
                    break
            else:
                raise AssertionError("a state of a ring is reached from no state of the ring before it")
        return self._came_from[key]

    def _preimage(self, number: int, i: int, a: Action, codes: dict[int, int]) -> Function:
        """The states of a ring from which the action leads to the state with these codes."""
        e, m = self.encoding, self.encoding.manager
        changed = {self.system.index[t.name] for t, _ in a.updates}
        states = e.codes({v: code for v, code in codes.items() if v not in changed}) & self.relation.guards[i]
        if states != m.false:
            states &= self.rings[number]
        for target, value in a.updates:
            v = self.system.index[target.name]
            if value.op.value != "const":
                for b, bit in enumerate(e.code(value, v)):
                    states &= bit if codes[v] >> b & 1 else ~bit
        return states

    @cached_property
    def statistics(self) -> Statistics:
        """What was seen. Of an exploration that was stopped, steps are counted from the states that were expanded."""
        m, r = self.encoding.manager, self.relation
        m.reordering(False)
        left = m.any(self.rings[self.expanded :])
        seen = self.reached & ~left
        count = m.counter(self.encoding.bits)
        transitions, fired = 0, set()
        number_of: dict[Function, int] = {}
        for i, guard in enumerate(r.guards):
            if guard not in number_of:
                number_of[guard] = count(seen & guard)
            if number_of[guard]:
                transitions += number_of[guard]
                fired.add(i)
        return Statistics(
            count(self.reached), transitions, self.depth, not self.stopped, frozenset(fired), count(seen & ~r.enabled),
            time.perf_counter() - self.start,
        )  # fmt: skip
