"""All catalogued properties, and the verdicts that were established for each flow."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ...model.language import ModelError, nearest
from ..property import Property
from . import channel, evidence, ide, lifecycle, proxy, resources, responder, spdm


@dataclass(frozen=True)
class Group:
    """Properties that belong together, and the aspect of the world of which they speak."""

    title: str
    aspect: str
    properties: tuple[Property, ...]

    @property
    def of_laws(self) -> bool:
        """Whether they say of single steps what a rule says, so that hardly a rule can change without one of them noticing."""
        return self.title.endswith("laws of single steps")


_ASPECTS = (lifecycle, evidence, responder, ide, spdm, channel, proxy, resources)

GROUPS: tuple[Group, ...] = tuple(
    Group(title, module.__name__.rpartition(".")[2], found) for module in _ASPECTS for title, found in module.GROUPS.items()
)
"""The catalogue in the order in which it is shown."""

PROPERTIES: dict[str, Property] = {p.id: p for group in GROUPS for p in group.properties}

_ASPECT: dict[str, str] = {p.id: group.aspect for group in GROUPS for p in group.properties}

_BY_ASPECT = tuple(dict.fromkeys(_ASPECT.values()))

CENTRAL = ("no-tbit-dma-emitted-before-accept", "no-tbit-dma-effective-before-accept")
"""The two whose difference is the vendors' argument."""


def find(name: str) -> Property:
    """A property by id. Raises `ModelError` with the nearest ids when there is none."""
    if name not in PROPERTIES:
        raise ModelError(f"there is no property {name!r}{nearest(name, PROPERTIES)} (see tdisprove list properties)")
    return PROPERTIES[name]


def aspect_of(p: Property) -> str:
    """The name of the aspect of which a catalogued property speaks."""
    return _ASPECT[p.id]


def of_aspect(name: str) -> tuple[Property, ...]:
    """The catalogued properties that speak of an aspect, in order."""
    return tuple(p for p in PROPERTIES.values() if _ASPECT[p.id] == name)


def group(name: str) -> tuple[Property, ...]:
    """The properties of an aspect, or of a group by its title (``ASPECT/TITLE`` where an aspect or several groups have the name).

    Raises `ModelError` with the nearest names when there is none.
    """
    if name in _BY_ASPECT:
        return of_aspect(name)
    found = [g for g in GROUPS if name in (g.title, f"{g.aspect}/{g.title}")]
    if len(found) > 1:
        raise ModelError(f"there are several groups {name!r}: {', '.join(f'{g.aspect}/{g.title}' for g in found)}")
    if not found:
        every = (*_BY_ASPECT, *(g.title for g in GROUPS))
        raise ModelError(f"there is no group {name!r}: {', '.join(map(repr, every))}{nearest(name, every)}")
    return found[0].properties


@dataclass(frozen=True)
class Expectation:
    """A recorded verdict. ``depth``: of the shortest violation, or of the witness of a reachability property."""

    verdict: str
    depth: int | None

    def __str__(self) -> str:
        return self.verdict if self.depth is None else f"{self.verdict}@{self.depth}"


EVERY = "every-flow"
"""In the record: what holds for the flows that are not named."""


@cache
def recorded(aspect: str) -> Mapping[str, Mapping[str, Expectation]]:
    """What is recorded for an aspect: property -> flow (or `EVERY`) -> verdict."""
    path = files(__package__) / "expected" / f"{aspect}.toml"
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8")
    return {name: {flow: _parse(entry) for flow, entry in entries.items()} for name, entries in tomllib.loads(text).items()}


def _parse(entry: str) -> Expectation:
    verdict, _, depth = entry.partition("@")
    return Expectation(verdict, int(depth) if depth else None)


def expectation(flow: str, prop: str) -> Expectation | None:
    """The verdict recorded for a property in a flow at default topology and knobs; None when there is none."""
    entries = recorded(_ASPECT[prop]).get(prop, {}) if prop in _ASPECT else {}
    return entries.get(flow, entries.get(EVERY))


def record(verdicts: Iterable[tuple[str, str, Expectation]]) -> str:
    """The text of a record, from (property, flow, verdict): what most flows have in common is written once."""
    table: dict[str, dict[str, str]] = {}
    for prop, flow, e in verdicts:
        table.setdefault(prop, {})[flow] = str(e)
    lines = [
        "# Verdicts at default topology and knobs: verdict, or verdict@depth where there is a trace (a shortest violation;",
        "# for a reachability property that holds, a shortest witness).",
    ]
    for prop, entries in table.items():
        common = max(entries.values(), key=lambda v: (list(entries.values()).count(v), v))
        lines += ["", f"[{prop}]", f'{EVERY} = "{common}"']
        lines += [f'{flow} = "{v}"' for flow, v in entries.items() if v != common]
    return "\n".join(lines) + "\n"
