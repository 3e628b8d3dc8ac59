"""Equivalence: what an observer can tell apart, against oracles that share no code with it, and the thread's claim about who runs a TDI."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise, product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import naive
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from random_systems import EVENTS, conditions, systems
from tdisprove.cli import main
from tdisprove.explore import Limits, Verdict, check
from tdisprove.explore.engine import NO_LIMITS
from tdisprove.explore.equivalence import Chosen, Comparison, Side, compare, compare_over
from tdisprove.explore.equivalence.lts import SILENT, Labels, Lts, run, states_after
from tdisprove.explore.equivalence.observe import observed
from tdisprove.explore.equivalence.partition import branching
from tdisprove.explore.equivalence.play import play
from tdisprove.explore.equivalence.traces import Quotient, not_included
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import FALSE, ModelError, System, Term
from tdisprove.model.language.mutate import DropUpdate, mutated
from tdisprove.model.world import ASPECTS
from tdisprove.properties.alphabets import ALPHABETS, Alphabet, Observer, Seen, Shown
from tdisprove.properties.refinements import REFINEMENTS
from tdisprove.properties.steps import Step
from tdisprove.reports.refinement import last_step

HOLDS, VIOLATED, UNKNOWN = Verdict.HOLDS, Verdict.VIOLATED, Verdict.UNKNOWN

# --- The oracles: definitions, read word for word ------------------------------------------------------------------------

Edges = dict[Any, list[tuple[Any, Any]]]
"""State -> label (None: silent) and target of each step."""


def closed(edges: Edges, states: Iterable[Any]) -> frozenset[Any]:
    inside = set(states)
    todo = list(inside)
    while todo:
        for label, t in edges[todo.pop()]:
            if label is None and t not in inside:
                inside.add(t)
                todo.append(t)
    return frozenset(inside)


def stepped(edges: Edges, states: frozenset[Any], label: Any) -> frozenset[Any]:
    return closed(edges, (t for s in states for mine, t in edges[s] if mine == label))


def has_trace(edges: Edges, root: Any, trace: Sequence[Any]) -> bool:
    now = closed(edges, [root])
    for label in trace:
        now = stepped(edges, now, label)
    return bool(now)


def shortest_apart(one: Edges, other: Edges, roots: tuple[Any, Any]) -> int | None:
    """The length of a shortest trace of ``one`` that ``other`` has not, with both determinised."""
    level = {(closed(one, [roots[0]]), closed(other, [roots[1]]))}
    seen = set(level)
    length = 0
    while level:
        length += 1
        following = set()
        for a, b in level:
            for label in {x for s in a for x, _ in one[s] if x is not None}:
                pair = (stepped(one, a, label), stepped(other, b, label))
                if not pair[1]:
                    return length
                following.add(pair)
        level = following - seen
        seen |= level
    return None


def bisimilar(edges: Edges) -> set[tuple[Any, Any]]:
    """The greatest branching bisimulation, by throwing out pairs until none is wrong."""
    pairs = set(product(edges, repeat=2))

    def matched(s: Any, t: Any) -> bool:
        for label, s2 in edges[s]:
            if label is None and (s2, t) in pairs:
                continue
            if not any(
                (s, t1) in pairs and x == label and (s2, t2) in pairs for t1 in closed(edges, [t]) for x, t2 in edges[t1]
            ):
                return False
        return True

    while True:
        wrong = {(s, t) for s, t in pairs if not matched(s, t) or not matched(t, s)}
        if not wrong:
            return pairs
        pairs -= wrong


# --- Transition systems drawn at random ----------------------------------------------------------------------------------


@st.composite
def transition_systems(draw: DrawFn, most: int = 6) -> Lts:
    n = draw(st.integers(1, most))
    numbers = st.integers(0, n - 1)
    steps = draw(st.lists(st.tuples(numbers, st.sampled_from((SILENT, SILENT, 1, 2)), numbers), max_size=3 * n))
    source, label, target = (np.array([s[i] for s in steps], np.int64) for i in range(3))
    return Lts.of(n, draw(numbers), source, label, target)


@st.composite
def pairs_of_them(draw: DrawFn) -> tuple[Lts, Lts]:
    """Two, of which the second is often nearly the first."""
    one = draw(transition_systems())
    if draw(st.integers(0, 3)) == 0:
        return one, draw(transition_systems())
    rows = np.column_stack([one.source, one.label, one.target])
    kept = np.array([draw(st.integers(0, 5)) > 0 for _ in rows], bool)
    rows = rows[kept]
    extra = draw(st.lists(st.tuples(*(st.integers(0, one.states - 1),) * 2), max_size=2))
    silent = np.array([(a, SILENT, b) for a, b in extra], np.int64).reshape(-1, 3)
    rows = np.concatenate([rows, silent])
    return one, Lts.of(one.states, one.root, rows[:, 0], rows[:, 1], rows[:, 2])


def side_by_side(one: Lts, two: Lts) -> Lts:
    n = one.states
    return Lts.of(
        n + two.states, one.root, np.concatenate([one.source, two.source + n]), np.concatenate([one.label, two.label]),
        np.concatenate([one.target, two.target + n]),
    )  # fmt: skip


def plain(lts: Lts) -> Edges:
    edges: Edges = {s: [] for s in range(lts.states)}
    for a, label, b in zip(lts.source.tolist(), lts.label.tolist(), lts.target.tolist(), strict=True):
        edges[a].append((label or None, b))
    return edges


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(pairs_of_them())
def test_classes_are_the_greatest_branching_bisimulation(pair: tuple[Lts, Lts]) -> None:
    both = side_by_side(*pair)
    classes = branching(both).classes
    same = {(s, t) for s, t in product(range(both.states), repeat=2) if classes[s] == classes[t]}
    assert same == bisimilar(plain(both))


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(pairs_of_them())
def test_inclusion_is_decided_with_a_shortest_trace_and_a_shortest_run(pair: tuple[Lts, Lts]) -> None:
    one, two = pair
    both = side_by_side(one, two)
    classes = branching(both).classes
    found = not_included(Quotient(both, classes), int(classes[one.root]), int(classes[one.states + two.root]))
    expected = shortest_apart(plain(one), plain(two), (one.root, two.root))
    assert (len(found[0]) if found else None) == expected
    for trace in found:
        assert len(trace) == expected
        assert has_trace(plain(one), one.root, trace)
        assert not has_trace(plain(two), two.root, trace)
        steps = run(one, trace)
        assert steps is not None
        assert [int(one.label[s]) for s in steps if one.label[s]] == list(trace)
        assert int(one.source[steps[0]]) == one.root
        assert all(one.target[a] == one.source[b] for a, b in pairwise(steps))
        assert run(two, trace) is None
        assert states_after(two, trace[:-1]).size
        assert not states_after(two, trace).size


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(pairs_of_them())
def test_a_play_is_won_by_moves_that_exist_between_states_that_are_not_bisimilar(pair: tuple[Lts, Lts]) -> None:
    both = side_by_side(*pair)
    n = pair[0].states
    partition = branching(both)
    if partition.classes[pair[0].root] == partition.classes[n + pair[1].root]:
        return
    same = bisimilar(plain(both))
    at = [pair[0].root, pair[1].root]

    def walked(side: int, steps: Sequence[int]) -> list[int]:
        """The labels of the steps, which must be some from where the side is; the side is then where they lead."""
        for s in steps:
            assert int(pair[side].source[s]) == at[side]
            at[side] = int(pair[side].target[s])
        return [int(pair[side].label[s]) for s in steps]

    moves = play(pair, partition, n)
    for move in moves:
        assert (at[0], n + at[1]) not in same
        before = list(at)
        labels = walked(move.side, move.steps)
        assert labels == [SILENT] * (len(labels) - 1) + [move.label]
        other = 1 - move.side
        if move.answer is None:
            edges, start = plain(pair[other]), at[other]
            assert move.label != SILENT
            assert not stepped(edges, closed(edges, [start]), move.label)
        elif move.detour:
            at[move.side] = before[move.side]
            walked(move.side, move.steps[:-1])
            assert set(walked(other, move.answer)) == {SILENT}
        else:
            answered = [label for label in walked(other, move.answer) if label]
            assert answered == [label for label in labels if label]
    assert moves[-1].answer is None


# --- Systems drawn at random ---------------------------------------------------------------------------------------------


@dataclass
class Case:
    left: System
    right: System
    alphabets: tuple[Alphabet, Alphabet]
    shows: tuple[Mapping[str, Term], Mapping[str, Term]]
    events: tuple[str, ...]


@st.composite
def cases(draw: DrawFn) -> Case:
    """Two systems, of which the second is often nearly the first, and what is seen: some events, some conditions."""
    left = draw(systems(3))
    if draw(st.integers(0, 3)):
        actions = list(left.actions)
        i = draw(st.integers(0, len(actions) - 1))
        guard = draw(conditions(left.variables, 1))
        changed = draw(st.sampled_from(["same", "dropped", "restricted", "renamed"]))
        if changed == "dropped":
            del actions[i]
        elif changed == "restricted":
            actions[i] = replace(actions[i], guard=actions[i].guard & guard)
        elif changed == "renamed":
            actions[i] = replace(actions[i], event="a", args=())
        right = replace(left, name="other", actions=tuple(actions))
    else:
        right = draw(systems(3))
    events = tuple(e.name for e in EVENTS if draw(st.booleans()))
    names = [f"p{i}" for i in range(draw(st.integers(0, 2)))]
    shows = tuple({n: draw(conditions(s.variables, 1)) for n in names} for s in (left, right))
    if right.variables == left.variables and draw(st.booleans()):
        shows = (shows[0], shows[0])
    alphabets = tuple(
        Alphabet(
            "drawn", "", "", tuple(Seen(Step(e, {}, None)) for e in EVENTS if e.name in events and not e.params)
            + tuple(Seen(Step(replace(e, params=()), {}, None)) for e in EVENTS if e.name in events and e.params),
            tuple(Shown(n, t) for n, t in mine.items()),
        )
        for mine in shows
    )  # fmt: skip
    return Case(left, right, (alphabets[0], alphabets[1]), (shows[0], shows[1]), events)


def observed_naively(system: System, case: Case, side: int, divergence: bool) -> tuple[Edges, Any]:
    """All reachable steps of the whole system with their looks, by the naive reading of terms."""
    names = [v.name for v in system.variables]

    def look(before: Mapping[str, Any] | None, after: Mapping[str, Any], seen: str) -> str | None:
        parts = [seen] if seen else []
        for name, t in case.shows[side].items():
            value = naive.value(t, after)
            if before is None or value != naive.value(t, before):
                parts.append(f"{name}: {str(value).lower()}")
        return ", ".join(parts) or None

    edges: Edges = {"root": []}
    todo = []
    for values in product(*(v.sort.domain for v in system.variables)):
        state = dict(zip(names, values, strict=True))
        if naive.value(system.init, state):
            edges["root"].append((look(None, state, ""), values))
            todo.append(values)
    while todo:
        values = todo.pop()
        if values in edges:
            continue
        edges[values] = []
        state = dict(zip(names, values, strict=True))
        for a in system.actions:
            if naive.value(a.guard, state):
                after = {**state, **{str(t.data): naive.value(u, state) for t, u in a.updates}}
                edges[values].append((look(state, after, a.label if a.event in case.events else ""), tuple(after.values())))
                todo.append(tuple(after.values()))
    if divergence:
        for s in list(edges):
            if any(s in closed(edges, [t]) for label, t in edges[s] if label is None):
                edges[s].append(("(silence for ever)", s))
    return edges, "root"


@settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
@given(cases(), st.booleans())
def test_systems_are_compared_as_the_definitions_say(case: Case, divergence: bool) -> None:
    found = compare(case.left, case.right, case.alphabets, divergence=divergence)
    sides = (case.left, case.right)
    edges = [observed_naively(s, case, i, divergence) for i, s in enumerate(sides)]
    for i in (0, 1):
        (mine, root), (other, other_root) = edges[i], edges[1 - i]
        expected = shortest_apart(mine, other, (root, other_root))
        inclusion = found.inclusions[i]
        assert inclusion.verdict is (HOLDS if expected is None else VIOLATED)
        if expected is not None:
            assert inclusion.parted is not None
            assert len(inclusion.parted.trace) == expected
            assert has_trace(mine, root, inclusion.parted.trace)
            assert not has_trace(other, other_root, inclusion.parted.trace)
            shown = [s for s in (inclusion.parted.begins, *inclusion.parted.seen) if s]
            assert tuple(shown) == inclusion.parted.trace
    both: Edges = {(i, s): [(x, (i, t)) for x, t in steps] for i, (e, _) in enumerate(edges) for s, steps in e.items()}
    if len(both) <= 40:
        same = ((0, "root"), (1, "root")) in bisimilar(both)
        assert found.verdicts["bisimilar"] is (HOLDS if same else VIOLATED)
    if found.verdicts["bisimilar"] is HOLDS:
        assert found.verdicts["traces"] is HOLDS
    elif found.verdicts["traces"] is HOLDS:
        assert found.turns
        assert found.turns[-1].answer is None


# --- The flows -----------------------------------------------------------------------------------------------------------

HOST_RUN, GUEST_RUN = "sev-tio-host-run", "sev-tio-guest-run"
WITH_TDISP = [f.name for f in FLOWS.values() if "responder" in f.aspects]


def compared(
    left: str, right: str, *items: str, changed: Mapping[str, Any] | None = None, limits: Limits = NO_LIMITS, **how: bool
) -> Comparison:
    sides = Side.of(left), Side.of(right)
    systems = sides[0].system(None, changed), sides[1].system(None, changed)
    shown = sides[0].alphabet(items, systems[0]), sides[1].alphabet(items, systems[1])
    return compare(*systems, shown, limits, **how)


def verdicts(c: Comparison) -> str:
    """Inclusion, the other inclusion, trace equality, bisimulation."""
    return "".join({HOLDS: "=", VIOLATED: "x", UNKNOWN: "?"}[v] for v in c.verdicts.values())


def never_seen(system: System, alphabet: Alphabet, trace: Sequence[str]) -> tuple[bool, bool]:
    """Whether the whole system has the trace, and whether it has all of it but the last: by stepping through sets of its states."""
    position = {v.name: i for i, v in enumerate(system.variables)}

    def function(t: Term) -> Any:
        return eval(f"lambda s: {naive.source(t, position)}")

    observer = Observer.of(alphabet, system)
    actions = [
        (
            function(a.guard),
            [(position[str(t.data)], function(u)) for t, u in a.updates],
            [(look, function(when)) for look, when in observer.seen.get(i, ())],
        )
        for i, a in enumerate(system.actions)
    ]
    shown = [(name, function(t)) for name, t in observer.shown]

    def word(value: Any) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    edges: Edges = {}

    def expand(s: tuple[Any, ...]) -> None:
        edges[s] = []
        for guard, updates, seen in actions:
            if guard(s):
                after = list(s)
                for at, new in updates:
                    after[at] = new(s)
                parts = sorted({look for look, when in seen if when(s)})
                parts += [f"{name}: {word(f(after))}" for name, f in shown if f(after) != f(s)]
                edges[s].append((", ".join(parts) or None, tuple(after)))

    def silently(states: Iterable[Any]) -> set[Any]:
        inside, todo = set(states), list(states)
        while todo:
            s = todo.pop()
            if s not in edges:
                expand(s)
            for label, t in edges[s]:
                if label is None and t not in inside:
                    inside.add(t)
                    todo.append(t)
        return inside

    now = silently(naive.initially(system))
    if shown:
        now = {s for s in now if ", ".join(f"{n}: {word(f(s))}" for n, f in shown) == trace[0]}
        trace = trace[1:]
    for label in trace[:-1]:
        now = silently([t for s in now for x, t in edges[s] if x == label])
    return any(x == trace[-1] for s in now for x, _ in edges[s]), bool(now)


@pytest.mark.parametrize("items", [("effects",), ("service",), ("contract",), ("guest",), ("gates", "mmio:FAULT")], ids=str)
def test_a_trace_that_parts_the_flows_is_one_of_the_one_and_none_of_the_other(items: tuple[str, ...]) -> None:
    c = compared(HOST_RUN, GUEST_RUN, *items)
    found = [i for i in c.inclusions if i.parted is not None]
    assert found
    for i in found:
        assert i.parted is not None
        assert never_seen(c.systems[i.of], c.alphabets[i.of], i.parted.trace) == (True, True)
        assert never_seen(c.systems[1 - i.of], c.alphabets[1 - i.of], i.parted.trace) == (False, True)


def test_host_run_and_guest_run_part_where_a_stale_acceptance_opens_the_gate() -> None:
    c = compared(HOST_RUN, GUEST_RUN, "effects")
    assert verdicts(c) == "=xxx"
    assert (c.states, c.classes, c.looks) == ((2208, 2976), 2, (2, 4))
    parted = c.inclusions[1].parted
    assert parted is not None
    assert parted.trace == ("DMA of tdi0 reaches tvm0, NOT accepted",)
    assert [a.event for a in parted.run.actions] == [
        "device_connect", "ide_enable", "tdi_bind", "tdi_info", "tdi_unbind", "verify", "tdi_accept", "tdi_bind", "tdi_bind_run",
        "sdte_write", "dma",
    ]  # fmt: skip
    assert parted.followed is not None
    assert parted.followed.step == 6
    assert parted.why == ("gate.tdi0.dma = tvm0, but gate.tdi0.dma = none",)


def test_the_classes_of_the_flows_are_a_branching_bisimulation() -> None:
    labels, sides = Labels(), []
    for name in (HOST_RUN, GUEST_RUN):
        side = Side.of(name)
        system = side.system(None, {"host": "honest"})
        observer = Observer.of(side.alphabet(["host"], system), system)
        sides.append(observed(system, observer, labels, NO_LIMITS).lts)
    both = side_by_side(*sides)
    classes = branching(both).classes.tolist()
    assert 2 < len(set(classes)) < len(classes)
    edges = plain(both)
    # What can be done after silent steps within the class is the same for all states of a class.
    able: dict[int, set[tuple[Any, int]]] = {}
    for s in edges:
        inside, todo, mine = {s}, [s], set()
        while todo:
            for label, t in edges[todo.pop()]:
                if label is not None or classes[t] != classes[s]:
                    mine.add((label, classes[t]))
                elif t not in inside:
                    inside.add(t)
                    todo.append(t)
        assert able.setdefault(classes[s], mine) == mine


def rows() -> dict[str, str]:
    """The claim's table: for which settings of host, epoch_bind and tsm_consent (of both flows) the relations hold."""
    sides = Side.of(HOST_RUN), Side.of(GUEST_RUN)
    knobs = [Chosen.of(k, sides) for k in ("host", "epoch_bind", "tsm_consent")]
    found = {}
    for items in (("effects",), ("link",), ("tdi",), ("acceptance", "effects"), ("acceptance", "link"), ("host",)):
        s = compare_over(sides, items, knobs)
        cells = []
        for relation in ("traces", "bisimilar"):
            if len(s.having(relation, HOLDS)) == len(s.verdicts):
                cells.append("always")
            else:
                cells.append(" or ".join(f"`{s.words(b)}`" for b in s.blocks(relation)) or "never")
        found[" ".join(items)] = f"| `{' '.join(items)}` | {cells[0]} | {cells[1]} |"
    return found


