"""Whether what a certificate shows of a promise of progress shows the promise: a second reading, which shares nothing with what made it.

The system of such a certificate is larger than that which the flow generates: a promise is taken for pending, a state is copied, and
notes are taken of the steps since (see `liveness.as_safety`). That the larger system says *too little* is the worst that can be wrong
with it. So it is not made again here, but held against the system itself, in the one direction that counts:

*What holds* (`check_kept`). Where a run of the system breaks a promise, one does that ends or goes round a loop, since there are finitely
many states. It is a run of the larger system, which breaks the obligation, if (1) an initial state is one there, with nothing pending, copied or
noted; (2) a step of the system is one there, in a state in which nothing pending is fulfilled, changes the same, and is noted once
a state was copied; one that is left out changes nothing that is left in, is meant by no assumption, and another step that is always
possible and changes nothing stands for it, and for the rest at the end of a run; (3) a promise that is made and not kept at once can be
taken for pending, and (4) while it is not kept, a state can be copied; (5) the obligation is broken where it is not kept, and no step is
possible, or the state is the copied one after a step, and each assumption is kept by the notes. Each is a question to a solver.

*What is violated* (`check_broken`). The run, without what was added, is walked on the system: it makes the promise, does not keep it, and
ends where no step is possible or goes round a loop that is fair, step by step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ...model.language import (
    FALSE,
    TRUE,
    Action,
    Bool,
    Int,
    System,
    Term,
    Value,
    conj,
    const,
    disj,
    implies,
    neg,
)
from ...model.language.sorts import Ground
from ...model.language.terms import subterms, variable
from ...properties.compile import Fairness, Promise
from . import form
from .checker import SOLVERS, Refused, Solver, declared, refuted, smt, value_of

_PENDING, _COPIED, _MOVED = "loop.pending", "loop.copied", "loop.moved"
Question: TypeAlias = tuple[str, Sequence[Term], Term]
"""What is wrong where it is not so, what is given, and what must follow."""


@dataclass(frozen=True)
class _Note:
    """What is noted of an assumption: that such a step was taken; that one was possible, or (of a weak one) that none was."""

    of: Fairness
    taken: Term
    other: Term

    def meant(self, action: int | None) -> Term:
        return FALSE if action is None else self.of.steps.get(action, FALSE)

    def possible(self, system: System) -> Term:
        return disj(*(conj(system.actions[i].guard, t) for i, t in self.of.steps.items()))

    @property
    def kept(self) -> Term:
        return disj(self.taken, neg(self.other) if self.of.strong else self.other)


class _Larger:
    """The parts that the larger system has, by what they are for. Raises `Refused` when one is missing."""

    def __init__(self, system: System, promises: Sequence[Promise], larger: form.System) -> None:
        self.sorts: Mapping[str, Ground] = larger.written.sorts
        self.kept = [v for v in system.variables if self.sorts.get(v.name) == v.sort]
        self.copies = {f"copy.{v.name}": v.term for v in self.kept if not v.rigid}
        self.pending, self.copied, self.moved = (self.variable(n) for n in (_PENDING, _COPIED, _MOVED))
        values = self.sorts[_PENDING].domain
        if len(values) != len(promises) + 1 or len(larger.obligations) != len(promises):
            raise Refused(f"there are {len(promises)} promises to take for pending, and as many obligations")
        self.promised = [const(v, self.pending.sort) for v in values[1:]]
        self.nothing, *self.due = (self.pending == v for v in (const(values[0], self.pending.sort), *self.promised))
        notes: dict[tuple[bool, tuple[tuple[int, int], ...]], _Note] = {}
        self.notes: list[list[_Note]] = []
        for p in promises:
            self.notes.append([])
            for f in p.fairness:
                key = f.strong, tuple(sorted((i, id(t)) for i, t in f.steps.items()))
                if key not in notes:
                    k, other = len(notes), "possible" if f.strong else "idle"
                    notes[key] = _Note(f, self.variable(f"loop.taken{k}"), self.variable(f"loop.{other}{k}"))
                self.notes[-1].append(notes[key])
        self.all_notes = list(notes.values())
        added = {t.name for n in self.all_notes for t in (n.taken, n.other)}
        self.added = {_PENDING, _COPIED, _MOVED, *added, *self.copies}
        if unknown := self.sorts.keys() - {v.name for v in self.kept} - self.added:
            raise Refused(f"{min(unknown)} is no variable of the system, and nothing that is noted")

    def variable(self, name: str) -> Term:
        if name not in self.sorts:
            raise Refused(f"the system of the certificate has no {name}")
        return variable(name, self.sorts[name])


def check_kept(
    system: System, promises: Sequence[Promise], larger: form.System, solvers: Sequence[Solver] = SOLVERS
) -> dict[Solver, int]:
    """That the promises are kept when the obligations of the larger system are; how many questions each solver answered.

    Raises `Refused`, with what is not so.
    """
    questions = list(_questions(system, promises, larger, _Larger(system, promises, larger)))
    sorts = {v.name: v.sort for v in system.variables} | dict(larger.written.sorts)
    terms = [t for _, given, then in questions for t in (*given, then)]
    whole = [s for s in (*sorts.values(), *(x.sort for t in terms for x in subterms(t))) if isinstance(s, Int)]
    width = max((max(abs(s.lo), abs(s.hi)).bit_length() for s in whole), default=1) + 2
    script = "\n".join(
        (
            "(set-logic QF_BV)",
            *declared(sorts, width),
            *(
                "\n".join(
                    ("(push 1)", *(f"(assert {smt(t, width)})" for t in (*given, neg(then))), "(check-sat)", "(pop 1)")
                )
                for _, given, then in questions
            ),
        )
    )
    return refuted(script, [wrong for wrong, _, _ in questions], solvers)


def _questions(system: System, promises: Sequence[Promise], larger: form.System, parts: _Larger) -> Iterator[Question]:
    own = len(larger.actions) - len(promises) - 1
    if own < 0:
        raise Refused("a promise cannot be taken for pending, or a state not be copied")
    first = [parts.nothing]
    for name in sorted(parts.added - {_PENDING}):
        sort, t = parts.sorts[name], parts.variable(name)
        first.append(neg(t) if isinstance(sort, Bool) else t == const(sort.domain[0], sort))
    yield "an initial state of the system is none", [system.init, *first], larger.init
    unfulfilled = conj(*(implies(due, neg(p.then)) for due, p in zip(parts.due, promises, strict=True)))
    stands_for, whole = _counterparts(system, promises, larger, own, parts)
    for i, step in stands_for:
        yield from _step(system, i, step, parts, unfulfilled)
    for k, p in enumerate(promises):
        begins = larger.actions[own + k]
        if begins.updates.keys() != {_PENDING}:
            raise Refused(f"{begins.label} does more than take a promise for pending")
        after = begins.updates[_PENDING] == parts.promised[k]
        may = implies(conj(parts.nothing, p.when, neg(p.then)), conj(begins.guard, after))
        yield f"{p} is made, and cannot be taken for pending", [], may
    copy = larger.actions[-1]
    if not copy.updates.keys() <= {_COPIED, *parts.copies}:
        raise Refused(f"{copy.label} does more than copy a state")
    same = [copy.updates.get(n, parts.variable(n)) == t for n, t in parts.copies.items()]
    given = [neg(parts.nothing), neg(parts.copied), unfulfilled]
    yield "a state cannot be copied", given, conj(copy.guard, copy.updates.get(_COPIED, parts.copied), *same)
    again = conj(parts.moved, *(parts.variable(n) == t for n, t in parts.copies.items()))
    stuck = conj(*(neg(a.guard) for a in system.actions)) if whole else FALSE
    for due, p, notes, o in zip(parts.due, promises, parts.notes, larger.obligations, strict=True):
        if o.reach:
            raise Refused(f"{p} is said to be reached, not to be kept")
        ends = disj(stuck, conj(again, *(n.kept for n in notes)))
        yield f"{p} is broken, and its obligation is not", [due, neg(p.then), ends], neg(o.state)


def _counterparts(
    system: System, promises: Sequence[Promise], larger: form.System, own: int, parts: _Larger
) -> tuple[list[tuple[int | None, form.Action]], bool]:
    """The steps of the system with those that stand for them (None: for the rest), and whether none is left out."""
    names = [a.label for a in larger.actions[:own]]
    if names == [a.label for a in system.actions]:
        return list(enumerate(larger.actions[:own])), True
    rest = larger.actions[own - 1] if own else None
    if rest is None or rest.updates.keys() & {v.name for v in parts.kept}:
        raise Refused("no step stands for those that are left out")
    kept = {v.name for v in parts.kept}
    found: list[tuple[int | None, form.Action]] = [(None, rest)]
    at = 0
    for i, a in enumerate(system.actions):
        touches = any(t.name in kept for t, _ in a.updates) or any(i in f.steps for p in promises for f in p.fairness)
        if touches and at < own - 1 and names[at] == a.label:
            found.append((i, larger.actions[at]))
            at += 1
        elif touches:
            raise Refused(f"{a.label} is left out, though it is not without consequence")
    if at != own - 1:
        raise Refused(f"{names[at]} is no step of the system, or not in its place")
    return found, False


def _step(system: System, i: int | None, step: form.Action, parts: _Larger, unfulfilled: Term) -> Iterator[Question]:
    """A step of the system is one there, changes the same, and is noted."""
    a = Action("rest", (), TRUE, ()) if i is None else system.actions[i]
    if changed := step.updates.keys() & {_PENDING, _COPIED, *parts.copies}:
        raise Refused(f"{a.label} changes {min(changed)}")
    new = {t.name: value for t, value in a.updates}
    wanted = [step.guard]
    wanted += [
        step.updates.get(v.name, v.term) == new.get(v.name, v.term) for v in parts.kept if v.name in {*new, *step.updates}
    ]
    wanted.append(implies(parts.copied, step.updates.get(_MOVED, parts.moved)))
    for n in parts.all_notes:
        taken, other = (step.updates.get(t.name, t) for t in (n.taken, n.other))
        wanted.append(implies(disj(n.taken, conj(parts.copied, n.meant(i))), taken))
        possible = n.possible(system)
        if n.of.strong:
            wanted.append(implies(other, disj(n.other, conj(parts.copied, possible))))
        else:
            wanted.append(implies(disj(n.other, conj(parts.copied, neg(possible))), other))
    yield f"{a.label} is not what it is in the system, or not noted", [a.guard, unfulfilled], conj(*wanted)


def check_broken(system: System, promises: Sequence[Promise], larger: form.System, evidence: Mapping[str, Any]) -> None:
    """That the run in the evidence breaks its promise. Raises `Refused`, with where it does not."""
    own, number = len(system.actions), int(evidence["obligation"])
    p = promises[number]
    states: list[dict[str, Value]] = [{v.name: evidence["initial"][v.name] for v in system.variables}]
    if not value_of(system.init, states[0]):
        raise Refused("the run does not begin in an initial state of the system")
    taken: list[int] = []
    made = loop = None
    for step in evidence["steps"]:
        n, now = int(step["action"]), states[-1]
        if n == len(larger.actions) - 1:
            loop = len(taken)
        elif n >= own:
            made = len(taken) if n - own == number else None
        else:
            a = system.actions[n]
            if a.label != step["label"] or not value_of(a.guard, now):
                raise Refused(f"{step['label']} is no step of the system, or not possible")
            taken.append(n)
            states.append(now | {t.name: value_of(x, now) for t, x in a.updates})
    if made is None or not value_of(p.when, states[made]):
        raise Refused(f"the run does not make the promise {p}")
    if any(value_of(p.then, s) for s in states[made:]):
        raise Refused(f"the run keeps the promise {p}")
    if not any(value_of(a.guard, states[-1]) for a in system.actions):
        return
    if loop is None or loop < made or loop == len(taken) or states[loop] != states[-1]:
        raise Refused("the run neither ends nor goes round a loop")
    around = list(zip(states[loop:], taken[loop:], strict=False))
    for f in p.fairness:
        done = any(n in f.steps and value_of(f.steps[n], s) for s, n in around)
        possible = [
            any(value_of(system.actions[i].guard, s) and value_of(t, s) for i, t in f.steps.items()) for s, _ in around
        ]
        if not done and (any(possible) if f.strong else all(possible)):
            raise Refused(f"the loop is not fair: {f.text}")
