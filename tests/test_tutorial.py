"""The first ten minutes of a firmware engineer and of a driver's author (docs/conformance.md): every command does what the page says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_the_commands_of_the_first_ten_minutes_work_as_they_stand(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler here")
    page = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    section = page.split("## The first ten minutes")[1].split("\n## ")[0]
    commands = re.findall(r"^    (\S.*)$", section, re.MULTILINE)
    assert len(commands) == 7
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    outcomes = []
    for command in commands:
        done = subprocess.run(command.split(), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        outcomes.append((done.returncode, done.stdout))
        assert done.returncode in (0, 1), done.stderr
    # conforms; a mutant does not; its run on the emulator; compiled; conforms, pairs as well; compiled with a fault; found
    assert [code for code, _ in outcomes] == [0, 1, 0, 0, 0, 0, 1]
    assert "No fault" in outcomes[0][1] and "transitions: 8,121 of 8,121" in outcomes[0][1]
    assert "FAULT: start_interface(tsm, nonce=current) in RUN" in outcomes[1][1]
    assert "No fault; everything was covered." in outcomes[4][1]
    assert "expected: INVALID_NONCE (check: nonce)" in outcomes[6][1]


def test_the_commands_of_a_drivers_author_work_as_they_stand(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    section = page.split("### The first ten minutes of a driver's author")[1].split("\n### ")[0]
    commands = re.findall(r"^    (\S.*)$", section, re.MULTILINE)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    outcomes = []
    for command in commands:
        done = subprocess.run(
            shlex.split(command), cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        outcomes.append((done.returncode, done.stdout + done.stderr))
    # no fault within the budget; a mutant; its run on the reference driver; a check waived; a child process
    assert [code for code, _ in outcomes] == [3, 1, 0, 3, 3], outcomes
    assert "No fault so far" in outcomes[0][1]
    assert "lacks:    check_epoch" in outcomes[1][1] and "breaks:   verdict-is-used-only-in-its-epoch" in outcomes[1][1]
    assert all("No fault so far" in outcomes[i][1] for i in (3, 4))
