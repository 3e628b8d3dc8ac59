"""Refinement: what it demands of initial states and of steps, and that every engine reads it so."""

from __future__ import annotations

from itertools import product
from typing import Any

import naive
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from random_systems import EVENTS, conditions, systems, values
from tdisprove.explore import Engine, Verdict, check
from tdisprove.explore.explicit import ExplicitEngine
from tdisprove.explore.smt.engine import Z3Engine
from tdisprove.model.language import (
    BOOL,
    Action,
    Event,
    Index,
    Int,
    Machine,
    Model,
    ModelError,
    System,
    Term,
    Variable,
    const,
    enum,
    ite,
    param,
)
from tdisprove.model.language.machine import Party
from tdisprove.model.language.mutate import DropUpdate, DropWhen, SetUpdate, mutated
from tdisprove.properties import Abstraction, Formula, Property, Refines, compile_properties

ENGINES: list[Engine] = [ExplicitEngine(), Z3Engine()]
ENVIRONMENT = Party("environment")

# --- A lamp, and lamps that are switched in several steps ---------------------------------------------------------------

LAMP = Index("lamp")
lamp = param("l", LAMP)
switch_on, switch_off = Event("switch_on", (lamp,)), Event("switch_off", (lamp,))


class Lamp:
    machine = Machine("lamp", over=(LAMP,))
    lit = machine.array("lit", BOOL, init=False)


Lamp.machine.rule(switch_on, when=[~Lamp.lit[lamp]], set={Lamp.lit[lamp]: True}, cite="-")
Lamp.machine.rule(switch_off, when=[Lamp.lit[lamp]], set={Lamp.lit[lamp]: False}, cite="-")
LAMPS = Model.of("lamps", Lamp.machine)

press = Event("press", (lamp,))
flicker = Event("flicker", (lamp,))


class Dimmer:
    """Four levels of brightness, one after the other; the lamp counts as lit from the third on."""

    machine = Machine("dimmer", over=(LAMP,))
    level = machine.array("level", Int(0, 3), init=0)
    worn = machine.array("worn", BOOL, init=False)


Dimmer.machine.rule(press, when=[Dimmer.level[lamp] < 3], set={Dimmer.level[lamp]: Dimmer.level[lamp] + 1}, cite="-")
Dimmer.machine.rule(press, name="off", when=[Dimmer.level[lamp] == 3], set={Dimmer.level[lamp]: 0}, cite="-")
Dimmer.machine.rule(flicker, set={Dimmer.worn[lamp]: ~Dimmer.worn[lamp]}, cite="-")
DIMMERS = Model.of("dimmers", Dimmer.machine)

LIT_FROM_THE_THIRD = {Lamp.lit[lamp]: Dimmer.level[lamp] >= 2}
REFINES = Refines(Abstraction(LAMPS), LIT_FROM_THE_THIRD)


def verdict(formula: Formula, model: Model = DIMMERS, lamps: int = 1) -> str:
    """The verdict and depth on which all engines, and the naive explorer, agree."""
    system = model.instantiate({"lamp": lamps}, check=False)
    prop = Property("refines", "The dimmer is a lamp.", formula)
    found = set()
    for engine in ENGINES:
        (r,) = check(system, [prop], engine)
        found.add(r.verdict.value if r.trace is None else f"{r.verdict.value}@{len(r.trace)}")
    watched, obligations = compile_properties(system, [prop])
    (at,) = naive.explore(watched, obligations).fails_at
    found.add("holds" if at is None else f"violated@{at}")
    assert len(found) == 1, found
    return found.pop()


@pytest.mark.parametrize("lamps", [1, 2, 3])
def test_steps_that_leave_the_mapped_values_alone_are_stutters(lamps: int) -> None:
    assert verdict(REFINES, lamps=lamps) == "holds"


def test_an_initial_state_must_be_mapped_to_an_initial_one() -> None:
    assert verdict(Refines(Abstraction(LAMPS), {Lamp.lit[lamp]: Dimmer.level[lamp] < 2})) == "violated@0"


