"""Properties of the aspect `evidence`."""

from ...property import Property

GROUPS: dict[str, tuple[Property, ...]] = {}
