"""The catalogue: what confidential device assignment must keep, and what each flow is known to keep of it."""

from .registry import (
    CENTRAL,
    PROPERTIES,
    Expectation,
    Group,
    aspect_of,
    expectation,
    find,
    group,
    groups,
    groups_of,
    of_aspect,
)

__all__ = [
    "CENTRAL",
    "PROPERTIES",
    "Expectation",
    "Group",
    "aspect_of",
    "expectation",
    "find",
    "group",
    "groups",
    "groups_of",
    "of_aspect",
]
