"""Z3 by itself: what its terms mean, what it takes for a proof, and that it always comes to an end."""

from __future__ import annotations

import os
import runpy
import signal
import threading
import time
from pathlib import Path

import naive
import numpy as np
import pytest
import z3
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from random_systems import SORTS, systems_with_properties
from tdisprove.explore import Evidence, Limits, Verdict, replay
from tdisprove.explore.cubes import Cube
from tdisprove.explore.evaluate import evaluate, named
from tdisprove.explore.explicit import reachable
from tdisprove.explore.slice import sliced
from tdisprove.explore.smt.bounded import BoundedSearch
from tdisprove.explore.smt.encoding import Budget, Encoding, OutOfBudgetError
from tdisprove.explore.smt.engine import Z3Engine
from tdisprove.explore.smt.induction import Disagreement, NotProved, k_induction, prove, verify
from tdisprove.explore.smt.lemmas import Oracle
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import (
    FALSE,
    TRUE,
    Action,
    Bool,
    Int,
    ModelError,
    System,
    Term,
    Variable,
    conj,
    const,
    disj,
    enum,
    implies,
    ite,
    neg,
)
from tdisprove.properties import Invariant, Never, Obligation, Property, Sometimes, Step, compile_properties
from tdisprove.properties.catalogue import find

EXAMPLE = runpy.run_path(str(Path(__file__).parent.parent / "examples" / "two_phase_commit.py"))
SMALL = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
MANY = settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))


def compiled(system: System, *formulas: object) -> tuple[System, tuple[Obligation, ...]]:
    return compile_properties(system, [Property(f"p{i}", "A test.", f) for i, f in enumerate(formulas)])  # type: ignore[arg-type]


# --- terms ------------------------------------------------------------------------------------------------------------

VARIABLES = tuple(Variable(f"v{i}", s) for i, s in enumerate((*SORTS, *SORTS[:5], Int(-7, -3), Int(5, 5), Int(0, 300))))


