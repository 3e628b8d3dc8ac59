"""Reading the canonical form of a system from a certificate. Raises `ModelError` for what is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ...model.language import BOOL, Enum, Int, ModelError, Term
from ...model.language.sorts import Ground
from ...model.language.terms import subterms
from ...model.language.written import Written


@dataclass(frozen=True)
class Action:
    """What may happen: where the guard holds, the variables get new values."""

    label: str
    guard: Term
    updates: Mapping[str, Term]


@dataclass(frozen=True)
class Obligation:
    """What must hold in every state, and before each step by an action."""

    state: Term
    steps: Mapping[int, Term]
    reach: bool


@dataclass(frozen=True)
class System:
    """A system with what is to be shown of it."""

    written: Written
    init: Term
    actions: tuple[Action, ...]
    obligations: tuple[Obligation, ...]

    @classmethod
    def read(cls, given: Any) -> System:
        """The system that a canonical form describes."""
        form = fields(
            given,
            "`system`",
            {"variables": list, "enumerations": list, "initially": str, "actions": list, "obligations": list},
        )
        sorts: dict[str, Ground] = {}
        for x in form["variables"]:
            v = fields(x, "a variable", {"name": str})
            if v["name"] in sorts:
                raise ModelError(f"variable {v['name']} is there twice")
            sorts[v["name"]] = _sort(v.get("sort"))
        further = [_sort(e) for e in form["enumerations"]]
        written = Written(sorts, tuple(e for e in further if isinstance(e, Enum)))
        actions = []
        for x in form["actions"]:
            a = fields(x, "an action", {"label": str, "when": str, "set": dict})
            for name in a["set"]:
                if name not in sorts:
                    raise ModelError(f"action {a['label']} sets {name!r}, which is no variable")
            updates = {
                name: written.value(text, sorts[name])
                for name, text in zip(a["set"], texts(list(a["set"].values()), "updates"), strict=True)
            }
            actions.append(Action(a["label"], written.truth(a["when"]), updates))
        obligations = []
        for x in form["obligations"]:
            o = fields(x, "an obligation", {"state": str, "steps": dict, "reach": bool})
            if not all(i.isdigit() and int(i) < len(actions) for i in o["steps"]):
                raise ModelError("an obligation's `steps` are by the numbers of actions")
            steps = {
                int(i): written.truth(t) for i, t in zip(o["steps"], texts(list(o["steps"].values()), "steps"), strict=True)
            }
            obligations.append(Obligation(written.truth(o["state"]), steps, o["reach"]))
        return cls(written, written.truth(form["initially"]), tuple(actions), tuple(obligations))

    @cached_property
    def width(self) -> int:
        """Bits in which every whole number that any term may be has its two's complement."""
        terms = [self.init, *(t for a in self.actions for t in (a.guard, *a.updates.values()))]
        terms += [t for o in self.obligations for t in (o.state, *o.steps.values())]
        sorts = [*self.written.sorts.values(), *(x.sort for t in terms for x in subterms(t))]
        return max((max(abs(s.lo), abs(s.hi)).bit_length() for s in sorts if isinstance(s, Int)), default=1) + 2


def fields(given: Any, what: str, wanted: Mapping[str, type]) -> dict[str, Any]:
    """A JSON object that has the fields, each of its kind."""
    if not isinstance(given, dict):
        raise ModelError(f"{what} must be an object with {', '.join(wanted)}")
    for name, kind in wanted.items():
        if not isinstance(given.get(name), kind) or (kind is int and isinstance(given[name], bool)):
            raise ModelError(f"{what} needs {name!r}, a JSON {kind.__name__}")
    return given


def texts(given: Any, what: str) -> list[str]:
    """A JSON list of texts."""
    if not isinstance(given, list) or not all(isinstance(x, str) for x in given):
        raise ModelError(f"{what} must be a list of texts")
    return given


def _sort(given: Any) -> Ground:
    if given == "bool":
        return BOOL
    if isinstance(given, list) and len(given) == 2 and all(isinstance(x, int) for x in given):
        return Int(*given)
    if isinstance(given, dict) and len(given) == 1:
        ((name, values),) = given.items()
        return Enum(name, tuple(texts(values, f"the values of {name}")))
    raise ModelError(f'{given!r} is no sort: write "bool", [least, greatest] or {{name: [value, …]}}')
