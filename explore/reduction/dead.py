"""Dead variables: values that nobody reads again before they are overwritten, set to one value so that states fall together.

A variable x is *dead* where a *witness* y, another variable, has a value v when

* no obligation reads x, and
* no action that is possible with y = v (as far as the conjuncts of its guard over y alone tell) reads x, neither in its
  guard nor in its update of another variable (a monitor is one like any other), and
* each such action gives x a value that does not depend on x, or leaves x dead: some witness has, after the action, only
  values where x is dead. What values that may be is read off the update: constants, the branches of a choice, or else
  the whole domain.

The greatest such set of pairs (y, v) is found by leaving out, until nothing is left out any more, what breaks a condition.

Call two states *alike* when they are equal, or differ in x only and x is dead in both, by the same witness. In states that
are alike the same actions are enabled, since none that is possible reads x in its guard; all obligations say the same, of the
states and of steps from them; and the same action leads to states that are alike, since other variables get the same
values, and x the same one or stays dead by a witness that has the same value in both. So being alike is a bisimulation in which
every step is matched by the same action: nothing that can be observed from one state, at any distance, differs from the other.

So the value of x may be replaced wherever x is dead. That is done after each step, by its updates (`reset`): a system
with the same variables, initial states and actions, in which each run of the original has its counterpart, action for action, and
the other way round. Verdicts, depths of violations and the actions that are ever enabled are the same. A run
is mapped back by leaving it as it is: the same actions, from the same initial state.

Several variables are replaced at once, which must do as much as one after the other, each judged in the state that the
ones before left: being alike is chained then, once for each variable. So no variable may lose its witness to one that was
replaced before it. Each is replaced before its witnesses are; witnesses for which that is impossible, since they depend on one
another in a circle, are given up. (Replacing fewer values than could be is sound at any time.)

An update that leaves its variable's domain where the variable is dead goes unnoticed, as it does when the variable is sliced away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...model.language import FALSE, TRUE, Action, Int, Op, Sort, System, Term, Value, const, ite, support
from ...model.language.terms import conjuncts, disj, one_of
from ...properties.compile import Obligation
from ..evaluate import evaluate
from ..layout import Layout, Words, code_of, size

WITNESS = 16
"""A witness has at most so many values: what is asked of it becomes part of updates."""

Values = frozenset[Value]


@dataclass(frozen=True)
class Dead:
    """Where variables are dead: variable -> witness -> values of the witness. ``default``: the value that each is set to."""

    where: Mapping[str, Mapping[str, Values]]
    default: Mapping[str, Value]

    def __len__(self) -> int:
        return len(self.where)

    def share(self, layout: Layout, packed: Words) -> float:
        """How many different states these become when what is dead in them is set, as a share of them (shape: see `Words`)."""
        count: int = packed.shape[1]
        if not count:
            return 1.0
        new = packed.copy()
        for x, witnesses in self.where.items():
            dead = np.zeros(count, np.bool_)
            for y, values in witnesses.items():
                f = layout.field[y]
                codes = [np.uint64(code_of(v, f.sort) << f.shift) for v in values]
                dead |= np.isin(packed[f.word] & np.uint64(f.mask), codes)
            f = layout.field[x]
            code = np.uint64(code_of(self.default[x], f.sort) << f.shift)
            new[f.word, dead] = (new[f.word, dead] & ~np.uint64(f.mask)) | code
        new = new[:, np.lexsort(new)]
        return (1 + int((new[:, 1:] != new[:, :-1]).any(axis=0).sum())) / count


def dead_variables(system: System, obligations: Sequence[Obligation]) -> Dead:
    """Where the system's variables are dead for the obligations, which the system carries the monitors of."""
    observed = {v.name for o in obligations for t in o.terms for v in support(t)}
    facts = _Facts(system)
    found = {}
    for v in system.variables:
        if not v.rigid and v.name not in observed and size(v.sort) > 1:
            where = facts.dead(v.name)
            if where:
                found[v.name] = where
    left = _without_circles(found)
    return Dead(left, facts.defaults(left))


def reset(system: System, dead: Dead) -> System:
    """The system in which every step sets the variables that are dead after it."""
    return replace(system, actions=tuple(_resetting(system, a, dead) for a in system.actions))


def _resetting(system: System, action: Action, dead: Dead) -> Action:
    updates = dict(action.updates)
    values = {target.name: u for target, u in action.updates if u is not target}
    possible = _possible(action)
    changed = False
    for x, witnesses in dead.where.items():
        target = system[x]
        parts: list[Term] = []
        for y, where in witnesses.items():
            if y in values:
                parts.append(_among(values[y], system[y].sort, where))
            elif x in values:
                # The witness stays as the guard found it.
                mine = possible.get(y, _domain(system[y]))
                parts.append(TRUE if mine <= where else _among(system[y], system[y].sort, where & mine))
            # else: x was dead before the step, so it has been set.
        condition = disj(*parts)
        if condition is not FALSE:
            new = ite(condition, const(dead.default[x], target.sort), updates.get(target, target))
            if new is not updates.get(target, target):
                updates[target] = new
                changed = True
    return replace(action, updates=tuple(updates.items())) if changed else action


def _among(t: Term, sort: Sort, values: Values) -> Term:
    """Whether a term has one of the values, which are of the sort."""
    if t.op is Op.ITE:
        condition, then, otherwise = t.args
        return ite(condition, _among(then, sort, values), _among(otherwise, sort, values))
    return one_of(t, *(const(v, sort) for v in sorted(values, key=str)))