def test_an_initial_value_that_is_returned_to_is_judged_as_any_other_state() -> None:
    # Level 0 comes again after four presses; that is no new beginning, and the mapping holds there as it did at first.
    once = Refines(Abstraction(LAMPS), {Lamp.lit[lamp]: (Dimmer.level[lamp] >= 2) & ~Dimmer.worn[lamp]})
    assert verdict(once) == "holds"


@pytest.mark.parametrize(
    ("mutant", "expected"),
    [
        # Without switch_off the fourth press, from the third level to darkness, is a step of nothing.
        (SetUpdate("lamp", "switch_off", Lamp.lit[lamp], True), "violated@4"),
        (SetUpdate("lamp", "switch_on", Lamp.lit[lamp], False), "violated@2"),
        (DropUpdate("lamp", "switch_on", "lamp.lit"), "violated@2"),
        (DropWhen("lamp", "switch_on"), "holds"),
    ],
)
def test_an_abstraction_that_lacks_a_step_is_refuted_where_the_step_is_first_taken(mutant: Any, expected: str) -> None:
    assert verdict(Refines(Abstraction(mutated(LAMPS, mutant)), LIT_FROM_THE_THIRD)) == expected


def test_a_concrete_rule_that_is_broken_breaks_the_refinement() -> None:
    pressed = Refines(Abstraction(LAMPS), LIT_FROM_THE_THIRD, {press: (switch_on, switch_off)})
    assert verdict(pressed) == "holds"
    assert verdict(pressed, mutated(DIMMERS, SetUpdate("dimmer", "flicker", Dimmer.level[lamp], 3))) == "violated@1"
    only_on = Refines(Abstraction(LAMPS), LIT_FROM_THE_THIRD, {press: (switch_on,)})
    assert verdict(only_on) == "violated@4"


def test_an_event_that_is_named_for_none_must_stutter() -> None:
    assert verdict(Refines(Abstraction(LAMPS), LIT_FROM_THE_THIRD, {press: (switch_on, switch_off)})) == "holds"
    assert verdict(Refines(Abstraction(LAMPS), LIT_FROM_THE_THIRD, {flicker: (switch_on, switch_off)})) == "violated@2"
    worn = {Lamp.lit[lamp]: Dimmer.worn[lamp]}
    assert verdict(Refines(Abstraction(LAMPS), worn, {press: (switch_on, switch_off)})) == "violated@1"


def test_one_step_is_one_step_of_the_whole_abstraction() -> None:
    flash = Event("flash")
    all_at_once = Machine("all")
    lit = all_at_once.var("lit", BOOL, init=False)
    all_at_once.rule(flash, set={lit: ~lit}, cite="-")
    formula = Refines(Abstraction(LAMPS), {Lamp.lit[lamp]: lit})
    assert verdict(formula, Model.of("flash", all_at_once), lamps=1) == "holds"
    assert verdict(formula, Model.of("flash", all_at_once), lamps=2) == "violated@1"


# --- Knobs and values ---------------------------------------------------------------------------------------------------


def test_the_abstraction_has_the_knobs_of_the_system_unless_they_are_fixed_otherwise() -> None:
    tick = Event("tick")
    shared = Machine("knobs")
    most = shared.var("most", Int(1, 2), rigid=True)
    counter, coarse = Machine("counter"), Machine("coarse")
    n = counter.var("n", Int(0, 2), init=0)
    m = coarse.var("m", Int(0, 2), init=0)
    counter.rule(tick, when=[n < most], set={n: n + 1}, cite="-")
    coarse.rule(tick, when=[m < most], set={m: m + 1}, cite="-")
    abstract, concrete = Model.of("coarse", shared, coarse), Model.of("fine", shared, counter)
    for knobs in ({}, {"most": 1}, {"most": 2}):
        system = concrete.instantiate(knobs=knobs, check=False)
        same, lower = (
            Property("p", "Counts.", Refines(Abstraction(abstract, fixed), {m: n})) for fixed in ({}, {"most": 1})
        )
        for engine in ENGINES:
            assert check(system, [same], engine)[0].verdict is Verdict.HOLDS
            (r,) = check(system, [lower], engine)
            assert (r.verdict, r.depth) == ((Verdict.HOLDS, None) if knobs == {"most": 1} else (Verdict.VIOLATED, 2))


