"""Machines: state variables and rules as data, for one part of the world or for many alike.

A machine stands for all the instances of its part (``Machine("tdi", over=(TDI,))`` is every TDI), its
variables are families indexed by instance, and its rules say what the part does in an *event*. Machines
that have rules for the same event take part in it together; see `model.language.compose`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from .errors import ModelError
from .sorts import BOOL, Bool, Index, Sort, Value
from .terms import TRUE, Op, Operand, Term, lift, make, subterms

OK = "ok"
"""The reply of a request that every party granted."""

ANY_REFUSAL = "*"
"""A rule for this reply takes part in an event whenever some other machine refuses it."""


@dataclass(frozen=True)
class Party:
    """Somebody who acts, or whom rules bind. ``honest`` says when it keeps the rules that bind it."""

    name: str
    honest: Term = TRUE

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False)
class Family:
    """A state variable of every instance of a machine (of exactly one, when the machine has no index)."""

    machine: str
    name: str
    over: tuple[Index, ...]
    sort: Sort
    init: Value | None
    """The initial value; None: any value of the sort."""
    rigid: bool = False
    """Whether the variable never changes (a knob)."""
    doc: str = ""

    def __getitem__(self, index: Operand | tuple[Operand, ...]) -> Term:
        given = index if isinstance(index, tuple) else (index,)
        if len(given) != len(self.over):
            raise ModelError(
                f"{self} is indexed by ({', '.join(map(str, self.over))}), not by {len(given)} term(s): write "
                f"{self.name}[{', '.join(i.name[0] for i in self.over)}]"
            )
        args = []
        for g, sort in zip(given, self.over, strict=True):
            term = lift(g, sort)
            if term.op not in (Op.PARAM, Op.CONST, Op.APPLY):
                raise ModelError(
                    f"{self}[{term}]: an instance may be a parameter or a name, not a state variable; "
                    f"write exists(x, ({term} == x) & … {self.name}[x] …)"
                )
            args.append(term)
        return make(Op.SELECT, tuple(args), self.sort, self)

    def __str__(self) -> str:
        return f"{self.machine}.{self.name}"

    def ground_name(self, instances: Sequence[str]) -> str:
        """The name of the variable of given instances: ``tdi0.state``, ``guest.tvm0.tdi1.accepted``, knob: ``p2p``."""
        if self.rigid and not self.over:
            return self.name
        if self.over and self.machine == self.over[0].name:
            return ".".join((*instances, self.name))
        return ".".join((self.machine, *instances, self.name))


@dataclass(frozen=True)
class IndexMap:
    """A fixed function between instances, such as the device of a TDI."""

    name: str
    source: Index
    target: Index
    position: Callable[[int, Mapping[str, int]], int]
    """From an instance's number and the topology to the number of its image."""

    def __call__(self, of: Operand) -> Term:
        return make(Op.APPLY, (lift(of, self.source),), self.target, self)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Event:
    """Something that happens in one step, in which one or more machines take part.

    ``actor`` is the party that causes it; ``params`` are terms made by `param`; ``where`` restricts which
    arguments make an event at all (two different TDIs, say). ``route`` names the machines that the request
    passes, in order, where that is not the order in which the machines stand in the model.
    """

    name: str
    params: tuple[Term, ...] = ()
    actor: Party = Party("environment")
    doc: str = ""
    where: Term = TRUE
    route: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for p in self.params:
            if p.op is not Op.PARAM:
                raise ModelError(f"event {self.name}: `{p}` is not a parameter; make one with param(name, sort)")

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Check:
    """What the bound party checks before it grants a request, and its reply when the check fails.

    Without a reply the party just does not take part (an honest host that refrains, say).
    """

    name: str
    term: Term
    reply: str | None = None
    cite: str = ""


@dataclass(frozen=True)
class Update:
    """One simultaneous assignment; ``each`` lists parameters over whose every value it is repeated."""

    target: Term
    value: Term
    each: tuple[Term, ...] = ()

    @property
    def family(self) -> Family:
        assert isinstance(self.target.data, Family)
        return self.target.data


