"""What was measured, as a table of ratios."""

from __future__ import annotations

from collections.abc import Sequence

from .contest import OURS, Measured


def table(measured: Sequence[Measured]) -> str:
    """One row per model and tool; ratios say how many times our number the tool's is."""
    rows = [
        (
            "model",
            "tool",
            "states",
            "depth",
            "build s",
            "wall s",
            "of runs",
            "search s",
            "states/s",
            "bytes/state",
            "wall",
            "search",
            "memory",
        )
    ]
    ours = {str(m.model): m for m in measured if m.tool == OURS}
    for m in measured:
        mine = ours.get(str(m.model))
        per_state = "-" if m.bytes_per_state is None else f"{m.bytes_per_state:,.0f}"
        rows.append((
            str(m.model), m.tool, f"{m.states:,}", "-" if m.depth is None else str(m.depth), f"{m.build_seconds:.1f}",
            f"{m.wall:.2f}", f"{m.fastest:.2f}-{m.slowest:.2f}", f"{m.search or m.wall:.2f}", f"{m.rate:,.0f}", per_state,
            _ratio(m.wall, mine.wall if mine else None),
            _ratio(m.search or m.wall, (mine.search or mine.wall) if mine else None), _ratio(m.bytes, mine.bytes if mine else None),
        ))  # fmt: skip
    return "\n".join(aligned(rows, words=2))


def aligned(rows: Sequence[Sequence[str]], words: int) -> list[str]:
    """Rows as lines, the first underlined; the first ``words`` columns are words, the others are numbers."""
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    lines: list[str] = []
    for row in rows:
        cells = [cell.ljust(w) if i < words else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def _ratio(theirs: float | None, mine: float | None) -> str:
    return "-" if theirs is None or not mine else f"x{theirs / mine:.2f}"