def test_the_claim_of_the_thread_is_decided_as_the_page_says() -> None:
    page = (Path(__file__).parent.parent / "docs" / "equivalence.md").read_text(encoding="utf-8").splitlines()
    found = rows()
    for line in found.values():
        assert line in page, line
    assert found["effects"].count("`host = honest` or `tsm_consent = true` or `epoch_bind = tsm`") == 2


def test_only_the_guest_runs_own_knobs_decide_and_peer_to_peer_does_not() -> None:
    sides = Side.of(HOST_RUN), Side.of(GUEST_RUN)
    knobs = [
        Chosen.of(k, sides) for k in ("p2p", "left:epoch_bind", "left:tsm_consent", "right:epoch_bind", "right:tsm_consent")
    ]
    s = compare_over(sides, ("effects",), knobs)
    for relation in ("traces", "bisimilar"):
        assert sorted(map(s.words, s.blocks(relation))) == ["right:epoch_bind = tsm", "right:tsm_consent = true"]
    assert len(s.having("included", HOLDS)) == 32


def test_by_their_effects_the_flows_are_of_two_kinds() -> None:
    kinds = {name: verdicts(compared(HOST_RUN, name, "effects")) for name in WITH_TDISP}
    assert [n for n, v in kinds.items() if v == "===="] == [HOST_RUN, "cove-io", "tdx-connect", "arm-cca", "arm-cca-rsi"]
    assert {n for n, v in kinds.items() if v == "=xxx"} == {GUEST_RUN, "linux-tsm", "hyperv"}
    assert all(verdicts(compared(GUEST_RUN, n, "effects")) == "====" for n in ("linux-tsm", "hyperv"))


