"""Results as annotations of GitHub Actions (workflow commands): an error for each failure and for each UNKNOWN."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...model.language import Origin
from ..svg import printable
from .blame import PACKAGE, letting, place, rule_says
from .judged import Columns, Unexpected, judged


def github(columns: Columns, *, notes: Sequence[str] = (), unexpected: Unexpected | None = None) -> str:
    """One command a line. An annotation names a file only when it lies below the folder of the call, as in a checkout."""
    found = list(judged(columns, unexpected))
    lines = []
    for j in found:
        if j.outcome == "passed":
            continue
        rule = letting(j.result.trace) if j.result.trace is not None else None
        at = place(rule.origin) if rule is not None else None
        text = j.says + (f"\nrule to look at: {rule_says(rule)}" if rule is not None else "") + (f", {at}" if at else "")
        lines.append(_command("error", f"{j.flow}: {j.result.prop.id}", text, rule.origin if rule is not None else None))
    lines += [_command("error", "incomplete", note) for note in notes]
    count = {o: sum(j.outcome == o for j in found) for o in ("passed", "failed", "error")}
    total = f"{count['passed']} passed, {count['failed']} failed, {count['error']} undecided"
    return "\n".join([*lines, _command("notice", "tdisprove", total), ""])


def _command(kind: str, title: str, text: str, origin: Origin | None = None) -> str:
    where = _checked_out(origin)
    file = f"file={_property(where[0])},line={where[1]}," if where else ""
    return f"::{kind} {file}title={_property(title)}::{_data(text)}"


def _checked_out(origin: Origin | None) -> tuple[str, int] | None:
    at = place(origin)
    if at is None:
        return None
    path = (PACKAGE if at.packaged else Path.cwd()) / at.path
    # A virtual environment below the folder of the call is not checked out either.
    if not path.is_relative_to(Path.cwd()) or "site-packages" in path.parts:
        return None
    return path.relative_to(Path.cwd()).as_posix(), at.line


def _data(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
