"""The comparison of two systems by what an observer sees of them."""

from __future__ import annotations

import numpy as np

from ...model.language import ModelError, System, conj
from ...properties.alphabets import Alphabet, Observer
from ..engine import NO_LIMITS, Limits
from ..explain.parting import Parting, missing, parting
from ..verdict import Trace, Verdict
from .comparison import Comparison, Inclusion, Parted, Turn
from .lts import SILENT, Labels, Lts, Numbers, run, states_after
from .observe import Observed, observed
from .partition import branching
from .play import Move, play
from .reference import confirmed, seen_of
from .traces import Quotient, not_included

_LOOKED_AT = 256
"""In so many states it is looked what is missing."""


class _Stopped(Exception):
    """A limit was reached; the message says which."""


def compare(
    left: System,
    right: System,
    alphabets: tuple[Alphabet, Alphabet],
    limits: Limits = NO_LIMITS,
    *,
    divergence: bool = False,
) -> Comparison:
    """Compare what the alphabets show of the systems. What a limit or Ctrl-C leaves open is UNKNOWN.

    ``divergence``: that silent steps can go on for ever is seen as well; else it is not. Every run in the result was replayed on the reference
    evaluator, and that the other system does not have the trace was checked on its states, and not on their classes.
    """
    return _Comparing((left, right), alphabets, limits, divergence).compare()


