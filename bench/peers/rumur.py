"""Rumur: the model becomes a C program that searches breadth first and ends at the first violation."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...reports.exports import Export, Job
from .peer import Answer, PeerError, missing_programs, run

_SUMMARY = re.compile(r'<summary states="(\d+)" rules_fired="(\d+)" errors="(\d+)"')
_MESSAGE = re.compile(r"<message>(.*)</message>")


def missing() -> str:
    return missing_programs("rumur", "gcc")


def build(export: Export, folder: Path, *, flags: Sequence[str] = ("-O1",), threads: int = 1, timeout: float = 300) -> float:
    """Make the verifier ``checker`` in the folder, and tell the seconds."""
    (model,) = export.files
    (folder / model).write_text(export.text, encoding="ascii")
    make = ["rumur", "--output-format", "machine-readable", "--deadlock-detection", "off", "--threads", str(threads)]
    # The narrowest type, which Rumur takes by itself, has no sign where no value has one, and holds no difference below zero.
    make += ["--value-type", "int32_t"]
    built = run([*make, "--output", "checker.c", model], folder, timeout=timeout).seconds
    command = ["gcc", "-std=c11", "-march=native", "-mcx16", "-w", *flags, "-o", "checker", "checker.c", "-lpthread"]
    return built + run(command, folder, timeout=timeout).seconds


def run_rumur(job: Job, export: Export, folder: Path, *, flags: Sequence[str] = ("-O1",), timeout: float = 300) -> Answer:
    """Build for one thread, and search all states, or until the first violation, which is then a shortest of all."""
    built = build(export, folder, flags=flags, timeout=timeout)
    return replace(search(job, export, folder, timeout=timeout), build_seconds=built)


def search(job: Job, export: Export, folder: Path, *, timeout: float = 300) -> Answer:
    """Search with what was built."""
    numbers: list[int] = []
    messages: list[str] = []
    steps = 0

    def line(text: str) -> None:
        nonlocal steps
        summary, message = _SUMMARY.search(text), _MESSAGE.search(text)
        if summary:
            numbers.extend(map(int, summary.groups()))
        if message:
            messages.append(html.unescape(message[1]))
        steps += text.count("<transition>")

    ran = run(["./checker"], folder, timeout=timeout, line=line, good=(0, 1))
    if not numbers:
        raise PeerError(f"rumur: did not say how many states it found: {ran.tail}")
    if not messages:
        return Answer(numbers[0], numbers[1], None, {}, len(job.checks), 0.0, ran.seconds, ran.memory)
    # The start state is the first transition of the trace.
    return Answer(None, None, None, {_check(export, messages[0]): steps - 1}, None, 0.0, ran.seconds, ran.memory)


def _check(export: Export, message: str) -> int:
    """The number of the check that an error is about."""
    found = re.fullmatch(r'(?:invariant "(.*)" failed|Assertion failed: [^:]*:[^:]*: (.*))', message)
    name = found and (found[1] or found[2])
    if name not in export.check_names:
        raise PeerError(f"rumur: {message}")
    return export.check_names.index(str(name))
