"""SAT by itself: clauses mean what terms do, IC3's invariants are ones, its runs are shortest, and it comes to an end."""

from __future__ import annotations

from itertools import islice, product
from pathlib import Path

import naive
import pytest
from hypothesis import HealthCheck, given, settings
from random_systems import conditions, systems, systems_with_properties
from tdisprove.cli import main
from tdisprove.explore import Evidence, Limits, Progress, Verdict, check, replay
from tdisprove.explore.cubes import Cube
from tdisprove.explore.evaluate import evaluate, named
from tdisprove.explore.explain.why import at_most, reasons
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.explore.sat import SatEngine
from tdisprove.explore.sat import engine as sat_engine
from tdisprove.explore.sat.encoding import Encoding
from tdisprove.explore.sat.ic3 import Invariant, Run, Search, as_cube, as_literals
from tdisprove.explore.sat.invariant import flaw, needed
from tdisprove.explore.sat.solver import Budget, Solver
from tdisprove.explore.smt.induction import verify
from tdisprove.explore.target import targets
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import FALSE, TRUE, Action, Bool, Int, ModelError, System, Term, Variable, conj, neg
from tdisprove.model.language.mutate import DropCheck, mutated
from tdisprove.model.world import ASPECTS
from tdisprove.properties import Invariant as Always
from tdisprove.properties import Never, Obligation, Property, Step, compile_properties
from tdisprove.properties.catalogue import find

MANY = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
SMALL = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
NO_LIMIT = Budget()


def counter(top: int, limit: int) -> System:
    """Counts 0, 1, 2, … as long as it is below ``limit``; ``top`` is its greatest value."""
    n = Variable("n", Int(0, top))
    return System("counter", (n,), n.term == 0, (Action("count", (), n.term < limit, ((n.term, n.term + 1),)),))


def ring(stations: int) -> System:
    """A token ring: each station passes its token on."""
    has = [Variable(f"has{i}", Bool()) for i in range(stations)]
    init = conj(*(v.term if i == 0 else neg(v.term) for i, v in enumerate(has)))
    actions = []
    for i, v in enumerate(has):
        after = has[(i + 1) % stations]
        actions.append(Action(f"pass{i}", (), conj(v.term, neg(after.term)), ((v.term, FALSE), (after.term, TRUE))))
    return System("ring", tuple(has), init, tuple(actions))


def compiled(system: System, *formulas: object) -> tuple[System, tuple[Obligation, ...]]:
    return compile_properties(system, [Property(f"p{i}", "A test.", f) for i, f in enumerate(formulas)])  # type: ignore[arg-type]


def ic3(system: System, obligation: Obligation) -> tuple[Encoding, Search, Run | Invariant]:
    encoding = Encoding(system)
    search = Search(encoding, encoding.target(obligation), NO_LIMIT)
    return encoding, search, next(a for a in search.advance() if a is not None)


# --- Clauses ----------------------------------------------------------------------------------------------------------


@MANY
@given(systems().flatmap(lambda s: conditions(s.variables, 3).map(lambda t: (s, t))))
def test_a_term_means_in_clauses_what_it_means(case: tuple[System, Term]) -> None:
    system, term = case
    e = Encoding(system)
    literal = e.truth(term)
    solver = Solver(e.circuit.clauses, NO_LIMIT)
    for state in islice(product(*(v.sort.domain for v in system.variables)), 32):
        codes = [v.sort.domain.index(x) for v, x in zip(system.variables, state, strict=True)]
        here = [family[c] for family, c in zip(e.now, codes, strict=True)]
        value = evaluate(term, named(system, state))
        assert solver.satisfiable([*here, literal]) == value
        assert solver.satisfiable([*here, -literal]) != value


@MANY
@given(systems())
def test_cubes_come_back_from_literals(system: System) -> None:
    e = Encoding(system)
    for j, v in enumerate(system.variables):
        for k in range(len(v.sort.domain)):
            cube = Cube(((j, frozenset((k,))),)) if len(v.sort.domain) > 1 else Cube(())
            assert as_cube(e, as_literals(e, cube)) == cube


# --- IC3 --------------------------------------------------------------------------------------------------------------


