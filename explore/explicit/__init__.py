"""Exhaustive exploration over packed states."""

from .search import ExplicitEngine, ReachableSet, reachable, resident_memory

__all__ = ["ExplicitEngine", "ReachableSet", "reachable", "resident_memory"]
