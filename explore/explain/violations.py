"""Why each violation of a survey is one: what alone would mend it, and the nearest flow in which the property holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...model.flows import FLOWS
from ...model.flows.flow import Flow
from ..check import Result, check
from ..engine import NO_LIMITS, Engine, Limits
from ..target import Target
from ..verdict import Verdict
from .blame import Blame, blame
from .parting import Nearest, nearest_holding


@dataclass(frozen=True)
class Reason:
    """Of one violation. ``nearest``: None where the property holds in no flow, and of systems that are no flow."""

    flow: str
    result: Result
    blame: Blame
    nearest: Nearest | None


class Nearby:
    """Decides properties in all the other flows, each once, to say in which of them a run ends."""

    def __init__(self, engine: Engine | None = None, limits: Limits = NO_LIMITS) -> None:
        self._engine, self._limits = engine, limits
        self._known: dict[tuple[str, str], dict[str, dict[str, Result]]] = {}

    def of(
        self, flow: Flow, r: Result, aspect: str = "lifecycle", doing: Callable[[str], None] = lambda _: None
    ) -> Nearest | None:
        """The nearest flow in which a property holds that a run breaks here; None for a run that goes on for ever."""
        if r.trace is None or r.verdict is not Verdict.VIOLATED or r.trace.pending is not None:
            return None
        key = (aspect, r.prop.id)
        if key not in self._known:
            found: dict[str, dict[str, Result]] = {}
            for f in FLOWS.values():
                if aspect in f.aspects:
                    doing(f"{r.prop.id}: {f.name}")
                    (there,) = check(f.system(aspect=aspect), [r.prop], self._engine, self._limits)
                    found[f.name] = {r.prop.id: there}
            self._known[key] = found
        return nearest_holding(flow.name, r, self._known[key])


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
    nearby = Nearby(engine, limits)
    for t in found:
        ids = {p.id for p in t.properties}
        for r in columns.get(t.name, ()):
            if r.prop.id not in ids or r.verdict is not Verdict.VIOLATED or r.trace is None:
                continue
            near = nearby.of(t.flow, r, t.aspect, doing) if t.flow is not None else None
            name = r.prop.id
            found_blame = blame(r, t.flow, engine, limits, lambda text, name=name: doing(f"{name}: {text}"), most)  # type: ignore[misc]
            doing("")
            yield Reason(t.name, r, found_blame, near)
