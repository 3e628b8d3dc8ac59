"""All catalogued properties, and the verdicts that were established for each flow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from ...model.language import ModelError, nearest
from ...model.world import ASPECTS
from ..property import Property


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


_ASPECT_OF: dict[str, str] = {}
"""Property id -> aspect, of what was loaded."""


@cache
def groups_of(aspect: str) -> tuple[Group, ...]:
    """The groups of an aspect, in the order in which they are shown; loaded when they are asked for first."""
    module = import_module(f".{aspect}", __package__)
    found = tuple(Group(title, aspect, properties) for title, properties in module.GROUPS.items())
    _ASPECT_OF.update((p.id, aspect) for g in found for p in g.properties)
    return found


def groups() -> tuple[Group, ...]:
    """The whole catalogue in the order in which it is shown."""
    return tuple(g for aspect in ASPECTS for g in groups_of(aspect))


@cache
def of_aspect(name: str) -> tuple[Property, ...]:
    """The catalogued properties that speak of an aspect, in order."""
    return tuple(p for g in groups_of(name) for p in g.properties)


@cache
def _by_id(aspect: str) -> Mapping[str, Property]:
    return {p.id: p for p in of_aspect(aspect)}


class _Catalogue(Mapping[str, Property]):
    """All properties by id. Loading them takes as long as a small check, so each aspect's are loaded when they are looked for first."""

    def __getitem__(self, id: str) -> Property:
        for aspect in ASPECTS:
            if id in _by_id(aspect):
                return _by_id(aspect)[id]
        raise KeyError(id)

    def __iter__(self) -> Iterator[str]:
        return (id for aspect in ASPECTS for id in _by_id(aspect))

    def __len__(self) -> int:
        return sum(len(_by_id(aspect)) for aspect in ASPECTS)


PROPERTIES: Mapping[str, Property] = _Catalogue()

CENTRAL = ("no-tbit-dma-emitted-before-accept", "no-tbit-dma-effective-before-accept")
"""The two whose difference is the vendors' argument."""


def find(name: str) -> Property:
    """A property by id. Raises `ModelError` with the nearest ids when there is none."""
    if name not in PROPERTIES:
        raise ModelError(f"there is no property {name!r}{nearest(name, PROPERTIES)} (see tdisprove list properties)")
    return PROPERTIES[name]


def aspect_of(p: Property) -> str:
    """The name of the aspect of which a catalogued property speaks. Raises `KeyError` for a property of somebody's own."""
    if p.id not in _ASPECT_OF:
        PROPERTIES[p.id]  # loads the aspects up to its own
    return _ASPECT_OF[p.id]


def group(name: str) -> tuple[Property, ...]:
    """The properties of an aspect, or of a group by its title (``ASPECT/TITLE`` where an aspect or several groups have the name).

    Raises `ModelError` with the nearest names when there is none.
    """
    if name in ASPECTS:
        return of_aspect(name)
    found = [g for g in groups() if name in (g.title, f"{g.aspect}/{g.title}")]
    if len(found) > 1:
        raise ModelError(f"there are several groups {name!r}: {', '.join(f'{g.aspect}/{g.title}' for g in found)}")
    if not found:
        every = (*ASPECTS, *(g.title for g in groups()))
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
    import tomllib  # here, since most commands ask for no record

    path = Path(__file__).with_name("expected") / f"{aspect}.toml"
    if not path.is_file():
        return {}
    text = path.read_text(encoding="utf-8")
    return {name: {flow: _parse(entry) for flow, entry in entries.items()} for name, entries in tomllib.loads(text).items()}


def _parse(entry: str) -> Expectation:
    verdict, _, depth = entry.partition("@")
    return Expectation(verdict, int(depth) if depth else None)


def expectation(flow: str, prop: str) -> Expectation | None:
    """The verdict recorded for a property in a flow at default topology and knobs; None when there is none."""
    if prop not in PROPERTIES:
        return None
    entries = recorded(aspect_of(PROPERTIES[prop])).get(prop, {})
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
