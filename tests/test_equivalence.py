"""Equivalence: what an observer can tell apart, against oracles that share no code with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from random_systems import EVENTS, conditions, systems
from tdisprove.explore import Verdict
from tdisprove.explore.equivalence import compare
from tdisprove.explore.equivalence.lts import SILENT, Lts, run, states_after
from tdisprove.explore.equivalence.partition import branching
from tdisprove.explore.equivalence.play import play
from tdisprove.explore.equivalence.traces import Quotient, not_included
from tdisprove.model.language import ModelError, System, Term
from tdisprove.properties.alphabets import Alphabet, Seen, Shown
from tdisprove.properties.steps import Step

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
    sides = (case.left, case.right)
    edges = [observed_naively(s, case, i, divergence) for i, s in enumerate(sides)]
    if not all(mine[root] for mine, root in edges):
        with pytest.raises(ModelError, match="has no initial state, so there is nothing to compare"):
            compare(*sides, case.alphabets, divergence=divergence)
        return
    found = compare(*sides, case.alphabets, divergence=divergence)
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


def test_steps_that_have_no_number_of_their_own_are_refused() -> None:
    """Each kind of step is numbered in 63 bits; beyond that two of them would be taken for one."""
    steps = [np.array([x], np.int64) for x in (0, 1 << 61, 1)]
    with pytest.raises(ModelError, match="too many to compare"):
        branching(Lts.of(2, 0, *steps))
