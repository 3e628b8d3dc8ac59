"""Symbolic exploration over binary decision diagrams."""

from .engine import BddEngine

__all__ = ["BddEngine"]
