"""What observers see of SPDM connections and sessions."""

from __future__ import annotations

from ...model.world.spdm import events as e
from ..steps import occurs
from .alphabet import Alphabet, Seen

_KEYS = (e.ide_key_prog, e.host_key_prog, e.key_prog_in_clear)
_TDIS = (e.tdi_bind, e.tdi_run, e.tdi_unbind, e.host_lock, e.host_start, e.host_stop)

ALPHABETS = (
    Alphabet(
        "effects", "spdm",
        "What the device does for whom: keys that are programmed, TDIs that are locked, started and stopped, by the TSM or by the host.",
        seen=tuple(Seen(occurs(event)) for event in (*_KEYS, *_TDIS)),
    ),
)  # fmt: skip
