"""The questions of the list thread "TDISP enablement" (2023), each with the properties that answer it."""

from ...model.language import ModelError, nearest
from . import driver, evidence, lifecycle, policy, run, session
from .question import Alike, Probe, Question

QUESTIONS: dict[str, Question] = {
    q.id: q for topic in (run, evidence, session, lifecycle, policy, driver) for q in topic.QUESTIONS
}
"""All questions, in their order."""


def question(name: str) -> Question:
    """A question by id, in whatever case. Raises `ModelError` with the nearest ids when there is none."""
    found = QUESTIONS.get(name.upper())
    if found is None:
        raise ModelError(f"there is no question {name!r}{nearest(name.upper(), QUESTIONS)}")
    return found


__all__ = ["QUESTIONS", "Alike", "Probe", "Question", "question"]
