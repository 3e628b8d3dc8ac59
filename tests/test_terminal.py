"""Terminals: rich tables, colours and progress there and nowhere else; what is piped is plain, whatever the surroundings."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from rich.cells import cell_len
from rich.console import Console
from tdisprove.cli import main
from tdisprove.explore import Progress
from tdisprove.explore import check as check_properties
from tdisprove.model.flows import FLOWS
from tdisprove.properties.catalogue import find
from tdisprove.reports.prose import Prose
from tdisprove.reports.terminal.progress import progress
from tdisprove.reports.terminal.tables import overview
from tdisprove.reports.terminal.theme import THEME, coloured, ink
from tdisprove.verbs import check
from tdisprove.verbs.board import BOARD, Board

ONE = ("check", "sev-tio-host-run", "-p", "run-only-after-accept", "--reproducible")
SEVERAL = ("check", "-p", "run-only-after-accept", "-p", "no-tbit-dma-emitted-before-accept", "--reproducible", "-q")
LOOP = ("check", "hyperv", "-p", "error-is-left-in-the-end", "--reproducible")
COMMANDS = [
    ONE, SEVERAL, LOOP, ("matrix", "hyperv", "ide-only", "-p", "run-only-after-accept"), ("ask", "Q1", "--flow", "hyperv"),
    ("list", "flows"), ("explore", "cma-only", "--coverage"),
]  # fmt: skip
LONG = [("check", "cma-only", "--reproducible"), ("ask", "--flow", "cma-only")]
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    yield
    BOARD.clear()


def on_terminal(monkeypatch: pytest.MonkeyPatch, *command: str, columns: int = 100) -> str:
    """What a terminal of that width gets on its standard output."""
    screen = Terminal()
    with monkeypatch.context() as m:
        m.setenv("COLUMNS", str(columns))
        m.setattr(sys, "stdout", screen)
        assert main(command) in (0, 1)
    return screen.getvalue()


def without_times(text: str) -> str:
    return re.sub(r"\d+\.\d+ s", "", text)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c[0] != "list"], ids=" ".join)
def test_what_is_piped_is_the_same_whatever_the_surroundings(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main(command)
    plain = capsys.readouterr()
    for name, value in (("COLUMNS", "40"), ("FORCE_COLOR", "1"), ("TERM", "dumb"), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
    main(command)
    assert without_times(capsys.readouterr().out) == without_times(plain.out)
    assert "\x1b" not in plain.out + plain.err


def test_nobody_waits_for_rich_who_does_not_see_it() -> None:
    code = f"import sys; from tdisprove.cli import main; main({list(ONE)!r}); print([m for m in sys.modules if m.split('.')[0] == 'rich'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("command", "columns"), [*((c, n) for c in COMMANDS for n in (60, 140)), *((c, 80) for c in LONG)], ids=str
)
def test_nothing_is_wider_than_the_terminal(command: tuple[str, ...], columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = ESCAPE.sub("", on_terminal(monkeypatch, *command, columns=columns))
    assert max(map(cell_len, text.splitlines())) <= columns


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_color_takes_the_colours_and_nothing_else(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    colourful = on_terminal(monkeypatch, *command)
    assert "\x1b[" in colourful
    monkeypatch.setenv("NO_COLOR", "1")
    plain = on_terminal(monkeypatch, *command)
    assert "\x1b" not in plain
    assert without_times(plain) == without_times(ESCAPE.sub("", colourful))


@pytest.mark.parametrize("columns", [60, 90, 300])
def test_a_table_that_does_not_fit_is_laid_out_otherwise_and_keeps_every_verdict(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ESCAPE.sub("", on_terminal(monkeypatch, *SEVERAL, columns=columns))
    flows = [f.name for f in FLOWS.values() if "lifecycle" in f.aspects]
    assert all(f in text for f in flows)
    lines = text.splitlines()
    match columns:
        case 300:  # properties down, flows across, in words
            (row,) = [x for x in lines if x.strip().startswith("run-only-after-accept")]
            assert row.split()[1:4] == ["VIOLATED", "at", "3"]
        case 90:  # flows down
            (row,) = [x for x in lines if x.startswith("sev-tio-host-run ")]
            assert re.findall(r"VIOLATED at (\d+)", row) == ["5", "3"]
        case _:  # marks under numbers
            (row,) = [x for x in lines if x.strip().startswith("run-only-after-accept")]
            assert row.split()[1:] == ["✗3", "✗3", "✓", "✓", "✗4", "✓", "✗3", "✗3", "✓"]


def test_an_overview_that_does_not_fit_goes_by_system() -> None:
    (r,) = check_properties(FLOWS["hyperv"].system(), [find("run-only-after-accept")])
    counted = {name: {f"aspect-{i}": [r] * i for i in range(1, 9)} for name in ("one", "two")}
    for columns, lines in ((150, 4), (60, 7)):
        out = io.StringIO()
        console = Console(file=out, width=columns, theme=THEME)
        console.print(overview(counted, console))
        text = out.getvalue()
        assert len(text.splitlines()) == lines, text
        assert all(f"0 | {i}" in text and f"aspect-{i}" in text for i in range(1, 9))


def test_a_run_on_a_terminal_says_all_that_the_plain_table_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (ONE, LOOP):
        main(command)
        plain = capsys.readouterr().out
        text = ESCAPE.sub("", on_terminal(monkeypatch, *command, columns=200))
        for change in re.findall(r"(\S+): (\S+ → \S+)$", plain, re.M):
            assert re.search(rf"{re.escape(change[0])} +{re.escape(change[1])}", text), change
        for said in re.findall(r"^(?:Step|From step) .*$|^  (?:awaited|fair|here): .*$|^── loop", plain, re.M):
            assert said.strip("─ ") in text


def test_what_would_steer_the_terminal_is_shown_and_markup_is_text() -> None:
    out = Terminal()
    console = Console(file=out, force_terminal=True, theme=THEME, markup=False, highlight=False, emoji=False)
    console.print(ink("\x1b]0;owned\x07 [red]:smile: \x9b2J", "title"))
    console.print(coloured(Prose().line(("a\x1b[2Jb", "violated"), " [bold]c")))
    text = ESCAPE.sub("", out.getvalue())
    assert "\x1b" not in text and "\x9b" not in text and "\x07" not in text
    assert "[red]:smile:" in text and "[bold]c" in text


# --- Progress ---


def drawn(*args: object) -> str:
    out = io.StringIO()
    Console(file=out, width=90, theme=THEME).print(progress(*args))  # type: ignore[arg-type]
    return out.getvalue()


def test_the_board_says_how_far_a_search_is() -> None:
    text = drawn("cove-io: lifecycle", 3, 12, Progress(1_234_567, 8_901, 7, 2.0), 345.6)
    assert "3 of 12" in text and "cove-io: lifecycle" in text
    numbers = dict(zip(*(line.split("  ") for line in _columns(text)), strict=True))
    assert numbers == {
        "states": "1,234,567", "frontier": "8,901", "depth": "7", "states/s": "617,284", "memory": "346 MiB", "time": "2 s",
    }  # fmt: skip
    assert "states" not in drawn("bounded", 0, 0, Progress(0, 0, 4, 1.0), 10.0)


def _columns(text: str) -> list[str]:
    return [re.sub(r" {2,}", "  ", line.strip()) for line in text.splitlines()[1:]]


def progress_of(monkeypatch: pytest.MonkeyPatch, *command: str) -> str:
    screen = Terminal()
    with monkeypatch.context() as m:
        m.setattr(sys, "stderr", screen)
        main(command)
    return screen.getvalue()


def test_progress_is_for_terminals_only_wipes_itself_and_is_silenced_by_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = progress_of(monkeypatch, *ONE)
    assert "1 of 1" in ESCAPE.sub("", shown)
    assert shown.rstrip("\r").endswith("\x1b[2K"), "the last line is wiped"
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1, "the cursor is there again"
    assert progress_of(monkeypatch, *ONE, "--quiet") == ""
    assert progress_of(monkeypatch, *ONE, "--format", "json") == ""


def test_the_board_is_wiped_whatever_becomes_of_the_verb(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(board: Board) -> None:
        board.doing("something")
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "survey", lambda *_, **__: fails(BOARD))
    shown = progress_of(monkeypatch, *ONE)
    assert "something" in shown
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1
    assert shown.endswith("tdisprove: interrupted before there was anything to show\n")


def test_on_a_real_terminal() -> None:
    chunks: list[bytes] = []

    def read(fd: int) -> bytes:
        chunks.append(os.read(fd, 65536))
        return chunks[-1]

    code = f"import sys; from tdisprove.cli import main; sys.exit(main({list(ONE)!r}))"
    status = pty.spawn([sys.executable, "-c", code], read)
    assert os.waitstatus_to_exitcode(status) == 1
    text = b"".join(chunks).decode()
    assert "\x1b[1;31mVIOLATED at 3" in text
    assert "VIOLATED at 3" in ESCAPE.sub("", text)
