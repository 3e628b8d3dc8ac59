"""ABC: decides all ``bad`` outputs of the circuit by PDR, and counts its states with BDDs."""

from __future__ import annotations

import re
from pathlib import Path

from ...reports.exports import Export, Job
from .peer import Answer, PeerError, missing_programs, run

PROGRAM = "berkeley-abc"
_ASSERTED = re.compile(r"^Output\s+(\d+) was (?:trivially )?asserted in frame\s+(\d+)")
_SUMMARY = re.compile(r"Properties:\s+All = (\d+). Proved = (\d+). Disproved = (\d+). Undecided = (\d+)")
_STATES = re.compile(r"Reachable states = (\d+)\.")
_ELAPSED = re.compile(r"^elapse:\s*([\d.]+) seconds")
_REACHED = re.compile(r"Reachability analysis completed after (\d+) frames")


def missing() -> str:
    return missing_programs(PROGRAM)


def run_abc(job: Job, export: Export, folder: Path, *, count: bool = False, timeout: float = 300) -> Answer:
    """Decide all checks, with shortest counterexamples; with ``count``, the states as well."""
    assert export.binary is not None
    (folder / "model.aig").write_bytes(export.binary)
    violated: dict[int, int | None] = {}
    summary: list[int] = []
    elapsed: list[float] = []
    numbers: dict[str, int] = {}

    def line(text: str) -> None:
        asserted, summed, states = _ASSERTED.search(text), _SUMMARY.search(text), _STATES.search(text)
        if asserted:
            k = int(asserted[1])
            violated[k] = int(asserted[2]) - export.extra_depth + (1 if job.checks[k].of_steps else 0)
        if summed:
            summary.extend(map(int, summed.groups()))
        if took := _ELAPSED.search(text):
            elapsed.append(float(took[1]))
        if states:
            numbers["states"] = int(states[1])
        reached = _REACHED.search(text)
        if reached:
            numbers["depth"] = int(reached[1])

    ran = run([PROGRAM, "-q", "read model.aig; time; pdr -a -q; time"], folder, timeout=timeout, line=line)
    if not summary or summary[3] or summary[0] != len(job.checks) or summary[2] != len(violated):
        raise PeerError(f"abc: not all properties were decided: {ran.tail}")
    # `time` tells what has passed since it was last asked: the second time, what the search took.
    search = elapsed[1] if len(elapsed) == 2 else None
    if count:
        # The outputs are not looked at here; a cone is taken since this command wants a single one.
        run([PROGRAM, "-q", "read model.aig; cone -s -O 0; reach -y -v"], folder, timeout=timeout, line=line)
        if "states" not in numbers or "depth" not in numbers:
            raise PeerError("abc: did not say how many states it reached")
    states = numbers["states"] - export.extra_states if count else None
    # Where there is no initial state, the choice of one is never made.
    depth = max(numbers["depth"] - export.extra_depth, 0) if count else None
    return Answer(states, None, depth, violated, summary[1], 0.0, ran.seconds, ran.memory, search)
