"""`System`: the one immutable value between the modelling language and everything that works on models.

A system is finite-domain variables, an initial-state predicate and guarded actions with simultaneous
updates, all as ground terms. An engine knows systems and nothing of what they are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, TypeAlias

from .errors import ModelError, nearest
from .machine import OK, Rule
from .sorts import Bool, Enum, Ground, Int, Value
from .terms import FALSE, TRUE, Term, conj, conjuncts, const, show, substitute, support, variable

State: TypeAlias = tuple[Value, ...]
"""The values of a system's variables, in the system's order."""


@dataclass(frozen=True)
class Variable:
    """A state variable of a system. ``rigid``: no action may change it."""

    name: str
    sort: Ground
    rigid: bool = False
    doc: str = ""

    @property
    def term(self) -> Term:
        return variable(self.name, self.sort)


@dataclass(frozen=True, eq=False)
class Action:
    """A guarded action: one ground event with one reply.

    ``updates`` are simultaneous; a variable without an update keeps its value. ``rules`` are the rules that
    were composed into the action; ``refused_by`` is the rule whose check failed, in a refusal.
    """

    event: str
    args: tuple[tuple[str, Value], ...]
    guard: Term
    updates: tuple[tuple[Term, Term], ...]
    actor: str = "environment"
    reply: str = OK
    rules: tuple[Rule, ...] = ()
    refused_by: Rule | None = None

    @cached_property
    def label(self) -> str:
        """``tdi_bind(tdi0, tvm0, run=true)``, with ``→ REPLY`` when it is refused."""
        parts = [v if isinstance(v, str) else f"{k}={str(v).lower()}" for k, v in self.args]
        return f"{self.event}({', '.join(parts)})" + ("" if self.reply == OK else f" → {self.reply}")

    @cached_property
    def update_of(self) -> Mapping[Term, Term]:
        return MappingProxyType(dict(self.updates))

    @cached_property
    def known(self) -> dict[tuple[object, ...], tuple[Any, ...]]:
        """What others worked out about the action and keep as long as there is one; the first part of a key says who."""
        return {}

    @property
    def citations(self) -> tuple[str, ...]:
        """The citations of the composed rules, without repeats, in order."""
        found = [r.cite for r in self.rules if r.cite]
        if self.refused_by is not None:
            found += [c.cite for c in self.refused_by.checks if c.reply == self.reply and c.cite]
        return tuple(dict.fromkeys(found))

    @property
    def parties(self) -> tuple[str, ...]:
        """Who takes part: the actor first, then whom the composed rules bind, without repeats."""
        names = [self.actor, *(r.binds.name for r in self.rules if r.binds is not None)]
        if self.refused_by is not None and self.refused_by.binds is not None:
            names.append(self.refused_by.binds.name)
        return tuple(dict.fromkeys(names))

    def updating(self, updates: tuple[tuple[Term, Term], ...]) -> Action:
        """The action with these updates in place of its own. (Slices ask for it so often that `replace` would be felt.)"""
        return Action(self.event, self.args, self.guard, updates, self.actor, self.reply, self.rules, self.refused_by)

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True, eq=False)
class System:
    """A finite-state transition system. Build one with `Model.instantiate`, or directly."""

    name: str
    variables: tuple[Variable, ...]
    init: Term
    actions: tuple[Action, ...]
    topology: Mapping[str, int] = field(default_factory=dict)
    knobs: Mapping[str, Value] = field(default_factory=dict)
    """The knobs that were fixed when the system was made (they are no variables of it any more)."""

    def __post_init__(self) -> None:
        names = [v.name for v in self.variables]
        if len(set(names)) != len(names):
            twice = next(n for n in names if names.count(n) > 1)
            raise ModelError(f"system {self.name}: variable {twice} is declared twice")
        if not self._sound():
            self._refuse(names)

    def _sound(self) -> bool:
        """Whether all that is mentioned is a variable of the system, and no action changes one that is rigid."""
        mentioned = set(support(self.init))
        updated: set[Term] = set()
        for a in self.actions:
            mentioned.update(support(a.guard))
            for target, value in a.updates:
                updated.add(target)
                mentioned.update(support(value))
        declared = {v.term for v in self.variables}
        return mentioned | updated <= declared and updated.isdisjoint(v.term for v in self.variables if v.rigid)

    def _refuse(self, names: Sequence[str]) -> None:
        """Raise what is wrong."""
        rigid = {v.name for v in self.variables if v.rigid}
        for where, t in [("the initial-state predicate", self.init)] + [
            (f"action {a.label}", t) for a in self.actions for t in (a.guard, *(x for u in a.updates for x in u))
        ]:
            for v in support(t):
                if v.name not in self.index:
                    raise ModelError(
                        f"system {self.name}: {where} mentions unknown variable {v.name}{nearest(v.name, names)}"
                    )
                if v.sort != self.variables[self.index[v.name]].sort:
                    raise ModelError(f"system {self.name}: {where} uses {v.name} as {v.sort}, but it is declared otherwise")
        for a in self.actions:
            for target, _ in a.updates:
                if target.name in rigid:
                    raise ModelError(f"system {self.name}: action {a.label} updates the rigid variable {target.name}")

    @cached_property
    def index(self) -> Mapping[str, int]:
        """The position of each variable in a `State`."""
        return {v.name: i for i, v in enumerate(self.variables)}

    def __getitem__(self, name: str) -> Term:
        """The term of a variable; an error that suggests the nearest name."""
        if name not in self.index:
            raise ModelError(f"system {self.name} has no variable {name!r}{nearest(name, self.index)}")
        return self.variables[self.index[name]].term

    def restricted(self, names: Iterable[str], actions: Iterable[Action], init: Term) -> System:
        """The same system over fewer variables and actions (used by slicing, which must make sure it is sound)."""
        keep = set(names)
        return replace(self, variables=tuple(v for v in self.variables if v.name in keep), actions=tuple(actions), init=init)

    def fixed(self, knobs: Mapping[str, Value], name: str = "") -> System:
        """The system with rigid variables replaced by the given values, under another name if one is given.

        Actions that this disables disappear.
        """
        replacement: dict[Term, Term] = {}
        for knob, value in knobs.items():
            v = self[knob]
            if not self.variables[self.index[knob]].rigid:
                raise ModelError(f"system {self.name}: {knob} is a state variable, not a knob, and cannot be fixed")
            assert isinstance(v.sort, Bool | Int | Enum)
            if value not in v.sort.domain or isinstance(value, bool) != isinstance(v.sort, Bool):
                raise ModelError(
                    f"knob {knob} cannot be {value!r}: it is one of {', '.join(str(x).lower() for x in v.sort.domain)}"
                )
            replacement[v] = const(value, v.sort)
        memo: dict[Term, Term] = {}

        def under(t: Term) -> Term:
            return t if replacement.keys().isdisjoint(support(t)) else substitute(t, replacement, memo)

        actions = []
        for a in self.actions:
            guard = under(a.guard)
            if guard is FALSE:
                continue
            updates = tuple((t, new) for t, u in a.updates if (new := under(u)) is not t)
            actions.append(self._action(a, guard, updates))
        return replace(
            self,
            name=name or self.name,
            variables=tuple(v for v in self.variables if v.name not in knobs),
            init=under(self.init),
            actions=tuple(actions),
            knobs={**self.knobs, **knobs},
        )

    def _action(self, a: Action, guard: Term, updates: tuple[tuple[Term, Term], ...]) -> Action:
        """The action with this guard and these updates: the same one for all settings of the knobs that come to them."""
        key = (id(a), id(guard), *(id(x) for u in updates for x in u))
        if key not in self._actions:
            same = a.guard is guard and [id(x) for u in a.updates for x in u] == [id(x) for u in updates for x in u]
            self._actions[key] = a if same else replace(a, guard=guard, updates=updates)
        return self._actions[key]

    @cached_property
    def _actions(self) -> dict[tuple[int, ...], Action]:
        """By the ids of the action and of its new parts, which live as long as what is found here."""
        return {}

    def extended(
        self, variables: Iterable[Variable], init: Term, updates: Mapping[int, tuple[tuple[Term, Term], ...]]
    ) -> System:
        """The system with observing variables added: ``updates`` maps action numbers to further updates.

        The guards stay as they are, so the added variables watch the system and never restrain it.
        """
        added = tuple(variables)
        actions = tuple(a.updating(a.updates + updates[i]) if i in updates else a for i, a in enumerate(self.actions))
        return replace(self, variables=self.variables + added, init=conj(self.init, init), actions=actions)

    def __str__(self) -> str:
        lines = [f"system {self.name}"]
        if self.topology:
            lines.append("  topology: " + ", ".join(f"{n} {k}" for k, n in self.topology.items()))
        if self.knobs:
            lines.append("  knobs: " + ", ".join(f"{k}={str(v).lower()}" for k, v in self.knobs.items()))
        lines.append("variables")
        for v in self.variables:
            domain = "bool" if isinstance(v.sort, Bool) else " | ".join(map(str, v.sort.domain))
            if isinstance(v.sort, Int):
                domain = str(v.sort)
            lines.append(f"  {v.name}: {domain}" + ("   (rigid)" if v.rigid else ""))
        lines.append("initially")
        lines += [f"  {show(c)}" for c in conjuncts(self.init)]
        lines.append("actions")
        for a in self.actions:
            lines.append(f"  {a.label}   [{a.actor}]")
            if a.guard is not TRUE:
                lines.append(f"    when {show(a.guard)}")
            lines += [f"    {show(t)} := {show(u)}" for t, u in a.updates]
            if a.citations:
                lines.append(f"    cite {'; '.join(a.citations)}")
        return "\n".join(lines)
