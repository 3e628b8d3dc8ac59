"""Which mutants of the emulator are found, by what, and after how many steps: ``python -m tdisprove.explore.conformance.detection``.

Prints the table of docs/mutants.md; with a file name, the shrunk runs go there, which the tests do again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .adapters import InProcess, Setup
from .alphabet import Alphabet, Stimulus
from .fuzz import Budget, fuzz
from .protocols import PROTOCOLS, alphabet_for
from .reference import Mutant, gallery
from .run import Run
from .suite import suite

STEPS = 60_000
"""As many as the guided run needs for everything but the pairs."""
PLAIN = 5_000
SETUP = Setup("reference")


@dataclass(frozen=True)
class Detection:
    """How one mutant was found: steps until then, None where it was not."""

    mutant: Mutant
    protocol: str
    guided: int | None
    plain: int | None
    suite: int | None
    shortest: tuple[str, ...]
    """The shrunk run."""
    clause: str
    read_as: str
    """Readings that the answers settle on, other than the usual ones."""


def adapter_of(m: Mutant, setup: Setup = SETUP) -> InProcess:
    made = m.make()
    return InProcess(lambda: made(multi_session=setup.multi_session))


def detect(
    m: Mutant, alphabets: Sequence[Alphabet], *, steps: int = STEPS, plain: bool = True, tests: bool = True
) -> Detection:
    """Look for one mutant, protocol by protocol."""
    read_as: dict[str, str] = {}
    for alphabet in alphabets:
        found = fuzz(alphabet, adapter_of(m), Budget(steps, faults=1), pairs=False)
        read_as |= {k: str(v[0]).lower() for k, v in found.readings.items() if alphabet.preferred[k] not in v}
        if not found.faults:
            continue
        fault = next(iter(found.faults.values()))
        random = None
        if plain:
            other = fuzz(alphabet, adapter_of(m), Budget(PLAIN, faults=1), guided=False, seed=1)
            random = other.steps if other.faults else None
        return Detection(
            m, alphabet.name, found.steps, random, _by_suite(m, alphabet) if tests else None, fault.finding.steps,
            "; ".join(fault.finding.clauses[:1]), "",
        )  # fmt: skip
    return Detection(m, "", None, None, None, (), "", ", ".join(f"{k}={v}" for k, v in read_as.items()))


def _by_suite(m: Mutant, alphabet: Alphabet) -> int | None:
    adapter, steps = adapter_of(m), 0
    allowed = [alphabet.oracle.open_reading]
    for test in suite_of(alphabet):
        run = Run(alphabet, adapter, allowed)
        for s in test:
            step = run.apply(s) if run.applicable(s) else None
            steps += 1
            if step is not None and step.finding is not None:
                return steps
        allowed = list(run.readings)
    return None


def suite_of(alphabet: Alphabet) -> Sequence[Sequence[Stimulus]]:
    """The transition cover, made once."""
    if "_suite" not in alphabet.__dict__:
        alphabet.__dict__["_suite"] = suite(alphabet, "transitions").tests
    tests: Sequence[Sequence[Stimulus]] = alphabet.__dict__["_suite"]
    return tests


def table(rows: Sequence[Detection]) -> Iterator[str]:
    """The table as Markdown, with the medians."""
    yield "| mutant | protocol | guided | plain random | transition suite | shrunk to | clause, or the reading that allows it |"
    yield "|---|---|---:|---:|---:|---:|---|"
    for d in rows:
        numbers = [str(x) if x is not None else "–" for x in (d.guided, d.plain, d.suite)]
        why = d.clause if d.guided is not None else f"open point: {d.mutant.ambiguous}"
        yield f"| `{d.mutant.label}` | {d.protocol or '–'} | {' | '.join(numbers)} | {len(d.shortest) or '–'} | {why} |"
    found = [d for d in rows if d.guided is not None]
    yield ""
    for name in ("guided", "plain", "suite"):
        values = [getattr(d, name) for d in found if getattr(d, name) is not None]
        if values:
            yield f"* {name}: {len(values)} of {len(found)} found, median {median(values):,.0f} steps, at most {max(values):,}"


def main() -> None:
    controls = SETUP.adapter().controls
    alphabets = [alphabet_for(p, SETUP, controls) for p in PROTOCOLS]
    rows = []
    for m in gallery().values():
        rows.append(detect(m, alphabets, steps=3000 if m.ambiguous else STEPS))
        print(f"{len(rows)}/{len(gallery())} {m.label}", file=sys.stderr, flush=True)
    print("\n".join(table(rows)))
    if len(sys.argv) > 1:
        runs = {d.mutant.label: {"protocol": d.protocol, "steps": list(d.shortest)} for d in rows if d.shortest}
        Path(sys.argv[1]).write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
