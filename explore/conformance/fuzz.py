"""Fuzzing: an implementation is led through the model, every answer is judged, every fault is shrunk and told apart."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...model.language import State, Value
from .adapters.adapter import Subject
from .alphabet import REQUIRED, Alphabet, Stimulus
from .guide import PAIRS, Coverage, Guide, charted
from .oracle import Reading
from .partial import known
from .run import Finding, Run, Step

_PLAIN_LENGTH = 50
"""Steps of a run without guidance, as long as those of Hypothesis."""

_PATIENCE = 50
"""So often a move may be refused for reasons of the implementation's own before it is given up."""


@dataclass(frozen=True)
class Budget:
    """What a campaign may use. ``faults``: end after so many different ones."""

    steps: int = 200_000
    seconds: float | None = None
    faults: int = 20
    failures: int = 400
    """End after so many failures of known faults."""
    progress: Callable[[int, Coverage | None, int], None] | None = None
    """Called now and then with the steps, and the faults so far."""


@dataclass
class Fault:
    """Failures that look alike: the shortest run that shows one, and how often it was met."""

    finding: Finding
    times: int = 1
    first_at: int = 0
    """After how many steps of the campaign it was first met."""
    under: str = ""
    """A reading that the implementation had settled before, without which the run alone proves nothing."""


@dataclass
class Campaign:
    """What came of it."""

    guided: bool
    pairs: bool = True
    """Whether pairs of moves were gone for."""
    steps: int = 0
    resets: int = 0
    seconds: float = 0.0
    faults: dict[tuple[str, ...], Fault] = field(default_factory=dict)
    advice: dict[tuple[str, ...], Fault] = field(default_factory=dict)
    excused: dict[tuple[str, str], int] = field(default_factory=dict)
    """Stimulus and answer -> how often the device gave a reason of its own where it could have granted, or refused, for a rule's."""
    skipped: dict[str, int] = field(default_factory=dict)
    """Stimuli that could not be applied."""
    coverage: Coverage = field(default_factory=Coverage)
    readings: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    """For each open point that mattered, the values under which all answers are allowed."""
    stopped: str = ""
    """Why it ended before everything was covered; empty when it did not."""

    def layers(self) -> dict[str, tuple[int, int]]:
        """What was covered of what there is, in the layers that were gone for."""
        found = self.coverage.layers()
        return found if self.pairs else {k: v for k, v in found.items() if k != PAIRS}

    @property
    def conforms(self) -> bool:
        return not self.faults


def fault_key(f: Finding) -> tuple[str, ...]:
    """What failures of one fault have in common: event, state, what was expected, what came."""
    actual = f.actual if f.kind not in ("crash", "garbage") else f.kind
    return (f.kind, f.severity, f.event, f.state, actual, *f.expected)


def fuzz(
    alphabet: Alphabet,
    adapter: Subject,
    budget: Budget | None = None,
    *,
    guided: bool = True,
    seed: int = 0,
    pairs: bool = True,
) -> Campaign:
    """Drive an implementation and judge all its answers. An interruption (Ctrl-C) keeps what was found."""
    return _Campaign(alphabet, adapter, budget or Budget(), guided, seed, pairs).run()


