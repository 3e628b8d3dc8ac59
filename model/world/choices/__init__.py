"""The knobs of the world, by what they are about."""

from . import channel, ide, lifecycle, resources, responder
from .knob import Knob, declared
from .trust import PARTIES

_TOPICS = (
    lifecycle,
    responder,
    ide,
    channel,
    resources,
)
"""Importing a topic declares its knobs."""

KNOBS: tuple[Knob, ...] = declared()
"""All knobs, in the order in which they were declared."""

__all__ = ["KNOBS", "PARTIES", "Knob"]
