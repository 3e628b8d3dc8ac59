"""What all peers have in common: how they are run, and what comes of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class PeerError(Exception):
    """A peer could not be run, or said something that is not understood."""


@dataclass(frozen=True)
class Answer:
    """What a peer found, in our counting: without the states and steps that an export adds."""

    states: int | None
    """Reachable states; None when the peer does not say, or did not visit all."""
    transitions: int | None = None
    depth: int | None = None
    """The greatest distance of a state from an initial one."""
    violated: Mapping[int, int | None] = field(default_factory=dict)
    """The numbers of the job's checks that fail, with the length of a shortest run that breaks each (None: not said)."""
    proved: int | None = None
    """How many checks the peer says hold, where it says so."""
    build_seconds: float = 0.0
    seconds: float = 0.0
    memory: int | None = None
    """Bytes: the most that the run occupied."""
    search_seconds: float | None = None
    """Of the search alone, where the process does more than that."""


@dataclass(frozen=True)
class Ran:
    """A command that ended by itself."""

    seconds: float
    memory: int | None
    code: int
    tail: str
    """The last of what it printed."""


def missing_programs(*names: str) -> str:
    """Why a peer cannot be run here: the programs that are not installed. Empty when all are."""
    absent = [n for n in names if shutil.which(n) is None]
    return f"not installed: {', '.join(absent)}" if absent else ""


def run(
    command: Sequence[str],
    folder: Path,
    *,
    timeout: float,
    line: Callable[[str], None] | None = None,
    good: Sequence[int] = (0,),
) -> Ran:
    """Run a command in a folder, handing on its output line by line.

    Raises `PeerError` when it cannot be started, does not end in time, or ends otherwise than with a ``good`` code.
    """
    name = " ".join(command)[:200]
    start = time.perf_counter()
    try:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            encoding="utf-8", errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as e:
        raise PeerError(f"{name}: cannot be started: {e.strerror}") from None
    late = threading.Event()

    def stop() -> None:
        late.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(timeout, stop)
    timer.start()
    peak = _Peak(process.pid)
    peak.start()
    tail: list[str] = []
    try:
        assert process.stdout is not None
        for text in process.stdout:
            tail.append(text[:500])
            del tail[:-30]
            if line is not None:
                line(text)
        process.wait()
    except BaseException:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise
    finally:
        timer.cancel()
        peak.ended.set()
        assert process.stdout is not None
        process.stdout.close()
    seconds = time.perf_counter() - start
    if late.is_set():
        raise PeerError(f"{name}: did not end within {timeout:g} s")
    if process.returncode not in good:
        raise PeerError(f"{name}: ended with code {process.returncode}: {''.join(tail)[-1500:]}")
    return Ran(seconds, peak.bytes, process.returncode, "".join(tail))


class _Peak(threading.Thread):
    """The most memory that a process occupies, looked up again and again while it runs.

    What the system says when it has ended would count our own memory as well, which it had for a moment before it started.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.status = Path(f"/proc/{pid}/status")
        self.ended = threading.Event()
        self.bytes: int | None = None

    def run(self) -> None:
        while True:
            try:
                found = re.search(r"^VmHWM:\s*(\d+) kB", self.status.read_text(encoding="ascii", errors="replace"), re.M)
            except OSError:
                return  # It has ended, or this system does not tell.
            if found:
                self.bytes = int(found[1]) * 1024
            if self.ended.wait(0.01):
                return
