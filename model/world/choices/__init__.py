"""The knobs of the world, by what they are about."""

from . import channel, evidence, ide, lifecycle, proxy, resources, responder, spdm
from .knob import Knob, declared
from .trust import PARTIES

_TOPICS = (
    lifecycle,
    evidence,
    responder,
    ide,
    spdm,
    channel,
    proxy,
    resources,
)
"""Importing a topic declares its knobs."""

KNOBS: tuple[Knob, ...] = declared()
"""All knobs, in the order in which they were declared."""

__all__ = ["KNOBS", "PARTIES", "Knob"]
