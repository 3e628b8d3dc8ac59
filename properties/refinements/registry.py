"""The refinements that can be asked of a flow."""

from __future__ import annotations

from ...model.language import ModelError, nearest
from ..catalogue.ide.abstraction import MAPPING, STREAM, STREAM_THAT_FORGETS
from ..formulas import Abstraction, Refines
from .refinement import Refinement
from .tdi import EVENTS, P2P, STATE, SURROUNDINGS, TDI

_ONE_TVM = Abstraction(TDI, topology={"tvm": 1})

REFINEMENTS: dict[str, Refinement] = {
    r.id: r
    for r in (
        Refinement(
            "stream",
            "ide",
            "Every step of the stream in full is a step of the lifecycle's abstract stream, or leaves it as it is.",
            Refines(Abstraction(STREAM), MAPPING),
            "The sessions go with it, and nothing else: locked TDIs, gates and what TSM and host check before they touch the stream are "
            "left out of the abstraction.",
            "[D] the lifecycle takes NONE, KEYED, SECURE and INSECURE for the whole stream",
        ),
        Refinement(
            "stream-that-forgets",
            "ide",
            "With one more step (a connect at whose end some keys are gone already) the lifecycle's stream is refined by the full one with "
            "several sub-streams too.",
            Refines(Abstraction(STREAM_THAT_FORGETS), MAPPING),
            "As for stream.",
            "P63 §6.33.3 K_SET_STOP, §6.33.8 FLR of Function 0, §7.9.26 Enable cleared",
        ),
        Refinement(
            "tdi",
            "responder",
            "Every request, event and error of the TDISP responder moves a TDI (state, session of the lock, nonce) as a step of the lifecycle's "
            "TDI does that it stands for, or leaves it as it is.",
            Refines(_ONE_TVM, STATE, EVENTS, {**SURROUNDINGS, **P2P}),
            "The lifecycle's TDI is taken with open surroundings: sessions, stream and the TSM's nonce may change in any way. Replies are not "
            "compared: the lifecycle has fewer error codes. A bound peer-to-peer stream is left out.",
            "P63 §11.2, §11.3, §11.4",
        ),
        Refinement(
            "tdi-with-p2p",
            "responder",
            "As tdi, and the end of a bound peer-to-peer stream is a step of the lifecycle's TDI as well.",
            Refines(_ONE_TVM, {**STATE, **P2P}, EVENTS, SURROUNDINGS),
            "As for tdi.",
            "P63 §11.3.18, §11.3.20",
        ),
    )
}
"""By id."""


def refinement_named(name: str) -> Refinement:
    """A refinement by id. Raises `ModelError` with the nearest ids when there is none."""
    if name not in REFINEMENTS:
        raise ModelError(f"there is no refinement {name!r}{nearest(name, REFINEMENTS)}: there are {', '.join(REFINEMENTS)}")
    return REFINEMENTS[name]