@st.composite
def terms(draw: DrawFn, sort: object, depth: int = 3) -> Term:
    """A term of the sort; whole numbers of any range."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        fitting = [v for v in VARIABLES if v.sort == sort or (isinstance(sort, Int) and isinstance(v.sort, Int))]
        v = draw(st.sampled_from(fitting))
        return v.term if draw(st.booleans()) else const(draw(st.sampled_from(v.sort.domain)), v.sort)
    if draw(st.integers(0, 3)) == 0:
        return ite(draw(terms(Bool(), depth - 1)), draw(terms(sort, depth - 1)), draw(terms(sort, depth - 1)))
    if isinstance(sort, Int):
        a, b = draw(terms(sort, depth - 1)), draw(terms(sort, depth - 1))
        return a + b if draw(st.booleans()) else a - b
    if not isinstance(sort, Bool):
        return draw(terms(sort, 0))
    kind = draw(st.sampled_from(["not", "and", "or", "implies", "equal", "less", "at most"]))
    of = draw(st.sampled_from(SORTS)) if kind == "equal" else Int(0, 1) if kind in ("less", "at most") else sort
    parts = [draw(terms(of, depth - 1)) for _ in range(2)]
    return {
        "not": lambda a, _: neg(a),
        "and": conj,
        "or": disj,
        "implies": implies,
        "equal": lambda a, b: a == b,
        "less": lambda a, b: a < b,
        "at most": lambda a, b: a <= b,
    }[kind](*parts)


@MANY
@given(terms(Bool()), st.data())
def test_z3_gives_every_term_its_value(term: Term, data: st.DataObject) -> None:
    system = System("terms", VARIABLES, TRUE, ())
    encoding = Encoding(system)
    state = tuple(data.draw(st.sampled_from(v.sort.domain)) for v in VARIABLES)
    solver = encoding.solver()
    solver.add(encoding.domain, *(encoding.term(v.term == x) for v, x in zip(VARIABLES, state, strict=True)))
    assert solver.check() == z3.sat
    assert encoding.state(encoding.codes(solver.model())) == state
    value = evaluate(term, named(system, state))
    solver.add(z3.Not(encoding.term(term)) if value else encoding.term(term))
    assert solver.check() == z3.unsat


# --- systems made by hand ---------------------------------------------------------------------------------------------


def counter(top: int, limit: int) -> System:
    """Counts 0, 1, 2, … as long as it is below ``limit``; ``top`` is its greatest value."""
    n = Variable("n", Int(0, top))
    return System("counter", (n,), n.term == 0, (Action("count", (), n.term < limit, ((n.term, n.term + 1),)),))


def ring(stations: int, *, tokens: int = 1) -> System:
    """A token ring: each station passes its token on; the first station may be entered only with a token."""
    has = [Variable(f"has{i}", Bool()) for i in range(stations)]
    init = conj(*(v.term if i < tokens else neg(v.term) for i, v in enumerate(has)))
    actions = []
    for i, v in enumerate(has):
        after = has[(i + 1) % stations]
        actions.append(Action(f"pass{i}", (), conj(v.term, neg(after.term)), ((v.term, FALSE), (after.term, TRUE))))
    return System("ring", tuple(has), init, tuple(actions))


def test_a_violation_is_as_deep_as_it_is() -> None:
    watched, (at_nine, beyond) = compiled(counter(15, 12), Invariant(counter(15, 12)["n"] != 9), Invariant(TRUE))
    violated, holds = Z3Engine().check(watched, [at_nine, beyond]).outcomes
    assert (violated.verdict, violated.depth) == (Verdict.VIOLATED, 9)
    assert violated.path is not None
    assert len(replay(watched, at_nine, violated.path)) == 9
    assert holds.verdict is Verdict.HOLDS


def test_a_step_is_one_deeper_than_the_state_before_it() -> None:
    system = counter(15, 12)
    watched, (step,) = compiled(system, Never(Step(None, {}, None, system["n"] == 9)))
    (outcome,) = Z3Engine().check(watched, [step]).outcomes
    assert (outcome.verdict, outcome.depth) == (Verdict.VIOLATED, 10)


def test_the_initial_state_is_at_depth_nought() -> None:
    system = counter(3, 3)
    watched, (o,) = compiled(system, Invariant(system["n"] != 0))
    (outcome,) = Z3Engine().check(watched, [o]).outcomes
    assert (outcome.verdict, outcome.depth) == (Verdict.VIOLATED, 0)


def test_an_update_that_leaves_its_domain_is_reported_not_wrapped() -> None:
    system = counter(10, 11)
    watched, (o,) = compiled(system, Invariant(implies(system["n"] == 3, system["n"] < 5)))
    with pytest.raises(ModelError, match="leaves the domain"):
        Z3Engine().check(watched, [o])
    assert verify(watched, o, ()) is not None
    assert k_induction(watched, o, 3, simple_path=True) is not None


def test_an_update_that_is_only_safe_where_one_can_be_needs_that_as_a_lemma() -> None:
    n, stop = Variable("n", Int(0, 3)), Variable("stop", Bool())
    count = Action("count", (), neg(stop.term), ((n.term, n.term + 1), (stop.term, n.term >= 2)))
    system = System("guarded", (n, stop), conj(n.term == 0, neg(stop.term)), (count,))
    watched, (o,) = compiled(system, Invariant(implies(n.term == 1, n.term < 2)))
    engine = Z3Engine()
    (outcome,) = engine.check(watched, [o]).outcomes
    assert outcome.verdict is Verdict.HOLDS
    assert outcome.lemmas
    assert verify(watched, o, ()) is not None


def test_a_token_ring_has_one_token() -> None:
    system = ring(6)
    several = disj(*(conj(system[f"has{i}"], system[f"has{j}"]) for i in range(6) for j in range(i)))
    goal = Invariant(neg(conj(system["has0"], system["has3"])))
    watched, (pair, none) = compiled(system, goal, Invariant(neg(several)))
    engine = Z3Engine()
    assert [o.verdict for o in engine.check(watched, [pair, none]).outcomes] == [Verdict.HOLDS, Verdict.HOLDS]
    assert engine.proofs["p0"].lemmas
    watched, (pair,) = compiled(ring(6, tokens=2), goal)
    (outcome,) = engine.check(watched, [pair]).outcomes
    assert (outcome.verdict, outcome.depth) == (Verdict.VIOLATED, 2)


@pytest.mark.parametrize("managers", [1, 2, 4])
def test_two_phase_commit_is_consistent(managers: int) -> None:
    watched, obligations = compile_properties(EXAMPLE["two_phase_commit"](managers), [EXAMPLE["CONSISTENT"]])
    for o, outcome in zip(obligations, Z3Engine().check(watched, obligations).outcomes, strict=True):
        assert (outcome.verdict, outcome.evidence) == (Verdict.HOLDS, Evidence.INDUCTIVE)
        assert verify(watched, o, outcome.lemmas) is None


def test_a_system_without_initial_states_or_without_variables_keeps_everything() -> None:
    n = Variable("n", Int(0, 2))
    nowhere = System("nowhere", (n,), FALSE, (Action("up", (), n.term < 2, ((n.term, n.term + 1),)),))
    watched, (o,) = compiled(nowhere, Invariant(n.term != 2))
    assert Z3Engine().check(watched, [o]).outcomes[0].verdict is Verdict.HOLDS
    watched, (o,) = compiled(System("empty", (), TRUE, ()), Invariant(TRUE))
    assert Z3Engine().check(watched, [o]).outcomes[0].verdict is Verdict.HOLDS


# --- proofs -----------------------------------------------------------------------------------------------------------


@SMALL
@given(systems_with_properties(), st.data())
def test_no_tampering_makes_a_proof_of_what_fails(case: tuple[System, list[Property]], data: st.DataObject) -> None:
    watched, obligations = compile_properties(*case)
    counted = naive.explore(watched, obligations)
    reached = reachable(watched)
    states = [dict(zip(watched.index, (v.sort.domain[c] for v, c in zip(watched.variables, row, strict=True)), strict=True))
              for row in reached.codes.tolist()]  # fmt: skip
    for o, fails_at in zip(obligations, counted.fails_at, strict=True):
        if fails_at is not None:
            with pytest.raises(NotProved):
                prove(watched, o, reached.codes)
            assert verify(watched, o, ()) is not None
            continue
        lemmas = list(prove(watched, o, reached.codes).lemmas)
        assert all(evaluate(lemma, s) for lemma in lemmas for s in states)
        if not lemmas:
            continue
        i = data.draw(st.integers(0, len(lemmas) - 1))
        weakened = disj(lemmas[i], data.draw(st.sampled_from(lemmas)), o.state)
        strengthened = conj(lemmas[i], watched.variables[0].term == watched.variables[0].sort.domain[0])
        for other in ([], [weakened], [strengthened]):
            tampered = [*lemmas[:i], *other, *lemmas[i + 1 :]]
            if verify(watched, o, tampered) is None:
                assert all(evaluate(lemma, s) for lemma in tampered for s in states)


@SMALL
@given(systems_with_properties(), st.data())
def test_whatever_states_are_missing_no_wrong_proof_is_made(
    case: tuple[System, list[Property]], data: st.DataObject
) -> None:
    watched, obligations = compile_properties(*case)
    codes = reachable(watched).codes
    assume(len(codes))
    missing = data.draw(st.sets(st.integers(0, len(codes) - 1), min_size=1, max_size=3))
    for o, fails_at in zip(obligations, naive.explore(watched, obligations).fails_at, strict=True):
        try:
            proof = prove(watched, o, np.delete(codes, sorted(missing), axis=0))
        except (Disagreement, NotProved):
            continue
        assert fails_at is None
        assert verify(watched, o, proof.lemmas) is None


@SMALL
@given(systems_with_properties())
def test_k_induction_over_simple_paths_decides_small_systems(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    total = int(np.prod([len(v.sort.domain) for v in watched.variables]))
    assume(total <= 12)
    for o, fails_at in zip(obligations, naive.explore(watched, obligations).fails_at, strict=True):
        # No path of different states is longer than there are states.
        assert (k_induction(watched, o, total + 1, simple_path=True) is None) == (fails_at is None)


def test_k_induction_sees_what_breaks_in_a_deadlock() -> None:
    system = counter(4, 3)
    watched, (o,) = compiled(system, Invariant(system["n"] != 3))
    for k in (1, 4, 6):
        assert k_induction(watched, o, k, simple_path=True) is not None


def test_a_proof_of_the_slice_is_one_of_the_whole() -> None:
    watched, (o,) = compile_properties(FLOWS["cove-io"].system(), [find("no-tbit-dma-emitted-before-accept")])
    part = sliced(watched, [o])
    assert len(part.system.variables) < len(watched.variables) or len(part.system.actions) < len(watched.actions)
    (mine,) = part.obligations
    lemmas = prove(part.system, mine, reachable(part.system).codes).lemmas
    assert verify(part.system, mine, lemmas) is None
    assert verify(watched, o, lemmas) is None
    for i in range(len(lemmas)):
        fewer = [*lemmas[:i], *lemmas[i + 1 :]]
        flaw = verify(watched, o, fewer)
        assert flaw is not None, "every lemma is needed"
        assert flaw.startswith(("safety", "consecution"))


@SMALL
@given(systems_with_properties(), st.data())
def test_a_cube_excludes_its_state_and_no_reachable_one(case: tuple[System, list[Property]], data: st.DataObject) -> None:
    system, _ = case
    oracle = Oracle(system, reachable(system).codes)
    state = tuple(data.draw(st.integers(0, len(v.sort.domain) - 1)) for v in system.variables)
    assume(state not in oracle)
    cubes = list(oracle.cubes(state, [0] * len(state)))
    assert cubes
    values = {v.name: v.sort.domain[c] for v, c in zip(system.variables, state, strict=True)}
    for cube in cubes:
        assert not oracle.matches(cube)
        assert not evaluate(cube.lemma(system), values)


def test_a_lemma_reads_as_people_write_it() -> None:
    mode = Variable("mode", enum("Mode", "off", "on", "broken"))
    system = System("s", (mode, Variable("n", Int(0, 9)), Variable("b", Bool())), TRUE, ())
    assert str(Cube(((0, frozenset({1})), (2, frozenset({0})))).lemma(system)) == "mode = on → b"
    assert str(Cube(((0, frozenset({1, 2})), (2, frozenset({1})))).lemma(system)) == "b → mode = off"
    assert str(Cube(((1, frozenset({0, 1, 8, 9})), (2, frozenset({1})))).lemma(system)) == "n ∈ {0, 1, 8, 9} → not b"
    assert str(Cube(((1, frozenset(range(2, 10))),)).lemma(system)) == "n ∈ {0, 1}"


# --- limits -----------------------------------------------------------------------------------------------------------

HARD = ("no-tbit-dma-effective-before-accept", "run-only-after-accept")


def _hard() -> tuple[System, tuple[Obligation, ...]]:
    """What holds in cove-io, is not inductive, and has deep paths."""
    return compile_properties(FLOWS["cove-io"].system(), [find(n) for n in HARD])


def test_a_limit_of_states_alone_ends_the_search() -> None:
    watched, obligations = _hard()
    started = time.perf_counter()
    for outcome in Z3Engine().check(watched, obligations, Limits(states=20)).outcomes:
        assert outcome.verdict is Verdict.UNKNOWN
        assert "state limit" in outcome.note
        assert outcome.depth > 0
    assert time.perf_counter() - started < 60


def test_without_the_reachable_states_k_induction_still_decides() -> None:
    watched, obligations = compiled(ring(5), Invariant(neg(conj(ring(5)["has0"], ring(5)["has2"]))))
    (outcome,) = Z3Engine().check(watched, obligations, Limits(states=2)).outcomes
    assert (outcome.verdict, outcome.evidence) == (Verdict.HOLDS, Evidence.INDUCTIVE)
    assert "induction" in outcome.note


def test_too_many_states_are_no_hindrance_since_ic3_finds_lemmas_that_z3_verifies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tdisprove.explore.smt.engine._HINT_STATES", 20)
    watched, obligations = _hard()
    for o, outcome in zip(obligations, Z3Engine().check(watched, obligations).outcomes, strict=True):
        assert (outcome.verdict, outcome.evidence) == (Verdict.HOLDS, Evidence.INDUCTIVE)
        assert outcome.lemmas
        assert verify(watched, o, outcome.lemmas) is None
    system = counter(15, 15)
    monkeypatch.setattr("tdisprove.explore.smt.engine._HINT_STATES", 2)
    watched, (o,) = compiled(system, Invariant(system["n"] != 12))
    (outcome,) = Z3Engine().check(watched, [o]).outcomes
    assert (outcome.verdict, outcome.depth) == (Verdict.VIOLATED, 12)


def test_a_depth_limit_is_exact() -> None:
    system = counter(15, 15)
    watched, obligations = compiled(system, Invariant(system["n"] != 12))
    for depth, verdict in ((11, Verdict.UNKNOWN), (12, Verdict.VIOLATED)):
        (outcome,) = Z3Engine().check(watched, obligations, Limits(depth=depth)).outcomes
        assert (outcome.verdict, outcome.depth) == (verdict, depth)


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.5])
def test_a_time_limit_is_kept(seconds: float) -> None:
    watched, obligations = _hard()
    started = time.perf_counter()
    report = Z3Engine().check(watched, obligations, Limits(states=20, seconds=seconds))
    assert time.perf_counter() - started < seconds + 3
    for outcome in report.outcomes:
        assert outcome.verdict is Verdict.UNKNOWN
        assert "time limit" in outcome.note


def test_a_memory_limit_is_kept() -> None:
    watched, obligations = _hard()
    for outcome in Z3Engine().check(watched, obligations, Limits(memory=1)).outcomes:
        assert outcome.verdict is Verdict.UNKNOWN
        assert "memory limit" in outcome.note


def test_ctrl_c_ends_the_check_and_keeps_what_was_found() -> None:
    watched, obligations = _hard()
    timer = threading.Timer(2.0, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        report = Z3Engine().check(watched, obligations, Limits(states=20, seconds=30))
    finally:
        timer.cancel()
    assert report.outcomes[-1].verdict is Verdict.UNKNOWN
    assert report.outcomes[-1].note == "interrupted"


def test_an_interruption_inside_z3_is_one_of_the_program() -> None:
    class Interrupted:
        def check(self, *_: object) -> object:
            return z3.unknown

        def reason_unknown(self) -> str:
            return "interrupted from keyboard"

    with pytest.raises(KeyboardInterrupt):
        Budget().satisfiable(Interrupted())


def test_a_bounded_search_that_ran_out_of_time_goes_on_where_it_stopped() -> None:
    system = counter(15, 15)
    watched, (o,) = compiled(system, Invariant(system["n"] != 5))
    search = BoundedSearch(Encoding(watched), o)
    path = None
    while path is None:
        with pytest.raises(OutOfBudgetError):
            search.deeper(Budget(at=0.0))
        path = search.deeper(Budget())
    assert len(path[1]) == 5


def test_exploration_that_is_wrong_about_a_violation_makes_no_endless_search(monkeypatch: pytest.MonkeyPatch) -> None:
    from tdisprove.explore.smt import engine

    def liar(*_: object, **__: object) -> None:
        raise NotProved("a state that is none")

    system = ring(5)
    watched, obligations = compiled(system, Invariant(neg(conj(system["has0"], system["has2"]))))
    monkeypatch.setattr(engine, "prove", liar)
    with pytest.raises(Disagreement):
        Z3Engine().check(watched, obligations)


def test_a_reachability_property_comes_with_its_witness() -> None:
    system = counter(15, 12)
    watched, (o,) = compiled(system, Sometimes(system["n"] == 12))
    (outcome,) = Z3Engine().check(watched, [o]).outcomes
    assert (outcome.verdict, outcome.depth) == (Verdict.VIOLATED, 12)
