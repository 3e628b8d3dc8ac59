"""Small random systems and properties of every kind, for Hypothesis."""

from __future__ import annotations

from functools import reduce

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from tdisprove.model.language import (
    BOOL,
    OK,
    TRUE,
    Action,
    Bool,
    Event,
    Ground,
    Int,
    System,
    Term,
    Variable,
    conj,
    const,
    disj,
    enum,
    ite,
    neg,
    param,
    substitute,
)
from tdisprove.model.language.terms import next_of
from tdisprove.properties import (
    REFUSED,
    After,
    AlwaysPossible,
    Before,
    Between,
    Fair,
    Formula,
    Globally,
    Invariant,
    LeadsTo,
    Never,
    Precedence,
    Property,
    Recurs,
    Sometimes,
    Step,
    StepLaw,
)
from tdisprove.properties.formulas import Scope

SORTS: tuple[Ground, ...] = (
    BOOL,
    enum("Colour", "red", "green", "blue"),
    Int(0, 3),
    Int(-2, 1),
    Int(2, 4),
    enum("One", "only"),
)
number = param("n", Int(0, 1))
EVENTS = (Event("a"), Event("b"), Event("c", (number,)))
BUSY = "busy"


@st.composite
def conditions(draw: DrawFn, variables: tuple[Variable, ...], depth: int = 2) -> Term:
    """A truth value over the variables."""
    kind = draw(
        st.sampled_from(["literal", "literal", "compare", "not", "and", "or", "implies", "ite"] if depth else ["literal"])
    )
    if kind == "literal":
        v = draw(st.sampled_from(variables))
        return v.term == draw(st.sampled_from(v.sort.domain))
    if kind == "compare":
        numbers = [v for v in variables if isinstance(v.sort, Int)]
        if len(numbers) < 1:
            return TRUE
        a, b = draw(st.sampled_from(numbers)).term, draw(st.sampled_from(numbers)).term
        a = draw(st.sampled_from([a, a + 1, a - b]))
        return draw(st.sampled_from([a < b, a <= b, a == b]))
    if kind == "not":
        return neg(draw(conditions(variables, depth - 1)))
    parts = [draw(conditions(variables, depth - 1)) for _ in range(3)]
    if kind == "ite":
        return ite(parts[0], parts[1], parts[2])
    if kind == "implies":
        return parts[0].implies(parts[1])
    return conj(*parts) if kind == "and" else disj(*parts)


@st.composite
def values(draw: DrawFn, v: Variable, variables: tuple[Variable, ...]) -> Term:
    """A value for a variable, always in its domain."""
    sort = v.sort
    if isinstance(sort, Bool):
        return draw(conditions(variables, 1))
    choices: list[Term] = [const(x, sort) for x in sort.domain]
    choices += [w.term for w in variables if w.sort == sort]
    if isinstance(sort, Int):
        up, down = v.term + 1, v.term - 1
        choices += [ite(v.term < sort.hi, up, v.term), ite(v.term > sort.lo, down, sort.hi)]
    picked = [draw(st.sampled_from(choices)) for _ in range(2)]
    return ite(draw(conditions(variables, 1)), picked[0], picked[1]) if draw(st.booleans()) else picked[0]


@st.composite
def systems(draw: DrawFn, most: int = 4) -> System:
    """A system of a few variables and actions; some variables rigid, some initially free."""
    sorts = draw(st.lists(st.sampled_from(SORTS), min_size=1, max_size=most))
    variables = tuple(Variable(f"x{i}", s, rigid=i > 0 and draw(st.integers(0, 5)) == 0) for i, s in enumerate(sorts))
    init = conj(
        *(v.term == v.sort.domain[0] for v in variables if draw(st.integers(0, 3))), *([draw(conditions(variables, 1))] if draw(st.integers(0, 4)) == 0 else [])
    )  # fmt: skip
    movable = [v for v in variables if not v.rigid]
    actions = []
    for _ in range(draw(st.integers(1, 5))):
        event = draw(st.sampled_from(EVENTS))
        guard = draw(conditions(variables))
        targets = draw(st.lists(st.sampled_from(movable), max_size=3, unique_by=lambda v: v.name))
        updates = tuple((v.term, draw(values(v, variables))) for v in targets)
        args = tuple((p.name, draw(st.sampled_from((0, 1)))) for p in event.params)
        reply = draw(st.sampled_from((OK, OK, BUSY)))
        actions.append(Action(event.name, args, guard, tuple((t, u) for t, u in updates if t is not u), reply=reply))
    return System("random", variables, init, tuple(actions))


