"""What a check for any number of instances is about: the model of a target, and which indices may have any number."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ..model.language import ModelError, Value, nearest
from ..model.language.parametric import Parametric, parametric
from ..model.world import ASPECTS
from .target import Target

ALL = "all"
"""Stands for every index that the number of instances can be given of: not those that are parts of a machine, such as key sets."""

PARTS = ("k", "substream")
"""Indices of the world of which there are as many as a specification says."""


@dataclass(frozen=True)
class Subject:
    """A model for any number of the instances of ``free``, and as many of the others as ``fixed`` says."""

    model: Parametric
    free: tuple[str, ...]
    fixed: Mapping[str, int]
    made_from: Mapping[str, Any]
    """For a certificate."""


def subject(target: Target, any_of: Collection[str], changed: Mapping[str, Value] | None = None) -> Subject:
    """The target for any number of the named indices (or `ALL`). ``changed``: the knobs that are set otherwise than in the flow.

    Raises `ModelError` when it has none of them, or no model (a system file that defines none).
    """
    if target.flow is not None:
        model = target.flow.models.get(target.aspect) or ASPECTS[target.aspect].model
    elif target.model is not None:
        model = target.model
    else:
        raise ModelError(
            f"{target.name}: defines no MODEL, which is what can have any number of instances: add MODEL = Model.of(…)"
        )
    topology = target.system.topology
    free = tuple(i for i in topology if i in any_of or (ALL in any_of and i not in PARTS))
    where = f"{target.name}, aspect {target.aspect}" if target.aspect else target.name
    if not free:
        wanted = ", ".join(any_of)
        raise ModelError(
            f"{where}: has no index {wanted}{nearest(wanted, topology)}: there may be any number of {', '.join(topology) or 'nothing'}"
        )
    fixed = {i: n for i, n in topology.items() if i not in free}
    found = parametric(model, target.system.knobs, target.name)
    about: dict[str, Any] = {"file": target.name}
    if target.flow is not None and target.expected is None:
        about = {"flow": target.name, "aspect": target.aspect, "knobs": dict(target.system.knobs)}
    elif target.flow is not None:
        about |= {"aspect": target.aspect}
    return Subject(found, free, fixed, {**about, "set": dict(changed or {}), "any number of": list(free), "fixed": fixed})