def test_no_two_vendors_offer_the_same_contract() -> None:
    kinds = [HOST_RUN, GUEST_RUN, "cove-io", "tdx-connect", "arm-cca", "arm-cca-rsi"]
    for one, other in combinations(kinds, 2):
        assert compared(one, other, "contract").verdicts["traces"] is VIOLATED
    assert all(verdicts(compared(GUEST_RUN, n, "contract")) == "====" for n in ("linux-tsm", "hyperv"))


def test_traces_can_be_the_same_of_systems_that_are_not_bisimilar() -> None:
    c = compared(HOST_RUN, GUEST_RUN, "host")
    assert verdicts(c) == "===x"
    assert (c.classes, [t.seen for t in c.turns if t.seen]) == (
        288, ["device_connect(device0)", "tdi_bind(tdi0, tvm0)", "tdi_unbind(tdi0)", "tdi_bind(tdi0, tvm0)", "tdi_bind_run(tdi0)"],
    )  # fmt: skip
    assert c.turns[-1].answer is None


def test_a_flow_in_one_aspect_is_compared_with_itself_in_another() -> None:
    for flow in ("cove-io", HOST_RUN):
        assert verdicts(compared(f"{flow}@lifecycle", f"{flow}@proxy", "tdi")) == "===x"
        assert verdicts(compared(f"{flow}@lifecycle", f"{flow}@proxy", "effects")) == "=xxx"