def test_a_number_that_the_abstraction_does_not_have_is_no_state_of_it() -> None:
    tick = Event("tick")
    coarse, fine = Machine("coarse"), Machine("fine")
    m, n = coarse.var("m", Int(0, 2), init=0), fine.var("n", Int(0, 5), init=0)
    coarse.rule(tick, set={m: ite(m < 2, m + 1, m)}, cite="-")
    fine.rule(tick, when=[n < 5], set={n: n + 1}, cite="-")
    assert verdict(Refines(Abstraction(Model.of("coarse", coarse)), {m: n}), Model.of("fine", fine)) == "violated@3"


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({}, "the mapping does not say what lamps's lamp0.lit is"),
        (
            {Lamp.lit[lamp]: Dimmer.level[lamp]},
            "the mapping of lamp0.lit: `dimmer.level[l]` is of sort 0..3 where bool is needed",
        ),
        ({Lamp.lit[lamp] & Dimmer.worn[lamp]: True}, "is not a variable of the abstraction"),
        ({Lamp.lit[lamp]: Dimmer.worn[lamp], Dimmer.worn[lamp]: True}, "lamps has no variable 'dimmer.lamp0.worn'"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused_in_one_line(mapping: dict[Term, Any], words: str) -> None:
    with pytest.raises(ModelError) as e:
        compile_properties(DIMMERS.instantiate({"lamp": 1}), [Property("p", "P.", Refines(Abstraction(LAMPS), mapping))])
    assert words in str(e.value)
    assert "\n" not in str(e.value)


def test_an_event_that_the_abstraction_has_not_is_refused() -> None:
    formula = Refines(Abstraction(LAMPS), LIT_FROM_THE_THIRD, {press: (flicker,)})
    with pytest.raises(ModelError, match="lamps has no event 'flicker'"):
        compile_properties(DIMMERS.instantiate({"lamp": 1}), [Property("p", "P.", formula)])


def test_what_is_an_input_may_change_in_any_way_and_is_read_as_it_is() -> None:
    power = Machine("power", over=(LAMP,))
    on = power.array("on", BOOL, init=True)
    lit = power.array("lit", BOOL, init=False)
    power.rule(switch_on, when=[on[lamp]], set={lit[lamp]: True, on[lamp]: True}, cite="-")
    abstract = Abstraction(Model.of("powered lamps", power))
    bright = {lit[lamp]: Dimmer.level[lamp] == 1}
    worn = {on[lamp]: Dimmer.worn[lamp]}
    # With a power of its own, which is on initially and stays so, the abstraction has no such states.
    assert verdict(Refines(abstract, {**bright, **worn})) == "violated@0"
    # As an input, power may come and go; the lamp is lit only with it, and goes dark never.
    assert verdict(Refines(abstract, bright, inputs=worn)) == "violated@1"
    assert verdict(Refines(abstract, bright, inputs={on[lamp]: ~Dimmer.worn[lamp]})) == "violated@2"
    assert (
        verdict(Refines(abstract, {lit[lamp]: Dimmer.worn[lamp]}, inputs={on[lamp]: Dimmer.level[lamp] >= 0}))
        == "violated@2"
    )


# --- Random systems, against the definition read word for word ----------------------------------------------------------

ABSTRACT = (Variable("p", BOOL), Variable("c", enum("Signal", "stop", "go")))


@st.composite
def cases(draw: DrawFn) -> tuple[System, System, Refines]:
    """A concrete system, an abstract one, and a mapping between them."""
    concrete = draw(systems(3))
    actions = []
    for i in range(draw(st.integers(1, 4))):
        targets = draw(st.lists(st.sampled_from(ABSTRACT), min_size=1, max_size=2, unique_by=lambda v: v.name))
        updates = tuple((v.term, draw(values(v, ABSTRACT))) for v in targets)
        actions.append(Action(f"a{i}", (), draw(conditions(ABSTRACT, 1)), tuple((t, u) for t, u in updates if t is not u)))
    abstract = System("abstract", ABSTRACT, draw(conditions(ABSTRACT, 1)), tuple(actions))
    go = ite(draw(conditions(concrete.variables, 1)), const("go", ABSTRACT[1].sort), "stop")
    mapping = {ABSTRACT[0].term: draw(conditions(concrete.variables, 1)), ABSTRACT[1].term: go}
    inputs = {}
    if draw(st.booleans()):
        inputs[ABSTRACT[1].term] = mapping.pop(ABSTRACT[1].term)
    events = None
    if draw(st.booleans()):
        events = {e: tuple(Event(a.event) for a in actions if draw(st.booleans())) for e in EVENTS}
    return concrete, abstract, Refines(Abstraction(abstract), mapping, events, inputs)


def fails_at(concrete: System, abstract: System, f: Refines) -> int | None:
    """The length of a shortest run that leaves the abstraction, by its definition."""
    names = [v.name for v in concrete.variables]

    def image(state: dict[str, Any]) -> dict[str, Any]:
        return {k.name: naive.value(t, state) for m in (f.mapping, f.inputs) for k, t in m.items() if isinstance(t, Term)}

    def own(values: dict[str, Any]) -> dict[str, Any]:
        """The values of what is not an input."""
        return {name: value for name, value in values.items() if all(k.name != name for k in f.inputs)}

    def mentions_an_input(t: Term) -> bool:
        return t in f.inputs or any(map(mentions_an_input, t.args))

    init = abstract.init.args if abstract.init.op.name == "AND" else (abstract.init,)
    begins = [t for t in init if not mentions_an_input(t)]

    level = [dict(zip(names, s, strict=True)) for s in product(*(v.sort.domain for v in concrete.variables))]
    level = [s for s in level if naive.value(concrete.init, s)]
    if any(not naive.value(t, image(s)) for s in level for t in begins):
        return 0
    seen = {tuple(s.values()) for s in level}
    depth = 0
    while level:
        depth += 1
        following = []
        for s in level:
            before = image(s)
            for a in concrete.actions:
                if not naive.value(a.guard, s):
                    continue
                successor = {**s, **{str(t.data): naive.value(u, s) for t, u in a.updates}}
                results = [before]
                for b in abstract.actions:
                    named = f.events is None or any(
                        e.name == a.event and b.event in {x.name for x in of} for e, of in f.events.items()
                    )
                    if named and naive.value(b.guard, before):
                        results.append({**before, **{str(t.data): naive.value(u, before) for t, u in b.updates}})
                if own(image(successor)) not in map(own, results):
                    return depth
                if tuple(successor.values()) not in seen:
                    seen.add(tuple(successor.values()))
                    following.append(successor)
        level = following
    return None


@pytest.mark.parametrize("engine", ENGINES, ids=lambda e: e.name)
@settings(deadline=None, max_examples=120, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_every_engine_reads_refinement_as_it_is_defined(engine: Engine, case: tuple[System, System, Refines]) -> None:
    concrete, abstract, formula = case
    expected = fails_at(concrete, abstract, formula)
    (r,) = check(concrete, [Property("p", "P.", formula)], engine)
    assert r.verdict is (Verdict.HOLDS if expected is None else Verdict.VIOLATED)
    assert r.depth == expected
    watched, obligations = compile_properties(concrete, [Property("p", "P.", formula)])
    assert naive.explore(watched, obligations).fails_at == [expected]
