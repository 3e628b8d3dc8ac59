"""Laws of the modelling language."""

from __future__ import annotations

import pickle
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_systems import SORTS, conditions
from tdisprove.explore.evaluate import evaluate
from tdisprove.model.language import (
    BOOL,
    FALSE,
    OK,
    TRUE,
    Check,
    Event,
    Index,
    IndexMap,
    Int,
    Machine,
    Maybe,
    Model,
    ModelError,
    Party,
    System,
    Term,
    Variable,
    conj,
    disj,
    enum,
    exists,
    for_each,
    forall,
    implies,
    ite,
    neg,
    param,
)
from tdisprove.model.language.mutate import DropCheck, DropUpdate, mutated
from tdisprove.model.language.satisfy import Satisfier, satisfying
from tdisprove.model.language.terms import support, variable

LAMP = enum("Lamp", "red", "amber", "green")
lamp = variable("lamp", LAMP)
on = variable("on", BOOL)
n = variable("n", Int(0, 3))


# --- Terms --------------------------------------------------------------------------------------------------------


def test_equal_terms_are_one_object() -> None:
    assert (lamp == "red") is (lamp == "red")
    assert (on & (n < 2)) is (on & (n < 2))
    assert pickle.loads(pickle.dumps(on & (lamp == "red"))) is (on & (lamp == "red"))


def test_true_and_one_are_different_constants() -> None:
    assert variable("x", Int(0, 1)) is not variable("x", BOOL)
    assert ite(on, n, 1) is not ite(on, n, 0)


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (conj(), TRUE),
        (disj(), FALSE),
        (conj(on, neg(on)), FALSE),
        (disj(on, neg(on)), TRUE),
        (implies(FALSE, on), TRUE),
        (implies(on, FALSE), neg(on)),
        (neg(neg(on)), on),
        (on == True, on),  # noqa: E712
        (ite(on, lamp, lamp), lamp),
        (n < 4, TRUE),
        (n == 7, FALSE),
        (n + 0, n),
    ],
)
def test_constructors_simplify(term: object, value: object) -> None:
    assert term is value


def test_terms_are_not_python_truth_values() -> None:
    with pytest.raises(ModelError, match=r"combine terms with & \| ~"):
        bool(lamp == "red" and on)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: lamp == "gren", "'gren' is not a value of Lamp; did you mean green, red?"),
        (lambda: lamp == on, "cannot be compared"),
        (lambda: lamp & on, "of sort Lamp"),
        (lambda: lamp < 2, "whole numbers"),
        (lambda: lamp == 3, "cannot be compared with 3"),
        (lambda: n == True, "whole number"),  # noqa: E712
        (lambda: ite(on, "red", "green"), "one branch must be a term"),
        (lambda: forall(on, on), "quantifies over a parameter"),
    ],
)
def test_ill_sorted_terms_are_refused_with_the_terms_named(build: object, words: str) -> None:
    with pytest.raises(ModelError) as e:
        build()  # type: ignore[operator]
    assert words in str(e.value)


def test_terms_print_as_people_write_them() -> None:
    assert str(implies(lamp.in_("red", "amber") & ~on, n != 2)) == "lamp ∈ {red, amber} and not on → n ≠ 2"
    assert str(neg(on | (n < 2))) == "not (on or n < 2)"
    assert str(ite(on, n + 1, n)) == "if on then n + 1 else n"


def test_satisfying_finds_values_exactly_where_there_are_some() -> None:
    found = satisfying((n + 1 == 3) & (lamp != "red") & on)
    assert found is not None
    assert found["n"] == 2
    assert found["on"] is True
    assert satisfying((n < 1) & (n > 2)) is None


SOME = tuple(Variable(f"x{i}", sort) for i, sort in enumerate((*SORTS, BOOL)))


