"""What re-keying and flushing before the next owner come to, as terms that several parts read."""

from __future__ import annotations

from ...language import Term, neg
from ..choices.channel import flush_on_rebind, ide_type, rekey_on_rebind, reorder_check
from .state import DMA, MMIO

SELECTIVE = ide_type == "selective"
"""IDE runs from port to port. With Link IDE a TLP that a switch holds is in the clear: no key has to do with it."""

OLD_KEYS_DIE = SELECTIVE & rekey_on_rebind.in_("refresh_stop", "restart")
"""No receiver takes the former owner's keys any more when the next one begins."""

COUNTERS_RESTART = SELECTIVE & (rekey_on_rebind != "no")
"""The next owner's TLPs are counted from one, under other keys."""

NEW_KEYS_OVERTAKE = SELECTIVE & (rekey_on_rebind == "refresh")
"""Per sub-stream, old keys are taken until the first TLP under the new ones arrives, and not after it."""


def counted_before(slot: Term) -> Term:
    """Whether what is sent now is counted behind this.

    What was sent under other keys is taken to be counted for itself, which the base specification does not say: so a flush
    under new keys shows nothing of the writes under the old ones.
    """
    return slot.in_("host", "current", "lost") | ((slot == "stale") & neg(COUNTERS_RESTART))


_SOUND_COUNT = reorder_check == "enhanced"
_FROM_ROOT_PORT, _FROM_DEVICE = flush_on_rebind != "no", flush_on_rebind == "both"


def _passed(reads: Term, completions: Term) -> Term:
    """A read and its completion got through, so nothing is missing before them in their sub-streams."""
    return neg(counted_before(reads) | counted_before(completions))


def flushed() -> Term:
    """Every flush that is asked for has been answered.

    Its read is the last of its sub-stream, and so is its completion (the device has finished what it had accepted when it
    answers STOP_INTERFACE, and refuses what comes after). The completion also shows that no write is missing in
    its own direction; the read shows that only as far as the count of posted requests can be relied on.
    """
    down, up = counted_before(MMIO.write), counted_before(DMA.write)
    by_root_port = _passed(MMIO.read, MMIO.completion) & neg(up) & (_SOUND_COUNT.implies(neg(down)))
    by_device = _passed(DMA.read, DMA.completion) & neg(down) & (_SOUND_COUNT.implies(neg(up)))
    return COUNTERS_RESTART | (_FROM_ROOT_PORT.implies(by_root_port) & _FROM_DEVICE.implies(by_device))


FLUSHED_BY_NEW_KEYS = {MMIO: NEW_KEYS_OVERTAKE & _FROM_ROOT_PORT, DMA: NEW_KEYS_OVERTAKE & _FROM_DEVICE}
"""The flush is the first under new keys in the sub-streams of the lane's reads and completions, which ends the old ones there."""


TAG_IS_CLEAN = {MMIO: OLD_KEYS_DIE | _FROM_ROOT_PORT, DMA: OLD_KEYS_DIE | _FROM_DEVICE}
"""No completion of an earlier request can come any more under the lane's tag, once the next owner begins."""
