"""Which rule of the model a step rests on, and where that rule is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath

from ...explore.verdict import Trace
from ...model.language import Action, Origin, Rule, support
from ..story import Story

PACKAGE = Path(__file__).resolve().parents[2]
"""The folder in which the world's rules are written."""


@dataclass(frozen=True)
class Place:
    """A line of a file. ``packaged``: the path starts at the package's folder, otherwise at the folder of the call."""

    path: str
    line: int
    packaged: bool

    def __str__(self) -> str:
        return f"{'tdisprove/' if self.packaged else ''}{self.path}:{self.line}"


def place(origin: Origin | None) -> Place | None:
    """Where a rule is written, without the folders that differ from machine to machine."""
    if origin is None:
        return None
    path = Path(origin.file)
    if path.is_absolute():
        for folder, packaged in ((PACKAGE, True), (Path.cwd(), False)):
            if path.is_relative_to(folder):
                return Place(path.relative_to(folder).as_posix(), origin.line, packaged)
    return Place(PurePath(path).as_posix(), origin.line, False)


def rules_of(action: Action) -> tuple[Rule, ...]:
    """The rules of a step, the telling ones first: the one that refuses, those that change something, the others."""
    refusing = (action.refused_by,) if action.refused_by is not None else ()
    ordered = (*refusing, *(r for r in action.rules if r.updates), *(r for r in action.rules if not r.updates))
    return tuple(dict.fromkeys(ordered))


def rule_name(rule: Rule) -> str:
    return f"{rule.machine}.{rule.name}"


def rule_says(rule: Rule) -> str:
    """A rule in a line: whom it binds, and by which authority."""
    binds = f", binds {rule.binds}" if rule.binds is not None else ""
    return f"{rule_name(rule)}{binds}" + (f" ({rule.cite})" if rule.cite else "")


def letting(trace: Trace) -> Rule | None:
    """The rule without which the run would not end where it does.

    Of a last step that changes something, the rule that does. Of one that changes nothing (it must not happen, or is refused),
    the rule that last changed what it asks for.
    """
    if not trace.actions:
        return None
    story = Story(trace)
    last = len(trace.actions) - 1
    asked = {v.name for v in support(trace.actions[last].guard)}
    if story.changes[last]:
        asked = {c.name for c in story.changes[last]}
    for step in range(last, -1, -1):
        for change in story.changes[step]:
            rule = story.rule(step, change.name) if change.name in asked else None
            if rule is not None:
                return rule
    return next(iter(rules_of(trace.actions[last])), None)


def culprits(trace: Trace, *, witness: bool = False) -> dict[int, Rule]:
    """Steps that last changed a variable which the explanation mentions, with the rule that did."""
    story = Story(trace, witness=witness)
    found: dict[int, Rule] = {}
    for name in story.relevant:
        step = story.culprit(name)
        rule = story.rule(step, name) if step is not None else None
        if step is not None and rule is not None:
            found.setdefault(step, rule)
    return dict(sorted(found.items()))
