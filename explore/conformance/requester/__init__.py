"""Guests under test: a bench around them, the oracle of what they may do, a reference guest driver and mutants of it."""

from .driver import GuestDriver
from .mutants import GUEST_MUTANTS, GuestMutant

__all__ = ["GUEST_MUTANTS", "GuestDriver", "GuestMutant"]
