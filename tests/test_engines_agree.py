"""One suite over all engines: the same verdicts and depths, and the same counts where an engine counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec

import naive
import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from random_systems import conditions, systems, systems_with_properties
from tdisprove.explore import NO_LIMITS, Engine, Evidence, Limits, Outcome, Report, Verdict, check, replay
from tdisprove.explore.bdd import BddEngine
from tdisprove.explore.bdd.manager import available
from tdisprove.explore.evaluate import evaluate
from tdisprove.explore.explicit import ExplicitEngine, reachable
from tdisprove.explore.sat import SatEngine
from tdisprove.explore.slice import Slice, sliced
from tdisprove.explore.smt.encoding import Encoding
from tdisprove.explore.smt.engine import Z3Engine
from tdisprove.explore.smt.induction import Disagreement, NotProved, k_induction, prove, verify
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import Bool, ModelError, System
from tdisprove.model.world import ASPECTS
from tdisprove.properties import Invariant, Obligation, Property, compile_properties
from tdisprove.properties.catalogue import PROPERTIES, Group, expectation, find, groups_of, of_aspect
from tdisprove.properties.formulas import LeadsTo, Recurs

ENGINES: list[Engine] = [ExplicitEngine(), Z3Engine(), BddEngine(), SatEngine()]
BACKENDS = available()
SMALL = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
AGREEMENT = settings(deadline=None, max_examples=250, suppress_health_check=list(HealthCheck))
SOME = settings(deadline=None, max_examples=120, suppress_health_check=list(HealthCheck))
MANY = settings(deadline=None, max_examples=400, suppress_health_check=list(HealthCheck))


EVERY: list[Engine] = [
    *(
        ExplicitEngine(backend=b)
        for b in (("native", "numpy") if find_spec("tdisprove.explore.explicit._kernel") else ("numpy",))
    ),
    *(BddEngine(b, depth=True) for b in BACKENDS),
    SatEngine(),
    Z3Engine(),
]
"""Every engine with each of its back ends."""


def _judged(
    system: System,
    obligations: Sequence[Obligation],
    report: Report,
    fails_at: Sequence[int | None],
    lift: Slice | None = None,
) -> None:
    """The verdicts and depths are the naive explorer's, and every run is one of the system that breaks what it shall."""
    for o, outcome, at in zip(obligations, report.outcomes, fails_at, strict=True):
        note(f"{report.engine}: {o.prop.formula}: {outcome}")
        assert (outcome.verdict is Verdict.VIOLATED) == (at is not None)
        if at is None:
            assert outcome.verdict is Verdict.HOLDS
        else:
            assert outcome.depth == at
            assert outcome.path is not None
            path = outcome.path if lift is None else lift.lift(outcome.path)
            assert len(replay(system, o, path)) == at


@pytest.mark.parametrize("part", range(4))
@AGREEMENT
@given(systems_with_properties())
def test_no_engine_and_no_reduction_ever_disagrees(part: int, case: tuple[System, list[Property]]) -> None:
    """A thousand random systems a run, in four parts: every engine and back end, on the whole and on slices, against the naive one."""
    watched, obligations = compile_properties(*case)
    counted = naive.explore(watched, obligations)
    for engine in EVERY:
        report = engine.check(watched, obligations)
        _judged(watched, obligations, report, counted.fails_at)
        if report.statistics is not None:
            s = report.statistics
            assert (s.states, s.transitions, s.depth, s.deadlocks) == (
                counted.states, counted.transitions, counted.depth, counted.deadlocks,
            )  # fmt: skip
    for o, at in zip(obligations, counted.fails_at, strict=True):
        lone = sliced(watched, [o])
        _judged(watched, [o], ExplicitEngine().check(lone.system, lone.obligations), [at], lone)


