"""Properties of the message level."""

from ...property import Property
from . import acceptance, laws, messages, teardown, view

GROUPS: dict[str, tuple[Property, ...]] = {
    "messages: record and device": view.PROPERTIES,
    "messages: what the host can do to them": messages.PROPERTIES,
    "messages: acceptance and gates": acceptance.PROPERTIES,
    "messages: teardown and undo": teardown.PROPERTIES,
    "messages: laws of single steps": laws.PROPERTIES,
}
