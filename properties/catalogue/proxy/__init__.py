"""Properties of the aspect `proxy`."""

from ...property import Property

GROUPS: dict[str, tuple[Property, ...]] = {}
