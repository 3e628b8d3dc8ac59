"""Runs as files: what was done to an implementation, so that it can be done again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ...model.language import ModelError, nearest
from .adapters.adapter import Subject
from .alphabet import Alphabet
from .run import Finding, Run

FORMAT = "tdisprove-run/1"


def run_document(protocol: str, finding: Finding) -> dict[str, Any]:
    """A run that shows a finding, as JSON data."""
    return {"format": FORMAT, "protocol": protocol, "steps": list(finding.steps), "finding": finding_document(finding)}


def finding_document(f: Finding) -> dict[str, Any]:
    """A finding as JSON data."""
    return {
        "kind": f.kind, "severity": f.severity, "stimulus": f.stimulus, "state": f.state, "expected": list(f.expected), "actual": f.actual,
        "clauses": list(f.clauses), "lacks": list(f.blame.lacks), "breaks": list(f.blame.breaks), "steps": list(f.steps), "transcript": [asdict(x) for x in f.transcript],
    }  # fmt: skip


def load_run(path: Path) -> tuple[str, list[str]]:
    """The protocol and the steps of a file that was written before. Raises `ModelError`."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise ModelError(f"{path}: cannot be read: {e.strerror}") from None
    except ValueError as e:
        raise ModelError(f"{path}: {e}; give a file that tdisprove fuzz -o wrote") from None
    if not isinstance(content, Mapping) or content.get("format") != FORMAT:
        raise ModelError(f"{path}: is no run (its format is not {FORMAT!r}); give a file that tdisprove fuzz -o wrote")
    steps = content.get("steps")
    if not isinstance(steps, list) or not all(isinstance(s, str) for s in steps):
        raise ModelError(f"{path}: steps: give a list of texts")
    return str(content.get("protocol")), steps


def do_again(alphabet: Alphabet, adapter: Subject, steps: list[str]) -> tuple[Finding | None, int]:
    """Apply the steps to a fresh instance; the finding that comes, and how many steps were applied.

    Raises `ModelError` for a step that this implementation's controls do not reach, or that makes no sense where it stands.
    """
    by_name = {s.name: s for s in alphabet.stimuli}
    run = Run(alphabet, adapter, [alphabet.oracle.open_reading])
    for i, name in enumerate(steps):
        if name not in by_name:
            raise ModelError(f"step {i + 1}: there is no stimulus {name!r} with this adapter{nearest(name, by_name)}")
        if not run.applicable(by_name[name]):
            raise ModelError(
                f"step {i + 1}: {name} makes no sense there: the implementation behaves otherwise than when the run was written"
            )
        step = run.apply(by_name[name])
        if step is not None and step.finding is not None:
            return replace(step.finding, blame=alphabet.blame(step.finding.trail)), i + 1
    return None, len(steps)