@MANY
@given(systems_with_properties())
def test_ic3_alone_gives_shortest_runs_and_true_invariants(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    for o, fails_at in zip(obligations, naive.explore(watched, obligations).fails_at, strict=True):
        encoding, search, answer = ic3(watched, o)
        if isinstance(answer, Run):
            assert len(replay(watched, o, (answer.initial, answer.actions))) == fails_at
            assert search.depth == fails_at - 1
        else:
            assert fails_at is None
            target = encoding.target(o)
            cubes = needed(encoding, target, answer.cubes, NO_LIMIT)
            assert flaw(encoding, target, cubes, NO_LIMIT) is None
            # Z3, which knows other clauses, says so too; and each cube that is left is needed.
            assert verify(watched, o, [as_cube(encoding, c).lemma(watched) for c in cubes]) is None
            for c in cubes:
                assert flaw(encoding, target, [d for d in cubes if d != c], NO_LIMIT) is not None


def test_a_ring_has_one_token_by_an_inductive_invariant() -> None:
    system = ring(7)
    watched, (o,) = compiled(system, Always(neg(conj(system["has2"], system["has5"]))))
    (outcome,) = SatEngine().check(watched, [o]).outcomes
    assert (outcome.verdict, outcome.evidence) == (Verdict.HOLDS, Evidence.INDUCTIVE)
    assert outcome.lemmas
    assert verify(watched, o, outcome.lemmas) is None


def test_a_violation_is_as_deep_as_it_is() -> None:
    system = counter(40, 38)
    watched, (state, step) = compiled(system, Always(system["n"] != 33), Never(Step(None, {}, None, system["n"] == 33)))
    outcomes = SatEngine().check(watched, [state, step]).outcomes
    assert [x.depth for x in outcomes] == [33, 34]


def test_a_run_does_not_go_on_after_a_deadlock() -> None:
    system = counter(9, 3)
    watched, (o,) = compiled(system, Always(system["n"] < 4))
    assert SatEngine().check(watched, [o]).outcomes[0].verdict is Verdict.HOLDS


def test_a_false_invariant_is_found_out() -> None:
    system = ring(4)
    watched, (o,) = compiled(system, Always(neg(conj(system["has1"], system["has3"]))))
    e = Encoding(watched)
    target = e.target(o)
    j = watched.index["has0"]
    assert "initial" in str(flaw(e, target, [as_literals(e, Cube(((j, frozenset((1,))),)))], NO_LIMIT))
    assert "safety" in str(flaw(e, target, [], NO_LIMIT))
    bad = as_literals(e, Cube(((watched.index["has2"], frozenset((1,))),)))
    assert "consecution" in str(flaw(e, target, [bad], NO_LIMIT))


# --- What must not pass -----------------------------------------------------------------------------------------------


def test_an_update_that_leaves_its_domain_is_an_error() -> None:
    n = Variable("n", Int(0, 3))
    odd = Variable("odd", Bool())
    count = Action("count", (), TRUE, ((n.term, n.term + 1), (odd.term, neg(odd.term))))
    system = System("escape", (n, odd), conj(n.term == 0, neg(odd.term)), (count,))
    for engine in (SatEngine(), ExplicitEngine()):
        with pytest.raises(ModelError, match=r"domain|n := "):
            check(system, [Property("p", "A test.", Always((n.term != 3) | odd.term))], engine)


def test_a_domain_without_end_is_unknown_not_wrong() -> None:
    n = Variable("n", Int(0, 1 << 40))
    system = System("large", (n,), n.term == 0, (Action("count", (), n.term < 9, ((n.term, n.term + 1),)),))
    (r,) = check(system, [Property("p", "A test.", Always(n.term < 20))], SatEngine())
    assert r.verdict is Verdict.UNKNOWN
    assert "too many for clauses" in r.notes[0]


def test_a_depth_limit_covers_that_depth() -> None:
    system = counter(40, 38)
    watched, (o,) = compiled(system, Always(system["n"] != 20))
    (outcome,) = SatEngine().check(watched, [o], Limits(depth=19)).outcomes
    assert (outcome.verdict, outcome.depth) == (Verdict.UNKNOWN, 19)
    (outcome,) = SatEngine().check(watched, [o], Limits(depth=20)).outcomes
    assert (outcome.verdict, outcome.depth) == (Verdict.VIOLATED, 20)


def test_an_interruption_says_how_deep_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sat_engine, "_PROGRESS_EVERY", 0.0)

    def interrupt(p: Progress) -> None:
        if p.depth >= 7:
            raise KeyboardInterrupt

    system = counter(40, 38)
    watched, (o, other) = compiled(system, Always(system["n"] != 30), Always(system["n"] != 31))
    outcomes = SatEngine().check(watched, [o, other], Limits(progress=interrupt)).outcomes
    assert [(x.verdict, x.note) for x in outcomes] == [(Verdict.UNKNOWN, "interrupted")] * 2
    assert 7 <= outcomes[0].depth < 30


# --- Why it holds -----------------------------------------------------------------------------------------------------


@SMALL
@given(systems())
def test_at_most_counts(system: System) -> None:
    truths = [v.term for v in system.variables if isinstance(v.sort, Bool)]
    for n in range(len(truths) + 1):
        for state in islice(product(*(v.sort.domain for v in system.variables)), 32):
            here = named(system, state)
            assert evaluate(at_most(truths, n), here) == (sum(bool(here[t.name]) for t in truths) <= n)


FLOW, HELD = "cove-io", "no-tbit-dma-effective-before-accept"


def without(*checks: str) -> bool:
    """Whether the property still holds when exploration looks at the flow without the checks."""
    drops = []
    for c in checks:
        rule, _, name = c.partition("/")
        drops.append(DropCheck(*rule.split(".", 1), name))
    system = FLOWS[FLOW].system(model=mutated(ASPECTS["lifecycle"].model, *drops))
    (r,) = check(system, [find(HELD)], ExplicitEngine())
    return r.verdict is Verdict.HOLDS


def test_the_smallest_sets_of_checks_are_those_that_exploration_finds() -> None:
    (target,) = targets([FLOW], [HELD])
    found = reasons(target, find(HELD), most=2)
    assert found is not None
    assert found.complete == 2
    assert found.lemmas
    assert found.needed
    assert {len(c) for c in found.cuts} == {1, 2}
    for cut in found.cuts:
        assert not without(*cut)
        for c in cut:
            assert len(cut) == 1 or without(c)
    alone = {c for cut in found.cuts if len(cut) == 1 for c in cut}
    for c in {*found.needed, *found.redundant[::5], *(c for cut in found.cuts for c in cut)}:
        assert without(c) == (c not in alone)


def test_the_command_gives_the_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prove", FLOW, "-p", HELD, "--engine", "sat", "--why", "1"]) == 0
    out = capsys.readouterr().out
    assert "It needs the checks:" in out
    assert "The property fails without (all such sets of at most 1):\n    gate.dma/over the TSM's Secure stream" in out
    assert main(["prove", str(Path(__file__).parent.parent / "examples" / "two_phase_commit.py"), "--why"]) == 2


def test_there_are_no_reasons_for_what_does_not_hold() -> None:
    (target,) = targets(["sev-tio-host-run"], ["no-tbit-dma-emitted-before-accept"])
    assert reasons(target, target.properties[0]) is None
