"""Properties of the aspect `evidence`."""

from ...property import Property
from . import facts, laws, parts, use

GROUPS: dict[str, tuple[Property, ...]] = {
    "evidence: its bytes and its epoch": parts.PROPERTIES,
    "evidence: the guest's checks": facts.PROPERTIES,
    "evidence: gates, drivers, secrets": use.PROPERTIES,
    "evidence: laws of single steps": laws.PROPERTIES,
}
