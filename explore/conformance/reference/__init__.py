"""A readable emulator of a device as responder, usable as a test double, and a gallery of mutants of it."""

from .dsm import Dsm
from .mutants import Mutant, gallery
from .several import TWO_TDI_MUTANTS, TwoTdis

__all__ = ["TWO_TDI_MUTANTS", "Dsm", "Mutant", "TwoTdis", "gallery"]
