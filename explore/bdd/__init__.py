"""Symbolic exploration over binary decision diagrams."""

from .engine import BddEngine, reachable
from .reached import SymbolicSet

__all__ = ["BddEngine", "SymbolicSet", "reachable"]
