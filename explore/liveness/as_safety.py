"""Promises of liveness as obligations of safety, by a copy of a state to which the run must come back (Biere, Artho and Schuppan 2002).

Beside a system's own steps there are two kinds of further ones, which change none of its variables. In a state in which ``when`` holds and
``then`` does not, a promise may be taken for *pending*, once; from there on no step leaves a state in which its ``then`` holds. While
one is pending, the state may be *copied*, once; from there on it is noted for each fairness assumption whether a step that it
means was taken, and whether in some state such a step was possible (strong) or none was (weak). The promise is broken where it is pending,
``then`` does not hold, and either no step of the system is possible, or the state is the copied one again after at least one step and every
assumption is kept: a step was taken, or none was ever possible (strong) or not always (weak).

So what breaks the obligation is a run of the system, with the two further steps left out, that makes the promise, never keeps it, and ends or
goes round a fair loop; and such a run breaks the obligation. The steps noted are those from the states of the loop, each
of which the loop leaves by one of its steps. A promise is broken by some run exactly when it is by one that ends or goes round, since there are
finitely many states (see `decide`). The shortest run that breaks the obligation has the fewest steps with its loop counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from ...model.language import (
    BOOL,
    FALSE,
    TRUE,
    Action,
    Enum,
    State,
    System,
    Term,
    Variable,
    conj,
    const,
    disj,
    implies,
    neg,
)
from ...model.language.terms import variable
from ...properties.compile import Fairness, Obligation, Promise

FURTHER = 2
"""Steps that are not the system's own in a run that breaks an obligation, at most: one makes a promise pending, one copies a state."""

_NOTHING = "nothing"


@dataclass(frozen=True, eq=False)
class AsSafety:
    """``system`` with ``obligations``, one per promise in order, says what ``original`` with its promises does."""

    original: System
    system: System
    obligations: tuple[Obligation, ...]

    def run(self, path: tuple[State, tuple[int, ...]]) -> tuple[tuple[State, tuple[int, ...]], int | None]:
        """A run that breaks an obligation as one of the original, and at how many of its steps its loop begins (None: it ends)."""
        initial, numbers = path
        own = len(self.original.actions)
        copied = len(self.system.actions) - 1
        steps = tuple(n for n in numbers if n < own)
        begin = sum(n < own for n in numbers[: numbers.index(copied)]) if copied in numbers else len(steps)
        return (initial[: len(self.original.variables)], steps), begin if begin < len(steps) else None


def as_safety(system: System, promises: Sequence[Promise]) -> AsSafety:
    """The promises about the system as obligations about a larger one. Its first variables and actions are the system's own, in order."""
    due = Enum("Pending", (_NOTHING, *(f"promise{k}" for k in range(len(promises)))))
    pending, copied, moved = variable("loop.pending", due), variable("loop.copied", BOOL), variable("loop.moved", BOOL)
    is_due = [pending == const(v, due) for v in due.values[1:]]
    nothing = pending == const(_NOTHING, due)
    onward = conj(*(implies(mine, neg(p.then)) for mine, p in zip(is_due, promises, strict=True)))
    mutable = [v for v in system.variables if not v.rigid]
    copies = [
        Variable(f"copy.{v.name}", v.sort, doc=f"{v.name} in the state to which the run is to come back") for v in mutable
    ]
    notes = _Notes(system, [f for p in promises for f in p.fairness])

    def observed(i: int, a: Action) -> Action:
        more = ((moved, copied), *notes.updates(i, copied))
        return replace(a, guard=conj(a.guard, onward), updates=(*a.updates, *more))

    begins = [
        Action("pending", (("promise", v),), conj(nothing, p.when, neg(p.then)), ((pending, const(v, due)),))
        for v, p in zip(due.values[1:], promises, strict=True)
    ]
    copy = Action(
        "copy", (), conj(neg(nothing), neg(copied), onward),
        ((copied, TRUE), *((c.term, v.term) for c, v in zip(copies, mutable, strict=True))),
    )  # fmt: skip
    added = [
        Variable("loop.pending", due, doc="the promise that was made, and is not kept"),
        Variable("loop.copied", BOOL, doc="a state was copied"),
        Variable("loop.moved", BOOL, doc="a step was taken since"),
        *notes.variables,
    ]
    init = conj(
        system.init, nothing, neg(copied), neg(moved), *(neg(v.term) for v in notes.variables),
        *(c.term == const(c.sort.domain[0], c.sort) for c in copies),
    )  # fmt: skip
    larger = System(
        system.name, (*system.variables, *added, *copies), init,
        (*(observed(i, a) for i, a in enumerate(system.actions)), *begins, copy), system.topology, system.knobs,
    )  # fmt: skip
    stuck = conj(*(neg(a.guard) for a in system.actions))
    again = conj(moved, *(c.term == v.term for c, v in zip(copies, mutable, strict=True)))
    obligations = [
        Obligation(p.prop, p.instance, neg(conj(mine, neg(p.then), disj(stuck, conj(again, notes.kept(p.fairness))))), {})
        for mine, p in zip(is_due, promises, strict=True)
    ]
    return AsSafety(system, larger, tuple(obligations))


class _Notes:
    """What is noted of each assumption since the state was copied."""

    def __init__(self, system: System, assumptions: Iterable[Fairness]) -> None:
        self._of: dict[_Meaning, tuple[Term, Term, Term]] = {}
        self._assumed: dict[_Meaning, Fairness] = {_meaning(f): f for f in assumptions}
        self.variables: list[Variable] = []
        for k, (meaning, f) in enumerate(self._assumed.items()):
            possible = disj(*(conj(system.actions[i].guard, t) for i, t in f.steps.items()))
            taken = Variable(f"loop.taken{k}", BOOL, doc=f"such a step was taken: {f.text}")
            other = (
                Variable(f"loop.possible{k}", BOOL, doc=f"such a step was possible: {f.text}")
                if f.strong
                else Variable(f"loop.idle{k}", BOOL, doc=f"no such step was possible: {f.text}")
            )
            self.variables += [taken, other]
            self._of[meaning] = (taken.term, other.term, possible if f.strong else neg(possible))

    def updates(self, action: int, copied: Term) -> tuple[tuple[Term, Term], ...]:
        """What is noted, once a state was copied, when the action is taken."""
        found: list[tuple[Term, Term]] = []
        for meaning, (taken, other, seen) in self._of.items():
            meant = self._assumed[meaning].steps.get(action, FALSE)
            found += [(taken, disj(taken, conj(copied, meant))), (other, disj(other, conj(copied, seen)))]
        return tuple((t, value) for t, value in found if value is not t)

    def kept(self, fairness: Iterable[Fairness]) -> Term:
        """Whether what was noted keeps the assumptions."""
        mine = [(f, self._of[_meaning(f)]) for f in fairness]
        return conj(*(disj(taken, neg(other) if f.strong else other) for f, (taken, other, _) in mine))


_Meaning: TypeAlias = tuple[bool, tuple[tuple[int, int], ...]]


def _meaning(f: Fairness) -> _Meaning:
    """The same for assumptions that say the same, of whichever promise they are."""
    return f.strong, tuple(sorted((i, id(t)) for i, t in f.steps.items()))