def _possible(action: Action) -> dict[str, Values]:
    """The values that variables may have where the action is possible, as far as conjuncts of its guard over one of them tell."""
    found: dict[str, Values] = {}
    for c in conjuncts(action.guard):
        read = support(c)
        if len(read) == 1 and size(read[0].sort) <= WITNESS:  # type: ignore[arg-type]
            (y,) = read
            before = found.get(y.name, _domain(y))
            found[y.name] = frozenset(v for v in before if evaluate(c, {y.name: v}))
    return found


def _fits(t: Term, v: Term) -> bool:
    """Whether a variable's sort has all values of a term, as far as the term's own sort tells."""
    if isinstance(t.sort, Int) and isinstance(v.sort, Int):
        return v.sort.lo <= t.sort.lo and t.sort.hi <= v.sort.hi
    return t.sort == v.sort


def _domain(v: Term) -> Values:
    return frozenset(v.sort.domain)  # type: ignore[union-attr]


class _Facts:
    """What the actions of a system read and write, worked out once for all its variables."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.possible = [_possible(a) for a in system.actions]
        self.updates = [{t.name: u for t, u in a.updates if u is not t} for a in system.actions]
        self.witnesses = [v for v in system.variables if 1 < size(v.sort) <= WITNESS]

    @cached_property
    def readers(self) -> Mapping[str, Collection[int]]:
        """For each variable, the actions that read it in the guard, or in the update of another variable.

        In its own update as well, where that might leave the domain: what it is set to must not make an error that was none.
        """
        found: dict[str, set[int]] = {v.name: set() for v in self.system.variables}
        for i, a in enumerate(self.system.actions):
            for x in support(a.guard):
                found[x.name].add(i)
            for name, u in self.updates[i].items():
                for x in support(u):
                    if x.name != name or not _fits(u, x):
                        found[x.name].add(i)
        return found

    def overwrites(self, action: int, x: str) -> bool:
        """Whether an action gives a variable a value that does not depend on the one it has."""
        u = self.updates[action].get(x)
        return u is not None and all(v.name != x for v in support(u))

    def dead(self, x: str) -> dict[str, Values]:
        """The witnesses of a variable, each with the values at which it is dead."""
        found: dict[str, Values] = {}
        for y in self.witnesses:
            if y.name != x:
                read: set[Value] = set()
                for i in self.readers[x]:
                    read |= self.possible[i].get(y.name, _domain(y.term))
                left = _domain(y.term) - read
                if left:
                    found[y.name] = left
        keeping = [i for i in range(len(self.updates)) if not self.overwrites(i, x)]
        while True:
            less = {y: frozenset(v for v in values if self._stays(keeping, found, y, v)) for y, values in found.items()}
            if less == found:
                return found
            found = {y: values for y, values in less.items() if values}

    def _stays(self, keeping: Sequence[int], found: Mapping[str, Values], y: str, v: Value) -> bool:
        """Whether a variable that is dead by a witness stays so, by some witness, whichever action that keeps it is taken."""
        for i in keeping:
            if y not in self.updates[i] or v not in self.possible[i].get(y, (v,)):
                continue
            known = {**self.possible[i], y: frozenset((v,))}
            if not any(self._after(i, w, known) <= values for w, values in found.items()):
                return False
        return True

    def _after(self, action: int, w: str, known: Mapping[str, Values]) -> Values:
        """The values that a variable may have after an action, from those that some have before it."""
        update = self.updates[action].get(w)
        target = self.system[w]
        if update is None:
            return known.get(w, _domain(target))
        return frozenset(self._range(update, known)) & _domain(target)

    def _range(self, t: Term, known: Mapping[str, Values]) -> Iterator[Value]:
        read = support(t)
        if not read:
            yield evaluate(t, {})
        elif len(read) == 1 and read[0].name in known:
            name = read[0].name
            yield from (evaluate(t, {name: v}) for v in known[name])
        elif t.op is Op.ITE:
            yield from self._range(t.args[1], known)
            yield from self._range(t.args[2], known)
        else:
            yield from _domain(t)

    def defaults(self, names: Collection[str]) -> dict[str, Value]:
        """What the variables are set to: the initial value, where the system says it, so that as few states as can be are new."""
        pinned: dict[str, Value] = {}
        for c in conjuncts(self.system.init):
            if c.op is Op.EQ and c.args[0].op is Op.VAR and c.args[1].op is Op.CONST:
                pinned[c.args[0].name] = c.args[1].value
            elif c.op is Op.VAR:
                pinned[c.name] = True
        return {v.name: pinned.get(v.name, v.sort.domain[0]) for v in self.system.variables if v.name in names}


def _without_circles(found: Mapping[str, Mapping[str, Values]]) -> dict[str, dict[str, Values]]:
    """What is left when no variable has a witness that depends on it, directly or by way of others, for its own."""
    import networkx as nx  # which most checks need not wait for

    graph = nx.DiGraph((x, y) for x, witnesses in found.items() for y in witnesses)
    part = {x: i for i, names in enumerate(nx.strongly_connected_components(graph)) for x in names}
    left = {x: {y: v for y, v in witnesses.items() if part[x] != part[y]} for x, witnesses in found.items()}
    return {x: witnesses for x, witnesses in left.items() if witnesses}
