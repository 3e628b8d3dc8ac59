"""Learning: the machine that an implementation is, found by asking it, and where it differs from the model."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aalpy.base import SUL, Oracle
from aalpy.learning_algs import run_KV
from aalpy.oracles import StatePrefixEqOracle

from ...model.language import ModelError, State, Value
from .adapters import Fault
from .adapters.adapter import Subject
from .alphabet import Alphabet, Link, Stimulus
from .guide import Chart, charted
from .suite import is_plain, wp_tests

NOTHING = "cannot be done"
"""The output of an event that could not be caused."""


class NotDeterministic(Exception):
    """The implementation answered the same inputs in two ways."""

    def __init__(self, inputs: Sequence[str], one: str, other: str) -> None:
        super().__init__(f"after {', '.join(inputs)}: once {one}, once {other}")
        self.inputs, self.one, self.other = tuple(inputs), one, other


@dataclass(frozen=True)
class Difference:
    """A shortest sequence of inputs on which the implementation leaves the model."""

    steps: tuple[str, ...]
    allowed: tuple[str, ...]
    learned: str


@dataclass
class Learned:
    """The machine: from a state and an input to an output and a state. State 0 is that after a reset."""

    inputs: tuple[str, ...]
    transitions: dict[tuple[int, str], tuple[str, int]] = field(default_factory=dict)
    states: int = 0
    queries: int = 0
    steps: int = 0
    rounds: int = 0
    checked: str = ""
    """What speaks for there being no more states."""
    differences: tuple[Difference, ...] = ()
    outside: frozenset[int] = frozenset()
    """States that are reached by a difference only."""


class _System(SUL):  # type: ignore[misc]
    """The implementation as AALpy sees it."""

    def __init__(self, alphabet: Alphabet, adapter: Subject, chart: Chart) -> None:
        super().__init__()
        self.alphabet, self.adapter, self.chart = alphabet, adapter, chart
        self.by_name = {s.name: s for s in alphabet.stimuli}
        self.names = [v.name for v in chart.oracle.variables]
        self.seen: dict[tuple[str, ...], str] = {}

    def pre(self) -> None:
        self.adapter.reset()
        self.link = Link(self.adapter)
        self.memory = self.alphabet.begin(self.link)
        self.at: State = self.chart.first
        self.word: tuple[str, ...] = ()
        self.lost = ""

    def post(self) -> None:
        return

    def step(self, letter: Any) -> str:
        output = self._output(self.by_name[str(letter)])
        self.word = (*self.word, str(letter))
        before = self.seen.setdefault(self.word, output)
        if before != output:
            raise NotDeterministic(self.word, before, output)
        return output

    def _output(self, s: Stimulus) -> str:
        if self.lost:
            return self.lost
        try:
            seen = self.alphabet.perform(s, self.link, self.memory, self._views)
        except Fault as e:
            self.lost = e.kind
            return e.kind
        node = self.chart.nodes[self.at]
        if s in node.options and seen is not None:
            # Where the model would be now: what is sent may depend on it (which key set is in use).
            self.at = next((x for x, by in node.moves.items() if s in by), self.at)
        return NOTHING if seen is None else answer(s, seen.reply, seen.text)

    def _views(self) -> list[Mapping[str, Value]]:
        return [dict(zip(self.names, self.at, strict=True))]


def answer(s: Stimulus, reply: str, text: str) -> str:
    """An output: the answer, and for a question for the state also what it says."""
    if s.event == "get_state" and reply == "ok":
        code = text.rpartition("state=")[2].rstrip(")") if "state=" in text else "0"
        return f"state {code}"
    return reply


def learn(alphabet: Alphabet, adapter: Subject, *, walks: int = 25, seed: int = 0, inputs: Sequence[str] = ()) -> Learned:
    """Learn the machine over the plain inputs of the alphabet (or those given) and compare it with the model.

    Raises `NotDeterministic` when the implementation answers the same inputs in two ways.
    """
    random.seed(seed)  # AALpy's oracles draw from the module's generator
    chart = charted(alphabet, {v.name: alphabet.preferred[v.name] for v in alphabet.oracle.knobs})
    known = {s.name for s in alphabet.stimuli}
    if unknown := [x for x in inputs if x not in known]:
        raise ModelError(f"there is no stimulus {unknown[0]!r} with this adapter")
    chosen = list(inputs) or [s.name for s in alphabet.stimuli if is_plain(s)]
    system = _System(alphabet, adapter, chart)
    oracle = _ModelOracle(alphabet, chart, chosen, system, walks)
    machine, data = run_KV(chosen, system, oracle, "mealy", cex_processing="rs", return_data=True, print_level=0)
    learned = _machine(machine, chosen)
    learned.queries, learned.steps, learned.rounds = system.num_queries, system.num_steps, int(data["learning_rounds"])
    learned.checked = f"the {oracle.tests} tests of the model's suite (wp), and {walks} random walks from each state"
    learned.differences, learned.outside = compare(alphabet, chart, learned)
    return learned


class _ModelOracle(Oracle):  # type: ignore[misc]
    """Looks for inputs on which a hypothesis is wrong where the model suggests it, and at random.

    A difference between hypothesis and model is tried on the implementation first of all, so that none is reported that is not one.
    """

    def __init__(self, alphabet: Alphabet, chart: Chart, inputs: list[str], system: _System, walks: int) -> None:
        super().__init__(inputs, system)
        self._model, self._chart, self._inputs, self._system = alphabet, chart, inputs, system
        by_name = {s.name: s for s in alphabet.stimuli}
        self._suite = [[s.name for s in t] for t in wp_tests(alphabet, chart.reading, [by_name[x] for x in inputs])]
        self.tests = len(self._suite)
        self._random = StatePrefixEqOracle(inputs, system, walks_per_state=walks, walk_len=8)

    def find_cex(self, hypothesis: Any) -> tuple[str, ...] | None:
        learned = _machine(hypothesis, self._inputs)
        differences, _ = compare(self._model, self._chart, learned, limit=1000)
        for word in [*(list(d.steps) for d in differences), *self._suite]:
            found = self._wrong(learned, word)
            if found is not None:
                return found
        found = self._random.find_cex(hypothesis)
        return None if found is None else tuple(found)

    def _wrong(self, learned: Learned, word: Sequence[str]) -> tuple[str, ...] | None:
        """As much of the inputs as it takes for the implementation to answer otherwise than the hypothesis."""
        q = 0
        self._system.pre()
        for i, x in enumerate(word):
            output, q = learned.transitions[q, x]
            self._system.num_steps += 1
            if self._system.step(x) != output:
                return tuple(word[: i + 1])
        self._system.num_queries += 1
        return None


def _machine(machine: Any, inputs: Sequence[str]) -> Learned:
    numbers = {machine.initial_state: 0}
    todo = deque([machine.initial_state])
    found = Learned(tuple(inputs))
    while todo:
        state = todo.popleft()
        for x in inputs:
            to = state.transitions[x]
            if to not in numbers:
                numbers[to] = len(numbers)
                todo.append(to)
            found.transitions[numbers[state], x] = str(state.output_fun[x]), numbers[to]
    found.states = len(numbers)
    return found


def compare(
    alphabet: Alphabet, chart: Chart, learned: Learned, limit: int = 20
) -> tuple[tuple[Difference, ...], frozenset[int]]:
    """Where the machine leaves the model, shortest sequences first; what comes after a difference is not compared."""
    by_name = {s.name: s for s in alphabet.stimuli}
    names = [v.name for v in chart.oracle.variables]
    start = (0, chart.first)
    came: dict[tuple[int, State], tuple[str, ...]] = {start: ()}
    todo = deque([start])
    found: list[Difference] = []
    met: set[tuple[int, str]] = set()
    while todo:
        q, at = todo.popleft()
        node = chart.nodes[at]
        for x in learned.inputs:
            s = by_name[x]
            output, to_q = learned.transitions[q, x]
            if s not in node.options or output == NOTHING:
                continue
            options = node.options[s]
            allowed = {a.reply for a in options} or {r for r, _ in s.fixed} or {"ok"}
            if s.event == "get_state" and "ok" in allowed:
                state = str(at[names.index("tdi0.state")])
                code = ("CONFIG_UNLOCKED", "CONFIG_LOCKED", "RUN", "ERROR").index(state)
                allowed = {f"state {code}" if r == "ok" else r for r in allowed}
            granted = output if not output.startswith("state ") else "ok"
            if output not in allowed:
                if output not in s.excuses and (q, x) not in met and len(found) < limit:
                    met.add((q, x))
                    found.append(Difference((*came[q, at], x), tuple(sorted(allowed)), output))
                continue
            after = [chart.after(s, a) for a in options if a.reply == granted] or [at]
            nxt = (to_q, after[0])
            if nxt not in came and after[0] in chart.nodes:
                came[nxt] = (*came[q, at], x)
                todo.append(nxt)
    inside = {q for q, _ in came}
    return tuple(found), frozenset(range(learned.states)) - inside
