"""Reading the canonical form of a model for any number of instances from a certificate. Raises `ModelError` for what is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ...model.language import BOOL, Enum, Family, Index, IndexMap, Int, Maybe, ModelError, Op, Scope, Term, Value, param
from ...model.language.parse import RESERVED, parse_value
from ...model.language.sorts import Sort
from .form import fields, texts

_DEEPEST = 2_000
"""Levels of the grammar that may be open at once: such texts are written by a program."""

_NAME = re.compile(r"[A-Za-z_]\w*( \w+)*(\.\w+)*", re.ASCII)


@dataclass(frozen=True)
class Function:
    """After the step, the family has the value ``value`` at ``at``, for all values of these parameters."""

    at: tuple[Term, ...]
    value: Term


@dataclass(frozen=True)
class Action:
    """What may happen, for all values of ``params``: where the guard holds, families have new values."""

    label: str
    params: tuple[Term, ...]
    guard: Term
    updates: Mapping[str, Function]


@dataclass(frozen=True)
class Obligation:
    """What must hold in every state, and before each step by an action, for all values of ``params``."""

    params: tuple[Term, ...]
    state: Term
    steps: Mapping[int, Term]


@dataclass(frozen=True)
class Parametric:
    """A model with what is to be shown of it. ``sizes`` has how many instances an index has, or None for any number."""

    sizes: Mapping[str, int | None]
    families: Mapping[str, Family]
    maps: tuple[IndexMap, ...]
    initially: Mapping[str, Value]
    actions: tuple[Action, ...]
    obligations: tuple[Obligation, ...]
    reader: Reader

    @classmethod
    def read(cls, given: Any) -> Parametric:
        """The model that a canonical form describes."""
        form = fields(
            given,
            "`system`",
            {
                "indices": dict, "parameters": dict, "maps": dict, "enumerations": list, "variables": list, "actions": list,
                "obligations": list,
            },
        )  # fmt: skip
        for name in _names(form):
            if not isinstance(name, str) or not _NAME.fullmatch(name) or name in RESERVED:
                raise ModelError(f"{name!r} is no name: a name is letters, digits and dots, and no word of the language")
        sizes: dict[str, int | None] = {}
        for name, size in form["indices"].items():
            if size != "any" and (not isinstance(size, int) or isinstance(size, bool) or size < 1):
                raise ModelError(f'index {name}: {size!r} is no number of instances: write "any", or a number of at least 1')
            sizes[name] = None if size == "any" else size
        index = {name: Index(name) for name in sizes}
        initially: dict[str, Value] = {}
        families: dict[str, Family] = {}
        for x in form["variables"]:
            v = fields(x, "a variable", {"name": str, "over": list})
            machine, _, last = v["name"].rpartition(".")
            over = tuple(_known(index, i) for i in texts(v["over"], "`over`"))
            family = Family(machine, last, over, _sort(v.get("sort"), index), None)
            if v["name"] in families or not machine:
                raise ModelError(f"variable {v['name']!r} is there twice, or has no name of the form machine.name")
            families[v["name"]] = family
            if v.get("initially") is not None:
                initially[v["name"]] = _initial(v["name"], v["initially"], family.sort)
        maps = []
        for name, ends in form["maps"].items():
            source, target = (_known(index, i) for i in texts(ends, f"map {name}")[:2])
            maps.append(IndexMap(name, source, target, lambda number, sizes: 0))
        further = tuple(s for s in (_sort(e, index) for e in form["enumerations"]) if isinstance(s, Enum))
        params = named(form["parameters"], index)
        reader = Reader(
            Scope(tuple(families.values()), tuple(params.values()), tuple(params.values()), tuple(maps), further)
        )
        actions = tuple(_action(x, reader, families, params) for x in form["actions"])
        obligations = tuple(_obligation(x, reader, len(actions), params) for x in form["obligations"])
        return cls(sizes, families, tuple(maps), initially, actions, obligations, reader)


@dataclass(frozen=True)
class Reader:
    """Reads terms; parameters that no quantifier binds are free in them."""

    scope: Scope

    def knowing(self, params: Mapping[str, Term]) -> Reader:
        """One for terms that speak of other parameters."""
        return Reader(replace(self.scope, params=tuple(params.values()), quantified=tuple(params.values())))

    def truth(self, text: str) -> Term:
        """The truth value that the text states."""
        return parse_value(text, self.scope, BOOL, _DEEPEST)

    def value(self, text: str, sort: Sort) -> Term:
        """The value of a sort that the text states."""
        return parse_value(text, self.scope, sort, _DEEPEST)

    @cached_property
    def enumerations(self) -> tuple[Enum, ...]:
        """All enumerations that the terms may speak of."""
        sorts = (*(f.sort for f in self.scope.families), *self.scope.sorts)
        return tuple(dict.fromkeys(s for s in sorts if isinstance(s, Enum)))


def _names(form: Mapping[str, Any]) -> Iterator[Any]:
    """Everything that is to be a name."""
    yield from (*form["indices"], *form["parameters"], *form["maps"])
    sorts = [*form["enumerations"]]
    for x in form["variables"]:
        v = fields(x, "a variable", {"name": str})
        yield v["name"]
        sorts.append(v.get("sort"))
    for sort in sorts:
        if isinstance(sort, dict):
            yield from sort
            yield from (v for values in sort.values() if isinstance(values, list) for v in values)


def _action(given: Any, reader: Reader, families: Mapping[str, Family], params: Mapping[str, Term]) -> Action:
    a = fields(given, "an action", {"label": str, "for all": list, "when": str, "set": dict})
    updates: dict[str, Function] = {}
    for name, x in a["set"].items():
        if name not in families:
            raise ModelError(f"action {a['label']} sets {name!r}, which is no variable")
        u = fields(x, "an update", {"at": list, "to": str})
        at = tuple(_known(params, p) for p in texts(u["at"], "`at`"))
        if tuple(p.sort for p in at) != families[name].over or len(set(at)) != len(at):
            raise ModelError(f"action {a['label']} sets {name} at {', '.join(map(str, at))}, which does not fit its indices")
        updates[name] = Function(at, reader.value(u["to"], families[name].sort))
    mine = tuple(_known(params, p) for p in texts(a["for all"], "`for all`"))
    return Action(a["label"], mine, reader.truth(a["when"]), updates)


def _obligation(given: Any, reader: Reader, actions: int, params: Mapping[str, Term]) -> Obligation:
    o = fields(given, "an obligation", {"for all": list, "state": str, "steps": dict})
    if not all(i.isdigit() and int(i) < actions for i in o["steps"]):
        raise ModelError("an obligation's `steps` are by the numbers of actions")
    steps = {int(i): reader.truth(t) for i, t in zip(o["steps"], texts(list(o["steps"].values()), "steps"), strict=True)}
    return Obligation(tuple(_known(params, p) for p in texts(o["for all"], "`for all`")), reader.truth(o["state"]), steps)


def named(given: Mapping[str, Any], index: Mapping[str, Any]) -> dict[str, Term]:
    """Parameters by name, from the names of their indices."""
    indices = texts(list(given.values()), "`parameters`")
    return {n: param(n, Index(_known(index, i).name)) for n, i in zip(given, indices, strict=True)}


def free(t: Term) -> frozenset[Term]:
    """The free parameters of a term."""
    if t.op is Op.PARAM:
        return frozenset((t,))
    found = frozenset(p for a in t.args for p in free(a))
    return found - {t.args[0]} if t.op in (Op.FORALL, Op.EXISTS) else found


def _known(things: Mapping[str, Any], name: str) -> Any:
    if name not in things:
        raise ModelError(f"there is no {name!r}: there are {', '.join(things)}")
    return things[name]


def _initial(name: str, given: Any, sort: Sort) -> Value:
    known: tuple[Value, ...] = ("none",) if isinstance(sort, Maybe) else () if isinstance(sort, Index) else sort.domain
    for value in known:
        if value == given and type(value) is type(given):
            return value
    raise ModelError(f"variable {name} is {given!r} initially, which is no value of {sort}, or names an instance")


def _sort(given: Any, index: Mapping[str, Index]) -> Sort:
    if given == "bool":
        return BOOL
    if isinstance(given, list) and len(given) == 2 and all(isinstance(x, int) for x in given):
        return Int(*given)
    if isinstance(given, dict) and len(given) == 1:
        ((name, values),) = given.items()
        if isinstance(values, str):
            return Maybe(_known(index, values))
        return Enum(name, tuple(texts(values, f"the values of {name}")))
    raise ModelError(f'{given!r} is no sort: write "bool", [least, greatest], {{name: [value, …]}} or {{"one of": index}}')
