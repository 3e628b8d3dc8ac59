"""Mutants: models with one rule changed, to ask whether a property would notice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from .compose import Model
from .errors import ModelError, nearest
from .machine import ANY_REFUSAL, OK, Check, Event, Family, Rule, Update
from .sorts import Enum
from .terms import TRUE, Op, Operand, Term, conj, conjuncts, lift, show, substitute, subterms


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
class DropCondition:
    """A rule applies without one of the conditions of its ``when`` (counted from 0)."""

    machine: str
    rule: str
    number: int

    def of(self, r: Rule) -> Rule:
        parts = conjuncts(r.when)
        if not self.number < len(parts):
            raise ModelError(f"rule {r.machine}.{r.name} has {len(parts)} conditions, none with the number {self.number}")
        return replace(r, when=conj(*(p for i, p in enumerate(parts) if i != self.number)))

    def __str__(self) -> str:
        return f"{self.machine}.{self.rule} without its condition {self.number}"


@dataclass(frozen=True)
class SwapValue:
    """A rule asks for another value than it should, wherever it compares the variable with ``old``."""

    machine: str
    rule: str
    variable: Term
    old: str
    new: str

    def of(self, r: Rule) -> Rule:
        asked, instead = self.variable == self.old, self.variable == self.new
        change = {asked: instead}
        changed = replace(
            r,
            when=substitute(r.when, change),
            checks=tuple(replace(c, term=substitute(c.term, change)) for c in r.checks),
        )
        if changed.when is r.when and all(a.term is b.term for a, b in zip(changed.checks, r.checks, strict=True)):
            raise ModelError(f"rule {r.machine}.{r.name} does not ask whether {show(asked)}")
        return changed

    def __str__(self) -> str:
        return f"{self.machine}.{self.rule} asks for {show(self.variable)} = {self.new} instead of {self.old}"


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


@dataclass(frozen=True)
class LeakyRefusal:
    """A machine makes the updates of a rule even when the request is refused."""

    machine: str
    rule: str

    def __str__(self) -> str:
        return f"{self.machine}.{self.rule} takes effect although it is refused"


Mutant: TypeAlias = (
    DropCheck | DropWhen | DropCondition | SwapValue | DropUpdate | SetUpdate | AddCheck | AddRule | LeakyRefusal
)


def mutated(model: Model, *mutants: Mutant) -> Model:
    """The model with rules changed. Raises `ModelError` when there is no such rule, check or update."""
    for mutant in mutants:
        if isinstance(mutant, AddRule):
            model = model.with_rules((*model.rules, mutant.rule()))
        elif isinstance(mutant, LeakyRefusal):
            r = model.rule(mutant.machine, mutant.rule)
            leak = replace(r, name=f"{r.name}, although refused", when=TRUE, checks=(), binds=None, reply=ANY_REFUSAL)
            model = model.with_rules((*model.rules, leak))
        else:
            original = model.rule(mutant.machine, mutant.rule)
            changed = mutant.of(original)
            model = model.with_rules(changed if r is original else r for r in model.rules)
    return model


def mutants(model: Model) -> Iterator[Mutant]:
    """Every single fault of these kinds: a check or condition dropped, an update dropped, another value asked for, a
    refusal that takes effect.

    Conditions on knobs alone are left out: they say in which flows a rule exists, which is nothing to forget.
    """
    for r in model.rules:
        # A check whose failure may be told by several codes stands in the rule once for each: it is forgotten as a whole.
        for name in dict.fromkeys(c.name for c in r.checks):
            yield DropCheck(r.machine, r.name, name)
        for i, part in enumerate(conjuncts(r.when)):
            if any(isinstance(x.data, Family) and not x.data.rigid for x in subterms(part)):
                yield DropCondition(r.machine, r.name, i)
        for name in dict.fromkeys(str(u.family) for u in r.updates):
            yield DropUpdate(r.machine, r.name, name)
        for variable, old in dict.fromkeys(_asked(r)):
            assert isinstance(variable.sort, Enum)
            values = variable.sort.values
            yield SwapValue(r.machine, r.name, variable, old, values[(values.index(old) + 1) % len(values)])
        if r.reply == OK and r.updates and any(c.reply is not None for c in r.checks):
            yield LeakyRefusal(r.machine, r.name)


def _asked(r: Rule) -> Iterator[tuple[Term, str]]:
    """The state variables that a rule compares with a value of an enumeration, and the value."""
    for t in (r.when, *(c.term for c in r.checks)):
        for x in subterms(t):
            if x.op is Op.EQ and x.args[1].op is Op.CONST and isinstance(x.args[0].sort, Enum):
                variable = x.args[0]
                if isinstance(variable.data, Family) and not variable.data.rigid and isinstance(x.args[1].data, str):
                    yield variable, x.args[1].data
