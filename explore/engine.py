"""The contract that every engine keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..model.language import System
from ..properties.compile import Obligation
from .verdict import Report


@dataclass(frozen=True)
class Progress:
    """How far a run has come: states seen, states of the frontier, depth, seconds since the start."""

    states: int
    frontier: int
    depth: int
    seconds: float


@dataclass(frozen=True)
class Limits:
    """What a run may use. None: no limit. A limit that is reached makes verdicts UNKNOWN, never HOLDS."""

    states: int | None = None
    depth: int | None = None
    seconds: float | None = None
    memory: int | None = None
    """Bytes of the whole process."""
    progress: Callable[[Progress], None] | None = None
    """Called now and then on long runs; may raise KeyboardInterrupt."""
    checkpoint: Path | None = None
    """A folder: an exhaustive search that does not come to its end is kept there, and one that is there is gone on with."""


NO_LIMITS = Limits()


class Engine(Protocol):
    """A way of finding out. Engines must agree on verdicts and on the depth of violations (shortest traces)."""

    @property
    def name(self) -> str: ...

    def check(self, system: System, obligations: Sequence[Obligation], limits: Limits = NO_LIMITS) -> Report:
        """Decide the obligations about ``system``, which already carries their monitors.

        The report has one outcome per obligation, in order. A violated obligation comes with a shortest path:
        shortest counting the action in which a step obligation fails, and counting none for an initial state.
        An interrupted run (Ctrl-C, a limit) reports what it has, with UNKNOWN for what is open.
        """
        ...
