"""Properties of the lifecycle."""

from ...property import Property
from . import acceptance, device, evidence, gates, laws, liveness, teardown

GROUPS: dict[str, tuple[Property, ...]] = {
    "before acceptance": acceptance.PROPERTIES,
    "evidence": evidence.PROPERTIES,
    "gates of the root complex": gates.PROPERTIES,
    "TDI, session and stream": device.PROPERTIES,
    "record, teardown, use": teardown.PROPERTIES,
    "laws of single steps": laws.PROPERTIES,
    "progress": liveness.PROPERTIES,
}
