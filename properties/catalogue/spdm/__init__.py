"""Properties of SPDM connections and sessions."""

from ...property import Property
from . import evidence, keys, laws, ownership, sessions

GROUPS: dict[str, tuple[Property, ...]] = {
    "ownership of the mailbox": ownership.PROPERTIES,
    "what ends a session, and what ends with it": sessions.PROPERTIES,
    "whose IDE keys": keys.PROPERTIES,
    "slots, nonces and proxied CMA": evidence.PROPERTIES,
    "SPDM: laws of single steps": laws.PROPERTIES,
}
"""In the order in which they are shown."""
