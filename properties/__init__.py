"""What must hold: kinds of property, how they are compiled, and the catalogue."""

from .compile import Obligation, Promise, compile_liveness, compile_properties
from .formulas import (
    After,
    AlwaysPossible,
    Before,
    Between,
    Fair,
    Formula,
    Globally,
    Invariant,
    LeadsTo,
    Liveness,
    Never,
    Precedence,
    Recurs,
    Safety,
    Sometimes,
    StepLaw,
)
from .property import Kill, Property, Witness
from .steps import REFUSED, Step, Steps, becomes, occurs

__all__ = [
    "REFUSED",
    "After",
    "AlwaysPossible",
    "Before",
    "Between",
    "Fair",
    "Formula",
    "Globally",
    "Invariant",
    "Kill",
    "LeadsTo",
    "Liveness",
    "Never",
    "Obligation",
    "Precedence",
    "Promise",
    "Property",
    "Recurs",
    "Safety",
    "Sometimes",
    "Step",
    "StepLaw",
    "Steps",
    "Witness",
    "becomes",
    "compile_liveness",
    "compile_properties",
    "occurs",
]
