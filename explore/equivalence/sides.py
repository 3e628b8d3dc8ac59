"""The two sides of a comparison: a flow in an aspect, a scenario, or a system of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...model.flows import Flow
from ...model.flows import flow as flow_named
from ...model.language import Ground, Model, ModelError, System, Value, nearest
from ...model.world import ASPECTS, KNOBS
from ...model.world import aspect as aspect_named
from ...properties.alphabets import Alphabet, alphabet
from ..target import targets


@dataclass(frozen=True)
class Side:
    """One side. ``flow`` is None for a system file, which has no aspects, no knobs and no topology of its own to set."""

    name: str
    aspect: str
    flow: Flow | None
    given: System | None = None

    @classmethod
    def of(cls, name: str, aspect: str = "") -> Side:
        """A flow by name, a scenario file or a system file by path, with ``@ASPECT`` after it for an aspect of its own.

        Without any it is in ``aspect``, or else in its first. Raises `ModelError` for what does not exist.
        """
        plain, at, own = name.partition("@")
        if plain.endswith(".py"):
            if at:
                raise ModelError(f"{name}: a system file has no aspects: leave @{own} out")
            return cls(Path(plain).stem, "", None, targets([plain])[0].system)
        if plain.endswith(".toml"):
            from ..scenarios.scenario import load  # here, since most comparisons are of flows

            flow = load(Path(plain)).flow
        else:
            flow = flow_named(plain)
        chosen = own or aspect or flow.aspects[0]
        aspect_named(chosen)
        if chosen not in flow.aspects:
            raise ModelError(f"flow {flow.name} has no aspect {chosen}: it has {', '.join(flow.aspects)}")
        return cls(flow.name, chosen, flow)

    @property
    def model(self) -> Model | None:
        """The model of which the system is an instance."""
        return None if self.flow is None else self.flow.models.get(self.aspect) or ASPECTS[self.aspect].model

    @property
    def knobs(self) -> frozenset[str]:
        """The knobs that make a difference in it."""
        return frozenset() if self.flow is None else ASPECTS[self.aspect].knobs

    def system(self, topology: Mapping[str, int] | None = None, changed: Mapping[str, Value] | None = None) -> System:
        if self.flow is None:
            assert self.given is not None
            if topology or changed:
                raise ModelError(
                    f"{self.name}: topology and knobs are for flows; a system file fixes its own: leave the options out"
                )
            return self.given
        return self.flow.system(topology, changed, aspect=self.aspect)

    def alphabet(self, items: Sequence[str], system: System) -> Alphabet:
        """What the items show of it (see `properties.alphabets.alphabet`)."""
        return alphabet(items, system, self.aspect, self.model)

    def __str__(self) -> str:
        return f"{self.name}@{self.aspect}" if self.aspect else self.name


@dataclass(frozen=True)
class Chosen:
    """A knob of one side (0 or 1), or of both (None): written ``left:p2p``, ``right:p2p``, ``p2p``."""

    knob: str
    side: int | None = None

    @classmethod
    def of(cls, text: str, sides: tuple[Side, Side]) -> Chosen:
        """Raises `ModelError` for a side or a knob that there is not."""
        where, colon, name = text.rpartition(":")
        if colon and where not in _SIDES:
            raise ModelError(f"{text}: a knob of one side is written left:{name} or right:{name}")
        side = _SIDES.index(where) if colon else None
        known = {k for i, s in enumerate(sides) for k in s.knobs if side in (None, i)}
        if name not in known:
            of = " and ".join(dict.fromkeys(str(s) for i, s in enumerate(sides) if side in (None, i)))
            raise ModelError(f"{text}: {of} has no knob {name!r}{nearest(name, known)}")
        return cls(name, side)

    @property
    def sort(self) -> Ground:
        return next(k.sort for k in KNOBS if k.name == self.knob)

    def of_side(self, side: int) -> bool:
        return self.side in (None, side)

    def __str__(self) -> str:
        return self.knob if self.side is None else f"{_SIDES[self.side]}:{self.knob}"


_SIDES = ("left", "right")
