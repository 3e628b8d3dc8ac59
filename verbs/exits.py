"""Exit codes, and how verdicts become one."""

from __future__ import annotations

from collections.abc import Iterable

from ..explore import Result, Verdict

HOLDS, VIOLATED, USAGE, UNKNOWN, INTERNAL = 0, 1, 2, 3, 4


def code(results: Iterable[Result], *, partial: bool = False) -> int:
    """Violated before unknown before all well; ``partial``: some results are missing."""
    verdicts = {r.verdict for r in results}
    if Verdict.VIOLATED in verdicts:
        return VIOLATED
    return UNKNOWN if partial or Verdict.UNKNOWN in verdicts else HOLDS
