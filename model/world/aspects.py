"""The aspects of the world: each a model of its own, which follows one part of the matter in detail.

All aspects share the vocabulary, the parties and the knobs, so that a flow (a setting of the knobs) is a flow in
each of them. What one aspect takes as one step, another may follow message by message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ..language import Model, ModelError, nearest
from . import channel, evidence, ide, lifecycle, proxy, resources, responder, spdm
from .channel.model import MODEL as CHANNEL
from .evidence.model import MODEL as EVIDENCE
from .ide.model import MODEL as IDE
from .lifecycle.model import MODEL as LIFECYCLE
from .proxy.model import MODEL as PROXY
from .resources.model import MODEL as RESOURCES
from .responder.model import MODEL as RESPONDER
from .spdm.model import MODEL as SPDM


@dataclass(frozen=True)
class Aspect:
    """A model of the world; ``topology`` is its default (index name -> how many)."""

    name: str
    model: Model
    topology: Mapping[str, int]
    summary: str

    @cached_property
    def knobs(self) -> frozenset[str]:
        """The knobs that make a difference in it."""
        return frozenset(f.name for f in self.model.knobs)


def _summary(package: object) -> str:
    return (getattr(package, "__doc__", "") or "").strip().rstrip(".")


ASPECTS: dict[str, Aspect] = {
    a.name: a
    for a in (
        Aspect("lifecycle", LIFECYCLE, {"device": 1, "tdi": 1, "tvm": 1}, _summary(lifecycle)),
        Aspect("evidence", EVIDENCE, {"tdi": 1}, _summary(evidence)),
        Aspect("responder", RESPONDER, {"device": 1, "tdi": 1}, _summary(responder)),
        Aspect("ide", IDE, {"device": 1, "k": 2, "substream": 1}, _summary(ide)),
        Aspect("spdm", SPDM, {"tdi": 1}, _summary(spdm)),
        Aspect("channel", CHANNEL, {"tvm": 2}, _summary(channel)),
        Aspect("proxy", PROXY, {"tdi": 1}, _summary(proxy)),
        Aspect("resources", RESOURCES, {"device": 2, "tdi": 2, "tvm": 2, "stream": 1}, _summary(resources)),
    )
}
"""All aspects, the main one first."""


def aspect(name: str) -> Aspect:
    """An aspect by name. Raises `ModelError` with the nearest names when there is none."""
    if name not in ASPECTS:
        raise ModelError(f"there is no aspect {name!r}{nearest(name, ASPECTS)}")
    return ASPECTS[name]
