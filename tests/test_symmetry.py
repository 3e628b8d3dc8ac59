"""Symmetry: what is interchangeable is found, what only looks so is not, and a search with it gives the same answers."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_systems import conditions
from tdisprove.explore import NO_LIMITS, Limits, Verdict, replay
from tdisprove.explore.evaluate import successor
from tdisprove.explore.explicit import ExplicitEngine, search
from tdisprove.explore.explicit.native import NativeExploration
from tdisprove.explore.explicit.vectorised import VectorisedExploration
from tdisprove.explore.layout import Layout
from tdisprove.explore.reduction.symmetry import Automorphism, symmetries
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import (
    BOOL,
    TRUE,
    Action,
    Enum,
    Int,
    ModelError,
    State,
    System,
    Term,
    Variable,
    conj,
    const,
    disj,
    ite,
    neg,
    substitute,
)
from tdisprove.properties import Invariant, Obligation, Property, compile_properties
from tdisprove.properties.catalogue import find, of_aspect
from tdisprove.properties.formulas import LeadsTo, Recurs

MANY = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


@pytest.fixture(params=["native", "numpy"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "native":
        pytest.importorskip("tdisprove.explore.explicit._kernel", reason="the compiled kernel was not built")
    return str(request.param)


def _agree(system: System, obligations: list[Obligation] | tuple[Obligation, ...], backend: str) -> tuple[int, int]:
    """With symmetry and without: the same verdicts and depths, and every trace is one. The numbers of states."""
    on, off = (ExplicitEngine(backend=backend, symmetry=s).check(system, obligations) for s in ("on", "off"))
    for o, a, b in zip(obligations, on.outcomes, off.outcomes, strict=True):
        assert (a.verdict, a.path and a.depth) == (b.verdict, b.path and b.depth)
        if a.path is not None:
            assert len(replay(system, o, a.path)) == a.depth
    assert on.statistics is not None
    assert off.statistics is not None
    assert on.statistics.depth == off.statistics.depth
    assert on.statistics.complete
    return on.statistics.states, off.statistics.states


def _orbits(found: tuple[Automorphism, ...], states: set[State]) -> set[State]:
    """All states that are symmetric to some."""
    todo = list(states)
    every = set(states)
    for s in todo:
        for a in found:
            t = a.state(s)
            if t not in every:
                every.add(t)
                todo.append(t)
    return every


# --- random systems of interchangeable instances ---------------------------------------------------------------------


@st.composite
def symmetric_systems(draw: st.DrawFn) -> tuple[System, list[Property]]:
    """Instances with two variables each, one that names an instance, and one of all; every event is for every instance."""
    n = draw(st.integers(2, 4))
    names = [f"unit{i}" for i in range(n)]
    who = Enum("unit?", ("none", *names))
    mine = Variable("mine", BOOL), Variable("level", Int(0, 2))
    common = Variable("common", Int(0, 1))
    holder = Variable("holder", who)
    own = [[Variable(f"{u}.mine", BOOL), Variable(f"{u}.level", Int(0, 2))] for u in names]

    def at(t: Term, i: int) -> Term:
        return substitute(t, {m.term: o.term for m, o in zip(mine, own[i], strict=True)})

    template = (*mine, common)
    actions: list[Action] = []
    for e in range(draw(st.integers(1, 3))):
        guard = draw(conditions(template, 2))
        held = draw(st.sampled_from(["any", "none", "self", "other"]))
        takes = draw(st.sampled_from(["keep", "take", "free"]))
        level = draw(st.sampled_from(["keep", "up", "zero"]))
        flips, touches = draw(st.booleans()), draw(st.booleans())
        everyone = draw(st.booleans())
        for i, u in enumerate(names):
            g = [at(guard, i)]
            if held != "any":
                g.append({"none": holder.term == "none", "self": holder.term == u, "other": neg(holder.term == u)}[held])
            if everyone:
                g.append(disj(*(o[0].term for o in own)))
            updates: list[tuple[Term, Term]] = []
            if takes != "keep":
                updates.append((holder.term, const(u if takes == "take" else "none", who)))
            x = own[i][1].term
            if level != "keep":
                updates.append((x, ite(x < 2, x + 1, x) if level == "up" else const(0, Int(0, 2))))
            if flips:
                updates.append((own[i][0].term, neg(own[i][0].term)))
            if touches:
                updates.append((common.term, ite(common.term == 0, const(1, Int(0, 1)), const(0, Int(0, 1)))))
            actions.append(Action(f"event{e}", (("unit", u),), conj(*g), tuple(updates)))
    variables = (*(o[0] for o in own), *(o[1] for o in own), common, holder)
    free = draw(st.booleans())
    init = conj(
        common.term == 0, holder.term == "none", *(conj(*([] if free else [neg(o[0].term)]), o[1].term == 0) for o in own)
    )
    system = System("units", variables, init, tuple(draw(st.permutations(actions))), topology={"unit": n})
    bad = draw(conditions(template, 2))
    every = [Property(f"p{i}", "P.", Invariant(neg(at(bad, i) & (holder.term == u)))) for i, u in enumerate(names)]
    both = Property("both", "P.", Invariant(disj(*(o[1].term < 2 for o in own))))
    return system, [*every, both]


@MANY
@given(symmetric_systems())
def test_instances_of_one_kind_are_found_to_be_interchangeable(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    found = symmetries(watched, obligations)
    assert len(found) == watched.topology["unit"] - 1


@MANY
@given(symmetric_systems(), st.sampled_from(["native", "numpy"]))
def test_a_search_with_symmetry_gives_the_same_answers(case: tuple[System, list[Property]], backend: str) -> None:
    if backend == "native":
        pytest.importorskip("tdisprove.explore.explicit._kernel", reason="the compiled kernel was not built")
    watched, obligations = compile_properties(*case)
    few, many = _agree(watched, obligations, backend)
    assert few <= many


@MANY
@given(symmetric_systems())
def test_the_representatives_stand_for_exactly_the_reachable_states(case: tuple[System, list[Property]]) -> None:
    system, _ = case
    found = symmetries(system, ())
    reduced = VectorisedExploration(system, (), NO_LIMITS, stop_early=False, symmetry=found)
    whole = VectorisedExploration(system, (), NO_LIMITS, stop_early=False)
    reduced.run()
    whole.run()
    layout = Layout(system)
    visited, reached = ({layout.unpack(c) for c in x.packed().T} for x in (reduced, whole))
    assert visited <= reached
    assert _orbits(found, visited) == reached


@MANY
@given(symmetric_systems())
def test_an_automorphism_maps_steps_to_steps(case: tuple[System, list[Property]]) -> None:
    """By the reference evaluator, on every reachable state: what detection claims of terms is true of states."""
    system, _ = case
    whole = VectorisedExploration(system, (), NO_LIMITS, stop_early=False)
    whole.run()
    layout = Layout(system)
    for a, column in product(symmetries(system, ()), whole.packed().T[:20]):
        s = layout.unpack(column)
        assert a.state(a.state(s)) == s
        for i, action in enumerate(system.actions):
            image = system.actions[a.actions[i]]
            assert successor(system, image, a.state(s)) == a.state(successor(system, action, s))


@MANY
@given(symmetric_systems())
def test_both_searches_visit_the_same_representatives(case: tuple[System, list[Property]]) -> None:
    pytest.importorskip("tdisprove.explore.explicit._kernel", reason="the compiled kernel was not built")
    watched, obligations = compile_properties(*case)
    found = symmetries(watched, obligations)
    one = VectorisedExploration(watched, obligations, NO_LIMITS, stop_early=False, symmetry=found)
    two = NativeExploration(watched, obligations, NO_LIMITS, stop_early=False, symmetry=found)
    one.run()
    two.run()
    assert (one.packed() == two.packed()).all()
    assert one.violations == two.violations


@MANY
@given(symmetric_systems(), st.data())
def test_a_system_that_favours_one_instance_is_never_taken_for_a_symmetric_one(
    case: tuple[System, list[Property]], data: st.DataObject
) -> None:
    """One action is changed or left out. Whether or not symmetries are left, the answers are the same with them."""
    system, properties = case
    i = data.draw(st.integers(0, len(system.actions) - 1))
    how = data.draw(st.sampled_from(["drop", "guard", "update"]))
    actions = list(system.actions)
    if how == "drop":
        del actions[i]
    elif how == "guard":
        actions[i] = replace(actions[i], guard=conj(actions[i].guard, system["common"] == 0))
    else:
        holder = system["holder"]
        actions[i] = replace(
            actions[i],
            updates=(*(u for u in actions[i].updates if u[0] is not holder), (holder, const("unit0", holder.sort))),
        )
    broken = replace(system, actions=tuple(actions))
    watched, obligations = compile_properties(broken, properties)
    _agree(watched, obligations, "numpy")


# --- what only looks symmetric ----------------------------------------------------------------------------------------


def _ring(n: int) -> System:
    """A token goes round: each passes it to the next, so only rotations change nothing, and exchanging two does."""
    has = [Variable(f"unit{i}.has", BOOL) for i in range(n)]
    actions = tuple(
        Action(
            "pass", (("unit", f"unit{i}"),), has[i].term, ((has[i].term, const(False, BOOL)), (has[(i + 1) % n].term, TRUE))
        )
        for i in range(n)
    )
    return System(
        "ring", tuple(has), conj(has[0].term, *(neg(h.term) for h in has[1:])), actions, topology={"unit": n}
    )  # fmt: skip


def test_a_ring_is_not_symmetric_under_exchanges() -> None:
    assert symmetries(_ring(3), ()) == ()
    assert symmetries(_ring(4), ()) == ()


def test_a_property_that_names_one_instance_switches_symmetry_off() -> None:
    system = FLOWS["hyperv"].system({"tdi": 2}, aspect="spdm")
    assert [str(a) for a in symmetries(system, ())] == ["tdi0 and tdi1"]
    (v,) = (v for v in system.variables if v.name == "tdi0.state")
    watched, obligations = compile_properties(system, [Property("p", "P.", Invariant(neg(v.term == "RUN")))])
    assert symmetries(watched, obligations) == ()
    _agree(watched, obligations, "numpy")


def test_an_initial_state_that_favours_one_is_not_symmetric() -> None:
    a, b = Variable("unit0.x", BOOL), Variable("unit1.x", BOOL)
    flip = tuple(Action("flip", (("unit", f"unit{i}"),), TRUE, ((v.term, neg(v.term)),)) for i, v in enumerate((a, b)))
    assert symmetries(System("s", (a, b), conj(neg(a.term), neg(b.term)), flip, topology={"unit": 2}), ())
    assert not symmetries(System("s", (a, b), conj(a.term, neg(b.term)), flip, topology={"unit": 2}), ())


def test_an_order_of_instances_is_not_symmetric() -> None:
    a, b = Variable("unit0.x", Int(0, 2)), Variable("unit1.x", Int(0, 2))
    ups = tuple(
        Action(
            "up",
            (("unit", f"unit{i}"),),
            (v.term < 2) & (a.term <= b.term),
            ((v.term, ite(v.term < 2, v.term + 1, v.term)),),
        )
        for i, v in enumerate((a, b))
    )
    assert not symmetries(System("s", (a, b), conj(a.term == 0, b.term == 0), ups, topology={"unit": 2}), ())


def test_a_sum_in_another_order_is_the_same_sum() -> None:
    a, b = Variable("unit0.x", Int(0, 2)), Variable("unit1.x", Int(0, 2))
    ups = tuple(
        Action(
            "up",
            (("unit", f"unit{i}"),),
            (a.term + b.term < 3) & (v.term < 2),
            ((v.term, ite(v.term < 2, v.term + 1, v.term)),),
        )
        for i, v in enumerate((a, b))
    )
    assert symmetries(System("s", (a, b), conj(a.term == 0, b.term == 0), ups, topology={"unit": 2}), ())


# --- the flows ---------------------------------------------------------------------------------------------------------


def test_devices_are_exchanged_with_their_tdis() -> None:
    system = FLOWS["cove-io"].system(aspect="resources")
    assert [str(a) for a in symmetries(system, ())] == ["tvm0 and tvm1", "device0 and device1, tdi0 and tdi1"]


COUNTS = [
    ("sev-tio-guest-run", "resources", None, 3_439, 13_539),
    ("hyperv", "spdm", {"tdi": 2}, 910, 1_456),
    ("hyperv", "spdm", {"tdi": 4}, 4_536, 45_928),
    ("arm-cca", "channel", None, 2_023, 4_028),
]


def test_the_page_on_engines_has_these_numbers() -> None:
    page = (Path(__file__).parent.parent / "docs" / "engines.md").read_text(encoding="utf-8")
    of_symmetry = page.partition("* *Symmetry*")[2].partition("\n* *")[0]
    rows = [line for line in of_symmetry.splitlines() if line.startswith("  | `")]
    assert rows
    for line, (flow, aspect, _, few, many) in zip(rows, COUNTS, strict=False):
        assert line.startswith(f"  | `{flow}` {aspect}")
        assert line.endswith(f"| {many:,} | {few:,} |")


@pytest.mark.parametrize(("flow", "aspect", "topology", "few", "many"), COUNTS)
def test_flows_have_fewer_states_up_to_symmetry(
    flow: str, aspect: str, topology: dict[str, int] | None, few: int, many: int, backend: str
) -> None:
    system = FLOWS[flow].system(topology, aspect=aspect)
    assert _agree(system, (), backend) == (few, many)


def test_a_whole_catalogue_is_decided_alike(backend: str) -> None:
    properties = [p for p in of_aspect("resources") if not isinstance(p.formula, LeadsTo | Recurs)]
    watched, obligations = compile_properties(FLOWS["tdx-connect"].system(aspect="resources"), properties)
    few, many = _agree(watched, obligations, backend)
    assert few < many / 3


def test_monitors_are_exchanged_with_what_they_observe(backend: str) -> None:
    system = FLOWS["sev-tio-host-run"].system({"tdi": 2})
    properties = [find("no-tbit-dma-effective-before-accept"), find("gates-closed-before-reuse")]
    watched, obligations = compile_properties(system, properties)
    assert any(v.name.startswith("monitor.") for v in watched.variables)
    (found,) = symmetries(watched, obligations)
    assert any(a != b for a, b in found.variables.items() if a.startswith("monitor."))
    few, many = _agree(watched, obligations, backend)
    assert few < many


# --- when it is used ---------------------------------------------------------------------------------------------------


def test_symmetry_takes_over_when_there_are_many_states(monkeypatch: pytest.MonkeyPatch) -> None:
    system = FLOWS["hyperv"].system({"tdi": 4}, aspect="spdm")
    watched, obligations = compile_properties(system, ())
    few = ExplicitEngine().check(watched, obligations).statistics
    assert few is not None
    assert (few.states, few.symmetry) == (45_928, 0)
    monkeypatch.setattr(search, "MANY", 5_000)
    many = ExplicitEngine().check(watched, obligations).statistics
    assert many is not None
    assert (many.states, many.symmetry) == (4_536, 3)
    off = ExplicitEngine(symmetry="off").check(watched, obligations).statistics
    assert off is not None
    assert (off.states, off.symmetry) == (45_928, 0)
    bounded = ExplicitEngine().check(watched, obligations, Limits(states=1_000))
    assert bounded.statistics is not None
    assert not bounded.statistics.complete


def test_an_unknown_way_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match="'some' is no way to use symmetry: give one of auto, on, off"):
        ExplicitEngine(symmetry="some")


def test_a_violation_is_found_for_every_instance(backend: str) -> None:
    n = 3
    bits = [Variable(f"unit{i}.x", BOOL) for i in range(n)]
    sets = tuple(Action("set", (("unit", f"unit{i}"),), TRUE, ((b.term, TRUE),)) for i, b in enumerate(bits))
    system = System("s", tuple(bits), conj(*(neg(b.term) for b in bits)), sets, topology={"unit": n})
    watched, obligations = compile_properties(
        system, [Property(f"p{i}", "P.", Invariant(neg(b.term))) for i, b in enumerate(bits)]
    )
    report = ExplicitEngine(backend=backend, symmetry="on").check(watched, obligations)
    assert [o.verdict for o in report.outcomes] == [Verdict.VIOLATED] * n
    assert [o.path and o.path[1] for o in report.outcomes] == [(i,) for i in range(n)]
    assert report.statistics is not None
    assert report.statistics.states == n + 1
