"""Test suites from the model: sequences of stimuli that cover it, or that prove an implementation right within a fault domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product
from typing import Any

import networkx as nx

from ...model.language import ModelError, State, Value
from .adapters import Setup
from .adapters.adapter import Subject
from .alphabet import Alphabet, Link, Stimulus
from .guide import Chart, Guide, charted
from .machine import NotConforming
from .oracle import Reading
from .protocols import GUEST, alphabet_for, subject_of
from .reference import Dsm
from .run import Run

FORMAT = "tdisprove-suite/1"
KINDS = ("transitions", "pairs", "wp")


@dataclass(frozen=True)
class Suite:
    """Tests, each a sequence of stimuli from a reset, and what they are good for."""

    kind: str
    claim: str
    """What an implementation that passes has, or is."""
    tests: tuple[tuple[Stimulus, ...], ...]
    inputs: int
    states: int

    @property
    def steps(self) -> int:
        return sum(map(len, self.tests))


def suite(alphabet: Alphabet, kind: str, *, length: int = 200, extra: int = 0) -> Suite:
    """The suite of a kind. ``length``: of one test of a cover; ``extra``: states that an implementation may have more (wp)."""
    chart = charted(alphabet, {v.name: alphabet.preferred[v.name] for v in alphabet.oracle.knobs})
    if kind in ("transitions", "pairs"):
        tests = tuple(_cover(chart, kind == "pairs", length))
        what = "every pair of moves in a row" if kind == "pairs" else "every stimulus in every state"
        asked = "; after each, the state is asked for where it can be" if any(map(_is_status, alphabet.stimuli)) else ""
        if any(s.sentinel for s in alphabet.stimuli):
            asked += "; after each new way of coming to a state, what must be refused there is tried"
        return Suite(
            kind,
            f"covers {what} of the model: {len(chart.transitions)} transitions{asked}",
            tests,
            len(alphabet.stimuli),
            len(chart.nodes),
        )
    if kind == "wp":
        if alphabet.name == GUEST:
            raise ModelError(
                "a guest is not asked for what it remembers, so no suite tells its states apart: take transitions or pairs"
            )
        return _wp(alphabet, chart.reading, [s for s in alphabet.stimuli if is_plain(s)], extra)
    raise ModelError(f"there is no suite {kind!r}: it is one of {', '.join(KINDS)}")


def _cover(chart: Chart, pairs: bool, length: int) -> Iterator[tuple[Stimulus, ...]]:
    """Walks through the chart as a guide takes them, cut after ``length`` steps.

    What is done for the first time is followed by the question for the state, so that a step that leads elsewhere than it should is
    noticed at once; later it may be hidden, or be undone by the steps of the walk. Where there is no such question, each new way of coming to a
    state is followed by what must be refused there (`Guide.sentinels`).
    """
    guide = Guide(chart, pairs=pairs)
    while True:
        guide.begin()
        at, test = chart.first, list[Stimulus]()
        fresh = False
        for _ in range(length):
            s = guide.next(at)
            if s is None:
                break
            before = len(guide.done) + len(guide.pairs_done)
            options = chart.nodes[at].options[s]
            # Of several answers that are allowed, the supposed one is the first; a refusal moves nothing.
            to = next((x for x, by in chart.nodes[at].moves.items() if s in by), at) if options else at
            guide.did(at, s, to)
            new = len(guide.done) + len(guide.pairs_done) > before
            fresh = fresh or new
            test.append(s)
            before_it, at = at, to
            asks = _status(chart, at) if new else None
            follow = [asks] if asks is not None else []
            if not s.sentinel and guide.arrives(s, before_it, at):
                follow += guide.sentinels(at)
            for x in follow:
                if x is not s:
                    guide.did(at, x, at)
                    test.append(x)
        if not fresh:
            return
        yield tuple(test)


def _is_status(s: Stimulus) -> bool:
    """Whether a stimulus asks for the state, and is as it should be."""
    return s.event == "get_state" and not s.variant and s.args.get("flaw", "none") == "none"


def _status(chart: Chart, at: State) -> Stimulus | None:
    """What asks for the state and is answered there."""
    options = chart.nodes[at].options.items()
    return next((s for s, answers in options if _is_status(s) and answers and all(a.reply == "ok" for a in answers)), None)


# --- Wp ---------------------------------------------------------------------------------------------------------------


def is_plain(s: Stimulus) -> bool:
    """A stimulus that belongs to the conversation itself: nothing wrong with it, over the TSM's session or from outside."""
    a = s.args
    if s.fixed or s.variant or s.lenient or a.get("flaw", "none") != "none" or a.get("fault", "none") != "none":
        return False
    if (
        a.get("p2p_fault", "none") != "none"
        or "host" in (a.get("via"), a.get("keyed"), a.get("holder"))
        or a.get("via") == "none"
    ):
        return False
    return not (a.get("no_fw") or a.get("msix") or a.get("known") is False) and not s.event.startswith("host_")