def test_scenarios_and_system_files_are_compared_like_flows() -> None:
    examples = Path(__file__).parent.parent / "examples"
    assert verdicts(compared(str(examples / "relay-run.toml"), "tdx-connect", "effects")) == "x=xx"
    commit = str(examples / "two_phase_commit.py")
    assert verdicts(compared(commit, commit, "tm", "rm0.state")) == "===="
    with pytest.raises(ModelError, match="nothing to observe is called 'effects' in two"):
        compared(commit, commit, "effects")


def test_a_limit_leaves_open_what_it_leaves_open() -> None:
    assert verdicts(compared(HOST_RUN, GUEST_RUN, "effects", limits=Limits(states=50))) == "????"
    assert verdicts(compared(HOST_RUN, GUEST_RUN, "effects", limits=Limits(seconds=0))) == "????"
    # The first is explored to its end, and of the second enough to find what the first does not have.
    assert verdicts(compared(HOST_RUN, GUEST_RUN, "effects", limits=Limits(states=2500))) == "?xxx"


def test_what_was_found_before_an_interruption_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    module = sys.modules[compare.__module__]
    monkeypatch.setattr(module, "play", interrupted)
    c = compared(HOST_RUN, GUEST_RUN, "host")
    assert (verdicts(c), c.stopped, c.turns) == ("===x", "interrupted", ())
    monkeypatch.setattr(module, "not_included", interrupted)
    c = compared(HOST_RUN, GUEST_RUN, "effects")
    assert (verdicts(c), c.stopped) == ("???x", "interrupted")


