"""One run of an implementation beside the oracle: stimuli one by one, each answer judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...model.language import TRUE, Value, show
from ...model.language.terms import support
from .adapters import Fault
from .adapters.adapter import Subject
from .alphabet import RECOMMENDED, REQUIRED, Alphabet, Blame, Exchange, Link, Observation, Stimulus, Trail
from .oracle import Allowed, Belief, Possible, Reading
from .partial import known

_ENDS_OF_AN_EXCHANGE = "every request is answered, or dropped in silence"
_ENDS_OF_A_REQUEST = "every request of the user's ends, granted or refused"


@dataclass(frozen=True)
class Finding:
    """An answer that the rules do not allow, with the run that led to it."""

    kind: str
    """``answer``, ``state``, ``form``, or what an adapter calls it: crash, hang, garbage, unsolicited."""
    severity: str
    steps: tuple[str, ...]
    """The names of the stimuli, the last one being that which failed."""
    stimulus: str
    event: str
    state: str
    """In which state of the TDI or stream, as far as the model knows."""
    expected: tuple[str, ...]
    actual: str
    clauses: tuple[str, ...]
    transcript: tuple[Exchange, ...] = ()
    blame: Blame = field(default_factory=Blame)
    trail: Trail = field(default=(), repr=False, compare=False)
    """What the alphabet kept of the run, from which it can tell what is to blame."""

    @property
    def signature(self) -> tuple[str, ...]:
        """What two findings share that are the same failure."""
        return (self.kind, self.severity, self.stimulus, self.state, self.actual)

    def __str__(self) -> str:
        wanted = " or ".join(self.expected)
        return f"{self.stimulus} in {self.state}: {self.actual}" + (f", expected {wanted}" if wanted else "")


@dataclass(frozen=True)
class Step:
    """A stimulus that was applied, and how it came out."""

    stimulus: Stimulus
    before: Belief
    after: Belief
    observation: Observation | None
    finding: Finding | None = None
    advice: tuple[Finding, ...] = ()
    """What is only recommended, and was not done."""
    excused: bool = False
    """The answer is one that a device may give for reasons of its own."""


class Run:
    """A fresh instance, and the belief about it."""

    def __init__(self, alphabet: Alphabet, adapter: Subject, allowed_readings: Iterable[Reading]) -> None:
        self.alphabet = alphabet
        self.oracle = alphabet.oracle
        self.link = Link(adapter)
        adapter.reset()
        self.memory: Any = alphabet.begin(self.link)
        self.belief = self.oracle.start(allowed_readings, alphabet.first)
        self.steps: list[Stimulus] = []
        self.boundaries: list[int] = []
        """Where each step begins in the log of the link."""

    @property
    def readings(self) -> frozenset[Reading]:
        return self.oracle.readings(self.belief)

    def views(self) -> list[Mapping[str, Value]]:
        """The states in which the implementation may be, by name."""
        return [self.oracle.names(p) for p in self.belief]

    def applicable(self, s: Stimulus) -> bool:
        """Whether the model says what must come of the stimulus now, wherever the implementation may be."""
        if s.only is not TRUE and not all(known(s.only, self.oracle.names(p)) for p in self.belief):
            return False
        return s.stays or bool(s.fixed) or all(any(self.oracle.allowed(k, p) for k in s.keys) for p in self.belief)

    def apply(self, s: Stimulus) -> Step | None:
        """Apply a stimulus and judge the answer; None when it could not be applied."""
        before = self.belief
        self.boundaries.append(len(self.link.log))
        self.steps.append(s)
        try:
            seen = self.alphabet.perform(s, self.link, self.memory, self.views)
        except Fault as e:
            self.link.log.append(Exchange(s.name, f"{e.kind}: {e.detail}"))
            return Step(
                s,
                before,
                before,
                None,
                self._finding(
                    e.kind, s, (), f"{e.kind}: {e.detail}", (_ENDS_OF_A_REQUEST if s.cautious else _ENDS_OF_AN_EXCHANGE,)
                ),
            )
        if seen is None:
            self.boundaries.pop()
            self.steps.pop()
            return None
        return self._judge(s, before, seen)

    # --- Judgement --------------------------------------------------------------------------------------------------------

    def _judge(self, s: Stimulus, before: Belief, seen: Observation) -> Step:
        options = [(p, k, a) for p in before for k in s.keys for a in self.oracle.allowed(k, p)]
        advice = [
            self._finding("form", s, (), n.text, (n.clause,), RECOMMENDED) for n in seen.notes if n.severity == RECOMMENDED
        ]
        wrong = [n for n in seen.notes if n.severity == REQUIRED]
        if wrong:
            found = self._finding(
                "form", s, (), "; ".join(n.text for n in wrong), tuple(dict.fromkeys(n.clause for n in wrong))
            )
            return Step(s, before, before, seen, found, tuple(advice))
        if s.fixed:
            if seen.reply not in dict(s.fixed):
                clauses = tuple(dict.fromkeys(c for _, c in s.fixed))
                return Step(
                    s,
                    before,
                    before,
                    seen,
                    self._finding("answer", s, [r for r, _ in s.fixed], seen.text or seen.reply, clauses),
                    tuple(advice),
                )
            if s.advised and seen.reply != s.advised:
                advice.append(
                    self._finding("answer", s, (s.advised,), seen.reply, (dict(s.fixed)[seen.reply],), RECOMMENDED)
                )
            options = []
        matching = [a for _, _, a in options if a.reply == seen.reply]
        after: list[Possible] = [a.after for a in matching]
        if s.fixed:
            after += before
        elif s.stays and seen.reply == "ok":
            moved = {p for p, _, _ in options}
            after += [p for p in before if p not in moved]
        excused = False
        if not after and seen.reply in s.excuses:
            after = [p for p in before if seen.excused or known(s.alive, self.oracle.names(p)) is not False]
            excused = bool(after)
        if not after:
            expected, clauses = _expectation([a for _, _, a in options])
            return Step(
                s,
                before,
                before,
                seen,
                self._finding("answer", s, expected, seen.text or seen.reply, clauses),
                tuple(advice),
            )
        if s.lenient and seen.reply == "ok":
            advice.append(self._finding("answer", s, ("INVALID_REQUEST",), "ok", (s.lenient,), RECOMMENDED))
        if s.then and (not s.then_if_ok or seen.reply == "ok"):
            for key in s.then:
                after = [x for p in after for x in ([a.after for a in self.oracle.allowed(key, p)] or [p])]
        for key in seen.moves:
            on = [(p, a) for p in after for a in self.oracle.allowed(key, p)]
            after = [a.after for _, a in on if a.reply == "ok"]
            if not after:
                expected, clauses = _expectation([a for _, a in on])
                text = f"{seen.text}, and {key[0].removeprefix('op ')}"
                return Step(s, before, before, seen, self._finding("answer", s, expected, text, clauses), tuple(advice))
        for fact in seen.facts:
            kept = self.oracle.refine(after, fact)
            if not kept:
                names = [self.oracle.names(p) for p in after]
                gates = [v.name for v in support(fact) if v.name.startswith("gate.")]
                states = tuple(sorted({", ".join(f"{g}={x[g]}" for g in gates) if gates else _state(x) for x in names}))
                text = f"{seen.text}, and then {show(fact)}" if gates else seen.text
                clauses = tuple(dict.fromkeys(c for a in matching for c in a.clauses))
                return Step(s, before, before, seen, self._finding("state", s, states, text, clauses), tuple(advice))
            after = kept
        self.belief = self.oracle.closed(after)
        return Step(s, before, self.belief, seen, None, tuple(advice), excused)

    def _finding(
        self,
        kind: str,
        s: Stimulus,
        expected: Sequence[str],
        actual: str,
        clauses: tuple[str, ...],
        severity: str = REQUIRED,
    ) -> Finding:
        states = sorted({_state(self.oracle.names(p)) for p in self.belief})
        return Finding(
            kind, severity, tuple(x.name for x in self.steps), s.name, s.event, " or ".join(states), tuple(expected), actual, clauses,
            tuple(self.link.log), trail=tuple(getattr(self.memory, "trail", ())),
        )  # fmt: skip


def _state(names: Mapping[str, Value]) -> str:
    """What people call the state."""
    if "tdi1.state" in names:
        return f"{names['tdi0.state']} and {names['tdi1.state']}"
    guest = names.get("guest.tdi0.accepted")
    for name in ("tdi0.state", "endpoint.device0.status"):
        if name in names:
            return str(names[name]) + (f", accepted: {guest}" if guest is not None else "")
    return ", ".join(f"{k}={v}" for k, v in names.items())


def _expectation(options: Sequence[Allowed]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was allowed, each with the check that demands it, and the clauses."""
    expected = dict.fromkeys(f"{a.reply} (check: {a.check})" if a.check else a.reply for a in options)
    clauses = dict.fromkeys(c for a in options for c in a.clauses)
    return tuple(expected), tuple(clauses)