@dataclass
class Mealy:
    """The model over some inputs as a machine: what may be answered, and where that leads."""

    first: State
    inputs: tuple[Stimulus, ...]
    answers: dict[tuple[State, Stimulus], frozenset[str]] = field(default_factory=dict)
    after: dict[tuple[State, Stimulus], State] = field(default_factory=dict)
    graph: nx.DiGraph = field(default_factory=nx.DiGraph)


def mealy(alphabet: Alphabet, reading: Mapping[str, Value], inputs: Sequence[Stimulus]) -> Mealy:
    """The machine that the chart is over these inputs; an input that makes no sense in a state is a loop that is not tried there."""
    chart = charted(alphabet, reading)
    m = Mealy(chart.first, tuple(inputs))
    todo = [chart.first]
    m.graph.add_node(chart.first)
    while todo:
        at = todo.pop()
        node = chart.nodes[at]
        for s in inputs:
            if s not in node.options:
                continue
            to = next((x for x, by in node.moves.items() if s in by), at)
            replies = frozenset(a.reply for a in node.options[s]) or frozenset(("ok",))
            m.answers[at, s] = _told(chart, s, at) or replies
            m.after[at, s] = to
            if to not in m.graph:
                todo.append(to)
            if not m.graph.has_edge(at, to):
                m.graph.add_edge(at, to, by=s)
    return m


def _told(chart: Chart, s: Stimulus, at: State) -> frozenset[str] | None:
    """What the answer to a question for the state says."""
    if s.event != "get_state" or any(a.reply != "ok" for a in chart.nodes[at].options[s]):
        return None
    names = [v.name for v in chart.oracle.variables]
    return frozenset((f"state {at[names.index('tdi0.state')]}",))


def wp_tests(
    alphabet: Alphabet, reading: Mapping[str, Value], inputs: Sequence[Stimulus], extra: int = 0
) -> tuple[tuple[Stimulus, ...], ...]:
    """The tests of a Wp suite over some inputs."""
    return _wp(alphabet, reading, inputs, extra).tests


def _wp(alphabet: Alphabet, reading: Mapping[str, Value], inputs: Sequence[Stimulus], extra: int) -> Suite:
    m = mealy(alphabet, reading, inputs)
    states = list(m.graph)
    apart = distinguishing(m)
    identify = {
        x: list(dict.fromkeys(apart[frozenset((x, y))] for y in states if frozenset((x, y)) in apart)) for x in states
    }
    everything = list(dict.fromkeys(w for ws in identify.values() for w in ws))
    reach = {x: _labels(m, path) for x, path in nx.single_source_shortest_path(m.graph, m.first).items()}
    tests: dict[tuple[Stimulus, ...], None] = {}
    middles = [w for n in range(extra + 1) for w in product(m.inputs, repeat=n)]
    for x in states:
        for middle in middles:
            end = _walk(m, x, middle)
            if end is None:
                continue
            # First that every state is there, by all sequences; then that every transition ends where it should.
            for w in everything:
                _add(tests, m, (*reach[x], *middle), end, w)
            for s in m.inputs:
                to = m.after.get((end, s))
                if to is not None:
                    for w in identify[to] or [()]:
                        _add(tests, m, (*reach[x], *middle, s), to, w)
    kept = _longest(tests)
    same = len({frozenset((x, y)) for x in states for y in states if x != y} - apart.keys())
    claim = (
        f"complete for implementations that, over these {len(m.inputs)} inputs and answering each input in each state always alike, have at "
        f"most {len(states)} + {extra} states"
        + (f"; {same} pairs of states are alike over them and count as one" if same else "")
    )
    return Suite("wp", claim, kept, len(m.inputs), len(states))


