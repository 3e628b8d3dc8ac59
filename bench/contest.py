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
from ..properties.catalogue import expectation, find, of_aspect
from ..properties.formulas import Globally, Invariant
from ..reports.exports import Job, job, murphi, promela, tla
from .peers import rumur, spin, tlc
from .peers.peer import Answer, PeerError, run

OURS = "tdisprove"
NATIVE = ("-O3", "-march=native")


@dataclass(frozen=True)
class Model:
    """An aspect of a flow at a topology; all its states are to be reached, and the properties judged in each."""

    flow: str
    aspect: str
    topology: Mapping[str, int]
    judged: tuple[str, ...] = ()

    def __str__(self) -> str:
        sizes = ", ".join(f"{k}={n}" for k, n in self.topology.items())
        return f"{self.flow} {self.aspect}{f' ({sizes})' if sizes else ''}"

    def job(self) -> Job:
        return job(
            "model", str(self), flow(self.flow).system(self.topology, aspect=self.aspect), [find(p) for p in self.judged]
        )

    def options(self) -> list[str]:
        """As options of `ours`."""
        sizes = [x for k, n in self.topology.items() for x in ("--size", f"{k}={n}")]
        return [self.flow, self.aspect, *sizes, *(x for p in self.judged for x in ("--judge", p))]


def invariants(flow: str, aspect: str, most: int) -> tuple[str, ...]:
    """Properties of an aspect that hold in a flow and need no monitor, so that they add no states: the first of the catalogue."""
    chosen = []
    for p in of_aspect(aspect):
        recorded = expectation(flow, p.id)
        plain = isinstance(p.formula, Invariant) and isinstance(p.formula.scope, Globally)
        if plain and recorded is not None and recorded.verdict == "holds":
            chosen.append(p.id)
    return tuple(chosen[:most])


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
    search: float | None = None
    """Seconds of the search alone; None where it is all that the process does."""
    transitions: int | None = None

    @property
    def rate(self) -> float:
        """States per second of the search, without the start of an interpreter and the making of the model."""
        return self.states / (self.search or self.wall)

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


def _ours(threads: int) -> Tool:
    def explore(model: Model, folder: Path) -> Answer:
        lines: list[str] = []
        command = [sys.executable, "-m", "tdisprove.bench.ours", *model.options(), "--threads", str(threads)]
        ran = run(command, folder, timeout=TIMEOUT, line=lines.append)
        found = json.loads("".join(lines))
        if found["violated"]:
            raise PeerError(f"{found['violated']} properties that are recorded to hold do not")
        return Answer(
            found["states"], found["transitions"], found["depth"], seconds=ran.seconds, memory=ran.memory,
            search_seconds=found["search_seconds"],
        )  # fmt: skip

    return Tool(OURS if threads == 1 else f"{OURS}-{threads}", lambda: "", lambda _m, _f: 0.0, explore)


def _spin() -> Tool:
    def prepare(model: Model, folder: Path) -> float:
        return spin.build(promela(model.job()), folder, flags=NATIVE, memory=16_384, timeout=TIMEOUT)

    def search(model: Model, folder: Path) -> Answer:
        j = model.job()
        return spin.search(j, promela(j), folder, hash_bits=24, timeout=TIMEOUT)

    return Tool("spin", spin.missing, prepare, search)


def _rumur(threads: int) -> Tool:
    def prepare(model: Model, folder: Path) -> float:
        return rumur.build(murphi(model.job()), folder, flags=NATIVE, threads=threads, timeout=TIMEOUT)

    def search(model: Model, folder: Path) -> Answer:
        j = model.job()
        return rumur.search(j, murphi(j), folder, timeout=TIMEOUT)

    return Tool(f"rumur-{threads}", rumur.missing, prepare, search)


def _tlc() -> Tool:
    def search(model: Model, folder: Path) -> Answer:
        j = model.job()
        return tlc.run_tlc(j, tla(j), folder, timeout=TIMEOUT)

    return Tool("tlc", tlc.missing, lambda _m, _f: 0.0, search)


TOOLS = (_ours(1), _ours(2), _spin(), _rumur(1), _rumur(2), _tlc())


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
        statistics.median(searches) if (searches := [a.search_seconds for a in answers if a.search_seconds is not None]) else None,
        answers[0].transitions,
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
