"""Decision diagrams: exact counts whatever the size, shortest runs, odd domains, limits, and the choice of a back end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tdisprove.explore import Limits, Verdict, check, replay
from tdisprove.explore.bdd import BddEngine, reachable
from tdisprove.explore.bdd import search as bdd_search
from tdisprove.explore.bdd.encoding import Encoding
from tdisprove.explore.bdd.manager import CUDD, PYTHON, VARIABLE, Manager, OutOfNodesError, available, chosen
from tdisprove.explore.bdd.order import static_order
from tdisprove.explore.evaluate import evaluate, initial_states, named
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.explore.explicit import reachable as explicitly
from tdisprove.explore.slice import sliced
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import (
    BOOL,
    FALSE,
    TRUE,
    Action,
    Enum,
    Ground,
    Int,
    ModelError,
    System,
    Term,
    Variable,
    conj,
    const,
    ite,
    neg,
)
from tdisprove.properties import Invariant, Obligation, Property, Sometimes, compile_properties
from tdisprove.properties.catalogue import of_aspect

BACKENDS = available()
both = pytest.mark.parametrize("backend", BACKENDS)
cudd_only = pytest.mark.skipif(CUDD not in BACKENDS, reason="dd's wheel for this platform does not bring CUDD")


def _system(variables: Sequence[Variable], init: Term, actions: Sequence[tuple[str, Term, dict[Term, Term]]]) -> System:
    made = tuple(Action(name, (), guard, tuple(updates.items())) for name, guard, updates in actions)
    return System("odd", tuple(variables), init, made)


def _same_as_explicit(backend: str, system: System, obligations: Sequence[Obligation] = ()) -> None:
    a = ExplicitEngine().check(system, obligations)
    b = BddEngine(backend, depth=True).check(system, obligations)
    assert a.statistics is not None and b.statistics is not None
    assert replace(b.statistics, seconds=0, backend="") == replace(a.statistics, seconds=0, backend="")
    for o, x, y in zip(obligations, a.outcomes, b.outcomes, strict=True):
        assert (x.verdict, x.evidence, x.depth) == (y.verdict, y.evidence, y.depth)
        if y.path is not None:
            assert len(replay(system, o, y.path)) == y.depth


# --- Counts ----------------------------------------------------------------------------------------------------------


def _philosophers(n: int) -> System:
    """A ring in which nobody eats beside somebody who eats."""
    eats = [Variable(f"eats{i}", BOOL) for i in range(n)]
    actions = []
    for i, v in enumerate(eats):
        free = neg(eats[i - 1].term) & neg(eats[(i + 1) % n].term)
        actions.append((f"begin{i}", neg(v.term) & free, {v.term: TRUE}))
        actions.append((f"end{i}", v.term, {v.term: FALSE}))
    return _system(eats, conj(*(neg(v.term) for v in eats)), actions)


def _lucas(n: int) -> int:
    a, b = 2, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@both
@pytest.mark.parametrize("n", [3, 4, 9])
def test_independent_sets_of_a_ring_are_counted_by_the_lucas_numbers(backend: str, n: int) -> None:
    assert reachable(_philosophers(n), backend=backend).count() == _lucas(n)


@cudd_only
def test_counts_are_exact_beyond_what_floating_point_can_count() -> None:
    n = 80
    found = reachable(_philosophers(n))
    assert found.statistics.complete
    assert found.count() == found.statistics.states == _lucas(n) > 2**55
    # Who may begin has two neighbours that think, as he does; who may end eats, so he has too.
    ends = found.count(found.encoding.system["eats0"])
    begins = found.count(
        neg(found.encoding.system["eats0"])
        & neg(found.encoding.system["eats1"])
        & neg(found.encoding.system[f"eats{n - 1}"])
    )
    assert begins == ends
    assert found.statistics.transitions == 2 * n * ends
    assert found.statistics.deadlocks == 0


@cudd_only
def test_a_large_regular_system_is_explored_to_its_end() -> None:
    n = 22
    counters = [Variable(f"x{i}", Int(0, 3)) for i in range(n)]
    actions = []
    for i, v in enumerate(counters):
        allowed = counters[i - 1].term > 0 if i else TRUE
        actions.append((f"up{i}", (v.term < 3) & allowed, {v.term: ite(v.term < 3, v.term + 1, const(0, Int(0, 0)))}))
        actions.append((f"reset{i}", v.term == 3, {v.term: const(0, Int(0, 0))}))
    system = _system(counters, conj(*(v.term == 0 for v in counters)), actions)
    full = Property("full", "All counters can be full.", Sometimes(conj(*(v.term == 3 for v in counters))))
    bound = Property(
        "bound", "Two neighbours are six together, at most.", Invariant(counters[0].term + counters[1].term <= 6)
    )
    a, b = check(system, [full, bound], BddEngine(), slicing=False)
    assert (a.verdict, a.depth) == (Verdict.HOLDS, 3 * n)
    assert a.trace is not None and len(a.trace) == 3 * n
    assert b.verdict is Verdict.HOLDS
    assert a.statistics is not None and a.statistics.states == 4**n > 10**13


FLOWS_COUNTED = [
    (f, a) for f in ("sev-tio-host-run", "cove-io") for a in FLOWS[f].aspects if a in ("lifecycle", "spdm", "proxy")
]


@cudd_only
@pytest.mark.parametrize(("flow", "aspect"), FLOWS_COUNTED)
def test_the_flows_have_as_many_states_and_steps_as_exploration_counts(flow: str, aspect: str) -> None:
    system = FLOWS[flow].system(aspect=aspect)
    from tdisprove.properties.formulas import LeadsTo, Recurs

    wanted = [p for p in of_aspect(aspect) if not isinstance(p.formula, LeadsTo | Recurs)]
    watched, obligations = compile_properties(system, wanted)
    part = sliced(watched, obligations[:40])
    _same_as_explicit(CUDD, part.system, part.obligations)


def test_without_cudd_a_flow_is_explored_all_the_same() -> None:
    _same_as_explicit(PYTHON, FLOWS["sev-tio-host-run"].system(aspect="spdm"))


# --- Odd systems ------------------------------------------------------------------------------------------------------

ONE = Enum("One", ("only",))
THREE = Enum("Three", ("a", "b", "c"))


@both
def test_domains_of_one_value_take_no_bits_and_mean_what_they_say(backend: str) -> None:
    x, y, z = Variable("x", ONE), Variable("y", Int(7, 7)), Variable("z", BOOL)
    system = _system(
        [x, y, z], neg(z.term), [("go", (x.term == "only") & (y.term == 7), {y.term: y.term, z.term: neg(z.term)})]
    )
    _same_as_explicit(backend, system)
    assert reachable(system, backend=backend).count() == 2


@both
@pytest.mark.parametrize("sort", [Int(-3, 3), Int(5, 9), Int(-9, -5), THREE, Int(0, 6)], ids=str)
def test_codes_beyond_a_domain_are_never_states(backend: str, sort: Ground) -> None:
    # Any value initially: as many initial states as values, not as many as the bits allow.
    free, moved = Variable("free", sort), Variable("moved", sort)
    system = _system([free, moved], TRUE, [("copy", neg(free.term == moved.term), {moved.term: free.term})])
    found = reachable(system, backend=backend)
    assert found.count() == len(sort.domain) ** 2
    assert list(found) == list(initial_states(system))
    _same_as_explicit(backend, system)


@both
def test_arithmetic_reaches_over_offsets_and_signs(backend: str) -> None:
    x, y = Variable("x", Int(-4, 3)), Variable("y", Int(2, 12))
    grow = ite(y.term - x.term <= 12, y.term - x.term, const(2, Int(2, 2)))
    system = _system(
        [x, y], (x.term == -4) & (y.term == 2),
        [
            ("walk", x.term < 3, {x.term: ite(x.term < 3, x.term + 1, x.term)}),
            ("grow", (y.term - x.term >= 2) & (y.term - x.term <= 12), {y.term: grow}),
            ("back", x.term + y.term == 5, {x.term: const(-2, Int(-2, -2))}),
        ],
    )  # fmt: skip
    _same_as_explicit(backend, system)


@both
def test_without_initial_states_there_is_nothing_and_everything_holds(backend: str) -> None:
    x = Variable("x", BOOL)
    system = _system([x], FALSE, [("flip", TRUE, {x.term: neg(x.term)})])
    watched, obligations = compile_properties(system, [Property("p", "Never.", Invariant(FALSE))])
    _same_as_explicit(backend, watched, obligations)
    assert reachable(system, backend=backend).count() == 0


@both
def test_a_step_may_swap_two_variables_and_rotate_three(backend: str) -> None:
    x, y, z = (Variable(n, THREE) for n in "xyz")
    start = (x.term == "a") & (y.term == "b") & (z.term == "c")
    swap = _system([x, y, z], start, [("swap", TRUE, {x.term: y.term, y.term: x.term})])
    assert set(reachable(swap, backend=backend)) == {("a", "b", "c"), ("b", "a", "c")}
    rotate = _system([x, y, z], start, [("rotate", TRUE, {x.term: y.term, y.term: z.term, z.term: x.term})])
    assert set(reachable(rotate, backend=backend)) == {("a", "b", "c"), ("b", "c", "a"), ("c", "a", "b")}
    _same_as_explicit(backend, rotate)


@both
def test_rigid_variables_keep_the_value_they_begin_with(backend: str) -> None:
    knob, x = Variable("knob", THREE, rigid=True), Variable("x", THREE)
    system = _system([knob, x], x.term == "a", [("take", neg(knob.term == "a"), {x.term: knob.term})])
    assert set(reachable(system, backend=backend)) == {
        ("a", "a"), ("b", "a"), ("b", "b"), ("c", "a"), ("c", "c"),
    }  # fmt: skip
    _same_as_explicit(backend, system)


@both
def test_a_system_without_variables_or_actions(backend: str) -> None:
    _same_as_explicit(backend, System("none", (), TRUE, ()))
    _same_as_explicit(backend, System("idle", (), TRUE, (Action("wait", (), TRUE, ()),)))


@both
@pytest.mark.parametrize("step", [1, -1])
def test_a_value_outside_of_its_domain_is_the_same_error_as_in_exploration(backend: str, step: int) -> None:
    x, y = Variable("x", Int(0, 5)), Variable("y", BOOL)
    system = _system(
        [x, y], (x.term == 2) & neg(y.term),
        [("move", TRUE, {x.term: x.term + step}), ("other", x.term == 4, {y.term: TRUE})],
    )  # fmt: skip
    messages = []
    for engine in (ExplicitEngine(), BddEngine(backend)):
        with pytest.raises(ModelError) as e:
            engine.check(system, ())
        messages.append(str(e.value))
    assert messages[0] == messages[1]
    # Not where it cannot happen, or not within the depth that is covered.
    guarded = replace(
        system, actions=(replace(system.actions[0], guard=(x.term + step >= 0) & (x.term + step <= 5)), system.actions[1])
    )
    _same_as_explicit(backend, guarded)
    assert not BddEngine(backend).check(system, (), Limits(depth=2)).outcomes


# --- Runs and the set of states ---------------------------------------------------------------------------------------


@cudd_only
def test_both_back_ends_show_the_same_run() -> None:
    n = 6
    system = _philosophers(n)
    wanted = Property("p", "Never three at once.", Invariant(neg(conj(*(system[f"eats{i}"] for i in (0, 2, 4))))))
    watched, obligations = compile_properties(system, [wanted])
    paths = [BddEngine(b).check(watched, obligations).outcomes[0].path for b in BACKENDS]
    assert paths[0] == paths[1]
    assert len(replay(watched, obligations[0], paths[0])) == 3  # type: ignore[arg-type]


@both
def test_the_set_of_states_is_that_of_exploration(backend: str) -> None:
    system = FLOWS["sev-tio-host-run"].system(aspect="spdm")
    found, expected = reachable(system, backend=backend), explicitly(system)
    states = {expected.layout.unpack(column) for column in expected.packed.T}
    assert set(found) == states
    assert found.count() == len(states)
    condition = system.actions[0].guard
    satisfying = sorted(s for s in states if evaluate(condition, named(system, s)))
    assert found.count(condition) == len(satisfying)
    assert found.example(FALSE) is None
    example = found.example(condition)
    assert example is None if not satisfying else example in satisfying and example in found


def test_an_order_has_every_variable_once_and_depends_on_nothing_but_the_system() -> None:
    for aspect in ("lifecycle", "ide"):
        system = FLOWS["cove-io"].system(aspect=aspect)
        order = static_order(system)
        assert sorted(order) == list(range(len(system.variables)))
        assert order == static_order(FLOWS["cove-io"].system(aspect=aspect))


# --- Limits -----------------------------------------------------------------------------------------------------------


def _interrupting(after: int) -> Callable[[object], None]:
    calls = iter(range(10**9))

    def progress(_: object) -> None:
        if next(calls) >= after:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("after", [0, 20, 120])
def test_an_interrupted_run_says_so_and_never_more_than_it_knows(after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bdd_search, "_PROGRESS_EVERY", -1.0)
    system = FLOWS["sev-tio-guest-run"].system()
    watched, obligations = compile_properties(system, of_aspect("lifecycle")[:12])
    whole = BddEngine().check(watched, obligations)
    part = BddEngine().check(watched, obligations, Limits(progress=_interrupting(after)))
    assert all(o.note == "interrupted" for o in part.outcomes)
    for full, o in zip(whole.outcomes, part.outcomes, strict=True):
        assert o.verdict in (Verdict.UNKNOWN, full.verdict)
        assert o.depth == full.depth or o.verdict is not Verdict.VIOLATED
    assert part.statistics is not None and whole.statistics is not None
    assert (0 if after == 0 else 1) <= part.statistics.states <= whole.statistics.states


def test_a_state_limit_is_a_bound_not_a_verdict() -> None:
    system = FLOWS["sev-tio-guest-run"].system()
    wanted = Property("p", "Something that holds.", Invariant(system.variables[0].term == system.variables[0].term))
    watched, obligations = compile_properties(system, [wanted])
    (outcome,) = BddEngine().check(watched, obligations, Limits(states=10)).outcomes
    assert (outcome.verdict, outcome.note) == (Verdict.UNKNOWN, "the state limit 10 was reached")


def test_a_checkpoint_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="keep no checkpoint: leave --checkpoint out"):
        BddEngine().check(_philosophers(3), (), Limits(checkpoint=tmp_path))


@both
def test_when_memory_runs_out_nothing_holds(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    system = _philosophers(8)
    watched, obligations = compile_properties(
        system, [Property("p", "Holds.", Invariant(neg(system["eats0"] & system["eats1"])))]
    )
    real, calls = Manager.and_exists, iter(range(10**9))

    def scarce(self: Manager, *args: object) -> object:
        if next(calls) > 5:
            raise MemoryError
        return real(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Manager, "and_exists", scarce)
    (outcome,) = BddEngine(backend).check(watched, obligations).outcomes
    assert outcome.verdict is Verdict.UNKNOWN
    assert "memory" in outcome.note


@cudd_only
def test_cudd_out_of_memory_is_recognised() -> None:
    n = 40
    bits = [f"x{i}" for i in range(n)] + [f"y{i}" for i in range(n)]
    m = Manager(bits, CUDD, memory=1 << 20)
    with pytest.raises(OutOfNodesError), m.bounded():
        result = m.true
        for i in range(n):  # the classic function whose diagram doubles with every bit in this order
            result &= m.same(m.bit(f"x{i}"), m.bit(f"y{i}"))


# --- Back ends --------------------------------------------------------------------------------------------------------


def test_a_back_end_can_be_forced_and_is_named_in_the_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    system = _philosophers(3)
    monkeypatch.setenv(VARIABLE, PYTHON)
    assert BddEngine().check(system, ()).notes == ("decision diagrams by python",)
    monkeypatch.delenv(VARIABLE)
    assert BddEngine().check(system, ()).notes == (f"decision diagrams by {BACKENDS[0]}",)
    assert BddEngine(PYTHON).backend == PYTHON


def test_an_unknown_back_end_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "quantum")
    with pytest.raises(ModelError, match=r"no BDD back end 'quantum' .*: it is one of cudd, python"):
        BddEngine()


def test_without_cudd_the_choice_falls_on_python(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "dd.cudd", None)  # as if the wheel had none
    assert chosen() == PYTHON
    assert BddEngine().check(_philosophers(4), ()).statistics.states == _lucas(4)  # type: ignore[union-attr]
    with pytest.raises(ModelError, match="not installed"):
        chosen(CUDD)


def test_the_bits_of_a_variable_with_computed_values_stand_by_those_after_the_step() -> None:
    x, y = Variable("x", THREE), Variable("y", BOOL)
    system = _system([x, y], x.term == "a", [("go", TRUE, {x.term: ite(y.term, x.term, const("c", THREE)), y.term: TRUE})])
    order = Encoding(system).manager.order()
    assert set(order) == {"x#0", "x#0'", "x#1", "x#1'", "y#0"}
    assert all(order.index(f"x#{b}'") == order.index(f"x#{b}") + 1 for b in (0, 1))
