"""SAT: bounded model checking, and IC3, which finds inductive invariants."""

from .engine import SatEngine

__all__ = ["SatEngine"]
