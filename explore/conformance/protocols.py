"""What can be tested, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...model.language import ModelError, Value, nearest
from .adapters import Setup
from .alphabet import Alphabet
from .ide_km import ADVISED, IdeKmAlphabet
from .ide_km import READINGS as IDE_READINGS
from .tdisp import READINGS as TDISP_READINGS
from .tdisp import TdispAlphabet

PROTOCOLS = ("tdisp", "ide-km")
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
    raise ModelError(f"there is no protocol {protocol!r}{nearest(protocol, PROTOCOLS)}")
