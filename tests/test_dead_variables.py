"""Dead variables: what nobody reads again is found, what somebody may read is not, and a search that resets them gives the same answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import naive
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_systems import conditions, properties, systems_with_properties, values
from tdisprove.cli import main
from tdisprove.explore import Limits, Verdict, replay
from tdisprove.explore.bdd import BddEngine
from tdisprove.explore.explicit import ExplicitEngine, reachable, search
from tdisprove.explore.layout import Layout
from tdisprove.explore.reduction import dead as dead_module
from tdisprove.explore.reduction.dead import Dead, dead_variables, reset
from tdisprove.explore.reduction.symmetry import symmetries
from tdisprove.explore.slice import sliced
from tdisprove.explore.verdict import Statistics
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import (
    BOOL,
    TRUE,
    Action,
    Enum,
    Event,
    Ground,
    Int,
    ModelError,
    Op,
    System,
    Term,
    Variable,
    conj,
    const,
    ite,
    neg,
    support,
)
from tdisprove.properties import After, Invariant, Obligation, Property, Step, compile_properties
from tdisprove.properties.catalogue import find
from test_symmetry import symmetric_systems

MANY = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))
FEW = settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))


@pytest.fixture(params=["native", "numpy"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "native":
        pytest.importorskip("tdisprove.explore.explicit._kernel", reason="the compiled kernel was not built")
    return str(request.param)


def _statistics(found: Statistics | None) -> Statistics:
    assert found is not None
    return found


def _agree(
    system: System, obligations: Sequence[Obligation], backend: str = "numpy", symmetry: str = "off"
) -> tuple[int, int]:
    """With dead variables reset and without: the same verdicts, depths and actions, and every trace is one of the original.
    The numbers of states.
    """
    on, off = (
        ExplicitEngine(backend=backend, symmetry=symmetry, dead_variables=d).check(system, obligations)
        for d in ("on", "off")
    )
    for o, a, b in zip(obligations, on.outcomes, off.outcomes, strict=True):
        assert (a.verdict, a.path and a.depth) == (b.verdict, b.path and b.depth)
        if a.path is not None:
            assert len(replay(system, o, a.path)) == a.depth
    few, many = _statistics(on.statistics), _statistics(off.statistics)
    assert few.complete
    assert not many.dead
    if not few.symmetry:
        assert few.fired == many.fired
    assert bool(few.deadlocks) == bool(many.deadlocks)
    return few.states, many.states


def _truly_dead(system: System, obligations: Sequence[Obligation], found: Dead) -> None:
    """Of all states in which a variable is said to be dead, those that differ in it only are bisimilar: nothing that happens
    to them, at any distance, tells them apart. By brute force, on the graph of all states, reachable or not.
    """
    names = [v.name for v in system.variables]
    states = list(product(*(v.sort.domain for v in system.variables)))
    next_of: dict[Any, tuple[Any, ...]] = {}
    block: dict[Any, Any] = {}
    for s in states:
        state = dict(zip(names, s, strict=True))
        following: list[Any] = []
        says: list[Any] = [naive.value(o.state, state) for o in obligations]
        for i, a in enumerate(system.actions):
            if naive.value(a.guard, state):
                changed = {str(t.data): naive.value(u, state) for t, u in a.updates}
                following.append(tuple(changed.get(n, state[n]) for n in names))
                says += [naive.value(o.steps[i], state) for o in obligations if i in o.steps]
            else:
                following.append(None)
        next_of[s] = tuple(following)
        block[s] = (tuple(says), tuple(f is None for f in following))
    blocks = 0
    while True:
        numbers: dict[Any, int] = {}
        block = {s: numbers.setdefault(b, len(numbers)) for s, b in block.items()}
        if len(numbers) == blocks:
            break
        blocks = len(numbers)
        block = {s: (b, tuple(f and block[f] for f in next_of[s])) for s, b in block.items()}
    for x, witnesses in found.where.items():
        at = names.index(x)
        for y, where in witnesses.items():
            for s in states:
                if s[names.index(y)] in where:
                    for other in system.variables[at].sort.domain:
                        assert block[s] == block[*s[:at], other, *s[at + 1 :]], f"{x} is not dead where {y} is {where}"


# --- random systems that go through phases ---------------------------------------------------------------------------


@st.composite
def phased(draw: st.DrawFn) -> tuple[System, list[Property]]:
    """Systems in which variables matter in some phases only, with properties that read few of them."""
    phases = tuple(Variable(f"phase{i}", Int(0, draw(st.integers(1, 3)))) for i in range(draw(st.integers(1, 2))))
    sorts: tuple[Ground, ...] = (BOOL, Int(0, 2))
    data = tuple(Variable(f"x{i}", s) for i, s in enumerate(draw(st.lists(st.sampled_from(sorts), min_size=1, max_size=3))))
    variables = draw(st.permutations((*phases, *data)))
    init = conj(
        *(v.term == draw(st.sampled_from(v.sort.domain)) for v in variables if v in phases or draw(st.integers(0, 4)))
    )
    actions = []
    for i in range(draw(st.integers(2, 6))):
        guards: list[Term] = []
        updates: list[tuple[Term, Term]] = []
        for p in phases:
            if draw(st.integers(0, 3)):
                guards.append(p.term == draw(st.sampled_from(p.sort.domain)))
            if draw(st.booleans()):
                way = draw(st.sampled_from(["set", "set", "choose", "any"]))
                one, other = (const(draw(st.sampled_from(p.sort.domain)), p.sort) for _ in range(2))
                new = draw(values(p, variables)) if way == "any" else one
                updates.append((p.term, ite(draw(conditions(variables, 1)), one, other) if way == "choose" else new))
        if not draw(st.integers(0, 2)):
            guards.append(draw(conditions(draw(st.sampled_from([phases, data])), 1)))
        for x in data:
            if not draw(st.integers(0, 2)):
                clean = const(draw(st.sampled_from(x.sort.domain)), x.sort)
                updates.append((x.term, draw(values(x, variables)) if draw(st.booleans()) else clean))
        actions.append(Action(f"e{i}", (), conj(*guards), tuple((t, u) for t, u in updates if t is not u)))
    system = System("phased", tuple(variables), init, tuple(actions))
    read = draw(st.sampled_from([phases, phases, tuple(variables), data[:1]]))
    return system, [
        Property(f"p{i}", p.says, p.formula)
        for i, p in enumerate(draw(properties(read)) for _ in range(draw(st.integers(1, 2))))
    ]


@MANY
@given(phased())
def test_phased_systems_give_the_same_answers(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    _agree(watched, obligations)
    # The naive explorer, of the original.
    report = ExplicitEngine(dead_variables="on").check(watched, obligations)
    expected = naive.explore(watched, obligations).fails_at
    assert [o.path and o.depth for o in report.outcomes] == expected


@MANY
@given(systems_with_properties())
def test_and_so_do_systems_of_any_kind(backend: str, case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    _agree(watched, obligations, backend)
    for o in obligations:  # with less that is observed, more is dead
        part = sliced(watched, [o])
        _agree(part.system, part.obligations, backend)


@MANY
@given(phased())
def test_what_is_said_to_be_dead_is(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    assume(np.prod([len(v.sort.domain) for v in watched.variables]) <= 2_000)
    _truly_dead(watched, obligations, dead_variables(watched, obligations))


@FEW
@given(phased())
def test_the_back_ends_agree_to_the_last_state_and_diagrams_count_the_same(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    fewer = reset(watched, dead_variables(watched, obligations))
    numpy = reachable(fewer, backend="numpy")
    assert np.array_equal(numpy.packed, reachable(fewer).packed)
    counted = _statistics(BddEngine("python").check(fewer, ()).statistics)
    assert counted.states == numpy.statistics.states


@FEW
@given(phased())
def test_the_share_that_is_left_is_what_a_state_by_state_count_says(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    found = dead_variables(watched, obligations)
    states = list(product(*(v.sort.domain for v in watched.variables)))[:500]
    layout = Layout(watched)
    left = set()
    for s in states:
        now = dict(zip(watched.index, s, strict=True))
        dead = {x for x, ws in found.where.items() if any(now[y] in where for y, where in ws.items())}
        left.add(tuple(found.default[n] if n in dead else v for n, v in now.items()))
    assert found.share(layout, layout.pack(states)) == len(left) / len(states)


# --- traps -------------------------------------------------------------------------------------------------------------

x, z = Variable("x", Int(0, 2)), Variable("z", Int(0, 2))
y, bad = Variable("y", Int(0, 3)), Variable("bad", BOOL)
START = conj(x.term == 0, y.term == 0, z.term == 0, neg(bad.term))
SAFE = Invariant(neg(bad.term))


def _trap(*actions: tuple[Term, dict[Variable, Any]], formula: Any = SAFE) -> tuple[System, list[Obligation]]:
    made = tuple(
        Action(
            f"e{i}", (), guard, tuple((v.term, u if isinstance(u, Term) else const(u, v.sort)) for v, u in updates.items())
        )
        for i, (guard, updates) in enumerate(actions)
    )
    watched, obligations = compile_properties(System("trap", (x, y, z, bad), START, made), [Property("p", "P.", formula)])
    return watched, list(obligations)


LEARN = (y.term == 0, {x: 1, y: 1})
"""Something is put into x, in the first phase."""

TRAPS: dict[str, Callable[[], tuple[System, list[Obligation]]]] = {
    "nothing": lambda: _trap(LEARN, (y.term == 1, {x: 2, y: 2})),
    "an obligation reads it": lambda: _trap(LEARN, (y.term == 1, {x: 2, y: 0}), formula=Invariant(neg(x.term == 1))),
    "a guard reads it": lambda: _trap(LEARN, (conj(y.term == 1, x.term == 1), {bad: True})),
    "a guard reads it later": lambda: _trap(
        LEARN, (y.term == 1, {y: 2}), (y.term == 2, {y: 3}), (conj(y.term == 3, x.term == 1), {bad: True})
    ),
    "a guard reads it in any phase": lambda: _trap(LEARN, (y.term == 1, {y: 2}), (x.term == 1, {bad: True})),
    "a monitor reads it": lambda: _trap(
        LEARN, (y.term == 1, {y: 2}), (y.term == 2, {y: 3}),
        formula=Invariant(neg(y.term == 3), After(Step(Event("e1"), where=x.term == 1), ())),
    ),
    "copied just before it is overwritten": lambda: _trap(
        LEARN, (y.term == 1, {z: x.term, x: 0, y: 2}), (conj(y.term == 2, z.term == 1), {bad: True})
    ),
    "a copy in a circle": lambda: _trap(
        LEARN, (y.term == 1, {z: x.term, x: z.term, y: 2}), (y.term == 2, {z: x.term, x: z.term, y: 3}),
        (conj(y.term == 3, x.term == 1), {bad: True}),
    ),
    "its own update reads it": lambda: _trap(
        LEARN, (y.term == 1, {x: ite(x.term == 1, 2, x.term), y: 2}), (conj(y.term == 2, x.term == 2), {bad: True})
    ),
    "the phase is computed": lambda: _trap(
        LEARN, (y.term == 1, {y: ite(z.term == 0, const(3, y.sort), const(2, y.sort))}), (y.term == 2, {x: 0}),
        (conj(y.term == 3, x.term == 1), {bad: True}),
    ),
    "the phase is computed the other way": lambda: _trap(
        LEARN, (y.term == 1, {y: ite(z.term == 1, const(2, y.sort), const(3, y.sort))}), (y.term == 2, {x: 0}),
        (conj(y.term == 3, x.term == 1), {bad: True}),
    ),
    "the phase is a copy": lambda: _trap(
        LEARN, (z.term == 0, {z: 2}), (y.term == 1, {y: z.term}), (conj(y.term == 2, x.term == 1), {bad: True})
    ),
    "two witnesses of each other": lambda: _trap(
        (conj(x.term == 0, y.term == 0, z.term == 0), {x: 1, y: 1, z: 1}),
        (conj(x.term == 0, y.term == 0, z.term == 1), {bad: True}),
    ),
    "the guard allows more than one phase": lambda: _trap(
        LEARN, (y.term <= 2, {y: y.term + 1}), (conj(y.term == 3, x.term == 1), {bad: True})
    ),
}  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_no_trap_closes(trap: str, backend: str) -> None:
    system, obligations = TRAPS[trap]()
    _agree(system, obligations, backend)
    _truly_dead(system, obligations, dead_variables(system, obligations))


def test_setting_what_is_dead_makes_no_error_of_its_own(backend: str) -> None:
    """Counted down from 2, never below 0; counted down from what it is set to, it would be."""
    system, obligations = _trap(
        (y.term == 0, {x: 2, y: 1}), (y.term == 1, {x: x.term - 1, y: 2}), (y.term == 2, {x: 0, y: 0})
    )
    found = dead_variables(system, obligations)
    assert found.where["x"]["y"] >= {0, 2}
    assert 1 not in found.where["x"]["y"]
    _agree(system, obligations, backend)


def test_what_nobody_reads_is_reset() -> None:
    system, obligations = TRAPS["nothing"]()
    found = dead_variables(system, obligations)
    assert found.where["x"]["y"] == frozenset({0, 1, 2, 3})


def _reads(t: Term, v: Variable) -> bool:
    return any(w.name == v.name for w in support(t))


def _unread_guards(self: Any) -> Any:
    return {
        v.name: {i for i, u in enumerate(self.updates) for n, t in u.items() if n != v.name and _reads(t, v)}
        for v in self.system.variables
    }


def _unread_updates(self: Any) -> Any:
    return {v.name: {i for i, a in enumerate(self.system.actions) if _reads(a.guard, v)} for v in self.system.variables}


def _only_one_branch(which: int) -> Callable[..., Iterator[Any]]:
    right = dead_module._Facts._range

    def wrong(self: Any, t: Term, known: Any) -> Iterator[Any]:
        return wrong(self, t.args[which], known) if t.op is Op.ITE else right(self, t, known)

    return wrong


def _one_value(action: Action) -> Any:
    return {y: frozenset([min(values)]) for y, values in right_possible(action).items()}


right_possible = dead_module._possible

WRONG: dict[str, tuple[str, Any]] = {
    "guards do not read": ("_Facts.readers", property(_unread_guards)),
    "updates do not read": ("_Facts.readers", property(_unread_updates)),
    "its own update does not read": ("_Facts.overwrites", lambda self, action, x: x in self.updates[action]),
    "what is dead stays so": ("_Facts._stays", lambda *_: True),
    "a choice has one branch": ("_Facts._range", _only_one_branch(1)),
    "a choice has the other branch": ("_Facts._range", _only_one_branch(2)),
    "a copy has no value": ("_Facts._range", lambda self, t, known: iter((t.value,) if t.op is Op.CONST else ())),
    "a guard allows one value": ("_possible", _one_value),
    "circles do no harm": ("_without_circles", lambda found: found),
    "nothing is observed": ("dead_variables", lambda s, _: dead_variables(s, ())),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_the_traps_would_notice_a_condition_that_is_dropped(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, what = WRONG[wrong]
    monkeypatch.setattr(f"tdisprove.explore.reduction.dead.{where}", what)
    monkeypatch.setattr(search, "dead_variables", dead_module.dead_variables)
    noticed = []
    for name, trap in TRAPS.items():
        try:
            _agree(*trap())
        except AssertionError:
            noticed.append(name)
    assert noticed


# --- the flows, and symmetry -------------------------------------------------------------------------------------------


def _sliced(topology: dict[str, int], name: str, aspect: str = "lifecycle") -> tuple[System, tuple[Obligation, ...]]:
    system = FLOWS["sev-tio-guest-run"].system(topology, aspect=aspect)
    watched, obligations = compile_properties(system, [find(name)])
    part = sliced(watched, obligations)
    return part.system, part.obligations


COUNTS = [
    ({}, "no-tbit-dma-emitted-before-accept", "lifecycle", 3_384, 5_304),
    ({}, "no-open-gate-without-a-session", "lifecycle", 1_800, 2_976),
    ({"tdi": 2}, "lock-needs-its-keying-session", "lifecycle", 1_108, 2_184),
    ({"tdi": 3}, "lock-needs-its-keying-session", "lifecycle", 13_288, 40_240),
    ({}, "unaccepted-device-gets-no-private-dma", "evidence", 3_924, 4_948),
]


@pytest.mark.parametrize(("topology", "name", "aspect", "few", "many"), COUNTS)
def test_flows_have_fewer_states(
    topology: dict[str, int], name: str, aspect: str, few: int, many: int, backend: str
) -> None:
    assert _agree(*_sliced(topology, name, aspect=aspect), backend) == (few, many)


@pytest.mark.parametrize(("topology", "name", "aspect", "few", "many"), [COUNTS[0], COUNTS[-1]])
def test_the_page_on_engines_has_these_numbers(
    topology: dict[str, int], name: str, aspect: str, few: int, many: int
) -> None:
    page = (Path(__file__).parent.parent / "docs" / "engines.md").read_text(encoding="utf-8")
    assert f"| `sev-tio-guest-run` {aspect}, `{name}`, sliced to one TDI | {many:,} | {few:,} |" in page


def test_in_a_flow_what_is_said_to_be_dead_makes_no_difference() -> None:
    """The states of the smaller system are those of the flow, with what is dead in them set; as many are left as the share says."""
    system, obligations = _sliced({}, "no-tbit-dma-emitted-before-accept")
    found = dead_variables(system, obligations)
    every, left = reachable(system), reachable(reset(system, found))
    assert round(found.share(every.layout, every.packed) * every.statistics.states) == left.statistics.states


@pytest.mark.parametrize(("tdis", "few", "many"), [(2, 610, 1_166), (3, 2_806, 7_848)])
def test_symmetries_are_still_there(tdis: int, few: int, many: int, backend: str) -> None:
    system, obligations = _sliced({"tdi": tdis}, "lock-needs-its-keying-session")
    fewer = reset(system, dead_variables(system, obligations))
    found = symmetries(fewer, obligations)
    assert [a.exchanged for a in found] == [a.exchanged for a in symmetries(system, obligations)]
    assert len(found) == tdis - 1
    assert _agree(system, obligations, backend, symmetry="on") == (few, many)
    if tdis == 2:
        states = {reachable(fewer).layout.unpack(c) for c in reachable(fewer).packed.T}
        assert len({frozenset((s, found[0].state(s))) for s in states}) == few


@FEW
@given(symmetric_systems())
def test_random_interchangeable_instances_give_the_same_answers(case: tuple[System, list[Property]]) -> None:
    watched, obligations = compile_properties(*case)
    for judged in (obligations, obligations[-1:]):
        part = sliced(watched, judged)
        _agree(part.system, part.obligations, symmetry="on")


def _names_a_unit() -> tuple[System, tuple[Obligation, ...]]:
    """What is dead can only be set to one of the units, which singles it out."""
    units = ("unit0", "unit1")
    holder, phase = Variable("holder", Enum("unit", units)), Variable("phase", Int(0, 2))
    used = {u: Variable(f"{u}.used", BOOL) for u in units}
    actions = [
        Action(event, (("unit", u),), guard, ((phase.term, const(after, phase.sort)), (v.term, value)))
        for u in units
        for event, guard, after, v, value in (
            ("take", phase.term == 0, 1, holder, const(u, holder.sort)),
            ("use", conj(phase.term == 1, holder.term == u), 2, used[u], TRUE),
        )
    ]
    actions.append(Action("rest", (), phase.term == 2, ((phase.term, const(0, phase.sort)),)))
    init = conj(phase.term == 0, *(neg(v.term) for v in used.values()))
    system = System("units", (holder, phase, *used.values()), init, tuple(actions), topology={"unit": 2})
    invariant = Invariant(neg(conj(*(v.term for v in used.values()))))
    watched, obligations = compile_properties(system, [Property("p", "P.", invariant)])
    return watched, tuple(obligations)


def test_what_would_destroy_symmetries_is_not_done(backend: str) -> None:
    system, obligations = _names_a_unit()
    both = ExplicitEngine(backend=backend, symmetry="on", dead_variables="on").check(system, obligations)
    assert (_statistics(both.statistics).symmetry, _statistics(both.statistics).dead) == (1, 0)
    assert "dead variables are not reset: symmetries would be lost" in both.notes
    alone = ExplicitEngine(backend=backend, symmetry="off", dead_variables="on").check(system, obligations)
    assert _statistics(alone.statistics).dead == 1
    _agree(system, obligations, backend, symmetry="on")
    few, many = _agree(system, obligations, backend)
    assert few < many


# --- when it is used -----------------------------------------------------------------------------------------------------


def test_it_takes_over_when_there_are_many_states_and_it_pays(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    def seen(system: System, obligations: Sequence[Obligation], **how: Any) -> tuple[int, int, int]:
        found = _statistics(ExplicitEngine(backend=backend, **how).check(system, obligations).statistics)
        return found.states, found.symmetry, found.dead

    pays, two = _sliced({}, "no-tbit-dma-emitted-before-accept"), _sliced({"tdi": 2}, "lock-needs-its-keying-session")
    watched, obligations = compile_properties(
        FLOWS["sev-tio-guest-run"].system(aspect="channel"), [find("mmio-losses-leave-a-gap")]
    )
    no_use = sliced(watched, obligations)
    assert seen(*pays) == (5_304, 0, 0), "few states"
    monkeypatch.setattr(search, "MANY", 1_000)
    assert seen(*pays) == (3_384, 0, 4)
    assert seen(*pays, dead_variables="off") == (5_304, 0, 0)
    assert seen(no_use.system, no_use.obligations, symmetry="off") == (5_850, 0, 0)
    assert seen(no_use.system, no_use.obligations, symmetry="off", dead_variables="on") == (5_850, 0, 4)
    assert seen(*two) == (610, 1, 6)
    assert seen(*two, symmetry="on") == (610, 1, 6)
    assert seen(*two, dead_variables="off") == (1_166, 1, 0)
    assert seen(*two, symmetry="off") == (1_108, 0, 6)


def test_the_search_that_takes_over_keeps_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MANY", 1_000)
    system, obligations = _sliced({}, "no-tbit-dma-emitted-before-accept")
    report = ExplicitEngine().check(system, obligations, Limits(states=2_500))
    assert _statistics(report.statistics).dead
    assert not _statistics(report.statistics).complete
    assert {o.verdict for o in report.outcomes} <= {Verdict.UNKNOWN, Verdict.VIOLATED}


def test_a_kept_search_is_not_gone_on_with_the_other_way(tmp_path: Path) -> None:
    pytest.importorskip("tdisprove.explore.explicit._kernel", reason="the compiled kernel was not built")
    system, obligations = _sliced({}, "no-tbit-dma-emitted-before-accept")
    for few in (1_000, None):
        for dead, states in (("on", 3_384), ("off", 5_304)):
            limits = Limits(states=few, checkpoint=tmp_path)
            report = ExplicitEngine(dead_variables=dead).check(system, obligations, limits)
            if few is None:
                assert _statistics(report.statistics).states == states


def test_an_unknown_way_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match="'some' is no way to use dead variables: give one of auto, on, off"):
        ExplicitEngine(dead_variables="some")


def test_the_number_of_states_is_said_to_be_that_of_the_smaller_system(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["check", "sev-tio-guest-run", "-p", "no-tbit-dma-emitted-before-accept", "--engine", "explicit", "-q"]
    said = {}
    for way in ("on", "off"):
        main([*command, "--dead-variables", way])
        assert ("3,384 states with dead variables reset (" in capsys.readouterr().out) == (way == "on")
        main([*command, "--dead-variables", way, "--format", "json"])
        (said[way],) = json.loads(capsys.readouterr().out)["results"]
    assert (said["on"]["dead_variables_reset"], said["off"]["dead_variables_reset"]) == (True, False)
    assert (said["on"]["states"], said["off"]["states"]) == (3_384, 5_304)
    same = {"verdict", "depth", "instance"}
    assert {k: v for k, v in said["on"].items() if k in same} == {k: v for k, v in said["off"].items() if k in same}
