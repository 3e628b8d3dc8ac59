"""The same model in our explorer and in the peers, each in a fresh process, some times over."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..model.flows import flow
from ..reports.exports import Job, job, murphi, promela
from .peers import rumur, spin
from .peers.peer import Answer, PeerError, run

NATIVE = ("-O3", "-march=native")


@dataclass(frozen=True)
class Model:
    """An aspect of a flow at a topology; all its states are to be reached, and nothing is judged."""

    flow: str
    aspect: str
    topology: Mapping[str, int]

    def __str__(self) -> str:
        sizes = ", ".join(f"{k}={n}" for k, n in self.topology.items())
        return f"{self.flow} {self.aspect}{f' ({sizes})' if sizes else ''}"

    def job(self) -> Job:
        return job("model", str(self), flow(self.flow).system(self.topology, aspect=self.aspect), [])

    def options(self) -> list[str]:
        """As options of the command line."""
        plural = {"device": "devices", "tdi": "tdis", "tvm": "tvms", "stream": "streams"}
        return [
            self.flow,
            "--aspect",
            self.aspect,
            *(x for k, n in self.topology.items() for x in (f"--{plural[k]}", str(n))),
        ]


@dataclass(frozen=True)
class Measured:
    """What a tool needed for a model. Of several runs the median, with the fastest and the slowest."""

    tool: str
    model: Model
    states: int
    depth: int | None
    build_seconds: float
    """To make and compile a verifier, once."""
    wall: float
    """Of a run, from its start as a process to its end."""
    fastest: float
    slowest: float
    bytes: int | None
    """The most memory of the process."""

    @property
    def rate(self) -> float:
        """States per second of wall time, start-up counted."""
        return self.states / self.wall

    @property
    def bytes_per_state(self) -> float | None:
        return None if self.bytes is None else self.bytes / self.states


@dataclass(frozen=True)
class Tool:
    """A contestant: ``prepare`` builds in a folder (and tells the seconds), ``run`` runs once what was built."""

    name: str
    missing: Callable[[], str]
    prepare: Callable[[Model, Path], float]
    run: Callable[[Model, Path], Answer]


TIMEOUT = 1800.0
"""Seconds for one run of one tool."""


def _explore(model: Model, folder: Path) -> Answer:
    lines: list[str] = []
    script = "import sys; from tdisprove.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", script, "explore", *model.options(), "--format", "json"]
    ran = run(command, folder, timeout=TIMEOUT, line=lines.append)
    found = json.loads("".join(lines))
    return Answer(found["states"], found["transitions"], found["depth"], seconds=ran.seconds, memory=ran.memory)


def _spin() -> Tool:
    def prepare(model: Model, folder: Path) -> float:
        return spin.build(promela(model.job()), folder, flags=NATIVE, memory=16_384, timeout=TIMEOUT)

    def search(model: Model, folder: Path) -> Answer:
        j = model.job()
        return spin.search(j, promela(j), folder, hash_bits=22, timeout=TIMEOUT)

    return Tool("spin", spin.missing, prepare, search)


def _rumur(threads: int) -> Tool:
    def prepare(model: Model, folder: Path) -> float:
        return rumur.build(murphi(model.job()), folder, flags=NATIVE, threads=threads, timeout=TIMEOUT)

    def search(model: Model, folder: Path) -> Answer:
        j = model.job()
        return rumur.search(j, murphi(j), folder, timeout=TIMEOUT)

    return Tool(f"rumur-{threads}", rumur.missing, prepare, search)


OURS = "tdisprove"
TOOLS = (Tool(OURS, lambda: "", lambda _m, _f: 0.0, _explore), _spin(), _rumur(1), _rumur(2))


def measure(tool: Tool, model: Model, runs: int, said: Callable[[str], None]) -> Measured:
    """Run a tool on a model some times. Raises `PeerError` when it fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said(f"{model}: {tool.name} is built")
        built = tool.prepare(model, folder)
        answers = []
        for k in range(runs):
            said(f"{model}: {tool.name}, run {k + 1} of {runs}")
            answers.append(tool.run(model, folder))
    if len({(a.states, a.depth) for a in answers}) != 1 or answers[0].states is None:
        raise PeerError(f"{tool.name} counts differently from run to run: {[a.states for a in answers]}")
    walls = [a.seconds for a in answers]
    memory = [a.memory for a in answers if a.memory is not None]
    return Measured(
        tool.name, model, answers[0].states, answers[0].depth, built, statistics.median(walls), min(walls), max(walls),
        max(memory, default=None),
    )  # fmt: skip


@dataclass
class Contest:
    """All tools on all models; what is there so far is there at any moment."""

    models: Sequence[Model]
    tools: Sequence[Tool]
    runs: int
    said: Callable[[str], None]
    measured: list[Measured]
    failed: list[str]

    def run(self) -> None:
        started = time.perf_counter()
        for model in self.models:
            counts: dict[int, str] = {}
            for tool in self.tools:
                try:
                    m = measure(tool, model, self.runs, self.said)
                except PeerError as e:
                    self.failed.append(f"{model}: {tool.name}: {e}")
                    continue
                self.measured.append(m)
                counts.setdefault(m.states, tool.name)
                if len(counts) > 1:
                    told = ", ".join(f"{name} {n}" for n, name in counts.items())
                    self.failed.append(f"{model}: the tools do not count the same states: {told}")
        self.said(f"{time.perf_counter() - started:.0f} s in all")