def distinguishing(m: Mealy) -> dict[frozenset[State], tuple[Stimulus, ...]]:
    """For each pair of states that can be told apart, a shortest sequence of inputs whose last answer must differ."""
    pairs = [frozenset((x, y)) for i, x in enumerate(m.graph) for y in list(m.graph)[:i]]
    found: dict[frozenset[State], tuple[Stimulus, ...]] = {}
    leads: dict[frozenset[State], list[tuple[frozenset[State], Stimulus]]] = {}
    for p in pairs:
        x, y = p
        for s in m.inputs:
            a, b = m.answers.get((x, s)), m.answers.get((y, s))
            if a is None or b is None:
                continue
            if not a & b:
                found.setdefault(p, (s,))
            else:
                to = frozenset((m.after[x, s], m.after[y, s]))
                if len(to) == 2 and to != p:
                    leads.setdefault(to, []).append((p, s))
    level = list(found)
    while level:
        below: list[frozenset[State]] = []
        for q in level:
            for p, s in leads.get(q, ()):
                if p not in found:
                    found[p] = (s, *found[q])
                    below.append(p)
        level = below
    return found


def _labels(m: Mealy, path: Sequence[State]) -> tuple[Stimulus, ...]:
    return tuple(m.graph.edges[x, y]["by"] for x, y in pairwise(path))


def _walk(m: Mealy, at: State, steps: Iterable[Stimulus]) -> State | None:
    for s in steps:
        to = m.after.get((at, s))
        if to is None:
            return None
        at = to
    return at


def _add(
    tests: dict[tuple[Stimulus, ...], None], m: Mealy, before: tuple[Stimulus, ...], at: State, w: tuple[Stimulus, ...]
) -> None:
    """The test, with as much of the sequence as makes sense from there."""
    done = list(before)
    for s in w:
        if (at, s) not in m.after:
            break
        done.append(s)
        at = m.after[at, s]
    tests[tuple(done)] = None


def _longest(tests: Iterable[tuple[Stimulus, ...]]) -> tuple[tuple[Stimulus, ...], ...]:
    """Without those that another one begins with."""
    ordered = sorted(tests, key=lambda t: [s.name for s in t])
    return tuple(t for t, after in zip(ordered, [*ordered[1:], ()], strict=True) if t and after[: len(t)] != t)


# --- Files ------------------------------------------------------------------------------------------------------------


def document(
    alphabet: Alphabet,
    found: Suite,
    protocol: str,
    setup: Setup,
    fixed: Mapping[str, Value] | None = None,
    *,
    messages: bool = True,
) -> dict[str, Any]:
    """The suite as JSON data: for each step what is sent, and which answers are allowed. ``fixed``: open points that were decided for it."""
    chart = charted(alphabet, {v.name: alphabet.preferred[v.name] for v in alphabet.oracle.knobs})
    steps: dict[str, dict[str, Any]] = {}
    tests = []
    for test in found.tests:
        at, listed = chart.first, []
        for s in test:
            options = chart.nodes[at].options[s]
            allowed = list(dict.fromkeys(a.reply for a in options)) or [r for r, _ in s.fixed] or ["ok"]
            listed.append([s.name, allowed])
            steps.setdefault(
                s.name, {"event": s.event, "args": dict(s.args), "variant": s.variant, "excuses": sorted(s.excuses)}
            )
            at = next((x for x, by in chart.nodes[at].moves.items() if s in by), at)
        tests.append(listed)
    if messages:
        for name, sent in _messages(alphabet, steps, setup).items():
            steps[name]["messages"] = sent
    return {
        "format": FORMAT, "protocol": protocol, "kind": found.kind, "claim": found.claim, "reading": chart.reading, "set": dict(fixed or {}),
        "states": found.states, "inputs": found.inputs, "stimuli": steps, "tests": tests,
    }  # fmt: skip


