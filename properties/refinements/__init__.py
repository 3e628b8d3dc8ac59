"""Refinements: what a detailed aspect is in terms of an abstraction of it, as data (state map and event map)."""

from .refinement import Refinement
from .registry import REFINEMENTS, refinement_named

__all__ = ["REFINEMENTS", "Refinement", "refinement_named"]
