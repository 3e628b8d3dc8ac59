"""Exhaustive exploration over packed states."""

from .exploration import resident_memory
from .search import BACKENDS, ExplicitEngine, ReachableSet, reachable

__all__ = ["BACKENDS", "ExplicitEngine", "ReachableSet", "reachable", "resident_memory"]