def test_systems_without_a_beginning_are_not_compared() -> None:
    system = FLOWS["ide-only"].system()
    nothing = replace(system, init=FALSE)
    shown = Side.of("ide-only").alphabet(["effects"], system)
    for pair in ((nothing, nothing), (nothing, system), (system, nothing)):
        with pytest.raises(ModelError, match="has no initial state, so there is nothing to compare"):
            compare(*pair, (shown, shown))


def test_that_silence_goes_on_for_ever_is_seen_if_asked_for() -> None:
    c = compared("ide-only", "ide-only", "mmio", divergence=True)
    assert verdicts(c) == "===="
    assert c.looks == (1, 1)
    assert compared("ide-only", "ide-only", "mmio").looks == (0, 0)


# --- Alphabets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alphabet", ALPHABETS, ids=lambda a: f"{a.name}-{a.aspect}")
def test_an_alphabet_says_what_it_shows_and_shows_something(alphabet: Alphabet) -> None:
    assert alphabet.says.endswith(".")
    seen = set()
    for f in FLOWS.values():
        if alphabet.aspect in f.aspects:
            system = f.system(aspect=alphabet.aspect, check=False)
            observer = Observer.of(alphabet, system)
            assert not any("{" in x for looks in observer.seen.values() for x, _ in looks)
            assert not any("{" in x for x, _ in observer.shown)
            seen |= {i for i, looks in observer.seen.items() if looks}
            seen |= {name for name, _ in observer.shown}
    assert seen
    assert (alphabet.aspect, alphabet.name) in {(a.aspect, a.name) for a in ALPHABETS}