@dataclass(frozen=True)
class Origin:
    """The place in a model's source where a rule is written: what a reader opens to change it."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Rule:
    """What one machine does in one event.

    ``when`` is what makes the rule applicable, whoever is honest; ``checks`` are what the bound party must
    check, and are lifted when that party is not honest. ``reply`` is `OK` for the granted request; a rule
    for another reply says what this machine does when the request is refused so.
    """

    name: str
    machine: str
    event: Event
    when: Term
    checks: tuple[Check, ...]
    updates: tuple[Update, ...]
    binds: Party | None
    reply: str
    cite: str
    doc: str
    origin: Origin | None = field(default=None, compare=False)
    """Where it is written; None: in no file (a rule that a mutation or a scenario adds)."""


@final
@dataclass
class Machine:
    """A part of the world. Declare its variables and rules, then compose machines into a `Model`."""

    name: str
    over: tuple[Index, ...] = ()
    doc: str = ""
    families: list[Family] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    def array(
        self,
        name: str,
        sort: Sort,
        *,
        init: Value | None = None,
        over: tuple[Index, ...] | None = None,
        rigid: bool = False,
        doc: str = "",
    ) -> Family:
        """A state variable of every instance. ``init=None``: any value initially. ``over``: other indices."""
        if any(f.name == name for f in self.families):
            raise ModelError(f"machine {self.name} declares {name!r} twice: give the second another name")
        if isinstance(sort, Index):
            raise ModelError(f"machine {self.name}, variable {name}: declare it as Maybe({sort}), which may also be none")
        if init is not None:
            try:
                lift(init, sort)
            except ModelError as e:
                raise ModelError(f"machine {self.name}, variable {name}: initial value: {e}") from None
        family = Family(self.name, name, self.over if over is None else over, sort, init, rigid, doc)
        self.families.append(family)
        return family

    def var(self, name: str, sort: Sort, *, init: Value | None = None, rigid: bool = False, doc: str = "") -> Term:
        """A state variable of a machine that has no index."""
        if self.over:
            raise ModelError(
                f"machine {self.name} has instances, so a single variable {name!r} has no place in it: use array()"
            )
        return make(Op.SELECT, (), sort, self.array(name, sort, init=init, rigid=rigid, doc=doc))

    def rule(
        self,
        event: Event,
        *,
        name: str = "",
        when: Iterable[Operand] = (),
        checks: Iterable[Check] = (),
        set: Mapping[Term, Operand] | None = None,
        each: Iterable[Update] = (),
        binds: Party | None = None,
        reply: str = OK,
        cite: str = "",
        doc: str = "",
    ) -> Rule:
        """Add what this machine does in ``event``.

        ``set`` maps variables (``state[t]``) to their values after the event; ``each`` adds updates that are
        repeated over instances (see `for_each`). Raises `ModelError` naming the machine, the rule and the fix.
        """
        name = name or event.name + ("" if reply == OK else f"/{reply}")
        where = f"machine {self.name}, rule {name}"
        if any(r.name == name for r in self.rules):
            raise ModelError(f"{where}: the name is taken; give each rule of a machine its own name=")
        condition = TRUE
        for w in when:
            condition = condition & _truth(w, where, "when")
        checks = tuple(checks)
        for c in checks:
            _truth(c.term, where, f"check {c.name!r}")
        updates = [*(self._update(target, value, (), where) for target, value in (set or {}).items())]
        updates += [self._update(u.target, u.value, u.each, where) for u in each]
        bound = {p.name for p in event.params}
        for part in (condition, *(c.term for c in checks)):
            _closed(part, bound, where)
        for u in updates:
            inner = bound | {p.name for p in u.each}
            _closed(u.target, inner, where)
            _closed(u.value, inner, where)
        caller = sys._getframe(1)
        origin = Origin(caller.f_code.co_filename, caller.f_lineno)
        rule = Rule(name, self.name, event, condition, checks, tuple(updates), binds, reply, cite, doc, origin)
        self.rules.append(rule)
        return rule

    def _update(self, target: Term, value: Operand, each: tuple[Term, ...], where: str) -> Update:
        if target.op is not Op.SELECT or not isinstance(target.data, Family):
            raise ModelError(f"{where}: `{target}` is not a state variable, so it cannot be updated")
        family = target.data
        if family.machine != self.name:
            raise ModelError(
                f"{where}: updates {family}, which belongs to machine {family.machine}; "
                f"add a rule for the same event to machine {family.machine} instead"
            )
        if family.rigid:
            raise ModelError(f"{where}: updates {family}, which is rigid; declare it with rigid=False")
        try:
            term = lift(value, family.sort)
        except ModelError as e:
            raise ModelError(f"{where}: update of {target}: {e}") from None
        return Update(target, term, each)


def for_each(p: Term | tuple[Term, ...], target: Term, value: Operand) -> Update:
    """The update ``target := value`` for every value of the parameter(s) ``p``, all in one step."""
    return Update(target, lift(value, target.sort), p if isinstance(p, tuple) else (p,))


def _truth(value: Operand, where: str, what: str) -> Term:
    term = value if isinstance(value, Term) else lift(value, BOOL)
    if not isinstance(term.sort, Bool):
        raise ModelError(f"{where}: {what} `{term}` is of sort {term.sort}, not a truth value: compare it with ==")
    return term


def _closed(t: Term, bound: set[str], where: str) -> None:
    """Refuse parameters that nothing binds."""
    quantified = {x.args[0].name for x in subterms(t) if x.op in (Op.FORALL, Op.EXISTS)}
    for x in subterms(t):
        if x.op is Op.PARAM and x.name not in bound | quantified:
            raise ModelError(
                f"{where}: the parameter {x.name} is not one of the event's "
                f"({', '.join(sorted(bound)) or 'it has none'}): add it to the event, or quantify over it"
            )
        if x.op in (Op.AFTER, Op.NEXT):
            raise ModelError(f"{where}: `{x}` speaks of the state after the step; rules may only read the state before")
