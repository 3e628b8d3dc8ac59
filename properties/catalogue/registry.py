"""All catalogued properties, and the verdicts that were established for each flow."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ...model.language import ModelError, nearest
from ..property import Property
from . import acceptance, device, evidence, gates, lifecycle

GROUPS: dict[str, tuple[Property, ...]] = {
    "before acceptance": acceptance.PROPERTIES,
    "evidence": evidence.PROPERTIES,
    "gates of the root complex": gates.PROPERTIES,
    "TDI, session and stream": device.PROPERTIES,
    "record, teardown, use": lifecycle.PROPERTIES,
}
"""The catalogue in the order in which it is shown."""

PROPERTIES: dict[str, Property] = {p.id: p for group in GROUPS.values() for p in group}

CENTRAL = ("no-tbit-dma-emitted-before-accept", "no-tbit-dma-effective-before-accept")
"""The two whose difference is the vendors' argument."""


def find(name: str) -> Property:
    """A property by id. Raises `ModelError` with the nearest ids when there is none."""
    if name not in PROPERTIES:
        raise ModelError(f"there is no property {name!r}{nearest(name, PROPERTIES)}")
    return PROPERTIES[name]


@dataclass(frozen=True)
class Expectation:
    """A recorded verdict. ``depth``: of the shortest violation, or of the witness of a reachability property."""

    verdict: str
    depth: int | None

    def __str__(self) -> str:
        return self.verdict if self.depth is None else f"{self.verdict}@{self.depth}"


@cache
def _recorded() -> dict[str, dict[str, Expectation]]:
    text = (files(__package__) / "expected.toml").read_text(encoding="utf-8")
    return {flow: {name: _parse(entry) for name, entry in entries.items()} for flow, entries in tomllib.loads(text).items()}


def _parse(entry: str) -> Expectation:
    verdict, _, depth = entry.partition("@")
    return Expectation(verdict, int(depth) if depth else None)


def expectation(flow: str, prop: str) -> Expectation | None:
    """The verdict recorded for a property in a flow at default topology and knobs; None when there is none."""
    return _recorded().get(flow, {}).get(prop)
