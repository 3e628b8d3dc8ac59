"""The contest with other checkers: what it measures is what it tells, and tools that count otherwise are not passed over."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tdisprove.bench import flows, logs, proofs
from tdisprove.bench.__main__ import main
from tdisprove.bench.contest import OURS, TOOLS, Contest, Measured, Model, Tool, measure
from tdisprove.bench.curves import curves
from tdisprove.bench.peers import abc
from tdisprove.bench.peers.peer import Answer, PeerError, run
from tdisprove.bench.table import table
from tdisprove.explore.conformance.messages import MessageLog
from tdisprove.explore.conformance.reference import Dsm, gallery
from tdisprove.model.language import ModelError

SMALL = Model("cma-only", "spdm", {})


def _tool(name: str, states: int, seconds: float) -> Tool:
    return Tool(name, lambda: "", lambda _m, _f: 0.5, lambda _m, _f: Answer(states, None, 3, seconds=seconds, memory=1000))


def test_ratios_are_those_to_ours() -> None:
    measured = [measure(_tool(name, 100, s), SMALL, 3, lambda _: None) for name, s in ((OURS, 2.0), ("other", 1.0))]
    ours, other = table(measured).splitlines()[2:]
    assert ours.split()[-2:] == ["x1.00", "x1.00"]
    assert other.split()[-2:] == ["x0.50", "x1.00"]
    assert " 50 " in ours  # states per second
    assert " 10 " in ours  # bytes per state


def test_tools_that_count_otherwise_are_said() -> None:
    contest = Contest([SMALL], [_tool(OURS, 100, 1.0), _tool("other", 99, 1.0)], 2, lambda _: None, [], [])
    contest.run()
    assert contest.failed == ["cma-only spdm: the tools do not count the same states: tdisprove 100, other 99"]


def test_a_tool_that_fails_leaves_the_others() -> None:
    def fail(_model: Model, _folder: Path) -> Answer:
        raise PeerError("broken")

    contest = Contest(
        [SMALL], [Tool("bad", lambda: "", lambda _m, _f: 0.0, fail), _tool(OURS, 7, 1.0)], 1, lambda _: None, [], []
    )
    contest.run()
    assert contest.failed == ["cma-only spdm: bad: broken"]
    assert [m.tool for m in contest.measured] == [OURS]


def test_our_own_explorer_is_run_in_a_process_of_its_own(tmp_path: Path) -> None:
    (ours,) = [t for t in TOOLS if t.name == OURS]
    answer = ours.run(SMALL, tmp_path)
    assert (answer.states, answer.depth) == (164, 10)
    assert answer.seconds > 0


def test_curves_are_svg_with_a_line_per_tool() -> None:
    measured = [Measured(t, SMALL, 10**k, 3, 0.0, 0.1 * k, 0.1, 0.2, None) for t in ("a", "b<") for k in (1, 2, 3)]
    root = ElementTree.fromstring(curves(measured, lambda m: m.wall, "title & more", "seconds"))
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == 2
    assert ElementTree.fromstring(curves([], lambda m: m.wall, "nothing", "s")) is not None


def test_the_contest_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--flow", "nope"]) == 2
    assert "there is no flow 'nope'" in capsys.readouterr().err
    code = main(["--flow", "cma-only", "--aspect", "spdm", "--sizes", "--runs", "1", "--tools", OURS, "--format", "json"])
    assert code == 0
    (row,) = json.loads(capsys.readouterr().out)["measured"]
    assert row["states"] == 164
    assert main(["--sizes", "tdi=2,device"]) == 2
    assert "--sizes tdi=2,device: write a number, or some of indexes, such as tdi=2,device=2" in capsys.readouterr().err
    code = main(["--aspect", "lifecycle", "--sizes", "tdi=1,tvm=1", "--runs", "1", "--tools", OURS, "--format", "json"])
    assert code == 0
    (row,) = json.loads(capsys.readouterr().out)["measured"]
    assert row["model"]["topology"] == {"tdi": 1, "tvm": 1}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["no-such-program"], "cannot be started"),
        (["sh", "-c", "echo why; exit 3"], "ended with code 3: why"),
        (["sleep", "30"], "did not end within 0.2 s"),
    ],
)
def test_what_goes_wrong_with_a_peer_is_said(command: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(PeerError, match=said):
        run(command, tmp_path, timeout=0.2 if command[0] == "sleep" else 30)


@pytest.mark.skipif(abc.missing() != "", reason=abc.missing() or "-")
def test_proofs_are_timed_beside_abc(capsys: pytest.CaptureFixture[str]) -> None:
    assert proofs.main(["--flow", "cma-only", "--aspect", "spdm", "--every", "12", "--runs", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["property", "search", "s", "ABC's", "s", "ratio", "engine", "s", "process", "s", "ratio"]
    found = [re.search(r"median x[\d.]+, worst x[\d.]+, at most x([24]) for \d+ of (\d+)$", x) for x in lines[-3:-1]]
    assert [m and m[1] for m in found] == ["2", "4"]
    assert f"these take longest of {found[0] and found[0][2]}" in lines
    assert proofs.main(["--flow", "nope"]) == 2
    assert "there is no flow 'nope'" in capsys.readouterr().err


# --- Logs ---------------------------------------------------------------------------------------------------------------


def test_logs_of_each_size_are_judged_whole_and_told_by_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert logs.main(["--sizes", "60", "120"]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[-3:] == ["of", "the", "shortest"]
    assert [r.split()[:2] for r in rows] == [["events", "60"], ["events", "120"], ["messages", "60"], ["messages", "120"]]
    assert [r.split()[-1] for r in rows[::2]] == ["x1.00", "x1.00"]


def test_a_log_that_is_refused_measures_nothing() -> None:
    log = logs.conversation(gallery()["lock-goes-to-run"].make()(), None)
    with pytest.raises(ModelError, match="messages: line 19 is refused"):
        logs.measure("messages", MessageLog().run, log, 100)


def test_a_log_that_ends_before_is_no_measure() -> None:
    with pytest.raises(ModelError, match="ends after 16 of 17 lines"):
        logs.measure("messages", MessageLog().run, islice(logs.conversation(Dsm()), 16), 17)


def test_what_was_measured_before_something_failed_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logs, "walk", lambda _system: iter(()))
    assert logs.main(["--sizes", "30"]) == 1
    said = capsys.readouterr().out
    assert "messages" in said and "events: the log ends after 0 of 30 lines" in said


@pytest.mark.parametrize(
    ("arguments", "told"), [(["--sizes", "0"], "at least one line"), (["--flow", "nonsense"], "nonsense")]
)
def test_what_cannot_be_measured_is_said(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert logs.main(arguments) == 2
    assert told in capsys.readouterr().err


# --- Flows --------------------------------------------------------------------------------------------------------------


def test_flows_are_measured_together_and_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert flows.main(["cma-only", "ide-only", "--runs", "1"]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head.endswith("of all together")
    assert [r.rsplit(maxsplit=3)[0].strip() for r in rows] == ["together", "each alone, in all", "cma-only", "ide-only"]
    assert rows[0].endswith("x1.00")
    together, whole, *alone = (float(r.rsplit(maxsplit=3)[1]) for r in rows)
    assert together > 0
    assert whole == pytest.approx(sum(alone), abs=0.02)


def test_flows_that_are_none_are_not_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert flows.main(["nonsense"]) == 2
    assert "there is no flow 'nonsense'" in capsys.readouterr().err
    assert flows.main(["cma-only", "--runs", "0"]) == 2


def test_a_check_that_fails_is_no_measure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(flows, "_CHECK", "raise SystemExit(4)")
    assert flows.main(["cma-only", "--runs", "1"]) == 1
    assert "ended with code 4" in capsys.readouterr().err
