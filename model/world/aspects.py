"""The aspects of the world: each a model of its own, which follows one part of the matter in detail.

All aspects share the vocabulary, the parties and the knobs, so that a flow (a setting of the knobs) is a flow in
each of them. What one aspect takes as one step, another may follow message by message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module

from ..language import Model, ModelError, nearest


@dataclass(frozen=True)
class Aspect:
    """A model of the world, in the package of its name; ``topology`` is its default (index name -> how many)."""

    name: str
    topology: Mapping[str, int]

    @cached_property
    def model(self) -> Model:
        """The model; it is made when it is asked for first, as all of them take as long as a small check."""
        model = import_module(f".{self.name}.model", __package__).MODEL
        assert isinstance(model, Model)
        return model

    @cached_property
    def knobs(self) -> frozenset[str]:
        """The knobs that make a difference in it."""
        return frozenset(f.name for f in self.model.knobs)

    @property
    def summary(self) -> str:
        """What it is about, in a line: what its package says of itself."""
        return (import_module(f".{self.name}", __package__).__doc__ or "").strip().rstrip(".")


ASPECTS: dict[str, Aspect] = {
    a.name: a
    for a in (
        Aspect("lifecycle", {"device": 1, "tdi": 1, "tvm": 1}),
        Aspect("evidence", {"tdi": 1}),
        Aspect("responder", {"device": 1, "tdi": 1}),
        Aspect("ide", {"device": 1, "k": 2, "substream": 1}),
        Aspect("spdm", {"tdi": 1}),
        Aspect("channel", {"tvm": 2}),
        Aspect("proxy", {"tdi": 1}),
        Aspect("resources", {"device": 2, "tdi": 2, "tvm": 2, "stream": 1}),
    )
}
"""All aspects, the main one first."""


def aspect(name: str) -> Aspect:
    """An aspect by name. Raises `ModelError` with the nearest names when there is none."""
    if name not in ASPECTS:
        raise ModelError(f"there is no aspect {name!r}{nearest(name, ASPECTS)}")
    return ASPECTS[name]