def test_every_aspect_has_effects_and_names_are_not_used_twice() -> None:
    names = [(a.aspect, a.name) for a in ALPHABETS]
    assert len(set(names)) == len(names)
    assert {a for a, name in names if name == "effects"} == set(ASPECTS)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (("gatee",), "nothing to observe is called 'gatee' in the aspect lifecycle; did you mean gates"),
        (("mmio:FALT",), "the event mmio has no reply 'FALT' here: it has FAULT, REJECTED, ok, refused"),
    ],
)
def test_what_cannot_be_observed_is_refused_in_one_line(items: tuple[str, ...], words: str) -> None:
    with pytest.raises(ModelError) as e:
        compared("cove-io", "cove-io", *items)
    assert words in str(e.value)
    assert "\n" not in str(e.value)


def test_parties_events_replies_and_variables_can_be_observed() -> None:
    for items in (("guest",), ("mmio",), ("mmio:FAULT",), ("mmio:refused",), ("gate.dma",), ("gate.tdi0.dma", "tdi0.state")):
        assert verdicts(compared("cove-io", "cove-io", *items)) == "===="


# --- Refinements ---------------------------------------------------------------------------------------------------------


def refined(flow: str, name: str, topology: Mapping[str, int] | None = None, **changed: Any) -> str:
    asked = REFINEMENTS[name]
    system = FLOWS[flow].system(topology, changed, aspect=asked.aspect, check=False)
    (r,) = check(system, [asked.property])
    return f"{r.verdict.value}@{r.depth}" if r.trace else r.verdict.value