class _Comparing:
    def __init__(
        self, systems: tuple[System, System], alphabets: tuple[Alphabet, Alphabet], limits: Limits, divergence: bool
    ) -> None:
        self.systems, self.alphabets, self.limits, self.divergence = systems, alphabets, limits.begun(), divergence
        self.labels = Labels()
        self.observers = tuple(Observer.of(a, s) for a, s in zip(alphabets, systems, strict=True))
        # What is known so far.
        self.sides: list[Observed] = []
        self.inclusions = [Inclusion(of, Verdict.UNKNOWN) for of in (0, 1)]
        self.bisimilar = Verdict.UNKNOWN
        self.turns: tuple[Turn, ...] = ()
        self.classes = 0
        self.stopped = ""

    def watch(self) -> None:
        """Stop when time or memory are used up."""
        if self.limits.late:
            raise _Stopped(self.limits.out_of_time)
        if why := self.limits.out_of_memory():
            raise _Stopped(why)

    def compare(self) -> Comparison:
        """What was found, and UNKNOWN for what a limit left open."""
        try:
            self._explore()
            self._decide()
        except _Stopped as e:
            self.stopped = str(e)
        except KeyboardInterrupt:
            self.stopped = "interrupted"
        return self._result()

    def _explore(self) -> None:
        for system, observer in zip(self.systems, self.observers, strict=True):
            found = observed(system, observer, self.labels, self.limits, divergence=self.divergence, watch=self.watch)
            if found.stopped == "interrupted":
                raise KeyboardInterrupt
            if not found.stopped and found.lts.states == 1:  # the root alone
                raise ModelError(f"{system.name} has no initial state, so there is nothing to compare")
            self.sides.append(found)
            if found.stopped:
                self.stopped = f"{self.stopped}; " * bool(self.stopped) + f"{system.name}: {found.stopped}"

    def _decide(self) -> None:
        left, right = self.sides
        both = _union(left.lts, right.lts)
        partition = branching(both, self.watch)
        self.classes = len(np.unique(partition.classes))
        roots = tuple(int(partition.classes[r]) for r in (left.lts.root, left.lts.states + right.lts.root))
        same, complete = roots[0] == roots[1], not self.stopped
        if complete:
            self.bisimilar = Verdict.HOLDS if same else Verdict.VIOLATED
        quotient = Quotient(both, partition.classes)
        for of in (0, 1):
            traces = [] if same else not_included(quotient, roots[of], roots[1 - of], self.watch)
            if traces and not self.sides[1 - of].stopped:
                self.inclusions[of] = Inclusion(of, Verdict.VIOLATED, self._parted(of, traces))
            elif complete:
                self.inclusions[of] = Inclusion(of, Verdict.HOLDS)
        if complete and not same and all(i.verdict is Verdict.HOLDS for i in self.inclusions):
            moves = play((left.lts, right.lts), partition, left.lts.states, self.watch)
            self.turns = tuple(self._turn(m) for m in moves)

    def _result(self) -> Comparison:
        verdicts = {relation: i.verdict for relation, i in zip(("included", "includes"), self.inclusions, strict=True)}
        found = set(verdicts.values())
        verdicts["traces"] = next(v for v in (Verdict.VIOLATED, Verdict.UNKNOWN, Verdict.HOLDS) if v in found)
        # Systems with different traces are not bisimilar, and bisimilar ones have the same.
        verdicts["bisimilar"] = Verdict.VIOLATED if verdicts["traces"] is Verdict.VIOLATED else self.bisimilar
        each = [s.lts for s in self.sides] if len(self.sides) == 2 else []
        states, looks, silent = (
            (count(each[0]), count(each[1])) if each else (0, 0) for count in (_states, _looks, _for_ever)
        )
        return Comparison(
            self.systems, self.alphabets, verdicts, tuple(self.inclusions), self.turns, states, self.classes, looks, silent,
            self.divergence, self.stopped,
        )  # fmt: skip

    def _parted(self, of: int, traces: list[tuple[int, ...]]) -> Parted:
        """The trace with the shortest run."""
        mine, other = self.sides[of], self.sides[1 - of]
        runs: list[tuple[int, int, tuple[int, ...], list[int]]] = []
        for trace in traces:
            steps = run(mine.lts, trace)
            assert steps is not None  # the classes have the traces of the states
            runs.append((len(steps), len(runs), trace, steps))
        _, _, trace, steps = min(runs)
        stuck = states_after(other.lts, trace[:-1])
        following = other.lts.leaving(stuck)
        possible = {int(label) for label in np.unique(other.lts.label[following])} - {0}
        if trace[-1] in possible or not stuck.size:  # an internal error, never a verdict
            raise AssertionError(f"{self.systems[1 - of].name} has the trace that was found to part it from the other")
        words = [self.labels.names[n] for n in trace]
        found, seen = confirmed(self.systems[of], self.observers[of], *mine.path(steps), words)
        other_run, other_seen, followed = self._alike(1 - of, found, other, trace[:-1], words[:-1])
        instead = tuple(sorted(self.labels.names[n] for n in possible))
        inside = stuck[stuck != other.lts.root]
        return Parted(
            tuple(words), seen[0], found, seen[1:], other_run, other_seen, followed, len(inside), instead,
            self._why(1 - of, other, inside, words[-1]),
        )  # fmt: skip

    def _alike(
        self, side: int, found: Trace, other: Observed, trace: tuple[int, ...], words: list[str]
    ) -> tuple[Trace | None, tuple[str, ...], Parting | None]:
        """A run of the side that looks like ``trace``: by the same events as the run ``found``, as far as they go, or else a shortest."""
        system, observer = self.systems[side], self.observers[side]
        same = parting(found, system)
        if same.path is not None and [x for x in seen_of(system, observer, same.path)[1] if x] == words:
            followed, seen = confirmed(system, observer, same.path, (), words)
            return followed, seen[1:], same
        way = run(other.lts, trace)
        if not way:
            return None, (), None
        shortest, seen = confirmed(system, observer, *other.path(way), words)
        return shortest, seen[1:], None

    def _why(self, side: int, observed: Observed, stuck: Numbers, look: str) -> tuple[str, ...]:
        """What the steps that look so lack in the states in which the system is stuck."""
        part = observed.part
        conditions = [
            conj(a.guard, when)
            for a, number in zip(part.system.actions, part.action_of, strict=True)
            for text, when in self.observers[side].seen.get(number, ())
            if text == look
        ]
        return missing(part.system, conditions, (observed.state(int(s)) for s in stuck[:_LOOKED_AT]))

    def _turn(self, move: Move) -> Turn:
        def events(side: int, steps: tuple[int, ...]) -> tuple[str, ...]:
            numbers = [int(self.sides[side].action[s]) for s in steps]
            return tuple(self.sides[side].part.system.actions[n].label for n in numbers if n >= 0)

        answer = None if move.answer is None else events(1 - move.side, move.answer)
        return Turn(move.side, self.labels.names[move.label], events(move.side, move.steps), answer, move.detour)


def _union(left: Lts, right: Lts) -> Lts:
    """Both side by side, the right one's states numbered after the left one's."""
    n = left.states
    return Lts.of(
        n + right.states, left.root,
        np.concatenate((left.source, right.source + n)), np.concatenate((left.label, right.label)),
        np.concatenate((left.target, right.target + n)),
    )  # fmt: skip


def _states(lts: Lts) -> int:
    """How many states there are, the root aside."""
    return lts.states - 1


def _looks(lts: Lts) -> int:
    """How many different looks steps have, those from the root aside."""
    return len(np.setdiff1d(lts.label[lts.source != lts.root], [SILENT]))


def _for_ever(lts: Lts) -> int:
    """From how many states, the root aside, silent steps can go on for ever."""
    return int((lts.reaching(lts.diverging().nonzero()[0]) != lts.root).sum())