@given(st.lists(conditions(SOME, 2), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_satisfying_agrees_with_trying_all_values(parts: list[Term]) -> None:
    t = conj(*parts)
    mentioned = support(t)
    exist = any(
        evaluate(t, dict(zip((v.name for v in mentioned), values, strict=True)))
        for values in product(*(v.sort.domain for v in mentioned))  # type: ignore[union-attr]
    )
    found = satisfying(t)
    assert (found is not None) == exist
    if found is not None:
        # Those that do not matter may have any value.
        rest = {v.name: v.sort.domain[-1] for v in mentioned}  # type: ignore[union-attr]
        assert evaluate(t, {**rest, **found})


def test_a_satisfier_that_knows_parts_of_a_term_says_the_same() -> None:
    satisfier = Satisfier()
    for t in (on & (n < 2), on & (n > 1), ~on & (n < 2), on & (n < 2) & (n > 1), disj(on & ~on, n == 1) & (lamp == "red")):
        assert satisfier.values(t) == satisfying(t)


def test_many_alternatives_that_share_no_variable_are_no_more_work_than_one_after_the_other() -> None:
    a, b = ([variable(f"{x}{i}", BOOL) for i in range(200)] for x in "ab")
    apart = conj(*(x == ~y for x, y in zip(a, b, strict=True)))
    assert satisfying(apart) is not None
    chain = conj(*(x.implies(y) for x, y in pairwise(a)), a[0])
    found = satisfying(chain)
    assert found is not None
    assert all(found.values())
    assert satisfying(chain & ~a[-1]) is None


# --- Machines and composition ----------------------------------------------------------------------------------------

CELL = Index("cell")
c, e = param("c", CELL), param("e", CELL)


def _cells() -> tuple[Machine, object, Event]:
    machine = Machine("cell", over=(CELL,))
    full = machine.array("full", BOOL, init=False)
    fill = Event("fill", (c,), Party("user"))
    return machine, full, fill


def test_an_event_with_several_machines_happens_in_one_step() -> None:
    left, right = Machine("left"), Machine("right")
    a = left.var("a", Int(0, 1), init=0)
    b = right.var("b", Int(0, 1), init=0)
    swap = Event("swap")
    left.rule(swap, set={a: b})
    right.rule(swap, set={b: ite(a == 0, 1, a)})
    system = Model.of("two", left, right).instantiate()
    (action,) = system.actions
    assert {str(t): str(u) for t, u in action.updates} == {
        "left.a": "right.b",
        "right.b": "if left.a = 0 then 1 else left.a",
    }


def test_a_machine_whose_rule_does_not_apply_blocks_the_event() -> None:
    left, right = Machine("left"), Machine("right")
    a = left.var("a", BOOL, init=False)
    go = Event("go")
    left.rule(go, set={a: True})
    shut = right.var("shut", BOOL, init=True)
    right.rule(go, when=[~shut])
    (action,) = Model.of("gate", left, right).instantiate().actions
    assert str(action.guard) == "not right.shut"


def test_a_failing_check_makes_a_refusal_that_needs_only_the_parties_upstream() -> None:
    guest, server, disk = Machine("guest"), Machine("server"), Machine("disk")
    asked = guest.var("asked", BOOL, init=False)
    ready = server.var("ready", BOOL, init=False)
    spins = disk.var("spins", BOOL, init=False)
    read = Event("read", actor=Party("guest"))
    guest.rule(read, when=[~asked], set={asked: True})
    guest.rule(read, reply="BUSY", set={asked: True})
    server.rule(read, checks=[Check("ready", ready, "BUSY")], binds=Party("server"))
    disk.rule(read, checks=[Check("spins", spins, "DOWN")], binds=Party("disk"))
    actions = {a.reply: a for a in Model.of("io", guest, server, disk).instantiate().actions}
    assert set(actions) == {OK, "BUSY", "DOWN"}
    assert str(actions[OK].guard) == "not guest.asked and server.ready and disk.spins"
    assert str(actions["BUSY"].guard) == "not guest.asked and not server.ready"
    assert str(actions["DOWN"].guard) == "not guest.asked and server.ready and not disk.spins"
    # Only the machine with a rule for the refusal reacts to it.
    assert [str(t) for t, _ in actions["BUSY"].updates] == ["guest.asked"]
    assert actions["DOWN"].updates == ()
    assert actions["DOWN"].refused_by is not None
    assert actions["DOWN"].refused_by.machine == "disk"


def test_checks_are_lifted_when_the_bound_party_is_not_honest() -> None:
    trust = Machine("trust")
    honest = trust.var("honest", BOOL, rigid=True)
    server = Machine("server")
    ready = server.var("ready", BOOL, init=False)
    served = server.var("served", BOOL, init=False)
    read = Event("read")
    server.rule(
        read, when=[~served], checks=[Check("ready", ready, "BUSY")], set={served: True}, binds=Party("server", honest)
    )
    model = Model.of("io", trust, server)
    assert {a.reply: str(a.guard) for a in model.instantiate(knobs={"honest": False}).actions} == {OK: "not server.served"}
    assert {a.reply for a in model.instantiate(knobs={"honest": True}).actions} == {OK, "BUSY"}


def test_a_knob_stays_a_rigid_variable_until_it_is_fixed() -> None:
    trust = Machine("trust")
    fast = trust.var("fast", BOOL, rigid=True)
    m = Machine("m")
    x = m.var("x", Int(0, 2), init=0)
    step = Event("step")
    m.rule(step, when=[x == 0], set={x: ite(fast, 2, x + 1)})
    model = Model.of("knobs", trust, m)
    assert [v.name for v in model.instantiate().variables if v.rigid] == ["fast"]
    fixed = model.instantiate(knobs={"fast": True})
    assert fixed.knobs == {"fast": True}
    assert [str(u) for a in fixed.actions for _, u in a.updates] == ["2"]
    with pytest.raises(ModelError, match="knob fast cannot be 'yes': it is one of false, true"):
        model.instantiate(knobs={"fast": "yes"})


def test_instances_are_as_many_as_the_topology_says() -> None:
    machine, full, fill = _cells()
    machine.rule(fill, when=[~full[c]], set={full[c]: True})  # type: ignore[index]
    model = Model.of("cells", machine)
    system = model.instantiate({"cell": 3})
    assert [v.name for v in system.variables] == ["cell0.full", "cell1.full", "cell2.full"]
    assert [a.label for a in system.actions] == ["fill(cell0)", "fill(cell1)", "fill(cell2)"]
    with pytest.raises(ModelError, match="cell=0 makes no sense"):
        model.instantiate({"cell": 0})
    with pytest.raises(ModelError, match="does not say how many instances of 'cell'"):
        model.instantiate({})


def test_quantifiers_index_maps_and_for_each_are_expanded_over_the_instances() -> None:
    row = Index("row")
    row_of = IndexMap("row_of", CELL, row, lambda i, sizes: i // 2)
    machine, full, _ = _cells()
    owner = machine.array("owner", Maybe(row), init="none")
    clear = Event("clear", (r := param("r", row),))
    machine.rule(
        clear,
        when=[exists(c, full[c]), forall(c, (row_of(c) == r).implies(owner[c] == r))],  # type: ignore[index]
        each=[for_each(c, full[c], full[c] & (row_of(c) != r))],  # type: ignore[index]
    )
    system = Model.of("rows", machine).instantiate({"cell": 4, "row": 2})
    second = system.actions[1]
    assert str(second.guard) == (
        "(cell0.full or cell1.full or cell2.full or cell3.full) and cell2.owner = row1 and cell3.owner = row1"
    )
    assert {str(t) for t, _ in second.updates} == {"cell2.full", "cell3.full"}


# --- Definition-time errors ------------------------------------------------------------------------------------------


def test_an_unknown_variable_is_refused_with_machine_rule_and_fix() -> None:
    stranger = Machine("stranger")
    lost = stranger.var("lost", BOOL, init=False)
    machine, full, fill = _cells()
    machine.rule(fill, when=[lost], set={full[c]: True})  # type: ignore[index]
    with pytest.raises(ModelError, match=r"machine cell, rule fill: unknown variable stranger.lost.*add that machine"):
        Model.of("cells", machine).instantiate({"cell": 1})


def test_an_update_of_another_machines_variable_is_refused() -> None:
    _, full, fill = _cells()
    other = Machine("other")
    with pytest.raises(ModelError, match=r"machine other, rule fill: updates cell.full, which belongs to machine cell"):
        other.rule(fill, set={full[c]: True})  # type: ignore[index]


def test_a_type_mismatch_is_refused_with_machine_rule_and_fix() -> None:
    machine, full, fill = _cells()
    with pytest.raises(ModelError, match=r"machine cell, rule fill: update of cell\.full.*give a bool"):
        machine.rule(fill, set={full[c]: 3})  # type: ignore[index]
    with pytest.raises(ModelError, match="machine cell, rule odd: when `c` is of sort cell, not a truth value"):
        machine.rule(fill, name="odd", when=[c])


def test_two_updates_of_one_variable_in_one_step_are_refused() -> None:
    machine, full, fill = _cells()
    machine.rule(fill, set={full[c]: True}, each=[for_each(e, full[e], False)])  # type: ignore[index]
    with pytest.raises(ModelError, match=r"machine cell, rule fill: cell0.full is updated twice in one step.*merge the two"):
        Model.of("cells", machine).instantiate({"cell": 2})


def test_an_update_that_can_leave_its_domain_is_refused_with_an_example() -> None:
    m = Machine("counter")
    x = m.var("x", Int(0, 3), init=0)
    m.rule(Event("inc"), when=[x != 2], set={x: x + 1})
    with pytest.raises(
        ModelError, match=r"machine counter, rule inc: the update counter.x := counter.x \+ 1 leaves.*counter.x=3"
    ):
        Model.of("counter", m).instantiate()


def test_an_update_that_stays_in_its_domain_under_its_guard_is_accepted() -> None:
    m = Machine("counter")
    x = m.var("x", Int(0, 3), init=0)
    m.rule(Event("inc"), when=[x < 3], set={x: x + 1})
    assert len(Model.of("counter", m).instantiate().actions) == 1


def test_a_rule_that_can_never_be_enabled_is_refused() -> None:
    m = Machine("m")
    x = m.var("x", LAMP, init="red")
    m.rule(Event("go"), when=[x == "red", x == "green"], set={x: "amber"})
    with pytest.raises(ModelError, match="machine m, rule go: can never be enabled"):
        Model.of("m", m).instantiate()


def test_a_parameter_that_nothing_binds_is_refused() -> None:
    machine, full, fill = _cells()
    with pytest.raises(ModelError, match=r"machine cell, rule fill: the parameter e is not one of the event's \(c\)"):
        machine.rule(fill, when=[full[e]])  # type: ignore[index]


def test_a_state_variable_is_no_index() -> None:
    machine, full, _ = _cells()
    pointer = machine.array("pointer", Maybe(CELL), init="none")
    with pytest.raises(ModelError, match=r"an instance may be a parameter or a name, not a state variable; write exists"):
        full[pointer[c]]  # type: ignore[index]


def test_a_hand_made_system_is_checked_as_well() -> None:
    with pytest.raises(ModelError, match="mentions unknown variable lamb; did you mean lamp"):
        System("s", (Variable("lamp", LAMP),), variable("lamb", LAMP) == "red", ())


def test_a_system_prints_itself() -> None:
    machine, full, fill = _cells()
    machine.rule(fill, when=[~full[c]], set={full[c]: True}, cite="§1")  # type: ignore[index]
    text = str(Model.of("cells", machine).instantiate({"cell": 1}))
    assert text.splitlines() == [
        "system cells",
        "  topology: 1 cell",
        "variables",
        "  cell0.full: bool",
        "initially",
        "  not cell0.full",
        "actions",
        "  fill(cell0)   [user]",
        "    when not cell0.full",
        "    cell0.full := true",
        "    cite §1",
    ]


# --- Mutants ---------------------------------------------------------------------------------------------------------


def test_a_mutant_changes_one_rule_and_names_what_it_cannot_find() -> None:
    server = Machine("server")
    ready = server.var("ready", BOOL, init=False)
    served = server.var("served", BOOL, init=False)
    server.rule(Event("read"), checks=[Check("ready", ready, "BUSY")], set={served: True})
    model = Model.of("io", server)
    assert [a.reply for a in mutated(model, DropCheck("server", "read", "ready")).instantiate().actions] == [OK]
    (ok, _) = mutated(model, DropUpdate("server", "read", "server.served")).instantiate(check=False).actions
    assert ok.updates == ()
    with pytest.raises(ModelError, match="has no check 'redy'; did you mean ready"):
        mutated(model, DropCheck("server", "read", "redy"))
    with pytest.raises(ModelError, match=r"has no rule server\.red; did you mean server.read"):
        mutated(model, DropCheck("server", "red", "ready"))
