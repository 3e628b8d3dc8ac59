"""Deciding what findings speak of, beside what was expected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..model.flows import FLOWS, Flow
from ..properties.findings import Case, Finding, Refines, Section
from ..properties.questions import Alike, Probe
from ..properties.refinements import refinement_named
from .answers import Bench
from .check import Result, check
from .engine import NO_LIMITS, Engine, Limits
from .equivalence.likeness import Likeness
from .verdict import Verdict


@dataclass(frozen=True)
class Computed:
    """A case with its results by flow."""

    case: Case
    results: dict[str, Result | Likeness]

    def surprises(self) -> list[str]:
        """The flows in which the verdict is decided and not the expected one."""
        decided = {f: r.verdict for f, r in self.results.items() if r.verdict is not Verdict.UNKNOWN}
        return [f for f, v in decided.items() if self.case.expected and v.value != self.case.expected]


@dataclass(frozen=True)
class Decided:
    """A finding with what was computed."""

    finding: Finding
    computed: tuple[Computed, ...]


def findings(
    sections: Sequence[Section],
    engine: Engine | None = None,
    limits: Limits = NO_LIMITS,
    done: Callable[[str], None] = lambda _: None,
) -> list[tuple[Section, list[Decided]]]:
    """All findings decided, each property once in each different system. An interruption is a `KeyboardInterrupt`."""
    bench = Bench(engine, limits, done)
    every = [c for s in sections for f in s.findings for c in f.cases]
    bench.prepare(
        (FLOWS[name], c.claim, c.changed) for c in every if isinstance(c.claim, Probe) for name in c.flows or FLOWS
    )
    return [(s, [Decided(f, tuple(_computed(bench, c) for c in f.cases)) for f in s.findings]) for s in sections]


def _computed(bench: Bench, case: Case) -> Computed:
    found = {name: _decided(bench, case, FLOWS[name]) for name in case.flows or FLOWS}
    return Computed(case, {name: r for name, r in found.items() if r is not None})


def _decided(bench: Bench, case: Case, flow: Flow) -> Result | Likeness | None:
    """What comes of the case in a flow; None where it has no such aspect."""
    match case.claim:
        case Probe() as probe:
            return bench.result(flow, probe, case.changed)
        case Alike() as alike:
            return bench.likeness(flow, alike, case.changed)
        case Refines(name):
            asked = refinement_named(name)
            if asked.aspect not in flow.aspects:
                return None
            bench.done(f"{flow.name} refines {name}")
            system = flow.system(changed=case.changed, aspect=asked.aspect)
            (found,) = check(system, [asked.property], bench.engine, bench.limits)
            if "interrupted" in found.notes:
                raise KeyboardInterrupt
            return found
