"""The compiled kernel: the same states in the same order, the same counts, verdicts and traces as NumPy, whatever the system."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_systems import conditions, systems_with_properties
from tdisprove.explore import NO_LIMITS, Limits, Report, Verdict
from tdisprove.explore.explicit import ExplicitEngine, native, reachable, tables
from tdisprove.explore.explicit.native import NativeExploration
from tdisprove.explore.layout import Layout
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import (
    BOOL,
    TRUE,
    Action,
    Int,
    ModelError,
    System,
    Term,
    Variable,
    conj,
    const,
    disj,
    enum,
    ite,
    neg,
)
from tdisprove.properties import Invariant, Property, compile_properties
from tdisprove.properties.catalogue import of_aspect
from tdisprove.properties.formulas import LeadsTo, Recurs

pytest.importorskip("tdisprove.explore.explicit._kernel", reason="the compiled kernel was not built")

MANY = settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
FEW = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


def _bare(report: Report) -> object:
    """A report without what two searches may differ in."""
    assert report.statistics is not None
    return report.outcomes, replace(report.statistics, seconds=0.0, backend="")


def _same(system: System, properties: list[Property], *, stop_early: bool = False) -> Report:
    watched, obligations = compile_properties(system, properties)
    native, numpy = (
        ExplicitEngine(backend=b, stop_early=stop_early).check(watched, obligations) for b in ("native", "numpy")
    )
    assert _bare(native) == _bare(numpy)
    return native


@MANY
@given(systems_with_properties())
def test_native_search_is_numpy_search_to_the_last_trace(case: tuple[System, list[Property]]) -> None:
    _same(*case)


@FEW
@given(systems_with_properties())
def test_stopping_early_changes_no_violation(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    whole, early = (ExplicitEngine(backend="native", stop_early=e).check(watched, obligations) for e in (False, True))
    for a, b in zip(whole.outcomes, early.outcomes, strict=True):
        assert (a.verdict is Verdict.VIOLATED) <= (b == a or b.verdict is Verdict.UNKNOWN)
        if b.verdict is not Verdict.UNKNOWN:
            assert (a.verdict, a.path) == (b.verdict, b.path)


@st.composite
def small_tables(draw: st.DrawFn) -> tuple[int, int]:
    """Sizes so small that random systems have guards, laws and updates that are too wide for one table."""
    group = draw(st.integers(1, 4))
    return group, group + draw(st.integers(0, 2))


@MANY
@given(systems_with_properties(), small_tables())
def test_what_is_too_wide_for_a_table_is_taken_apart_or_refused(
    case: tuple[System, list[Property]], sizes: tuple[int, int]
) -> None:
    watched, obligations = compile_properties(*case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "GROUP_BITS", sizes[0])
        patch.setattr(tables, "_PART_BITS", sizes[0])
        patch.setattr(tables, "_UPDATE_BITS", sizes[0])
        patch.setattr(tables, "TABLE_BITS", sizes[1])
        try:
            found = ExplicitEngine(backend="native").check(watched, obligations)
        except ModelError as e:
            assert "depends on" in str(e)
            return
    assert _bare(found) == _bare(ExplicitEngine(backend="numpy").check(watched, obligations))


@pytest.mark.parametrize("aspect", ["lifecycle", "evidence", "responder", "ide", "spdm", "channel", "proxy", "resources"])
def test_every_aspect_of_a_flow_with_its_catalogue(aspect: str) -> None:
    properties = [p for p in of_aspect(aspect) if not isinstance(p.formula, LeadsTo | Recurs)]
    report = _same(FLOWS["arm-cca"].system(aspect=aspect), properties)
    assert report.notes == ()


@pytest.mark.parametrize("pext", [True, False], ids=["bits by the processor", "bits run by run"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_neither_threads_nor_the_processor_change_the_order_of_the_states(threads: int, pext: bool) -> None:
    system = FLOWS["hyperv"].system(aspect="evidence")
    plain = reachable(system, backend="numpy")
    search = NativeExploration(system, (), NO_LIMITS, stop_early=False, threads=threads, pext=pext)
    search.run()
    assert np.array_equal(search.packed(), plain.packed)
    assert tuple(search.levels) == plain.levels
    assert search.statistics().transitions == plain.statistics.transitions
    for state in (0, 1, 17, plain.packed.shape[1] - 1):
        assert search.path(state) == plain.path(state)


def test_the_order_is_the_same_while_the_table_grows_between_threads() -> None:
    n = 17
    bits = tuple(Variable(f"b{i}", BOOL) for i in range(n))
    system = System(
        "cube", bits, conj(*(neg(b.term) for b in bits)), tuple(Action(f"set{i}", (), TRUE, ((b.term, TRUE),)) for i, b in enumerate(bits))
    )  # fmt: skip
    one, two = (NativeExploration(system, (), NO_LIMITS, stop_early=False, threads=t) for t in (1, 2))
    one.run()
    two.run()
    assert one.count == two.count == 2**n
    assert one.statistics().transitions == n * 2**n
    assert np.array_equal(one.packed(), two.packed())


# --- wide states, guards and updates ----------------------------------------------------------------------------------

COLOUR = enum("Shade", "red", "green", "blue")
GREEN = const("green", COLOUR)


def _wide(n: int) -> System:
    """Many counters of three values, of which only a few can move at a time: states of several words."""
    xs = tuple(Variable(f"x{i}", COLOUR) for i in range(n))
    some = disj(*(x.term == "blue" for x in xs))
    actions = []
    for i in range(0, n, n // 10):
        x, y = xs[i].term, xs[(i + 7) % n].term
        actions.append(Action("turn", (("i", i),), (x == y) & neg(some), ((x, ite(x == "red", GREEN, "blue")), (y, x))))
        actions.append(Action("back", (("i", i),), some & (x != "red"), ((x, ite(some & (y == "red"), x, y)),)))
    return System("wide", xs, conj(*(x.term == "red" for x in xs)), tuple(actions))


@pytest.mark.parametrize("n", [10, 40, 70, 200, 300])
def test_states_of_several_words_and_conditions_over_all_of_them(n: int) -> None:
    system = _wide(n)
    xs = [v.term for v in system.variables]
    properties = [
        Property("p", "P.", Invariant(disj(*(x == "red" for x in xs)))),
        Property("q", "Q.", Invariant(neg(conj(xs[0] == "blue", xs[7 % n] == "green")))),
    ]
    if n > 248:
        with pytest.raises(ModelError, match="has 10 words of state, and the kernel takes 8"):
            ExplicitEngine(backend="native").check(*compile_properties(system, properties))
        return
    report = _same(system, properties)
    assert report.statistics is not None
    assert report.statistics.states > 5
    assert Layout(system).words == -(-2 * n // 62) or n == 10


def test_an_update_over_all_variables_is_a_choice_between_tables() -> None:
    n = 24
    bits = tuple(Variable(f"b{i}", BOOL) for i in range(n))
    every = conj(*(b.term for b in bits))
    kind = Variable("kind", COLOUR)
    flip = Action(
        "flip", (), TRUE, ((kind.term, ite(every, GREEN, ite(neg(disj(*(b.term for b in bits))), "blue", kind.term))),)
    )
    fill = tuple(Action("fill", (("i", i),), bits[i - 1].term if i else TRUE, ((b.term, TRUE),)) for i, b in enumerate(bits))
    flag = Variable("flag", BOOL)
    mark = Action("mark", (), TRUE, ((flag.term, every & neg(flag.term)),))
    system = System(
        "choice", (*bits, kind, flag), conj(kind.term == "red", neg(flag.term), *(neg(b.term) for b in bits)), (flip, *fill, mark)
    )  # fmt: skip
    report = _same(system, [Property("p", "P.", Invariant(neg((kind.term == "green") & flag.term)))])
    assert report.statistics is not None
    assert report.outcomes[0].depth == n + 2


def _sum(n: int) -> tuple[tuple[Variable, ...], Term]:
    xs = tuple(Variable(f"x{i}", Int(0, 3)) for i in range(n))
    total: Term = xs[0].term
    for x in xs[1:]:
        total = total + x.term
    return xs, total


@pytest.mark.parametrize(("n", "native"), [(6, True), (12, False)])
def test_arithmetic_over_large_ranges_is_for_numpy_and_that_is_said(n: int, native: bool) -> None:
    xs, total = _sum(n)
    actions = tuple(Action("up", (("i", i),), (x.term < 3) & (total < 4), ((x.term, ite(x.term < 3, x.term + 1, x.term)),)) for i, x in enumerate(xs))  # fmt: skip
    system = System("sum", xs, conj(*(x.term == 0 for x in xs)), actions)
    watched, obligations = compile_properties(system, [Property("p", "P.", Invariant(total < 5))])
    report = ExplicitEngine().check(watched, obligations)
    assert _bare(report) == _bare(ExplicitEngine(backend="numpy").check(watched, obligations))
    assert report.statistics is not None
    assert report.statistics.backend == ("native" if native else "NumPy")
    assert bool(report.notes) is not native
    if not native:
        assert "depends on 24 bits" in report.notes[0]
        with pytest.raises(ModelError, match=r"not for the compiled kernel: .* depends on 24 bits; take NumPy"):
            ExplicitEngine(backend="native").check(watched, obligations)


def test_without_the_kernel_numpy_does_the_work_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tdisprove.explore.explicit._kernel", None)
    system = FLOWS["cma-only"].system(aspect="spdm")
    report = ExplicitEngine().check(system, ())
    assert report.notes == ("searched with NumPy: the compiled kernel was not built",)
    with pytest.raises(ModelError, match="the compiled kernel is not there; install tdisprove where a C compiler is"):
        ExplicitEngine(backend="native").check(system, ())


def test_an_unknown_back_end_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match="'gpu' is no back end of exhaustive search: give one of auto, native, numpy"):
        ExplicitEngine(backend="gpu")


@FEW
@given(st.data())
def test_an_update_leaves_its_domain_where_the_reference_says_so(data: st.DataObject) -> None:
    n = Variable("n", Int(0, 5))
    v = Variable("v", Int(-1, 2))
    condition = data.draw(conditions((n, v), 2))
    ups = Action("up", (), n.term < 5, ((n.term, n.term + 1),))
    other = Action("other", (), condition, ((v.term, v.term + 1),))
    system = System("s", (n, v), conj(n.term == 0, v.term == -1), (ups, other))
    found = []
    for backend in ("native", "numpy"):
        try:
            found.append(str(_bare(ExplicitEngine(backend=backend).check(system, ()))))
        except ModelError as e:
            found.append(str(e))
    assert found[0] == found[1]


def test_a_limit_of_memory_or_time_leaves_what_was_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_SECONDS", 0.0)  # one chunk at a time
    system = FLOWS["hyperv"].system(aspect="evidence")
    watched, obligations = compile_properties(system, [Property("p", "P.", Invariant(TRUE))])
    report = ExplicitEngine(backend="native").check(watched, obligations, Limits(states=20_000))
    assert report.statistics is not None
    assert not report.statistics.complete
    assert 20_000 < report.statistics.states < 37_445
    whole = ExplicitEngine(backend="native").check(watched, obligations)
    assert whole.statistics is not None
    assert whole.statistics.states == 37_445
