"""Properties of the aspect `channel`."""

from ...property import Property

GROUPS: dict[str, tuple[Property, ...]] = {}
