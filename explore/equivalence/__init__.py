"""Do two systems look the same to an observer? Weak traces in both directions, and branching bisimulation."""

from .compare import compare
from .comparison import RELATIONS, Comparison, Inclusion, Parted, Turn
from .over import Settings, compare_over
from .sides import Chosen, Side

__all__ = ["RELATIONS", "Chosen", "Comparison", "Inclusion", "Parted", "Settings", "Side", "Turn", "compare", "compare_over"]
