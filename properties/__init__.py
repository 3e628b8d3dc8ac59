"""What must hold: kinds of property, how they are compiled, and the catalogue."""

from .compile import Obligation, compile_properties
from .formulas import (
    After,
    AlwaysPossible,
    Before,
    Between,
    Formula,
    Globally,
    Invariant,
    Never,
    Precedence,
    Sometimes,
    StepLaw,
    after_step,
)
from .property import Kill, Property, Witness
from .steps import Step, becomes, occurs

__all__ = [
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
    "Sometimes",
    "Step",
    "StepLaw",
    "Witness",
    "after_step",
    "becomes",
    "compile_properties",
    "occurs",
]
