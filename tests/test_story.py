"""What a run leads to: the smallest parts of a condition that do not hold, by name."""

from __future__ import annotations

import pytest
from ports import (
    SYSTEM,
    play,
)
from tdisprove.explore.verdict import Trace
from tdisprove.model.language import (
    BOOL,
    TRUE,
    System,
    Variable,
    implies,
    neg,
)
from tdisprove.reports.story import Story
from tdisprove.reports.table import trace_table


@pytest.mark.parametrize(
    ("condition", "sentences"),
    [
        (lambda a, b, c: a & b, ["required: b"]),
        (lambda a, b, c: ~b & (b | c), ["required: b or c"]),
        (lambda a, b, c: ~(a & ~b), ["forbidden: a and not b"]),
        (lambda a, b, c: ~(a | b), ["forbidden: a"]),
        (lambda a, b, c: implies(a, implies(~b, c)), ["required when a and not b: c"]),
        (lambda a, b, c: implies(a, b & c), ["required when a: b", "required when a: c"]),
        (lambda a, b, c: a & ~a, ["forbidden: such a step, whatever the state"]),
    ],
)
def test_the_smallest_false_parts_are_named(condition: object, sentences: list[str]) -> None:
    variables = tuple(Variable(n, BOOL) for n in "abc")
    system = System("abc", variables, TRUE, ())
    broken = condition(*(v.term for v in variables))  # type: ignore[operator]
    ending = Story(Trace(system, ((True, False, False),), (), broken)).ending
    assert ending is not None
    assert [c.sentence for c in ending.causes] == sentences


def test_a_condition_that_is_not_broken_is_refused() -> None:
    with pytest.raises(ValueError, match="holds where the trace says that it is broken"):
        trace_table(play(SYSTEM, [], neg(SYSTEM["port0.sent"])))
