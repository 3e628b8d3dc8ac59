"""What a comparison says: a verdict for each relation, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...model.language import System
from ...properties.alphabets import Alphabet
from ..explain.parting import Parting
from ..verdict import Trace, Verdict

RELATIONS: Mapping[str, str] = {
    "included": "weak trace inclusion: whatever can be seen of the first can be seen of the second",
    "includes": "weak trace inclusion: whatever can be seen of the second can be seen of the first",
    "traces": "weak trace equality: the same can be seen of both",
    "bisimilar": "branching bisimulation: at every point of a run, the same can be seen next of both",
}
"""The relations by name, each in words. Bisimilar systems have the same traces."""


@dataclass(frozen=True, eq=False)
class Inclusion:
    """Whether all that is seen of the system ``of`` (0 or 1) is seen of the other."""

    of: int
    verdict: Verdict
    parted: Parted | None = None


@dataclass(frozen=True, eq=False)
class Parted:
    """A shortest trace of one system that the other does not have.

    ``run`` is a shortest run that is seen as ``trace``, and ``seen[i]`` what is seen of its step ``i`` (of the initial state, for
    ``begins``). ``other`` is a run of the other system that is seen as all of the trace but its last: by the same events as far as they can
    be taken (``followed`` says how far, and why no further), or else a shortest. After such a run the other system may be in ``stuck``
    states, in none of which, whatever silent steps it takes, the last of the trace can be seen, but only ``instead``. ``why`` says
    what the steps that would be seen so lack there.
    """

    trace: tuple[str, ...]
    begins: str
    run: Trace
    seen: tuple[str, ...]
    other: Trace | None
    other_seen: tuple[str, ...]
    followed: Parting | None
    stuck: int
    instead: tuple[str, ...]
    why: tuple[str, ...]


@dataclass(frozen=True)
class Turn:
    """A move of a play, in words: whose it is, what is seen, the events; and the other's events, None when it has no answer.

    ``detour``: the other side could answer only after these events, which lead to what is not the same.
    """

    side: int
    seen: str
    events: tuple[str, ...]
    answer: tuple[str, ...] | None
    detour: bool = False


@dataclass(frozen=True, eq=False)
class Comparison:
    """What an observer can and cannot tell of two systems. The verdict of each relation of `RELATIONS` is in ``verdicts``."""

    systems: tuple[System, System]
    alphabets: tuple[Alphabet, Alphabet]
    verdicts: Mapping[str, Verdict]
    inclusions: tuple[Inclusion, ...]
    turns: tuple[Turn, ...]
    """Where they are not bisimilar: how the one can do what the other cannot."""
    states: tuple[int, int]
    """Of the parts that were explored."""
    classes: int
    """Of branching bisimilarity, over both."""
    looks: tuple[int, int]
    """The different looks of steps of each that are seen."""
    silent_for_ever: tuple[int, int]
    """From so many states silent steps can go on for ever, in the parts that were explored; no relation minds, unless divergence counts."""
    divergence: bool
    stopped: str = ""
