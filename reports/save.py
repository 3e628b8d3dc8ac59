"""A run as a file, in the format that the file's name asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ..explore.verdict import Trace
from ..model.language import ModelError
from .formats.choice import dumped
from .formats.itf import itf
from .formats.plantuml import trace_plantuml
from .formats.vcd import vcd
from .graph import trace_dot
from .json_report import trace_steps
from .mermaid import trace_mermaid
from .sequence import sequence_svg
from .table import trace_markdown, trace_table

FORMATS: Mapping[str, Callable[[Trace, str], str]] = {
    ".itf.json": lambda t, title: dumped(itf(t, title=title)),
    ".json": lambda t, title: dumped({"title": title, "trace": trace_steps(t)}),
    ".vcd": lambda t, title: vcd(t, title=title),
    ".svg": lambda t, title: sequence_svg(t, title=title),
    ".mmd": lambda t, title: trace_mermaid(t, title=title),
    ".puml": lambda t, title: trace_plantuml(t, title=title),
    ".dot": lambda t, title: trace_dot(t, title=title),
    ".md": lambda t, title: trace_markdown(t, title=title),
    ".txt": lambda t, title: trace_table(t, title=title),
}
"""By the end of the file's name, the longer ones first."""


def save(trace: Trace, path: Path, title: str = "") -> None:
    """Write the run. Raises `ModelError` for a name that says no format, and where nothing can be written."""
    suffix = suffix_of(path)
    try:
        path.write_text(FORMATS[suffix](trace, title), encoding="utf-8")
    except OSError as e:
        raise ModelError(f"cannot write {path}: {e.strerror}; give another file") from None


def suffix_of(path: Path) -> str:
    """The ending that decides the format."""
    for suffix in FORMATS:
        if path.name.endswith(suffix):
            return suffix
    raise ModelError(f"{path}: the name says no format; let it end with one of {', '.join(FORMATS)}")
