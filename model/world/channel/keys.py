"""What re-keying and flushing before the next owner come to, as terms that several parts read."""

from __future__ import annotations

from ...language import Term, neg
from ..choices.channel import flush_on_rebind, ide_type, rekey_on_rebind, reorder_check
from .state import DMA, MMIO, counted

SELECTIVE = ide_type == "selective"
"""IDE runs from port to port. With Link IDE a TLP that a switch holds is in the clear: no key has to do with it."""

OLD_KEYS_DIE = SELECTIVE & rekey_on_rebind.in_("refresh_stop", "restart")
"""No receiver takes the former owner's keys any more when the next one begins."""

COUNTERS_RESTART = SELECTIVE & (rekey_on_rebind != "no")
"""The next owner's TLPs are counted from one, under other keys."""

NEW_KEYS_OVERTAKE = SELECTIVE & (rekey_on_rebind == "refresh")
"""Per sub-stream, old keys are taken until the first TLP under the new ones arrives, and not after it."""

_SOUND_COUNT = reorder_check == "enhanced"
_FROM_ROOT_PORT, _FROM_DEVICE = flush_on_rebind != "no", flush_on_rebind == "both"


def _passed(reads: Term, completions: Term) -> Term:
    """A read and its completion got through, so nothing is missing before them in their sub-streams."""
    return neg(counted(reads) | counted(completions))


def flushed() -> Term:
    """Every flush that is asked for has been answered.

    Its read is the last of its sub-stream, and so is its completion. The completion also shows that no write is missing in
    its own direction; the read shows that only as far as the count of posted requests can be relied on.
    """
    down, up = counted(MMIO.write), counted(DMA.write)
    by_root_port = _passed(MMIO.read, MMIO.completion) & neg(up) & (_SOUND_COUNT.implies(neg(down)))
    by_device = _passed(DMA.read, DMA.completion) & neg(down) & (_SOUND_COUNT.implies(neg(up)))
    return _FROM_ROOT_PORT.implies(by_root_port) & _FROM_DEVICE.implies(by_device)


TAG_IS_CLEAN = {MMIO: OLD_KEYS_DIE | _FROM_ROOT_PORT, DMA: OLD_KEYS_DIE | _FROM_DEVICE}
"""No completion of an earlier request can come any more under the lane's tag, once the next owner begins."""