@SOME
@given(systems_with_properties())
def test_exploration_and_decision_diagrams_say_the_same(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    a, b = (engine.check(watched, obligations) for engine in (ExplicitEngine(), BddEngine(depth=True)))
    assert a.statistics is not None and b.statistics is not None
    for x, y in zip(a.outcomes, b.outcomes, strict=True):
        assert (x.verdict, x.evidence, x.depth) == (y.verdict, y.evidence, y.depth)
    assert replace(b.statistics, seconds=0, backend="") == replace(a.statistics, seconds=0, backend="")


@SOME
@given(systems_with_properties(), st.integers(1, 4))
def test_within_a_depth_exploration_and_decision_diagrams_say_the_same(
    case: tuple[System, list[Property]], depth: int
) -> None:
    watched, obligations = compile_properties(*case)
    a, b = (engine.check(watched, obligations, Limits(depth=depth)) for engine in (ExplicitEngine(), BddEngine()))
    assert a.statistics is not None and b.statistics is not None
    for x, y in zip(a.outcomes, b.outcomes, strict=True):
        assert (x.verdict, x.evidence, x.depth, x.note) == (y.verdict, y.evidence, y.depth, y.note)
    assert replace(b.statistics, seconds=0, backend="") == replace(a.statistics, seconds=0, backend="")


@MANY
@given(systems_with_properties())
def test_check_says_the_same_sliced_or_not(case: tuple[System, list[Property]]) -> None:
    system, properties = case
    a, b = (check(system, properties, slicing=s) for s in (True, False))
    assert [(r.verdict, r.depth) for r in a] == [(r.verdict, r.depth) for r in b]


CROSS_CHECKED = ("sev-tio-host-run", "sev-tio-guest-run", "cove-io")
GROUPS_OF_Z3 = [g for g in groups_of("lifecycle") if g.title != "laws of single steps"]


@pytest.mark.parametrize("group", GROUPS_OF_Z3, ids=lambda g: g.title)
@pytest.mark.parametrize("flow", CROSS_CHECKED)
def test_z3_finds_on_the_flows_what_exploration_recorded(flow: str, group: Group) -> None:
    for r in check(FLOWS[flow].system(), group.properties, Z3Engine()):
        recorded = expectation(flow, r.prop.id)
        assert recorded is not None
        assert (r.verdict.value, r.depth) == (recorded.verdict, recorded.depth), r.prop.id


@pytest.mark.parametrize(("flow", "aspect"), [("sev-tio-guest-run", "lifecycle"), ("arm-cca", "evidence")])
def test_sat_finds_on_the_flows_what_exploration_recorded(flow: str, aspect: str) -> None:
    safety = [p for p in of_aspect(aspect) if not isinstance(p.formula, LeadsTo | Recurs)]
    for r in check(FLOWS[flow].system(aspect=aspect), safety, SatEngine()):
        recorded = expectation(flow, r.prop.id)
        assert recorded is not None
        assert (r.verdict.value, r.depth) == (recorded.verdict, recorded.depth), r.prop.id


SAMPLED = [a for a in ASPECTS if a != "lifecycle"]


@pytest.mark.parametrize("aspect", SAMPLED)
def test_z3_finds_the_shallow_violations_of_every_aspect(aspect: str) -> None:
    # Bounded: a violation that exploration found within so many steps must be found, at that very depth.
    bound = 5
    flow = next(f for f in FLOWS.values() if aspect in f.aspects)
    shallow = [
        p
        for p in of_aspect(aspect)
        if (e := expectation(flow.name, p.id)) and e.verdict == "violated" and (e.depth or 99) <= bound
    ]
    for p in shallow[:3]:
        (r,) = check(flow.system(aspect=aspect), [p], Z3Engine(), Limits(depth=bound))
        assert (r.verdict.value, r.depth) == ("violated", expectation(flow.name, p.id).depth), p.id  # type: ignore[union-attr]


@pytest.mark.parametrize("topology", [{"tdi": 2}, {"tvm": 2}], ids=["two TDIs", "two TVMs"])
@pytest.mark.parametrize("flow", CROSS_CHECKED)
def test_engines_agree_on_larger_topologies(flow: str, topology: dict[str, int]) -> None:
    names = (
        "no-tbit-dma-emitted-before-accept",
        "no-tbit-dma-effective-before-accept",
        "gates-closed-before-reuse",
        "no-cross-tvm-dma",
    )
    first, *others = (check(FLOWS[flow].system(topology), [find(n) for n in names], engine) for engine in ENGINES)
    for results in others:
        assert [(r.verdict, r.depth) for r in results] == [(r.verdict, r.depth) for r in first]


# --- Z3: terms, proofs, and what must not pass for one ---------------------------------------------------------------


@MANY
@given(systems().flatmap(lambda s: conditions(s.variables, 3).map(lambda t: (s, t))))
def test_a_term_means_the_same_to_the_evaluator_numpy_diagrams_and_z3(case: tuple[System, object]) -> None:
    from itertools import islice, product

    import z3
    from tdisprove.explore.bdd.encoding import Encoding as Diagrams
    from tdisprove.explore.evaluate import named
    from tdisprove.explore.explicit.vectorise import Program
    from tdisprove.explore.layout import Layout

    system, term = case
    states = list(islice(product(*(v.sort.domain for v in system.variables)), 64))
    expected = [evaluate(term, named(system, s)) for s in states]  # type: ignore[arg-type]
    layout = Layout(system)
    program = Program(layout)
    program.predicates("f", [term])  # type: ignore[list-item]
    (vector,) = program.compile()["f"](*layout.pack(states))
    assert np.broadcast_to(vector, len(states)).tolist() == expected
    diagrams = Diagrams(system)
    meant = diagrams.truth(term)  # type: ignore[arg-type]
    assert [(meant & diagrams.state(s)) == diagrams.state(s) for s in states] == expected
    e = Encoding(system)
    solver = e.solver()
    expression = e.term(term)  # type: ignore[arg-type]
    for s, wanted in zip(states[:8], expected, strict=False):
        solver.push()
        solver.add(e.domain, *(e.term(v.term == x) for v, x in zip(system.variables, s, strict=True)), expression)
        assert (solver.check() == z3.sat) == wanted
        solver.pop()


@SMALL
@given(systems_with_properties())
def test_k_induction_over_simple_paths_never_proves_what_fails(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    for o, fails_at in zip(obligations, naive.explore(watched, obligations).fails_at, strict=True):
        for k in (1, 2, 3):
            if k_induction(watched, o, k, simple_path=True) is None:
                assert fails_at is None


def _flow_proof() -> tuple[System, object, np.ndarray]:  # type: ignore[type-arg]
    watched, obligations = compile_properties(FLOWS["cove-io"].system(), [find("no-tbit-dma-emitted-before-accept")])
    part = sliced(watched, obligations)
    return part.system, part.obligations[0], reachable(part.system).codes


def test_a_proofs_lemmas_hold_in_every_reachable_state_and_each_is_needed() -> None:
    system, obligation, reached = _flow_proof()
    proof = prove(system, obligation, reached)  # type: ignore[arg-type]
    assert proof.lemmas
    for lemma in proof.lemmas:
        (r,) = check(system, [Property("lemma", "A lemma.", Invariant(lemma))])
        assert r.verdict is Verdict.HOLDS
    assert verify(system, obligation, proof.lemmas) is None  # type: ignore[arg-type]
    assert verify(system, obligation, ()) is not None  # type: ignore[arg-type]


def test_a_wrong_oracle_never_makes_a_wrong_proof() -> None:
    system, obligation, reached = _flow_proof()
    for missing in (0, 1, len(reached) // 2, len(reached) - 1):
        try:
            proof = prove(system, obligation, np.delete(reached, missing, axis=0))  # type: ignore[arg-type]
        except (Disagreement, NotProved):
            continue
        assert verify(system, obligation, proof.lemmas) is None  # type: ignore[arg-type]


def test_a_false_lemma_is_refused() -> None:
    system, obligation, _ = _flow_proof()
    v = next(v for v in system.variables if not v.rigid and isinstance(v.sort, Bool))
    assert verify(system, obligation, [v.term]) == f"initiation: an initial state breaks `{v.term}`"  # type: ignore[arg-type]


def test_a_violated_property_has_no_proof() -> None:
    watched, obligations = compile_properties(
        FLOWS["sev-tio-host-run"].system(), [find("no-tbit-dma-emitted-before-accept")]
    )
    with pytest.raises(NotProved):
        prove(watched, obligations[0], reachable(watched).codes)


# --- Limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("engine", "name"),
    [
        (ENGINES[0], "gates-closed-before-reuse"),
        # Z3 proves that one outright, within any limit; this one takes the reachable states as well.
        (ENGINES[0], "no-tbit-dma-effective-before-accept"),
        (ENGINES[1], "no-tbit-dma-effective-before-accept"),
        (ENGINES[2], "gates-closed-before-reuse"),
        (ENGINES[2], "no-tbit-dma-effective-before-accept"),
    ],
    ids=lambda x: x if isinstance(x, str) else x.name,
)
def test_a_limit_never_makes_a_property_hold(engine: Engine, name: str) -> None:
    limits = Limits(states=20, depth=2)
    for r in check(FLOWS["cove-io"].system(), [find(name)], engine, limits):
        assert r.verdict is Verdict.UNKNOWN
        assert r.notes


@pytest.mark.parametrize("engine", ENGINES, ids=lambda e: e.name)
def test_no_time_is_no_verdict(engine: Engine) -> None:
    results = check(FLOWS["cove-io"].system(), of_aspect("lifecycle"), engine, Limits(seconds=1e-9))
    assert {r.verdict for r in results} == {Verdict.UNKNOWN}


def test_a_property_of_another_model_is_refused_in_one_line() -> None:
    with pytest.raises(ModelError, match=r"the property is about another model's event of that name|has no variable"):
        check(FLOWS["cove-io"].system(), PROPERTIES.values())


def test_after_an_interruption_nothing_more_is_begun() -> None:
    class Interrupted:
        name = "interrupted"
        calls = 0

        def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
            self.calls += 1
            return Report(
                (Outcome(Verdict.UNKNOWN, Evidence.BOUNDED, 3, note="interrupted"),) * len(obligations), None, self.name
            )

    engine = Interrupted()
    results = check(FLOWS["cove-io"].system({"tdi": 2}), of_aspect("lifecycle"), engine)
    assert engine.calls == 1
    assert {r.verdict for r in results} == {Verdict.UNKNOWN}
    assert all("interrupted" in r.notes for r in results)


def test_an_interrupted_run_keeps_what_it_found() -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    from tdisprove.explore.explicit import exploration

    system = FLOWS["sev-tio-guest-run"].system({"tdi": 2})
    every = exploration.PROGRESS_EVERY
    exploration.PROGRESS_EVERY = 0.0
    try:
        report = ExplicitEngine().check(
            *compile_properties(system, [find("gates-closed-before-reuse")]), Limits(progress=interrupt)
        )
    finally:
        exploration.PROGRESS_EVERY = every
    assert all(o.verdict is Verdict.UNKNOWN and o.note == "interrupted" for o in report.outcomes)
    assert report.statistics is not None
    assert not report.statistics.complete
