"""A finding: what a source expects, with the properties that decide it, so that the computed answer can stand beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...model.language import Value
from ..questions import Alike, Probe

HOLDS, VIOLATED = "holds", "violated"


@dataclass(frozen=True)
class Refines:
    """That a detailed aspect of a flow refines an abstraction: a refinement by id (see `properties.refinements`)."""

    refinement: str

    def __str__(self) -> str:
        return f"refines {self.refinement}"


@dataclass(frozen=True)
class Case:
    """A property, a comparison or a refinement in some flows, in one setting; ``expected``: the verdict that it has if the source
    is right, or none.
    """

    claim: Probe | Alike | Refines
    flows: tuple[str, ...] = ()
    """Empty: all that have its aspect."""
    expected: str = ""
    changed: Mapping[str, Value] = field(default_factory=dict)
    """Knobs of the flow that are set otherwise."""

    @property
    def name(self) -> str:
        """What is decided, without the setting."""
        return self.claim.property if isinstance(self.claim, Probe) else str(self.claim)


@dataclass(frozen=True)
class Finding:
    """``text`` says what it comes to, in prose without verdicts: these are computed. ``expects`` is what the source
    (``by``) leads one to expect; both are empty where no source speaks of it.
    """

    title: str
    text: str
    cases: tuple[Case, ...] = ()
    expects: str = ""
    by: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    findings: tuple[Finding, ...] = field(default_factory=tuple)


def case(name: str, *flows: str, expected: str = "", knobs: Mapping[str, Value] | None = None) -> Case:
    """A property in flows (none: all), perhaps with knobs set otherwise."""
    return Case(Probe(name), flows, expected, knobs or {})


def compared(claim: Alike | Refines, *flows: str, expected: str = "", knobs: Mapping[str, Value] | None = None) -> Case:
    """A comparison or a refinement, likewise."""
    return Case(claim, flows, expected, knobs or {})
