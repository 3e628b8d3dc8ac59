"""Exhaustive exploration over packed states."""

from .search import BACKENDS, DEAD_VARIABLES, SYMMETRY, ExplicitEngine, ReachableSet, reachable

__all__ = ["BACKENDS", "DEAD_VARIABLES", "SYMMETRY", "ExplicitEngine", "ReachableSet", "reachable"]