class _Campaign:
    def __init__(self, alphabet: Alphabet, adapter: Subject, budget: Budget, guided: bool, seed: int, pairs: bool) -> None:
        self.alphabet, self.adapter, self.budget, self.guided = alphabet, adapter, budget, guided
        self.random = random.Random(seed)
        self.result = Campaign(guided, pairs)
        self.initially: Collection[Reading] = [alphabet.oracle.open_reading]
        self.readings: Collection[Reading] = self.initially
        self.chart = charted(alphabet, self._preferred())
        self.guide = Guide(self.chart, pairs=pairs)
        self.pairs = pairs
        self.failures = 0
        self.queue: list[Stimulus] = []
        self.queue_at: State | None = None
        self.fresh = False
        """Something was done for the first time since the implementation was last asked for its state."""
        self.start = time.monotonic()
        self.places: list[State | None] = []
        self.refusals: dict[tuple[State, Stimulus], int] = {}
        self.by_event: dict[str, list[Stimulus]] = {}
        for s in alphabet.stimuli:
            self.by_event.setdefault(s.event, []).append(s)

    def run(self) -> Campaign:
        try:
            self._run()
        except KeyboardInterrupt:
            self.result.stopped = "interrupted"
        r = self.result
        r.seconds = time.monotonic() - self.start
        r.coverage = self.guide.coverage()
        r.readings = self._left()
        return r

    # --- The loop ---------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._spent():
            run = self._fresh()
            if not self._one(run):
                return

    def _fresh(self) -> Run:
        run = Run(self.alphabet, self.adapter, self.readings)
        self.result.resets += 1
        self.guide.begin()
        self.queue.clear()
        self.places = []
        return run

    def _spent(self) -> bool:
        b, r = self.budget, self.result
        if r.steps >= b.steps:
            r.stopped = f"the budget of {b.steps} steps is spent"
        elif b.seconds is not None and time.monotonic() - self.start > b.seconds:
            r.stopped = f"the budget of {b.seconds:g} s is spent"
        elif len(r.faults) >= b.faults:
            r.stopped = f"{len(r.faults)} different faults were found"
        elif self.failures >= b.failures:
            r.stopped = f"{self.failures} failures were met"
        return bool(r.stopped)

    def _one(self, run: Run) -> bool:
        """One instance, to its end. False: there is nothing left to do."""
        while not self._spent():
            at = self.guide.at(run.belief)
            s = self._choose(run, at)
            if s is None:
                return bool(run.steps) if self.guided else True
            self.places.append(at)
            self.guide.suppose(at, s)
            step = run.apply(s)
            if step is None:
                self.places.pop()
                self.result.skipped[s.name] = self.result.skipped.get(s.name, 0) + 1
                if at is not None:
                    self.guide.give_up(at, s)
                continue
            self._count(step)
            if step.finding is not None:
                self._failed(run, step.finding, at, s)
                return True
            if at is not None and step.excused and self.guide.moves(at, s) and self._refused_for_itself(at, s, step):
                return True
            if at is not None:
                self.fresh = self.fresh or (at, s) not in self.guide.done
                to = self.guide.at(run.belief)
                self._went_elsewhere(at, s, to)
                self.guide.did(at, s, to)
                if to is not None and not s.sentinel and not self.queue and self.guide.arrives(s, at, to):
                    self.queue, self.queue_at = self.guide.sentinels(to), to
            self._narrow(run)
        return True

    def _went_elsewhere(self, at: State, s: Stimulus, to: State | None) -> None:
        """The implementation did more than it was asked for, as it may: that it would move as the chart has it is given up in the end."""
        expected = {x for x, by in self.guide.chart.nodes[at].moves.items() if s in by}
        if not s.cautious or not expected or to in expected:
            return
        self.refusals[at, s] = self.refusals.get((at, s), 0) + 1
        if self.refusals[at, s] >= _PATIENCE:
            self.guide.give_up(at, s)
            self.guide.declined.add((at, s))

    def _untried(self, at: State, s: Stimulus) -> bool:
        return (at, s) not in self.guide.done and (at, s) not in self.refusals

    def _refused_for_itself(self, at: State, s: Stimulus, step: Step) -> bool:
        """The implementation has a reason of its own not to move; whether a fresh one may have none."""
        self.refusals[at, s] = self.refusals.get((at, s), 0) + 1
        if self.refusals[at, s] >= _PATIENCE:
            self.guide.give_up(at, s)
            if s.cautious:
                self.guide.declined.add((at, s))
        return step.observation is not None and step.observation.excused

    def _choose(self, run: Run, at: State | None) -> Stimulus | None:
        if self.guided:
            if self.queue:
                if at == self.queue_at:
                    return self.queue.pop(0)
                self.queue.clear()
            s = self.guide.next(at) if at is not None else None
            if at is not None and s is not None and self._untried(at, s) and self.guide.moves(at, s):
                # Right before a request is granted, those of its kind that are refused: they must not have changed anything.
                # (One that may do more than refuse is not sent again: it could lead away each time.)
                before = [x for x in self.guide.refused_like(at, s) if not x.cautious or (at, x) not in self.guide.done]
                self.queue, self.queue_at = [*before, s], at
                return self.queue.pop(0)
            if at is not None and not (self.fresh and s is not None and self.guide.moves(at, s)):
                return s
            # Where the implementation is not known to be in one place, asking for its state tells; and before it leaves a state in
            # which something new was done, lest the move hides that it was not there.
            probe = self._probe(run)
            if probe is not None and (not run.steps or run.steps[-1] is not probe):
                self.fresh = False
                return probe
            return s if at is not None else self._any(run)
        if len(run.steps) >= _PLAIN_LENGTH:
            return None
        return self._any(run)

    def _probe(self, run: Run) -> Stimulus | None:
        """A plain question for the state over a session that lives."""
        for s in self.by_event.get("get_state", ()):
            if s.variant or s.args.get("flaw") != "none" or not run.applicable(s):
                continue
            if all(known(s.alive, run.oracle.names(p)) is True for p in run.belief):
                return s
        return None

    def _any(self, run: Run) -> Stimulus | None:
        for _ in range(50):
            s = self.random.choice(self.by_event[self.random.choice(list(self.by_event))])
            if run.applicable(s):
                return s
        return None

    def _count(self, step: Step) -> None:
        r = self.result
        r.steps += 1
        if step.excused and step.observation is not None:
            key = step.stimulus.name, step.observation.reply
            r.excused[key] = r.excused.get(key, 0) + 1
        for f in step.advice:
            r.advice.setdefault(fault_key(f), Fault(f, 0, r.steps)).times += 1
        if self.budget.progress is not None and r.steps % 500 == 0:
            self.budget.progress(r.steps, self.guide.coverage() if self.guided else None, len(r.faults))

    # --- Readings ---------------------------------------------------------------------------------------------------------

    def _narrow(self, run: Run) -> None:
        """Keep the readings that the answers leave; if the one that guides is not among them, take another."""
        found = run.readings
        if found == self.readings:
            return
        self.readings = found
        knobs = self.alphabet.oracle.knobs
        reading = self.chart.reading
        if any(all(x is None or reading.get(v.name, x) == x for v, x in zip(knobs, r, strict=True)) for r in found):
            return
        old = self.guide
        self.chart = charted(self.alphabet, self._preferred())
        self.guide = Guide(self.chart, pairs=self.pairs)
        self.guide.avoid |= old.avoid & self.chart.transitions
        for at, s in old.done | old.avoid:
            if at in self.guide.open:
                self.guide.open[at].pop(s, None)
        self.guide.done |= old.done & self.chart.transitions
        self.guide.visited |= old.visited & self.chart.nodes.keys()

    def _preferred(self) -> dict[str, Value]:
        """The usual reading, as far as the answers allow it."""
        knobs = self.alphabet.oracle.knobs
        usual = {v.name: self.alphabet.preferred[v.name] for v in knobs}
        best = min(
            self.readings,
            key=lambda r: (sum(x is not None and usual[v.name] != x for v, x in zip(knobs, r, strict=True)), str(r)),
        )
        return usual | {v.name: x for v, x in zip(knobs, best, strict=True) if x is not None}

    def _left(self) -> dict[str, tuple[Value, ...]]:
        found = {}
        for i, v in enumerate(self.alphabet.oracle.knobs):
            values = {r[i] for r in self.readings}
            if None not in values:
                found[v.name] = tuple(x for x in v.sort.domain if x in values)
        return found

    # --- Faults -----------------------------------------------------------------------------------------------------------

    def _failed(self, run: Run, finding: Finding, at: State | None, s: Stimulus) -> None:
        self.failures += 1
        key = fault_key(finding)
        met = self.result.faults.get(key)
        if at is not None:
            self.guide.give_up(at, s)
            self.guide.done.add((at, s))
        if met is not None:
            met.times += 1
            return
        steps = run.steps
        short, under = self._shrunk(steps, finding)
        short = replace(short, blame=self.alphabet.blame(short.trail))
        fault = self.result.faults.setdefault(fault_key(short), Fault(short, 0, self.result.steps, under))
        fault.times += 1
        self.result.faults.setdefault(key, fault) if key == fault_key(short) else None
        self._avoid_cause(short)

    def _shrunk(self, steps: Sequence[Stimulus], finding: Finding) -> tuple[Finding, str]:
        places = [*self.places]
        for allowed, under in ((self.initially, ""), (self.readings, self._settled())):
            for k in _tails(len(steps)):
                start = places[-k]
                way = self.chart.way_to(start) if start in self.chart.nodes else None
                if way is None:
                    continue
                found = self._again([*(x for _, x, _ in way), *steps[-k:]], finding, allowed)
                if found is not None:
                    return self._minimal(found, finding, allowed), under
            found = self._again(steps, finding, allowed)
            if found is not None:
                return self._minimal(found, finding, allowed), under
        return finding, "it did not come again: the implementation is not deterministic, or a time-out decides"

    def _settled(self) -> str:
        left = self._left()
        return ", ".join(f"{k}={'|'.join(str(x).lower() for x in v)}" for k, v in left.items() if len(v) < 2)

    def _again(self, steps: Iterable[Stimulus], like: Finding, allowed: Collection[Reading]) -> Finding | None:
        """The same failure by these steps; those that make no sense where they stand are left out."""
        run = Run(self.alphabet, self.adapter, allowed)
        for s in steps:
            if not run.applicable(s):
                continue
            step = run.apply(s)
            if step is not None and step.finding is not None:
                same = (step.finding.kind, step.finding.event, step.finding.severity) == (
                    like.kind,
                    like.event,
                    like.severity,
                )
                return step.finding if same else None
        return None

    def _minimal(self, found: Finding, like: Finding, allowed: Collection[Reading]) -> Finding:
        """No step of it can be left out."""
        by_name = {s.name: s for s in self.alphabet.stimuli}
        size = max(1, (len(found.steps) - 1) // 2)
        while size:
            i = 0
            while i < len(found.steps) - 1:
                steps = [by_name[n] for n in (*found.steps[:i], *found.steps[i + size :])]
                less = self._again(steps, like, allowed) if steps else None
                if less is not None and len(less.steps) < len(found.steps):
                    found = less
                else:
                    i += size
            size //= 2
        return found

    def _avoid_cause(self, f: Finding) -> None:
        """Do not run into the same fault again: avoid the step that failed, or the one that went wrong unseen before it."""
        by_name = {s.name: s for s in self.alphabet.stimuli}
        at = self.chart.first
        passed: list[tuple[State, Stimulus, bool]] = []
        for name in f.steps:
            s = by_name[name]
            node = self.chart.nodes.get(at)
            if node is None or s not in node.options:
                return
            to = next((x for x, by in node.moves.items() if s in by), at)
            passed.append((at, s, to != at))
            at = to
        where, last, _ = passed[-1]
        self.guide.give_up(where, last)
        direct = self.chart.way_to(where)
        if direct is not None and len(direct) == len(passed) - 1:
            return
        for state, s, moves in passed[:-1]:
            if not moves:
                self.guide.give_up(state, s)


def _tails(n: int) -> Iterable[int]:
    k = 1
    while k < n:
        yield k
        k *= 2
    if n:
        yield n


__all__ = ["REQUIRED", "Budget", "Campaign", "Fault", "fault_key", "fuzz"]
