"""Mutants: models with one rule changed, to ask whether a property would notice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from .compose import Model
from .errors import ModelError, nearest
from .machine import OK, Check, Event, Rule, Update
from .terms import TRUE, Operand, Term, lift, show


@dataclass(frozen=True)
class DropCheck:
    """A rule forgets one of its checks."""

    machine: str
    rule: str
    check: str

    def of(self, r: Rule) -> Rule:
        if all(c.name != self.check for c in r.checks):
            known = [c.name for c in r.checks]
            raise ModelError(f"rule {r.machine}.{r.name} has no check {self.check!r}{nearest(self.check, known)}")
        return replace(r, checks=tuple(c for c in r.checks if c.name != self.check))

    def __str__(self) -> str:
        return f"{self.machine}.{self.rule} without the check {self.check!r}"


@dataclass(frozen=True)
class DropWhen:
    """A rule applies whatever the state (its checks stay)."""

    machine: str
    rule: str

    def of(self, r: Rule) -> Rule:
        return replace(r, when=TRUE)

    def __str__(self) -> str:
        return f"{self.machine}.{self.rule} in any state"


@dataclass(frozen=True)
class DropUpdate:
    """A rule forgets to update one variable (given as ``machine.name`` of its family)."""

    machine: str
    rule: str
    variable: str

    def of(self, r: Rule) -> Rule:
        kept = tuple(u for u in r.updates if str(u.family) != self.variable)
        if len(kept) == len(r.updates):
            known = [str(u.family) for u in r.updates]
            raise ModelError(f"rule {r.machine}.{r.name} does not update {self.variable}{nearest(self.variable, known)}")
        return replace(r, updates=kept)

    def __str__(self) -> str:
        return f"{self.machine}.{self.rule} leaves {self.variable} as it is"


@dataclass(frozen=True)
class SetUpdate:
    """A rule sets a variable to another value (or sets one that it leaves alone)."""

    machine: str
    rule: str
    target: Term
    value: Operand

    def of(self, r: Rule) -> Rule:
        update = Update(self.target, lift(self.value, self.target.sort))
        return replace(r, updates=(*(u for u in r.updates if u.target is not self.target), update))

    def __str__(self) -> str:
        value = show(self.value) if isinstance(self.value, Term) else str(self.value).lower()
        return f"{self.machine}.{self.rule} sets {self.target} to {value}"


@dataclass(frozen=True)
class AddCheck:
    """A rule checks what it should not."""

    machine: str
    rule: str
    check: Check

    def of(self, r: Rule) -> Rule:
        return replace(r, checks=(*r.checks, self.check))

    def __str__(self) -> str:
        return f"{self.machine}.{self.rule} with the further check {self.check.name!r}"


@dataclass(frozen=True)
class AddRule:
    """A machine takes part in an event (or reacts to a refusal) that should not touch it."""

    machine: str
    event: Event
    target: Term
    value: Operand
    reply: str = OK

    def rule(self) -> Rule:
        update = Update(self.target, lift(self.value, self.target.sort))
        name = f"{self.event}, which it should leave alone"
        return Rule(name, self.machine, self.event, TRUE, (), (update,), None, self.reply, "", "")

    def __str__(self) -> str:
        outcome = "granted" if self.reply == OK else f"refused with {self.reply}"
        return f"{self.machine} sets {self.target} to {self.value} when {self.event} is {outcome}"


Mutant: TypeAlias = DropCheck | DropWhen | DropUpdate | SetUpdate | AddCheck | AddRule


def mutated(model: Model, *mutants: Mutant) -> Model:
    """The model with rules changed. Raises `ModelError` when there is no such rule, check or update."""
    for mutant in mutants:
        if isinstance(mutant, AddRule):
            model = model.with_rules((*model.rules, mutant.rule()))
        else:
            original = model.rule(mutant.machine, mutant.rule)
            changed = mutant.of(original)
            model = model.with_rules(changed if r is original else r for r in model.rules)
    return model
