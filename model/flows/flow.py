"""A flow: a name for a setting of knobs over the one world."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..language import Model, ModelError, System, Value, knob_value, nearest
from ..world import ASPECTS, KNOBS
from ..world import aspect as aspect_named


@dataclass(frozen=True)
class Flow:
    """Choices over the world: what is not chosen has the knob's default.

    ``aspects`` are those that the flow has at all (a flow without TDISP has no TDISP responder). ``decided_by``
    names the knobs on which the central question turns in this flow; reports show the verdict for every
    combination of them.
    """

    name: str
    summary: str
    choices: Mapping[str, Value]
    cite: str
    decided_by: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
    aspects: tuple[str, ...] = tuple(ASPECTS)
    topology: Mapping[str, int] = field(default_factory=dict)
    """How many of what, where the flow wants it otherwise than the aspects do by default."""
    models: Mapping[str, Model] = field(default_factory=dict)
    """Aspect -> the model that stands in its place: the flow's own rules."""

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
        model: Model | None = None,
        *,
        aspect: str = "lifecycle",
        left_open: Collection[str] = (),
    ) -> System:
        """The flow as a system, in one aspect. ``changed``: knobs set otherwise; ``model``: in place of the aspect's (a mutant);
        ``left_open``: knobs that are not fixed, but are rigid variables that may have any value.

        ``topology`` (index name -> how many) may name indices that this aspect does not have. Raises `ModelError`
        when the flow has no such aspect, and for a topology that cannot be.
        """
        seen = aspect_named(aspect)
        if aspect not in self.aspects:
            raise ModelError(f"flow {self.name} has no aspect {aspect}: it has {', '.join(self.aspects)}")
        wanted = {**self.topology, **(topology or {})}
        sizes = {**seen.topology, **{i: n for i, n in wanted.items() if i in seen.topology}}
        if "device" in sizes and "tdi" in sizes and "device" not in wanted:
            # So many TDIs were asked for, on however many devices: at most the default, and evenly.
            sizes["device"] = max(n for n in range(1, sizes["device"] + 1) if sizes["tdi"] % n == 0)
        if "tdi" in sizes and sizes["tdi"] % sizes.get("device", 1):
            raise ModelError(f"{sizes['tdi']} TDIs cannot be dealt out evenly to {sizes['device']} devices: give a multiple")
        knobs = {k: v for k, v in self.knobs(changed).items() if k in seen.knobs and k not in left_open}
        # That all rules of the world can apply is tested, and rules of a flow's own may leave others without effect.
        return (model or self.models.get(aspect) or seen.model).instantiate(sizes, knobs, name=self.name, check=False)


def parse_knob(text: str) -> tuple[str, Value]:
    """``NAME=VALUE`` as given on a command line. Raises `ModelError` naming the knob and its values."""
    name, equals, value = text.partition("=")
    if not equals:
        raise ModelError(f"--set {text}: write it as KNOB=VALUE")
    sorts = {k.name: k.sort for k in KNOBS}
    if name not in sorts:
        raise ModelError(f"there is no knob {name!r}{nearest(name, sorts)}")
    return name, knob_value(value, sorts[name], name)
