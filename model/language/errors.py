"""The one exception of the modelling language."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ModelError(Exception):
    """A model (or what was asked of it) is malformed. The message names the object and the way to fix it."""


_MOST = 12
"""Of the names that exist, so many are named where none is close."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`"; did you mean a, b?"` for the known names closest to ``name``, else the names that exist, or the first of many."""
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"; did you mean {', '.join(close)}?"
    more = f", … ({len(names)} in all)" if len(names) > _MOST else ""
    return f"; known: {', '.join(names[:_MOST])}{more}" if names else ""
