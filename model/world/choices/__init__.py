"""The knobs of the world, by what they are about."""

from . import evidence, lifecycle
from .knob import Knob, declared
from .trust import PARTIES

_TOPICS = (lifecycle, evidence)
"""Importing a topic declares its knobs."""

KNOBS: tuple[Knob, ...] = declared()
"""All knobs, in the order in which they are shown."""

__all__ = ["KNOBS", "PARTIES", "Knob"]
