"""Properties of the aspect `ide`."""

from ...property import Property

GROUPS: dict[str, tuple[Property, ...]] = {}
