"""Properties of the aspect `responder`."""

from ...property import Property

GROUPS: dict[str, tuple[Property, ...]] = {}
