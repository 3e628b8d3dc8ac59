"""The catalogue: what confidential device assignment must keep, and what each flow is known to keep of it."""

from .registry import CENTRAL, GROUPS, PROPERTIES, Expectation, Group, aspect_of, expectation, find, group, of_aspect

__all__ = [
    "CENTRAL",
    "GROUPS",
    "PROPERTIES",
    "Expectation",
    "Group",
    "aspect_of",
    "expectation",
    "find",
    "group",
    "of_aspect",
]
