"""Every way of finding out: exhaustive exploration, Z3, replay, and what decides a verdict."""

from .check import Result, check
from .engine import NO_LIMITS, Engine, Limits, Progress
from .explain.contrast import Contrast, contrast
from .explain.dropped import dropped_checks
from .replay import ReplayError, replay
from .target import Target, targets
from .verdict import Evidence, Outcome, Report, Statistics, Trace, Verdict

__all__ = [
    "NO_LIMITS",
    "Contrast",
    "Engine",
    "Evidence",
    "Limits",
    "Outcome",
    "Progress",
    "ReplayError",
    "Report",
    "Result",
    "Statistics",
    "Target",
    "Trace",
    "Verdict",
    "check",
    "contrast",
    "dropped_checks",
    "replay",
    "targets",
]
