"""Small models with any number of instances, and properties of them."""

from __future__ import annotations

from tdisprove.explore.parametric import Subject
from tdisprove.model.language import (
    BOOL,
    Event,
    Index,
    Machine,
    Maybe,
    Model,
    Term,
    conj,
    exists,
    for_each,
    forall,
    implies,
    neg,
    param,
)
from tdisprove.model.language.parametric import parametric
from tdisprove.properties import Invariant, Precedence, Property, occurs

P, Q = Index("p"), Index("q")
p, r, q = param("p", P), param("r", P), param("q", Q)


def about(model: Model, free: tuple[str, ...] = ("p",), **fixed: int) -> Subject:
    return Subject(parametric(model, {}), free, fixed, {"file": "a test"})


def holds(says: Term, over: tuple[Term, ...] = ()) -> Property:
    return Property("it", "It is so.", Invariant(says), over)


def lock() -> tuple[Model, Property]:
    """Whoever has the lock is inside."""
    m = Machine("m")
    holder = m.var("holder", Maybe(P), init="none")
    inside = m.array("inside", BOOL, over=(P,), init=False)
    m.rule(Event("enter", (p,)), when=[holder == "none"], set={holder: p, inside[p]: True})
    m.rule(Event("leave", (p,)), when=[inside[p]], set={holder: "none", inside[p]: False})
    return Model.of("lock", m), holds((inside[p] & inside[r]).implies(p == r), (p, r))


def looking_around() -> tuple[Model, Property]:
    """Whoever enters sees that nobody is inside; a reset puts everybody out at once."""
    m = Machine("m")
    inside = m.array("inside", BOOL, over=(P,), init=False)
    m.rule(Event("enter", (p,)), when=[forall(r, neg(inside[r]))], set={inside[p]: True})
    m.rule(Event("reset"), each=[for_each(p, inside[p], False)])
    return Model.of("looking around", m), holds((inside[p] & inside[r]).implies(p == r), (p, r))


def token() -> tuple[Model, Property]:
    """One token is made, and handed on."""
    m = Machine("m")
    made = m.var("made", BOOL, init=False)
    has = m.array("has", BOOL, over=(P,), init=False)
    m.rule(Event("make", (p,)), when=[neg(made)], set={made: True, has[p]: True})
    m.rule(Event("hand_on", (p, r), where=p != r), when=[has[p]], set={has[p]: False, has[r]: True})
    return Model.of("token", m), holds((has[p] & has[r]).implies(p == r), (p, r))


def places() -> tuple[Model, Property]:
    """There are two places, so of three different ones not all have one."""
    m = Machine("m")
    holder = m.array("holder", Maybe(P), over=(Q,), init="none")
    free = forall(q, holder[q] != p)
    m.rule(Event("take", (p, q)), when=[holder[q] == "none", free], set={holder[q]: p})
    m.rule(Event("leave", (q,)), set={holder[q]: "none"})
    s = param("s", P)
    has = [exists(q, holder[q] == x) for x in (p, r, s)]
    return Model.of("places", m), holds(implies((p != r) & (r != s) & (p != s), neg(conj(*has))), (p, r, s))


def history() -> tuple[Model, Property]:
    """What is used was opened before, by the very same."""
    m = Machine("m")
    opened = m.array("opened", BOOL, over=(P,), init=False)
    open_, use = Event("open", (p,)), Event("use", (p,))
    m.rule(open_, set={opened[p]: True})
    m.rule(use, when=[opened[p]])
    m.rule(Event("shut"), each=[for_each(r, opened[r], False)])
    return Model.of("history", m), Property("it", "It is so.", Precedence(occurs(open_, p=p), occurs(use, p=p)), (p,))
