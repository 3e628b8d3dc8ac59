"""Exhaustive exploration over packed states."""

from .exploration import resident_memory
from .search import BACKENDS, DEAD_VARIABLES, SYMMETRY, ExplicitEngine, ReachableSet, reachable

__all__ = ["BACKENDS", "DEAD_VARIABLES", "SYMMETRY", "ExplicitEngine", "ReachableSet", "reachable", "resident_memory"]
