"""Why each violation of a survey is one: what alone would mend it, and the nearest flow in which the property holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..model.flows import FLOWS
from .blame import Blame, blame
from .check import Result, check
from .engine import NO_LIMITS, Engine, Limits
from .parting import Nearest, nearest_holding
from .target import Target
from .verdict import Verdict


@dataclass(frozen=True)
class Reason:
    """Of one violation. ``nearest``: None where the property holds in no flow, and of systems that are no flow."""

    flow: str
    result: Result
    blame: Blame
    nearest: Nearest | None


def reasons(
    found: Sequence[Target],
    columns: Mapping[str, Sequence[Result]],
    engine: Engine | None = None,
    limits: Limits = NO_LIMITS,
    doing: Callable[[str], None] = lambda _: None,
    most: int = 2,
) -> Iterator[Reason]:
    """The reasons for the violations that have a run, one after the other: each takes a check for every knob and step.

    ``most``: sets of at most so many causes are looked for. ``doing`` hears what is under way, and an empty text when a reason is complete.
    """
    elsewhere: dict[tuple[str, str], dict[str, Result]] = {}
    for t in found:
        ids = {p.id for p in t.properties}
        for r in columns.get(t.name, ()):
            if r.prop.id not in ids or r.verdict is not Verdict.VIOLATED or r.trace is None:
                continue
            near: Nearest | None = None
            if t.flow is not None and r.trace.pending is None:
                key = (t.aspect, r.prop.id)
                if key not in elsewhere:
                    elsewhere[key] = {}
                    for f in FLOWS.values():
                        if t.aspect in f.aspects:
                            doing(f"{r.prop.id}: {f.name}")
                            (elsewhere[key][f.name],) = check(f.system(aspect=t.aspect), [r.prop], engine, limits)
                near = nearest_holding(t.name, r, {name: {r.prop.id: x} for name, x in elsewhere[key].items()})
            name = r.prop.id
            found_blame = blame(r, t.flow, engine, limits, lambda text, name=name: doing(f"{name}: {text}"), most)  # type: ignore[misc]
            doing("")
            yield Reason(t.name, r, found_blame, near)