class _Recorder(Link):
    """Writes down what is sent."""

    def __init__(self, adapter: Subject) -> None:
        super().__init__(adapter)
        self.sent: list[dict[str, Any]] = []

    def send(self, session: Any, protocol: int, data: bytes, text: str) -> Any:
        self.sent.append({"session": session, "hex": bytes((protocol,)).hex() + data.hex(), "text": text})
        return super().send(session, protocol, data, text)

    def control(self, name: str, *args: str) -> bool:
        self.sent.append({"control": " ".join((name, *args))})
        return super().control(name, *args)


def _messages(alphabet: Alphabet, names: Iterable[str], setup: Setup) -> dict[str, list[dict[str, Any]]]:
    """An example of what is sent for each stimulus, from the emulator fresh from a reset; nonces are those of the run, not these."""
    from .adapters import InProcess

    by_name = {s.name: s for s in alphabet.stimuli}
    found = {}
    state: dict[str, Value] = {v.name: v.sort.domain[0] for v in alphabet.oracle.variables}
    state |= {k: "tsm" for k in state if k.endswith("key_session")}
    for name in names:
        link = _Recorder(InProcess(lambda: Dsm(multi_session=setup.multi_session)))
        alphabet.perform(by_name[name], link, alphabet.begin(link), lambda: [state])
        found[name] = link.sent
    return found


class Checker:
    """Runs the tests of a suite on an implementation; what it has shown of its readings is kept from test to test."""

    def __init__(self, setup: Setup, protocol: str, fixed: Mapping[str, Value] | None = None) -> None:
        self.adapter = subject_of(protocol, setup, fixed)
        self.alphabet = alphabet_for(protocol, setup, self.adapter.controls, fixed)
        self.by_name = {s.name: s for s in self.alphabet.stimuli}
        self.readings: Iterable[Reading] = [self.alphabet.oracle.open_reading]

    def check(self, steps: Iterable[str]) -> int:
        """Run a test; returns how many steps made no sense where they stood. Raises `NotConforming`."""
        run = Run(self.alphabet, self.adapter, self.readings)
        left_out = 0
        for name in steps:
            if name not in self.by_name:
                raise ModelError(f"the suite has a stimulus {name!r} that the controls of this implementation do not reach")
            s = self.by_name[name]
            step = run.apply(s) if run.applicable(s) else None
            if step is None:
                left_out += 1
            elif step.finding is not None:
                raise NotConforming(step.finding)
        self.readings = run.readings
        return left_out


PYTEST = '''"""A conformance suite, written by tdisprove: {claim}."""

import json
from pathlib import Path

import pytest
from tdisprove.explore.conformance import Setup
from tdisprove.explore.conformance.suite import Checker

SUITE = json.loads(Path(__file__).with_name({name!r}).read_text())
SETUP = {setup!r}


@pytest.fixture(scope="module")
def checker():
    found = Checker(SETUP, SUITE["protocol"], SUITE["set"])
    yield found
    found.adapter.close()


@pytest.mark.parametrize("number", range(len(SUITE["tests"])))
def test_it_does_as_it_may(checker, number):
    left_out = checker.check([name for name, _ in SUITE["tests"][number]])
    if left_out:
        pytest.skip(f"{{left_out}} step(s) make no sense under this reading of the specification")
'''
