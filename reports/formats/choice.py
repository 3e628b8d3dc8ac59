"""The formats by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from ...explore.check import Result
from ...explore.verdict import Trace, Verdict
from ...model.language import ModelError
from ..graph import trace_dot
from ..mermaid import trace_mermaid
from ..table import trace_table
from ..verdicts import cell
from .github import github
from .itf import itf
from .judged import Columns, Unexpected
from .junit import junit
from .markdown import markdown
from .plantuml import trace_plantuml
from .sarif import sarif
from .vcd import vcd

DOCUMENTS = ("junit", "sarif", "github", "markdown")
"""Formats of all results."""


def document(
    form: str, version: str, columns: Columns, notes: Sequence[str] = (), unexpected: Unexpected | None = None
) -> str:
    """All results in one of the `DOCUMENTS`."""
    match form:
        case "junit":
            return junit(columns, notes=notes, unexpected=unexpected)
        case "sarif":
            return dumped(sarif(version, columns, notes=notes, unexpected=unexpected))
        case "github":
            return github(columns, notes=notes, unexpected=unexpected)
        case "markdown":
            return markdown(columns, notes=notes, unexpected=unexpected)
        case _:
            raise ValueError(form)


def dumped(content: object) -> str:
    """JSON as it is written everywhere here."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


RUNS: Mapping[str, Callable[[Trace, str, str, bool], str]] = {
    "itf": lambda t, title, says, witness: dumped(itf(t, title=title)),
    "vcd": lambda t, title, says, witness: vcd(t, title=title, witness=witness),
    "mermaid": lambda t, title, says, witness: trace_mermaid(t, title=title, subtitle=says, witness=witness),
    "plantuml": lambda t, title, says, witness: trace_plantuml(t, title=title, subtitle=says, witness=witness),
    "table": lambda t, title, says, witness: trace_table(t, title=title, subtitle=says, witness=witness),
    "dot": lambda t, title, says, witness: trace_dot(t, title=title, subtitle=says, witness=witness),
}
"""Formats of one run: from the trace, a title, a subtitle, and whether it was looked for."""


def caption(flow: str, r: Result) -> tuple[str, str, bool]:
    """Title and subtitle of a result's trace, and whether it was looked for."""
    witness = r.verdict is Verdict.HOLDS
    return f"{flow}: {r.prop.id}: {'reached' if witness else cell(r)}", r.prop.says, witness


def run(form: str, flow: str, r: Result) -> str:
    """The trace of a result, which has one, in one of the formats of `RUNS`."""
    assert r.trace is not None
    return RUNS[form](r.trace, *caption(flow, r))


def only_run(form: str, columns: Columns) -> str:
    """The only run of the results. Raises `ModelError` where there is none, or more than one."""
    found = [(flow, r) for flow, results in columns.items() for r in results if r.trace is not None]
    if len(found) != 1:
        which = "none of these properties has one" if not found else f"{len(found)} of these properties have one"
        advice = (
            "take --format text, json, junit or sarif"
            if not found
            else "name one FLOW and one property with -p, or write all with -o DIR"
        )
        raise ModelError(f"--format {form} shows one run, and {which}: {advice}")
    return run(form, *found[0])
