"""A question of the list thread: what was asked, by whom, and which properties and comparisons answer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...model.language import Value


@dataclass(frozen=True)
class Probe:
    """A catalogued property in a setting; the claim of the question stands where it holds."""

    property: str
    knobs: Mapping[str, Value] = field(default_factory=dict)
    topology: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        given = [f"{k}={str(v).lower()}" for k, v in (*self.topology.items(), *self.knobs.items())]
        return self.property + (f" ({', '.join(given)})" if given else "")


@dataclass(frozen=True)
class Alike:
    """That a flow looks the same as another: what is ``observe``d of them is in the ``relation`` (see `explore.equivalence`).

    Knobs that are tried otherwise are those of the flow; the other flow stays as it is.
    """

    flow: str
    observe: tuple[str, ...]
    relation: str
    aspect: str = "lifecycle"

    def __str__(self) -> str:
        how = {"bisimilar": "branching bisimulation", "traces": "weak traces"}[self.relation]
        return f"looks as {self.flow} does, {' + '.join(self.observe)} observed ({how})"


@dataclass(frozen=True)
class Question:
    """``asks`` is the question or claim in one sentence; it is answered yes in a flow where all its ``probes`` hold and it is ``alike``.

    ``raised_by``: messages of the thread (M1 … M20) and who wrote them; ``[D]`` marks a question that we deduced.
    ``turns_on``: the knobs whose every other value is tried, one at a time, to say what would change the answer.
    ``beyond``: why no finite model of ours decides it, or decides it in part only; with no probes it has no verdict.
    """

    id: str
    raised_by: str
    asks: str
    probes: tuple[Probe, ...] = ()
    turns_on: tuple[str, ...] = ()
    yes: str = ""
    no: str = ""
    beyond: str = ""
    alike: tuple[Alike, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether there is something that decides it, at least in part."""
        return bool(self.probes or self.alike)

    @property
    def grounds(self) -> tuple[str, ...]:
        """What decides it, in words."""
        return tuple(map(str, (*self.probes, *self.alike)))

    def __str__(self) -> str:
        return self.id


def probes(*names: str, **knobs: Value) -> tuple[Probe, ...]:
    """Probes for several properties in one setting."""
    return tuple(Probe(n, knobs) for n in names)
