"""A flow: a name for a setting of knobs over the one world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..language import Model, ModelError, System, Value, knob_value, nearest
from ..language.sorts import ground_sort
from ..world import KNOBS, WORLD

DEFAULT_TOPOLOGY: Mapping[str, int] = {"device": 1, "tdi": 1, "tvm": 1}


@dataclass(frozen=True)
class Flow:
    """Choices over the world: what is not chosen has the knob's default.

    ``decided_by`` names the knobs on which the central question turns in this flow; reports show the verdict
    for every combination of them.
    """

    name: str
    summary: str
    choices: Mapping[str, Value]
    cite: str
    decided_by: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)

    def knobs(self, changed: Mapping[str, Value] | None = None) -> dict[str, Value]:
        """All knobs of the flow, with some changed. Raises `ModelError` for a knob that does not exist."""
        values = {k.name: k.default for k in KNOBS}
        for given in (self.choices, changed or {}):
            for name, value in given.items():
                if name not in values:
                    raise ModelError(f"there is no knob {name!r}{nearest(name, values)}")
                values[name] = value
        return values

    def system(
        self,
        topology: Mapping[str, int] | None = None,
        changed: Mapping[str, Value] | None = None,
        model: Model = WORLD,
        *,
        check: bool = True,
    ) -> System:
        """The flow as a system. ``topology``: devices, TDIs in all, TVMs; ``changed``: knobs set otherwise."""
        sizes = {**DEFAULT_TOPOLOGY, **(topology or {})}
        if sizes["tdi"] % sizes["device"]:
            raise ModelError(f"{sizes['tdi']} TDIs cannot be dealt out evenly to {sizes['device']} devices: give a multiple")
        return model.instantiate(sizes, self.knobs(changed), name=self.name, check=check)


def parse_knob(text: str) -> tuple[str, Value]:
    """``NAME=VALUE`` as given on a command line. Raises `ModelError` naming the knob and its values."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ModelError(f"--set {text}: write it as KNOB=VALUE")
    sorts = {f.name: f.sort for f in WORLD.knobs}
    if name not in sorts:
        raise ModelError(f"there is no knob {name!r}{nearest(name, sorts)}")
    return name, knob_value(value, ground_sort(sorts[name], {}), name)