@pytest.mark.parametrize("flow", WITH_TDISP)
def test_the_responders_tdi_refines_that_of_the_lifecycle(flow: str) -> None:
    # A request in the wrong state unlocks OpenVMM's device; the lifecycle knows no such step.
    assert refined(flow, "tdi") == ("violated@4" if flow == "hyperv" else "holds")
    assert refined(flow, "tdi-with-p2p") == ("violated@4" if flow == "hyperv" else "violated@6")
    assert refined(flow, "stream") == "holds"


def test_the_tdi_is_refined_with_two_tdis_and_in_all_but_a_few_readings_of_open_points() -> None:
    assert refined("cove-io", "tdi", {"tdi": 2}) == "holds"
    for knob, value in (
        ("multi_session", True),
        ("error_recovery", "automatic"),
        ("svn_downgrade", "wipe"),
        ("ats_write", "error"),
    ):
        assert refined("cove-io", "tdi", **{knob: value}) == "holds"
    for knob, value, depth in (("device", "hostile", 1), ("ide_required", False, 2), ("session_loss", "next_keying", 4)):
        assert refined("cove-io", "tdi", **{knob: value}) == f"violated@{depth}"
    assert refined("cove-io", "stream-that-forgets", {"substream": 2}) == "holds"
    assert refined("cove-io", "stream", {"substream": 2}) != "holds"


def test_a_responder_that_keeps_its_nonce_does_not_refine() -> None:
    asked = REFINEMENTS["tdi"]
    mutant = mutated(ASPECTS["responder"].model, DropUpdate("tdi", "start_interface", "tdi.nonce"))
    (r,) = check(FLOWS["cove-io"].system(None, {}, mutant, aspect="responder", check=False), [asked.property])
    assert r.verdict is VIOLATED
    assert r.trace is not None
    assert r.trace.actions[-1].event == "start_interface"
    (first, second) = last_step(asked, r.trace)
    assert "tdi0.state: CONFIG_LOCKED → RUN" in first
    assert "start_interface may stand for tdi_bind_run or start_interface or host_start" in second


# --- The command ---------------------------------------------------------------------------------------------------------


