"""Questions that were asked before.

Flows differ in few choices, and many a slice of one is a slice of another, term for term and action for action. What an engine
finds about a system depends on nothing else, so it is found once, and every flow replays the runs on its own system.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

from ..model.language import System
from ..properties.compile import Obligation, Promise

_Question: TypeAlias = tuple[object, ...]
_Answer = TypeVar("_Answer")


class Asked(Generic[_Answer]):
    """What was answered to which question. All questions are put to one engine in one way; the last ``most`` answers are kept."""

    def __init__(self, most: int = 2000) -> None:
        self.most = most
        self._answers: dict[_Question, tuple[_Answer, object]] = {}

    def __len__(self) -> int:
        """How many answers are kept."""
        return len(self._answers)

    def answer(
        self,
        system: System,
        about: Sequence[Obligation] | Promise,
        find: Callable[[], _Answer],
        final: Callable[[_Answer], bool],
    ) -> _Answer:
        """What ``find`` finds. What is ``final`` is kept; what a limit cut short is asked again."""
        question = (_asked_of(system), _promised(about) if isinstance(about, Promise) else tuple(map(_obliged, about)))
        if question in self._answers:
            return self._answers[question][0]
        answer = find()
        if final(answer):
            if len(self._answers) >= self.most:
                del self._answers[next(iter(self._answers))]
            # With what was asked about, so that the identities in the question go to nobody else.
            self._answers[question] = answer, (system, about)
        return answer


def _asked_of(s: System) -> _Question:
    """Equal for systems that are the same in all but their names and the rules that their actions were made from."""
    variables = tuple((v.name, id(v.sort), v.rigid) for v in s.variables)
    actions = tuple((a.event, a.args, a.reply, id(a.guard), *(id(t) for u in a.updates for t in u)) for a in s.actions)
    return variables, id(s.init), actions, tuple(s.topology.items())


def _obliged(o: Obligation) -> _Question:
    return id(o.state), *((i, id(t)) for i, t in o.steps.items())


def _promised(p: Promise) -> _Question:
    return id(p.when), id(p.then), *((f.strong, *((i, id(t)) for i, t in f.steps.items())) for f in p.fairness)
