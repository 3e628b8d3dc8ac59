"""Strongly connected components: compiled and by SciPy, the same; and what they are."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tdisprove.explore import components
from tdisprove.explore.components import Numbers, strong_components

compiled = pytest.mark.skipif(find_spec("tdisprove.explore._components") is None, reason="it was not built")


def _graph(states: int, steps: list[tuple[int, int]]) -> tuple[Numbers, Numbers]:
    source, target = (np.array([s[i] for s in sorted(steps)], np.int64) for i in (0, 1))
    return np.concatenate(([0], np.cumsum(np.bincount(source, minlength=states)))), target


def _sets(found: tuple[int, Numbers]) -> set[frozenset[int]]:
    count, component = found
    sets = {frozenset(map(int, (component == c).nonzero()[0])) for c in range(count)}
    assert len(sets) == count and sum(map(len, sets)) == len(component)
    return sets


@settings(deadline=None, max_examples=300)
@given(st.integers(1, 9).flatmap(lambda n: st.tuples(
    st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=24))))  # fmt: skip
def test_states_are_together_that_lead_to_each_other(case: tuple[int, list[tuple[int, int]]]) -> None:
    states, steps = case
    reach = np.eye(states, dtype=bool)
    for a, b in steps:
        reach[a, b] = True
    for k in range(states):
        reach |= reach[:, [k]] & reach[[k], :]
    expected = {frozenset(map(int, (reach[s] & reach[:, s]).nonzero()[0])) for s in range(states)}
    graph = _graph(states, steps)
    assert _sets(strong_components(*graph)) == expected
    assert _sets(components._by_scipy(*graph)) == expected


@pytest.mark.parametrize("back", [False, True])
def test_a_way_may_be_as_long_as_it_likes(back: bool) -> None:
    states = 300_000
    steps = np.arange(states - 1)
    source, target = (np.append(steps, states - 1), np.append(steps + 1, 0)) if back else (steps, steps + 1)
    first = np.concatenate(([0], np.cumsum(np.bincount(source, minlength=states))))
    assert strong_components(first, target)[0] == (1 if back else states)


def test_nothing_has_no_components() -> None:
    count, component = strong_components(np.zeros(1, np.int64), np.zeros(0, np.int64))
    assert (count, len(component)) == (0, 0)


@compiled
@pytest.mark.parametrize(
    ("first", "target"),
    [([0, 1], [1]), ([0, 1], [-1]), ([0, 2], [0]), ([1, 1], [0]), ([0, 2, 1], [0, 0]), ([0, 1, 1, 1], [0])],
)
def test_what_is_no_graph_is_refused(first: list[int], target: list[int]) -> None:
    from tdisprove.explore._components import strong

    states = 2 if len(first) != 2 else 1
    with pytest.raises(ValueError, match="no graph"):
        strong(np.array(first, np.int64), np.array(target, np.int32), np.zeros(states, np.int32))
    with pytest.raises(ValueError, match="int64"):
        strong(np.array(first, np.int32), np.array(target, np.int32), np.zeros(states, np.int32))


def test_without_the_compiled_ones_scipy_does_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tdisprove.explore._components", None)
    assert _sets(strong_components(*_graph(3, [(0, 1), (1, 0), (1, 2)]))) == {frozenset({0, 1}), frozenset({2})}
