"""A readable emulator of a device as responder, usable as a test double, and a gallery of mutants of it."""

from .dsm import Dsm
from .mutants import Mutant, gallery

__all__ = ["Dsm", "Mutant", "gallery"]
