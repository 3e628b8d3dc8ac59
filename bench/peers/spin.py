"""SPIN: the model becomes a C program that searches breadth first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...reports.exports import Export, Job
from .peer import Answer, PeerError, missing_programs, run

_VIOLATED = re.compile(r"assertion violated \(?\(?(\d+)&&.*\(at depth (\d+)\)")
_STORED = re.compile(r"^\s*(\d+) states, stored")
_TRANSITIONS = re.compile(r"^\s*(\d+) transitions \(=")
_DEPTH = re.compile(r"depth reached (\d+), errors: (\d+)")


def missing() -> str:
    return missing_programs("spin", "gcc")


def build(
    export: Export, folder: Path, *, flags: Sequence[str] = ("-O1",), memory: int = 4096, timeout: float = 300
) -> float:
    """Make the verifier ``pan`` in the folder, and tell the seconds. ``memory`` in megabytes: what it may use."""
    (model,) = export.files
    (folder / model).write_text(export.text, encoding="ascii")
    built = run(["spin", "-a", model], folder, timeout=timeout).seconds
    defines = ["-DSAFETY", "-DBFS", "-DNOREDUCE", "-DNOCLAIM", f"-DMEMLIM={memory}"]
    return built + run(["gcc", *flags, *defines, "-w", "-o", "pan", "pan.c"], folder, timeout=timeout).seconds


def run_spin(job: Job, export: Export, folder: Path, *, flags: Sequence[str] = ("-O1",), timeout: float = 300) -> Answer:
    """Build, and search all states."""
    built = build(export, folder, flags=flags, timeout=timeout)
    return replace(search(job, export, folder, timeout=timeout), build_seconds=built)


def search(job: Job, export: Export, folder: Path, *, hash_bits: int = 20, timeout: float = 300) -> Answer:
    """Search all states with what was built, going on after violations."""
    violated: dict[int, int | None] = {}
    numbers: dict[str, int] = {}
    unfinished: list[str] = []

    def line(text: str) -> None:
        found = _VIOLATED.search(text)
        if found:
            k = int(found[1]) - 1
            if k not in violated:
                violated[k] = int(found[2]) + (1 if job.checks[k].of_steps else 0) - export.extra_depth
        elif (
            "assertion violated" in text
            or "not completed" in text
            or text.startswith("error:")
            or "reached -DMEMLIM" in text
        ):
            unfinished.append(text.strip())
        for key, pattern in (("states", _STORED), ("transitions", _TRANSITIONS), ("depth", _DEPTH)):
            number = pattern.search(text)
            if number:
                numbers[key] = int(number[1])

    ran = run(["./pan", "-c0", f"-w{hash_bits}"], folder, timeout=timeout, line=line)
    if unfinished:
        raise PeerError(f"pan: {unfinished[0]}")
    if not {"states", "depth"} <= numbers.keys():
        raise PeerError(f"pan: did not say how many states it stored: {ran.tail}")
    return Answer(
        numbers["states"] - export.extra_states, numbers.get("transitions"), numbers["depth"] - export.extra_depth, violated,
        len(job.checks) - len(violated), 0.0, ran.seconds, ran.memory,
    )  # fmt: skip
