"""Steps as Boolean functions: a partition of the transition relation by what steps do.

An action that gives its variables constants needs no bits for the state after: those variables are quantified away, and
the constants are put in their place. Only values that are computed are held in the bits of the state after, which then
take the place of those before. What an action does not update is not mentioned at all, so it stays as it is.

Actions that do the same in different states (such as refusals) are one part of the partition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...model.language import Action, Int, ModelError, Op, Term
from ...model.language.satisfy import in_domain
from ...model.language.sorts import comparable
from ...model.language.terms import const
from ..layout import code_of
from .encoding import Encoding, after
from .manager import Function, Manager


@dataclass(frozen=True, eq=False)
class Part:
    """Steps that give the same constants to the same variables, and compute values for the same others."""

    actions: tuple[int, ...]
    """Their numbers."""
    relation: Function
    """The guards, and the computed values in the bits of the state after."""
    changed: tuple[str, ...]
    """The bits that the steps may change, as they are before."""
    back: dict[str, str]
    """The bits of the state after -> those of the state before."""
    constants: Function
    """What the steps give constants to, after the step."""

    def image(self, m: Manager, states: Function) -> Function:
        """The states after such a step from one of the states."""
        reached = m.and_exists(states, self.relation, self.changed)
        if reached == m.false:
            return reached
        return m.rename(reached, self.back) & self.constants


class Relation:
    """The steps of a system, but for those in which a value leaves its variable's domain: an error of the model.

    What is said of steps is said of those from states in which every code means something.
    """

    def __init__(self, encoding: Encoding) -> None:
        self.encoding = encoding
        system, m = encoding.system, encoding.manager
        self.guards: list[Function] = [encoding.truth(a.guard) for a in system.actions]
        """Per action: where it is enabled."""
        self.escapes: list[tuple[int, Function]] = []
        """Actions, and where a value that they give leaves its variable's domain."""
        found: dict[tuple[object, ...], list[tuple[int, Function]]] = {}
        for i, a in enumerate(system.actions):
            outside = self._outside(a) & self.guards[i] & encoding.domain
            if outside != m.false:
                self.escapes.append((i, outside))
            fixed, computed, relation = self._effect(i, a)
            relation &= ~outside
            if (fixed or computed) and relation != m.false:
                found.setdefault((tuple(sorted(fixed.items())), tuple(sorted(computed))), []).append((i, relation))
        self.parts = [self._part(key, steps) for key, steps in found.items()]
        """The steps that change something."""
        self.enabled: Function = m.any(self.guards)
        """Where some action is enabled."""
        self.escape: Function = m.any(f for _, f in self.escapes)

    def _outside(self, a: Action) -> Function:
        """Where one of the updates leaves its domain."""
        e = self.encoding
        result = e.manager.false
        for target, value in a.updates:
            sort = e.system.variables[e.system.index[target.name]].sort
            if not (isinstance(sort, Int) and isinstance(value.sort, Int)):
                if not comparable(value.sort, sort):
                    raise ModelError(f"action {a.label}: {target} := {value} is of sort {value.sort}, not {sort}")
            elif not in_domain(value, sort):
                result |= ~(e.truth(_at_least(value, sort.lo)) & e.truth(_at_most(value, sort.hi)))
        return result

    def _effect(self, i: int, a: Action) -> tuple[dict[int, int], set[int], Function]:
        """The variables that get constants, with their codes; those that get something else; guard and computed values."""
        e, m = self.encoding, self.encoding.manager
        guard = self.guards[i] & e.domain
        fixed: dict[int, int] = {}
        computed: set[int] = set()
        relation = self.guards[i]
        for target, value in a.updates:
            v = e.system.index[target.name]
            sort = e.system.variables[v].sort
            if value.op is Op.CONST:
                if not isinstance(sort, Int) or in_domain(value, sort):
                    fixed[v] = code_of(value.value, sort)
                continue
            bits = e.code(value, v)
            now = e.now[v]
            if all(guard & ~m.same(x, y) == m.false for x, y in zip(bits, now, strict=True)):
                continue  # it stays as it is
            ones = [guard & ~x == m.false for x in bits]
            if all(one or guard & x == m.false for one, x in zip(ones, bits, strict=True)):
                fixed[v] = sum(1 << b for b, one in enumerate(ones) if one)
                continue
            computed.add(v)
            for name, x in zip(e.names[v], bits, strict=True):
                relation &= m.same(m.bit(after(name)), x)
        return fixed, computed, relation

    def _part(self, key: tuple[object, ...], steps: Sequence[tuple[int, Function]]) -> Part:
        e = self.encoding
        fixed, computed = key
        assert isinstance(fixed, tuple) and isinstance(computed, tuple)
        changed = sorted({v for v, _ in fixed} | set(computed))
        return Part(
            tuple(i for i, _ in steps),
            e.manager.any(f for _, f in steps),
            tuple(name for v in changed for name in e.names[v]),
            {after(name): name for v in computed for name in e.names[v]},
            e.codes(dict(fixed)),
        )


def _at_least(value: Term, lo: int) -> Term:
    return value >= const(lo, Int(lo, lo))


def _at_most(value: Term, hi: int) -> Term:
    return value <= const(hi, Int(hi, hi))
