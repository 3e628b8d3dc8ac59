"""The vendor flows: who drives the dance, and who checks what, each as a setting of the world's knobs."""

from .flow import Flow
from .registry import FLOWS, choices, flow

__all__ = ["FLOWS", "Flow", "choices", "flow"]
