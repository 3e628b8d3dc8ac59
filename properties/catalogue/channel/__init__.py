"""Properties of the link between root port and device."""

from ...property import Property
from . import contexts, laws, order, stream, tags

GROUPS: dict[str, tuple[Property, ...]] = {
    "order on the link": order.PROPERTIES,
    "tags and completions": tags.PROPERTIES,
    "owners of what is under way": contexts.PROPERTIES,
    "the stream in use": stream.PROPERTIES,
    "the link: laws of single steps": laws.PROPERTIES,
}
