"""Mutants of the world that no property can kill, and why: what they change cannot be seen, or need not be.

The reasons are data, in ``survivors/ASPECT.toml``: lists of mutants by name, each with the reason that they share.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from ...model.language import ModelError


@cache
def justified(aspect: str) -> Mapping[str, str]:
    """The mutants of an aspect that may survive: name -> why. Raises `ModelError` for a mutant that is named twice."""
    path = files(__package__) / "survivors" / f"{aspect}.toml"
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", ()):
        for name in entry["mutants"]:
            if name in found:
                raise ModelError(f"survivors of {aspect}: {name!r} is named twice; leave one out")
            found[name] = entry["why"]
    return found
