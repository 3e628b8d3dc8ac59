"""Properties of the aspect `spdm`."""

from ...property import Property

GROUPS: dict[str, tuple[Property, ...]] = {}