def test_the_command_shows_the_runs_side_by_side_and_draws_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", HOST_RUN, GUEST_RUN, "-o", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert re.search("weak trace inclusion of sev-tio-host-run in sev-tio-guest-run +holds", out)
    assert "FAILS  at observation 1 of a run of 11 steps" in out
    assert re.search(r"  7  tdi_accept\(tvm0, tdi0\) +not possible", out)
    assert re.search(r"seen: DMA of tdi0 reaches tvm0, NOT accepted +NOT SEEN", out)
    assert max(map(len, out.splitlines())) <= 120
    (picture,) = tmp_path.glob("comparison/*.svg")
    tree = ElementTree.fromstring(picture.read_text(encoding="utf-8"))
    text = " ".join(t.text or "" for t in tree.iter("{http://www.w3.org/2000/svg}text"))
    assert "Seen of sev-tio-guest-run, never of sev-tio-host-run: DMA of tdi0 reaches tvm0, NOT accepted" in text
    assert len(list(tree.iter("{http://www.w3.org/2000/svg}svg"))) == 3
    assert main(["compare", HOST_RUN, GUEST_RUN, "--relation", "included", "-q"]) == 0
    assert main(["compare", HOST_RUN, GUEST_RUN, "--set", "right:epoch_bind=tsm", "--relation", "bisimilar", "-q"]) == 0
    assert main(["compare", HOST_RUN, GUEST_RUN, "--max-states", "10", "-q"]) == 3


def test_the_command_shows_a_play_where_the_traces_are_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", HOST_RUN, GUEST_RUN, "--observe", "host"]) == 0
    out = capsys.readouterr().out
    assert "sev-tio-host-run: tdi_bind_run(tdi0), seen: tdi_bind_run(tdi0)" in out
    assert "sev-tio-guest-run cannot do what looks so" in out


def test_the_command_gives_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", HOST_RUN, GUEST_RUN, "--observe", "service", "--format", "json"]) == 1
    d = json.loads(capsys.readouterr().out)
    assert d["relations"]["traces"]["verdict"] == "violated"
    assert [p["seen_of"] for p in d["parted"]] == [HOST_RUN, GUEST_RUN]
    assert [s["event"] for s in d["parted"][0]["run"]][-1] == "tdi_validate"
    assert main(["compare", "cove-io", "cove-io", "--over", "p2p", "right:host", "--format", "json"]) == 0
    d = json.loads(capsys.readouterr().out)
    assert d["knobs"] == {"p2p": [False, True], "right:host": ["honest", "hostile"]}
    assert d["relations"]["traces"]["holds_where"] == ["in every setting"]
    assert main(["compare", "hyperv", "--refines", "tdi", "--format", "json"]) == 1
    d = json.loads(capsys.readouterr().out)
    assert (d["verdict"], d["depth"], len(d["trace"])) == ("violated", 4, 4)
    assert main(["compare", "cove-io", "--refines", "tdi-with-p2p"]) == 1
    assert "unbind_p2p_stream may stand for no step of the abstraction" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((HOST_RUN,), "compare needs two flows, and 1 were named"),
        (("cove-io", "coveio"), "did you mean cove-io"),
        (("cove-io@lifecycl", "cove-io"), "there is no aspect 'lifecycl'"),
        (("cove-io", "cma-only@lifecycle"), "flow cma-only has no aspect lifecycle"),
        (("cove-io", "cove-io", "--set", "lft:p2p=true"), "is written left:p2p or right:p2p"),
        (("cove-io", "cove-io", "--set", "p2p=maybe"), "p2p"),
        (("cove-io", "cove-io", "--set", "p2p=true", "--over", "p2p"), "--set and --over both name p2p"),
        (("cove-io", "cove-io", "--over", "p2p", "left:p2p"), "--over names p2p both for one flow and for both"),
        (("cove-io", "cove-io", "--over", "go_order"), "has no knob 'go_order'"),
        (("cove-io", "cove-io", "--over", "p2p", "-o", "out"), "-o draws one comparison"),
        (("cove-io", "--refines", "tdy"), "there is no refinement 'tdy'; did you mean tdi"),
        (("cove-io", "cove-io", "--refines", "tdi"), "--refines is about one flow"),
        (("cove-io", "--refines", "tdi", "--observe", "link"), "--observe is about two flows"),
        (("ide-only", "--refines", "tdi"), "flow ide-only has no aspect responder"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(
    args: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *args]) == 2
    err = capsys.readouterr().err
    assert words in err
    assert len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())
