"""What must hold: kinds of property, how they are compiled, and the catalogue."""

from .compile import Obligation, compile_properties
from .formulas import (
    Abstraction,
    After,
    AlwaysPossible,
    Before,
    Between,
    Formula,
    Globally,
    Invariant,
    Never,
    Precedence,
    Refines,
    Sometimes,
    StepLaw,
)
from .property import Kill, Property, Witness
from .steps import REFUSED, Step, Steps, becomes, occurs

__all__ = [
    "REFUSED",
    "Abstraction",
    "After",
    "AlwaysPossible",
    "Before",
    "Between",
    "Formula",
    "Globally",
    "Invariant",
    "Kill",
    "Never",
    "Obligation",
    "Precedence",
    "Property",
    "Refines",
    "Sometimes",
    "Step",
    "StepLaw",
    "Steps",
    "Witness",
    "becomes",
    "compile_properties",
    "occurs",
]
