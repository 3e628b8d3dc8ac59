"""Properties of what the host hands out."""

from ...property import Property
from . import binding, laws, order, progress, streams, teardown

GROUPS: dict[str, tuple[Property, ...]] = {
    "streams and connecting": streams.PROPERTIES,
    "who has a device": binding.PROPERTIES,
    "taking back": teardown.PROPERTIES,
    "order and policy of the host": order.PROPERTIES,
    "streams in the end": progress.PROPERTIES,
    "resources: laws of single steps": laws.PROPERTIES,
}
