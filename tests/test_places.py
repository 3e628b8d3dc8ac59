"""Where people work: notebooks and pytest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from tdisprove import FLOWS, Model, System, Trace, check
from tdisprove.explore import Result
from tdisprove.model.language import Machine
from tdisprove.model.world import ASPECTS
from tdisprove.properties.catalogue import find
from test_formats import hostile_result

ROOT = Path(__file__).parent.parent
BROKEN, HELD = "no-tbit-dma-emitted-before-accept", "gates-closed-before-reuse"


# Notebooks.


def test_the_example_notebook_runs_and_shows_what_it_says(tmp_path: Path) -> None:
    notebook = nbformat.read(ROOT / "examples" / "bind_to_run.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert all(not c.get("outputs") for c in notebook.cells), "the notebook is kept without outputs"
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [
        "".join(o["data"].get("text/html", "") for o in c.outputs if "data" in o)
        for c in notebook.cells
        if c.cell_type == "code"
    ]
    assert "VIOLATED at 5" in shown[1]
    assert "<svg" in shown[1]
    assert "holds" in shown[2]
    assert "dma_peer" in shown[3]
    assert "<svg" in shown[5]


def test_everything_that_people_look_at_has_a_picture_or_a_table() -> None:
    system = FLOWS["cove-io"].system()
    (held,) = check(system, [find(HELD)])
    (broken,) = check(FLOWS["sev-tio-host-run"].system(), [find(BROKEN)])
    assert "holds" in held._repr_html_()  # type: ignore[attr-defined]
    assert broken.trace is not None
    assert "tdi_bind_run" in broken.trace._repr_svg_()  # type: ignore[attr-defined]
    assert "tdi0.state" in system._repr_html_()  # type: ignore[attr-defined]
    model = ASPECTS["lifecycle"].model
    assert "<svg" in model._repr_svg_()  # type: ignore[attr-defined]
    for kind, methods in {Result: 1, Trace: 2, System: 1, Model: 2, Machine: 1}.items():
        assert sum(hasattr(kind, m) for m in ("_repr_html_", "_repr_svg_")) == methods


def test_hostile_names_are_text_in_a_notebook() -> None:
    r = hostile_result()
    for shown in (r, r.trace, r.system):
        text = shown._repr_html_()  # type: ignore[union-attr]
        assert "\x01" not in text
        assert 'a<&"' not in text


# pytest.

_TESTS = f'''
import pytest

@pytest.mark.tdisprove(flow="cove-io", properties=["{BROKEN}", "{HELD}"])
def test_holds(tdisprove_results):
    assert [r.verdict.value for r in tdisprove_results] == ["holds", "holds"]

@pytest.mark.tdisprove("sev-tio-host-run", "{BROKEN}")
def test_violated():
    assert False, "the body must not run"

@pytest.mark.tdisprove(flow="sev-tio-host-run", properties=["{BROKEN}"], expect={{"{BROKEN}": "violated@5"}})
def test_expected():
    pass

@pytest.mark.tdisprove(flow="sev-tio-host-run", properties=["{BROKEN}"], expect={{"{BROKEN}": "violated@4"}})
def test_at_another_depth():
    pass

@pytest.mark.tdisprove(flow="sev-tio-guest-run", properties=["{BROKEN}"], knobs={{"tsm_consent": True}})
def test_with_a_knob():
    pass

@pytest.mark.tdisprove(flow="sev-tio")
def test_no_such_flow():
    pass

def test_without_a_mark():
    pass
'''
_SCENARIO = f"""
name = "relay"
flow = "sev-tio-host-run"
properties = ["{BROKEN}", "{HELD}", "no-tbit-dma-effective-before-accept"]
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("project")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    (folder / "test_flows.py").write_text(_TESTS)
    (folder / "a.tdisprove.toml").write_text(_SCENARIO)
    (folder / "b.tdisprove.toml").write_text(f'{_SCENARIO.replace("relay", "other")}\n[expect]\n{BROKEN} = "violated@5"\n')
    (folder / "c.tdisprove.toml").write_text('flow = "sev-tio"\n')
    (folder / "settings.toml").write_text("x = 1\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-rA",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--continue-on-collection-errors",
    ]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=env).stdout


@pytest.mark.parametrize(
    "line",
    [
        "PASSED test_flows.py::test_holds", "FAILED test_flows.py::test_violated", "PASSED test_flows.py::test_expected",
        "FAILED test_flows.py::test_at_another_depth", "PASSED test_flows.py::test_with_a_knob",
        "ERROR test_flows.py::test_no_such_flow", "PASSED test_flows.py::test_without_a_mark",
        f"FAILED a.tdisprove.toml::{BROKEN}", f"PASSED a.tdisprove.toml::{HELD}", f"PASSED b.tdisprove.toml::{BROKEN}",
        "ERROR c.tdisprove.toml",
    ],
)  # fmt: skip
def test_verdicts_become_outcomes(outcome: str, line: str) -> None:
    assert line in outcome


def test_the_failures_report_is_the_run(outcome: str) -> None:
    assert outcome.count("must not happen here") >= 3
    assert "tdi_bind_run(tdi0)" in outcome
    assert "the body must not run" not in outcome
    assert "there is no flow 'sev-tio'" in outcome
    assert "expected is violated@4" in outcome
    assert "settings.toml" not in outcome