@st.composite
def steps(draw: DrawFn, variables: tuple[Variable, ...]) -> Step:
    """A kind of step: an event with or without its argument, a reply, a condition before, a condition after."""
    event = draw(st.sampled_from([None, *EVENTS]))
    where: list[Term] = []
    args: dict[str, Term] = {}
    if event is not None and event.params:
        if draw(st.booleans()):
            args["n"] = const(draw(st.sampled_from((0, 1))), number.sort)
        if draw(st.booleans()):
            where.append(number == draw(st.sampled_from((0, 1))))
    if draw(st.booleans()):
        where.append(draw(conditions(variables, 1)))
    if draw(st.booleans()):
        where.append(later(draw(conditions(variables, 1)), variables))
    reply = draw(st.sampled_from((None, None, OK, BUSY, REFUSED)))
    return Step(event, args, reply, reduce(lambda a, b: a & b, where, TRUE))


def later(t: Term, variables: tuple[Variable, ...]) -> Term:
    """The term after the step, with ground variables (which `after` alone leaves to the grounding)."""
    return substitute(t, {v.term: next_of(v.term) for v in variables})


@st.composite
def properties(draw: DrawFn, variables: tuple[Variable, ...]) -> Property:
    """A property of any kind, in any scope that it may have."""
    kind = draw(st.sampled_from(["invariant", "never", "law", "precedence", "possible", "sometimes"]))
    s = steps(variables)
    scopes: list[Scope] = [
        Globally(),
        After(draw(s), draw(s)),
        After(draw(s), (), initially=draw(st.booleans())),
        Between(draw(s), draw(s)),
    ]
    formula: Formula
    if kind == "invariant":
        formula = Invariant(draw(conditions(variables)), draw(st.sampled_from(scopes)))
    elif kind == "never":
        formula = Never(draw(s), draw(st.sampled_from([*scopes, Before(draw(s))])))
    elif kind == "precedence":
        formula = Precedence((draw(s),), draw(s), draw(st.sampled_from([*scopes, Before(draw(s))])))
    elif kind == "law":
        formula = StepLaw(draw(s), later(draw(conditions(variables)), variables) | draw(conditions(variables)))
    elif kind == "possible":
        formula = AlwaysPossible(draw(s), draw(conditions(variables)))
    else:
        formula = Sometimes(draw(s) if draw(st.booleans()) else draw(conditions(variables)))
    return Property("p", "Random.", formula)


@st.composite
def systems_with_properties(draw: DrawFn) -> tuple[System, list[Property]]:
    """A system and a few properties of it."""
    system = draw(systems())
    found = [draw(properties(system.variables)) for _ in range(draw(st.integers(1, 3)))]
    return system, [Property(f"p{i}", p.says, p.formula) for i, p in enumerate(found)]


@st.composite
def fair(draw: DrawFn, variables: tuple[Variable, ...]) -> Fair:
    """An assumption of fairness, of one kind of step or two."""
    kinds = tuple(draw(st.lists(steps(variables), min_size=1, max_size=2)))
    return Fair(kinds, draw(st.booleans()))


@st.composite
def promises(draw: DrawFn) -> tuple[System, Property]:
    """A system and a liveness property of it."""
    system = draw(systems())
    fairness = tuple(draw(st.lists(fair(system.variables), max_size=3)))
    when, then = draw(conditions(system.variables)), draw(conditions(system.variables))
    formula = LeadsTo(when, then, fairness) if draw(st.integers(0, 3)) else Recurs(then, fairness)
    return system, Property("p", "Random.", formula)
