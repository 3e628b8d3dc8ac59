"""Results as a CI system sees them: passed, failed, or in error because nothing was decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...explore.check import Result
from ...explore.verdict import Verdict
from ..verdicts import cell

Columns = Mapping[str, Sequence[Result]]
Unexpected = Mapping[tuple[str, str], str]
"""(flow, property) -> what was expected instead, where the verdict is not as expected."""


@dataclass(frozen=True)
class Judged:
    """A result with what becomes of it.

    ``outcome``: ``passed``, ``failed`` or ``error`` (UNKNOWN, which never passes, whatever was expected).
    ``accepted``: the property is violated, and just that was expected.
    """

    flow: str
    result: Result
    outcome: str
    says: str
    accepted: bool = False


def judged(columns: Columns, unexpected: Unexpected | None = None) -> Iterator[Judged]:
    """Each result with its outcome. ``unexpected``: verdicts are held against expectations (None: they are not)."""
    for flow, results in columns.items():
        for r in results:
            headline = f"{cell(r)}: {r.prop.says}"
            why = (unexpected or {}).get((flow, r.prop.id), "")
            if r.verdict is Verdict.UNKNOWN:
                reason = "; ".join(r.notes)
                yield Judged(flow, r, "error", f"{headline}{f' ({reason})' if reason else ''}")
            elif why:
                yield Judged(flow, r, "failed", f"not as recorded, {why}: {headline}")
            elif r.verdict is Verdict.VIOLATED and unexpected is None:
                yield Judged(flow, r, "failed", headline)
            else:
                yield Judged(flow, r, "passed", headline, accepted=r.verdict is Verdict.VIOLATED)
