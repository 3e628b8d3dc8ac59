"""Walking by hand finds what the engines find, at the same step, and can be taken back."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import itf_py
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tdisprove.cli import main
from tdisprove.explore import Verdict, check
from tdisprove.explore.walk import Walk
from tdisprove.model.flows import FLOWS
from tdisprove.model.language import ModelError
from tdisprove.properties.catalogue import of_aspect
from tdisprove.properties.formulas import LeadsTo, Recurs, Sometimes

SYSTEM = FLOWS["sev-tio-host-run"].system()
PROPERTIES = of_aspect("lifecycle")
BROKEN = "no-tbit-dma-emitted-before-accept"

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(commands: str, *args: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(commands))
        code = main(["walk", "sev-tio-host-run", "-p", BROKEN, *args])
        return code, capsys.readouterr().out

    return call


def test_a_counterexample_that_is_walked_breaks_the_property_in_its_last_step() -> None:
    seen = 0
    for r in check(SYSTEM, PROPERTIES):
        if r.verdict is not Verdict.VIOLATED or r.trace is None or isinstance(r.prop.formula, LeadsTo | Recurs | Sometimes):
            continue
        seen += 1
        w = Walk(SYSTEM, [r.prop])
        for i, action in enumerate(r.trace.actions, 1):
            same = [a for a in w.choices() if (a.label, a.rules) == (action.label, action.rules)]
            news = w.take(same[0])
            assert bool(news) == (i == len(r.trace)), r.prop.id
        assert w.trace(w.broken()[0]).broken is not None
        assert w.trace(w.broken()[0]).at_step == r.trace.at_step
        assert w.back()
        assert w.broken() == []
    assert seen > 5


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 10_000), max_size=12))
def test_going_back_all_the_way_leads_to_the_beginning(picks: list[int]) -> None:
    w = Walk(SYSTEM)
    start = w.state
    for pick in picks:
        choices = w.choices()
        w.take(choices[pick % len(choices)])
    assert len(w.trace()) == len(picks)
    for _ in picks:
        assert w.back()
    assert not w.back()
    assert w.state == start


def test_what_is_not_possible_cannot_be_taken() -> None:
    w = Walk(SYSTEM)
    forbidden = next(a for a in w.system.actions if a not in w.choices())
    with pytest.raises(ModelError, match="not possible"):
        w.take(forbidden)
    assert w.actions == []


STEPS = "device_connect\nide_enable\ntdi_bind(tdi0, tvm0)\ntdi_bind_run(tdi0)\nr\ndma(tdi0, tvm0, tbit=true) → BLOCKED\n"


def test_a_session_takes_steps_by_name_and_says_what_breaks(walk: Run) -> None:
    code, out = walk(f"{STEPS}p\nq\n")
    assert code == 1
    assert "✗ BROKEN no-tbit-dma-emitted-before-accept" in out
    assert "1 broken, of 1 that are watched" in out
    assert "at step 5" in out
    code, out = walk(f"{STEPS}b\np\n")
    assert code == 0
    assert "0 broken" in out


def test_a_session_is_written_as_a_trace(walk: Run, tmp_path: Path) -> None:
    target = tmp_path / "walk.itf.json"
    _, out = walk(f"{STEPS}w {tmp_path}/walk.vcd\n", "-o", str(target))
    assert f"5 steps written to {target}" in out
    read = itf_py.trace_from_json(json.loads(target.read_text()))
    assert [s.meta["event"] for s in read.states[1:]] == ["device_connect", "ide_enable", "tdi_bind", "tdi_bind_run", "dma"]
    assert read.states[-1].values["tdi0.state"] == "RUN"
    assert (tmp_path / "walk.vcd").read_text().startswith("$comment")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("99", "there is no step 99: give a number from 1 to"),
        ("nonsense", "nothing that is possible now has 'nonsense' in its name"),
        ("w", "w FILE: give the name of a file"),
        ("w x.doc", "the name says no format"),
        ("w /proc/nowhere/x.vcd", "cannot write /proc/nowhere/x.vcd"),
        ("s nothing", "no variable has 'nothing' in its name"),
        ("b many", "back many: give a number of steps"),
        ("b 3", "this is the initial state"),
        ("h", "undo a step"),
    ],
)
def test_a_mistake_is_one_line_and_the_walk_goes_on(walk: Run, command: str, words: str) -> None:
    code, out = walk(f"{command}\ndevice_connect\n")
    assert code == 0
    assert words in out
    assert "1. host: device_connect(device0)" in out


def test_a_file_that_says_no_format_is_refused_before_the_walk(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["walk", "cove-io", "-o", "x.doc"]) == 2
    assert "the name says no format" in capsys.readouterr().err
