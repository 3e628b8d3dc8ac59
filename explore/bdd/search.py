"""Symbolic exploration: which states are reachable, which obligations fail, and how far that is.

First the reachable states are found in whatever order is cheapest (see `closure`), and every obligation is judged on all
of them at once. Then, for what fails, the states are gone through once more breadth first, each level one Boolean
function (the onion's rings), until every obligation that fails has failed in a ring: that is the shortest depth, and a
shortest run leads to it from ring to ring. Of the shortest runs the one is shown that is found by going back from the least
state in which the obligation fails, each time by the first action that leads there, from the least state: so both back
ends show the same.

With a limit of states or of depth there are only the rings, since what was covered is to be said in steps.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ...model.language import TRUE, Action, Op, State, System, Value
from ...properties.compile import Obligation
from ..engine import Limits, Progress
from ..evaluate import successor
from ..layout import code_of
from ..memory import resident_memory
from ..verdict import Statistics
from .closure import Closure
from .encoding import Encoding
from .manager import Function, OutOfNodesError
from .relation import Relation

_PROGRESS_EVERY = 0.5
"""Seconds."""

_CHEAP = 3_000_000
"""Nodes of rings, times the parts of the transition relation, beyond which rings are not followed for the depth alone."""

_SHARE = 0.6
"""Of a limit of time, what may be spent before the rings: when that does not suffice, they still cover something."""

_INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Violation:
    """Where an obligation fails: in the states of a ring, or in a step by ``action`` from them."""

    ring: int
    states: Function
    action: int | None = None

    @property
    def depth(self) -> int:
        """The length of a run to it."""
        return self.ring if self.action is None else self.ring + 1


@dataclass
class Search:
    """One exploration. What it has found so far is sound at any moment, so an interruption may come at any.

    ``depth``: whether to find out the greatest distance of a state from an initial one, whatever it costs (None: where it
    costs little).
    """

    system: System
    obligations: Sequence[Obligation]
    limits: Limits
    backend: str | None = None
    stop_early: bool = False
    depth: bool | None = None

    stopped: str = ""
    """Why the exploration ended early; empty if it did not."""
    covered: int = 0
    """All runs of at most so many steps were judged."""
    closed: bool = False
    """Whether ``reached`` has all reachable states."""
    rings: list[Function] = field(default_factory=list)
    """The states at each distance from an initial one; the last may be empty."""
    expanded: int = 0
    """So many rings have been expanded."""
    failing: set[int] = field(default_factory=set)
    """The obligations that are known to fail."""
    violations: dict[int, Violation] = field(default_factory=dict)
    """Their shortest failures."""

    def __post_init__(self) -> None:
        self.start = time.perf_counter()
        self.limits = self.limits.begun()
        self._seconds = self.limits.left
        self._reported = self.start
        self._spent = 0
        self._came_from: dict[tuple[int, State], tuple[int, State]] = {}
        self.encoding: Encoding
        self.relation: Relation
        self.reached: Function
        memory = self.limits.memory
        self.encoding = Encoding(self.system, self.backend, memory=memory and max(memory - resident_memory(), 1 << 20))
        self._false = self.encoding.manager.false
        self.reached = self._false

    # --- the search ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Visit all states, or as many as the limits allow."""
        try:
            with self.encoding.manager.bounded():
                self._prepare()
                if self.limits.states is None and self.limits.depth is None and not self.stop_early:
                    self._close()
                self._follow_rings()
        except KeyboardInterrupt:
            self.stopped = _INTERRUPTED
        except OutOfNodesError:
            self.stopped = "the memory for decision diagrams was used up"
            self.encoding.manager.unbound()

    def close(self) -> None:
        """Find all reachable states, or as many as the limits of time and memory allow, and nothing of runs and depths.

        Raises `ModelError` when an update leaves its variable's domain in one of them.
        """
        try:
            with self.encoding.manager.bounded():
                self._prepare()
                self._close(share=1.0)
                if self.reached & self.relation.escape != self._false:
                    self._escaped(self.reached)
        except KeyboardInterrupt:
            self.stopped = _INTERRUPTED
        except OutOfNodesError:
            self.stopped = "the memory for decision diagrams was used up"
            self.encoding.manager.unbound()
        if not self.closed and not self.stopped:
            self.stopped = self.limits.out_of_time

    def breaking(self, k: int) -> Function:
        """Of the states that were found, those in which obligation ``k`` fails, or from which a step breaks it."""
        found = (bad[k] for bad in (self._bad_states, self._bad_steps) if k in bad)
        return self.reached & self.encoding.manager.any(found)

    def _prepare(self) -> None:
        self.relation = r = Relation(self.encoding)
        e, m = self.encoding, self.encoding.manager
        self._bad_states = {k: ~e.truth(o.state) for k, o in enumerate(self.obligations) if o.state is not TRUE}
        self._bad_steps = {
            k: m.any(r.guards[i] & ~e.truth(law) for i, law in o.steps.items())
            for k, o in enumerate(self.obligations)
            if o.steps
        }

    def _close(self, share: float = _SHARE) -> None:
        """Find all reachable states, and which obligations fail on them."""
        closure = Closure(self.relation)
        try:
            self.closed = closure.run(lambda states: self._out_of_time(states, share))
        finally:
            self.reached = closure.states  # those that were found, also when it is interrupted
        if not self.closed:
            return
        for bad in (self._bad_states, self._bad_steps):
            self.failing.update(k for k, states in bad.items() if self.reached & states != self._false)

    def _out_of_time(self, states: Function, share: float) -> bool:
        """Whether the states must be found by rings instead."""
        now = time.perf_counter()
        self._report(now, states, self._false, 0)
        self._watch_memory()
        return bool(self.stopped) or (self._seconds is not None and now - self.start > share * self._seconds)

    def _follow_rings(self) -> None:
        """From the initial states outwards: to the end, or for what is known to fail until it has."""
        if self.stopped:
            return
        m = self.encoding.manager
        seen = ring = self.encoding.initial
        self.rings.append(ring)
        if not self.closed:
            self.reached = seen
        self._judge_states()
        while ring != self._false:
            if self._done(ring) or self._limited(seen, ring):
                return
            self.covered = len(self.rings) - 1
            if self.covered == self.limits.depth:
                self.stopped = f"the depth limit {self.limits.depth} was reached"
                return
            self._judge_steps(ring)
            ring = m.any(part.image(m, ring) for part in self.relation.parts) & ~seen
            seen |= ring
            self.rings.append(ring)
            self.expanded += 1
            if not self.closed:
                self.reached = seen
            self._judge_states()
        if self.closed and seen != self.reached:
            raise AssertionError(f"{self.system.name}: breadth first other states are reachable than by saturation")
        self.closed = True

    def _done(self, ring: Function) -> bool:
        """Whether nothing that is wanted is left to find."""
        if self.stop_early and self.obligations and len(self.violations) == len(self.obligations):
            self.stopped = "every property was decided"
            return True
        if not self.closed or self.failing - self.violations.keys() or self.reached & self.relation.escape != self._false:
            return False
        self._spent += self.encoding.manager.size(ring) * len(self.relation.parts)
        return not self.depth and (self.depth is False or self._spent > _CHEAP)

    def _judge_states(self) -> None:
        """Judge the states of the last ring."""
        for k, bad in self._bad_states.items():
            if k not in self.violations and (broken := self.rings[-1] & bad) != self._false:
                self.violations[k] = Violation(len(self.rings) - 1, broken)

    def _judge_steps(self, ring: Function) -> None:
        """Judge the steps from the last ring."""
        if ring & self.relation.escape != self._false:
            self._escaped(ring)
        for k, bad in self._bad_steps.items():
            if k not in self.violations and ring & bad != self._false:
                for i, law in sorted(self.obligations[k].steps.items()):
                    broken = ring & self.relation.guards[i] & ~self.encoding.truth(law)
                    if broken != self._false:
                        self.violations[k] = Violation(len(self.rings) - 1, broken, i)
                        break

    def _escaped(self, ring: Function) -> None:
        """An update leaves its variable's domain: raises the `ModelError` that says so."""
        for i, outside in self.relation.escapes:
            here = ring & outside
            if here != self._false:
                successor(self.system, self.system.actions[i], self.encoding.least(here))
        raise AssertionError("the evaluator sees no update leave its domain where the diagrams do")

    def _limited(self, seen: Function, ring: Function) -> bool:
        """Report progress, and say whether to stop at a limit."""
        now = time.perf_counter()
        limits = self.limits
        if limits.states is not None and self.count(seen) > limits.states:
            self.stopped = f"the state limit {limits.states} was reached"
        elif limits.late:
            self.stopped = limits.out_of_time
        self._watch_memory()
        self._report(now, seen, ring, len(self.rings) - 1)
        return bool(self.stopped)

    def _watch_memory(self) -> None:
        self.stopped = self.limits.out_of_memory() or self.stopped

    def _report(self, now: float, states: Function, frontier: Function, depth: int) -> None:
        if self.limits.progress is not None and now - self._reported > _PROGRESS_EVERY:
            self._reported = now
            e = self.encoding
            found, at = (e.manager.estimate(f, e.bits) for f in (states, frontier))
            self.limits.progress(Progress(found, at, depth, now - self.start))

    # --- what was found -----------------------------------------------------------------------------------------

    @property
    def interrupted(self) -> bool:
        """Whether somebody stopped it from the keyboard."""
        return self.stopped == _INTERRUPTED

    def count(self, states: Function) -> int:
        """The exact number of states."""
        return self.encoding.manager.counter(self.encoding.bits)(states)

    @property
    def greatest(self) -> int:
        """The greatest distance of a state from an initial one, as far as rings were followed."""
        return max((i for i, ring in enumerate(self.rings) if ring != self._false), default=0)

    @property
    def to_the_end(self) -> bool:
        """Whether rings were followed until there was none."""
        return bool(self.rings) and self.rings[-1] == self._false

    def path(self, v: Violation) -> tuple[State, tuple[int, ...]]:
        """From an initial state to the violation: the state, and the numbers of the actions."""
        state = self.encoding.least(v.states)
        numbers = [] if v.action is None else [v.action]
        for number in range(v.ring, 0, -1):
            action, state = self._before(number, state)
            numbers.append(action)
        return state, tuple(reversed(numbers))

    def _before(self, number: int, state: State) -> tuple[int, State]:
        """An action and a state of the ring before, from which it leads to this state of the ring ``number``."""
        key = number, state
        if key not in self._came_from:
            e = self.encoding
            for i, a in enumerate(self.system.actions):
                if a.updates and all(u.op is not Op.CONST or u.value == self._value(state, t.name) for t, u in a.updates):
                    states = self._leading(i, a, state) & self.rings[number - 1]
                    if states != self._false:
                        self._came_from[key] = i, e.least(states)
                        break
            else:
                raise AssertionError("a state of a ring is reached from no state of the ring before it")
        return self._came_from[key]

    def _value(self, state: State, name: str) -> Value:
        return state[self.system.index[name]]

    def _leading(self, i: int, a: Action, state: State) -> Function:
        """From where the action leads to the state."""
        e = self.encoding
        codes: Mapping[int, int] = {
            j: code_of(x, v.sort) for j, (v, x) in enumerate(zip(self.system.variables, state, strict=True))
        }
        changed = {self.system.index[t.name] for t, _ in a.updates}
        states = e.codes({j: code for j, code in codes.items() if j not in changed}) & self.relation.guards[i]
        for target, value in a.updates:
            if states != self._false and value.op is not Op.CONST:
                j = self.system.index[target.name]
                for b, bit in enumerate(e.code(value, j)):
                    states &= bit if codes[j] >> b & 1 else ~bit
        return states

    @cached_property
    def statistics(self) -> Statistics:
        """What was seen. Where not all states were reached, steps are counted from those of the rings that were expanded."""
        m, e = self.encoding.manager, self.encoding
        count = m.counter(e.bits)
        transitions, fired, deadlocks = 0, set(), 0
        seen = self.reached if self.closed else m.any(self.rings[: self.expanded])
        if seen != self._false:
            number_of: dict[Function, int] = {}
            for i, guard in enumerate(self.relation.guards):
                if guard not in number_of:
                    number_of[guard] = count(seen & guard)
                if number_of[guard]:
                    transitions += number_of[guard]
                    fired.add(i)
            deadlocks = count(seen & ~self.relation.enabled)
        return Statistics(
            count(self.reached), transitions, self.greatest, self.closed, frozenset(fired), deadlocks,
            time.perf_counter() - self.start, m.backend, depth_exact=self.to_the_end or not self.closed,
        )  # fmt: skip
