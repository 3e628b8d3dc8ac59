"""What can be tested, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ...model.language import ModelError, Value, nearest
from .adapters import Setup
from .adapters.adapter import Subject
from .alphabet import Alphabet
from .ide_km import ADVISED, IdeKmAlphabet
from .ide_km import READINGS as IDE_READINGS
from .requester.alphabet import GuestAlphabet, wanted_words
from .several import TwoTdiAlphabet
from .tdisp import READINGS as TDISP_READINGS
from .tdisp import TdispAlphabet

PROTOCOLS = ("tdisp", "ide-km")
"""Of responders."""
TWO_TDIS = "tdisp-2"
"""TDISP with two TDIs of one device."""
GUEST = "guest"
"""The other side: a guest, which asks."""
SIDES = ("responder", GUEST)
AMBIGUITIES: Mapping[str, str] = {**TDISP_READINGS, **IDE_READINGS}
"""Open point -> its number among the ambiguities; empty: a choice of the device."""
RECOMMENDED_VALUES = ADVISED
"""Open point -> the value that is recommended, and by what."""


def alphabet_for(protocol: str, setup: Setup, controls: Iterable[str], fixed: Mapping[str, Value] | None = None) -> Alphabet:
    """The stimuli and the oracle of a protocol; ``fixed`` decides open points (or other knobs of the responder)."""
    if protocol == "tdisp":
        return TdispAlphabet(setup, controls, fixed)
    if protocol == "ide-km":
        return IdeKmAlphabet(setup, controls, fixed)
    if protocol == TWO_TDIS:
        return TwoTdiAlphabet(setup, frozenset(controls), fixed)
    if protocol == GUEST:
        return GuestAlphabet(controls, fixed)
    raise ModelError(f"there is no protocol {protocol!r}{nearest(protocol, (*PROTOCOLS, GUEST))}")


def subject_of(protocol: str, setup: Setup, fixed: Mapping[str, Value] | None = None) -> Subject:
    """The implementation that a setup names. Raises `ModelError` when it cannot be reached."""
    if protocol == GUEST:
        return setup.requester(wanted_words(fixed))
    return replace(setup, tdis=2 if protocol == TWO_TDIS else 1).adapter()
