"""Properties of the aspect `resources`."""

from ...property import Property

GROUPS: dict[str, tuple[Property, ...]] = {}
