"""The mutation score: how much of what could go wrong in a part of the world its properties would notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .trial import Fate, Trial


@dataclass
class Score:
    """The fates of the mutants of one part.

    ``idle``: no reachable state or step of any setting is different. ``justified``: survived, and it is said why it may.
    """

    part: str
    killed: int = 0
    idle: int = 0
    justified: int = 0
    survived: int = 0

    @property
    def tried(self) -> int:
        return self.killed + self.idle + self.justified + self.survived

    @property
    def share(self) -> float:
        """Of the mutants that are not equivalent, the share that was killed; 1 where there are none."""
        counted = self.killed + self.survived
        return self.killed / counted if counted else 1.0

    def add(self, trial: Trial, why: Mapping[str, str]) -> None:
        match trial.fate:
            case Fate.KILLED:
                self.killed += 1
            case Fate.IDLE:
                self.idle += 1
            case Fate.SURVIVED if str(trial.mutant) in why:
                self.justified += 1
            case Fate.SURVIVED:
                self.survived += 1


def scores(found: Iterable[Trial], why: Mapping[str, str]) -> list[Score]:
    """A score for each machine, in order of first mention, and one for all of them (last)."""
    parts: dict[str, Score] = {}
    whole = Score("all")
    for trial in found:
        for score in (parts.setdefault(trial.machine, Score(trial.machine)), whole):
            score.add(trial, why)
    return [*parts.values(), whole]
